//! Reads the unified differences that formatters print.

use std::path::{Path, PathBuf};

use crate::style::clean::one_line;
use crate::style::known::Known;
use crate::style::linter::{Message, Said};

/// Neighbouring lines that a formatter would write differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Path from the root.
    pub path: PathBuf,
    /// First line of the file as it is; of a pure insertion the line that would follow it.
    pub old_start: u64,
    /// Number of those lines.
    pub old_lines: u64,
    /// First line of the file as it would be.
    pub new_start: u64,
    /// Number of those lines.
    pub new_lines: u64,
    /// What would change, in one line.
    pub text: String,
}

impl Block {
    /// The lines it is about, both included: an insertion is about the lines on both sides of it.
    pub fn range(&self) -> (u64, u64) {
        match self.old_lines {
            0 => (self.old_start.saturating_sub(1), self.old_start),
            count => (self.old_start, self.old_start + count - 1),
        }
    }
}

/// The blocks as messages.
pub fn read(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    pass_on(blocks(output, known), hear);
}

/// Passes on blocks as messages.
pub fn pass_on(blocks: Vec<Block>, hear: &mut dyn FnMut(Said)) {
    for block in blocks {
        let (first, last) = block.range();
        hear(Said::Here(Message { first, last, column: None, text: block.text, path: block.path }));
    }
}

/// The blocks of all files.
pub fn blocks(output: &[u8], known: &Known<'_>) -> Vec<Block> {
    let mut reader = Reader::new(known);
    for line in output.split(|byte| *byte == b'\n') {
        reader.take(line);
    }
    reader.close();
    reader.blocks
}

struct Reader<'a> {
    known: &'a Known<'a>,
    /// A name that has begun; it may hold newlines.
    name: Option<Vec<u8>>,
    path: Option<&'a Path>,
    old: Side,
    new: Side,
    removed: Vec<String>,
    added: Vec<String>,
    blocks: Vec<Block>,
}

/// The next line of a side, and how many are left in the hunk.
#[derive(Default)]
struct Side {
    next: u64,
    left: u64,
}

impl<'a> Reader<'a> {
    fn new(known: &'a Known<'a>) -> Self {
        let (old, new) = (Side::default(), Side::default());
        let (removed, added, blocks) = (Vec::new(), Vec::new(), Vec::new());
        Self { known, name: None, path: None, old, new, removed, added, blocks }
    }

    fn take(&mut self, line: &[u8]) {
        if self.old.left > 0 || self.new.left > 0 {
            self.take_in_hunk(line);
            return;
        }
        self.close();
        if line.starts_with(b"+++ ") {
            self.path = self.name.take().and_then(|name| self.find(&name));
        } else if let Some(name) = &mut self.name {
            name.push(b'\n');
            name.extend(line);
        } else if let Some(name) = line.strip_prefix(b"--- ") {
            self.name = Some(name.to_vec());
        } else if line.starts_with(b"@@ ") {
            self.begin(line);
        }
    }

    fn begin(&mut self, header: &[u8]) -> Option<()> {
        let header = String::from_utf8_lossy(header);
        let mut words = header.split(' ').skip(1);
        self.old = side(words.next()?.strip_prefix('-')?)?;
        self.new = side(words.next()?.strip_prefix('+')?)?;
        Some(())
    }

    fn take_in_hunk(&mut self, line: &[u8]) {
        let (sign, text) = line.split_first().map_or((b' ', line), |(sign, text)| (*sign, text));
        match sign {
            b'-' => {
                self.removed.push(one_line(&String::from_utf8_lossy(text)));
                self.old.step();
            }
            b'+' => {
                self.added.push(one_line(&String::from_utf8_lossy(text)));
                self.new.step();
            }
            b'\\' => {}
            _ => {
                self.close();
                self.old.step();
                self.new.step();
            }
        }
    }

    /// Ends the block that was being read.
    fn close(&mut self) {
        let removed = std::mem::take(&mut self.removed);
        let added = std::mem::take(&mut self.added);
        let Some(path) = self.path.filter(|_| !removed.is_empty() || !added.is_empty()) else { return };
        let (old_lines, new_lines) = (removed.len() as u64, added.len() as u64);
        self.blocks.push(Block {
            path: path.to_owned(),
            old_start: self.old.next.saturating_sub(old_lines),
            old_lines,
            new_start: self.new.next.saturating_sub(new_lines),
            new_lines,
            text: describe(&removed, &added),
        });
    }

    /// black puts a tab and the time behind the name, gofmt and shfmt `.orig`, ruff nothing. From standard input a file
    /// has another name.
    fn find(&self, name: &[u8]) -> Option<&'a Path> {
        let tab = name.iter().rposition(|byte| *byte == b'\t');
        let before_tab = tab.and_then(|tab| name.get(..tab)).unwrap_or(name);
        let original = before_tab.strip_suffix(b".orig");
        let names = [Some(name), Some(before_tab), original].into_iter().flatten();
        let found = names.into_iter().find_map(|name| self.known.find(name));
        found.or_else(|| self.known.only().filter(|_| before_tab == b"STDIN"))
    }
}

impl Side {
    fn step(&mut self) {
        self.next += 1;
        self.left = self.left.saturating_sub(1);
    }
}

/// Reads `start[,count]`; a side without lines names the line before it.
fn side(word: &str) -> Option<Side> {
    let (start, count) = word.split_once(',').unwrap_or((word, "1"));
    let (start, left): (u64, u64) = (start.parse().ok()?, count.parse().ok()?);
    Some(Side { next: if left == 0 { start + 1 } else { start }, left })
}

/// What would change, in one line.
pub fn describe(removed: &[String], added: &[String]) -> String {
    let shown = |lines: &[String]| lines.iter().find(|line| !line.is_empty()).cloned();
    match (shown(removed), shown(added)) {
        (_, Some(line)) => format!("would be formatted as: {line}"),
        (Some(line), None) => format!("would be removed: {line}"),
        (None, None) if removed.len() < added.len() => "blank line missing".to_owned(),
        (None, None) => "blank line too many, or white space at its end".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_blocks(text: &str, files: &[&str]) -> Vec<(String, u64, u64, u64, u64, String)> {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let known = Known::new(Path::new("/slot"), Path::new(""), &files);
        let tuple = |block: Block| {
            let path = block.path.to_string_lossy().into_owned();
            (path, block.old_start, block.old_lines, block.new_start, block.new_lines, block.text)
        };
        blocks(text.as_bytes(), &known).into_iter().map(tuple).collect()
    }

    #[test]
    fn reads_every_kind_of_block() {
        let text = "--- a.py\t2026-01-01\n+++ a.py\t2026-01-01\n@@ -1,4 +1,5 @@\n import os\n+\n-x  = 1\n+x = 1\n keep\n-\n+\n\
                    @@ -9 +10,0 @@\n--- gone\n--- new\nline.py\n+++ new\nline.py\n@@ -0,0 +1 @@\n+x\n\nnoise\n";
        let expected = [
            ("a.py", 2, 1, 2, 2, "would be formatted as: x = 1"),
            ("a.py", 4, 1, 5, 1, "blank line too many, or white space at its end"),
            ("a.py", 9, 1, 11, 0, "would be removed: -- gone"),
            ("new\nline.py", 1, 0, 1, 1, "would be formatted as: x"),
        ];
        let expected =
            expected.map(|(path, a, b, c, d, text)| (path.to_owned(), a, b, c, d, text.to_owned()));
        assert_eq!(read_blocks(text, &["a.py", "new\nline.py"]), expected);
    }

    #[test]
    fn drops_files_it_was_not_given() {
        assert!(read_blocks("--- b.py\n+++ b.py\n@@ -1 +1 @@\n-a\n+b\n", &["a.py"]).is_empty());
        assert_eq!(read_blocks("--- STDIN\t1\n+++ STDOUT\t1\n@@ -1 +1 @@\n-a\n+b\n", &["a.py"]).len(), 1);
    }
}
