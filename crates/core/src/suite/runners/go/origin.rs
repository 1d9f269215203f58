//! Whether Go takes modules of this repository from elsewhere: by a `replace` with a path, or by a workspace (`go.work`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::module::path_of_module;
use crate::ctx::Ctx;
use crate::exec::Command;
use crate::suite::Place;
use crate::suite::origin::Root;

/// How long Go may take to read one of its files.
const PATIENCE: Duration = Duration::from_secs(30);
const WORKSPACE: &str = "go.work";

/// `go mod edit -json` and `go work edit -json`
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Edited {
    r#use: Option<Vec<Used>>,
    replace: Option<Vec<Replaced>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Used {
    disk_path: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replaced {
    new: Replacement,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Replacement {
    path: PathBuf,
    #[serde(default)]
    version: String,
}

/// The workspace that Go would use in a folder.
struct Workspace {
    file: PathBuf,
    edited: Edited,
}

/// Where Go takes the modules of a project from.
#[derive(Debug, Default)]
pub struct Origin {
    /// Whether the workspace around the project was written for other folders: it lies outside the place, and the
    /// project is none of its modules. Go refuses to run with it.
    ignores_workspace: bool,
    /// A module of this repository that is taken from elsewhere, in one sentence with what to do.
    pub foreign: Option<String>,
}

impl Origin {
    /// Reads where the project in a folder takes its modules from.
    pub fn read(ctx: &Ctx, place: &Place<'_>, folder: &Path) -> Self {
        let root = Root::new(place.root);
        let project = place.root.join(folder);
        let workspace = workspace(ctx, &project);
        let is_strange = |found: &Workspace| {
            ctx.env.get("GOWORK").is_none() && root.is_left_by(&found.file) && !found.uses(&project)
        };
        let ignores_workspace = workspace.as_ref().is_some_and(is_strange);
        let of_workspace = workspace.filter(|_| !ignores_workspace).map(|found| (found.file, found.edited));
        let manifest = project.join("go.mod");
        let replaces = std::fs::read_to_string(&manifest).is_ok_and(|text| text.contains("replace"));
        let edited = replaces.then(|| read(ctx, &project, &["mod", "edit", "-json"])).flatten();
        let of_module = edited.map(|edited| (manifest, edited));
        let foreign = of_module.into_iter().chain(of_workspace).find_map(|(file, edited)| {
            let folder = file.parent().unwrap_or(Path::new(""));
            edited.paths().iter().find_map(|path| taken_from_elsewhere(&root, &file, &folder.join(path)))
        });
        Self { ignores_workspace, foreign }
    }

    /// Makes a call of Go one that works in the project.
    pub fn apply(&self, command: Command) -> Command {
        if self.ignores_workspace { command.env("GOWORK", "off") } else { command }
    }
}

impl Workspace {
    fn uses(&self, project: &Path) -> bool {
        let base = self.file.parent().unwrap_or(Path::new(""));
        let used = self.edited.r#use.iter().flatten().map(|used| base.join(&used.disk_path));
        let real = project.canonicalize().ok();
        used.filter_map(|path| path.canonicalize().ok()).any(|path| Some(path) == real)
    }
}

impl Edited {
    fn paths(&self) -> Vec<&Path> {
        let used = self.r#use.iter().flatten().map(|used| used.disk_path.as_path());
        let replaced = self.replace.iter().flatten().map(|replaced| &replaced.new);
        let by_path = replaced.filter(|new| new.version.is_empty()).map(|new| new.path.as_path());
        used.chain(by_path).collect()
    }
}

fn taken_from_elsewhere(root: &Root, file: &Path, module: &Path) -> Option<String> {
    if !root.is_left_by(module) {
        return None;
    }
    let real = module.canonicalize().ok()?;
    let name = path_of_module(&real)?;
    let own = root.own_copy_of(&real, |folder| path_of_module(folder).as_ref() == Some(&name))?;
    let file = root.relative(file).unwrap_or_else(|| file.to_owned());
    let own = if own.as_os_str().is_empty() { ".".to_owned() } else { own.display().to_string() };
    Some(format!(
        "{} takes {name} from {}, not from {own} here: make its path there a relative one inside the repository",
        file.display(),
        real.display()
    ))
}

/// The workspace of `GOWORK`, else the nearest above a folder.
fn workspace(ctx: &Ctx, project: &Path) -> Option<Workspace> {
    let file = match ctx.env.get("GOWORK") {
        Some(value) if value == "off" => return None,
        Some(value) if !value.is_empty() => PathBuf::from(value),
        _ => project.ancestors().map(|folder| folder.join(WORKSPACE)).find(|file| file.is_file())?,
    };
    let edited = read(ctx, file.parent()?, &["work", "edit", "-json", file.to_str()?])?;
    Some(Workspace { file, edited })
}

fn read(ctx: &Ctx, folder: &Path, words: &[&str]) -> Option<Edited> {
    let finished = Command::new("go").args(words).dir(folder).contained().deadline(PATIENCE).run(ctx).ok()?;
    serde_json::from_slice(&finished.stdout).ok()
}
