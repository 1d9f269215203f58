//! A Git newer than the machine's, for tests of what only that has. Nobody installs it: a variable names it.

use std::path::Path;

use anyhow::{Result, bail};
use hotfix_testkit::tools::{self, NEW_GIT, NEW_GIT_VARIABLE};

use super::Kit;

/// The Git that the variable names.
pub const KIT: Kit = Kit {
    family: &NEW_GIT,
    what: "a newer Git",
    pins: "git of the variable\n",
    works: |_| tools::find_new_git().is_some(),
    build,
};

fn build(_: &Path) -> Result<()> {
    match tools::find_new_git() {
        Some(_) => Ok(()),
        None => bail!("{NEW_GIT_VARIABLE} names no folder with Git 2.54 or newer"),
    }
}
