//! Reads what `go test -json` writes (`go doc test2json`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Case, CaseOutcome};
use serde::Deserialize;

use super::asked::Asked;
use super::failure::{self, first_line};
use super::module::{Method, Module, TestFile};
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
    /// Its earlier runs, where `-count` repeats it.
    earlier: Vec<EarlierRun>,
}

/// A run of a test that ran again.
struct EarlierRun {
    outcome: CaseOutcome,
    output: String,
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
    /// Files that Go does not compile.
    left_out: BTreeSet<PathBuf>,
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
        let left_out = BTreeSet::new();
        let mut events = Self { module, packages, builds, began: 0, lost: 0, limit, left_out, any: false };
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
        let test = package.test(event.test);
        if event.action == "run" && !test.begin_again() {
            self.began += 1;
        }
        test.take(&event.action, &event.output, event.elapsed);
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

    /// The folders in which a test of one name is written in several files: build constraints say which of them is compiled.
    pub fn with_namesakes(&self) -> Vec<PathBuf> {
        let folders = self.packages.keys().filter_map(|name| self.module.folder_of(name));
        let has_namesakes = |folder: &PathBuf| {
            let mut names = BTreeSet::new();
            let files = self.module.test_files(folder);
            !files.iter().flat_map(|file| self.module.tests_in(file)).all(|name| names.insert(name))
        };
        folders.filter(has_namesakes).collect()
    }

    /// Notes files that Go does not compile: no test is one of theirs.
    pub fn leave_out(&mut self, files: BTreeSet<PathBuf>) {
        self.left_out = files;
    }

    /// The tests that were asked for. `said` is what Go wrote besides, where older versions put what their compiler said.
    pub fn into_heard(self, said: &str, asked: &Asked<'_>) -> Heard {
        let mut heard = Heard::default();
        let mut left_out = 0;
        for (name, package) in &self.packages {
            let folder = self.module.folder_of(name).unwrap_or_default();
            let files = self.module.test_files(&folder);
            if package.is_not_built() {
                let reason = self.build_error(name, package, said);
                let texts = files.iter().map(|file| paths::text_of_path(file));
                let broken = texts.filter(|file| asked.has_file(file)).map(|file| (file, reason.clone()));
                heard.not_loaded.extend(broken);
                continue;
            }
            let compiled: Vec<PathBuf> =
                files.into_iter().filter(|file| !self.left_out.contains(file)).collect();
            let written = Written::read(self.module, &compiled);
            let cases = package.cases(self.module, (&folder, &written), self.limit);
            left_out += (package.tests.len() - cases.len()) as u64;
            let broken: BTreeSet<&str> = cases.iter().filter(|case| is_broken(case)).map(name_of).collect();
            let speaks_for_others = |case: &Case| {
                let has_broken_part = || broken.iter().any(|name| is_part(name, name_of(case)));
                asked.carries(&case.id) && is_broken(case) && !has_broken_part()
            };
            let wanted = |case: &Case| {
                asked.has(&case.id, case.file.as_deref().unwrap_or_default()) || speaks_for_others(case)
            };
            let wanted: Vec<Case> = cases.iter().filter(|case| wanted(case)).cloned().collect();
            left_out += (cases.len() - wanted.len()) as u64;
            heard.cases.extend(wanted);
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

/// The tests that are written in the files of a package.
struct Written {
    files: Vec<(String, TestFile)>,
}

impl Written {
    fn read(module: &Module, files: &[PathBuf]) -> Self {
        let read = |file: &PathBuf| (paths::text_of_path(file), module.test_file(file));
        Self { files: files.iter().map(read).collect() }
    }

    /// The file of a test: of a method of a suite the one with that method, else the one with the function. A test that is
    /// written nowhere, as one that another one makes, counts as one of the first file.
    fn file_of(&self, test: &str) -> String {
        let mut parts = test.split('/');
        let (top, part) = (parts.next().unwrap_or_default(), parts.next());
        let function = self.files.iter().find_map(|(path, file)| {
            let function = file.tests.iter().find(|function| function.name == top)?;
            Some((path, function))
        });
        let by_method = part.and_then(|name| {
            let has_name = |method: &&Method| method.name == name;
            let methods = || {
                let all = self.files.iter().flat_map(|(path, file)| {
                    file.methods.iter().filter(has_name).map(move |method| (path, method))
                });
                all.collect::<Vec<_>>()
            };
            let found = methods();
            let is_run = |(_, method): &&(&String, &Method)| {
                function.is_some_and(|(_, function)| function.mentions(&method.suite))
            };
            let only = || found.first().filter(|_| found.len() == 1);
            found.iter().find(is_run).or_else(only).map(|(path, _)| (*path).clone())
        });
        let first = || self.files.first().map(|(path, _)| path.clone()).unwrap_or_default();
        by_method.or_else(|| function.map(|(path, _)| path.clone())).unwrap_or_else(first)
    }
}

fn is_broken(case: &Case) -> bool {
    !matches!(case.outcome, CaseOutcome::Passed | CaseOutcome::Skipped)
}

fn name_of(case: &Case) -> &str {
    case.id.split_once("::").map_or("", |(_, name)| name)
}

/// Whether a test is a part of another.
fn is_part(part: &str, whole: &str) -> bool {
    part.strip_prefix(whole).is_some_and(|rest| rest.starts_with('/'))
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
        (failed && !explained).then(|| {
            format!("{name} failed outside of its tests: {}", or_no_reason(first_line(&self.output)))
        })
    }

    /// What became of its tests; those that never had their turn are left out.
    fn cases(
        &self,
        module: &Module,
        (folder, written): (&Path, &Written),
        limit: Option<Duration>,
    ) -> Vec<Case> {
        let case = |test: &Test| {
            let file = written.file_of(&test.name);
            let (outcome, reason) = self.outcome(test, limit)?;
            let reason = reason.as_deref().and_then(clean_reason);
            let frame = match outcome {
                CaseOutcome::Passed | CaseOutcome::Skipped | CaseOutcome::TimedOut => None,
                CaseOutcome::Failed => failure::frame(module, folder, &self.telling(test).output),
                CaseOutcome::Crashed => {
                    failure::frame(module, folder, &format!("{}{}", test.output, self.output))
                }
            };
            let id = format!("{file}::{}", test.name);
            let case =
                Case { id, file: Some(file), outcome, reason, frame, seconds: test.seconds, times: None };
            Some(test.with_earlier_runs(case))
        };
        self.tests.iter().filter_map(case).collect()
    }

    /// The test that says why a test failed: itself, else the first part of it that failed and says so.
    fn telling<'a>(&'a self, test: &'a Test) -> &'a Test {
        let says_why = |test: &&Test| failure::reason(&test.output).is_some();
        let has_failed = |part: &&Test| part.outcome == Some(CaseOutcome::Failed);
        let mut parts = self.tests.iter().filter(|part| is_part(&part.name, &test.name)).filter(has_failed);
        if says_why(&test) { test } else { parts.find(says_why).unwrap_or(test) }
    }

    fn outcome(&self, test: &Test, limit: Option<Duration>) -> Option<(CaseOutcome, Option<String>)> {
        match test.outcome {
            Some(CaseOutcome::Passed) => Some((CaseOutcome::Passed, None)),
            Some(CaseOutcome::Skipped) => {
                Some((CaseOutcome::Skipped, Some(or_no_reason(first_line(&test.output)))))
            }
            Some(_) => {
                let why = or_no_reason(failure::reason(&self.telling(test).output));
                Some((CaseOutcome::Failed, Some(why)))
            }
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
            let why = format!("its program ended while it ran: {}", or_no_reason(failure::reason(&all)));
            return Some((CaseOutcome::Crashed, Some(why)));
        };
        let is_blamed = self.overtime.blamed(limit).is_none_or(|names| names.contains(test.name.as_str()));
        is_blamed.then(|| (CaseOutcome::TimedOut, Some(said.clone())))
    }
}

impl Test {
    /// Puts the run that has ended behind a new one; false if none has ended.
    fn begin_again(&mut self) -> bool {
        let Some(outcome) = self.outcome.take() else { return false };
        let (output, seconds) = (std::mem::take(&mut self.output), self.seconds.take());
        self.earlier.push(EarlierRun { outcome, output, seconds });
        true
    }

    /// All runs of a test as one: what all came to, else a pass of a test that is flaky. `newest` is the last one.
    fn with_earlier_runs(&self, newest: Case) -> Case {
        if self.earlier.is_empty() {
            return newest;
        }
        let times = u32::try_from(self.earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
        let seconds = self.earlier.iter().map(|run| run.seconds).chain([newest.seconds]);
        let seconds = seconds.sum::<Option<f64>>().map(|all| all / f64::from(times));
        let newest = Case { times: Some(times.into()), seconds, ..newest };
        if self.earlier.iter().all(|run| run.outcome == newest.outcome) {
            return newest;
        }
        let broken = self.earlier.iter().find(|run| run.outcome == CaseOutcome::Failed);
        let why = broken.and_then(|run| failure::reason(&run.output)).as_deref().and_then(clean_reason);
        let why = why.or(newest.reason).unwrap_or_else(|| "it did not end like that each time".to_owned());
        Case { outcome: CaseOutcome::Passed, reason: Some(why), frame: None, ..newest }
    }

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

fn or_no_reason(reason: Option<String>) -> String {
    reason.unwrap_or_else(|| "no reason given".to_owned())
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
        Events::of(bytes, &MODULE, None).into_heard("", &Asked::default())
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
            let ids = ["::T1".to_owned()];
            let asked = Asked::new(&MODULE, None, Some(&ids));
            Events::of(text.as_bytes(), &MODULE, None).into_heard("", &asked);
        }

        #[test]
        fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            heard(&bytes);
        }
    }
}
