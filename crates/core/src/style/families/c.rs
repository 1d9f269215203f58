//! What checks C and C++.

use std::path::Path;

use crate::style::linter::{Given, Package, has_extension};
use crate::style::read::Output;
use crate::style::tool::Tool;

const EXTENSIONS: &[&str] = &["c", "cc", "cpp", "cxx", "h", "hh", "hpp", "hxx", "m", "mm", "cu", "proto"];

/// The families.
pub const TOOLS: &[Tool] = &[
    Tool {
        takes: is_c,
        own_files: &[".clang-format", "_clang-format"],
        given: Given::Content,
        arguments: &["--style=file"],
        name_option: Some("--assume-filename="),
        output: Output::File,
        codes: 0..=0,
        ..Tool::new("clang-format", "clang-format", Package::Python("clang-format"))
    },
    Tool {
        takes: |path| is_c(path) && !has_extension(path, &["proto"]),
        own_files: &[".clang-tidy"],
        arguments: &["--quiet"],
        ..Tool::new("clang-tidy", "clang-tidy", Package::Python("clang-tidy"))
    },
];

fn is_c(path: &Path) -> bool {
    has_extension(path, EXTENSIONS)
}
