//! Names: object ids, full refs, and the slugs we make of people's words.

use std::fmt;

use super::GitError;

/// The id of an object: 40 or 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub(super) String);

/// A full ref: `refs/…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(String);

impl Oid {
    /// Reads an id.
    pub fn parse(text: &str) -> Option<Self> {
        let right = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        right.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl RefName {
    /// Checks a full ref by the rules of `git check-ref-format`, and refuses what could be read as an option.
    pub fn new(full: impl Into<String>) -> Result<Self, GitError> {
        let name = full.into();
        if is_ref(&name) { Ok(Self(name)) } else { Err(GitError::BadName { name }) }
    }

    /// `refs/heads/<name>`.
    pub fn branch(name: &str) -> Result<Self, GitError> {
        if name.starts_with('-') || name == "HEAD" {
            return Err(GitError::BadName { name: name.to_owned() });
        }
        Self::new(format!("refs/heads/{name}"))
    }

    /// The full ref.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_ref(name: &str) -> bool {
    let forbidden = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let component =
        |part: &str| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none();
    name.starts_with("refs/")
        && name.split('/').count() > 2
        && name.split('/').all(component)
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
}

/// People's words as part of a branch name: lower-case letters, digits and single dashes, at most `limit` bytes.
/// Empty when nothing of the text can be kept.
pub fn slug(text: &str, limit: usize) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    if slug.len() > limit {
        // Cut between words when there is a dash to cut at.
        let end = slug.get(..=limit).and_then(|head| head.rfind('-')).filter(|end| *end > 0).unwrap_or(limit);
        slug.truncate(end);
    }
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_keep_words_whole() {
        assert_eq!(slug("Production down! Auth failing", 40), "production-down-auth-failing");
        assert_eq!(slug("Production down! Auth failing", 20), "production-down-auth");
        assert_eq!(slug("supercalifragilistic", 5), "super");
        assert_eq!(slug("日本", 9), "");
        assert_eq!(slug("--x--", 9), "x");
    }

    #[test]
    fn refuses_names_that_could_hurt() {
        for name in ["-x", "HEAD", "a..b", "a b", "x.lock", "a//b", "@{-1}", "a\nb", ".x", "x/", "x.", "a\\b"]
        {
            assert!(RefName::branch(name).is_err(), "{name}");
        }
        assert!(RefName::branch("hotfix/1.2.3").is_ok());
        assert!(RefName::new("refs/x").is_err());
    }

    proptest! {
        #[test]
        fn every_slug_is_a_branch(text in "\\PC{0,80}", limit in 1_usize..60) {
            let slug = slug(&text, limit);
            prop_assert!(slug.len() <= limit);
            let branch = RefName::branch(&format!("hotfix/{slug}"));
            prop_assert!(slug.is_empty() || branch.is_ok());
        }
    }
}
