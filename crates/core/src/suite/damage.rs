//! Damage for the tests of everything that reads results.

use proptest::sample::Index;

/// A change: where, which byte, and what: put in its place, remove, cut off behind it, put before it.
pub type Change = (Index, u8, u8);

/// A text after some changes.
pub fn damaged(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (index, byte, kind) in changes {
        if bytes.is_empty() {
            break;
        }
        let place = index.index(bytes.len());
        match kind {
            0 => bytes[place] = *byte,
            1 => {
                bytes.remove(place);
            }
            2 => bytes.truncate(place + 1),
            _ => bytes.insert(place, *byte),
        }
    }
    bytes
}
