//! Many at once.

use std::collections::BTreeSet;

use hotfix_core::git::RefName;
use hotfix_core::slot::{Keep, Pool};

use super::sandbox::{Sandbox, config, start};

#[test]
fn sixteen_at_once_get_sixteen_slots() {
    let sandbox = Sandbox::new();
    let base = sandbox.rev("main");
    let before = sandbox.users_own();
    {
        // Some are waiting, the rest is to be made.
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let held: Vec<_> = (0..4).map(|n| start(&repository, &pool, &format!("p{n}"), &base)).collect();
        for held in held {
            pool.park(&held, &base, Keep::Discard).unwrap();
        }
    }
    let take = |number: usize| {
        let (repository, config) = (sandbox.repository(), config());
        let pool = Pool::new(&repository, &config);
        let branch = RefName::branch(&format!("hotfix/n{number}")).unwrap();
        let held = pool.take(&format!("n{number}"), &branch, &base).unwrap();
        pool.twin(&held, &base).unwrap();
        held.worktree.path.clone()
    };
    let paths: BTreeSet<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|number| scope.spawn(move || take(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(paths.len(), 16);
    for path in &paths {
        assert_eq!(sandbox.git_in(path, &["status", "--short"]), "");
    }
    // The main one, 16 slots and their twins.
    assert_eq!(sandbox.git(&["worktree", "list"]).lines().count(), 33);
    assert_eq!(sandbox.users_own(), before);
    sandbox.assert_healthy();
}
