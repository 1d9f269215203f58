//! A failure is excused only if the very same test fails on base for the same reason. (F1)

use hotfix_model::SuiteVerdict;
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, outside};

mod with_python {
    use super::*;

    /// What the test that was red before says of a fix: `base` and `fixed` are `price.py`.
    fn judged(base: &str, fixed: &str) -> (SuiteVerdict, Vec<String>, String) {
        let test = "from price import total\n\n\ndef test_old():\n    assert total([1]) == 1\n\n\ndef test_kind():\n    assert total\n";
        let files = [PYTEST, IGNORED, ("price.py", base), ("test_price.py", test)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.write("price.py", fixed);
        let report = scene.test();
        (report.verdict, report.failed_on_base_too, report.why)
    }

    const BASE: &str = "def total(prices):\n    raise ValueError('no price list')\n";

    #[test]
    fn the_same_reason_is_excused() {
        let (verdict, excused, why) = judged(BASE, &BASE.replace("def", "# Prices in cents.\n\n\ndef"));
        assert_eq!((verdict, excused.len()), (SuiteVerdict::Passed, 1), "{why}");
        assert!(why.starts_with("1 test passed; "), "{why}");
    }

    #[test]
    fn another_type_of_exception_is_newly_broken() {
        let (verdict, excused, why) = judged(BASE, &BASE.replace("ValueError", "KeyError"));
        assert_eq!((verdict, excused.len()), (SuiteVerdict::Failed, 0), "{why}");
    }

    #[test]
    fn another_message_is_newly_broken() {
        let (verdict, excused, why) = judged(BASE, &BASE.replace("no price list", "no currency"));
        assert_eq!((verdict, excused.len()), (SuiteVerdict::Failed, 0), "{why}");
    }

    #[test]
    fn another_place_in_the_code_is_newly_broken() {
        let base = "def load():\n    raise ValueError('nothing')\n\n\ndef save():\n    raise ValueError('nothing')\n\n\ndef total(prices):\n    load()\n";
        let (verdict, excused, why) = judged(base, &base.replace("    load()", "    save()"));
        assert_eq!((verdict, excused.len()), (SuiteVerdict::Failed, 0), "{why}");
    }

    /// What differs between two runs on base is no difference; what does not is one.
    #[test]
    fn numbers_that_change_with_each_run_hide_no_other_difference() {
        let base = "import itertools\nimport os\nimport time\n\n\ndef total(prices):\n    raise ValueError(f'process {os.getpid()} at {time.time_ns()}: stage 1')\n";
        let (verdict, excused, why) = judged(base, &base.replace("import itertools\n", ""));
        assert_eq!((verdict, excused.len()), (SuiteVerdict::Passed, 1), "{why}");
        let (verdict, excused, why) = judged(base, &base.replace("stage 1", "stage 2"));
        assert_eq!((verdict, excused.len()), (SuiteVerdict::Failed, 0), "{why}");
    }

    /// A test that does not exist on base cannot fail there.
    #[test]
    fn a_new_test_of_an_old_failure_is_not_excused() {
        let test = "from price import total\n\n\ndef test_kind():\n    assert total\n";
        let files = [PYTEST, IGNORED, ("price.py", BASE), ("test_price.py", test)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("test_price.py", "\n\ndef test_new():\n    assert total([1]) == 1\n");
        scene.append("price.py", "\n\nCENTS = 100\n");
        let report = scene.test();
        assert_eq!(report.verdict, SuiteVerdict::Failed, "{}", report.why);
    }

    /// Three hundred tests of which each writes a line when it runs.
    fn hundreds(source: &str) -> Scene {
        let sandbox = Sandbox::with_python();
        let counter = outside(&sandbox, "runs");
        let test = format!(
            "import pytest\nfrom price import total\n\n\n@pytest.mark.parametrize('x', range(300))\ndef test_total(x):\n    with open({counter:?}, 'a') as file:\n        file.write('x\\n')\n    assert total([x]) == x\n\n\ndef test_kind():\n    assert total\n"
        );
        Scene::start(sandbox, &[PYTEST, IGNORED, ("price.py", source), ("test_price.py", test.as_str())])
    }

    /// R, "smaller things": of hundreds of failures a handful decides "no".
    #[test]
    fn of_hundreds_of_failures_a_handful_decides_no() {
        let scene = hundreds("def total(prices):\n    return sum(prices)\n");
        scene.replace("price.py", "sum(prices)", "sum(prices) + 99");
        let report = scene.test();
        assert_eq!(report.verdict, SuiteVerdict::Failed);
        assert!(report.why.contains(" and 299 more: "), "{}", report.why);
        let again = scene.lines("runs") - 300;
        assert!(again <= 20, "{again} runs besides those of the suite");
    }

    /// "Yes" needs each: one that is new among those that base has as well is found.
    #[test]
    fn one_new_failure_among_hundreds_of_old_ones_is_found() {
        let scene = hundreds("def total(prices):\n    return sum(prices) if prices == [299] else None\n");
        scene.write("price.py", "def total(prices):\n    return None\n");
        let report = scene.test();
        assert_eq!(report.verdict, SuiteVerdict::Failed, "{}", report.why);
        let failed: Vec<&str> = report.failed.iter().map(|failure| failure.test.as_str()).collect();
        assert_eq!(failed, ["test_price.py::test_total[299]"]);
    }

    #[test]
    fn hundreds_of_old_failures_are_excused_one_by_one() {
        let scene = hundreds("def total(prices):\n    return None\n");
        scene.append("price.py", "\n\nCENTS = 100\n");
        let report = scene.test();
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
        assert_eq!((report.passed, report.failed_on_base_too.len()), (Some(1), 300));
    }
}
