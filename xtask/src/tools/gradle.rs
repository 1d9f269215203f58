//! Gradle, from the system: its own packages hold no distribution of it.

use std::path::Path;

use anyhow::Result;
use hotfix_testkit::tools::{self, GRADLE};

use super::{Kit, debian};

/// Gradle with `JUnit` 4.
pub const KIT: Kit = Kit {
    family: &GRADLE,
    what: "Gradle, from Debian",
    pins: "gradle of the system\n",
    works: |_| is_there(),
    build,
};

fn build(_: &Path) -> Result<()> {
    debian::provide("gradle", is_there, "no gradle is on the PATH, or Debian's junit4.jar is missing")
}

fn is_there() -> bool {
    tools::find_gradle_jars().is_some()
}
