//! Where slots lie, and how they follow a repository that is moved. (G7, G7b, G15, G17)

use std::path::{Path, PathBuf};

use hotfix_core::error::Explain;
use hotfix_core::slot::SlotError;
use hotfix_testkit::responder::request;
use hotfix_testkit::{Repo, Responder, Sandbox, World};

const FILES: &[(&str, &[u8])] = &[("shop.txt", b"one\n"), (".gitignore", b"*.log\n")];

/// Starts a hotfix in `dir` and gives the slot.
fn start(sandbox: &Sandbox, dir: &Path) -> PathBuf {
    PathBuf::from(Responder::at(sandbox, dir).start("Prices are wrong").worktree)
}

/// Starts hotfixes in the worktree and in the slot of that: the second one lies beside the first one.
fn start_two(sandbox: &Sandbox, dir: &Path) -> (PathBuf, PathBuf) {
    let first = start(sandbox, dir);
    let second = start(sandbox, &first);
    (first, second)
}

fn beside(repo: &Repo, name: &str) -> PathBuf {
    repo.path().with_file_name(name)
}

/// G7, and what else leads to a Git folder: a slot is never inside the worktree.
#[test]
fn a_git_folder_of_another_name_in_the_worktree_leaves_the_slot_beside_it() {
    let through_a_link = |repo: &Repo| {
        std::fs::rename(repo.file(".git"), repo.file(".git.nosync")).unwrap();
        std::os::unix::fs::symlink(".git.nosync", repo.file(".git")).unwrap();
    };
    let through_a_file = |repo: &Repo| {
        std::fs::rename(repo.file(".git"), repo.file(".store")).unwrap();
        repo.write(".git", "gitdir: .store\n");
    };
    let deeper = |repo: &Repo| {
        std::fs::create_dir(repo.file("private")).unwrap();
        std::fs::rename(repo.file(".git"), repo.file("private/git")).unwrap();
        repo.write(".git", "gitdir: private/git\n");
    };
    let moves: [&dyn Fn(&Repo); 3] = [&through_a_link, &through_a_file, &deeper];
    for hide in moves {
        let sandbox = Sandbox::new();
        let repo = sandbox.repo_with_remote(FILES);
        hide(&repo);
        let status = repo.git(["status", "--porcelain"]);
        let slots = start_two(&sandbox, repo.path());
        assert_eq!(slots, (beside(&repo, "repo-hotfix"), beside(&repo, "repo-hotfix-2")));
        assert_eq!(repo.git(["status", "--porcelain"]), status);
    }
}

#[test]
fn a_git_folder_elsewhere_leaves_the_slot_beside_the_worktree() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    for (name, store) in [("shop", "store/shop.git"), ("till", "store/.git")] {
        let store = sandbox.root().join(store);
        std::fs::create_dir_all(store.parent().unwrap()).unwrap();
        let worktree = beside(&repo, name);
        let paths = [&store, repo.bare().path(), &worktree].map(|path| path.to_str().unwrap().to_owned());
        repo.git(["clone", "--quiet", "--separate-git-dir", &paths[0], &paths[1], &paths[2]]);
        let slots = start_two(&sandbox, &worktree);
        let expected = (beside(&repo, &format!("{name}-hotfix")), beside(&repo, &format!("{name}-hotfix-2")));
        assert_eq!(slots, expected);
        assert!(std::fs::read_dir(store.parent().unwrap()).unwrap().count() == 1, "nothing beside the store");
        std::fs::remove_dir_all(store).unwrap();
    }
}

#[test]
fn variables_that_name_the_git_folder_leave_the_slot_beside_the_worktree() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    std::fs::rename(repo.file(".git"), repo.file(".dots")).unwrap();
    sandbox.env_set("GIT_DIR", ".dots");
    sandbox.env_set("GIT_WORK_TREE", ".");
    let first = start(&sandbox, repo.path());
    sandbox.env_remove("GIT_DIR");
    sandbox.env_remove("GIT_WORK_TREE");
    assert_eq!(first, beside(&repo, "repo-hotfix"));
    assert_eq!(start(&sandbox, &first), beside(&repo, "repo-hotfix-2"));
}

/// The layout of a bare repository in a hidden folder, with the worktrees beside it.
#[test]
fn the_slot_of_a_hidden_bare_repository_is_called_as_the_folder_around_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    let around = beside(&repo, "shop");
    let bare = around.join(".bare");
    repo.git(["clone", "--quiet", "--bare", repo.bare().path().to_str().unwrap(), bare.to_str().unwrap()]);
    std::fs::write(around.join(".git"), "gitdir: ./.bare\n").unwrap();
    let bare = sandbox.repo_at(bare);
    bare.git(["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    bare.git(["fetch", "--quiet"]);
    let main = around.join("main");
    bare.git(["worktree", "add", "--quiet", main.to_str().unwrap(), "main"]);
    let slots = start_two(&sandbox, &main);
    assert_eq!(slots, (around.join("shop-hotfix"), around.join("shop-hotfix-2")));
    assert_eq!(start(&sandbox, &around), around.join("shop-hotfix-3"));
}

/// G7b, and a submodule in a submodule.
#[test]
fn the_slot_of_a_submodule_lies_beside_the_outermost_repository() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    let address = repo.bare().path().to_str().unwrap().to_owned();
    let middle = sandbox.repo_at(beside(&repo, "middle"));
    repo.git(["init", "--quiet", middle.path().to_str().unwrap()]);
    middle.git(["submodule", "--quiet", "add", &address, "shop"]);
    middle.commit("feat: the shop");
    let outer = sandbox.repo_at(beside(&repo, "outer"));
    repo.git(["init", "--quiet", outer.path().to_str().unwrap()]);
    outer.git(["submodule", "--quiet", "add", middle.path().to_str().unwrap(), "lib/middle"]);
    outer.git(["submodule", "--quiet", "update", "--init", "--recursive"]);
    outer.commit("feat: all of it");
    let submodules = [middle.file("shop"), outer.file("lib/middle/shop")];
    let before = submodules.each_ref().map(World::of);
    assert_eq!(start(&sandbox, &middle.file("shop")), beside(&repo, "middle-shop-hotfix"));
    let (first, second) = start_two(&sandbox, &outer.file("lib/middle/shop"));
    assert_eq!(first, beside(&repo, "outer-middle-shop-hotfix"));
    assert_eq!(second, beside(&repo, "outer-middle-shop-hotfix-2"));
    for (before, submodule) in before.iter().zip(&submodules) {
        before.assert_untouched(&World::of(submodule));
    }
    for around in [&middle, &outer] {
        assert_eq!(around.git(["status", "--porcelain"]), "");
    }
}

/// A repository that merely lies in the worktree of another one, as below a home that is a repository, is no submodule.
#[test]
fn a_repository_in_the_worktree_of_another_keeps_its_slots_beside_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    sandbox.repo_at(sandbox.code()).git(["init", "--quiet"]);
    assert_eq!(start(&sandbox, repo.path()), beside(&repo, "repo-hotfix"));
}

#[test]
fn a_slot_path_in_a_worktree_or_in_a_git_folder_is_refused_with_a_command_that_works() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    let feature = beside(&repo, "feature");
    repo.git(["worktree", "add", "--quiet", "-b", "feature", feature.to_str().unwrap()]);
    for path in ["inside", "../feature/deep/slot", ".git/slots/one", "../origin.git/slot", ".."] {
        let responder = Responder::at(&sandbox, repo.path()).with("slot.path", path);
        let error = responder.try_start(request("Prices are wrong")).unwrap_err();
        let Some(error @ SlotError::BadPlace { why, .. }) = error.downcast_ref() else {
            panic!("{path}: {error}")
        };
        assert!(why.contains("slot.path is inside"), "{path}: {why}");
        assert!(error.next().contains("--set slot.path="), "{}", error.next());
        assert_eq!(repo.refs("refs/heads/hotfix"), "", "nothing was begun");
    }
    let other = Responder::at(&sandbox, repo.path()).with("slot.path", "../elsewhere/slot");
    assert_eq!(other.start("Prices are wrong").worktree, beside(&repo, "elsewhere/slot").to_str().unwrap());
}

/// G17.
#[test]
fn a_name_that_is_too_long_with_that_of_its_twin_is_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    for length in [251, 255, 300] {
        let responder =
            Responder::at(&sandbox, repo.path()).with("slot.path", &format!("../{}", "x".repeat(length)));
        let error = responder.try_start(request("Prices are wrong")).unwrap_err();
        let Some(error @ SlotError::BadPlace { why, .. }) = error.downcast_ref() else { panic!("{error}") };
        assert!(why.contains("too long"), "{why}");
        assert!(error.next().starts_with("git hotfix --set slot.path="), "{}", error.next());
    }
    assert!(!repo.file(".git/worktrees").exists());
}

/// Moves repository and slot into a folder of their own.
fn move_both(sandbox: &Sandbox, repo: &Repo, slot: &Path) -> (Repo, PathBuf) {
    let new = sandbox.root().join("new");
    std::fs::create_dir(&new).unwrap();
    let (repo_now, slot_now) = (new.join("repo"), new.join("repo-hotfix"));
    std::fs::rename(repo.path(), &repo_now).unwrap();
    std::fs::rename(slot, &slot_now).unwrap();
    (sandbox.repo_at(repo_now), slot_now)
}

/// G15b. The slot is the one that it was, for whatever is typed.
#[test]
fn a_slot_moved_with_its_repository_and_repaired_is_found() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    let slot = start(&sandbox, repo.path());
    let (repo, slot) = move_both(&sandbox, &repo, &slot);
    repo.git(["worktree", "repair", slot.to_str().unwrap()]);
    let responder = Responder::at(&sandbox, repo.path());
    assert_eq!(responder.slot().path(), slot);
    responder.slot().write("shop.txt", "two\n");
    let here = Responder::at(&sandbox, &slot);
    assert_eq!(here.status().worktree.as_deref(), slot.to_str());
    here.try_cleanup(true).unwrap();
    assert_eq!(start(&sandbox, repo.path()), slot, "it is used again");
    assert!(!sandbox.code().join("repo-hotfix").exists());
}

/// Until Git knows the slot again, nothing is forgotten, and the command that tells Git is named.
#[test]
fn a_slot_that_was_moved_and_not_repaired_is_not_forgotten() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    let slot = start(&sandbox, repo.path());
    let edited = sandbox.repo_at(&slot);
    edited.write("shop.txt", "two\n");
    let (repo, slot) = move_both(&sandbox, &repo, &slot);
    let responder = Responder::at(&sandbox, repo.path());
    let id = responder.status().id;
    let error = responder.try_resume(&id).unwrap_err();
    let next = error.next();
    assert_eq!(next, format!("git worktree repair {}  # then run the same command again", slot.display()));
    repo.git(["worktree", "repair", slot.to_str().unwrap()]);
    assert_eq!(responder.try_resume(&id).unwrap().worktree, slot.to_str().unwrap());
    assert_eq!(sandbox.repo_at(&slot).read("shop.txt"), "two\n");
}

#[test]
fn a_slot_that_git_moved_is_followed_and_a_worktree_of_the_same_name_is_not() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(FILES);
    let slot = start(&sandbox, repo.path());
    Responder::at(&sandbox, repo.path()).try_cleanup(true).unwrap();
    let elsewhere = beside(&repo, "elsewhere");
    let [from, to] = [&slot, &elsewhere].map(|path| path.to_str().unwrap().to_owned());
    repo.git(["worktree", "unlock", &from]);
    repo.git(["worktree", "move", &from, &to]);
    assert_eq!(start(&sandbox, repo.path()), elsewhere);
    Responder::at(&sandbox, repo.path()).try_cleanup(true).unwrap();

    repo.git(["worktree", "remove", "--force", &to]);
    let own = sandbox.root().join("own/repo-hotfix");
    repo.git(["worktree", "add", "--quiet", "-b", "mine", own.to_str().unwrap()]);
    assert_eq!(repo.read(".git/worktrees/repo-hotfix/gitdir").trim_end(), own.join(".git").to_str().unwrap());
    assert_ne!(start(&sandbox, repo.path()), own, "a worktree of the user's is nobody's slot");
    assert!(own.join("shop.txt").exists());
}

/// G15a.
#[test]
fn with_new_git_pointers_that_were_made_relative_lead_to_the_slot() {
    let sandbox = Sandbox::with_new_git();
    let repo = sandbox.repo_with_remote(FILES);
    repo.git(["config", "worktree.useRelativePaths", "true"]);
    let slot = start(&sandbox, repo.path());
    repo.git(["worktree", "repair"]);
    assert!(repo.read(".git/worktrees/repo-hotfix/gitdir").starts_with("../"), "relative by now");
    let responder = Responder::at(&sandbox, repo.path());
    assert_eq!(responder.slot().path(), slot);
    responder.try_cleanup(true).unwrap();
    assert_eq!(start(&sandbox, repo.path()), slot, "it is used again");
    assert_eq!(start(&sandbox, &slot), beside(&repo, "repo-hotfix-2"));

    // Relative pointers need no repair when both are moved.
    let (_, slot) = move_both(&sandbox, &repo, &slot);
    assert_eq!(Responder::at(&sandbox, &slot).status().worktree.as_deref(), slot.to_str());
}
