//! Compiled Python files that would hide a change.

use std::fs;
use std::path::{Path, PathBuf};

/// Removes the compiled files beside changed Python files. Python trusts them when time (whole seconds) and size of the
/// source agree, and a file that is checked out twice within a second can have both.
pub fn forget_bytecode(root: &Path, changed: &[PathBuf]) {
    for path in changed.iter().filter(|path| path.extension().is_some_and(|extension| extension == "py")) {
        forget(&root.join(path));
    }
}

fn forget(source: &Path) {
    let (Some(folder), Some(stem)) = (source.parent(), source.file_stem()) else {
        return;
    };
    let mut start = stem.as_encoded_bytes().to_vec();
    start.push(b'.');
    let Ok(entries) = fs::read_dir(folder.join("__pycache__")) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(&start) && name.ends_with(b".pyc") {
            // What cannot be removed costs at worst a stale result of a read-only folder.
            let _ = fs::remove_file(entry.path());
        }
    }
}
