//! Nothing that an earlier run showed enters a proof or a pass: the world may have changed meanwhile. (F3, F8)

use hotfix_core::session::Blocked;
use hotfix_model::{ProofVerdict, SuiteVerdict};
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, outside};

mod with_python {
    use super::*;

    const SOURCE: &str = "def total(prices):\n    return sum(prices)\n";

    /// A test that needs the service `db`, in a project without a bug.
    fn needs_a_service() -> Scene {
        let sandbox = Sandbox::with_python();
        let db = outside(&sandbox, "db");
        let test = format!(
            "import os\n\nfrom price import total\n\n\ndef db():\n    if not os.path.exists({db:?}):\n        raise ConnectionRefusedError('db:5432')\n\n\ndef test_kind():\n    assert total([1])\n"
        );
        let files = [PYTEST, IGNORED, ("price.py", SOURCE), ("test_price.py", test.as_str())];
        let scene = Scene::start(sandbox, &files);
        scene.append("test_price.py", "\n\ndef test_total():\n    db()\n    assert total([1]) == 1\n");
        scene
    }

    fn comment(scene: &Scene) {
        scene.append("price.py", "# Prices are in cents.\n");
    }

    /// F3, `q03`.
    #[test]
    fn a_service_that_is_up_in_the_second_proof_makes_no_comment_a_fix() {
        let scene = needs_a_service();
        comment(&scene);
        let down = scene.prove(&[]);
        assert_eq!(down.verdict, ProofVerdict::NotGreen, "{}", down.why);
        assert!(down.why.contains("an outage on base as well: start what the test needs"), "{}", down.why);
        scene.touch("db");
        let up = scene.prove(&[]);
        assert_eq!(up.verdict, ProofVerdict::NotRed, "{}", up.why);
        let output = scene.ship();
        assert_eq!(output.proof.unwrap().verdict, ProofVerdict::NotRed);
    }

    /// F3, another case: before the fix, an outage reproduces nothing, and what it showed is not used afterwards.
    #[test]
    fn an_outage_before_the_fix_is_not_the_red_side_after_it() {
        let scene = needs_a_service();
        let before = scene.prove(&[]);
        assert_eq!(before.verdict, ProofVerdict::Invalid, "{}", before.why);
        scene.touch("db");
        comment(&scene);
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::NotRed, "{}", proof.why);
    }

    /// F3, the other way round: a proof that was given is not used while the service is down.
    #[test]
    fn a_service_that_went_down_after_a_proof() {
        let scene = needs_a_service();
        scene.touch("db");
        scene.replace("test_price.py", "== 1\n", "== 2\n");
        scene.replace("price.py", "sum(prices)", "sum(prices) + 1");
        assert_eq!(scene.prove(&[]).verdict, ProofVerdict::Proven);
        scene.remove("db");
        let (output, error) = scene.ship_in_vain();
        assert_ne!(output.proof.unwrap().verdict, ProofVerdict::Proven);
        assert!(!scene.is_pushed(), "{error}");
    }

    /// A test that holds in one mode only, beside a change that breaks it in the other.
    fn with_modes() -> Scene {
        let test = "import os\nimport pathlib\n\nfrom price import total\n\n\ndef test_kind():\n    mode = pathlib.Path('.env')\n    prod = os.environ.get('SHOP_MODE') == 'prod' or (mode.exists() and 'prod' in mode.read_text())\n    assert prod or total([1]) == 2\n";
        let ignored = (".gitignore", "__pycache__/\n.pytest_cache/\n.env\n");
        let source = "def total(prices):\n    return sum(prices) + 1\n";
        let files = [PYTEST, ignored, ("price.py", source), ("test_price.py", test)];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.write("price.py", SOURCE);
        scene
    }

    #[track_caller]
    fn assert_ship_tests_anew(scene: &Scene) {
        let (output, error) = scene.ship_in_vain();
        assert!(matches!(error.downcast_ref(), Some(Blocked::Failing { .. })), "{error}");
        assert_eq!(output.test.unwrap().verdict, SuiteVerdict::Failed);
        assert!(!scene.is_pushed());
    }

    /// F8, `q04`.
    #[test]
    fn a_pass_under_another_variable_is_not_used_again() {
        let scene = with_modes();
        scene.sandbox.env_set("SHOP_MODE", "prod");
        assert_eq!(scene.test().verdict, SuiteVerdict::Passed);
        scene.sandbox.env_remove("SHOP_MODE");
        assert_ship_tests_anew(&scene);
    }

    /// F8, another case: a file that Git ignores.
    #[test]
    fn a_pass_with_another_ignored_file_is_not_used_again() {
        let scene = with_modes();
        scene.write(".env", "SHOP_MODE=prod\n");
        assert_eq!(scene.test().verdict, SuiteVerdict::Passed);
        scene.write(".env", "SHOP_MODE=test\n");
        assert_ship_tests_anew(&scene);
    }
}
