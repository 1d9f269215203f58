//! The environment is found where the project's tools keep it, and used as if it were active.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use hotfix_core::suite::{Place, Selection, plain};
use hotfix_model::CaseOutcome::Passed;
use hotfix_testkit::write_program;
use sha2::{Digest, Sha256};

use super::venv::Venv;
use super::{Project, files, found, outcomes, write_into};

/// Needs a module that only the right environment has.
const TEST: &str = "import rates\n\n\ndef test_a():\n    assert rates.WHERE == 'right'\n";
const ALL: &[(&str, &str)] = &[("pytest.ini", ""), ("test_a.py", TEST)];

/// A project beside an environment of its own and that of another project, which is active.
fn project() -> Project {
    let project = Project::new(ALL);
    let other = project.beside("other");
    write_into(&other, &[("pyproject.toml", "[project]\nname = 'other'\n")]);
    let venv = Venv::at(&project, &other.join("env"));
    venv.install(&[("rates.py", "WHERE = 'another project'\n")]);
    project.set("VIRTUAL_ENV", other.join("env")).set("WORKON_HOME", other.join("none"))
}

fn right(project: &Project, folder: &Path) {
    Venv::at(project, folder).install(&[("rates.py", "WHERE = 'right'\n")]);
}

fn shown(project: &Project) -> Option<PathBuf> {
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    found(ALL).environment(&project.ctx(), &place)
}

/// Uses the environment in `folder`, with pytest and with a command, and says so.
fn is_used(project: &Project, folder: &Path) {
    let run = project.run(found(ALL).as_ref(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("test_a.py::test_a", Passed)], "{} {run:#?}", folder.display());
    let words = ["python", "-c", "import rates; assert rates.WHERE == 'right'"].map(OsString::from);
    let run = project.run(&*plain(words.into()).unwrap(), &Selection::Everything);
    assert!(run.is_green(), "{} {run:#?}", folder.display());
    let shown = shown(project).unwrap();
    assert_eq!(shown.canonicalize().unwrap(), folder.canonicalize().unwrap());
}

/// Where a tool keeps the environment of a project, by the folders of the user and of the project.
type Where = fn(&Path, &Path) -> PathBuf;

/// How Poetry, pipenv and hatch tell projects apart.
fn mark(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    base64::engine::general_purpose::URL_SAFE.encode(digest)[..8].to_owned()
}

#[test]
fn environments_in_the_projects_folder_are_found_before_an_active_one() {
    for name in [".venv", "venv", "env", "my-environment", ".tox/py311", ".nox/tests-3-11", ".hatch/default"]
    {
        let project = project();
        let folder = project.home().join(name);
        right(&project, &folder);
        is_used(&project, &folder);
    }
}

#[test]
fn what_pdm_pipenv_and_uv_name_is_followed() {
    let project = project();
    let folder = project.beside("named");
    right(&project, &folder);
    let python = folder.join("bin/python");
    write_into(&project.home(), &[(".pdm-python", python.to_str().unwrap())]);
    is_used(&project, &folder);

    fs::remove_file(project.home().join(".pdm-python")).unwrap();
    write_into(&project.home(), &[(".venv", folder.to_str().unwrap())]);
    is_used(&project, &folder);

    fs::remove_file(project.home().join(".venv")).unwrap();
    write_into(&project.home(), &[("pyproject.toml", "")]);
    let project = project.set("UV_PROJECT_ENVIRONMENT", &folder);
    is_used(&project, &folder);
}

#[test]
fn what_poetry_pipenv_hatch_and_conda_keep_elsewhere_is_found() {
    let user = |project: &Project| project.beside("user");
    let home = |project: &Project| project.home().canonicalize().unwrap();
    let kept: [(&str, Where); 4] = [
        ("poetry", |user, home| {
            user.join(".cache/pypoetry/virtualenvs").join(format!("a-{}-py3.11", mark(home)))
        }),
        ("pipenv", |user, home| {
            user.join(".local/share/virtualenvs").join(format!("a-{}", mark(&home.join("Pipfile"))))
        }),
        ("hatch", |user, home| {
            user.join(".local/share/hatch/env/virtual/a").join(mark(home)).join("hatch-test.py3.11")
        }),
        ("conda", |user, _| user.join("miniforge3/envs/shop")),
    ];
    for (tool, place) in kept {
        let project = project();
        let folder = place(&user(&project), &home(&project));
        right(&project, &folder);
        if tool == "conda" {
            fs::remove_file(folder.join("pyvenv.cfg")).unwrap();
            fs::create_dir(folder.join("conda-meta")).unwrap();
            write_into(&project.root(), &[("environment.yml", "name: shop\n")]);
            // Without `pyvenv.cfg` Python itself finds nothing there.
            let packages = folder.join("lib").read_dir().unwrap().next().unwrap().unwrap().path();
            let project = project.set("PYTHONPATH", packages.join("site-packages"));
            assert_eq!(shown(&project), Some(folder), "{tool}");
            continue;
        }
        is_used(&project, &folder);
    }
}

#[test]
fn of_several_environments_of_poetry_the_one_in_use_is_taken() {
    let project = project();
    let store = project.beside("store");
    let mark = mark(&project.home().canonicalize().unwrap());
    for version in ["3.9", "3.10", "3.12"] {
        let venv = Venv::at(&project, &store.join(format!("a-{mark}-py{version}")));
        venv.install(&[(
            "rates.py",
            &format!("WHERE = '{}'\n", if version == "3.10" { "right" } else { version }),
        )]);
    }
    write_into(&store, &[("envs.toml", &format!("[a-{mark}]\nminor = \"3.10\"\npatch = \"3.10.2\"\n"))]);
    write_into(
        &project.home(),
        &[("poetry.toml", &format!("[virtualenvs]\npath = {:?}\n", store.to_str().unwrap()))],
    );
    is_used(&project, &store.join(format!("a-{mark}-py3.10")));
}

#[test]
fn an_active_environment_serves_a_project_without_one() {
    let project = Project::new(ALL);
    let folder = project.beside("somewhere");
    right(&project, &folder);
    let project = project.set("VIRTUAL_ENV", &folder);
    is_used(&project, &folder);
}

#[test]
fn a_twin_uses_the_environment_of_its_slot() {
    let project = Project::new(ALL);
    let twin = project.beside("slot-base");
    write_into(&twin, ALL);
    let private = project.home().join(".git/worktrees");
    for (name, at) in [("slot", project.root()), ("twin", twin.clone())] {
        write_into(&at, &[(".git", &format!("gitdir: {}\n", private.join(name).display()))]);
        write_into(
            &private.join(name),
            &[("commondir", "../..\n"), ("gitdir", &format!("{}/.git\n", at.display()))],
        );
    }
    right(&project, &project.root().join(".venv"));
    let (home, scratch) = (project.home(), project.scratch());
    let place = Place { root: &twin, home: &home, scratch: &scratch };
    let limits = hotfix_core::suite::Limits { run: std::time::Duration::from_mins(2), test: None };
    let run = found(ALL).run(&project.ctx(), &place, &Selection::Everything, &limits).unwrap();
    assert_eq!(outcomes(&run), [("test_a.py::test_a", Passed)], "{run:#?}");
}

#[test]
fn programs_of_the_environment_come_first() {
    let test = "import os, subprocess\n\n\ndef test_program():\n    assert subprocess.run(['shop'], capture_output=True).stdout == b'of the environment\\n'\n    assert os.environ['VIRTUAL_ENV'].endswith('.venv')\n";
    let all = [("pytest.ini", ""), ("test_a.py", test)];
    let of_unittest = format!(
        "import unittest\n{test}\n\nclass T(unittest.TestCase):\n    def test_it(self): test_program()\n"
    );
    let unittest = [("test_a.py", of_unittest.as_str())];
    for files in [&all[..], &unittest[..]] {
        let project = Project::new(files);
        let venv = Venv::new(&project, ".venv");
        write_program(venv.bin().join("shop"), "echo of the environment");
        let others = project.beside("bin");
        write_program(others.join("shop"), "echo of the machine");
        let path = [others.as_os_str(), ":".as_ref(), project.ctx().env.get("PATH").unwrap()]
            .into_iter()
            .collect::<OsString>();
        let project = project.set("PATH", path);
        let run = project.run(found(files).as_ref(), &Selection::Everything);
        assert!(run.is_green(), "{run:#?}");
        let run = project.run(&*plain(vec!["shop".into()]).unwrap(), &Selection::Everything);
        assert_eq!(run.tail, "of the environment");
    }
}

/// Services that have a list of what they need and nothing else.
#[test]
fn services_with_a_list_of_requirements_are_projects() {
    let test = "from app import NAME\nimport rates\n\n\ndef test_x():\n    assert NAME == rates.WHERE\n";
    let tooling = ("pyproject.toml", "[tool.ruff]\nline-length = 100\n");
    for root in [None, Some(tooling), Some(("README.md", ""))] {
        let mut all = vec![
            ("services/a/requirements.txt", "pytest\n"),
            ("services/a/conftest.py", ""),
            ("services/a/app.py", "NAME = 'a'\n"),
            ("services/a/tests/test_x.py", test),
            ("services/b/requirements.txt", "pytest\n"),
            ("services/b/app.py", "NAME = 'b'\n"),
            ("services/b/tests/test_x.py", test),
            ("docs/requirements.txt", "sphinx\n"),
        ];
        all.extend(root);
        let project = Project::new(&all);
        for name in ["a", "b"] {
            let venv = Venv::new(&project, &format!("services/{name}/.venv"));
            venv.install(&[("rates.py", &format!("WHERE = '{name}'\n"))]);
        }
        let run = project
            .run(found(&all).as_ref(), &files(&["services/a/tests/test_x.py", "services/b/tests/test_x.py"]));
        let both =
            [("services/a/tests/test_x.py::test_x", Passed), ("services/b/tests/test_x.py::test_x", Passed)];
        assert_eq!(outcomes(&run), both, "{run:#?}");
    }
}

#[test]
fn below_a_root_that_is_a_project_a_list_alone_makes_no_other() {
    let test = "def test_x(): pass\n";
    for root in
        [("requirements.txt", "pytest\n"), ("pyproject.toml", "[project]\nname = 'a'\n"), ("pytest.ini", "")]
    {
        let all = [root, ("services/a/requirements.txt", "pytest\n"), ("services/a/tests/test_x.py", test)];
        let command = found(&all).command(&files(&["services/a/tests/test_x.py"])).join(" ");
        assert!(!command.contains("cd services/a"), "{root:?} {command}");
    }
}
