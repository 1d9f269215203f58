//! What only a test wrote is no part of the fix. (F15)

use hotfix_model::{ProofVerdict, SuiteVerdict};
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene};

mod with_python {
    use super::*;

    const SOURCE: &str = "def total(prices):\n    return sum(prices) + 1\n";

    /// Ships a fix beside a test that does `deed`; gives the files of the commit.
    #[track_caller]
    fn files_of_the_commit(deed: &str, times: usize) -> Vec<String> {
        let test = format!(
            "import pathlib\nimport time\n\nfrom price import total\n\n\ndef test_writes():\n    {deed}\n"
        );
        let files =
            [PYTEST, IGNORED, ("price.py", SOURCE), ("state.txt", "0\n"), ("test_price.py", test.as_str())];
        let scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("test_price.py", "\n\ndef test_total():\n    assert total([1]) == 1\n");
        scene.write("price.py", "def total(prices):\n    return sum(prices)\n");
        for _ in 0..times {
            assert_eq!(scene.prove(&[]).verdict, ProofVerdict::Proven);
            assert_eq!(scene.test().verdict, SuiteVerdict::Passed);
        }
        let output = scene.ship();
        assert_eq!(output.proof.unwrap().verdict, ProofVerdict::Proven);
        let commit = output.commit.unwrap();
        let names = scene.main.git(["show", "--format=", "--name-only", &commit]);
        names.lines().map(str::to_owned).collect()
    }

    const FIX: [&str; 2] = ["price.py", "test_price.py"];

    /// F15, `p27`.
    #[test]
    fn a_tracked_file_with_the_same_content_each_time_is_not_shipped() {
        let deed = "pathlib.Path('state.txt').write_text('total: %d\\n' % total([1]))";
        assert_eq!(files_of_the_commit(deed, 0), FIX);
    }

    /// F15, `p26`.
    #[test]
    fn a_tracked_file_with_other_content_each_time_stops_nothing() {
        let deed = "pathlib.Path('state.txt').write_text(str(time.time_ns()))";
        assert_eq!(files_of_the_commit(deed, 2), FIX);
    }

    /// F15, another case.
    #[test]
    fn a_tracked_file_that_a_test_deletes_is_not_deleted_by_the_fix() {
        let deed = "pathlib.Path('state.txt').unlink(missing_ok=True)";
        assert_eq!(files_of_the_commit(deed, 1), FIX);
    }

    /// F15, another case.
    #[test]
    fn new_files_and_folders_are_not_shipped() {
        let deed = "pathlib.Path('out/logs').mkdir(parents=True, exist_ok=True); pathlib.Path('out/logs/a.log').write_text('x'); pathlib.Path('b.log').write_text('x')";
        assert_eq!(files_of_the_commit(deed, 1), FIX);
    }

    /// F15, another case: the mode alone.
    #[test]
    fn a_tracked_file_that_a_test_makes_executable_is_not_shipped() {
        let deed = "pathlib.Path('state.txt').chmod(0o755)";
        assert_eq!(files_of_the_commit(deed, 1), FIX);
    }
}
