//! Makes text of unknown origin harmless: what a test prints must not move the cursor, set the clipboard, or read
//! differently from what it is.

/// The text without terminal sequences, control characters other than newline and tab, and characters that reorder
/// or hide text. `\r\n` and a lone `\r` become a newline, so that nothing is overwritten unseen.
pub fn sanitize(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut rest),
            '\u{9b}' => skip_until(&mut rest, is_final),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut rest),
            '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\r' if rest.peek() != Some(&'\n') => clean.push('\n'),
            '\n' | '\t' => clean.push(c),
            _ if c.is_control() || is_invisible(c) => {}
            _ => clean.push(c),
        }
    }
    clean
}

/// The same for text that must stay in one line: line breaks and tabs become a space.
pub fn sanitize_line(text: &str) -> String {
    sanitize(text).replace(['\n', '\t'], " ").trim().to_owned()
}

/// Direction, zero-width spaces, soft hyphen, tags; joiners stay, for scripts and emoji that need them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

type Rest<'t> = std::iter::Peekable<std::str::Chars<'t>>;

/// Skips what follows an ESC (ECMA-48): `[` to a final byte, a string to its end, else one character, which others
/// between space and `/` may precede.
fn skip_sequence(rest: &mut Rest<'_>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_until(rest, is_final);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
        _ => skip_until(rest, |c| c > '/'),
    }
}

/// Skips parameters and the final byte. Anything else ends the sequence and is kept.
fn skip_until(rest: &mut Rest<'_>, is_last: impl Fn(char) -> bool) {
    while let Some(c) = rest.next_if(|c| ('\u{20}'..='\u{7e}').contains(c)) {
        if is_last(c) {
            return;
        }
    }
}

/// Skips a string up to BEL or ST, or the end of the line: a sequence cut off must not swallow the rest.
fn skip_string(rest: &mut Rest<'_>) {
    while let Some(c) = rest.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

fn is_final(c: char) -> bool {
    ('\u{40}'..='\u{7e}').contains(&c)
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
        c == '\n' || c == '\t' || !(c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}'))
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
