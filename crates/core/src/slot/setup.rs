//! `slot.setup`: commands that make a slot usable, run again only when the files they depend on changed.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::Step;
use sha2::{Digest, Sha256};

use super::state::Entry;
use super::{Held, Pool, Twin};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending};
use crate::git::Oid;

/// How long one command may take: installing dependencies of large projects on slow networks.
const LIMIT: Duration = Duration::from_mins(20);

/// Where the commands run.
#[derive(Clone, Copy, Debug)]
pub enum Room<'a> {
    /// In the slot.
    Slot,
    /// In its twin.
    Twin(&'a Twin),
}

/// What a setup needs to know.
#[derive(Clone, Copy, Debug)]
pub struct SetupRequest<'a> {
    /// The commit or tree whose files are there.
    pub tree: &'a Oid,
    /// Whether the user approved exactly these commands.
    pub trusted: bool,
    /// The folder for the logs, one file per command.
    pub logs: &'a Path,
    /// The step that is told about.
    pub step: Step,
}

/// What became of a setup. None of these stops a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupOutcome {
    /// Nothing to run, or nothing changed since it last ran.
    Unneeded,
    /// All commands succeeded.
    Done,
    /// The commands are not approved; nothing ran.
    Untrusted,
    /// A command failed; it runs again the next time.
    Failed {
        /// The command.
        command: String,
        /// How it ended, in words.
        how: String,
        /// Its output.
        log: PathBuf,
    },
}

/// The slot or its twin, as far as its setup goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Slot,
    Twin,
}

impl Pool<'_> {
    /// Runs `slot.setup` if the slot or twin is new, or the commands or the files of `slot.setup_inputs` changed since
    /// they last succeeded. What is wrong is said as a warning.
    pub fn setup(&self, held: &Held, room: Room<'_>, request: &SetupRequest<'_>) -> Result<SetupOutcome> {
        if self.config.setup.is_empty() {
            return Ok(SetupOutcome::Unneeded);
        }
        let _guard = self.guard(held)?;
        let at = match room {
            Room::Slot => (Side::Slot, held.worktree.path.as_path()),
            Room::Twin(twin) => (Side::Twin, twin.worktree.path.as_path()),
        };
        self.set_up(self.repository.ctx(), &mut self.entry_of(held)?, at, request)
    }

    /// The same for a slot that the caller has locked.
    pub(super) fn set_up(
        &self,
        ctx: &Ctx,
        entry: &mut Entry,
        (side, dir): (Side, &Path),
        request: &SetupRequest<'_>,
    ) -> Result<SetupOutcome> {
        if self.config.setup.is_empty() {
            return Ok(SetupOutcome::Unneeded);
        }
        let digest = self.setup_digest(dir, request.tree)?;
        if known(entry, side).as_ref() == Some(&digest) {
            return Ok(SetupOutcome::Unneeded);
        }
        if !request.trusted {
            ctx.warn("slot.setup did not run: approve its commands with `git hotfix trust`");
            return Ok(SetupOutcome::Untrusted);
        }
        // Forgotten first: cut short, the slot is not set up.
        *known(entry, side) = None;
        if side == Side::Slot && entry.lease().is_none() {
            self.begin_work(entry, request.tree)?;
        }
        self.store.save(entry)?;
        if let Some(failed) = self.run_setup(ctx, dir, request)? {
            return Ok(failed);
        }
        *known(entry, side) = Some(digest);
        self.store.save(entry)?;
        Ok(SetupOutcome::Done)
    }

    /// Runs the commands in order, up to the first that fails.
    fn run_setup(&self, ctx: &Ctx, dir: &Path, request: &SetupRequest<'_>) -> Result<Option<SetupOutcome>> {
        for (index, line) in self.config.setup.iter().enumerate() {
            ctx.now_doing(request.step, format!("setup: {line}"));
            let log = request.logs.join(format!("setup-{}.log", index + 1));
            let command = Command::shell(line).dir(dir).contained().deadline(LIMIT).log(&log);
            let finished = command.run(ctx)?;
            if finished.ending == Ending::Cancelled {
                ctx.go_on()?;
            }
            if !finished.success() {
                let how = in_words(finished.ending, LIMIT);
                ctx.warn(format!("setup `{line}` {how}; its output is in {}", log.display()));
                return Ok(Some(SetupOutcome::Failed { command: line.clone(), how, log }));
            }
        }
        Ok(None)
    }

    /// One number for the commands and the files they depend on, as they are in `dir`.
    fn setup_digest(&self, dir: &Path, tree: &Oid) -> Result<String> {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update(bytes.len().to_le_bytes());
            hash.update(bytes);
        };
        for line in &self.config.setup {
            add(line.as_bytes());
        }
        for path in self.setup_inputs(tree)? {
            add(path.as_os_str().as_bytes());
            add(&std::fs::read(dir.join(&path)).unwrap_or_default());
        }
        Ok(hex(&hash.finalize()))
    }

    /// The files of `slot.setup_inputs`. Git is asked only where a pattern needs the list of all files.
    fn setup_inputs(&self, tree: &Oid) -> Result<Vec<PathBuf>> {
        let (patterns, plain): (Vec<&String>, Vec<&String>) =
            self.config.setup_inputs.iter().partition(|input| input.contains('*'));
        let mut files: Vec<PathBuf> = plain.into_iter().map(PathBuf::from).collect();
        if !patterns.is_empty() {
            let all = self.repository.list_files(tree)?;
            let matches = |file: &PathBuf| {
                patterns.iter().any(|pattern| matches(pattern.as_bytes(), file.as_os_str().as_bytes()))
            };
            files.extend(all.into_iter().filter(matches));
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Whether the slot is not as the setup would have it.
pub(super) fn unmade(outcome: &SetupOutcome) -> bool {
    matches!(outcome, SetupOutcome::Untrusted | SetupOutcome::Failed { .. })
}

/// What the setup of a side last succeeded with.
fn known(entry: &mut Entry, side: Side) -> &mut Option<String> {
    match side {
        Side::Slot => &mut entry.setup.slot,
        Side::Twin => &mut entry.setup.twin,
    }
}

/// How a command of the configuration ended.
pub(super) fn in_words(ending: Ending, limit: Duration) -> String {
    match ending {
        Ending::Exited(code) => format!("ended with code {code}"),
        Ending::Signalled(signal) => format!("was ended by signal {signal}"),
        Ending::TimedOut => format!("did not end within {} minutes", limit.as_secs().div_ceil(60)),
        Ending::Cancelled => "was stopped".to_owned(),
    }
}

/// Whether a path matches a pattern: `*` stands for anything within a name, `**/` for any folders, or none.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    if let Some(rest) = pattern.strip_prefix(b"**/") {
        let below = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
        return std::iter::once(0)
            .chain(below)
            .any(|at| path.get(at..).is_some_and(|tail| matches(rest, tail)));
    }
    match pattern.split_first() {
        None => path.is_empty(),
        Some((b'*', rest)) => {
            let name = path.split(|byte| *byte == b'/').next().unwrap_or_default();
            (0..=name.len()).any(|at| path.get(at..).is_some_and(|tail| matches(rest, tail)))
        }
        Some((byte, rest)) => {
            path.split_first().is_some_and(|(first, tail)| first == byte && matches(rest, tail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_stop_at_slashes_unless_doubled() {
        let matches = |pattern: &str, path: &str| matches(pattern.as_bytes(), path.as_bytes());
        assert!(matches("requirements*.txt", "requirements-dev.txt"));
        assert!(matches("requirements*.txt", "requirements.txt"));
        assert!(!matches("requirements*.txt", "sub/requirements.txt"));
        assert!(!matches("*.lock", "a/b.lock"));
        assert!(matches("*/package.json", "web/package.json"));
        assert!(!matches("*/package.json", "web/app/package.json"));
        assert!(matches("**/package.json", "web/app/package.json"));
        assert!(matches("**/package.json", "package.json"));
        assert!(!matches("**/package.json", "my-package.json"));
        assert!(matches("a/**/b", "a/b"));
        assert!(matches("a/**/b", "a/x/y/b"));
    }
}
