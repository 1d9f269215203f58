//! git: what is read is what Git itself says; what is written is only what was asked for.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use hotfix_core::git::{Change, ChangeKind, CommitRequest, GitError, Oid, Repository, Worktree, size_of};
use hotfix_testkit::{Repo, Sandbox, World};
use proptest::prelude::*;

fn open(sandbox: &Sandbox, repo: &Repo) -> Repository {
    Repository::discover(&sandbox.ctx(repo.path())).unwrap()
}

fn oid(text: &str) -> Oid {
    Oid::parse(text).unwrap()
}

fn tree_of(repo: &Repo, name: &str) -> Oid {
    oid(&repo.git(["rev-parse", &format!("{name}^{{tree}}")]))
}

/// The main worktree, as the functions that work in a slot take it.
fn worktree(repo: &Repo) -> Worktree {
    Worktree { path: repo.path().to_owned(), git_dir: repo.file(".git") }
}

mod snapshot {
    use super::*;

    /// The tree Git itself makes of everything that is not ignored.
    fn by_git(repo: &Repo) -> Oid {
        repo.git(["add", "--all"]);
        oid(&repo.git(["write-tree"]))
    }

    fn odd_state(repo: &Repo) {
        repo.write("edited", "2");
        repo.write("staged", "2");
        repo.git(["add", "staged"]);
        repo.write("staged", "3");
        fs::remove_file(repo.file("deleted")).unwrap();
        fs::set_permissions(repo.file("mode"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::remove_file(repo.file("retyped")).unwrap();
        symlink("edited", repo.file("retyped")).unwrap();
        fs::remove_file(repo.file("folder")).unwrap();
        repo.write("folder/inside", "x");
        for name in [b"new\nline".as_slice(), b"\xff", b"-n", b":(top)x", b"a b", b"#x"] {
            repo.write(OsStr::from_bytes(name), "x");
        }
        repo.write("ignored.log", "x");
    }

    fn repo(sandbox: &Sandbox) -> Repo {
        let names = ["edited", "staged", "deleted", "mode", "retyped", "folder"];
        let mut files: Vec<(&str, &[u8])> = names.map(|name| (name, b"1".as_slice())).to_vec();
        files.push((".gitignore", b"*.log\n"));
        sandbox.repo_with(&files)
    }

    #[test]
    fn is_what_git_would_add_and_touches_nothing() {
        let sandbox = Sandbox::new();
        let repo = repo(&sandbox);
        odd_state(&repo);
        let before = World::of(repo.path());
        let ours = open(&sandbox, &repo).snapshot(&worktree(&repo), &[]).unwrap();
        before.assert_untouched(&World::of(repo.path()));
        assert_eq!(ours, by_git(&repo));
    }

    #[test]
    fn a_second_look_sees_what_changed_since_the_first() {
        let sandbox = Sandbox::new();
        let repo = repo(&sandbox);
        let repository = open(&sandbox, &repo);
        let look = || {
            let ours = repository.snapshot(&worktree(&repo), &[]).unwrap();
            assert_eq!(ours, open(&sandbox, &repo).snapshot(&worktree(&repo), &[]).unwrap());
            ours
        };
        let first = look();
        assert_eq!(look(), first);
        repo.write("edited", "2");
        let edited = look();
        repo.write("edited", "3");
        assert_ne!(look(), edited);
        odd_state(&repo);
        look();
        repo.git(["add", "--force", "ignored.log"]);
        let with_ignored = look();
        repo.git(["rm", "--quiet", "--cached", "ignored.log"]);
        assert_ne!(look(), with_ignored);
        repo.git(["checkout", "--quiet", "--force", "HEAD"]);
        repo.git(["clean", "--quiet", "--force", "-d"]);
        assert_eq!(look(), first);
        assert_eq!(look(), by_git(&repo));
        let left = fs::read_dir(repo.file(".git"))
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().as_bytes().starts_with(b"hotfix-index"));
        assert!(left.count() <= 1, "the look that may be used again, and no other");
        drop(repository);
        assert!(
            fs::read_dir(repo.file(".git"))
                .unwrap()
                .flatten()
                .all(|entry| { !entry.file_name().as_bytes().starts_with(b"hotfix-index") })
        );
    }

    #[test]
    fn a_commit_of_what_was_seen_leaves_a_clean_worktree() {
        let sandbox = Sandbox::new();
        let repo = repo(&sandbox);
        odd_state(&repo);
        let repository = open(&sandbox, &repo);
        let tree = repository.snapshot(&worktree(&repo), &[]).unwrap();
        let message = "fix: all of it";
        let request = CommitRequest { tree: &tree, message, limit: std::time::Duration::from_mins(1) };
        repo.write(".git/index.lock", "");
        assert!(repository.commit_tree(&worktree(&repo), &request).is_err());
        fs::remove_file(repo.file(".git/index.lock")).unwrap();
        for _ in 0..2 {
            let commit = repository.commit_tree(&worktree(&repo), &request);
            assert_eq!(repo.git(["status", "--porcelain"]), "");
            assert_eq!(repo.git(["write-tree"]), tree.as_str());
            assert_eq!(tree_of(&repo, "HEAD"), tree);
            assert_eq!(commit.is_ok(), repo.git(["log", "--format=%s", "-1"]) == message);
            repo.git(["reset", "--quiet", "--mixed", "HEAD~"]);
            repository.snapshot(&worktree(&repo), &[]).unwrap();
        }
    }

    #[test]
    fn leaves_out_what_is_excepted_unless_it_is_staged() {
        let sandbox = Sandbox::new();
        let repo = repo(&sandbox);
        for name in ["one", "two", "folder-of/three"] {
            repo.write(name, "x");
        }
        repo.git(["add", "two"]);
        let except = ["one", "two", "folder-of/three", "not-there"].map(PathBuf::from);
        let repository = open(&sandbox, &repo);
        let tree = repository.snapshot(&worktree(&repo), &except).unwrap();
        let new: Vec<PathBuf> = repository
            .changes(&tree_of(&repo, "HEAD"), &tree)
            .unwrap()
            .into_iter()
            .map(|change| change.path)
            .collect();
        assert_eq!(new, [PathBuf::from("two")]);
    }

    #[test]
    fn sees_an_edit_of_the_same_size_made_right_after_the_checkout() {
        let sandbox = Sandbox::new();
        let repo = repo(&sandbox);
        let repository = open(&sandbox, &repo);
        for _ in 0..5 {
            repo.git(["checkout", "--quiet", "--force", "HEAD", "--", "."]);
            repo.write("edited", "2");
            // Git compares seconds: the copy of the index must not look younger than the edit.
            let index = fs::File::options().write(true).open(repo.file(".git/index")).unwrap();
            index.set_modified(fs::metadata(repo.file("edited")).unwrap().modified().unwrap()).unwrap();
            let tree = repository.snapshot(&worktree(&repo), &[]).unwrap();
            assert_eq!(repo.git(["show", &format!("{tree}:edited")]), "2");
        }
    }

    #[test]
    fn of_a_worktree_whose_index_is_gone() {
        let sandbox = Sandbox::new();
        let repo = repo(&sandbox);
        fs::remove_file(repo.file(".git/index")).unwrap();
        let tree = open(&sandbox, &repo).snapshot(&worktree(&repo), &[]).unwrap();
        assert_eq!(tree, tree_of(&repo, "HEAD"));
    }
}

mod differences {
    use super::*;

    /// One tree with every kind of file, and one in which each is something else.
    fn two_trees(sandbox: &Sandbox) -> (Repo, Oid, Oid) {
        let repo = sandbox.repo_with(&[("text", b"1\n2\n3\n"), ("binary", b"\x00\x01"), ("mode", b"x\n")]);
        repo.write("gone", "a\nb\n");
        repo.write("to-link", "file\n");
        repo.write(OsStr::from_bytes(b"odd \xff\n\"name\""), "1\n");
        repo.write("no-newline", "1");
        repo.write("+plus", "+++ b/text\n@@ -1 +1 @@\n");
        symlink("text", repo.file("to-file")).unwrap();
        repo.commit("one");
        repo.write("text", "1\ntwo\n3\nfour\n");
        repo.write("binary", b"\x00\x02");
        fs::set_permissions(repo.file("mode"), fs::Permissions::from_mode(0o755)).unwrap();
        for path in ["gone", "to-link", "to-file"] {
            fs::remove_file(repo.file(path)).unwrap();
        }
        symlink("text", repo.file("to-link")).unwrap();
        repo.write("to-file", "now a file\n");
        repo.write(OsStr::from_bytes(b"odd \xff\n\"name\""), "2\n");
        repo.write("no-newline", "2");
        repo.write("+plus", "diff --git a/x b/x\n+++ b/text\n--- a/text\n@@ -1 +1 @@\n");
        repo.write("empty", "");
        repo.commit("two");
        let (from, to) = (tree_of(&repo, "HEAD^"), tree_of(&repo, "HEAD"));
        (repo, from, to)
    }

    /// What `git diff --name-status` says.
    fn by_git(repo: &Repo, from: &Oid, to: &Oid) -> BTreeMap<PathBuf, char> {
        let args = ["diff", "--name-status", "--no-renames", from.as_str(), to.as_str()];
        let quoted = repo.git(args);
        let letters: Vec<char> = quoted.lines().filter_map(|line| line.chars().next()).collect();
        let names = open_names(repo, from, to);
        names.into_iter().zip(letters).collect()
    }

    /// The same names, with `-z`: bytes, in the same order.
    fn open_names(repo: &Repo, from: &Oid, to: &Oid) -> Vec<PathBuf> {
        let out = repo.file("../names");
        let out = out.to_str().unwrap();
        let option = format!("--output={out}");
        repo.git(["diff", "--name-only", "-z", "--no-renames", &option, from.as_str(), to.as_str()]);
        let bytes = fs::read(out).unwrap();
        let names = bytes.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        names.map(|name| PathBuf::from(OsString::from_vec(name.to_vec()))).collect()
    }

    fn letter(change: &Change) -> char {
        match change.kind {
            ChangeKind::Added => 'A',
            ChangeKind::Deleted => 'D',
            ChangeKind::Modified => 'M',
            ChangeKind::Retyped => 'T',
        }
    }

    #[test]
    fn are_those_of_git_with_names_of_any_bytes() {
        let sandbox = Sandbox::new();
        let (repo, from, to) = two_trees(&sandbox);
        let ours = open(&sandbox, &repo).changes(&from, &to).unwrap();
        let ours: BTreeMap<PathBuf, char> =
            ours.iter().map(|change| (change.path.clone(), letter(change))).collect();
        assert_eq!(ours, by_git(&repo, &from, &to));
        assert_eq!(ours.len(), 10);
    }

    #[test]
    fn of_lines_are_those_that_are_new() {
        let sandbox = Sandbox::new();
        let (repo, from, to) = two_trees(&sandbox);
        let files = open(&sandbox, &repo).line_changes(&from, &to).unwrap();
        let of = |name: &str| files.iter().filter(|file| file.path == Path::new(name)).collect::<Vec<_>>();
        let text = of("text")[0];
        let touched: Vec<u64> = (1..=5).filter(|line| text.touches(*line)).collect();
        assert_eq!(touched, [2, 4]);
        for name in ["binary", "mode", "empty"] {
            assert!(of(name).iter().all(|file| file.hunks.is_empty()), "{name}");
        }
        let plus: Vec<&[u8]> =
            of("+plus")[0].hunks.iter().flat_map(|hunk| &hunk.added).map(Vec::as_slice).collect();
        assert_eq!(plus, [b"diff --git a/x b/x".as_slice(), b"--- a/text"]);
        assert_eq!(of("to-link").len(), 2, "the file goes, the link comes");
        let odd = files.iter().find(|file| file.path.as_os_str().as_bytes().starts_with(b"odd")).unwrap();
        assert_eq!(odd.hunks[0].added, [b"2"]);
    }

    #[test]
    fn of_size_are_those_of_numstat() {
        let sandbox = Sandbox::new();
        let (repo, from, to) = two_trees(&sandbox);
        let size = size_of(&open(&sandbox, &repo).line_changes(&from, &to).unwrap());
        let printed = repo.git(["diff", "--numstat", "--no-renames", from.as_str(), to.as_str()]);
        let column = |at: usize| -> u64 {
            printed.lines().filter_map(|line| line.split('\t').nth(at)?.parse::<u64>().ok()).sum()
        };
        assert_eq!(
            (size.files, size.added, size.removed),
            (printed.lines().count() as u64, column(0), column(1))
        );
    }
}

#[test]
fn an_overlay_is_base_with_these_changes() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("src/a", b"1"), ("tests/a", b"1"), ("tests/b", b"1")]);
    let base = oid(&repo.head());
    repo.write("src/a", "2");
    repo.write("tests/a", "2");
    repo.write(OsStr::from_bytes(b"tests/\xff\n"), "new");
    fs::remove_file(repo.file("tests/b")).unwrap();
    repo.commit("fix");
    let repository = open(&sandbox, &repo);
    let changes = repository.changes(&base, &tree_of(&repo, "HEAD")).unwrap();
    let tests: Vec<Change> = changes.into_iter().filter(|change| change.path.starts_with("tests")).collect();
    let before = World::of(repo.path());
    let overlay = repository.overlay_tree(&base, &tests, sandbox.root()).unwrap();
    before.assert_untouched(&World::of(repo.path()));
    assert_eq!(repo.git(["show", &format!("{overlay}:src/a")]), "1");
    assert_eq!(repo.git(["show", &format!("{overlay}:tests/a")]), "2");
    assert_eq!(repo.git(["ls-tree", "--name-only", &format!("{overlay}:tests")]).lines().count(), 2);
}

mod rebase {
    use super::*;

    fn two_branches(sandbox: &Sandbox, theirs: &str) -> (Repo, Oid, Oid) {
        let repo = sandbox.repo_with(&[("a", b"1\n"), ("b", b"1\n")]);
        let base = oid(&repo.head());
        repo.git(["switch", "--quiet", "--create", "theirs"]);
        repo.write(theirs, "theirs\n");
        let onto = oid(&repo.commit("theirs"));
        repo.git(["switch", "--quiet", "--create", "ours", base.as_str()]);
        repo.write("a", "ours\n");
        repo.commit("fix: ours");
        (repo, base, onto)
    }

    #[test]
    fn moves_the_commits() {
        let sandbox = Sandbox::new();
        let (repo, base, onto) = two_branches(&sandbox, "b");
        let head = open(&sandbox, &repo).rebase(&worktree(&repo), &base, &onto).unwrap();
        assert_eq!((repo.head(), repo.commit_of("HEAD^")), (head.to_string(), onto.to_string()));
        assert_eq!((repo.read("a").as_str(), repo.read("b").as_str()), ("ours\n", "theirs\n"));
    }

    #[test]
    fn a_conflict_leaves_everything_as_before() {
        let sandbox = Sandbox::new();
        let (repo, base, onto) = two_branches(&sandbox, "a");
        let (head, files) = (repo.head(), repo.read("a"));
        let error = open(&sandbox, &repo).rebase(&worktree(&repo), &base, &onto).unwrap_err();
        let Some(GitError::Conflict { files: conflicts, .. }) = error.downcast_ref() else {
            panic!("{error}")
        };
        assert_eq!(conflicts, &["a"]);
        assert_eq!(
            (repo.head(), repo.read("a"), repo.git(["status", "--porcelain"])),
            (head, files, String::new())
        );
        assert_eq!(repo.git(["symbolic-ref", "--short", "HEAD"]), "ours");
    }
}

/// Files of a random tree: short names that collide as files and folders never do, and short contents.
fn any_files() -> impl Strategy<Value = BTreeMap<String, Vec<u8>>> {
    let name =
        prop::sample::select(vec!["a", "b", "d/a", "d/b", "d/e/f", "-x", " y", "é", "q\"q", "t\tt", "n\nn"]);
    let content = prop_oneof![
        prop::collection::vec(
            prop::sample::select(vec!["x\n", "y\n", "+z\n", "-z\n", "\n", "@@ -1 +1 @@\n"]),
            0..6
        )
        .prop_map(|lines| lines.concat().into_bytes()),
        Just(b"no newline".to_vec()),
        Just(b"\x00binary\xff".to_vec()),
    ];
    prop::collection::btree_map(name.prop_map(str::to_owned), content, 0..7)
}

/// The new side of a file, made of the old side and the hunks.
fn patched(old: &[u8], file: &hotfix_core::git::FileDiff) -> Vec<Vec<u8>> {
    let mut old: Vec<Vec<u8>> = old.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if old.last().is_some_and(Vec::is_empty) {
        old.pop();
    }
    for hunk in file.hunks.iter().rev() {
        let removed = usize::try_from(hunk.old_lines).unwrap();
        let start = usize::try_from(hunk.old_start).unwrap() - usize::from(removed > 0);
        old.splice(start..start + removed, hunk.added.clone());
    }
    old
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// For two random trees: the changes are those between the two sets of files, and the hunks turn one into the other.
    #[test]
    fn changes_and_hunks_lead_from_one_tree_to_the_other(before in any_files(), after in any_files()) {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with(&[]);
        let write = |files: &BTreeMap<String, Vec<u8>>| {
            for (path, bytes) in files {
                repo.write(path, bytes);
            }
            repo.git(["add", "--all"]);
            oid(&repo.git(["write-tree"]))
        };
        let from = write(&before);
        repo.git(["rm", "-r", "--quiet", "--force", "--ignore-unmatch", "."]);
        let to = write(&after);
        let repository = open(&sandbox, &repo);
        let changes = repository.changes(&from, &to).unwrap();
        let names: BTreeMap<String, bool> = changes.iter()
            .map(|change| (change.path.to_str().unwrap().to_owned(), change.new.is_some())).collect();
        let expected: BTreeMap<String, bool> = before.keys().chain(after.keys())
            .filter(|name| before.get(*name) != after.get(*name))
            .map(|name| (name.clone(), after.contains_key(name))).collect();
        prop_assert_eq!(names, expected);
        for file in repository.line_changes(&from, &to).unwrap() {
            let path = file.path.to_str().unwrap();
            let side = |files: &BTreeMap<String, Vec<u8>>| files.get(path).cloned().unwrap_or_default();
            let (old, new) = (side(&before), side(&after));
            if old.contains(&0) || new.contains(&0) {
                continue;
            }
            let expected: Vec<Vec<u8>> = patched(&new, &hotfix_core::git::FileDiff { path: PathBuf::new(), hunks: Vec::new() });
            prop_assert_eq!(patched(&old, &file), expected, "{}", path);
        }
    }
}
