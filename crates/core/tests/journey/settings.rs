//! config: the configuration in force and where each value comes from.

use hotfix_core::journey::settings;
use hotfix_testkit::{Responder, Sandbox};

fn origin_of(responder: &Responder<'_>, key: &str) -> (String, String) {
    let all = settings::of(&responder.project()).unwrap();
    let setting = all.into_iter().find(|setting| setting.key == key).unwrap();
    (setting.value, setting.origin)
}

#[test]
fn every_value_names_its_origin() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path()).with("test.budget", "3m");
    assert_eq!(origin_of(&responder, "test.budget"), ("\"3m\"".to_owned(), "command line".to_owned()));
    assert_eq!(origin_of(&responder, "test.gate"), ("\"block\"".to_owned(), "default".to_owned()));
    let (value, origin) = origin_of(&responder, "test.command");
    assert_eq!(value, "\"sh tests/test_till.sh\"");
    assert_eq!(origin, format!("hotfix.toml at {}", &repo.head()[..10]));
}

#[test]
fn the_configuration_is_that_of_base_and_not_of_the_files_you_edit() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    repo.write("hotfix.toml", "[test]\ncommand = \"edited\"\n");
    let responder = Responder::at(&sandbox, repo.path());
    assert_eq!(origin_of(&responder, "test.command").0, "\"sh tests/test_till.sh\"");
    repo.commit("build: not on the remote yet");
    assert_eq!(origin_of(&responder, "test.command").0, "\"sh tests/test_till.sh\"");
}
