//! How many processes the deeds cost.

use hotfix_core::git::RefName;
use hotfix_core::slot::{Keep, Pool};
use hotfix_testkit::write_program;

use super::sandbox::{PATH, Sandbox, config, read};

/// The subcommands of git that `deed` runs, in order.
fn forks(sandbox: &Sandbox, deed: impl FnOnce()) -> Vec<String> {
    let log = sandbox.parent().join("forks");
    std::fs::write(&log, "").unwrap();
    deed();
    read(&log).lines().map(str::to_owned).collect()
}

/// Puts a `git` before the real one that writes down what it is called with.
fn watch(sandbox: &mut Sandbox) {
    let shim = sandbox.parent().join("bin/git");
    let log = sandbox.parent().join("forks");
    let script = format!(
        "for word; do\n  case $skip$word in\n    -c) skip=x;;\n    x*) skip=;;\n    *) echo \"$word\" >>'{}'; break;;\n  \
         esac\ndone\nPATH={PATH} exec git \"$@\"\n",
        log.display()
    );
    write_program(&shim, script);
    sandbox.path = format!("{}:{PATH}", shim.parent().unwrap().display());
}

#[test]
fn a_warm_start_costs_what_differs() {
    let mut sandbox = Sandbox::new();
    let old = sandbox.rev("main");
    sandbox.write("src/auth.py", "two\n");
    let new = sandbox.commit("second");
    watch(&mut sandbox);
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let branch = RefName::branch("main").unwrap();
    let take = |hotfix: &str, commit| {
        let mut held = pool.take(hotfix, &branch, commit).unwrap();
        // The branch is the caller's to make; this one is checked out elsewhere, which Git's plumbing allows.
        pool.attach(&mut held).unwrap();
        held
    };

    assert_eq!(forks(&sandbox, || drop(take("a", &old))), ["read-tree"]);
    let park =
        |hotfix, commit| drop(pool.park(&pool.held(hotfix).unwrap().unwrap(), commit, Keep::Save).unwrap());
    // Its branch is at another commit, so Git has to say what differs; nothing is written.
    assert_eq!(forks(&sandbox, || park("a", &old)), ["status"]);
    assert_eq!(forks(&sandbox, || drop(take("b", &old))), [""; 0]);
    park("b", &old);
    assert_eq!(forks(&sandbox, || drop(take("c", &new))), ["checkout-index"]);

    let held = pool.held("c").unwrap().unwrap();
    let tree = repository.tree_of(&new).unwrap();
    let lay = || pool.lay(&pool.twin(&held, &old).unwrap(), &old, &tree).unwrap();
    assert_eq!(forks(&sandbox, || drop(pool.twin(&held, &old).unwrap())), ["read-tree"]);
    let twin = pool.twin(&held, &old).unwrap().worktree.path;
    // Rules that are as new as the index are Git's business; here they are older, as they nearly always are.
    let earlier = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options()
        .write(true)
        .open(twin.join(".gitignore"))
        .unwrap()
        .set_modified(earlier)
        .unwrap();
    sandbox.git_in(&twin, &["update-index", "--refresh"]);
    let only = |calls: Vec<String>, expected: &[&str]| {
        assert!(calls.iter().all(|call| expected.contains(&call.as_str())), "{calls:?}");
    };
    // Files as new as the index have to be read again.
    only(forks(&sandbox, lay), &["checkout-index", "update-index"]);
    only(forks(&sandbox, lay), &["update-index"]);
    assert_eq!(forks(&sandbox, || drop(pool.of_dir(&held.worktree.path).unwrap())), [""; 0]);
}
