//! Tests that fail at random prove nothing by chance, however often somebody tries.
//!
//! Whether a test fails is told by its seed and by how often it has run, so that each try is another one, and the same on
//! every machine. A test that fails half of the time looks like a proof by its first two runs once in four tries.

use hotfix_model::ProofVerdict;
use hotfix_testkit::Sandbox;

use crate::scene::{IGNORED, PYTEST, Scene, outside};

/// A try with this seed.
fn seed(scene: &Scene, seed: usize) {
    std::fs::write(scene.outside("seed"), seed.to_string()).unwrap();
    std::fs::write(scene.outside("runs"), "").unwrap();
}

/// Tries a comment as the fix with that many seeds; none may be proven. Gives how many tries got past the first run.
#[track_caller]
fn assert_never_proven(scene: &Scene, seeds: std::ops::Range<usize>) -> usize {
    let mut flipped = 0;
    for number in seeds {
        seed(scene, number);
        let proof = scene.prove(&[]);
        assert_ne!(proof.verdict, ProofVerdict::Proven, "seed {number}: {}", proof.why);
        flipped += usize::from(proof.green.is_some());
    }
    flipped
}

/// A command that fails `percent` of the time.
fn random_command(percent: u32) -> Scene {
    let sandbox = Sandbox::new();
    let (seed, runs) = (outside(&sandbox, "seed"), outside(&sandbox, "runs"));
    let test = format!(
        "echo x >> '{runs}'\nnumber=$(printf '%s of %s' \"$(wc -l < '{runs}')\" \"$(cat '{seed}')\" | cksum | cut -d ' ' -f 1)\ntest $((number / 7 % 100)) -ge {percent}\n"
    );
    let config = "[test]\ncommand = \"sh tests/test_till.sh\"\n";
    let files = [("hotfix.toml", config), ("till.sh", "echo 1\n"), ("tests/test_till.sh", "true\n")];
    let scene = Scene::start(sandbox, &files);
    scene.append("till.sh", "# Prices are in cents.\n");
    scene.write("tests/test_till.sh", &test);
    scene
}

#[test]
fn a_command_that_fails_half_of_the_time() {
    assert!(assert_never_proven(&random_command(50), 0..50) > 10);
}

#[test]
fn a_command_that_fails_every_fifth_time() {
    assert!(assert_never_proven(&random_command(20), 50..100) > 2);
}

mod with_python {
    use super::*;

    /// Six tests of which each fails on its own, and one that never does.
    #[test]
    fn a_suite_that_fails_at_random() {
        let sandbox = Sandbox::with_python();
        let (seed, runs) = (outside(&sandbox, "seed"), outside(&sandbox, "runs"));
        let test = format!(
            "import random\n\nimport pytest\n\n\n@pytest.mark.parametrize('x', range(6))\ndef test_random(x):\n    with open({runs:?}, 'a+') as file:\n        file.write('x\\n')\n        file.seek(0)\n        run = len(file.readlines())\n    assert random.Random(f'{{open({seed:?}).read()}} {{run}} {{x}}').random() < (0.5 if x % 2 else 0.8)\n\n\ndef test_steady():\n    assert True\n"
        );
        let files = [
            PYTEST,
            IGNORED,
            ("price.py", "CENTS = 100\n"),
            ("test_price.py", "def test_kind():\n    assert True\n"),
        ];
        let scene = Scene::start(sandbox, &files);
        scene.append("price.py", "# Prices are in cents.\n");
        scene.write("test_price.py", &test);
        assert!(assert_never_proven(&scene, 0..10) > 5);
    }

    /// One test alone, which no neighbour betrays.
    #[test]
    fn one_test_of_unittest_that_fails_half_of_the_time() {
        let sandbox = Sandbox::with_python();
        let (seed, runs) = (outside(&sandbox, "seed"), outside(&sandbox, "runs"));
        let test = format!(
            "import random\nimport unittest\n\n\nclass Price(unittest.TestCase):\n    def test_random(self):\n        with open({runs:?}, 'a+') as file:\n            file.write('x\\n')\n            file.seek(0)\n            run = len(file.readlines())\n        self.assertLess(random.Random(f'{{open({seed:?}).read()}} {{run}}').random(), 0.5)\n"
        );
        let known =
            "import unittest\n\n\nclass Price(unittest.TestCase):\n    def test_kind(self):\n        pass\n";
        let files = [
            IGNORED,
            ("price.py", "CENTS = 100\n"),
            ("tests/__init__.py", ""),
            ("tests/test_price.py", known),
        ];
        let scene = Scene::start(sandbox, &files);
        scene.append("price.py", "# Prices are in cents.\n");
        scene.write("tests/test_price.py", &test);
        assert!(assert_never_proven(&scene, 0..40) > 5);
    }
}

mod with_go {
    use super::*;

    /// Go repeats single tests with `-count`.
    #[test]
    fn one_test_that_fails_half_of_the_time() {
        let sandbox = Sandbox::with_go();
        let (seed, runs) = (outside(&sandbox, "seed"), outside(&sandbox, "runs"));
        let test = format!(
            "package price\n\nimport (\n\t\"crypto/sha256\"\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestRandom(t *testing.T) {{\n\truns, _ := os.OpenFile({runs:?}, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)\n\truns.WriteString(\"x\")\n\truns.Close()\n\tran, _ := os.ReadFile({runs:?})\n\tseed, _ := os.ReadFile({seed:?})\n\tif sha256.Sum256([]byte(fmt.Sprint(string(seed), len(ran))))[0]%2 == 0 {{\n\t\tt.Fatal(\"by chance\")\n\t}}\n}}\n"
        );
        let files = [
            ("go.mod", "module price\n\ngo 1.19\n"),
            ("price.go", "package price\n\nconst Cents = 100\n"),
            ("price_test.go", "package price\n\nimport \"testing\"\n\nfunc TestKind(t *testing.T) {}\n"),
        ];
        let scene = Scene::start(sandbox, &files);
        scene.append("price.go", "\n// Prices are in cents.\n");
        scene.write("price_test.go", &test);
        assert!(assert_never_proven(&scene, 0..16) > 2);
    }
}
