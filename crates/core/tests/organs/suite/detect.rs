//! Which runner a repository uses.

use std::path::Path;

use hotfix_model::ExitCode;

use super::{detect_in, found};

#[test]
fn every_sign_of_pytest_is_seen() {
    let unittest_file = ("tests/test_a.py", "import unittest\n");
    for sign in [
        ("pytest.ini", ""),
        (".pytest.ini", ""),
        ("pytest.toml", "[pytest]\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-q'\n"),
        ("pyproject.toml", "[tool.pytest]\nstrict = true\n"),
        ("pyproject.toml", "[project]\ndependencies = ['pytest>=8']\n"),
        ("pyproject.toml", "not toml [ pytest\n"),
        ("tox.ini", "[pytest]\n"),
        ("tox.ini", "[testenv]\ndeps = pytest-cov\n"),
        ("setup.cfg", "[tool:pytest]\n"),
        ("setup.py", "tests_require=['pytest']\n"),
        ("requirements-dev.txt", "pytest==8\n"),
        ("requirements/test.txt", "pytest\n"),
        ("tests/conftest.py", ""),
        ("tests/test_b.py", "from pytest import fixture\n"),
    ] {
        assert_eq!(found(&[unittest_file, sign]).name(), "pytest", "{sign:?}");
    }
}

#[test]
fn unittest_and_plain_functions_are_told_apart() {
    assert_eq!(found(&[("tests/test_a.py", "from unittest import TestCase\n")]).name(), "unittest");
    assert_eq!(found(&[("tests/test_a.py", "def test_a(): pass\n")]).name(), "pytest");
    let near_misses = [("tests/test_a.py", "import unittest\nimport pytester\n"), ("setup.py", "mypytest\n")];
    assert_eq!(found(&near_misses).name(), "unittest");
}

#[test]
fn nothing_found_names_what_to_configure() {
    for files in [&[][..], &[("src/lib.rs", "")][..], &[("node_modules/x/conftest.py", "")][..]] {
        let error = detect_in(files, "").err().unwrap();
        assert_eq!(error.exit(), ExitCode::SETUP);
        assert!(error.next().contains("--set test.command="), "{}", error.next());
    }
}

#[test]
fn test_files_follow_the_repositorys_own_patterns() {
    let runner = found(&[("setup.cfg", "[tool:pytest]\npython_files =\n    check_*.py\n    tests.py\n")]);
    let is_test = |path: &str| runner.is_test_file(Path::new(path));
    assert!(is_test("a/check_x.py") && is_test("app/tests.py") && !is_test("test_x.py"));
    let runner = found(&[("pyproject.toml", "[tool.pytest.ini_options]\npython_files = ['spec_*.py']\n")]);
    assert!(runner.is_test_file(Path::new("spec_a.py")));
    let runner = found(&[("pytest.ini", "")]);
    let is_test = |path: &str| runner.is_test_file(Path::new(path));
    assert!(is_test("tests/test_x.py") && is_test("x_test.py"));
    assert!(!is_test("tests/helpers.py") && !is_test(".tox/test_x.py") && !is_test("test_x.txt"));
    assert!(runner.is_test_support(Path::new("tests/helpers.py")));
    assert!(!runner.is_test_support(Path::new("src/auth.py")));
}
