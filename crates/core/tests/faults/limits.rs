//! The limit of a test is the same in every run, and whoever meets it is told how to raise it. (F10)

use hotfix_model::ProofVerdict;
use hotfix_model::proof::SideOutcome;
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, outside};

mod with_python {
    use super::*;

    const SOURCE: &str = "def total(prices):\n    return sum(prices) + 1\n";
    const TEST: &str =
        "import time\n\nfrom price import total\n\n\ndef test_kind():\n    assert total([1])\n";

    fn project(sandbox: Sandbox) -> Scene {
        Scene::start(sandbox, &[PYTEST, IGNORED, ("price.py", SOURCE), ("test_price.py", TEST)])
    }

    /// F10, `p25`: the fix is right, and the test takes longer than its limit.
    #[test]
    fn an_honest_slow_test_is_told_how_to_get_its_time_and_is_then_proven() {
        let mut scene = project(Sandbox::with_python());
        scene.append(
            "test_price.py",
            "\n\ndef test_total():\n    time.sleep(2.5)\n    assert total([1]) == 1\n",
        );
        scene.write("price.py", &SOURCE.replace(" + 1", ""));
        scene.set("prove.test_timeout", "2s");
        let cut = scene.prove(&[]);
        assert_eq!(cut.verdict, ProofVerdict::NotGreen, "{}", cut.why);
        assert_eq!(cut.green.unwrap().outcome, SideOutcome::TimedOut);
        assert!(cut.why.contains("--set prove.test_timeout=60s"), "{}", cut.why);
        scene.set("prove.test_timeout", "60s");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    }

    /// F10, `q05`: cold, the test never ends; warm it takes far longer than a limit that is derived from others. The fix
    /// is a comment. Half a minute of this is waiting for the cold one.
    #[test]
    fn a_test_that_is_slow_once_makes_no_comment_a_fix() {
        let sandbox = Sandbox::with_python();
        let warm = outside(&sandbox, "warm");
        let mut scene = project(sandbox);
        let cold = format!(
            "\n\ndef test_total():\n    import pathlib\n    warm = pathlib.Path({warm:?})\n    known = warm.exists()\n    warm.touch()\n    time.sleep(3 if known else 600)\n    assert total([1]) == 2\n"
        );
        scene.append("test_price.py", &cold);
        scene.append("price.py", "# Prices are in cents.\n");
        scene.set("prove.test_timeout", "30s");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
        assert!(proof.why.contains("something besides the change made the difference"), "{}", proof.why);
    }

    /// F10, another case: the bug is that it never ends.
    #[test]
    fn a_bug_that_hangs_is_proven_by_the_limit() {
        let hangs = "def total(prices):\n    while len(prices) > 1:\n        pass\n    return sum(prices)\n";
        let files = [PYTEST, IGNORED, ("price.py", hangs), ("test_price.py", TEST)];
        let mut scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("test_price.py", "\n\ndef test_total():\n    assert total([1, 2]) == 3\n");
        scene.write("price.py", "def total(prices):\n    return sum(prices)\n");
        scene.set("prove.test_timeout", "30s");
        scene.set("prove.repeat", "1");
        let proof = scene.prove(&[]);
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert!(proof.why.contains("time limit"), "{}", proof.why);
    }
}

/// F10, another case: a command as a whole has a limit of its own.
#[test]
fn a_command_that_is_cut_names_the_limit_of_the_command() {
    let mut scene = Scene::start(Sandbox::new(), &[("price.sh", "echo 1\n"), ("README.md", "Prices.\n")]);
    scene.write("price.sh", "echo 2\n");
    scene.set("prove.timeout", "1s");
    let proof = scene.prove(&["sh", "-c", "exec sleep 600"]);
    assert_eq!(proof.verdict, ProofVerdict::NotGreen, "{}", proof.why);
    assert!(proof.why.contains("--set prove.timeout=10m"), "{}", proof.why);
}
