//! Tests in documentation. They have no programs of their own: rustdoc compiles and runs them in one go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::CaseOutcome;

use super::execute::{Ended, Gathered, Job};
use super::{libtest, lines};

use super::scope::{Scope, Wanted};
use crate::error::Result;
use crate::suite::paths;
use crate::suite::report::End;

/// Marks the name of such a test.
const MARK: &str = "example";

/// A test in documentation.
struct Example {
    /// What rustdoc calls it: `src/lib.rs - add (line 6)`.
    said: String,
    file: PathBuf,
    /// What it is called here: the item and the number within it, since lines move with every change.
    name: String,
}

/// Runs the examples of a selection. Only files that hold one cost a run.
pub fn run(
    job: &Job<'_>,
    scope: &Scope<'_>,
    (files, wanted, until): (Option<&[PathBuf]>, &Wanted<'_>, Duration),
    gathered: &mut Gathered,
) -> Result<()> {
    let holding = |file: &&PathBuf| holds_example(&job.place.root.join(file)) && may_want(wanted, file);
    let filters: Option<Vec<String>> = files.map(|files| {
        files.iter().filter(holding).map(|file| format!("{} - ", paths::text_of_path(file))).collect()
    });
    let nothing = filters.as_ref().is_some_and(Vec::is_empty) || scope.documented.is_empty();
    if nothing || gathered.has_ended() || !gathered.not_loaded.is_empty() || job.left(until).is_zero() {
        return Ok(());
    }
    let packages = scope.documented.iter().flat_map(|package| ["-p", package.spec.as_str()]);
    let command = job.cargo(&["test", "--doc", "--no-fail-fast"]).args(packages);
    let command = command.args(["--", "--format", "pretty", "--color", "never"]);
    let command = command.args(filters.into_iter().flatten()).deadline(job.left(until));
    let (finished, output) = job.logged(command, "examples.log")?;
    gathered.stop(finished.ending);
    let sections = libtest::read(&output);
    if sections.iter().any(|section| !section.is_sound()) || (sections.is_empty() && !finished.success()) {
        let trouble = End::crashed("the tests in the documentation did not come to their end");
        gathered.end.get_or_insert(trouble);
    }
    for section in sections {
        take(job, &section, wanted, gathered);
    }
    Ok(())
}

fn take(job: &Job<'_>, section: &libtest::Section, wanted: &Wanted<'_>, gathered: &mut Gathered) {
    for example in examples(section.results.keys()) {
        let outcome = section.results.get(&example.said).copied().unwrap_or(CaseOutcome::Crashed);
        if wanted.wants_file(&example.file) && wanted.wants_name(&example.name) {
            let reason = section.reasons.get(&example.said).cloned();
            gathered.expected += 1;
            let frame = job.frame(section.places.get(&example.said));
            let ended = Ended { outcome, reason, frame, seconds: None };
            gathered.take(&example.file, &example.name, ended);
        }
    }
}

/// Cases of a selection that are no examples need none of them to be compiled.
fn may_want(wanted: &Wanted<'_>, file: &Path) -> bool {
    wanted.wants_file(file) && wanted.may_want_name_with(MARK)
}

/// Whether a file has an example in its documentation that runs.
pub fn holds_example(path: &Path) -> bool {
    !lines::examples(&std::fs::read_to_string(path).unwrap_or_default()).is_empty()
}

/// Names examples by item and number.
fn examples<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Example> {
    let mut by_item: BTreeMap<(&str, &str), Vec<(u64, &String)>> = BTreeMap::new();
    for name in names {
        let (file, rest) = name.split_once(" - ").unwrap_or((name, ""));
        let (item, line) = rest.rsplit_once("(line ").unwrap_or((rest, ""));
        let digits = line.split_once(')').map_or(line, |(digits, _)| digits);
        by_item.entry((file, item.trim())).or_default().push((digits.parse().unwrap_or_default(), name));
    }
    let mut found = Vec::new();
    for ((file, item), mut places) in by_item {
        places.sort();
        for ((_, said), number) in places.into_iter().zip(1..) {
            let item = if item.is_empty() { "module" } else { item };
            let name = format!("{item} {MARK} {number}");
            found.push(Example { said: said.clone(), file: paths::path_of_text(file), name });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    #[test]
    fn examples_keep_their_names_when_lines_move() {
        let said = [
            "src/lib.rs - (line 1)",
            "src/lib.rs - add (line 6)",
            "src/lib.rs - add (line 10) - compile fail",
        ];
        let said = said.map(str::to_owned);
        let found = examples(said.iter());
        let ids: Vec<_> = found.iter().map(|example| names::id(&example.file, &example.name)).collect();
        assert_eq!(
            ids,
            ["src/lib.rs::module example 1", "src/lib.rs::add example 1", "src/lib.rs::add example 2"]
        );
        assert_eq!(found[2].said, said[2]);
    }
}
