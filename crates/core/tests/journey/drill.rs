//! drill: the whole flow in the real slot, and nothing of it left: not here, not on the remote.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotfix_core::ctx::{Cancel, Ctx};
use hotfix_core::event::{Progress, Sink};
use hotfix_core::journey::drill::{self, Request, Stopped};
use hotfix_core::session::{Blocked, SessionError};
use hotfix_model::Step;
use hotfix_model::output::{DrillOutput, SlotKind};
use hotfix_testkit::{Repo, Responder, Sandbox, World, write_program};

/// All that must be the same afterwards.
struct Before {
    worlds: [World; 2],
    refs: [String; 2],
    config: Vec<u8>,
    worktrees: String,
    state: BTreeMap<String, Vec<u8>>,
}

impl Before {
    fn of(repo: &Repo) -> Self {
        Self {
            worlds: [World::of(repo.path()), World::of(repo.bare().path())],
            refs: [repo.refs(""), repo.bare().refs("")],
            config: fs::read(repo.file(".git/config")).unwrap(),
            worktrees: repo.git(["worktree", "list", "--porcelain"]),
            state: state(repo),
        }
    }

    #[track_caller]
    fn assert_all_taken_back(&self, repo: &Repo) {
        let after = Self::of(repo);
        for (before, after) in self.worlds.iter().zip(&after.worlds) {
            before.assert_untouched(after);
        }
        assert_eq!((&self.refs, &self.config), (&after.refs, &after.config));
        assert_eq!(self.worktrees, after.worktrees);
        assert_eq!(self.state, after.state);
    }
}

/// Our own files but for memories, logs and locks, which tell of no hotfix.
fn state(repo: &Repo) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![repo.file(".git/hotfix")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !["lock", "durations.json", "journal.jsonl", "git-version", "changed-together"]
                .contains(&name.as_str())
                && path.extension().is_none_or(|ending| ending != "lock")
            {
                found.insert(path.display().to_string(), without_stamp(&path));
            }
        }
    }
    found
}

/// A parked slot carries a stamp of its index, which is another one after each use.
fn without_stamp(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return bytes };
    if let Some(state) = value.get_mut("state") {
        state["stamp"] = serde_json::Value::Null;
    }
    serde_json::to_vec(&value).unwrap()
}

fn till(sandbox: &Sandbox) -> Repo {
    let repo = sandbox.till();
    Responder::at(sandbox, repo.path()).trust();
    repo
}

/// The till with a slot that waits.
fn warm(sandbox: &Sandbox) -> Repo {
    let repo = till(sandbox);
    let responder = Responder::at(sandbox, repo.path());
    responder.start("an alert before");
    responder.try_undo().unwrap();
    repo.git(["update-ref", "-d", "refs/hotfix/record/1.2.3"]);
    repo
}

fn drill(sandbox: &Sandbox, repo: &Repo) -> Result<DrillOutput, Stopped> {
    drill::apply(&sandbox.ctx(repo.path()), &Request::default())
}

fn steps(output: &DrillOutput) -> Vec<Step> {
    output.steps.iter().map(|step| step.step).collect()
}

#[test]
fn all_steps_in_the_slot_that_waits_and_all_taken_back() {
    let sandbox = Sandbox::new();
    let repo = warm(&sandbox);
    let before = Before::of(&repo);
    let output = drill(&sandbox, &repo).map_err(|stopped| stopped.error).unwrap();
    assert_eq!(
        steps(&output),
        [Step::Start, Step::Prove, Step::Check, Step::Test, Step::Commit, Step::Submit, Step::Cleanup]
    );
    assert!(output.steps.iter().all(|step| step.passed), "{:?}", output.steps);
    assert_eq!((output.slot, output.stopped_by), (Some(SlotKind::Warm), None));
    assert_eq!(output.steps[3].outcome, "the command passed");
    before.assert_all_taken_back(&repo);
    assert!(repo.path().with_file_name("repo-hotfix").is_dir());
}

#[test]
fn a_slot_that_was_made_for_it_is_removed_again() {
    let sandbox = Sandbox::new();
    let repo = till(&sandbox);
    let before = Before::of(&repo);
    let output = drill(&sandbox, &repo).map_err(|stopped| stopped.error).unwrap();
    assert_eq!(output.slot, Some(SlotKind::Cold));
    before.assert_all_taken_back(&repo);
    assert!(!repo.path().with_file_name("repo-hotfix").exists());
}

#[test]
fn an_open_hotfix_is_left_alone() {
    let sandbox = Sandbox::new();
    let repo = till(&sandbox);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", "half a fix\n");
    let before = Before::of(&repo);
    drill(&sandbox, &repo).map_err(|stopped| stopped.error).unwrap();
    before.assert_all_taken_back(&repo);
    assert_eq!(responder.slot().read("src/till.sh"), "half a fix\n");
    assert_eq!(responder.status().id, "1.2.3");
}

#[test]
fn the_remote_is_not_spoken_to() {
    let sandbox = Sandbox::new();
    let repo = warm(&sandbox);
    let trace = sandbox.root().join("trace");
    let note = format!("echo \"$0\" >> '{}'", trace.display());
    for name in ["pre-receive", "update", "post-receive"] {
        write_program(repo.bare().file(format!("hooks/{name}")), &note);
    }
    drill(&sandbox, &repo).map_err(|stopped| stopped.error).unwrap();
    let ssh = sandbox.fake_tool("fake-ssh", &note);
    sandbox.env_set("GIT_SSH_COMMAND", ssh);
    repo.git(["remote", "set-url", "origin", "ssh://git@forge.example/till.git"]);
    Responder::at(&sandbox, repo.path()).trust();
    drill(&sandbox, &repo).map_err(|stopped| stopped.error).unwrap();
    assert!(!trace.exists(), "{}", fs::read_to_string(trace).unwrap());
}

#[test]
fn hooks_of_the_user_are_rehearsed_too() {
    let sandbox = Sandbox::new();
    let repo = warm(&sandbox);
    let trace = sandbox.root().join("trace");
    for name in ["pre-commit", "pre-push"] {
        write_program(
            repo.file(format!(".git/hooks/{name}")),
            format!("echo {name} $1 >> '{}'", trace.display()),
        );
    }
    drill(&sandbox, &repo).map_err(|stopped| stopped.error).unwrap();
    assert_eq!(fs::read_to_string(trace).unwrap(), "pre-commit\npre-push hotfix-drill\n");
}

#[test]
fn what_would_stop_a_hotfix_stops_the_drill_and_is_taken_back() {
    let sandbox = Sandbox::new();
    let repo = warm(&sandbox);
    write_program(repo.file(".git/hooks/pre-push"), "echo 'ask Grace' >&2; exit 1");
    let before = Before::of(&repo);
    let stopped = drill(&sandbox, &repo).map(|_| ()).unwrap_err();
    let output = stopped.output.unwrap();
    assert_eq!((output.stopped_by, output.steps.len()), (Some(Step::Submit), 6));
    assert!(output.steps[5].outcome.contains("ask Grace"), "{}", output.steps[5].outcome);
    before.assert_all_taken_back(&repo);
}

#[test]
fn tests_that_fail_block_here_as_well() {
    let sandbox = Sandbox::new();
    let repo = till(&sandbox);
    repo.write("tests/test_till.sh", "test ! -e HOTFIX-DRILL.md\n");
    repo.commit("test: against drills");
    repo.git(["push", "--quiet", "origin", "main"]);
    let before = Before::of(&repo);
    let stopped = drill(&sandbox, &repo).map(|_| ()).unwrap_err();
    assert!(matches!(stopped.error.downcast_ref(), Some(Blocked::Failing { .. })), "{}", stopped.error);
    assert_eq!(stopped.output.unwrap().stopped_by, Some(Step::Commit));
    before.assert_all_taken_back(&repo);
}

#[test]
fn commands_need_the_approval_of_the_real_repository() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let before = Before::of(&repo);
    let stopped = drill(&sandbox, &repo).map(|_| ()).unwrap_err();
    assert!(
        matches!(stopped.error.downcast_ref(), Some(SessionError::Untrusted { .. })),
        "{}",
        stopped.error
    );
    before.assert_all_taken_back(&repo);
}

/// Asks to stop as soon as a step begins.
struct StopsAt(Step, Cancel);

impl Sink for StopsAt {
    fn take(&self, progress: Progress) {
        if matches!(progress, Progress::Began { step, .. } if step == self.0) {
            self.1.ask(2);
        }
    }
}

#[test]
fn stopped_in_any_step_everything_is_taken_back() {
    for step in [Step::Start, Step::Check, Step::Test, Step::Commit, Step::Submit, Step::Cleanup] {
        let sandbox = Sandbox::new();
        let repo = warm(&sandbox);
        let before = Before::of(&repo);
        let ctx = sandbox.ctx(repo.path());
        let sink = Arc::new(StopsAt(step, ctx.cancel.clone()));
        let stopped = drill::apply(&Ctx { sink, ..ctx }, &Request::default()).map(|_| ()).unwrap_err();
        assert_eq!(stopped.error.exit().code(), 130, "{step}: {}", stopped.error);
        before.assert_all_taken_back(&repo);
    }
}
