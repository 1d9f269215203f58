//! Reads messages that are JSON.

use serde_json::Value;

use crate::style::clean::one_line;
use crate::style::known::Known;
use crate::style::linter::{Message, Said};

use super::lines::said;

/// Reads `[{"filePath", "messages": [{"line", "endLine", "column", "ruleId", "message"}]}]`.
pub fn read_eslint(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    for file in values(output).iter().filter_map(Value::as_array).flatten() {
        let Some(name) = text(file, "filePath") else { continue };
        let messages = file.get("messages").and_then(Value::as_array).into_iter().flatten();
        for message in messages {
            let rule = text(message, "ruleId").unwrap_or_default();
            let words = format!("{rule} {}", text(message, "message").unwrap_or_default());
            let place = Place { line: "line", last: "endLine", column: "column" };
            hear_one(known, name, place.of(message, &words), hear);
        }
    }
}

/// Reads objects with `file`, `line`, `endLine`, `column`, `message` and a `code`, alone, in an array, or in an array
/// called `comments`.
pub fn read_plain(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    for value in values(output) {
        let many = value.get("comments").unwrap_or(&value);
        for message in many.as_array().map_or(std::slice::from_ref(many), Vec::as_slice) {
            let code = match message.get("code") {
                Some(Value::Number(number)) => format!("SC{number}"),
                Some(Value::String(code)) => code.clone(),
                _ => String::new(),
            };
            let words = format!("{code} {}", text(message, "message").unwrap_or_default());
            let place = Place { line: "line", last: "endLine", column: "column" };
            let Some(name) = text(message, "file") else { continue };
            hear_one(known, name, place.of(message, &words), hear);
        }
    }
}

/// Reads one object per line: `{"reason": "compiler-message", "message": {"message", "code", "spans"}}`. Names of files
/// are relative to the workspace, not to the folder Cargo ran in.
pub fn read_cargo(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    for value in values(output) {
        let Some(message) = value.get("message").filter(|message| message.is_object()) else { continue };
        let code = message.get("code").and_then(|code| text(code, "code")).unwrap_or_default();
        let words = format!("{code} {}", text(message, "message").unwrap_or_default());
        let spans = message.get("spans").and_then(Value::as_array).into_iter().flatten();
        let is_primary = |span: &&Value| span.get("is_primary").and_then(Value::as_bool) == Some(true);
        for span in spans.filter(is_primary) {
            let place = Place { line: "line_start", last: "line_end", column: "column_start" };
            let given = text(span, "file_name").and_then(|name| known.ending(name));
            match (given, place.of(span, &words)) {
                (Some(path), Some(message)) => hear(Said::Here(Message { path: path.to_owned(), ..message })),
                _ => hear(Said::Elsewhere),
            }
        }
    }
}

/// The keys under which a place is written.
struct Place {
    line: &'static str,
    last: &'static str,
    column: &'static str,
}

impl Place {
    /// Where `value` says it is, and what is said; `None` without a line.
    fn of(&self, value: &Value, words: &str) -> Option<Message> {
        let number = |key: &str| value.get(key).and_then(Value::as_u64).filter(|number| *number > 0);
        let first = number(self.line)?;
        let last = number(self.last).unwrap_or(first);
        let path = std::path::PathBuf::new();
        Some(Message { path, first, last, column: number(self.column), text: one_line(words) })
    }
}

fn hear_one(known: &Known<'_>, name: &str, message: Option<Message>, hear: &mut dyn FnMut(Said)) {
    let Some(message) = message else { return };
    if let Some(said) = said(known, name.as_bytes(), |path| Message { path, ..message }) {
        hear(said);
    }
}

/// The JSON in what was printed: all of it, else every line that is JSON by itself.
fn values(output: &[u8]) -> Vec<Value> {
    if let Ok(value) = serde_json::from_slice(output) {
        return vec![value];
    }
    let lines = output.split(|byte| *byte == b'\n').filter(|line| matches!(line.first(), Some(b'{' | b'[')));
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}
