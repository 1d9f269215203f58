//! Slots with a part of the files.

use hotfix_core::git::{Cone, RefName};
use hotfix_core::slot::{Keep, Pool};

use super::sandbox::{Sandbox, config, write};

fn files(sandbox: &Sandbox, dir: &std::path::Path) -> Vec<String> {
    let listed = sandbox.git_in(dir, &["ls-files", "-t"]);
    let present = listed.lines().filter_map(|line| line.strip_prefix("H ")).map(str::to_owned);
    let present: Vec<String> = present.collect();
    for file in &present {
        assert!(dir.join(file).exists(), "{file} is told to be there");
    }
    present
}

#[test]
fn a_new_slot_holds_what_git_s_own_sparse_checkout_holds() {
    let sandbox = Sandbox::new();
    for path in ["a/x", "a/b/y", "a/b/c/z", "d/e/f", "d/g", "odd [1]*/h", "odd/i", "top"] {
        sandbox.write(path, path);
    }
    let base = sandbox.commit("many");
    let before = sandbox.git(&["config", "--list", "--show-origin"]);
    let (repository, config) = (sandbox.repository(), config());
    for (number, folders) in
        [vec!["a/b", "d/e/"], vec!["a/b/c", "a"], vec!["odd [1]*"], vec!["d"]].into_iter().enumerate()
    {
        let folders: Vec<String> = folders.into_iter().map(str::to_owned).collect();
        let pool = Pool::new(&repository, &config).with_cone(Cone::new(&folders));
        let name = format!("h{number}");
        sandbox.git(&["branch", &name, base.as_str()]);
        let mut held = pool.take(&name, &RefName::branch(&name).unwrap(), &base).unwrap();
        pool.attach(&mut held).unwrap();
        let slot = held.worktree.path.clone();
        let oracle = sandbox.parent().join(format!("oracle-{number}"));
        let oracle_text = oracle.to_string_lossy().into_owned();
        sandbox.git(&["clone", "--quiet", "--no-checkout", ".", &oracle_text]);
        let set: Vec<&str> = folders.iter().map(String::as_str).collect();
        sandbox.git_in(
            &oracle,
            &[&["sparse-checkout", "set", "--cone", "--skip-checks"], set.as_slice()].concat(),
        );
        sandbox.git_in(&oracle, &["checkout", "--quiet", "--detach", base.as_str()]);
        assert_eq!(files(&sandbox, &slot), files(&sandbox, &oracle), "{folders:?}");
        assert_eq!(sandbox.git_in(&slot, &["status", "--porcelain"]), "");

        write(&slot.join("top"), "edited");
        let tree = repository.snapshot(&held.worktree, &[]).unwrap();
        let changed = sandbox.git(&["diff", "--name-only", base.as_str(), tree.as_str()]);
        assert_eq!(changed, "top", "what is not checked out is not deleted");

        let twin = pool.twin(&held, &base).unwrap().worktree;
        assert_eq!(files(&sandbox, &twin.path), files(&sandbox, &oracle));
        pool.lay(&pool.twin(&held, &base).unwrap(), &base, &tree).unwrap();
        assert_eq!(files(&sandbox, &twin.path), files(&sandbox, &oracle));

        pool.park(&held, &base, Keep::Save).unwrap();
        for dir in [&slot, &twin.path] {
            assert_eq!(files(&sandbox, dir).len(), sandbox.git(&["ls-files"]).lines().count());
            assert_eq!(sandbox.git_in(dir, &["status", "--porcelain"]), "");
        }
        let number = held.number;
        drop(held);
        pool.remove(number, false).unwrap();
    }
    assert_eq!(sandbox.git(&["config", "--list", "--show-origin"]), before);
}

#[test]
fn what_is_no_folder_makes_no_cone() {
    for folder in ["", "/", "/abs", "..", "a/../b", "a\nb"] {
        assert_eq!(Cone::new(&[folder.to_owned()]), None, "{folder:?}");
    }
    assert_eq!(Cone::new(&[]), None);
    assert!(Cone::new(&["a//b/".to_owned()]).is_some());
}
