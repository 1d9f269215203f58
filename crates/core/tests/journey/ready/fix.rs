//! `--fix`: what is ours is repaired, and nothing else is touched.

use std::fs;

use hotfix_core::journey::ready::Request;
use hotfix_testkit::{Responder, Sandbox, World};

use super::{all_ready, apply, beside, look, troubles};

fn fix() -> Request {
    Request { fix: true, ..Request::default() }
}

#[test]
fn makes_the_first_slot_and_a_second_time_does_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    Responder::at(&sandbox, repo.path()).trust();
    let before = World::of(repo.path());
    let output = apply(&sandbox, &repo, &fix());
    before.assert_untouched(&World::of(repo.path()));
    assert_eq!(output.fixed.len(), 1, "{:?}", output.fixed);
    assert_eq!(troubles(&output), Vec::<&str>::new());
    assert_eq!(sandbox.repo_at(beside(&repo, "repo-hotfix")).head(), repo.commit_of("origin/main"));
    assert_eq!(apply(&sandbox, &repo, &fix()).fixed, Vec::<String>::new());
}

#[test]
fn brings_the_slot_to_a_main_that_only_the_remote_knows() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let newest = repo.push_commit_to_remote(&[("news.txt", b"news\n")]);
    let before = World::of(repo.path());
    let output = apply(&sandbox, &repo, &fix());
    before.assert_untouched(&World::of(repo.path()));
    assert_eq!((output.fixed.len(), troubles(&output)), (1, vec![]));
    assert_eq!(sandbox.repo_at(beside(&repo, "repo-hotfix")).head(), newest);
}

#[test]
fn the_slot_of_an_open_hotfix_is_left_alone() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", "half a fix\n");
    repo.push_commit_to_remote(&[("news.txt", b"news\n")]);
    let output = apply(&sandbox, &repo, &fix());
    assert_eq!((output.fixed, responder.slot().read("src/till.sh")), (vec![], "half a fix\n".to_owned()));
    assert!(!beside(&repo, "repo-hotfix-2").exists());
}

#[test]
fn what_a_crash_emptied_is_written_again() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    for name in ["commondir", "HEAD", "gitdir"] {
        fs::write(repo.file(".git/worktrees/repo-hotfix").join(name), "").unwrap();
        let output = apply(&sandbox, &repo, &fix());
        assert!(output.fixed.iter().any(|line| line.contains(name)), "{name}: {:?}", output.fixed);
        assert_eq!(troubles(&look(&sandbox, &repo)), Vec::<&str>::new(), "{name}");
        repo.git(["worktree", "list"]);
    }
}

#[test]
fn offline_it_does_what_it_can() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    Responder::at(&sandbox, repo.path()).trust();
    fs::rename(repo.bare().path(), beside(&repo, "away.git")).unwrap();
    let output = apply(&sandbox, &repo, &fix());
    assert_eq!((output.fixed.len(), troubles(&output)), (1, vec!["remote", "push", "options"]));
    assert!(beside(&repo, "repo-hotfix").is_dir());
}
