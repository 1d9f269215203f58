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

/// A project in a place.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The place.
    pub place: &'a Place<'a>,
    /// The project's folder in it; empty for the root.
    pub folder: &'a Path,
}

impl<'a> Site<'a> {
    /// The project at the root.
    pub fn root(place: &'a Place<'a>) -> Self {
        Self { place, folder: Path::new("") }
    }

    /// The project's folder, absolute: where its tests run.
    fn dir(&self) -> PathBuf {
        inside(self.place.root, self.folder)
    }
}

/// A path below another one, which an empty one leaves as it is.
fn inside(base: &Path, folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { base.to_owned() } else { base.join(folder) }
}

/// Whether a project has a lock file.
pub fn has_lock(has: impl Fn(&str) -> bool) -> bool {
    LOCKS.iter().any(|(lock, _)| has(lock))
}

/// The first Python that has `module`: the slot's own environment, that of the project in the main worktree, the one
/// that is active, the one of the main worktree, then the machine's. Errors: [`SuiteError::MissingRunner`].
pub fn choose(ctx: &Ctx, site: Site<'_>, module: &'static str) -> Result<PathBuf> {
    let candidates = candidates(ctx, site);
    let found = candidates.iter().find_map(|candidate| candidate.with(ctx, site, module));
    match found {
        Some(python) => Ok(python),
        None => {
            let hint = of_lock(site).unwrap_or_else(|| hint(ctx, candidates.first(), module));
            Err(SuiteError::MissingRunner { runner: module, hint })?
        }
    }
}

/// The first Python there is, for what comes with Python itself.
pub fn any(ctx: &Ctx, site: Site<'_>) -> Result<PathBuf> {
    let first = candidates(ctx, site).into_iter().next();
    let missing = || SuiteError::MissingRunner { runner: "Python", hint: "install Python 3".to_owned() };
    Ok(first.ok_or_else(missing)?.python)
}

/// The folder with the programs of the environment that tests in `place` would use, if there is one.
pub fn programs(ctx: &Ctx, place: &Place<'_>) -> Option<PathBuf> {
    let environment =
        candidates(ctx, Site::root(place)).into_iter().find_map(|candidate| candidate.environment)?;
    Some(environment.join("bin"))
}

/// The command with everything the tests and our helper need in the environment.
pub fn prepare(ctx: &Ctx, command: Command, site: Site<'_>, folder: &RunFolder, limits: &Limits) -> Command {
    let place = site.place;
    let seconds = limits.test.map(|limit| limit.as_secs_f64().to_string()).unwrap_or_default();
    command
        .dir(site.dir())
        .deadline(limits.run)
        .contained()
        .log(folder.log())
        .env("PYTHONPATH", search_path(ctx, site, folder))
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
fn search_path(ctx: &Ctx, site: Site<'_>, folder: &RunFolder) -> OsString {
    let source = site.dir().join("src");
    let mut parts = vec![folder.tools().into_os_string()];
    if source.is_dir() {
        parts.push(source.into_os_string());
    }
    parts.push(site.dir().into_os_string());
    parts.extend(ctx.env.get("PYTHONPATH").map(OsString::from));
    parts.join(std::ffi::OsStr::new(":"))
}

fn candidates(ctx: &Ctx, site: Site<'_>) -> Vec<Candidate> {
    let Place { root, home, .. } = *site.place;
    let in_folder = |base: &Path, folder: &Path| [".venv", "venv"].map(|name| base.join(folder).join(name));
    let own = site.folder.ancestors().flat_map(|folder| in_folder(root, folder));
    // Whoever has another project's environment active still means this one's for this one.
    let nested = site.folder.ancestors().filter(|folder| !folder.as_os_str().is_empty());
    let nested = nested.flat_map(|folder| in_folder(home, folder));
    let active = ctx.env.get("VIRTUAL_ENV").map(PathBuf::from);
    let environments = own.chain(nested).chain(active).chain(in_folder(home, Path::new("")));
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
    fn with(&self, ctx: &Ctx, site: Site<'_>, module: &str) -> Option<PathBuf> {
        if self.environment.as_deref().is_some_and(|path| is_installed(path, module)) {
            return Some(self.python.clone());
        }
        let memory = Memory::of(ctx, site, self, module);
        memory.recall().or_else(|| {
            let python = self.ask(ctx, site, module)?;
            memory.keep(&python);
            Some(python)
        })
    }

    /// Asks it which program it really is. What is on the `PATH` may be a shim of a version manager, which costs more
    /// than Python itself at every start, and chooses by the folder it is started in.
    fn ask(&self, ctx: &Ctx, site: Site<'_>, module: &str) -> Option<PathBuf> {
        let probe = Command::new(&self.python).args(["-c", WHERE_IS, module]).dir(site.dir());
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

/// Variables that choose a Python.
const VARIABLES: [&str; 4] = ["PATH", "PYENV_VERSION", "ASDF_PYTHON_VERSION", "MISE_PYTHON_VERSION"];
/// Files by which version managers (pyenv, asdf, mise) choose one: that of the nearest folder counts.
const PINS: &[&str] = &[".python-version", ".tool-versions", "mise.toml", ".mise.toml"];

fn pins(site: Site<'_>, folder: &Path) -> Vec<String> {
    let folder = inside(site.place.root, folder);
    PINS.iter().map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default()).collect()
}

impl Memory {
    fn of(ctx: &Ctx, site: Site<'_>, candidate: &Candidate, module: &str) -> Self {
        let variables = VARIABLES.map(|name| ctx.env.get(name).unwrap_or_default());
        let pinned: Vec<String> = site.folder.ancestors().flat_map(|folder| pins(site, folder)).collect();
        let key = format!("{:?}", (&candidate.python, variables, pinned));
        let name = site.folder.to_string_lossy().replace('/', "-");
        Self { path: site.place.scratch.join(format!("python-with-{module}-{name}")), key }
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
fn of_lock(site: Site<'_>) -> Option<String> {
    let (folder, install) = lock_of(site)?;
    let folder = folder.display();
    Some(format!(
        "(cd {folder} && {install})  # or for every slot, in hotfix.toml: [slot] setup = [\"{install}\"]"
    ))
}

/// The nearest lock file: its folder, and what installs all it names.
fn lock_of(site: Site<'_>) -> Option<(PathBuf, &'static str)> {
    site.folder.ancestors().map(|folder| inside(site.place.root, folder)).find_map(|folder| {
        let (_, install) = LOCKS.iter().find(|(lock, _)| folder.join(lock).is_file())?;
        Some((folder, *install))
    })
}

/// Says after "No module named" which command installs what the project depends on, unless the module is its own.
pub fn advise(site: Site<'_>, not_loaded: &mut [(String, String)]) {
    let Some(install) = install_command(site) else { return };
    for (_, reason) in not_loaded {
        let Some(module) = reason.strip_prefix("ModuleNotFoundError: No module named '") else { continue };
        let name = module.split(['.', '\'']).next().unwrap_or_default();
        let places = [site.dir(), site.dir().join("src"), site.place.root.to_owned()];
        let is_own = places.iter().any(|at| at.join(name).exists() || at.join(format!("{name}.py")).exists());
        if !is_own && !name.is_empty() {
            let every = format!("for every slot, in hotfix.toml: [slot] setup = [\"{install}\"]");
            *reason = format!("{reason} (not installed here: {install}; {every})");
        }
    }
}

/// What installs the dependencies of a project, by its lock file, its lists of requirements or what it says of itself.
fn install_command(site: Site<'_>) -> Option<String> {
    if let Some((_, install)) = lock_of(site) {
        return Some(install.to_owned());
    }
    let has = |name: &str| site.dir().join(name).is_file();
    let lists = ["requirements-dev.txt", "requirements-test.txt", "requirements.txt"];
    let list =
        lists.into_iter().find(|name| has(name)).map(|name| format!("python3 -m pip install -r {name}"));
    // Not editable: the environment may be the user's, and would run the slot's code ever after.
    let itself = || ["pyproject.toml", "setup.py"].iter().any(|name| has(name));
    list.or_else(|| itself().then(|| "python3 -m pip install .".to_owned()))
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
