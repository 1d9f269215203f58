//! The runs of both sides: side by side at first, each alone at last. What fights over a port, a file or a database with
//! the other side shows as a difference between two runs, and never as a verdict.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use hotfix_model::{Run, RunEnd, Step};

use super::{Plan, lay_twin};
use crate::error::Result;
use crate::git::Oid;
use crate::proof::{self, Colour, Memory, Wanted};
use crate::session::{EvidenceFiles, Hotfix, Project};
use crate::suite::{self, Limits, Place, Selection};

/// Most bytes of one side's runs that go into the record, which is pushed.
const EVIDENCE_LIMIT: usize = 256 << 10;

/// The runs of both sides.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// Base with the test part.
    pub red: Vec<Run>,
    /// The fix; empty while no source has changed.
    pub green: Vec<Run>,
    /// Whether the red runs are those of an earlier prove.
    pub red_reused: bool,
    /// Whether the green runs are those of an earlier prove.
    pub green_reused: bool,
    /// The tree of the red side.
    pub red_tree: Option<Oid>,
    /// Files of the repository that the tests changed on the red side, which makes it worth nothing.
    pub changed: Vec<String>,
}

impl Sides {
    /// The runs as files of evidence; a side too large for the record keeps only the tests that did not pass.
    pub fn evidence(&self) -> EvidenceFiles {
        let sides = [("prove-red.json", &self.red), ("prove-green.json", &self.green)];
        let file = |(name, runs): (&str, &Vec<Run>)| Some((name.to_owned(), evidence_of(runs)?));
        sides.into_iter().filter(|(_, runs)| !runs.is_empty()).filter_map(file).collect()
    }
}

fn evidence_of(runs: &[Run]) -> Option<Vec<u8>> {
    let whole = serde_json::to_vec(runs).ok()?;
    if whole.len() <= EVIDENCE_LIMIT {
        return Some(whole);
    }
    let broken = |run: &Run| Run { cases: run.broken().cloned().collect(), ..run.clone() };
    let short = serde_json::to_vec(&runs.iter().map(broken).collect::<Vec<_>>()).ok()?;
    Some(short).filter(|short| short.len() <= EVIDENCE_LIMIT)
}

/// Says who may run at the same time: both sides, or one of them alone.
#[derive(Debug, Default)]
pub struct Turns(RwLock<()>);

impl Turns {
    fn beside<T>(&self, run: impl FnOnce() -> T) -> T {
        let _turn = self.0.read().unwrap_or_else(PoisonError::into_inner);
        run()
    }

    fn alone<T>(&self, run: impl FnOnce() -> T) -> T {
        let _turn = self.0.write().unwrap_or_else(PoisonError::into_inner);
        run()
    }
}

impl Plan {
    /// Runs the red side in the twin.
    pub fn run_red(&self, project: &Project, hotfix: &Hotfix, turns: &Turns) -> Result<Sides> {
        let repository = &project.repository;
        let scratch = project.run_dir(hotfix.id())?;
        let tree = repository.overlay_tree(&self.work.base, &self.parts.tests, &scratch)?;
        let memory = self.memory(project, &scratch, (Wanted::Red, &tree));
        if let Some(red) = self.recall(&memory) {
            return Ok(Sides { red, red_reused: true, red_tree: Some(tree), ..Sides::default() });
        }
        let twin = lay_twin(project, hotfix, &self.work, &tree)?;
        project.ctx().began(Step::Prove, "red side: the tests on base");
        let place = Place { root: &twin.worktree.path, home: repository.home(), scratch: &scratch };
        let mut red = self.run_beside(project, &place, turns)?;
        red.extend(turns.alone(|| self.run_once(project, &place, &red))?);
        let changed = repository.differing(&twin.worktree, &tree)?;
        if changed.is_empty() {
            memory.keep(&red);
        }
        Ok(Sides { red, red_tree: Some(tree), changed, ..Sides::default() })
    }

    /// Runs the green side in the slot, and `then` the critical tests, where there are any; nothing while no source has
    /// changed. The critical tests begin with the same files, so they stand for the last of several green runs.
    pub fn run_green(
        &self,
        project: &Project,
        hotfix: &Hotfix,
        turns: &Turns,
        then: impl FnOnce() -> Result<Option<Run>>,
    ) -> Result<(Vec<Run>, bool, Option<Run>)> {
        let critical = || turns.beside(then);
        if self.parts.source.is_empty() {
            return Ok((Vec::new(), false, critical()?));
        }
        let scratch = project.run_dir(hotfix.id())?;
        let memory = self.memory(project, &scratch, (Wanted::Green, &self.work.tree));
        if let Some(runs) = self.recall(&memory) {
            return Ok((runs, true, critical()?));
        }
        let changed: Vec<PathBuf> = self.work.changes.iter().map(|change| change.path.clone()).collect();
        let root = &self.work.held.worktree.path;
        suite::forget_bytecode(root, &changed);
        let place = Place { root, home: project.repository.home(), scratch: &scratch };
        let mut runs = self.run_beside(project, &place, turns)?;
        let critical = critical()?;
        match critical.as_ref().and_then(|run| self.part_of(run)).filter(|_| !runs.is_empty()) {
            Some(last) => runs.push(last),
            None => runs.extend(turns.alone(|| self.run_once(project, &place, &runs))?),
        }
        memory.keep(&runs);
        Ok((runs, false, critical))
    }

    /// A green side that is broken, and was not alone, runs once more alone, now that nothing else does. If the runs
    /// agree it is broken; if they differ it is flaky; if they fought over a port only what ran alone counts.
    pub fn confirm(&self, project: &Project, hotfix: &Hotfix, sides: Sides) -> Result<Sides> {
        let fought = sides.green.iter().any(suite::fought_over_a_port);
        let is_broken = fought || proof::read_side(&sides.green).colour == Colour::Red;
        if sides.green.is_empty() || sides.red_reused || !is_broken {
            return Ok(sides);
        }
        let scratch = project.run_dir(hotfix.id())?;
        let root = &self.work.held.worktree.path;
        let place = Place { root, home: project.repository.home(), scratch: &scratch };
        let mut green = if fought { Vec::new() } else { sides.green };
        let times = if fought { self.config.prove.repeat.max(1) } else { 1 };
        for _ in 0..times {
            green.extend(self.run_once(project, &place, &green)?);
        }
        Ok(Sides { green, ..sides })
    }

    /// Runs of an earlier prove with the same files, the same command and the same surroundings.
    fn memory(&self, project: &Project, scratch: &Path, (wanted, tree): (Wanted, &Oid)) -> Memory {
        let prove = &self.config.prove;
        let command = self.command().join("\0");
        let around = self.work.surroundings(project);
        let inputs = format!("{tree}\0{command}\0{}\0{}\0{around}", prove.repeat, prove.test_timeout);
        Memory::new(scratch, wanted, &inputs)
    }

    fn recall(&self, memory: &Memory) -> Option<Vec<Run>> {
        memory.recall().filter(|_| !self.anew)
    }

    /// All runs of a side but the last. One that fought over a port does not count: it gets a turn alone.
    fn run_beside(&self, project: &Project, place: &Place<'_>, turns: &Turns) -> Result<Vec<Run>> {
        let mut runs: Vec<Run> = Vec::new();
        for _ in 1..self.config.prove.repeat.max(1) {
            let run = turns.beside(|| self.run_once(project, place, &runs))?;
            runs.extend(match run.as_ref().is_some_and(suite::fought_over_a_port) {
                true => turns.alone(|| self.run_once(project, place, &runs))?,
                false => run,
            });
        }
        Ok(runs)
    }

    fn run_once(&self, project: &Project, place: &Place<'_>, before: &[Run]) -> Result<Option<Run>> {
        let Some(runner) = self.usable() else { return Ok(None) };
        project.ctx().go_on()?;
        let prove = &self.config.prove;
        let patience = prove.test_timeout.duration();
        let test = before.first().map_or(patience, |first| proof::limit_after(first, patience));
        let limits = Limits { run: prove.timeout.duration(), test: Some(test) };
        runner.run(project.ctx(), place, &self.selection, &limits).map(Some)
    }

    /// What a run of the critical tests says about the files of the proof; `None` if it did not come to its end, or
    /// cannot tell files apart.
    fn part_of(&self, critical: &Run) -> Option<Run> {
        let Selection::Files(files) = &self.selection else { return None };
        let files: BTreeSet<String> = files.iter().map(|path| suite::text_of_path(path)).collect();
        let cases =
            critical.cases.iter().filter(|case| case.file.as_ref().is_some_and(|file| files.contains(file)));
        let not_loaded = critical.not_loaded.iter().filter(|(file, _)| files.contains(file)).cloned();
        let mut part = Run {
            command: self.command(),
            cases: cases.cloned().collect(),
            not_loaded: not_loaded.collect(),
            claimed: None,
            elapsed_ms: 0,
            ..critical.clone()
        };
        let clean = part.not_loaded.is_empty() && part.broken().next().is_none();
        part.exit = Some(i32::from(!clean));
        (critical.end == RunEnd::Finished && critical.counted && !part.cases.is_empty()).then_some(part)
    }
}
