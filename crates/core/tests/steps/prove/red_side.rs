//! The red side is base with exactly the test part of the change.

use super::*;

/// Starts from `files`, does `change`, and gives the red tree's files with their content.
fn red_tree(files: &[(&str, &[u8])], change: impl FnOnce(&Repo)) -> Vec<(String, String)> {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(files);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let slot = responder.slot();
    change(&slot);
    let proof = responder.prove(&["false"]);
    let tree = proof.red.unwrap().tree;
    let names = repo.git(["ls-tree", "-r", "--name-only", &tree]);
    let content = |name: &str| repo.git(["show", &format!("{tree}:{name}")]);
    names.lines().map(|name| (name.to_owned(), content(name))).collect()
}

fn is(name: &str, content: &str) -> (String, String) {
    (name.to_owned(), content.to_owned())
}

#[test]
fn a_deleted_test_is_gone_there() {
    let files: &[(&str, &[u8])] = &[("src/a.sh", b"1"), ("tests/test_a.sh", b"1"), ("tests/test_b.sh", b"1")];
    let tree = red_tree(files, |slot| {
        fs::remove_file(slot.file("tests/test_a.sh")).unwrap();
        slot.write("src/a.sh", "2");
    });
    assert_eq!(tree, [is("src/a.sh", "1"), is("tests/test_b.sh", "1")]);
}

#[test]
fn a_renamed_test_has_its_new_name_there() {
    let files: &[(&str, &[u8])] = &[("src/a.sh", b"1"), ("tests/test_a.sh", b"same")];
    let tree = red_tree(files, |slot| {
        slot.git(["mv", "tests/test_a.sh", "tests/test_new.sh"]);
        slot.write("src/a.sh", "2");
    });
    assert_eq!(tree, [is("src/a.sh", "1"), is("tests/test_new.sh", "same")]);
}

#[test]
fn binary_data_of_tests_is_there_and_deleted_source_is_not_deleted() {
    let files: &[(&str, &[u8])] = &[("src/a.sh", b"1"), ("src/b.sh", b"1")];
    let tree = red_tree(files, |slot| {
        slot.write("tests/data/a.bin", b"\x00\x01\x02");
        fs::remove_file(slot.file("src/b.sh")).unwrap();
    });
    assert_eq!(tree, [is("src/a.sh", "1"), is("src/b.sh", "1"), is("tests/data/a.bin", "\0\u{1}\u{2}")]);
}

#[test]
fn a_folder_that_became_a_file() {
    let files: &[(&str, &[u8])] = &[("src/a.sh", b"1"), ("tests/x/test_a.sh", b"1")];
    let tree = red_tree(files, |slot| {
        fs::remove_dir_all(slot.file("tests/x")).unwrap();
        slot.write("tests/x", "a file");
        slot.write("src/a.sh", "2");
    });
    assert_eq!(tree, [is("src/a.sh", "1"), is("tests/x", "a file")]);
}

#[test]
fn configured_patterns_are_tests_too() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("src/a.sh", b"1")]);
    let responder = Responder::at(&sandbox, repo.path()).with("prove.test_patterns", "[\"probes/**\"]");
    responder.start("Wrong totals");
    responder.slot().write("probes/deep/a", "new");
    responder.slot().write("src/a.sh", "2");
    assert_eq!(responder.prove(&["false"]).test_files, ["probes/deep/a"]);
}
