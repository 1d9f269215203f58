//! The journal, with real processes and real full disks.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use hotfix_core::event::{Progress, Tone};
use hotfix_core::record::Journal;
use hotfix_model::{ExitCode, Step};
use serde_json::json;

use super::sandbox::{Sandbox, Told};

/// The variable that makes [`child`] do something; its value is the sandbox.
const CHILD: &str = "HOTFIX_TEST_JOURNAL";

fn child_in(sandbox: &Sandbox, deed: &str) -> std::process::Child {
    #[expect(clippy::disallowed_methods, reason = "a process of its own is what is tested")]
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "record::journal::child", "--ignored", "--test-threads=1"])
        .env(CHILD, format!("{deed}:{}", sandbox.dir.path().display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Not a test of its own: what the other processes do.
#[test]
#[ignore = "run by the other tests, as a process of its own"]
fn child() {
    #[expect(clippy::disallowed_methods, reason = "told by the parent")]
    let Ok(told) = std::env::var(CHILD) else { return };
    let (deed, dir) = told.split_once(':').unwrap();
    let repository = Sandbox::open_at(Path::new(dir), "r");
    let journal = Journal::open(&repository).unwrap();
    let numbers = if deed == "many" { 0..40 } else { 0..2 };
    for number in numbers {
        let detail = json!({ "number": number, "padding": "x".repeat(300) });
        let intent = journal.intend("1.2.3", Step::Submit, "push", detail).unwrap();
        if deed == "many" || number == 0 {
            intent.done(json!("ok"));
        }
    }
}

fn journal_file(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.path("r/.git/hotfix/journal.jsonl")
}

#[test]
fn what_a_dead_process_left_is_found_and_closed() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    assert!(child_in(&sandbox, "one").wait().unwrap().success());
    let journal = Journal::open(&repository).unwrap();
    let own = journal.intend("1.2.3", Step::Commit, "refs", json!({})).unwrap();
    let found = journal.unfinished(None).unwrap();
    assert_eq!(found.len(), 1, "neither what is done nor what still runs: {found:?}");
    assert_eq!((found[0].step, found[0].what.as_str()), (Step::Submit, "push"));
    assert_eq!((found[0].hotfix.as_str(), &found[0].detail["number"]), ("1.2.3", &json!(1)));
    assert_eq!(journal.unfinished(Some("other")).unwrap(), []);
    assert_eq!(journal.unfinished(Some("1.2.3")).unwrap(), found);
    journal.close(&found[0], json!("it was pushed")).unwrap();
    own.done(json!(null));
    assert_eq!(journal.unfinished(None).unwrap(), []);
}

#[test]
fn a_torn_line_does_not_take_the_next_with_it() {
    use std::io::Write;
    let sandbox = Sandbox::new();
    let repository = sandbox.repository("r", &[]);
    assert!(child_in(&sandbox, "one").wait().unwrap().success());
    let mut file = std::fs::OpenOptions::new().append(true).open(journal_file(&sandbox)).unwrap();
    file.write_all(b"\n{\"sum\":\"0123").unwrap();
    let journal = Journal::open(&repository).unwrap();
    let found = journal.unfinished(None).unwrap();
    journal.close(&found[0], json!("it was pushed")).unwrap();
    assert_eq!(journal.unfinished(None).unwrap(), []);
}

#[test]
fn processes_do_not_disturb_each_other() {
    let sandbox = Sandbox::new();
    sandbox.repository("r", &[]);
    let children: Vec<_> = (0..4).map(|_| child_in(&sandbox, "many")).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let file = std::fs::read_to_string(journal_file(&sandbox)).unwrap();
    let lines: Vec<serde_json::Value> = file
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let intents = lines.iter().filter(|line| line["mark"] == "intent").count();
    assert_eq!((lines.len(), intents), (4 * 40 * 2, 4 * 40));
    assert_eq!(Journal::open(&sandbox.open("r")).unwrap().unfinished(None).unwrap(), []);
}

#[test]
fn only_the_user_can_read_it_and_it_holds_no_credentials() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let journal = Journal::open(&sandbox.repository("r", &[])).unwrap();
    let detail = json!({ "url": "https://ada:hunter2@host/x" });
    journal.intend("1", Step::Submit, "push", detail).unwrap().done(json!("to https://hunter2@host"));
    let mode = journal_file(&sandbox).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(journal_file(&sandbox)).unwrap();
    assert!(text.contains("***@host") && !text.contains("hunter2"));
}

#[test]
fn a_large_journal_is_begun_anew_once_nothing_is_open() {
    let sandbox = Sandbox::new();
    let journal = Journal::open(&sandbox.repository("r", &[])).unwrap();
    let former = journal_file(&sandbox).with_file_name("journal.1.jsonl");
    let large = json!("x".repeat(600_000));
    let open = journal.intend("1", Step::Start, "refs", json!({})).unwrap();
    for _ in 0..3 {
        journal.intend("1", Step::Submit, "push", large.clone()).unwrap().done(json!(null));
    }
    assert!(!former.exists(), "something was open");
    open.done(json!(null));
    journal.intend("1", Step::Submit, "push", json!({})).unwrap().done(json!(null));
    assert!(former.metadata().unwrap().len() > 1_800_000, "the last one is kept");
    assert!(journal_file(&sandbox).metadata().unwrap().len() < 1_000);
}

#[test]
fn on_a_full_disk_nothing_begins_and_what_is_done_is_done() {
    let sandbox = Sandbox::new();
    sandbox.repository("r", &[]);
    let told = Arc::new(Told::default());
    let repository = sandbox.open_telling("r", told.clone());
    let journal = Journal::open(&repository).unwrap();
    let intent = journal.intend("1", Step::Submit, "push", json!({})).unwrap();
    std::fs::remove_file(journal_file(&sandbox)).unwrap();
    std::os::unix::fs::symlink("/dev/full", journal_file(&sandbox)).unwrap();

    intent.done(json!("ok"));
    let warned = told.0.lock().unwrap().clone();
    let [Progress::Said { tone: Tone::Warning, what }] = warned.as_slice() else { panic!("{warned:?}") };
    assert!(what.contains("No space left"), "{what}");
    let error = journal.intend("1", Step::Submit, "push", json!({})).err().expect("it must fail");
    assert_eq!(error.exit(), ExitCode::SETUP);
    assert_eq!(error.next(), "free some disk space, then run the same command again");
}
