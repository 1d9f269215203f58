//! Plays lines of shell in a folder of their own, as somebody would type them: own home, own configuration, the
//! program under demonstration in front of the `PATH`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hotfix_model::output::DemoStep;
use serde::de::DeserializeOwned;

use super::project::MAIN;
use super::{DemoError, Request};
use crate::ctx::{Cancelled, Ctx};
use crate::env::Environment;
use crate::error::{FileError, Result};
use crate::exec::{Command, Finished, sanitize_line};

/// How long one command may take: a demo must not hang.
const LIMIT: Duration = Duration::from_mins(1);
/// How often the user's wish to stop is looked at during a pause.
const TICK: Duration = Duration::from_millis(20);
/// Starts of the names of variables that could lead out of the demo's folder or change what tools print.
const HIDDEN: &[&str] = &["GIT_", "HOTFIX_", "PYTEST_", "XDG_"];

const GIT_CONFIG: &str = "\
[user]
\tname = Demo Responder
\temail = demo@example.com
[init]
\tdefaultBranch = main
[protocol \"file\"]
\tallow = always
";

/// Plays commands and remembers how they ended.
pub struct Player {
    ctx: Ctx,
    root: PathBuf,
    show: bool,
    pace: Duration,
    folder: &'static str,
    steps: Vec<DemoStep>,
}

impl Player {
    /// A player in an empty folder.
    pub fn new(ctx: &Ctx, root: &Path, request: &Request) -> Result<Self> {
        for name in ["bin", "home", "temporary", MAIN] {
            let path = root.join(name);
            fs::create_dir(&path).map_err(FileError::of("create", &path))?;
        }
        let (program, link) = (ctx.env.executable(), root.join("bin/git-hotfix"));
        std::os::unix::fs::symlink(program, &link).map_err(FileError::of("create", &link))?;
        let config = root.join("home/.gitconfig");
        fs::write(&config, GIT_CONFIG).map_err(FileError::of("write", &config))?;
        let environment = Environment::new(variables(&ctx.env, root), root);
        Ok(Self {
            ctx: Ctx { env: Arc::new(environment), ..ctx.clone() },
            root: root.to_owned(),
            show: request.show,
            pace: request.pace,
            folder: MAIN,
            steps: Vec::new(),
        })
    }

    /// The surroundings of what is played.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// The folder of the demo.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Sets a variable for everything that is played from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        let kept = self.ctx.env.variables().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables: Vec<_> = kept.chain([(name.into(), value.into())]).collect();
        self.ctx.env = Arc::new(Environment::new(variables, &self.root));
    }

    /// Removes a variable for everything that is played from now on.
    pub fn unset(&mut self, unwanted: &str) {
        let kept = self.ctx.env.variables().filter(|(name, _)| *name != unwanted);
        let kept: Vec<_> = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.ctx.env = Arc::new(Environment::new(kept, &self.root));
    }

    /// Makes a remark.
    pub fn remark(&self, what: &str) {
        self.ctx.remark(what);
    }

    /// Plays a line in a folder of the demo, in front of the user. Errors: [`DemoError::Failed`], or the user stopped
    /// it.
    pub fn play(&mut self, folder: &'static str, line: &str) -> Result<()> {
        if folder != self.folder {
            self.ctx.typed(format!("cd ../{folder}"));
            self.folder = folder;
        }
        self.ctx.typed(line);
        self.pause()?;
        let command = self.command(folder, line);
        let command = if self.show { command.shown() } else { command };
        let finished = command.run(&self.ctx)?;
        self.steps.push(DemoStep {
            command: line.to_owned(),
            exit: finished.ending.code().unwrap_or(-1),
            elapsed_ms: u64::try_from(finished.elapsed.as_millis()).unwrap_or(u64::MAX),
        });
        self.succeeded(line, &finished)
    }

    /// Runs lines that nobody watches, and gives what they print.
    pub fn run(&self, folder: &str, script: &str) -> Result<Vec<u8>> {
        let finished = self.command(folder, script).run(&self.ctx)?;
        self.succeeded(script, &finished)?;
        Ok(finished.stdout)
    }

    /// Runs a line that prints JSON, and reads it.
    pub fn ask<T: DeserializeOwned>(&self, folder: &str, line: &str) -> Result<T> {
        let printed = self.run(folder, line)?;
        let unreadable = |source| DemoError::Unreadable { command: line.to_owned(), source };
        Ok(serde_json::from_slice(&printed).map_err(unreadable)?)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, folder: &str, path: &str, text: &str) -> Result<()> {
        let path = self.root.join(folder).join(path);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(FileError::of("create", above))?;
        }
        Ok(fs::write(&path, text).map_err(FileError::of("write", &path))?)
    }

    /// What was played.
    pub fn steps(&self) -> Vec<DemoStep> {
        self.steps.clone()
    }

    fn command(&self, folder: &str, line: &str) -> Command {
        Command::shell(line).dir(self.root.join(folder)).deadline(LIMIT)
    }

    fn pause(&self) -> Result<(), Cancelled> {
        let began = self.ctx.clock.elapsed();
        while self.ctx.elapsed_since(began) < self.pace {
            self.ctx.go_on()?;
            std::thread::sleep(TICK);
        }
        self.ctx.go_on()
    }

    fn succeeded(&self, line: &str, finished: &Finished) -> Result<()> {
        // A child that was stopped ends badly as well: the stop is the reason to tell.
        self.ctx.go_on()?;
        if finished.success() {
            return Ok(());
        }
        let command = line.lines().next().unwrap_or_default().to_owned();
        let code = finished.ending.code().unwrap_or(-1);
        Err(DemoError::Failed { command, code, said: sanitize_line(&finished.last_line()) }.into())
    }
}

/// The user's own variables, but for those that lead to what is theirs.
fn variables(environment: &Environment, root: &Path) -> BTreeMap<OsString, OsString> {
    let hidden = |name: &std::ffi::OsStr| {
        name.to_str().is_some_and(|name| HIDDEN.iter().any(|start| name.starts_with(start)))
    };
    let kept = environment.variables().filter(|(name, _)| !hidden(name));
    let mut variables: BTreeMap<OsString, OsString> =
        kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let home = root.join("home");
    let mut path = root.join("bin").into_os_string();
    if let Some(inherited) = environment.get("PATH") {
        path.push(":");
        path.push(inherited);
    }
    let mut set = |name: &str, value: OsString| variables.insert(name.into(), value);
    set("PATH", path);
    set("HOME", home.clone().into());
    set("TMPDIR", root.join("temporary").into());
    set("XDG_CACHE_HOME", home.join(".cache").into());
    set("XDG_CONFIG_HOME", home.join(".config").into());
    set("XDG_DATA_HOME", home.join(".local/share").into());
    set("XDG_STATE_HOME", home.join(".local/state").into());
    set("GIT_CONFIG_GLOBAL", home.join(".gitconfig").into());
    set("GIT_CONFIG_NOSYSTEM", "1".into());
    set("GIT_PAGER", "cat".into());
    set("GIT_TERMINAL_PROMPT", "0".into());
    // The folder may be removed at once.
    set("HOTFIX_FOREGROUND", "1".into());
    variables
}
