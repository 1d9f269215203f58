//! Slots whose removal was cut short, and what the next one who comes by makes of it.

use std::path::{Path, PathBuf};

use hotfix_core::git::Repository;
use hotfix_core::slot::{Keep, Pool, RefreshRequest, SlotState};
use hotfix_model::config::SlotConfig;

use super::sandbox::{Sandbox, config, read, start, write};

/// A part of the names that the folders have while they are deleted.
const ID: &str = "01J00000000000000000000000";

/// Parks slot 1, which has a twin and something that Git ignores.
fn park(sandbox: &Sandbox, repository: &Repository, pool: &Pool<'_>) {
    let base = sandbox.rev("main");
    let held = start(repository, pool, "a", &base);
    pool.twin(&held, &base).unwrap();
    write(&held.worktree.path.join("node_modules/left"), "left\n");
    pool.park(&held, &base, Keep::Save).unwrap();
}

/// Says of slot 1 that it is being removed, as that is recorded.
fn record(sandbox: &Sandbox) {
    let file = sandbox.home.join(".git/hotfix/slots/1.json");
    let mut entry: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
    entry["state"] = serde_json::json!({ "kind": "removing", "id": ID });
    std::fs::write(file, entry.to_string()).unwrap();
    for name in ["app-hotfix-base", "app-hotfix"] {
        write(&sandbox.home.join(".git/worktrees").join(name).join("hotfix-removing"), ID);
    }
}

fn aside(sandbox: &Sandbox, suffix: &str) -> PathBuf {
    sandbox.parent().join(format!(".app-hotfix{suffix}-removing-{ID}"))
}

fn move_aside(sandbox: &Sandbox, suffix: &str) {
    std::fs::rename(sandbox.slot(suffix), aside(sandbox, suffix)).unwrap();
}

fn move_entry(sandbox: &Sandbox, suffix: &str) {
    let removing = sandbox.home.join(".git/hotfix/removing");
    std::fs::create_dir_all(&removing).unwrap();
    let name = format!("app-hotfix{suffix}");
    std::fs::rename(sandbox.home.join(".git/worktrees").join(&name), removing.join(&name)).unwrap();
}

/// Moments at which a removal may be killed, after it was recorded.
const MOMENTS: [fn(&Sandbox); 5] = [
    |_| {},
    |sandbox| move_aside(sandbox, "-base"),
    |sandbox| {
        move_aside(sandbox, "-base");
        move_entry(sandbox, "-base");
    },
    |sandbox| {
        for suffix in ["-base", ""] {
            move_aside(sandbox, suffix);
            move_entry(sandbox, suffix);
        }
        std::fs::remove_dir_all(aside(sandbox, "-base")).unwrap();
        std::fs::remove_file(aside(sandbox, "").join(".git")).unwrap();
    },
    |sandbox| {
        for suffix in ["-base", ""] {
            move_aside(sandbox, suffix);
            move_entry(sandbox, suffix);
            std::fs::remove_dir_all(aside(sandbox, suffix)).unwrap();
        }
    },
];

/// Those who come by.
const FINDERS: [fn(&Sandbox, &Repository, &Pool<'_>); 5] = [
    |_, _, pool| pool.remove(1, false).unwrap(),
    |_, _, pool| assert_eq!(pool.repair().unwrap().len(), 1),
    |_, _, pool| pool.finish_removals().unwrap(),
    |sandbox, _, pool| {
        let (commit, logs) = (sandbox.rev("main"), sandbox.home.join(".git/hotfix/logs"));
        let request = RefreshRequest { commit: &commit, trusted: true, warm: false, twin: true, logs: &logs };
        assert_eq!(pool.refresh_all(&request).unwrap(), []);
    },
    |sandbox, repository, pool| {
        let held = start(repository, pool, "b", &sandbox.rev("main"));
        assert_eq!((held.number, &held.worktree.path), (1, &sandbox.slot("")));
        assert!(!held.worktree.path.join("node_modules").exists());
        pool.park(&held, &held.base, Keep::Save).unwrap();
        drop(held);
        pool.remove(1, false).unwrap();
    },
];

fn assert_nothing_is_left(sandbox: &Sandbox) {
    let beside: Vec<PathBuf> =
        sandbox.parent().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(beside, [sandbox.home.as_path()]);
    assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 1);
    assert!(!sandbox.home.join(".git/hotfix/removing").exists());
    sandbox.assert_healthy();
}

#[test]
fn a_half_removed_slot_is_no_obstacle_to_git_and_whoever_comes_by_finishes_it() {
    for moment in MOMENTS {
        for finder in FINDERS {
            let sandbox = Sandbox::new();
            let (repository, config) = (sandbox.repository(), config());
            let pool = Pool::new(&repository, &config);
            park(&sandbox, &repository, &pool);
            record(&sandbox);
            moment(&sandbox);
            sandbox.assert_healthy();
            assert_eq!(pool.damaged().unwrap().len(), 1);
            finder(&sandbox, &repository, &pool);
            assert_nothing_is_left(&sandbox);
            assert!(pool.list().unwrap().is_empty());
        }
    }
}

#[test]
fn what_somebody_put_where_a_half_removed_slot_was_stays() {
    for files_are_gone in [false, true] {
        somebody_takes_the_place(files_are_gone);
    }
}

fn somebody_takes_the_place(files_are_gone: bool) {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    park(&sandbox, &repository, &pool);
    record(&sandbox);
    for suffix in ["-base", ""] {
        move_aside(&sandbox, suffix);
        move_entry(&sandbox, suffix);
    }
    if files_are_gone {
        std::fs::remove_dir_all(aside(&sandbox, "")).unwrap();
    }
    let slot = sandbox.slot("");
    sandbox.git(&["worktree", "add", "-q", "-b", "mine", slot.to_str().unwrap()]);
    write(&sandbox.slot("-base").join("mine"), "mine\n");
    write(&aside(&sandbox, "2").join("theirs"), "theirs\n");
    pool.repair().unwrap();
    assert_eq!(sandbox.git_in(&slot, &["status", "--short", "--branch"]), "## mine");
    assert!(sandbox.slot("-base").join("mine").exists() && aside(&sandbox, "2").exists());
    assert!(!aside(&sandbox, "").exists() && !aside(&sandbox, "-base").exists());
    sandbox.assert_healthy();
}

#[test]
fn a_removal_goes_on_only_where_nobody_is_at_it() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    park(&sandbox, &repository, &pool);
    record(&sandbox);
    let lock = std::fs::File::open(sandbox.home.join(".git/hotfix/slots/1.lock")).unwrap();
    lock.lock().unwrap();
    pool.finish_removals().unwrap();
    assert!(sandbox.slot("").exists() && pool.list().unwrap()[0].busy);
    assert!(pool.damaged().unwrap().is_empty());
    // Dropped alone, it would live on in a program that another test is just starting.
    lock.unlock().unwrap();
    pool.finish_removals().unwrap();
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_twin_that_is_not_as_we_left_it_is_named_and_stays() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    park(&sandbox, &repository, &pool);
    let twin = sandbox.slot("-base");
    std::fs::remove_file(twin.join(".git")).unwrap();
    let refused = pool.remove(1, true).unwrap_err();
    assert_eq!(refused.to_string(), format!("{} cannot be used as a slot", twin.display()));
    std::fs::remove_dir_all(&twin).unwrap();
    pool.remove(1, true).unwrap();
    assert_nothing_is_left(&sandbox);
}

#[test]
fn a_slot_that_cannot_be_moved_away_is_as_before() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    // Too long for the name that it has while it is deleted.
    let config = SlotConfig { path: format!("../{}", "s".repeat(240)), ..config() };
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    pool.park(&start(&repository, &pool, "a", &base), &base, Keep::Save).unwrap();
    assert!(pool.remove(1, false).unwrap_err().to_string().starts_with("cannot move away"));
    assert!(matches!(pool.list().unwrap()[0].state, SlotState::Parked { .. }));
    assert_eq!(start(&repository, &pool, "b", &base).number, 1);
}

/// Everything below a folder that is half made may be gone but the pointer, or that too.
#[test]
fn taking_a_half_made_slot_apart_may_be_cut_short_as_well() {
    let cut: [fn(&Path); 2] = [
        |slot| std::fs::remove_file(slot.join("README")).unwrap(),
        |slot| {
            for entry in slot.read_dir().unwrap().map(|entry| entry.unwrap()) {
                if entry.file_type().unwrap().is_dir() {
                    std::fs::remove_dir_all(entry.path()).unwrap();
                } else {
                    std::fs::remove_file(entry.path()).unwrap();
                }
            }
        },
    ];
    for (entry_is_gone, cut) in [(false, cut[0]), (true, cut[1])] {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        drop(start(&repository, &pool, "a", &sandbox.rev("main")));
        let file = sandbox.home.join(".git/hotfix/slots/1.json");
        let mut entry: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
        entry["state"] = serde_json::json!({ "kind": "making" });
        entry["place"]["name"] = serde_json::Value::Null;
        std::fs::write(file, entry.to_string()).unwrap();
        cut(&sandbox.slot(""));
        if entry_is_gone {
            move_entry(&sandbox, "");
        }
        pool.repair().unwrap();
        pool.finish_removals().unwrap();
        assert!(!sandbox.slot("").exists());
        assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 1);
    }
}
