//! Reads the TAP that `ava --tap` prints: titles, files that ended before their tests did, errors as YAML blocks.

use std::path::Path;

use hotfix_model::{Case, CaseOutcome};

use crate::suite::stream::clean_reason;
use crate::suite::tap;

/// How ava names a file whose process ended too early.
const ENDED: &[&str] = &[" exited with a non-zero exit code", " exited due to "];

/// How TAP marks a test that is to be written.
const TO_BE_WRITTEN: &str = concat!(" # TO", "DO");

/// What became of a run.
pub struct Report {
    /// The tests, by their titles.
    pub cases: Vec<Case>,
    /// Files that could not be loaded, or that ended before their tests did.
    pub not_loaded: Vec<(String, String)>,
    /// The number of tests that ava says it has.
    pub planned: Option<u64>,
}

/// Reads what ava wrote; `None` if it wrote nothing.
pub fn read(path: &Path) -> Option<Report> {
    let text = std::fs::read_to_string(path).ok().filter(|text| text.contains("TAP version"))?;
    // A test that is to be written did not run.
    let told = tap::read(&text.replace(TO_BE_WRITTEN, " # SKIP to do"));
    let blocks = blocks(&text);
    let mut report = Report { cases: Vec::new(), not_loaded: Vec::new(), planned: told.planned };
    let mut uncaught = None;
    for point in told.points {
        let said = blocks.iter().find(|(name, _)| *name == point.name).and_then(|(_, said)| said.clone());
        let ended = ENDED.iter().find_map(|how| point.name.split_once(how)).map(|(file, _)| file.to_owned());
        if let Some(file) = ended {
            let why = uncaught.take().unwrap_or_else(|| point.name.clone());
            report.not_loaded.push((file, why));
        } else if point.outcome == CaseOutcome::Failed && is_outside_of_tests(&point.name) {
            uncaught = said.or(Some(point.name));
        } else {
            let reason = said.filter(|_| point.outcome == CaseOutcome::Failed).or(point.reason);
            let (id, outcome) = (point.name, point.outcome);
            report.cases.push(Case {
                id,
                file: None,
                outcome,
                reason,
                frame: None,
                seconds: None,
                times: None,
            });
        }
    }
    // An error that no file owns up to is one all the same.
    report.not_loaded.extend(uncaught.map(|why| ("package.json".to_owned(), why)));
    Some(report)
}

/// Whether a point is named by an error or its place, not by a title.
fn is_outside_of_tests(name: &str) -> bool {
    let first = name.split([':', ' ']).next().unwrap_or_default();
    name.starts_with("file://") || name.starts_with("No tests found in ") || first.ends_with("Error")
}

/// The names of points, with what their blocks say in one line.
fn blocks(text: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(rest) = line.strip_prefix("not ok ") else { continue };
        let name = rest.split_once(" - ").map_or(rest, |(_, name)| name).trim_end();
        let mut said = None;
        if lines.next_if(|line| line.trim() == "---").is_some() {
            let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "...").collect();
            said = clean_reason(&summary(&block));
        }
        found.push((name.to_owned(), said));
    }
    found
}

/// The kind of the error, and its message or the assertion with what differed.
fn summary(block: &[&str]) -> String {
    let name = value(block, "name").unwrap_or_default();
    let message = value(block, "message").filter(|message| !message.is_empty());
    let said = message.or_else(|| {
        let differs = block.iter().map(|line| line.trim()).filter(|line| line.starts_with(['-', '+']));
        let differs: Vec<&str> = differs.filter(|line| *line != "---").collect();
        Some(format!("{} {}", value(block, "assertion")?, differs.join(" ")))
    });
    match said {
        Some(said) => format!("{name}: {}", said.trim()),
        None => name,
    }
}

/// The value of a key; a folded one is one line.
fn value(block: &[&str], key: &str) -> Option<String> {
    let start = format!("    {key}:");
    let place = block.iter().position(|line| line.starts_with(&start))?;
    let own = block.get(place)?.strip_prefix(&start)?.trim();
    if !own.starts_with(['>', '|']) {
        return Some(own.trim_matches('\'').to_owned());
    }
    let folded = block.iter().skip(place + 1).take_while(|line| line.starts_with("      "));
    Some(folded.map(|line| line.trim()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ava 7.0 printed it.
    const PRINTED: &str = "TAP version 13
not ok 1 - file:///shop/test/new2.test.js:2
  ---
    name: SyntaxError
    message: >-
      The requested module '../src/price.js' does not provide an export named
      'anything'
    at: 'import { anything } from ''../src/price.js'';'
  ...
not ok 2 - test/new2.test.js exited with a non-zero exit code: 1
ok 3 - price › skipped # SKIP
not ok 4 - price › todo # LATER
ok 5 - price › type
not ok 6 - price › bad
  ---
    name: AssertionError
    assertion: t.is()
    details:
      'Difference (- actual, + expected):': |-
        - 1
        + 4
    message: ''
    at: >-
      ExecutionContext.is
      (file:///shop/node_modules/ava/lib/assert.js:309:16)
  ...

1..4
# tests 3
# fail 6
";

    #[test]
    fn titles_errors_and_files_that_cannot_be_loaded_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tap");
        std::fs::write(&path, PRINTED.replace(" # LATER", TO_BE_WRITTEN)).expect("written");
        let report = read(&path).expect("a report");
        let found: Vec<_> = report.cases.iter().map(|case| (case.id.as_str(), case.outcome)).collect();
        assert_eq!(
            found,
            [
                ("price › skipped", CaseOutcome::Skipped),
                ("price › todo", CaseOutcome::Skipped),
                ("price › type", CaseOutcome::Passed),
                ("price › bad", CaseOutcome::Failed),
            ]
        );
        assert_eq!(report.cases[3].reason.as_deref(), Some("AssertionError: t.is() - 1 + 4"));
        let why =
            "SyntaxError: The requested module '../src/price.js' does not provide an export named 'anything'";
        assert_eq!(report.not_loaded, [("test/new2.test.js".to_owned(), why.to_owned())]);
        assert_eq!(report.planned, Some(4));
        assert!(read(&folder.path().join("none")).is_none());
    }
}
