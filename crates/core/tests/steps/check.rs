//! check: findings on changed lines, shown and recorded; they block only if configured.

use hotfix_core::flow::check;
use hotfix_core::session::{Blocked, SessionError};
use hotfix_model::gate::LinterOutcome;
use hotfix_model::{CheckReport, ExitCode, Gate};
use hotfix_testkit::till::{FILES, FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

/// Finds fault with every line that says `sum`.
const LINTER: &str = "[\"grep -Hn sum\"]";

/// A fixed till in a slot.
fn fixed<'a>(sandbox: &'a Sandbox, settings: &[(&str, &str)]) -> (Responder<'a>, Repo) {
    let repo = sandbox.till();
    let responder = settings
        .iter()
        .fold(Responder::at(sandbox, repo.path()), |responder, (key, value)| responder.with(key, value));
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    (responder, slot)
}

#[test]
fn findings_on_changed_lines_are_shown_and_others_counted() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox, &[("check.commands", LINTER)]);
    let report = responder.check();
    let places: Vec<_> =
        report.findings.iter().map(|finding| (finding.path.as_str(), finding.line)).collect();
    assert_eq!(places, [("src/till.sh", 4)]);
    // "Prints the sum", `sum=0` and `echo "$sum"` were there before.
    assert_eq!(report.ignored_outside_change, 3);
    assert_eq!(responder.record().check, Some(report.clone()));
    assert_eq!(slot.git(["show", &format!("{}:src/till.sh", report.tree)]), FIXED_SOURCE.trim_end());
}

#[test]
fn a_check_changes_no_file() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox, &[("check.commands", LINTER)]);
    let before = World::of(slot.path());
    responder.check();
    before.assert_untouched(&World::of(slot.path()));
}

#[test]
fn findings_do_not_block() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[("check.commands", LINTER)]);
    responder.check();
    responder.test();
    responder.commit("totals");
}

#[test]
fn findings_block_if_configured_and_can_be_skipped() {
    let sandbox = Sandbox::new();
    let (responder, _) = fixed(&sandbox, &[("check.commands", LINTER), ("check.gate", "block")]);
    responder.check();
    responder.test();
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Blocked::Findings { count: 1 })), "{error}");
    assert_eq!(error.exit(), ExitCode::GATE);
    responder.try_commit("totals", &[(Gate::Check, "generated code")]).unwrap();
    assert_eq!(responder.record().skipped[0].reason, "generated code");
}

#[test]
fn a_gate_that_blocks_is_not_passed_without_a_check_of_these_files() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox, &[("check.commands", LINTER), ("check.gate", "block")]);
    responder.test();
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert_eq!(error.exit(), ExitCode::GATE, "never checked: {error}");
    slot.write("src/till.sh", "echo 3\n");
    responder.check();
    slot.write("src/till.sh", FIXED_SOURCE);
    responder.test();
    let error = responder.try_commit("totals", &[]).unwrap_err();
    assert_eq!(error.exit(), ExitCode::GATE, "checked another state: {error}");
}

#[test]
fn a_linter_that_is_missing_or_dies_is_a_line_of_the_report() {
    let sandbox = Sandbox::new();
    let commands = "[\"no-such-linter\", \"kill -9 $$ # $@\", \"grep -Hn price\"]";
    let (responder, _) = fixed(&sandbox, &[("check.commands", commands)]);
    let report = responder.check();
    let outcomes: Vec<_> = report.linters.iter().map(|linter| linter.outcome).collect();
    assert_eq!(outcomes, [LinterOutcome::Missing, LinterOutcome::Failed, LinterOutcome::Ran]);
    assert_eq!(report.findings.len(), 1);
}

#[test]
fn the_repositorys_linters_do_not_run_before_somebody_approved_them() {
    let sandbox = Sandbox::new();
    let ran = sandbox.root().join("ran");
    let config = format!("[check]\ncommands = [\"touch '{}' #\"]\n", ran.display());
    let mut files = FILES.to_vec();
    files.push(("hotfix.toml", config.as_bytes()));
    let repo = sandbox.repo_with_remote(&files);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    let report = responder.check();
    assert_eq!(report.linters[0].outcome, LinterOutcome::Untrusted);
    assert!(!ran.exists());
    responder.trust();
    assert_eq!(responder.check().linters[0].outcome, LinterOutcome::Ran);
    assert!(ran.exists());
}

#[test]
fn a_linter_that_the_fix_brings_does_not_run() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox, &[]);
    let ran = sandbox.root().join("ran");
    slot.write("hotfix.toml", format!("[check]\ncommands = [\"touch '{}' #\"]\n", ran.display()));
    assert_eq!(responder.check().linters, []);
    assert!(!ran.exists());
}

#[test]
fn a_deleted_file_is_not_checked() {
    let sandbox = Sandbox::new();
    let (responder, slot) = fixed(&sandbox, &[("check.commands", "[\"grep -Hn .\"]")]);
    std::fs::remove_file(slot.file("README.md")).unwrap();
    let report = responder.check();
    assert!(report.findings.iter().all(|finding| finding.path != "README.md"));
    assert_eq!(report.linters[0].outcome, LinterOutcome::Ran);
}

#[test]
fn nothing_changed_is_wrong_usage() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let error = responder.try_check(check::Request::default()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SessionError::NothingChanged { .. })), "{error}");
}

/// A repository with these files, and a slot of it in which nothing was changed yet.
fn started_with<'a>(
    sandbox: &'a Sandbox,
    files: &[(&str, &str)],
    settings: &[(&str, &str)],
) -> (Responder<'a>, Repo) {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let repo = sandbox.repo_with_remote(&files);
    let responder = settings
        .iter()
        .fold(Responder::at(sandbox, repo.path()), |responder, (key, value)| responder.with(key, value));
    responder.trust();
    responder.start("Wrong totals");
    let slot = responder.slot();
    (responder, slot)
}

fn places(report: &CheckReport) -> Vec<(&str, u64)> {
    report.findings.iter().map(|finding| (finding.path.as_str(), finding.line)).collect()
}

mod renames {
    use super::*;

    const LONG: &str = "one is bad\ntwo\nthree is bad\nfour\nfive\nsix\n";
    const BAD: &str = "[\"grep -Hn bad\"]";

    #[test]
    fn of_a_file_that_was_renamed_only_its_changed_lines_count() {
        let sandbox = Sandbox::new();
        let files = [("src/old.txt", LONG), ("src/stays.txt", "fine\n")];
        let (responder, slot) = started_with(&sandbox, &files, &[("check.commands", BAD)]);
        slot.git(["mv", "src/old.txt", "src/new.txt"]);
        slot.write("src/new.txt", LONG.replace("five", "five is bad"));
        let report = responder.check();
        assert_eq!(places(&report), [("src/new.txt", 5)]);
        assert_eq!(report.ignored_outside_change, 2);
    }

    #[test]
    fn a_file_that_was_only_renamed_has_no_changed_line() {
        let sandbox = Sandbox::new();
        let files = [("a/one.txt", LONG), ("a/two.txt", "is bad\n")];
        let (responder, slot) = started_with(&sandbox, &files, &[("check.commands", BAD)]);
        slot.git(["mv", "a", "b"]);
        let report = responder.check();
        assert_eq!((places(&report), report.ignored_outside_change), (vec![], 3));
    }

    #[test]
    fn a_new_file_in_the_place_of_one_that_is_gone_is_new() {
        let sandbox = Sandbox::new();
        let files = [("old.txt", LONG), ("odd \"name\".txt", LONG)];
        let (responder, slot) = started_with(&sandbox, &files, &[("check.commands", BAD)]);
        std::fs::remove_file(slot.file("old.txt")).unwrap();
        slot.write("new.txt", "all of this\nis bad\n");
        // A link where the file was: a removal and an addition.
        std::fs::remove_file(slot.file("odd \"name\".txt")).unwrap();
        std::os::unix::fs::symlink("new.txt", slot.file("odd \"name\".txt")).unwrap();
        assert_eq!(places(&responder.check()), [("new.txt", 2)]);
    }
}

mod with_hooks {
    use hotfix_testkit::tools;

    use super::*;

    /// A hook may be strict about all of a file: of a file that was renamed only the changed lines are shown.
    #[test]
    fn hooks_are_heard_about_changed_lines_of_a_renamed_file() {
        let sandbox = Sandbox::new();
        let hooks = "exclude: ^gen/\nrepos:\n  - repo: local\n    hooks:\n      - {id: nofoo, name: nofoo, language: system, files: 'txt$', entry: \"sh -c '! grep -nH foo \\\"$@\\\"' sh\"}\n";
        let long = "foo\none\ntwo\nthree\nfour\n";
        let files =
            [(".pre-commit-config.yaml", hooks), ("old.txt", long), ("a.txt", "x\n"), ("gen/b.txt", "x\n")];
        let (responder, slot) = started_with(&sandbox, &files, &[]);
        sandbox
            .fake_tool("prek", &format!("exec {} \"$@\"", tools::HOOKS.folder().join("bin/prek").display()));
        slot.write("a.txt", "foo\n");
        slot.write("gen/b.txt", "foo\n");
        slot.git(["mv", "old.txt", "new.txt"]);
        slot.write("new.txt", long.replace("three", "three foo"));
        let report = responder.check();
        assert_eq!(places(&report), [("a.txt", 1), ("new.txt", 4)], "{report:#?}");
        assert_eq!(report.ignored_outside_change, 1, "{report:#?}");
    }
}

/// The main worktree has its packages installed; a slot has none of its own.
mod with_node {
    use std::os::unix::fs::symlink;

    use hotfix_testkit::tools;

    use super::*;

    const CONFIGURATION: &str = "export default [{ rules: { 'no-var': 'error' } }];\n";

    fn sandbox() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.fake_tool(
            "node",
            &format!("exec {} \"$@\"", tools::folder_of("node").unwrap().join("node").display()),
        );
        sandbox
    }

    fn install(sandbox: &Sandbox, folder: &str) {
        symlink(tools::node_modules(), sandbox.code().join("repo").join(folder).join("node_modules"))
            .unwrap();
    }

    fn outcome<'a>(report: &'a CheckReport, linter: &str) -> (LinterOutcome, Option<&'a str>) {
        let found = report.linters.iter().find(|found| found.name.starts_with(linter));
        let found = found.unwrap_or_else(|| panic!("{report:#?}"));
        (found.outcome, found.hint.as_deref())
    }

    #[test]
    fn linters_of_the_main_worktree_serve_the_slot() {
        let sandbox = sandbox();
        let files = [
            (".gitignore", "node_modules\n"),
            ("package.json", "{\"devDependencies\": {\"eslint\": \"*\", \"prettier\": \"*\"}}\n"),
            ("eslint.config.mjs", CONFIGURATION),
            (".prettierrc", "{}\n"),
            ("a.js", "let a = 1;\n"),
        ];
        let (responder, slot) = started_with(&sandbox, &files, &[]);
        install(&sandbox, "");
        slot.write("a.js", "var  a = 2;\n");
        let report = responder.check();
        let linters: Vec<_> = report.findings.iter().map(|finding| finding.linter.as_str()).collect();
        assert_eq!((linters, places(&report).len()), (vec!["prettier", "eslint"], 2), "{report:#?}");
        assert_eq!(slot.git(["status", "--short"]), " M a.js");
    }

    #[test]
    fn linters_below_the_root_and_lines_of_shell_find_them_too() {
        let sandbox = sandbox();
        let files = [
            (".gitignore", "node_modules/\n"),
            ("package.json", "{}\n"),
            ("web/package.json", "{}\n"),
            ("web/eslint.config.mjs", CONFIGURATION),
            ("web/a.js", "let a = 1;\n"),
        ];
        let custom = "[\"test -x node_modules/.bin/prettier && grep -Hn var\"]";
        let (responder, slot) = started_with(&sandbox, &files, &[("check.commands", custom)]);
        install(&sandbox, "");
        install(&sandbox, "web");
        slot.write("web/a.js", "var a = 2;\n");
        let report = responder.check();
        assert_eq!(places(&report), [("web/a.js", 1), ("web/a.js", 1)], "{report:#?}");
        assert_eq!(outcome(&report, "eslint in web").0, LinterOutcome::Ran);
    }

    #[test]
    fn packages_of_another_lock_file_do_not_serve_and_how_to_install_is_said() {
        let sandbox = sandbox();
        let files = [
            (".gitignore", "node_modules\n"),
            ("package.json", "{}\n"),
            ("package-lock.json", "{\"lockfileVersion\": 3}\n"),
            ("eslint.config.mjs", CONFIGURATION),
            ("a.js", "let a = 1;\n"),
        ];
        let (responder, slot) = started_with(&sandbox, &files, &[]);
        install(&sandbox, "");
        slot.write("a.js", "var a = 2;\n");
        slot.write("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {}}\n");
        let report = responder.check();
        let hint = format!("cd {} && npm ci", slot.path().display());
        assert_eq!(outcome(&report, "eslint"), (LinterOutcome::Missing, Some(hint.as_str())));
    }
}

mod with_python {
    use hotfix_testkit::auth;

    use super::*;

    const UGLY: &str = "    return  user\n";

    fn started(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
        let project = sandbox.project();
        let responder = Responder::at(sandbox, project.path());
        responder.start("Auth failing");
        let slot = responder.slot();
        slot.write("src/auth.py", auth::FIXED_SOURCE.replace("    return user\n", UGLY));
        (responder, slot)
    }

    #[test]
    fn the_configured_linter_is_found() {
        let sandbox = Sandbox::with_python();
        let (responder, _) = started(&sandbox);
        let report = responder.check();
        assert_eq!(report.linters[0].name, "flake8");
        assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
        assert!(report.findings[0].message.starts_with("E271"), "{:?}", report.findings);
    }

    #[test]
    fn of_a_renamed_file_linters_and_formatters_speak_of_changed_lines() {
        let sandbox = Sandbox::with_python();
        let old = "import os\nimport sys\n\n\ndef total(xs):\n    return sum(xs) + 1\n\n\ndef other(a):\n    y  = 1\n    return a\n";
        let files = [
            (
                "pyproject.toml",
                "[tool.ruff.lint]\nselect = ['E', 'F', 'W']\n[tool.ruff.format]\n[tool.black]\n",
            ),
            ("src/old.py", old),
        ];
        let (responder, slot) = started_with(&sandbox, &files, &[]);
        slot.git(["mv", "src/old.py", "src/new.py"]);
        slot.write("src/new.py", old.replace("sum(xs) + 1", "sum(xs)"));
        let fixed = responder.try_check(check::Request { fix: true }).unwrap();
        assert_eq!((places(&fixed), fixed.fixed.len()), (vec![], 0), "{fixed:#?}");
        assert!(fixed.ignored_outside_change >= 4, "{fixed:#?}");
        slot.write("src/new.py", old.replace("sum(xs) + 1", "sum(xsl)"));
        let report = responder.check();
        assert_eq!(places(&report), [("src/new.py", 6)], "{report:#?}");
    }
}

/// A hook sees what it would see before the commit: base committed, the fix staged, on the hotfix's branch. The stand-in
/// for prek writes down what Git tells it, and rewrites what it is given.
#[test]
fn hooks_see_the_fix_staged_and_reach_nothing_of_the_repository() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    repo.write(".pre-commit-config.yaml", "repos: []\n");
    repo.commit("chore: hooks");
    repo.git(["push", "--quiet", "origin", "main"]);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let slot = responder.slot();
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("-odd name.txt", "new\n");
    let seen = sandbox.root().join("seen");
    let script = format!(
        "(git diff --cached --name-only; git status --short | grep -v '^[AM] '; git branch --show-current; \
         git rev-parse HEAD; printf '%s\\n' \"$@\") > '{}'\nsed -i.old 's/sum=0/sum=1/' src/till.sh\ngit add --all\n\
         printf 'totals....Failed\\n- hook id: totals\\n- exit code: 1\\n\\nsrc/till.sh:4: wrong\\n'; exit 1",
        seen.display()
    );
    sandbox.fake_tool("prek", &script);
    let (before, theirs) = (World::of(slot.path()), World::of(repo.path()));
    let report = responder.check();
    before.assert_untouched(&World::of(slot.path()));
    theirs.assert_untouched(&World::of(repo.path()));
    let record = responder.record();
    let branch = record.branch.trim_start_matches("refs/heads/");
    let wanted = format!(
        "-odd name.txt\nsrc/till.sh\n{branch}\n{}\nrun\n--color=never\n--files\n./-odd name.txt\nsrc/till.sh\n",
        record.base.commit
    );
    assert_eq!(std::fs::read_to_string(&seen).unwrap(), wanted);
    let names: Vec<_> = report.linters.iter().map(|linter| linter.name.as_str()).collect();
    assert_eq!(names, ["pre-commit", "pre-commit: totals"]);
    let [finding] = report.findings.as_slice() else { panic!("{report:#?}") };
    assert_eq!((finding.line, finding.linter.as_str()), (4, "pre-commit: totals"));
    assert!(report.ignored_outside_change > 0, "what was rewritten elsewhere: {report:#?}");
}
