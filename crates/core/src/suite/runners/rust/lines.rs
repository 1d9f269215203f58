//! Which lines of a Rust file belong to tests: items marked `#[test]` or `#[cfg(test)]`, macros that make tests, and
//! examples in documentation.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

/// Macros that make tests of what they are given.
const TEST_MACROS: &[&str] = &["proptest", "quickcheck"];
/// Words that begin an item, which ends with its body.
const ITEMS: &[&str] =
    &["fn", "mod", "struct", "enum", "impl", "trait", "unsafe", "async", "extern", "macro_rules", "pub"];
/// Words that begin what ends with a semicolon.
const DECLARATIONS: &[&str] = &["use", "const", "static", "type", "let"];
/// Words that begin an item only where a name follows.
const SOMETIMES_ITEMS: &[&str] = &["union", "auto", "default", "macro"];
/// Words that begin a statement which ends with its block.
const CONTROLS: &[&str] = &["if", "for", "while", "loop", "match"];
/// Macros that read a file when they are compiled.
const INCLUDING: &[&str] = &["include_str", "include_bytes", "include"];

/// What tests of a file need that is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Modules that are declared for tests alone.
    pub modules: Vec<Declared>,
    /// Files that only tests include, as they are written there.
    pub included: Vec<String>,
}

/// `mod name;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// What `#[path = "…"]` says.
    pub path: Option<String>,
}

/// The lines of tests in a file, counted from 1, ascending and not overlapping.
pub fn of_tests(text: &str) -> Vec<RangeInclusive<u64>> {
    let tokens = Scanner::new(text).tokens();
    if is_for_tests(&tokens) {
        let last = text.lines().count() as u64;
        return (last > 0).then_some(1..=last).into_iter().collect();
    }
    let mut lines: Vec<RangeInclusive<u64>> =
        items(&tokens).into_iter().filter_map(|item| lines_of(&tokens, &item)).collect();
    let all: Vec<&str> = text.lines().collect();
    for range in &mut lines {
        *range = with_comments_above(&all, range);
    }
    lines.extend(examples(text));
    lines.sort_by_key(|range| *range.start());
    merged(lines)
}

/// What the tests of a file need from other files. In a file `of_tests_alone` everything is for tests.
pub fn outside(text: &str, of_tests_alone: bool) -> Outside {
    let tokens = Scanner::new(text).tokens();
    let whole = 0..tokens.len();
    let items = if of_tests_alone || is_for_tests(&tokens) { vec![whole.clone()] } else { items(&tokens) };
    let within = |range: &Range<usize>| tokens.get(range.clone()).unwrap_or_default();
    let modules = items.iter().flat_map(|item| declared(within(item))).collect();
    let in_tests: BTreeSet<usize> = items.iter().cloned().flatten().collect();
    let all = includes(&tokens);
    let of_source: BTreeSet<&String> =
        all.iter().filter(|(place, _)| !in_tests.contains(place)).map(|(_, path)| path).collect();
    let of_tests = all.iter().filter(|(place, path)| in_tests.contains(place) && !of_source.contains(path));
    Outside { modules, included: of_tests.map(|(_, path)| path.clone()).collect() }
}

/// The files that source of a file includes, as they are written there.
pub fn included_by_source(text: &str) -> Vec<String> {
    let tokens = Scanner::new(text).tokens();
    if is_for_tests(&tokens) {
        return Vec::new();
    }
    let in_tests: BTreeSet<usize> = items(&tokens).into_iter().flatten().collect();
    includes(&tokens)
        .into_iter()
        .filter(|(place, _)| !in_tests.contains(place))
        .map(|(_, path)| path)
        .collect()
}

/// Whether a file holds any test at all. Cheaper than [`of_tests`], and says yes rather once too often.
pub fn may_hold_tests(text: &str) -> bool {
    text.contains("#[cfg(test")
        || (text.contains("cfg(") && text.contains("test"))
        || TEST_MACROS.iter().any(|name| text.contains(&format!("{name}!")))
        || has_test_attribute(text)
        || !examples(text).is_empty()
}

fn has_test_attribute(text: &str) -> bool {
    text.match_indices("#[").any(|(place, _)| {
        let rest = text.get(place + 2..).unwrap_or_default();
        let end = rest.find([']', '(']).unwrap_or(rest.len().min(80));
        is_test_path(rest.get(..end).unwrap_or_default())
    })
}

/// `test`, `tokio::test`, `rstest`, `test_case`, `wasm_bindgen_test`, `quickcheck` …, and what helps them: `fixture`,
/// `template`.
fn is_test_path(path: &str) -> bool {
    let last = path.rsplit("::").next().unwrap_or(path).trim();
    let known = ["test", "rstest", "quickcheck", "proptest", "googletest", "bench", "fixture", "template"];
    known.contains(&last) || last.starts_with("test_") || last.ends_with("_test")
}

/// Comments right above an item belong to it.
fn with_comments_above(lines: &[&str], range: &RangeInclusive<u64>) -> RangeInclusive<u64> {
    let is_comment = |number: u64| {
        let line = usize::try_from(number).ok().and_then(|number| lines.get(number.checked_sub(1)?));
        line.is_some_and(|line| line.trim_start().starts_with("//") && !line.trim_start().starts_with("//!"))
    };
    let mut first = *range.start();
    while first > 1 && is_comment(first - 1) {
        first -= 1;
    }
    first..=*range.end()
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

/// What matters of a file; comments are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `#[…]` with its text between the brackets, without spaces outside of strings.
    Attribute(String),
    /// `#![…]`
    Inner(String),
    Open,
    Close,
    /// `(` or `[`.
    Begin,
    /// `)` or `]`.
    End,
    Semicolon,
    Word(String),
    Sign(u8),
    /// The inside of a string.
    Text(String),
    /// Any other literal, or a lifetime.
    Other,
}

#[derive(Clone, Debug)]
struct Placed {
    token: Token,
    first: u64,
    last: u64,
}

/// Whether a file says of itself that it is compiled for tests only.
fn is_for_tests(tokens: &[Placed]) -> bool {
    let inner = tokens.iter().map_while(|placed| match &placed.token {
        Token::Inner(text) => Some(text),
        _ => None,
    });
    inner.into_iter().any(|text| is_test_attribute(text))
}

/// The items that are tests, from the first attribute to the end of the body, as ranges of tokens: those whose attributes
/// say so, and macros that make tests.
fn items(tokens: &[Placed]) -> Vec<Range<usize>> {
    let makers = makers(tokens);
    let mut found = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        let rest = tokens.get(place..).unwrap_or_default();
        let attributes = rest.iter().take_while(|placed| matches!(placed.token, Token::Attribute(_))).count();
        let of_test =
            |placed: &Placed| matches!(&placed.token, Token::Attribute(text) if is_test_attribute(text));
        let behind = rest.get(attributes..).unwrap_or_default();
        let length = match rest.iter().take(attributes).any(of_test) {
            true => Some(attributes + element(behind)),
            false => test_macro(behind, &makers).map(|length| attributes + length),
        };
        match length {
            Some(length) => {
                found.push(place..place + length);
                place += length;
            }
            None => place += attributes.max(1),
        }
    }
    found
}

fn lines_of(tokens: &[Placed], item: &Range<usize>) -> Option<RangeInclusive<u64>> {
    let (first, last) = (tokens.get(item.start)?, tokens.get(item.end.checked_sub(1)?)?);
    Some(first.first..=last.last)
}

/// The names of macros that are written here and make tests.
fn makers(tokens: &[Placed]) -> BTreeSet<&str> {
    let definition = |place: usize| {
        let [macro_rules, sign, name, body @ ..] = tokens.get(place..)? else { return None };
        let is_definition = word(macro_rules) == Some("macro_rules") && sign.token == Token::Sign(b'!');
        let body = body.get(..group(body))?;
        (is_definition && holds_test_attribute(body)).then(|| word(name)).flatten()
    };
    (0..tokens.len()).filter_map(definition).collect()
}

/// The length of a macro that makes tests, definition or call, if one begins here.
fn test_macro(tokens: &[Placed], makers: &BTreeSet<&str>) -> Option<usize> {
    let (name, sign) = (word(tokens.first()?)?, tokens.get(1)?);
    if sign.token != Token::Sign(b'!') {
        return None;
    }
    let before = if tokens.get(2).and_then(word).is_some() { 3 } else { 2 };
    let body = tokens.get(before..)?;
    let length = group(body);
    let inside = body.get(..length).filter(|inside| !inside.is_empty())?;
    let makes = TEST_MACROS.contains(&name) || makers.contains(name) || holds_test_attribute(inside);
    let ended = body.get(length).is_some_and(|placed| placed.token == Token::Semicolon);
    makes.then_some(before + length + usize::from(ended))
}

/// Whether the harness would run something in it; what is only compiled for tests need not be one.
fn holds_test_attribute(tokens: &[Placed]) -> bool {
    tokens.iter().any(|placed| match &placed.token {
        Token::Attribute(text) => !text.starts_with("cfg(") && is_test_attribute(text),
        _ => false,
    })
}

fn word(placed: &Placed) -> Option<&str> {
    match &placed.token {
        Token::Word(word) => Some(word),
        _ => None,
    }
}

/// Number of tokens of what is in brackets here, the brackets included; none if there are none.
fn group(tokens: &[Placed]) -> usize {
    let mut depth = 0_usize;
    for (place, placed) in tokens.iter().enumerate() {
        match placed.token {
            Token::Open | Token::Begin => depth += 1,
            Token::Close | Token::End => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let opened =
                tokens.first().is_some_and(|first| matches!(first.token, Token::Open | Token::Begin));
            return if opened { place + 1 } else { 0 };
        }
    }
    tokens.len()
}

/// Number of tokens of what an attribute stands before: an item, a statement, a field, a variant, an arm.
fn element(tokens: &[Placed]) -> usize {
    let first = tokens.first().and_then(word).unwrap_or_default();
    let second = tokens.get(1).and_then(word).unwrap_or_default();
    if first == "pub" {
        let scope = group(tokens.get(1..).unwrap_or_default());
        let behind = tokens.get(1 + scope..).unwrap_or_default();
        return 1 + scope + element(behind);
    }
    if DECLARATIONS.contains(&first) && second != "fn" && second != "unsafe" {
        return until(tokens, Ends { comma: false, body: false });
    }
    let is_item = ITEMS.contains(&first) || DECLARATIONS.contains(&first);
    if is_item || (SOMETIMES_ITEMS.contains(&first) && !second.is_empty()) {
        return until(tokens, Ends { comma: false, body: true });
    }
    until(tokens, Ends { comma: true, body: true })
}

/// What ends it, besides a semicolon and the end of what it stands in.
#[derive(Clone, Copy)]
struct Ends {
    comma: bool,
    body: bool,
}

fn until(tokens: &[Placed], ends: Ends) -> usize {
    let (mut depth, mut brackets, mut angles) = (0_usize, 0_usize, 0_usize);
    for (place, placed) in tokens.iter().enumerate() {
        let is_outer = depth == 0 && brackets == 0;
        match placed.token {
            Token::Open => depth += 1,
            Token::Close if depth == 0 => return place,
            Token::Close => depth -= 1,
            Token::Begin => brackets += 1,
            Token::End if brackets == 0 => return place,
            Token::End => brackets -= 1,
            Token::Semicolon if is_outer => return place + 1,
            Token::Sign(b',') if is_outer && ends.comma && angles == 0 => return place + 1,
            Token::Sign(b'<') if is_outer => angles += 1,
            Token::Sign(b'>') if is_outer => {
                let before = place.checked_sub(1).and_then(|before| tokens.get(before));
                angles = match before.map(|before| &before.token) {
                    Some(Token::Sign(b'-')) => angles,
                    // `=>`: whatever was compared before it, an arm begins.
                    Some(Token::Sign(b'=')) => 0,
                    _ => angles.saturating_sub(1),
                };
            }
            _ => {}
        }
        let closed = placed.token == Token::Close && depth == 0 && brackets == 0;
        if closed && ends.body {
            let behind = tokens.get(place + 1..).unwrap_or_default();
            if ends.comma && is_rest_of_pattern(tokens, behind) {
                continue;
            }
            match behind.first().map(|next| &next.token) {
                Some(Token::Word(word)) if word == "else" => {}
                Some(Token::Sign(b'.' | b'?')) if ends.comma => {}
                Some(Token::Sign(b',')) if ends.comma => return place + 2,
                _ => return place + 1,
            }
        }
    }
    tokens.len()
}

/// Whether the braces of a pattern were closed, `Kind::Fake { .. }`, and its arm goes on behind them.
fn is_rest_of_pattern(element: &[Placed], behind: &[Placed]) -> bool {
    let token = |place: usize| behind.get(place).map(|placed| &placed.token);
    let is_macro = element.get(1).is_some_and(|second| second.token == Token::Sign(b'!'));
    let begins_a_path = element.first().and_then(word).is_some_and(|first| !CONTROLS.contains(&first));
    match token(0) {
        Some(Token::Sign(b'=')) => token(1) == Some(&Token::Sign(b'>')),
        Some(Token::Sign(b'|')) => true,
        Some(Token::Word(guard)) => guard == "if" && begins_a_path && !is_macro,
        _ => false,
    }
}

/// The modules that are declared in tokens and have files of their own.
fn declared(tokens: &[Placed]) -> Vec<Declared> {
    let at = |place: usize| {
        let [keyword, name, end] = tokens.get(place..place + 3)? else { return None };
        let is_declaration = word(keyword) == Some("mod") && end.token == Token::Semicolon;
        let name = word(name).filter(|_| is_declaration)?.to_owned();
        let before = tokens.get(..place).unwrap_or_default().iter().rev();
        let attributes = before
            .take_while(|placed| matches!(placed.token, Token::Attribute(_)) || word(placed) == Some("pub"));
        let path = attributes.into_iter().find_map(|placed| match &placed.token {
            Token::Attribute(text) => Some(text.strip_prefix("path=\"")?.strip_suffix('"')?.to_owned()),
            _ => None,
        });
        Some(Declared { name, path })
    };
    (0..tokens.len()).filter_map(at).collect()
}

/// The files that tokens include, with their places.
fn includes(tokens: &[Placed]) -> Vec<(usize, String)> {
    let at = |place: usize| {
        let [name, sign, begin, path] = tokens.get(place..place + 4)? else { return None };
        let is_call = word(name).is_some_and(|name| INCLUDING.contains(&name))
            && sign.token == Token::Sign(b'!')
            && begin.token == Token::Begin;
        match &path.token {
            Token::Text(path) if is_call => Some((place, path.clone())),
            _ => None,
        }
    };
    (0..tokens.len()).filter_map(at).collect()
}

fn is_test_attribute(text: &str) -> bool {
    if let Some(condition) = text.strip_prefix("cfg(").and_then(|rest| rest.strip_suffix(')')) {
        return needs_test(condition);
    }
    if let Some(inside) = text.strip_prefix("cfg_attr(").and_then(|rest| rest.strip_suffix(')')) {
        return arguments(inside).into_iter().skip(1).any(is_test_attribute);
    }
    is_test_path(text.split(['(', '=']).next().unwrap_or(text))
}

/// Whether a condition holds in builds of tests only.
fn needs_test(condition: &str) -> bool {
    let inside = |name: &str| condition.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(all) = inside("all") {
        return arguments(all).into_iter().any(needs_test);
    }
    if let Some(any) = inside("any") {
        let any = arguments(any);
        return !any.is_empty() && any.into_iter().all(needs_test);
    }
    condition == "test" || condition == "doctest"
}

/// What commas part that are in no brackets and no string.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut in_string, mut begin) = (0_usize, false, 0);
    let mut found = Vec::new();
    for (place, character) in text.char_indices() {
        match character {
            '"' => in_string = !in_string,
            '(' | '[' if !in_string => depth += 1,
            ')' | ']' if !in_string => depth = depth.saturating_sub(1),
            ',' if !in_string && depth == 0 => {
                found.extend(text.get(begin..place));
                begin = place + 1;
            }
            _ => {}
        }
    }
    found.extend(text.get(begin..));
    found.into_iter().filter(|argument| !argument.is_empty()).collect()
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
            b'#' if self.peek(1) == Some(b'[') => return Some(Token::Attribute(self.attribute())),
            b'#' if self.peek(1) == Some(b'!') && self.peek(2) == Some(b'[') => {
                self.advance();
                return Some(Token::Inner(self.attribute()));
            }
            b'"' => return Some(Token::Text(self.passed(Self::skip_string).trim_matches('"').to_owned())),
            b'r' | b'b' | b'c' if self.raw_hashes().is_some() => {
                let text = self.passed(Self::skip_raw);
                let inside = text.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
                return Some(Token::Text(inside.map_or("", |(inside, _)| inside).to_owned()));
            }
            b'\'' => {
                self.skip_quote();
                return Some(Token::Other);
            }
            byte if is_of_word(byte) => return Some(Token::Word(self.passed(Self::skip_word))),
            _ => return Some(self.sign(byte)),
        }
        None
    }

    /// The text that is passed over.
    fn passed(&mut self, skip: fn(&mut Self)) -> String {
        let start = self.place;
        skip(self);
        let end = self.place.min(self.bytes.len());
        String::from_utf8_lossy(self.bytes.get(start..end).unwrap_or_default()).into_owned()
    }

    fn sign(&mut self, byte: u8) -> Token {
        self.advance();
        match byte {
            b'{' => Token::Open,
            b'}' => Token::Close,
            b'(' | b'[' => Token::Begin,
            b')' | b']' => Token::End,
            b';' => Token::Semicolon,
            byte => Token::Sign(byte),
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

    fn attribute(&mut self) -> String {
        self.advance();
        self.advance();
        let mut depth = 1_usize;
        let mut text = String::new();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    text.push_str(&self.passed(Self::skip_string));
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
        text
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
pub fn examples(text: &str) -> Vec<RangeInclusive<u64>> {
    let mut found = Vec::new();
    let mut open: Option<(u64, bool)> = None;
    for (said, number) in documentation(text).into_iter().zip(1_u64..) {
        let Some(said) = said else {
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

/// What each line of a text says as documentation: `/// …`, `//! …`, and within `/** … */` and `/*! … */`.
fn documentation(text: &str) -> Vec<Option<&str>> {
    let mut in_block = false;
    let mut said = Vec::new();
    for line in text.lines() {
        let line = line.trim_start();
        if in_block {
            in_block = !line.contains("*/");
            let rest = line.strip_prefix('*').filter(|_| !line.starts_with("*/")).unwrap_or(line);
            said.push(in_block.then_some(rest));
            continue;
        }
        let block = line.strip_prefix("/**").or_else(|| line.strip_prefix("/*!"));
        let block = block.filter(|rest| !rest.starts_with(['*', '/']));
        in_block = block.is_some_and(|rest| !rest.contains("*/"));
        said.push(line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).or(block));
    }
    said
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
    fn what_is_compiled_for_tests_only_is_told_by_its_condition() {
        for condition in [
            "test",
            "all(test,unix)",
            "all(not(miri),test)",
            "any(test,doctest)",
            "all(feature=\"x\",any(test))",
        ] {
            assert!(needs_test(condition), "{condition}");
        }
        for condition in
            ["not(test)", "any(test,feature=\"test\")", "feature=\"test\"", "all(unix)", "any()", "test_util"]
        {
            assert!(!needs_test(condition), "{condition}");
        }
        for attribute in [
            "tokio::test(flavor=\"x\")",
            "cfg_attr(feature=\"rt\",tokio::test)",
            "rstest",
            "case_test",
            "fixture",
        ] {
            assert!(is_test_attribute(attribute), "{attribute}");
        }
        for attribute in ["cfg_attr(test,derive(Debug))", "derive(Test)", "doc=\"test\"", "allow(test)"] {
            assert!(!is_test_attribute(attribute), "{attribute}");
        }
    }

    #[test]
    fn fields_arms_and_statements_end_where_they_end() {
        let text = r"struct Till {
    #[cfg(test)] // T
    seen: HashMap<String, Vec<u8>>, // T
    sum: u64,
}
enum Kind {
    #[cfg(test)] // T
    Fake { a: u8 }, // T
    Real,
}
fn add(kind: Kind, a: u8) -> u8 {
    #[cfg(test)] // T
    self.seen.push(a); // T
    #[cfg(test)] // T
    if a < 3 { // T
        log(); // T
    } else { // T
        note(); // T
    } // T
    match kind {
        #[cfg(test)] // T
        Kind::Fake { a } if a < 3 => fake(a, 1), // T
        #[cfg(test)] // T
        Kind::Fake { .. } => { // T
            0 // T
        } // T
        Kind::Real => 1,
    }
}
#[cfg(test)] // T
use super::{ // T
    a, // T
    b, // T
}; // T
#[cfg(test)] // T
const SIZE: Size = if A { Size { a: 1 } } else { // T
    Size { a: 2 } // T
}; // T
#[cfg(test)] // T
const fn helper() -> u8 { // T
    1 // T
} // T
#[cfg(test)] // T
impl Till { // T
    pub(crate) fn fake() -> Self { todo!() } // T
} // T
fn call(#[cfg(test)] a: u8, b: u8) {}
pub fn real() {}
";
        let mut wanted = marked(text);
        // The line of a parameter holds both.
        let call = text.lines().position(|line| line.starts_with("fn call")).unwrap() as u64 + 1;
        wanted.push(call);
        assert_eq!(found(text), wanted);
    }

    #[test]
    fn macros_that_make_tests_are_tests_and_others_are_not() {
        let text = r"proptest! { // T
    #![proptest_config(Config::default())] // T
    // A comment. T
    fn holds(a in 0..10) { // T
        assert!(a < 10); // T
    } // T
} // T
macro_rules! cases { // T
    ($name:ident) => { // T
        #[test] // T
        fn $name() {} // T
    }; // T
} // T
cases!(one); // T
cases! { two } // T
macro_rules! real { ($a:expr) => { $a } }
cfg_if! {
    if #[cfg(unix)] { mod unix; }
}
thread_local! { static A: u8 = 1; }
table! { // T
    #[test_case(1)] // T
    fn a(_: u8) {} // T
} // T
fn source() { real!(1); }
";
        assert_eq!(found(text), marked(text));
        assert!(may_hold_tests("proptest! { fn a(b in 0..1) {} }"));
    }

    #[test]
    fn comments_above_a_test_go_with_it() {
        let text = "fn a() {}\n\n/// Why. T\n// More. T\n#[test] // T\nfn b() {} // T\n// Apart.\n\n#[test] // T\nfn c() {} // T\n";
        assert_eq!(found(text), marked(text));
        let whole = "#![cfg(test)]\nuse a::b;\nfn helper() {}\n";
        assert_eq!(found(whole), [1, 2, 3]);
    }

    #[test]
    fn examples_in_blocks_of_documentation_are_found() {
        let text = "/** Adds.\n * ```\n * assert!(true);\n * ```\n */\npub fn add() {}\n/* ```\n x\n ``` */\nfn b() {}\n";
        assert_eq!(found(text), [2, 3, 4]);
        assert!(may_hold_tests(text));
    }

    #[test]
    fn what_tests_need_from_other_files_is_told() {
        let text = r#"const PAGE: &str = include_str!("page.html");
#[cfg(test)]
#[path = "checks/all.rs"]
mod checks;
#[cfg(test)]
pub(crate) mod fake;
mod real;
#[cfg(test)]
mod tests {
    const TWO: &str = include_str!("../samples/two.txt");
    const AGAIN: &str = include_str!("page.html");
    mod inner;
}
"#;
        let declared = |name: &str, path: Option<&str>| Declared {
            name: name.to_owned(),
            path: path.map(str::to_owned),
        };
        let told = outside(text, false);
        assert_eq!(
            told.modules,
            [declared("checks", Some("checks/all.rs")), declared("fake", None), declared("inner", None)]
        );
        assert_eq!(told.included, ["../samples/two.txt"]);
        assert_eq!(included_by_source(text), ["page.html"]);
        let all = outside("mod a;\nconst B: &[u8] = include_bytes!(r\"b.bin\");\n", true);
        assert_eq!((all.modules, all.included), (vec![declared("a", None)], vec!["b.bin".to_owned()]));
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
