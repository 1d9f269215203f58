//! start: a worktree of the newest base on a branch of its own, and nothing else is touched.

mod base;
mod names;
mod remotes;
mod target;
mod untouched;
mod versions;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use hotfix_core::ctx::Ctx;
use hotfix_core::event::{Progress, Sink};
use hotfix_core::flow::start::{Request, StartError};
use hotfix_core::git::GitError;
use hotfix_core::session::SessionError;
use hotfix_model::output::SlotKind;
use hotfix_model::{ExitCode, Gate, Stage};
use hotfix_testkit::responder::request;
use hotfix_testkit::{Repo, Responder, Sandbox, World};

const ALERT: &str = "Production down! Auth failing";

fn published(sandbox: &Sandbox) -> Repo {
    let repo = sandbox.repo_with_remote(&[("a", b"1\n"), ("b", b"2\n")]);
    repo.git(["tag", "v1.2.2"]);
    repo
}

fn named(name: &str) -> Request {
    Request { name: Some(name.to_owned()), ..request(ALERT) }
}

fn from(base: &str) -> Request {
    Request { base: Some(base.to_owned()), ..request(ALERT) }
}

/// Makes sure that `origin/main` here is older than main on the remote; gives the newer commit.
fn colleague_moved_main(repo: &Repo) -> String {
    let newer = repo.push_commit_to_remote(&[("a", b"newer\n")]);
    assert_ne!(repo.commit_of("origin/main"), newer);
    newer
}

#[test]
fn a_worktree_of_main_on_a_branch_named_after_the_next_version() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!((started.id.as_str(), started.branch.as_str()), ("1.2.3", "hotfix/1.2.3"));
    assert_eq!(started.worktree, sandbox.code().join("repo-hotfix").to_str().unwrap());
    let slot = sandbox.repo_at(&started.worktree);
    assert_eq!(slot.git(["symbolic-ref", "HEAD"]), "refs/heads/hotfix/1.2.3");
    assert_eq!(slot.head(), repo.commit_of("main"));
    assert_eq!(slot.git(["status", "--porcelain"]), "");
    assert_eq!(slot.read("a"), "1\n");
    assert_eq!(started.base.reference, "origin/main");
    assert_eq!(started.base.commit, repo.commit_of("main"));
    assert!(started.fresh);
    assert_eq!(started.warnings, Vec::<String>::new());
    let here = Responder::at(&sandbox, repo.path()).record();
    assert_eq!((here.stage, here.alert.as_str(), here.slot_in_use), (Stage::Started, ALERT, true));
}

#[test]
fn the_second_start_takes_the_parked_slot() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    let first = responder.start(ALERT);
    assert_eq!(first.slot.kind, SlotKind::Cold);
    responder.try_cleanup(true).unwrap();
    let second = responder.start("Wrong totals");
    assert_eq!((second.slot.kind, second.worktree), (SlotKind::Warm, first.worktree));
}

#[test]
fn no_tag_is_named_after_the_day_and_the_alert() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    let started = Responder::at(&sandbox, repo.path()).start(ALERT);
    assert_eq!(started.id, "2026-03-01-production-down-auth-failing");
}

#[test]
fn only_versions_below_the_base_count() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.git(["switch", "--quiet", "--create", "next"]);
    repo.commit("feat: next");
    repo.git(["tag", "v2.0.0"]);
    repo.git(["tag", "v1.2.10-rc.1", "main"]);
    assert_eq!(Responder::at(&sandbox, repo.path()).start(ALERT).id, "1.2.3");
}

/// Lets the remote answer once the path of the slot was told.
struct Release(PathBuf);

impl Sink for Release {
    fn take(&self, progress: Progress) {
        if matches!(&progress, Progress::Said { what, .. } if what.contains("repo-hotfix is yours")) {
            fs::write(&self.0, "").unwrap();
        }
    }
}

#[test]
fn the_slot_is_made_and_told_before_the_remote_answers() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let told = sandbox.root().join("told");
    sandbox.fake_tool(
        "slow-upload-pack",
        &format!(
            "for round in $(seq 300); do\n  [ -e {told} ] && exec git-upload-pack \"$@\"\n  sleep 0.01\ndone\nexit 1",
            told = told.display()
        ),
    );
    repo.git(["config", "remote.origin.uploadpack", "slow-upload-pack"]);
    let newer = colleague_moved_main(&sandbox.repo_at(repo.clone_of_remote("other").path()));
    let ctx = Ctx { sink: Arc::new(Release(told)), ..sandbox.ctx(repo.path()) };
    let started = Responder::at(&sandbox, repo.path()).with_ctx(ctx).start(ALERT);
    assert_eq!((started.fresh, started.base.commit), (true, newer));
    assert_eq!(started.warnings, Vec::<String>::new());
}

#[test]
fn releases_are_looked_up_anew_once_tags_or_main_moved() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    let next = |alert: &str| responder.try_start(Request { fetch: false, ..request(alert) }).unwrap().id;
    assert_eq!((next("one"), next("two")), ("1.2.3".to_owned(), "1.2.3-two".to_owned()));
    repo.git(["tag", "v1.3.0", "main"]);
    assert_eq!(next("three"), "1.3.1");
    repo.commit("feat: later");
    repo.git(["tag", "v1.4.0"]);
    assert_eq!(next("four"), "1.3.1-four", "the new tag is not below origin/main");
    repo.git(["push", "--quiet", "origin", "main"]);
    assert_eq!(next("five"), "1.4.1");
    repo.git(["tag", "--delete", "v1.4.0"]);
    assert_eq!(next("six"), "1.3.1-six");
}

#[test]
fn outside_a_repository_is_said() {
    let sandbox = Sandbox::new();
    let error = Responder::at(&sandbox, sandbox.home()).try_start(request(ALERT)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(GitError::NotARepository { .. })), "{error}");
}

#[test]
fn nobody_is_nobody_who_can_be_on_call() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    fs::write(sandbox.home().join(".gitconfig"), "[user]\n\tuseConfigOnly = true\n").unwrap();
    let error = Responder::at(&sandbox, repo.path()).try_start(request(ALERT)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(GitError::NoIdentity)), "{error}");
    assert!(!sandbox.code().join("repo-hotfix").exists());
}

#[test]
fn several_at_once_get_each_a_slot_and_a_name() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let started: Vec<_> = thread::scope(|scope| {
        let start = || Responder::at(&sandbox, repo.path()).start("Wrong totals");
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let ids: BTreeSet<_> = started.iter().map(|output| output.id.clone()).collect();
    let worktrees: BTreeSet<_> = started.iter().map(|output| output.worktree.clone()).collect();
    assert_eq!((ids.len(), worktrees.len()), (4, 4), "{ids:?} {worktrees:?}");
    for output in &started {
        let slot = sandbox.repo_at(&output.worktree);
        assert_eq!(slot.git(["symbolic-ref", "--short", "HEAD"]), output.branch);
        assert_eq!(slot.git(["status", "--porcelain"]), "");
    }
}

#[test]
fn a_bare_repository_has_slots_beside_it() {
    let sandbox = Sandbox::new();
    let bare = published(&sandbox).bare();
    let started = Responder::at(&sandbox, bare.path()).start(ALERT);
    assert_eq!(started.worktree, sandbox.code().join("origin-hotfix").to_str().unwrap());
    assert_eq!(sandbox.repo_at(&started.worktree).head(), bare.commit_of("main"));
}

#[test]
fn the_plan_changes_nothing() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let before = World::of(repo.path());
    let refs = repo.refs("");
    let project = Responder::at(&sandbox, repo.path()).project();
    let plan = hotfix_core::flow::start::plan(&project, request(ALERT)).unwrap();
    assert!(plan.lines()[0].starts_with("base: origin/main ("), "{:?}", plan.lines());
    before.assert_untouched_but(&World::of(repo.path()), &[]);
    assert_eq!(repo.refs(""), refs);
    assert!(!sandbox.code().join("repo-hotfix").exists());
}

#[test]
fn a_new_slot_may_hold_some_folders_only_and_the_fix_is_whole() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a/x", b"1\n"), ("b/y", b"1\n"), ("top", b"1\n")]);
    let responder = Responder::at(&sandbox, repo.path());
    let sparse = |folder: &str| Request { sparse: vec![folder.to_owned()], ..request(ALERT) };
    let error = responder.try_start(sparse("c")).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(StartError::NoFolder { .. })), "{error}");
    let started = responder.try_start(sparse("a")).unwrap();
    let slot = sandbox.repo_at(&started.worktree);
    assert!(slot.file("a/x").exists() && slot.file("top").exists() && !slot.file("b/y").exists());
    slot.write("a/x", "2\n");
    let skips = [(Gate::Test, "no runner here")];
    responder.waive("no test can show it");
    responder.try_commit("x", &skips).unwrap();
    assert_eq!(slot.git(["diff", "--name-only", "HEAD~", "HEAD"]), "a/x");
}
