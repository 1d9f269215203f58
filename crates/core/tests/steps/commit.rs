//! commit: exactly what was tested, as the user would commit it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use hotfix_core::git::GitError;
use hotfix_core::session::Blocked;
use hotfix_model::{ExitCode, Gate, Stage};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};
use hotfix_testkit::{responder::request, write_program};

/// A fixed till in a slot, tested.
fn tested(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let (responder, slot) = fixed(sandbox);
    responder.test();
    (responder, slot)
}

fn fixed(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let repo = sandbox.till();
    let responder = Responder::at(sandbox, repo.path());
    responder.trust();
    let request =
        hotfix_core::flow::start::Request { incident: Some("INC-7".to_owned()), ..request("Wrong totals!") };
    responder.try_start(request).unwrap();
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    (responder, slot)
}

/// Installs a hook that all worktrees share.
fn hook(sandbox: &Sandbox, name: &str, script: &str) {
    write_program(sandbox.code().join("repo/.git/hooks").join(name), script);
}

fn message(slot: &Repo) -> String {
    slot.git(["show", "--no-patch", "--format=%B", "HEAD"])
}

#[test]
fn a_copied_secret_is_not_committed_even_if_the_fix_no_longer_ignores_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    repo.write(".gitignore", ".env\n");
    repo.write(".worktreeinclude", ".env\n");
    repo.commit("chore: a place for secrets");
    repo.git(["push", "--quiet", "origin", "main"]);
    repo.write(".env", "TOKEN=1\n");
    let responder = Responder::at(&sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals!");
    let slot = responder.slot();
    assert_eq!(slot.read(".env"), "TOKEN=1\n");
    slot.write(".gitignore", "");
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    responder.test();
    responder.commit("totals");
    let files = slot.git(["ls-tree", "-r", "--name-only", "HEAD"]);
    assert!(files.contains("src/till.sh") && !files.contains(".env"), "{files}");
    let warnings = sandbox.recorder().warnings();
    assert!(warnings.iter().any(|line| line.starts_with(".env is a copy of yours")), "{warnings:?}");
}

#[test]
fn subject_and_trailers_are_as_git_reads_them() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    let output = responder.commit("sum of several prices");
    assert_eq!(output.subject, "fix: sum of several prices");
    assert_eq!(message(&slot), "fix: sum of several prices\n\nHotfix: 1.2.3\nIncident: INC-7");
    slot.write("../message", message(&slot));
    let trailers = slot.git(["interpret-trailers", "--parse", "../message"]);
    assert_eq!(trailers, "Hotfix: 1.2.3\nIncident: INC-7");
    assert_eq!((output.size.files, output.size.added, output.size.removed), (2, 2, 2));
    let record = responder.record();
    assert_eq!((record.stage, record.commit.as_deref()), (Stage::Committed, Some(output.commit.as_str())));
    assert_eq!(slot.head(), output.commit);
    assert_eq!(
        slot.git(["rev-parse", "hotfix/1.2.3", "HEAD^"]),
        format!("{}\n{}", output.commit, record.base.commit)
    );
}

#[test]
fn without_a_subject_the_alert_is_the_subject() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    let commit = |responder: &Responder<'_>| {
        responder.work(|project, hotfix| {
            let work = hotfix_core::session::Work::of(project, hotfix)?;
            let request = hotfix_core::flow::commit::Request::default();
            let plan = hotfix_core::flow::commit::plan(project, hotfix, &work, &request)?;
            hotfix_core::flow::commit::apply(project, hotfix, &work, &plan)
        })
    };
    commit(&responder).unwrap();
    assert!(message(&slot).starts_with("fix: "), "{}", message(&slot));
    assert!(message(&slot).to_lowercase().contains("wrong totals"), "{}", message(&slot));
}

#[test]
fn a_subject_of_any_text_is_one_line_and_no_trailer_can_be_smuggled_in() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    match responder.try_commit("totals\n\nHotfix: 9.9.9\nSigned-off-by: Eve <eve@example.com>", &[]) {
        Ok(_) => {
            let lines = message(&slot);
            assert!(lines.lines().nth(1).is_some_and(str::is_empty), "{lines}");
            slot.write("../message", &lines);
            let trailers = slot.git(["interpret-trailers", "--parse", "../message"]);
            assert_eq!(trailers, "Hotfix: 1.2.3\nIncident: INC-7");
        }
        Err(error) => assert_eq!(error.exit(), ExitCode::USAGE, "{error}"),
    }
}

#[test]
fn what_is_committed_is_what_was_tested_although_files_were_edited_meanwhile() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    let tested = responder.record().test.unwrap().tree;
    let plan_and_edit = responder.work(|project, hotfix| {
        let work = hotfix_core::session::Work::of(project, hotfix)?;
        let request = hotfix_core::flow::commit::Request::default();
        let plan = hotfix_core::flow::commit::plan(project, hotfix, &work, &request)?;
        slot.write("src/till.sh", "edited while it was committed\n");
        slot.write("new.txt", "x");
        hotfix_core::flow::commit::apply(project, hotfix, &work, &plan)
    });
    plan_and_edit.unwrap();
    assert_eq!(slot.git(["rev-parse", "HEAD^{tree}"]), tested);
    assert_eq!(slot.read("src/till.sh"), "edited while it was committed\n");
    assert_eq!(slot.git(["status", "--porcelain"]), " M src/till.sh\n?? new.txt");
}

#[test]
fn the_users_work_is_untouched() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    let before = World::of(responder.dir());
    responder.commit("totals");
    before.assert_untouched(&World::of(responder.dir()));
    assert_eq!(slot.git(["status", "--porcelain"]), "");
}

mod hooks {
    use super::*;

    #[test]
    fn the_users_hooks_run() {
        let sandbox = Sandbox::new();
        let (responder, slot) = tested(&sandbox);
        hook(&sandbox, "commit-msg", "echo 'Change-Id: I1' >> \"$1\"");
        responder.commit("totals");
        assert!(message(&slot).ends_with("Change-Id: I1"), "{}", message(&slot));
    }

    #[test]
    fn a_hook_that_fails_stops_it_and_nothing_is_lost() {
        let sandbox = Sandbox::new();
        let (responder, slot) = tested(&sandbox);
        hook(&sandbox, "pre-commit", "echo 'not on a Friday' >&2; exit 1");
        let base = slot.head();
        let error = responder.try_commit("totals", &[]).unwrap_err();
        assert_eq!(error.why(), "not on a Friday");
        assert_eq!(error.exit(), ExitCode::SETUP);
        assert_eq!((slot.head(), responder.record().stage), (base, Stage::Started));
        assert_eq!(slot.read("src/till.sh"), FIXED_SOURCE);
        hook(&sandbox, "pre-commit", "exit 0");
        responder.commit("totals");
    }

    /// Takes seconds: the deadline is the subject.
    #[test]
    fn a_hook_that_hangs_is_ended_at_the_deadline() {
        let sandbox = Sandbox::new();
        let (responder, slot) = tested(&sandbox);
        hook(&sandbox, "pre-commit", "sleep 61 & sleep 61");
        let hurried = Responder::at(&sandbox, responder.dir()).with("commit.timeout", "1s");
        let error = hurried.try_commit("totals", &[]).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(GitError::TimedOut { .. })), "{error}");
        hook(&sandbox, "pre-commit", "exit 0");
        responder.commit("totals");
        assert_eq!(slot.git(["status", "--porcelain"]), "");
    }

    #[test]
    fn a_hook_that_changes_the_files_is_said() {
        let sandbox = Sandbox::new();
        let (responder, slot) = tested(&sandbox);
        hook(&sandbox, "pre-commit", "echo '# formatted' >> src/till.sh && git add src/till.sh");
        responder.commit("totals");
        assert!(slot.git(["show", "HEAD:src/till.sh"]).ends_with("# formatted"));
        let expected = "a commit hook changed the files: the commit is not byte for byte what was tested";
        assert_eq!(sandbox.recorder().warnings(), [expected]);
    }

    #[test]
    fn a_hook_finds_no_terminal_and_no_variables_that_point_elsewhere() {
        let sandbox = Sandbox::new();
        let (responder, slot) = tested(&sandbox);
        sandbox.env_set("GIT_WORK_TREE", "/nowhere");
        hook(&sandbox, "pre-commit", "test ! -t 0 && git rev-parse --show-toplevel > \"$HOME/top\"");
        let responder = Responder::at(&sandbox, slot.path()).on(&responder.record().id);
        sandbox.env_remove("GIT_WORK_TREE");
        responder.commit("totals");
        assert_eq!(
            fs::read_to_string(sandbox.home().join("top")).unwrap().trim(),
            slot.path().to_str().unwrap()
        );
    }
}

#[test]
fn a_signing_program_that_fails_stops_it_and_nothing_is_lost() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    sandbox.fake_tool("gpg", "echo 'gpg: no secret key' >&2; exit 2");
    fs::write(
        sandbox.home().join(".gitconfig"),
        "[user]\n\tname = A\n\temail = a@example.com\n[commit]\n\tgpgSign = true\n",
    )
    .unwrap();
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert!(error.why().contains("gpg failed to sign"), "{}", error.why());
    assert_eq!(slot.read("src/till.sh"), FIXED_SOURCE);
    assert_eq!(responder.record().stage, Stage::Started);
    slot.git(["config", "commit.gpgSign", "false"]);
    responder.commit("totals");
}

#[test]
fn nobody_cannot_commit() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    let base = slot.head();
    fs::write(sandbox.home().join(".gitconfig"), "[user]\n\tuseConfigOnly = true\n").unwrap();
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(GitError::NoIdentity)), "{error}: {}", error.why());
    assert_eq!(slot.head(), base);
}

mod gates {
    use super::*;

    #[test]
    fn a_secret_blocks_before_it_is_committed() {
        let sandbox = Sandbox::new();
        let (responder, slot) = fixed(&sandbox);
        let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
        slot.write("src/config.sh", format!("TOKEN={token}\n"));
        responder.test();
        let base = slot.head();
        let error = responder.try_commit("totals", &[]).unwrap_err();
        let Some(Blocked::Secrets { found }) = error.downcast_ref() else { panic!("{error}") };
        assert!(found[0].starts_with("src/config.sh:1 "), "{found:?}");
        assert!(!error.to_string().contains(&token), "{error}");
        assert_eq!((error.exit(), slot.head()), (ExitCode::GATE, base));
        responder.try_commit("totals", &[(Gate::Secrets, "an example from the manual")]).unwrap();
        assert_eq!(responder.record().skipped[0].gate, Gate::Secrets);
    }

    #[test]
    fn a_change_above_the_limit_blocks_only_if_there_is_one() {
        let sandbox = Sandbox::new();
        let (responder, _) = tested(&sandbox);
        let responder = responder.with("commit.max_lines", "3");
        let error = responder.try_commit("totals", &[]).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Blocked::TooLarge { .. })), "{error}");
        let responder = responder.with("commit.max_lines", "4").with("commit.max_files", "1");
        assert!(responder.try_commit("totals", &[]).is_err());
        responder.with("commit.max_files", "2").commit("totals");
    }

    #[test]
    fn a_required_proof_must_be_of_these_files() {
        let sandbox = Sandbox::new();
        let (responder, slot) = tested(&sandbox);
        let responder = responder.with("prove.required", "true");
        let error = responder.try_commit("totals", &[]).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Blocked::NotProven { .. })), "{error}");
        responder.prove(&[]);
        slot.write("src/till.sh", format!("{FIXED_SOURCE}# done\n"));
        responder.test();
        let error = responder.try_commit("totals", &[]).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(Blocked::NotProven { .. })), "{error}");
        responder.prove(&[]);
        responder.commit("totals");
    }

    #[test]
    fn a_required_proof_may_be_waived() {
        let sandbox = Sandbox::new();
        let (responder, _) = tested(&sandbox);
        let responder = responder.with("prove.required", "true");
        responder.waive("only the load balancer shows it");
        responder.commit("totals");
    }

    #[test]
    fn a_skipped_gate_is_recorded_once_with_its_reason_and_owed() {
        let sandbox = Sandbox::new();
        let (responder, _) = fixed(&sandbox);
        let skips = [(Gate::Test, "the runner is down"), (Gate::Test, "the runner is down")];
        responder.try_commit("totals", &skips).unwrap();
        let record = responder.record();
        assert_eq!(record.skipped.len(), 1);
        let owed: Vec<_> = record.outstanding().map(|owed| owed.what.as_str()).collect();
        assert_eq!(owed, ["test was skipped: the runner is down"]);
    }
}

#[test]
fn a_commit_made_by_hand_is_adopted() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let by_hand = slot.commit("fix(till): by hand");
    responder.test();
    let output = responder.commit("ignored");
    assert_eq!((output.commit, output.subject.as_str()), (by_hand.clone(), "fix(till): by hand"));
    assert_eq!(slot.head(), by_hand);
}

#[test]
fn edits_on_top_of_a_commit_made_by_hand_get_a_commit_of_their_own() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let by_hand = slot.commit("fix(till): by hand");
    slot.write("README.md", "# Tills\n");
    responder.test();
    let output = responder.commit("totals");
    assert_eq!(slot.commit_of("HEAD^"), by_hand);
    assert_eq!(output.size.files, 3, "the size is that of the whole fix");
}

#[test]
fn committing_again_finds_the_commit() {
    let sandbox = Sandbox::new();
    let (responder, slot) = tested(&sandbox);
    let first = responder.commit("totals").commit;
    assert_eq!(responder.commit("totals").commit, first);
    assert_eq!(slot.head(), first);
}

#[test]
fn odd_files_are_committed_as_they_are() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox);
    let names: [&[u8]; 5] = [b"-n", b"a b", b"new\nline", b"\xff\xfe", b":(top)x"];
    for name in names {
        slot.write(OsStr::from_bytes(name), "x");
    }
    std::os::unix::fs::symlink("README.md", slot.file("link")).unwrap();
    fs::set_permissions(slot.file("README.md"), fs::Permissions::from_mode(0o755)).unwrap();
    responder.test();
    responder.commit("totals");
    assert_eq!(slot.git(["status", "--porcelain"]), "");
    let modes = slot.git(["ls-tree", "HEAD", "link", "README.md"]);
    assert!(modes.contains("120000 blob") && modes.contains("100755 blob"), "{modes}");
    assert_eq!(slot.git(["ls-tree", "-z", "--name-only", "HEAD"]).split('\0').count(), 1 + 5 + 5 + 1);
}
