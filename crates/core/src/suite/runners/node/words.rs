//! Lines of shell, as far as they can be taken apart without a shell: plain commands that run one after another.

/// Words that the shell itself gives a meaning to where a command begins.
const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "function",
    "{", "}", "!", "[[",
];
/// Commands of the shell that change it for what follows, or end it: a command cut off from them is another one.
const STATEFUL: &[&str] = &[
    "cd", "pushd", "popd", "export", "unset", "set", "shopt", "source", ".", "eval", "exit", "return",
    "trap", "ulimit", "umask", "alias", "shift", "read", "wait", "nvm",
];
/// Commands that only print or only succeed.
const IDLE: &[&str] = &["echo", "printf", "true", ":", "date", "exit", "sleep"];

/// A word of a command: as it is written, quotes included, and as the program gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub raw: String,
    /// Without quotes. Variables and patterns are not replaced.
    pub text: String,
}

impl Word {
    /// A word that a shell takes as it is.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { raw: text.clone(), text }
    }
}

/// The commands of a line that is nothing but plain commands joined by `&&`; `None` for any other line: with pipes,
/// redirections, substitutions, conditions, or commands that change the shell itself.
pub fn commands(line: &str) -> Option<Vec<Vec<Word>>> {
    let mut reader = Reader { rest: line.chars().peekable(), commands: vec![Vec::new()], word: None };
    reader.read()?;
    reader.end_word();
    let is_plain = |command: &Vec<Word>| {
        command.first().is_some_and(|first| {
            let is_special =
                RESERVED.contains(&first.raw.as_str()) || STATEFUL.contains(&first.text.as_str());
            !is_special && !first.text.is_empty()
        })
    };
    reader.commands.iter().all(is_plain).then_some(reader.commands)
}

/// Whether a line only prints, succeeds or fails, whatever joins its commands: `echo "no tests yet" && exit 0`.
pub fn is_idle(line: &str) -> bool {
    if line.contains(['`', '>', '<', '(', ')']) {
        return false;
    }
    let commands = pieces(line);
    commands.iter().all(|command| {
        let first = command.split_whitespace().next().unwrap_or_default();
        IDLE.contains(&first)
    })
}

/// The pieces of any line between its operators, quoted ones left whole.
pub fn pieces(line: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (None, '&' | ';' | '|' | '\n') => pieces.push(String::new()),
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        let separates = quote.is_none() && matches!(character, '&' | ';' | '|' | '\n');
        if let Some(last) = pieces.last_mut().filter(|_| !separates) {
            last.push(character);
        }
    }
    pieces.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// Every word of a line, also those inside quotes: a wrapper may run its quoted argument as a command.
pub fn mentioned(line: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| c.is_whitespace() || "'\"`;&|(){}<>,\\".contains(c);
    line.split(separates).filter(|word| !word.is_empty())
}

/// A text as one word of a shell.
pub fn quoted(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    commands: Vec<Vec<Word>>,
    word: Option<Word>,
}

impl Reader<'_> {
    /// `None` as soon as a shell would do more than run plain commands.
    fn read(&mut self) -> Option<()> {
        while let Some(character) = self.rest.next() {
            match character {
                '\'' => self.single()?,
                '"' => self.double()?,
                '\\' => {
                    let next = self.rest.next()?;
                    self.push("\\", "");
                    self.push(&next.to_string(), &next.to_string());
                }
                '&' => {
                    self.rest.next_if_eq(&'&')?;
                    self.end_word();
                    self.commands.push(Vec::new());
                }
                '$' if self.rest.peek() == Some(&'(') => return None,
                '#' if self.word.is_none() => return None,
                '|' | ';' | '<' | '>' | '(' | ')' | '`' | '\n' => return None,
                blank if blank.is_whitespace() => self.end_word(),
                other => self.push(&other.to_string(), &other.to_string()),
            }
        }
        Some(())
    }

    fn single(&mut self) -> Option<()> {
        self.push("'", "");
        loop {
            match self.rest.next()? {
                '\'' => break,
                other => self.push(&other.to_string(), &other.to_string()),
            }
        }
        self.push("'", "");
        Some(())
    }

    fn double(&mut self) -> Option<()> {
        self.push("\"", "");
        loop {
            match self.rest.next()? {
                '"' => break,
                '`' => return None,
                '$' if self.rest.peek() == Some(&'(') => return None,
                '\\' => {
                    let next = self.rest.next()?;
                    self.push("\\", "");
                    let kept = if "\\\"$`".contains(next) { next.to_string() } else { format!("\\{next}") };
                    self.push(&next.to_string(), &kept);
                }
                other => self.push(&other.to_string(), &other.to_string()),
            }
        }
        self.push("\"", "");
        Some(())
    }

    fn push(&mut self, raw: &str, text: &str) {
        let word = self.word.get_or_insert_with(|| Word { raw: String::new(), text: String::new() });
        word.raw.push_str(raw);
        word.text.push_str(text);
    }

    fn end_word(&mut self) {
        if let (Some(word), Some(last)) = (self.word.take(), self.commands.last_mut()) {
            last.push(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Option<Vec<Vec<String>>> {
        let text = |command: Vec<Word>| command.into_iter().map(|word| word.text).collect();
        commands(line).map(|commands| commands.into_iter().map(text).collect())
    }

    #[test]
    fn plain_commands_are_taken_apart_as_a_shell_does_it() {
        let found = texts(r#"a "b  c" && d 'x && y' e\ f "g\"h\i" ''"#);
        let expected: &[&[&str]] = &[&["a", "b  c"], &["d", "x && y", "e f", "g\"h\\i", ""]];
        assert_eq!(
            found,
            Some(expected.iter().map(|one| one.iter().map(|w| (*w).to_owned()).collect()).collect())
        );
        let raw = commands("mocha 'a b' test/*.js $X").unwrap_or_default();
        let raw: Vec<_> = raw.concat().into_iter().map(|word| word.raw).collect();
        assert_eq!(raw, ["mocha", "'a b'", "test/*.js", "$X"]);
    }

    #[test]
    fn what_a_shell_does_more_is_left_to_it() {
        for line in [
            "if [ -n \"$CI\" ]; then jest; fi",
            "a | b",
            "a || b",
            "a; b",
            "a & b",
            "a > log",
            "(a)",
            "a $(b)",
            "a \"`b`\"",
            "a 'never closed",
            "cd web && jest",
            "export A=b && jest",
            ". ./env && jest",
            "! jest",
            "a &&",
            "jest # all",
            "a\nb",
            "",
        ] {
            assert_eq!(commands(line), None, "{line}");
        }
    }

    #[test]
    fn lines_that_do_nothing_are_told() {
        for line in [
            "exit 0",
            "true",
            ":",
            "echo no tests yet",
            "echo \"not yet; later\"; exit 0",
            "echo 'a' && exit 1",
            "",
        ] {
            assert!(is_idle(line), "{line}");
        }
        for line in ["echo a && jest", "exit $(node test.js)", "true | ./check", "node -e 0", "echo a > b"] {
            assert!(!is_idle(line), "{line}");
        }
    }

    #[test]
    fn a_text_is_one_word_again() {
        for text in ["a", "a b", "it's", "$X", "", "*", "a=b"] {
            let found = commands(&format!("x {}", quoted(text))).unwrap_or_default().concat();
            assert_eq!(found.get(1).map(|word| word.text.as_str()), Some(text));
        }
    }
}
