//! Which Python runs the tests, and in which environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::candidates::{Interpreter, candidates, environment_of};
use super::layout::Layout;
use super::place_file;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::Command;
use crate::suite::folder::RunFolder;
use crate::suite::{Limits, Place, SuiteError};

/// How long a Python may take to say whether it has a module.
const PROBE: Duration = Duration::from_secs(20);

/// Endings of modules that a compiler made.
const COMPILED: &[&str] = &["so", "pyd"];

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
    pub fn dir(&self) -> PathBuf {
        inside(self.place.root, self.folder)
    }
}

/// A path below another one, which an empty one leaves as it is.
pub fn inside(base: &Path, folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { base.to_owned() } else { base.join(folder) }
}

/// Whether a project has a lock file.
pub fn has_lock(has: impl Fn(&str) -> bool) -> bool {
    LOCKS.iter().any(|(lock, _)| has(lock))
}

/// The first Python that has `module`, of all [`candidates`]. Errors: [`SuiteError::MissingRunner`].
pub fn choose(ctx: &Ctx, site: Site<'_>, module: &'static str) -> Result<Interpreter> {
    let candidates = candidates(ctx, site);
    let found = candidates.iter().find_map(|candidate| with_module(ctx, site, candidate, module));
    match found {
        Some(interpreter) => Ok(interpreter),
        None => {
            let hint = of_lock(site).unwrap_or_else(|| hint(ctx, candidates.first(), module));
            Err(SuiteError::MissingRunner { runner: module, hint })?
        }
    }
}

/// The first Python there is, for what comes with Python itself.
pub fn any(ctx: &Ctx, site: Site<'_>) -> Result<Interpreter> {
    let missing = || SuiteError::MissingRunner { runner: "Python", hint: "install Python 3".to_owned() };
    Ok(candidates(ctx, site).into_iter().next().ok_or_else(missing)?)
}

/// The Python that a command would use here: that of the first environment with pytest, else of the first environment.
/// `None` where there is no environment but what the `PATH` finds anyway.
pub fn for_commands(ctx: &Ctx, place: &Place<'_>) -> Option<Interpreter> {
    let found = candidates(ctx, Site::root(place));
    let mut environments: Vec<Interpreter> = found.into_iter().filter(|found| !found.is_on_path).collect();
    let has_pytest =
        |found: &Interpreter| found.environment.as_deref().is_some_and(|path| is_installed(path, "pytest"));
    let first = environments.iter().position(has_pytest).unwrap_or_default();
    (first < environments.len()).then(|| environments.swap_remove(first))
}

/// The Pythons that a runner found, one per root: looking for them may cost processes.
#[derive(Debug, Default)]
pub struct Chosen(Mutex<BTreeMap<PathBuf, Interpreter>>);

impl Chosen {
    /// The one for this root, found with `choose` if it is not known yet.
    pub fn get(&self, root: &Path, choose: impl FnOnce() -> Result<Interpreter>) -> Result<Interpreter> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(interpreter) = known.get(root) {
            return Ok(interpreter.clone());
        }
        let interpreter = choose()?;
        known.insert(root.to_owned(), interpreter.clone());
        Ok(interpreter)
    }
}

/// A run of Python, before it starts.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The project.
    pub site: Site<'a>,
    /// The code of the repository.
    pub layout: &'a Layout,
    /// The Python that runs; `None` for a command that finds its own.
    pub interpreter: Option<&'a Interpreter>,
    /// The folder of the run.
    pub folder: &'a RunFolder,
    /// How long things may take.
    pub limits: &'a Limits,
}

impl Setting<'_> {
    /// The command with everything the tests and our helpers need in the environment. Errors: the folder of the run
    /// cannot be written.
    pub fn prepare(&self, ctx: &Ctx, command: Command) -> Result<Command> {
        let (place, limits) = (self.site.place, self.limits);
        let seconds = limits.test.map(|limit| limit.as_secs_f64().to_string()).unwrap_or_default();
        let described = place_file::write(ctx, self.site, self.layout, self.folder)?;
        let command = command
            .dir(self.site.dir())
            .deadline(limits.run)
            .contained()
            .log(self.folder.log())
            .env("PYTHONPATH", search_path(ctx, self.folder))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1")
            .env("HOTFIX_STREAM", self.folder.stream())
            .env("HOTFIX_PLACE", described)
            .env("HOTFIX_FOREIGN", place_file::foreign_path(self.folder))
            .env("HOTFIX_ROOT", place.root)
            .env("HOTFIX_HOME", place.home)
            .env("HOTFIX_TEST_LIMIT", seconds)
            .env_remove("HOTFIX_SELECTION");
        Ok(self.activate(ctx, with_fixed_hashes(ctx, command)))
    }

    /// Does what activating the environment would do: tests call the programs in it by their names.
    fn activate(&self, ctx: &Ctx, command: Command) -> Command {
        let found = self.interpreter.filter(|found| !found.is_on_path);
        let Some(environment) = found.and_then(|found| found.environment.as_ref()) else { return command };
        let mut path = environment.join("bin").into_os_string();
        if let Some(rest) = ctx.env.get("PATH") {
            path.push(":");
            path.push(rest);
        }
        let command = command.env("PATH", path).env_remove("PYTHONHOME");
        match environment.join("conda-meta").is_dir() {
            true => command.env("CONDA_PREFIX", environment),
            false => command.env("VIRTUAL_ENV", environment),
        }
    }
}

/// Sets in the same order in every run: a test whose id or result hangs on that order is the same test on both sides.
fn with_fixed_hashes(ctx: &Ctx, command: Command) -> Command {
    match ctx.env.get("PYTHONHASHSEED") {
        Some(_) => command,
        None => command.env("PYTHONHASHSEED", "0"),
    }
}

/// Our helpers, then what the user has. They put the code under test where it belongs: see `git_hotfix_place.py`.
fn search_path(ctx: &Ctx, folder: &RunFolder) -> OsString {
    let own = [folder.tools().into_os_string()].into_iter();
    let parts: Vec<OsString> = own.chain(ctx.env.get("PYTHONPATH").map(OsString::from)).collect();
    parts.join(OsStr::new(":"))
}

/// The Python to run, if a candidate has `module`.
fn with_module(ctx: &Ctx, site: Site<'_>, candidate: &Interpreter, module: &str) -> Option<Interpreter> {
    if candidate.environment.as_deref().is_some_and(|path| is_installed(path, module)) {
        return Some(candidate.clone());
    }
    let memory = Memory::of(ctx, site, candidate, module);
    let python = memory.recall().or_else(|| {
        let python = ask(ctx, site, candidate, module)?;
        memory.keep(&python);
        Some(python)
    })?;
    if !candidate.is_on_path {
        return Some(candidate.clone());
    }
    // A shim leads to an environment that only it knows.
    let environment = candidate.environment.clone().or_else(|| environment_of(&python));
    let is_on_path = candidate.environment == environment;
    Some(Interpreter { python, environment, is_on_path })
}

/// Asks a Python which program it really is. What is on the `PATH` may be a shim of a version manager, which costs more
/// than Python itself at every start, and chooses by the folder it is started in.
fn ask(ctx: &Ctx, site: Site<'_>, candidate: &Interpreter, module: &str) -> Option<PathBuf> {
    let probe = Command::new(&candidate.python).args(["-c", WHERE_IS, module]).dir(site.dir());
    let finished = probe.deadline(PROBE).contained().run(ctx).ok()?;
    let printed = finished.stdout.strip_suffix(b"\n").unwrap_or(&finished.stdout);
    let python = crate::git::path_of(printed);
    (finished.success() && python.is_file()).then_some(python)
}

/// Prints the path of Python itself if it finds a module.
const WHERE_IS: &str = "import importlib.util, os, sys
if importlib.util.find_spec(sys.argv[1]) is None: sys.exit(1)
sys.stdout.buffer.write(os.fsencode(sys.executable) + b'\\n')";

/// The answer of an earlier [`ask`], as long as nothing changed that it depends on.
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
    fn of(ctx: &Ctx, site: Site<'_>, candidate: &Interpreter, module: &str) -> Self {
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

/// Says after "No module named" what to do: which command installs what the project depends on, or, of a module of the
/// project itself that only the main worktree has, how it is carried into the slot.
pub fn advise(site: Site<'_>, not_loaded: &mut [(String, String)]) {
    for (_, reason) in not_loaded {
        let Some(module) = missing_module(reason) else { continue };
        if let Some(file) = left_in_main_worktree(site, &module) {
            *reason = format!(
                "{reason} (only your own worktree has {file}, which Git ignores: --set slot.copy='[\"{file}\"]', or \
                 for every slot, in hotfix.toml: [slot] copy = [\"{file}\"])"
            );
            continue;
        }
        let name = module.split('.').next().unwrap_or_default();
        let is_own = sources(site).any(|at| at.join(name).exists() || at.join(format!("{name}.py")).exists());
        if let Some(install) = install_command(site).filter(|_| !is_own && !name.is_empty()) {
            let every = format!("for every slot, in hotfix.toml: [slot] setup = [\"{install}\"]");
            *reason = format!("{reason} (not installed here: {install}; {every})");
        }
    }
}

/// The module that an import did not find, dotted.
fn missing_module(reason: &str) -> Option<String> {
    if let Some(rest) = reason.strip_prefix("ModuleNotFoundError: No module named '") {
        return rest.split('\'').next().map(str::to_owned);
    }
    let rest = reason.strip_prefix("ImportError: cannot import name '")?;
    let (name, rest) = rest.split_once("' from ")?;
    let rest = rest.strip_prefix("partially initialized module ").unwrap_or(rest);
    let package = rest.strip_prefix('\'')?.split('\'').next()?;
    Some(format!("{package}.{name}"))
}

/// The file of a module that is in the main worktree and not in the place, from the root.
fn left_in_main_worktree(site: Site<'_>, module: &str) -> Option<String> {
    let place = site.place;
    let below = module.replace('.', "/");
    sources(site).find_map(|source| {
        let file = source.strip_prefix(place.root).ok()?.join(&below);
        let home = place.home.join(&file);
        let folder = fs::read_dir(home.parent()?).ok()?;
        let stem = home.file_name()?.to_str()?.to_owned();
        let is_module = |name: &str| {
            let rest = name.strip_prefix(&stem).unwrap_or_default();
            let ending = rest.starts_with('.').then(|| rest.rsplit('.').next()).flatten();
            rest == ".py" || ending.is_some_and(|ending| COMPILED.contains(&ending))
        };
        let names = folder.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let name = names.filter(|name| is_module(name)).min()?;
        let file = file.with_file_name(name);
        (!place.root.join(&file).exists()).then(|| file.to_str().map(str::to_owned))?
    })
}

/// The folders of a place that its own code is imported from: those of the project, then of the projects above it.
pub fn sources(site: Site<'_>) -> impl Iterator<Item = PathBuf> {
    let folders = site.folder.ancestors().map(move |folder| inside(site.place.root, folder));
    folders.flat_map(|folder| [folder.join("src"), folder]).filter(|folder| folder.is_dir())
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
fn hint(ctx: &Ctx, first: Option<&Interpreter>, module: &str) -> String {
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

fn is_installed_pip(candidate: &Interpreter) -> bool {
    candidate.environment.as_deref().is_some_and(|path| is_installed(path, "pip"))
}

fn is_made_by_uv(environment: &Path) -> bool {
    let text = fs::read_to_string(environment.join("pyvenv.cfg")).unwrap_or_default();
    text.lines().any(|line| line.split('=').next().is_some_and(|key| key.trim() == "uv"))
}
