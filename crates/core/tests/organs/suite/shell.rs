//! Real bats, and make.

use hotfix_core::suite::Selection;
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped, TimedOut};

use super::{Project, detect_in, files, found, frame, outcomes, reason};

const TEST: &str = "@test \"adds <two> & (two)\" {\n  [ \"$((2+2))\" -eq 4 ]\n}\n@test \"fails\" {\n  echo no\n  [ 1 -eq 2 ]\n}\n@test \"skips\" { skip slow; }\n@test \"hangs\" { sleep 60; }\n";

mod with_node {
    use super::*;

    /// Takes a second: a hang is the subject.
    #[test]
    fn files_and_single_tests_are_singled_out_and_read() {
        let all = [
            ("test/a.bats", TEST),
            ("test/b.bats", "@test \"other\" { true; }\n"),
            ("test/c.bats", "@test \"x\" {\n"),
        ];
        let runner = found(&all);
        let project = Project::new(&all);
        let bats = hotfix_testkit::tools::node_modules();
        std::os::unix::fs::symlink(bats, project.root().join("node_modules")).unwrap();
        let limit = Some(std::time::Duration::from_secs(1));
        let patience = std::time::Duration::from_mins(1);
        let run = project.run_within(runner.as_ref(), &files(&["test/a.bats"]), patience, limit);
        assert_eq!(
            outcomes(&run),
            [
                ("test/a.bats::adds <two> & (two)", Passed),
                ("test/a.bats::fails", Failed),
                ("test/a.bats::hangs", TimedOut),
                ("test/a.bats::skips", Skipped),
            ]
        );
        assert_eq!((run.claimed, run.exit), (Some(4), Some(1)));
        assert_eq!(reason(&run, "test/a.bats::fails"), "`[ 1 -eq 2 ]' failed");
        assert_eq!(frame(&run, "test/a.bats::fails"), Some("test/a.bats"));
        let cases = ["test/a.bats::adds <two> & (two)", "test/b.bats::other"].map(str::to_owned);
        let run = project.run(runner.as_ref(), &Selection::Cases(cases.into()));
        assert_eq!((run.cases.len(), run.is_green()), (2, true), "{run:?}");
        let run = project.run(runner.as_ref(), &files(&["test/b.bats", "test/c.bats"]));
        assert!(!run.is_green(), "{run:?}");
        assert_eq!(runner.name(), "bats");
    }
}

/// A makefile with what else is there, and what it is that runs nothing.
#[test]
fn a_make_that_runs_nothing_is_no_pass() {
    let up_to_date = [("Makefile", "test:\n\t@./check.sh\n"), ("test/README", "")];
    let empty = [("Makefile", ".PHONY: test check\ntest: check\ncheck:\n"), ("README", "")];
    let silent = [("Makefile", ".PHONY: test\ntest:\n\t@true\n\t@: ; exit 0\n"), ("README", "")];
    let speaking = [("Makefile", ".PHONY: test\ntest:\n\t@echo \"no tests; ./run\" yet\n"), ("README", "")];
    let inner =
        [("Makefile", ".PHONY: test\ntest:\n\t$(MAKE) -C sub test\n"), ("sub/Makefile", "test:\n\t@:\n")];
    for all in [up_to_date, empty, silent, speaking, inner] {
        let (project, runner) = (Project::new(&all), found(&all));
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!((run.counted, run.cases.len(), run.is_green()), (true, 0, false), "{all:?}: {run:#?}");
        assert!(run.tail.starts_with("no test ran: "), "{all:?}: {run:#?}");
    }
    for line in ["make test", "CI=1 make -k test", "gmake test"] {
        let runner = detect_in(&[], line).unwrap();
        let project = Project::new(&up_to_date);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert!(!run.is_green(), "{line}: {run:#?}");
    }
}

#[test]
fn a_make_that_runs_something_runs_it_and_its_code_decides() {
    for (makefile, is_green) in [
        (".PHONY: test\ntest:\n\t@echo testing && test -e README\n", true),
        (".PHONY: test\ntest:\n\t@echo testing; test -e gone\n", false),
        (".PHONY: test\ntest:\n\t@$(MAKE) check\ncheck:\n\t@test -e README\n", true),
        ("test: check\n.PHONY: test check\ncheck:\n\t@exit 1\n", false),
        ("test:\n\tif true; then exit 3; fi\n", false),
    ] {
        let all = [("Makefile", makefile), ("README", "")];
        let run = Project::new(&all).run(found(&all).as_ref(), &Selection::Everything);
        assert_eq!((run.counted, run.is_green()), (false, is_green), "{makefile}: {run:#?}");
    }
}

#[test]
fn make_is_the_last_resort_and_its_code_decides() {
    let all = [("Makefile", "test:\n\tsh check.sh\n"), ("check.sh", "exit 3\n")];
    let runner = found(&all);
    assert_eq!(runner.command(&Selection::Everything), ["make", "test"]);
    let project = Project::new(&all);
    assert_eq!(project.run(runner.as_ref(), &Selection::Everything).exit, Some(2));
    project.write(&[("check.sh", "exit 0\n")]);
    assert!(project.run(runner.as_ref(), &Selection::Everything).is_green());
    assert!(detect_in(&[("Makefile", "all:\n\ttrue\n")], "").is_err());
    let beside = [("Makefile", "test:\n\ttrue\n"), ("test/a.bats", "")];
    assert_eq!(found(&beside).name(), "bats");
}
