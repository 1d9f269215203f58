//! Base64 (RFC 4648, with padding): what armoured signatures and DSSE envelopes are written in.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base64.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let digit = |place: u32| usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
        for place in 0..4 {
            let is_padding = usize::try_from(place).unwrap_or_default() > group.len();
            let byte = if is_padding { b'=' } else { DIGITS.get(digit(place)).copied().unwrap_or(b'=') };
            text.push(char::from(byte));
        }
    }
    text
}

/// The bytes that base64 stands for; `None` unless it is written exactly as [`to_base64`] writes it.
pub fn of_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte);
        let digits: Vec<usize> = group.iter().map(digit).collect::<Option<_>>()?;
        let bits = digits.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        let all = u32::try_from(bits).ok()?.to_be_bytes();
        bytes.extend(all.get(1..group.len())?);
    }
    (to_base64(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_what_the_standard_shows() {
        let table = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (text, encoded) in table {
            assert_eq!(to_base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn reads_nothing_but_what_it_writes() {
        for text in ["Zg", "Zg=", "Zh==", "Z", "Zm9v\n", "Zm9v=", "Zm 9v", "é"] {
            assert_eq!(of_base64(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(of_base64(&to_base64(&bytes)), Some(bytes));
        }
    }
}
