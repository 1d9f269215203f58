//! One Git call, made safe: no shell, no prompt, no pager, no hooks unless asked, nothing inherited that could
//! redirect it, nothing optional written.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use super::GitError;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending, Finished, redact, sanitize_line};

/// What an inherited environment may still tell Git: who you are, how to reach and to trust a server, and where
/// configuration lies.
const KEPT: &[&str] = &[
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_AUTHOR_DATE",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_DATE",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_PROXY_COMMAND",
    "GIT_PROXY_SSL_CAINFO",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_TEMPLATE_DIR",
];
const KEPT_PREFIXES: &[&str] = &["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_HTTP_", "GIT_SSL_"];

/// Settings of every call: no background work, no submodules, no watcher, nothing printed for people; an edited file
/// is found by all that the system knows of it, and none is taken for unchanged by a bit in the index.
const SETTINGS: &[&str] = &[
    "advice.detachedHead=false",
    "core.checkStat=default",
    "core.fsmonitor=false",
    "core.ignoreStat=false",
    "core.quotePath=true",
    "core.trustctime=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
];

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
    args: Vec<std::ffi::OsString>,
}

impl<'a> GitCommand<'a> {
    /// A call in `dir`; Git finds the repository by itself.
    pub(super) fn discovering(ctx: &'a Ctx, dir: &Path) -> Self {
        let inherited = ctx.env.variables().map(|(name, _)| name).filter(|name| is_scrubbed(name));
        let bare = Command::new("git").dir(dir);
        let command = inherited.fold(bare, Command::env_remove);
        Self { ctx, command, name: String::new(), limit: LOCAL_LIMIT, hooks: false, args: Vec::new() }
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_EDITOR", ":")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C")
            .env("GIT_LITERAL_PATHSPECS", "1")
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

    /// Lets the user's hooks run, without a terminal and with nothing left behind.
    pub fn with_hooks(mut self) -> Self {
        self.hooks = true;
        self
    }

    /// Runs it and gives whatever came out, success or not. Fails only if it could not run or ran too long.
    pub fn finish(self) -> Result<Finished> {
        let mut command = self.command;
        if !self.hooks {
            command = command.args(["-c", "core.hooksPath=/dev/null"]);
        }
        for setting in SETTINGS {
            command = command.args(["-c", setting]);
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
        let name = self.name.clone();
        let finished = self.finish()?;
        if finished.success() {
            return Ok(finished.stdout);
        }
        Err(failed(&name, &finished).into())
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

/// The error for a call that ended badly: the line that Git itself marks as fatal, else the last one.
pub(super) fn failed(name: &str, finished: &Finished) -> GitError {
    let stderr = String::from_utf8_lossy(&finished.stderr);
    // What stands above this line is the reason; a hook that said nothing leaves only the line itself.
    let reasons = || stderr.lines().filter(|line| !line.starts_with("error: failed to push some refs"));
    let marked = reasons().find(|line| line.starts_with("fatal: ") || line.starts_with("error: "));
    let said = match marked {
        Some(line) => redact(line.split_once(": ").map_or(line, |(_, text)| text)).into_owned(),
        None => match reasons().map(str::trim).rfind(|line| !line.is_empty()) {
            Some(line) => sanitize_line(&redact(line)),
            None => finished.last_line(),
        },
    };
    GitError::Failed { command: name.to_owned(), code: finished.ending.code().unwrap_or(-1), said }
}

fn is_scrubbed(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    name.starts_with("GIT_")
        && !KEPT.contains(&name)
        && !KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
