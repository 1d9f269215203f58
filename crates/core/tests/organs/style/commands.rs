//! Commands of the repository, and what goes wrong with any linter.

use std::ffi::OsString;
use std::path::PathBuf;

use hotfix_core::style;
use hotfix_model::gate::LinterOutcome;
use hotfix_model::{CheckReport, Period};
use hotfix_testkit::write_program;

use super::{Slot, lines, outcomes};

#[test]
fn commands_may_name_files_in_every_way() {
    let mut slot = Slot::new();
    slot.add("a.txt", "1\n2\n3\n4\n5\n");
    slot.write("b.txt", "1\n");
    let script = "echo \"$PWD/a.txt:1:2: absolute\"\necho './a.txt:2: dotted'\necho 'a.txt:3:7: plain'\n\
                  echo 'b.txt:1: elsewhere'\necho 'nosuch:1: nothing'\necho 'Found 3 errors.'\necho 'a.txt:3:7: plain'\n\
                  printf 'a.txt:4:1 no colon \\033[31m\\377\\n' >&2\nexit 3";
    slot.program("mylint", script);
    slot.config.commands = vec!["mylint".to_owned()];
    let report = slot.check();
    assert_eq!(
        lines(&report),
        [
            "a.txt:1:2: absolute [mylint]",
            "a.txt:2: dotted [mylint]",
            "a.txt:3:7: plain [mylint]",
            "a.txt:4:1: no colon  [31m\u{fffd} [mylint]",
        ]
    );
    assert_eq!(report.ignored_outside_change, 1);
    assert_eq!(outcomes(&report), [("mylint", LinterOutcome::Ran)]);
}

#[test]
fn commands_are_shell_but_names_of_files_are_not() {
    let mut slot = Slot::new();
    slot.add("$(touch hacked); touch hacked #", "x\n");
    slot.add("plain", "x\n");
    slot.config.commands = vec![
        "f() { for one; do echo \"$one:1: seen\"; done; }; f ".to_owned(),
        "ls -- \"$@\" | sed 's/$/:1: listed/'".to_owned(),
    ];
    let report = slot.check();
    let messages: Vec<&str> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["listed", "seen", "listed", "seen"]);
    assert!(!slot.root.path().join("hacked").exists());
}

#[test]
fn commands_nobody_approved_do_not_run() {
    let mut slot = Slot::new();
    slot.add("a.py", "x = 1\n");
    slot.config.commands = vec!["touch ran; flake8".to_owned()];
    slot.trusted = false;
    let report = slot.check();
    assert_eq!(outcomes(&report), [("touch ran; flake8", LinterOutcome::Untrusted)]);
    assert_eq!(report.linters[0].hint.as_deref(), Some("git hotfix trust"));
    assert!(!slot.root.path().join("ran").exists());
}

#[test]
fn a_command_stands_in_for_the_linter_it_runs() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.write("ruff.toml", "");
    slot.add("a.py", "import os\n");
    slot.add("CHANGES.md", "# not Python\n");
    slot.config.commands = vec!["python -m flake8 --max-line-length=99".to_owned()];
    assert_eq!(slot.found(), ["python -m flake8 --max-line-length=99", "ruff check"]);
    let plan = slot.plan();
    assert_eq!(plan.len(), 2, "{plan:?}");
    assert!(plan[0].ends_with("flake8 --max-line-length=99 \"$@\" sh a.py"), "{plan:?}");
}

#[test]
fn missing_linters_are_named_with_the_command_that_installs_them() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.add("a.py", "import os\n");
    slot.config.commands = vec!["no-such-linter --all".to_owned()];
    slot.path = OsString::from("/usr/bin:/bin");
    let report = slot.check();
    let hints: Vec<_> = report.linters.iter().map(|linter| linter.hint.clone().unwrap()).collect();
    assert!(outcomes(&report).iter().all(|(_, outcome)| *outcome == LinterOutcome::Missing));
    assert!(
        hints[0].starts_with("install what it needs: ") && hints[0].contains("no-such-linter"),
        "{hints:?}"
    );
    assert!(hints[1].ends_with(" install flake8") || hints[1].ends_with(" --user flake8"), "{hints:?}");
}

#[test]
fn virtual_environments_come_before_the_path() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.add("a.py", "x\n");
    for (root, column) in [(slot.home.path(), 2), (slot.root.path(), 1)] {
        let script = format!("echo \"'a.py' 1 {column} X1 said\"\nexit 1");
        write_program(root.join(".venv/bin/flake8"), script);
        assert_eq!(lines(&slot.check()), [format!("a.py:1:{column}: X1 said [flake8]")]);
    }
}

#[test]
fn linters_that_die_or_hang_are_one_line_each() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\nmax-line-length = broken\n");
    slot.write("ruff.toml", "select = 3\n");
    slot.add("a.py", "import os\n");
    slot.config.commands = vec!["sleep 60; echo".to_owned(), "kill -9 $$; echo".to_owned()];
    slot.config.timeout = Period::from_seconds(1);
    slot.program("flake8", "exec python -c 'raise ValueError(\"broken\")'");
    let report = slot.check();
    assert!(report.linters.iter().all(|linter| linter.outcome == LinterOutcome::Failed), "{report:?}");
    let hints: Vec<_> = report.linters.iter().map(|linter| linter.hint.as_deref().unwrap()).collect();
    insta::assert_debug_snapshot!(hints, @r#"
    [
        "took longer than 1s; raise check.timeout in hotfix.toml, or make it faster",
        "ended by signal 9",
        "ended with code 2: invalid type: integer `3`, expected a sequence",
        "ended with code 1: ValueError: broken",
    ]
    "#);
}

#[test]
fn huge_output_is_bounded_and_what_fits_is_read() {
    let mut slot = Slot::new();
    slot.add("a.txt", "x\n");
    slot.config.commands = vec!["echo a.txt:1: first; yes 'a.txt:9: many' | head -c 40000000; :".to_owned()];
    let report = slot.check();
    assert_eq!(lines(&report), [format!("a.txt:1: first [{}]", report.linters[0].name)]);
    let kept = 16 * 1024 * 1024 / 14;
    assert!(report.ignored_outside_change > kept - 100 && report.ignored_outside_change < kept + 100);
}

#[test]
fn nothing_runs_when_no_file_concerns_it() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.add("a.txt", "x\n");
    slot.files.push(PathBuf::from("deleted.py"));
    slot.write("real.py", "import os\n");
    std::os::unix::fs::symlink("real.py", slot.root.path().join("link.py")).unwrap();
    slot.files.push(PathBuf::from("link.py"));
    assert_eq!(slot.check(), CheckReport { tree: "tree".to_owned(), ..CheckReport::default() });
    assert!(slot.plan().is_empty());
}

#[test]
fn leaves_no_trace_in_the_slot() {
    let mut slot = Slot::new();
    slot.write(".flake8", "[flake8]\n");
    slot.write("pyproject.toml", "[tool.black]\n[tool.ruff.format]\n");
    slot.add("a.py", "import os\nx  = 1\n");
    let before = slot.tracked();
    let report = slot.check();
    assert_eq!(report.linters.len(), 4);
    assert_eq!(slot.tracked(), before);
}

#[test]
fn a_wish_to_stop_is_an_error() {
    let mut slot = Slot::new();
    slot.add("a.txt", "x\n");
    slot.config.commands = vec!["sleep 60; echo".to_owned()];
    let error = slot.with(|ctx, place, request| {
        ctx.cancel.ask(2);
        style::check(ctx, place, request).unwrap_err()
    });
    assert_eq!(error.exit().code(), 130);
}
