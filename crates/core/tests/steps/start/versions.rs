//! The version that a hotfix will be, by the tags here and on the remote.

use super::*;

/// The id of a start in a repository with these tags on main, and what is called so on another branch.
fn id_with(tags: &[&str], elsewhere: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1\n")]);
    for tag in tags {
        repo.git(["tag", tag]);
    }
    repo.git(["switch", "--quiet", "--create", "elsewhere"]);
    repo.commit("feat: elsewhere");
    for tag in elsewhere {
        repo.git(["tag", tag]);
    }
    Responder::at(&sandbox, repo.path()).start(ALERT).id
}

const BY_DATE: &str = "2026-03-01-production-down-auth-failing";

#[test]
fn a_release_that_was_tagged_on_the_remote_meanwhile_counts() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    repo.push_commit_to_remote(&[("a", b"released\n")]);
    repo.bare().git(["tag", "-m", "a release", "v1.2.3", "main"]);
    let responder = Responder::at(&sandbox, repo.path());
    assert_eq!(responder.start(ALERT).id, "1.2.4");
    assert_eq!(repo.refs("refs/tags/v1.2.3"), "");
    // Also when it cannot be asked again.
    let offline = responder.try_start(Request { fetch: false, ..request("Wrong totals") }).unwrap();
    assert_eq!(offline.id, "1.2.4-wrong-totals");
}

#[test]
fn what_is_no_release_of_the_whole_does_not_count() {
    assert_eq!(id_with(&["v1.4.2", "nightly-2026.5.17"], &[]), "1.4.3");
    assert_eq!(id_with(&["v1.4.2", "v1.5.0-nightly-2026.05.17"], &[]), "1.4.3");
    assert_eq!(id_with(&["v1.4.2", "api-v3.0.0", "web@9.0.1"], &[]), "1.4.3");
    assert_eq!(id_with(&["api-v1.2.3", "web@9.0.1"], &[]), BY_DATE);
    assert_eq!(id_with(&["release/2024.05.01"], &[]), BY_DATE);
    assert_eq!(id_with(&["v1.2.2", "v1.3.0-rc.1", "2026.5.17"], &[]), "1.2.3");
    assert_eq!(id_with(&["V1.2.3"], &[]), "1.2.4");
    assert_eq!(id_with(&["v1.2.2", "v1.2.18446744073709551615"], &[]), "1.2.3");
}

#[test]
fn a_version_that_is_tagged_anywhere_is_taken() {
    assert_eq!(id_with(&["v1.2.2"], &["v1.2.3"]), "1.2.4");
    assert_eq!(id_with(&["v1.2.2"], &["1.2.3", "v1.2.4"]), "1.2.5");
    assert_eq!(id_with(&["v1.2.2"], &["web@1.2.3"]), "1.2.3", "another package's");
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let bare = repo.bare();
    let other = bare.git(["commit-tree", "-m", "elsewhere", "main^{tree}"]);
    bare.git(["tag", "v1.2.3", &other]);
    assert_eq!(Responder::at(&sandbox, repo.path()).start(ALERT).id, "1.2.4");
}

#[test]
fn an_asked_for_version_that_is_released_is_not_the_name() {
    let sandbox = Sandbox::new();
    let repo = published(&sandbox);
    let request = Request { version: Some("1.2.2".to_owned()), ..request(ALERT) };
    let started = Responder::at(&sandbox, repo.path()).try_start(request).unwrap();
    assert_eq!(started.id, "1.2.2-production-down-auth-failing");
    assert!(started.warnings[0].contains("1.2.2 is tagged already"), "{:?}", started.warnings);
}
