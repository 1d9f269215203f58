//! Records between clones.

use hotfix_core::git::{Oid, RefName, Repository};
use hotfix_core::record::{Store, Stored, line};
use hotfix_model::{ExitCode, Fact, Stage};

use super::sandbox::{Sandbox, actor};
use super::store::{point, skip, start, tamper};

/// Two clones of one bare remote.
fn team() -> (Sandbox, Repository, Repository) {
    let sandbox = Sandbox::new();
    sandbox.repository("remote.git", &["--bare"]);
    for name in ["ada", "bob"] {
        sandbox.git(sandbox.dir.path(), &["clone", "--quiet", "remote.git", name]);
    }
    let (ada, bob) = (sandbox.open("ada"), sandbox.open("bob"));
    (sandbox, ada, bob)
}

fn push(sandbox: &Sandbox, from: &Repository) {
    sandbox.git(from.common_dir(), &["push", "--quiet", "--force", "origin", "refs/hotfix/record/*"]);
}

/// Fetches the record into a place of its own, as the flow does.
fn fetch(sandbox: &Sandbox, into: &Repository) -> Oid {
    let refspec = "+refs/hotfix/record/1.2.3:refs/hotfix/remote/1.2.3";
    sandbox.git(into.common_dir(), &["fetch", "--quiet", "origin", refspec]);
    into.read_ref(&RefName::new("refs/hotfix/remote/1.2.3").unwrap()).unwrap().unwrap()
}

fn append(repository: &Repository, stored: &Stored, reason: &str, log: &str) -> Stored {
    let evidence = [("red.log".to_owned(), log.as_bytes().to_vec())];
    Store::new(repository).append(stored, &actor(), skip(reason), &evidence).unwrap()
}

#[test]
fn a_colleague_sees_what_was_pushed() {
    let (sandbox, ada, bob) = team();
    let stored = append(&ada, &start(&ada, "1.2.3"), "no database", "log");
    push(&sandbox, &ada);
    let theirs = fetch(&sandbox, &bob);
    let store = Store::new(&bob);
    assert_eq!(store.adopt("1.2.3", &theirs).unwrap(), stored);
    assert_eq!(store.load("1.2.3").unwrap(), stored);
    assert_eq!(store.evidence(&stored, "red.log").unwrap().unwrap(), b"log");
    assert_eq!(sandbox.git(bob.common_dir(), &["log", "--all", "--format=%s"]), "first");
}

#[test]
fn clones_that_drifted_apart_meet_again() {
    let (sandbox, ada, bob) = team();
    let common = append(&ada, &start(&ada, "1.2.3"), "common", "log");
    push(&sandbox, &ada);
    let store = Store::new(&bob);
    let at_bob = store.adopt("1.2.3", &fetch(&sandbox, &bob)).unwrap();
    append(&bob, &at_bob, "by bob", "log of bob");
    let at_ada = append(&ada, &common, "by ada", "log of ada");
    push(&sandbox, &bob);
    let at_ada = Store::new(&ada).merge(&at_ada, &fetch(&sandbox, &ada)).unwrap();
    assert_eq!((at_ada.lines.len(), line::heads(&at_ada.lines).len(), at_ada.intact), (4, 2, true));

    push(&sandbox, &ada);
    let at_bob = store.adopt("1.2.3", &fetch(&sandbox, &bob)).unwrap();
    assert_eq!(at_bob, at_ada, "both see the same, and the same tree");
    assert_eq!(store.load("1.2.3").unwrap(), at_bob);
    let logs: Vec<Vec<u8>> =
        at_bob.evidence_names().map(|name| store.evidence(&at_bob, name).unwrap().unwrap()).collect();
    assert_eq!(logs.len(), 2);
    assert!(logs.contains(&b"log of ada".to_vec()) && logs.contains(&b"log of bob".to_vec()));

    let facts = vec![(Fact::Abandoned { reason: None }, None)];
    let joined = store.append(&at_bob, &actor(), facts, &[]).unwrap();
    assert_eq!((line::heads(&joined.lines).len(), joined.record.stage), (1, Stage::Abandoned));
    assert_eq!(joined.lines.last().unwrap().event().unwrap().previous.len(), 2, "it follows both");
}

#[test]
fn either_direction_of_a_merge_ends_the_same() {
    let (sandbox, ada, bob) = team();
    let common = start(&ada, "1.2.3");
    push(&sandbox, &ada);
    let at_bob = Store::new(&bob).adopt("1.2.3", &fetch(&sandbox, &bob)).unwrap();
    let at_ada = append(&ada, &common, "by ada", "one");
    let at_bob = append(&bob, &at_bob, "by bob", "two");
    sandbox.git(ada.common_dir(), &["fetch", "--quiet", "../../bob/.git", "refs/hotfix/record/1.2.3"]);
    sandbox.git(bob.common_dir(), &["fetch", "--quiet", "../../ada/.git", "refs/hotfix/record/1.2.3"]);
    let one = Store::new(&ada).merge(&at_ada, &at_bob.tree).unwrap();
    let other = Store::new(&bob).merge(&at_bob, &at_ada.tree).unwrap();
    assert_eq!(one, other);
    assert_eq!(Store::new(&ada).merge(&one, &at_bob.tree).unwrap(), one, "merged twice is merged once");
}

#[test]
fn a_record_that_is_only_ahead_is_taken_as_it_is() {
    let (sandbox, ada, bob) = team();
    let common = append(&ada, &start(&ada, "1.2.3"), "one", "old log");
    push(&sandbox, &ada);
    let at_bob = Store::new(&bob).adopt("1.2.3", &fetch(&sandbox, &bob)).unwrap();
    let ahead = append(&ada, &common, "two", "new log");
    push(&sandbox, &ada);
    let theirs = fetch(&sandbox, &bob);
    assert_eq!(Store::new(&bob).merge(&at_bob, &theirs).unwrap(), ahead);
    assert_eq!(Store::new(&bob).load("1.2.3").unwrap(), ahead);
    let behind = Store::new(&bob).merge(&ahead, &common.tree).unwrap();
    assert_eq!(behind, ahead, "an older state changes nothing");
}

#[test]
fn a_newer_layout_is_taken_over_but_never_mixed() {
    let (sandbox, ada, bob) = team();
    let common = start(&ada, "1.2.3");
    push(&sandbox, &ada);
    let at_bob = Store::new(&bob).adopt("1.2.3", &fetch(&sandbox, &bob)).unwrap();
    append(&ada, &common, "by the newer one", "log");
    tamper(&sandbox, &ada, "1.2.3", "record.json", br#"{"version":99}"#);
    push(&sandbox, &ada);
    let theirs = fetch(&sandbox, &bob);
    let taken = Store::new(&bob).merge(&at_bob, &theirs).unwrap();
    assert_eq!((&taken.tree, taken.newer), (&theirs, true));

    point(&sandbox, &bob, "1.2.3", &at_bob.tree);
    let drifted = append(&bob, &at_bob, "by bob", "other log");
    let error = Store::new(&bob).merge(&drifted, &theirs).unwrap_err();
    assert_eq!(error.exit(), ExitCode::SETUP);
    assert_eq!(Store::new(&bob).load("1.2.3").unwrap(), drifted);
}
