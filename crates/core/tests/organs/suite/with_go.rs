//! Real `go test` on temporary modules.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_core::suite::{Place, Runner, Selection};
use hotfix_model::CaseOutcome::{Crashed, Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;
use hotfix_testkit::{tools, write_program};

use super::{Project, files, found, outcomes, reason};

const MODULE: (&str, &str) = ("go.mod", "module example.org/sum\n\ngo 1.21\n");
const SOURCE: (&str, &str) = ("sum.go", "package sum\n\nfunc Sum(a, b int) int { return a + b }\n");
const TEST: &str = r#"package sum

import "testing"

func TestSum(t *testing.T) {
	for _, name := range []string{"one", "two words", "two words"} {
		t.Run(name, func(t *testing.T) {
			if Sum(1, 2) != 3 {
				t.Fatal("no")
			}
		})
	}
}

func TestWrong(t *testing.T) {
	t.Log("about to fail")
	t.Run("part/deep", func(t *testing.T) { t.Errorf("got %d, want %d", Sum(1, 2), 4) })
}

func TestLeftOut(t *testing.T) { t.Skip("not today") }

func ExampleSum() {
	// Output:
}
"#;
const OTHER: &str = "package sum_test\n\nimport (\n\t\"testing\"\n\t\"example.org/sum\"\n)\n\nfunc TestOutside(t *testing.T) { sum.Sum(1, 1) }\n";

fn module(files: &[(&str, &str)]) -> (Project, Box<dyn Runner>) {
    let mut project = Project::new(files);
    for (name, value) in tools::go_variables(&tools::GO.folder()) {
        project = project.set(name, value);
    }
    (project, found(files))
}

fn sums() -> Vec<(&'static str, &'static str)> {
    vec![MODULE, SOURCE, ("sum_test.go", TEST), ("other_test.go", OTHER)]
}

#[test]
fn every_outcome_is_read_and_the_counts_agree() {
    let (project, runner) = module(&sums());
    let run = project.run(runner.as_ref(), &files(&["sum_test.go", "gone_test.go"]));
    assert_eq!(
        outcomes(&run),
        [
            ("sum_test.go::ExampleSum", Passed),
            ("sum_test.go::TestLeftOut", Skipped),
            ("sum_test.go::TestSum", Passed),
            ("sum_test.go::TestSum/one", Passed),
            ("sum_test.go::TestSum/two_words", Passed),
            ("sum_test.go::TestSum/two_words#01", Passed),
            ("sum_test.go::TestWrong", Failed),
            ("sum_test.go::TestWrong/part/deep", Failed),
        ],
        "{run:#?}"
    );
    assert_eq!(reason(&run, "sum_test.go::TestWrong/part/deep"), "sum_test.go:17: got 3, want 4");
    assert_eq!(reason(&run, "sum_test.go::TestLeftOut"), "sum_test.go:20: not today");
    assert_eq!((run.end, run.exit, run.claimed), (RunEnd::Finished, Some(1), Some(8)));
    assert_eq!(project.run(runner.as_ref(), &Selection::Everything).cases.len(), 9);
    assert_eq!(runner.command(&files(&["sum_test.go"])), ["go", "test", "."]);
}

#[test]
fn ids_lead_back_to_exactly_those_tests() {
    let (project, runner) = module(&sums());
    for ids in [
        vec!["sum_test.go::TestWrong/part/deep"],
        vec!["sum_test.go::TestSum/two_words#01"],
        vec!["other_test.go::TestOutside", "sum_test.go::TestWrong"],
    ] {
        let owned = ids.iter().map(|id| (*id).to_owned()).collect();
        let run = project.run(runner.as_ref(), &Selection::Cases(owned));
        assert_eq!(outcomes(&run).iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids, "{run:#?}");
        assert_eq!(run.claimed, Some(ids.len() as u64));
    }
    let run = project.run(runner.as_ref(), &Selection::Cases(vec!["sum_test.go::TestGone".to_owned()]));
    assert_eq!((run.cases.len(), run.is_green()), (0, false), "{run:#?}");
}

#[test]
fn a_package_that_is_not_built_is_named_and_hides_no_other() {
    let (project, runner) = module(&[
        MODULE,
        SOURCE,
        ("bad/bad_test.go", "package bad\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { Missing() }\n"),
        ("far/far_test.go", "package far\n\nimport \"example.org/sum/nowhere\"\n"),
        ("good/good_test.go", "package good\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n"),
    ]);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("good/good_test.go::TestX", Passed)], "{run:#?}");
    let names: Vec<&str> = run.not_loaded.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(names, ["bad/bad_test.go", "far/far_test.go"], "{run:#?}");
    assert!(run.not_loaded[0].1.contains("undefined: Missing"), "{run:#?}");
    assert!(run.not_loaded[1].1.contains("nowhere"), "{run:#?}");
    assert_eq!((run.end, run.is_green()), (RunEnd::Finished, false));
}

#[test]
fn hangs_panics_and_exits_name_their_test() {
    let test = |body: &str| {
        format!(
            "package sum\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nvar _ = os.Exit\n\nfunc TestGood(t *testing.T) {{}}\nfunc TestX(t *testing.T) {{ {body} }}\n"
        )
    };
    for (body, outcome, why) in [
        ("for {}", TimedOut, "test timed out"),
        ("panic(\"lost\")", Failed, "panic: lost"),
        ("os.Exit(3)", Crashed, "its program ended while it ran"),
    ] {
        let text = test(body);
        let (project, runner) = module(&[MODULE, ("x_test.go", &text)]);
        let limit = Some(Duration::from_millis(500));
        let run = project.run_within(runner.as_ref(), &files(&["x_test.go"]), Duration::from_mins(1), limit);
        assert_eq!(
            outcomes(&run),
            [("x_test.go::TestGood", Passed), ("x_test.go::TestX", outcome)],
            "{run:#?}"
        );
        assert!(reason(&run, "x_test.go::TestX").contains(why), "{run:#?}");
    }
}

/// A package of many short tests outlives what Go is first told it may take, and no test in it hangs.
#[test]
fn a_slow_package_is_given_more_time_and_blames_no_test() {
    let rows = |count: u32| {
        format!(
            "package sum\n\nimport (\n\t\"fmt\"\n\t\"testing\"\n\t\"time\"\n)\n\nfunc TestTable(t *testing.T) {{\n\tfor row := 0; row < {count}; row++ {{\n\t\tt.Run(fmt.Sprint(row), func(t *testing.T) {{ time.Sleep(50 * time.Millisecond) }})\n\t}}\n}}\n"
        )
    };
    let limit = Some(Duration::from_secs(1));
    let text = rows(100);
    let (project, runner) = module(&[MODULE, ("x_test.go", &text)]);
    let run = project.run_within(runner.as_ref(), &files(&["x_test.go"]), Duration::from_mins(1), limit);
    assert_eq!((run.end, run.exit, run.cases.len()), (RunEnd::Finished, Some(0), 101), "{run:#?}");
    let text = rows(1000);
    let (project, runner) = module(&[MODULE, ("x_test.go", &text)]);
    let run = project.run_within(runner.as_ref(), &files(&["x_test.go"]), Duration::from_secs(8), limit);
    assert_eq!((run.end, run.broken().count(), run.is_green()), (RunEnd::TimedOut, 0, false), "{run:#?}");
}

#[test]
fn tests_that_wait_for_their_turn_are_not_blamed_for_one_that_hangs() {
    let text = "package sum\n\nimport \"testing\"\n\nfunc TestWaits(t *testing.T) { t.Parallel() }\nfunc TestHangs(t *testing.T) { t.Run(\"part\", func(t *testing.T) { select {} }) }\nfunc TestAlarm(t *testing.T) {}\n";
    let (project, runner) = module(&[MODULE, ("x_test.go", text)]);
    let limit = Some(Duration::from_millis(500));
    let run = project.run_within(runner.as_ref(), &files(&["x_test.go"]), Duration::from_mins(1), limit);
    let wanted = [("x_test.go::TestHangs", TimedOut), ("x_test.go::TestHangs/part", TimedOut)];
    assert_eq!(outcomes(&run), wanted, "{run:#?}");
    assert_eq!((run.end, run.claimed), (RunEnd::Finished, Some(2)), "{run:#?}");
}

/// With a stand-in for Go, whose first run is still compiling when the time is up.
#[test]
fn what_takes_too_long_to_compile_is_compiled_and_runs_again() {
    let text = "package sum\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n";
    let (project, runner) = module(&[MODULE, ("x_test.go", text)]);
    let bin = project.home().join("bin");
    let script = "case $1 in\nlist) : > \"$HOME/built\" ;;\ntest) test -e \"$HOME/built\" || exec sleep 60\nfor action in run pass; do echo \"{\\\"Action\\\":\\\"$action\\\",\\\"Package\\\":\\\"example.org/sum\\\",\\\"Test\\\":\\\"TestX\\\"}\"; done\n;;\nesac";
    write_program(bin.join("go"), script);
    let project = project.set("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    let run = project.run_within(
        runner.as_ref(),
        &files(&["x_test.go"]),
        Duration::from_secs(1),
        Some(Duration::from_secs(1)),
    );
    assert_eq!(outcomes(&run), [("x_test.go::TestX", Passed)], "{run:#?}");
    assert!(run.is_green(), "{run:#?}");
}

#[test]
fn what_fails_outside_of_tests_is_no_pass() {
    let text = "package sum\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestMain(m *testing.M) {\n\tm.Run()\n\tprintln(\"no database\")\n\tos.Exit(1)\n}\n\nfunc TestX(t *testing.T) {}\n";
    let (project, runner) = module(&[MODULE, ("x_test.go", text)]);
    let run = project.run(runner.as_ref(), &files(&["x_test.go"]));
    assert!(!run.is_green() && run.exit == Some(1), "{run:#?}");
}

#[test]
fn modules_below_the_root_run_in_their_own_folder() {
    let (project, runner) = module(&[
        ("go.work", "go 1.21\n\nuse (\n\t./api\n\t./lib\n)\n"),
        ("api/go.mod", "module example.org/api\n\ngo 1.21\n"),
        (
            "api/a_test.go",
            "package api\n\nimport (\n\t\"testing\"\n\t\"example.org/lib\"\n)\n\nfunc TestA(t *testing.T) { lib.X() }\n",
        ),
        ("lib/go.mod", "module example.org/lib\n\ngo 1.21\n"),
        ("lib/lib.go", "package lib\n\nfunc X() {}\n"),
        ("lib/deep/b_test.go", "package deep\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) {}\n"),
        ("lib/testdata/broken/c_test.go", "not go\n"),
    ]);
    let project = project.set("GOFLAGS", "");
    assert!(!runner.is_test_file(Path::new("lib/testdata/broken/c_test.go")));
    assert!(runner.is_test_support(Path::new("lib/testdata/broken/c_test.go")));
    assert!(!runner.is_test_support(Path::new("lib/test/helper.go")));
    let both = files(&["api/a_test.go", "lib/deep/b_test.go"]);
    let run = project.run(runner.as_ref(), &both);
    assert_eq!(
        outcomes(&run),
        [("api/a_test.go::TestA", Passed), ("lib/deep/b_test.go::TestB", Passed)],
        "{run:#?}"
    );
    assert_eq!(runner.command(&both).join(" "), "cd api && go test . && cd lib && go test ./deep");
    assert!(run.is_green());
}

#[test]
fn related_tests_are_those_of_packages_that_import_the_changed_one() {
    let (project, runner) = module(&[
        MODULE,
        SOURCE,
        ("sum_test.go", TEST),
        ("user/user.go", "package user\n\nimport \"example.org/sum\"\n\nvar X = sum.Sum(1, 2)\n"),
        ("user/user_test.go", "package user\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n"),
        ("far/far_test.go", "package far\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n"),
    ]);
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    let related = |path: &str| runner.related(&project.ctx(), &place, &[PathBuf::from(path)]);
    assert_eq!(related("sum.go"), Some(vec!["sum_test.go".into(), "user/user_test.go".into()]));
    assert_eq!(related("README.md"), None);
}

#[test]
fn what_each_test_file_runs_is_learnt() {
    let source = (
        "sum.go",
        "package sum\n\nfunc Sum(a, b int) int { return a + b }\n\nfunc Unused() int {\n\treturn 1\n}\n",
    );
    let (project, runner) = module(&[
        MODULE,
        source,
        ("sum_test.go", TEST),
        ("other_test.go", OTHER),
        ("none_test.go", "package sum\n"),
    ]);
    let found = project.footprints(runner.as_ref(), &["sum_test.go", "other_test.go"]);
    let of_sum = |test: &str| found.get(test).and_then(|files| files.get("sum.go")).cloned();
    assert_eq!(of_sum("other_test.go"), Some(vec![(3, 3)]), "{found:?}");
    assert_eq!(of_sum("sum_test.go"), Some(vec![(3, 3)]), "{found:?}");
}
