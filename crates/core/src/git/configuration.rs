//! The user's and the repository's configuration, read from its files in the order in which Git reads them
//! (git-config(1), "FILES"). Where one of them is not plain, Git is to be asked.

use std::path::{Path, PathBuf};

use super::config_file::ConfigFile;
use super::reader::Known;
use super::{Repository, path_of};

/// Variables that bring configuration of their own.
const INJECTED: &[&str] = &["GIT_CONFIG_COUNT", "GIT_CONFIG"];

impl Repository {
    /// All keys that have a value, lower-case but for the middle part, with their values; what comes later counts more.
    pub(super) fn plain_configuration(&self) -> Option<Vec<(String, String)>> {
        let env = &self.ctx().env;
        if INJECTED.iter().any(|name| env.get(name).is_some()) {
            return None;
        }
        let own = ConfigFile::read(&self.common_dir().join("config"))??;
        let mut files = Vec::new();
        for path in self.system_file()?.into_iter().chain(self.global_files()?) {
            files.extend(ConfigFile::read(&path)?);
        }
        let has_own = own.pairs().any(|(key, _)| key == "extensions.worktreeconfig");
        files.push(own);
        if has_own {
            files.extend(ConfigFile::read(&self.common_dir().join("config.worktree"))?);
        }
        let pairs = files.iter().flat_map(ConfigFile::pairs);
        Some(pairs.filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect())
    }

    /// The user's files, whether they exist or not.
    fn global_files(&self) -> Option<Vec<PathBuf>> {
        let env = &self.ctx().env;
        if let Some(file) = env.get("GIT_CONFIG_GLOBAL") {
            return absolute(file.as_ref()).map(|file| vec![file]);
        }
        let home = absolute(env.get("HOME")?.as_ref())?;
        let folder = match env.get("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
            Some(folder) => absolute(folder.as_ref())?,
            None => home.join(".config"),
        };
        Some(vec![folder.join("git/config"), home.join(".gitconfig")])
    }

    /// The file of the whole machine, or `Some(None)` if it is not to be read.
    fn system_file(&self) -> Known<Option<PathBuf>> {
        let env = &self.ctx().env;
        match env.get("GIT_CONFIG_NOSYSTEM").map(|value| value.to_string_lossy().into_owned()).as_deref() {
            None | Some("0" | "false") => {}
            Some("1" | "true") => return Some(None),
            Some(_) => return None,
        }
        match env.get("GIT_CONFIG_SYSTEM") {
            Some(file) => absolute(file.as_ref()).map(Some),
            None => self.built_in_system_file().map(Some),
        }
    }

    /// The path that was built into this Git: it is asked once per installed Git, as for its version.
    fn built_in_system_file(&self) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStrExt;
        let stamp = self.program_stamp()?;
        let memory = self.state_dir().join("git-system-config");
        let known = std::fs::read(&memory).unwrap_or_default();
        if let Some(path) = known.strip_prefix(stamp.as_bytes()) {
            return absolute(&path_of(path));
        }
        if !self.state_dir().is_dir() {
            return None;
        }
        let path = self.ask_system_file().unwrap_or_default();
        // Only a memory: without it the next command asks again.
        std::fs::write(&memory, [stamp.as_bytes(), path.as_os_str().as_bytes()].concat()).ok();
        absolute(&path)
    }

    /// Git calls the editor with the path. The Git that comes with macOS reads one file more, and is left alone.
    fn ask_system_file(&self) -> Option<PathBuf> {
        if self.git().arg("--version").text().ok()?.contains("Apple") {
            return None;
        }
        let call = self.git().env("GIT_EDITOR", "echo").args(["config", "--system", "--edit"]);
        let printed = call.run().ok()?;
        Some(path_of(printed.strip_suffix(b"\n")?))
    }
}

fn absolute(path: &Path) -> Option<PathBuf> {
    path.is_absolute().then(|| path.to_owned())
}
