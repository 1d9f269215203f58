//! Files of one tree, read in as few calls as can be: what tools keep their settings in is read together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::git::{Oid, Repository};

/// Endings of the files at the root of a repository in which tools look for their settings.
const SETTINGS: &[&str] = &["toml", "cfg", "ini", "json", "yaml", "yml", "txt"];
/// More settings than anybody has; a listing of thousands of text files is no settings.
const MOST: usize = 64;

/// Ending of sources that hold tests as well, so that all of them are looked through for tests.
const LOOKED_THROUGH: &str = "rs";
/// So many of them are read together.
const TOGETHER: usize = 256;

/// Reads files of one tree.
pub struct Reader<'a> {
    repository: &'a Repository,
    tree: &'a Oid,
    listed: &'a [PathBuf],
    known: Mutex<HashMap<String, Option<Vec<u8>>>>,
    sources: Mutex<HashMap<String, Option<Vec<u8>>>>,
}

impl<'a> Reader<'a> {
    /// A reader of `tree`. `listed` are files that are probably in it.
    pub fn new(repository: &'a Repository, tree: &'a Oid, listed: &'a [PathBuf]) -> Self {
        Self { repository, tree, listed, known: Mutex::default(), sources: Mutex::default() }
    }

    /// The bytes of a file; `None` if there is no such file.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        if Path::new(path).extension().is_some_and(|ending| ending == LOOKED_THROUGH) {
            return self.read_source(path);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = known.get(path) {
            return content.clone();
        }
        let mut wanted = vec![path.to_owned()];
        if known.is_empty() {
            let settings = self.listed.iter().filter_map(|file| settings_name(file));
            wanted.extend(settings.filter(|name| name != path).take(MOST));
        }
        known.extend(self.read_all(wanted));
        known.get(path).cloned().flatten()
    }

    /// Reads a source, and those listed behind it, which will be asked for next. Only these are kept: all sources of a
    /// large repository would fill the memory.
    fn read_source(&self, path: &str) -> Option<Vec<u8>> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if !sources.contains_key(path) {
            let is_source = |file: &&PathBuf| file.extension().is_some_and(|ending| ending == LOOKED_THROUGH);
            let behind = self.listed.iter().skip_while(|file| file.as_os_str() != path).filter(is_source);
            let behind =
                behind.filter_map(|file| file.to_str()).filter(|name| !name.contains('\n') && *name != path);
            let wanted = std::iter::once(path).chain(behind.take(TOGETHER)).map(str::to_owned).collect();
            *sources = self.read_all(wanted).collect();
        }
        sources.get(path).cloned().flatten()
    }

    fn read_all(&self, wanted: Vec<String>) -> impl Iterator<Item = (String, Option<Vec<u8>>)> {
        let asked: Vec<(&Oid, &str)> = wanted.iter().map(|name| (self.tree, name.as_str())).collect();
        let contents = self.repository.read_files(&asked).unwrap_or_default();
        wanted.into_iter().zip(contents)
    }
}

/// The name of a file at the root that may hold settings, and no lock file, which can be huge.
fn settings_name(path: &Path) -> Option<String> {
    let name = path.to_str().filter(|name| !name.contains(['/', '\n']))?;
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let may_hold = name.starts_with('.') || SETTINGS.contains(&ending);
    (may_hold && !name.contains("lock")).then(|| name.to_owned())
}
