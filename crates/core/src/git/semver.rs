//! Tags that name a release: `v1.2.3`, `1.2.3`, `release/v1.2.3`, `api-v1.2.3`.
//!
//! Three numbers do not make a release. A repository also tags nightly builds, dates, release candidates, and the
//! packages that live beside each other in it; a hotfix named after one of those would carry a version that means
//! nothing, or that of another product.

use std::fmt;

use super::{Oid, Repository};
use crate::error::Result;

/// A released version; pre-releases do not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    major: u64,
    minor: u64,
    patch: u64,
}

/// A tag that names a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseTag {
    /// What stands before the numbers, as it is written: `v`, `release/v`, `web@`.
    pub prefix: String,
    /// The package that is released, in lower case; empty for the repository as a whole.
    pub family: String,
    /// The version.
    pub version: Release,
}

/// Families of tags that mark a build, not a release.
const BUILDS: &[&str] = &[
    "alpha", "beta", "build", "canary", "ci", "daily", "date", "deploy", "dev", "edge", "insider",
    "insiders", "nightly", "pre", "preview", "rc", "snapshot", "staging", "test", "weekly",
];
/// Families that say no more than that it is a release.
const PLAIN: &[&str] = &["", "rel", "release", "releases", "stable", "ver", "version"];
/// A number from here on is a date, or a date and a time, written without dots.
const DATE_STAMP: u64 = 19_700_101;

impl Release {
    /// Reads a version: three numbers and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = Self::read(text)?;
        rest.is_empty().then_some(version)
    }

    /// The version a hotfix of this one gets.
    #[must_use]
    pub fn next_patch(&self) -> Self {
        // `read` leaves room for it.
        Self { patch: self.patch.saturating_add(1), ..self.clone() }
    }

    /// Reads three numbers; gives what follows them.
    fn read(text: &str) -> Option<(Self, &str)> {
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let (patch, rest) = number(rest.strip_prefix('.')?)?;
        Some((Self { major, minor, patch }, rest))
    }

    /// Whether the numbers are a day: `2026.5.17`, `1.2.20260517`.
    fn is_date(&self) -> bool {
        let is_day = (1970..=2999).contains(&self.major)
            && (1..=12).contains(&self.minor)
            && (1..=31).contains(&self.patch);
        is_day || [self.major, self.minor, self.patch].iter().any(|number| *number >= DATE_STAMP)
    }
}

/// Reads a number as semantic versioning writes it: without zeros in front. One that cannot be counted up is none.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    digits.parse().ok().filter(|number| *number < u64::MAX).map(|number| (number, rest))
}

impl ReleaseTag {
    /// Reads a tag. The version stands at the beginning or after `-`, `/`, `@` or `_`, with or without a `v`; the first
    /// place where one stands counts, so that what follows it is a pre-release and not a version of its own.
    pub fn parse(tag: &str) -> Option<Self> {
        let separated = |(position, separator): (usize, char)| {
            ['-', '/', '@', '_'].contains(&separator).then_some(position + separator.len_utf8())
        };
        let starts = std::iter::once(0).chain(tag.char_indices().filter_map(separated));
        for start in starts {
            let (before, text) = tag.split_at_checked(start)?;
            let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
            let Some((version, rest)) = Release::read(bare) else { continue };
            if !rest.is_empty() && !rest.starts_with(['-', '+']) {
                continue;
            }
            let prefix = tag.strip_suffix(bare).unwrap_or_default().to_owned();
            let family = before.trim_end_matches(['-', '/', '@', '_']).to_lowercase();
            let family = if PLAIN.contains(&family.as_str()) { String::new() } else { family };
            let is_build = family.split(['-', '/', '@', '_', '.']).any(|word| BUILDS.contains(&word));
            let is_release = !rest.starts_with('-') && !version.is_date() && !is_build;
            return is_release.then_some(Self { prefix, family, version });
        }
        None
    }

    /// Of these tags, those that release the repository as a whole. Where all carry the name of one package, it is that
    /// one; of several packages none can be told to be meant.
    pub fn of_whole(tags: Vec<Self>) -> Vec<Self> {
        let family = match tags.iter().any(|tag| tag.family.is_empty()) {
            true => Some(String::new()),
            false => {
                let first = tags.first().map(|tag| tag.family.clone());
                first.filter(|first| tags.iter().all(|tag| tag.family == *first))
            }
        };
        tags.into_iter().filter(|tag| Some(&tag.family) == family.as_ref()).collect()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Repository {
    /// The names of the tags that can be reached from `commit`.
    pub fn tags_below(&self, commit: &Oid) -> Result<Vec<String>> {
        let merged = format!("--merged={commit}");
        let call = self.git().args(["for-each-ref", "--format=%(refname:strip=2)"]);
        let tags = call.arg(merged).arg("refs/tags").run()?;
        Ok(String::from_utf8_lossy(&tags).lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: &str) -> Option<(String, String, String)> {
        let found = ReleaseTag::parse(tag)?;
        Some((found.prefix, found.family, found.version.to_string()))
    }

    fn whole(tags: &[&str]) -> Vec<String> {
        let tags = tags.iter().filter_map(|tag| ReleaseTag::parse(tag)).collect();
        ReleaseTag::of_whole(tags).iter().map(|tag| tag.version.to_string()).collect()
    }

    #[test]
    fn reads_the_ways_in_which_a_version_is_tagged() {
        for (tag, prefix, family) in [
            ("1.2.3", "", ""),
            ("v1.2.3", "v", ""),
            ("V1.2.3", "V", ""),
            ("v1.2.3+build.7", "v", ""),
            ("release/v1.2.3", "release/v", ""),
            ("Release-1.2.3", "Release-", ""),
            ("web@1.2.3", "web@", "web"),
            ("@shop/web@1.2.3", "@shop/web@", "@shop/web"),
            ("api-v1.2.3", "api-v", "api"),
            ("app2-v1.2.3", "app2-v", "app2"),
        ] {
            let (found, of, version) = read(tag).unwrap_or_else(|| panic!("{tag}"));
            assert_eq!((of.as_str(), version.as_str()), (family, "1.2.3"), "{tag}");
            assert!(tag.starts_with(&found), "{tag}: {found}");
            if !tag.contains('+') {
                assert_eq!(found, prefix, "{tag}");
            }
        }
    }

    #[test]
    fn what_is_no_release_is_none() {
        for tag in [
            "v1.2",
            "1.2.3.4",
            "1.2.x",
            "latest",
            "v1.2.3-rc.1",
            "v1.2.3-rc1",
            "v1.5.0-nightly-2026.05.17",
            "nightly-2026.5.17",
            "nightly/1.2.3",
            "web-canary-1.2.3",
            "release/2024.05.01",
            "2026.5.17",
            "v2026.05.17",
            "v1.2.20260517",
            "20260517.0.1",
            "v01.2.3",
            "v1.2.18446744073709551615",
            "v1.2.99999999999999999999",
        ] {
            assert_eq!(read(tag), None, "{tag}");
        }
    }

    #[test]
    fn packages_beside_each_other_are_not_the_whole() {
        assert_eq!(whole(&["api-v1.2.3", "web@9.0.1"]), Vec::<String>::new());
        assert_eq!(whole(&["v1.4.2", "nightly-2026.5.17", "web@9.0.1"]), ["1.4.2"]);
        assert_eq!(whole(&["api-v1.2.3", "api-v1.3.0"]), ["1.2.3", "1.3.0"]);
        assert_eq!(whole(&["release-1.2.3", "v1.3.0"]), ["1.2.3", "1.3.0"]);
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let version = |text| Release::parse(text).unwrap();
        assert!(version("1.10.0") > version("1.9.9"));
        assert_eq!(version("1.2.9").next_patch().to_string(), "1.2.10");
        assert_eq!(version("2024.5.0").next_patch().to_string(), "2024.5.1");
        assert_eq!(Release::parse("v1.2.3"), None);
        assert_eq!(Release::parse("1.2.3-words"), None);
    }
}
