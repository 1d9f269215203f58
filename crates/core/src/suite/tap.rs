//! Reads TAP, the Test Anything Protocol (versions 12 to 14): `ok 1 - name`, `not ok 2 - name # SKIP why`, and the plan
//! `1..N`, which is the runner's own count.

use hotfix_model::CaseOutcome;

use super::stream::clean_reason;

/// A test point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its name; its number if it has none.
    pub name: String,
    /// What became of it.
    pub outcome: CaseOutcome,
    /// What was said about it in one line.
    pub reason: Option<String>,
    /// Where it failed, the innermost place that was told.
    pub place: Option<Place>,
}

/// A place as bats tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The function, if it is none of the test itself.
    pub function: Option<String>,
}

/// What a stream told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The test points of the outermost level, in their order.
    pub points: Vec<Point>,
    /// The number of tests that were planned, if exactly one plan was told.
    pub planned: Option<u64>,
    /// Why the runner gave up.
    pub bailed: Option<String>,
}

/// Reads a stream; lines that are no TAP say something about the test before them, or nothing.
pub fn read(output: &str) -> Report {
    let mut report = Report::default();
    let mut plans = 0;
    for line in output.lines() {
        if let Some(point) = point(line, report.points.len() + 1) {
            report.points.push(point);
        } else if let Some(count) = plan(line) {
            plans += 1;
            report.planned = Some(count).filter(|_| plans == 1);
        } else if let Some(why) = line.strip_prefix("Bail out!") {
            report.bailed = Some(clean_reason(why).unwrap_or_else(|| "it gave no reason".to_owned()));
        } else if let (Some(said), Some(last)) = (line.strip_prefix('#'), report.points.last_mut())
            && last.outcome == CaseOutcome::Failed
        {
            take_reason(last, said.trim());
        }
    }
    report
}

/// Where it is comes first in what tools print; what was wrong comes after, and says more.
fn take_reason(point: &mut Point, said: &str) {
    point.place = point.place.take().or_else(|| place(said));
    let is_place =
        |text: &str| text.starts_with("(in ") || text.starts_with("(from ") || text.starts_with("at ");
    if !said.is_empty() && point.reason.as_deref().is_none_or(is_place) {
        point.reason = clean_reason(said).or(point.reason.take());
    }
}

/// ``(from function `sum' in file lib.bash, line 3,`` or `(in test file t/a.bats, line 6)`
fn place(said: &str) -> Option<Place> {
    let said = said.strip_prefix('(')?;
    let function = said.strip_prefix("from function `").and_then(|rest| rest.split_once('\''));
    let (_, rest) = said.split_once("in test file ").or_else(|| said.split_once("in file "))?;
    let (file, _) = rest.rsplit_once(", line ")?;
    Some(Place { file: file.to_owned(), function: function.map(|(name, _)| name.to_owned()) })
}

fn point(line: &str, number: usize) -> Option<Point> {
    let (is_good, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    if !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let rest = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let rest = rest.strip_prefix("- ").unwrap_or(rest);
    let (name, directive) = split_directive(rest);
    let word = directive.to_ascii_lowercase();
    let outcome = match is_good {
        _ if word.starts_with("skip") => CaseOutcome::Skipped,
        // A test that is not expected to hold yet counts as held.
        _ if word.starts_with("todo") => CaseOutcome::Passed,
        false if word.starts_with("timeout") => CaseOutcome::TimedOut,
        true => CaseOutcome::Passed,
        false => CaseOutcome::Failed,
    };
    let name = if name.is_empty() { number.to_string() } else { name.to_owned() };
    let reason = clean_reason(directive).filter(|_| outcome != CaseOutcome::Passed);
    Some(Point { name, outcome, reason, place: None })
}

/// The name, and the directive behind the last ` # `.
fn split_directive(text: &str) -> (&str, &str) {
    let known = ["skip", "todo", "timeout"];
    let found = text.rmatch_indices('#').find(|(place, _)| {
        let after = text.get(place + 1..).unwrap_or_default().trim_start().to_ascii_lowercase();
        known.iter().any(|word| after.starts_with(word))
    });
    match found {
        Some((place, _)) => {
            let (name, directive) = text.split_at(place);
            (name.trim_end(), directive.trim_start_matches('#').trim())
        }
        None => (text.trim_end(), ""),
    }
}

fn plan(line: &str) -> Option<u64> {
    let count = line.strip_prefix("1..")?;
    count.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As bats 1.13 printed it.
    const BATS: &str = "1..4\nok 1 adds <two> & two\nnot ok 2 fails\n# (in test file t/a.bats, line 6)\n#   `[ 1 -eq 2 ]' failed\n# no till\nok 3 skips # skip slow\nnot ok 4 hangs # timeout after 1s\n# (in test file t/a.bats, line 9)\n";

    #[test]
    fn reads_what_bats_writes() {
        let report = read(BATS);
        let found: Vec<_> = report.points.iter().map(|point| (point.name.as_str(), point.outcome)).collect();
        assert_eq!(
            found,
            [
                ("adds <two> & two", CaseOutcome::Passed),
                ("fails", CaseOutcome::Failed),
                ("skips", CaseOutcome::Skipped),
                ("hangs", CaseOutcome::TimedOut),
            ]
        );
        assert_eq!(report.planned, Some(4));
        assert_eq!(report.points[1].reason.as_deref(), Some("`[ 1 -eq 2 ]' failed"));
        assert_eq!(report.points[3].reason.as_deref(), Some("timeout after 1s"));
        let of = |said: &str| {
            read(&format!("not ok 1 a\n# {said}\n#  in test file t/a.bats, line 5)\n")).points[0]
                .place
                .clone()
        };
        let place = |file: &str, function: Option<&str>| {
            Some(Place { file: file.to_owned(), function: function.map(str::to_owned) })
        };
        assert_eq!(report.points[1].place, place("t/a.bats", None));
        assert_eq!(
            of("(from function `sum' in file lib, x.bash, line 3,"),
            place("lib, x.bash", Some("sum"))
        );
    }

    #[test]
    fn other_forms_are_read() {
        let report = read(
            "TAP version 14\nok\nnot ok - b # todo later\n    not ok 1 - inner\nnotok\nBail out! no disk\n1..2\n",
        );
        assert_eq!(report.points.len(), 2);
        assert_eq!((report.points[0].name.as_str(), report.points[1].outcome), ("1", CaseOutcome::Passed));
        assert_eq!((report.planned, report.bailed.as_deref()), (Some(2), Some("no disk")));
        assert_eq!(read("1..2\nok 1\n1..3\n").planned, None);
    }

    /// Counts by another way: lines of the outermost level that begin with the words.
    fn count_by_hand(text: &str) -> usize {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let is_point = |words: &Vec<String>| match words.as_slice() {
            [first, ..] if first == "ok" => true,
            [first, second, ..] => first == "not" && second == "ok",
            _ => false,
        };
        text.lines().map(words).filter(is_point).count()
    }

    proptest! {
        #[test]
        fn damage_drops_no_point(
            text in "(ok|not ok|1\\.\\.3|Bail out!|#| |-|[0-9]|a|\n|todo|skip|\u{fffd}){0,60}",
        ) {
            prop_assert_eq!(read(&text).points.len(), count_by_hand(&text));
        }

        #[test]
        fn no_point_is_dropped(outcomes in prop::collection::vec(any::<bool>(), 0..30), noise in "[a-z# \n]{0,20}") {
            let noise = noise.lines().flat_map(|line| ["# ", line, "\n"]).collect::<String>();
            let line = |(number, good): (usize, &bool)| format!("{}ok {} - t{number}\n{noise}", if *good { "" } else { "not " }, number + 1);
            let text: String = outcomes.iter().enumerate().map(line).collect::<Vec<_>>().concat();
            let report = read(&format!("1..{}\n{text}", outcomes.len()));
            prop_assert_eq!(report.points.len(), outcomes.len());
            let good: Vec<bool> = report.points.iter().map(|point| point.outcome == CaseOutcome::Passed).collect();
            prop_assert_eq!(good, outcomes);
        }
    }
}
