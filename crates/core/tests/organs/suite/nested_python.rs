//! Several Python projects in one repository, each with its own folder, environment and version of Python.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use hotfix_core::exec::Command;
use hotfix_model::CaseOutcome::Passed;
use hotfix_testkit::write_program;

use super::{Project, files, found, outcomes, pytest};

const SERVICE: &str = "[project]\nname = 'x'\ndependencies = ['pytest']\n";
const BOTH: &[&str] = &["services/a/tests/test_x.py", "services/b/tests/test_x.py"];

/// Which project runs a file, as a person would type it.
fn typed(all: &[(&str, &str)], file: &str) -> String {
    found(all).command(&files(&[file])).join(" ")
}

#[test]
fn a_project_below_a_root_that_is_none_runs_in_its_own_folder() {
    let test = "def test_x(): pass\n";
    let all = [
        ("services/a/pyproject.toml", SERVICE),
        (BOTH[0], test),
        ("services/b/setup.py", "install_requires=['pytest']\n"),
        (BOTH[1], test),
        ("services/docs/pyproject.toml", SERVICE),
        ("tools/test_tool.py", "import unittest\n"),
    ];
    assert_eq!(typed(&all, BOTH[0]), "cd services/a && pytest tests/test_x.py");
    assert_eq!(typed(&all, BOTH[1]), "cd services/b && pytest tests/test_x.py");
    assert_eq!(typed(&all, "tools/test_tool.py"), "python3 -m unittest tools/test_tool.py");
    assert_eq!(found(&all).name(), "unittest + pytest", "a project without tests runs none");
}

#[test]
fn packages_of_a_root_project_stay_with_it_unless_they_have_settings_or_a_lock() {
    let test = "def test_x(): pass\n";
    let root = ("pyproject.toml", SERVICE);
    let member = [root, ("packages/a/pyproject.toml", SERVICE), ("packages/a/tests/test_x.py", test)];
    assert_eq!(typed(&member, "packages/a/tests/test_x.py"), "pytest packages/a/tests/test_x.py");
    for own in [
        ("packages/a/pyproject.toml", "[tool.pytest.ini_options]\n"),
        ("packages/a/pytest.ini", ""),
        ("packages/a/uv.lock", ""),
    ] {
        let mut all = vec![root, ("packages/a/setup.cfg", ""), ("packages/a/tests/test_x.py", test)];
        all.push(own);
        assert_eq!(
            typed(&all, "packages/a/tests/test_x.py"),
            "cd packages/a && pytest tests/test_x.py",
            "{own:?}"
        );
    }
    let tests = [("tests/pytest.ini", ""), ("tests/test_x.py", test), ("setup.py", "pytest\n")];
    assert_eq!(typed(&tests, "tests/test_x.py"), "pytest tests/test_x.py", "a folder of tests is no project");
}

/// Both services have a module and a test file of the same name; each has an environment of its own, that of `b` in the
/// main worktree alone.
#[test]
fn each_project_has_its_own_code_and_its_own_environment() {
    drop(pytest());
    let test = "import os\nimport config\n\n\ndef test_x():\n    assert os.getcwd().endswith('services/' + config.NAME)\n    assert os.environ['VENV'] == config.NAME\n";
    let all = [
        ("services/a/pyproject.toml", SERVICE),
        ("services/a/config.py", "NAME = 'a'\n"),
        (BOTH[0], test),
        ("services/b/pyproject.toml", SERVICE),
        ("services/b/src/config.py", "NAME = 'b'\n"),
        (BOTH[1], test),
    ];
    let project = Project::new(&all);
    environment(&project.root().join("services/a/.venv"), "a");
    environment(&project.home().join("services/b/.venv"), "b");
    environment(&project.home().join(".venv"), "of the main worktree");
    let run = project.run(found(&all).as_ref(), &files(BOTH));
    assert_eq!(
        outcomes(&run),
        [("services/a/tests/test_x.py::test_x", Passed), ("services/b/tests/test_x.py::test_x", Passed)],
        "{run:#?}"
    );
    assert_eq!((run.claimed, run.exit), (Some(2), Some(0)));
}

/// An environment as far as it is looked at, whose Python tells where it comes from.
fn environment(folder: &Path, name: &str) {
    fs::create_dir_all(folder.join("lib/python3.12/site-packages/pytest")).unwrap();
    write_program(folder.join("bin/python"), format!("VENV='{name}' exec python3 \"$@\""));
}

/// What asdf and mise put on the search path: a program that looks for the version in the folder it is started in.
#[test]
fn shims_of_version_managers_choose_by_the_projects_folder() {
    drop(pytest());
    let test = |version: &str| {
        format!("import sys\n\n\ndef test_x():\n    assert '/versions/{version}/' in sys.executable\n")
    };
    let (one, two) = (test("one"), test("two"));
    let all = [
        ("services/a/pyproject.toml", SERVICE),
        ("services/a/.tool-versions", "python one\n"),
        (BOTH[0], one.as_str()),
        ("services/b/pyproject.toml", SERVICE),
        ("services/b/.tool-versions", "python two\n"),
        (BOTH[1], two.as_str()),
    ];
    let project = Project::new(&all);
    let project = with_shims(project);
    let run = project.run(found(&all).as_ref(), &files(BOTH));
    assert_eq!(run.cases.len(), 2, "{run:#?}");
    assert!(run.cases.iter().all(|case| case.outcome == Passed), "{run:#?}");
    // What was found out is forgotten once another version is asked for.
    project.write(&[("services/a/.tool-versions", "python two\n"), (BOTH[0], two.as_str())]);
    let run = project.run(found(&all).as_ref(), &files(&BOTH[..1]));
    assert_eq!(outcomes(&run), [("services/a/tests/test_x.py::test_x", Passed)], "{run:#?}");
}

fn with_shims(project: Project) -> Project {
    let versions = project.home().join("versions");
    let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).run(&project.ctx());
    let python = PathBuf::from(String::from_utf8(asked.unwrap().stdout).unwrap().trim());
    for version in ["one", "two"] {
        fs::create_dir_all(versions.join(version)).unwrap();
        symlink(&python, versions.join(version).join("python3")).unwrap();
    }
    let shims = project.home().join("shims");
    let dispatch = format!(
        "version=$(sed -n 's/^python //p' .tool-versions 2> /dev/null)\n[ -n \"$version\" ] || {{ echo 'No version is set for command python3' >&2; exit 126; }}\nexec '{}'/\"$version\"/python3 \"$@\"",
        versions.display()
    );
    write_program(shims.join("python3"), dispatch);
    let mut path = OsString::from(shims);
    path.push(":/usr/bin:/bin");
    project.set("PATH", path)
}

#[test]
fn a_dependency_that_is_not_installed_names_the_command() {
    drop(pytest());
    let reason = |list: &[(&str, &str)]| {
        let mut all =
            vec![("pytest.ini", ""), ("pay/__init__.py", ""), ("test_a.py", "import no_such_package\n")];
        all.extend(list);
        let project = Project::new(&all);
        let run = project.run(found(&all).as_ref(), &files(&["test_a.py"]));
        run.not_loaded.first().map(|(_, reason)| reason.clone()).unwrap_or_default()
    };
    let missing = "ModuleNotFoundError: No module named 'no_such_package'";
    assert_eq!(reason(&[]), missing);
    for (list, command) in [
        ("requirements.txt", "python3 -m pip install -r requirements.txt"),
        ("uv.lock", "uv sync --frozen"),
        ("setup.py", "python3 -m pip install ."),
    ] {
        let expected = format!(
            "{missing} (not installed here: {command}; for every slot, in hotfix.toml: [slot] setup = [\"{command}\"])"
        );
        assert_eq!(reason(&[(list, "")]), expected);
    }
    let own = reason(&[("requirements.txt", ""), ("test_a.py", "import pay.no_such_module\n")]);
    assert_eq!(own, "ModuleNotFoundError: No module named 'pay.no_such_module'");
}

#[test]
fn a_result_file_of_an_earlier_run_is_not_read() {
    drop(pytest());
    let stale =
        "<testsuite tests='1'><testcase classname='test_a' name='test_ghost' file='test_a.py'/></testsuite>";
    let all = [
        ("pytest.ini", "[pytest]\naddopts = --junitxml=report.xml\n"),
        ("report.xml", stale),
        ("test_a.py", "import os\ndef test_a(): os._exit(0)\n"),
    ];
    let project = Project::new(&all);
    let run = project.run(found(&all).as_ref(), &files(&["test_a.py"]));
    let ids: Vec<&str> = run.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["test_a.py::test_a"], "{run:#?}");
    assert!(!run.is_green(), "{run:#?}");
}
