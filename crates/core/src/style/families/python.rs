//! What checks Python besides flake8, ruff and black.

use crate::style::linter::{Package, Wanted, is_python};
use crate::style::tool::Tool;

/// The families.
pub const TOOLS: &[Tool] = &[Tool {
    takes: is_python,
    own_files: &["mypy.ini", ".mypy.ini"],
    shared_files: &["pyproject.toml", "setup.cfg"],
    shared: |folder| {
        let in_toml = folder.toml("pyproject.toml", &["tool", "mypy"]).is_some();
        Wanted::if_configured(in_toml || folder.has_section("setup.cfg", "mypy"))
    },
    arguments: &[
        "--no-pretty",
        "--no-color-output",
        "--no-error-summary",
        "--hide-error-context",
        "--show-column-numbers",
    ],
    // 2 is also said when a file does not parse.
    codes: 0..=2,
    ..Tool::new("mypy", "mypy", Package::Python("mypy"))
}];
