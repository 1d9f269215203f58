//! Takes credentials out of whatever is about to be kept: a record is pushed, and cannot be taken back from there.

use serde_json::Value;

use crate::exec::redact;

/// The value with credentials taken out of every text in it, however deep.
pub fn clean_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(&text).into_owned()),
        Value::Array(values) => Value::Array(values.into_iter().map(clean_value).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, clean_value(value))).collect())
        }
        other => other,
    }
}

/// The bytes with credentials taken out, line by line; a line that holds none stays as it is, whatever its encoding.
pub fn clean_bytes(bytes: &[u8]) -> Vec<u8> {
    let clean = |line: &[u8]| {
        let text = String::from_utf8_lossy(line);
        let redacted = redact(&text);
        if redacted == text { line.to_vec() } else { redacted.into_owned().into_bytes() }
    };
    bytes.split_inclusive(|byte| *byte == b'\n').flat_map(clean).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hides_credentials_at_every_depth() {
        let dirty =
            json!({ "a": ["see https://me:secret@host/x", 1], "b": { "c": "http://t@h" }, "d": null });
        let clean = json!({ "a": ["see https://***@host/x", 1], "b": { "c": "http://***@h" }, "d": null });
        assert_eq!(clean_value(dirty), clean);
    }

    #[test]
    fn leaves_lines_without_credentials_byte_for_byte() {
        let log = b"\xff\xfe one\nhttps://host/ok\r\nfetch https://t:k@host\xff/\n\nlast";
        let clean = clean_bytes(log);
        assert!(clean.starts_with(b"\xff\xfe one\nhttps://host/ok\r\nfetch https://***@host"));
        assert!(clean.ends_with(b"/\n\nlast"));
    }
}
