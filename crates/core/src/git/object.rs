//! Objects: blobs, trees and what is in them.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::trees::NewTree;
use super::{GitError, Oid, Repository, Tracked};
use crate::error::Result;

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// `100644`, `100755`, `120000`, `040000` or `160000`.
    pub mode: String,
    /// The object.
    pub oid: Oid,
    /// Its name; no slash.
    pub name: String,
}

/// One object as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub oid: Oid,
    /// `blob`, `tree`, `commit` or `tag`.
    pub kind: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Object {
    /// The entries, if it is a tree; `None` for another kind, or a damaged tree.
    pub fn entries(&self) -> Option<Vec<TreeEntry>> {
        let mut entries = Vec::new();
        let mut rest = (self.kind == "tree").then_some(self.bytes.as_slice())?;
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == 0)?;
            let (mode, name) = std::str::from_utf8(rest.get(..end)?).ok()?.split_once(' ')?;
            let (mode, name) = (format!("{mode:0>6}"), plain_name(name)?.to_owned());
            let after = end + 1 + self.oid.as_str().len() / 2;
            let oid = Oid::of_bytes(rest.get(end + 1..after)?);
            entries.push(TreeEntry { mode, oid, name });
            rest = rest.get(after..)?;
        }
        Some(entries)
    }
}

impl Repository {
    /// Writes a blob.
    pub fn write_blob(&self, bytes: impl Into<Vec<u8>>) -> Result<Oid> {
        self.git().args(["hash-object", "-w", "--stdin"]).input(bytes).oid()
    }

    /// Writes a tree of these entries, sorted by Git.
    pub fn write_tree(&self, entries: &[TreeEntry]) -> Result<Oid> {
        let mut lines = Vec::new();
        for TreeEntry { mode, oid, name } in entries {
            let kind = match mode.as_str() {
                "040000" => "tree",
                "160000" => "commit",
                _ => "blob",
            };
            lines.extend(format!("{mode} {kind} {oid}\t{name}\0").into_bytes());
        }
        self.git().args(["mktree", "-z"]).input(lines).oid()
    }

    /// The entries of a tree, not those of its subtrees.
    pub fn read_tree(&self, tree: &Oid) -> Result<Vec<TreeEntry>> {
        let listed = self.git().args(["ls-tree", "-z"]).arg(tree.as_str()).run()?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let entry = |line: &str| {
            let (head, name) = line.split_once('\t')?;
            let mut words = head.split(' ');
            let mode = words.next()?.to_owned();
            let oid = Oid::parse(words.nth(1)?)?;
            Some(TreeEntry { mode, oid, name: name.to_owned() })
        };
        Ok(listed.split('\0').filter_map(entry).collect())
    }

    /// The bytes of `path` in a commit or tree; `None` if there is no such file.
    pub fn read_file(&self, treeish: &Oid, path: &str) -> Result<Option<Vec<u8>>> {
        let mut found = self.read_files(&[(treeish, path)])?;
        Ok(found.pop().flatten())
    }

    /// The bytes of several files, in one call. `None` where there is no such file.
    pub fn read_files(&self, wanted: &[(&Oid, &str)]) -> Result<Vec<Option<Vec<u8>>>> {
        let names: Vec<String> = wanted.iter().map(|(treeish, path)| format!("{treeish}:{path}")).collect();
        let found = self.read_objects(&names)?;
        Ok(found.into_iter().map(|object| object.map(|object| object.bytes)).collect())
    }

    /// The same of very many, always by one call of Git: it keeps in memory what deltas are made of, which is worth a
    /// process from some hundred objects on.
    pub fn read_many_files(&self, wanted: &[(&Oid, &str)]) -> Result<Vec<Option<Vec<u8>>>> {
        let names: Vec<String> = wanted.iter().map(|(treeish, path)| format!("{treeish}:{path}")).collect();
        let found = self.ask_objects(&names.iter().collect::<Vec<_>>())?;
        Ok(found.into_iter().map(|object| object.map(|object| object.bytes)).collect())
    }

    /// Several objects, in one call, each by any name Git knows for it (`refs/x`, `<oid>:path`; no newline). `None`
    /// where there is none.
    pub fn read_objects(&self, names: &[String]) -> Result<Vec<Option<Object>>> {
        let mut objects: Vec<Option<Option<Object>>> =
            names.iter().map(|name| self.reader.named(name)).collect();
        let open: Vec<&String> =
            names.iter().zip(&objects).filter(|(_, found)| found.is_none()).map(|(name, _)| name).collect();
        let mut asked = self.ask_objects(&open)?.into_iter();
        for object in objects.iter_mut().filter(|found| found.is_none()) {
            *object = asked.next();
        }
        Ok(objects.into_iter().map(Option::flatten).collect())
    }

    fn ask_objects(&self, names: &[&String]) -> Result<Vec<Option<Object>>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let unreadable = || GitError::Unreadable { command: "cat-file".to_owned() };
        let questions: String = names.iter().flat_map(|name| [name.as_str(), "\n"]).collect();
        let answers = self.git().args(["cat-file", "--batch"]).input(questions).run()?;
        let mut rest = answers.as_slice();
        let mut objects = Vec::new();
        for _ in names {
            let (object, remaining) = batch_answer(rest).ok_or_else(unreadable)?;
            objects.push(object);
            rest = remaining;
        }
        Ok(objects)
    }

    /// All files in a commit or tree, as Git names them.
    pub fn list_files(&self, treeish: &Oid) -> Result<Vec<std::path::PathBuf>> {
        if let Some(seen) = self.seen_files(treeish) {
            return Ok(seen);
        }
        let listed = self.git().args(["ls-tree", "-r", "-z", "--name-only"]).arg(treeish.as_str()).run()?;
        Ok(listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(super::path_of).collect())
    }

    /// The tree of a commit.
    pub fn tree_of(&self, commit: &Oid) -> Result<Oid> {
        match self.reader.tree_of(commit) {
            Some(tree) => Ok(tree.oid),
            None => self.git().args(["rev-parse", "--verify"]).arg(format!("{commit}^{{tree}}")).oid(),
        }
    }

    /// A tree like `base` in which some paths hold other blobs, or nothing. Nothing on disk is touched but a
    /// temporary index in `scratch`.
    pub fn overlay_tree(&self, base: &Oid, changes: &[super::Change], scratch: &Path) -> Result<Oid> {
        let file = |change: &super::Change| {
            let tracked = match &change.new {
                Some((mode, oid)) => {
                    Some(Tracked { mode: u32::from_str_radix(mode, 8).ok()?, oid: oid.clone() })
                }
                None => None,
            };
            Some((change.path.as_os_str().as_bytes().to_vec(), tracked))
        };
        let files: Option<Vec<_>> = changes.iter().map(file).collect();
        let patched = files.and_then(|files| self.reader.overlay(base, &files));
        let made = patched.unwrap_or_default();
        let Some(tree) = made.last().map(|tree| tree.oid.clone()) else {
            return self.overlay_by_index(base, changes, scratch);
        };
        let mut objects = self.new_objects();
        for NewTree { oid, bytes } in made {
            objects.add_tree(&oid, bytes);
        }
        objects.write_missing()?;
        Ok(tree)
    }

    fn overlay_by_index(&self, base: &Oid, changes: &[super::Change], scratch: &Path) -> Result<Oid> {
        let index = scratch.join(format!("index-{}", self.ctx().clock.ulid()));
        self.git().index(&index).args(["read-tree", base.as_str()]).run()?;
        let mut lines = Vec::new();
        for change in changes {
            let (mode, oid) = match &change.new {
                Some((mode, oid)) => (mode.as_str(), oid.as_str()),
                None => ("0", self.zero()),
            };
            lines.extend(format!("{mode} {oid}\t").into_bytes());
            lines.extend(change.path.as_os_str().as_bytes());
            lines.push(0);
        }
        let update = self.git().index(&index).args(["update-index", "-z", "--index-info"]).input(lines).run();
        let tree = update.and_then(|_| self.git().index(&index).arg("write-tree").oid());
        std::fs::remove_file(&index).ok();
        tree
    }
}

/// Git writes no other names; a tree made by somebody with bad intentions may hold them.
fn plain_name(name: &str) -> Option<&str> {
    let bad = name.is_empty() || name.contains('/') || [".", "..", ".git"].contains(&name);
    (!bad).then_some(name)
}

/// One answer of `cat-file --batch`: the object, or `None` for a missing one, and what follows.
fn batch_answer(bytes: &[u8]) -> Option<(Option<Object>, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = (bytes.get(..end)?, bytes.get(end + 1..)?);
    let head = String::from_utf8_lossy(head);
    if head.ends_with(" missing") || head.ends_with(" ambiguous") {
        return Some((None, rest));
    }
    let mut words = head.split(' ');
    let (oid, kind) = (Oid::parse(words.next()?)?, words.next()?.to_owned());
    let size: usize = words.next()?.parse().ok()?;
    let bytes = rest.get(..size)?.to_vec();
    Some((Some(Object { oid, kind, bytes }), rest.get(size + 1..)?))
}
