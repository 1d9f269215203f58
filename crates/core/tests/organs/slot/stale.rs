//! A build that goes by times of files never passes on a product of other sources.

use std::path::Path;

use hotfix_core::git::Oid;
use hotfix_core::slot::{Keep, Pool};

use super::sandbox::{Sandbox, config, read, start, write};

/// As `make` does it: the product is made only if its source is newer. What it holds afterwards.
fn built(dir: &Path) -> String {
    let (source, product) = (dir.join("src/auth.py"), dir.join("product.cache"));
    let time = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
    if time(&product) < time(&source) {
        write(&product, &read(&source));
    }
    read(product)
}

/// Commits whose sources have one size, the first again at the end.
fn versions(sandbox: &Sandbox) -> Vec<(Oid, String)> {
    let contents = ["one\n", "two\n", "six\n", "one\n", "two\n"];
    let commit = |(count, content): (usize, &&str)| {
        sandbox.write("src/auth.py", content);
        sandbox.write("count", &count.to_string());
        (sandbox.commit("next"), (*content).to_owned())
    };
    let mut all: Vec<(Oid, String)> = contents.iter().enumerate().map(commit).collect();
    let back: Vec<(Oid, String)> = all.iter().rev().cloned().collect();
    all.extend(back);
    all
}

#[test]
fn in_a_slot() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    for (count, (commit, content)) in versions(&sandbox).into_iter().enumerate() {
        let held = start(&repository, &pool, &count.to_string(), &commit);
        let slot = held.worktree.path.clone();
        // What is written right after a build can have its time; that is so whoever writes it.
        if count % 2 == 0 {
            assert_eq!(built(&slot), content);
        } else {
            write(&slot.join("src/auth.py"), "fix\n");
            assert_eq!(built(&slot), "fix\n");
        }
        pool.park(&held, &commit, Keep::Discard).unwrap();
        assert_eq!((held.number, built(&slot)), (1, content));
    }
}

#[test]
fn in_a_twin() {
    let sandbox = Sandbox::new();
    let (repository, config) = (sandbox.repository(), config());
    let pool = Pool::new(&repository, &config);
    let versions = versions(&sandbox);
    let base = &versions[0].0;
    let held = start(&repository, &pool, "a", base);
    let twin = pool.twin(&held, base).unwrap();
    for _ in 0..5 {
        for (commit, content) in &versions {
            pool.lay(&twin, base, &repository.tree_of(commit).unwrap()).unwrap();
            assert_eq!(built(&twin.worktree.path), *content);
        }
    }
}
