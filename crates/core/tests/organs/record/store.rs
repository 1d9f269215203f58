//! Records under their refs, in one repository.

use std::thread;

use hotfix_core::git::{Oid, Repository};
use hotfix_core::record::{RecordError, Store, Stored, line};
use hotfix_model::{ExitCode, Fact, Gate, Stage};

use super::sandbox::{Sandbox, actor, started};

pub fn start(repository: &Repository, id: &str) -> Stored {
    let prepared = Store::new(repository).prepare(id, &actor(), started("Auth failing")).unwrap();
    repository.change_refs("test", &[prepared.claim()]).unwrap();
    prepared.stored()
}

pub fn skip(reason: &str) -> Vec<(Fact, Option<u64>)> {
    vec![(Fact::Skipped { gate: Gate::Test, reason: reason.to_owned() }, Some(7))]
}

fn evidence(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), bytes.to_vec())
}

/// Points the record's ref at its tree with one file replaced.
pub fn tamper(sandbox: &Sandbox, repository: &Repository, id: &str, name: &str, bytes: &[u8]) {
    let stored = Store::new(repository).load(id).unwrap();
    let mut entries = repository.read_tree(&stored.tree).unwrap();
    entries.retain(|entry| entry.name != name);
    if !bytes.is_empty() {
        let oid = repository.write_blob(bytes).unwrap();
        entries.push(hotfix_core::git::TreeEntry { mode: "100644".into(), oid, name: name.into() });
    }
    let tree = repository.write_tree(&entries).unwrap();
    point(sandbox, repository, id, &tree);
}

pub fn point(sandbox: &Sandbox, repository: &Repository, id: &str, oid: &Oid) {
    sandbox.git(repository.common_dir(), &["update-ref", &format!("refs/hotfix/record/{id}"), oid.as_str()]);
}

fn failure(result: hotfix_core::error::Result<Stored>) -> hotfix_core::error::Error {
    result.expect_err("it must fail")
}

#[test]
fn an_event_names_what_was_written_with_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("repo", &[]);
    let stored = start(&repository, "1.2.3");
    let evidence = [("red.log".to_owned(), b"FAILED token https://me:secret@host/x\n".to_vec())];
    let facts = [skip("one"), skip("two")].concat();
    let stored = Store::new(&repository).append(&stored, &actor(), facts, &evidence).unwrap();
    let named: Vec<usize> =
        stored.lines.iter().filter_map(|line| line.event()).map(|event| event.evidence.len()).collect();
    assert_eq!(named, [0, 0, 1], "the last event of those written together");
    let kept = Store::new(&repository).evidence(&stored, "red.log").unwrap().unwrap();
    let digest = &stored.lines.last().unwrap().event().unwrap().evidence["red.log"];
    assert_eq!(*digest, line::sha256(&kept), "of what is kept, without credentials");
}

#[test]
fn survives_in_every_kind_of_repository() {
    let kinds: [&[&str]; 4] =
        [&[], &["--bare"], &["--object-format=sha256"], &["--bare", "--object-format=sha256"]];
    for options in kinds {
        let sandbox = Sandbox::new();
        let repository = sandbox.repository("-odd näme", options);
        let store = Store::new(&repository);
        let first = start(&repository, "1.2.3");
        assert_eq!(store.load("1.2.3").unwrap(), first);
        let log = vec![b'x'; 200_000];
        let files = [evidence("red.log", &log), evidence("a.xml", b"<a/>"), evidence("empty", b"")];
        let second = store.append(&first, &actor(), skip("no database"), &files).unwrap();
        assert_eq!(store.load("1.2.3").unwrap(), second);

        let dir = repository.common_dir();
        sandbox.git(dir, &["gc", "--quiet", "--prune=now"]);
        let problems = sandbox.git(dir, &["fsck", "--strict", "--no-dangling"]);
        assert_eq!(problems, "", "{options:?}");
        assert_eq!(sandbox.git(dir, &["log", "--all", "--format=%s"]), "first");
        assert_eq!(store.load("1.2.3").unwrap(), second);
        assert_eq!(store.evidence(&second, "red.log").unwrap(), Some(log));
        assert_eq!(store.evidence(&second, "empty").unwrap(), Some(Vec::new()));
        assert_eq!(store.evidence(&second, "none").unwrap(), None);
        let names: Vec<&str> = second.evidence_names().collect();
        assert_eq!(names, ["a.xml", "empty", "red.log"]);
    }
}

#[test]
fn the_tree_holds_state_events_and_evidence() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let stored = start(&repository, "1.2.3");
    Store::new(&repository).append(&stored, &actor(), skip("later"), &[evidence("red.log", b"r")]).unwrap();
    let show = |path: &str| {
        sandbox.git(repository.common_dir(), &["cat-file", "-p", &format!("refs/hotfix/record/1.2.3:{path}")])
    };
    let listed =
        sandbox.git(repository.common_dir(), &["ls-tree", "-r", "--name-only", "refs/hotfix/record/1.2.3"]);
    assert_eq!(listed, "events.jsonl\nevidence/red.log\nrecord.json");
    let state: serde_json::Value = serde_json::from_str(&show("record.json")).unwrap();
    assert_eq!((&state["version"], &state["owed"][0]["key"]), (&1.into(), &"skipped_gate:test".into()));
    let events: Vec<serde_json::Value> =
        show("events.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&events[0]["kind"], &events[1]["kind"]), (&"started".into(), &"skipped".into()));
    assert_eq!(events[1]["elapsed_ms"], 7);
    let digest = sandbox.path("first-line");
    std::fs::write(&digest, show("events.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(events[1]["previous"][0], sha256sum(&digest), "each line names the one before");
}

#[expect(clippy::disallowed_methods, reason = "the oracle is a program of the system")]
fn sha256sum(path: &std::path::Path) -> String {
    let output = std::process::Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn keeps_the_order_of_facts_within_one_moment() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let stored = start(&repository, "1");
    let facts: Vec<_> = (0..30).flat_map(|number| skip(&number.to_string())).collect();
    let stored = Store::new(&repository).append(&stored, &actor(), facts, &[]).unwrap();
    assert_eq!(stored.record.skipped[0].reason, "29");
    assert_eq!(line::heads(&stored.lines), [stored.lines.last().unwrap().digest().clone()]);
    assert!(stored.intact && line::is_whole(&stored.lines));
}

#[test]
fn only_a_changed_ref_costs_a_process() {
    let sandbox = Sandbox::new();
    sandbox.repository("r", &[]);
    let repository = sandbox.open_counted("r");
    let store = Store::new(&repository);
    sandbox.calls();
    let prepared = store.prepare("1", &actor(), started("Auth failing")).unwrap();
    assert_eq!(sandbox.calls(), 0, "prepare");
    repository.change_refs("test", &[prepared.claim()]).unwrap();
    for id in ["2", "3", "4"] {
        start(&repository, id);
    }
    sandbox.calls();
    let stored = store.load("1").unwrap();
    assert_eq!(sandbox.calls(), 0, "load");
    let files = [evidence("a", b"a"), evidence("b", b"b"), evidence("c", b"c")];
    store.append(&stored, &actor(), [skip("x"), skip("y")].concat(), &files).unwrap();
    assert_eq!(sandbox.calls(), 1, "append");
    assert_eq!((store.list().unwrap().len(), sandbox.calls()), (4, 0), "list");
}

#[test]
fn twenty_at_once_lose_nothing() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let stored = start(&repository, "1.2.3");
    let append = |number: usize| {
        let log = evidence(&format!("log-{number}"), b"log");
        Store::new(&repository).append(&stored, &actor(), skip(&format!("reason {number}")), &[log]).unwrap();
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|number| scope.spawn(move || append(number))).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
    let stored = Store::new(&repository).load("1.2.3").unwrap();
    assert_eq!((stored.lines.len(), stored.evidence_names().count()), (21, 20));
    assert!(stored.intact, "every line that is named is there");
    assert_eq!(line::heads(&stored.lines).len(), 1);
    let all = String::from_utf8(line::join(&stored.lines)).unwrap();
    assert!((0..20).all(|number| all.contains(&format!("\"reason {number}\""))));
}

#[test]
fn a_reader_never_sees_half_a_change() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let mut stored = start(&repository, "1");
    let store = Store::new(&repository);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            for _ in 0..60 {
                let seen = Store::new(&repository).load("1").unwrap();
                assert!(seen.intact);
                assert_eq!(seen.evidence_names().count() + 1, seen.lines.len());
            }
        });
        for number in 0..25 {
            let log = evidence(&format!("log-{number}"), b"log");
            stored = store.append(&stored, &actor(), skip("x"), &[log]).unwrap();
        }
        reader.join().unwrap();
    });
}

#[test]
fn credentials_never_reach_an_object() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let store = Store::new(&repository);
    let alert = started("failing: https://ada:hunter2@host/x");
    let prepared = store.prepare("1", &actor(), alert).unwrap();
    repository.change_refs("test", &[prepared.claim()]).unwrap();
    let log = evidence("log", b"\xff fetch https://ada:hunter2@host/x\n");
    let stored = store.append(&prepared.stored(), &actor(), skip("see http://hunter2@host"), &[log]).unwrap();
    assert_eq!(stored.record.alert, "failing: https://***@host/x");
    let objects =
        sandbox.git(repository.common_dir(), &["cat-file", "--batch-all-objects", "--batch", "--unordered"]);
    assert!(objects.contains("***@host") && !objects.contains("hunter2"));
}

#[test]
fn an_unknown_id_names_the_nearest() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    start(&repository, "1.2.3");
    start(&repository, "2026-08-01-auth-failing");
    let error = failure(Store::new(&repository).load("1.2.4"));
    assert_eq!(error.exit(), ExitCode::USAGE);
    insta::assert_snapshot!(format!("{error}\n{}\n{}", error.why(), error.next()), @r"
    there is no hotfix `1.2.4` here
    did you mean 1.2.3?
    git hotfix status --id 1.2.3
    ");
    for bad in ["", "a b", "a..b", "x.lock", "a\nb", "a:b", "../x"] {
        assert_eq!(failure(Store::new(&repository).load(bad)).exit(), ExitCode::USAGE, "{bad:?}");
    }
}

#[test]
fn a_name_is_claimed_once() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    start(&repository, "1");
    let second = Store::new(&repository).prepare("1", &actor(), started("other")).unwrap();
    let error = repository.change_refs("test", &[second.claim()]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(hotfix_core::git::GitError::RefMoved { .. })), "{error}");
    assert_eq!(Store::new(&repository).load("1").unwrap().record.alert, "Auth failing");
}

#[test]
fn a_record_begins_with_a_start() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let error = Store::new(&repository).prepare("1", &actor(), Fact::Resumed {}).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(RecordError::Damaged { .. })));
}

#[test]
fn refuses_names_of_evidence_that_could_hurt() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let stored = start(&repository, "1");
    let store = Store::new(&repository);
    for name in ["", ".", "..", ".git", "a/b", "-x", "a b", "a\nb", "é", "git~1", &"x".repeat(129)] {
        let error = failure(store.append(&stored, &actor(), skip("x"), &[evidence(name, b"")]));
        assert_eq!(error.exit(), ExitCode::USAGE, "{name:?}");
        assert!(store.evidence(&stored, name).is_err(), "{name:?}");
    }
    assert_eq!(store.load("1").unwrap(), stored, "nothing was written");
}

#[test]
fn evidence_of_the_same_name_is_replaced() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let store = Store::new(&repository);
    let stored = start(&repository, "1");
    let one = store.append(&stored, &actor(), skip("x"), &[evidence("log", b"one")]).unwrap();
    store.append(&one, &actor(), skip("y"), &[evidence("log", b"two")]).unwrap();
    let late = store.append(&one, &actor(), skip("z"), &[]).unwrap();
    assert_eq!(store.evidence(&late, "log").unwrap().unwrap(), b"two", "also by whoever knew the first only");
    assert_eq!(late.evidence_names().count(), 1);
    assert_eq!(late.lines.len(), 4);
}

#[test]
fn a_damaged_state_is_folded_anew_and_healed() {
    for damage in [b"{".as_slice(), b"", b"\xff", br#"{"version":0}"#] {
        let sandbox = Sandbox::new();
        let repository = sandbox.repository("r", &[]);
        let whole = start(&repository, "1");
        tamper(&sandbox, &repository, "1", "record.json", damage);
        let store = Store::new(&repository);
        let found = store.load("1").unwrap();
        assert_eq!((&found.record, found.intact), (&whole.record, false));
        store.append(&found, &actor(), skip("x"), &[]).unwrap();
        assert!(store.load("1").unwrap().intact);
    }
}

#[test]
fn a_forged_state_does_not_count() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let mut forged = start(&repository, "1").record;
    forged.stage = Stage::Merged;
    tamper(&sandbox, &repository, "1", "record.json", &serde_json::to_vec(&forged).unwrap());
    assert_eq!(Store::new(&repository).load("1").unwrap().record.stage, Stage::Started);
}

#[test]
fn a_changed_or_missing_event_is_noticed() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let store = Store::new(&repository);
    let first = store.append(&start(&repository, "1"), &actor(), skip("secretly"), &[]).unwrap();
    let whole = store.append(&first, &actor(), skip("openly"), &[]).unwrap();
    let changed = String::from_utf8(line::join(&whole.lines)).unwrap().replace("secretly", "honestly");
    tamper(&sandbox, &repository, "1", "events.jsonl", changed.as_bytes());
    assert!(!store.load("1").unwrap().intact);
    let without: Vec<_> = [&whole.lines[..1], &whole.lines[2..]].concat();
    tamper(&sandbox, &repository, "1", "events.jsonl", &line::join(&without));
    assert!(!store.load("1").unwrap().intact);
}

#[test]
fn lines_of_newer_versions_survive_byte_for_byte() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let store = Store::new(&repository);
    let stored = start(&repository, "1");
    let head = r#""actor":{"name":"n","email":"e"},"previous":[]"#;
    let odd = format!(
        r#"{{ "kind":"teleported", "id":"00000000000000000000000001","at":"2026-08-01T00:00:00Z",{head},"data":[1.50,"é"]}}"#
    );
    let file = [line::join(&stored.lines), odd.clone().into_bytes(), b"\n\xff no event\n".to_vec()].concat();
    tamper(&sandbox, &repository, "1", "events.jsonl", &file);
    tamper(&sandbox, &repository, "1", "from-the-future", b"kept");
    let next = store.append(&store.load("1").unwrap(), &actor(), skip("x"), &[]).unwrap();
    let written = repository.read_file(&next.tree, "events.jsonl").unwrap().unwrap();
    let lines: Vec<&[u8]> = written.split(|byte| *byte == b'\n').collect();
    assert!(lines.contains(&odd.as_bytes()) && lines.contains(&b"\xff no event".as_slice()));
    assert_eq!(repository.read_file(&next.tree, "from-the-future").unwrap().unwrap(), b"kept");
    assert_eq!(next.record.stage, Stage::Started);
}

#[test]
fn a_record_of_a_newer_layout_is_read_and_never_written() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let store = Store::new(&repository);
    let mut state = serde_json::to_value(start(&repository, "1").record).unwrap();
    state["version"] = 99.into();
    state["alert"] = "as the newer one puts it".into();
    tamper(&sandbox, &repository, "1", "record.json", state.to_string().as_bytes());
    let found = store.load("1").unwrap();
    assert!(found.newer && found.intact && found.record.alert == "as the newer one puts it");
    let error = failure(store.append(&found, &actor(), skip("x"), &[]));
    assert_eq!((error.exit(), error.next().contains("newest git-hotfix")), (ExitCode::SETUP, true));
    assert_eq!(store.load("1").unwrap().tree, found.tree);
    state["stage"] = "orbiting".into();
    tamper(&sandbox, &repository, "1", "record.json", state.to_string().as_bytes());
    let folded = store.load("1").unwrap();
    assert!(folded.newer && folded.record.alert == "Auth failing", "folded where the state cannot be read");
}

#[test]
fn the_list_is_complete_also_when_some_are_damaged() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let store = Store::new(&repository);
    assert_eq!(store.list().unwrap(), []);
    for id in ["a", "b", "c/d", "e", "f"] {
        start(&repository, id);
    }
    tamper(&sandbox, &repository, "b", "record.json", b"?");
    tamper(&sandbox, &repository, "e", "record.json", b"?");
    tamper(&sandbox, &repository, "e", "events.jsonl", b"?");
    let blob = repository.write_blob("no tree").unwrap();
    point(&sandbox, &repository, "f", &blob);
    let list = store.list().unwrap();
    let seen: Vec<(&str, bool, bool)> =
        list.iter().map(|one| (one.id.as_str(), one.record.is_some(), one.intact)).collect();
    let expected = [
        ("a", true, true),
        ("b", true, false),
        ("c/d", true, true),
        ("e", false, false),
        ("f", false, false),
    ];
    assert_eq!(seen, expected);
    for id in ["e", "f"] {
        let error = failure(store.load(id));
        assert!(matches!(error.downcast_ref(), Some(RecordError::Damaged { .. })), "{error}");
    }
}

#[test]
fn a_lost_object_is_damage_not_an_unknown_id() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let tree = start(&repository, "1").tree;
    let (folder, file) = tree.as_str().split_at(2);
    let path = repository.common_dir().join("objects").join(folder).join(file);
    std::fs::remove_file(path).unwrap();
    let error = failure(Store::new(&repository).load("1"));
    assert_eq!(
        (error.exit(), error.to_string()),
        (ExitCode::SETUP, "the record of hotfix 1 is damaged".into())
    );
    let list = Store::new(&repository).list().unwrap();
    assert_eq!((list.len(), &list[0].record), (1, &None));
}

#[test]
fn a_lock_that_a_killed_process_left_is_taken_away() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    let stored = start(&repository, "1");
    let lock = repository.common_dir().join("refs/hotfix/record/1.lock");
    std::fs::write(&lock, "").unwrap();
    Store::new(&repository).append(&stored, &actor(), skip("x"), &[]).unwrap();
    assert!(!lock.exists());
}
