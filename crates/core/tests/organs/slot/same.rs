//! A slot is what `git worktree add` would make, wherever it has been before. `PROPTEST_CASES=2000` looks longer.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hotfix_core::git::Oid;
use hotfix_core::slot::{Keep, Pool};
use proptest::prelude::*;

use super::sandbox::{Sandbox, config, start, write};

/// Places that differ in case, are folders of others, need quoting, or say how others are written.
const PATHS: &[&str] = &[
    "a",
    "A",
    "a/b",
    "src/one.txt",
    "src/One.txt",
    "src/two.py",
    "src/deep/er/three.txt",
    "src/deep/four",
    "lib/five.txt",
    "lib/-x y\u{e9}",
    "lib/src/six.id",
    "z",
    "src-hyphen",
    "src/deep.py",
];
const CONTENTS: &[&str] =
    &["", "one\n", "two\nlines\n", "three\r\nwith\r\n", "$Id$\n", "no end", "bin\0ary\n"];
const ATTRIBUTES: &[&str] = &[
    "",
    "*.txt text eol=crlf\n",
    "* text=auto\n",
    "*.py filter=loud\n",
    "*.id ident\nfour ident\n",
    "*.txt filter=loud\n",
];
const IGNORES: &[&str] = &["*.cache\n", "*.cache\nbuild/\n", "*.log\n"];
const SETTINGS: &[&[&str]] = &[
    &[],
    &[],
    &[],
    &["core.autocrlf", "true"],
    &["core.eol", "crlf"],
    &["index.version", "4"],
    &["core.untrackedCache", "true"],
    &["feature.manyFiles", "true"],
    &["core.splitIndex", "true"],
];

/// One change of a tree.
#[derive(Clone, Debug)]
enum Edit {
    File(usize, usize, bool),
    Link(usize, usize),
    Module(usize),
    Gone(usize),
    FolderGone(usize),
    Attributes(bool, usize),
    Ignores(usize),
}

/// What happens in the slot before it is given back.
#[derive(Clone, Debug)]
enum Mess {
    Edit(usize),
    Untracked(usize),
    Cache,
    Hidden(usize),
    Commit(usize),
}

#[derive(Clone, Debug)]
struct World {
    commits: Vec<Vec<Edit>>,
    visits: Vec<(prop::sample::Index, Vec<Mess>, prop::sample::Index)>,
    settings: usize,
    sparse: bool,
}

fn edit() -> impl Strategy<Value = Edit> {
    let path = 0..PATHS.len();
    prop_oneof![
        8 => (path.clone(), 0..CONTENTS.len(), any::<bool>()).prop_map(|(a, b, c)| Edit::File(a, b, c)),
        2 => (path.clone(), path.clone()).prop_map(|(a, b)| Edit::Link(a, b)),
        1 => path.clone().prop_map(Edit::Module),
        3 => path.clone().prop_map(Edit::Gone),
        1 => path.prop_map(Edit::FolderGone),
        1 => (any::<bool>(), 0..ATTRIBUTES.len()).prop_map(|(a, b)| Edit::Attributes(a, b)),
        1 => (0..IGNORES.len()).prop_map(Edit::Ignores),
    ]
}

fn mess() -> impl Strategy<Value = Mess> {
    let path = 0..PATHS.len();
    prop_oneof![
        path.clone().prop_map(Mess::Edit),
        path.clone().prop_map(Mess::Untracked),
        Just(Mess::Cache),
        path.clone().prop_map(Mess::Hidden),
        path.prop_map(Mess::Commit),
    ]
}

fn world() -> impl Strategy<Value = World> {
    let commits = prop::collection::vec(prop::collection::vec(edit(), 1..8), 2..5);
    let visit =
        (any::<prop::sample::Index>(), prop::collection::vec(mess(), 0..3), any::<prop::sample::Index>());
    let visits = prop::collection::vec(visit, 1..4);
    (commits, visits, 0..SETTINGS.len(), prop::bool::weighted(0.1))
        .prop_map(|(commits, visits, settings, sparse)| World { commits, visits, settings, sparse })
}

/// Files of a commit: mode, and content or the commit of a submodule.
type Tree = BTreeMap<String, (&'static str, Vec<u8>)>;

fn put(tree: &mut Tree, path: &str, mode: &'static str, content: &[u8]) {
    let below = format!("{path}/");
    tree.retain(|known, _| !known.starts_with(&below) && !path.starts_with(&format!("{known}/")));
    tree.insert(path.to_owned(), (mode, content.to_vec()));
}

fn apply(tree: &mut Tree, edit: &Edit) {
    match edit {
        Edit::File(path, content, program) => {
            let mode = if *program { "100755" } else { "100644" };
            // What is not stored as its attributes say is edited from the start, in any worktree.
            let text = PATHS[*path].contains(".txt");
            let content =
                if text { CONTENTS[*content].replace('\r', "") } else { CONTENTS[*content].to_owned() };
            put(tree, PATHS[*path], mode, content.as_bytes());
        }
        Edit::Link(path, target) => put(tree, PATHS[*path], "120000", PATHS[*target].as_bytes()),
        Edit::Module(path) => put(tree, PATHS[*path], "160000", "1".repeat(40).as_bytes()),
        Edit::Gone(path) => drop(tree.remove(PATHS[*path])),
        Edit::FolderGone(path) => {
            let folder = PATHS[*path].split('/').next().unwrap();
            tree.retain(|path, _| !path.starts_with(&format!("{folder}/")));
        }
        Edit::Attributes(root, rules) => {
            let path = if *root { ".gitattributes" } else { "src/.gitattributes" };
            put(tree, path, "100644", ATTRIBUTES[*rules].as_bytes());
        }
        Edit::Ignores(rules) => put(tree, ".gitignore", "100644", IGNORES[*rules].as_bytes()),
    }
}

/// The commits, each a child of the one before.
fn import(sandbox: &Sandbox, world: &World) -> Vec<Oid> {
    let mut stream = Vec::new();
    let mut tree = Tree::new();
    put(&mut tree, "keep", "100644", b"kept\n");
    for (number, edits) in world.commits.iter().enumerate() {
        for edit in edits {
            apply(&mut tree, edit);
        }
        let time = 1_700_000_000 + number;
        write!(stream, "commit refs/heads/c{number}\ncommitter A <a@e.c> {time} +0000\ndata 2\nc\n").unwrap();
        if number > 0 {
            writeln!(stream, "from refs/heads/c{}", number - 1).unwrap();
        }
        stream.extend(b"deleteall\n");
        for (path, (mode, content)) in &tree {
            if *mode == "160000" {
                writeln!(stream, "M {mode} {} \"{path}\"", String::from_utf8_lossy(content)).unwrap();
            } else {
                write!(stream, "M {mode} inline \"{path}\"\ndata {}\n", content.len()).unwrap();
                stream.extend(content);
                stream.push(b'\n');
            }
        }
    }
    let file = sandbox.parent().join("stream");
    std::fs::write(&file, stream).unwrap();
    sandbox.import(&file);
    (0..world.commits.len()).map(|number| sandbox.rev(&format!("refs/heads/c{number}"))).collect()
}

/// All that is in a worktree: kind, mode and bytes of files and links, and folders that hold nothing.
fn files(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            count += 1;
            let found = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(root).unwrap().to_owned();
            if name == Path::new(".git") {
                continue;
            }
            if found.is_dir() {
                folders.push(path);
            } else if found.is_symlink() {
                all.insert(name, format!("-> {}", std::fs::read_link(&path).unwrap().display()));
            } else {
                let program = found.permissions().mode() & 0o100 != 0;
                all.insert(
                    name,
                    format!("{program} {:?}", String::from_utf8_lossy(&std::fs::read(&path).unwrap())),
                );
            }
        }
        if count == 0 {
            all.insert(folder.strip_prefix(root).unwrap().to_owned(), "empty folder".to_owned());
        }
    }
    all
}

/// What Git says of a worktree.
fn said(sandbox: &Sandbox, root: &Path) -> Vec<String> {
    let status = ["status", "--porcelain=v1", "--untracked-files=all"];
    [&status[..], &["ls-files", "--stage"], &["ls-files", "-v"], &["write-tree"], &["diff", "HEAD", "--raw"]]
        .map(|args| sandbox.git_in(root, args))
        .into()
}

/// Compares the slot with a new worktree at the commit.
fn assert_same(sandbox: &Sandbox, slot: &Path, commit: &Oid) {
    let fresh = sandbox.parent().join(format!("fresh-{commit}"));
    if !fresh.exists() {
        sandbox.git(&["worktree", "add", "-q", "--detach", fresh.to_str().unwrap(), commit.as_str()]);
    }
    assert_eq!(said(sandbox, slot), said(sandbox, &fresh));
    let mut held = files(slot);
    // What is ignored stays in a slot: that is what slots are for.
    let ignored = sandbox.git_in(slot, &["ls-files", "--others", "--ignored", "--exclude-standard", "-z"]);
    for path in ignored.split('\0').filter(|path| !path.is_empty()) {
        held.remove(Path::new(path));
    }
    assert_eq!(held, files(&fresh));
}

fn make_mess(sandbox: &Sandbox, slot: &Path, mess: &Mess) {
    let tracked = |number: usize| {
        let listed = sandbox.git_in(slot, &["ls-files", "-z"]);
        let files: Vec<PathBuf> = listed
            .split('\0')
            .filter(|path| slot.join(path).symlink_metadata().is_ok_and(|found| found.is_file()))
            .map(|path| slot.join(path))
            .collect();
        files[number % files.len()].clone()
    };
    match mess {
        Mess::Edit(path) => std::fs::write(tracked(*path), "edited\n").unwrap(),
        Mess::Hidden(path) => {
            let file = tracked(*path);
            let name = file.strip_prefix(slot).unwrap().to_str().unwrap().to_owned();
            sandbox.git_in(slot, &["update-index", "--assume-unchanged", "--", &name]);
            std::fs::write(file, "hidden\n").unwrap();
        }
        Mess::Untracked(path) => write(&slot.join(format!("left-{path}/file")), "left\n"),
        Mess::Cache => write(&slot.join("src-cache/x.cache"), "cache\n"),
        Mess::Commit(path) => {
            std::fs::write(tracked(*path), "fixed\n").unwrap();
            sandbox.try_git(slot, &["commit", "-q", "-a", "-m", "fix"]);
        }
    }
}

fn check(world: &World) {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "filter.loud.smudge", "tr a-zA-Z n-za-mN-ZA-M"]);
    sandbox.git(&["config", "filter.loud.clean", "tr a-zA-Z n-za-mN-ZA-M"]);
    if let [key, value] = SETTINGS[world.settings] {
        sandbox.git(&["config", key, value]);
    }
    let commits = import(&sandbox, world);
    if world.sparse {
        sandbox.git(&["sparse-checkout", "set", "--cone", "src"]);
    }
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    for (number, (at, messes, next)) in world.visits.iter().enumerate() {
        let (at, next) = (at.get(&commits), next.get(&commits));
        let held = start(&repository, &pool, &format!("h{number}"), at);
        assert_eq!(held.number, 1, "{}", sandbox.lines.all());
        assert_same(&sandbox, &held.worktree.path, at);
        // Checks the sum and the order of the index too.
        sandbox.git_in(&held.worktree.path, &["fsck", "--no-dangling"]);
        for mess in messes {
            make_mess(&sandbox, &held.worktree.path, mess);
        }
        pool.park(&held, next, Keep::Save).unwrap();
        assert_same(&sandbox, &held.worktree.path, next);
    }
}

/// Few cases in the ordinary run: each is some hundred processes.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if asked.cases == 256 { 6 } else { asked.cases };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_slot_is_what_a_new_worktree_would_be(world in world()) {
        check(&world);
    }
}
