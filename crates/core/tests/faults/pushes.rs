//! The branch is pushed as `git push -u` in its slot would do it, and what Git says of it counts; the record is pushed by
//! itself. (G5, G6, G16, A6)

use std::fs;

use hotfix_core::error::Error;
use hotfix_core::forge::ForgeError;
use hotfix_core::git::GitError;
use hotfix_model::{ExitCode, Stage};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World, write_program};

/// A till in a slot, fixed, tested and committed.
fn committed<'a>(sandbox: &'a Sandbox, repo: &Repo) -> Responder<'a> {
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    commit(responder)
}

fn commit(responder: Responder<'_>) -> Responder<'_> {
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    responder.test();
    responder.commit("totals");
    responder
}

fn refused(responder: &Responder<'_>) -> Error {
    let error = responder.try_submit().unwrap_err();
    assert_eq!(responder.record().stage, Stage::Committed, "{error}");
    error
}

fn log_of(why: &str) -> String {
    let path = why.split("(the whole output is in ").nth(1).and_then(|rest| rest.strip_suffix(')'));
    fs::read_to_string(path.unwrap_or_else(|| panic!("no log in {why}"))).unwrap()
}

mod hook {
    use super::*;

    #[test]
    fn runs_in_the_slot_on_its_branch_and_sees_only_that() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        repo.git(["switch", "--quiet", "--create", "feature/x"]);
        repo.write("src/till.sh", "half done\n");
        let script =
            "{ pwd; git symbolic-ref HEAD; cat; } >> \"$HOME/seen\"; ! grep -q 'half done' src/till.sh";
        write_program(repo.file(".git/hooks/pre-push"), script);
        let commit = responder.submit().commit;
        let zero = "0".repeat(40);
        let expected = format!(
            "{}\nrefs/heads/hotfix/1.2.3\nrefs/heads/hotfix/1.2.3 {commit} refs/heads/hotfix/1.2.3 {zero}\n",
            responder.slot().path().display()
        );
        assert_eq!(fs::read_to_string(sandbox.home().join("seen")).unwrap(), expected);
        assert_ne!(repo.bare().refs("refs/hotfix/record"), "", "the record went by itself");
    }

    #[test]
    fn that_says_no_is_no_failure_of_the_remote() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        write_program(
            repo.file(".git/hooks/pre-push"),
            "echo 'running 3 checks'; echo 'error: wrong branch name' >&2; echo 'see the wiki' >&2; exit 1",
        );
        let error = refused(&responder);
        assert!(matches!(error.downcast_ref(), Some(ForgeError::Stopped { .. })), "{error}");
        assert_ne!(error.exit(), ExitCode::REMOTE);
        let why = error.why();
        assert!(why.starts_with("wrong branch name"), "{why}");
        let log = log_of(&why);
        assert!(log.contains("running 3 checks") && log.contains("see the wiki"), "{log}");
    }
}

mod addresses {
    use super::*;

    fn with_mirror(sandbox: &Sandbox) -> (Responder<'_>, Repo, Repo) {
        let repo = sandbox.till();
        let mirror = sandbox.repo_at(sandbox.code().join("mirror.git"));
        repo.git(["init", "--quiet", "--bare", mirror.path().to_str().unwrap()]);
        let responder = committed(sandbox, &repo);
        for bare in [repo.bare().path(), mirror.path()] {
            repo.git(["remote", "set-url", "--add", "--push", "origin", bare.to_str().unwrap()]);
        }
        (responder, repo, mirror)
    }

    #[test]
    fn one_that_refuses_is_named_and_gets_it_later() {
        let sandbox = Sandbox::new();
        let (responder, repo, mirror) = with_mirror(&sandbox);
        write_program(mirror.file("hooks/pre-receive"), "echo 'this mirror is closed'; exit 1");
        let error = refused(&responder);
        assert_eq!(error.exit(), ExitCode::REMOTE);
        let why = error.why();
        assert!(why.contains("mirror.git") && why.contains("this mirror is closed"), "{why}");
        fs::remove_file(mirror.file("hooks/pre-receive")).unwrap();
        let commit = responder.submit().commit;
        assert_eq!(
            [repo.bare(), mirror].map(|bare| bare.commit_of("hotfix/1.2.3")),
            [commit.clone(), commit]
        );
    }

    #[test]
    fn one_that_is_gone_is_named() {
        let sandbox = Sandbox::new();
        let (responder, repo, mirror) = with_mirror(&sandbox);
        fs::remove_dir_all(mirror.path()).unwrap();
        let error = refused(&responder);
        assert!(matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. })), "{error}");
        assert!(error.why().contains("mirror.git"), "{}", error.why());
        assert_ne!(repo.bare().refs("refs/heads/hotfix"), "");
    }

    /// The first one refuses, the second one takes it.
    #[test]
    fn the_first_one_counts_as_well() {
        let sandbox = Sandbox::new();
        let (responder, repo, mirror) = with_mirror(&sandbox);
        write_program(repo.bare().file("hooks/update"), "echo 'frozen' >&2; exit 1");
        let error = refused(&responder);
        assert!(error.why().contains("origin.git") && error.why().contains("frozen"), "{}", error.why());
        assert_ne!(mirror.refs("refs/heads/hotfix"), "");
    }

    /// A fork: fetched from one repository, pushed to another.
    #[test]
    fn a_push_goes_to_the_fork_and_is_looked_for_there() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let fork = sandbox.repo_at(sandbox.code().join("fork.git"));
        repo.git([
            "clone",
            "--quiet",
            "--bare",
            repo.bare().path().to_str().unwrap(),
            fork.path().to_str().unwrap(),
        ]);
        let responder = committed(&sandbox, &repo);
        repo.git(["remote", "set-url", "--push", "origin", fork.path().to_str().unwrap()]);
        let commit = responder.submit().commit;
        assert_eq!(fork.commit_of("hotfix/1.2.3"), commit);
        responder.cleanup();
        responder.on("1.2.3").ship("totals");
        assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
    }

    /// As seen from the main worktree, wherever the slot lies.
    #[test]
    fn a_relative_one_means_the_same_from_every_slot() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        repo.git(["remote", "set-url", "origin", "../origin.git"]);
        let place = sandbox.root().join("far/away/slot");
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let responder = Responder::at(&sandbox, repo.path()).with("slot.path", place.to_str().unwrap());
        responder.trust();
        responder.start("Wrong totals");
        assert_eq!(responder.slot().path(), place);
        let commit = commit(responder).submit().commit;
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), commit);
    }
}

mod reports {
    use super::*;

    /// The line of the report says that it arrived; Git's exit code does not.
    #[test]
    fn that_git_does_not_believe_are_not_believed() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        let receive = sandbox.fake_tool("receive", "printf 0000; exit 1");
        repo.git(["config", "remote.origin.receivepack", receive.to_str().unwrap()]);
        assert_eq!(refused(&responder).exit(), ExitCode::REMOTE);
        assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
        repo.git(["config", "--unset", "remote.origin.receivepack"]);
        responder.submit();
        assert_eq!(repo.bare().refs("refs").matches("hotfix").count(), 2, "branch and record");
    }

    #[test]
    fn of_an_earlier_push_are_compared_with_the_remote() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        let commit = responder.ship("totals").commit.unwrap();
        repo.bare().git(["update-ref", "-d", "refs/heads/hotfix/1.2.3"]);
        responder.on("1.2.3").ship("totals");
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), commit);
    }

    /// The branch was taken away because the target has the fix.
    #[test]
    fn of_what_was_merged_meanwhile_are_not_made_good() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        responder.ship("totals");
        let bare = repo.bare();
        bare.git(["update-ref", "refs/heads/main", "refs/heads/hotfix/1.2.3"]);
        bare.git(["update-ref", "-d", "refs/heads/hotfix/1.2.3"]);
        let responder = responder.on("1.2.3");
        responder.ship("totals");
        assert_eq!(bare.refs("refs/heads/hotfix"), "");
        assert_eq!(responder.record().stage, Stage::Merged);
    }
}

mod upstream {
    use super::*;

    #[test]
    fn is_set_as_by_push_u_and_goes_with_the_branch() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let before = World::of(repo.path());
        let config = repo.read(".git/config");
        let responder = committed(&sandbox, &repo);
        responder.submit();
        let name = "hotfix/1.2.3@{upstream}";
        assert_eq!(repo.git(["rev-parse", "--symbolic-full-name", name]), "refs/remotes/origin/hotfix/1.2.3");
        before.assert_untouched(&World::of(repo.path()));
        for _ in ["submit", "commit", "start"] {
            responder.undo();
        }
        assert_eq!(repo.refs("refs/heads/hotfix"), "");
        assert_eq!(repo.read(".git/config"), config);
    }
}

mod reasons {
    use super::*;

    fn with_ssh(sandbox: &Sandbox, says: &str) -> Error {
        let repo = sandbox.till();
        let responder = committed(sandbox, &repo);
        repo.git(["remote", "set-url", "origin", "git@code.example:shop.git"]);
        let ssh = sandbox.fake_tool("own-ssh", &format!("echo '{says}' >&2; exit 255"));
        sandbox.env_set("GIT_SSH_COMMAND", ssh);
        refused(&responder)
    }

    #[test]
    fn of_ssh_are_told_apart() {
        let sandbox = Sandbox::new();
        let error = with_ssh(&sandbox, "git@code.example: Permission denied (publickey).");
        assert!(matches!(error.downcast_ref(), Some(ForgeError::NoRights { .. })), "{error}");
        assert_eq!(error.why(), "git@code.example: Permission denied (publickey).");
        let sandbox = Sandbox::new();
        let error = with_ssh(&sandbox, "Welcome to code.example' >&2; echo 'Host key verification failed.");
        assert!(error.why().starts_with("Host key verification failed. (the whole"), "{}", error.why());
        assert!(log_of(&error.why()).contains("Welcome to code.example"));
        let sandbox = Sandbox::new();
        let refused = "ssh: connect to host code.example port 22: Connection refused";
        let error = with_ssh(&sandbox, refused);
        assert!(matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. })), "{error}");
        assert!(error.why().starts_with(refused), "{}", error.why());
    }

    #[test]
    fn of_settings_that_contradict_each_other_are_told() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        repo.git(["config", "remote.origin.mirror", "true"]);
        let error = refused(&responder);
        assert!(matches!(error.downcast_ref(), Some(ForgeError::NotPushed { .. })), "{error}");
        assert!(error.why().contains("--mirror can't be combined with refspecs"), "{}", error.why());
        repo.git(["config", "--unset", "remote.origin.mirror"]);
        repo.git(["config", "push.pushOption", "ci.skip"]);
        repo.bare().git(["config", "receive.advertisePushOptions", "false"]);
        assert!(refused(&responder).why().contains("does not support push options"));
    }

    #[test]
    fn of_a_missing_git_lfs_are_told() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        let script = "command -v git-lfs >/dev/null 2>&1 || { printf \"\\nThis repository is configured for Git LFS but 'git-lfs' was not found on your path.\\n\\n\" >&2; exit 2; }";
        write_program(repo.file(".git/hooks/pre-push"), script);
        let error = refused(&responder);
        assert!(matches!(error.downcast_ref(), Some(ForgeError::Stopped { .. })), "{error}");
        assert!(error.why().contains("'git-lfs' was not found on your path"), "{}", error.why());
    }

    #[test]
    fn of_a_commit_hook_are_told_and_kept() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = Responder::at(&sandbox, repo.path());
        responder.trust();
        responder.start("Wrong totals");
        responder.slot().write("src/till.sh", FIXED_SOURCE);
        responder.slot().write("tests/test_till.sh", NEW_TEST);
        responder.test();
        let script = "printf 'input: x\\n  scope may not be empty [scope-empty]\\n  found 1 problems\\n  Get help: https://lint.example\\n' >&2; exit 1";
        write_program(repo.file(".git/hooks/commit-msg"), script);
        let error = responder.try_commit("totals", &[]).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(GitError::Failed { .. })), "{error}");
        assert!(
            error.why().starts_with("scope may not be empty [scope-empty] (the whole"),
            "{}",
            error.why()
        );
        assert!(log_of(&error.why()).contains("Get help: https://lint.example"));
    }
}

mod record {
    use super::*;

    /// `GitBucket` looks for commits in whatever is pushed, and dies of the record's tree.
    #[test]
    fn a_remote_that_dies_of_it_has_the_fix() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        write_program(
            repo.bare().file("hooks/pre-receive"),
            "while read old new ref; do case $ref in refs/hotfix/*) kill -9 $PPID;; esac; done",
        );
        let output = responder.submit();
        assert_eq!(repo.bare().commit_of("hotfix/1.2.3"), output.commit);
        assert!(!output.merge_request.record_pushed);
        assert_eq!(responder.record().stage, Stage::Submitted);
    }

    #[test]
    fn one_of_somebody_else_is_not_overwritten() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        let bare = repo.bare();
        let theirs = bare.git(["rev-parse", "main^{tree}"]);
        bare.git(["update-ref", "refs/hotfix/record/1.2.3", &theirs]);
        responder.submit();
        assert_eq!(bare.git(["rev-parse", "refs/hotfix/record/1.2.3"]), theirs);
    }

    /// What the user's settings ask of pushes is asked of the branch alone.
    #[test]
    fn it_needs_no_option_and_no_hook() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = committed(&sandbox, &repo);
        repo.git(["config", "push.pushOption", "ci.skip"]);
        let bare = repo.bare();
        bare.git(["config", "receive.advertisePushOptions", "true"]);
        write_program(
            bare.file("hooks/pre-receive"),
            "read old new ref; echo \"$ref $GIT_PUSH_OPTION_COUNT\" >> options",
        );
        responder.submit();
        assert_eq!(bare.read("options"), "refs/heads/hotfix/1.2.3 1\nrefs/hotfix/record/1.2.3 0\n");
    }
}

/// Who works with a fork pushes branches there, and the record to where the hotfix began.
#[test]
fn a_fork_gets_the_branch_each_time_and_gives_it_back() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let fork = sandbox.repo_at(sandbox.code().join("fork.git"));
    let addresses = [repo.bare().path(), fork.path()].map(|path| path.to_str().unwrap().to_owned());
    repo.git(["clone", "--quiet", "--bare", &addresses[0], &addresses[1]]);
    repo.git(["remote", "add", "fork", &addresses[1]]);
    repo.git(["config", "remote.pushDefault", "fork"]);
    let responder = committed(&sandbox, &repo);
    let branch = "refs/heads/hotfix/1.2.3";
    let first = responder.submit().commit;
    assert_eq!(fork.refs(branch), format!("{first} {branch}"));
    assert_eq!(repo.bare().refs("refs/heads/hotfix"), "");
    assert_ne!(repo.bare().refs("refs/hotfix/record"), "", "the record is where the team looks");

    // Somebody deleted it there: a rerun looks at the fork.
    fork.git(["update-ref", "-d", branch]);
    responder.submit();
    assert_eq!(fork.refs(branch), format!("{first} {branch}"));
    responder.undo();
    assert_eq!(fork.refs(branch), "");
}
