//! Git's configuration as Git itself reads it: one `git config --list -z --show-scope` per place and command.
//!
//! Only Git knows all its sources: system and global files, includes and `includeIf`, the repository's file,
//! `config.worktree`, and what `git -c key=value hotfix …` or `GIT_CONFIG_COUNT` bring along.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::{GitCommand, Repository, Worktree};
use crate::error::Result;

/// Everything that Git heeds in one place. What comes later counts more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration(Vec<ConfigEntry>);

/// One line of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Where it is said: `system`, `global`, `local`, `worktree` or `command`.
    pub scope: String,
    /// `section.Subsection.name`: lower-case but for the middle part.
    pub key: String,
    /// The value; `None` for a key without `=`, which is a true one.
    pub value: Option<OsString>,
}

impl Configuration {
    /// Reads what `git config --list -z --show-scope` prints.
    fn parse(printed: &[u8]) -> Self {
        let mut words = printed.split(|byte| *byte == 0);
        let mut entries = Vec::new();
        while let (Some(scope), Some(entry)) = (words.next(), words.next()) {
            let mut parts = entry.splitn(2, |byte| *byte == b'\n');
            let key = parts.next().unwrap_or_default();
            entries.push(ConfigEntry {
                scope: String::from_utf8_lossy(scope).into_owned(),
                key: String::from_utf8_lossy(key).into_owned(),
                value: parts.next().map(|value| OsString::from_vec(value.to_vec())),
            });
        }
        Self(entries)
    }

    /// All entries, in Git's order.
    pub fn entries(&self) -> &[ConfigEntry] {
        &self.0
    }

    /// The value that counts; `None` where there is none, or the key has no `=`.
    pub fn value(&self, key: &str) -> Option<&OsStr> {
        self.0.iter().rfind(|entry| is_key(&entry.key, key))?.value.as_deref()
    }

    /// The value that counts, as text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.value(key).map(|value| value.to_string_lossy().into_owned())
    }

    /// All values of a key that may have several. An empty value takes away those before it, as Git has it for most.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let mut values = Vec::new();
        for entry in self.0.iter().filter(|entry| is_key(&entry.key, key)) {
            match &entry.value {
                Some(value) if value.is_empty() => values.clear(),
                Some(value) => values.push(value.to_string_lossy().into_owned()),
                None => {}
            }
        }
        values
    }

    /// A switch, as Git reads one; `None` where it is not set or says neither.
    pub fn is_on(&self, key: &str) -> Option<bool> {
        let entry = self.0.iter().rfind(|entry| is_key(&entry.key, key))?;
        match &entry.value {
            None => Some(true),
            Some(value) => switch(&value.to_string_lossy()),
        }
    }

    /// Whether all worktrees of the repository have this configuration: there are no files of single worktrees, and
    /// nothing is included for some of them only.
    fn is_the_same_everywhere(&self) -> bool {
        let differs = |entry: &ConfigEntry| {
            entry.scope == "worktree"
                || entry.key == "extensions.worktreeconfig"
                || entry.key.starts_with("includeif.")
        };
        !self.0.iter().any(differs)
    }

    /// The names of hooks that are configured rather than lie in a folder: `<name>` of `hook.<name>.command`
    /// (Git 2.54).
    pub fn configured_hooks(&self) -> BTreeSet<&str> {
        let hook = |entry: &'_ ConfigEntry| entry.key.starts_with("hook.") && entry.key.ends_with(".command");
        let entries = self.0.iter().filter(|entry| hook(entry));
        entries
            .filter_map(|entry| entry.key.strip_prefix("hook.")?.strip_suffix(".command"))
            .filter(|name| !name.is_empty())
            .collect()
    }
}

/// Sections and names are the same in any case, the part between them is not.
fn is_key(known: &str, wanted: &str) -> bool {
    if known == wanted {
        return true;
    }
    let parts = |key: &str| {
        let (section, rest) = key.split_once('.')?;
        let (middle, name) =
            rest.rsplit_once('.').map_or((None, rest), |(middle, name)| (Some(middle), name));
        Some((section.to_lowercase(), middle.map(str::to_owned), name.to_lowercase()))
    };
    parts(known).is_some_and(|known| Some(known) == parts(wanted))
}

/// `git_parse_maybe_bool` of Git: words in any case, or a number with an optional unit.
fn switch(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "" | "false" | "no" | "off" => Some(false),
        number => {
            let digits = number.strip_suffix(['k', 'm', 'g']).unwrap_or(number);
            digits.parse::<i64>().ok().map(|number| number != 0)
        }
    }
}

impl Repository {
    /// What Git heeds where the user stands.
    pub fn configuration(&self) -> Result<Arc<Configuration>> {
        // The worktree may be a folder that is not there: `GIT_WORK_TREE` names anything.
        self.configuration_at(self.git_dir(), self.git_dir())
    }

    /// What Git heeds in a worktree: it may have a `config.worktree` of its own, and `includeIf` may mean it alone.
    pub fn configuration_in(&self, worktree: &Worktree) -> Result<Arc<Configuration>> {
        let here = self.configuration()?;
        if here.is_the_same_everywhere() {
            return Ok(here);
        }
        self.configuration_at(&worktree.git_dir, &worktree.path)
    }

    fn configuration_at(&self, git_dir: &Path, dir: &Path) -> Result<Arc<Configuration>> {
        let known = || self.configurations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(git_dir) {
            return Ok(Arc::clone(known));
        }
        let call = GitCommand::bound(self.ctx(), git_dir, dir).without_own_settings();
        let printed = call.args(["config", "--list", "-z", "--show-scope"]).run()?;
        let read = Arc::new(Configuration::parse(&printed));
        known().insert(git_dir.to_owned(), Arc::clone(&read));
        Ok(read)
    }

    /// A value that names a file or a folder, as Git expands it; relative ones as they are written.
    pub fn configured_path(&self, worktree: &Worktree, key: &str) -> Result<Option<PathBuf>> {
        let configuration = self.configuration_in(worktree)?;
        let Some(value) = configuration.value(key) else { return Ok(None) };
        let bytes = value.as_encoded_bytes();
        // `~/`, `~user/`, `%(prefix)/` and whatever else a Git knows to begin with a sign.
        if !bytes.starts_with(b"~") && !bytes.starts_with(b"%(") && !bytes.starts_with(b":(") {
            return Ok(Some(PathBuf::from(value)));
        }
        let call = GitCommand::bound(self.ctx(), &worktree.git_dir, &worktree.path).without_own_settings();
        let printed = call.args(["config", "-z", "--type=path", "--get", key]).run()?;
        let path = printed.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(Some(super::path_of(path)))
    }

    /// The configured folder of hooks that is not there, if that is so: then Git runs no hook at all and says nothing.
    pub fn missing_hooks_folder(&self, worktree: &Worktree) -> Result<Option<PathBuf>> {
        let Some(folder) = self.configured_path(worktree, "core.hooksPath")? else { return Ok(None) };
        // To switch hooks off on purpose, people name what is no folder.
        let switched_off = folder.as_os_str().is_empty() || folder == Path::new("/dev/null");
        let is_there = worktree.path.join(&folder).is_dir();
        Ok(Some(folder).filter(|_| !switched_off && !is_there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(printed: &str) -> Configuration {
        Configuration::parse(printed.as_bytes())
    }

    #[test]
    fn the_last_value_counts_whatever_the_case_of_its_name() {
        let read = read(
            "system\0user.name\nA\0global\0user.name\nB\nC\0local\0remote.Up.Stream.url\nx=y\0command\0core.hookspath\n\0",
        );
        assert_eq!(read.text("user.name").as_deref(), Some("B\nC"));
        assert_eq!(read.text("remote.Up.Stream.URL").as_deref(), Some("x=y"));
        assert_eq!(read.text("remote.up.stream.url"), None);
        assert_eq!(read.text("core.hooksPath").as_deref(), Some(""));
        assert_eq!(read.entries().len(), 4);
    }

    #[test]
    fn switches_are_read_as_git_reads_them() {
        let on = |value: &str| read(&format!("local\0commit.gpgsign{value}\0")).is_on("commit.gpgSign");
        for value in ["", "\ntrue", "\nYES", "\non", "\n1", "\n2k", "\n-1"] {
            assert_eq!(on(value), Some(true), "{value:?}");
        }
        for value in ["\n", "\nfalse", "\nNo", "\nOFF", "\n0", "\n0k"] {
            assert_eq!(on(value), Some(false), "{value:?}");
        }
        assert_eq!(on("\nmaybe"), None);
        assert_eq!(read("").is_on("commit.gpgSign"), None);
    }

    #[test]
    fn an_empty_value_takes_the_earlier_ones_away() {
        let read = read("global\0push.pushoption\na\0local\0push.pushoption\n\0local\0push.pushoption\nb\0");
        assert_eq!(read.texts("push.pushOption"), ["b"]);
    }

    #[test]
    fn a_worktree_is_asked_by_itself_where_it_may_have_its_own() {
        assert!(read("local\0core.hookspath\nx\0").is_the_same_everywhere());
        for entry in [
            "worktree\0core.hookspath\nx",
            "local\0extensions.worktreeconfig\ntrue",
            "global\0includeif.gitdir:~/x/.path\ny",
        ] {
            assert!(!read(&format!("{entry}\0")).is_the_same_everywhere(), "{entry}");
        }
    }

    #[test]
    fn hooks_of_the_configuration_are_known_by_name() {
        let read =
            read("global\0hook.a.b.command\nx\0local\0hook.lint.event\ny\0local\0hook.lint.command\nz\0");
        assert_eq!(read.configured_hooks().into_iter().collect::<Vec<_>>(), ["a.b", "lint"]);
    }
}
