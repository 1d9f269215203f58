//! Packages of the system, where it is Debian's and we may install.

use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};

use super::say;

/// Kits install at the same time, and apt does not wait for its own locks.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Installs a package, unless what it brings is there already. Says what is `missing` if it did not bring it.
pub fn provide(package: &str, is_there: fn() -> bool, missing: &str) -> Result<()> {
    if !is_there() {
        install(package)?;
    }
    ensure!(is_there(), "{missing}");
    Ok(())
}

/// Installs a package with what it needs.
fn install(package: &str) -> Result<()> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let needs = "apt-get, as root,";
    say("apt-get", &["update", "--quiet"], needs)?;
    say("apt-get", &["install", "--yes", "--quiet", "--no-install-recommends", package], needs)
}
