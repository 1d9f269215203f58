//! Files of the user's worktree that are written because they asked for it, and never over something of theirs.

use std::fs::{OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use super::PostmortemError;
use crate::env::without_dots;
use crate::error::{FileError, Result};
use crate::page::{self, Sealed};
use crate::session::{Hotfix, Project};

/// A file to read or write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Root of the worktree; none in a bare repository.
    top: Option<PathBuf>,
    path: PathBuf,
}

impl Place {
    /// A path that somebody typed.
    pub fn chosen(project: &Project, path: &Path) -> Self {
        let path = without_dots(&project.ctx().env.current_dir().join(path));
        Self { top: project.repository.top().map(Path::to_owned), path }
    }

    /// A path from the record: of this repository, or a whole one.
    pub fn recorded(project: &Project, path: &str) -> Result<Self> {
        if Path::new(path).is_absolute() {
            return Ok(Self::chosen(project, Path::new(path)));
        }
        Self::inside(project, path)
    }

    /// The path that the configuration gives it.
    pub fn configured(project: &Project, hotfix: &Hotfix) -> Result<Self> {
        let record = hotfix.record();
        let date = record.started_at.strftime("%Y-%m-%d").to_string();
        let pattern = &hotfix.loaded.config.follow_up.postmortem_path;
        Self::inside(project, &pattern.replace("{date}", &date).replace("{id}", &record.id.replace('/', "-")))
    }

    /// A path that the repository gives: it stays in the worktree, wherever links lead, and out of `.git`.
    fn inside(project: &Project, relative: &str) -> Result<Self> {
        let top = project.repository.top().ok_or(PostmortemError::NoWorktree)?;
        let outside = || PostmortemError::Outside { path: relative.to_owned() };
        let plain = |part: Component<'_>| match part {
            Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
            _ => false,
        };
        let whole = !relative.is_empty() && !relative.ends_with('/');
        if !whole || !Path::new(relative).components().all(plain) {
            return Err(outside().into());
        }
        let path = top.join(relative);
        let there = path.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
        let top_is = top.canonicalize().map_err(FileError::of("read", top))?;
        if there.is_none_or(|there| !there.starts_with(top_is)) || path.is_symlink() {
            return Err(outside().into());
        }
        Ok(Self { top: Some(top.to_owned()), path })
    }

    /// The file beside it with another ending.
    pub fn beside(&self, ending: &str) -> Self {
        Self { path: self.path.with_extension(ending), ..self.clone() }
    }

    /// As the record keeps it.
    pub fn stored(&self) -> String {
        let inside = self.top.as_ref().and_then(|top| self.path.strip_prefix(top).ok());
        inside.unwrap_or(&self.path).to_string_lossy().into_owned()
    }

    /// As people see it.
    pub fn shown(&self) -> String {
        self.stored()
    }

    /// What is there; `None` if nothing is.
    pub fn read(&self) -> Result<Option<Vec<u8>>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FileError::of("read", &self.path)(error).into()),
        }
    }

    /// Writes a file that is not there. If it is after all, nothing is changed.
    pub fn create(&self, bytes: &[u8]) -> Result<()> {
        self.make_folder()?;
        let failed = || FileError::of("write", &self.path);
        let mut file = OpenOptions::new().write(true).create_new(true).open(&self.path).map_err(failed())?;
        Ok(file.write_all(bytes).map_err(failed())?)
    }

    /// Puts a file in the place of the one that is there, as a whole.
    pub fn replace(&self, bytes: &[u8]) -> Result<()> {
        self.make_folder()?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let failed = || FileError::of("write", &self.path);
        let mut builder = tempfile::Builder::new();
        // What a new file gets, less what the user's mask takes away.
        builder.prefix(".postmortem-").permissions(Permissions::from_mode(0o666));
        let mut file = builder.tempfile_in(folder).map_err(failed())?;
        file.write_all(bytes).map_err(failed())?;
        file.persist(&self.path).map_err(|error| failed()(error.error))?;
        Ok(())
    }

    /// Writes a page where there is none, or over one of ours that nobody has edited.
    pub fn write_page(&self, page: &str) -> Result<()> {
        let sealed = page::seal(page);
        match self.read()? {
            None => self.create(sealed.as_bytes()),
            Some(found) if page::sealed(&found) == Sealed::Untouched => self.replace(sealed.as_bytes()),
            Some(_) => Err(PostmortemError::Edited { path: self.shown() }.into()),
        }
    }

    fn make_folder(&self) -> Result<()> {
        let Some(folder) = self.path.parent() else { return Ok(()) };
        Ok(std::fs::create_dir_all(folder).map_err(FileError::of("create", folder))?)
    }
}
