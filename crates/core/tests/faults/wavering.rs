//! Tests that differ from run to run prove nothing and spoil nothing (replay faults F4, F5).

use hotfix_model::ProofVerdict;
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, outside};

mod with_python {
    use super::*;

    const SOURCE: &str = "def f(x):\n    return x\n";
    const SETTINGS: (&str, &str) = ("pytest.ini", "[pytest]\npythonpath = .\n");

    fn project(test: &str, more: &[(&str, &str)]) -> Scene {
        let files = [&[SETTINGS, IGNORED, ("shop.py", SOURCE), ("tests/test_a.py", test)], more].concat();
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("tests/test_a.py", "\n\ndef test_new():\n    assert f(2) == 3\n");
        scene.write("shop.py", "def f(x):\n    return 3 if x == 2 else x\n");
        scene
    }

    #[track_caller]
    fn assert_proven_in_prove_and_in_ship(scene: &Scene) {
        for proof in [scene.prove(&[]), scene.ship().proof.unwrap()] {
            assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
            assert_eq!(proof.flipped, ["tests/test_a.py::test_new"]);
        }
    }

    /// R4: red for years, under another id in each process.
    #[test]
    fn a_neighbour_whose_id_changes_spoils_no_proof() {
        let test = "import pytest\n\nfrom shop import f\n\nNAMES = {'alpha', 'beta', 'gamma', 'delta', 'epsilon'}\n\n\n@pytest.mark.parametrize('one', [{name} for name in NAMES])\ndef test_each(one):\n    assert one != {'alpha'}\n";
        assert_proven_in_prove_and_in_ship(&project(test, &[]));
    }

    /// R5: it depends on what else ran.
    #[test]
    fn a_neighbour_that_depends_on_what_else_ran_spoils_no_proof() {
        let test = "import sys\n\nfrom shop import f\n\n\ndef test_context():\n    assert 'fractions' in sys.modules\n";
        let other = "import fractions\n\n\ndef test_b():\n    assert fractions\n";
        assert_proven_in_prove_and_in_ship(&project(test, &[("tests/test_b.py", other)]));
    }

    /// R4, another case: it fails in every second run.
    #[test]
    fn a_neighbour_that_fails_every_second_time_is_named() {
        let sandbox = Sandbox::with_python();
        let counter = outside(&sandbox, "runs");
        let test = format!(
            "from shop import f\n\n\ndef test_odd():\n    with open({counter:?}, 'a+') as file:\n        file.write('x\\n')\n        file.seek(0)\n        assert len(file.readlines()) % 2\n"
        );
        let files = [SETTINGS, IGNORED, ("shop.py", SOURCE), ("tests/test_a.py", test.as_str())];
        let scene = Scene::start(sandbox, &files);
        scene.append("tests/test_a.py", "\n\ndef test_new():\n    assert f(2) == 3\n");
        scene.write("shop.py", "def f(x):\n    return 3 if x == 2 else x\n");
        // Runs one (red, passes) and two (green, fails): what follows is of these two tests.
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert_eq!(proof.flipped, ["tests/test_a.py::test_new"]);
        assert_eq!(proof.wavering, ["tests/test_a.py::test_odd"]);
        assert!(proof.why.contains("counts for nothing: tests/test_a.py::test_odd"), "{}", proof.why);
    }

    /// R4, another case: the order of tests is another one in each process, and nothing depends on it.
    #[test]
    fn tests_in_another_order_each_time_are_proven() {
        let shuffles =
            "import random\n\n\ndef pytest_collection_modifyitems(items):\n    random.shuffle(items)\n";
        let test = "from shop import f\n\n\ndef test_one():\n    assert f(1) == 1\n\n\ndef test_five():\n    assert f(5) == 5\n";
        assert_proven_in_prove_and_in_ship(&project(test, &[("tests/conftest.py", shuffles)]));
    }

    /// R4, the other side: a test that wavers is no proof, though it was red first and green then.
    #[test]
    fn a_test_that_wavers_proves_nothing() {
        let sandbox = Sandbox::with_python();
        let counter = outside(&sandbox, "runs");
        let files = [PYTEST, IGNORED, ("shop.py", SOURCE), ("test_a.py", "from shop import f\n")];
        let test = format!(
            "\n\ndef test_first_time():\n    with open({counter:?}, 'a+') as file:\n        file.write('x\\n')\n        file.seek(0)\n        assert len(file.readlines()) > 1 and f(1)\n"
        );
        let scene = Scene::start(sandbox, &files);
        scene.append("test_a.py", &test);
        scene.append("shop.py", "# Prices are in cents.\n");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
        assert_eq!(proof.wavering, ["test_a.py::test_first_time"]);
    }
}
