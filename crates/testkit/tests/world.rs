//! The judge must notice what it is there for: each test touches one thing and expects it to be named.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use hotfix_testkit::{DOCUMENTED_REFS, Repo, Sandbox, World};

/// What the judge says after `deed` was done to the auth service.
fn said_after(deed: impl FnOnce(&Repo)) -> Vec<String> {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    let before = World::of(project.path());
    deed(&project);
    before.differences(&World::of(project.path()), DOCUMENTED_REFS)
}

#[track_caller]
fn assert_noticed(deed: impl FnOnce(&Repo), expected: &str) {
    let said = said_after(deed);
    assert!(said.iter().any(|line| line.starts_with(expected)), "{expected:?} is not in {said:#?}");
}

#[test]
fn nothing_done_is_nothing_noticed() {
    assert_eq!(said_after(|_| ()), Vec::<String>::new());
}

#[test]
fn reading_with_git_leaves_no_trace() {
    assert_eq!(said_after(|project| drop(project.git(["log", "--all"]))), Vec::<String>::new());
}

#[test]
fn changed_content() {
    assert_noticed(|project| project.write("notes.txt", "other"), "file notes.txt: other content, size");
}

#[test]
fn changed_time_alone() {
    let deed = |project: &Repo| {
        let file = fs::File::options().write(true).open(project.file("notes.txt")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
    };
    assert_eq!(said_after(deed), ["file notes.txt: other time"]);
}

#[test]
fn changed_mode_alone() {
    let deed = |project: &Repo| {
        fs::set_permissions(project.file("notes.txt"), fs::Permissions::from_mode(0o600)).unwrap();
    };
    assert_eq!(said_after(deed), ["file notes.txt: other mode"]);
}

#[test]
fn replaced_by_a_copy() {
    let deed = |project: &Repo| {
        let file = project.file("notes.txt");
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        fs::copy(&file, project.file("copy")).unwrap();
        fs::rename(project.file("copy"), &file).unwrap();
        fs::File::options().write(true).open(file).unwrap().set_modified(modified).unwrap();
    };
    assert_noticed(deed, "file notes.txt: other inode");
}

#[test]
fn new_and_removed_files_with_odd_names() {
    assert_noticed(|project| project.write(OsStr::from_bytes(b"odd \xff\n"), ""), "file odd ");
    assert_noticed(|project| fs::remove_file(project.file(".env")).unwrap(), "file .env: gone");
}

#[test]
fn a_file_that_came_and_went() {
    let deed = |project: &Repo| {
        project.write("src/scratch", "");
        fs::remove_file(project.file("src/scratch")).unwrap();
    };
    assert_noticed(deed, "file src: other time");
}

#[test]
fn a_new_stash() {
    let deed = |project: &Repo| drop(project.git(["stash", "push", "--quiet", "--keep-index"]));
    assert_noticed(deed, "ref refs/stash: +");
    assert_noticed(deed, "reflog refs/stash: +");
}

#[test]
fn a_moved_ref() {
    let deed = |project: &Repo| drop(project.git(["update-ref", "refs/heads/main", "HEAD"]));
    assert_noticed(deed, "ref refs/heads/main: +");
}

#[test]
fn a_moved_packed_ref() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    project.git(["pack-refs", "--all"]);
    let before = World::of(project.path());
    project.git(["update-ref", "-d", "refs/tags/v1.2.2"]);
    let said = before.differences(&World::of(project.path()), DOCUMENTED_REFS);
    assert!(said.iter().any(|line| line.starts_with("ref refs/tags/v1.2.2: -")), "{said:#?}");
}

#[test]
fn a_changed_configuration() {
    assert_noticed(|project| drop(project.git(["config", "pull.rebase", "true"])), "config: + ");
}

#[test]
fn a_rewritten_index() {
    let deed = |project: &Repo| {
        // A file whose time differs from what the index remembers makes `git status` rewrite the index.
        project.write("README.md", project.read("README.md"));
    };
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    deed(&project);
    let before = World::of(project.path());
    project.git(["status"]);
    let said = before.differences(&World::of(project.path()), DOCUMENTED_REFS);
    assert!(said.iter().any(|line| line.starts_with(".git index: other ")), "{said:#?}");
}

#[test]
fn a_line_in_a_reflog() {
    let deed = |project: &Repo| {
        let log = project.file(".git/logs/HEAD");
        let text = fs::read_to_string(&log).expect("a reflog");
        fs::write(&log, format!("{text}{}", text.lines().last().unwrap())).unwrap();
    };
    assert_noticed(deed, "reflog HEAD: ");
}

#[test]
fn a_moved_head() {
    assert_noticed(
        |project| drop(project.git(["checkout", "--quiet", "--detach"])),
        ".git HEAD: other content",
    );
}

#[test]
fn a_fetch() {
    let deed = |project: &Repo| {
        project.push_commit_to_remote(&[("a", b"1")]);
        project.git(["fetch", "--quiet"]);
    };
    assert_noticed(deed, ".git FETCH_HEAD: new");
    assert_noticed(deed, "ref refs/remotes/origin/main: +");
}

#[test]
fn documented_refs_and_their_section_are_allowed() {
    let deed = |project: &Repo| {
        project.git(["branch", "hotfix/1.2.3", "main"]);
        project.git(["update-ref", "refs/hotfix/record/1", "HEAD^{tree}"]);
        project.git(["push", "--quiet", "--set-upstream", "origin", "hotfix/1.2.3"]);
    };
    assert_eq!(said_after(deed), Vec::<String>::new());
}

#[test]
fn documented_refs_are_still_seen_when_nothing_is_allowed() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    let before = World::of(project.path());
    project.git(["branch", "hotfix/1.2.3", "main"]);
    let said = before.differences(&World::of(project.path()), &[]);
    assert!(said.iter().any(|line| line.starts_with("ref refs/heads/hotfix/1.2.3: +")), "{said:#?}");
}

#[test]
fn a_linked_worktree_and_a_bare_repository_have_worlds_too() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    project.git(["worktree", "add", "--quiet", "../second", "main"]);
    let second = sandbox.repo_at(sandbox.code().join("second"));
    let (linked, bare) = (World::of(second.path()), World::of(project.bare().path()));
    second.git(["checkout", "--quiet", "--detach"]);
    project.bare().git(["branch", "other", "main"]);
    let said = linked.differences(&World::of(second.path()), DOCUMENTED_REFS);
    assert!(said.iter().any(|line| line.starts_with(".git (own)/HEAD: other")), "{said:#?}");
    let said = bare.differences(&World::of(project.bare().path()), DOCUMENTED_REFS);
    assert!(said.iter().any(|line| line.starts_with("ref refs/heads/other: +")), "{said:#?}");
}
