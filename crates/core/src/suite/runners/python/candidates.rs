//! Where the environment of a project may be, as the tools that make one keep it: venv, uv, Poetry, pdm, hatch, pipenv,
//! virtualenvwrapper, tox, nox, direnv and conda. Nothing here starts a process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use sha2::{Digest, Sha256};
use std::os::unix::ffi::OsStrExt;

use super::environment::Site;
use crate::ctx::Ctx;

/// Most environments of one tool that are looked at.
const MOST_OF_ONE_TOOL: usize = 8;
/// Names of tox' and nox' environments in which tests hardly run.
const NOT_FOR_TESTS: &[&str] = &[
    "lint",
    "format",
    "fmt",
    "docs",
    "doc",
    "type",
    "mypy",
    "pre-commit",
    "build",
    "pkg",
    "release",
    "package",
];
/// Files that make a folder a project: an environment inside another one belongs to that one.
const PROJECT_SIGNS: &[&str] =
    &[".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile"];

/// A Python that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program.
    pub python: PathBuf,
    /// The environment it belongs to.
    pub environment: Option<PathBuf>,
    /// Whether it is the one on the user's `PATH`.
    pub is_on_path: bool,
}

/// All that may be used, the most likely first: the place's own, that of the slot a twin belongs to, the main
/// worktree's, the active one, those that tools keep elsewhere, those of tox and nox, one that is active for another
/// project, and the machine's.
pub fn candidates(ctx: &Ctx, site: Site<'_>) -> Vec<Interpreter> {
    let projects = project_folders(site);
    let (active, strange) = active(ctx, &projects);
    let own = projects.iter().flat_map(|folder| in_project(ctx, folder));
    let kept = projects.iter().flat_map(|folder| kept_elsewhere(ctx, folder));
    let of_tools = projects.iter().flat_map(|folder| of_test_tools(folder));
    let mut environments: Vec<PathBuf> = Vec::new();
    for environment in own.chain(active).chain(kept).chain(of_tools).chain(strange) {
        if !environments.contains(&environment) {
            environments.push(environment);
        }
    }
    let of_environment = |environment: PathBuf| Interpreter {
        python: environment.join("bin/python"),
        environment: Some(environment),
        is_on_path: false,
    };
    let found = environments.into_iter().map(of_environment).filter(|found| found.python.is_file());
    let machine = ["python3", "python"].into_iter().filter_map(|name| ctx.env.find_program(name));
    let machine =
        machine.map(|python| Interpreter { environment: environment_of(&python), python, is_on_path: true });
    found.chain(machine).collect()
}

/// The environment that a program belongs to (PEP 405), also one of conda.
pub fn environment_of(program: &Path) -> Option<PathBuf> {
    let environment = program.parent()?.parent()?;
    is_environment(environment).then(|| environment.to_owned())
}

fn is_environment(folder: &Path) -> bool {
    folder.join("pyvenv.cfg").is_file() || folder.join("conda-meta").is_dir()
}

/// The project's folder and those above it: in the place, in the slot that belongs to it, in the main worktree.
fn project_folders(site: Site<'_>) -> Vec<PathBuf> {
    let place = site.place;
    let slot = slot_of_twin(place.root);
    let bases = [Some(place.root.to_owned()), slot, Some(place.home.to_owned())];
    let mut folders = Vec::new();
    for base in bases.into_iter().flatten() {
        for folder in site.folder.ancestors() {
            let folder = super::environment::inside(&base, folder);
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders
}

/// The slot whose twin has this root: a twin stands beside its slot as `<slot>-base` or `<slot>-base-2`, and both are
/// worktrees of one repository.
fn slot_of_twin(root: &Path) -> Option<PathBuf> {
    let name = root.file_name()?.to_str()?;
    let (slot, number) = name.rsplit_once("-base")?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !number.is_empty() && !number.strip_prefix('-').is_some_and(is_number) {
        return None;
    }
    let slot = root.with_file_name(slot);
    let shared = |worktree: &Path| super::trees::common_dir(worktree);
    (shared(&slot).is_some() && shared(&slot) == shared(root)).then_some(slot)
}

/// The environments in a project's folder: what its tools name, `.venv`, `venv`, then any other.
fn in_project(ctx: &Ctx, folder: &Path) -> Vec<PathBuf> {
    let named = ctx.env.get("UV_PROJECT_ENVIRONMENT").filter(|_| folder.join("pyproject.toml").is_file());
    let mut found: Vec<PathBuf> = named.map(|path| folder.join(path)).into_iter().collect();
    let in_folder = folder.join(".venv");
    match in_folder.is_file() {
        true => found.extend(named_in_file(ctx, folder, &in_folder)),
        false => found.push(in_folder),
    }
    found.push(folder.join("venv"));
    if let Some(python) = first_line(&folder.join(".pdm-python")) {
        found.extend(environment_of(Path::new(&python)));
    }
    found.extend(children(folder).into_iter().filter(|child| is_environment(child)));
    found
}

/// The environment that a file `.venv` names, by its path or by its name (pipenv).
fn named_in_file(ctx: &Ctx, folder: &Path, file: &Path) -> Option<PathBuf> {
    let text = first_line(file)?;
    if text.contains('/') {
        return Some(folder.join(text));
    }
    work_homes(ctx).into_iter().map(|home| home.join(&text)).find(|path| is_environment(path))
}

/// Environments that Poetry, pipenv and their like keep outside the project's folder.
fn kept_elsewhere(ctx: &Ctx, folder: &Path) -> Vec<PathBuf> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut found = of_poetry(ctx, &folder);
    found.extend(of_pipenv(ctx, &folder));
    found.extend(of_hatch(ctx, &folder));
    found.extend(of_conda(ctx, &folder));
    found
}

/// Poetry names an environment by the path of the project; `envs.toml` says which of several it uses.
fn of_poetry(ctx: &Ctx, folder: &Path) -> Vec<PathBuf> {
    let mark = format!("-{}", mark_of(folder));
    let mut found = Vec::new();
    for store in poetry_stores(ctx, folder) {
        let chosen = fs::read_to_string(store.join("envs.toml")).unwrap_or_default();
        let chosen: toml_edit::DocumentMut = chosen.parse().unwrap_or_default();
        let minor =
            chosen.iter().find(|(name, _)| name.ends_with(&mark)).and_then(|(_, used)| used.get("minor"));
        let minor = minor.and_then(|minor| minor.as_str()).map(|minor| format!("{mark}-py{minor}"));
        let begins = format!("{mark}-py");
        let named = |child: &PathBuf| name_of(child).is_some_and(|name| name.contains(&begins));
        let mut own: Vec<PathBuf> = children(&store).into_iter().filter(named).collect();
        own.sort_by_key(|path| {
            let is_chosen =
                minor.as_ref().is_some_and(|end| name_of(path).is_some_and(|name| name.ends_with(end)));
            (!is_chosen, std::cmp::Reverse(path.metadata().and_then(|data| data.modified()).ok()))
        });
        found.extend(own);
    }
    found
}

/// The folders in which Poetry keeps environments.
fn poetry_stores(ctx: &Ctx, folder: &Path) -> Vec<PathBuf> {
    let variable = |name| ctx.env.get(name).map(PathBuf::from);
    let config_dirs = [
        variable("POETRY_CONFIG_DIR"),
        variable("XDG_CONFIG_HOME").map(|path| path.join("pypoetry")),
        below_home(ctx, ".config/pypoetry"),
        below_home(ctx, "Library/Application Support/pypoetry"),
    ];
    let files = config_dirs.into_iter().flatten().map(|dir| dir.join("config.toml"));
    let settings: Vec<toml_edit::DocumentMut> = std::iter::once(folder.join("poetry.toml"))
        .chain(files)
        .filter_map(|file| fs::read_to_string(file).ok()?.parse().ok())
        .collect();
    let cache_set = || settings.iter().find_map(|file| file.get("cache-dir")?.as_str()).map(PathBuf::from);
    let caches: Vec<PathBuf> = match variable("POETRY_CACHE_DIR").or_else(cache_set) {
        Some(cache) => vec![cache],
        None => [
            variable("XDG_CACHE_HOME").map(|path| path.join("pypoetry")),
            below_home(ctx, ".cache/pypoetry"),
            below_home(ctx, "Library/Caches/pypoetry"),
        ]
        .into_iter()
        .flatten()
        .collect(),
    };
    let path_set = settings.iter().find_map(|file| file.get("virtualenvs")?.get("path")?.as_str());
    let expanded = |path: &str| match path.strip_prefix("{cache-dir}/") {
        Some(rest) => caches.first().map(|cache| cache.join(rest)),
        None => Some(PathBuf::from(path)),
    };
    match variable("POETRY_VIRTUALENVS_PATH").or_else(|| path_set.and_then(expanded)) {
        Some(path) => vec![path],
        None => caches.into_iter().map(|cache| cache.join("virtualenvs")).collect(),
    }
}

/// pipenv and virtualenvwrapper write into an environment which project it is for.
fn of_pipenv(ctx: &Ctx, folder: &Path) -> Vec<PathBuf> {
    let mark = format!("-{}", mark_of(&folder.join("Pipfile")));
    let is_for = |environment: &PathBuf| {
        name_of(environment).is_some_and(|name| name.contains(&mark))
            || first_line(&environment.join(".project")).is_some_and(|path| Path::new(&path) == folder)
    };
    work_homes(ctx).iter().flat_map(|home| children(home)).filter(is_for).collect()
}

/// The folders in which pipenv and virtualenvwrapper keep environments.
fn work_homes(ctx: &Ctx) -> Vec<PathBuf> {
    let set = ctx.env.get("WORKON_HOME").map(PathBuf::from);
    let data = ctx.env.get("XDG_DATA_HOME").map(|path| Path::new(path).join("virtualenvs"));
    let usual = [".local/share/virtualenvs", ".virtualenvs"].map(|name| below_home(ctx, name));
    set.into_iter().chain(data).chain(usual.into_iter().flatten()).collect()
}

/// hatch keeps the environments of a project below a folder named by the project's path; the one for tests comes first.
fn of_hatch(ctx: &Ctx, folder: &Path) -> Vec<PathBuf> {
    let mark = mark_of(folder);
    let variable = |name| ctx.env.get(name).map(PathBuf::from);
    let stores = [
        variable("HATCH_ENV_TYPE_VIRTUAL_PATH"),
        variable("HATCH_DATA_DIR").map(|path| path.join("env/virtual")),
        variable("XDG_DATA_HOME").map(|path| path.join("hatch/env/virtual")),
        below_home(ctx, ".local/share/hatch/env/virtual"),
        below_home(ctx, "Library/Application Support/hatch/env/virtual"),
    ];
    let projects = stores.into_iter().flatten().flat_map(|store| children(&store));
    let mut found: Vec<PathBuf> = projects.flat_map(|project| children(&project.join(&mark))).collect();
    found.sort_by_key(|path| {
        let name = name_of(path).unwrap_or_default().to_owned();
        (!name.starts_with("hatch-test"), !name.contains("test"), name)
    });
    found.truncate(MOST_OF_ONE_TOOL);
    found
}

/// The environment that `environment.yml` names.
fn of_conda(ctx: &Ctx, folder: &Path) -> Vec<PathBuf> {
    let files = ["environment.yml", "environment.yaml", "conda.yml", "conda.yaml"];
    let text = files.iter().find_map(|name| fs::read_to_string(folder.join(name)).ok());
    let Some(name) =
        text.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("name:")))
    else {
        return Vec::new();
    };
    let name = name.trim().trim_matches(['"', '\'']);
    let listed = below_home(ctx, ".conda/environments.txt").and_then(|file| fs::read_to_string(file).ok());
    let listed: Vec<PathBuf> = listed.iter().flat_map(|text| text.lines()).map(PathBuf::from).collect();
    let variable = |name| ctx.env.get(name).map(PathBuf::from);
    let of_program = variable("CONDA_EXE").and_then(|program| Some(program.parent()?.parent()?.to_owned()));
    let homes = ["miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba"];
    let installations = [variable("MAMBA_ROOT_PREFIX"), of_program, Some("/opt/conda".into())].into_iter();
    let installations = installations.chain(homes.map(|name| below_home(ctx, name))).flatten();
    let inside = installations.map(|installation| installation.join("envs").join(name));
    listed
        .into_iter()
        .filter(|path| name_of(path) == Some(name))
        .chain(inside)
        .filter(|path| path.is_dir())
        .collect()
}

/// The environments that tox, nox, hatch and direnv keep in a project's folder; those for tests come first.
fn of_test_tools(folder: &Path) -> Vec<PathBuf> {
    let of_tool = |name: &str| {
        let mut found = children(&folder.join(name));
        found.retain(|path| path.join("bin/python").is_file());
        found.sort_by_key(|path| {
            let name = name_of(path).unwrap_or_default();
            let is_other = NOT_FOR_TESTS.iter().any(|other| name.contains(other));
            let is_python = name.starts_with("py") || name.starts_with("test") || name.starts_with("unit");
            (is_other, !is_python, std::cmp::Reverse(path.metadata().and_then(|data| data.modified()).ok()))
        });
        found.truncate(MOST_OF_ONE_TOOL);
        found
    };
    [".tox", ".nox", ".hatch", ".direnv"].into_iter().flat_map(of_tool).collect()
}

/// The active environments: those that may be meant for this project, and those inside another project.
fn active(ctx: &Ctx, projects: &[PathBuf]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let is_base = ctx.env.get("CONDA_DEFAULT_ENV").is_some_and(|name| name == "base");
    let conda = ctx.env.get("CONDA_PREFIX").filter(|_| !is_base);
    let all = [ctx.env.get("VIRTUAL_ENV"), conda].into_iter().flatten().map(PathBuf::from);
    all.partition(|environment| {
        let Some(around) = environment.parent() else { return true };
        let is_here =
            projects.iter().any(|project| project.starts_with(around) || around.starts_with(project));
        is_here || !PROJECT_SIGNS.iter().any(|sign| around.join(sign).exists())
    })
}

/// How Poetry, pipenv and hatch tell projects apart: by a digest of a path.
fn mark_of(path: &Path) -> String {
    let digest = URL_SAFE.encode(Sha256::digest(path.as_os_str().as_bytes()));
    digest.get(..8).unwrap_or_default().to_owned()
}

fn below_home(ctx: &Ctx, path: &str) -> Option<PathBuf> {
    ctx.env.get("HOME").map(|home| Path::new(home).join(path))
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_folder =
        |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink());
    let found: BTreeSet<PathBuf> = entries.filter(is_folder).map(|entry| entry.path()).collect();
    found.into_iter().collect()
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn first_line(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_those_of_the_tools() {
        assert_eq!(mark_of(Path::new("/tmp/pyx/proj")), "x8yoWX7l");
        assert_eq!(mark_of(Path::new("/tmp/pyx/proj/Pipfile")), "5ADwVXRY");
    }
}
