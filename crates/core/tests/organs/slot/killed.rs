//! What a killed start leaves to the next one. `kills` of the program's tests kills at every system call; here stands
//! what it found.

use hotfix_core::git::{RefChange, RefName};
use hotfix_core::slot::{Keep, Pool};
use hotfix_model::output::SlotKind;

use super::sandbox::{Sandbox, config, read, start, write};

/// Changes what is recorded of slot 1.
fn record(sandbox: &Sandbox, change: impl Fn(&mut serde_json::Value)) {
    let file = sandbox.home.join(".git/hotfix/slots/1.json");
    let mut entry: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
    change(&mut entry);
    std::fs::write(file, entry.to_string()).unwrap();
}

#[test]
fn a_slot_that_was_moving_to_a_newer_base_is_taken_over_with_edits_saved() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let old = sandbox.rev("main");
    sandbox.write("src/added.py", "added\n");
    let new = sandbox.commit("second");
    drop(pool.take_unnamed(&old).unwrap());
    record(&sandbox, |entry| {
        entry["state"]["moving_to"] = serde_json::json!({ "commit": new.as_str() });
    });
    let slot = sandbox.slot("");
    // Killed while the new file was written; somebody edited another meanwhile.
    write(&slot.join("src/added.py"), "");
    write(&slot.join("README"), "a note\n");
    write(&sandbox.home.join(".git/worktrees/app-hotfix/index.lock"), "");
    let next = start(&repository, &pool, "b", &new);
    assert_eq!((next.number, next.kind), (1, SlotKind::Warm), "{}", sandbox.lines.all());
    assert_eq!(sandbox.git_in(&slot, &["status", "--short", "--branch"]), "## hotfix/b");
    assert_eq!(read(slot.join("src/added.py")), "added\n");
    let saved = std::fs::read_dir(sandbox.home.join(".git/hotfix/saved")).unwrap().next().unwrap().unwrap();
    assert_eq!(read(saved.path().join("README")), "a note\n");
}

#[test]
fn a_slot_on_its_way_is_brought_there_over_files_that_were_written_already() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let old = sandbox.rev("main");
    sandbox.write("src/added.py", "added\n");
    let new = sandbox.commit("second");
    pool.park(&start(&repository, &pool, "a", &old), &old, Keep::Save).unwrap();
    record(&sandbox, |entry| {
        entry["state"] = serde_json::json!({ "kind": "moving", "commit": new.as_str() });
    });
    write(&sandbox.slot("").join("src/added.py"), "add");
    let next = start(&repository, &pool, "b", &new);
    assert_eq!((next.number, next.kind), (1, SlotKind::Warm), "{}", sandbox.lines.all());
    assert_eq!(read(sandbox.slot("").join("src/added.py")), "added\n");
}

#[test]
fn an_entry_appears_as_a_whole_beside_those_of_the_same_name() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let theirs = sandbox.parent().join("elsewhere/app-hotfix");
    sandbox.git(&["worktree", "add", "-q", "--detach", theirs.to_str().unwrap()]);
    // What a killed start had begun to write.
    write(&sandbox.home.join(".git/hotfix/making/app-hotfix/commondir"), "");
    write(&sandbox.home.join(".git/hotfix/making/app-hotfix/rest"), "");
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "a", &sandbox.rev("main"));
    assert_eq!(held.worktree.git_dir, sandbox.home.join(".git/worktrees/app-hotfix1"));
    assert_eq!(sandbox.git_in(&held.worktree.path, &["status", "--short", "--branch"]), "## hotfix/a");
    assert!(!held.worktree.git_dir.join("rest").exists());
    assert_eq!(sandbox.git_in(&theirs, &["status", "--short"]), "");
    sandbox.assert_healthy();
}

#[test]
fn a_sparse_checkout_is_inherited_as_git_does_it() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    sandbox.git(&["sparse-checkout", "set", "src"]);
    sandbox.write("docs/page", "x");
    sandbox.git(&["add", "--sparse", "docs/page"]);
    sandbox.git(&["commit", "-q", "-m", "second"]);
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "a", &sandbox.rev("main"));
    assert!(held.worktree.path.join("src/auth.py").exists());
    assert!(!held.worktree.path.join("docs/page").exists());
    assert_eq!(sandbox.git_in(&held.worktree.path, &["status", "--short"]), "");
}

#[test]
fn locks_of_our_refs_that_no_git_owns_are_no_obstacle_and_do_not_stay() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let base = sandbox.rev("main");
    let lock = |name: &str| sandbox.home.join(".git/refs").join(name);
    let [ours, other, theirs] =
        ["heads/hotfix/a.lock", "hotfix/record/b.lock", "heads/theirs.lock"].map(lock);
    for lock in [&ours, &other, &theirs] {
        write(lock, "");
    }
    let create = |name: &str| {
        let change = RefChange::create(RefName::branch(name).unwrap(), base.clone());
        repository.change_refs("test", &[change])
    };
    create("hotfix/a").unwrap();
    assert_eq!(sandbox.rev("hotfix/a"), base);
    assert!(create("theirs").is_err());
    assert!(!ours.exists() && other.exists() && theirs.exists());
    Pool::new(&repository, &config).repair().unwrap();
    assert!(!other.exists() && theirs.exists());
}

#[test]
fn a_lock_of_the_head_of_a_slot_that_was_let_go_is_no_obstacle_to_gc() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    write(&held.worktree.git_dir.join("logs/HEAD"), "");
    pool.let_go(&held, &base, Keep::Save).unwrap();
    write(&held.worktree.git_dir.join("HEAD.lock"), "");
    sandbox.assert_healthy();
}

#[test]
fn what_a_killed_proof_left_in_the_twin_goes_when_the_slot_is_parked() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    let scratch = repository.scratch_path(&pool.twin(&held, &base).unwrap().worktree);
    // Git was killed while it wrote this index of ours.
    let lock = scratch.with_extension("lock");
    write(&scratch, "");
    write(&lock, "");
    pool.park(&held, &base, Keep::Save).unwrap();
    assert!(!scratch.exists() && !lock.exists());
}
