//! A browser, to look at the pages that are written. Debian's, where it can be installed.

use std::path::Path;

use anyhow::Result;
use hotfix_testkit::tools::{self, BROWSER};

use super::{Kit, debian};

/// Chromium, from the system.
pub const KIT: Kit = Kit {
    family: &BROWSER,
    what: "Chromium, from Debian",
    pins: "chromium of the system\n",
    works: |_| is_there(),
    build,
};

fn build(_: &Path) -> Result<()> {
    debian::provide("chromium", is_there, "no chromium is on the PATH")
}

fn is_there() -> bool {
    tools::find_browser().is_some()
}
