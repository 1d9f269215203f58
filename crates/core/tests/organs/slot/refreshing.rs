//! Free slots brought to the newest commit ahead of time, set up and warmed.

use std::path::Path;
use std::thread;
use std::time::Duration;

use hotfix_core::clock::{Clock, SystemClock};
use hotfix_core::git::Oid;
use hotfix_core::slot::{Keep, Pool, RefreshOutcome, RefreshRequest, Refreshed, SetupOutcome, SlotState};
use hotfix_model::config::SlotConfig;
use hotfix_model::output::SlotKind;

use super::sandbox::{Sandbox, config, read, start, write};

/// A sandbox with one slot, given back at the first commit.
fn parked() -> (Sandbox, Oid) {
    let sandbox = Sandbox::new();
    let base = sandbox.rev("main");
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "a", &base);
    pool.twin(&held, &base).unwrap();
    pool.park(&held, &base, Keep::Save).unwrap();
    (sandbox, base)
}

fn refresh(sandbox: &Sandbox, config: &SlotConfig, commit: &Oid) -> Refreshed {
    let repository = sandbox.repository();
    let logs = sandbox.parent().join("logs");
    let request = RefreshRequest { commit, trusted: true, warm: true, twin: false, logs: &logs };
    let mut all = Pool::new(&repository, config).refresh_all(&request).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn lines_of(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap_or_default().lines().count()
}

#[test]
fn slot_and_twin_go_to_the_newest_commit_and_a_start_finds_nothing_to_do() {
    let (sandbox, _) = parked();
    sandbox.write("src/auth.py", "newer\n");
    let newer = sandbox.commit("newer");
    let refreshed = refresh(&sandbox, &config(), &newer);
    assert_eq!(refreshed.outcome, RefreshOutcome::Ready);
    for suffix in ["", "-base"] {
        let slot = sandbox.slot(suffix);
        assert_eq!(read(slot.join("src/auth.py")), "newer\n");
        assert_eq!(sandbox.git_in(&slot, &["status", "--short", "--branch"]), "## HEAD (no branch)");
        assert_eq!(sandbox.git_in(&slot, &["rev-parse", "HEAD"]), newer.as_str());
    }
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    assert!(matches!(&pool.list().unwrap()[0].state, SlotState::Parked { commit, .. } if *commit == newer));
    assert_eq!(start(&repository, &pool, "b", &newer).kind, SlotKind::Warm);
}

#[test]
fn setup_runs_in_both_only_when_its_inputs_changed() {
    let (sandbox, base) = parked();
    let ran = sandbox.parent().join("ran");
    let setup = vec!["pwd >> ../ran; echo x > left-behind; echo x > kept.cache".to_owned()];
    let config = SlotConfig { setup, setup_inputs: vec!["lock".to_owned()], ..config() };
    assert_eq!(refresh(&sandbox, &config, &base).setup, SetupOutcome::Done);
    assert_eq!(lines_of(&ran), 2);
    assert!(!sandbox.slot("").join("left-behind").exists());
    assert!(sandbox.slot("").join("kept.cache").exists());
    sandbox.write("src/auth.py", "newer\n");
    assert_eq!(refresh(&sandbox, &config, &sandbox.commit("source")).setup, SetupOutcome::Unneeded);
    assert_eq!(lines_of(&ran), 2);
    sandbox.write("lock", "1\n");
    assert_eq!(refresh(&sandbox, &config, &sandbox.commit("lock")).setup, SetupOutcome::Done);
    assert_eq!(lines_of(&ran), 4);
}

#[test]
fn warming_runs_once_for_each_commit_and_leaves_only_what_is_ignored() {
    let (sandbox, base) = parked();
    let warm = "echo x >> ../warmed; echo x > made.cache; echo x > README; echo x > new; exit 3".to_owned();
    let config = SlotConfig { warm, ..config() };
    for _ in 0..2 {
        let warmed = refresh(&sandbox, &config, &base).warmed.unwrap();
        assert_eq!((warmed.good, warmed.how.as_deref()), (false, Some("ended with code 3")));
        assert_eq!(lines_of(&sandbox.parent().join("warmed")), 1);
    }
    let slot = sandbox.slot("");
    assert_eq!(sandbox.git_in(&slot, &["status", "--short"]), "");
    assert!(slot.join("made.cache").exists());
    sandbox.write("src/auth.py", "newer\n");
    refresh(&sandbox, &config, &sandbox.commit("newer"));
    assert_eq!(lines_of(&sandbox.parent().join("warmed")), 2);
}

#[test]
fn what_is_not_approved_does_not_run() {
    let (sandbox, base) = parked();
    let command = "echo x >> ../ran".to_owned();
    let config = SlotConfig { warm: command.clone(), ..config() };
    let repository = sandbox.repository();
    let logs = sandbox.parent().join("logs");
    let request = RefreshRequest { commit: &base, trusted: false, warm: true, twin: false, logs: &logs };
    assert_eq!(Pool::new(&repository, &config).refresh_all(&request).unwrap()[0].warmed, None);
    assert!(sandbox.lines.all().contains("git hotfix trust"), "{}", sandbox.lines.all());
    let config = SlotConfig { setup: vec![command], ..config };
    let refreshed = Pool::new(&repository, &config).refresh_all(&request).unwrap().remove(0);
    assert_eq!((refreshed.setup, refreshed.outcome), (SetupOutcome::Untrusted, RefreshOutcome::Ready));
    assert!(!sandbox.parent().join("ran").exists());
}

#[test]
fn a_slot_that_somebody_edited_is_left_alone() {
    let (sandbox, base) = parked();
    write(&sandbox.slot("").join("README"), "mine\n");
    sandbox.write("src/auth.py", "newer\n");
    let newer = sandbox.commit("newer");
    let RefreshOutcome::Unusable(why) = refresh(&sandbox, &config(), &newer).outcome else {
        panic!("it was used");
    };
    assert_eq!(why, "README was edited in it");
    assert_eq!(read(sandbox.slot("").join("README")), "mine\n");
    assert_eq!(sandbox.git_in(&sandbox.slot(""), &["rev-parse", "HEAD"]), base.as_str());
}

#[test]
fn a_held_slot_is_passed_over() {
    let (sandbox, base) = parked();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "b", &base);
    write(&held.worktree.path.join("README"), "mine\n");
    sandbox.write("src/auth.py", "newer\n");
    let newer = sandbox.commit("newer");
    assert_eq!(refresh(&sandbox, &config, &newer).outcome, RefreshOutcome::Held);
    drop(held);
    assert_eq!(refresh(&sandbox, &config, &newer).outcome, RefreshOutcome::Held);
    assert_eq!(read(sandbox.slot("").join("README")), "mine\n");
}

#[test]
fn a_start_stops_the_warming_and_takes_the_slot() {
    let (sandbox, base) = parked();
    let warm = ": > ../warming; echo x > half-done; exec sleep 60".to_owned();
    let config = SlotConfig { warm, ..config() };
    let warming = sandbox.parent().join("warming");
    let clock = SystemClock::new();
    thread::scope(|scope| {
        let refreshing = scope.spawn(|| refresh(&sandbox, &config, &base).outcome);
        while !warming.exists() {
            assert!(clock.elapsed() < Duration::from_secs(20), "the warming did not begin");
            thread::yield_now();
        }
        let repository = sandbox.repository();
        let pool = Pool::new(&repository, &config);
        let held = start(&repository, &pool, "b", &base);
        assert_eq!((held.number, held.kind), (1, SlotKind::Warm));
        assert_eq!(sandbox.git_in(&held.worktree.path, &["status", "--short"]), "");
        assert_eq!(refreshing.join().unwrap(), RefreshOutcome::Wanted);
    });
    assert!(clock.elapsed() < Duration::from_secs(30), "{:?}", clock.elapsed());
}
