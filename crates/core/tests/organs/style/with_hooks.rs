//! Managers of Git hooks, the real ones, with hooks that need nothing but a shell.

use std::fs;

use hotfix_model::gate::LinterOutcome;
use hotfix_testkit::tools;

use super::{Slot, lines, outcomes};

const TEXT: &str = "first is bad\nblank  \nthird is bad\nblank  \n";

/// A slot in which the last two of four lines are the change.
fn slot(configuration: (&str, &str)) -> Slot {
    let mut slot = Slot::new();
    slot.path.push(":");
    slot.path.push(tools::HOOKS.folder().join("bin"));
    slot.write(configuration.0, configuration.1);
    slot.write("b.txt", "blank  \n");
    slot.change("a.txt", TEXT, 3, 2);
    slot
}

/// One that speaks of lines, one that rewrites, one that only fails, one that passes, one that does not apply.
const HOOKS: &str = "repos:
  - repo: local
    hooks:
      - {id: words, name: no bad words, language: system, files: 'txt$', entry: \"sh -c 'grep -nH bad \\\"$@\\\" && exit 1 || exit 0' sh\"}
      - {id: blanks, name: no blanks, language: system, files: 'txt$', entry: \"sed -i.old 's/ *$//'\"}
      - {id: luck, name: luck, language: system, pass_filenames: false, entry: \"sh -c 'echo no luck today; exit 3'\"}
      - {id: fine, name: fine, language: system, entry: \"true\"}
      - {id: python, name: python, language: system, files: 'py$', entry: \"false\"}
";
const LEFTHOOK: &str = "pre-commit:
  commands:
    words: {glob: '*.txt', run: 'grep -nH bad {staged_files} && exit 1 || exit 0'}
    blanks: {glob: '*.txt', run: \"sed -i.old 's/ *$//' {staged_files}\"}
    luck: {run: 'echo no luck today; exit 3'}
    python: {glob: '*.py', run: 'false'}
";

fn assert_checked(slot: &Slot, manager: &str) {
    let report = slot.check();
    let said = [
        format!("a.txt:3: third is bad [{manager}: words]"),
        format!("a.txt:4: would be formatted as: blank [{manager}]"),
    ];
    assert_eq!(lines(&report), said, "{report:#?}");
    assert_eq!(report.ignored_outside_change, 2, "{report:#?}");
    let names = [manager.to_owned(), format!("{manager}: luck"), format!("{manager}: words")];
    let mut wanted = vec![
        (names[0].as_str(), LinterOutcome::Ran),
        (names[1].as_str(), LinterOutcome::Failed),
        (names[2].as_str(), LinterOutcome::Ran),
    ];
    wanted.sort_by_key(|(name, _)| *name);
    let mut found: Vec<_> =
        outcomes(&report).into_iter().filter(|(name, _)| !name.ends_with("blanks")).collect();
    found.sort_by_key(|(name, _)| *name);
    assert_eq!(found, wanted, "{report:#?}");
    let luck = report.linters.iter().find(|linter| linter.name.ends_with("luck")).unwrap();
    assert_eq!(luck.hint.as_deref(), Some("no luck today"));
    // Tests may run meanwhile: nothing in the slot was touched.
    assert_eq!(fs::read_to_string(slot.root.path().join("a.txt")).unwrap(), TEXT);
    assert!(!slot.root.path().join("a.txt.old").exists());
}

#[test]
fn prek_runs_in_place_of_the_linters_found() {
    let mut slot = slot((".pre-commit-config.yaml", HOOKS));
    slot.write("ruff.toml", "");
    slot.add("a.py", "import os\n");
    let plan = slot.plan();
    assert!(
        plan[0].starts_with("pre-commit: ")
            && plan[0].ends_with("/prek run --color=never --files a.txt a.py"),
        "{plan:?}"
    );
    assert_eq!((plan.len(), slot.found()), (1, vec!["pre-commit".to_owned()]));
    slot.files.retain(|file| file.as_os_str() == "a.txt");
    assert_checked(&slot, "pre-commit");
}

#[test]
fn pre_commit_does_where_there_is_no_prek() {
    let mut slot = slot((".pre-commit-config.yaml", HOOKS));
    only_pre_commit(&mut slot);
    assert_checked(&slot, "pre-commit");
}

/// Leaves no manager but pre-commit.
fn only_pre_commit(slot: &mut Slot) {
    let bin = slot.home.path().join("pre-commit-only");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(tools::HOOKS.folder().join("bin/pre-commit"), bin.join("pre-commit")).unwrap();
    slot.path = format!("{}:/usr/bin:/bin", bin.display()).into();
}

#[test]
fn lefthook_runs_what_it_would_before_a_commit() {
    assert_checked(&slot(("lefthook.yml", LEFTHOOK)), "lefthook");
    // One that says nothing about commits is no matter of style.
    let other = slot(("lefthook.yml", "pre-push:\n  commands: {a: {run: 'false'}}\n"));
    assert!(other.check().linters.is_empty());
}

#[test]
fn a_fix_is_taken_over_for_files_of_the_change() {
    for (configuration, manager) in
        [((".pre-commit-config.yaml", HOOKS), "pre-commit"), (("lefthook.yml", LEFTHOOK), "lefthook")]
    {
        let mut slot = slot(configuration);
        slot.fix = true;
        let report = slot.check();
        assert_eq!(report.fixed, ["a.txt"], "{report:#?}");
        assert_eq!(lines(&report), [format!("a.txt:3: third is bad [{manager}: words]")], "{report:#?}");
        let read = |path: &str| fs::read_to_string(slot.root.path().join(path)).unwrap();
        assert_eq!((read("a.txt"), read("b.txt")), (TEXT.replace("  \n", "\n"), "blank  \n".to_owned()));
    }
}

/// What the repository's hooks are is a matter of base, not of the fix.
#[test]
fn a_manager_that_cannot_work_is_one_line_and_linters_run_instead() {
    let mut slot = slot((".pre-commit-config.yaml", HOOKS));
    slot.write("ruff.toml", "");
    slot.add("a.py", "import os\n");
    let before = slot.path.clone();
    slot.path = format!("{}:/usr/bin:/bin", super::tools().display()).into();
    let report = slot.check();
    assert_eq!(
        outcomes(&report),
        [("pre-commit", LinterOutcome::Missing), ("ruff check", LinterOutcome::Ran)]
    );
    assert_eq!(report.findings.len(), 1, "{report:#?}");
    slot.path = before;
    slot.program("prek", "echo 'An error has occurred: no network' >&2; exit 3");
    let report = slot.check();
    assert_eq!(
        outcomes(&report),
        [("pre-commit", LinterOutcome::Failed), ("ruff check", LinterOutcome::Ran)]
    );
    assert!(report.linters[0].hint.as_deref().unwrap().contains("no network"), "{report:#?}");
    slot.program("prek", "echo 'Installing environment'; exec sleep 60");
    slot.config.timeout = hotfix_model::Period::from_seconds(1);
    let report = slot.check();
    let hint = report.linters[0].hint.as_deref().unwrap();
    assert!(hint.contains("took longer than 1s") && hint.contains("pre-commit install-hooks"), "{hint}");
}

#[test]
fn a_manager_that_cannot_read_its_configuration_says_what_is_wrong_with_it() {
    let hint = |slot: &Slot, manager: &str| {
        let report = slot.check();
        assert_eq!(outcomes(&report), [(manager, LinterOutcome::Failed)], "{report:#?}");
        report.linters[0].hint.clone().unwrap()
    };
    let prek = slot((".pre-commit-config.yaml", "repos: 3\n"));
    let why = "Failed to parse `.pre-commit-config.yaml`: line 1 column 8: expected sequence start";
    assert_eq!(hint(&prek, "pre-commit"), format!("ended with code 2: {why}"));
    let mut pre_commit = slot((".pre-commit-config.yaml", "repos: 3\n"));
    only_pre_commit(&mut pre_commit);
    let why = ".pre-commit-config.yaml: Expected array but got 'int'";
    assert_eq!(hint(&pre_commit, "pre-commit"), format!("ended with code 1: {why}"));
    pre_commit.write(".pre-commit-config.yaml", "repos:\n  - repo: local\n    hooks: [\n");
    let said = hint(&pre_commit, "pre-commit");
    assert!(said.contains("while parsing a flow node did not find expected node content"), "{said}");
    pre_commit.write(".pre-commit-config.yaml", "minimum_pre_commit_version: '99'\nrepos: []\n");
    let said = hint(&pre_commit, "pre-commit");
    assert!(said.contains("pre-commit version 99 is required"), "{said}");
    let lefthook = slot(("lefthook.yml", "pre-commit:\n  commands: [\n"));
    let said = hint(&lefthook, "lefthook");
    assert!(said.contains("did not find expected node content"), "{said}");
}

/// hk is in no registry; what it prints is read as lines.
#[test]
fn hk_is_given_the_changed_files() {
    let mut slot = slot(("hk.pkl", "amends \"hk\"\n"));
    slot.program("hk", "test \"$*\" = 'check a.txt' && grep -nH bad a.txt && exit 1");
    let report = slot.check();
    assert_eq!(lines(&report), ["a.txt:3: third is bad [hk: check]"], "{report:#?}");
}
