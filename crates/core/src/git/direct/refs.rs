//! Refs in files: one small file per ref, and `packed-refs` for the rest (gitrepository-layout(5)).

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Direct, Known, content, packed_refs};
use crate::git::{Oid, RefName};

/// The namespaces that all worktrees share and that hold plain refs only.
const SHARED: &[&str] = &["refs/heads/", "refs/hotfix/", "refs/remotes/", "refs/replace/", "refs/tags/"];
/// As many symbolic refs are followed, one after the other, as Git follows.
const MOST_STEPS: usize = 5;

/// What one file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::git) enum Target {
    /// An object.
    Object(Oid),
    /// Another ref.
    Ref(String),
}

/// A ref, by the bytes of its name: where it points, and the ref it stands for, if it is symbolic.
pub(super) type Listed = BTreeMap<Vec<u8>, (Oid, Option<String>)>;

type Loose = BTreeMap<Vec<u8>, Target>;

impl Direct {
    /// All refs below these prefixes, which end in a slash, or of exactly these names. Files are read first: a ref that
    /// is packed meanwhile is then found in the other place.
    pub(in crate::git) fn list_refs(&self, prefixes: &[&str]) -> Option<Listed> {
        if self.config.is_none() || !prefixes.iter().all(|prefix| is_shared(prefix)) {
            return None;
        }
        let mut found = BTreeMap::new();
        for prefix in prefixes {
            self.collect(prefix, &mut found)?;
        }
        let packed = content(&self.common_dir.join("packed-refs"))?.unwrap_or_default();
        for prefix in prefixes {
            for (name, oid) in packed_refs::below(&packed, prefix.as_bytes(), self.width)? {
                if prefix.ends_with('/') || name == prefix.as_bytes() {
                    found.entry(name.to_vec()).or_insert(Target::Object(oid));
                }
            }
        }
        found.into_iter().map(|(name, target)| Some((name, self.resolve(target, &packed)?))).collect()
    }

    /// Where a ref points; `Some(None)` if it does not exist.
    pub(in crate::git) fn read_ref(&self, name: &str) -> Known<Option<Oid>> {
        let listed = self.list_refs(&[name])?;
        Some(listed.get(name.as_bytes()).map(|(oid, _)| oid.clone()))
    }

    /// What the HEAD of a worktree says, by its private folder.
    pub(in crate::git) fn head(&self, git_dir: &Path) -> Option<Target> {
        self.config.as_ref()?;
        self.target(&git_dir.join("HEAD"))?
    }

    fn collect(&self, prefix: &str, found: &mut Loose) -> Option<()> {
        let path = self.common_dir.join(prefix);
        if prefix.ends_with('/') {
            return self.collect_below(&path, prefix.as_bytes(), found);
        }
        found.extend(self.target(&path)?.map(|target| (prefix.as_bytes().to_vec(), target)));
        Some(())
    }

    /// Reads all files below a folder, whose name `prefix` ends in a slash.
    fn collect_below(&self, dir: &Path, prefix: &[u8], found: &mut Loose) -> Option<()> {
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if super::is_absence(&error) => return Some(()),
            Err(_) => return None,
        };
        for entry in entries {
            let entry = entry.ok()?;
            let name = [prefix, entry.file_name().as_bytes()].concat();
            if name.ends_with(b".lock") {
                continue;
            }
            match entry.file_type().ok()? {
                kind if kind.is_dir() => {
                    self.collect_below(&entry.path(), &[&name, b"/".as_slice()].concat(), found)?;
                }
                kind if kind.is_file() => {
                    is_plain_name(&name).then_some(())?;
                    // One that was deleted or packed since the folder was listed is no longer a file.
                    if let Some(target) = self.target(&entry.path())? {
                        found.insert(name, target);
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// What the file of a ref says; `Some(None)` if there is none.
    fn target(&self, path: &Path) -> Known<Option<Target>> {
        match path.symlink_metadata() {
            Ok(found) if found.is_file() => {}
            Ok(found) if found.is_dir() => return Some(None),
            Err(error) if super::is_absence(&error) => return Some(None),
            _ => return None,
        }
        let Some(bytes) = content(path)? else { return Some(None) };
        let text = std::str::from_utf8(&bytes).ok()?.trim_ascii_end();
        let target = match text.strip_prefix("ref:") {
            Some(name) => Target::Ref(RefName::new(name.trim_ascii_start()).ok()?.as_str().to_owned()),
            None => Target::Object(self.plain_oid(text)?),
        };
        Some(Some(target))
    }

    /// An id as Git writes it; the id of nothing is what it writes nowhere.
    fn plain_oid(&self, text: &str) -> Option<Oid> {
        let plain = text.len() == 2 * self.width && text.bytes().any(|byte| byte != b'0');
        Oid::parse(text).filter(|_| plain && !text.bytes().any(|byte| byte.is_ascii_uppercase()))
    }

    fn resolve(&self, target: Target, packed: &[u8]) -> Option<(Oid, Option<String>)> {
        let mut last = None;
        let mut target = target;
        for _ in 0..MOST_STEPS {
            match target {
                Target::Object(oid) => return Some((oid, last)),
                Target::Ref(name) => {
                    target = self.shared_target(&name, packed)?;
                    last = Some(name);
                }
            }
        }
        None
    }

    /// What a ref says that another one stands for, wherever it is kept; one that does not exist is Git's to judge.
    fn shared_target(&self, name: &str, packed: &[u8]) -> Option<Target> {
        if !is_shared(name) {
            return None;
        }
        if let Some(target) = self.target(&self.common_dir.join(name))? {
            return Some(target);
        }
        let below = packed_refs::below(packed, name.as_bytes(), self.width)?;
        below.into_iter().find(|(found, _)| *found == name.as_bytes()).map(|(_, oid)| Target::Object(oid))
    }
}

fn is_shared(name: &str) -> bool {
    SHARED.iter().any(|shared| name.starts_with(shared))
}

/// Whether Git, too, would take it for the name of a ref. Names that are no text are left to Git.
fn is_plain_name(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| RefName::new(name).is_ok())
}
