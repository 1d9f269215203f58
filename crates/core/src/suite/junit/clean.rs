//! Makes XML of what some tools write as XML.

use std::borrow::Cow;

/// The text of the bytes, by their mark or by what the document says of itself; what is no text becomes U+FFFD.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(wide(rest, u16::from_be_bytes)),
        _ if is_latin(bytes) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| Some(unit(pair.try_into().ok()?)));
    char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Whether the declaration names one of the encodings in which each byte is a character. Surefire writes that of the
/// build (`project.build.sourceEncoding`).
fn is_latin(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(200)).unwrap_or_default();
    let end = start.windows(2).position(|pair| pair == b"?>").unwrap_or_default();
    let declaration = String::from_utf8_lossy(start.get(..end).unwrap_or_default()).to_ascii_lowercase();
    ["iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252"]
        .iter()
        .any(|name| declaration.contains(name))
}

/// Replaces what XML 1.0 does not allow, literally or as `&#27;`, and that some tools write nevertheless.
pub fn make_parsable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(place) = rest.find(|c| c == '&' || !is_allowed(c)) {
        let (before, after) = rest.split_at(place);
        clean.push_str(before);
        rest = match bad_reference(after) {
            Some(length) => after.get(length..).unwrap_or_default(),
            None if after.starts_with('&') => {
                clean.push('&');
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            None => after.get(after.chars().next().map_or(1, char::len_utf8)..).unwrap_or_default(),
        };
        clean.push(char::REPLACEMENT_CHARACTER);
    }
    clean.push_str(rest);
    clean
}

/// The length of a reference at the start to a character that XML does not allow.
fn bad_reference(text: &str) -> Option<usize> {
    let body = text.strip_prefix("&#")?;
    let end = body.bytes().take(10).position(|byte| byte == b';')?;
    let digits = body.get(..end)?;
    let number = match digits.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    };
    let allowed = number.ok().and_then(char::from_u32).is_some_and(is_allowed);
    (!allowed).then_some(end + 3)
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
