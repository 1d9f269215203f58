//! Reads a Python string literal as `ascii()` writes it.

/// The bytes of the literal that starts the line, and what follows it. Surrogates from `\udc80` to `\udcff` stand for
/// the bytes 0x80 to 0xff (PEP 383).
pub fn parse(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (quote, mut rest) = line.split_first()?;
    if !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let mut bytes = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        if byte == quote {
            return Some((bytes, rest));
        }
        if *byte == b'\\' {
            rest = unescape(rest, &mut bytes)?;
        } else {
            bytes.push(*byte);
        }
    }
}

/// Reads what follows a backslash.
fn unescape<'a>(text: &'a [u8], bytes: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (kind, rest) = text.split_first()?;
    let digits = match kind {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => {
            bytes.push(match kind {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => *other,
            });
            return Some(rest);
        }
    };
    let (number, rest) = rest.split_at_checked(digits)?;
    let number = u32::from_str_radix(std::str::from_utf8(number).ok()?, 16).ok()?;
    match number {
        0xdc80..=0xdcff => bytes.push(u8::try_from(number - 0xdc00).ok()?),
        _ => bytes.extend(char::from_u32(number)?.to_string().bytes()),
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_every_escape() {
        let line = br#"'./a \'\\\n\t\r\xe9\u65e5\U0001f600\udcff "b.py' 1 2"#;
        let (bytes, rest) = parse(line).unwrap();
        let mut expected = "./a '\\\n\t\r\u{e9}\u{65e5}\u{1f600}".as_bytes().to_vec();
        expected.extend(b"\xff \"b.py");
        assert_eq!(bytes, expected);
        assert_eq!(rest, b" 1 2");
        assert_eq!(parse(br#""it's" x"#).unwrap().0, b"it's");
    }

    #[test]
    fn refuses_what_is_no_literal() {
        for line in [&b""[..], b"x", b"'open", br"'\x4", br"'\ud800'", b"'\\"] {
            assert!(parse(line).is_none(), "{line:?}");
        }
    }
}
