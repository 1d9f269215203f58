//! prove: red on base, green with the fix.
//!
//! Red side: base with only the test part of the change laid over it, in the twin. Green side: the slot. Both run at
//! the same time, each twice by default; the same tests must flip. A side whose files and command are those of an
//! earlier run is not run again.

mod both;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use hotfix_model::config::Config;
use hotfix_model::output::ProveOutput;
use hotfix_model::{ExitCode, Fact, Gate, Proof, ProofVerdict, Record, Run, RunEnd, Side, Step};

use super::PlanLines;
use crate::ctx::joined;
use crate::env::Environment;
use crate::error::{Explain, Result};
use crate::event::Tone;
use crate::git::Oid;
use crate::proof::{self, Evidence, Judgement, Memory, Parts, Reading, Wanted};
use crate::session::{EvidenceFiles, Hotfix, Project, Reader, Work};
use crate::slot::{Room, SetupRequest, Twin};
use crate::suite::{self, Limits, Pattern, Place, Runner, Selection};

/// Name of the runner of a command that somebody typed.
const PLAIN: &str = "command";

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The command to prove with; empty for the one used before, else for the tests that changed.
    pub command: Vec<String>,
    /// Whether a red by import or compile error counts.
    pub accept_load_error: bool,
    /// Whether both sides run although an earlier run of the same files is known.
    pub anew: bool,
}

/// What prove is going to do.
pub struct Plan {
    /// The state of the slot to be proven.
    pub work: Work,
    /// The change, taken apart.
    pub parts: Parts,
    runner: Result<Arc<dyn Runner>>,
    selection: Selection,
    accept_load_error: bool,
    anew: bool,
    config: Config,
}

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

/// Looks; changes nothing.
pub fn plan(project: &Project, hotfix: &Hotfix, work: Work, request: &Request) -> Result<Plan> {
    let config = hotfix.loaded.config.clone();
    let remembered = hotfix.record().proof.as_deref().filter(|proof| is_typed(proof, &config));
    let command = match (request.command.is_empty(), remembered) {
        (true, Some(proof)) => proof.command.clone(),
        _ => request.command.clone(),
    };
    let detected = work.runner(project, hotfix).cloned();
    let patterns: Vec<Pattern> = config.prove.test_patterns.iter().map(|text| Pattern::new(text)).collect();
    let of_runner = |path: &Path| match &detected {
        Ok(runner) => runner.is_test_file(path) || runner.is_test_support(path),
        Err(_) => suite::is_test_file_of_any_language(path) || suite::is_test_support(path),
    };
    let is_test = |path: &Path| of_runner(path) || patterns.iter().any(|pattern| pattern.covers(path));
    let known = detected.as_ref().ok().map(AsRef::as_ref);
    let parts = both::split((project, hotfix, &work), known, is_test)?;
    let accept_load_error = request.accept_load_error || config.prove.accept_load_error;
    let runner = match command.is_empty() {
        true => detected,
        false => suite::plain(command.iter().map(OsString::from).collect()).map(Arc::from),
    };
    let selection = match &runner {
        Ok(runner) if command.is_empty() => {
            Selection::Files(parts.runnable(|path| runner.is_test_file(path)))
        }
        _ => Selection::Everything,
    };
    let anew = request.anew;
    Ok(Plan { work, parts, runner, selection, accept_load_error, anew, config })
}

/// Whether a proof is by a command that somebody typed. One by `test.command` is found again by itself.
pub fn is_typed(proof: &Proof, config: &Config) -> bool {
    let configured = config.test.command.as_str();
    proof.runner == PLAIN && proof.command != [configured] && proof.command != ["sh", "-c", configured]
}

/// The runner of a tree, by the repository's own files.
pub fn detect(project: &Project, tree: &Oid, config: &Config) -> Result<Box<dyn Runner>> {
    let files = project.repository.list_files(tree)?;
    let reader = Reader::new(&project.repository, tree, &files);
    Ok(Box::new(suite::detect(&files, &|path| reader.read(path), &config.test)?))
}

impl Plan {
    /// What is going to be done.
    pub fn lines(&self) -> PlanLines {
        let Some(runner) = self.usable() else { return vec![self.trouble()] };
        let command = runner.command(&self.selection).join(" ");
        let repeat = self.config.prove.repeat;
        let mut lines = vec![format!(
            "red side: {command} on base with the test part of the change ({}), {repeat} times",
            super::counted(self.parts.tests.len() as u64, "file")
        )];
        if !self.parts.source.is_empty() {
            lines.push(format!("green side: {command} with the fix, {repeat} times"));
        }
        lines
    }

    /// The command, for people.
    pub fn command(&self) -> Vec<String> {
        self.usable().map(|runner| runner.command(&self.selection)).unwrap_or_default()
    }

    /// The test files that prove it, for the critical tests to begin with.
    pub fn test_files(&self) -> Vec<PathBuf> {
        match &self.selection {
            Selection::Files(files) => files.clone(),
            _ => Vec::new(),
        }
    }

    /// Whether there is anything to run.
    pub fn can_run(&self) -> bool {
        self.usable().is_some()
    }

    /// The runner, if there is one and it has something to run.
    fn usable(&self) -> Option<&dyn Runner> {
        let empty = matches!(&self.selection, Selection::Files(files) if files.is_empty());
        self.runner.as_deref().ok().filter(|_| !empty)
    }

    /// Why there is nothing to run.
    fn trouble(&self) -> String {
        match &self.runner {
            Ok(_) => "no test was changed and no command was given".to_owned(),
            Err(error) => format!("{error}: {}", error.why()),
        }
    }

    /// Runs of an earlier prove with the same files, the same command and the same surroundings.
    fn memory(&self, project: &Project, scratch: &Path, (wanted, tree): (Wanted, &Oid)) -> Memory {
        let prove = &self.config.prove;
        let command = self.command().join("\0");
        let root = &self.work.held.worktree.path;
        let around = suite::surroundings(project.ctx(), root, project.repository.home());
        let inputs = format!("{tree}\0{command}\0{}\0{}\0{around}", prove.repeat, prove.test_timeout);
        Memory::new(scratch, wanted, &inputs)
    }

    fn recall(&self, memory: &Memory) -> Option<Vec<Run>> {
        memory.recall().filter(|_| !self.anew)
    }

    /// Runs the red side in the twin.
    pub fn run_red(&self, project: &Project, hotfix: &Hotfix) -> Result<(Vec<Run>, bool, Oid)> {
        let repository = &project.repository;
        let scratch = project.run_dir(hotfix.id())?;
        let tree = repository.overlay_tree(&self.work.base, &self.parts.tests, &scratch)?;
        let memory = self.memory(project, &scratch, (Wanted::Red, &tree));
        if let Some(runs) = self.recall(&memory) {
            return Ok((runs, true, tree));
        }
        let twin = lay_twin(project, hotfix, &self.work, &tree)?;
        project.ctx().began(Step::Prove, "red side: the tests on base");
        let runs = self.run_side(project, &twin.worktree.path, &scratch, self.config.prove.repeat.max(1))?;
        let changed = repository.differing(&twin.worktree, &tree)?;
        if !changed.is_empty() {
            return Err(ProveError::TreeChanged { files: changed }.into());
        }
        memory.keep(&runs);
        Ok((runs, false, tree))
    }

    /// Runs the green side in the slot, and `then` the critical tests, where there are any; nothing while no source has
    /// changed. The critical tests begin with the same files, so they stand for the last of several green runs.
    pub fn run_green(
        &self,
        project: &Project,
        hotfix: &Hotfix,
        then: impl FnOnce() -> Result<Option<Run>>,
    ) -> Result<(Vec<Run>, bool, Option<Run>)> {
        if self.parts.source.is_empty() {
            return Ok((Vec::new(), false, then()?));
        }
        let scratch = project.run_dir(hotfix.id())?;
        let memory = self.memory(project, &scratch, (Wanted::Green, &self.work.tree));
        if let Some(runs) = self.recall(&memory) {
            return Ok((runs, true, then()?));
        }
        let changed: Vec<PathBuf> = self.work.changes.iter().map(|change| change.path.clone()).collect();
        suite::forget_bytecode(&self.work.held.worktree.path, &changed);
        let root = &self.work.held.worktree.path;
        let times = self.config.prove.repeat.max(1);
        let mut runs = self.run_side(project, root, &scratch, times.saturating_sub(1))?;
        let critical = then()?;
        match critical.as_ref().and_then(|run| self.part_of(run)).filter(|_| !runs.is_empty()) {
            Some(last) => runs.push(last),
            None => runs.extend(self.run_side(project, root, &scratch, 1)?),
        }
        memory.keep(&runs);
        Ok((runs, false, critical))
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

    /// Judges the sides. Tests that are broken with the fix are run on plain base first, for they may be broken there.
    pub fn conclude(&self, project: &Project, hotfix: &Hotfix, sides: &Sides) -> Result<Proof> {
        let suspects = proof::suspects(&sides.green);
        let failed_on_base = match suspects.is_empty() {
            true => BTreeSet::new(),
            false => super::test::failing_on_base(project, hotfix, &self.work, &suspects)?,
        };
        let mut judgement = proof::judge(&Evidence {
            red: &sides.red,
            green: &sides.green,
            failed_on_base: &failed_on_base,
            accept_load_error: self.accept_load_error,
        });
        if let (ProofVerdict::NotRed, Some(file)) = (judgement.verdict, self.parts.unclear.first()) {
            let file = file.display();
            let advice =
                format!("; tests and source of {file} cannot be told apart: prove the tests before the fix");
            judgement.why.push_str(&advice);
        }
        Ok(self.proof(sides, judgement, failed_on_base))
    }

    fn run_side(&self, project: &Project, root: &Path, scratch: &Path, times: u32) -> Result<Vec<Run>> {
        let Some(runner) = self.usable() else { return Ok(Vec::new()) };
        let prove = &self.config.prove;
        let place = Place { root, home: project.repository.home(), scratch };
        let patience = prove.test_timeout.duration();
        let mut runs: Vec<Run> = Vec::new();
        for _ in 0..times {
            project.ctx().go_on()?;
            let test = runs.first().map_or(patience, |first| proof::limit_after(first, patience));
            let limits = Limits { run: prove.timeout.duration(), test: Some(test) };
            runs.push(runner.run(project.ctx(), &place, &self.selection, &limits)?);
        }
        Ok(runs)
    }

    fn proof(&self, sides: &Sides, judgement: Judgement, failed_on_base: BTreeSet<String>) -> Proof {
        let base = self.work.base.to_string();
        let side = |runs: &[Run], reading: &Reading, tree: String, reused: bool| Side {
            commit: base.clone(),
            tree,
            outcome: reading.outcome,
            exit: runs.last().and_then(|run| run.exit),
            tests: reading.broken.iter().cloned().collect(),
            reason: reading.reason.clone(),
            ran: reading.ran,
            runs: u32::try_from(runs.len()).unwrap_or(u32::MAX),
            elapsed_ms: runs.iter().map(|run| run.elapsed_ms).sum(),
            reused,
        };
        let red_tree = sides.red_tree.as_ref().map(Oid::to_string).unwrap_or_default();
        let green = judgement.green.as_ref().map(|reading| Side {
            tests: judgement.flipped.clone(),
            ..side(&sides.green, reading, self.work.tree.to_string(), sides.green_reused)
        });
        Proof {
            verdict: judgement.verdict,
            why: judgement.why,
            command: self.command(),
            runner: self.usable().map(|runner| runner.name().to_owned()).unwrap_or_default(),
            red: Some(side(&sides.red, &judgement.red, red_tree, sides.red_reused)),
            green,
            flipped: judgement.flipped,
            failed_on_base_too: failed_on_base.into_iter().collect(),
            test_files: self.names_of_tests(),
            machine: Some(Environment::machine()),
        }
    }

    /// The files of the test part of the change, for people.
    fn names_of_tests(&self) -> Vec<String> {
        self.parts.tests.iter().map(|change| change.path.to_string_lossy().into_owned()).collect()
    }
}

/// A twin that holds exactly `tree`, ready for tests.
pub fn lay_twin(project: &Project, hotfix: &Hotfix, work: &Work, tree: &Oid) -> Result<Twin> {
    let pool = project.pool(&hotfix.loaded);
    let twin = pool.twin(&work.held, &work.base)?;
    pool.lay(&twin, &work.base, tree)?;
    let logs = project.run_dir(hotfix.id())?;
    let trusted = project.is_trusted(&hotfix.loaded)?;
    let request = SetupRequest { tree, trusted, logs: &logs, step: Step::Prove };
    pool.setup(&work.held, Room::Twin(&twin), &request)?;
    Ok(twin)
}

/// Proves, and writes the proof into the record.
pub fn apply(project: &Project, hotfix: &mut Hotfix, plan: Plan) -> Result<Proof> {
    let ctx = project.ctx();
    let plan = match plan.runner {
        Err(trouble) => return Err(trouble),
        Ok(runner) => Plan { runner: Ok(runner), ..plan },
    };
    let began = ctx.clock.elapsed();
    ctx.began(Step::Prove, plan.command().join(" "));
    let (proof, evidence) = if plan.can_run() {
        let sides = run_both(project, hotfix, &plan)?;
        plan.work.settle(project, hotfix)?;
        (plan.conclude(project, hotfix, &sides)?, sides.evidence())
    } else {
        (nothing_to_prove(&plan), EvidenceFiles::new())
    };
    announce(project, &proof);
    let fact = Fact::Proved(Box::new(proof.clone()));
    hotfix.append(project, vec![(fact, Some(ctx.milliseconds_since(began)))], &evidence)?;
    Ok(proof)
}

/// Both sides run, and what they show; nothing is written into the record.
pub fn show(project: &Project, hotfix: &Hotfix, plan: Plan) -> Result<Proof> {
    let plan = Plan { runner: Ok(plan.runner?), ..plan };
    if !plan.can_run() {
        return Ok(nothing_to_prove(&plan));
    }
    let sides = run_both(project, hotfix, &plan)?;
    plan.conclude(project, hotfix, &sides)
}

fn run_both(project: &Project, hotfix: &Hotfix, plan: &Plan) -> Result<Sides> {
    thread::scope(|scope| {
        let red = scope.spawn(|| plan.run_red(project, hotfix));
        let green = plan.run_green(project, hotfix, || Ok(None));
        let (red, red_reused, tree) = joined(red.join())?;
        let (green, green_reused, _) = green?;
        Ok(Sides { red, green, red_reused, green_reused, red_tree: Some(tree) })
    })
}

/// A proof of which nothing ran.
fn without_runs(verdict: ProofVerdict, why: String) -> Proof {
    Proof {
        verdict,
        why,
        command: Vec::new(),
        runner: String::new(),
        red: None,
        green: None,
        flipped: Vec::new(),
        failed_on_base_too: Vec::new(),
        test_files: Vec::new(),
        machine: None,
    }
}

/// The proof when no test was changed and no command was given.
pub fn nothing_to_prove(plan: &Plan) -> Proof {
    Proof { test_files: plan.names_of_tests(), ..without_runs(ProofVerdict::Invalid, plan.trouble()) }
}

/// Says that no test can show it, and why. The reason is shown in the merge request and stays owed.
pub fn waive(project: &Project, hotfix: &mut Hotfix, reason: &str) -> Result<Proof> {
    let proof = without_runs(ProofVerdict::Waived, reason.to_owned());
    let skipped = Fact::Skipped { gate: Gate::Prove, reason: reason.to_owned() };
    let facts = vec![(Fact::Proved(Box::new(proof.clone())), None), (skipped, None)];
    hotfix.append(project, facts, &Vec::new())?;
    announce(project, &proof);
    Ok(proof)
}

/// Says how it went.
pub fn announce(project: &Project, proof: &Proof) {
    project.ctx().ended(Step::Prove, tone(proof), format!("{}: {}", word(proof.verdict), proof.why));
}

/// What `--json` prints.
pub fn output(record: &Record, proof: &Proof) -> ProveOutput {
    let waive = "git hotfix prove --waive \"WHY\"";
    let next = match proof.verdict {
        ProofVerdict::Proven | ProofVerdict::Waived => vec!["git hotfix ship \"WHAT WAS FIXED\""],
        ProofVerdict::NotRed => vec!["git hotfix prove  # once the test fails on base", waive],
        ProofVerdict::RedOnly => vec!["git hotfix ship \"WHAT WAS FIXED\"  # once it is fixed"],
        ProofVerdict::NotGreen => vec!["git hotfix prove  # once it is fixed"],
        ProofVerdict::Invalid => vec!["git hotfix prove -- CMD", waive],
    };
    ProveOutput::new(&record.id, proof, next.into_iter().map(str::to_owned).collect())
}

/// The verdict as people read it.
pub fn word(verdict: ProofVerdict) -> &'static str {
    match verdict {
        ProofVerdict::Proven => "proven",
        ProofVerdict::RedOnly => "red, as wanted",
        ProofVerdict::NotRed => "not red",
        ProofVerdict::NotGreen => "not green",
        ProofVerdict::Invalid => "not proven",
        ProofVerdict::Waived => "waived",
    }
}

fn tone(proof: &Proof) -> Tone {
    match proof.verdict {
        ProofVerdict::Proven | ProofVerdict::RedOnly => Tone::Good,
        ProofVerdict::Waived | ProofVerdict::Invalid => Tone::Warning,
        ProofVerdict::NotRed | ProofVerdict::NotGreen => Tone::Bad,
    }
}

/// What makes a proof impossible.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The tests changed tracked files.
    #[error("the tests changed files of the repository: {}", files.join(", "))]
    TreeChanged {
        /// The files.
        files: Vec<String>,
    },
}

impl Explain for ProveError {
    fn why(&self) -> String {
        "what ran second was no longer what was to be proven".to_owned()
    }

    fn next(&self) -> String {
        "make the tests write elsewhere, or git hotfix prove -- CMD".to_owned()
    }

    fn exit(&self) -> ExitCode {
        ExitCode::GATE
    }
}
