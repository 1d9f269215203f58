//! The only reader of the environment. Everything else gets a snapshot, so that several repositories and tests can
//! live in one process.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use hotfix_model::proof::Machine;

/// A snapshot of the environment: variables, current folder, own executable.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    current_dir: PathBuf,
    executable: PathBuf,
}

/// Variables of our own, each with its meaning. The list is the reference page of the manual.
pub const VARIABLES: &[(&str, &str)] = &[
    ("HOTFIX_TRUST", "Digest printed by `git hotfix trust`; approves exactly those commands, for automation"),
    (
        "HOTFIX_REVIEW",
        "The full id of a commit: `git hotfix review --approve` approves it without a terminal, for automation",
    ),
    (
        "HOTFIX_FOREGROUND",
        "Any value: nothing goes on in the background after a command has returned; so it is also where CI is set",
    ),
    (
        "HOTFIX_TOKEN_<HOST>",
        "Token for the forge on that host, in capitals, other characters as `_`: HOTFIX_TOKEN_GITLAB_EXAMPLE_COM; \
         `user:token` where a forge wants both",
    ),
    ("HOTFIX_CD_FILE", "File that the shell wrapper names; the folder to change to is written there"),
    ("NO_COLOR", "Any value: no colours"),
    ("XDG_CONFIG_HOME", "Folder that holds git-hotfix/config.toml; default ~/.config"),
    ("XDG_STATE_HOME", "Folder that holds git-hotfix/trust.json, your approvals; default ~/.local/state"),
];

impl Environment {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
    pub fn of_process() -> std::io::Result<Self> {
        Ok(Self {
            variables: std::env::vars_os().collect(),
            current_dir: std::env::current_dir()?,
            executable: std::env::current_exe()?,
        })
    }

    /// The machine this process runs on.
    pub fn machine() -> Machine {
        Machine {
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// An environment made by hand.
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        current_dir: impl Into<PathBuf>,
    ) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            current_dir: current_dir.into(),
            executable: PathBuf::from("git-hotfix"),
        }
    }

    /// The value of a variable; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// All variables.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The folder the command was typed in.
    pub fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    /// The program that is running.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// The same environment in another folder.
    #[must_use]
    pub fn with_current_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.current_dir = dir.into();
        self
    }

    /// Whether nothing may go on after a command has returned. In CI what goes on is killed with its job, or keeps the
    /// job from ending.
    pub fn in_foreground(&self) -> bool {
        ["HOTFIX_FOREGROUND", "CI"].iter().any(|name| self.get(name).is_some())
    }

    /// `git-hotfix` below the user's folder for configuration; absent without a home.
    pub fn config_dir(&self) -> Option<PathBuf> {
        self.user_dir("XDG_CONFIG_HOME", ".config")
    }

    /// `git-hotfix` below the user's folder for state; absent without a home.
    pub fn state_dir(&self) -> Option<PathBuf> {
        self.user_dir("XDG_STATE_HOME", ".local/state")
    }

    /// The full path of a program found by `PATH`, or the path itself if it holds a slash.
    pub fn find_program(&self, program: impl AsRef<OsStr>) -> Option<PathBuf> {
        let program = Path::new(program.as_ref());
        if program.components().count() > 1 {
            let path = self.current_dir.join(program);
            return is_executable(&path).then_some(path);
        }
        let path = self.get("PATH")?;
        std::env::split_paths(path).map(|dir| dir.join(program)).find(|path| is_executable(path))
    }

    fn user_dir(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let base = self
            .get(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| self.get("HOME").map(|home| Path::new(home).join(below_home)))?;
        Some(base.join("git-hotfix"))
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The path without `.` and `..`, by its names alone: links are not looked at.
pub(crate) fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}
