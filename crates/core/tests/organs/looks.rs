//! A look at all files without Git finds what Git finds. `PROPTEST_CASES=500` looks longer.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hotfix_core::git::{Oid, Repository, Worktree};
use hotfix_testkit::{Repo, Sandbox};
use proptest::prelude::*;

/// Files, folders of others, names that are sorted between both, and such that are ignored in some places.
const PATHS: &[&str] = &[
    "a",
    "a.b/c",
    "a/b",
    "src/one.txt",
    "src/two",
    "src/deep/three",
    "src/deep/er/four",
    "src-x",
    "src.log",
    "new/inside",
    "new/x.log",
    "build/out",
    "src/build/out",
    "é",
];

/// One thing that somebody does.
#[derive(Clone, Debug)]
enum Deed {
    Write(usize, u8),
    Touch(usize),
    Remove(usize),
    Link(usize, usize),
    Program(usize),
    Move(usize, usize),
    Stage(usize),
    Unstage(usize),
    Commit,
    Ignore(usize),
    Repository(usize),
    EmptyFolder(usize),
}

const IGNORED: &[&str] = &["*.log\nbuild/\n", "", "new/\n!new/inside\n", "src/*\n!src/two\n"];

fn deed() -> impl Strategy<Value = Deed> {
    let path = || 0..PATHS.len();
    prop_oneof![
        6 => (path(), 0..3_u8).prop_map(|(path, content)| Deed::Write(path, content)),
        1 => path().prop_map(Deed::Touch),
        3 => path().prop_map(Deed::Remove),
        1 => (path(), path()).prop_map(|(path, to)| Deed::Link(path, to)),
        1 => path().prop_map(Deed::Program),
        2 => (path(), path()).prop_map(|(path, to)| Deed::Move(path, to)),
        2 => path().prop_map(Deed::Stage),
        1 => path().prop_map(Deed::Unstage),
        2 => Just(Deed::Commit),
        1 => (0..IGNORED.len()).prop_map(Deed::Ignore),
        1 => path().prop_map(Deed::Repository),
        1 => path().prop_map(Deed::EmptyFolder),
    ]
}

fn spot(repo: &Repo, path: usize) -> PathBuf {
    repo.file(PATHS[path % PATHS.len()])
}

/// A time before that of any index here.
fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(400_000)
}

fn clear(path: &Path) {
    for above in path.ancestors().skip(1) {
        if above.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            fs::remove_file(above).unwrap();
        }
    }
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).unwrap(),
        Ok(_) => fs::remove_file(path).unwrap(),
        Err(_) => {}
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
}

fn act(repo: &Repo, deed: &Deed) {
    let name = |path: &usize| PATHS[*path];
    match deed {
        Deed::Write(path, content) => {
            let path = spot(repo, *path);
            if !path.is_file() {
                clear(&path);
            }
            fs::write(path, [b'0' + content]).unwrap();
        }
        Deed::Touch(path) => {
            if let Ok(file) = fs::File::options().write(true).open(spot(repo, *path)) {
                file.set_modified(long_ago()).unwrap();
            }
        }
        Deed::Remove(path) => clear(&spot(repo, *path)),
        Deed::Link(path, to) => {
            clear(&spot(repo, *path));
            symlink(name(to), spot(repo, *path)).unwrap();
        }
        Deed::Program(path) => {
            let path = spot(repo, *path);
            if path.is_file() {
                fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        Deed::Move(path, to) => {
            let (from, to) = (spot(repo, *path), spot(repo, *to));
            if from.is_file() && from != to && !to.starts_with(&from) && !from.starts_with(&to) {
                clear(&to);
                fs::rename(from, to).ok();
            }
        }
        Deed::Stage(path) => drop(repo.try_git(["add", "--force", "--all", "--", name(path)])),
        Deed::Unstage(path) => drop(repo.try_git(["rm", "-r", "-q", "--cached", "--", name(path)])),
        Deed::Commit => drop(repo.try_git(["commit", "-q", "--all", "--message", "x"])),
        Deed::Ignore(rules) => repo.write(".gitignore", IGNORED[*rules]),
        Deed::Repository(path) => {
            let path = spot(repo, *path);
            clear(&path);
            fs::create_dir_all(&path).unwrap();
            repo.git(["init", "--quiet", path.to_str().unwrap()]);
        }
        Deed::EmptyFolder(path) => {
            let path = spot(repo, *path);
            clear(&path);
            fs::create_dir_all(path).unwrap();
        }
    }
}

fn open(sandbox: &Sandbox, repo: &Repo) -> Repository {
    Repository::discover(&sandbox.ctx(repo.path())).unwrap()
}

fn worktree(repo: &Repo) -> Worktree {
    Worktree { path: repo.path().to_owned(), git_dir: repo.file(".git") }
}

/// What Git makes of all that is not ignored, in an index of its own. Git cannot add a repository without a commit; then
/// neither do we.
fn by_git(repo: &Repo) -> Option<Oid> {
    let index = repo.file(".git/index-of-the-test");
    fs::copy(repo.file(".git/index"), &index).unwrap();
    let own = fs::metadata(repo.file(".git/index")).unwrap().modified().unwrap();
    fs::File::options().write(true).open(&index).unwrap().set_modified(own).unwrap();
    let variable = format!("GIT_INDEX_FILE={}", index.display());
    let add = format!("exec env '{variable}' git -c advice.addEmbeddedRepo=false add --all");
    let tree = repo.try_git(["-c", &format!("alias.x=!{add}"), "x"]).ok().map(|_| {
        let write = format!("exec env '{variable}' git write-tree");
        Oid::parse(repo.git(["-c", &format!("alias.x=!{write}"), "x"]).trim()).unwrap()
    });
    fs::remove_file(index).unwrap();
    tree
}

fn check(rounds: &[Vec<Deed>]) {
    let sandbox = Sandbox::new();
    let tracked: Vec<(&str, &[u8])> =
        ["a.b/c", "src/one.txt", "src/two", "src/deep/three", "src/deep/er/four", "src-x", "é"]
            .map(|name| (name, b"0".as_slice()))
            .into_iter()
            .chain([(".gitignore", IGNORED[0].as_bytes())])
            .collect();
    let repo = sandbox.repo_with(&tracked);
    let repository = open(&sandbox, &repo);
    for deeds in rounds {
        for deed in deeds {
            act(&repo, deed);
        }
        let wanted = by_git(&repo);
        let index = fs::read(repo.file(".git/index")).unwrap();
        assert_eq!(repository.snapshot(&worktree(&repo), &[]).ok(), wanted, "a later look");
        let fresh = open(&sandbox, &repo);
        assert_eq!(fresh.snapshot(&worktree(&repo), &[]).ok(), wanted, "a first look");
        let Some(tree) = wanted else { continue };
        assert_eq!(repo.git(["cat-file", "-t", tree.as_str()]), "tree");
        let all = repo.git(["ls-tree", "-r", "-z", "--name-only", tree.as_str()]);
        let names: Vec<&str> = all.split('\0').filter(|name| !name.is_empty()).collect();
        let listed: Vec<String> =
            fresh.list_files(&tree).unwrap().iter().map(|path| path.to_str().unwrap().to_owned()).collect();
        assert_eq!(listed, names);
        let said = repo.git(["--no-optional-locks", "status", "--porcelain", "--untracked-files=all"]);
        let ours = fresh.status(&worktree(&repo)).unwrap();
        assert_eq!(ours.is_empty(), said.is_empty(), "{ours:?} against {said}");
        assert!(fs::read(repo.file(".git/index")).unwrap() == index, "the index is only read");
        repo.git(["fsck", "--no-dangling"]);
    }
}

/// Few cases in the ordinary run: each is some hundred processes.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if asked.cases == 256 { 12 } else { asked.cases };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn all_files_are_seen_as_git_sees_them(
        rounds in prop::collection::vec(prop::collection::vec(deed(), 1..6), 1..5)
    ) {
        check(&rounds);
    }
}

/// The subcommands of Git that a deed needs.
fn calls(sandbox: &Sandbox, deed: impl FnOnce()) -> Vec<String> {
    let log = sandbox.root().join("calls");
    fs::write(&log, "").unwrap();
    deed();
    fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn plain_files_need_no_look_by_git() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("src/one", b"1"), ("src/two", b"1"), (".gitignore", b"*.log\n")]);
    // A file as new as the index has to be read again.
    for name in ["src/one", "src/two", ".gitignore"] {
        fs::File::open(repo.file(name)).unwrap().set_modified(long_ago()).unwrap();
    }
    repo.git(["update-index", "-q", "--refresh"]);
    let git = sandbox.environment(sandbox.root()).find_program("git").unwrap();
    let log = sandbox.root().join("calls");
    let watch = format!(
        "for word; do\n  case $skip$word in\n    -c) skip=x;;\n    x*) skip=;;\n    *) echo \"$word\" \
         >>'{}'; break;;\n  esac\ndone\nexec '{}' \"$@\"",
        log.display(),
        git.display()
    );
    sandbox.fake_tool("git", &watch);
    let repository = open(&sandbox, &repo);
    let look = || calls(&sandbox, || drop(repository.snapshot(&worktree(&repo), &[]).unwrap()));
    assert_eq!(look(), [""; 0]);
    assert_eq!(calls(&sandbox, || assert!(repository.status(&worktree(&repo)).unwrap().is_empty())), [""; 0]);
    repo.write("src/one", "2");
    repo.write("src/three", "1");
    repo.write("x.log", "1");
    assert_eq!(look(), ["check-ignore", "update-index"]);
    fs::remove_file(repo.file("x.log")).unwrap();
    std::thread::yield_now();
    repository.snapshot(&worktree(&repo), &[]).unwrap();
    let again = look();
    assert!(again.is_empty() || again == ["update-index"], "{again:?}");
}
