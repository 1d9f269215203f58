//! Slots given back, and set up.

use hotfix_core::git::Oid;
use hotfix_core::slot::{Keep, Pool, Room, SetupOutcome, SetupRequest};
use hotfix_model::Step;
use hotfix_model::config::SlotConfig;
use hotfix_model::output::SlotKind;

use super::sandbox::{Sandbox, config, read, start, write};

#[test]
fn what_is_in_no_commit_is_saved_and_caches_stay() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "1.0.1", &base);
    let slot = &held.worktree.path;
    write(&slot.join("src/auth.py"), "fixed\n");
    sandbox.git_in(slot, &["commit", "-q", "-a", "-m", "fix"]);
    write(&slot.join("README"), "a note\n");
    write(&slot.join("notes/-x y"), "untracked\n");
    std::os::unix::fs::symlink("notes", slot.join("link")).unwrap();
    write(&slot.join("node_modules/x"), "cache\n");
    let parked = pool.park(&held, &base, Keep::Save).unwrap();

    let saved = parked.saved_to.unwrap();
    assert!(saved.starts_with(sandbox.home.join(".git/hotfix/saved")));
    assert_eq!(read(saved.join("README")), "a note\n");
    assert_eq!(read(saved.join("notes/-x y")), "untracked\n");
    assert!(saved.join("link").is_symlink());
    assert_eq!((parked.saved.len(), parked.left), (3, Vec::new()));
    assert_eq!(read(slot.join("src/auth.py")), "one\n");
    assert_eq!(read(slot.join("node_modules/x")), "cache\n");
    assert!(!slot.join("notes").exists() && !slot.join("link").is_symlink());
    assert_eq!(sandbox.git_in(slot, &["status", "--short", "--branch"]), "## HEAD (no branch)");
    assert_eq!(sandbox.git(&["log", "-1", "--format=%s", "hotfix/1.0.1"]), "fix");
    assert!(pool.held("1.0.1").unwrap().is_none());

    // The same hotfix again: nothing that was saved is overwritten.
    drop(held);
    let held = start(&repository, &pool, "1.0.1", &base);
    write(&held.worktree.path.join("README"), "another note\n");
    let again = pool.park(&held, &base, Keep::Save).unwrap().saved_to.unwrap();
    assert_ne!(again, saved);
    assert_eq!(
        (read(again.join("README")), read(saved.join("README"))),
        ("another note\n".into(), "a note\n".into())
    );
}

#[test]
fn what_is_given_up_is_not_saved() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    write(&held.worktree.path.join("README"), "x\n");
    write(&held.worktree.path.join("new"), "x\n");
    let parked = pool.park(&held, &base, Keep::Discard).unwrap();
    assert_eq!(parked.saved_to, None);
    assert_eq!(sandbox.git_in(&held.worktree.path, &["status", "--short"]), "");
    assert!(!sandbox.home.join(".git/hotfix/saved").exists());
}

#[test]
fn a_repository_made_in_a_slot_stays_and_the_slot_is_passed_over() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    sandbox.git_in(&held.worktree.path, &["init", "-q", "nested"]);
    let parked = pool.park(&held, &base, Keep::Save).unwrap();
    assert_eq!(parked.left, [std::path::PathBuf::from("nested/")]);
    drop(held);
    assert_eq!(start(&repository, &pool, "b", &base).number, 2);
    assert!(sandbox.slot("").join("nested/.git").exists());
}

#[test]
fn a_slot_in_the_middle_of_a_merge_is_not_parked() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    sandbox.write("src/auth.py", "main\n");
    sandbox.commit("main");
    let held = start(&repository, &pool, "a", &base);
    write(&held.worktree.path.join("src/auth.py"), "fixed\n");
    sandbox.git_in(&held.worktree.path, &["commit", "-q", "-a", "-m", "fix"]);
    assert!(!sandbox.try_git(&held.worktree.path, &["merge", "main"]).status.success());
    let error = pool.park(&held, &base, Keep::Discard).unwrap_err();
    assert!(error.to_string().starts_with("a merge is in progress"), "{error}");
    assert!(read(held.worktree.path.join("src/auth.py")).contains("<<<<<<<"));
    assert!(pool.held("a").unwrap().is_some());
}

#[test]
fn parking_a_removed_slot_forgets_it() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    pool.twin(&held, &base).unwrap();
    std::fs::remove_dir_all(sandbox.slot("")).unwrap();
    pool.park(&held, &base, Keep::Save).unwrap();
    assert!(pool.list().unwrap().is_empty());
    assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 1);
    sandbox.assert_healthy();
}

struct Setup<'a> {
    sandbox: &'a Sandbox,
    config: SlotConfig,
    logs: tempfile::TempDir,
}

impl Setup<'_> {
    fn run(&self, hotfix: &str, tree: &Oid, trusted: bool) -> SetupOutcome {
        let repository = self.sandbox.repository();
        let pool = Pool::new(&repository, &self.config);
        let held = start(&repository, &pool, hotfix, tree);
        let request = SetupRequest { tree, trusted, logs: self.logs.path(), step: Step::Start };
        let outcome = pool.setup(&held, Room::Slot, &request).unwrap();
        pool.park(&held, tree, Keep::Save).unwrap();
        outcome
    }
}

#[test]
fn setup_runs_when_it_is_new_and_when_its_inputs_changed() {
    let sandbox = Sandbox::new();
    sandbox.write("requirements-dev.txt", "pytest\n");
    let base = sandbox.commit("requirements");
    let setup = vec!["pwd >> ../ran".to_owned()];
    let inputs = vec!["requirements*.txt".to_owned(), "absent.lock".to_owned()];
    let config = SlotConfig { setup, setup_inputs: inputs, ..config() };
    let mut setup = Setup { sandbox: &sandbox, config, logs: tempfile::tempdir().unwrap() };
    let ran = || std::fs::read_to_string(sandbox.parent().join("ran")).unwrap_or_default().lines().count();

    assert_eq!(setup.run("a", &base, false), SetupOutcome::Untrusted);
    assert!(sandbox.lines.all().contains("git hotfix trust"));
    assert_eq!(ran(), 0);
    assert_eq!(setup.run("b", &base, true), SetupOutcome::Done);
    assert_eq!(read(sandbox.parent().join("ran")).trim_end(), sandbox.slot("").to_str().unwrap());
    assert_eq!(setup.run("c", &base, true), SetupOutcome::Unneeded);
    assert_eq!(setup.run("d", &base, false), SetupOutcome::Unneeded);

    sandbox.write("src/auth.py", "two\n");
    assert_eq!(setup.run("e", &sandbox.commit("source"), true), SetupOutcome::Unneeded);
    sandbox.write("requirements-dev.txt", "pytest==8\n");
    let newer = sandbox.commit("newer");
    assert_eq!(setup.run("f", &newer, true), SetupOutcome::Done);
    setup.config.setup.push("true".to_owned());
    assert_eq!(setup.run("g", &newer, true), SetupOutcome::Done);
    assert_eq!(ran(), 3);

    setup.config.setup.push("echo oh no; exit 7".to_owned());
    for hotfix in ["h", "i"] {
        let SetupOutcome::Failed { how, log, .. } = setup.run(hotfix, &newer, true) else {
            panic!("did not fail");
        };
        assert_eq!((how.as_str(), read(log).as_str()), ("ended with code 7", "oh no\n"));
    }
    setup.config.setup.pop();
    assert_eq!(setup.run("j", &newer, true), SetupOutcome::Done);
}

#[test]
fn a_twin_is_set_up_by_itself() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let config = SlotConfig { setup: vec!["echo x > made.cache".to_owned()], ..config() };
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    let twin = pool.twin(&held, &base).unwrap();
    let logs = tempfile::tempdir().unwrap();
    let request = SetupRequest { tree: &base, trusted: true, logs: logs.path(), step: Step::Prove };
    assert_eq!(pool.setup(&held, Room::Slot, &request).unwrap(), SetupOutcome::Done);
    assert_eq!(pool.setup(&held, Room::Twin(&twin), &request).unwrap(), SetupOutcome::Done);
    assert_eq!(pool.setup(&held, Room::Twin(&twin), &request).unwrap(), SetupOutcome::Unneeded);
    assert!(twin.worktree.path.join("made.cache").exists());
    assert_eq!(held.kind, SlotKind::Cold);
}
