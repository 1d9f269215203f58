//! What checks YAML, Dockerfiles and workflows.

use std::path::Path;

use crate::style::linter::{Package, Wanted, has_extension};
use crate::style::read::Output;
use crate::style::tool::Tool;

/// The families.
pub const TOOLS: &[Tool] = &[
    Tool {
        takes: is_yaml,
        own_files: &[".yamllint", ".yamllint.yml", ".yamllint.yaml"],
        arguments: &["--format=parsable"],
        codes: 0..=2,
        ..Tool::new("yamllint", "yamllint", Package::Python("yamllint"))
    },
    Tool {
        takes: is_dockerfile,
        own_files: &[".hadolint.yaml", ".hadolint.yml"],
        shared: |folder| Wanted::if_customary(folder.is_root()),
        arguments: &["--format=json", "--no-color"],
        output: Output::PlainJson,
        ..Tool::new("hadolint", "hadolint", Package::System("hadolint"))
    },
    Tool {
        takes: |path| is_yaml(path) && path.starts_with(".github/workflows"),
        own_files: &[".github/actionlint.yaml", ".github/actionlint.yml"],
        shared: |folder| Wanted::if_customary(folder.is_root()),
        arguments: &["-oneline", "-no-color"],
        ..Tool::new("actionlint", "actionlint", Package::Go("github.com/rhysd/actionlint/cmd/actionlint"))
    },
];

fn is_yaml(path: &Path) -> bool {
    has_extension(path, &["yaml", "yml"])
}

/// `Dockerfile`, `Containerfile`, `web.Dockerfile`, `Dockerfile.web`.
fn is_dockerfile(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut parts = name.split('.');
    parts.any(|part| matches!(part, "Dockerfile" | "Containerfile" | "dockerfile"))
}
