//! A commit is what `git commit` makes of it: hooks, signature, identity and filters come from wherever Git takes them.
//! (G9a to G9d, G11, G18, F20)

use std::fs;

use hotfix_core::journey::ready;
use hotfix_model::output::{Readiness, ReadyLine};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World, write_program};

/// A till in a slot, fixed and tested.
fn tested(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    responder.test();
    (responder, repo)
}

fn refusal(responder: &Responder<'_>) -> String {
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert_eq!(responder.record().commit, None);
    error.why()
}

fn append(repo: &Repo, text: &str) {
    let path = repo.file(".git/config");
    fs::write(&path, fs::read_to_string(&path).unwrap() + text).unwrap();
}

fn author(repo: &Repo) -> String {
    repo.git(["log", "-1", "--format=%ae", "hotfix/1.2.3"])
}

mod signatures {
    use super::*;

    /// Each of them means that commits are signed.
    #[test]
    fn are_asked_for_in_every_way_that_git_knows() {
        for setting in ["gpgsign", "gpgSign = YES", "gpgsign = 1k", "gpgsign = false\n\tgpgsign"] {
            let sandbox = Sandbox::new();
            let (responder, repo) = tested(&sandbox);
            append(&repo, &format!("[commit]\n\t{setting}\n[gpg]\n\tprogram = false\n"));
            assert!(refusal(&responder).contains("failed to sign"), "{setting}");
        }
    }

    #[test]
    fn are_asked_for_by_the_command_line_of_git() {
        let sandbox = Sandbox::new();
        let (responder, _) = tested(&sandbox);
        sandbox.env_set("GIT_CONFIG_PARAMETERS", "'commit.gpgsign=true' 'gpg.program=false'");
        assert!(refusal(&responder).contains("failed to sign"));
    }
}

mod hooks {
    use super::*;

    const NO: &str = "echo 'hook says no' >&2; exit 1";

    #[test]
    fn of_the_slots_own_configuration_run() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        write_program(repo.file("../own/pre-commit"), NO);
        repo.git(["config", "extensions.worktreeConfig", "true"]);
        let folder = repo.file("../own");
        responder.slot().git(["config", "--worktree", "core.hooksPath", folder.to_str().unwrap()]);
        assert_eq!(refusal(&responder), "hook says no");
    }

    #[test]
    fn of_an_included_file_that_is_for_slots_alone_run() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        write_program(repo.file("../own/commit-msg"), NO);
        let folder = repo.file("../own");
        fs::write(sandbox.home().join("slots"), format!("[core]\n\thooksPath = {}\n", folder.display()))
            .unwrap();
        append(&repo, "[includeIf \"gitdir:**/worktrees/**\"]\n\tpath = ~/slots\n");
        assert_eq!(refusal(&responder), "hook says no");
    }

    #[test]
    fn of_the_command_line_of_git_run() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        write_program(repo.file("../own/pre-commit"), NO);
        sandbox.env_set("GIT_CONFIG_COUNT", "1");
        sandbox.env_set("GIT_CONFIG_KEY_0", "core.hooksPath");
        sandbox.env_set("GIT_CONFIG_VALUE_0", repo.file("../own"));
        assert_eq!(refusal(&responder), "hook says no");
    }

    /// `git diff --cached -- '*.sh'` is how hooks find what they look at.
    #[test]
    fn read_paths_and_speak_as_by_git_commit() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        sandbox.env_set("LC_ALL", "xx_YY.UTF-8");
        let script = "git diff --cached --name-only -- '*.sh' > \"$HOME/seen\"; echo \"$LC_ALL ${GIT_OPTIONAL_LOCKS-none}\" >> \"$HOME/seen\"";
        write_program(repo.file(".git/hooks/pre-commit"), script);
        responder.commit("totals");
        let seen = fs::read_to_string(sandbox.home().join("seen")).unwrap();
        assert_eq!(seen, "src/till.sh\ntests/test_till.sh\nxx_YY.UTF-8 none\n");
    }

    /// Git 2.54.
    #[test]
    fn with_new_git_of_the_configuration_run() {
        let sandbox = Sandbox::with_new_git();
        let (responder, repo) = tested(&sandbox);
        repo.write("../seen", "");
        write_program(repo.file("../lint"), "echo ran >> ../seen; echo 'hook says no' >&2; exit 1");
        repo.git(["config", "hook.lint.command", repo.file("../lint").to_str().unwrap()]);
        repo.git(["config", "hook.lint.event", "pre-commit"]);
        assert_eq!(refusal(&responder), "hook says no");
        // Our own calls run none of them.
        repo.git(["config", "hook.lint.event", "post-checkout"]);
        repo.git(["config", "--add", "hook.lint.event", "reference-transaction"]);
        repo.write("../seen", "");
        responder.try_cleanup(true).unwrap();
        assert_eq!(repo.read("../seen"), "");
    }

    fn line(responder: &Responder<'_>, sandbox: &Sandbox) -> ReadyLine {
        let output = ready::apply(&sandbox.ctx(responder.dir()), &ready::Request::default()).unwrap();
        output.lines.into_iter().find(|line| line.name == "slot").unwrap()
    }

    /// As husky 9 has it: the folder is made by `npm install` and ignored.
    #[test]
    fn in_a_folder_that_the_slot_lacks_are_missed() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        write_program(repo.file(".husky/_/pre-commit"), NO);
        let about_hooks = |line: &ReadyLine| line.found.contains("hook of yours");
        assert!(!about_hooks(&line(&responder, &sandbox)));
        repo.git(["config", "core.hooksPath", ".husky/_"]);
        let found = line(&responder, &sandbox);
        assert_eq!(found.state, Readiness::Warning);
        assert!(found.found.contains(".husky/_") && found.found.contains("repo-hotfix"), "{}", found.found);
        responder.commit("totals");
        let warnings = sandbox.recorder().warnings();
        assert!(warnings.iter().any(|line| line.starts_with("core.hooksPath is .husky/_")), "{warnings:?}");
    }

    #[test]
    fn in_a_folder_that_the_slot_has_are_not() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        repo.git(["config", "core.hooksPath", ".husky/_"]);
        write_program(responder.slot().file(".husky/_/pre-commit"), NO);
        assert!(!line(&responder, &sandbox).found.contains("hook of yours"));
    }
}

mod identities {
    use super::*;

    #[test]
    fn are_those_of_the_command_line_of_git() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        sandbox.env_set("GIT_CONFIG_PARAMETERS", "'user.email'='una@client.example'");
        responder.commit("totals");
        assert_eq!(author(&repo), "una@client.example");
    }

    #[test]
    fn are_those_of_an_included_file() {
        let sandbox = Sandbox::new();
        let (responder, repo) = tested(&sandbox);
        fs::write(sandbox.home().join("work"), "[user]\n\temail = una@work.example\n").unwrap();
        append(&repo, "[includeIf \"onbranch:hotfix/**\"]\n\tpath = ~/work\n");
        responder.commit("totals");
        assert_eq!(author(&repo), "una@work.example");
    }
}

/// As Git LFS does with its own variable.
#[test]
fn filters_see_the_users_variables() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let smudge = sandbox.fake_tool("smudge", "[ -n \"$GIT_LFS_SKIP_SMUDGE\" ] || exit 1; cat");
    repo.git(["config", "filter.big.smudge", smudge.to_str().unwrap()]);
    repo.git(["config", "filter.big.clean", "cat"]);
    repo.git(["config", "filter.big.required", "true"]);
    repo.write(".gitattributes", "*.bin filter=big\n");
    repo.write("a.bin", "data\n");
    repo.commit("chore: big files");
    repo.git(["push", "--quiet", "origin", "main"]);
    let responder = Responder::at(&sandbox, repo.path());
    assert!(responder.try_start(hotfix_testkit::responder::request("Wrong totals")).is_err());
    sandbox.env_set("GIT_LFS_SKIP_SMUDGE", "1");
    responder.start("Wrong totals");
    assert_eq!(responder.slot().read("a.bin"), "data\n");
}

#[test]
fn settings_that_change_what_git_prints_change_nothing_here() {
    let sandbox = Sandbox::new();
    let (responder, repo) = tested(&sandbox);
    for (key, value) in [
        ("color.ui", "always"),
        ("color.diff", "always"),
        ("diff.noprefix", "true"),
        ("diff.interHunkContext", "50"),
        ("log.showSignature", "true"),
    ] {
        repo.git(["config", "--global", key, value]);
    }
    sandbox.env_set("GIT_EXTERNAL_DIFF", "/bin/false");
    sandbox.env_set("GIT_DIFF_OPTS", "-u9");
    let before = World::of(repo.path());
    responder.prove(&[]);
    let output = responder.ship("totals");
    let request = output.merge_request.unwrap();
    let text = format!("{}{}", request.description, request.request_pull.unwrap());
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert_eq!((responder.record().size.unwrap().added, responder.record().size.unwrap().removed), (2, 2));
    before.assert_untouched(&World::of(repo.path()));
}
