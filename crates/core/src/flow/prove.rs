//! prove: red on base, green with the fix.
//!
//! Red side: base with only the test part of the change laid over it, in the twin. Green side: the slot. Both run at
//! the same time, each twice by default, the last time on its own; the same tests must flip. A side whose files and
//! command are those of an earlier run is not run again.

mod both;
mod sides;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use hotfix_model::config::Config;
use hotfix_model::output::ProveOutput;
use hotfix_model::{Fact, Gate, Proof, ProofVerdict, Record, Run, Side, Step};

use super::PlanLines;
use crate::ctx::joined;
use crate::env::Environment;
use crate::error::Result;
use crate::event::Tone;
use crate::git::Oid;
use crate::proof::{self, Evidence, Judgement, Parts, Reading};
use crate::session::{EvidenceFiles, Hotfix, Project, Reader, Work};
use crate::slot::{Room, SetupRequest, Twin};
use crate::suite::{self, Pattern, Runner, Selection};

pub use sides::{Sides, Turns};

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
        if !sides.changed.is_empty() {
            judgement.verdict = ProofVerdict::Invalid;
            judgement.why = format!(
                "on base the tests changed files of the repository ({}), so what ran second was not what was to be proven; \
                 make them write elsewhere",
                sides.changed.join(", ")
            );
        }
        if let (ProofVerdict::NotRed, Some(file)) = (judgement.verdict, self.parts.unclear.first()) {
            let file = file.display();
            let advice =
                format!("; tests and source of {file} cannot be told apart: prove the tests before the fix");
            judgement.why.push_str(&advice);
        }
        Ok(self.proof(sides, judgement, failed_on_base))
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
        let sides = plan.confirm(project, hotfix, sides)?;
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
    let sides = plan.confirm(project, hotfix, sides)?;
    plan.conclude(project, hotfix, &sides)
}

fn run_both(project: &Project, hotfix: &Hotfix, plan: &Plan) -> Result<Sides> {
    let turns = Turns::default();
    thread::scope(|scope| {
        let red = scope.spawn(|| plan.run_red(project, hotfix, &turns));
        let green = plan.run_green(project, hotfix, &turns, || Ok(None));
        let red = joined(red.join())?;
        let (green, green_reused, _) = green?;
        Ok(Sides { green, green_reused, ..red })
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
