//! The commit message: subject, body, trailers.

use super::neutral::one_line;
use crate::exec::sanitize;

/// The message as Git reads it. A trailer is one line whatever its value holds; one without a value is left out.
pub fn commit_message(subject: &str, body: Option<&str>, trailers: &[(&str, &str)]) -> String {
    let mut message = one_line(subject);
    let body = body.map(body_text).unwrap_or_default();
    if !body.is_empty() {
        message.push_str("\n\n");
        message.push_str(&body);
    }
    let trailers = trailers.iter().map(|(key, value)| (key, one_line(value)));
    let trailers: Vec<String> = trailers
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    if !trailers.is_empty() {
        message.push_str("\n\n");
        message.push_str(&trailers.join("\n"));
    }
    message.push('\n');
    message
}

/// The value of a trailer: of the last paragraph, which must not be the subject. Keys know no case; the first counts.
pub fn trailer<'m>(message: &'m str, key: &str) -> Option<&'m str> {
    let (_, last) = message.trim_end().rsplit_once("\n\n")?;
    last.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim_end().eq_ignore_ascii_case(key).then(|| value.trim())
    })
}

/// Git and its mail tools take some lines for the end of the message; a space in front makes them text.
fn body_text(body: &str) -> String {
    let body = sanitize(body);
    let lines = body.trim().lines().map(|line| {
        let ends_message = ["---", "diff -", "Index: ", "# ------------------------ >8"];
        let pad = if ends_message.iter().any(|start| line.starts_with(start)) { " " } else { "" };
        format!("{pad}{}", line.trim_end())
    });
    lines.collect::<Vec<_>>().join("\n")
}
