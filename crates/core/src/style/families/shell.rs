//! What checks shell scripts.

use std::path::Path;

use crate::style::linter::{Package, Wanted, has_extension};
use crate::style::read::Output;
use crate::style::tool::Tool;

/// The families.
pub const TOOLS: &[Tool] = &[
    Tool {
        takes: is_shell,
        own_files: &[".shellcheckrc"],
        shared: |folder| Wanted::if_customary(folder.is_root()),
        arguments: &["--format=json1", "--color=never"],
        output: Output::PlainJson,
        ..Tool::new("shellcheck", "shellcheck", Package::System("shellcheck"))
    },
    Tool {
        takes: is_shell,
        shared_files: &[".editorconfig"],
        shared: |folder| {
            // Only a section about shell says that scripts are formatted at all.
            let pieces = ["sh]", "sh}]", "bash", "shell_variant"];
            Wanted::if_configured(pieces.iter().any(|piece| folder.mentions(&[".editorconfig"], piece)))
        },
        arguments: &["-d"],
        // By name it would format what the section `ignore = true` is about; older versions know neither.
        more_arguments: |folder| {
            let ignores = folder.mentions(&[".editorconfig"], "ignore");
            if ignores { vec!["--apply-ignore".into()] } else { Vec::new() }
        },
        output: Output::Differences,
        rewriting: Some(&["-w"]),
        ..Tool::new("shfmt", "shfmt", Package::Go("mvdan.cc/sh/v3/cmd/shfmt"))
    },
];

fn is_shell(path: &Path) -> bool {
    has_extension(path, &["sh", "bash", "bats", "ksh"])
}
