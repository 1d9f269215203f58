//! Maven: its own reports, one for each test class.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Run, RunEnd};

use super::origin::{self, Own};
use super::pom::{Coordinates, Pom};
use super::reports::{self, Reports};
use super::{BuildTool, classes, gathered};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Ending, Finished};
use crate::suite::folder::RunFolder;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::{Heard, clean_reason};
use crate::suite::{Limits, Place, Runner, Selection, existing_files, paths};

/// Where Surefire and Failsafe write.
const REPORTS: &[&str] = &["target/surefire-reports", "target/failsafe-reports"];
/// Compiling and fetching are no part of what tests may take.
const BUILD_PATIENCE: Duration = Duration::from_mins(30);
/// All results, whatever fails; a module without a selected test is no failure (both names of that switch); style has a
/// step of its own.
const SWITCHES: &[&str] = &[
    "-B",
    "-q",
    "-fae",
    "-Dmaven.test.failure.ignore=true",
    "-DfailIfNoTests=false",
    "-Dsurefire.failIfNoSpecifiedTests=false",
    "-Dcheckstyle.skip=true",
    "-Dspotless.check.skip=true",
    "-Drat.skip=true",
];

/// The program.
const MAVEN: BuildTool = BuildTool {
    runner: "maven",
    wrapper: "mvnw",
    program: "mvn",
    how_to_install: "install Maven, with mvn on the PATH",
};

/// The runner of one project with its modules, or of several that need each other.
#[derive(Debug)]
pub struct Maven {
    /// The project's, or the one around all.
    folder: PathBuf,
    /// The folders of the projects.
    roots: Vec<PathBuf>,
    modules: Vec<Pom>,
    /// All projects of the repository.
    own: Vec<Own>,
}

/// What a selection means to Maven.
#[derive(Debug, Default)]
struct Chosen {
    modules: BTreeSet<PathBuf>,
    /// `till.TillTest` or `till.TillTest#adds`.
    tests: BTreeSet<String>,
}

impl Maven {
    /// Of the folders of projects, with all their modules, and all projects of the repository.
    pub fn new(roots: &[PathBuf], modules: Vec<Pom>, own: Vec<Own>) -> Self {
        Self { folder: common_folder(roots), roots: roots.to_owned(), modules, own }
    }

    fn module_of(&self, file: &Path) -> Option<&Pom> {
        let around = self.modules.iter().filter(|module| file.starts_with(&module.folder));
        around.max_by_key(|module| module.folder.components().count())
    }

    fn is_gathered(&self) -> bool {
        self.roots.len() > 1
    }

    /// The wrapper of the project, or of one of several, or Maven itself.
    fn program(&self, place: &Place<'_>) -> PathBuf {
        let folders = std::iter::once(&self.folder).chain(&self.roots);
        let programs = folders.map(|folder| MAVEN.program(place, folder));
        programs
            .max_by_key(|program| program.components().count() > 1)
            .unwrap_or_else(|| PathBuf::from(MAVEN.program))
    }

    fn chosen(&self, place: &Place<'_>, selection: &Selection, files: &[PathBuf]) -> Chosen {
        let mut chosen = Chosen::default();
        for file in files {
            let (Some(class), Some(module)) = (classes::class_of(place.root, file), self.module_of(file))
            else {
                continue;
            };
            chosen.modules.insert(module.folder.clone());
            match selection {
                Selection::Cases(ids) => {
                    let own = ids.iter().filter_map(|id| id.split_once("::"));
                    let own = own.filter(|(place, _)| paths::path_of_text(place) == *file);
                    let methods = own.map(|(_, name)| classes::method_of(&class, name));
                    chosen.tests.extend(methods.map(|(class, method)| format!("{class}#{method}")));
                }
                _ => {
                    chosen.tests.insert(class);
                }
            }
        }
        chosen
    }

    fn command_in(&self, place: &Place<'_>, folder: &RunFolder, chosen: &Chosen) -> Result<Command> {
        let project = place.root.join(&self.folder);
        let command = Command::new(self.program(place)).args(SWITCHES).dir(&project).contained();
        let mut command = command.env_remove("MAVEN_DEBUG_OPTS").log(folder.log());
        if self.is_gathered() {
            let projects: Vec<PathBuf> = self.roots.iter().map(|root| place.root.join(root)).collect();
            let settings = std::iter::once(&project).chain(&projects).find(|one| one.join(".mvn").is_dir());
            command = command.arg("-f").arg(gathered::write(folder, &projects)?);
            command = command.env("MAVEN_BASEDIR", settings.unwrap_or(&project));
        }
        let modules: Option<Vec<String>> =
            chosen.modules.iter().map(|module| self.name_in_reactor(module)).collect();
        Ok(match modules.filter(|modules| !modules.is_empty()) {
            Some(modules) => command.args(["-pl", &modules.join(","), "-am"]),
            None => command,
        })
    }

    /// What names a module to Maven; `None` for the project itself, with which all its modules run.
    fn name_in_reactor(&self, folder: &Path) -> Option<String> {
        if self.is_gathered() {
            let module = self.modules.iter().find(|module| module.folder == folder);
            return module.map(|module| module.own.name());
        }
        let inside = folder.strip_prefix(&self.folder).unwrap_or(folder);
        (!inside.as_os_str().is_empty()).then(|| paths::text_of_path(inside))
    }

    /// Compiles first where nothing is compiled yet, so that the limit of the run is one of the tests.
    fn compile(
        &self,
        ctx: &Ctx,
        (place, folder): (&Place<'_>, &RunFolder),
        chosen: &Chosen,
    ) -> Result<Option<Finished>> {
        let roots = self.roots.iter().filter(|_| chosen.modules.is_empty());
        let modules = chosen.modules.iter().chain(roots);
        let is_compiled = |module: &PathBuf| place.root.join(module).join("target/test-classes").is_dir();
        if modules.into_iter().all(is_compiled) {
            return Ok(None);
        }
        let command = self.command_in(place, folder, chosen)?.arg("test-compile").deadline(BUILD_PATIENCE);
        let finished = command.run(ctx)?;
        Ok((!finished.success()).then_some(finished))
    }

    /// Whether what did not compile leaves nothing to run. Where there are several modules, the others still run.
    fn hides_all(&self, failed: &Finished, chosen: &Chosen) -> bool {
        let modules = if chosen.modules.is_empty() { self.modules.len() } else { chosen.modules.len() };
        modules < 2 || failed.ending.code().is_none()
    }
}

impl Runner for Maven {
    fn name(&self) -> &'static str {
        "maven"
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    /// What Surefire runs. Tests of Failsafe belong to the tests, and `mvn test` does not run them.
    fn is_test_file(&self, path: &Path) -> bool {
        let runs =
            |module: &Pom| path.strip_prefix(&module.folder).is_ok_and(|inside| module.tests.run(inside));
        super::speaks(path) && !paths::is_skipped(path) && self.module_of(path).is_some_and(runs)
    }

    fn is_test_support(&self, path: &Path) -> bool {
        super::is_in_tests(path) || paths::is_test_support(path)
    }

    fn speaks(&self, path: &Path) -> bool {
        super::speaks(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        let folder = self.roots.iter().find(|root| place.root.join(root).join(MAVEN.wrapper).is_file());
        Ok(MAVEN.ready(ctx, place, folder.unwrap_or(&self.folder))?)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let files = match selection {
            Selection::Everything => return typed(&self.roots, &[]),
            Selection::Files(files) => files.clone(),
            Selection::Cases(ids) => {
                ids.iter().map(|id| paths::path_of_text(paths::file_of_id(id))).collect()
            }
        };
        let classes: Vec<String> = match selection {
            Selection::Cases(ids) => ids.iter().map(|id| shown(id)).collect(),
            _ => files.iter().map(|file| stem(file)).collect(),
        };
        let holds = |root: &&PathBuf| files.iter().any(|file| file.starts_with(root));
        let roots: Vec<PathBuf> = self.roots.iter().filter(holds).cloned().collect();
        typed(if roots.is_empty() { &self.roots } else { &roots }, &classes)
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.ready(ctx, place)?;
        let told = Told { runner: "maven", command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection);
        let files: Option<Vec<PathBuf>> =
            files.map(|files| files.into_iter().filter(|file| self.is_test_file(file)).collect());
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(told, End::finished()));
        }
        let folder = RunFolder::new(ctx, place.scratch)?;
        let chosen = self.chosen(place, selection, files.as_deref().unwrap_or_default());
        let failed = self.compile(ctx, (place, &folder), &chosen)?;
        if let Some(failed) = failed.filter(|failed| self.hides_all(failed, &chosen)) {
            return Ok(conclude((told, place.root), &failed, reports::Told::default()));
        }
        let reports = Reports::before(&place.root.join(&self.folder), REPORTS);
        let mut command = self.command_in(place, &folder, &chosen)?.deadline(limits.run);
        if !chosen.tests.is_empty() {
            command = command.arg(format!("-Dtest={}", Vec::from_iter(chosen.tests).join(",")));
        }
        if let Some(limit) = limits.test {
            let milliseconds = limit.as_millis();
            command = command
                .arg(format!("-Djunit.jupiter.execution.timeout.testable.method.default={milliseconds} ms"));
        }
        let finished = command.arg("test").run(ctx)?;
        match reports.read(place.root) {
            Ok(read) => {
                let foreign = origin::foreign(place.root, &self.own, &read.class_path);
                Ok(Run { foreign, ..conclude((told, place.root), &finished, read) })
            }
            Err(error) => {
                let end = End::crashed(format!("a report of Maven cannot be read: {error}"));
                Ok(report::run_of(told, &finished, Heard::default(), &end))
            }
        }
    }

    /// The patterns of Surefire are read, and what they leave out is not listed.
    fn listed(&self, _: &Ctx, place: &Place<'_>, _limit: Duration) -> Option<BTreeSet<PathBuf>> {
        Some(self.modules.iter().flat_map(|module| self.tests_of(place, module)).collect())
    }

    fn related(&self, _: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        let mut reached: Vec<&Pom> = Vec::new();
        let mut more: Vec<&Pom> = sources.iter().filter_map(|source| self.module_of(source)).collect();
        while !more.is_empty() {
            reached.extend(more);
            let is_known = |need: &Coordinates| reached.iter().any(|pom| pom.own.name() == need.name());
            let is_new = |module: &&Pom| reached.iter().all(|pom| pom.folder != module.folder);
            let needs = |module: &&Pom| module.needs.iter().any(is_known);
            more = self.modules.iter().filter(is_new).filter(needs).collect();
        }
        let files: BTreeSet<PathBuf> =
            reached.into_iter().flat_map(|module| self.tests_of(place, module)).collect();
        (!files.is_empty()).then(|| files.into_iter().collect())
    }
}

impl Maven {
    fn tests_of(&self, place: &Place<'_>, module: &Pom) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let folders = std::iter::once(Path::new("src")).chain(module.tests.folder());
        for folder in folders {
            tests_below(place.root, &module.folder.join(folder), &mut files);
        }
        files.retain(|file| self.is_test_file(file));
        files
    }
}

/// What a person types to run tests of these projects.
fn typed(roots: &[PathBuf], classes: &[String]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for root in roots {
        if !words.is_empty() {
            words.push("&&".to_owned());
        }
        words.push("mvn".to_owned());
        if !root.as_os_str().is_empty() {
            words.extend(["-f".to_owned(), paths::text_of_path(root)]);
        }
        if !classes.is_empty() {
            words.push(format!("-Dtest={}", classes.join(",")));
        }
        words.push("test".to_owned());
    }
    words
}

/// The deepest folder that holds all.
fn common_folder(folders: &[PathBuf]) -> PathBuf {
    let Some(first) = folders.first() else { return PathBuf::new() };
    let around = first.ancestors().find(|around| folders.iter().all(|folder| folder.starts_with(around)));
    around.unwrap_or(Path::new("")).to_owned()
}

fn tests_below(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            tests_below(root, &path, files);
        } else if super::speaks(&path) {
            files.push(path);
        }
    }
}

fn conclude((told, root): (Told, &Path), finished: &Finished, read: reports::Told) -> Run {
    let output = String::from_utf8_lossy(&finished.stdout).into_owned();
    let not_loaded = compile_errors(&output, root);
    let heard = Heard { cases: report::unlike(read.cases), not_loaded, ..Heard::default() };
    let end = match End::of(finished.ending) {
        Err(end) => end,
        Ok(code) if code != 0 && heard.not_loaded.is_empty() => End::crashed(format!(
            "Maven could not run the tests (code {code}): {}",
            first_error(&output).unwrap_or_else(|| "it gave no reason".to_owned())
        )),
        Ok(_) => End::finished(),
    };
    let told = Told { claimed: read.claimed, ..told };
    let run = report::run_of(told, finished, heard, &end);
    // Failures are asked to be ignored so that all modules get their turn; the code then is one of the build.
    let failed = run.broken().next().is_some() && finished.ending == Ending::Exited(0);
    let nothing_ran = run.cases.is_empty() && run.end == RunEnd::Finished && run.exit == Some(0);
    match (failed, nothing_ran) {
        (true, _) => Run { exit: Some(1), ..run },
        (_, true) => Run { exit: None, ..run },
        _ => run,
    }
}

/// `[ERROR] /slot/src/test/java/till/TillTest.java:[12,5] cannot find symbol`, each file once.
fn compile_errors(output: &str, root: &Path) -> Vec<(String, String)> {
    let roots = [root.to_owned(), root.canonicalize().unwrap_or_else(|_| root.to_owned())];
    let mut found: Vec<(String, String)> = Vec::new();
    for line in output.lines() {
        let Some((place, message)) = line.strip_prefix("[ERROR] ").and_then(|line| line.split_once(":["))
        else {
            continue;
        };
        let Some((position, message)) = message.split_once("] ") else { continue };
        let Some(file) = roots.iter().find_map(|root| Path::new(place).strip_prefix(root).ok()) else {
            continue;
        };
        let file = paths::text_of_path(file);
        let number = position.split(',').next().unwrap_or_default();
        let reason = clean_reason(&format!("does not compile: {message} (line {number})"));
        if found.iter().all(|(known, _)| *known != file) {
            found.push((file, reason.unwrap_or_default()));
        }
    }
    found
}

/// The first error, with the line behind it where it only announces that.
fn first_error(output: &str) -> Option<String> {
    let mut lines = output.lines();
    let first = lines.find_map(|line| line.strip_prefix("[ERROR] "))?.trim_end();
    let next = lines.next().map(|line| line.strip_prefix("[ERROR] ").unwrap_or(line));
    match next.filter(|_| first.ends_with(':')) {
        Some(next) => clean_reason(&format!("{first} {next}")),
        None => clean_reason(first),
    }
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// `TillTest#adds` for the id of that test.
fn shown(id: &str) -> String {
    let (file, name) = id.split_once("::").unwrap_or((id, ""));
    let (class, method) = classes::method_of(&stem(Path::new(file)), name);
    format!("{class}#{method}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_is_only_announced_is_told_whole() {
        let output = "[INFO] x\n[ERROR] Rule 0: RequireMavenVersion failed with message:\nDetected Maven Version: 3.8.7\n";
        let wanted = "Rule 0: RequireMavenVersion failed with message: Detected Maven Version: 3.8.7";
        assert_eq!(first_error(output).as_deref(), Some(wanted));
        assert_eq!(first_error("[ERROR] No plugin\n[ERROR] more\n").as_deref(), Some("No plugin"));
        assert_eq!(first_error("[ERROR] Only this:\n").as_deref(), Some("Only this:"));
        assert_eq!(first_error("BUILD\n"), None);
    }

    #[test]
    fn compile_errors_are_named_by_file() {
        let output = "[ERROR] COMPILATION ERROR : \n[ERROR] /slot/src/test/java/till/TillTest.java:[12,5] cannot find symbol\n  symbol: x\n[ERROR] /slot/src/test/java/till/TillTest.java:[13,5] again\n[ERROR] /elsewhere/A.java:[1,2] no\n";
        let found = compile_errors(output, Path::new("/slot"));
        let reason = "does not compile: cannot find symbol (line 12)".to_owned();
        assert_eq!(found, [("src/test/java/till/TillTest.java".to_owned(), reason)]);
    }
}
