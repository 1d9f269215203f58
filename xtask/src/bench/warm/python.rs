//! A Python project in a virtual environment, with the tools that the tests of this project drive.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use hotfix_testkit::{Sandbox, tools};

use super::project::{self, PARTS, Project};
use crate::process::quiet;

const REQUIREMENTS: &str = include_str!("../../../python-tools.txt");
const INSTALL: &str =
    "python3 -m venv .venv && .venv/bin/pip install --quiet --no-input --no-deps -r requirements.txt";

/// The project, in a sandbox in which pip has everything in a folder.
pub fn project() -> Result<(Sandbox, Project)> {
    let tools = tools::dir().context("neither HOTFIX_TOOLS nor HOME says where tools go")?;
    let wheels = tools.join("bench/wheels");
    fs::create_dir_all(&wheels)?;
    let requirements = wheels.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    let sandbox = Sandbox::with_python();
    let mut fill = Command::new(tools::python_bin().join("python3"));
    fill.args(["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]);
    fill.arg("--find-links").arg(&wheels).arg("--dest").arg(&wheels).arg("--requirement").arg(&requirements);
    quiet(fill)?;
    sandbox.env_set("PIP_NO_INDEX", "1");
    sandbox.env_set("PIP_FIND_LINKS", &wheels);
    sandbox.env_set("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    let mut files = vec![
        ("requirements.txt".to_owned(), REQUIREMENTS.to_owned()),
        (".gitignore".to_owned(), ".venv/\n__pycache__/\n.pytest_cache/\n".to_owned()),
        ("service/__init__.py".to_owned(), String::new()),
        ("tests/test_values.py".to_owned(), test()),
        project::settings(INSTALL, "requirements.txt"),
    ];
    files.extend((0..PARTS).map(|number| part(number, project::value(0))));
    let packages = REQUIREMENTS.lines().filter(|line| line.contains("==") && !line.contains(';')).count();
    let project = Project {
        name: "Python",
        what: format!("{packages} packages, one test"),
        files,
        part,
        install: INSTALL.to_owned(),
        installed: Some(".venv/pyvenv.cfg"),
        run: ".venv/bin/python -m pytest --quiet --capture=no tests/test_values.py".to_owned(),
        first: "`venv`, `pip install`, `pytest`",
        again: "`pytest`",
        goal: 0.12,
    };
    Ok((sandbox, project))
}

fn test() -> String {
    let mut text = String::new();
    for part in 0..PARTS {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "from service import part_{part}");
    }
    let parts = (0..PARTS).map(|part| format!("part_{part}.VALUE")).collect::<Vec<_>>().join(", ");
    let _ = write!(
        text,
        "\n\ndef test_all_parts():\n    values = [{parts}]\n    print(\"values\", *values)\n    assert min(values) > 0\n"
    );
    text
}

fn part(part: usize, value: usize) -> (String, String) {
    (format!("service/part_{part}.py"), format!("VALUE = {value}\n"))
}
