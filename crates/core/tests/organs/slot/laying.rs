//! Twins laid with any tree.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hotfix_core::git::{Oid, Repository};
use hotfix_core::slot::{Pool, SlotError};
use hotfix_model::output::SlotKind;
use proptest::prelude::*;

use super::sandbox::{Sandbox, config, read, start, write};

#[test]
fn a_twin_is_made_once_and_laid_again_and_again() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    sandbox.write("tests/test_auth.py", "test\n");
    let with_test = sandbox.commit("test");
    let tree = repository.tree_of(&with_test).unwrap();
    let held = start(&repository, &pool, "a", &base);

    let twin = pool.twin(&held, &base).unwrap();
    assert_eq!((twin.kind, &twin.worktree.path), (SlotKind::Cold, &sandbox.slot("-base")));
    pool.lay(&twin, &base, &tree).unwrap();
    let root = &twin.worktree.path;
    assert_eq!(read(root.join("tests/test_auth.py")), "test\n");
    assert_eq!(sandbox.git_in(root, &["rev-parse", "HEAD"]), base.as_str());

    // What a test run may leave: edits, new files, a repository, deleted files; and a cache, which is kept.
    write(&root.join("src/auth.py"), "edited by a test\n");
    write(&root.join("left/over"), "x");
    sandbox.git_in(root, &["init", "-q", "nested"]);
    std::fs::remove_file(root.join("README")).unwrap();
    write(&root.join("build.cache"), "warm");
    let again = pool.twin(&held, &base).unwrap();
    assert_eq!((again.kind, &again.worktree), (SlotKind::Warm, &twin.worktree));
    pool.lay(&again, &base, &tree).unwrap();
    assert_eq!(sandbox.git_in(root, &["status", "--short"]), "A  tests/test_auth.py");
    assert_eq!(read(root.join("src/auth.py")), "one\n");
    assert_eq!(read(root.join("build.cache")), "warm");
    assert!(!root.join("nested").exists() && !root.join("left").exists());
}

#[test]
fn a_file_that_is_not_as_in_the_tree_is_found() {
    let sandbox = Sandbox::new();
    // A filter that does not give back what was committed.
    sandbox.write(".gitattributes", "odd filter=odd\n");
    sandbox.write("odd", "text\n");
    let base = sandbox.commit("odd");
    sandbox.git(&["config", "filter.odd.smudge", "echo more; cat"]);
    sandbox.git(&["config", "filter.odd.clean", "cat"]);
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "a", &base);
    let twin = pool.twin(&held, &base).unwrap();
    write(&twin.worktree.path.join("odd"), "touched\n");
    let error = pool.lay(&twin, &base, &repository.tree_of(&base).unwrap()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SlotError::NotExact { .. })), "{error}");
}

#[test]
fn somebody_elses_folder_in_the_way_of_the_twin_stays() {
    let sandbox = Sandbox::new();
    write(&sandbox.slot("-base").join("foreign"), "kept");
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    assert_eq!(pool.twin(&held, &base).unwrap().worktree.path, sandbox.slot("-base-2"));
    assert_eq!(read(sandbox.slot("-base").join("foreign")), "kept");
}

#[test]
fn a_removed_twin_is_made_again() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    pool.twin(&held, &base).unwrap();
    std::fs::remove_dir_all(sandbox.slot("-base")).unwrap();
    let twin = pool.twin(&held, &base).unwrap();
    assert_eq!((twin.kind, twin.worktree.path), (SlotKind::Cold, sandbox.slot("-base")));
    sandbox.assert_healthy();
}

/// A file of a random tree.
#[derive(Clone, Debug, PartialEq)]
enum Thing {
    File(Vec<u8>),
    Program(Vec<u8>),
    Link(Vec<u8>),
}

type Files = BTreeMap<Vec<u8>, Thing>;

/// Names that hurt, also as folders, so that files become folders and folders files from one tree to the next.
fn files() -> impl Strategy<Value = Files> {
    let name = prop_oneof![
        Just(b"a".to_vec()),
        Just(b"b c".to_vec()),
        Just(b"-x".to_vec()),
        Just(b"\xff\n\"".to_vec()),
        Just(b":(top)y".to_vec()),
        Just("ü".as_bytes().to_vec()),
    ];
    let path = proptest::collection::vec(name, 1..3).prop_map(|parts| parts.join(&b'/'));
    let content = proptest::collection::vec(any::<u8>(), 0..12);
    let link = proptest::collection::vec(b'a'..=b'z', 1..8);
    let thing = prop_oneof![
        content.clone().prop_map(Thing::File),
        content.prop_map(Thing::Program),
        link.prop_map(Thing::Link)
    ];
    proptest::collection::btree_map(path, thing, 0..8).prop_map(|mut files| {
        let folders: Vec<Vec<u8>> = files.keys().filter_map(|path| folder(path)).collect();
        files.retain(|path, _| !folders.contains(path));
        files
    })
}

fn folder(path: &[u8]) -> Option<Vec<u8>> {
    path.iter().position(|byte| *byte == b'/').map(|at| path[..at].to_vec())
}

fn tree_of(repository: &Repository, base: &Oid, files: &Files, scratch: &Path) -> Oid {
    use hotfix_core::git::{Change, ChangeKind};
    let empty = repository.write_tree(&[]).unwrap();
    let change = |(path, thing): (&Vec<u8>, &Thing)| {
        let (mode, bytes) = match thing {
            Thing::File(bytes) => ("100644", bytes),
            Thing::Program(bytes) => ("100755", bytes),
            Thing::Link(bytes) => ("120000", bytes),
        };
        let oid = repository.write_blob(bytes.clone()).unwrap();
        let path = PathBuf::from(OsString::from_vec(path.clone()));
        Change { kind: ChangeKind::Added, path, new: Some((mode.to_owned(), oid)) }
    };
    assert_ne!(&empty, base);
    repository.overlay_tree(&empty, &files.iter().map(change).collect::<Vec<_>>(), scratch).unwrap()
}

/// What really lies in a folder.
fn on_disk(root: &Path, dir: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().as_os_str().to_owned().into_vec();
        let found = path.symlink_metadata().unwrap();
        if name == b".git" {
            continue;
        }
        if found.is_dir() {
            let count = files.len();
            on_disk(root, &path, files);
            assert!(files.len() > count, "an empty folder is left: {}", path.display());
            continue;
        }
        let thing = if found.is_symlink() {
            Thing::Link(std::fs::read_link(&path).unwrap().into_os_string().into_vec())
        } else if found.permissions().mode() & 0o100 != 0 {
            Thing::Program(std::fs::read(&path).unwrap())
        } else {
            Thing::File(std::fs::read(&path).unwrap())
        };
        files.insert(name, thing);
    }
}

#[test]
fn a_twin_holds_exactly_the_tree_whatever_lay_there_before() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    let scratch = tempfile::tempdir().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(40));
    let steps = (files(), proptest::option::of(0_usize..6));
    runner
        .run(&steps, |(wanted, left_over)| {
            let twin = pool.twin(&held, &base).unwrap();
            if let Some(at) = left_over {
                let name = ["a", "b c", "-x", ":(top)y", "ü", "new"][at];
                let path = twin.worktree.path.join(name);
                if !path.is_dir() && !path.is_symlink() {
                    std::fs::write(path, "left over").unwrap();
                }
            }
            pool.lay(&twin, &base, &tree_of(&repository, &base, &wanted, scratch.path())).unwrap();
            let mut found = Files::new();
            on_disk(&twin.worktree.path, &twin.worktree.path, &mut found);
            prop_assert_eq!(found, wanted);
            Ok(())
        })
        .unwrap();
}
