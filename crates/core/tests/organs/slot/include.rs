//! `.worktreeinclude`.

use std::os::unix::fs::PermissionsExt;

use hotfix_core::slot::{Keep, Pool};
use hotfix_model::config::SlotConfig;

use super::sandbox::{Sandbox, config, read, start, write};

#[test]
fn named_and_ignored_files_are_copied_for_the_user_alone() {
    let sandbox = Sandbox::new();
    sandbox.write(".worktreeinclude", "# secrets\n.env*\n!.env.example\n/config/*.cache\n:*\nplain\n");
    let base = sandbox.commit("include");
    sandbox.write(".env", "TOKEN=1\n");
    sandbox.write(".env.example", "TOKEN=\n");
    sandbox.write("config/local.cache", "c\n");
    for odd in [":(top).cache", "*.cache", " -x\n.cache"] {
        sandbox.write(&format!("config/{odd}"), "odd\n");
    }
    sandbox.write(":(top)x.cache", "at the root\n");
    sandbox.write("other.cache", "not named\n");
    sandbox.write("plain", "named, but not ignored\n");
    std::os::unix::fs::symlink("/etc/passwd", sandbox.home.join(".env.link")).unwrap();
    std::fs::set_permissions(sandbox.home.join(".env"), PermissionsExt::from_mode(0o644)).unwrap();
    let before = sandbox.users_own();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, "a", &base);
    let slot = held.worktree.path.clone();

    assert_eq!(sandbox.lines.all(), "");
    assert_eq!(read(slot.join(".env")), "TOKEN=1\n");
    assert_eq!(slot.join(".env").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(read(slot.join("config/local.cache")), "c\n");
    for odd in ["config/:(top).cache", "config/*.cache", "config/ -x\n.cache"] {
        assert_eq!(read(slot.join(odd)), "odd\n");
    }
    assert_eq!(read(slot.join(":(top)x.cache")), "at the root\n");
    for absent in [".env.example", "other.cache", "plain", ".env.link"] {
        assert!(slot.join(absent).symlink_metadata().is_err(), "{absent}");
    }
    assert_eq!(sandbox.git_in(&slot, &["status", "--short"]), "");

    // A file that is there is not overwritten; a new one comes with the next start, also into the twin.
    write(&slot.join(".env"), "TOKEN=2\n");
    pool.park(&held, &base, Keep::Save).unwrap();
    drop(held);
    write(&slot.join(".env"), "TOKEN=2\n");
    assert_eq!(sandbox.users_own(), before);
    sandbox.write(".env.new", "new\n");
    let held = start(&repository, &pool, "b", &base);
    assert_eq!((read(slot.join(".env")), read(slot.join(".env.new"))), ("TOKEN=2\n".into(), "new\n".into()));
    let twin = pool.twin(&held, &base).unwrap();
    pool.lay(&twin, &base, &repository.tree_of(&base).unwrap()).unwrap();
    assert_eq!(read(twin.worktree.path.join(".env")), "TOKEN=1\n");
    assert_eq!(sandbox.lines.all(), "");
}

/// What a slot holds after it was given back and taken again.
fn taken_again(sandbox: &Sandbox, patterns: &[&str], hotfix: &str) -> std::path::PathBuf {
    let repository = sandbox.repository();
    let copy = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let config = SlotConfig { copy, ..config() };
    let pool = Pool::new(&repository, &config);
    let held = start(&repository, &pool, hotfix, &sandbox.rev("main"));
    pool.park(&held, &sandbox.rev("main"), Keep::Save).unwrap();
    held.worktree.path.clone()
}

#[test]
fn a_copy_follows_the_users_file_until_somebody_edits_it() {
    let sandbox = Sandbox::new();
    sandbox.write(".env", "TOKEN=1\n");
    let slot = taken_again(&sandbox, &["/.env*"], "a");
    assert_eq!(read(slot.join(".env")), "TOKEN=1\n");
    assert_eq!(slot.join(".env").metadata().unwrap().permissions().mode() & 0o077, 0);

    sandbox.write(".env", "TOKEN=22\n");
    taken_again(&sandbox, &["/.env*"], "b");
    assert_eq!(read(slot.join(".env")), "TOKEN=22\n");

    std::fs::remove_file(sandbox.home.join(".env")).unwrap();
    taken_again(&sandbox, &["/.env*"], "c");
    assert!(!slot.join(".env").exists());
    assert_eq!(sandbox.lines.all(), "");

    sandbox.write(".env", "TOKEN=333\n");
    taken_again(&sandbox, &["/.env*"], "d");
    write(&slot.join(".env"), "edited in the slot\n");
    sandbox.write(".env", "TOKEN=4444\n");
    taken_again(&sandbox, &["/.env*"], "e");
    assert_eq!(read(slot.join(".env")), "edited in the slot\n");
    assert!(sandbox.lines.all().contains(".env in "), "{}", sandbox.lines.all());
    std::fs::remove_file(sandbox.home.join(".env")).unwrap();
    taken_again(&sandbox, &["/.env*"], "f");
    assert_eq!(read(slot.join(".env")), "edited in the slot\n");
}

#[test]
fn a_file_of_the_slots_own_is_never_removed_or_replaced() {
    let sandbox = Sandbox::new();
    let slot = taken_again(&sandbox, &[], "a");
    write(&slot.join(".env"), "made by a setup command\n");
    sandbox.write(".env", "TOKEN=1\n");
    for hotfix in ["b", "c"] {
        taken_again(&sandbox, &[".env"], hotfix);
    }
    std::fs::remove_file(sandbox.home.join(".env")).unwrap();
    taken_again(&sandbox, &[".env"], "d");
    assert_eq!(read(slot.join(".env")), "made by a setup command\n");
}

#[test]
fn too_much_is_said_and_not_copied() {
    let sandbox = Sandbox::new();
    std::fs::File::create(sandbox.home.join("huge.cache")).unwrap().set_len(65 << 20).unwrap();
    let slot = taken_again(&sandbox, &["*.cache"], "a");
    assert!(!slot.join("huge.cache").exists());
    assert!(
        sandbox.lines.all().contains("huge.cache and what follows is not copied"),
        "{}",
        sandbox.lines.all()
    );
}

#[test]
fn a_file_that_would_end_up_in_the_fix_is_not_copied() {
    let sandbox = Sandbox::new();
    sandbox.write(".worktreeinclude", "secret.txt\n");
    let base = sandbox.commit("include");
    // Ignored in the main worktree by a newer rule, which base does not have.
    sandbox.write(".gitignore", "secret.txt\n");
    sandbox.write("secret.txt", "s\n");
    let (repository, config) = (sandbox.repository(), config());
    let held = start(&repository, &Pool::new(&repository, &config), "a", &base);
    assert!(!held.worktree.path.join("secret.txt").exists());
}

#[test]
fn a_bare_repository_has_nothing_to_copy() {
    let sandbox = Sandbox::new();
    sandbox.write(".worktreeinclude", ".env\n");
    let base = sandbox.commit("include");
    let store = sandbox.parent().join("store.git");
    sandbox.git(&["clone", "-q", "--bare", ".", store.to_str().unwrap()]);
    let (repository, config) = (sandbox.repository_at(&store), config());
    start(&repository, &Pool::new(&repository, &config), "a", &base);
    assert_eq!(sandbox.lines.all(), "");
}
