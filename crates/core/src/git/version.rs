//! The oldest Git that has what we need.

use std::fmt;

/// A version of Git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
}

/// The floor, and why: `worktree list -z` (2.36), `core.fsync=…,reference` (2.36), `worktree add --lock --reason`
/// (2.33); 2.39 is the oldest that the tests run with.
pub const FLOOR: Version = Version { major: 2, minor: 39 };

impl Version {
    /// Reads what `git --version` prints.
    pub fn parse(printed: &str) -> Option<Self> {
        let number = printed.trim().strip_prefix("git version ")?;
        let mut parts = number.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        Some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::{FLOOR, Version};

    #[test]
    fn reads_versions_of_all_vendors() {
        let version = |text| Version::parse(text).unwrap();
        assert_eq!(version("git version 2.39.5\n"), FLOOR);
        assert!(version("git version 2.9.1") < FLOOR);
        assert!(version("git version 2.47.0.windows.1") > FLOOR);
        assert!(version("git version 2.39.5 (Apple Git-154)") == FLOOR);
        assert!(version("git version 3.0.rc1") > FLOOR);
        assert_eq!(Version::parse("hub version 1"), None);
    }
}
