//! Objects, loose or packed. Whatever is read must hash to the id that was asked for, so a mistake in reading, or a
//! damaged file, can never become an answer. What is not here (missing, borrowed from elsewhere, left on the remote by
//! a partial clone) only Git can find.

use std::io::Read;

use flate2::read::ZlibDecoder;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Direct, Known, pack};
use crate::git::{Object, Oid};

/// Larger objects are left to Git: 16 MiB.
pub(super) const LARGEST: u64 = 16 << 20;
/// `commit 16777216` and a NUL are shorter.
const LONGEST_HEAD: usize = 32;

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::git) enum Kind {
    /// A commit.
    Commit,
    /// A tree.
    Tree,
    /// A blob.
    Blob,
    /// An annotated tag.
    Tag,
}

impl Kind {
    /// As Git names it.
    pub(in crate::git) const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Commit, Self::Tree, Self::Blob, Self::Tag].into_iter().find(|kind| kind.word() == word)
    }
}

/// The id of an object in a repository whose ids are so many bytes wide.
pub(in crate::git) fn name_of(width: usize, kind: Kind, bytes: &[u8]) -> Oid {
    let head = format!("{} {}\0", kind.word(), bytes.len());
    Oid::of_bytes(&checksum(width, &[head.as_bytes(), bytes]))
}

/// The hash by which a repository whose ids are so many bytes wide names and checks what it stores.
pub(in crate::git) fn checksum(width: usize, parts: &[&[u8]]) -> Vec<u8> {
    if width == 32 { hash::<Sha256>(parts) } else { hash::<Sha1>(parts) }
}

fn hash<H: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(H::new(), Digest::chain_update).finalize().to_vec()
}

impl Direct {
    /// An object of this id.
    pub(in crate::git) fn object(&self, oid: &Oid) -> Option<Object> {
        if self.config.is_none() || oid.as_str().len() != 2 * self.width || self.has_replacements() {
            return None;
        }
        let (kind, bytes) = self.stored(oid)?;
        let right = name_of(self.width, kind, &bytes) == *oid;
        right.then(|| Object { oid: oid.clone(), kind: kind.word().to_owned(), bytes })
    }

    /// What a name stands for that is a whole id or a full ref, with or without `:<path>`. `Some(None)` if there is no
    /// such path.
    pub(in crate::git) fn named(&self, name: &str) -> Known<Option<Object>> {
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
    pub(in crate::git) fn tree_of(&self, treeish: &Oid) -> Option<Object> {
        let object = self.object(treeish)?;
        match object.kind.as_str() {
            "tree" => Some(object),
            "commit" => self.object(&object.commit()?.tree),
            _ => None,
        }
    }

    fn below(&self, root: &Oid, path: &str) -> Known<Option<Object>> {
        let mut object = self.tree_of(root)?;
        let odd = |part: &str| ["", ".", ".."].contains(&part);
        if path.split('/').any(odd) {
            return None;
        }
        for part in path.split('/') {
            if object.kind != "tree" {
                return Some(None);
            }
            let entries = object.entries()?;
            let Some(entry) = entries.into_iter().find(|entry| entry.name == part) else { return Some(None) };
            // A submodule's commit is somewhere else.
            if entry.mode == "160000" {
                return None;
            }
            object = self.object(&entry.oid)?;
        }
        Some(Some(object))
    }

    /// Kind and content, packed or loose; bases of deltas come through here as well.
    pub(super) fn stored(&self, oid: &Oid) -> Option<(Kind, Vec<u8>)> {
        self.loose(oid).or_else(|| {
            let packs = self.packs.get_or_init(|| pack::all(&self.common_dir, self.width));
            packs.iter().find_map(|pack| pack.object(self, oid))
        })
    }

    fn loose(&self, oid: &Oid) -> Option<(Kind, Vec<u8>)> {
        let (folder, rest) = oid.as_str().split_at_checked(2)?;
        let file = std::fs::File::open(self.common_dir.join("objects").join(folder).join(rest)).ok()?;
        let mut bytes = Vec::new();
        let most = LARGEST + LONGEST_HEAD as u64;
        ZlibDecoder::new(file).take(most).read_to_end(&mut bytes).ok()?;
        let end = bytes.iter().take(LONGEST_HEAD).position(|byte| *byte == 0)?;
        let (kind, size) = std::str::from_utf8(bytes.get(..end)?).ok()?.split_once(' ')?;
        let (kind, size) = (Kind::of_word(kind)?, size.parse::<usize>().ok()?);
        let content = bytes.split_off(end + 1);
        (content.len() == size).then_some((kind, content))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn put(dir: &std::path::Path, oid: &Oid, content: &[u8]) {
        let (folder, rest) = oid.as_str().split_at(2);
        let folder = dir.join("objects").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut encoder =
            ZlibEncoder::new(std::fs::File::create(folder.join(rest)).unwrap(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap();
    }

    #[test]
    fn what_does_not_hash_to_its_name_is_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config"), "[core]\n\trepositoryformatversion = 0\n").unwrap();
        let direct = Direct::new(dir.path(), "sha1");
        let right = name_of(20, Kind::Blob, b"1\n");
        put(dir.path(), &right, b"blob 2\x001\n");
        assert_eq!(direct.object(&right).unwrap().bytes, b"1\n");
        for wrong in [
            b"blob 2\x002\n".as_slice(),
            b"tree 2\x001\n",
            b"blob 3\x001\n",
            b"blob 2",
            b"",
            b"blob -1\x001\n",
        ] {
            put(dir.path(), &right, wrong);
            assert_eq!(direct.object(&right), None);
        }
    }
}
