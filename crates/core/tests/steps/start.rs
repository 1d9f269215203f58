//! start: a worktree of the newest base on a branch of its own, and nothing else is touched.

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

mod names {
    use super::*;

    #[test]
    fn taken_by_a_local_branch() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.git(["branch", "hotfix/1.2.3"]);
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.branch, "hotfix/1.2.3-production-down-auth-failing");
    }

    #[test]
    fn taken_by_a_local_record() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let responder = Responder::at(&sandbox, repo.path());
        responder.start(ALERT);
        responder.try_cleanup(true).unwrap();
        repo.git(["branch", "--delete", "--force", "hotfix/1.2.3"]);
        assert_eq!(responder.start(ALERT).id, "1.2.3-production-down-auth-failing");
        assert_eq!(responder.start(ALERT).id, "1.2.3-production-down-auth-failing-2");
    }

    #[test]
    fn taken_by_a_branch_of_the_remote_that_this_clone_never_saw() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.bare().git(["branch", "hotfix/1.2.3", "main"]);
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.branch, "hotfix/1.2.3-production-down-auth-failing");
    }

    #[test]
    fn taken_by_a_record_of_the_remote() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.bare().git(["update-ref", "refs/hotfix/record/1.2.3", "main^{tree}"]);
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.branch, "hotfix/1.2.3-production-down-auth-failing");
    }

    #[test]
    fn an_asked_for_version_is_used() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let request = Request { version: Some("7.0.1".to_owned()), ..request(ALERT) };
        assert_eq!(Responder::at(&sandbox, repo.path()).try_start(request).unwrap().branch, "hotfix/7.0.1");
    }

    #[test]
    fn an_asked_for_name_that_is_taken_is_a_decision_and_leaves_nothing() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.git(["branch", "hotfix/auth"]);
        let responder = Responder::at(&sandbox, repo.path());
        let error = responder.try_start(named("auth")).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(StartError::NameTaken { .. })), "{error}");
        assert_eq!(error.exit(), ExitCode::DECISION);
        assert!(responder.project().open_here().unwrap().is_empty());
        assert_eq!(responder.start(ALERT).slot.kind, SlotKind::Warm, "the slot was given back");
    }

    #[test]
    fn a_name_that_no_branch_can_have_is_wrong_usage() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let responder = Responder::at(&sandbox, repo.path());
        for name in ["a b", "a..b", "x.lock", "", "/x", "a\nb", "@{-1}", "a:b"] {
            let error = responder.try_start(named(name)).expect_err(name);
            assert!(matches!(error.downcast_ref(), Some(GitError::BadName { .. })), "{name:?}: {error}");
            assert_eq!(error.exit(), ExitCode::USAGE);
        }
        assert_eq!(repo.refs("refs/heads/hotfix"), "");
        assert_eq!(repo.refs("refs/hotfix/record"), "");
    }

    #[test]
    fn an_alert_of_any_characters_makes_a_branch() {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with_remote(&[("a", b"1")]);
        let responder = Responder::at(&sandbox, repo.path());
        for alert in
            ["日本", "--upload-pack=x", "$(id) `id` \"'", "\u{202e}live", "", "x".repeat(300).as_str()]
        {
            let started = responder.start(alert);
            assert_eq!(repo.git(["rev-parse", &started.branch]), started.base.commit, "{alert:?}");
            responder.try_cleanup(true).unwrap();
        }
    }
}

mod base {
    use super::*;

    #[test]
    fn a_newer_main_on_the_remote_is_where_the_slot_ends() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let newer = colleague_moved_main(&repo);
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        let slot = sandbox.repo_at(&started.worktree);
        assert_eq!((slot.head(), slot.read("a").as_str()), (newer.clone(), "newer\n"));
        assert_eq!(started.base.commit, newer);
        assert!(started.fresh && started.warnings.is_empty());
        assert_eq!(slot.git(["status", "--porcelain"]), "");
    }

    #[test]
    fn local_commits_on_main_are_not_production() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let published = repo.head();
        repo.write("a", "not pushed");
        repo.commit("feat: not pushed");
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.base.commit, published);
    }

    #[test]
    fn without_fetch_nobody_is_asked() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let known = repo.commit_of("main");
        colleague_moved_main(&repo);
        let request = Request { fetch: false, ..request(ALERT) };
        let started = Responder::at(&sandbox, repo.path()).try_start(request).unwrap();
        assert_eq!(started.base.commit, known);
        assert!(!started.fresh);
        assert_eq!(started.warnings, Vec::<String>::new());
    }

    #[test]
    fn a_tag_in_production_is_base_and_is_not_moved() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let tagged = repo.commit_of("v1.2.2");
        colleague_moved_main(&repo);
        let started = Responder::at(&sandbox, repo.path()).try_start(from("v1.2.2")).unwrap();
        assert_eq!((started.base.commit, started.base.reference.as_str()), (tagged, "v1.2.2"));
        assert_eq!(Responder::at(&sandbox, repo.path()).record().target, "main");
    }

    #[test]
    fn a_base_that_does_not_exist_is_wrong_usage_and_leaves_nothing() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        for name in ["v9.9.9", "-x", "--all", "a\nb", ""] {
            let error = Responder::at(&sandbox, repo.path()).try_start(from(name)).expect_err(name);
            let unknown = matches!(error.downcast_ref(), Some(SessionError::UnknownBase { .. }));
            assert!(unknown && error.exit() == ExitCode::USAGE, "{name:?}: {error}");
        }
        assert!(!sandbox.code().join("repo-hotfix").exists());
    }

    #[test]
    fn an_unreachable_remote_is_a_warning() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let known = repo.commit_of("main");
        fs::rename(repo.bare().path(), sandbox.code().join("away.git")).unwrap();
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.base.commit, known);
        assert!(!started.fresh);
        assert_eq!(started.warnings.len(), 1);
        assert!(started.warnings[0].starts_with("origin/main may be old: "), "{:?}", started.warnings);
    }

    #[test]
    fn main_rewritten_on_the_remote_is_followed_and_said() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        let bare = repo.bare();
        let tree = repo.git(["rev-parse", "main^{tree}"]);
        let other = repo.git(["commit-tree", "-m", "another history", &tree]);
        repo.git(["push", "--quiet", "--force", "origin", &format!("{other}:refs/heads/main")]);
        repo.git(["update-ref", "refs/remotes/origin/main", "main"]);
        assert_eq!(bare.commit_of("main"), other);
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.base.commit, other);
        assert_eq!(started.warnings, ["origin/main was rewritten on the remote since it was last seen here"]);
    }

    #[test]
    fn the_remotes_default_branch_need_not_be_main() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.git(["push", "--quiet", "origin", "main:refs/heads/stable"]);
        let bare = repo.bare();
        bare.git(["symbolic-ref", "HEAD", "refs/heads/stable"]);
        let clone = repo.clone_of_remote("clone");
        let started = Responder::at(&sandbox, clone.path()).start(ALERT);
        assert_eq!(started.base.reference, "origin/stable");
        assert_eq!(Responder::at(&sandbox, clone.path()).record().target, "stable");
    }

    #[test]
    fn a_clone_that_does_not_remember_the_default_branch_asks() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.git(["push", "--quiet", "origin", "main:refs/heads/stable"]);
        repo.bare().git(["symbolic-ref", "HEAD", "refs/heads/stable"]);
        repo.git(["fetch", "--quiet"]);
        repo.git(["remote", "set-head", "origin", "--delete"]);
        assert_eq!(Responder::at(&sandbox, repo.path()).start(ALERT).base.reference, "origin/stable");
    }

    #[test]
    fn a_target_that_is_gone_from_the_remote_is_said() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.git(["push", "--quiet", "origin", "main:refs/heads/other"]);
        repo.bare().git(["symbolic-ref", "HEAD", "refs/heads/other"]);
        repo.bare().git(["branch", "--delete", "--force", "main"]);
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.base.commit, repo.commit_of("main"));
        assert!(started.warnings[0].contains("`main` does not exist on origin"), "{:?}", started.warnings);
    }

    #[test]
    fn a_configured_base_branch_wins() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        repo.git(["branch", "release"]);
        repo.git(["push", "--quiet", "origin", "release"]);
        let responder = Responder::at(&sandbox, repo.path()).with("base.branch", "release");
        assert_eq!(responder.start(ALERT).base.reference, "origin/release");
        assert_eq!(responder.record().target, "release");
    }

    #[test]
    fn what_is_deployed_is_base_once_the_command_is_approved() {
        let sandbox = Sandbox::new();
        let text: &[u8] = b"[base]\ndeployed = \"echo v1.2.2\"\n";
        let repo = sandbox.repo_with(&[("a", b"1\n"), ("hotfix.toml", text)]);
        repo.git(["tag", "v1.2.2"]);
        repo.write("a", "2\n");
        repo.commit("feat: not deployed yet");
        repo.publish();
        let responder = Responder::at(&sandbox, repo.path());
        let unasked = responder.start(ALERT);
        assert_eq!(unasked.base.commit, repo.commit_of("main"));
        assert!(sandbox.recorder().warnings().iter().any(|line| line.contains("base.deployed")));
        responder.trust();
        let asked = responder.start("Wrong totals");
        assert_eq!((asked.base.reference.as_str(), asked.base.commit), ("v1.2.2", repo.commit_of("v1.2.2")));
    }

    #[test]
    fn a_command_that_cannot_say_what_is_deployed_stops() {
        let sandbox = Sandbox::new();
        let repo = published(&sandbox);
        for (command, why) in [("echo down >&2; exit 7", "down"), ("true", "it printed nothing")] {
            let responder = Responder::at(&sandbox, repo.path()).with("base.deployed", command);
            let error = responder.try_start(request(ALERT)).unwrap_err();
            assert!(matches!(error.downcast_ref(), Some(SessionError::NotDeployed { .. })), "{error}");
            assert_eq!((error.exit(), error.why().as_str()), (ExitCode::SETUP, why));
        }
        assert_eq!(repo.refs("refs/heads/hotfix/"), "");
    }

    #[test]
    fn without_a_remote_it_starts_from_main_wherever_you_stand() {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with(&[("a", b"1")]);
        let main = repo.head();
        repo.git(["switch", "--quiet", "--create", "feature"]);
        repo.commit("feat: half of it");
        let responder = Responder::at(&sandbox, repo.path());
        let first = responder.start(ALERT);
        assert_eq!((first.base.commit, first.base.reference.as_str()), (main.clone(), "main"));
        let from_inside = Responder::at(&sandbox, &first.worktree).start("Another alert");
        assert_eq!(from_inside.base.commit, main);
        assert_eq!(from_inside.warnings, Vec::<String>::new());
    }

    #[test]
    fn without_a_remote_and_without_a_usual_name_it_starts_from_the_branch_you_are_on() {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with(&[("a", b"1")]);
        repo.git(["branch", "--move", "develop"]);
        repo.git(["branch", "another"]);
        let started = Responder::at(&sandbox, repo.path()).start(ALERT);
        assert_eq!(started.base.reference, "develop");
    }

    #[test]
    fn without_a_commit_there_is_nothing_to_start_from() {
        let sandbox = Sandbox::new();
        let repo = sandbox.empty_repo();
        let error = Responder::at(&sandbox, repo.path()).try_start(request(ALERT)).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(SessionError::NoCommit { .. })), "{error}");
        assert_eq!(error.exit(), ExitCode::SETUP);
    }
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

/// The user's work, in every state it can be in, is byte for byte as before.
mod untouched {
    use super::*;

    #[track_caller]
    fn assert_untouched_after(prepare: impl FnOnce(&Repo)) {
        let sandbox = Sandbox::new();
        let project = sandbox.project();
        colleague_moved_main_of(&project);
        prepare(&project);
        let before = World::of(project.path());
        Responder::at(&sandbox, project.path()).start(ALERT);
        before.assert_untouched(&World::of(project.path()));
    }

    /// On the remote are a newer main, another branch and another tag, which are not to be fetched here.
    fn colleague_moved_main_of(project: &Repo) {
        project.push_commit_to_remote(&[("CHANGES", b"newer\n")]);
        project.bare().git(["branch", "hotfix/9.9.9", "main"]);
        project.bare().git(["tag", "v3.0.0", "main"]);
    }

    /// Two branches that change the same line.
    fn conflicting(project: &Repo) {
        project.git(["switch", "--quiet", "--discard-changes", "--create", "other", "main"]);
        project.write("README.md", "# Other\n");
        project.commit("docs: other");
        project.git(["switch", "--quiet", "--create", "mine", "main"]);
        project.write("README.md", "# Mine\n");
        project.commit("docs: mine");
    }

    #[test]
    fn with_staged_edited_untracked_ignored_and_stashed_work() {
        assert_untouched_after(|_| ());
    }

    #[test]
    fn clean_on_main() {
        assert_untouched_after(|project| {
            project.git(["switch", "--quiet", "--discard-changes", "main"]);
        });
    }

    #[test]
    fn detached() {
        assert_untouched_after(|project| drop(project.git(["switch", "--quiet", "--detach"])));
    }

    #[test]
    fn in_a_merge_with_conflicts() {
        assert_untouched_after(|project| {
            conflicting(project);
            project.try_git(["merge", "other"]).unwrap_err();
        });
    }

    #[test]
    fn in_a_rebase() {
        assert_untouched_after(|project| {
            conflicting(project);
            project.try_git(["rebase", "other"]).unwrap_err();
        });
    }

    #[test]
    fn in_a_cherry_pick() {
        assert_untouched_after(|project| {
            conflicting(project);
            project.try_git(["cherry-pick", "other"]).unwrap_err();
        });
    }

    #[test]
    fn in_a_bisect() {
        assert_untouched_after(|project| {
            project.git(["switch", "--quiet", "--discard-changes", "main"]);
            project.git(["bisect", "start", "HEAD", "HEAD~3"]);
        });
    }

    #[test]
    fn on_an_unborn_branch() {
        assert_untouched_after(|project| {
            project.git(["switch", "--quiet", "--discard-changes", "--orphan", "nothing-yet"]);
        });
    }

    #[test]
    fn with_intents_to_add_and_files_assumed_unchanged() {
        assert_untouched_after(|project| {
            project.git(["add", "--intent-to-add", "notes.txt"]);
            project.git(["update-index", "--assume-unchanged", "README.md"]);
            project.write("README.md", "# Assumed\n");
        });
    }

    #[test]
    fn with_a_fetch_head_and_packed_refs() {
        assert_untouched_after(|project| {
            project.git(["fetch", "--quiet", "origin", "hotfix/9.9.9"]);
            project.git(["pack-refs", "--all"]);
        });
    }

    #[test]
    fn in_a_bare_repository() {
        let sandbox = Sandbox::new();
        let bare = published(&sandbox).bare();
        let before = World::of(bare.path());
        Responder::at(&sandbox, bare.path()).start(ALERT);
        before.assert_untouched(&World::of(bare.path()));
    }

    #[test]
    fn in_another_worktree_of_the_user() {
        let sandbox = Sandbox::new();
        let project = sandbox.project();
        let other = sandbox.code().join("other");
        project.git(["worktree", "add", "--quiet", other.to_str().unwrap(), "main"]);
        fs::write(other.join("README.md"), "edited").unwrap();
        let (before, others) = (World::of(project.path()), World::of(&other));
        Responder::at(&sandbox, &other).start(ALERT);
        before.assert_untouched(&World::of(project.path()));
        others.assert_untouched(&World::of(&other));
    }
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
