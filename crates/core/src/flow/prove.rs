//! prove: red on base, green with the fix.
//!
//! Both sides run in the twin, one after the other: base with the test part of the change laid over it, then the source
//! part as well. That part is the only difference. The tests that flip do it once more, in the other order.

mod parting;
mod runs;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotfix_model::config::Config;
use hotfix_model::output::ProveOutput;
use hotfix_model::{CaseOutcome, Fact, Gate, Proof, ProofVerdict, Record, Run, Side, Step};

use super::PlanLines;
use crate::env::Environment;
use crate::error::Result;
use crate::event::Tone;
use crate::git::Oid;
use crate::proof::{self, Evidence, Judgement, Parts, Reading};
use crate::session::{EvidenceFiles, Hotfix, Project, Reader, Session, Work};
use crate::suite::{self, Pattern, Runner, Selection};

use parting::Parting;
pub use runs::{Sides, Turns, prepare_twin};

/// Name of the runner of a command that somebody typed.
const PLAIN: &str = "command";

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The command to prove with; empty for the one used before, else for the tests that changed.
    pub command: Vec<String>,
    /// Whether a red by import or compile error counts.
    pub accept_load_error: bool,
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
    config: Config,
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
    let known = detected.as_ref().ok().map(AsRef::as_ref);
    let session = Session { project, hotfix, work: &work };
    let parting = Parting { session, runner: known, command: &command };
    let patterns: Vec<Pattern> = config.prove.test_patterns.iter().map(|text| Pattern::new(text)).collect();
    let kinds = Kinds { runner: known, files: work.files()? };
    let is_test = |path: &Path| kinds.is_test(path) || patterns.iter().any(|pattern| pattern.covers(path));
    let parts = parting.parts(is_test)?;
    let accept_load_error = request.accept_load_error || config.prove.accept_load_error;
    let selection = match &detected {
        Ok(runner) if command.is_empty() => {
            let changed = parts.runnable(|path| runner.holds_tests(path));
            Selection::Files(if changed.is_empty() { parting.tests_of_data(&parts)? } else { changed })
        }
        _ => Selection::Everything,
    };
    let runner = match command.is_empty() {
        true => detected,
        false => suite::plain(command.iter().map(OsString::from).collect()).map(Arc::from),
    };
    Ok(Plan { work, parts, runner, selection, accept_load_error, config })
}

/// Tells tests from source by path.
struct Kinds<'a> {
    runner: Option<&'a dyn Runner>,
    /// All files of the fix.
    files: &'a [PathBuf],
}

impl Kinds<'_> {
    fn is_test(&self, path: &Path) -> bool {
        let is_file = |path: &Path| match self.runner {
            Some(runner) => runner.holds_tests(path),
            None => suite::is_test_file_of_any_language(path),
        };
        if is_file(path) {
            return true;
        }
        let supports = match self.runner {
            Some(runner) => runner.is_test_support(path),
            None => suite::is_test_support(path),
        };
        let holds_tests =
            |folder: &Path| self.files.iter().any(|file| file.starts_with(folder) && is_file(file));
        supports && suite::doubtful_test_folder(path).is_none_or(holds_tests)
    }
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
        let tests = super::counted(self.parts.tests.len() as u64, "file");
        let mut lines = vec![format!(
            "red side: {command} on base with the test part of the change ({tests}), in the twin"
        )];
        if !self.parts.source.is_empty() {
            lines.push(format!("green side: {command} with the fix, in the twin"));
            lines.push("then the tests that flipped once more: green, red".to_owned());
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

    /// Judges the sides. Tests that are broken with the fix are run on plain base first, for they may be broken there.
    /// `slot` is what ran in the slot with the same files, if something did.
    pub fn conclude(&self, session: Session<'_>, sides: &Sides, slot: Option<&Run>) -> Result<Proof> {
        if let Some(lacks) = &sides.twin_lacks {
            let proof = without_runs(ProofVerdict::Invalid, lacks.clone());
            return Ok(Proof { test_files: names_of_tests(&sides.parts), ..proof });
        }
        let suspects = proof::suspects(&sides.green);
        let failed_on_base = match suspects.is_empty() {
            true => BTreeSet::new(),
            false => super::test::failing_alike_on_base(session, &sides.green, &suspects)?,
        };
        let mut judgement = proof::judge(&Evidence {
            red: &sides.red,
            green: &sides.green,
            slot,
            failed_on_base: &failed_on_base,
            accept_load_error: self.accept_load_error,
        });
        let why = format!("{}{}", judgement.why, self.what_else_to_know(sides, &judgement));
        judgement.why = why;
        Ok(self.proof(sides, judgement, failed_on_base))
    }

    /// What a verdict alone does not tell, as the rest of its sentence.
    fn what_else_to_know(&self, sides: &Sides, judgement: &Judgement) -> String {
        let mut remarks = Vec::new();
        if judgement.verdict == ProofVerdict::NotRed {
            remarks.extend(self.parts.unclear.first().map(|file| {
                let file = file.display();
                format!("; tests and source of {file} cannot be told apart: prove the tests before the fix")
            }));
            let was_source = |path: &Path| self.parts.source.iter().any(|change| change.path == path);
            let of_tests = sides.parts.tests.iter().map(|change| change.path.as_path());
            let of_change: BTreeSet<String> =
                of_tests.filter(|path| was_source(path)).map(|path| path.display().to_string()).collect();
            if !of_change.is_empty() {
                let names: Vec<String> = of_change.into_iter().collect();
                remarks.push(format!("; base had {} from the change", names.join(", ")));
            }
        }
        if judgement.verdict == ProofVerdict::Proven {
            remarks.extend(sides.once.as_ref().map(|once| format!("; each side ran once: {once}")));
            if !judgement.wavering.is_empty() {
                let names = judgement.wavering.join(", ");
                remarks.push(format!("; differs from run to run and counts for nothing: {names}"));
            }
        }
        remarks.concat()
    }

    /// Whether a proof that failed beside the critical tests may hold when nothing else runs: results wavered, or something
    /// that both use was missing.
    pub fn may_be_disturbed(&self, proof: &Proof, sides: &Sides) -> bool {
        let outage =
            |run: &Run| run.broken().any(|case| case.reason.as_deref().is_some_and(proof::is_outage));
        let wavers = !proof.wavering.is_empty();
        sides.twin_lacks.is_none()
            && matches!(proof.verdict, ProofVerdict::Invalid | ProofVerdict::NotGreen)
            && (wavers || sides.green.iter().any(outage) || proof.why.starts_with("the twin lacks"))
    }

    fn proof(&self, sides: &Sides, judgement: Judgement, failed_on_base: BTreeSet<String>) -> Proof {
        let base = self.work.base.to_string();
        let side = |runs: &[Run], reading: &Reading, tree: String| Side {
            commit: base.clone(),
            tree,
            outcome: reading.outcome,
            exit: runs.first().and_then(|run| run.exit),
            tests: reading.broken.iter().cloned().collect(),
            reason: reading.reason.clone(),
            ran: reading.ran,
            runs: u32::try_from(runs.iter().map(times_of_run).sum::<u64>()).unwrap_or(u32::MAX),
            elapsed_ms: runs.iter().map(|run| run.elapsed_ms).sum(),
            reused: false,
        };
        let red_tree = sides.red_tree.as_ref().map(Oid::to_string).unwrap_or_default();
        let green = judgement.green.as_ref().map(|reading| Side {
            tests: judgement.flipped.clone(),
            ..side(&sides.green, reading, self.work.tree.to_string())
        });
        Proof {
            verdict: judgement.verdict,
            why: judgement.why,
            command: self.command(),
            runner: self.usable().map(|runner| runner.name().to_owned()).unwrap_or_default(),
            red: Some(side(&sides.red, &judgement.red, red_tree)),
            green,
            flipped: judgement.flipped,
            wavering: judgement.wavering,
            failed_on_base_too: failed_on_base.into_iter().collect(),
            test_files: names_of_tests(&sides.parts),
            removed_tests: names_of_removed(&sides.parts),
            skipped_tests: names_of_skipped(sides.green.first().or(sides.red.first())),
            machine: Some(Environment::machine()),
        }
    }
}

/// The files of the test part of a change that exist after it, for people.
fn names_of_tests(parts: &Parts) -> Vec<String> {
    let present = parts.tests.iter().filter(|change| change.new.is_some());
    present.map(|change| change.path.to_string_lossy().into_owned()).collect()
}

/// The files of the test part of a change that it deletes, for people.
fn names_of_removed(parts: &Parts) -> Vec<String> {
    let gone = parts.tests.iter().filter(|change| change.new.is_none());
    gone.map(|change| change.path.to_string_lossy().into_owned()).collect()
}

/// The tests that a run skipped, for people.
fn names_of_skipped(run: Option<&Run>) -> Vec<String> {
    let skipped = run.into_iter().flat_map(|run| &run.cases);
    skipped.filter(|case| case.outcome == CaseOutcome::Skipped).map(|case| case.id.clone()).collect()
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
        plan.prove(project, hotfix)?
    } else {
        (nothing_to_prove(&plan), EvidenceFiles::new())
    };
    announce(project, &proof);
    let fact = Fact::Proved(Box::new(proof.clone()));
    hotfix.append(project, vec![(fact, Some(ctx.milliseconds_since(began)))], &evidence)?;
    Ok(proof)
}

/// Runs both sides, and says what they show; nothing is written into the record.
pub fn show(project: &Project, hotfix: &Hotfix, plan: Plan) -> Result<Proof> {
    let plan = Plan { runner: Ok(plan.runner?), ..plan };
    if !plan.can_run() {
        return Ok(nothing_to_prove(&plan));
    }
    plan.prove(project, hotfix).map(|(proof, _)| proof)
}

impl Plan {
    /// Runs both sides and judges. Where the fix does not help in the twin, the same tests run in the slot: what passes
    /// only there is for want of something in the twin.
    fn prove(&self, project: &Project, hotfix: &Hotfix) -> Result<(Proof, EvidenceFiles)> {
        let session = Session { project, hotfix, work: &self.work };
        let mut sides = self.run_sides(session, &Turns::default())?;
        if sides.twin_lacks.is_some() {
            // What neither place has is a fault of the machine, not of the twin.
            self.ready_in_slot(session)?;
        }
        let mut proof = self.conclude(session, &sides, None)?;
        if proof.verdict == ProofVerdict::NotGreen {
            let slot = self.run_in_slot(session)?;
            self.work.settle(project, hotfix)?;
            proof = self.conclude(session, &sides, slot.as_ref())?;
            if proof.verdict != ProofVerdict::NotGreen {
                // It passes in the slot: either the twin lacks something, or the test wavers.
                self.run_fix_again(session, &mut sides)?;
                proof = self.conclude(session, &sides, slot.as_ref())?;
            }
        }
        Ok((proof, sides.evidence()))
    }
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
        wavering: Vec::new(),
        failed_on_base_too: Vec::new(),
        test_files: Vec::new(),
        removed_tests: Vec::new(),
        skipped_tests: Vec::new(),
        machine: None,
    }
}

/// The proof when no test was changed and no command was given.
pub fn nothing_to_prove(plan: &Plan) -> Proof {
    Proof {
        test_files: names_of_tests(&plan.parts),
        removed_tests: names_of_removed(&plan.parts),
        ..without_runs(ProofVerdict::Invalid, plan.trouble())
    }
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

/// How many times a run ran the test that it ran most.
fn times_of_run(run: &Run) -> u64 {
    run.cases.iter().filter_map(|case| case.times).max().unwrap_or(1)
}
