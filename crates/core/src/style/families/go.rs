//! What checks Go. Formatting and vetting need no configuration: a module is enough.

use std::path::Path;

use crate::style::folder::Folder;
use crate::style::linter::{Given, Package, Wanted, has_extension};
use crate::style::read::Output;
use crate::style::tool::Tool;

/// The families.
pub const TOOLS: &[Tool] = &[
    Tool {
        takes: is_go,
        shared_files: &["go.mod"],
        shared: is_module,
        arguments: &["-d"],
        output: Output::Differences,
        rewriting: Some(&["-w"]),
        ..Tool::new("gofmt", "gofmt", Package::System("go"))
    },
    Tool {
        takes: is_go,
        shared_files: &["go.mod"],
        shared: is_module,
        given: Given::Folders,
        arguments: &["vet"],
        ..Tool::new("go vet", "go", Package::System("go"))
    },
    Tool {
        takes: is_go,
        own_files: &[".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json"],
        given: Given::Folders,
        arguments: &["run", "--color=never"],
        ..Tool::new(
            "golangci-lint",
            "golangci-lint",
            Package::Go("github.com/golangci/golangci-lint/v2/cmd/golangci-lint"),
        )
    },
];

fn is_go(path: &Path) -> bool {
    has_extension(path, &["go"])
}

fn is_module(folder: &Folder) -> Wanted {
    Wanted::if_customary(folder.has("go.mod"))
}
