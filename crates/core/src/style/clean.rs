//! Linters' words, made fit for a report.

use crate::exec::redact;

/// Longest message kept, characters: more is not read by anybody.
const LIMIT: usize = 400;

/// One line without control characters and credentials.
pub fn one_line(text: &str) -> String {
    let printable: String = text.chars().map(|c| if is_harmful(c) { ' ' } else { c }).take(LIMIT).collect();
    redact(printable.trim()).into_owned()
}

/// Whether a character could move the cursor or change the direction of writing.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}
