//! Proofs by pytest.

use hotfix_testkit::auth;

use super::*;

fn started(sandbox: &Sandbox) -> (Responder<'_>, Repo) {
    let project = sandbox.project();
    let responder = Responder::at(sandbox, project.path());
    responder.start("Auth failing");
    let slot = responder.slot();
    (responder, slot)
}

#[test]
fn the_test_that_flips_is_named() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    slot.write("tests/test_auth.py", auth::TESTS_WITH_NEW);
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    assert_eq!(
        (proof.flipped.as_slice(), proof.runner.as_str()),
        ([auth::NEW_TEST.to_owned()].as_slice(), "pytest")
    );
    assert_eq!(proof.green.unwrap().ran, Some(3));
}

#[test]
fn a_test_that_cannot_be_loaded_on_base_counts_only_when_said_so() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    slot.write("src/clock.py", "NOW = 1\n");
    slot.write("tests/test_clock.py", "from src.clock import NOW\n\n\ndef test_now():\n    assert NOW\n");
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
    assert_eq!(proof.red.unwrap().outcome, SideOutcome::NotLoaded);
    let accepted = hotfix_core::flow::prove::Request { accept_load_error: true, ..prove_with(&[]) };
    let proof = responder.try_prove(&accepted).unwrap();
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    assert_eq!(proof.flipped, ["tests/test_clock.py::test_now"]);
}

#[test]
fn a_skipped_test_proves_nothing() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    let text = "import pytest\n\n\n@pytest.mark.skip\ndef test_skipped():\n    assert False\n";
    slot.write("tests/test_skipped.py", text);
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Invalid, "{}", proof.why);
    assert_eq!(proof.red.unwrap().outcome, SideOutcome::NothingRan);
}

#[test]
fn a_failure_that_base_has_as_well_does_not_stand_against_the_proof() {
    let sandbox = Sandbox::with_python();
    let (responder, slot) = started(&sandbox);
    slot.write("tests/test_auth.py", format!("{}\n\ndef test_old():\n    assert False\n", auth::TESTS));
    responder.try_ship("x", &[]).map(|_| ()).map_err(|_| ()).unwrap_err();
    slot.write("src/auth.py", auth::FIXED_SOURCE);
    slot.write(
        "tests/test_auth.py",
        format!("{}\n\ndef test_old():\n    assert False\n", auth::TESTS_WITH_NEW),
    );
    let proof = responder.prove(&[]);
    // `test_old` is new, so it is the fix's own.
    assert_eq!(proof.verdict, ProofVerdict::NotGreen, "{}", proof.why);
}

/// A project whose `testpaths` leave out `bench`, and whose source has a module that is called like a test.
#[test]
fn a_test_outside_testpaths_proves_and_source_that_is_called_like_one_is_the_fix() {
    let sandbox = Sandbox::with_python();
    let repo = sandbox.repo_with_remote(&[
        ("pytest.ini", b"[pytest]\ntestpaths = tests\n"),
        ("conftest.py", b""),
        ("shop/__init__.py", b""),
        ("shop/ab_test.py", b"def variant(n):\n    return 'a'\n"),
        ("tests/test_a.py", b"def test_a(): pass\n"),
        ("bench/test_b.py", b"def test_b(): pass\n"),
    ]);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong variant");
    let slot = responder.slot();
    slot.write(
        "bench/test_b.py",
        "from shop.ab_test import variant\ndef test_b(): assert variant(2) == 'b'\n",
    );
    slot.write("shop/ab_test.py", "def variant(n):\n    return 'a' if n % 2 else 'b'\n");
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    assert_eq!(proof.flipped, ["bench/test_b.py::test_b"]);
}

/// What an install wrote into the source is in the main worktree alone.
#[test]
fn a_generated_version_file_stands_in_the_way_of_no_proof() {
    let sandbox = Sandbox::with_python();
    let repo = sandbox.repo_with_remote(&[
        (".gitignore", b"version.py\n"),
        ("pyproject.toml", b"[tool.hatch]\nbuild.hooks.vcs.version-file = 'src/shop/version.py'\n[tool.pytest.ini_options]\n"),
        ("src/shop/__init__.py", b"from .version import __version__\ndef f(x): return x\n"),
        ("tests/test_f.py", b"from shop import f\ndef test_f(): assert f(1) == 1\n"),
    ]);
    repo.write("src/shop/version.py", "__version__ = '1.2.3'\n");
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong numbers");
    let slot = responder.slot();
    slot.write(
        "tests/test_f.py",
        "from shop import f\ndef test_f(): assert f(1) == 1\ndef test_new(): assert f(2) == 3\n",
    );
    slot.write(
        "src/shop/__init__.py",
        "from .version import __version__\ndef f(x): return 3 if x == 2 else x\n",
    );
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
    assert_eq!(proof.flipped, ["tests/test_f.py::test_new"]);
}

/// As the hint says, the environment was made in the slot; its twin, where both sides run, has none of its own.
#[test]
fn an_environment_in_the_slot_alone_serves_the_proof() {
    let sandbox = Sandbox::with_python();
    let repo = sandbox.repo_with_remote(&[
        (".gitignore", b".venv\n"),
        ("pytest.ini", b""),
        ("price.py", b"import rates\ndef total(x): return x + rates.V\n"),
        ("test_a.py", b"def test_a(): pass\n"),
    ]);
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let slot = responder.slot();
    let python = hotfix_testkit::tools::python_bin().join("python3");
    let rates = slot.file(".venv/lib/python3/site-packages/rates.py");
    fs::create_dir_all(rates.parent().unwrap()).unwrap();
    fs::write(&rates, "V = 1\n").unwrap();
    let script = format!(
        "export PYTHONPATH=\"$PYTHONPATH:{}\"\nexec '{}' \"$@\"",
        rates.parent().unwrap().display(),
        python.display()
    );
    hotfix_testkit::write_program(slot.file(".venv/bin/python"), script);
    slot.write("test_a.py", "from price import total\ndef test_a(): assert total(1) == 1\n");
    slot.write("price.py", "import rates\ndef total(x): return x * rates.V\n");
    let proof = responder.prove(&[]);
    assert_eq!(proof.verdict, ProofVerdict::Proven, "{}", proof.why);
}
