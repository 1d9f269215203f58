//! Several new objects in one call. `hash-object` and `mktree` need one process each and a tree must wait for the
//! ids of what it holds; here the ids are computed, and one `unpack-objects` writes everything (measured: 2.7 ms
//! instead of 7.3 ms for five objects). A wrong id cannot go unnoticed: `update-ref` refuses an object that is not there.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Oid, Repository, TreeEntry};
use crate::error::Result;

/// Longest piece of a zlib stream that is stored as it is (RFC 1951, 3.2.4).
const STORED_LIMIT: usize = 65_535;
/// Largest prime below 65 536, the modulus of Adler-32 (RFC 1950).
const ADLER: u32 = 65_521;
/// How many bytes may be summed up before the 32 bits of Adler-32 could run over (as in zlib).
const ADLER_RUN: usize = 5_552;

/// How often objects are written before it is given up: `git gc` may remove the folder they are just put into.
const TRIES: u32 = 3;

#[derive(Clone, Copy)]
enum Kind {
    Tree,
    Blob,
}

/// Objects that are known by their ids already and written together by [`NewObjects::write`].
#[must_use]
pub struct NewObjects<'a> {
    repository: &'a Repository,
    objects: Vec<(Kind, Vec<u8>)>,
}

impl Repository {
    /// Nothing yet.
    pub fn new_objects(&self) -> NewObjects<'_> {
        NewObjects { repository: self, objects: Vec::new() }
    }
}

impl NewObjects<'_> {
    /// Adds a blob.
    pub fn blob(&mut self, bytes: impl Into<Vec<u8>>) -> Oid {
        self.add(Kind::Blob, bytes.into())
    }

    /// Adds a tree of these entries, in any order; their names are each there once and hold no slash.
    pub fn tree(&mut self, entries: &[TreeEntry]) -> Oid {
        let mut sorted: Vec<&TreeEntry> = entries.iter().collect();
        sorted.sort_by_key(|entry| sort_name(entry));
        let mut bytes = Vec::new();
        for TreeEntry { mode, oid, name } in sorted {
            bytes.extend(format!("{} {name}\0", mode.trim_start_matches('0')).into_bytes());
            bytes.extend(oid.to_bytes());
        }
        self.add(Kind::Tree, bytes)
    }

    /// Writes all of them, durably. Never with `core.fsyncMethod=batch`, which is faster: beside a `git gc`, which
    /// removes empty folders, Git (2.39) then loses objects without a word (seen in 1 of 200 starts).
    pub fn write(self) -> Result<()> {
        let pack = self.pack();
        for _ in 1..TRIES {
            if self.unpack(pack.clone()).is_ok() {
                return Ok(());
            }
        }
        self.unpack(pack)
    }

    fn unpack(&self, pack: Vec<u8>) -> Result<()> {
        let git = self.repository.git().setting("core.fsync=committed").setting("core.fsyncMethod=fsync");
        git.args(["unpack-objects", "-q"]).input(pack).run()?;
        Ok(())
    }

    fn add(&mut self, kind: Kind, bytes: Vec<u8>) -> Oid {
        let head = format!("{} {}\0", kind.word(), bytes.len());
        let oid = self.repository.hash(&[head.as_bytes(), &bytes]);
        self.objects.push((kind, bytes));
        Oid::of_bytes(&oid)
    }

    /// The pack (gitformat-pack(5), version 2), whose objects are not compressed: Git does that as it unpacks them.
    fn pack(&self) -> Vec<u8> {
        let count = u32::try_from(self.objects.len()).unwrap_or(u32::MAX);
        let mut pack = b"PACK\0\0\0\x02".to_vec();
        pack.extend(count.to_be_bytes());
        for (kind, bytes) in &self.objects {
            pack.extend(entry_head(*kind, bytes.len()));
            pack.extend(stored(bytes));
        }
        let sum = self.repository.hash(&[&pack]);
        pack.extend(sum);
        pack
    }
}

impl Repository {
    /// The hash that this repository names its objects by.
    fn hash(&self, parts: &[&[u8]]) -> Vec<u8> {
        if self.object_format == "sha256" { hash::<Sha256>(parts) } else { hash::<Sha1>(parts) }
    }
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Blob => "blob",
        }
    }

    /// The number that stands for it in a pack.
    const fn number(self) -> u8 {
        match self {
            Self::Tree => 2,
            Self::Blob => 3,
        }
    }
}

impl Oid {
    /// The id from its bytes.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        Self(halves.filter_map(|half| char::from_digit(half.into(), 16)).collect())
    }

    /// The bytes of the id.
    fn to_bytes(&self) -> Vec<u8> {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let pair = |pair: &[u8]| pair.iter().filter_map(digit).fold(0, |byte, digit| byte << 4 | digit);
        self.0.as_bytes().chunks(2).map(pair).collect()
    }
}

fn hash<H: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(H::new(), Digest::chain_update).finalize().to_vec()
}

/// Git sorts a folder as if its name ended in a slash.
fn sort_name(entry: &TreeEntry) -> String {
    let slash = if entry.mode == "040000" { "/" } else { "" };
    format!("{}{slash}", entry.name)
}

/// Kind and length: four bits of the length in the first byte, seven in each that follows.
fn entry_head(kind: Kind, length: usize) -> Vec<u8> {
    let low = |bits: usize| u8::try_from(bits).unwrap_or_default();
    let mut head = vec![kind.number() << 4 | low(length & 0x0f)];
    let mut rest = length >> 4;
    while rest > 0 {
        if let Some(last) = head.last_mut() {
            *last |= 0x80;
        }
        head.push(low(rest & 0x7f));
        rest >>= 7;
    }
    head
}

/// A zlib stream (RFC 1950) that holds the bytes as they are.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut rest = bytes;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(STORED_LIMIT));
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(after.is_empty()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    stream.extend(adler32(bytes).to_be_bytes());
    stream
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for run in bytes.chunks(ADLER_RUN) {
        for byte in run {
            low += u32::from(*byte);
            high += low;
        }
        low %= ADLER;
        high %= ADLER;
    }
    high << 16 | low
}
