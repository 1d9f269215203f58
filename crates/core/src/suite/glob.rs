//! Patterns of test files as JavaScript tools write them: `**/?(*.)+(spec|test).[jt]s?(x)`, `test/**/*.{js,ts}`.

use regex_lite::Regex;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Glob(Regex);

impl Glob {
    /// A pattern over paths relative to the project's folder; `None` if it cannot be understood.
    pub fn new(pattern: &str) -> Option<Self> {
        let pattern = pattern.trim();
        let pattern =
            pattern.strip_prefix("<rootDir>/").or_else(|| pattern.strip_prefix("./")).unwrap_or(pattern);
        let mut writer =
            Writer { text: pattern.chars().collect(), place: 0, regex: String::new(), open: Vec::new() };
        writer.write();
        Self::compiled(&format!("^(?:{})$", writer.regex))
    }

    /// A folder and everything in it.
    pub fn below(folder: &str) -> Option<Self> {
        let folder = folder.trim_start_matches("./").trim_end_matches('/');
        Self::new(&format!("{folder}/**"))
    }

    /// A regular expression that is looked for anywhere in the path, as jest's `testRegex`.
    pub fn regex(pattern: &str) -> Option<Self> {
        Self::compiled(pattern)
    }

    /// Whether it covers a path.
    pub fn covers(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    fn compiled(regex: &str) -> Option<Self> {
        Regex::new(regex).ok().map(Self)
    }
}

/// Writes a regular expression for a pattern, character by character.
struct Writer {
    text: Vec<char>,
    place: usize,
    regex: String,
    /// What closes the groups that are open: `)` of an extended group with what follows it, or `}`.
    open: Vec<(char, &'static str)>,
}

impl Writer {
    fn write(&mut self) {
        while let Some(character) = self.text.get(self.place).copied() {
            self.place += 1;
            self.step(character);
        }
    }

    fn next_is(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(offset, wanted)| self.text.get(self.place + offset) == Some(&wanted))
    }

    fn step(&mut self, character: char) {
        let closing = self.open.last().map(|(closing, _)| *closing);
        match character {
            '?' | '+' | '@' | '!' | '*' if self.next_is("(") => self.open_group(character),
            '*' if self.next_is("*/") => self.take(2, "(?:.*/)?"),
            '*' if self.next_is("*") => self.take(1, ".*"),
            '*' => self.regex.push_str("[^/]*"),
            '?' => self.regex.push_str("[^/]"),
            '[' => self.class(),
            '{' => self.open_with('}', "", "(?:"),
            '(' => self.open_with(')', "", "(?:"),
            ',' if closing == Some('}') => self.regex.push('|'),
            '|' if closing == Some(')') => self.regex.push('|'),
            _ if closing == Some(character) => self.close(),
            _ => self.regex.push_str(&regex_lite::escape(&character.to_string())),
        }
    }

    fn take(&mut self, count: usize, regex: &str) {
        self.place += count;
        self.regex.push_str(regex);
    }

    /// `!(a|b)` has no counterpart in a regular expression without looking ahead: any name will do.
    fn open_group(&mut self, kind: char) {
        self.place += 1;
        match kind {
            '?' => self.open_with(')', "?", "(?:"),
            '+' => self.open_with(')', "+", "(?:"),
            '*' => self.open_with(')', "*", "(?:"),
            '@' => self.open_with(')', "", "(?:"),
            _ => self.open_with(')', "", "(?:[^/]*|"),
        }
    }

    fn open_with(&mut self, closing: char, after: &'static str, regex: &str) {
        self.open.push((closing, after));
        self.regex.push_str(regex);
    }

    fn close(&mut self) {
        let after = self.open.pop().map_or("", |(_, after)| after);
        self.regex.push(')');
        self.regex.push_str(after);
    }

    fn class(&mut self) {
        let rest = self.text.get(self.place..).unwrap_or_default();
        let Some(length) = rest.iter().position(|character| *character == ']') else {
            self.regex.push_str("\\[");
            return;
        };
        let inside: String = rest.iter().take(length).collect();
        let inside = inside.strip_prefix('!').map_or(inside.clone(), |rest| format!("^{rest}"));
        self.regex.push('[');
        self.regex.push_str(&inside.replace('\\', "\\\\"));
        self.regex.push(']');
        self.place += length + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_what_the_tools_cover() {
        let covers = |pattern: &str, path: &str| Glob::new(pattern).is_some_and(|glob| glob.covers(path));
        let jest = "**/?(*.)+(spec|test).[jt]s?(x)";
        assert!(covers(jest, "a.test.js") && covers(jest, "x/y/a.spec.tsx") && covers(jest, "x/test.ts"));
        assert!(!covers(jest, "a.js") && !covers(jest, "a.test.mjs") && !covers(jest, "atest.js.map"));
        assert!(covers("test/**/*.{js,mjs}", "test/a.js") && covers("test/**/*.{js,mjs}", "test/x/y/a.mjs"));
        assert!(!covers("test/**/*.{js,mjs}", "src/test/a.js") && !covers("test/*.js", "test/x/a.js"));
        assert!(covers("./test/*.{test,spec}.?(c|m)[jt]s?(x)", "test/a.spec.mts"));
        assert!(covers("<rootDir>/test/a?.js", "test/ab.js") && !covers("test/a?.js", "test/a/.js"));
        assert!(covers("test/[!_]*.js", "test/a.js") && !covers("test/[!_]*.js", "test/_a.js"));
        assert!(covers("**", "a/b") && covers("test/a[.js", "test/a[.js"));
    }

    #[test]
    fn a_folder_and_a_regular_expression() {
        assert!(
            Glob::below("./test/")
                .is_some_and(|glob| glob.covers("test/x/a.js") && !glob.covers("testing/a.js"))
        );
        let regex = Glob::regex("test/(.*?/)?.*test.js$");
        assert!(regex.is_some_and(|glob| glob.covers("test/plugin/utc.test.js") && !glob.covers("src/a.js")));
        assert!(Glob::regex("test/(").is_none());
    }
}
