//! Packs with an index of version 2 (gitformat-pack(5)). Older and newer ones are left to Git.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use flate2::bufread::ZlibDecoder;

use super::objects::{Kind, LARGEST};
use super::{Direct, delta};
use crate::git::Oid;

/// Signature and version of the index.
const INDEX_HEAD: &[u8] = b"\xfftOc\0\0\0\x02";
/// Where the table begins that says how many ids begin with at most this byte.
const FANOUT: u64 = 8;
/// Where the ids begin.
const NAMES: u64 = FANOUT + 256 * 4;
/// A position with this bit is the number of one in the table of large positions.
const LARGE: u32 = 1 << 31;
/// Longer chains of deltas than Git makes (50, or 4095 when told to).
const LONGEST_CHAIN: usize = 4096;
/// How much is read at once: most objects that are read are smaller.
const PIECE: usize = 4096;

/// One pack and its index.
#[derive(Debug)]
pub(super) struct Pack {
    index: File,
    data: File,
    width: usize,
    count: u32,
}

/// What an entry begins with.
enum Head {
    Whole(Kind),
    /// A delta to the entry this many bytes before.
    Before(u64),
    /// A delta to another object.
    On(Oid),
}

/// All packs of a repository that can be read.
pub(super) fn all(common_dir: &Path, width: usize) -> Vec<Pack> {
    let Ok(entries) = std::fs::read_dir(common_dir.join("objects/pack")) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let indexes = paths.filter(|path| path.extension().is_some_and(|ending| ending == "idx"));
    indexes.filter_map(|index| Pack::open(&index, width)).collect()
}

impl Pack {
    fn open(path: &Path, width: usize) -> Option<Self> {
        let index = File::open(path).ok()?;
        let mut head = [0; INDEX_HEAD.len()];
        index.read_exact_at(&mut head, 0).ok()?;
        let data = File::open(path.with_extension("pack")).ok()?;
        let count = number(&index, FANOUT + 255 * 4)?;
        (head == INDEX_HEAD).then_some(Self { index, data, width, count })
    }

    /// The object, if this pack holds it.
    pub(super) fn object(&self, direct: &Direct, oid: &Oid) -> Option<(Kind, Vec<u8>)> {
        let mut position = self.position(&oid.to_bytes())?;
        let mut deltas = Vec::new();
        let (kind, mut content) = loop {
            let (head, content) = self.entry(position)?;
            match head {
                Head::Whole(kind) => break (kind, content),
                Head::Before(distance) => position = position.checked_sub(distance).filter(|at| *at > 0)?,
                Head::On(base) => match self.position(&base.to_bytes()) {
                    Some(found) => position = found,
                    // Git completes packs; one that was not is read with what lies beside it.
                    None => {
                        deltas.push(content);
                        break direct.stored(&base)?;
                    }
                },
            }
            deltas.push(content);
            if deltas.len() > LONGEST_CHAIN {
                return None;
            }
        };
        while let Some(changes) = deltas.pop() {
            content = delta::apply(&content, &changes)?;
        }
        Some((kind, content))
    }

    /// Where an object's entry begins.
    fn position(&self, oid: &[u8]) -> Option<u64> {
        let first = u64::from(*oid.first()?);
        let mut low = if first == 0 { 0 } else { number(&self.index, FANOUT + (first - 1) * 4)? };
        let mut high = number(&self.index, FANOUT + first * 4)?;
        let mut name = vec![0; self.width];
        while low < high {
            let middle = low.midpoint(high);
            let at = NAMES + u64::from(middle) * self.width as u64;
            self.index.read_exact_at(&mut name, at).ok()?;
            match name.as_slice().cmp(oid) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.listed_position(middle),
            }
        }
        None
    }

    /// The tables after the ids: checksums, positions, large positions.
    fn listed_position(&self, number_of_object: u32) -> Option<u64> {
        let count = u64::from(self.count);
        let positions = NAMES + count * (self.width as u64 + 4);
        let position = number(&self.index, positions + u64::from(number_of_object) * 4)?;
        if position & LARGE == 0 {
            return Some(u64::from(position));
        }
        let mut large = [0; 8];
        let at = positions + count * 4 + u64::from(position ^ LARGE) * 8;
        self.index.read_exact_at(&mut large, at).ok()?;
        Some(u64::from_be_bytes(large))
    }

    /// An entry: what its content is, and the content.
    fn entry(&self, position: u64) -> Option<(Head, Vec<u8>)> {
        let mut from = BufReader::with_capacity(PIECE, At { file: &self.data, position });
        let (kind, size) = read_head(&mut from)?;
        let head = match kind {
            1 => Head::Whole(Kind::Commit),
            2 => Head::Whole(Kind::Tree),
            3 => Head::Whole(Kind::Blob),
            4 => Head::Whole(Kind::Tag),
            6 => Head::Before(read_distance(&mut from)?),
            7 => {
                let mut base = vec![0; self.width];
                from.read_exact(&mut base).ok()?;
                Head::On(Oid::of_bytes(&base))
            }
            _ => return None,
        };
        let mut content = Vec::new();
        ZlibDecoder::new(from).take(size + 1).read_to_end(&mut content).ok()?;
        (content.len() as u64 == size).then_some((head, content))
    }
}

/// A file, read onwards from a position.
struct At<'a> {
    file: &'a File,
    position: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

fn number(file: &File, at: u64) -> Option<u32> {
    let mut bytes = [0; 4];
    file.read_exact_at(&mut bytes, at).ok()?;
    Some(u32::from_be_bytes(bytes))
}

fn byte(from: &mut impl Read) -> Option<u8> {
    let mut byte = [0];
    from.read_exact(&mut byte).ok()?;
    Some(byte[0])
}

/// Kind and size: three bits and four bits in the first byte, seven more of the size in each that follows.
fn read_head(from: &mut impl Read) -> Option<(u8, u64)> {
    let mut last = byte(from)?;
    let kind = last >> 4 & 0x07;
    let mut size = u64::from(last & 0x0f);
    let mut shift = 4;
    while last & 0x80 != 0 {
        last = byte(from)?;
        size |= u64::from(last & 0x7f) << shift;
        shift += 7;
        if size > LARGEST {
            return None;
        }
    }
    Some((kind, size))
}

/// The distance to the base of a delta: seven bits each, the highest first, one added at every step.
fn read_distance(from: &mut impl Read) -> Option<u64> {
    let mut last = byte(from)?;
    let mut distance = u64::from(last & 0x7f);
    while last & 0x80 != 0 {
        last = byte(from)?;
        distance = (distance + 1).checked_mul(128)? | u64::from(last & 0x7f);
    }
    Some(distance)
}
