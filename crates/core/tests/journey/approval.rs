//! trust: approval is bound to the commands, kept outside the repository, and never borrowed.

use hotfix_core::journey::approval;
use hotfix_testkit::till::{CONFIG, FILES};
use hotfix_testkit::{Responder, Sandbox, World};

#[test]
fn commands_are_shown_approved_and_revoked() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let project = Responder::at(&sandbox, repo.path()).project();
    let asked = approval::of(&project).unwrap();
    assert!(!asked.trusted);
    let commands: Vec<_> =
        asked.commands.iter().map(|command| (command.key.as_str(), command.command.as_str())).collect();
    assert_eq!(commands, [("test.command", "sh tests/test_till.sh")]);
    approval::approve(&project, &asked).unwrap();
    assert!(approval::of(&project).unwrap().trusted);
    approval::revoke(&project).unwrap();
    assert!(!approval::of(&project).unwrap().trusted);
}

#[test]
fn a_changed_command_is_not_approved_and_the_change_is_shown() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    Responder::at(&sandbox, repo.path()).trust();
    repo.write("hotfix.toml", CONFIG.replace("test_till.sh", "other.sh"));
    repo.commit("build: another command");
    repo.git(["push", "--quiet", "origin", "main"]);
    let project = Responder::at(&sandbox, repo.path()).project();
    assert!(!approval::of(&project).unwrap().trusted);
    let changes = approval::changes_since(&project).unwrap();
    assert_eq!(changes, ["test.command was: sh tests/test_till.sh; is: sh tests/other.sh"]);
}

#[test]
fn another_repository_with_the_same_commands_is_not_approved() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    Responder::at(&sandbox, repo.path()).trust();
    let other = sandbox.empty_repo();
    for (path, bytes) in FILES {
        other.write(path, bytes);
    }
    other.commit("chore: begin");
    assert!(!approval::of(&Responder::at(&sandbox, other.path()).project()).unwrap().trusted);
}

#[test]
fn the_digest_in_the_environment_approves_exactly_these_commands() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    let digest = approval::of(&responder.project()).unwrap().digest;
    sandbox.env_set("HOTFIX_TRUST", &digest);
    assert!(approval::of(&responder.project()).unwrap().trusted);
    sandbox.env_set("HOTFIX_TRUST", digest.replace(|c: char| c.is_ascii_digit(), "0"));
    assert!(!approval::of(&responder.project()).unwrap().trusted);
}

#[test]
fn approving_writes_nothing_into_the_repository() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let before = World::of(repo.path());
    Responder::at(&sandbox, repo.path()).trust();
    before.assert_untouched(&World::of(repo.path()));
}
