//! Where the tools are that `cargo xtask test` installs. The same places are known to xtask through this module.

use std::env;
use std::path::{Path, PathBuf};

/// Names, comma-separated, of toolchains to do without; set by `cargo xtask test` when the machine lacks one.
pub const WITHOUT: &str = "HOTFIX_WITHOUT";

/// Every test that needs the Python tools has this in its path: `mod with_python { … }` or `fn with_python_…`. On a
/// machine without Python, `cargo xtask test` leaves out and counts exactly these.
pub const PYTHON_MARK: &str = "with_python";

/// The folder of all tools: `HOTFIX_TOOLS`, else `git-hotfix/tools` in the user's cache; absent without a home.
pub fn dir() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("HOTFIX_TOOLS").or_else(|| {
        let cache =
            absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
        Some(cache.join("git-hotfix/tools"))
    })
}

/// The folder with python3, pytest, flake8, ruff and black, if it is there.
pub fn find_python_bin() -> Option<PathBuf> {
    let without = env::var(WITHOUT).unwrap_or_default();
    if without.split(',').any(|name| name == "python") {
        return None;
    }
    let complete = |python: &Path| python.join(COMPLETE).is_file();
    dir().map(|tools| tools.join("python")).filter(|python| complete(python)).map(|python| python.join("bin"))
}

/// The file that is written into a folder of tools last of all.
pub const COMPLETE: &str = "complete";

/// The folder with python3, pytest, flake8, ruff and black.
pub fn python_bin() -> PathBuf {
    find_python_bin().expect("the Python tools are missing: run `cargo xtask test`, which installs them")
}
