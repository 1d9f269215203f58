//! A pass needs evidence: what fails on base as well has not passed, and nothing that passed is no pass.

use hotfix_core::session::Blocked;
use hotfix_model::{ExitCode, ProofVerdict, SuiteVerdict};
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, description, outside};

/// Asserts that `ship` stops because nobody can tell, that this is told with `named`, and that nothing was pushed.
#[track_caller]
fn assert_nobody_can_tell(scene: &Scene, named: &str) {
    let report = scene.test();
    assert_eq!((report.verdict, report.passed), (SuiteVerdict::Unknown, Some(0)), "{}", report.why);
    let (output, error) = scene.ship_in_vain();
    assert!(matches!(error.downcast_ref(), Some(Blocked::Unknown { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
    let why = output.test.unwrap().why;
    assert!(why.contains("no test passed") && why.contains(named), "{why}");
    assert!(!scene.is_pushed());
}

mod with_python {
    use super::*;

    /// A sum that needs a database: the file `db`.
    fn needs_a_database(sandbox: &Sandbox) -> String {
        let db = outside(sandbox, "db");
        format!(
            "import os\n\n\ndef total(prices):\n    if not os.path.exists({db:?}):\n        raise ConnectionRefusedError('db:5432')\n    return sum(prices)\n"
        )
    }

    const TESTS: &str = "from price import total\n\n\ndef test_a():\n    assert total([1]) == 1\n\n\ndef test_b():\n    assert total([2]) == 2\n";

    /// F1, `t02`.
    #[test]
    fn a_broken_fix_during_an_outage_is_unknown_and_not_shipped() {
        let sandbox = Sandbox::with_python();
        let source = needs_a_database(&sandbox);
        let files = [PYTEST, IGNORED, ("price.py", source.as_str()), ("test_price.py", TESTS)];
        let scene = Scene::start(sandbox, &files);
        scene.replace("price.py", "sum(prices)", "sum(prices) + 99");
        assert_nobody_can_tell(&scene, "all 2 fail on base as well (ConnectionRefusedError: db:5432)");
        // With the database the same tests tell.
        scene.touch("db");
        let report = scene.test();
        assert_eq!((report.verdict, report.failed.len()), (SuiteVerdict::Failed, 2), "{}", report.why);
    }

    /// F1, another case: far from the change something passes, in the file nearest to it nothing does.
    #[test]
    fn a_pass_far_away_is_no_pass_where_the_nearest_tests_are_down() {
        let sandbox = Sandbox::with_python();
        let source = needs_a_database(&sandbox);
        let far = "def test_far():\n    assert True\n";
        let files = [
            PYTEST,
            IGNORED,
            ("price.py", source.as_str()),
            ("test_price.py", TESTS),
            ("tests/test_far.py", far),
        ];
        let scene = Scene::start(sandbox, &files);
        scene.replace("price.py", "sum(prices)", "sum(prices) + 99");
        let report = scene.test();
        assert_eq!((report.verdict, report.passed), (SuiteVerdict::Unknown, Some(1)), "{}", report.why);
        assert_eq!(report.could_not_tell, ["test_price.py"]);
        assert!(report.why.contains("ConnectionRefusedError"), "{}", report.why);
    }

    /// F1, another case: the outage stops the tests from being loaded at all, in both places.
    #[test]
    fn tests_that_load_nowhere_are_no_pass() {
        let sandbox = Sandbox::with_python();
        let source = needs_a_database(&sandbox);
        let at_import =
            "from price import total\n\nTOTAL = total([1])\n\n\ndef test_a():\n    assert TOTAL == 1\n";
        let files = [PYTEST, IGNORED, ("price.py", source.as_str()), ("test_price.py", at_import)];
        let scene = Scene::start(sandbox, &files);
        scene.replace("price.py", "sum(prices)", "sum(prices) + 99");
        let report = scene.test();
        assert_eq!((report.verdict, report.passed), (SuiteVerdict::Unknown, Some(0)), "{}", report.why);
    }

    /// F1, another case: tests that are skipped because something is down have said nothing.
    #[test]
    fn tests_that_are_all_skipped_are_no_pass() {
        let sandbox = Sandbox::with_python();
        let db = outside(&sandbox, "db");
        let skips = format!(
            "import os\nimport pytest\nfrom price import total\n\npytestmark = pytest.mark.skipif(not os.path.exists({db:?}), reason='no database')\n\n\ndef test_a():\n    assert total([1]) == 1\n"
        );
        let source = "def total(prices):\n    return sum(prices)\n";
        let files = [PYTEST, IGNORED, ("price.py", source), ("test_price.py", skips.as_str())];
        let scene = Scene::start(sandbox, &files);
        scene.replace("price.py", "sum(prices)", "sum(prices) + 99");
        let report = scene.test();
        assert_eq!((report.verdict, report.passed), (SuiteVerdict::Unknown, Some(0)), "{}", report.why);
    }

    const BOTH: &str = "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n";
    const OLD: &str = "from shop import f, g\n\n\ndef test_a_red_for_years():\n    assert f(1) == 7, 'old and known'\n\n\ndef test_g():\n    assert g(1) == 1\n";
    const NEW: &str = "\n\ndef test_new():\n    assert f(2) == 3, 'the bug'\n";

    /// Replay fault F7: the count of passed tests, and the reason shown beside each test.
    #[test]
    fn what_is_counted_passed_and_each_reason_is_that_of_its_test() {
        let files = [PYTEST, IGNORED, ("shop.py", BOTH), ("test_a.py", OLD)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("test_a.py", NEW);
        let fixed = BOTH.replacen("return x", "return 3 if x == 2 else x", 1);
        scene.write("shop.py", &fixed.replace("def g(x):\n    return x", "def g(x):\n    return 0"));
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::NotGreen, "{}", proof.why);
        assert!(proof.why.contains("test_a.py::test_g fails with the fix"), "{}", proof.why);
        assert!(proof.why.contains("assert 0 == 1") && !proof.why.contains("known"), "{}", proof.why);

        scene.write("shop.py", &fixed);
        let output = scene.ship();
        let (proof, report) = (output.proof.as_ref().unwrap(), output.test.as_ref().unwrap());
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert!(proof.why.contains("the bug") && !proof.why.contains("known"), "{}", proof.why);
        assert_eq!((report.passed, report.ran), (Some(2), Some(3)));
        let why =
            "2 tests passed; test_a.py::test_a_red_for_years fails on base as well, for the same reason";
        assert_eq!(report.why, why);
        let text = description(&output);
        let row = text.lines().find(|line| line.starts_with("| Fix ")).unwrap();
        assert!(row.contains("| green |"), "{row}");
        assert!(!text.contains("Why it is not green"), "{text}");
        assert!(text.contains("| 3 | 2 |"), "{text}");
    }
}

mod with_go {
    use super::*;

    /// F1, `t04`.
    #[test]
    fn the_only_test_fails_on_base_as_well() {
        let sandbox = Sandbox::with_go();
        let db = outside(&sandbox, "db");
        let source = format!(
            "package shop\n\nimport (\n\t\"errors\"\n\t\"os\"\n)\n\nfunc Total(xs []int) (int, error) {{\n\tif _, err := os.Stat({db:?}); err != nil {{\n\t\treturn 0, errors.New(\"dial tcp db:5432: connect: connection refused\")\n\t}}\n\tsum := 0\n\tfor _, x := range xs {{\n\t\tsum += x\n\t}}\n\treturn sum, nil\n}}\n"
        );
        let test = "package shop\n\nimport \"testing\"\n\nfunc TestTotal(t *testing.T) {\n\tsum, err := Total([]int{1})\n\tif err != nil {\n\t\tt.Fatal(err)\n\t}\n\tif sum != 1 {\n\t\tt.Fatal(sum)\n\t}\n}\n";
        let module = "module example.com/shop\n\ngo 1.21\n";
        let files = [("go.mod", module), ("shop.go", source.as_str()), ("shop_test.go", test)];
        let scene = Scene::start(sandbox, &files);
        scene.replace("shop.go", "return sum, nil", "return sum + 99, nil");
        assert_nobody_can_tell(&scene, "connection refused");
    }
}

mod with_node {
    use super::*;

    /// F1, a variant of `j21` in jest.
    #[test]
    fn no_test_passes_on_either_side() {
        let sandbox = Sandbox::with_node();
        let db = outside(&sandbox, "db");
        let source = format!(
            "const fs = require('node:fs');\n\nexports.total = (prices) => {{\n  if (!fs.existsSync({db:?})) throw new Error('connect ECONNREFUSED 127.0.0.1:5432');\n  return prices.reduce((sum, price) => sum + price, 0);\n}};\n"
        );
        let test = "const { total } = require('./price');\n\ntest('total', () => {\n  expect(total([1])).toBe(1);\n});\n\ntest('nothing', () => {\n  expect(total([])).toBe(0);\n});\n";
        let package = "{\"name\": \"shop\", \"private\": true, \"scripts\": {\"test\": \"jest\"}, \"devDependencies\": {\"jest\": \"*\"}}\n";
        let files = [
            IGNORED,
            ("package.json", package),
            ("src/price.js", source.as_str()),
            ("src/price.test.js", test),
        ];
        let scene = Scene::start(sandbox, &files);
        scene.replace("src/price.js", ", 0)", ", 99)");
        assert_nobody_can_tell(&scene, "ECONNREFUSED");
    }
}
