//! The unittest runner.

use std::time::Duration;

use hotfix_core::suite::Selection;
use hotfix_model::{Case, CaseOutcome, RunEnd};

use super::{Project, files, outcomes, reason, unittest};

use CaseOutcome::{Crashed, Failed, Passed, Skipped, TimedOut};

const KINDS: &str = r#"
import unittest

class Kinds(unittest.TestCase):
    def test_passes(self): self.assertEqual(1, 1)
    def test_fails(self): self.assertEqual(401, 200)
    def test_raises(self): raise KeyError("user")
    @unittest.skip("not here")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_xfail(self): self.fail()
    @unittest.expectedFailure
    def test_xpass(self): pass
    def test_parts(self):
        for number in (1, 2):
            with self.subTest(number=number):
                self.assertEqual(number, 1)

class BrokenFixture(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise ValueError("no database")
    def test_never(self): pass

class Inherited(Kinds):
    test_fails = test_raises = test_xpass = test_parts = None
"#;

#[test]
fn every_outcome_is_read_and_the_counts_agree() {
    let project = Project::new(&[("tests/__init__.py", ""), ("tests/test_kinds.py", KINDS)]);
    let run = project.run(&*unittest(), &Selection::Everything);
    let wanted = [
        ("BrokenFixture::setUpClass", Failed),
        ("Inherited::test_passes", Passed),
        ("Inherited::test_skipped", Skipped),
        ("Inherited::test_xfail", Skipped),
        ("Kinds::test_fails", Failed),
        ("Kinds::test_parts", Failed),
        ("Kinds::test_passes", Passed),
        ("Kinds::test_raises", Failed),
        ("Kinds::test_skipped", Skipped),
        ("Kinds::test_xfail", Skipped),
        ("Kinds::test_xpass", Failed),
    ]
    .map(|(name, outcome)| (format!("tests/test_kinds.py::{name}"), outcome));
    let wanted: Vec<_> = wanted.iter().map(|(id, outcome)| (id.as_str(), *outcome)).collect();
    assert_eq!(outcomes(&run), wanted);
    assert_eq!((run.end, run.exit, run.claimed), (RunEnd::Finished, Some(1), Some(11)));
    assert_eq!(reason(&run, "tests/test_kinds.py::Kinds::test_fails"), "AssertionError: 401 != 200");
    assert_eq!(reason(&run, "tests/test_kinds.py::BrokenFixture::setUpClass"), "ValueError: no database");
}

#[test]
fn ids_lead_back_to_exactly_those_tests() {
    let project = Project::new(&[("tests/__init__.py", ""), ("tests/test_kinds.py", KINDS)]);
    let runner = unittest();
    let two = vec![
        "tests/test_kinds.py::Kinds::test_passes".to_owned(),
        "tests/test_kinds.py::Inherited::test_xfail".to_owned(),
    ];
    let run = project.run(&*runner, &Selection::Cases(two));
    let wanted = [
        ("tests/test_kinds.py::Inherited::test_xfail", Skipped),
        ("tests/test_kinds.py::Kinds::test_passes", Passed),
    ];
    assert_eq!(outcomes(&run), wanted);
    assert!(run.is_green());
    let fixture = vec!["tests/test_kinds.py::BrokenFixture::setUpClass".to_owned()];
    let run = project.run(&*runner, &Selection::Cases(fixture));
    assert_eq!(outcomes(&run), [("tests/test_kinds.py::BrokenFixture::setUpClass", Failed)]);
}

#[test]
fn files_of_the_same_name_without_packages_are_both_run() {
    let text =
        "import unittest, helper\nclass T(unittest.TestCase):\n    def test_x(self): helper.ok(self)\n";
    let helper = "def ok(test): test.assertTrue(True)\n";
    let project = Project::new(&[
        ("a/test_auth.py", text),
        ("b/test_auth.py", text),
        ("src/helper.py", helper),
        ("node_modules/test_no.py", "raise SystemExit\n"),
    ]);
    let run = project.run(&*unittest(), &Selection::Everything);
    assert_eq!(
        outcomes(&run),
        [("a/test_auth.py::T::test_x", Passed), ("b/test_auth.py::T::test_x", Passed)]
    );
    assert!(run.is_green(), "{}", run.tail);
}

#[test]
fn load_errors_zero_tests_and_missing_files_are_never_green() {
    let good = "import unittest\nclass T(unittest.TestCase):\n    def test_x(self): pass\n";
    let project = Project::new(&[
        ("test_a.py", good),
        ("test_b.py", "import not_there\n"),
        ("test_c.py", "import sys\nsys.exit(0)\n"),
        ("test_d.py", "import unittest\n"),
    ]);
    let runner = unittest();
    let run = project.run(&*runner, &Selection::Everything);
    assert_eq!(outcomes(&run), [("test_a.py::T::test_x", Passed)]);
    let loads: Vec<_> = run.not_loaded.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(loads, ["test_b.py", "test_c.py"]);
    assert_eq!(run.not_loaded[0].1, "ModuleNotFoundError: No module named 'not_there'");
    assert!(!run.is_green());
    let run = project.run(&*runner, &files(&["test_d.py"]));
    assert_eq!((run.exit, run.cases.len(), run.is_green()), (Some(5), 0, false));
    assert!(!project.run(&*runner, &files(&["test_gone.py"])).is_green());
}

#[test]
fn hangs_and_crashes_name_their_test() {
    let text = "import os, time, unittest\nclass T(unittest.TestCase):\n    def test_a(self): time.sleep(60)\n    \
                def test_b(self): pass\n    def test_c(self): os._exit(0)\n";
    let project = Project::new(&[("test_t.py", text)]);
    let (run_limit, limit) = (Duration::from_mins(1), Some(Duration::from_secs(1)));
    let run = project.run_within(&*unittest(), &Selection::Everything, run_limit, limit);
    let wanted = [
        ("test_t.py::T::test_a", TimedOut),
        ("test_t.py::T::test_b", Passed),
        ("test_t.py::T::test_c", Crashed),
    ];
    assert_eq!(outcomes(&run), wanted);
    assert_eq!(run.end, RunEnd::Crashed);
    assert!(!run.is_green());
}

#[test]
fn the_command_is_what_a_person_would_type() {
    let runner = unittest();
    let ids = Selection::Cases(vec!["tests/test_auth.py::AuthTest::test_x".to_owned()]);
    assert_eq!(runner.command(&ids), ["python3", "-m", "unittest", "tests.test_auth.AuthTest.test_x"]);
    assert_eq!(runner.command(&Selection::Everything), ["python3", "-m", "unittest"]);
}

#[test]
fn some_tests_run_several_times_in_one_process() {
    let tests = "import unittest\n\n\nclass Often(unittest.TestCase):\n    runs = 0\n    set_up = 0\n\n\
                 \x20   @classmethod\n    def setUpClass(cls):\n        Often.set_up += 1\n\n    def setUp(self):\n        self.fresh = []\n\n\
                 \x20   def test_broken(self):\n        self.fail('no')\n\n\
                 \x20   def test_steady(self):\n        self.fresh.append(1)\n        self.assertEqual((self.fresh, Often.set_up), ([1], 1))\n\n\
                 \x20   def test_wavers(self):\n        Often.runs += 1\n        self.assertTrue(Often.runs % 2)\n\n\
                 \x20   @unittest.skip('not here')\n    def test_skipped(self):\n        pass\n\n\
                 \x20   def test_other(self):\n        pass\n";
    let project = Project::new(&[("tests/__init__.py", ""), ("tests/test_often.py", tests)]);
    let names = ["test_broken", "test_other", "test_skipped", "test_steady", "test_wavers"];
    let ids = names.map(|name| format!("tests/test_often.py::Often::{name}"));
    let repeated = [&ids[0], &ids[2], &ids[3], &ids[4]].map(String::as_str);
    let run = project.run_repeating(&*unittest(), &Selection::Everything, &repeated);
    // Whether a test that is left out counts as having run depends on the version of Python.
    let times = |case: &Case| case.times.filter(|_| case.outcome != Skipped);
    let outcomes: Vec<_> =
        run.cases.iter().map(|case| (case.outcome, case.is_flaky(), times(case))).collect();
    let wanted = [
        (Failed, false, Some(4)),
        (Passed, false, None),
        (Skipped, false, None),
        (Passed, false, Some(4)),
        (Passed, true, Some(4)),
    ];
    assert_eq!(outcomes, wanted, "{run:#?}");
    assert_eq!((run.claimed, run.exit), (Some(5), Some(1)));
}
