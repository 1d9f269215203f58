//! A browser, to look at the pages that are written. Debian's, where it can be installed.

use std::path::Path;

use anyhow::{Result, bail};
use hotfix_testkit::tools::{self, BROWSER};

use super::{Kit, debian};

/// Chromium, from the system.
pub const KIT: Kit = Kit {
    family: &BROWSER,
    what: "Chromium, from Debian",
    pins: "chromium of the system\n",
    works: |_| tools::find_browser().is_some(),
    build,
};

fn build(_: &Path) -> Result<()> {
    if tools::find_browser().is_some() {
        return Ok(());
    }
    debian::install("chromium")?;
    match tools::find_browser() {
        Some(_) => Ok(()),
        None => bail!("no chromium is on the PATH"),
    }
}
