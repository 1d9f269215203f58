//! Reads refs, objects and trees without a process, by gitoxide. Every function gives `None` where only Git can know, such
//! as an object that a partial clone has left on the remote; its caller then asks Git. This is the one place that decides
//! between the two.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gix_object::Find;

use super::format::Format;
use super::hash::name_of;
use super::{Object, Oid, RefName};

/// The namespaces that all worktrees share and that hold plain refs only.
const SHARED: &[&str] = &["refs/heads/", "refs/hotfix/", "refs/remotes/", "refs/replace/", "refs/tags/"];
/// As many symbolic refs are followed, one after the other, as Git follows.
const MOST_STEPS: usize = 5;
/// How often refs are listed before Git is asked, where `packed-refs` changes each time.
const TRIES: usize = 3;

/// An answer: `None` where only Git can know.
pub(super) type Known<T> = Option<T>;

/// A ref, by the bytes of its name: where it points, and the ref it stands for, if it is symbolic.
pub(super) type Listed = BTreeMap<Vec<u8>, (Oid, Option<String>)>;

/// What a ref holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An object.
    Object(Oid),
    /// Another ref.
    Ref(String),
}

/// The refs and objects of one repository.
pub(super) struct Reader {
    common_dir: PathBuf,
    hash: gix_hash::Kind,
    /// Whether refs and objects lie where they always did. Else only Git may read them.
    is_plain: bool,
    writes_plainly: bool,
    objects: OnceLock<Option<Arc<gix_odb::Store>>>,
    replaced: OnceLock<bool>,
}

impl Reader {
    /// The reader of a repository whose objects are named by `sha1` or `sha256`.
    pub(super) fn new(common_dir: &Path, object_format: &str) -> Self {
        let format = Format::read(common_dir).filter(Format::is_plain);
        Self {
            common_dir: common_dir.to_owned(),
            hash: if object_format == "sha256" { gix_hash::Kind::Sha256 } else { gix_hash::Kind::Sha1 },
            is_plain: format.is_some(),
            writes_plainly: format.is_some_and(|format| format.writes_plainly()),
            objects: OnceLock::new(),
            replaced: OnceLock::new(),
        }
    }

    /// How the repository names its objects.
    pub(super) fn hash(&self) -> gix_hash::Kind {
        self.hash
    }

    /// Whether new files of the repository get no other rights than the user's own mask gives them.
    pub(super) fn writes_plainly(&self) -> bool {
        self.writes_plainly
    }

    /// All refs below these prefixes, which end in a slash, or of exactly these names.
    pub(super) fn list_refs(&self, prefixes: &[&str]) -> Option<Listed> {
        self.is_plain.then_some(())?;
        prefixes.iter().all(|prefix| is_shared(prefix)).then_some(())?;
        for _ in 0..TRIES {
            // A ref that `git pack-refs` moves into the file while the others are read would be in neither place.
            let before = stamp(&self.common_dir.join("packed-refs"))?;
            let listed = self.list_once(prefixes)?;
            if stamp(&self.common_dir.join("packed-refs"))? == before {
                return Some(listed);
            }
        }
        None
    }

    fn list_once(&self, prefixes: &[&str]) -> Option<Listed> {
        // Opened anew each time: it would notice a changed `packed-refs` by its time alone.
        let refs = gix_ref::file::Store::at(self.common_dir.clone(), self.hash);
        let mut listed = Listed::new();
        for prefix in prefixes {
            holds_no_links(&self.common_dir.join(prefix))?;
            if prefix.ends_with('/') {
                let packed = refs.cached_packed_buffer().ok()?;
                let prefix: &gix_path::RelativePath = prefix.as_bytes().try_into().ok()?;
                let below =
                    refs.iter_prefixed_packed(prefix, packed.as_ref().map(|packed| &***packed)).ok()?;
                for found in below {
                    add(&refs, found.ok()?, &mut listed)?;
                }
            } else if let Some(found) = find(&refs, prefix)? {
                add(&refs, found, &mut listed)?;
            }
        }
        Some(listed)
    }

    /// Where a ref points; `Some(None)` if it does not exist.
    pub(super) fn read_ref(&self, name: &str) -> Known<Option<Oid>> {
        let listed = self.list_refs(&[name])?;
        Some(listed.get(name.as_bytes()).map(|(oid, _)| oid.clone()))
    }

    /// What the HEAD of a worktree holds, by its private folder.
    pub(super) fn head(&self, git_dir: &Path) -> Option<Target> {
        self.is_plain.then_some(())?;
        let refs = gix_ref::file::Store::at(git_dir.to_owned(), self.hash);
        match refs.try_find_loose("HEAD").ok()??.target {
            gix_ref::Target::Object(id) => Some(Target::Object(oid_of(&id)?)),
            gix_ref::Target::Symbolic(name) => Some(Target::Ref(name.as_bstr().to_string())),
        }
    }

    /// An object of this id. Its bytes hash to the id.
    pub(super) fn object(&self, oid: &Oid) -> Option<Object> {
        let id = self.id(oid)?;
        let objects = self.objects()?;
        let mut bytes = Vec::new();
        let kind = objects.try_find(&id, &mut bytes).ok()??.kind;
        let right = name_of(self.hash.len_in_bytes(), kind, &bytes) == *oid;
        right.then(|| Object { oid: oid.clone(), kind: kind.to_string(), bytes })
    }

    /// What a name stands for that is a whole id or a full ref, with or without `:<path>`. `Some(None)` if there is no
    /// such path.
    pub(super) fn named(&self, name: &str) -> Known<Option<Object>> {
        let (root, path) = name.split_once(':').map_or((name, None), |(root, path)| (root, Some(path)));
        let root = match root.starts_with("refs/") {
            true => match self.read_ref(root)? {
                Some(oid) => oid,
                None => return Some(None),
            },
            false => Oid::parse(root)?,
        };
        match path {
            Some(path) => self.below(&root, path),
            None => self.object(&root).map(Some),
        }
    }

    /// The tree of a commit, or the tree itself.
    pub(super) fn tree_of(&self, treeish: &Oid) -> Option<Object> {
        let object = self.object(treeish)?;
        match object.kind.as_str() {
            "tree" => Some(object),
            "commit" => {
                let mut commit = gix_object::CommitRefIter::from_bytes(&object.bytes, self.hash);
                self.object(&oid_of(&commit.tree_id().ok()?)?)
            }
            _ => None,
        }
    }

    fn below(&self, root: &Oid, path: &str) -> Known<Option<Object>> {
        let mut object = self.tree_of(root)?;
        if path.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            return None;
        }
        for part in path.split('/') {
            if object.kind != "tree" {
                return Some(None);
            }
            let mut entries = gix_object::TreeRefIter::from_bytes(&object.bytes, self.hash);
            let found = entries.find_map(|entry| match entry {
                Ok(entry) if entry.filename == part => Some(Ok(entry)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            });
            let Some(entry) = found.transpose().ok()? else { return Some(None) };
            // A submodule's commit is somewhere else.
            if entry.mode.is_commit() {
                return None;
            }
            object = self.object(&oid_of(entry.oid)?)?;
        }
        Some(Some(object))
    }

    /// The objects as gitoxide finds them, for trees that are compared or changed. `None` if an object may stand for another
    /// one (git-replace(1)), so that the object read is not the one meant.
    pub(super) fn objects(&self) -> Option<gix_odb::HandleArc> {
        self.is_plain.then_some(())?;
        if self.has_replacements() {
            return None;
        }
        let open = || {
            let options = gix_odb::store::init::Options::default();
            let folder = self.common_dir.join("objects");
            gix_odb::Store::at_opts(folder, self.hash, &mut std::iter::empty(), options).ok().map(Arc::new)
        };
        let store = self.objects.get_or_init(open).as_ref()?;
        Some(gix_odb::Cache::from(store.to_handle_arc()))
    }

    /// An id of the repository's own kind.
    pub(super) fn id(&self, oid: &Oid) -> Option<gix_hash::ObjectId> {
        gix_hash::ObjectId::from_hex(oid.as_str().as_bytes()).ok().filter(|id| id.kind() == self.hash)
    }

    fn has_replacements(&self) -> bool {
        *self.replaced.get_or_init(|| {
            self.list_refs(&["refs/replace/"]).is_none_or(|replacements| !replacements.is_empty())
        })
    }
}

/// An id as we write it; `None` for the id of nothing.
pub(super) fn oid_of(id: &gix_hash::oid) -> Option<Oid> {
    Oid::parse(&id.to_string()).filter(|_| !id.is_null())
}

/// `None` if something here is a link in the file system: to Git that is a symbolic ref, to gitoxide it is none.
fn holds_no_links(path: &Path) -> Option<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => None,
        Ok(found) if found.is_dir() => holds_no_links_below(path),
        Ok(_) => Some(()),
        Err(error) => is_absence(&error).then_some(()),
    }
}

fn holds_no_links_below(folder: &Path) -> Option<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return is_absence(&error).then_some(()),
    };
    for entry in entries {
        let entry = entry.ok()?;
        let kind = entry.file_type().ok()?;
        if kind.is_symlink() {
            return None;
        }
        if kind.is_dir() {
            holds_no_links_below(&entry.path())?;
        }
    }
    Some(())
}

/// Whether an error means that nothing is there: neither the file nor, maybe, the folders that lead to it.
fn is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// A ref of exactly this name; `Some(None)` if it does not exist.
fn find(refs: &gix_ref::file::Store, name: &str) -> Known<Option<gix_ref::Reference>> {
    let name = RefName::new(name).ok()?;
    let full: gix_ref::FullName = name.as_str().try_into().ok()?;
    refs.try_find(full.as_ref().as_partial_name()).ok()
}

fn add(refs: &gix_ref::file::Store, found: gix_ref::Reference, listed: &mut Listed) -> Option<()> {
    let name = found.name.as_bstr().to_vec();
    std::str::from_utf8(&name).ok()?;
    listed.insert(name, resolve(refs, found)?);
    Some(())
}

/// Where a ref points, and the last ref on the way. A symbolic one of a ref that does not exist is Git's to judge.
fn resolve(refs: &gix_ref::file::Store, found: gix_ref::Reference) -> Option<(Oid, Option<String>)> {
    let (mut target, mut last) = (found.target, None);
    for _ in 0..MOST_STEPS {
        match target {
            gix_ref::Target::Object(id) => return Some((oid_of(&id)?, last)),
            gix_ref::Target::Symbolic(name) => {
                let name = name.as_bstr().to_string();
                is_shared(&name).then_some(())?;
                target = find(refs, &name)??.target;
                last = Some(name);
            }
        }
    }
    None
}

fn is_shared(name: &str) -> bool {
    SHARED.iter().any(|shared| name.starts_with(shared))
}

/// What changes when a file is written anew; `Some(None)` if there is no file.
fn stamp(path: &Path) -> Known<Option<[i128; 3]>> {
    match path.metadata() {
        Ok(found) => {
            let modified = i128::from(found.mtime()) * 1_000_000_000 + i128::from(found.mtime_nsec());
            Some(Some([i128::from(found.ino()), i128::from(found.size()), modified]))
        }
        Err(error) if is_absence(&error) => Some(None),
        Err(_) => None,
    }
}
