//! Takes the change of one file apart that holds both tests and source: the red side is the source of base with the
//! tests of the fix, each block of them where the source around it stands on base.

use std::ops::RangeInclusive;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};

/// What of the change of a file is tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// All of it.
    Tests,
    /// Nothing.
    Source,
    /// A part: this is the file of base with that part alone.
    Apart(Vec<u8>),
    /// Tests stand amid source that is written anew, so nobody can say where they belong on base.
    Unclear,
}

/// A version of the file: its lines, each with whether it is one of tests.
pub struct Version<'a>(Vec<(&'a [u8], bool)>);

impl<'a> Version<'a> {
    /// The text of a version and its lines of tests, counted from 1. A blank line before tests goes with them.
    pub fn new(text: &'a [u8], tests: &[RangeInclusive<u64>]) -> Self {
        let is_test = |number: u64| tests.iter().any(|range| range.contains(&number));
        let lines = text.split_inclusive(|byte| *byte == b'\n').zip(1..);
        let mut lines: Vec<_> = lines.map(|(line, number)| (line, is_test(number))).collect();
        let mut behind = false;
        for (line, is_test) in lines.iter_mut().rev() {
            *is_test |= behind && line.iter().all(u8::is_ascii_whitespace);
            behind = *is_test;
        }
        Self(lines)
    }

    fn source(&self) -> Vec<&'a [u8]> {
        self.0.iter().filter(|(_, is_test)| !is_test).map(|(line, _)| *line).collect()
    }

    fn whole(&self) -> Vec<u8> {
        joined(self.0.iter().map(|(line, _)| *line))
    }
}

/// Takes the change from `base` to `fixed` apart.
pub fn take_apart(base: &Version<'_>, fixed: &Version<'_>) -> Taken {
    let (old, new) = (base.source(), fixed.source());
    let operations = capture_diff_slices(Algorithm::Patience, &old, &new);
    let (mut red, mut copied, mut passed) = (Vec::new(), 0, 0);
    for (line, is_test) in &fixed.0 {
        if !is_test {
            passed += 1;
            continue;
        }
        let Some(place) = place_on_base(&operations, passed) else { return Taken::Unclear };
        red.extend(old.get(copied..place).unwrap_or_default());
        copied = copied.max(place);
        red.push(*line);
    }
    red.extend(old.get(copied..).unwrap_or_default());
    let red = joined(red.into_iter());
    if red == base.whole() {
        Taken::Source
    } else if red == fixed.whole() {
        Taken::Tests
    } else {
        Taken::Apart(red)
    }
}

/// How many lines of base's source stand before what stands behind so many lines of the fix's source; `None` amid lines
/// that are written anew.
fn place_on_base(operations: &[DiffOp], passed: usize) -> Option<usize> {
    let Some(at) = operations.iter().find(|operation| passed <= operation.new_range().end) else {
        return Some(0);
    };
    let (old, new) = (at.old_range(), at.new_range());
    match at.tag() {
        DiffTag::Equal => Some(old.start + passed.saturating_sub(new.start)),
        DiffTag::Replace if passed == new.end => Some(old.end),
        DiffTag::Replace if passed > new.start => None,
        _ => Some(old.start),
    }
}

/// The lines as one text; only the last may lack its end.
fn joined<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        if text.last().is_some_and(|last| *last != b'\n') {
            text.push(b'\n');
        }
        text.extend(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines that begin with `t` are tests.
    fn version(text: &str) -> Version<'_> {
        let lines = text.lines().zip(1..).filter(|(line, _)| line.starts_with('t'));
        Version::new(text.as_bytes(), &lines.map(|(_, number)| number..=number).collect::<Vec<_>>())
    }

    fn taken(base: &str, fixed: &str) -> Taken {
        take_apart(&version(base), &version(fixed))
    }

    fn apart(text: &str) -> Taken {
        Taken::Apart(text.as_bytes().to_vec())
    }

    #[test]
    fn a_change_of_one_kind_is_clear() {
        assert_eq!(taken("a\nt1\n", "b\nt1\n"), Taken::Source);
        assert_eq!(taken("a\nt1\n", "a\nt2\n"), Taken::Tests);
        assert_eq!(taken("a\n", "a\n\nt1\nt2\n"), Taken::Tests);
        assert_eq!(taken("a\nt1\n", "a\n"), Taken::Tests);
    }

    #[test]
    fn tests_keep_their_place_in_the_source() {
        assert_eq!(taken("a\nb\n", "a\nc\n\nt1\nt2\n"), apart("a\nb\n\nt1\nt2\n"));
        // A comparison of whole files takes the last line of the tests for that of the source.
        assert_eq!(taken("a\nb\n}\n", "a\nc\n}\nt1\nt}\n"), apart("a\nb\n}\nt1\nt}\n"));
        assert_eq!(taken("a\nt1\n", "t2\nb\n"), apart("t2\na\n"));
        assert_eq!(taken("a", "b\nt1\n"), apart("a\nt1\n"));
        assert_eq!(taken("a\nt1\n", "b\nt2\n"), apart("a\nt2\n"));
        assert_eq!(taken("t1\na\n", "t2\nb\n"), apart("t2\na\n"));
        assert_eq!(taken("x\n", "b\nt1\nc\nt2\nx\n"), apart("t1\nt2\nx\n"));
    }

    #[test]
    fn tests_amid_source_that_is_written_anew_have_no_place() {
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
