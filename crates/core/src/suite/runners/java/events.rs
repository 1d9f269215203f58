//! What our script told of single tests while Gradle ran, for when Gradle did not live to write its reports.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use hotfix_model::{Case, CaseOutcome};
use serde::Deserialize;

use super::classes;
use crate::suite::paths;
use crate::suite::stream::{Heard, clean_reason};

#[derive(Deserialize)]
struct Event {
    module: String,
    class: String,
    name: String,
    /// `SUCCESS`, `FAILURE` or `SKIPPED`; none when it begins.
    end: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    milliseconds: u32,
}

/// The tests that ended, and those that began and did not. `folder` is Gradle's root below the repository's.
pub fn read(path: &Path, root: &Path, folder: &Path) -> Heard {
    let Ok(file) = File::open(path) else { return Heard::default() };
    of(BufReader::new(file), root, folder)
}

fn of(lines: impl BufRead, root: &Path, folder: &Path) -> Heard {
    let mut heard = Heard::default();
    let lines = lines.split(b'\n').map_while(Result::ok);
    for event in lines.filter_map(|line| serde_json::from_slice::<Event>(&line).ok()) {
        let module = folder.join(&event.module);
        let found = classes::file_of(root, &module, &event.class);
        let file = found.map_or_else(|| event.class.clone(), |file| paths::text_of_path(&file));
        let id = format!("{file}::{}", classes::name_of(&event.class, &event.name));
        match &event.end {
            None => heard.open.push((id, file)),
            Some(end) => {
                if let Some(place) = heard.open.iter().position(|(open, _)| *open == id) {
                    heard.open.remove(place);
                }
                let outcome = outcome(end);
                let reason = event.reason.as_deref().and_then(clean_reason);
                let seconds = Some(f64::from(event.milliseconds) / 1000.0);
                heard.cases.push(Case {
                    id,
                    file: Some(file),
                    outcome,
                    reason,
                    frame: None,
                    seconds,
                    times: None,
                });
            }
        }
    }
    heard
}

fn outcome(end: &str) -> CaseOutcome {
    match end {
        "SUCCESS" => CaseOutcome::Passed,
        "SKIPPED" => CaseOutcome::Skipped,
        _ => CaseOutcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_began_and_did_not_end_is_open() {
        let text = concat!(
            "{\"module\":\"\",\"class\":\"a.ATest\",\"name\":\"one\"}\n",
            "{\"module\":\"\",\"class\":\"a.ATest\",\"name\":\"one\",\"end\":\"FAILURE\",\"reason\":\"java.lang.AssertionError: no\",\"milliseconds\":1500}\n",
            "{\"module\":\"\",\"class\":\"a.ATest\",\"name\":\"two\"}\n",
            "{\"module\":\"\",\"class\":\"a.AT",
        );
        let heard = of(text.as_bytes(), Path::new("/nowhere"), Path::new(""));
        assert_eq!(heard.open, [("a.ATest::two".to_owned(), "a.ATest".to_owned())]);
        let [case] = heard.cases.as_slice() else { panic!("{:?}", heard.cases) };
        assert_eq!((case.outcome, case.seconds), (CaseOutcome::Failed, Some(1.5)));
        assert_eq!(case.reason.as_deref(), Some("java.lang.AssertionError: no"));
    }
}
