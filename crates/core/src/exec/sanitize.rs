//! Makes text of unknown origin harmless: what a test prints must not move the cursor, set the clipboard, or read
//! differently from what it is.

/// The text without terminal sequences, control characters other than newline and tab, and characters that reorder
/// or hide text. `\r\n` and a lone `\r` become a newline, so that nothing is overwritten unseen.
pub fn sanitize(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\u{1b}' => skip_sequence(&mut rest),
            '\r' => {
                rest.next_if_eq(&'\n');
                clean.push('\n');
            }
            '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\n' | '\t' => clean.push(next),
            _ if next.is_control() || is_deceptive(next) => {}
            _ => clean.push(next),
        }
    }
    clean
}

/// The same for text that must stay in one line: line breaks and tabs become a space.
pub fn sanitize_line(text: &str) -> String {
    sanitize(text).replace(['\n', '\t'], " ").trim().to_owned()
}

/// Skips what follows ESC. Ends at a newline at the latest, so that a sequence never closed hides one line only.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            while rest.next_if(|c| matches!(c, '\u{20}'..='\u{3f}')).is_some() {}
            rest.next_if(|c| matches!(c, '\u{40}'..='\u{7e}'));
        }
        // OSC, DCS, SOS, PM and APC carry a string that ends with BEL or ST.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while rest.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}' | '\u{9c}' | '\n')).is_some() {}
            if rest.next_if_eq(&'\u{1b}').is_some() {
                rest.next_if_eq(&'\\');
            }
        }
        _ => {
            while rest.next_if(|c| matches!(c, '\u{20}'..='\u{2f}')).is_some() {}
            rest.next_if(|c| matches!(c, '\u{30}'..='\u{7e}'));
        }
    }
}

/// Bidirectional controls (Unicode Annex 9, "Trojan Source") and the invisible tag characters.
fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn removes_sequences_and_keeps_text() {
        assert_eq!(sanitize("\u{1b}[1;31mred\u{1b}[0m text"), "red text");
        assert_eq!(sanitize("\u{1b}]52;c;c2VjcmV0\u{7}after"), "after");
        assert_eq!(sanitize("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\ end"), "link end");
        assert_eq!(sanitize("\u{1b}(Bplain\u{1b}=x"), "plainx");
        assert_eq!(sanitize("\u{1b}]never closed\nnext"), "\nnext");
        assert_eq!(sanitize("a\r\nb\rc\u{2028}d\te\u{0}f"), "a\nb\nc\nd\tef");
        assert_eq!(sanitize("access\u{202e}gnissecorp"), "accessgnissecorp");
        assert_eq!(sanitize("größe 日本 👍"), "größe 日本 👍");
        assert_eq!(sanitize_line(" a\r\nb\tc "), "a b c");
    }

    fn is_harmless(c: char) -> bool {
        c == '\n' || c == '\t' || !(c.is_control() || is_deceptive(c) || matches!(c, '\u{2028}' | '\u{2029}'))
    }

    proptest! {
        #[test]
        fn nothing_harmful_comes_out(text in r"(?s)([\x00-\xa0]|\PC|.|\x1b\[[0-9;]*[a-z]?|\x1b\][a-z]*|\u{202e}|\u{2067}){0,80}") {
            let clean = sanitize(&text);
            prop_assert!(clean.chars().all(is_harmless), "{clean:?}");
            prop_assert_eq!(sanitize(&clean), clean.clone());
            prop_assert!(!sanitize_line(&text).contains(['\n', '\t']));
        }

        #[test]
        fn plain_text_is_kept(text in "[ -~äöü日]{0,80}") {
            prop_assert_eq!(sanitize(&text), text);
        }
    }
}
