//! Configuration files (git-config(1), "Syntax"), as far as they are plain. Everything unusual, such as files that
//! include others, is left to Git.

use std::io::ErrorKind;
use std::path::Path;

use super::reader::Known;

/// The values of one file, in order: the key as `git config` prints it, and the value if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ConfigFile(Vec<(String, Option<String>)>);

impl ConfigFile {
    /// Reads a file. `Some(None)` if there is none; `None` if only Git can read it.
    pub(super) fn read(path: &Path) -> Known<Option<Self>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Some(None),
            Err(_) => None,
        }
    }

    /// All values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_deref()))
    }

    /// The value that counts: the last one. A key without a value is a switch that is on.
    pub(super) fn last(&self, key: &str) -> Option<&str> {
        self.pairs().filter(|(known, _)| *known == key).last().map(|(_, value)| value.unwrap_or("true"))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut section = String::new();
        let mut values = Vec::new();
        for line in text.lines().map(str::trim_ascii_start) {
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            match line.strip_prefix('[') {
                Some(head) => section = parse_section(head)?,
                None => values.push(parse_value(&section, line)?),
            }
        }
        Some(Self(values))
    }
}

/// The rest of `[name]` or `[name "subsection"]`: the begin of the keys below it.
fn parse_section(head: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (name, rest) = head.split_at(head.find(|c| !is_name(c))?);
    let name = name.to_ascii_lowercase();
    if name.is_empty() || name.starts_with("include") {
        return None;
    }
    let (prefix, rest) = match rest.strip_prefix(" \"") {
        Some(quoted) => {
            let end = quoted.find('"')?;
            let subsection = quoted.get(..end).filter(|text| !text.contains('\\'))?;
            (format!("{name}.{subsection}."), quoted.get(end + 1..)?)
        }
        None => (format!("{name}."), rest),
    };
    (rest.strip_prefix(']')?.trim_ascii().is_empty()).then_some(prefix)
}

/// `name = value`, or a name alone.
fn parse_value(section: &str, line: &str) -> Option<(String, Option<String>)> {
    let (name, value) = match line.split_once('=') {
        Some((name, value)) => (name.trim_ascii_end(), Some(plain_value(value)?)),
        None => (line.trim_ascii_end(), None),
    };
    let right = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (right && !section.is_empty()).then(|| (format!("{section}{}", name.to_ascii_lowercase()), value))
}

/// A value without comments, escapes or lines that go on; it may stand in quotes as a whole.
fn plain_value(value: &str) -> Option<String> {
    let value = value.trim_ascii();
    let unquoted = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    let odd = |c: char| c.is_ascii_control() || "\"\\#;".contains(c);
    (!unquoted.contains(odd)).then(|| unquoted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, Option<String>)>> {
        ConfigFile::parse(text).map(|file| file.0)
    }

    #[test]
    fn reads_what_git_writes() {
        let text = "# c\n[core]\n\tBare = false\n\tswitch\n[remote \"Up.stream x\"]\n\turl = \"a b\"\n\n ; c\n[a-b]\nc=d e \n";
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(text).unwrap(),
            [
                ("core.bare".to_owned(), value("false")),
                ("core.switch".to_owned(), None),
                ("remote.Up.stream x.url".to_owned(), value("a b")),
                ("a-b.c".to_owned(), value("d e")),
            ]
        );
    }

    #[test]
    fn leaves_the_unusual_to_git() {
        for text in [
            "[include]\npath = x\n",
            "[includeIf \"gitdir:x\"]\npath = x\n",
            "[a] b = c\n",
            "[a.b]\nc = d\n",
            "[a \"b\\\"\"]\nc = d\n",
            "[a]\nb = c # d\n",
            "[a]\nb = \"c\" d\n",
            "[a]\nb = c\\\nd\n",
            "[a]\nb = \\t\n",
            "[a]\n1b = c\n",
            "b = c\n",
            "[a\n",
            "\u{feff}[a]\nb = c\n",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
