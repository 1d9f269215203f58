//! The proof and the gate run at the same time and use one thing: they run again, one after the other. (F; p26)

use hotfix_model::{ProofVerdict, SuiteVerdict};
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, outside};

mod with_python {
    use super::*;

    const SOURCE: &str = "def total(prices):\n    return sum(prices) + 1\n";

    /// Takes a lock, and keeps it in the place `holder` until somebody in the other place has asked for it in vain, so
    /// often as `asked` says.
    fn fighting(sandbox: &Sandbox, holder: &str, take: &str, asked: usize) -> String {
        let (lock, held, vain) =
            (outside(sandbox, "lock"), outside(sandbox, "held"), outside(sandbox, "vain"));
        format!(
            "import os\nimport sqlite3\nimport time\n\nimport pytest\nfrom price import total\n\nPLACE = 'twin' if os.getcwd().endswith('-base') else 'slot'\nLOCK, HELD, VAIN = {lock:?}, {held:?}, {vain:?}\n\n\ndef lines(path):\n    return len(open(path).readlines()) if os.path.exists(path) else 0\n\n\ndef wait(done):\n    end = time.time() + 120\n    while not done() and time.time() < end:\n        time.sleep(0.02)\n\n\n@pytest.fixture(autouse=True)\ndef database():\n    first = lines(VAIN) < {asked}\n    if first and PLACE != {holder:?}:\n        wait(lambda: os.path.exists(HELD))\n    try:\n{take}\n    except Exception:\n        with open(VAIN, 'a') as file:\n            file.write('x\\n')\n        raise\n    if first and PLACE == {holder:?}:\n        open(HELD, 'w').close()\n        wait(lambda: lines(VAIN) >= {asked})\n    yield\n    lock.close()\n\n\ndef test_total():\n    assert total([1]) == 2\n"
        )
    }

    const SQLITE: &str = "        lock = sqlite3.connect(LOCK, timeout=0, isolation_level=None)\n        lock.execute('begin exclusive')";
    /// Says nothing that anybody knows as a lock.
    const SILENT: &str = "        lock = sqlite3.connect(LOCK, timeout=0, isolation_level=None)\n        try:\n            lock.execute('begin exclusive')\n        except sqlite3.OperationalError:\n            raise RuntimeError('no answer') from None";

    fn scene(holder: &str, take: &str, asked: usize) -> Scene {
        let sandbox = Sandbox::with_python();
        let test = fighting(&sandbox, holder, take, asked);
        let files = [PYTEST, IGNORED, ("price.py", SOURCE), ("test_price.py", test.as_str())];
        let mut scene = Scene::start(sandbox, &files);
        scene.replace("test_price.py", "== 2", "== 1");
        scene.write("price.py", "def total(prices):\n    return sum(prices)\n");
        scene.set("prove.test_timeout", "300s");
        scene
    }

    #[track_caller]
    fn assert_proven_and_passed(scene: &Scene, vain: usize) {
        let output = scene.ship();
        assert!(scene.lines("vain") >= vain, "they did not fight");
        let (proof, report) = (output.proof.unwrap(), output.test.unwrap());
        assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
        assert!(proof.why.contains("assert 2 == 1"), "{}", proof.why);
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
    }

    /// The gate has the database; the proof asks in vain, and again when the gate is done.
    #[test]
    fn a_database_that_the_gate_holds_is_no_result_of_the_proof() {
        assert_proven_and_passed(&scene("slot", SQLITE, 1), 1);
    }

    /// The other way round.
    #[test]
    fn a_database_that_the_proof_holds_is_no_result_of_the_gate() {
        assert_proven_and_passed(&scene("twin", SQLITE, 1), 1);
    }

    /// Another case: the reason tells nobody that it was a lock, on both sides of the proof.
    #[test]
    fn a_lock_that_is_not_told_as_one_does_not_spoil_the_proof() {
        assert_proven_and_passed(&scene("slot", SILENT, 2), 2);
    }

    /// With `test.exclusive` they never meet.
    #[test]
    fn with_exclusive_nobody_asks_in_vain() {
        let sandbox = Sandbox::with_python();
        let busy = outside(&sandbox, "busy");
        let test = format!(
            "import os\nimport time\n\nfrom price import total\n\n\ndef test_total():\n    os.mkdir({busy:?})\n    time.sleep(0.5)\n    os.rmdir({busy:?})\n    assert total([1]) == 2\n"
        );
        let files = [PYTEST, IGNORED, ("price.py", SOURCE), ("test_price.py", test.as_str())];
        let mut scene = Scene::start(sandbox, &files);
        scene.replace("test_price.py", "== 2", "== 1");
        scene.write("price.py", "def total(prices):\n    return sum(prices)\n");
        scene.set("test.exclusive", "true");
        let output = scene.ship();
        let (proof, report) = (output.proof.unwrap(), output.test.unwrap());
        assert_eq!((proof.verdict, proof.wavering.len()), (ProofVerdict::Proven, 0), "{}", proof.why);
        assert_eq!((report.verdict, report.flaky.len()), (SuiteVerdict::Passed, 0), "{}", report.why);
    }
}
