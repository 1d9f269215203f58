//! The user's work, in every state it can be in, is byte for byte as before.

use super::*;

#[track_caller]
fn assert_untouched_after(prepare: impl FnOnce(&Repo)) {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    colleague_moved_main_of(&project);
    prepare(&project);
    let before = World::of(project.path());
    Responder::at(&sandbox, project.path()).start(ALERT);
    before.assert_untouched(&World::of(project.path()));
}

/// On the remote are a newer main, another branch and another tag, which are not to be fetched here.
fn colleague_moved_main_of(project: &Repo) {
    project.push_commit_to_remote(&[("CHANGES", b"newer\n")]);
    project.bare().git(["branch", "hotfix/9.9.9", "main"]);
    project.bare().git(["tag", "v3.0.0", "main"]);
}

/// Two branches that change the same line.
fn conflicting(project: &Repo) {
    project.git(["switch", "--quiet", "--discard-changes", "--create", "other", "main"]);
    project.write("README.md", "# Other\n");
    project.commit("docs: other");
    project.git(["switch", "--quiet", "--create", "mine", "main"]);
    project.write("README.md", "# Mine\n");
    project.commit("docs: mine");
}

#[test]
fn with_staged_edited_untracked_ignored_and_stashed_work() {
    assert_untouched_after(|_| ());
}

#[test]
fn clean_on_main() {
    assert_untouched_after(|project| {
        project.git(["switch", "--quiet", "--discard-changes", "main"]);
    });
}

#[test]
fn detached() {
    assert_untouched_after(|project| drop(project.git(["switch", "--quiet", "--detach"])));
}

#[test]
fn in_a_merge_with_conflicts() {
    assert_untouched_after(|project| {
        conflicting(project);
        project.try_git(["merge", "other"]).unwrap_err();
    });
}

#[test]
fn in_a_rebase() {
    assert_untouched_after(|project| {
        conflicting(project);
        project.try_git(["rebase", "other"]).unwrap_err();
    });
}

#[test]
fn in_a_cherry_pick() {
    assert_untouched_after(|project| {
        conflicting(project);
        project.try_git(["cherry-pick", "other"]).unwrap_err();
    });
}

#[test]
fn in_a_bisect() {
    assert_untouched_after(|project| {
        project.git(["switch", "--quiet", "--discard-changes", "main"]);
        project.git(["bisect", "start", "HEAD", "HEAD~3"]);
    });
}

#[test]
fn on_an_unborn_branch() {
    assert_untouched_after(|project| {
        project.git(["switch", "--quiet", "--discard-changes", "--orphan", "nothing-yet"]);
    });
}

#[test]
fn with_intents_to_add_and_files_assumed_unchanged() {
    assert_untouched_after(|project| {
        project.git(["add", "--intent-to-add", "notes.txt"]);
        project.git(["update-index", "--assume-unchanged", "README.md"]);
        project.write("README.md", "# Assumed\n");
    });
}

#[test]
fn with_a_fetch_head_and_packed_refs() {
    assert_untouched_after(|project| {
        project.git(["fetch", "--quiet", "origin", "hotfix/9.9.9"]);
        project.git(["pack-refs", "--all"]);
    });
}

#[test]
fn in_a_bare_repository() {
    let sandbox = Sandbox::new();
    let bare = published(&sandbox).bare();
    let before = World::of(bare.path());
    Responder::at(&sandbox, bare.path()).start(ALERT);
    before.assert_untouched(&World::of(bare.path()));
}

#[test]
fn in_another_worktree_of_the_user() {
    let sandbox = Sandbox::new();
    let project = sandbox.project();
    let other = sandbox.code().join("other");
    project.git(["worktree", "add", "--quiet", other.to_str().unwrap(), "main"]);
    fs::write(other.join("README.md"), "edited").unwrap();
    let (before, others) = (World::of(project.path()), World::of(&other));
    Responder::at(&sandbox, &other).start(ALERT);
    before.assert_untouched(&World::of(project.path()));
    others.assert_untouched(&World::of(&other));
}
