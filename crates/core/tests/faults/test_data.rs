//! A change of test data alone runs the tests that read it; data that the source reads is source. (F16, s01)

use hotfix_model::ProofVerdict;
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene};

mod with_python {
    use super::*;

    const WRONG: &str = "def total(prices):\n    return sum(prices) + (1 if len(prices) > 2 else 0)\n";
    const RIGHT: &str = "def total(prices):\n    return sum(prices)\n";
    const TEST: &str = "import json\nimport pathlib\n\nimport pytest\nfrom price import total\n\nCASES = json.loads((pathlib.Path(__file__).parent / 'cases.json').read_text())\n\n\n@pytest.mark.parametrize('case', CASES, ids=str)\ndef test_total(case):\n    assert total(case['in']) == case['out']\n";

    fn with_cases() -> Scene {
        let files = [
            ("pytest.ini", "[pytest]\npythonpath = .\n"),
            IGNORED,
            ("price.py", WRONG),
            ("tests/cases.json", "[{\"in\": [1], \"out\": 1}]\n"),
            ("tests/test_price.py", TEST),
        ];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.write("tests/cases.json", "[{\"in\": [1], \"out\": 1}, {\"in\": [1, 2, 3], \"out\": 6}]\n");
        scene
    }

    /// F16, `p18`.
    #[test]
    fn a_new_case_in_a_file_of_data_proves_the_fix() {
        let scene = with_cases();
        scene.write("price.py", RIGHT);
        let output = scene.ship();
        let proof = output.proof.unwrap();
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert_eq!(
            (proof.flipped.len(), proof.test_files.as_slice()),
            (1, ["tests/cases.json".to_owned()].as_slice())
        );
    }

    /// F16, another case.
    #[test]
    fn a_new_case_in_a_file_of_data_makes_no_comment_a_fix() {
        let scene = with_cases();
        scene.append("price.py", "# Prices are in cents.\n");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::NotGreen, "{}", proof.why);
    }

    /// F16, another case: before the fix.
    #[test]
    fn a_new_case_in_a_file_of_data_reproduces_the_bug() {
        let proof = with_cases().prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::RedOnly, "{}", proof.why);
    }

    /// `s01`: `spec/` holds no tests here.
    #[test]
    fn the_specification_of_an_interface_is_source() {
        let source = "import json\nimport pathlib\n\n\ndef limit():\n    return json.loads((pathlib.Path(__file__).parent / 'spec/openapi.json').read_text())['limit']\n";
        let test = "from api import limit\n\n\ndef test_kind():\n    assert limit()\n";
        let files = [
            ("pytest.ini", "[pytest]\npythonpath = .\n"),
            IGNORED,
            ("api.py", source),
            ("spec/openapi.json", "{\"limit\": 1}\n"),
            ("tests/test_api.py", test),
        ];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("tests/test_api.py", "\n\ndef test_limit():\n    assert limit() == 2\n");
        scene.write("spec/openapi.json", "{\"limit\": 2}\n");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert_eq!(proof.test_files, ["tests/test_api.py"]);
    }

    /// `s01`, another case: an end-to-end folder of the product.
    #[test]
    fn data_of_the_product_in_a_folder_with_a_name_of_tests_is_source() {
        let source = "import pathlib\n\n\ndef rate():\n    return int((pathlib.Path(__file__).parent / 'e2e/rate.txt').read_text())\n";
        let test = "from api import rate\n\n\ndef test_kind():\n    assert rate()\n";
        let files = [PYTEST, IGNORED, ("api.py", source), ("e2e/rate.txt", "1\n"), ("test_api.py", test)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("test_api.py", "\n\ndef test_rate():\n    assert rate() == 2\n");
        scene.write("e2e/rate.txt", "2\n");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    }
}

mod with_go {
    use super::*;

    const SOURCE: &str = "package shop\n\nfunc Render() string { return \"hello\\nworl\\n\" }\n";
    const TEST: &str = "package shop\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestRender(t *testing.T) {\n\twant, _ := os.ReadFile(\"testdata/render.golden\")\n\tif string(want) != Render() {\n\t\tt.Errorf(\"got %q\", Render())\n\t}\n}\n";

    /// F16, `g03`.
    #[test]
    fn a_golden_file_proves_the_fix() {
        let files = [
            ("go.mod", "module example.com/shop\n\ngo 1.21\n"),
            ("shop.go", SOURCE),
            ("shop_test.go", TEST),
            ("testdata/render.golden", "hello\nworl\n"),
        ];
        let scene = Scene::start(Sandbox::with_go(), &files);
        scene.write("testdata/render.golden", "hello\nworld\n");
        scene.replace("shop.go", "worl\\n", "world\\n");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert_eq!(proof.flipped, ["shop_test.go::TestRender"]);
    }
}

mod with_node {
    use super::*;

    /// F16, `j16`: with coverage that is asked for, and a neighbour that fails on base as well.
    #[test]
    fn a_snapshot_proves_the_fix() {
        let package = "{\"name\": \"shop\", \"private\": true, \"scripts\": {\"test\": \"jest --ci\"}, \"devDependencies\": {\"jest\": \"*\"}, \"jest\": {\"bail\": 1, \"collectCoverage\": true, \"coverageThreshold\": {\"global\": {\"lines\": 100}}}}\n";
        let source = "exports.total = (prices) => prices.length + 1;\nexports.unused = () => 1;\n";
        let test = "const { total } = require('./price.js');\n\ntest('snap', () => {\n  expect(total([])).toMatchSnapshot();\n});\n";
        let snapshot =
            "// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n\nexports[`snap 1`] = `1`;\n";
        let old = "test('old', () => {\n  throw new Error('always broken');\n});\n";
        let files = [
            (".gitignore", "node_modules\ncoverage\n"),
            ("package.json", package),
            ("src/price.js", source),
            ("src/price.test.js", test),
            ("src/__snapshots__/price.test.js.snap", snapshot),
            ("src/old.test.js", old),
        ];
        let scene = Scene::start(Sandbox::with_node(), &files);
        scene.replace("src/price.js", " + 1;", ";");
        scene.replace("src/__snapshots__/price.test.js.snap", "= `1`", "= `0`");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert_eq!(proof.flipped, ["src/price.test.js::snap"]);
    }
}
