//! What crashes leave behind.

use std::path::PathBuf;

use hotfix_core::slot::{Keep, Pool};
use hotfix_model::output::SlotKind;

use super::sandbox::{Sandbox, config, read, start, write};

fn entry(sandbox: &Sandbox, file: &str) -> PathBuf {
    sandbox.home.join(".git/worktrees/app-hotfix").join(file)
}

#[test]
fn an_emptied_entry_of_a_parked_slot_is_repaired_by_the_next_start() {
    for file in ["commondir", "HEAD", "gitdir"] {
        for removed in [false, true] {
            let sandbox = Sandbox::new();
            let (repository, config) = (sandbox.repository(), config());
            let pool = Pool::new(&repository, &config);
            let base = sandbox.rev("main");
            pool.park(&start(&repository, &pool, "a", &base), &base, Keep::Save).unwrap();
            if removed {
                std::fs::remove_file(entry(&sandbox, file)).unwrap();
            } else {
                std::fs::write(entry(&sandbox, file), "").unwrap();
            }
            let again = start(&repository, &pool, "b", &base);
            assert_eq!((again.number, again.kind), (1, SlotKind::Warm), "{file} {removed}");
            sandbox.assert_healthy();
        }
    }
}

#[test]
fn an_emptied_entry_of_a_held_slot_is_repaired_and_edits_stay() {
    for file in ["commondir", "HEAD", "gitdir"] {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        drop(start(&repository, &pool, "a", &sandbox.rev("main")));
        write(&sandbox.slot("").join("README"), "edited\n");
        std::fs::write(entry(&sandbox, file), "").unwrap();
        let found = pool.held("a").unwrap().unwrap();
        assert!(found.attached);
        assert_eq!(
            sandbox.git_in(&sandbox.slot(""), &["status", "--short", "--branch"]),
            "## hotfix/a\n M README"
        );
        sandbox.assert_healthy();
    }
}

#[test]
fn a_start_repairs_the_entries_of_other_open_hotfixes_too() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    drop(start(&repository, &pool, "a", &base));
    std::fs::write(entry(&sandbox, "commondir"), "").unwrap();
    assert!(!sandbox.try_git(&sandbox.home, &["branch"]).status.success());
    start(&repository, &pool, "b", &base);
    sandbox.assert_healthy();
}

#[test]
fn repair_touches_only_what_is_recorded_as_ours() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    pool.twin(&held, &base).unwrap();
    drop(held);
    let theirs = sandbox.parent().join("theirs");
    sandbox.git(&["worktree", "add", "-q", "--detach", theirs.to_str().unwrap()]);
    let lock = sandbox.home.join(".git/worktrees/theirs/index.lock");
    write(&lock, "");
    write(&entry(&sandbox, "index.lock"), "");
    std::fs::write(sandbox.home.join(".git/worktrees/app-hotfix-base/commondir"), "").unwrap();
    let done = pool.repair().unwrap();
    assert_eq!(done.len(), 2, "{done:?}");
    assert!(lock.exists() && !entry(&sandbox, "index.lock").exists());
    sandbox.assert_healthy();
    assert_eq!(pool.repair().unwrap(), Vec::<String>::new());
}

#[test]
fn a_lock_of_git_in_a_parked_slot_is_removed_when_its_git_is_gone() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    pool.park(&start(&repository, &pool, "a", &base), &base, Keep::Save).unwrap();
    write(&entry(&sandbox, "index.lock"), "");
    assert_eq!(start(&repository, &pool, "b", &base).number, 1);
}

/// Rewinds the records to the moment before Git began to make slot 1.
fn forget_that_it_was_made(sandbox: &Sandbox) {
    let file = sandbox.home.join(".git/hotfix/slots/1.json");
    let mut entry: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
    entry["state"] = serde_json::json!({ "kind": "making" });
    entry["place"]["name"] = serde_json::Value::Null;
    std::fs::write(file, entry.to_string()).unwrap();
}

#[test]
fn a_half_made_slot_is_taken_apart() {
    let cut: [&dyn Fn(&Sandbox); 8] = [
        &|_| {},
        &|sandbox| std::fs::write(entry(sandbox, "commondir"), "").unwrap(),
        &|sandbox| {
            std::fs::write(entry(sandbox, "gitdir"), "").unwrap();
            std::fs::remove_dir_all(sandbox.slot("")).unwrap();
            std::fs::create_dir(sandbox.slot("")).unwrap();
        },
        &|sandbox| {
            for file in ["commondir", "gitdir", "HEAD", "locked"] {
                std::fs::write(entry(sandbox, file), "").unwrap();
            }
            std::fs::remove_dir_all(sandbox.slot("")).unwrap();
        },
        &|sandbox| std::fs::remove_dir_all(entry(sandbox, "")).unwrap(),
        // Git itself was taking it apart.
        &|sandbox| {
            std::fs::remove_file(entry(sandbox, "locked")).unwrap();
            std::fs::write(entry(sandbox, "HEAD"), "0".repeat(40)).unwrap();
        },
        &|sandbox| {
            std::fs::remove_file(entry(sandbox, "locked")).unwrap();
            std::fs::remove_file(entry(sandbox, "gitdir")).unwrap();
        },
        &|sandbox| {
            let pointer = read(sandbox.slot("").join(".git"));
            std::fs::remove_dir_all(sandbox.slot("")).unwrap();
            write(&sandbox.slot("").join(".git"), &pointer);
            std::fs::remove_dir_all(entry(sandbox, "")).unwrap();
        },
    ];
    for (case, cut) in cut.into_iter().enumerate() {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let base = sandbox.rev("main");
        drop(start(&repository, &pool, "a", &base));
        forget_that_it_was_made(&sandbox);
        cut(&sandbox);
        let done = pool.repair().unwrap();
        assert_eq!(done.len(), 1, "{case}: {done:?}");
        assert!(!entry(&sandbox, "").exists(), "{case}");
        // Without an entry to prove it, a folder that holds files is not taken for ours.
        assert_eq!(sandbox.slot("").exists(), case == 4, "{case}");
        start(&repository, &pool, "b", &base);
        sandbox.assert_healthy();
    }
}

#[test]
fn another_users_worktree_at_the_path_of_a_half_made_slot_stays() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    drop(start(&repository, &pool, "a", &sandbox.rev("main")));
    forget_that_it_was_made(&sandbox);
    let slot = sandbox.slot("");
    sandbox.git(&["worktree", "remove", "-f", "-f", slot.to_str().unwrap()]);
    sandbox.git(&["worktree", "add", "-q", "--detach", slot.to_str().unwrap()]);
    pool.repair().unwrap();
    assert!(slot.join("README").exists());
    assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 2);
}

#[test]
fn a_full_disk_or_other_failure_of_git_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitattributes", "README filter=absent\n");
    let base = sandbox.commit("filter");
    sandbox.git(&["config", "filter.absent.smudge", "exit 1"]);
    sandbox.git(&["config", "filter.absent.required", "true"]);
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let branch = hotfix_core::git::RefName::branch("hotfix/a").unwrap();
    let error = pool.take("a", &branch, &base).unwrap_err();
    assert!(error.to_string().contains("what was begun is removed"), "{error}");
    assert!(error.why().contains("smudge") || error.why().contains("filter"), "{}", error.why());
    assert!(!sandbox.slot("").exists() && pool.list().unwrap().is_empty());
    sandbox.assert_healthy();
    sandbox.git(&["config", "filter.absent.smudge", "cat"]);
    assert_eq!(start(&repository, &pool, "a", &base).number, 1);
}

/// The records as they are between two steps of a parking, or of a switch that was killed half-way.
fn rewind(sandbox: &Sandbox, state: &serde_json::Value) {
    let file = sandbox.home.join(".git/hotfix/slots/1.json");
    let mut entry: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
    entry["state"] = state.clone();
    std::fs::write(file, entry.to_string()).unwrap();
}

#[test]
fn a_parking_that_was_cut_short_is_finished_by_the_next_start_or_by_name() {
    for by_name in [true, false] {
        for saved in [true, false] {
            let sandbox = Sandbox::new();
            let (repository, config) = (sandbox.repository(), config());
            let pool = Pool::new(&repository, &config);
            let base = sandbox.rev("main");
            drop(start(&repository, &pool, "a", &base));
            let slot = sandbox.slot("");
            write(&slot.join("README"), "a note\n");
            write(&slot.join("new"), "untracked\n");
            let dir = sandbox.parent().join("kept");
            let mut state = serde_json::json!({ "kind": "moving", "commit": base.as_str(), "hotfix": "a" });
            if saved {
                // Killed inside of Git, which left its lock and a file it had begun to write.
                write(&entry(&sandbox, "index.lock"), "");
                std::fs::remove_file(slot.join("src/auth.py")).unwrap();
            } else {
                state["save_to"] = serde_json::json!(dir);
            }
            rewind(&sandbox, &state);
            if by_name {
                let parked = pool.finish_park("a").unwrap().unwrap();
                assert_eq!(parked.saved.len(), if saved { 0 } else { 2 });
                assert!(pool.finish_park("a").unwrap().is_none());
            }
            let next = start(&repository, &pool, "b", &base);
            assert_eq!((next.number, next.kind), (1, SlotKind::Warm));
            assert_eq!(sandbox.git_in(&slot, &["status", "--short", "--branch"]), "## hotfix/b");
            if !saved {
                assert_eq!(read(dir.join("README")), "a note\n");
            }
        }
    }
}

#[test]
fn a_move_that_was_cut_short_after_new_files_were_written_is_finished() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let old = sandbox.rev("main");
    pool.park(&start(&repository, &pool, "a", &old), &old, Keep::Save).unwrap();
    sandbox.write("src/new.py", "new\n");
    sandbox.write("src/auth.py", "two\n");
    let new = sandbox.commit("second");
    let (slot, dir) = (sandbox.slot(""), sandbox.parent().join("kept"));
    write(&slot.join("src/new.py"), "new\n");
    write(&slot.join("src/auth.py"), "two\n");
    write(&slot.join("mine"), "left\n");
    write(&entry(&sandbox, "index.lock"), "");
    rewind(&sandbox, &serde_json::json!({ "kind": "moving", "commit": new.as_str(), "save_to": dir }));
    assert_eq!(start(&repository, &pool, "b", &new).number, 1);
    assert_eq!(sandbox.git_in(&slot, &["status", "--short", "--branch"]), "## hotfix/b");
    assert_eq!((read(slot.join("src/new.py")), read(dir.join("mine"))), ("new\n".into(), "left\n".into()));
}

#[test]
fn a_move_to_a_newer_base_that_was_cut_short_is_finished() {
    for files_done in [true, false] {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let old = sandbox.rev("main");
        sandbox.write("src/auth.py", "two\n");
        let new = sandbox.commit("second");
        drop(start(&repository, &pool, "a", &old));
        let file = sandbox.home.join(".git/hotfix/slots/1.json");
        let mut record: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
        record["state"]["moving_to"] = serde_json::json!({ "commit": new.as_str() });
        std::fs::write(&file, record.to_string()).unwrap();
        sandbox.git_in(&sandbox.slot(""), &["checkout", "-q", "--detach"]);
        if files_done {
            sandbox.git_in(&sandbox.slot(""), &["checkout", "-q", new.as_str()]);
        } else {
            write(&sandbox.slot("").join("src/auth.py"), "two\n");
        }
        let held = pool.held("a").unwrap().unwrap();
        assert_eq!((held.attached, &held.base), (true, &new));
        assert_eq!(sandbox.git_in(&sandbox.slot(""), &["status", "--short", "--branch"]), "## hotfix/a");
        assert_eq!(sandbox.rev("hotfix/a"), new);
    }
}
