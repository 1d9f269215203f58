//! Real `go test` on temporary modules.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_core::suite::{Place, Runner, Selection};
use hotfix_model::CaseOutcome::{Crashed, Failed, Passed, Skipped, TimedOut};
use hotfix_model::RunEnd;
use hotfix_testkit::{tools, write_program};

use super::{Project, files, found, frame, outcomes, reason, write_into};

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
fn single_tests_run_several_times_in_one_process() {
    let test = "package sum\n\nimport \"testing\"\n\nvar runs int\n\nfunc TestWavers(t *testing.T) {\n\truns++\n\tif runs%2 == 0 {\n\t\tt.Fatal(\"got 3\")\n\t}\n}\n\nfunc TestBroken(t *testing.T) {\n\tt.Run(\"part\", func(t *testing.T) { t.Error(\"got 4\") })\n}\n\nfunc TestSteady(t *testing.T) {}\n";
    let (project, runner) = module(&[MODULE, SOURCE, ("often_test.go", test)]);
    let ids = ["TestBroken", "TestBroken/part", "TestSteady", "TestWavers"]
        .map(|name| format!("often_test.go::{name}"));
    let selection = Selection::Cases(ids.to_vec());
    let run = project.run_repeating(runner.as_ref(), &selection, &ids.each_ref().map(String::as_str));
    let results = run.cases.iter().map(|case| (case.id.as_str(), case.outcome, case.times));
    let mut results: Vec<_> = results.collect();
    results.sort_by_key(|(id, ..)| *id);
    let wanted = [Failed, Failed, Passed, Passed];
    assert_eq!(
        results,
        ids.iter().zip(wanted).map(|(id, end)| (id.as_str(), end, Some(4))).collect::<Vec<_>>()
    );
    let flaky: Vec<_> = run.flaky().map(|case| (case.id.as_str(), case.reason.as_deref())).collect();
    assert_eq!(flaky, [(ids[3].as_str(), Some("often_test.go:10: got 3"))]);
    assert_eq!((run.claimed, run.exit), (Some(4), Some(1)));
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

/// What testify's `suite` does: every method of a suite that is named as a test is a part of the test that runs it.
const SUITE: (&str, &str) = (
    "suite/suite.go",
    r#"package suite

import (
	"reflect"
	"strings"
	"testing"
)

type Suite struct{ t *testing.T }

func (s *Suite) T() *testing.T     { return s.t }
func (s *Suite) SetT(t *testing.T) { s.t = t }

func Run(t *testing.T, suite interface{ SetT(*testing.T) }) {
	suite.SetT(t)
	if setup, ok := suite.(interface{ SetupSuite() }); ok {
		setup.SetupSuite()
	}
	methods := reflect.TypeOf(suite)
	for i := 0; i < methods.NumMethod(); i++ {
		if method := methods.Method(i); strings.HasPrefix(method.Name, "Test") {
			t.Run(method.Name, func(t *testing.T) {
				suite.SetT(t)
				method.Func.Call([]reflect.Value{reflect.ValueOf(suite)})
			})
		}
	}
}
"#,
);
const RUNS_SUITES: &str = "package sum\n\nimport (\n\t\"testing\"\n\n\t\"example.org/sum/suite\"\n)\n\ntype PriceSuite struct{ suite.Suite }\n\nfunc TestPriceSuite(t *testing.T) { suite.Run(t, new(PriceSuite)) }\n";
const TAX: &str = "package sum\n\nfunc (s *PriceSuite) TestTax() {}\n";
const TOTAL: &str = "package sum\n\nfunc (s *PriceSuite) TestTotal() {\n\tif Sum(1, 2) != 4 {\n\t\ts.T().Error(\"no\")\n\t}\n}\n";
const PLAIN: &str = "package sum\n\nimport \"testing\"\n\nfunc TestPlain(t *testing.T) {}\n";

fn suites(more: &[(&'static str, &'static str)]) -> (Project, Box<dyn Runner>) {
    let mut all = vec![
        MODULE,
        SOURCE,
        SUITE,
        ("suites_test.go", RUNS_SUITES),
        ("tax_test.go", TAX),
        ("total_test.go", TOTAL),
        ("plain_test.go", PLAIN),
    ];
    all.retain(|(path, _)| more.iter().all(|(other, _)| other != path));
    all.extend(more);
    module(&all)
}

#[test]
fn methods_of_a_suite_run_with_their_file_whichever_file_runs_the_suite() {
    let (project, runner) = suites(&[]);
    let run = project.run(runner.as_ref(), &files(&["total_test.go"]));
    let id = "total_test.go::TestPriceSuite/TestTotal";
    assert_eq!(outcomes(&run), [(id, Failed)], "{run:#?}");
    assert_eq!((frame(&run, id), run.claimed), (Some("total_test.go:PriceSuite.TestTotal"), Some(1)));
    let run = project.run(runner.as_ref(), &Selection::Cases(vec![id.to_owned()]));
    assert_eq!(outcomes(&run), [(id, Failed)], "{run:#?}");
    let run = project.run(runner.as_ref(), &files(&["suites_test.go", "tax_test.go"]));
    let wanted =
        [("suites_test.go::TestPriceSuite", Failed), ("tax_test.go::TestPriceSuite/TestTax", Passed)];
    assert_eq!(outcomes(&run), wanted, "{run:#?}");
    assert_eq!(project.run(runner.as_ref(), &Selection::Everything).cases.len(), 4);
}

#[test]
fn a_suite_that_fails_before_its_tests_speaks_for_them() {
    let setup = "package sum\n\nfunc (s *PriceSuite) SetupSuite() { s.T().Fatal(\"no database\") }\nfunc (s *PriceSuite) TestTax() {}\n";
    let (project, runner) = suites(&[("tax_test.go", setup)]);
    let run = project.run(runner.as_ref(), &files(&["total_test.go"]));
    assert_eq!(outcomes(&run), [("suites_test.go::TestPriceSuite", Failed)], "{run:#?}");
    assert!(reason(&run, "suites_test.go::TestPriceSuite").ends_with("no database"), "{run:#?}");
}

#[test]
fn a_suite_that_nobody_is_known_to_run_runs_its_whole_package() {
    // By an embedding type, and by a table filled before any test: neither names the type where it is run.
    let embedding = "package sum\n\nimport (\n\t\"testing\"\n\n\t\"example.org/sum/suite\"\n)\n\ntype PriceSuite struct{ suite.Suite }\ntype all struct{ PriceSuite }\n\nfunc TestAll(t *testing.T) { suite.Run(t, new(all)) }\n";
    let (project, runner) = suites(&[("suites_test.go", embedding)]);
    let run = project.run(runner.as_ref(), &files(&["total_test.go"]));
    let failing = "total_test.go::TestAll/TestTotal";
    assert!(outcomes(&run).contains(&(failing, Failed)), "{run:#?}");

    let registered = "package sum\n\nimport \"testing\"\n\nvar checks []func(t *testing.T)\n\nfunc register(check func(t *testing.T)) bool { checks = append(checks, check); return true }\n\nfunc TestRegistered(t *testing.T) {\n\tfor _, check := range checks {\n\t\tcheck(t)\n\t}\n}\n";
    let specs =
        "package sum\n\nimport \"testing\"\n\nvar _ = register(func(t *testing.T) { t.Error(\"no\") })\n";
    let (project, runner) = module(&[
        MODULE,
        SOURCE,
        ("run_test.go", registered),
        ("specs_test.go", specs),
        ("plain_test.go", PLAIN),
    ]);
    let run = project.run(runner.as_ref(), &files(&["specs_test.go"]));
    assert!(outcomes(&run).contains(&("run_test.go::TestRegistered", Failed)), "{run:#?}");
}

#[test]
fn helpers_run_with_the_tests_that_were_asked_for_else_with_their_whole_package() {
    let helpers = ("helpers_test.go", "package sum\n\nfunc two() int { return 2 }\n");
    let other =
        ("other_test.go", "package sum\n\nimport \"testing\"\n\nfunc TestOther(t *testing.T) { two() }\n");
    let (project, runner) = module(&[MODULE, SOURCE, helpers, other, ("plain_test.go", PLAIN)]);
    let run = project.run(runner.as_ref(), &files(&["helpers_test.go"]));
    let both = [("other_test.go::TestOther", Passed), ("plain_test.go::TestPlain", Passed)];
    assert_eq!(outcomes(&run), both, "{run:#?}");
    let run = project.run(runner.as_ref(), &files(&["helpers_test.go", "other_test.go"]));
    assert_eq!(outcomes(&run), [("other_test.go::TestOther", Passed)], "{run:#?}");
}

#[test]
fn a_file_that_a_build_constraint_leaves_out_is_named_with_its_tag() {
    let tagged = |tag: &str| {
        format!("//go:build {tag}\n\npackage sum\n\nimport \"testing\"\n\nfunc TestLive(t *testing.T) {{}}\n")
    };
    let (live, far, windows) = (tagged("integration"), tagged("!linux && e2e"), tagged("go1.1"));
    let (project, runner) = module(&[
        MODULE,
        SOURCE,
        ("plain_test.go", PLAIN),
        ("live_test.go", &live),
        ("far_test.go", &far),
        ("own_windows_test.go", windows.split_once("\n\n").unwrap().1),
        ("all/live_test.go", &live),
    ]);
    let all = ["plain_test.go", "live_test.go", "far_test.go", "own_windows_test.go", "all/live_test.go"];
    let run = project.run(runner.as_ref(), &files(&all));
    assert_eq!(
        outcomes(&run),
        [
            ("all/live_test.go::TestLive", Skipped),
            ("far_test.go::TestLive", Skipped),
            ("live_test.go::TestLive", Skipped),
            ("own_windows_test.go::TestLive", Skipped),
            ("plain_test.go::TestPlain", Passed),
        ],
        "{run:#?}"
    );
    assert_eq!((run.claimed, run.not_loaded.len()), (Some(5), 0), "{run:#?}");
    let said = "live_test.go is left out without the build tag integration: go test -tags=integration";
    assert_eq!(reason(&run, "live_test.go::TestLive"), said);
    assert!(reason(&run, "far_test.go::TestLive").ends_with("!linux && e2e"));
    assert!(reason(&run, "own_windows_test.go::TestLive").contains("for another system"));
    assert_eq!(project.listed(runner.as_ref()).unwrap(), ["plain_test.go"]);
    let with_tag = project.set("GOFLAGS", "-mod=mod -tags=integration");
    std::fs::remove_dir_all(with_tag.root().join("all")).unwrap();
    std::fs::remove_file(with_tag.root().join("own_windows_test.go")).unwrap();
    let run = with_tag.run(runner.as_ref(), &files(&["live_test.go"]));
    assert_eq!(outcomes(&run), [("live_test.go::TestLive", Passed)], "{run:#?}");
    assert_eq!(with_tag.listed(runner.as_ref()).unwrap(), ["live_test.go", "plain_test.go"]);
}

#[test]
fn failures_name_the_place_and_a_test_says_what_its_part_says() {
    let source = "package sum\n\nfunc At(all []int, place int) int { return all[place] }\n";
    let helper = "package sum\n\nimport \"testing\"\n\nfunc check(t *testing.T, got int) {\n\tif got != 3 {\n\t\tt.Errorf(\"got %d\", got)\n\t}\n}\n";
    let test = "package sum\n\nimport \"testing\"\n\nfunc TestParts(t *testing.T) {\n\tt.Run(\"good\", func(t *testing.T) {})\n\tt.Run(\"bad\", func(t *testing.T) { t.Run(\"deep\", func(t *testing.T) { t.Error(\"no\") }) })\n}\n\nfunc TestHelped(t *testing.T) { check(t, 2) }\n\nfunc TestPanics(t *testing.T) { At(nil, 5) }\n";
    let (project, runner) =
        module(&[MODULE, ("in/at.go", source), ("in/helper_test.go", helper), ("in/x_test.go", test)]);
    let run = project.run(runner.as_ref(), &files(&["in/x_test.go"]));
    for id in ["TestParts", "TestParts/bad", "TestParts/bad/deep"] {
        let id = format!("in/x_test.go::{id}");
        let wanted = ("x_test.go:7: no", Some("in/x_test.go:TestParts"));
        assert_eq!((reason(&run, &id), frame(&run, &id)), wanted, "{id}");
    }
    assert_eq!(frame(&run, "in/x_test.go::TestHelped"), Some("in/helper_test.go:check"), "{run:#?}");
    let panics = "in/x_test.go::TestPanics";
    assert_eq!(frame(&run, panics), Some("in/at.go:At"), "{run:#?}");
    assert!(reason(&run, panics).starts_with("panic: runtime error: index out of range"), "{run:#?}");
}

const LIB: (&str, &str) = ("go.mod", "module example.org/lib\n\ngo 1.21\n");
const LIB_SOURCE: (&str, &str) = ("lib.go", "package lib\n\nfunc X() {}\n");

/// A module `example.org/api` in the folder `api` that needs `example.org/lib`, which is in `lib`.
fn two_modules(replacement: &str) -> (Project, Box<dyn Runner>) {
    let api = format!(
        "module example.org/api\n\ngo 1.21\n\nrequire example.org/lib v0.0.0\n\nreplace example.org/lib => {replacement}\n"
    );
    let test = "package api\n\nimport (\n\t\"testing\"\n\t\"example.org/lib\"\n)\n\nfunc TestA(t *testing.T) { lib.X() }\n";
    module(&[
        ("api/go.mod", &api),
        ("api/a_test.go", test),
        ("lib/go.mod", LIB.1),
        ("lib/lib.go", LIB_SOURCE.1),
    ])
}

#[test]
fn a_module_of_this_repository_from_elsewhere_is_foreign() {
    let (project, runner) = two_modules("../lib");
    let api = files(&["api/a_test.go"]);
    let run = project.run(runner.as_ref(), &api);
    assert_eq!((run.foreign.as_deref(), run.is_green()), (None, true), "{run:#?}");

    // The main worktree, by an absolute path and by one that leaves the repository.
    let main = project.home().join("lib");
    write_into(&main, &[LIB, LIB_SOURCE]);
    for path in [main.display().to_string(), "../../home/lib".to_owned()] {
        let (other, runner) = two_modules(&path);
        write_into(&other.home().join("lib"), &[LIB, LIB_SOURCE]);
        let run = other.run(runner.as_ref(), &api);
        let foreign = run.foreign.unwrap_or_else(|| panic!("{path} is not seen"));
        assert!(foreign.starts_with("api/go.mod takes example.org/lib from "), "{foreign}");
        assert!(foreign.contains("not from lib here"), "{foreign}");
    }

    // Somebody else's module may lie wherever it wants.
    let theirs = project.home().join("theirs");
    write_into(&theirs, &[("go.mod", "module example.org/theirs\n\ngo 1.21\n"), LIB_SOURCE]);
    let manifest =
        format!("module example.org/api\n\ngo 1.21\n\nreplace example.org/theirs => {}\n", theirs.display());
    project.write(&[("api/go.mod", &manifest), ("api/a_test.go", PLAIN)]);
    let run = project.run(runner.as_ref(), &api);
    assert_eq!((run.foreign.as_deref(), run.is_green()), (None, true), "{run:#?}");
}

#[test]
fn a_workspace_of_other_folders_is_foreign_where_it_is_used_and_left_aside_where_it_is_not() {
    let (project, runner) = two_modules("../lib");
    let project = project.set("GOFLAGS", "");
    let main = project.home().join("lib");
    write_into(&main, &[LIB, LIB_SOURCE]);
    let workspace = format!("go 1.21\n\nuse (\n\t./api\n\t{}\n)\n", main.display());
    project.write(&[("go.work", &workspace)]);
    let run = project.run(runner.as_ref(), &files(&["api/a_test.go"]));
    assert!(run.foreign.as_deref().is_some_and(|said| said.starts_with("go.work takes")), "{run:#?}");

    // One above the slot, for the main worktree: Go itself would refuse to run.
    std::fs::remove_file(project.root().join("go.work")).unwrap();
    let around = project.root().parent().unwrap().join("go.work");
    std::fs::write(around, "go 1.21\n\nuse ./home/lib\n").unwrap();
    let run = project.run(runner.as_ref(), &files(&["api/a_test.go"]));
    assert_eq!((run.foreign.as_deref(), run.is_green()), (None, true), "{run:#?}");
}
