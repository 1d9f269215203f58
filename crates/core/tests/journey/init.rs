//! init: what is found is written down, never over a file that is there.

use hotfix_core::journey::init::{self, AlreadyThere};
use hotfix_testkit::{Responder, Sandbox, World};

#[test]
fn what_is_found_is_in_the_file() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    let responder = Responder::at(&sandbox, project.path());
    let output = init::apply(&responder.project(), false).unwrap();
    assert_eq!((output.runner.as_deref(), output.branch.as_deref()), (Some("pytest"), Some("main")));
    assert_eq!(
        (output.remote.as_deref(), output.linters.as_slice()),
        (Some("origin"), ["flake8".to_owned()].as_slice())
    );
    assert_eq!(project.read("hotfix.toml"), output.content);
    assert_eq!(output.path.as_deref(), project.file("hotfix.toml").to_str());
}

#[test]
fn the_file_is_a_configuration_that_changes_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    let responder = Responder::at(&sandbox, repo.path());
    let before = hotfix_core::journey::approval::loaded(&responder.project()).unwrap().config;
    init::apply(&responder.project(), false).unwrap();
    repo.commit("build: hotfix.toml");
    repo.git(["push", "--quiet", "origin", "main"]);
    let loaded = hotfix_core::journey::approval::loaded(&responder.project()).unwrap();
    assert_eq!((loaded.config, loaded.warnings, loaded.commands.len()), (before, Vec::new(), 0));
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let before = World::of(repo.path());
    let error = init::apply(&Responder::at(&sandbox, repo.path()).project(), false).unwrap_err();
    assert!(error.downcast_ref::<AlreadyThere>().is_some(), "{error}");
    before.assert_untouched(&World::of(repo.path()));
}

#[test]
fn printing_writes_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("a", b"1")]);
    let before = World::of(repo.path());
    let output = init::apply(&Responder::at(&sandbox, repo.path()).project(), true).unwrap();
    assert!(output.path.is_none() && !output.content.is_empty());
    before.assert_untouched(&World::of(repo.path()));
}

#[test]
fn a_repository_without_a_commit_gets_a_file_too() {
    let sandbox = Sandbox::new();
    let repo = sandbox.empty_repo();
    init::apply(&Responder::at(&sandbox, repo.path()).project(), false).unwrap();
    assert!(repo.file("hotfix.toml").exists());
}
