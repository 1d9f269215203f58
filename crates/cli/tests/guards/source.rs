//! The source tree, as the guards see it.

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// What holds no source of ours, wherever it lies; `.git` is a file in a linked worktree.
const NOT_OURS: &[&str] = &[".git", "book", "node_modules", "target"];

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// A file of the repository as text.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder, relative to the root, sorted; nothing if the folder is not there.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default();
            if NOT_OURS.iter().any(|not_ours| name == *not_ours) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                found.push(path.strip_prefix(&root).expect("a path below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// All Rust files below a folder.
pub fn rust_files(folder: &str) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|path| path.extension().is_some_and(|name| name == "rs")).collect()
}

/// The Rust files of production: what is below `crates/*/src` of what is released, and `xtask/src`. Unit tests that
/// have a file of their own are called `tests.rs` or `…_tests.rs`.
pub fn production_files() -> Vec<PathBuf> {
    let folders = ["crates/model/src", "crates/core/src", "crates/cli/src", "xtask/src"];
    let is_tests = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        stem == "tests" || stem.ends_with("_tests")
    };
    folders.into_iter().flat_map(rust_files).filter(|path| !is_tests(path)).collect()
}

/// A Rust file, understood.
pub fn parse(path: &Path) -> syn::File {
    syn::parse_file(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether an item is compiled for tests only.
pub fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg_test = attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|argument| argument.is_ident("test"));
        is_cfg_test || attribute.path().is_ident("test")
    })
}

/// Visits a file without what is compiled for tests only.
pub struct Production<V>(pub V);

impl<'ast, V: Visit<'ast>> Production<V> {
    /// Shows each top-level item of production to the visitor.
    pub fn visit(&mut self, file: &'ast syn::File) {
        for item in file.items.iter().filter(|item| !is_test(item_attributes(item))) {
            visit::visit_item(&mut self.0, item);
        }
    }
}

fn item_attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
