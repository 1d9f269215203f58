//! Which Python runs the tests, and in which environment.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::Command;
use crate::suite::folder::RunFolder;
use crate::suite::{Limits, Place, SuiteError};

/// How long a Python may take to say whether it has a module.
const PROBE: Duration = Duration::from_secs(20);

/// A Python that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    python: PathBuf,
    environment: Option<PathBuf>,
}

/// Whether a file is Python, or a part of it in a language beside it.
pub fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["py", "pyi", "pyx", "pxd"].iter().any(|one| extension == *one))
}

/// Lock files, and what installs all that one names into `.venv` of the project.
const LOCKS: &[(&str, &str)] = &[
    ("uv.lock", "uv sync --frozen"),
    ("poetry.lock", "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install"),
    ("pdm.lock", "pdm sync"),
    ("Pipfile.lock", "PIPENV_VENV_IN_PROJECT=1 pipenv sync --dev"),
];

/// The first Python that has `module`: the slot's own environment, the one that is active, the one of the main
/// worktree, then the machine's. Errors: [`SuiteError::MissingRunner`].
pub fn choose(ctx: &Ctx, place: &Place<'_>, module: &'static str) -> Result<PathBuf> {
    let candidates = candidates(ctx, place);
    let found = candidates.iter().find_map(|candidate| candidate.with(ctx, place, module));
    match found {
        Some(python) => Ok(python),
        None => {
            let hint = of_lock(place).unwrap_or_else(|| hint(ctx, candidates.first(), module));
            Err(SuiteError::MissingRunner { runner: module, hint })?
        }
    }
}

/// The first Python there is, for what comes with Python itself.
pub fn any(ctx: &Ctx, place: &Place<'_>) -> Result<PathBuf> {
    let first = candidates(ctx, place).into_iter().next();
    let missing = || SuiteError::MissingRunner { runner: "Python", hint: "install Python 3".to_owned() };
    Ok(first.ok_or_else(missing)?.python)
}

/// The folder with the programs of the environment that tests in `place` would use, if there is one.
pub fn programs(ctx: &Ctx, place: &Place<'_>) -> Option<PathBuf> {
    let environment = candidates(ctx, place).into_iter().find_map(|candidate| candidate.environment)?;
    Some(environment.join("bin"))
}

/// The command with everything the tests and our helper need in the environment.
pub fn prepare(
    ctx: &Ctx,
    command: Command,
    place: &Place<'_>,
    folder: &RunFolder,
    limits: &Limits,
) -> Command {
    let seconds = limits.test.map(|limit| limit.as_secs_f64().to_string()).unwrap_or_default();
    command
        .dir(place.root)
        .deadline(limits.run)
        .contained()
        .log(folder.log())
        .env("PYTHONPATH", search_path(ctx, place, folder))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .env("HOTFIX_STREAM", folder.stream())
        .env("HOTFIX_ROOT", place.root)
        .env("HOTFIX_HOME", place.home)
        .env("HOTFIX_TEST_LIMIT", seconds)
        .env_remove("HOTFIX_SELECTION")
}

/// Our helpers, then the code under test. An environment often holds an editable install that points at the user's own
/// worktree; `PYTHONPATH` comes before it, so the code of the slot is what runs.
fn search_path(ctx: &Ctx, place: &Place<'_>, folder: &RunFolder) -> OsString {
    let source = place.root.join("src");
    let mut parts = vec![folder.tools().into_os_string()];
    if source.is_dir() {
        parts.push(source.into_os_string());
    }
    parts.push(place.root.as_os_str().to_owned());
    parts.extend(ctx.env.get("PYTHONPATH").map(OsString::from));
    parts.join(std::ffi::OsStr::new(":"))
}

fn candidates(ctx: &Ctx, place: &Place<'_>) -> Vec<Candidate> {
    let own = [place.root.join(".venv"), place.root.join("venv")];
    let active = ctx.env.get("VIRTUAL_ENV").map(PathBuf::from);
    let home = [place.home.join(".venv"), place.home.join("venv")];
    let environments = own.into_iter().chain(active).chain(home);
    let mut found: Vec<_> = environments
        .map(|environment| Candidate {
            python: environment.join("bin/python"),
            environment: Some(environment),
        })
        .filter(|candidate| candidate.python.is_file())
        .collect();
    let machine = ["python3", "python"].into_iter().filter_map(|name| ctx.env.find_program(name));
    found.extend(machine.map(|python| Candidate { environment: environment_of(&python), python }));
    found
}

/// The environment that a Python on the `PATH` belongs to, active or not (PEP 405).
fn environment_of(python: &Path) -> Option<PathBuf> {
    let environment = python.parent()?.parent()?;
    environment.join("pyvenv.cfg").is_file().then(|| environment.to_owned())
}

impl Candidate {
    /// The Python to run, if it has `module`.
    fn with(&self, ctx: &Ctx, place: &Place<'_>, module: &str) -> Option<PathBuf> {
        if self.environment.as_deref().is_some_and(|path| is_installed(path, module)) {
            return Some(self.python.clone());
        }
        let memory = Memory::of(ctx, place, self, module);
        memory.recall().or_else(|| {
            let python = self.ask(ctx, place, module)?;
            memory.keep(&python);
            Some(python)
        })
    }

    /// Asks it which program it really is. What is on the `PATH` may be a shim of a version manager, which costs more
    /// than Python itself at every start, and chooses by the folder it is started in.
    fn ask(&self, ctx: &Ctx, place: &Place<'_>, module: &str) -> Option<PathBuf> {
        let probe = Command::new(&self.python).args(["-c", WHERE_IS, module]).dir(place.root);
        let finished = probe.deadline(PROBE).contained().run(ctx).ok()?;
        let printed = finished.stdout.strip_suffix(b"\n").unwrap_or(&finished.stdout);
        let python = crate::git::path_of(printed);
        (finished.success() && python.is_file()).then_some(python)
    }
}

/// Prints the path of Python itself if it finds a module.
const WHERE_IS: &str = "import importlib.util, os, sys
if importlib.util.find_spec(sys.argv[1]) is None: sys.exit(1)
sys.stdout.buffer.write(os.fsencode(sys.executable) + b'\\n')";

/// The answer of an earlier [`Candidate::ask`], as long as nothing changed that it depends on.
struct Memory {
    path: PathBuf,
    key: String,
}

impl Memory {
    fn of(ctx: &Ctx, place: &Place<'_>, candidate: &Candidate, module: &str) -> Self {
        let variable = |name| ctx.env.get(name).unwrap_or_default();
        let pinned = fs::read_to_string(place.root.join(".python-version")).unwrap_or_default();
        let key =
            format!("{:?}", (&candidate.python, variable("PATH"), variable("PYENV_VERSION"), pinned.trim()));
        Self { path: place.scratch.join(format!("python-with-{module}")), key }
    }

    fn recall(&self) -> Option<PathBuf> {
        let text = fs::read(&self.path).ok()?;
        let python = text.strip_prefix(self.key.as_bytes())?.strip_prefix(b"\n")?;
        Some(crate::git::path_of(python)).filter(|python| python.is_file())
    }

    /// A memory that cannot be written costs only the question.
    fn keep(&self, python: &Path) {
        use std::os::unix::ffi::OsStrExt;
        let text = [self.key.as_bytes(), b"\n", python.as_os_str().as_bytes()].concat();
        fs::write(&self.path, text).ok();
    }
}

/// Looks for `lib/python3.X/site-packages/<module>`, which costs no process.
fn is_installed(environment: &Path, module: &str) -> bool {
    let Ok(versions) = fs::read_dir(environment.join("lib")) else {
        return false;
    };
    versions.flatten().any(|version| version.path().join("site-packages").join(module).is_dir())
}

/// Where the dependencies are locked, the runner is one of them: all are installed at once, best in every slot.
fn of_lock(place: &Place<'_>) -> Option<String> {
    let (_, install) = LOCKS.iter().find(|(lock, _)| place.root.join(lock).is_file())?;
    let folder = place.root.display();
    Some(format!(
        "(cd {folder} && {install})  # or for every slot, in hotfix.toml: [slot] setup = [\"{install}\"]"
    ))
}

/// The command that installs `module` where it is looked for first.
fn hint(ctx: &Ctx, first: Option<&Candidate>, module: &str) -> String {
    let Some(candidate) = first else {
        return format!("install Python 3, then: python3 -m pip install {module}");
    };
    let python = candidate.python.display();
    let made_by_uv = candidate.environment.as_deref().is_some_and(is_made_by_uv);
    if made_by_uv || (candidate.environment.is_some() && !is_installed_pip(candidate)) {
        if ctx.env.find_program("uv").is_some() || made_by_uv {
            return format!("uv pip install --python {python} {module}");
        }
        return format!("{python} -m ensurepip && {python} -m pip install {module}");
    }
    format!("{python} -m pip install {module}")
}

fn is_installed_pip(candidate: &Candidate) -> bool {
    candidate.environment.as_deref().is_some_and(|path| is_installed(path, "pip"))
}

fn is_made_by_uv(environment: &Path) -> bool {
    let text = fs::read_to_string(environment.join("pyvenv.cfg")).unwrap_or_default();
    text.lines().any(|line| line.split('=').next().is_some_and(|key| key.trim() == "uv"))
}
