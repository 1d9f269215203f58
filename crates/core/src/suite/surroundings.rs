//! What tests depend on besides the files of the tree: variables, and what is installed. Results of a run count again
//! only where both are as they were.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::ctx::Ctx;

/// Variables that change what runs or what it does.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "TZ",
    "LANG",
    "LC_ALL",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHASHSEED",
    "PYENV_VERSION",
    "NODE_OPTIONS",
    "NODE_ENV",
    "NODE_PATH",
    "GOFLAGS",
    "GOPATH",
    "GOOS",
    "GOARCH",
    "CGO_ENABLED",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "CARGO_TARGET_DIR",
    "JAVA_HOME",
    "MAVEN_OPTS",
    "GRADLE_OPTS",
    "CI",
];
/// Folders and files that are written anew when something is installed or removed.
const INSTALLED: &[&str] = &["node_modules", "node_modules/.package-lock.json", ".pnp.cjs", "vendor"];
/// Folders of virtual environments, each with folders of packages below `lib`.
const ENVIRONMENTS: &[&str] = &[".venv", "venv"];

/// A text that differs where tests of these changed files may come out differently although the tree is the same. What
/// is installed is looked for in every folder around them, in the slot and in the main worktree.
pub fn surroundings(ctx: &Ctx, places: [&Path; 2], changed: &[PathBuf]) -> String {
    let mut text = String::new();
    for name in VARIABLES {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}={:?}", ctx.env.get(name));
    }
    let root = [Path::new("")];
    let around: BTreeSet<&Path> =
        changed.iter().flat_map(|path| path.ancestors().skip(1)).chain(root).collect();
    for place in places.into_iter().flat_map(|place| around.iter().map(move |folder| place.join(folder))) {
        for name in INSTALLED {
            note(&mut text, &place.join(name));
        }
        for name in ENVIRONMENTS {
            let versions = std::fs::read_dir(place.join(name).join("lib")).into_iter().flatten().flatten();
            let mut folders: Vec<_> = versions.map(|version| version.path().join("site-packages")).collect();
            folders.sort();
            for folder in &folders {
                note(&mut text, folder);
            }
        }
    }
    text
}

/// When a file or folder was written; nothing of what is not there.
fn note(text: &mut String, path: &Path) {
    let written = path.metadata().and_then(|data| data.modified()).ok();
    if let Some(since) = written.and_then(|written| written.duration_since(UNIX_EPOCH).ok()) {
        let _ = writeln!(text, "{} {}", path.display(), since.as_nanos());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;
    use crate::env::Environment;
    use crate::event::Silent;

    #[test]
    fn they_change_with_variables_and_with_what_is_installed() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |zone: &str| {
            let environment = Environment::new([("TZ".into(), zone.into())], folder.path());
            let ctx = Ctx::new(environment, SystemClock::new(), Arc::new(Silent));
            surroundings(&ctx, [folder.path(); 2], &["services/till/src/sum.py".into()])
        };
        let before = at("UTC");
        assert_eq!(before, at("UTC"));
        assert_ne!(before, at("Asia/Tokyo"));
        for installed in [".venv/lib/python3.12/site-packages", "services/till/node_modules"] {
            let before = at("UTC");
            std::fs::create_dir_all(folder.path().join(installed)).expect("made");
            assert_ne!(before, at("UTC"), "{installed}");
        }
        let before = at("UTC");
        std::fs::create_dir_all(folder.path().join("services/shop/node_modules")).expect("made");
        assert_eq!(before, at("UTC"), "another project");
    }
}
