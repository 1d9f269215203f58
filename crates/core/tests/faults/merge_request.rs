//! What the merge request says of tests that are gone or skipped, and how to see the proof with plain Git. (t01)

use hotfix_model::{ProofVerdict, SuiteVerdict};
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, description};

mod with_python {
    use super::*;

    const SOURCE: &str = "def total(prices):\n    return sum(prices)\n";
    const TESTS: &str = "from price import total\n\n\ndef test_a():\n    assert total([1]) == 1\n\n\ndef test_b():\n    assert total([2])\n";
    const MORE: &str = "from price import total\n\n\ndef test_c():\n    assert total([1]) == 1\n";

    fn project() -> Scene {
        let files = [PYTEST, IGNORED, ("price.py", SOURCE), ("test_price.py", TESTS), ("test_more.py", MORE)];
        Scene::start(Sandbox::with_python(), &files)
    }

    /// The commands of "to see it yourself", each with the colour that stands behind it.
    fn commands(text: &str) -> Vec<(String, Option<String>)> {
        let block = text.split("To see it yourself").nth(1).expect("the commands");
        let lines = block.split("```").nth(1).unwrap().lines().skip(1);
        let command = |line: &str| match line.split_once("   # ") {
            Some((command, colour)) => (command.trim().to_owned(), Some(colour.to_owned())),
            None => (line.trim().to_owned(), None),
        };
        lines.filter(|line| !line.trim().is_empty()).map(command).collect()
    }

    /// Runs the printed commands in a fresh clone: each must be red or green as its comment says.
    #[track_caller]
    fn assert_anybody_can_see_it(scene: &Scene, text: &str) {
        let clone = scene.main.clone_of_remote("reader");
        clone.git(["config", "advice.detachedHead", "false"]);
        let shell = scene.sandbox.binary("/bin/sh", clone.path());
        for (command, colour) in commands(text) {
            let ended = shell.run(["-c", &command]);
            let said = ended.stdout + &ended.stderr;
            match colour.as_deref() {
                None | Some("green") => assert_eq!(ended.code, 0, "{command}: {said}"),
                Some("red") => assert_eq!(ended.code, 1, "{command}: {said}"),
                Some(_) => {}
            }
        }
    }

    /// `t01`.
    #[test]
    fn tests_that_the_fix_deletes_or_skips_are_named_and_the_commands_are_true() {
        let scene = project();
        scene.replace("price.py", "sum(prices)", "sum(prices) + 99");
        scene.replace("test_price.py", "def test_a", "import pytest\n\n\n@pytest.mark.skip\ndef test_a");
        std::fs::remove_file(scene.slot.file("test_more.py")).unwrap();
        let output = scene.ship();
        let proof = output.proof.as_ref().unwrap();
        assert_eq!(proof.verdict, ProofVerdict::NotRed, "{}", proof.why);
        assert_eq!(proof.removed_tests, ["test_more.py"]);
        assert_eq!(proof.skipped_tests, ["test_price.py::test_a"]);
        let text = description(&output);
        for told in ["deletes:\n\n- `test_more.py`", "test files:\n\n- `test_price.py::test_a`"] {
            assert!(text.contains(told), "{told:?} in {text}");
        }
        assert_anybody_can_see_it(&scene, text);
    }

    /// `t01`, another case: proven, with a new test file, a changed one, and one that was renamed.
    #[test]
    fn the_commands_of_a_proven_fix_are_true() {
        let scene = project();
        scene.replace("price.py", "sum(prices)", "sum(prices) if prices else None");
        scene.slot.git(["mv", "test_more.py", "test_other.py"]);
        scene.append("test_price.py", "\n\ndef test_nothing():\n    assert total([]) is None\n");
        scene.write(
            "tests/test new.py",
            "from price import total\n\n\ndef test_none():\n    assert total([]) is None\n",
        );
        scene.write("conftest.py", "");
        let output = scene.ship();
        let proof = output.proof.as_ref().unwrap();
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        let text = description(&output);
        assert!(text.contains("git rm -q -- test_more.py"), "{text}");
        assert_anybody_can_see_it(&scene, text);
    }

    /// `t01`, another case: only deleted.
    #[test]
    fn a_fix_that_only_deletes_a_test_says_so() {
        let scene = project();
        scene.replace("price.py", "sum(prices)", "sum(prices) + 0");
        std::fs::remove_file(scene.slot.file("test_more.py")).unwrap();
        let output = scene.ship();
        assert_eq!(output.test.as_ref().unwrap().verdict, SuiteVerdict::Passed);
        assert!(description(&output).contains("deletes:\n\n- `test_more.py`"), "{}", description(&output));
    }

    /// `t01`, another case: the whole file is skipped.
    #[test]
    fn a_test_file_that_skips_all_it_holds_is_no_pass() {
        let scene = project();
        scene.replace("price.py", "sum(prices)", "sum(prices) + 99");
        scene.write("test_price.py", &format!("import pytest\n{TESTS}\n\npytestmark = pytest.mark.skip\n"));
        let report = scene.test();
        assert_ne!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
    }
}
