//! Names of the changed places that a test file speaks of: the function that was mended, the constant that is new.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;

/// A source as it was and as it is, and the lines in which they differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Relative to the root.
    pub path: PathBuf,
    /// Its text on base; empty if it is new.
    pub before: String,
    /// Its text in the fix; empty if it is gone.
    pub after: String,
    /// Changed lines of `before`, counted from 1.
    pub old: Vec<Range<u64>>,
    /// Changed lines of `after`, counted from 1.
    pub new: Vec<Range<u64>>,
}

/// A word counts so much when it stands in a changed line.
const IN_LINE: u32 = 1;
/// And so much when it names what the line is in: that is what tests call.
const IN_HEADER: u32 = 3;
/// The most that all words of a file are worth.
pub const STRONGEST: u32 = 40;
/// Shorter words are everywhere.
const SHORTEST: usize = 3;
/// So many enclosing blocks are looked at.
const HEADERS: usize = 4;

/// The words of the changed lines and of the heads of the blocks they are in, with how much they count.
pub fn changed_words(edits: &[Edit]) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for edit in edits {
        for (text, ranges) in [(&edit.before, &edit.old), (&edit.after, &edit.new)] {
            let lines: Vec<&str> = text.lines().collect();
            for number in ranges.iter().cloned().flatten() {
                let Some(index) = usize::try_from(number).ok().and_then(|number| number.checked_sub(1))
                else {
                    continue;
                };
                note(&mut found, lines.get(index).copied().unwrap_or_default(), IN_LINE);
                for header in headers(&lines, index) {
                    note(&mut found, header, IN_HEADER);
                }
            }
        }
    }
    found
}

fn note(found: &mut BTreeMap<String, u32>, line: &str, count: u32) {
    for word in words(line) {
        let known = found.entry(word.to_owned()).or_default();
        *known = count.max(*known);
    }
}

/// The lines that open the blocks a line is in, the innermost first, told by their indentation.
fn headers<'a>(lines: &[&'a str], index: usize) -> Vec<&'a str> {
    let mut depth = lines.get(index).map_or(0, |line| indentation(line));
    let mut found = Vec::new();
    for line in lines.iter().take(index).rev().filter(|line| !line.trim().is_empty()) {
        if depth == 0 || found.len() == HEADERS {
            break;
        }
        let own = indentation(line);
        let opens =
            line.trim().chars().next().is_some_and(|first| first.is_alphanumeric() || "_@".contains(first));
        if own < depth && opens {
            found.push(*line);
            depth = own;
        }
    }
    found
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The names in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let all = text.split(move |c: char| !is_part(c));
    all.filter(|word| word.len() >= SHORTEST && !word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Which of the changed words each test file holds.
#[derive(Debug, Default)]
pub struct Mentions<'a> {
    words: BTreeMap<&'a str, u32>,
    by_file: Vec<BTreeSet<&'a str>>,
    frequency: HashMap<&'a str, u32>,
}

impl<'a> Mentions<'a> {
    /// Of these words.
    pub fn of(words: &'a BTreeMap<String, u32>) -> Self {
        let words = words.iter().map(|(word, count)| (word.as_str(), *count)).collect();
        Self { words, ..Self::default() }
    }

    /// Takes in the text of the next test file.
    pub fn add(&mut self, text: &str) {
        let all: HashSet<&str> = if self.words.is_empty() { HashSet::new() } else { words(text).collect() };
        let held: BTreeSet<&'a str> = self.words.keys().copied().filter(|word| all.contains(word)).collect();
        for word in &held {
            *self.frequency.entry(word).or_default() += 1;
        }
        self.by_file.push(held);
    }

    /// How strongly the file that was taken in at this place speaks of the change, and the word that says most. A word
    /// that half of the files hold says nothing.
    pub fn strength(&self, place: usize) -> (u32, Option<&'a str>) {
        let files = u32::try_from(self.by_file.len()).unwrap_or(u32::MAX);
        let rarity =
            |word: &str| (files / self.frequency.get(word).copied().unwrap_or(1).max(1)).max(1).ilog2();
        let held = self.by_file.get(place).into_iter().flatten();
        let worth: Vec<(u32, &'a str)> = held
            .map(|word| (rarity(word) * self.words.get(word).copied().unwrap_or_default(), *word))
            .collect();
        let sum: u32 = worth.iter().map(|(worth, _)| worth).sum();
        let best = worth.into_iter().filter(|(worth, _)| *worth > 0).max_by_key(|(worth, _)| *worth);
        (sum.saturating_mul(2).min(STRONGEST), best.map(|(_, word)| word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one changed place is one range")]
    fn words_of_the_line_and_of_what_it_is_in() {
        let text = "class Style:\n    def other(self):\n        pass\n\n    def from_color(self, color):\n        if color:\n            limit = 255\n";
        let edit = Edit { after: text.to_owned(), new: vec![7..8], ..Edit::default() };
        let found = changed_words(&[edit]);
        let of = |word: &str| found.get(word).copied();
        assert_eq!(
            (of("limit"), of("from_color"), of("Style")),
            (Some(IN_LINE), Some(IN_HEADER), Some(IN_HEADER))
        );
        assert_eq!((of("other"), of("255"), of("if")), (None, None, None));
    }

    #[test]
    fn rare_words_count_and_common_ones_do_not() {
        let words = BTreeMap::from([("rare".to_owned(), IN_HEADER), ("common".to_owned(), IN_HEADER)]);
        let mut mentions = Mentions::of(&words);
        for text in ["common rare()", "common", "common", "common", "rarely"] {
            mentions.add(text);
        }
        assert_eq!(mentions.strength(0), (12, Some("rare")));
        assert_eq!(mentions.strength(1), (0, None));
        assert_eq!(mentions.strength(4), (0, None));
    }
}
