//! A project's folder: its environment, and what of this repository its packages lead to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::job::HELPERS;
use super::own::OwnPackages;
use super::package::Package;
use super::{modules, pnp};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::Command;
use crate::suite::folder::RunFolder;
use crate::suite::{Place, SuiteError};

/// The folder of a `package.json`.
pub struct Site {
    /// The folder, relative to the root.
    pub folder: PathBuf,
    /// What npm tells the scripts of the package of it.
    variables: Vec<(&'static str, String)>,
    /// The folders of all packages of this repository.
    packages: Vec<PathBuf>,
    /// The packages of this repository that its tests could mean.
    own: OwnPackages,
}

impl Site {
    /// The folder of a package, whose tests a script of this name runs.
    pub fn new(package: &Package, script: &str, packages: &[Package]) -> Self {
        let text =
            |key: &str| package.value(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let variables = vec![
            ("npm_lifecycle_event", script.to_owned()),
            ("npm_package_name", text("name")),
            ("npm_package_version", text("version")),
        ];
        Self {
            folder: package.folder.clone(),
            variables,
            packages: packages.iter().map(|one| one.folder.clone()).collect(),
            own: OwnPackages::seen_from(package, packages),
        }
    }

    /// A command as the package manager runs those of a script.
    pub fn command(&self, ctx: &Ctx, place: &Place<'_>, command: Command) -> Command {
        let folder = place.root.join(&self.folder);
        let mut command = command
            .contained()
            .env("PATH", modules::search_path(ctx, place, &self.folder))
            .env("HOTFIX_ROOT", place.root)
            .env("npm_package_json", folder.join("package.json"))
            .env("INIT_CWD", &folder)
            .env_remove("HOTFIX_SELECTION")
            .dir(folder);
        for (name, value) in &self.variables {
            command = command.env(name, value);
        }
        let mut options = self.options_of_npm(place);
        options.extend(modules::node_options(place));
        if options.is_empty() { command } else { command.env("NODE_OPTIONS", with_options(ctx, &options)) }
    }

    /// Gives all packages of this repository what is installed for them in the main worktree: what one imports of
    /// another imports more.
    pub fn link(&self, place: &Place<'_>) {
        self.packages.iter().for_each(|folder| modules::link(place, folder));
    }

    /// Options for Node that the settings of npm add to every script.
    pub fn options_of_npm(&self, place: &Place<'_>) -> Vec<String> {
        let text = std::fs::read_to_string(place.root.join(&self.folder).join(".npmrc")).unwrap_or_default();
        let values = text.lines().filter_map(|line| line.trim().strip_prefix("node-options"));
        let values = values.filter_map(|rest| rest.trim_start().strip_prefix('='));
        values.map(|value| value.trim().trim_matches('"').to_owned()).collect()
    }

    /// Why the code that the tests would import is not that of the place, with what to do about it.
    pub fn foreign(&self, place: &Place<'_>) -> Option<String> {
        self.own.foreign(place)
    }
}

/// The folder of a run, with our helpers. A map of packages takes them for modules of the project they lie in, and our
/// own folder lies in the main worktree.
pub fn run_folder(ctx: &Ctx, place: &Place<'_>) -> Result<RunFolder> {
    if pnp::is_installed(place) {
        RunFolder::with_helpers_outside(ctx, place.scratch, HELPERS)
    } else {
        RunFolder::with(ctx, place.scratch, HELPERS)
    }
}

/// The options for Node that the user has set, with more.
pub fn with_options(ctx: &Ctx, more: &[String]) -> OsString {
    let mut options = ctx.env.get("NODE_OPTIONS").unwrap_or_default().to_owned();
    for one in more {
        if !options.is_empty() {
            options.push(" ");
        }
        options.push(one);
    }
    options
}

/// One word of `NODE_OPTIONS`.
pub fn node_option(name: &str, path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    format!("{name}=\"{path}\"")
}

/// Fails where Node is not installed. Errors: [`SuiteError::MissingProgram`].
pub fn needs_node(ctx: &Ctx) -> Result<()> {
    match ctx.env.find_program("node") {
        Some(_) => Ok(()),
        None => {
            Err(SuiteError::MissingProgram { program: "node", install: "install Node.js 20 or newer" }.into())
        }
    }
}
