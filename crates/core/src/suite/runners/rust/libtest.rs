//! Reads what Rust's test harness (libtest) prints, strictly: only lines of its own form count, and only where they
//! agree with the harness's own sums. What does not agree is run again alone, where the exit code decides.

use std::collections::{BTreeMap, HashMap};

use hotfix_model::CaseOutcome;

use crate::suite::stream::clean_reason;

/// What one test program printed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// File name of the program; of the documentation tests of a crate, its name.
    pub program: String,
    /// Whether these are tests in documentation.
    pub is_documentation: bool,
    /// Result of each test by name.
    pub results: BTreeMap<String, CaseOutcome>,
    /// What the failed ones said, in one line.
    pub reasons: HashMap<String, String>,
    /// The files in which they panicked, as the compiler names them.
    pub places: HashMap<String, String>,
    /// Seconds all of them took.
    pub seconds: f64,
    announced: u64,
    passed: u64,
    failed: u64,
    ignored: u64,
    is_contradictory: bool,
}

impl Section {
    /// Whether the harness came to its end and its sums are those of the lines that were read.
    pub fn is_sound(&self) -> bool {
        let read = self.results.len() as u64;
        let failed = self.results.values().filter(|outcome| **outcome == CaseOutcome::Failed).count() as u64;
        !self.is_contradictory && self.announced == read && self.summed() == read && self.failed == failed
    }

    /// What the harness's sums say of a test that ran alone. They hold also if the test printed lines like the harness.
    pub fn alone(&self) -> Option<CaseOutcome> {
        match (self.announced, self.passed, self.failed, self.ignored) {
            (1, 1, 0, 0) => Some(CaseOutcome::Passed),
            (1, 0, 1, 0) => Some(CaseOutcome::Failed),
            (1, 0, 0, 1) => Some(CaseOutcome::Skipped),
            _ => None,
        }
    }

    fn summed(&self) -> u64 {
        self.passed + self.failed + self.ignored
    }

    /// Whether the harness did not come to its sums, and nothing speaks against the lines until then.
    pub fn is_cut_short(&self) -> bool {
        !self.is_contradictory && self.summed() == 0 && self.results.len() as u64 <= self.announced
    }

    fn take(&mut self, name: &str, outcome: CaseOutcome) {
        let name = name.strip_suffix(" - should panic").unwrap_or(name).to_owned();
        self.is_contradictory |= self.results.insert(name, outcome).is_some();
    }
}

/// Reads the merged output of `cargo test`, program by program.
pub fn read(output: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut told: Option<(String, Vec<&str>)> = None;
    for line in output.lines() {
        if let Some((program, is_documentation)) = program(line) {
            finish(&mut sections, told.take());
            sections.push(Section { program, is_documentation, ..Section::default() });
            continue;
        }
        if let Some(name) = heading(line) {
            finish(&mut sections, told.replace((name.to_owned(), Vec::new())));
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        if let Some((name, outcome)) = result(line) {
            section.take(name, outcome);
        } else if let Some(count) = announcement(line) {
            section.announced += count;
        } else if let Some(sums) = Sums::read(line) {
            section.passed += sums.passed;
            section.failed += sums.failed;
            section.ignored += sums.ignored;
            section.seconds += sums.seconds;
            finish(&mut sections, told.take());
        } else if let Some((_, lines)) = &mut told {
            lines.push(line);
        }
    }
    finish(&mut sections, told);
    sections
}

/// The file in which a test panicked that ran alone, as the compiler names it.
pub fn place(output: &str) -> Option<String> {
    output.lines().find_map(place_in)
}

/// What one test said, run alone, if it failed.
pub fn reason(output: &str) -> Option<String> {
    let said = read(&format!("     Running alone (alone)\n{output}"));
    let kept = said.into_iter().flat_map(|section| section.reasons.into_values()).next();
    kept.or_else(|| message(&output.lines().collect::<Vec<_>>()))
}

fn finish(sections: &mut [Section], told: Option<(String, Vec<&str>)>) {
    let (Some(section), Some((name, lines))) = (sections.last_mut(), told) else { return };
    if let Some(place) = lines.iter().find_map(|line| place_in(line)) {
        section.places.insert(name.clone(), place);
    }
    if let Some(reason) = message(&lines) {
        section.reasons.insert(name, reason);
    }
}

/// `     Running tests/organs/main.rs (target/debug/deps/organs-0123)` or `   Doc-tests hotfix_core`.
fn program(line: &str) -> Option<(String, bool)> {
    if let Some(name) = line.strip_prefix("   Doc-tests ") {
        return Some((name.to_owned(), true));
    }
    let (_, path) = line.strip_prefix("     Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
    Some((path.rsplit('/').next().unwrap_or(path).to_owned(), false))
}

/// `---- tests::works stdout ----`
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

/// `test tests::works ... ok`, or `test tests::slow ... ignored, needs a server ... or two`
fn result(line: &str) -> Option<(&str, CaseOutcome)> {
    let rest = line.strip_prefix("test ")?;
    let outcome = |word| match word {
        "ok" => Some(CaseOutcome::Passed),
        "FAILED" => Some(CaseOutcome::Failed),
        "ignored" => Some(CaseOutcome::Skipped),
        _ => None,
    };
    let ended = rest.rsplit_once(" ... ").and_then(|(name, word)| Some((name, outcome(word)?)));
    ended.or_else(|| rest.split_once(" ... ignored, ").map(|(name, _)| (name, CaseOutcome::Skipped)))
}

/// `running 3 tests`
fn announcement(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("running ")?;
    rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?.parse().ok()
}

struct Sums {
    passed: u64,
    failed: u64,
    ignored: u64,
    seconds: f64,
}

impl Sums {
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.05s`
    fn read(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let part = |word: &str| counts.split("; ").find_map(|part| part.strip_suffix(word));
        Some(Self {
            passed: part(" passed")?.parse().ok()?,
            failed: part(" failed")?.parse().ok()?,
            ignored: part(" ignored")?.parse().ok()?,
            seconds: counts
                .rsplit_once("finished in ")
                .and_then(|(_, time)| time.trim_end_matches('s').parse().ok())
                .unwrap_or_default(),
        })
    }
}

/// Panic message or error in one line: the assertion with both its sides, without the place and the backtrace.
pub fn message(lines: &[&str]) -> Option<String> {
    let said = |line: &&&str| !line.trim().is_empty();
    let place = lines.iter().position(|line| line.contains("panicked at "));
    let Some(place) = place else {
        return lines.iter().find(said).and_then(|line| clean_reason(line));
    };
    let rest = lines.get(place + 1..).unwrap_or_default();
    // The note is behind the first panic of a program only; behind the last one comes the list of what failed.
    let is_end =
        |line: &&&str| line.starts_with("note: ") || ["stack backtrace:", "failures:"].contains(line);
    let text = rest.iter().take_while(|line| !is_end(line)).map(|line| line.trim());
    // A ruler, as some harnesses print one, says nothing.
    let telling = text.filter(|line| line.contains(char::is_alphanumeric)).take(4);
    let first = telling.collect::<Vec<_>>().join("; ");
    // Before Rust 1.73 the message stood in the line of the place: `panicked at 'no', src/lib.rs:1:2`.
    let older = || lines.get(place).and_then(|line| line.split_once("panicked at '")).map(|(_, rest)| rest);
    clean_reason(&first).filter(|_| older().is_none()).or_else(|| older().and_then(clean_reason))
}

/// `src/lib.rs` of `thread 'a' panicked at src/lib.rs:14:23:`; before Rust 1.73 the message stood before it.
fn place_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("panicked at ")?;
    let place = rest.rsplit_once("', ").map_or(rest, |(_, place)| place).trim_end_matches(':');
    let mut parts = place.rsplitn(3, ':');
    let numbers = [parts.next()?, parts.next()?];
    let are_numbers = numbers.iter().all(|number| number.parse::<u64>().is_ok());
    parts.next().filter(|_| are_numbers).map(str::to_owned)
}

/// The names in what `--list --format terse` printed, for each program; what a custom harness prints is none.
pub fn listed(output: &str) -> Vec<(String, bool, Vec<String>)> {
    let mut programs: Vec<(String, bool, Vec<String>)> = Vec::new();
    for line in output.lines() {
        if let Some((name, is_documentation)) = program(line) {
            programs.push((name, is_documentation, Vec::new()));
        } else if let (Some((_, _, names)), Some(name)) = (programs.last_mut(), line.strip_suffix(": test")) {
            names.push(name.to_owned());
        }
    }
    programs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::suite::damage::damaged;

    const OUTPUT: &str = "    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.02s
     Running unittests src/lib.rs (target/debug/deps/tills-defbd971ddf69f49)

running 4 tests
test tests::err ... FAILED
test tests::works ... FAILED
test tests::slow ... ignored, slow
test tests::panics - should panic ... ok

failures:

---- tests::err stdout ----
Error: \"no\"

---- tests::works stdout ----

thread 'tests::works' (8731) panicked at src/lib.rs:14:23:
assertion `left == right` failed
  left: 3
 right: 4
stack backtrace:
   0: __rustc::rust_begin_unwind


failures:
    tests::err
    tests::works

test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.12s

error: test failed, to rerun pass `--lib`
     Running tests/it/main.rs (target/debug/deps/it-d0298a94574fc233)

running 2 tests
test top ... ok
error: test failed, to rerun pass `--test it`

Caused by:
  process didn't exit successfully: `/r/target/debug/deps/it-d0298a94574fc233` (signal: 6, SIGABRT: process abort signal)
   Doc-tests tills

running 1 test
test src/lib.rs - add (line 6) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.14s

running 1 test
test src/lib.rs - add (line 9) - compile fail ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.04s
";

    #[test]
    fn reads_each_program_by_itself() {
        let sections = read(OUTPUT);
        let programs: Vec<_> = sections.iter().map(|section| section.program.as_str()).collect();
        assert_eq!(programs, ["tills-defbd971ddf69f49", "it-d0298a94574fc233", "tills"]);
        let sound: Vec<_> = sections.iter().map(Section::is_sound).collect();
        assert_eq!(sound, [true, false, true]);
        let unit = &sections[0];
        assert_eq!(unit.results["tests::panics"], CaseOutcome::Passed);
        assert_eq!(unit.results["tests::slow"], CaseOutcome::Skipped);
        assert_eq!(unit.results["tests::works"], CaseOutcome::Failed);
        assert_eq!(unit.reasons["tests::works"], "assertion `left == right` failed; left: 3; right: 4");
        assert_eq!(unit.reasons["tests::err"], "Error: \"no\"");
        assert_eq!(unit.places["tests::works"], "src/lib.rs");
        assert_eq!(
            place("thread 'a' panicked at 'no: 1:2', src/a b.rs:3:5\nnote").as_deref(),
            Some("src/a b.rs")
        );
        assert_eq!(place("panicked at nothing"), None);
        assert_eq!(sections[1].results.len(), 1);
        assert!(sections[2].is_documentation && sections[2].results.len() == 2);
    }

    #[test]
    fn a_line_that_a_test_forges_makes_the_program_unsound() {
        for line in ["test tests::works ... ok\n", "test ghost ... ok\n"] {
            let forged = OUTPUT.replacen("test tests::works", &format!("{line}test tests::works"), 1);
            assert!(!read(&forged)[0].is_sound(), "{line}");
        }
        let swallowed = OUTPUT.replacen("test tests::err ... FAILED\n", "", 1);
        assert!(!read(&swallowed)[0].is_sound());
        let turned = OUTPUT.replacen("test tests::err ... FAILED", "test tests::err ... ok", 1);
        assert!(!read(&turned)[0].is_sound());
    }

    #[test]
    fn a_ruler_is_no_reason() {
        let output = "---- a stdout ----\nthread 'a' panicked at src/lib.rs:3:5:\n\n==========\ncommand failed!\n\nexit status: 1\nnote: run";
        assert_eq!(reason(output).as_deref(), Some("command failed!; exit status: 1"));
    }

    #[test]
    fn the_list_of_what_failed_is_no_reason() {
        let output =
            "---- a stdout ----\n\nthread 'a' panicked at src/lib.rs:3:5:\ntwice\n\n\nfailures:\n    a\n";
        assert_eq!(reason(output).as_deref(), Some("twice"));
        assert_eq!(
            reason("---- a stdout ----\nError: \"no\"\n\nfailures:\n    a\n").as_deref(),
            Some("Error: \"no\"")
        );
    }

    #[test]
    fn why_a_test_is_ignored_may_hold_anything() {
        for why in ["slow", "slow ... really", "see test a ... fine"] {
            let line = format!("test tests::slow ... ignored, {why}");
            assert_eq!(result(&line), Some(("tests::slow", CaseOutcome::Skipped)), "{why}");
        }
        assert_eq!(result("test a ... b ... ok"), Some(("a ... b", CaseOutcome::Passed)));
        assert_eq!(result("test a ... o"), None);
    }

    #[test]
    fn older_panics_carry_their_message_in_the_line_of_the_place() {
        let output =
            "---- a stdout ----\nthread 'a' panicked at 'no such till', src/lib.rs:3:5\nnote: run with";
        assert_eq!(reason(output).as_deref(), Some("no such till', src/lib.rs:3:5"));
    }

    #[test]
    fn lists_are_read_program_by_program() {
        let output = "     Running unittests src/lib.rs (target/debug/deps/a-1)\ntests::x: test\ntests::b: benchmark\n     Running tests/own.rs (target/debug/deps/own-2)\nhi there\n   Doc-tests a\nsrc/lib.rs - add (line 6): test\n";
        let listed = listed(output);
        assert_eq!(listed[0], ("a-1".to_owned(), false, vec!["tests::x".to_owned()]));
        assert_eq!(listed[1].2, Vec::<String>::new());
        assert_eq!(listed[2], ("a".to_owned(), true, vec!["src/lib.rs - add (line 6)".to_owned()]));
    }

    /// Lines that tell of a result behind the first program, by another way.
    fn count_by_hand(text: &str) -> usize {
        let programs = text.lines().skip_while(|line| program(line).is_none());
        let is_result = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            let ends = [" ... ok", " ... FAILED", " ... ignored"].iter().any(|end| line.ends_with(end));
            words.first() == Some(&"test") && words.len() > 3 && (ends || line.contains(" ... ignored, "))
        };
        programs.filter(is_result).count()
    }

    proptest! {
        /// What is dropped or doubled never goes unseen.
        #[test]
        fn a_program_whose_lines_were_tampered_with_is_unsound(
            outcomes in proptest::collection::vec(0..3_u8, 1..20),
            place in any::<prop::sample::Index>(),
            doubled in any::<bool>(),
        ) {
            let word = |outcome: &u8| ["ok", "FAILED", "ignored"][usize::from(*outcome)];
            let mut lines: Vec<String> =
                outcomes.iter().enumerate().map(|(n, outcome)| format!("test t{n} ... {}", word(outcome))).collect();
            let count = |wanted: u8| outcomes.iter().map(|outcome| usize::from(*outcome == wanted)).sum::<usize>();
            let whole = |lines: &[String]| format!(
                "     Running unittests src/lib.rs (deps/a-1)\nrunning {} tests\n{}\n\ntest result: x. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
                outcomes.len(), lines.join("\n"), count(0), count(1), count(2)
            );
            let sections = read(&whole(&lines));
            prop_assert!(sections[0].is_sound());
            prop_assert_eq!(sections[0].results.len(), outcomes.len());
            let line = lines.remove(place.index(lines.len()));
            if doubled {
                lines.extend([line.clone(), line]);
            }
            prop_assert!(!read(&whole(&lines))[0].is_sound());
        }

        /// Damage makes a program unsound, or every line of a result is read.
        #[test]
        fn a_damaged_output_is_refused_or_read_to_the_last_test(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..5),
        ) {
            let bytes = damaged(OUTPUT, &changes);
            let text = String::from_utf8_lossy(&bytes);
            let sections = read(&text);
            if sections.iter().all(|section| section.is_sound() || section.is_cut_short()) {
                let read: usize = sections.iter().map(|section| section.results.len()).sum();
                prop_assert!(read >= count_by_hand(&text), "{}", text);
            }
        }

        #[test]
        fn every_listed_name_is_read(programs in proptest::collection::vec(proptest::collection::vec("[a-z:() -]{1,12}", 0..5), 0..4)) {
            let program = |(number, names): (usize, &Vec<String>)| {
                let names = names.iter().flat_map(|name| [name.as_str(), ": test\n"]).collect::<String>();
                format!("     Running tests/p.rs (deps/p-{number})\n{names}\n")
            };
            let output: String = programs.iter().enumerate().map(program).collect();
            let names: Vec<Vec<String>> = listed(&output).into_iter().map(|(_, _, names)| names).collect();
            prop_assert_eq!(names, programs);
        }

        #[test]
        fn any_text_does_no_harm(text in "(test |running |\\.\\.\\. |ok|FAILED|---- | stdout ----|test result: |[a-z0-9]|\n){0,60}") {
            let _ = (read(&text), listed(&text), reason(&text));
        }
    }
}
