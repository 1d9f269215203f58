//! Text of files that others wrote, made fit for one line of a terminal.

use std::path::Path;

/// Longest part of a foreign text that a message repeats, in characters.
const LONGEST: usize = 60;

/// A text as one line: control, bidirectional and invisible characters escaped, the far end cut.
pub(super) fn shown(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST).map(|c| escaped(c, false)).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// A path as one line, whole: people have to find it.
pub(super) fn shown_path(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| escaped(c, false)).collect()
}

/// A text as a TOML string on one line.
pub(super) fn quoted(text: &str) -> String {
    let inside: String = text.chars().map(|c| escaped(c, true)).collect();
    format!("\"{inside}\"")
}

fn escaped(c: char, inside_quotes: bool) -> String {
    match c {
        '"' | '\\' if inside_quotes => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        _ if misleads(c) => format!("\\u{:04X}", u32::from(c)),
        _ => c.to_string(),
    }
}

/// Whether a terminal would obey the character, or a reader not see it. All of them fit in four hexadecimal digits.
fn misleads(c: char) -> bool {
    let bidirectional = matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}');
    c.is_control() || bidirectional || matches!(c, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hides_nothing_and_obeys_nothing() {
        assert_eq!(shown("a\u{1b}]52;c\u{7}\u{202e}b"), "a\\u001B]52;c\\u0007\\u202Eb");
        assert_eq!(shown(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
    }

    proptest! {
        #[test]
        fn quoted_text_is_read_back(text in any::<String>()) {
            let line = quoted(&text);
            prop_assert!(!line.chars().any(misleads));
            let value: toml_edit::Value = line.parse().unwrap();
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
        }
    }
}
