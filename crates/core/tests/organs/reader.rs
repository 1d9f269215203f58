//! Refs, objects and trees that are read without Git are what Git would have said; what only Git can know, Git is asked.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use hotfix_core::git::{Oid, RefName, Repository, SeenRef, TreeEntry, Worktree};
use hotfix_testkit::{Repo, Sandbox};
use proptest::prelude::*;

const PREFIXES: &[&str] = &["refs/heads/", "refs/tags/", "refs/remotes/", "refs/hotfix/"];

fn open(sandbox: &Sandbox, repo: &Repo) -> Repository {
    Repository::discover(&sandbox.ctx(repo.path())).unwrap()
}

fn oid(text: &str) -> Oid {
    Oid::parse(text).unwrap()
}

/// A Git that writes down that it was called.
struct Watched {
    calls: PathBuf,
}

impl Watched {
    fn new(sandbox: &Sandbox) -> Self {
        let calls = sandbox.root().join("calls");
        let real = sandbox.environment(sandbox.root()).find_program("git").unwrap();
        sandbox.fake_tool(
            "git",
            &format!("echo \"$*\" >>'{}'\nexec '{}' \"$@\"", calls.display(), real.display()),
        );
        Self { calls }
    }

    /// The calls since this was last asked.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(&self.calls).unwrap_or_default();
        fs::write(&self.calls, "").unwrap();
        calls.lines().map(str::to_owned).collect()
    }
}

/// What Git says about refs, objects and commits, as text of the test's own making.
fn said_by_git(repo: &Repo, names: &[String]) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    for prefix in PREFIXES {
        let format = "--format=%(refname) %(objectname) %(symref)";
        said.insert((*prefix).to_owned(), repo.git(["for-each-ref", format, prefix]));
    }
    for name in names {
        let kind = repo.try_git(["cat-file", "-t", name]);
        let content = kind.map(|kind| {
            let content = shortened(repo.git(["cat-file", "-p", name]));
            format!("{} {kind} {content}", repo.git(["rev-parse", name]))
        });
        said.insert(name.clone(), content.unwrap_or_else(|_| "missing".to_owned()));
    }
    for line in said["refs/heads/"].clone().lines() {
        let commit = line.split(' ').nth(1).unwrap();
        if repo.git(["cat-file", "-t", commit]) == "commit" {
            said.insert(
                format!("show {commit}"),
                repo.git(["show", "--no-patch", "--format=%T %ct %s (%ci)", commit]),
            );
        }
    }
    said.insert(
        "HEAD".to_owned(),
        repo.try_git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).unwrap_or_default(),
    );
    said
}

/// The same, as the repository answers.
fn said_by_us(repository: &Repository, repo: &Repo, names: &[String]) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    for prefix in PREFIXES {
        let lines = repository.see_refs(&[prefix]).unwrap().into_iter();
        let lines = lines.map(|SeenRef { name, oid, stands_for }| {
            format!("{name} {oid} {}", stands_for.unwrap_or_default())
        });
        said.insert((*prefix).to_owned(), lines.collect::<Vec<_>>().join("\n"));
    }
    for (name, object) in names.iter().zip(repository.read_objects(names).unwrap()) {
        let text = object.map(|object| {
            let content = match object.entries() {
                Some(entries) => tree_text(&entries),
                None => String::from_utf8_lossy(&object.bytes).trim_end_matches('\n').to_owned(),
            };
            format!("{} {} {}", object.oid, object.kind, shortened(content))
        });
        said.insert(name.clone(), text.unwrap_or_else(|| "missing".to_owned()));
    }
    for (_, commit) in repository.list_refs(&["refs/heads/"]).unwrap() {
        if repository.read_objects(&[commit.to_string()]).unwrap()[0].as_ref().unwrap().kind == "commit" {
            let (tree, subject) = repository.tree_and_subject(&commit).unwrap();
            assert_eq!(repository.tree_of(&commit).unwrap(), tree);
            let described = repository.describe_commits(&[commit.as_str()]).unwrap().remove(0);
            assert!(described.starts_with(&subject));
            let time = repository.commit_time(&commit).unwrap();
            said.insert(format!("show {commit}"), format!("{tree} {time} {described}"));
        }
    }
    let worktree = Worktree { path: repo.path().to_owned(), git_dir: repo.file(".git") };
    let head = repository.head(&worktree).map(|oid| oid.to_string());
    said.insert("HEAD".to_owned(), head.unwrap_or_default());
    said
}

/// Long texts as length and end: a difference shall be readable.
fn shortened(text: String) -> String {
    let tail = text.chars().rev().take(300).collect::<String>();
    if text.len() > 2000 { format!("{} … {:x?}", text.len(), tail) } else { text }
}

fn tree_text(entries: &[TreeEntry]) -> String {
    let kind = |mode: &str| if mode == "040000" { "tree" } else { "blob" };
    let line =
        |entry: &TreeEntry| format!("{} {} {}\t{}", entry.mode, kind(&entry.mode), entry.oid, entry.name);
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Names of objects to ask for: refs, ids, paths, and such as are not there.
fn questions(repo: &Repo) -> Vec<String> {
    let refs = repo.git(["for-each-ref", "--format=%(refname)%0a%(objectname)", "refs/heads", "refs/tags"]);
    let mut names: Vec<String> = refs.lines().map(str::to_owned).collect();
    let paths = ["file", "folder", "folder/inside", "folder/none", "file/none", "large"];
    let roots: Vec<String> = names.iter().filter(|name| name.starts_with("refs/heads/")).cloned().collect();
    names.extend(roots.iter().flat_map(|root| paths.map(|path| format!("{root}:{path}"))));
    names.extend(["refs/heads/none".to_owned(), "refs/heads/none:file".to_owned(), "1".repeat(40)]);
    names
}

/// One thing that happens to a repository.
#[derive(Clone, Debug)]
enum Deed {
    Commit(u8, u16),
    Branch(u8),
    DeleteBranch(u8),
    Tag(u8),
    AnnotatedTag(u8),
    SymbolicRef(u8),
    DanglingRef,
    BrokenRef,
    TornRef,
    EmptyFolder,
    LockFile,
    LinkedRef,
    OddName,
    PackRefs,
    Repack,
    Collect,
    Detach,
    Borrow,
    Replace,
    DropHeader,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0_u8..4, any::<u16>()).prop_map(|(file, content)| Deed::Commit(file, content)),
        3 => (0_u8..6).prop_map(Deed::Branch),
        2 => (0_u8..6).prop_map(Deed::DeleteBranch),
        1 => (0_u8..3).prop_map(Deed::Tag),
        1 => (0_u8..3).prop_map(Deed::AnnotatedTag),
        1 => (0_u8..3).prop_map(Deed::SymbolicRef),
        1 => proptest::sample::select(vec![
            Deed::DanglingRef, Deed::BrokenRef, Deed::TornRef, Deed::EmptyFolder, Deed::LockFile, Deed::LinkedRef,
            Deed::OddName,
            Deed::Detach, Deed::Borrow, Deed::Replace, Deed::DropHeader,
        ]),
        3 => proptest::sample::select(vec![Deed::PackRefs, Deed::Repack, Deed::Collect]),
    ]
}

impl Deed {
    fn happen(&self, repo: &Repo) {
        let git = |args: &[&str]| {
            // Some deeds make no sense in the state at hand, or break the repository for the next.
            repo.try_git(args).ok();
        };
        match self {
            Self::Commit(file, content) => {
                let path = ["file", "folder/inside", "large", "folder/other"][usize::from(*file)];
                let lines = if path == "large" { 4000 } else { 3 };
                let line = |line: u32| format!("{} {line}", u32::from(*content) + line / 7);
                let text = (0..lines).map(line).collect::<Vec<_>>().join("\n");
                repo.write(path, text);
                git(&["add", "--all"]);
                git(&["commit", "--quiet", "--message", &format!("fix: {content}\nmore  \n\nand a body")]);
            }
            Self::Branch(number) => git(&["branch", "--force", &format!("hotfix/b{number}")]),
            Self::DeleteBranch(number) => git(&["branch", "--quiet", "-D", &format!("hotfix/b{number}")]),
            Self::Tag(number) => git(&["tag", "--force", &format!("t{number}")]),
            Self::AnnotatedTag(number) => git(&["tag", "--force", "-a", "-m", "x", &format!("a{number}")]),
            Self::SymbolicRef(number) => {
                git(&["symbolic-ref", "refs/remotes/origin/HEAD", &format!("refs/heads/hotfix/b{number}")]);
            }
            Self::DanglingRef => git(&["symbolic-ref", "refs/heads/dangling", "refs/heads/gone"]),
            Self::BrokenRef => repo.write(".git/refs/heads/broken", "nonsense\n"),
            Self::TornRef => repo.write(".git/refs/heads/torn", ""),
            Self::EmptyFolder => fs::create_dir_all(repo.file(".git/refs/heads/hotfix/empty")).unwrap(),
            Self::LockFile => repo.write(".git/refs/heads/hotfix/b0.lock", ""),
            Self::LinkedRef => drop(symlink("main", repo.file(".git/refs/heads/linked"))),
            Self::OddName => {
                let name = std::ffi::OsStr::from_bytes(b"refs/heads/odd\xff");
                fs::write(repo.file(".git").join(name), format!("{}\n", repo.head())).unwrap();
            }
            Self::PackRefs => git(&["pack-refs", "--all"]),
            Self::Repack => git(&["repack", "-d", "--quiet"]),
            Self::Collect => git(&["gc", "--quiet", "--prune=now"]),
            Self::Detach => git(&["checkout", "--quiet", "--detach"]),
            Self::Borrow => Self::borrow_all(repo),
            Self::Replace => git(&["replace", "--force", "HEAD:file", "HEAD:folder/inside"]),
            Self::DropHeader => {
                let packed = fs::read_to_string(repo.file(".git/packed-refs")).unwrap_or_default();
                let rest: Vec<&str> =
                    packed.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
                repo.write(".git/packed-refs", rest.concat());
            }
        }
    }

    /// All objects move into another folder, from which the repository borrows them.
    fn borrow_all(repo: &Repo) {
        let elsewhere = repo.file("../elsewhere");
        if elsewhere.exists() {
            return;
        }
        fs::rename(repo.file(".git/objects"), &elsewhere).unwrap();
        fs::create_dir_all(repo.file(".git/objects/info")).unwrap();
        repo.write(".git/objects/info/alternates", format!("{}\n", elsewhere.display()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_the_one_of_git(deeds in proptest::collection::vec(any_deed(), 1..24)) {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with(&[("file", b"1\n"), ("folder/inside", b"2\n")]);
        for deed in &deeds {
            deed.happen(&repo);
        }
        let names = questions(&repo);
        let repository = open(&sandbox, &repo);
        prop_assert_eq!(said_by_us(&repository, &repo, &names), said_by_git(&repo, &names));
    }
}

#[test]
fn a_plain_repository_is_read_without_git() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("file", b"1\n"), ("folder/inside", b"2\n")]);
    for round in 0..60 {
        repo.write("large", format!("{round}\n{}", "the same line\n".repeat(2000)));
        repo.commit(&format!("fix: {round}"));
    }
    repo.git(["branch", "hotfix/loose"]);
    repo.git(["tag", "-a", "-m", "x", "annotated"]);
    open(&sandbox, &repo).make_state_dir().unwrap();
    open(&sandbox, &repo);
    let watched = Watched::new(&sandbox);
    for _ in 0..2 {
        let names = questions(&repo);
        let wanted = said_by_git(&repo, &names);
        // The first one asks the new Git for its version.
        open(&sandbox, &repo);
        watched.calls();
        let repository = open(&sandbox, &repo);
        assert_eq!(said_by_us(&repository, &repo, &names)["refs/heads/"], wanted["refs/heads/"]);
        let settings = repository.settings().unwrap();
        assert_eq!(settings.remote.unwrap().name, "origin");
        let not_there = watched.calls();
        let expected = ["config --list -z --show-scope", "cat-file --batch"];
        let ends = |(call, end): (&String, &&str)| call.ends_with(end);
        assert!(not_there.len() == 2 && not_there.iter().zip(&expected).all(ends), "{not_there:?}");
        assert_eq!(said_by_us(&repository, &repo, &names), wanted);
        repo.git(["gc", "--quiet"]);
    }
}

#[test]
fn a_repository_with_long_ids_is_read_without_git() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_at(sandbox.code().join("long"));
    fs::create_dir_all(repo.path()).unwrap();
    repo.git(["init", "--quiet", "--object-format=sha256"]);
    for round in 0..3 {
        repo.write("file", format!("{round}\n"));
        repo.write("folder/inside", "2\n");
        repo.commit(&format!("fix: {round}"));
    }
    repo.git(["tag", "-a", "-m", "x", "annotated"]);
    open(&sandbox, &repo).make_state_dir().unwrap();
    let watched = Watched::new(&sandbox);
    let mut names = questions(&repo);
    names.retain(|name| *name != "1".repeat(40));
    for _ in 0..2 {
        let wanted = said_by_git(&repo, &names);
        open(&sandbox, &repo);
        watched.calls();
        assert_eq!(said_by_us(&open(&sandbox, &repo), &repo, &names), wanted);
        assert_eq!(watched.calls().iter().filter(|call| call.contains("cat-file")).count(), 0);
        repo.git(["gc", "--quiet"]);
    }
}

/// What a partial clone has left on the remote comes by Git, which fetches it.
#[test]
fn objects_that_are_on_the_remote_alone_are_found() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("file", b"1\n"), ("folder/inside", b"2\n")]);
    let bare = repo.bare();
    bare.git(["config", "uploadpack.allowFilter", "true"]);
    bare.git(["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let partial = sandbox.repo_at(sandbox.code().join("partial"));
    let address = format!("file://{}", bare.path().display());
    repo.git([
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=tree:0",
        &address,
        partial.path().to_str().unwrap(),
    ]);
    let repository = open(&sandbox, &partial);
    let head = oid(&partial.head());
    let [inside, none] =
        ["folder/inside", "folder/none"].map(|path| repository.read_file(&head, path).unwrap());
    assert_eq!((inside.as_deref(), none), (Some(b"2\n".as_slice()), None));
    assert_eq!(repository.list_files(&head).unwrap().len(), 2);
}

#[test]
fn very_many_packed_refs_are_found_as_git_finds_them() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("file", b"1\n")]);
    let head = repo.head();
    let name = |number: u32| format!("refs/tags/v{number:06}");
    let mut packed = format!("# pack-refs with: peeled fully-peeled sorted \n{head} refs/hotfix/record/x\n");
    (0..400_000).for_each(|number| packed.extend([head.as_str(), " ", &name(number), "\n"]));
    repo.write(".git/packed-refs", packed);
    let repository = open(&sandbox, &repo);
    let seen = |prefix: &str| repository.list_refs(&[prefix]).unwrap().len();
    assert_eq!((seen("refs/hotfix/"), seen("refs/tags/v39999"), seen("refs/tags/")), (1, 0, 400_000));
    for (name, there) in [(name(123_456), true), (name(400_000), false)] {
        let found = repository.read_ref(&RefName::new(&name).unwrap()).unwrap();
        assert_eq!(found.map(|oid| oid.to_string()), there.then(|| head.clone()), "{name}");
    }
    // A ref that moves is read where it is now.
    repo.git(["commit", "--quiet", "--allow-empty", "--message", "next"]);
    repo.git(["update-ref", &name(7), "HEAD"]);
    assert_eq!(repository.read_ref(&RefName::new(name(7)).unwrap()).unwrap(), Some(oid(&repo.head())));
}

#[test]
fn the_place_is_the_one_git_finds() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("folder/inside/file", b"1\n")]);
    repo.git(["worktree", "add", "--quiet", "--detach", "../linked"]);
    repo.git(["worktree", "add", "--quiet", "--detach", "../moved"]);
    fs::rename(repo.file("../moved"), repo.file("../moved-away")).unwrap();
    let nested = sandbox.repo_at(repo.file("folder/nested"));
    fs::create_dir_all(nested.path()).unwrap();
    nested.git(["init", "--quiet"]);
    symlink(repo.file("folder"), sandbox.code().join("link")).unwrap();
    let inner = sandbox.code().join("inner");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join(".git"), format!("gitdir: {}\n", repo.file(".git").display())).unwrap();
    for dir in [
        repo.path().to_owned(),
        repo.file("folder/inside"),
        repo.file(".git"),
        repo.file(".git/refs"),
        repo.file("../linked"),
        repo.file("../linked/folder/inside"),
        repo.file("../moved-away"),
        nested.path().to_owned(),
        sandbox.code().join("link/inside"),
        sandbox.code().join("link/nested"),
        inner,
        sandbox.code(),
    ] {
        assert_eq!(found_by_us(&sandbox, &dir), found_by_git(&sandbox, &dir), "{}", dir.display());
    }
}

#[test]
fn a_configuration_that_moves_things_is_left_to_git() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("folder/file", b"1\n")]);
    for (key, value) in [
        ("core.worktree", "../folder"),
        ("core.bare", "true"),
        ("core.repositoryformatversion", "1"),
        ("extensions.worktreeConfig", "true"),
        ("extensions.partialClone", "origin"),
        ("extensions.unheardOf", "true"),
        ("extensions.objectFormat", "sha256"),
        ("core.repositoryformatversion", "7"),
    ] {
        repo.try_git(["config", key, value]).ok();
        assert_eq!(found_by_us(&sandbox, repo.path()), found_by_git(&sandbox, repo.path()), "{key}");
        if !key.ends_with("formatversion") {
            fs::write(repo.file(".git/config"), "[core]\n\trepositoryformatversion = 1\n").unwrap();
        }
    }
}

const NOBODY: u32 = 65_534;

#[test]
fn a_repository_of_somebody_else_is_refused_as_git_refuses_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("file", b"1\n")]);
    if repo.file("file").metadata().unwrap().uid() != 0 {
        // Only root can give files away.
        return;
    }
    std::os::unix::fs::chown(repo.file(".git"), Some(NOBODY), None).unwrap();
    assert_eq!(found_by_git(&sandbox, repo.path()), None);
    assert_eq!(found_by_us(&sandbox, repo.path()), None);
}

fn found_by_us(sandbox: &Sandbox, dir: &std::path::Path) -> Option<[PathBuf; 3]> {
    let found = Repository::discover(&sandbox.ctx(dir)).ok()?;
    let top = found.top().map(std::path::Path::to_owned).unwrap_or_default();
    Some([found.common_dir().to_owned(), found.git_dir().to_owned(), top])
}

fn found_by_git(sandbox: &Sandbox, dir: &std::path::Path) -> Option<[PathBuf; 3]> {
    let at = sandbox.repo_at(dir);
    let ask = |what: &str| at.try_git(["rev-parse", "--path-format=absolute", what]).map(PathBuf::from);
    Some([ask("--git-common-dir").ok()?, ask("--git-dir").ok()?, ask("--show-toplevel").unwrap_or_default()])
}

#[test]
fn settings_are_those_that_git_reads() {
    let pieces = [
        "[user]\n\tname = Ada\n\temail = ada@example.com\n",
        "[USER]\n\tName = \"Grace H\"\n",
        "[user]\n\tname = one # two\n",
        "[user] name = inline\n",
        "[author]\n\temail = a@example.com\n[author]\n\tname = \n",
        "[remote \"origin\"]\n\turl = ../a b\n\turl = ../second\n",
        "[remote \"Up.stream\"]\n\turl = https://example.com/x\n",
        "[remote \"o\\\"q\"]\n\turl = x\n",
        "[checkout]\n\tdefaultRemote = Up.stream\n",
        "[remote.lower]\n\turl = y\n",
        "[include]\n\tpath = more\n",
    ];
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("file", b"1\n")]);
    repo.write(".git/more", "[user]\n\tname = Included\n[remote \"inc\"]\n\turl = z\n");
    let begin = repo.read(".git/config");
    let global = sandbox.home().join(".gitconfig");
    for chosen in 0..(1_u32 << pieces.len()) {
        // A sample: each piece alone, and every 37th combination.
        if chosen.count_ones() > 1 && chosen % 37 != 0 {
            continue;
        }
        let mut parts = (0..pieces.len()).filter(|bit| chosen >> bit & 1 == 1).map(|bit| pieces[bit]);
        let first = parts.next().unwrap_or_default();
        fs::write(&global, if chosen % 2 == 0 { first } else { "" }).unwrap();
        repo.write(".git/config", format!("{begin}{first}{}", parts.collect::<String>()));
        let ours = open(&sandbox, &repo).settings().unwrap();
        let last = |key: &str| repo.try_git(["config", key]).ok().filter(|value| !value.trim().is_empty());
        let part = |part: &str| last(&format!("author.{part}")).or_else(|| last(&format!("user.{part}")));
        let actor = part("name").zip(part("email"));
        assert_eq!(ours.actor.map(|actor| (actor.name, actor.email)), actor, "{chosen}");
        let remotes = repo.try_git(["config", "--get-regexp", r"^remote\..*\.url$"]).unwrap_or_default();
        if let Some(remote) = ours.remote {
            assert!(
                remotes.contains(&format!("remote.{}.url {}", remote.name, remote.url)),
                "{chosen}: {remotes}"
            );
        } else {
            let names: std::collections::BTreeSet<&str> =
                remotes.lines().filter_map(|line| line.split(".url ").next()).collect();
            assert!(names.len() != 1, "{chosen}: {remotes}");
        }
    }
}

#[test]
fn objects_are_written_as_git_writes_them() {
    let sandbox = Sandbox::new();
    for options in [&["--object-format=sha1"][..], &["--object-format=sha256"], &["--shared=group"]] {
        let repo = sandbox.repo_at(sandbox.code().join(&options[0][2..]));
        fs::create_dir_all(repo.path()).unwrap();
        repo.git([&["init", "--quiet"], options].concat());
        let repository = open(&sandbox, &repo);
        let mut objects = repository.new_objects();
        let entry = |name: &str, mode: &str, oid: &Oid| TreeEntry {
            mode: mode.to_owned(),
            oid: oid.clone(),
            name: name.to_owned(),
        };
        let blob = objects.blob("x".repeat(100_000));
        let folder = objects.tree(&[entry("file", "100644", &blob)]);
        let tree = objects.tree(&[entry("a.b", "100755", &blob), entry("a", "040000", &folder)]);
        objects.write().unwrap();
        repository
            .change_refs(
                "test",
                &[hotfix_core::git::RefChange::create(
                    RefName::new("refs/hotfix/record/x").unwrap(),
                    tree.clone(),
                )],
            )
            .unwrap();
        assert_eq!(repo.git(["fsck", "--strict", "--no-dangling"]), "", "{options:?}");
        assert_eq!(repo.git(["ls-tree", "-r", "--name-only", tree.as_str()]), "a.b\na/file");
        assert_eq!(repo.git(["rev-parse", &format!("{tree}:a.b")]), blob.as_str());
        let path = repo.file(format!(".git/objects/{}/{}", &blob.as_str()[..2], &blob.as_str()[2..]));
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o444, "{options:?}");
        let folder_mode = path.parent().unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(folder_mode & 0o020 != 0, options == ["--shared=group"], "{folder_mode:o}");
        assert_eq!(repository.read_file(&tree, "a.b").unwrap().unwrap().len(), 100_000);
    }
}

#[test]
fn a_head_is_attached_as_git_attaches_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("file", b"1\n")]);
    let at = |name: &str| sandbox.repo_at(repo.file(format!("../{name}")));
    for name in ["ours", "gits"] {
        repo.git(["worktree", "add", "--quiet", "--detach", &format!("../{name}")]);
        repo.git(["branch", &format!("hotfix/{name}")]);
        // A worktree of ours has no log of its HEAD.
        fs::remove_file(repo.file(format!(".git/worktrees/{name}/logs/HEAD"))).unwrap();
    }
    open(&sandbox, &repo).make_state_dir().unwrap();
    let watched = Watched::new(&sandbox);
    let repository = open(&sandbox, &repo);
    let attach = |name: &str| {
        let worktree = Worktree::at(at(name).path(), repository.common_dir()).unwrap();
        let branch = RefName::branch(&format!("hotfix/{name}")).unwrap();
        open(&sandbox, &repo).attach_head(&worktree, &branch, "hotfix: start")
    };
    watched.calls();
    attach("ours").unwrap();
    assert_eq!(watched.calls(), [""; 0]);
    at("gits").git(["-c", "core.logAllRefUpdates=false", "symbolic-ref", "HEAD", "refs/heads/hotfix/gits"]);
    let file = |name: &str, file: &str| repo.read(format!(".git/worktrees/{name}/{file}")).replace(name, "x");
    assert_eq!(file("ours", "HEAD"), file("gits", "HEAD"));
    assert_eq!(at("ours").git(["status", "--porcelain", "--branch"]), "## hotfix/ours");

    repo.write(".git/worktrees/ours/HEAD.lock", "");
    assert!(attach("ours").is_err(), "somebody else is at it");
    fs::remove_file(repo.file(".git/worktrees/ours/HEAD.lock")).unwrap();
    repo.write(".git/worktrees/ours/logs/HEAD", "");
    watched.calls();
    attach("ours").unwrap();
    let calls = watched.calls();
    let is_attached = |call: &&String| call.contains("symbolic-ref");
    assert_eq!(calls.iter().filter(is_attached).count(), 1, "only Git writes logs: {calls:?}");
}
