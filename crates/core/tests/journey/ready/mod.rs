//! ready: things broken one at a time, each named with what repairs it; and nothing touched by looking.

mod broken;
mod fix;
mod signing;

use std::fs;
use std::path::PathBuf;

use hotfix_core::journey::ready::{self, Request};
use hotfix_model::output::{Readiness, ReadyLine, ReadyOutput};
use hotfix_testkit::{Repo, Responder, Sandbox, World, write_program};

/// The table, after the proof that looking touched nothing, here and on the remote.
#[track_caller]
pub fn look(sandbox: &Sandbox, repo: &Repo) -> ReadyOutput {
    let worlds = || {
        let bare = repo.bare();
        [Some(World::of(repo.path())), bare.path().is_dir().then(|| World::of(bare.path()))]
    };
    let before = worlds();
    let refs = repo.refs("refs/hotfix");
    let output = apply(sandbox, repo, &Request::default());
    for (before, after) in before.iter().flatten().zip(worlds().iter().flatten()) {
        before.assert_untouched(after);
    }
    assert_eq!(repo.refs("refs/hotfix"), refs);
    assert!(output.fixed.is_empty());
    output
}

pub fn apply(sandbox: &Sandbox, repo: &Repo, request: &Request) -> ReadyOutput {
    ready::apply(&sandbox.ctx(repo.path()), request).unwrap()
}

#[track_caller]
pub fn line(output: &ReadyOutput, name: &str) -> ReadyLine {
    output.lines.iter().find(|line| line.name == name).unwrap().clone()
}

/// A line as `state: found [repair]`.
#[track_caller]
pub fn told(output: &ReadyOutput, name: &str) -> String {
    let line = line(output, name);
    let state = match line.state {
        Readiness::Ok => "ok",
        Readiness::Warning => "warning",
        Readiness::Missing => "missing",
    };
    let repair = line.repair.map(|repair| format!(" [{repair}]")).unwrap_or_default();
    format!("{state}: {}{repair}", line.found)
}

/// Names of all lines that are not as they should be. Git's version depends on the machine.
pub fn troubles(output: &ReadyOutput) -> Vec<&str> {
    let lines = output.lines.iter().filter(|line| line.state != Readiness::Ok && line.name != "git");
    lines.map(|line| line.name.as_str()).collect()
}

/// A path beside a repository: where its slots and its remote are.
pub fn beside(repo: &Repo, name: &str) -> PathBuf {
    repo.path().with_file_name(name)
}

/// The till with everything in place: commands approved, a slot at main.
pub fn all_ready(sandbox: &Sandbox) -> Repo {
    let repo = sandbox.till();
    Responder::at(sandbox, repo.path()).trust();
    apply(sandbox, &repo, &Request { fix: true, ..Request::default() });
    repo
}

#[test]
fn a_repository_with_everything_in_place_is_ready() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let output = look(&sandbox, &repo);
    assert_eq!((troubles(&output), output.ready), (vec![], true));
    let names: Vec<&str> = output.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "git identity signing remote push options target forge settings trust tests linters slot disk repairs owed"
    );
    assert_eq!(told(&output, "tests"), "ok: sh tests/test_till.sh");
    assert!(told(&output, "slot").ends_with("repo-hotfix waits at main"), "{}", told(&output, "slot"));
}

#[test]
fn push_options_are_asked_about() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let told_before = told(&look(&sandbox, &repo), "options");
    assert_eq!(told_before, "ok: the remote takes no push options; nothing here needs them");
    repo.bare().git(["config", "receive.advertisePushOptions", "true"]);
    assert_eq!(told(&look(&sandbox, &repo), "options"), "ok: the remote takes push options");
}

#[test]
fn hooks_of_the_user_do_not_run() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let trace = sandbox.root().join("trace");
    for hook in ["pre-push", "reference-transaction", "post-checkout", "pre-commit"] {
        let script = format!("echo {hook} >> '{}'\nexit 1", trace.display());
        write_program(repo.file(".git/hooks").join(hook), script);
    }
    let output = look(&sandbox, &repo);
    assert_eq!(line(&output, "push").state, Readiness::Ok);
    assert!(!trace.exists(), "{}", fs::read_to_string(trace).unwrap());
}

#[test]
fn the_critical_tests_run_on_main_and_the_slot_is_parked_again() {
    let sandbox = Sandbox::new();
    let repo = all_ready(&sandbox);
    let before = World::of(repo.path());
    let with_tests = Request { with_tests: true, ..Request::default() };
    let output = apply(&sandbox, &repo, &with_tests);
    assert!(told(&output, "tests").starts_with("ok: the test command passes on main ("));
    before.assert_untouched(&World::of(repo.path()));

    repo.push_commit_to_remote(&[("tests/test_till.sh", b"touch byproduct; echo broken; exit 1\n")]);
    repo.git(["fetch", "--quiet"]);
    let output = apply(&sandbox, &repo, &with_tests);
    let tests = told(&output, "tests");
    assert!(tests.starts_with("warning: the test command fails on main already: broken ("), "{tests}");
    let slot = sandbox.repo_at(beside(&repo, "repo-hotfix"));
    assert_eq!(slot.git(["status", "--porcelain"]), "");
    assert_eq!(troubles(&look(&sandbox, &repo)), Vec::<&str>::new());
}

#[test]
fn tests_that_nobody_approved_do_not_run() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("hotfix.toml", b"[test]\ncommand = \"touch ran\"\n")]);
    let output = apply(&sandbox, &repo, &Request { with_tests: true, ..Request::default() });
    assert!(
        told(&output, "tests")
            .starts_with("missing: the repository brings commands that nobody has approved")
    );
    assert!(!beside(&repo, "repo-hotfix").exists());
}
