//! Both sides run in the twin, and what the twin cannot run proves nothing. (F4 d and g; G2b, G4; A18)

use hotfix_core::session::SessionError;
use hotfix_model::{ProofVerdict, SuiteVerdict};
use hotfix_testkit::responder::prove_with;
use hotfix_testkit::{Repo, Sandbox};

use crate::scene::{IGNORED, PYTEST, Scene};

const TEST: &str = "def test_kind():\n    assert True\n";

mod with_python {
    use super::*;

    /// F4 d, `q06`.
    #[test]
    fn a_product_that_only_the_slot_has_is_named_as_missing() {
        let ignored = (".gitignore", "__pycache__/\n.pytest_cache/\ndist\n");
        let files = [PYTEST, ignored, ("shop.in", "echo 1\n"), ("test_shop.py", TEST)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("test_shop.py", "\n\ndef test_runs():\n    import subprocess\n    assert subprocess.run(['sh', 'dist/shop']).returncode == 0\n");
        scene.append("shop.in", "# Prices are in cents.\n");
        scene.write("dist/shop", "echo 1\n");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
        assert!(proof.why.contains("the twin lacks something that the slot has"), "{}", proof.why);
        assert!(proof.why.contains("slot.copy"), "{}", proof.why);
        assert_eq!(scene.test().verdict, SuiteVerdict::Passed, "the gate in the slot goes on");
    }

    /// F4 g, `q09`, with what a test imports inside: the gate goes on, and the fix is shipped unproven.
    #[test]
    fn a_package_that_only_the_slot_has_proves_nothing_and_the_gate_goes_on() {
        let ignored = (".gitignore", "__pycache__/\n.pytest_cache/\nvendor/\n");
        let source = "import sys\n\n\ndef total(prices):\n    sys.path.append('vendor')\n    import rates\n    return sum(prices) * rates.V\n";
        let files = [PYTEST, ignored, ("price.py", source), ("test_other.py", TEST)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.write("vendor/rates.py", "V = 1\n");
        scene.write(
            "test_price.py",
            "from price import total\n\n\ndef test_total():\n    assert total([1]) == 1\n",
        );
        scene.append("price.py", "# Prices are in cents.\n");
        let output = scene.ship();
        let (proof, report) = (output.proof.unwrap(), output.test.unwrap());
        assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
        assert!(proof.why.contains("the twin lacks something"), "{}", proof.why);
        assert_eq!((report.verdict, report.passed), (SuiteVerdict::Passed, Some(2)), "{}", report.why);
    }

    /// A18: red where the folder ends as the twin's does.
    #[test]
    fn a_test_of_the_folder_it_runs_in_proves_nothing() {
        let files =
            [PYTEST, IGNORED, ("price.py", "def total(prices):\n    return 1\n"), ("test_price.py", TEST)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("price.py", "# Prices are in cents.\n");
        scene.append(
            "test_price.py",
            "\n\ndef test_folder():\n    import os\n    assert not os.getcwd().endswith('-base')\n",
        );
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
        let output = scene.ship();
        assert_eq!(output.proof.unwrap().verdict, ProofVerdict::Invalid);
    }

    /// A18, another case: a name that is made of the folder's.
    #[test]
    fn a_test_of_a_name_made_of_the_folder_proves_nothing() {
        let files =
            [PYTEST, IGNORED, ("price.py", "def total(prices):\n    return 1\n"), ("test_price.py", TEST)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("price.py", "# Prices are in cents.\n");
        scene.append("test_price.py", "\n\ndef test_length():\n    import os\n    assert len(os.path.basename(os.getcwd())) % 5 != len('-base') - 5\n");
        assert_ne!(scene.prove(&[]).verdict, ProofVerdict::Proven);
    }

    const FLOOR_TEST: &str =
        "\n\ndef test_floor():\n    assert open('vendor/lib/floor.txt').read() == FLOOR\n";

    /// A project with a library as submodule, which is filled in the slot.
    fn with_submodule(floor: &str) -> Scene {
        let sandbox = Sandbox::with_python();
        let library = library(&sandbox);
        let files =
            [PYTEST, IGNORED, ("price.py", "def total(prices):\n    return 1\n"), ("test_price.py", TEST)];
        let scene = Scene::start_with(sandbox, &files, |main| {
            main.git(["submodule", "--quiet", "add", library.path().to_str().unwrap(), "vendor/lib"]);
            main.commit("build: use the library");
            main.git(["push", "--quiet", "origin", "main"]);
        });
        scene.slot.git(["submodule", "--quiet", "update", "--init"]);
        scene.append("test_price.py", &FLOOR_TEST.replace("FLOOR", &format!("{floor:?}")));
        scene
    }

    fn library(sandbox: &Sandbox) -> Repo {
        let library = sandbox.repo_at(sandbox.root().join("lib"));
        std::fs::create_dir_all(library.path()).unwrap();
        library.git(["init", "--quiet"]);
        library.write("floor.txt", "0\n");
        library.commit("feat: a floor");
        library
    }

    /// G4.
    #[test]
    fn a_submodule_that_only_the_slot_has_filled_makes_no_comment_a_fix() {
        let scene = with_submodule("0\n");
        scene.append("price.py", "# Prices are in cents.\n");
        let proof = scene.prove(&[]);
        assert!(matches!(proof.verdict, ProofVerdict::Invalid | ProofVerdict::NotRed), "{}", proof.why);
    }

    /// G2b.
    #[test]
    fn what_was_edited_in_a_submodule_stops_prove_test_and_ship_by_its_name() {
        let scene = with_submodule("2\n");
        scene.write("vendor/lib/floor.txt", "2\n");
        let responder = scene.responder();
        let errors = [
            responder.try_prove(&prove_with(&[])).unwrap_err(),
            responder.try_test(&hotfix_core::flow::test::Request::default()).unwrap_err(),
            responder.try_ship("floor", &[]).map(|_| ()).map_err(|stopped| stopped.error).unwrap_err(),
        ];
        for error in errors {
            let Some(SessionError::InnerChanges { paths, .. }) = error.downcast_ref() else {
                panic!("{error}")
            };
            assert_eq!(paths, &["vendor/lib"]);
        }
        assert!(!scene.is_pushed());
    }
}
