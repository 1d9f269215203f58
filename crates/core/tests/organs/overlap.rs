//! Fetching beside the making of worktrees.

use std::thread;
use std::time::Duration;

use hotfix_core::git::{CommonLock, FetchLock, Oid, Repository};
use hotfix_testkit::Sandbox;

/// Worktrees that are filled, and fetches that run meanwhile: without the order that the locks keep, a third of such
/// fetches failed.
const ROUNDS: u32 = 12;

#[test]
fn a_fetch_never_fails_because_a_worktree_is_being_filled() {
    let sandbox = Sandbox::new();
    let content = "x".repeat(2_000);
    let names: Vec<String> = (0..300).map(|number| format!("{}/{number}", number % 7)).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), content.as_bytes())).collect();
    let repo = sandbox.repo_with_remote(&files);
    let repository = Repository::discover(&sandbox.ctx(repo.path())).unwrap();
    let commit = Oid::parse(&repo.head()).unwrap();
    let made = |number: u32| {
        let common = CommonLock::acquire(&repository).unwrap();
        repository.add_worktree(&common, &sandbox.code().join(format!("slot-{number}")), &commit).unwrap()
    };
    let worktrees: Vec<_> = (0..ROUNDS).map(made).collect();
    let fetches = || {
        for number in 0..ROUNDS {
            let new =
                repo.bare().git(["commit-tree", "-p", "main", "-m", &number.to_string(), "main^{tree}"]);
            repo.bare().git(["update-ref", "refs/heads/main", &new]);
            let lock = FetchLock::acquire(&repository, Duration::from_mins(2)).unwrap();
            let refspecs = ["+refs/heads/main:refs/hotfix/base/main".to_owned()];
            repository.fetch_private(&lock, "origin", &refspecs, Duration::from_mins(1)).unwrap();
            assert_eq!(repo.commit_of("refs/hotfix/base/main"), new);
        }
    };
    thread::scope(|scope| {
        let fetching = scope.spawn(fetches);
        for worktree in &worktrees {
            repository.fill_worktree(worktree).unwrap();
        }
        fetching.join().unwrap();
    });
    for worktree in &worktrees {
        let slot = sandbox.repo_at(&worktree.path);
        assert_eq!((slot.git(["status", "--porcelain"]), slot.head()), (String::new(), commit.to_string()));
    }
}
