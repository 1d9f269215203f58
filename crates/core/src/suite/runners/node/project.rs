//! A project whose script is one call of a test tool after another: its runs, and their reading.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::{Run, RunEnd};

use super::job::{Call, Job};
use super::site::{Site, needs_node, run_folder};
use super::{can_hold_tests, coverage, in_source, inside, is_source, modules, pnp, together};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::{Command, Finished};
use crate::suite::folder::RunFolder;
use crate::suite::report::{self, End, Told};
use crate::suite::stream::{self, Heard};
use crate::suite::{Footprint, Limits, Place, Repeat, Runner, Selection, existing_files, paths};

/// How long a tool may take to say which tests depend on a file.
const RELATED: Duration = Duration::from_secs(30);

/// A project whose tests the tools run.
pub struct Project {
    name: String,
    site: Site,
    calls: Vec<Call>,
    /// Lines of shell that the script runs after its tests.
    after: Vec<String>,
    /// Source files that also hold tests (vitest's `includeSource`).
    in_source: BTreeSet<PathBuf>,
}

/// What one run of a project is about.
#[derive(Clone, Copy)]
struct Wish<'a> {
    ctx: &'a Ctx,
    place: &'a Place<'a>,
    selection: &'a Selection,
    limits: &'a Limits,
    /// When it began.
    began: Duration,
}

impl Wish<'_> {
    /// The time that is left.
    fn left(&self) -> Duration {
        self.limits.run.saturating_sub(self.ctx.elapsed_since(self.began))
    }
}

impl Project {
    /// A project as its files show it. There is at least one call.
    pub fn new(site: Site, calls: Vec<Call>, after: Vec<String>, in_source: BTreeSet<PathBuf>) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for call in &calls {
            if !names.contains(&call.tool.name()) {
                names.push(call.tool.name());
            }
        }
        Self { name: names.join(" + "), site, calls, after, in_source }
    }

    fn summary(&self, call: Option<&Call>, selection: &Selection) -> Told {
        let runner = call.or(self.calls.first()).map_or("npm test", |call| call.tool.name());
        Told { runner, command: self.command(selection), counted: true, claimed: None }
    }

    /// The selected files that are tests, relative to the project's folder; `None` for everything.
    fn files(&self, place: &Place<'_>, selection: &Selection) -> Option<Vec<PathBuf>> {
        let files = existing_files(place.root, selection)?;
        let own = files.iter().filter(|file| can_hold_tests(file));
        Some(own.filter_map(|file| file.strip_prefix(&self.site.folder).ok()).map(Path::to_owned).collect())
    }

    /// Which call runs which files: each that would run them by itself, else the first.
    fn shares(&self, files: Option<&[PathBuf]>) -> Vec<(&Call, Vec<PathBuf>)> {
        let Some(files) = files else {
            return self.calls.iter().map(|call| (call, Vec::new())).collect();
        };
        let covers = |call: &Call, file: &PathBuf| file.to_str().is_some_and(|file| call.covers(file));
        let is_any = |file: &PathBuf| self.calls.iter().any(|call| covers(call, file));
        let of = |call: &Call, is_first: bool| -> Vec<PathBuf> {
            let own = |file: &&PathBuf| covers(call, file) || is_first && !is_any(file);
            files.iter().filter(own).cloned().collect()
        };
        let shares = self.calls.iter().enumerate().map(|(number, call)| (call, of(call, number == 0)));
        shares.filter(|(_, files)| !files.is_empty()).collect()
    }

    /// The program, and everything it depends on. Errors: [`SuiteError::NotInstalled`](crate::suite::SuiteError).
    fn program(&self, ctx: &Ctx, place: &Place<'_>, call: &Call) -> Result<Option<PathBuf>> {
        needs_node(ctx)?;
        self.site.link(place);
        let folder = &self.site.folder;
        let packages = call.tool.packages();
        let found: Vec<_> =
            packages.iter().map(|package| modules::program(ctx, place, folder, package)).collect();
        if found.is_empty() {
            // Its tests may need packages although it needs none itself. Without a lock file nobody knows whether they do.
            let needs_some =
                place.root.join(folder).join("package-lock.json").is_file() || pnp::is_used(place);
            modules::any(place, folder).or_else(|error| if needs_some { Err(error) } else { Ok(()) })?;
        }
        let mut failed = None;
        for one in found {
            match one {
                Ok(program) => return Ok(Some(program)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// Runs lines of shell of the script; gives the first of them that fails. Those that ran already are left out.
    fn run_lines<'a>(
        &self,
        wish: &Wish<'_>,
        lines: &'a [String],
        done: &mut BTreeSet<&'a str>,
    ) -> Result<Option<Failed>> {
        for line in lines.iter().filter(|line| done.insert(line)) {
            let run = run_folder(wish.ctx, wish.place)?;
            let command = self.site.command(wish.ctx, wish.place, Command::shell(line));
            let finished = command.log(run.log()).deadline(wish.left()).run(wish.ctx)?;
            if !finished.success() {
                return Ok(Some(Failed { line: line.clone(), finished }));
            }
        }
        Ok(None)
    }

    /// A build that fails is a test part that cannot be loaded: nothing has run.
    fn not_built(&self, selection: &Selection, failed: &Failed) -> Run {
        let file = paths::text_of_path(&self.site.folder.join("package.json"));
        let reason =
            report::telling_line(&failed.finished.stdout).unwrap_or_else(|| failed.finished.last_line());
        let heard =
            Heard { not_loaded: vec![(file, format!("{}: {reason}", failed.line))], ..Heard::default() };
        let end = End::of(failed.finished.ending).err().unwrap_or_else(End::finished);
        report::run_of(self.summary(None, selection), &failed.finished, heard, &end)
    }

    /// The run of a command behind the tests that failed. It has no cases, and its reason says what failed.
    fn failed_after(&self, selection: &Selection, failed: &Failed) -> Run {
        let end = End::of(failed.finished.ending).err().unwrap_or_else(|| End {
            end: RunEnd::Finished,
            reason: Some(format!("{} failed: {}", failed.line, failed.finished.last_line())),
        });
        report::run_of(self.summary(None, selection), &failed.finished, Heard::default(), &end)
    }
}

/// A command of the test script, before or after the tests, that failed.
struct Failed {
    line: String,
    finished: Finished,
}

impl Runner for Project {
    fn name(&self) -> &str {
        &self.name
    }

    fn folder(&self) -> &Path {
        &self.site.folder
    }

    fn is_test_file(&self, path: &Path) -> bool {
        let inside = inside(&self.site.folder, path).filter(|_| can_hold_tests(path));
        self.in_source.contains(path)
            || inside.is_some_and(|path| self.calls.iter().any(|call| call.covers(&path)))
    }

    fn is_test_support(&self, path: &Path) -> bool {
        path.strip_prefix(&self.site.folder).is_ok_and(paths::is_test_support)
    }

    fn holds_both(&self, path: &Path) -> bool {
        self.in_source.contains(path)
    }

    fn test_lines(&self, _: &Path, text: &str) -> Vec<RangeInclusive<u64>> {
        in_source::test_lines(text)
    }

    fn speaks(&self, path: &Path) -> bool {
        is_source(path)
    }

    fn ready(&self, ctx: &Ctx, place: &Place<'_>) -> Result<()> {
        self.calls.iter().try_for_each(|call| self.program(ctx, place, call).map(drop))
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        let folder = &self.site.folder;
        let own = |file: &str| inside(folder, &paths::path_of_text(file)).unwrap_or_else(|| file.to_owned());
        let chosen: Vec<String> = match selection {
            Selection::Everything => Vec::new(),
            Selection::Files(files) => files.iter().map(|file| own(&paths::text_of_path(file))).collect(),
            Selection::Cases(ids) => ids.iter().map(|id| own(id)).collect(),
        };
        let typed = self.calls.first().map(Call::typed).unwrap_or_default();
        let mut words = paths::typed_in(folder, &typed.iter().map(String::as_str).collect::<Vec<_>>());
        words.extend(chosen);
        words
    }

    fn run(&self, ctx: &Ctx, place: &Place<'_>, selection: &Selection, limits: &Limits) -> Result<Run> {
        let files = self.files(place, selection);
        let is_about_the_build = self.is_about_the_build(place, selection);
        if files.as_ref().is_some_and(Vec::is_empty) && !is_about_the_build {
            return Ok(report::nothing(self.summary(None, selection), End::finished()));
        }
        let wish = Wish { ctx, place, selection, limits, began: ctx.clock.elapsed() };
        let mut shares = self.shares(files.as_deref());
        if is_about_the_build {
            shares = self.calls.iter().map(|call| (call, Vec::new())).collect();
        }
        let (mut runs, mut lines) = (Vec::new(), BTreeSet::new());
        for (call, files) in &shares {
            let program = self.program(ctx, place, call)?;
            if let Some(why) = self.site.foreign(place) {
                return Ok(together::foreign(self.summary(Some(call), selection), why));
            }
            if let Some(failed) = self.run_lines(&wish, &call.invocation.before, &mut lines)? {
                return Ok(self.not_built(selection, &failed));
            }
            if !(is_about_the_build && files.is_empty()) {
                runs.push(self.run_call(&wish, call, program.as_deref(), files)?);
            }
        }
        if *selection == Selection::Everything
            && let Some(failed) = self.run_lines(&wish, &self.after, &mut lines)?
        {
            runs.push(self.failed_after(selection, &failed));
        }
        Ok(together::one_after_another(self.summary(None, selection), &self.name, runs))
    }

    fn listed(&self, ctx: &Ctx, place: &Place<'_>, limit: Duration) -> Option<BTreeSet<PathBuf>> {
        let began = ctx.clock.elapsed();
        let mut all = BTreeSet::new();
        for call in &self.calls {
            let program = self.program(ctx, place, call).ok()?;
            let run = run_folder(ctx, place).ok()?;
            let job = Job { is_listing: true, ..self.job(place, &run, call) };
            let Some(command) = call.listing(&job, program.as_deref()) else {
                all.extend(self.walked(place, call));
                continue;
            };
            let left = limit.checked_sub(ctx.elapsed_since(began))?;
            let command = self.site.command(ctx, place, command).deadline(left);
            let finished = command.run(ctx).ok().filter(Finished::success)?;
            all.extend(super::below_root(place.root, &printed_list(&finished.stdout)?));
        }
        Some(all)
    }

    fn related(&self, ctx: &Ctx, place: &Place<'_>, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        let inside = sources.iter().filter_map(|path| path.strip_prefix(&self.site.folder).ok());
        let files: Vec<PathBuf> = inside.map(Path::to_owned).collect();
        let mut all = BTreeSet::new();
        for call in &self.calls {
            let program = self.program(ctx, place, call).ok()?;
            let run = run_folder(ctx, place).ok()?;
            let job = Job { files: files.clone(), is_listing: true, ..self.job(place, &run, call) };
            let command = self.site.command(ctx, place, call.related(&job, program.as_deref())?);
            let finished = command.deadline(RELATED).run(ctx).ok()?;
            all.extend(super::below_root(place.root, &printed_list(&finished.stdout)?));
        }
        (!all.is_empty()).then(|| all.into_iter().collect())
    }

    fn footprints(
        &self,
        ctx: &Ctx,
        place: &Place<'_>,
        files: &[PathBuf],
        limit: Duration,
    ) -> Option<BTreeMap<String, Footprint>> {
        let limits = Limits { run: limit, test: None };
        let (selection, began) = (Selection::Files(files.to_vec()), ctx.clock.elapsed());
        let wish = Wish { ctx, place, selection: &selection, limits: &limits, began };
        let (mut found, mut lines) = (BTreeMap::new(), BTreeSet::new());
        for file in self.files(place, &selection).unwrap_or_default() {
            let shares = self.shares(Some(std::slice::from_ref(&file)));
            let Some((call, _)) = shares.first() else { continue };
            let program = self.program(ctx, place, call).ok()?;
            self.run_lines(&wish, &call.invocation.before, &mut lines).ok().filter(Option::is_none)?;
            if wish.left().is_zero() {
                break;
            }
            let name = paths::text_of_path(&self.site.folder.join(&file));
            found.extend(self.footprint(&wish, call, program.as_deref(), file).map(|print| (name, print)));
        }
        Some(found)
    }
}

impl Project {
    fn job<'a>(&self, place: &Place<'_>, run: &'a RunFolder, call: &'a Call) -> Job<'a> {
        Job {
            run,
            invocation: &call.invocation,
            root: place.root.to_owned(),
            folder: place.root.join(&self.site.folder),
            files: Vec::new(),
            tests: Vec::new(),
            is_listing: false,
        }
    }

    /// All that one call has to run. Some tools stop at the first file that cannot be loaded; the others have their turn
    /// without it.
    fn run_call(
        &self,
        wish: &Wish<'_>,
        call: &Call,
        program: Option<&Path>,
        files: &[PathBuf],
    ) -> Result<Run> {
        let mut done = self.run_files(wish, call, program, files)?;
        let mut left = files.to_vec();
        while done.cases.is_empty() && done.not_loaded.iter().any(|(file, _)| self.take_out(&mut left, file))
        {
            if left.is_empty() {
                break;
            }
            let stopped_by = std::mem::take(&mut done.not_loaded);
            done = self.run_files(wish, call, program, &left)?;
            done.not_loaded.splice(0..0, stopped_by);
        }
        Ok(done)
    }

    /// One run of the tool.
    fn run_files(
        &self,
        wish: &Wish<'_>,
        call: &Call,
        program: Option<&Path>,
        files: &[PathBuf],
    ) -> Result<Run> {
        let Wish { ctx, place, selection, limits, .. } = *wish;
        let run = run_folder(ctx, place)?;
        let ids = if let Selection::Cases(ids) = selection { ids.as_slice() } else { &[] };
        let whole = ids.iter().any(|id| !id.contains("::"));
        let tests = if whole { Vec::new() } else { ids.to_vec() };
        let named = Some(tests.as_slice()).filter(|tests| !tests.is_empty());
        let chosen = run.write_selection(&[], named, &Repeat::default())?;
        let job = Job { files: files.to_vec(), tests, ..self.job(place, &run, call) };
        let seconds = limits.test.map(|limit| limit.as_secs_f64().to_string()).unwrap_or_default();
        let command = self.site.command(ctx, place, call.command(&job, program));
        let command = command.deadline(wish.left()).log(run.log()).env("HOTFIX_STREAM", run.stream());
        let command = command.env("HOTFIX_TEST_LIMIT", seconds).env("HOTFIX_SELECTION", chosen);
        let finished = command.run(ctx)?;
        Ok(self.judge(wish, call, &finished, &run))
    }

    /// What one test file runs; a process of its own tells.
    fn footprint(
        &self,
        wish: &Wish<'_>,
        call: &Call,
        program: Option<&Path>,
        file: PathBuf,
    ) -> Option<Footprint> {
        let Wish { ctx, place, .. } = *wish;
        let run = run_folder(ctx, place).ok()?;
        let job = Job { files: vec![file], ..self.job(place, &run, call) };
        let command = self.site.command(ctx, place, call.command(&job, program));
        let command = command.deadline(wish.left()).log(run.log()).env("HOTFIX_STREAM", run.stream());
        let reports = run.file("coverage");
        let done = command.env("NODE_V8_COVERAGE", &reports).run(ctx).ok()?;
        let found = coverage::read(place.root, &reports);
        (done.ending.code().is_some() && !found.is_empty()).then_some(found)
    }

    /// Takes a file that could not be loaded out of a list; whether it was in it.
    fn take_out(&self, files: &mut Vec<PathBuf>, file: &str) -> bool {
        let file = paths::path_of_text(file);
        let before = files.len();
        files.retain(|one| self.site.folder.join(one) != file);
        files.len() < before
    }

    /// The test files of a tool that has no list of its own: all that it would find below the project's folder.
    fn walked(&self, place: &Place<'_>, call: &Call) -> BTreeSet<PathBuf> {
        let root = place.root.join(&self.site.folder);
        let (mut found, mut folders) = (BTreeSet::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let (path, kind) = (entry.path(), entry.file_type());
                if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                    let is_left_out = name == "node_modules" || name.as_encoded_bytes().starts_with(b".");
                    folders.extend((!is_left_out).then_some(path));
                } else if inside(&root, &path).is_some_and(|path| call.covers(&path)) {
                    found.extend(path.strip_prefix(place.root).ok().map(Path::to_owned));
                }
            }
        }
        found
    }

    /// The test file that the output of a tool speaks of which died before any test.
    fn blamed(&self, place: &Place<'_>, finished: &Finished) -> Option<String> {
        let text = String::from_utf8_lossy(&finished.stdout);
        let real = std::fs::canonicalize(place.root).unwrap_or_else(|_| place.root.to_owned());
        let root = format!("{}/", real.display());
        let tail_of = |rest: &str| rest.split([':', ' ', ')', '\'', '"', '\n']).next().map(str::to_owned);
        text.split(root.as_str()).skip(1).filter_map(tail_of).find(|path| self.is_test_file(Path::new(path)))
    }

    /// Whether the build itself is asked for: it was what could not be loaded.
    fn is_about_the_build(&self, place: &Place<'_>, selection: &Selection) -> bool {
        let manifest = self.site.folder.join("package.json");
        existing_files(place.root, selection).is_some_and(|files| files.contains(&manifest))
    }

    fn judge(&self, wish: &Wish<'_>, call: &Call, finished: &Finished, run: &RunFolder) -> Run {
        let mut heard = stream::read(&run.stream());
        let told = Told { claimed: heard.own_count, ..self.summary(Some(call), wish.selection) };
        let code = finished.ending.code().unwrap_or_default();
        if heard.began == 0
            && code != 0
            && let Some(file) = self.blamed(wish.place, finished)
        {
            let reason = report::telling_line(&finished.stdout).unwrap_or_else(|| finished.last_line());
            heard.not_loaded.push((file, reason));
            return report::run_of(told, finished, heard, &End::finished());
        }
        let end = end(call.tool.name(), finished, &heard);
        report::run_of(told, finished, heard, &end)
    }
}

/// The last line that is a JSON list of texts.
fn printed_list(output: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(output);
    text.lines().rev().find_map(|line| serde_json::from_str(line.trim()).ok())
}

/// How a run of a tool ended.
pub fn end(name: &str, finished: &Finished, heard: &Heard) -> End {
    if heard.gave_up {
        return End { end: RunEnd::TimedOut, reason: Some("a test took too long".to_owned()) };
    }
    match End::of(finished.ending) {
        Err(end) => end,
        Ok(_) if heard.finished > 0 && heard.finished >= heard.began => End {
            reason: heard.trouble.clone().filter(|_| finished.ending.code() != Some(0)),
            ..End::finished()
        },
        // Nothing to run: the tools do not even start their reporters.
        Ok(0) if heard.cases.is_empty() && heard.began == 0 => End::finished(),
        Ok(code) => {
            let line =
                report::telling_line(&finished.stdout).unwrap_or_else(|| report::last_line(&finished.stdout));
            End::crashed(format!("{name} ended with code {code} before its tests did: {line}"))
        }
    }
}
