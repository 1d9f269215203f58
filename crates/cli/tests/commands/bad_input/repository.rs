//! Repositories in states that make Git itself stumble.

use hotfix_testkit::{Repo, Sandbox, World};
use insta::assert_snapshot;

use crate::case::{ALERT, Case, ID, SUBJECT};

/// What a command says in a repository that is no [`Case`].
fn told(sandbox: &Sandbox, repo: &Repo, args: &[&str]) -> String {
    let before = World::of(repo.path());
    let output = sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), repo.path()).run(args);
    before.assert_untouched(&World::of(repo.path()));
    sandbox.steady(&format!("exit {}\n{}", output.code, output.stderr.trim_end()))
}

#[test]
fn no_repository() {
    let sandbox = Sandbox::new();
    let hotfix = sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), sandbox.code());
    for args in [&["start", ALERT][..], &["ship"], &["status"], &["list"]] {
        let output = hotfix.run(args);
        insta::allow_duplicates!(
            assert_snapshot!(sandbox.steady(&format!("exit {}\n{}", output.code, output.stderr)), @"
        exit 3
        error: [root]/code is not in a Git repository
          why: not a git repository (or any of the parent directories): .git
          next: cd into a repository, then run the same command again
        ")
        );
    }
    assert_eq!(std::fs::read_dir(sandbox.code()).expect("a folder").count(), 0, "something was made");
}

#[test]
fn no_commit_yet() {
    let sandbox = Sandbox::new();
    let repo = sandbox.empty_repo();
    assert_snapshot!(told(&sandbox, &repo, &["start", ALERT]), @r#"
    exit 3
      start     looking for the newest base
    error: [root]/code/empty has no commit yet
      why: a hotfix starts from a commit
      next: git commit  # then git hotfix start "ALERT"
    "#);
    assert_snapshot!(told(&sandbox, &repo, &["ship"]), @r#"
    exit 2
    error: no hotfix is open here
      why: none was started, or all are shipped
      next: git hotfix start "ALERT"
    "#);
}

#[test]
fn no_remote_starts_here_and_cannot_ship() {
    let case = Case::new();
    case.repo.git(["remote", "remove", "origin"]);
    let mut case = case;
    case.settle();
    assert_snapshot!(case.run(&["start", ALERT]), @"
    exit 0
      note      there is no remote: everything stays in this repository (git remote add origin URL)
    ");
    case.fix();
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"
    exit 3
    error: the repository has no remote to deliver to
      why: `git remote` lists none
      next: git remote add origin URL  # then git hotfix ship
    ");
    assert_snapshot!(case.run(&["commit", "-m", SUBJECT]), @"
    exit 1
    error: the critical tests have not run on this change
      why: only what was tested may be committed
      next: git hotfix test
    ");
    let bare = case.repo.bare();
    case.repo.git(["remote", "add", "origin", bare.path().to_str().expect("text")]);
    case.settle();
    assert_snapshot!(case.run(&["ship", SUBJECT]), @"exit 0");
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
}

#[test]
fn an_unknown_base() {
    let case = Case::new();
    for base in ["no-such-base", "v9.9.9", "--upload-pack=x", "", "0123456789abcdef0123456789abcdef01234567"]
    {
        let output = case.hotfix().run(["start", ALERT, &format!("--base={base}")]);
        let told = case.told(&output);
        assert!(told.starts_with("exit 2\nerror: "), "{base:?}: {told}");
        assert!(told.contains("\n  next: "), "{base:?}: {told}");
    }
    assert_snapshot!(case.run(&["start", ALERT, "--base", "no-such-base"]), @r#"
    exit 2
    error: the base `no-such-base` does not exist on origin
      why: no branch, tag or commit has that name
      next: git branch --all; git tag  # then git hotfix start --base NAME "ALERT"
    "#);
    assert!(!case.slot().exists(), "a slot was made for nothing");
    assert_eq!(case.repo.refs("refs/heads/hotfix"), "");
}

#[test]
fn the_base_is_gone_from_the_remote() {
    let case = Case::new();
    case.repo.bare().git(["update-ref", "-d", "refs/heads/main"]);
    assert_snapshot!(case.run(&["start", ALERT]), @"
    exit 0
      note      origin/main may be old: the base `main` does not exist on origin: no branch, tag or commit has that name
    ");
}

#[test]
fn what_somebody_left_in_a_slot_is_never_part_of_a_fix_and_never_lost() {
    let case = Case::started();
    case.hotfix().must(["cleanup", "--discard"]);
    case.edit("auth.sh", "somebody works here\n");
    assert_eq!(case.hotfix().run(["start", ALERT, "--name", "next"]).code, 0);
    // Found while the remote is asked, or else before anything is proved.
    let shipped = case.hotfix().run(["ship", "auth"]);
    assert_ne!(shipped.code, 0, "{}", shipped.stderr);
    case.hotfix().must(["resume", "next"]);
    let saved = std::fs::read_dir(case.repo.path().join(".git/hotfix/saved")).expect("a folder");
    let saved: Vec<_> = saved.map(|entry| entry.expect("an entry").path().join("auth.sh")).collect();
    let left = std::fs::read_to_string(&saved[0]).expect("their file");
    assert_eq!((saved.len(), left.as_str()), (1, "somebody works here\n"));
    let taken_out = std::fs::read_to_string(case.slot().join("auth.sh")).expect("base's file");
    assert_ne!(taken_out, left);
}

#[test]
fn a_slot_with_work_is_not_given_back() {
    let case = Case::fixed();
    case.edit("left over.txt", "x\n");
    assert_snapshot!(case.run(&["cleanup"]), @"
    exit 4
    error: changes are not committed: auth.sh, left over.txt, tests/test_auth.sh
      why: a slot that is given back is made clean
      next: git hotfix ship  # or: git hotfix cleanup --discard, which keeps the changes in the record
    ");
    assert!(case.slot().join("left over.txt").exists());
    assert_snapshot!(case.run(&["cleanup", "--discard"]), @"exit 0");
    let kept = case.repo.git(["show", "refs/hotfix/discarded/1.2.3:left over.txt"]);
    assert_eq!(kept, "x");
}

#[test]
fn whatever_is_in_progress_in_the_main_worktree_stays_so() {
    for state in ["detached", "rebase", "merge", "cherry-pick", "bisect"] {
        let mut case = Case::new();
        bring_into(&case.repo, state);
        case.settle();
        case.start();
        case.fix();
        let output = case.ship();
        assert_eq!(output.code, 0, "{state}: {}", output.stderr);
        case.assert_untouched();
        assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3", "{state}");
    }
}

fn bring_into(repo: &Repo, state: &str) {
    repo.git(["add", "--all"]);
    repo.git(["commit", "--quiet", "--message", "feat: avatars"]);
    repo.git(["switch", "--quiet", "--create", "other", "main"]);
    repo.write("avatar.sh", "size=1\n");
    repo.commit("feat: other avatars");
    let stops = |command: &str| {
        let line = format!("alias.stops=!git {command} >/dev/null 2>&1 && exit 1 || exit 0");
        repo.git(["-c", &line, "stops"]);
    };
    match state {
        "detached" => drop(repo.git(["switch", "--quiet", "--detach", "HEAD~1"])),
        "rebase" => stops("rebase feature/avatars"),
        "merge" => stops("merge feature/avatars"),
        "cherry-pick" => stops("cherry-pick feature/avatars"),
        _ => drop(repo.git(["bisect", "start", "HEAD", "main"])),
    }
}

#[test]
fn a_bare_repository() {
    let case = Case::new();
    let bare = case.sandbox.repo_at(case.sandbox.code().join("work.git"));
    let origin = case.repo.bare();
    let path = |repo: &Repo| repo.path().to_str().expect("text").to_owned();
    case.repo.git(["clone", "--quiet", "--bare", &path(&origin), &path(&bare)]);
    let before = World::of(bare.path());
    let started = case.at(bare.path()).must(["start", ALERT, "--json"]).json();
    let slot = case.sandbox.repo_at(started["worktree"].as_str().expect("a path"));
    assert_eq!(slot.path(), case.sandbox.code().join("work-hotfix"));
    slot.write("auth.sh", "valid() {\n    test \"$1\" -gt 0\n}\n");
    case.at(slot.path()).must(["ship", SUBJECT]);
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    before.assert_untouched(&World::of(bare.path()));
}

#[test]
fn the_hotfix_branch_is_checked_out_elsewhere() {
    let mut case = Case::fixed();
    case.hotfix().must(["commit", "-m", SUBJECT, "--skip", "test", "--reason", "r"]);
    case.hotfix().must(["submit"]);
    case.hotfix().must(["cleanup"]);
    case.repo.git(["worktree", "add", "--quiet", "../mine", "hotfix/1.2.3"]);
    case.settle();
    assert_snapshot!(case.run(&["resume", ID]), @"
    exit 4
    error: refs/heads/hotfix/1.2.3 is checked out in [root]/code/mine
      why: a branch can be worked on in one worktree at a time
      next: git -C [root]/code/mine switch --detach  # then run the same command again
    ");
    assert_snapshot!(case.run(&["status", "--id", ID]), @"exit 0");
    let slot = case.sandbox.repo_at(case.slot());
    assert_eq!(slot.git(["rev-parse", "--abbrev-ref", "HEAD"]), "HEAD", "the slot is parked");
}

#[test]
fn nobody_knows_who_commits() {
    let mut case = Case::new();
    case.repo.git(["config", "user.useConfigOnly", "true"]);
    case.settle();
    let config = case.sandbox.home().join(".gitconfig");
    let known = std::fs::read_to_string(&config).expect("settings");
    std::fs::write(&config, known.replace("[user]", "[nobody]")).expect("writable settings");
    assert_snapshot!(case.run(&["start", ALERT]), @r#"
    exit 3
    error: Git does not know who you are
      why: user.name and user.email are not set
      next: git config --global user.name "Your Name" && git config --global user.email you@example.com
    "#);
    assert!(!case.slot().exists(), "a slot was made for nothing");
    std::fs::write(&config, known).expect("writable settings");
    case.start();
}

/// Packs are opened as they are needed, and closed.
#[test]
fn many_packs_and_few_open_files() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    repo.git(["config", "gc.auto", "0"]);
    for round in 0..140 {
        repo.write("notes", format!("{round}\n"));
        repo.commit("docs: note");
        repo.git(["repack", "--quiet", "-d"]);
    }
    repo.git(["push", "--quiet", "origin", "main"]);
    let packs = std::fs::read_dir(repo.file(".git/objects/pack")).expect("a folder").count();
    assert!(packs > 256, "{packs} files");
    let shell = sandbox.binary("/bin/sh", repo.path());
    let limited = |args: &str| {
        shell.run(["-c", &format!("ulimit -n 256; exec {} {args}", env!("CARGO_BIN_EXE_git-hotfix"))])
    };
    for args in ["start 'totals are wrong'", "status", "list", "owed"] {
        let output = limited(args);
        assert_eq!(output.code, 0, "{args}: {}", output.stderr);
    }
}
