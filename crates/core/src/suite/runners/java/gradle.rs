//! Gradle: an init script of ours makes every test task run anew, keep on after failures, and write its reports into the
//! folder of the run, where nothing stale can be.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Run, RunEnd};

use super::origin::{self, Own};
use super::pom::Coordinates;
use super::{BuildTool, classes, events, listing, reports};
use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use crate::exec::{Command, Ending, Finished};
use crate::suite::folder::RunFolder;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::{Heard, clean_reason};
use crate::suite::{Limits, Place, Runner, Selection, existing_files, paths};

/// For all versions since 4: the names of the report's place differ.
const SCRIPT: &str = include_str!("git_hotfix.gradle");

/// Where our script tells of tests, and of their class paths.
const EVENTS: &str = "events.jsonl";
const CLASS_PATH: &str = "class-path.txt";
/// Deepest folder in which a project is looked for.
const DEEPEST: usize = 6;

/// The program.
const GRADLE: BuildTool = BuildTool {
    runner: "gradle",
    wrapper: "gradlew",
    program: "gradle",
    how_to_install: "install Gradle, or add its wrapper to the repository",
};

/// The runner of one project with its modules.
#[derive(Debug)]
pub struct Gradle {
    folder: PathBuf,
}

impl Gradle {
    /// Of a folder.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Whether it can start without fetching itself: the distribution that the wrapper asks for is there, or without a
    /// wrapper the program is.
    pub fn is_at_hand(&self, ctx: &Ctx, place: &Place<'_>) -> bool {
        let settings = place.root.join(&self.folder).join("gradle/wrapper/gradle-wrapper.properties");
        let Ok(text) = std::fs::read_to_string(settings) else {
            return ctx.env.find_program(GRADLE.program).is_some();
        };
        let address = text.lines().find_map(|line| line.trim().strip_prefix("distributionUrl="));
        let archive = address.and_then(|address| address.rsplit('/').next()).unwrap_or_default();
        let name = archive.strip_suffix(".zip").unwrap_or(archive);
        // Gradle's documentation, "The Gradle Wrapper": distributions are kept below the user's own folder of Gradle, each
        // in a folder named by a digest, with a file that ends with `.ok` once it is whole.
        let own = ctx.env.get("GRADLE_USER_HOME").map(PathBuf::from);
        let home = own.or_else(|| ctx.env.get("HOME").map(|home| Path::new(home).join(".gradle")));
        let kept = home.map(|home| home.join("wrapper/dists").join(name)).unwrap_or_default();
        let digests = std::fs::read_dir(kept).into_iter().flatten().flatten();
        digests
            .map(|digest| digest.path())
            .any(|digest: PathBuf| digest.join(format!("{archive}.ok")).is_file())
    }
}

impl Runner for Gradle {
    fn name(&self) -> &'static str {
        "gradle"
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        super::is_test_file(path)
    }

    fn is_test_support(&self, path: &Path) -> bool {
        super::is_in_tests(path) || paths::is_test_support(path)
    }

    fn speaks(&self, path: &Path) -> bool {
        super::speaks(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        Ok(GRADLE.ready(ctx, place, &self.folder)?)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let stem = |file: &Path| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let tests: Vec<String> = match selection {
            Selection::Everything => Vec::new(),
            Selection::Files(files) => files.iter().map(|file| stem(file)).collect(),
            Selection::Cases(ids) => {
                ids.iter().map(|id| filter(&stem(Path::new(paths::file_of_id(id))), id)).collect()
            }
        };
        let mut words = vec!["gradle".to_owned()];
        if !self.folder.as_os_str().is_empty() {
            words.extend(["-p".to_owned(), paths::text_of_path(&self.folder)]);
        }
        words.push("test".to_owned());
        words.extend(tests.into_iter().flat_map(|test| ["--tests".to_owned(), test]));
        words
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        self.ready(ctx, place)?;
        let told = Told { runner: "gradle", command: self.command(selection), counted: true, claimed: None };
        let files = existing_files(place.root, selection);
        if files.as_ref().is_some_and(Vec::is_empty) {
            return Ok(report::nothing(told, End::finished()));
        }
        let folder = RunFolder::new(ctx, place.scratch)?;
        let filters = filters(place.root, selection, files.as_deref().unwrap_or_default());
        let milliseconds = limits.test.map(|limit| format!("{} ms", limit.as_millis())).unwrap_or_default();
        let command = self.command_in(place, &folder, &filters)?.arg("test");
        let command = command.env("HOTFIX_GRADLE_LIMIT", milliseconds).log(folder.log());
        let finished = command.deadline(limits.run).run(ctx)?;
        let told_of = match finished.ending {
            Ending::Exited(0) => Heard::default(),
            _ => events::read(&folder.file(EVENTS), place.root, &self.folder),
        };
        let foreign = origin::foreign(place.root, &self.own(place), &class_path(&folder));
        Ok(Run { foreign, ..conclude((told, place.root), &finished, &folder, told_of) })
    }

    /// Gradle reads the build and runs nothing; our script tells what the test tasks would look at.
    fn listed(&self, ctx: &Ctx, place: &Place<'_>, limit: Duration) -> Option<BTreeSet<PathBuf>> {
        self.ready(ctx, place).ok()?;
        let folder = RunFolder::with(ctx, place.scratch, &[]).ok()?;
        let list = folder.file("list.jsonl");
        let command = self.command_in(place, &folder, "").ok()?.arg("help");
        let finished =
            command.env("HOTFIX_GRADLE_LIST", &list).log(folder.log()).deadline(limit).run(ctx).ok()?;
        let text = std::fs::read_to_string(&list).ok().filter(|_| finished.success())?;
        let files = listing::read(&text, place.root)?;
        Some(files.into_iter().filter(|file| self.is_test_file(file)).collect())
    }
}

impl Gradle {
    /// Gradle with our script, without a process that stays.
    fn command_in(&self, place: &Place<'_>, folder: &RunFolder, filters: &str) -> Result<Command> {
        let script = folder.file("git-hotfix.gradle");
        std::fs::write(&script, SCRIPT).map_err(FileError::of("write", &script))?;
        let chosen = folder.file("filters.txt");
        std::fs::write(&chosen, filters).map_err(FileError::of("write", &chosen))?;
        let command = Command::new(GRADLE.program(place, &self.folder));
        let command =
            command.args(["--console=plain", "--continue", "--no-daemon", "--init-script"]).arg(&script);
        let command = command.dir(place.root.join(&self.folder)).contained();
        Ok(command
            .env("HOTFIX_GRADLE_FILTERS", &chosen)
            .env("HOTFIX_GRADLE_REPORTS", folder.file("reports").join(&self.folder))
            .env("HOTFIX_GRADLE_EVENTS", folder.file(EVENTS))
            .env("HOTFIX_GRADLE_CLASS_PATH", folder.file(CLASS_PATH)))
    }

    /// The projects that this build and its neighbours publish, as far as their files say so in plain words: the group,
    /// and the name of the folder or of the build.
    fn own(&self, place: &Place<'_>) -> Vec<Own> {
        let mut own = Vec::new();
        for folder in projects_below(place.root) {
            let text =
                |name: &str| std::fs::read_to_string(place.root.join(&folder).join(name)).unwrap_or_default();
            let build =
                [text("build.gradle"), text("build.gradle.kts"), text("gradle.properties")].join("\n");
            let settings = [text("settings.gradle"), text("settings.gradle.kts")].join("\n");
            let group = assigned(&build, "group").or_else(|| {
                let root = std::fs::read_to_string(place.root.join(&self.folder).join("build.gradle"));
                assigned(&root.unwrap_or_default(), "group")
            });
            let of_folder = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            let artifact = assigned(&settings, "rootProject.name").or(of_folder);
            let (Some(group), Some(artifact)) = (group, artifact) else { continue };
            let version = assigned(&build, "version");
            own.push(Own { coordinates: Coordinates { group, artifact, version }, folder });
        }
        own
    }
}

/// What was on the class paths of the tests.
fn class_path(folder: &RunFolder) -> BTreeSet<PathBuf> {
    let text = std::fs::read_to_string(folder.file(CLASS_PATH)).unwrap_or_default();
    text.lines().map(PathBuf::from).collect()
}

/// The folders of Gradle projects, relative to the root.
fn projects_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let has_build =
            ["build.gradle", "build.gradle.kts"].iter().any(|name| root.join(&folder).join(name).is_file());
        if has_build {
            found.push(folder.clone());
        }
        for entry in std::fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let is_passed_over = entry.file_name() == "src" || paths::is_skipped(&path.join("file"));
            if is_folder && !is_passed_over && depth < DEEPEST {
                waiting.push((path, depth + 1));
            }
        }
    }
    found
}

/// What is assigned in plain words: `group = 'shop'`, `group "shop"`, `version=1`.
fn assigned(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix(name)?;
        let value = rest.trim_start().strip_prefix('=').or_else(|| rest.strip_prefix([' ', '(']))?.trim();
        let value = value.trim_end_matches(')').trim_matches(['\'', '"']);
        let is_plain = |c: char| c.is_alphanumeric() || "._-".contains(c);
        (!value.is_empty() && value.chars().all(is_plain)).then(|| value.to_owned())
    })
}

fn filters(root: &Path, selection: &Selection, files: &[PathBuf]) -> String {
    let mut text = String::new();
    for file in files {
        let Some(class) = classes::class_of(root, file) else { continue };
        let ids: Vec<&String> = match selection {
            Selection::Cases(ids) => ids.iter().collect(),
            _ => Vec::new(),
        };
        let own = ids.iter().filter(|id| paths::path_of_text(paths::file_of_id(id)) == *file);
        let methods: Vec<String> = own.map(|id| filter(&class, id)).collect();
        let chosen = if matches!(selection, Selection::Cases(_)) { methods } else { vec![class] };
        for filter in chosen {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{filter}");
        }
    }
    text
}

/// `till.TillTest.adds`, as `--tests` takes it.
fn filter(class: &str, id: &str) -> String {
    let name = id.split_once("::").map_or("", |(_, name)| name);
    let (class, method) = classes::method_of(class, name);
    format!("{class}.{method}")
}

/// `begun` is what was told of single tests when Gradle did not come to its end, and so wrote no report.
fn conclude((told, root): (Told, &Path), finished: &Finished, folder: &RunFolder, begun: Heard) -> Run {
    let output = String::from_utf8_lossy(&finished.stdout).into_owned();
    let read = reports::read_gathered(root, &folder.file("reports"));
    let (read, unreadable) = match read {
        Ok(read) => (read, None),
        Err(error) => (reports::Told::default(), Some(format!("a report of Gradle cannot be read: {error}"))),
    };
    let known: BTreeSet<String> = read.cases.iter().map(|case| case.id.clone()).collect();
    let others = begun.cases.into_iter().filter(|case| !known.contains(&case.id));
    let heard = Heard {
        cases: report::unlike(others.chain(read.cases).collect()),
        open: begun.open,
        not_loaded: compile_errors(&output, root),
        ..Heard::default()
    };
    let end = match (End::of(finished.ending), unreadable) {
        (Err(end), _) => end,
        (Ok(_), Some(why)) => End::crashed(why),
        (Ok(code), None) if code != 0 && heard.not_loaded.is_empty() => {
            End::crashed(format!("Gradle could not run the tests (code {code}): {}", trouble(&output)))
        }
        _ => End::finished(),
    };
    let run = report::run_of(Told { claimed: read.claimed, ..told }, finished, heard, &end);
    let failed = run.broken().next().is_some() && finished.ending == Ending::Exited(0);
    let nothing_ran = run.cases.is_empty() && run.end == RunEnd::Finished && run.exit == Some(0);
    match (failed, nothing_ran) {
        (true, _) => Run { exit: Some(1), ..run },
        (_, true) => Run { exit: None, ..run },
        _ => run,
    }
}

/// What Gradle says went wrong; where it did not even begin, what is said of an error.
fn trouble(output: &str) -> String {
    let behind =
        |title: &str| output.split_once(title).and_then(|(_, rest)| rest.trim_start().lines().next());
    let cause = output.lines().find_map(|line| line.strip_prefix("> "));
    let uncaught = || output.lines().find(|line| line.starts_with("Exception in thread "));
    let found = cause.or_else(|| behind("* What went wrong:")).or_else(uncaught).and_then(clean_reason);
    found
        .or_else(|| report::telling_line(output.as_bytes()))
        .unwrap_or_else(|| report::last_line(output.as_bytes()))
}

/// `/slot/src/test/java/till/TillTest.java:12: error: cannot find symbol` and Kotlin's `e: file:///…:12:5 …`.
fn compile_errors(output: &str, root: &Path) -> Vec<(String, String)> {
    let roots = [root.to_owned(), root.canonicalize().unwrap_or_else(|_| root.to_owned())];
    let mut found: Vec<(String, String)> = Vec::new();
    for line in output.lines() {
        let plain = line.strip_prefix("e: ").map(|line| line.strip_prefix("file://").unwrap_or(line));
        // Gradle 4 writes `:compileTestJava` before it, on the same line.
        let task = line.strip_prefix(':').and_then(|line| line.find('/')).map_or(0, |place| place + 1);
        let text = plain.unwrap_or(line.get(task..).unwrap_or_default());
        let Some(file) = roots.iter().find_map(|root| text.strip_prefix(root.to_str()?)?.strip_prefix('/'))
        else {
            continue;
        };
        let Some((file, message)) = file.split_once(':') else { continue };
        let is_error = plain.is_some() || message.contains(" error: ");
        if is_error && found.iter().all(|(known, _)| known != file) {
            let reason = clean_reason(&format!("does not compile: line {message}")).unwrap_or_default();
            found.push((file.to_owned(), reason));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assigned_in_plain_words_is_read() {
        let text = "plugins { id 'java' }\ngroup = 'org.shop'\nversion \"1.0-SNAPSHOT\"\nrootProject.name = \"till\"\ngroupTwo = 'x'\n";
        assert_eq!(assigned(text, "group").as_deref(), Some("org.shop"));
        assert_eq!(assigned(text, "version").as_deref(), Some("1.0-SNAPSHOT"));
        assert_eq!(assigned(text, "rootProject.name").as_deref(), Some("till"));
        assert_eq!(assigned("group = project.name + 1", "group"), None);
    }

    #[test]
    fn tests_are_named_as_gradle_takes_them() {
        let id = "src/test/java/till/TillTest.java::Inner::many(int)[1]";
        assert_eq!(filter("till.TillTest", id), "till.TillTest$Inner.many");
    }

    #[test]
    fn what_went_wrong_is_told_in_one_line() {
        let whole = "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed.\n> No such pin\n";
        assert_eq!(trouble(whole), "No such pin");
        assert_eq!(
            trouble("* What went wrong:\nUnsupported class file major version 61\n\n* Try:\n"),
            "Unsupported class file major version 61"
        );
        let wrapper = "Downloading\nException in thread \"main\" java.net.UnknownHostException: services\n\tat java.base\n";
        assert_eq!(trouble(wrapper), "Exception in thread \"main\" java.net.UnknownHostException: services");
        assert_eq!(trouble(""), "it said nothing");
    }

    #[test]
    fn errors_of_both_compilers_are_read() {
        let output = "> Task :compileTestJava FAILED\n/slot/src/test/java/A.java:12: error: cannot find symbol\n/slot/src/B.java:1: warning: old\n:shop:compileJava/slot/D.java:1: error: x\ne: file:///slot/src/test/kotlin/C.kt:3:5 Unresolved reference: x\n";
        let found: Vec<_> =
            compile_errors(output, Path::new("/slot")).into_iter().map(|(file, _)| file).collect();
        assert_eq!(found, ["src/test/java/A.java", "D.java", "src/test/kotlin/C.kt"]);
    }
}
