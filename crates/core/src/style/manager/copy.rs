//! The copy in which hooks run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{FileError, Result};
use crate::style::read::rewritten;
use crate::style::touched::Touched;
use crate::style::{Place, Request};

/// What hooks need that Git ignores; it stays where it is.
const LINKED: &[&str] = &["node_modules", ".venv", "venv"];

/// A folder that vanishes when it is dropped. Not below the repository's Git folder: many tools pass over that.
pub struct Copy {
    folder: TempDir,
    before: Vec<(PathBuf, Vec<u8>)>,
}

impl Copy {
    /// Lays out what is checked; what `configures` the hooks is as it is at base. Errors: there is no room; Git cannot.
    pub fn new(place: &Place<'_>, request: &Request<'_>, configures: &[&str]) -> Result<Self> {
        let made = tempfile::Builder::new().prefix("git-hotfix-hooks-").tempdir();
        let folder = made.map_err(FileError::of("create", Path::new("a temporary folder")))?;
        (request.copy)(folder.path())?;
        let mut copy = Self { folder, before: Vec::new() };
        copy.link(place, &request.files);
        for name in
            configures.iter().filter(|name| request.files.iter().any(|file| file.as_os_str() == **name))
        {
            let path = copy.root().join(name);
            let text = (request.read)(name).unwrap_or_default();
            fs::write(&path, text).map_err(FileError::of("write", &path))?;
        }
        copy.before =
            request.files.iter().filter_map(|file| Some((file.clone(), copy.content(file)?))).collect();
        Ok(copy)
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A file as it is now.
    pub fn content(&self, file: &Path) -> Option<Vec<u8>> {
        fs::read(self.root().join(file)).ok()
    }

    /// A file as it was laid out, or last taken over.
    pub fn before(&self, file: &Path) -> Option<Vec<u8>> {
        self.before.iter().find(|(path, _)| path == file).map(|(_, content)| content.clone())
    }

    /// Brings into the slot what hooks wrote differently at a changed line. Gives the files.
    pub fn take_over(&mut self, place: &Place<'_>, touched: &mut Touched) -> Vec<String> {
        let mut fixed = Vec::new();
        let files: Vec<PathBuf> = self.before.iter().map(|(path, _)| path.clone()).collect();
        for (index, file) in files.iter().enumerate() {
            let (Some(old), Some(new)) = (self.before(file), self.content(file)) else { continue };
            let blocks = rewritten::between(file, &old, &new);
            let is_changed = |block: &rewritten::Block| {
                let (first, last) = block.range();
                touched.first(file, first, last).is_some()
            };
            if blocks.iter().any(is_changed) && fs::write(place.root.join(file), &new).is_ok() {
                touched.rewritten(file, &blocks.iter().collect::<Vec<_>>());
                fixed.push(file.to_string_lossy().into_owned());
                if let Some(known) = self.before.get_mut(index) {
                    known.1 = new;
                }
            }
        }
        fixed
    }

    /// Without them a hook fails where it works for everybody; one that is missing is its own matter.
    fn link(&self, place: &Place<'_>, files: &[PathBuf]) {
        let around = files.iter().flat_map(|file| file.ancestors().skip(1));
        let folders: BTreeSet<&Path> = around.chain([Path::new("")]).collect();
        for path in folders.iter().flat_map(|folder| LINKED.iter().map(|name| folder.join(name))) {
            let (real, link) = (place.root.join(&path), self.root().join(&path));
            if real.is_dir() && !link.exists() {
                symlink(real, link).ok();
            }
        }
    }
}
