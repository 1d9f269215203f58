//! flake8.

use std::ffi::OsString;
use std::path::Path;

use regex_lite::Regex;

use crate::style::clean::one_line;
use crate::style::folder::Folder;
use crate::style::known::Known;
use crate::style::linter::{Linter, Message, Said, Wanted, words};
use crate::style::read::literal;

/// Where flake8 looks for its section, in this order.
const FILES: [&str; 3] = ["setup.cfg", "tox.ini", ".flake8"];
/// What flake8 leaves out where `exclude` says nothing else, as its `--help` tells.
const USUALLY: &str = ".svn,CVS,.bzr,.hg,.git,__pycache__,.tox,.nox,.eggs,*.egg";

/// flake8, configured by `.flake8`, or a section of `setup.cfg` or `tox.ini`.
pub struct Flake8;

/// The path as a Python literal, so that any name survives: newlines, quotes, bytes that are no text.
const FORMAT: &str = "--format=%(path)a %(row)d %(col)d %(code)s %(text)s";

impl Linter for Flake8 {
    fn name(&self) -> &'static str {
        "flake8"
    }

    fn program(&self) -> &'static str {
        "flake8"
    }

    fn takes(&self, path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "py")
    }

    fn configuration(&self) -> Vec<&'static str> {
        FILES.to_vec()
    }

    fn wanted_by(&self, folder: &Folder) -> Wanted {
        let in_section = |name| folder.has_section(name, "flake8");
        Wanted::if_configured(folder.has(".flake8") || in_section("setup.cfg") || in_section("tox.ini"))
    }

    fn leaves_out(&self, folder: &Folder, file: &Path) -> bool {
        let inside = file.strip_prefix(&folder.dir).unwrap_or(file);
        excluded(folder).iter().any(|pattern| covers(pattern, inside))
    }

    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString> {
        let mut arguments = words([FORMAT, "--color=never"]);
        if folder.is_none() {
            arguments.extend(words(["--isolated", "--select=E9,F"]));
        }
        arguments
    }

    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
        let lines = output.split(|byte| *byte == b'\n');
        lines.filter_map(|line| message(line, known)).for_each(|message| hear(Said::Here(message)));
    }
}

/// The patterns of what plain `flake8` never gets to see: it stops at excluded folders on its way down, and knows of no way
/// when files are named.
fn excluded(folder: &Folder) -> Vec<String> {
    let Some(file) = FILES.into_iter().find(|name| folder.has_section(name, "flake8")) else {
        return Vec::new();
    };
    let value = |key: &str| {
        let other = key.replace('-', "_");
        folder.ini(file, "flake8", key).or_else(|| folder.ini(file, "flake8", &other))
    };
    let exclude = value("exclude").unwrap_or_else(|| USUALLY.to_owned());
    let lists = [exclude, value("extend-exclude").unwrap_or_default()];
    let words = lists.iter().flat_map(|list| list.split(|c: char| c == ',' || c.is_whitespace()));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a pattern covers a file or a folder above it. With a slash it is a path from the folder of the configuration;
/// without one a name, or a whole path.
fn covers(pattern: &str, file: &Path) -> bool {
    let from_here = pattern.trim_start_matches("./").trim_end_matches('/');
    let Some(regex) = translated(from_here) else { return false };
    let covers_one = |path: &Path| {
        let whole = path.to_string_lossy();
        if pattern.contains('/') {
            return regex.is_match(&whole);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        regex.is_match(&name) || regex.is_match(&format!("/{whole}"))
    };
    file.ancestors().filter(|path| !path.as_os_str().is_empty()).any(covers_one)
}

/// A pattern as Python's `fnmatch` understands it: an asterisk stands for slashes as well.
fn translated(pattern: &str) -> Option<Regex> {
    let mut regex = "(?s)^".to_owned();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match class(rest) {
                Some((inside, after)) => {
                    regex.push_str(&inside);
                    rest = after;
                }
                None => regex.push_str(r"\["),
            },
            _ => regex.push_str(&regex_lite::escape(first.encode_utf8(&mut [0; 4]))),
        }
    }
    Regex::new(&(regex + "$")).ok()
}

/// What stands behind an opening bracket as a class, and what follows it; `None` where nothing closes the bracket.
fn class(text: &str) -> Option<(String, &str)> {
    let (negation, inside) = text.strip_prefix('!').map_or(("", text), |inside| ("^", inside));
    // A closing bracket that stands first is one of the characters.
    let end = inside.char_indices().skip(1).find(|(_, character)| *character == ']')?.0;
    let characters = inside.get(..end)?.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]");
    let characters = characters.strip_prefix('^').map_or(characters.clone(), |rest| format!(r"\^{rest}"));
    Some((format!("[{negation}{characters}]"), inside.get(end + 1..)?))
}

/// Reads `'path' row column CODE text`.
fn message(line: &[u8], known: &Known<'_>) -> Option<Message> {
    let (path, rest) = literal::parse(line)?;
    let path = known.find(&path)?;
    let rest = String::from_utf8_lossy(rest);
    let mut parts = rest.trim_start().splitn(3, ' ');
    let row = parts.next()?.parse().ok()?;
    let column = parts.next()?.parse().ok()?;
    Some(Message {
        path: path.to_owned(),
        first: row,
        last: row,
        column: Some(column),
        text: one_line(parts.next()?),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn leaves_out(name: &str, text: &str, file: &str) -> bool {
        let paths = [Path::new("in").join(name)];
        let folder = Folder::read(Path::new("in"), paths.iter(), &|_| Some(text.as_bytes().to_vec()));
        Flake8.leaves_out(&folder, &PathBuf::from("in").join(file))
    }

    #[test]
    fn names_of_folders_and_paths_are_left_out_with_what_is_below() {
        let text = "[flake8]\nexclude =\n    # made by protoc\n    gen,\n    ./docs/conf.py\n    *_pb2.py, app/*/migrations\nextend_exclude = v[0-9!]\n";
        for file in [
            "gen/a.py",
            "app/gen/deep/a.py",
            "docs/conf.py",
            "a_pb2.py",
            "app/x/y/migrations/m.py",
            "v1/a.py",
        ] {
            assert!(leaves_out("setup.cfg", text, file), "{file}");
        }
        for file in ["general/a.py", "app/docs/conf.py", "app/migrations/m.py", "vx/a.py", ".tox/a.py"] {
            assert!(!leaves_out("setup.cfg", text, file), "{file}");
        }
    }

    #[test]
    fn what_is_left_out_usually_is_so_where_nothing_else_is_said() {
        assert!(leaves_out(".flake8", "[flake8]\n", ".tox/a.py"));
        assert!(leaves_out("tox.ini", "[flake8]\nextend-exclude = a\n", "x.egg/b.py"));
        assert!(!leaves_out("tox.ini", "[tox]\nexclude = a\n", "a/b.py"));
        assert!(!leaves_out(".flake8", "[flake8]\nexclude =\n", "a/b.py"));
    }

    #[test]
    fn brackets_are_classes() {
        let matches = |pattern: &str, text: &str| translated(pattern).unwrap().is_match(text);
        assert!(matches("a[!b]c", "axc") && !matches("a[!b]c", "abc") && matches("[]]", "]"));
        assert!(
            matches("a[b", "a[b") && matches("[^a]", "^") && matches("a.?", "a.b") && !matches("a.?", "axb")
        );
    }
}
