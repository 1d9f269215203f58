//! A base that is red only because the change brings something has not shown the bug. (F4)

use hotfix_model::{Proof, ProofVerdict};
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, with_cargo};

#[track_caller]
fn assert_not_proven(proof: &Proof) {
    assert!(matches!(proof.verdict, ProofVerdict::NotRed | ProofVerdict::Invalid), "{}", proof.why);
}

const SOURCE: &str = "def total(prices):\n    return sum(prices) + 1\n";

fn comment(scene: &Scene) {
    scene.append("price.py", "# Prices are in cents.\n");
}

/// F4 a, `q01`, in shell.
#[test]
fn a_script_that_is_new_runs_on_base_as_well() {
    let scene = Scene::start(Sandbox::new(), &[("price.py", SOURCE)]);
    comment(&scene);
    scene.write("repro.sh", "exit 0\n");
    for command in [vec!["sh", "repro.sh"], vec!["sh", "./repro.sh"], vec!["sh", "-c", "sh repro.sh"]] {
        assert_not_proven(&scene.prove(&command));
    }
}

/// F4 b, `q02`: a new rule of the Makefile; another one beside it stays where it is.
#[test]
fn a_rule_of_a_makefile_that_is_new_is_there_on_base() {
    let files = [("price.py", SOURCE), ("Makefile", "all:\n\ttrue\n")];
    let scene = Scene::start(Sandbox::new(), &files);
    comment(&scene);
    scene.append("Makefile", "repro:\n\ttrue\n");
    assert_not_proven(&scene.prove(&["make", "repro"]));
}

/// F4, another case: the new script reads a new file, which it finds by a name that is put together.
#[test]
fn data_of_a_new_script_is_there_on_base() {
    let scene = Scene::start(Sandbox::new(), &[("price.py", SOURCE)]);
    comment(&scene);
    scene.write("repro.sh", "for name in one two; do cat \"cases/$name.txt\" || exit 1; done\n");
    scene.write("cases/one.txt", "1\n");
    scene.write("cases/two.txt", "2\n");
    assert_not_proven(&scene.prove(&["sh", "repro.sh"]));
}

/// F4, another case: the new script runs another one, which has no extension.
#[test]
fn a_program_that_a_new_script_runs_is_there_on_base() {
    let scene = Scene::start(Sandbox::new(), &[("price.py", SOURCE)]);
    comment(&scene);
    scene.write("repro.sh", "sh tools/seed && exit 0; exit 3\n");
    scene.write("tools/seed", "true\n");
    assert_not_proven(&scene.prove(&["sh", "repro.sh"]));
}

mod with_python {
    use super::*;

    const TEST: &str = "import json\nimport os\nimport pathlib\nimport subprocess\n\nHERE = pathlib.Path(__file__).parent\n\n\ndef test_kind():\n    assert True\n";

    /// A change of a comment, with a new test.
    fn project(test: &str) -> Scene {
        let files = [PYTEST, IGNORED, ("price.py", SOURCE), ("test_price.py", TEST)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        comment(&scene);
        scene.append("test_price.py", test);
        scene
    }

    /// F4 a, `q01`.
    #[test]
    fn a_script_that_is_new_runs_on_base_as_well() {
        let scene = project("");
        scene.write("repro.py", "import price\n\nassert price.total\n");
        assert_not_proven(&scene.prove(&["python3", "repro.py"]));
    }

    /// F4 c, `p10`: in a folder that is not known as one of tests, loaded by a helper.
    #[test]
    fn a_data_file_of_the_test_is_there_on_base() {
        let scene = project(
            "\n\ndef test_two():\n    names = ['two']\n    for name in names:\n        assert json.loads((HERE / 'samples' / (name + '.json')).read_text()) == [1, 2]\n",
        );
        scene.write("samples/two.json", "[1, 2]\n");
        assert_not_proven(&scene.prove(&[]));
    }

    /// F4 f, `q07`.
    #[test]
    fn a_module_that_the_test_imports_inside_is_there_on_base() {
        let scene =
            project("\n\ndef test_new():\n    from helpers import anything\n    assert anything() == 1\n");
        scene.write("helpers.py", "def anything():\n    return 1\n");
        assert_not_proven(&scene.prove(&[]));
    }

    /// F4, another case: a program without an extension, which the test starts and whose failure it only counts.
    #[test]
    fn a_program_that_the_test_starts_is_there_on_base() {
        let scene = project(
            "\n\ndef test_seed():\n    assert subprocess.run(['sh', 'tools/seed']).returncode == 0\n",
        );
        scene.write("tools/seed", "true\n");
        assert_not_proven(&scene.prove(&[]));
    }

    /// F4, another case: a module by a name that is put together.
    #[test]
    fn a_module_that_is_imported_by_name_is_there_on_base() {
        let scene = project(
            "\n\ndef test_plugin():\n    import importlib\n    for name in ['discount']:\n        assert importlib.import_module('plugins.' + name).RATE == 1\n",
        );
        scene.write("plugins/discount.py", "RATE = 1\n");
        assert_not_proven(&scene.prove(&[]));
    }

    /// F4, another case: the test asks whether the file is there, and says something else if it is not.
    #[test]
    fn a_file_that_the_test_looks_for_is_there_on_base() {
        let scene = project(
            "\n\ndef test_template():\n    found = os.path.exists(os.path.join('templates', 'bill.txt'))\n    assert found, 'the bill cannot be printed'\n",
        );
        scene.write("templates/bill.txt", "Bill\n");
        assert_not_proven(&scene.prove(&[]));
    }
}

mod with_node {
    use super::*;

    /// F4 b, `q02`.
    #[test]
    fn a_script_of_the_package_that_is_new_is_there_on_base() {
        let package = "{\"name\": \"shop\", \"scripts\": {\"start\": \"node price.js\"}}\n";
        let files = [IGNORED, ("package.json", package), ("price.js", "console.log(1);\n")];
        let scene = Scene::start(Sandbox::with_node(), &files);
        scene.append("price.js", "// Prices are in cents.\n");
        scene.replace("package.json", "\"start\"", "\"repro\": \"node -e 0\", \"start\"");
        assert_not_proven(&scene.prove(&["npm", "run", "repro"]));
    }

    /// F4 c, for jest: the name is put together.
    #[test]
    fn a_data_file_of_the_test_is_there_on_base() {
        let package = "{\"name\": \"shop\", \"private\": true, \"scripts\": {\"test\": \"jest\"}, \"devDependencies\": {\"jest\": \"*\"}}\n";
        let test = "const total = require('./price');\n\ntest('kind', () => {\n  expect(total).toBeDefined();\n});\n";
        let files = [
            IGNORED,
            ("package.json", package),
            ("price.js", "module.exports = (prices) => prices.length + 1;\n"),
            ("price.test.js", test),
        ];
        let scene = Scene::start(Sandbox::with_node(), &files);
        scene.append("price.js", "// Prices are in cents.\n");
        scene.append(
            "price.test.js",
            "\ntest.each(['two'])('%s', (name) => {\n  expect(require('./samples/' + name)).toHaveLength(2);\n});\n",
        );
        scene.write("samples/two.json", "[1, 2]\n");
        assert_not_proven(&scene.prove(&[]));
    }
}

mod with_go {
    use super::*;

    /// F4 c, for Go.
    #[test]
    fn a_data_file_of_the_test_is_there_on_base() {
        let source = "package shop\n\nfunc Total(xs []int) int { return len(xs) + 1 }\n";
        let test = "package shop\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestKind(t *testing.T) {\n\tif _, err := os.Getwd(); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n";
        let files =
            [("go.mod", "module example.com/shop\n\ngo 1.21\n"), ("shop.go", source), ("shop_test.go", test)];
        let scene = Scene::start(Sandbox::with_go(), &files);
        scene.append("shop.go", "\n// Prices are in cents.\n");
        scene.append(
            "shop_test.go",
            "\nfunc TestSamples(t *testing.T) {\n\tfor _, name := range []string{\"two\"} {\n\t\tif _, err := os.ReadFile(\"samples/\" + name + \".json\"); err != nil {\n\t\t\tt.Fatal(err)\n\t\t}\n\t}\n}\n",
        );
        scene.write("samples/two.json", "[1, 2]\n");
        assert_not_proven(&scene.prove(&[]));
    }
}

mod with_rust {
    use super::*;

    /// F4 c, `r02`.
    #[test]
    fn a_data_file_of_the_test_is_there_on_base() {
        let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        let lock = "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n";
        let source = "pub fn total(text: &str) -> usize {\n    text.split_whitespace().count()\n}\n";
        let test = "#[test]\nfn kind() {\n    assert_eq!(shop::total(\"1\"), 1);\n}\n";
        let files = [
            IGNORED,
            ("Cargo.toml", manifest),
            ("Cargo.lock", lock),
            ("src/lib.rs", source),
            ("tests/total.rs", test),
        ];
        let scene = Scene::start(with_cargo(), &files);
        scene.append("src/lib.rs", "// Prices are in cents.\n");
        scene.append(
            "tests/total.rs",
            "\n#[test]\nfn two() {\n    for name in [\"two\"] {\n        let text = std::fs::read_to_string(format!(\"samples/{name}.txt\")).unwrap();\n        assert_eq!(shop::total(&text), 2);\n    }\n}\n",
        );
        scene.write("samples/two.txt", "1 2\n");
        assert_not_proven(&scene.prove(&[]));
    }
}
