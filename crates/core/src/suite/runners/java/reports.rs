//! Reports of test classes, one `JUnit` XML file each. Only those that this run has written are read: one that is as it
//! was before the run is from an earlier one.

use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hotfix_model::{Case, CaseOutcome};

use super::classes;
use super::trace::Sources;
use crate::suite::junit::{self, JunitError, TestCase};
use crate::suite::paths;

/// Deepest folder in which a module is looked for.
const DEEPEST: usize = 12;
/// Folders that hold no modules.
const PASSED_OVER: &[&str] = &["src", "node_modules", ".git", ".gradle", ".idea"];

/// Where Surefire notes what tests run with.
const CLASS_PATHS: &[&str] = &["surefire.test.class.path", "java.class.path"];
/// What a failed assertion is, by the ends of the names; everything else is named with its message.
const ASSERTIONS: &[&str] =
    &["AssertionError", "AssertionFailedError", "ComparisonFailure", "MultipleFailuresError"];

/// Which file it is and when it was written: a file that is written anew differs in one of them.
type Stamp = (u64, i64, i64, u64);

/// The reports below a project.
#[derive(Debug)]
pub struct Reports {
    root: PathBuf,
    folders: &'static [&'static str],
    before: HashMap<PathBuf, Stamp>,
}

/// What the reports of one run tell.
#[derive(Debug, Default)]
pub struct Told {
    /// Every case.
    pub cases: Vec<Case>,
    /// The sum of the reports' own counts; `None` as soon as one tells none.
    pub claimed: Option<u64>,
    /// What the tests had on their class path.
    pub class_path: BTreeSet<PathBuf>,
}

impl Reports {
    /// Those that are there before a run. `folders` are their places in a module, such as `target/surefire-reports`.
    pub fn before(project: &Path, folders: &'static [&'static str]) -> Self {
        let before = stamps(project, folders);
        Self { root: project.to_owned(), folders, before }
    }

    /// Reads those that were written since, for the repository at `root`. Errors: one cannot be read.
    pub fn read(&self, root: &Path) -> Result<Told, JunitError> {
        let mut fresh: Vec<_> = stamps(&self.root, self.folders)
            .into_iter()
            .filter(|(path, stamp)| self.before.get(path) != Some(stamp))
            .map(|(path, _)| path)
            .collect();
        fresh.sort();
        read(root, root, &fresh)
    }
}

/// Reads reports that lie below `base` as their modules lie below `root`.
fn read(root: &Path, base: &Path, files: &[PathBuf]) -> Result<Told, JunitError> {
    let mut told = Told { claimed: Some(0), ..Told::default() };
    let sources = LazyCell::new(|| Sources::below(root));
    for path in files {
        let report = junit::read_report(path)?;
        told.claimed = told.claimed.zip(report.claimed).and_then(|(sum, count)| sum.checked_add(count));
        let module = module_of(base, path);
        let paths = CLASS_PATHS.iter().filter_map(|name| report.properties.get(*name));
        told.class_path.extend(paths.flat_map(|path| std::env::split_paths(path)));
        told.cases.extend(report.cases.into_iter().map(|case| {
            let trace = case.text.as_ref().filter(|_| case.outcome == CaseOutcome::Failed);
            let frame = trace.and_then(|trace| sources.frame(trace));
            Case { frame, ..case_of(root, &module, case) }
        }));
    }
    Ok(told)
}

/// Reads all reports below a folder that is laid out like the repository: Gradle's, which were sent there.
pub fn read_gathered(root: &Path, folder: &Path) -> Result<Told, JunitError> {
    let mut found = HashMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        collect(&folder, &mut found);
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        waiting.extend(
            entries
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path()),
        );
    }
    let mut files: Vec<PathBuf> = found.into_keys().collect();
    files.sort();
    read(root, folder, &files)
}

fn case_of(root: &Path, module: &Path, case: TestCase) -> Case {
    let file = classes::file_of(root, module, &case.class);
    let place = file.as_deref().map_or_else(|| case.class.clone(), paths::text_of_path);
    let kind = case.kind.as_deref().unwrap_or_default();
    let timed_out = case.outcome == CaseOutcome::Failed && kind.ends_with("TimeoutException")
        || kind.ends_with("TestTimedOutException");
    let reason = match case.outcome {
        CaseOutcome::Passed if !case.is_flaky => None,
        CaseOutcome::Failed if !timed_out => with_kind(kind, case.reason.as_deref()),
        _ => case.reason,
    };
    Case {
        id: format!("{place}::{}", classes::name_of(&case.class, &case.name)),
        file: file.as_deref().map(paths::text_of_path),
        outcome: if timed_out { CaseOutcome::TimedOut } else { case.outcome },
        reason,
        frame: None,
        seconds: case.seconds,
        times: None,
    }
}

/// The message of a failed assertion; of an exception its type and its message.
fn with_kind(kind: &str, message: Option<&str>) -> Option<String> {
    let is_assertion = ASSERTIONS.iter().any(|end| kind.ends_with(end));
    match message.filter(|message| !message.is_empty()) {
        Some(message) if is_assertion || kind.is_empty() || message.starts_with(kind) => {
            Some(message.to_owned())
        }
        Some(message) => Some(format!("{kind}: {message}")),
        None if is_assertion => kind.rsplit('.').next().map(str::to_owned),
        None => Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
    }
}

/// The folder of the module a report lies in, relative to the root: above `target` or `build`.
fn module_of(root: &Path, report: &Path) -> PathBuf {
    let inside = report.strip_prefix(root).unwrap_or(report);
    let names: Vec<_> = inside.iter().collect();
    let output = names.iter().rposition(|name| *name == "target" || *name == "build").unwrap_or_default();
    names.into_iter().take(output).collect()
}

fn stamps(project: &Path, folders: &[&str]) -> HashMap<PathBuf, Stamp> {
    let mut found = HashMap::new();
    let mut waiting = vec![(project.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        for reports in folders {
            collect(&folder.join(reports), &mut found);
        }
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let name = entry.file_name();
            let is_output = name == "target" || name == "build";
            let passed_over = is_output || PASSED_OVER.iter().any(|other| name == *other);
            if is_folder && !passed_over && depth < DEEPEST {
                waiting.push((entry.path(), depth + 1));
            }
        }
    }
    found
}

fn collect(folder: &Path, found: &mut HashMap<PathBuf, Stamp>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(data) = entry.metadata() else { continue };
        let is_report = path.extension().is_some_and(|ending| ending == "xml")
            && path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"TEST-"));
        if is_report {
            found.insert(path, (data.ino(), data.mtime(), data.mtime_nsec(), data.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?><testsuite name="till.TillTest$Inner" time="0.039" tests="3" errors="0" skipped="0" failures="2"><testcase name="adds" classname="till.TillTest" time="0.087"><failure message="expected: &lt;3&gt; but was: &lt;1&gt;" type="org.opentest4j.AssertionFailedError">x</failure></testcase><testcase name="deep()" classname="till.TillTest$Inner" time="0.001"/><testcase name="slow" classname="till.TillTest" time="0.001"><error message="slow() timed out after 1 second" type="java.util.concurrent.TimeoutException"/></testcase></testsuite>"#;

    #[test]
    fn an_exception_is_named_and_an_assertion_speaks_for_itself() {
        let exception = "java.lang.IllegalStateException";
        assert_eq!(
            with_kind(exception, Some("boom")).as_deref(),
            Some("java.lang.IllegalStateException: boom")
        );
        let whole = "java.lang.IllegalStateException: boom";
        assert_eq!(with_kind(exception, Some(whole)).as_deref(), Some(whole));
        assert_eq!(with_kind(exception, None).as_deref(), Some(exception));
        let assertion = "org.opentest4j.AssertionFailedError";
        assert_eq!(with_kind(assertion, Some("expected: <1>")).as_deref(), Some("expected: <1>"));
        assert_eq!(with_kind(assertion, None).as_deref(), Some("AssertionFailedError"));
    }

    #[test]
    fn only_fresh_reports_are_read() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("pay/target/surefire-reports");
        let source = root.path().join("pay/src/test/java/till");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&source).unwrap();
        fs::write(source.join("TillTest.java"), "").unwrap();
        fs::write(folder.join("TEST-old.xml"), REPORT).unwrap();
        let reports = Reports::before(root.path(), &["target/surefire-reports"]);
        assert_eq!(reports.read(root.path()).unwrap().cases.len(), 0);
        fs::write(folder.join("TEST-new.xml"), REPORT).unwrap();
        let told = reports.read(root.path()).unwrap();
        let found: Vec<_> = told.cases.iter().map(|case| (case.id.as_str(), case.outcome)).collect();
        assert_eq!(
            found,
            [
                ("pay/src/test/java/till/TillTest.java::adds", CaseOutcome::Failed),
                ("pay/src/test/java/till/TillTest.java::Inner::deep", CaseOutcome::Passed),
                ("pay/src/test/java/till/TillTest.java::slow", CaseOutcome::TimedOut),
            ]
        );
        assert_eq!(told.cases[0].reason.as_deref(), Some("expected: <3> but was: <1>"));
        assert_eq!(told.claimed, Some(3));
        fs::write(folder.join("TEST-torn.xml"), "<testsuite>").unwrap();
        assert!(reports.read(root.path()).is_err());
    }
}
