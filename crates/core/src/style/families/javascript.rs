//! What checks JavaScript and TypeScript.

use std::path::Path;

use crate::style::linter::{Given, Package, Wanted, has_extension};
use crate::style::read::Output;
use crate::style::tool::Tool;

const SCRIPTS: &[&str] = &["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"];
const TYPED: &[&str] = &["ts", "tsx", "mts", "cts"];
/// What else prettier and biome format.
const DOCUMENTS: &[&str] =
    &["css", "scss", "less", "json", "json5", "jsonc", "md", "mdx", "html", "yaml", "yml", "graphql"];

/// The families.
pub const TOOLS: &[Tool] = &[
    Tool {
        takes: is_script,
        own_files: &[
            "eslint.config.js",
            "eslint.config.mjs",
            "eslint.config.cjs",
            "eslint.config.ts",
            "eslint.config.mts",
            "eslint.config.cts",
            ".eslintrc",
            ".eslintrc.js",
            ".eslintrc.cjs",
            ".eslintrc.json",
            ".eslintrc.yml",
            ".eslintrc.yaml",
        ],
        shared_files: &["package.json"],
        shared: |folder| Wanted::if_configured(folder.has_json_key("package.json", "eslintConfig")),
        arguments: &["--format=json", "--no-color"],
        output: Output::EslintJson,
        ..Tool::new("eslint", "eslint", Package::Node("eslint"))
    },
    Tool {
        takes: |path| is_script(path) || has_extension(path, DOCUMENTS),
        own_files: &[
            ".prettierrc",
            ".prettierrc.json",
            ".prettierrc.json5",
            ".prettierrc.yml",
            ".prettierrc.yaml",
            ".prettierrc.toml",
            ".prettierrc.js",
            ".prettierrc.mjs",
            ".prettierrc.cjs",
            ".prettierrc.ts",
            "prettier.config.js",
            "prettier.config.mjs",
            "prettier.config.cjs",
            "prettier.config.ts",
        ],
        shared_files: &["package.json"],
        shared: |folder| Wanted::if_configured(folder.has_json_key("package.json", "prettier")),
        given: Given::Content,
        arguments: &["--no-color"],
        name_option: Some("--stdin-filepath="),
        output: Output::File,
        codes: 0..=0,
        ..Tool::new("prettier", "prettier", Package::Node("prettier"))
    },
    Tool {
        takes: |path| is_script(path) || has_extension(path, &["json", "jsonc", "css", "graphql"]),
        own_files: &["biome.json", "biome.jsonc"],
        // The one reporter that versions 1 and 2 both have and that says where a message ends.
        arguments: &["lint", "--reporter=github", "--no-errors-on-unmatched", "--colors=off"],
        output: Output::WorkflowCommands,
        ..Tool::new("biome lint", "biome", Package::Node("@biomejs/biome"))
    },
    Tool {
        takes: |path| is_script(path) || has_extension(path, &["json", "jsonc", "css", "graphql"]),
        own_files: &["biome.json", "biome.jsonc"],
        given: Given::Content,
        arguments: &["format", "--colors=off"],
        name_option: Some("--stdin-file-path="),
        output: Output::File,
        codes: 0..=0,
        ..Tool::new("biome format", "biome", Package::Node("@biomejs/biome"))
    },
    Tool {
        takes: |path| has_extension(path, TYPED),
        own_files: &["tsconfig.json"],
        given: Given::Nothing,
        arguments: &["--noEmit", "--pretty", "false"],
        codes: 0..=2,
        ..Tool::new("tsc", "tsc", Package::Node("typescript"))
    },
];

fn is_script(path: &Path) -> bool {
    has_extension(path, SCRIPTS)
}
