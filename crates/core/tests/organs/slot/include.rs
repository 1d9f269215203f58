//! `.worktreeinclude`.

use std::os::unix::fs::PermissionsExt;

use hotfix_core::slot::{Keep, Pool};

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
