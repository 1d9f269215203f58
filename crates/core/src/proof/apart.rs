//! Takes the change of one file apart that holds both tests and source: place by place, as far as that is clear.

use std::ops::RangeInclusive;

use crate::git::Hunk;

/// What of the change of a file is tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// All of it.
    Tests,
    /// Nothing.
    Source,
    /// A part: this is the file of base with that part alone.
    Apart(Vec<u8>),
    /// Tests and source are changed in one place, in an order that cannot be followed.
    Unclear,
}

/// A version of the file: its lines, and which of them are tests, counted from 1, ascending.
pub struct Version<'a> {
    lines: Vec<&'a [u8]>,
    tests: Vec<RangeInclusive<u64>>,
}

impl<'a> Version<'a> {
    /// The text of a version and its lines of tests.
    pub fn new(text: &'a [u8], tests: Vec<RangeInclusive<u64>>) -> Self {
        Self { lines: text.split_inclusive(|byte| *byte == b'\n').collect(), tests }
    }

    /// `count` lines from `start` on, each with whether it is one of tests. A blank line goes with the one before it, or
    /// else with the one behind it.
    fn part(&self, start: u64, count: u64) -> Vec<(&'a [u8], bool)> {
        let numbers = start..start.saturating_add(count);
        let line = |number: u64| self.lines.get(usize::try_from(number).ok()?.checked_sub(1)?).copied();
        let known: Vec<_> =
            numbers.filter_map(|number| Some((line(number)?, self.is_test(number)))).collect();
        let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
        let mut last = known.iter().find(|(line, _)| !is_blank(line)).is_some_and(|(_, is_test)| *is_test);
        let mut part = Vec::with_capacity(known.len());
        for (line, is_test) in known {
            if !is_blank(line) {
                last = is_test;
            }
            part.push((line, last));
        }
        part
    }

    fn is_test(&self, number: u64) -> bool {
        self.tests.iter().any(|range| range.contains(&number))
    }
}

/// Takes the change apart that these places make of `base`.
pub fn take_apart(base: &Version<'_>, fixed: &Version<'_>, hunks: &[Hunk]) -> Taken {
    let mut red: Vec<u8> = Vec::new();
    let mut next = 1;
    for hunk in hunks {
        // Of a pure addition, `old_start` is the line before it.
        let start = if hunk.old_lines == 0 { hunk.old_start + 1 } else { hunk.old_start };
        let added = hunk.added.len() as u64;
        let Some(place) = of_place(&base.part(start, hunk.old_lines), &fixed.part(hunk.new_start, added))
        else {
            return Taken::Unclear;
        };
        red.extend(base.part(next, start.saturating_sub(next)).into_iter().flat_map(|(line, _)| line));
        red.extend(place);
        next = start + hunk.old_lines;
    }
    red.extend(base.part(next, base.lines.len() as u64).into_iter().flat_map(|(line, _)| line));
    if red == base.lines.concat() {
        Taken::Source
    } else if red == fixed.lines.concat() {
        Taken::Tests
    } else {
        Taken::Apart(red)
    }
}

/// Whether source stands before tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    One,
    SourceFirst,
    TestsFirst,
    Mixed,
}

/// What the red side has in one place: the old source and the new tests.
fn of_place(old: &[(&[u8], bool)], new: &[(&[u8], bool)]) -> Option<Vec<u8>> {
    let lines = |part: &[(&[u8], bool)], wanted: bool| {
        let chosen = part.iter().filter(|(_, is_test)| *is_test == wanted);
        chosen.flat_map(|(line, _)| line.iter().copied()).collect::<Vec<u8>>()
    };
    let (source, tests) = (lines(old, false), lines(new, true));
    match (order(old), order(new)) {
        _ if source.is_empty() => Some(tests),
        _ if tests.is_empty() => Some(source),
        (Order::SourceFirst, Order::SourceFirst | Order::One) | (Order::One, Order::SourceFirst) => {
            Some([source, tests].concat())
        }
        (Order::TestsFirst, Order::TestsFirst | Order::One) | (Order::One, Order::TestsFirst) => {
            Some([tests, source].concat())
        }
        // Mixed, in two orders, or source that became tests.
        _ => None,
    }
}

fn order(part: &[(&[u8], bool)]) -> Order {
    let switches =
        part.windows(2).filter(|pair| matches!(pair, [(_, one), (_, other)] if one != other)).count();
    match (switches, part.first()) {
        (0, _) => Order::One,
        (1, Some((_, false))) => Order::SourceFirst,
        (1, _) => Order::TestsFirst,
        _ => Order::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines that begin with `t` are tests.
    fn version(text: &str) -> Version<'_> {
        let lines = text.lines().zip(1..).filter(|(line, _)| line.starts_with('t'));
        Version::new(text.as_bytes(), lines.map(|(_, number)| number..=number).collect())
    }

    /// One place from the first line that differs to the last.
    fn one_place(base: &str, fixed: &str) -> Vec<Hunk> {
        let (old, new): (Vec<_>, Vec<_>) = (base.lines().collect(), fixed.lines().collect());
        let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        let room = old.len().min(new.len()) - start;
        let end =
            old.iter().rev().zip(new.iter().rev()).take(room).take_while(|(one, other)| one == other).count();
        let old_lines = (old.len() - end - start) as u64;
        let added: Vec<Vec<u8>> =
            new[start..new.len() - end].iter().map(|line| line.as_bytes().to_vec()).collect();
        let begin = start as u64;
        vec![Hunk {
            old_start: if old_lines == 0 { begin } else { begin + 1 },
            old_lines,
            new_start: if added.is_empty() { begin } else { begin + 1 },
            added,
        }]
    }

    fn taken(base: &str, fixed: &str) -> Taken {
        take_apart(&version(base), &version(fixed), &one_place(base, fixed))
    }

    fn apart(text: &str) -> Taken {
        Taken::Apart(text.as_bytes().to_vec())
    }

    #[test]
    fn places_of_one_kind_are_clear() {
        assert_eq!(taken("a\nt1\n", "b\nt1\n"), Taken::Source);
        assert_eq!(taken("a\nt1\n", "a\nt2\n"), Taken::Tests);
        assert_eq!(taken("a\n", "a\n\nt1\nt2\n"), Taken::Tests);
        assert_eq!(taken("a\nt1\n", "a\n"), Taken::Tests);
    }

    #[test]
    fn a_place_with_both_is_clear_if_they_stand_in_one_order() {
        assert_eq!(taken("a\nb\n", "a\nc\n\nt1\nt2\n"), apart("a\nb\nt1\nt2\n"));
        assert_eq!(taken("a\nt1\n", "b\nt2\n"), apart("a\nt2\n"));
        assert_eq!(taken("t1\na\n", "t2\nb\n"), apart("t2\na\n"));
        assert_eq!(taken("x\n", "b\nt1\nc\nt2\nx\n"), apart("t1\nt2\nx\n"));
    }

    #[test]
    fn a_place_with_both_in_two_orders_is_not() {
        assert_eq!(taken("a\nt1\n", "t2\nb\n"), Taken::Unclear);
        assert_eq!(taken("a\nb\n", "c\nt1\nd\n"), Taken::Unclear);
    }

    proptest! {
        /// Whatever is taken: the source is that of base, the tests are those of the fix.
        #[test]
        fn the_red_side_has_the_old_source_and_the_new_tests(
            base in prop::collection::vec("[abt][12]", 1..8),
            fixed in prop::collection::vec("[abt][12]", 1..8),
        ) {
            let text = |lines: &[String]| format!("{}\n", lines.join("\n"));
            let of_kind = |text: &str, wanted: bool| {
                text.lines().filter(|line| line.starts_with('t') == wanted).map(str::to_owned).collect::<Vec<_>>()
            };
            let (base, fixed) = (text(&base), text(&fixed));
            let red = match taken(&base, &fixed) {
                Taken::Unclear => return Ok(()),
                Taken::Source => base.clone(),
                Taken::Tests => fixed.clone(),
                Taken::Apart(red) => String::from_utf8(red).unwrap(),
            };
            prop_assert_eq!(of_kind(&red, false), of_kind(&base, false));
            prop_assert_eq!(of_kind(&red, true), of_kind(&fixed, true));
        }
    }
}
