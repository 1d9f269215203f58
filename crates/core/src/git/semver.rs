//! Version tags: `v1.2.3`, `1.2.3`.

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

impl Release {
    /// Reads a tag: an optional `v`, or a prefix that ends in `-v`, `/v` or `@`, then three numbers.
    pub fn parse(tag: &str) -> Option<Self> {
        let start = tag.rfind(['/', '@', '-']).map_or(0, |position| position + 1);
        let number = tag.get(start..)?;
        let number = number.strip_prefix('v').unwrap_or(number);
        let mut parts = number.split('.').map(|part| part.parse().ok());
        let release = Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        parts.next().is_none().then_some(release)
    }

    /// The version a hotfix of this one gets.
    #[must_use]
    pub fn next_patch(&self) -> Self {
        Self { patch: self.patch + 1, ..self.clone() }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Repository {
    /// The newest version whose tag can be reached from `commit`.
    pub fn newest_version(&self, commit: &Oid) -> Result<Option<Release>> {
        let merged = format!("--merged={commit}");
        let call = self.git().args(["for-each-ref", "--format=%(refname:strip=2)"]);
        let tags = call.arg(merged).arg("refs/tags").run()?;
        Ok(String::from_utf8_lossy(&tags).lines().filter_map(Release::parse).max())
    }
}

#[cfg(test)]
mod tests {
    use super::Release;

    #[test]
    fn reads_released_versions_only() {
        let read = |tag| Release::parse(tag).map(|release| release.to_string());
        for tag in ["1.2.3", "v1.2.3", "release/v1.2.3", "pkg@1.2.3", "app-v1.2.3"] {
            assert_eq!(read(tag).as_deref(), Some("1.2.3"), "{tag}");
        }
        for tag in ["v1.2", "1.2.3.4", "v1.2.3-rc.1", "1.2.x", "latest", "v1.2.3-rc1"] {
            assert_eq!(read(tag), None, "{tag}");
        }
        assert!(Release::parse("v1.10.0") > Release::parse("v1.9.9"));
        assert_eq!(Release::parse("v1.2.9").unwrap().next_patch().to_string(), "1.2.10");
    }
}
