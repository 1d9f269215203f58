//! Reads messages that are one line each.

use crate::style::clean::one_line;
use crate::style::known::{Known, Named};
use crate::style::linter::{Message, Said};

/// Passes on every line that begins with `path:line[:column]:` or `path(line,column):`.
pub fn read(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    // A name that holds a newline spreads over several lines.
    let mut begun: Vec<u8> = Vec::new();
    for line in output.split(|byte| *byte == b'\n') {
        begun.extend(line);
        match message(line, known).or_else(|| message(&begun, known)) {
            Some(said) => hear(said),
            None if known.may_continue(&begun) => {
                begun.push(b'\n');
                continue;
            }
            None => {}
        }
        begun.clear();
    }
}

/// As [`read`], without the lines that only explain the one before them, as compilers print them.
pub fn read_without_notes(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    read(output, known, &mut |said| match &said {
        Said::Here(message) if message.text.starts_with("note: ") => {}
        _ => hear(said),
    });
}

/// Passes on every `::error file=…,line=…,col=…::message`; `%25`, `%0A`, `%0D`, `%3A` and `%2C` stand for what would
/// end a part.
pub fn read_workflow_commands(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    let lines = output.split(|byte| *byte == b'\n').map(String::from_utf8_lossy);
    lines.filter_map(|line| workflow_command(&line, known)).for_each(hear);
}

fn workflow_command(line: &str, known: &Known<'_>) -> Option<Said> {
    let (head, text) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (kind, properties) = head.split_once(' ')?;
    if !matches!(kind, "error" | "warning" | "notice") {
        return None;
    }
    let property = |name: &str| {
        let mut all = properties.split(',').filter_map(|property| property.split_once('='));
        all.find(|(key, _)| *key == name).map(|(_, value)| unescaped(value))
    };
    let number = |name: &str| property(name)?.parse::<u64>().ok();
    let first = number("line")?;
    let text = match property("title") {
        Some(title) => format!("{title} {}", unescaped(text)),
        None => unescaped(text),
    };
    said(known, property("file")?.as_bytes(), |path| Message {
        path,
        first,
        last: number("endLine").unwrap_or(first),
        column: number("col"),
        text: one_line(&text),
    })
}

fn unescaped(text: &str) -> String {
    let escapes = [("%0A", " "), ("%0D", " "), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
    escapes.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

/// The message for the file of that name.
pub fn said(
    known: &Known<'_>,
    name: &[u8],
    message: impl FnOnce(std::path::PathBuf) -> Message,
) -> Option<Said> {
    match known.name(name) {
        Named::Given(path) => Some(Said::Here(message(path.to_owned()))),
        Named::Elsewhere => Some(Said::Elsewhere),
        Named::Nothing => None,
    }
}

/// Reads one message.
fn message(line: &[u8], known: &Known<'_>) -> Option<Said> {
    let is_end = |byte: &u8| matches!(byte, b':' | b'(');
    let ends = line.iter().enumerate().filter(|(_, byte)| is_end(byte)).map(|(at, _)| at);
    // A name may hold colons and digits itself: the first place where a known name ends is right. Names are short.
    for at in ends.take(16) {
        let (path, rest) = line.split_at_checked(at)?;
        let Some((row, column, text)) = numbers(rest).or_else(|| bracketed(rest)) else { continue };
        let text = one_line(&String::from_utf8_lossy(text));
        let message = |path| Message { path, first: row, last: row, column, text };
        if let Some(said) = said(known, path, message) {
            return Some(said);
        }
    }
    None
}

/// Reads `:line[:column]: message`; the last colon may be missing, as some linters print it.
fn numbers(text: &[u8]) -> Option<(u64, Option<u64>, &[u8])> {
    let (row, rest) = number(text, b":")?;
    let (column, rest) = match number(rest, b":") {
        Some((column, rest)) => (Some(column), rest),
        None => (None, rest),
    };
    match rest.first() {
        Some(b':' | b' ') => Some((row, column, rest.get(1..)?)),
        _ => None,
    }
}

/// Reads `(line,column): message`, as TypeScript prints it.
fn bracketed(text: &[u8]) -> Option<(u64, Option<u64>, &[u8])> {
    let (row, rest) = number(text, b"(")?;
    let (column, rest) = number(rest, b",")?;
    Some((row, Some(column), rest.strip_prefix(b"):")?))
}

/// Reads a sign and digits.
fn number<'a>(text: &'a [u8], sign: &[u8]) -> Option<(u64, &'a [u8])> {
    let rest = text.strip_prefix(sign)?;
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(count)?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn heard(read: fn(&[u8], &Known<'_>, &mut dyn FnMut(Said)), output: &str) -> Vec<String> {
        let files = [PathBuf::from("a.ts"), PathBuf::from("b (1,2).ts"), PathBuf::from("c,d:e.ts")];
        let known = Known::new(Path::new("/slot"), Path::new(""), &files);
        let mut heard = Vec::new();
        read(output.as_bytes(), &known, &mut |said| {
            if let Said::Here(Message { path, first, last, column, text }) = said {
                heard.push(format!("{} {first}-{last} {column:?} {text}", path.display()));
            }
        });
        heard
    }

    #[test]
    fn reads_both_ways_to_write_a_place() {
        let output = "a.ts(3,5): error TS1\nb (1,2).ts(7,1): error TS2\n./a.ts:4: x\na.ts:5:6 y\na.ts(3): no\nz(1,2): no\n";
        let expected = [
            "a.ts 3-3 Some(5) error TS1",
            "b (1,2).ts 7-7 Some(1) error TS2",
            "a.ts 4-4 None x",
            "a.ts 5-5 Some(6) y",
        ];
        assert_eq!(heard(read, output), expected);
    }

    #[test]
    fn reads_workflow_commands() {
        let output = "::error title=lint/style,file=a.ts,line=2,endLine=3,col=1::use const%2C 100%25\n\
                      ::group::x\n  ::warning file=c%2Cd%3Ae.ts,line=9::late\n::debug file=a.ts,line=1::no\n";
        let expected = ["a.ts 2-3 Some(1) lint/style use const, 100%", "c,d:e.ts 9-9 None late"];
        assert_eq!(heard(read_workflow_commands, output), expected);
    }
}
