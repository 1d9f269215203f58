//! Configures and builds a project: in the folder where somebody already did, else in one of ours that lasts as long as
//! the hotfix.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::listing::{self, Target, Test};
use crate::ctx::Ctx;
use crate::env::without_dots;
use crate::error::{FileError, Result};
use crate::exec::{Command, Finished};
use crate::suite::folder::RunFolder;
use crate::suite::stream::clean_reason;
use crate::suite::{Place, paths, report};

/// Compiling is no part of what tests may take.
const PATIENCE: Duration = Duration::from_mins(30);
/// Where people and their editors build.
const USUAL: &[&str] = &["build", "_build", "out", "cmake-build-debug", "cmake-build-release"];
const CACHE: &str = "CMakeCache.txt";

/// A project and the folder it is built in.
pub struct Build<'a> {
    ctx: &'a Ctx,
    folder: &'a RunFolder,
    /// Absolute.
    project: PathBuf,
    /// From the root of the repository.
    inside: &'a Path,
    /// Absolute.
    pub place: PathBuf,
}

/// What can be run.
#[derive(Default)]
pub struct Built {
    /// All targets.
    pub targets: Vec<Target>,
    /// All tests, but for those whose programs could not be built.
    pub tests: Vec<Test>,
    /// What could not be built: the file, and the error.
    pub broken: Vec<(String, String)>,
}

impl<'a> Build<'a> {
    /// Of the project in `inside`.
    pub fn new((ctx, place): (&'a Ctx, &Place<'_>), folder: &'a RunFolder, inside: &'a Path) -> Self {
        let root = place.root.canonicalize().unwrap_or_else(|_| place.root.to_owned());
        let project = without_dots(&root.join(inside));
        let found = USUAL.iter().map(|name| project.join(name)).find(|one| is_built_in(one, &project));
        let place = found.unwrap_or_else(|| place.scratch.join(name_of(&project)));
        Self { ctx, folder, project, inside, place }
    }

    /// Configures, builds and lists.
    pub fn run(&self) -> Result<Built> {
        listing::ask(&self.place).map_err(FileError::of("write", &self.place))?;
        let (configured, said) = self.logged(self.configure(), "configure.log")?;
        if !configured.success() {
            return Ok(Built {
                broken: vec![(paths::text_of_path(&self.lists()), configuration_error(&said))],
                ..Built::default()
            });
        }
        let words = ["--build", &self.place.to_string_lossy(), "--parallel", &cores(), "--", "-k"];
        // Whatever else can be built is.
        let all = if self.is_ninja() { Some("0") } else { None };
        let (built, said) = self.logged(Command::new("cmake").args(words).args(all), "build.log")?;
        let targets = listing::targets(&self.place, &self.project);
        let mut tests = self.list()?;
        let mut broken = Vec::new();
        if !built.success() {
            self.leave_out_unbuilt(&targets, &mut tests)?;
            broken = self.compile_errors(&said);
        }
        Ok(Built { targets, tests, broken })
    }

    /// Configures and lists, and builds nothing; `None` if it cannot be configured within `limit`.
    pub fn list_without_building(&self, limit: Duration) -> Option<Built> {
        listing::ask(&self.place).ok()?;
        let command = self.configure().contained().dir(&self.project).log(self.folder.file("look.log"));
        command.deadline(limit).run(self.ctx).ok().filter(Finished::success)?;
        let targets = listing::targets(&self.place, &self.project);
        Some(Built { targets, tests: self.list().ok()?, broken: Vec::new() })
    }

    /// Names a file as ids do.
    pub fn name_of(&self, file: &Path) -> Option<PathBuf> {
        Some(self.inside.join(file.strip_prefix(&self.project).ok()?))
    }

    /// Where the project is described, as ids name it.
    pub fn lists(&self) -> PathBuf {
        self.inside.join(super::LISTS)
    }

    fn configure(&self) -> Command {
        let command = Command::new("cmake").arg("-S").arg(&self.project).arg("-B").arg(&self.place);
        let is_new = !self.place.join(CACHE).is_file();
        let with_ninja = is_new
            && self.ctx.env.get("CMAKE_GENERATOR").is_none()
            && self.ctx.env.find_program("ninja").is_some();
        let words: &[&str] = if with_ninja { &["-G", "Ninja"] } else { &[] };
        let tested: &[&str] = if is_new { &["-DBUILD_TESTING=ON"] } else { &[] };
        command.args(words).args(tested)
    }

    fn is_ninja(&self) -> bool {
        self.place.join("build.ninja").is_file()
    }

    fn list(&self) -> Result<Vec<Test>> {
        let command = Command::new("ctest").arg("--test-dir").arg(&self.place).arg("--show-only=json-v1");
        let finished = command.contained().dir(&self.project).deadline(PATIENCE).run(self.ctx)?;
        Ok(listing::tests(&finished.stdout).unwrap_or_default())
    }

    /// A program that was not built anew is one of another time: its tests do not run.
    fn leave_out_unbuilt(&self, targets: &[Target], tests: &mut Vec<Test>) -> Result<()> {
        let target = |test: &Test| listing::target_of(targets, test.command.first()?);
        let names: BTreeSet<String> =
            tests.iter().filter_map(target).map(|target| target.name.clone()).collect();
        let mut is_built = BTreeMap::new();
        for name in names {
            let command = Command::new("cmake").arg("--build").arg(&self.place).args(["--target", &name]);
            let (finished, _) = self.logged(command, &format!("build-{}.log", is_built.len()))?;
            is_built.insert(name, finished.success());
        }
        tests.retain(|test| match target(test) {
            Some(target) => is_built.get(&target.name).copied().unwrap_or_default(),
            // What a target is replaced by whose tests are only known once it is built.
            None => !test.name.ends_with("_NOT_BUILT"),
        });
        Ok(())
    }

    /// `/slot/tests/a.c:12:5: error: …`, each file once.
    fn compile_errors(&self, output: &str) -> Vec<(String, String)> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for line in output.lines() {
            let marks = [": error: ", ": fatal error: "];
            let Some((place, said)) = marks.iter().find_map(|mark| line.split_once(mark)) else { continue };
            let mut parts = place.split(':');
            let (Some(file), number) = (parts.next(), parts.next().unwrap_or_default()) else { continue };
            let file = without_dots(&self.place.join(file));
            let Some(file) = self.name_of(&file) else { continue };
            let reason = clean_reason(&format!("does not compile: {said} (line {number})"));
            found.entry(paths::text_of_path(&file)).or_insert_with(|| reason.unwrap_or_default());
        }
        if found.is_empty() {
            let undefined = output.lines().find(|line| line.contains("undefined "));
            let said = undefined.and_then(clean_reason).or_else(|| report::telling_line(output.as_bytes()));
            found.insert(
                paths::text_of_path(&self.lists()),
                format!("cannot be built: {}", said.unwrap_or_default()),
            );
        }
        found.into_iter().collect()
    }

    /// Runs a child with both streams merged, and gives what it printed.
    pub fn logged(&self, command: Command, name: &str) -> Result<(Finished, String)> {
        let log = self.folder.file(name);
        let finished = command.contained().dir(&self.project).log(&log).deadline(PATIENCE).run(self.ctx)?;
        let bytes = std::fs::read(&log).unwrap_or_else(|_| finished.stdout.clone());
        Ok((finished, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Whether a folder was configured for a project as it lies now, with its tests.
fn is_built_in(folder: &Path, project: &Path) -> bool {
    let cache = std::fs::read_to_string(folder.join(CACHE)).unwrap_or_default();
    let home = cache.lines().find_map(|line| line.strip_prefix("CMAKE_HOME_DIRECTORY:INTERNAL="));
    home.is_some_and(|home| Path::new(home) == project) && !cache.contains("BUILD_TESTING:BOOL=OFF")
}

/// A name for the build folder of a project, different for slot and twin.
fn name_of(project: &Path) -> String {
    let text = paths::text_of_path(project);
    let plain: Vec<char> = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    // Names of files end at 255 bytes; what tells folders apart stands at the end.
    let from = plain.len().saturating_sub(200);
    format!("cmake{}", plain.into_iter().skip(from).collect::<String>())
}

fn cores() -> String {
    std::thread::available_parallelism().map_or(1, usize::from).to_string()
}

/// The line after `CMake Error at CMakeLists.txt:3 (project):`.
fn configuration_error(output: &str) -> String {
    let mut lines = output.lines().skip_while(|line| !line.starts_with("CMake Error"));
    let first = lines.next().unwrap_or_default();
    let said = lines.map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    clean_reason(&format!("cannot be configured: {first} {said}")).unwrap_or_default()
}
