//! The name of a hotfix: the version it will be, else words of the alert. An alert that wakes fifty people has fifty
//! starts with the same words: each takes a name that no other is about to take, instead of losing it to another again
//! and again.

use std::collections::BTreeSet;

use super::Request;
use crate::error::Result;
use crate::git::{GitError, Oid, Release, slug};
use crate::lock::FileLock;
use crate::session::{Project, RemoteMemory};

/// More names than there are starts at once.
const MOST: usize = 500;
/// Longest part of a name that comes from the alert, in characters.
const WORDS: usize = 40;

/// Names for one hotfix, best first.
pub(super) struct Names<'a> {
    project: &'a Project,
    request: &'a Request,
    version: Option<String>,
    /// Whether there is a tag of the version already.
    is_released: bool,
}

/// A name that no other start on this machine takes meanwhile.
pub(super) struct Name {
    pub id: String,
    _lock: Option<Lock>,
}

/// The file that stands for a name while it is about to be taken.
struct Lock {
    path: std::path::PathBuf,
    _held: FileLock,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Who opened it a moment ago has the same name as the next one: the refs decide between them.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl<'a> Names<'a> {
    /// Names for what was asked for; by the newest release in `base` if neither a name nor a version was.
    pub fn new(
        project: &'a Project,
        request: &'a Request,
        base: &Oid,
        remote: &RemoteMemory,
    ) -> Result<Self> {
        let tags = project.release_tags(&remote.tags)?;
        let version = match (&request.name, &request.version) {
            (Some(_), _) => None,
            (None, Some(version)) => Some(version.clone()),
            (None, None) => project.next_version(base, &tags)?.map(|version| version.to_string()),
        };
        if let Some(bad) = request.name.iter().chain(&version).find(|name| name.starts_with('-')) {
            // Every command that takes an id would read it as an option.
            return Err(GitError::BadName { name: bad.clone() }.into());
        }
        let released = version.as_deref().and_then(Release::parse).filter(|version| tags.has(version));
        Ok(Self { project, request, version, is_released: released.is_some() })
    }

    /// The version that the names begin with.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// That the version which was asked for was released before.
    pub fn warning(&self) -> Option<String> {
        let version = self.version.as_deref().filter(|_| self.is_released)?;
        Some(format!("version {version} is tagged already: the branch has words of the alert in its name"))
    }

    /// Whether a branch of this name can be made beside those in `taken`, and no release has it.
    pub fn is_free(&self, id: &str, taken: &BTreeSet<String>) -> bool {
        let folder = format!("{id}/");
        let holds = taken.range(folder.clone()..).next().is_some_and(|other| other.starts_with(&folder));
        let mut folders = id.match_indices('/').filter_map(|(end, _)| id.get(..end));
        let is_released = self.is_released && self.version.as_deref() == Some(id);
        !is_released && !holds && !taken.contains(id) && !folders.any(|folder| taken.contains(folder))
    }

    /// The first that is free: not in `taken`, and no other start is about to take it.
    pub fn first_free(&self, taken: &BTreeSet<String>) -> Option<Name> {
        if let Some(name) = &self.request.name {
            return self.is_free(name, taken).then(|| Name { id: name.clone(), _lock: None });
        }
        self.all().filter(|id| self.is_free(id, taken)).take(MOST).find_map(|id| self.hold(id))
    }

    /// The first that is free now that it is held: whoever took it since `taken` was known let go of it before.
    pub fn surely_free(
        &self,
        taken: &mut BTreeSet<String>,
        look: impl Fn() -> Result<BTreeSet<String>>,
    ) -> Result<Option<Name>> {
        while let Some(name) = self.first_free(taken) {
            taken.extend(look()?);
            if self.is_free(&name.id, taken) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn all(&self) -> impl Iterator<Item = String> {
        let words = match slug(&self.request.alert, WORDS) {
            words if words.is_empty() => "alert".to_owned(),
            words => words,
        };
        let date = self.project.ctx().now().strftime("%Y-%m-%d").to_string();
        let stem = format!("{}-{words}", self.version.as_deref().unwrap_or(&date));
        let numbered = (2..).map({
            let stem = stem.clone();
            move |number: u32| format!("{stem}-{number}")
        });
        self.version.clone().into_iter().chain([stem]).chain(numbered)
    }

    /// The name, held; `None` if another start holds it. A name that cannot be held is as good: the refs decide.
    fn hold(&self, id: String) -> Option<Name> {
        let Ok(dir) = self.project.repository.make_state_dir() else {
            return Some(Name { id, _lock: None });
        };
        let path = dir.join(format!("{}.starting", id.replace('/', "-")));
        match FileLock::try_take(&path) {
            Ok(None) => None,
            Ok(Some(held)) => Some(Name { id, _lock: Some(Lock { path, _held: held }) }),
            Err(_) => Some(Name { id, _lock: None }),
        }
    }
}
