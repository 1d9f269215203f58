//! Slots taken, attached, found again.

use hotfix_core::error::Explain;
use hotfix_core::git::RefName;
use hotfix_core::slot::{Keep, Pool, SlotError, SlotState};
use hotfix_model::output::SlotKind;

use super::sandbox::{Sandbox, config, read, start, write};

#[test]
fn a_slot_is_made_once_and_then_recycled_at_the_same_path() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let before = sandbox.users_own();

    let held = start(&repository, &pool, "1.0.1", &base);
    assert_eq!((held.number, held.kind, &held.worktree.path), (1, SlotKind::Cold, &sandbox.slot("")));
    assert_eq!(sandbox.git_in(&sandbox.slot(""), &["status", "--short", "--branch"]), "## hotfix/1.0.1");
    pool.park(&held, &base, Keep::Save).unwrap();
    drop(held);

    let held = start(&repository, &pool, "1.0.2", &base);
    assert_eq!((held.number, held.kind, &held.worktree.path), (1, SlotKind::Warm, &sandbox.slot("")));
    assert_eq!(sandbox.git_in(&sandbox.slot(""), &["status", "--short", "--branch"]), "## hotfix/1.0.2");
    let second = start(&repository, &pool, "1.0.3", &base);
    assert_eq!((second.number, &second.worktree.path), (2, &sandbox.slot("-2")));
    assert_eq!(sandbox.users_own(), before);
    sandbox.assert_healthy();
}

#[test]
fn only_the_user_can_look_into_a_slot() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    start(&repository, &pool, "a", &sandbox.rev("main"));
    let mode = |path: std::path::PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(sandbox.slot("")), 0o700);
    assert_eq!(mode(sandbox.home.join(".git/hotfix/slots")), 0o700);
    assert_eq!(mode(sandbox.home.join(".git/hotfix/slots/1.json")), 0o600);
}

#[test]
fn a_slot_that_is_behind_moves_and_the_one_at_the_commit_is_preferred() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let old = sandbox.rev("main");
    sandbox.write("src/auth.py", "two\n");
    let new = sandbox.commit("second");
    let (one, two) = (start(&repository, &pool, "a", &old), start(&repository, &pool, "b", &old));
    pool.park(&one, &old, Keep::Discard).unwrap();
    pool.park(&two, &new, Keep::Discard).unwrap();
    drop((one, two));

    let first = start(&repository, &pool, "c", &new);
    assert_eq!((first.number, first.kind), (2, SlotKind::Warm));
    let second = start(&repository, &pool, "d", &new);
    assert_eq!((second.number, second.kind), (1, SlotKind::Warm));
    assert_eq!(read(second.worktree.path.join("src/auth.py")), "two\n");
    assert_eq!(sandbox.git_in(&sandbox.slot(""), &["status", "--short"]), "");
}

/// What a warning says, and what somebody did to deserve it.
type Meddle<'a> = (&'a str, &'a dyn Fn(&Sandbox));

#[test]
fn a_parked_slot_in_any_other_state_is_passed_over() {
    let slot = |sandbox: &Sandbox, args: &[&str]| drop(sandbox.try_git(&sandbox.slot(""), args));
    let meddle: [Meddle<'_>; 4] = [
        ("is checked out", &|sandbox| slot(sandbox, &["switch", "-q", "-c", "mine"])),
        ("it was moved to", &|sandbox| slot(sandbox, &["commit", "-q", "--allow-empty", "-m", "x"])),
        ("a bisect is in progress", &|sandbox| slot(sandbox, &["bisect", "start"])),
        ("others may write", &|sandbox| {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(sandbox.slot(""), PermissionsExt::from_mode(0o777)).unwrap();
        }),
    ];
    for (why, meddle) in meddle {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let base = sandbox.rev("main");
        pool.park(&start(&repository, &pool, "a", &base), &base, Keep::Save).unwrap();
        meddle(&sandbox);
        assert_eq!(start(&repository, &pool, "b", &base).number, 2);
        assert!(sandbox.lines.all().contains(why), "{why}: {}", sandbox.lines.all());
    }
}

#[test]
fn whatever_is_in_the_way_stays() {
    let sandbox = Sandbox::new();
    let victim = sandbox.parent().join("victim");
    write(&victim.join("keep"), "kept\n");
    write(&sandbox.slot("").join("foreign"), "kept\n");
    std::os::unix::fs::symlink(&victim, sandbox.slot("-2")).unwrap();
    std::os::unix::fs::symlink("nowhere", sandbox.slot("-3")).unwrap();
    write(&sandbox.slot("-4"), "a file\n");
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "a", &sandbox.rev("main"));
    assert_eq!(held.worktree.path, sandbox.slot("-5"));
    assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(sandbox.slot("")).unwrap().count(), 1);
}

#[test]
fn a_slot_replaced_by_a_link_is_not_followed() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    pool.park(&start(&repository, &pool, "a", &base), &base, Keep::Save).unwrap();
    let elsewhere = sandbox.parent().join("elsewhere");
    std::fs::rename(sandbox.slot(""), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, sandbox.slot("")).unwrap();
    assert_eq!(start(&repository, &pool, "b", &base).number, 2);
    assert!(sandbox.lines.all().contains("symbolic link"));
}

#[test]
fn an_open_hotfix_is_found_by_name_and_from_inside() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    assert!(pool.held("a").unwrap().is_none());
    let taken = start(&repository, &pool, "a", &base);
    let twin = pool.twin(&taken, &base).unwrap();

    for dir in [sandbox.slot("").join("src"), twin.worktree.path] {
        assert_eq!(pool.of_dir(&dir).unwrap().unwrap().hotfix, "a");
    }
    assert!(pool.of_dir(&sandbox.home).unwrap().is_none());
    let mut found = pool.held("a").unwrap().unwrap();
    assert!(found.attached);
    assert_eq!((found.number, &found.branch, &found.base), (1, &taken.branch, &base));
    let busy = pool.work_in(&mut found).unwrap_err();
    assert!(busy.to_string().contains(&format!("in use by process {}", std::process::id())), "{busy}");
    drop(taken);
    pool.work_in(&mut found).unwrap();
    assert!(pool.list().unwrap()[0].busy);
}

#[test]
fn a_slot_whose_branch_never_came_to_be_is_given_again() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let branch = RefName::branch("hotfix/a").unwrap();
    drop(pool.take("a", &branch, &base).unwrap());
    assert!(!pool.held("a").unwrap().unwrap().attached);
    let again = start(&repository, &pool, "a", &base);
    assert_eq!((again.number, again.kind), (1, SlotKind::Cold));
    assert_eq!(pool.list().unwrap().len(), 1);
}

#[test]
fn something_else_checked_out_in_a_held_slot_is_said() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    drop(start(&repository, &pool, "a", &sandbox.rev("main")));
    sandbox.git_in(&sandbox.slot(""), &["switch", "-q", "-c", "other"]);
    let error = pool.held("a").unwrap_err();
    assert!(error.to_string().ends_with("is on refs/heads/other, not on hotfix/a"), "{error}");
    assert!(error.next().ends_with("switch hotfix/a"), "{}", error.next());
}

#[test]
fn a_removed_slot_of_an_open_hotfix_names_resume_and_is_replaced() {
    for by_git in [true, false] {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let base = sandbox.rev("main");
        drop(start(&repository, &pool, "a", &base));
        let slot = sandbox.slot("");
        if by_git {
            sandbox.git(&["worktree", "remove", "-f", "-f", slot.to_str().unwrap()]);
        } else {
            std::fs::remove_dir_all(&slot).unwrap();
        }
        let error = pool.held("a").unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(SlotError::Gone { .. })), "{error}");
        assert_eq!(error.next(), "git hotfix resume a");
        let again = start(&repository, &pool, "a", &base);
        assert_eq!((&again.worktree.path, again.kind), (&slot, SlotKind::Cold));
        sandbox.assert_healthy();
    }
}

#[test]
fn a_removed_parked_slot_is_forgotten() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    pool.park(&start(&repository, &pool, "a", &base), &base, Keep::Save).unwrap();
    std::fs::remove_dir_all(sandbox.slot("")).unwrap();
    let again = start(&repository, &pool, "b", &base);
    assert_eq!((again.number, again.kind), (1, SlotKind::Cold));
    assert_eq!(sandbox.lines.all(), "");
    sandbox.assert_healthy();
}

#[test]
fn an_untouched_slot_moves_to_a_newer_base_and_an_edited_one_does_not() {
    for attached in [true, false] {
        let sandbox = Sandbox::new();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let old = sandbox.rev("main");
        sandbox.write("src/auth.py", "two\n");
        let new = sandbox.commit("second");
        let branch = RefName::branch("hotfix/a").unwrap();
        let mut held = pool.take("a", &branch, &old).unwrap();
        if attached {
            held = {
                drop(held);
                start(&repository, &pool, "a", &old)
            };
        }
        write(&held.worktree.path.join("src/auth.py"), "edited\n");
        assert!(!pool.move_to(&mut held, &new).unwrap());
        assert_eq!(read(held.worktree.path.join("src/auth.py")), "edited\n");

        write(&held.worktree.path.join("src/auth.py"), "one\n");
        assert!(pool.move_to(&mut held, &new).unwrap());
        assert_eq!(read(held.worktree.path.join("src/auth.py")), "two\n");
        assert_eq!(sandbox.git_in(&held.worktree.path, &["rev-parse", "HEAD"]), new.as_str());
        assert_eq!(sandbox.git_in(&held.worktree.path, &["status", "--short"]), "");
        assert_eq!(repository.read_ref(&branch).unwrap(), attached.then(|| new.clone()));
        let found = pool.held("a").unwrap().unwrap();
        assert_eq!((found.attached, &found.base), (attached, &new));
    }
}

#[test]
fn works_beside_a_bare_repository_and_from_a_linked_worktree() {
    let sandbox = Sandbox::new();
    let bare = sandbox.parent().join("store.git");
    sandbox.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let (repository, config) = (sandbox.repository_at(&bare), config());
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "a", &sandbox.rev("main"));
    assert_eq!(held.worktree.path, sandbox.parent().join("store-hotfix"));

    let inside = sandbox.repository_at(&held.worktree.path);
    let pool = Pool::new(&inside, &config);
    let second = start(&inside, &pool, "b", &sandbox.rev("main"));
    assert_eq!(second.worktree.path, sandbox.parent().join("store-hotfix-2"));
}

#[test]
fn the_main_worktree_may_be_in_the_middle_of_anything() {
    let begin: [&dyn Fn(&Sandbox); 3] = [
        &|sandbox| drop(sandbox.git(&["checkout", "-q", "--detach"])),
        &|sandbox| drop(sandbox.try_git(&sandbox.home, &["rebase", "side"])),
        &|sandbox| drop(sandbox.try_git(&sandbox.home, &["merge", "side"])),
    ];
    for begin in begin {
        let sandbox = Sandbox::new();
        let base = sandbox.rev("main");
        sandbox.git(&["switch", "-q", "-c", "side"]);
        sandbox.write("src/auth.py", "side\n");
        sandbox.commit("side");
        sandbox.git(&["switch", "-q", "main"]);
        sandbox.write("src/auth.py", "main\n");
        sandbox.commit("main");
        begin(&sandbox);
        sandbox.write("README", "work in progress\n");
        sandbox.write("untracked", "mine\n");
        let before = sandbox.users_own();
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let held = start(&repository, &pool, "a", &base);
        assert_eq!(read(held.worktree.path.join("src/auth.py")), "one\n");
        pool.lay(&pool.twin(&held, &base).unwrap(), &base, &sandbox.rev("side^{tree}")).unwrap();
        pool.park(&held, &sandbox.rev("side"), Keep::Save).unwrap();
        drop(held);
        start(&repository, &pool, "b", &base);
        assert_eq!(sandbox.users_own(), before);
    }
}

#[test]
fn a_template_that_leads_into_the_repository_is_refused() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let config = hotfix_model::config::SlotConfig { path: ".slots/x".to_owned(), ..config() };
    let branch = RefName::branch("hotfix/a").unwrap();
    let error = Pool::new(&repository, &config).take("a", &branch, &sandbox.rev("main")).unwrap_err();
    assert!(error.why().starts_with("slot.path is inside"), "{}", error.why());
    assert!(error.next().contains("slot.path"));
}

#[test]
fn names_of_any_bytes_are_paths() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let odd = sandbox.parent().join(std::ffi::OsStr::from_bytes(b"-a 'b\"\xff"));
    std::fs::rename(&sandbox.home, &odd).unwrap();
    let (repository, config) = (sandbox.repository_at(&odd), config());
    let pool = Pool::new(&repository, &config);
    let base = repository.resolve_commit("main").unwrap();
    let held = start(&repository, &pool, "a", &base);
    assert_eq!(held.worktree.path.parent(), odd.parent());
    pool.park(&held, &base, Keep::Save).unwrap();
    drop(held);
    assert_eq!(start(&repository, &pool, "b", &base).kind, SlotKind::Warm);
}

#[test]
fn parked_slots_are_removed_and_others_are_not() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    let held = start(&repository, &pool, "a", &base);
    pool.twin(&held, &base).unwrap();
    assert!(matches!(pool.remove(1, false).unwrap_err().downcast_ref(), Some(SlotError::Busy { .. })));
    drop(held);
    assert_eq!(pool.remove(1, false).unwrap_err().why(), "hotfix a is open in it");
    pool.park(&pool.held("a").unwrap().unwrap(), &base, Keep::Save).unwrap();
    write(&sandbox.slot("").join("mine"), "x");
    assert_eq!(pool.remove(1, false).unwrap_err().why(), "mine in it is in no commit");
    std::fs::remove_file(sandbox.slot("").join("mine")).unwrap();
    assert!(matches!(pool.list().unwrap()[0].state, SlotState::Parked { .. }));
    pool.remove(1, false).unwrap();
    assert!(!sandbox.slot("").exists() && !sandbox.slot("-base").exists());
    assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 1);
    assert_eq!(SlotError::Unknown { number: 1 }.to_string(), pool.remove(1, false).unwrap_err().to_string());
    assert_eq!(SlotError::Unknown { number: 1 }.next(), "git hotfix slot list");
}

#[test]
fn when_all_slots_are_in_use_it_is_said_who_has_them() {
    let sandbox = Sandbox::new();
    let (repository, config) =
        (sandbox.repository(), hotfix_model::config::SlotConfig { max: 2, ..config() });
    let pool = Pool::new(&repository, &config);
    let base = sandbox.rev("main");
    // A folder of somebody else's is no slot.
    std::fs::create_dir(sandbox.slot("-2")).unwrap();
    let first = start(&repository, &pool, "a", &base);
    start(&repository, &pool, "b", &base);
    let branch = RefName::branch("hotfix/c").unwrap();
    let error = pool.take("c", &branch, &base).unwrap_err();
    assert_eq!(error.to_string(), "all 2 slots are in use");
    assert_eq!(error.why(), "slot.max is 2; they are held by a for 0 min, b for 0 min");
    assert!(error.next().starts_with("git hotfix cleanup --id a"), "{}", error.next());
    assert_eq!(error.exit(), hotfix_model::ExitCode::DECISION);
    assert!(!sandbox.slot("-4").exists());
    pool.park(&first, &base, Keep::Save).unwrap();
    drop(first);
    assert_eq!(pool.take("c", &branch, &base).unwrap().number, 1);
}
