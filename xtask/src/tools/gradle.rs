//! Gradle, from the system: its own packages hold no distribution of it.

use std::path::Path;

use anyhow::{Result, bail};
use hotfix_testkit::tools::{self, GRADLE};

use super::{Kit, debian};

/// Gradle with `JUnit` 4.
pub const KIT: Kit = Kit {
    family: &GRADLE,
    what: "Gradle, from Debian",
    pins: "gradle of the system\n",
    works: |_| tools::find_gradle_jars().is_some(),
    build,
};

fn build(_: &Path) -> Result<()> {
    if tools::find_gradle_jars().is_some() {
        return Ok(());
    }
    debian::install("gradle")?;
    match tools::find_gradle_jars() {
        Some(_) => Ok(()),
        None => bail!("no gradle is on the PATH, or Debian's junit4.jar is missing"),
    }
}
