//! Reads what `go test -json` writes (`go doc test2json`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Case, CaseOutcome};
use serde::Deserialize;

use super::module::Module;
use super::overtime::Overtime;
use crate::suite::paths;
use crate::suite::stream::{Heard, clean_reason};

/// Most bytes of output kept of one test or package, for its reason.
const KEPT: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    import_path: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    failed_build: Option<String>,
    elapsed: Option<f64>,
}

/// Everything told of one package.
#[derive(Default)]
struct Package {
    /// In the order in which they began.
    tests: Vec<Test>,
    places: HashMap<String, usize>,
    output: String,
    /// `pass`, `fail` or `skip`, once it has ended.
    end: Option<String>,
    /// What could not be built: itself, or a package it imports.
    failed_build: Option<String>,
    overtime: Overtime,
}

#[derive(Default)]
struct Test {
    name: String,
    output: String,
    /// Whether it waits for its turn among tests that run side by side.
    waits: bool,
    outcome: Option<CaseOutcome>,
    seconds: Option<f64>,
}

/// All events of one run, by package.
pub struct Events<'a> {
    module: &'a Module,
    packages: BTreeMap<String, Package>,
    builds: BTreeMap<String, String>,
    began: u64,
    /// Events that could not be read.
    lost: u64,
    /// What one test may take.
    limit: Option<Duration>,
    /// Whether any package was told of.
    pub any: bool,
}

impl<'a> Events<'a> {
    /// Reads a file of events; lines that are none are left out. After an event that cannot be read the counts never
    /// agree: it may have been one of a test. `limit` is what one test may take.
    pub fn read(path: &Path, module: &'a Module, limit: Option<Duration>) -> Self {
        match File::open(path) {
            Ok(file) => Self::of(BufReader::new(file), module, limit),
            Err(_) => Self::of(std::io::empty(), module, limit),
        }
    }

    fn of(lines: impl BufRead, module: &'a Module, limit: Option<Duration>) -> Self {
        let (packages, builds) = (BTreeMap::new(), BTreeMap::new());
        let mut events = Self { module, packages, builds, began: 0, lost: 0, limit, any: false };
        for line in lines.split(b'\n').map_while(Result::ok) {
            match serde_json::from_slice::<Event>(&line) {
                Ok(event) => events.take(event),
                Err(_) if line.trim_ascii_start().starts_with(b"{\"") => events.lost += 1,
                Err(_) => {}
            }
        }
        events
    }

    fn take(&mut self, event: Event) {
        if event.action == "build-output" {
            keep(self.builds.entry(package_of_build(&event.import_path)).or_default(), &event.output);
            return;
        }
        if event.package.is_empty() {
            return;
        }
        self.any = true;
        let package = self.packages.entry(event.package).or_default();
        package.overtime.take(&event.output);
        if event.test.is_empty() {
            match event.action.as_str() {
                "output" => keep(&mut package.output, &event.output),
                "pass" | "fail" | "skip" => {
                    package.end = Some(event.action);
                    package.failed_build = event.failed_build.as_deref().map(package_of_build);
                }
                _ => {}
            }
            return;
        }
        if event.action == "run" {
            self.began += 1;
        }
        package.test(event.test).take(&event.action, &event.output, event.elapsed);
    }

    /// Whether Go ended a package although no test in it hangs.
    pub fn ran_over(&self) -> bool {
        self.packages.values().any(|package| package.overtime.is_merely_slow(self.limit))
    }

    /// Whether the packages in all these folders were told of: what is still being built is not.
    pub fn know(&self, folders: &BTreeSet<&Path>) -> bool {
        let known: BTreeSet<PathBuf> =
            self.packages.keys().filter_map(|name| self.module.folder_of(name)).collect();
        self.any && folders.iter().all(|folder| known.contains(*folder))
    }

    /// The tests that are wanted. `said` is what Go wrote besides, where older versions put what their compiler said.
    pub fn into_heard(
        self,
        said: &str,
        wanted: impl Fn(&str, &str) -> bool,
        wanted_file: impl Fn(&str) -> bool,
    ) -> Heard {
        let mut heard = Heard::default();
        let mut left_out = 0;
        for (name, package) in &self.packages {
            let folder = self.module.folder_of(name).unwrap_or_default();
            let files = self.module.test_files(&folder);
            if package.is_not_built() {
                let reason = self.build_error(name, package, said);
                let texts = files.iter().map(|file| paths::text_of_path(file));
                heard
                    .not_loaded
                    .extend(texts.filter(|file| wanted_file(file)).map(|file| (file, reason.clone())));
                continue;
            }
            let written = written_in(self.module, &files);
            let cases = package.cases(&written, self.limit);
            left_out += (package.tests.len() - cases.len()) as u64;
            for case in cases {
                if wanted(&case.id, case.file.as_deref().unwrap_or_default()) {
                    heard.cases.push(case);
                } else {
                    left_out += 1;
                }
            }
            heard.trouble = heard.trouble.or_else(|| package.trouble(name));
        }
        let own = self.began.saturating_sub(left_out);
        heard.own_count = Some(match self.lost {
            0 => own,
            lost => own.max(heard.cases.len() as u64) + lost,
        });
        heard
    }

    fn build_error(&self, name: &str, package: &Package, said: &str) -> String {
        let failed = package.failed_build.as_deref().unwrap_or(name);
        let own =
            self.builds.get(failed).or_else(|| self.builds.get(name)).map(String::as_str).unwrap_or_default();
        let older =
            said.split("# ").find(|part| part.split([' ', '\n']).next() == Some(name)).unwrap_or_default();
        let is_telling = |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with(name);
        let mut lines = own.lines().chain(older.lines()).chain(package.output.lines()).map(str::trim);
        let line = lines.find(is_telling).unwrap_or("it cannot be built");
        clean_reason(line).unwrap_or_default()
    }
}

/// The file of each test that is written in one of these.
fn written_in(module: &Module, files: &[PathBuf]) -> HashMap<String, String> {
    let names = |file: &PathBuf| {
        let text = paths::text_of_path(file);
        module.tests_in(file).into_iter().map(move |name| (name, text.clone()))
    };
    let mut all: HashMap<String, String> = files.iter().flat_map(names).collect();
    // A test that is written nowhere, as one that another one makes, counts as one of the first file.
    all.entry(String::new())
        .or_insert_with(|| files.first().map(|file| paths::text_of_path(file)).unwrap_or_default());
    all
}

/// `a/b [a/b.test]` and `a/b_test [a/b.test]` are both built for the tests of `a/b`.
fn package_of_build(import_path: &str) -> String {
    let inside = import_path.split_once(" [").and_then(|(_, rest)| rest.strip_suffix(".test]"));
    inside.unwrap_or(import_path).to_owned()
}

/// Adds to a text that must not grow without bounds: its beginning is what tells.
fn keep(text: &mut String, more: &str) {
    if text.len() < KEPT {
        text.push_str(more);
    }
}

impl Package {
    fn test(&mut self, name: String) -> &mut Test {
        let place = *self.places.entry(name.clone()).or_insert(self.tests.len());
        if place == self.tests.len() {
            self.tests.push(Test { name, ..Test::default() });
        }
        &mut self.tests[place]
    }

    fn is_not_built(&self) -> bool {
        let failed = self.end.as_deref() == Some("fail") && self.tests.is_empty();
        failed && (self.output.contains("[build failed]") || self.output.contains("[setup failed]"))
    }

    /// What failed besides its tests: `TestMain`, a race after the last test, an exit.
    fn trouble(&self, name: &str) -> Option<String> {
        let failed = self.end.as_deref() == Some("fail");
        let explains =
            |test: &Test| test.outcome.map_or(!test.waits, |outcome| outcome == CaseOutcome::Failed);
        let explained = self.tests.iter().any(explains);
        (failed && !explained)
            .then(|| format!("{name} failed outside of its tests: {}", first_line(&self.output)))
    }

    /// What became of its tests; those that never had their turn are left out.
    fn cases(&self, written: &HashMap<String, String>, limit: Option<Duration>) -> Vec<Case> {
        let case = |test: &Test| {
            let top = test.name.split('/').next().unwrap_or_default();
            let file = written.get(top).or_else(|| written.get("")).cloned().unwrap_or_default();
            let (outcome, reason) = self.outcome(test, limit)?;
            let reason = reason.as_deref().and_then(clean_reason);
            let id = format!("{file}::{}", test.name);
            Some(Case { id, file: Some(file), outcome, reason, frame: None, seconds: test.seconds })
        };
        self.tests.iter().filter_map(case).collect()
    }

    fn outcome(&self, test: &Test, limit: Option<Duration>) -> Option<(CaseOutcome, Option<String>)> {
        match test.outcome {
            Some(CaseOutcome::Passed) => Some((CaseOutcome::Passed, None)),
            Some(CaseOutcome::Skipped) => Some((CaseOutcome::Skipped, Some(first_line(&test.output)))),
            Some(_) => Some((CaseOutcome::Failed, Some(reason(&test.output)))),
            None if test.waits => None,
            None if self.end.is_none() => {
                Some((CaseOutcome::TimedOut, Some("still running when the run ended".to_owned())))
            }
            None => self.interrupted(test, limit),
        }
    }

    /// A test in whose time the program ended.
    fn interrupted(&self, test: &Test, limit: Option<Duration>) -> Option<(CaseOutcome, Option<String>)> {
        let Some(said) = &self.overtime.said else {
            let all = format!("{}{}", test.output, self.output);
            let why = format!("its program ended while it ran: {}", reason(&all));
            return Some((CaseOutcome::Crashed, Some(why)));
        };
        let is_blamed = self.overtime.blamed(limit).is_none_or(|names| names.contains(test.name.as_str()));
        is_blamed.then(|| (CaseOutcome::TimedOut, Some(said.clone())))
    }
}

impl Test {
    fn take(&mut self, action: &str, output: &str, elapsed: Option<f64>) {
        match action {
            "output" => keep(&mut self.output, output),
            "pass" => self.outcome = Some(CaseOutcome::Passed),
            "fail" => self.outcome = Some(CaseOutcome::Failed),
            "skip" => self.outcome = Some(CaseOutcome::Skipped),
            "pause" => self.waits = true,
            "cont" => self.waits = false,
            _ => {}
        }
        if self.outcome.is_some() {
            self.seconds = elapsed.or(self.seconds);
        }
    }
}

/// Lines that only say that a test begins, waits or ends.
fn says_nothing(line: &str) -> bool {
    ["=== ", "--- ", "PASS", "FAIL", "ok "].iter().any(|start| line.starts_with(start)) || line.is_empty()
}

fn first_line(output: &str) -> String {
    let line = output.lines().map(str::trim).find(|line| !says_nothing(line));
    line.unwrap_or("no reason given").to_owned()
}

/// A panic, else the first thing said; of what testify prints over several lines, those that say what differs.
fn reason(output: &str) -> String {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !says_nothing(line)).collect();
    if let Some(panic) =
        lines.iter().find(|line| line.starts_with("panic: ") || line.starts_with("fatal error: "))
    {
        return (*panic).to_owned();
    }
    let Some(error) = lines.iter().position(|line| line.starts_with("Error:")) else {
        return lines.first().copied().unwrap_or("no reason given").to_owned();
    };
    let telling = lines.iter().skip(error).take_while(|line| !line.starts_with("Test:")).take(3);
    let joined = telling.map(|line| line.trim_start_matches("Error:").trim()).collect::<Vec<_>>().join(" ");
    joined.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::suite::damage::damaged;

    static MODULE: LazyLock<Module> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("go.mod"), "module m\n").unwrap();
        Module::read(folder.path(), Path::new(""))
    });

    fn heard(bytes: &[u8]) -> Heard {
        Events::of(bytes, &MODULE, None).into_heard("", |_, _| true, |_| true)
    }

    /// The number of tests that a text names; `None` as soon as an event in it cannot be read.
    fn named_by_hand(text: &[u8]) -> Option<usize> {
        let mut named = BTreeSet::new();
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
        for line in lines.filter(|line| line.starts_with(b"{\"")) {
            // Bytes that are no text may stand where nobody looks.
            let value: serde_json::Value = serde_json::from_str(&String::from_utf8_lossy(line)).ok()?;
            let said = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
            let (package, test) = (said("Package").to_owned(), said("Test").to_owned());
            if !package.is_empty() && !test.is_empty() && said("Action") != "build-output" {
                named.insert((package, test));
            }
        }
        Some(named.len())
    }

    proptest! {
        // `PROPTEST_CASES` says how many of each.

        /// Packages, each with the ends of its tests; what tests print stands in between.
        #[test]
        fn no_test_is_dropped(
            packages in prop::collection::vec(prop::collection::vec("pass|fail|skip", 1..6), 0..5),
            noise in prop::sample::select(vec!["", "not json", "{}", "[1]", "{\"Action\":\"output\",\"Output\":\"x\"}", "\u{0}"]),
        ) {
            let mut text = String::new();
            for (number, ends) in packages.iter().enumerate() {
                for (index, end) in ends.iter().enumerate() {
                    for action in ["run", "output", end] {
                        writeln!(text, "{noise}\n{{\"Action\":\"{action}\",\"Package\":\"m/p{number}\",\"Test\":\"Test{index}\",\"Output\":\"--- \\u001b[1m\"}}").unwrap();
                    }
                }
                writeln!(text, "{{\"Action\":\"fail\",\"Package\":\"m/p{number}\",\"Elapsed\":0.1}}").unwrap();
            }
            let heard = heard(text.as_bytes());
            let count = packages.iter().map(Vec::len).sum::<usize>();
            prop_assert_eq!((heard.cases.len(), heard.own_count), (count, Some(count as u64)));
            let wanted = packages.iter().flatten().filter(|end| *end == "pass").count();
            let passed = heard.cases.iter().filter(|case| case.outcome == CaseOutcome::Passed).count();
            prop_assert_eq!(passed, wanted);
        }

        /// Cut anywhere, every test that was said to begin is there, and none that lost its end has passed.
        #[test]
        fn a_stream_that_ends_early_hides_nothing(ends in prop::collection::vec("pass|fail", 1..6), cut in any::<prop::sample::Index>()) {
            let line = |action: &str, index| format!("{{\"Action\":\"{action}\",\"Package\":\"m\",\"Test\":\"Test{index}\"}}\n");
            let text: String = ends.iter().enumerate().map(|(index, end)| line("run", index) + &line(end, index)).collect();
            let whole = text.get(..cut.index(text.len())).unwrap_or_default();
            let begun = whole.matches('}').count().div_ceil(2);
            let ended = whole.matches('}').count() / 2;
            let heard = heard(whole.as_bytes());
            prop_assert_eq!(heard.cases.len(), begun);
            let open = heard.cases.iter().filter(|case| !matches!(case.outcome, CaseOutcome::Passed | CaseOutcome::Failed)).count();
            prop_assert_eq!(open, begun - ended);
        }

        /// Either the counts differ, or every test is there that can be found by another way: in any JSON object that
        /// names one.
        #[test]
        fn a_damaged_stream_is_refused_or_read_to_the_last_test(
            packages in prop::collection::vec(prop::collection::vec("pass|fail|skip", 1..4), 0..4),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..5),
        ) {
            let line = |package: usize, test: usize, action: &str| {
                format!("{{\"Action\":\"{action}\",\"Package\":\"m/p{package}\",\"Test\":\"Test{test}\",\"Elapsed\":0.1}}\n")
            };
            let test = |package: usize, (test, end): (usize, &String)| line(package, test, "run") + &line(package, test, end);
            let of_package = |(number, ends): (usize, &Vec<String>)| {
                ends.iter().enumerate().map(|one| test(number, one)).collect::<String>()
            };
            let text: String = packages.iter().enumerate().map(of_package).collect();
            let bytes = damaged(&text, &changes);
            let heard = heard(&bytes);
            if heard.own_count == Some(heard.cases.len() as u64) {
                prop_assert_eq!(Some(heard.cases.len()), named_by_hand(&bytes));
            }
        }

        /// Also of tests that were not asked for.
        #[test]
        fn damage_among_other_tests_does_no_harm(
            lines in prop::collection::vec(("run|pass|fail|x", 0..3_u8), 0..8),
        ) {
            let line = |(action, test): &(String, u8)| format!("{{\"Action\":\"{action}\",\"Package\":\"m\",\"Test\":\"T{test}\"}}\n");
            let text: String = lines.iter().map(line).collect();
            Events::of(text.as_bytes(), &MODULE, None).into_heard("", |id, _| id.ends_with('1'), |_| true);
        }

        #[test]
        fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            heard(&bytes);
        }
    }
}
