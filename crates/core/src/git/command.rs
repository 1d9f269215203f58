//! One Git call, made safe: no shell, no prompt, no pager, no hooks unless asked, nothing inherited that could point it
//! at another repository, nothing optional written.
//!
//! There are two kinds. Calls of our own print the same whatever the user has set. Calls on the user's behalf, which
//! [`GitCommand::with_hooks`] makes of them, see the settings, the variables and the hooks that `git` itself would see.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::GitError;
use super::failure::{failed, failed_and_kept};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending, Finished};

/// Variables that point Git at another repository, index or object base, or that belong to the call of Git we were
/// started by. Every other one is the user's and stays: who they are, how a server is reached, what filters do.
const DROPPED: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Variables that change what a call prints or how it reads paths: dropped where the output is read by us.
const DROPPED_FOR_READING: &[&str] = &[
    "GIT_DIFF_OPTS",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
];

/// Variables of our own calls that a hook of the user's must not inherit.
const SET_FOR_READING: &[(&str, &str)] = &[("GIT_OPTIONAL_LOCKS", "0"), ("GIT_LITERAL_PATHSPECS", "1")];

/// Settings of every call: no background work, no watcher, no address that is a command.
const SETTINGS: &[&str] =
    &["core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false", "protocol.ext.allow=never"];

/// Settings of our own calls: no submodules, no colours and no signatures among what is printed; an edited file is found
/// by all that the system knows of it, and none is taken for unchanged by a bit in the index.
const SETTINGS_FOR_READING: &[&str] = &[
    "advice.detachedHead=false",
    "color.advice=false",
    "color.branch=false",
    "color.diff=false",
    "color.push=false",
    "color.remote=false",
    "color.status=false",
    "color.transport=false",
    "color.ui=false",
    "core.checkStat=default",
    "core.ignoreStat=false",
    "core.quotePath=true",
    "core.trustctime=true",
    "diff.interHunkContext=0",
    "diff.mnemonicPrefix=false",
    "diff.noprefix=false",
    "log.showSignature=false",
    "submodule.recurse=false",
];

/// The variable that holds the value by which a configured hook is switched off.
const OFF: &str = "HOTFIX_HOOK_ENABLED";

/// How long a call may take that asks nobody: generous, for cold disks and huge repositories.
const LOCAL_LIMIT: Duration = Duration::from_mins(10);

/// One Git call to be.
#[must_use]
pub struct GitCommand<'a> {
    ctx: &'a Ctx,
    command: Command,
    name: String,
    limit: Duration,
    hooks: bool,
    /// Whether nothing of our own is set: for asking what the user has set.
    plain: bool,
    /// Names of the hooks in the user's configuration.
    configured_hooks: Vec<String>,
    /// Where the whole output of a failed call is kept.
    logs: Option<PathBuf>,
    args: Vec<OsString>,
}

impl<'a> GitCommand<'a> {
    /// A call in `dir`; Git finds the repository by itself.
    pub(super) fn discovering(ctx: &'a Ctx, dir: &Path) -> Self {
        let dropped = DROPPED.iter().chain(DROPPED_FOR_READING);
        let command = dropped.fold(Command::new("git").dir(dir), Command::env_remove);
        let command = SET_FOR_READING.iter().fold(command, |command, (name, value)| command.env(name, value));
        Self {
            ctx,
            command,
            name: String::new(),
            limit: LOCAL_LIMIT,
            hooks: false,
            plain: false,
            configured_hooks: Vec::new(),
            logs: None,
            args: Vec::new(),
        }
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_EDITOR", ":")
        .env("GIT_PAGER", "cat")
        .env("LC_ALL", "C")
    }

    /// A call that can reach this repository and no other, in `dir`.
    pub(super) fn bound(ctx: &'a Ctx, git_dir: &Path, dir: &Path) -> Self {
        Self::discovering(ctx, dir).env("GIT_DIR", git_dir)
    }

    /// Adds an argument; the first one is the subcommand.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        if self.name.is_empty() {
            self.name = arg.as_ref().to_string_lossy().into_owned();
        }
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments; the first one is the subcommand.
    pub fn args(self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command = self.command.env(name, value);
        self
    }

    /// Takes a variable away.
    pub fn unset(mut self, name: &str) -> Self {
        self.command = self.command.env_remove(name);
        self
    }

    /// Sets configuration for this call alone: `key=value`.
    pub fn setting(mut self, setting: &str) -> Self {
        self.args.splice(0..0, ["-c".into(), setting.into()]);
        self
    }

    /// Sets configuration for this call alone by way of a variable: the key may hold any sign.
    pub(super) fn setting_by_variable(mut self, key: &str, variable: &str, value: &str) -> Self {
        self.args.splice(0..0, [format!("--config-env={key}={variable}").into()]);
        self.env(variable, value)
    }

    /// Uses another index file.
    pub fn index(self, path: &Path) -> Self {
        self.env("GIT_INDEX_FILE", path)
    }

    /// Bytes for standard input.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.command = self.command.input(bytes);
        self
    }

    /// How long it may take, where that is not up to this machine alone.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Makes it a call on the user's behalf: their hooks run, and these see the user's own settings, variables and
    /// language. There is no terminal, and nothing is left behind.
    pub fn with_hooks(mut self) -> Self {
        self.hooks = true;
        let ours = SET_FOR_READING.iter().map(|(name, _)| name);
        for name in ours.chain(DROPPED_FOR_READING).chain(&["LC_ALL"]) {
            self = match self.ctx.env.get(name).map(OsStr::to_owned) {
                Some(value) => self.env(name, value),
                None => self.unset(name),
            };
        }
        self
    }

    /// What Git says to us is in English, whatever language the hooks speak.
    pub fn in_english(self) -> Self {
        // The one variable that outranks the language of messages gives way, and stays what it was for everything else.
        let call = match self.ctx.env.get("LC_ALL").map(OsStr::to_owned) {
            Some(locale) => self.env("LC_CTYPE", locale),
            None => self,
        };
        call.unset("LC_ALL").env("LC_MESSAGES", "C").env("LANGUAGE", "")
    }

    /// Sets nothing of our own, so that the answer is about what the user has set.
    pub(super) fn without_own_settings(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Tells which hooks the user's configuration has, so that calls of our own run none of them.
    pub(super) fn with_configured_hooks(mut self, names: Vec<String>) -> Self {
        self.configured_hooks = names;
        self
    }

    /// Keeps the whole output in a file of this folder if the call fails.
    pub(super) fn keeping_output(mut self, dir: PathBuf) -> Self {
        self.logs = Some(dir);
        self
    }

    /// Runs it and gives whatever came out, success or not. Fails only if it could not run or ran too long.
    pub fn finish(self) -> Result<Finished> {
        let mut command = self.command;
        if !self.plain {
            for setting in SETTINGS {
                command = command.args(["-c", setting]);
            }
        }
        if !self.plain && !self.hooks {
            command = command.args(["-c", "core.hooksPath=/dev/null"]).env(OFF, "false");
            for name in &self.configured_hooks {
                command = command.arg(format!("--config-env=hook.{name}.enabled={OFF}"));
            }
            for setting in SETTINGS_FOR_READING {
                command = command.args(["-c", setting]);
            }
        }
        let finished = command.args(&self.args).deadline(self.limit).run(self.ctx)?;
        match finished.ending {
            Ending::TimedOut => Err(GitError::TimedOut { command: self.name, limit: self.limit }.into()),
            Ending::Cancelled => {
                self.ctx.go_on()?;
                Ok(finished)
            }
            _ => Ok(finished),
        }
    }

    /// Runs it and gives its output; any exit code but 0 is an error.
    pub fn run(self) -> Result<Vec<u8>> {
        let (ctx, name, logs) = (self.ctx, self.name.clone(), self.logs.clone());
        let finished = self.finish()?;
        if finished.success() {
            return Ok(finished.stdout);
        }
        Err(match logs {
            Some(dir) => failed_and_kept(ctx, &dir, &name, &finished),
            None => failed(&name, &finished),
        }
        .into())
    }

    /// Runs it and gives its output as text, without the newline at the end.
    pub fn text(self) -> Result<String> {
        let name = self.name.clone();
        let mut text = String::from_utf8(self.run()?).map_err(|_| GitError::Unreadable { command: name })?;
        text.truncate(text.trim_end_matches('\n').len());
        Ok(text)
    }

    /// Runs it and gives the id it prints.
    pub fn oid(self) -> Result<super::Oid> {
        let command = self.name.clone();
        let text = self.text()?;
        Ok(super::Oid::parse(&text).ok_or(GitError::Unreadable { command })?)
    }
}
