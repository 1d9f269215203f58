//! Deltas: an object as pieces of another one (gitformat-pack(5), "Deltified representation").

use super::objects::LARGEST;

/// The object that `changes` makes of `base`; `None` if they do not fit together.
pub(super) fn apply(base: &[u8], changes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = changes;
    let from_size = size(&mut rest)?;
    let size = size(&mut rest)?;
    if from_size != base.len() || size as u64 > LARGEST {
        return None;
    }
    let mut made = Vec::with_capacity(size);
    while let Some(instruction) = next(&mut rest) {
        let piece = match instruction {
            0 => return None,
            copy if copy & 0x80 != 0 => {
                let begin = little_endian(&mut rest, copy, 4)?;
                let length = match little_endian(&mut rest, copy >> 4, 3)? {
                    0 => 0x10000,
                    length => length,
                };
                base.get(begin..begin.checked_add(length)?)?
            }
            count => {
                let (piece, after) = rest.split_at_checked(usize::from(count))?;
                rest = after;
                piece
            }
        };
        made.extend_from_slice(piece);
        if made.len() > size {
            return None;
        }
    }
    (made.len() == size).then_some(made)
}

fn next(rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(*first)
}

/// A size: seven bits each, the lowest first.
fn size(rest: &mut &[u8]) -> Option<usize> {
    let mut size = 0;
    for shift in (0..).step_by(7).take(5) {
        let last = next(rest)?;
        size |= usize::from(last & 0x7f) << shift;
        if last & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

/// A number of which only those bytes are there whose bits are set.
fn little_endian(rest: &mut &[u8], present: u8, bytes: usize) -> Option<usize> {
    let mut number = 0;
    for position in (0..bytes).filter(|position| present >> position & 1 == 1) {
        number |= usize::from(next(rest)?) << (8 * position);
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::apply;

    #[test]
    fn copies_and_inserts() {
        let changes = b"\x06\x08\x90\x03\x02xy\x91\x03\x03";
        assert_eq!(apply(b"abcdef", changes).unwrap(), b"abcxydef");
        assert_eq!(apply(b"abcde", changes), None);
        assert_eq!(apply(b"abcdef", b"\x06\x03\x91\x04\x03"), None);
        assert_eq!(apply(b"", b"\0\0\0"), None);
    }

    proptest! {
        #[test]
        fn nonsense_is_refused_or_fits(base in any::<Vec<u8>>(), changes in any::<Vec<u8>>()) {
            if let Some(made) = apply(&base, &changes) {
                prop_assert!(made.len() < 1 << 24);
            }
        }
    }
}
