//! The name of a hotfix: the version it will be, else words of the alert. An alert that wakes fifty people has fifty
//! starts with the same words: each takes a name that no other is about to take, instead of losing it to another again
//! and again.

use std::collections::BTreeSet;

use super::Request;
use crate::error::Result;
use crate::git::{GitError, Oid, slug};
use crate::lock::FileLock;
use crate::session::Project;

/// More names than there are starts at once.
const MOST: usize = 500;
/// Longest part of a name that comes from the alert, in characters.
const WORDS: usize = 40;

/// Names for one hotfix, best first.
pub(super) struct Names<'a> {
    project: &'a Project,
    request: &'a Request,
    version: Option<String>,
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
    pub fn of(project: &'a Project, request: &'a Request, base: &Oid) -> Result<Self> {
        let version = match (&request.name, &request.version) {
            (Some(_), _) => None,
            (None, Some(version)) => Some(version.clone()),
            (None, None) => project.newest_release(base)?.map(|version| version.next_patch().to_string()),
        };
        if let Some(bad) = request.name.iter().chain(&version).find(|name| name.starts_with('-')) {
            // Every command that takes an id would read it as an option.
            return Err(GitError::BadName { name: bad.clone() }.into());
        }
        Ok(Self { project, request, version })
    }

    /// The first that is free: not in `taken`, and no other start is about to take it.
    pub fn first_free(&self, taken: &BTreeSet<String>) -> Option<Name> {
        if let Some(name) = &self.request.name {
            return (!taken.contains(name)).then(|| Name { id: name.clone(), _lock: None });
        }
        self.all().filter(|id| !taken.contains(id)).take(MOST).find_map(|id| self.hold(id))
    }

    /// The first that is free now that it is held: whoever took it since `taken` was known let go of it before.
    pub fn surely_free(
        &self,
        taken: &mut BTreeSet<String>,
        look: impl Fn() -> Result<BTreeSet<String>>,
    ) -> Result<Option<Name>> {
        while let Some(name) = self.first_free(taken) {
            taken.extend(look()?);
            if !taken.contains(&name.id) {
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
