//! How a repository names what it stores.

use gix_object::Kind;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Oid;

/// The id of an object in a repository whose ids are so many bytes wide.
pub(super) fn name_of(width: usize, kind: Kind, bytes: &[u8]) -> Oid {
    let head = format!("{kind} {}\0", bytes.len());
    Oid::of_bytes(&checksum(width, &[head.as_bytes(), bytes]))
}

/// The hash by which a repository whose ids are so many bytes wide names and checks what it stores.
pub(super) fn checksum(width: usize, parts: &[&[u8]]) -> Vec<u8> {
    if width == 32 { hash::<Sha256>(parts) } else { hash::<Sha1>(parts) }
}

fn hash<H: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(H::new(), Digest::chain_update).finalize().to_vec()
}
