//! Which lines of a Rust file belong to tests: items marked `#[test]` or `#[cfg(test)]`, and examples in documentation.

use std::ops::RangeInclusive;

/// The lines of tests in a file, counted from 1, ascending and not overlapping.
pub fn of_tests(text: &str) -> Vec<RangeInclusive<u64>> {
    let tokens = Scanner::new(text).tokens();
    let mut lines = items(&tokens);
    lines.extend(examples(text));
    lines.sort_by_key(|range| *range.start());
    merged(lines)
}

/// Whether a file holds any test at all. Cheaper than [`of_tests`], and says yes rather once too often.
pub fn may_hold_tests(text: &str) -> bool {
    text.contains("#[cfg(test")
        || text.contains("#[cfg(all(test")
        || has_test_attribute(text)
        || has_example(text)
}

fn has_test_attribute(text: &str) -> bool {
    text.match_indices("#[").any(|(place, _)| {
        let rest = text.get(place + 2..).unwrap_or_default();
        let end = rest.find([']', '(']).unwrap_or(rest.len().min(80));
        is_test_path(rest.get(..end).unwrap_or_default())
    })
}

fn has_example(text: &str) -> bool {
    text.lines().any(|line| documentation(line).is_some_and(|said| fence(said).is_some()))
}

/// `test`, `tokio::test`, `rstest`, `test_case`, `wasm_bindgen_test`, `quickcheck` …
fn is_test_path(path: &str) -> bool {
    let last = path.rsplit("::").next().unwrap_or(path).trim();
    matches!(last, "test" | "rstest" | "quickcheck" | "proptest" | "googletest" | "bench")
        || last.starts_with("test_")
        || last.ends_with("_test")
}

fn merged(lines: Vec<RangeInclusive<u64>>) -> Vec<RangeInclusive<u64>> {
    let mut merged: Vec<RangeInclusive<u64>> = Vec::new();
    for range in lines {
        match merged.last_mut() {
            Some(last) if range.start() <= last.end() => {
                *last = *last.start()..=*last.end().max(range.end());
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// What matters of a file: everything else (comments, strings, names) is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `#[…]` with its text between the brackets, without spaces.
    Attribute(String),
    Open,
    Close,
    /// `(` or `[`.
    Begin,
    /// `)` or `]`.
    End,
    Semicolon,
    Other,
}

#[derive(Clone, Debug)]
struct Placed {
    token: Token,
    first: u64,
    last: u64,
}

/// The items whose attributes say that they are tests, from the first attribute to the end of the body.
fn items(tokens: &[Placed]) -> Vec<RangeInclusive<u64>> {
    let mut found = Vec::new();
    let mut place = 0;
    while let Some(first) = tokens.get(place) {
        let rest = tokens.get(place..).unwrap_or_default();
        let attributes = rest.iter().take_while(|placed| matches!(placed.token, Token::Attribute(_))).count();
        let of_test =
            |placed: &Placed| matches!(&placed.token, Token::Attribute(text) if is_test_attribute(text));
        if attributes == 0 {
            place += 1;
        } else if rest.iter().take(attributes).any(of_test) {
            let length = attributes + body(rest.get(attributes..).unwrap_or_default());
            let last = tokens.get(place + length - 1).map_or(first.last, |placed| placed.last);
            found.push(first.first..=last);
            place += length;
        } else {
            place += attributes;
        }
    }
    found
}

/// Number of tokens up to the end of an item: its `;` or the brace that closes its body.
fn body(tokens: &[Placed]) -> usize {
    let (mut depth, mut brackets) = (0_usize, 0_usize);
    for (place, placed) in tokens.iter().enumerate() {
        match placed.token {
            Token::Open => depth += 1,
            // The end of what the item stands in.
            Token::Close if depth == 0 => return place,
            Token::Close if depth == 1 && brackets == 0 => return place + 1,
            Token::Close => depth -= 1,
            Token::Begin => brackets += 1,
            Token::End => brackets = brackets.saturating_sub(1),
            Token::Semicolon if depth == 0 && brackets == 0 => return place + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn is_test_attribute(text: &str) -> bool {
    if let Some(condition) = text.strip_prefix("cfg(") {
        let words: Vec<&str> = condition.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        return words.contains(&"test") && !words.contains(&"not") && !words.contains(&"any");
    }
    is_test_path(text.split('(').next().unwrap_or(text))
}

/// Reads just enough of Rust's lexical rules to know which braces are code.
struct Scanner<'a> {
    bytes: &'a [u8],
    place: usize,
    line: u64,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), place: 0, line: 1 }
    }

    fn tokens(mut self) -> Vec<Placed> {
        let mut tokens = Vec::new();
        while let Some(byte) = self.peek(0) {
            let first = self.line;
            let token = self.token(byte);
            if let Some(token) = token {
                tokens.push(Placed { token, first, last: self.line });
            }
        }
        tokens
    }

    fn token(&mut self, byte: u8) -> Option<Token> {
        match byte {
            b'/' if self.peek(1) == Some(b'/') => self.skip_line(),
            b'/' if self.peek(1) == Some(b'*') => self.skip_comment(),
            byte if byte.is_ascii_whitespace() => self.advance(),
            b'#' if self.peek(1) == Some(b'[') => return Some(self.attribute()),
            b'"' => return Some(self.other(Self::skip_string)),
            b'r' | b'b' | b'c' if self.raw_hashes().is_some() => return Some(self.other(Self::skip_raw)),
            b'\'' => return Some(self.other(Self::skip_quote)),
            byte if is_of_word(byte) => return Some(self.other(Self::skip_word)),
            _ => return Some(self.sign(byte)),
        }
        None
    }

    fn other(&mut self, skip: fn(&mut Self)) -> Token {
        skip(self);
        Token::Other
    }

    fn sign(&mut self, byte: u8) -> Token {
        self.advance();
        match byte {
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'(' | b'[' => Token::Begin,
            b')' | b']' => Token::End,
            b';' => Token::Semicolon,
            _ => Token::Other,
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.place + ahead).copied()
    }

    fn advance(&mut self) {
        self.line += u64::from(self.peek(0) == Some(b'\n'));
        self.place += 1;
    }

    fn skip_word(&mut self) {
        while self.peek(0).is_some_and(is_of_word) {
            self.advance();
        }
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|byte| byte != b'\n') {
            self.advance();
        }
    }

    /// Comments in comments count.
    fn skip_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'/', Some(b'*')) => depth += 1,
                (b'*', Some(b'/')) => depth -= 1,
                _ => {
                    self.advance();
                    continue;
                }
            }
            self.advance();
            self.advance();
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_string(&mut self) {
        self.advance();
        while let Some(byte) = self.peek(0) {
            self.advance();
            match byte {
                b'\\' => self.advance(),
                b'"' => return,
                _ => {}
            }
        }
    }

    /// The number of `#` of a raw string that begins here: `r"`, `r#"`, `br##"`, `cr"`.
    fn raw_hashes(&self) -> Option<usize> {
        let start = if self.peek(0) == Some(b'r') { 1 } else { 2 };
        let is_raw = start == 1 || self.peek(1) == Some(b'r');
        let hashes = self.bytes.get(self.place + start..)?.iter().take_while(|byte| **byte == b'#').count();
        (is_raw && self.peek(start + hashes) == Some(b'"')).then_some(hashes)
    }

    fn skip_raw(&mut self) {
        let hashes = self.raw_hashes().unwrap_or_default();
        while self.peek(0).is_some_and(|byte| byte != b'"') {
            self.advance();
        }
        self.advance();
        while let Some(byte) = self.peek(0) {
            self.advance();
            let closing = (0..hashes).all(|ahead| self.peek(ahead) == Some(b'#'));
            if byte == b'"' && closing {
                return;
            }
        }
    }

    /// A character, `'a'` or `'\n'`, or a lifetime, `'a`.
    fn skip_quote(&mut self) {
        self.advance();
        if self.peek(0) == Some(b'\\') {
            self.advance();
            self.advance();
            while self.peek(0).is_some_and(|byte| byte != b'\'' && byte != b'\n') {
                self.advance();
            }
            self.advance();
            return;
        }
        let length = self.bytes.get(self.place..).and_then(character_length).unwrap_or(1);
        if self.peek(length) == Some(b'\'') {
            for _ in 0..=length {
                self.advance();
            }
        }
    }

    fn attribute(&mut self) -> Token {
        self.advance();
        self.advance();
        let mut depth = 1_usize;
        let mut text = String::new();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'[' => depth += 1,
                b']' => depth -= 1,
                _ => {}
            }
            self.advance();
            if depth == 0 {
                break;
            }
            if !byte.is_ascii_whitespace() {
                text.push(char::from(byte));
            }
        }
        Token::Attribute(text)
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn character_length(bytes: &[u8]) -> Option<usize> {
    let first = *bytes.first()?;
    Some(match first {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    })
}

/// The code of examples in documentation, fences included.
fn examples(text: &str) -> Vec<RangeInclusive<u64>> {
    let mut found = Vec::new();
    let mut open: Option<(u64, bool)> = None;
    for (line, number) in text.lines().zip(1_u64..) {
        let Some(said) = documentation(line) else {
            open = None;
            continue;
        };
        match (fence(said), open) {
            (Some(_), Some((first, is_test))) => {
                if is_test {
                    found.push(first..=number);
                }
                open = None;
            }
            (Some(words), None) => open = Some((number, is_tested(words))),
            (None, _) => {}
        }
    }
    found
}

/// What a line of documentation says, `/// …` or `//! …`.
fn documentation(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
}

/// The words after a fence.
fn fence(said: &str) -> Option<&str> {
    let said = said.trim_start();
    said.strip_prefix("```").or_else(|| said.strip_prefix("~~~"))
}

/// Whether rustdoc runs a block with these words ("Documentation tests" of the rustdoc book).
fn is_tested(words: &str) -> bool {
    let known = ["rust", "should_panic", "no_run", "compile_fail", "standalone_crate"];
    let mut words = words.split([',', ' ', '{', '}']).filter(|word| !word.is_empty());
    words.all(|word| known.contains(&word) || word.starts_with("edition"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines of a text that end with `// T`, which is how these tests mark what belongs to tests.
    fn marked(text: &str) -> Vec<u64> {
        text.lines().zip(1..).filter(|(line, _)| line.ends_with('T')).map(|(_, number)| number).collect()
    }

    fn found(text: &str) -> Vec<u64> {
        of_tests(text).into_iter().flatten().collect()
    }

    #[test]
    fn finds_modules_functions_and_declarations() {
        let text = r##"use std::fmt; // no
#[cfg(test)] // T
mod tests; // T
pub fn price() -> &'static str { "#[test] {" }
#[test] // T
#[should_panic(expected = "]")] // T
fn panics<'a>() { // T
    let _ = ('{', '\'', "}\"", r#"}"}"#, b'}'); /* } /* } */ */ // T
} // T
#[cfg(not(test))]
fn real() {}
#[derive(Debug)]
struct A { b: u8 }
#[cfg(all(test, unix))] // T
mod more { // T
    fn helper() -> [u8; 1] { [1; 1] } // T
} // T
#[tokio::test(flavor = "multi_thread")] // T
async fn waits() {} // T
#[test_case(1; "one")] // T
fn cases(_: u8) {} // T
#[cfg(any(test, feature = "x"))]
fn both() {}
"##;
        assert_eq!(found(text), marked(text));
        assert!(may_hold_tests(text));
    }

    #[test]
    fn finds_examples_that_run() {
        let text = "/// Adds.\n/// ``` T\n".replace(" T", "")
            + "/// assert!(true);\n/// ```\n/// ```text\n/// no\n/// ```\nfn a() {}\n//! ```should_panic\n//! x\n//! ```\n";
        assert_eq!(found(&text), [2, 3, 4, 9, 10, 11]);
        assert!(may_hold_tests(&text));
        assert!(!may_hold_tests("/// Adds.\npub fn add() {}\n#[derive(Debug)]\nstruct A;\n"));
    }

    proptest! {
        #[test]
        fn any_text_does_no_harm(text in "(#\\[cfg\\(test\\)\\]|#\\[test\\]|mod a|[{};'\"#\\\\rb/*]|/// ```|é|\n| ){0,60}") {
            let lines = text.lines().count() as u64;
            let ranges = of_tests(&text);
            for pair in ranges.windows(2) {
                prop_assert!(pair[0].end() < pair[1].start());
            }
            for range in &ranges {
                prop_assert!(*range.start() >= 1 && range.start() <= range.end() && *range.end() <= lines + 1);
            }
        }
    }
}
