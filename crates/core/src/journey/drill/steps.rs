//! The steps of a drill, each timed.

use hotfix_model::output::{DrillOutput, DrillStepOutput, SlotKind};
use hotfix_model::{Step, SuiteVerdict};

use super::{Stopped, cost};
use crate::error::{FileError, Result};
use crate::flow::{check, cleanup, commit, prove, start, submit, test};
use crate::git::Oid;
use crate::session::{Hotfix, Project, TargetBranch, Work};

/// What the drill's alert says, for whoever sees it while it runs.
const ALERT: &str = "Drill: nothing is broken";
const WAIVED: &str = "a drill changes nothing that a test could show";
const SUBJECT: &str = "nothing, this is a drill";
/// The harmless change: a new file. The first name that the repository does not ignore is taken.
const FILES: &[&str] = &["HOTFIX-DRILL.md", "HOTFIX-DRILL.txt", "HOTFIX-DRILL"];
const TEXT: &str = "A drill of `git hotfix` made this file. It is never merged.\n";

/// A step: what it does, and how it ended in one line.
type Deed = fn(&mut Play<'_>) -> Result<String>;

/// A drill under way.
struct Play<'a> {
    project: &'a Project,
    hotfix: Option<Hotfix>,
    output: DrillOutput,
    id: &'a str,
    base: &'a Oid,
    target: &'a TargetBranch,
}

const STEPS: &[(Step, Deed)] = &[
    (Step::Start, begin),
    (Step::Prove, prove),
    (Step::Check, check),
    (Step::Test, test),
    (Step::Commit, commit),
    (Step::Submit, submit),
    (Step::Cleanup, cleanup),
];

/// Plays all steps, up to one that fails.
pub fn play(project: &Project, id: &str, base: &Oid, target: &TargetBranch) -> Result<DrillOutput, Stopped> {
    let output = DrillOutput {
        id: id.to_owned(),
        base: Project::base(base.short(), base),
        slot: None,
        steps: Vec::new(),
        slowest: Vec::new(),
        elapsed_ms: 0,
        stopped_by: None,
    };
    let mut play = Play { project, hotfix: None, output, id, base, target };
    let mut stopped = None;
    for (step, deed) in STEPS {
        if let Err(error) = play.time(*step, *deed) {
            play.output.stopped_by = Some(*step);
            stopped = Some(error);
            break;
        }
    }
    let mut output = play.output;
    output.elapsed_ms = output.steps.iter().map(|step| step.elapsed_ms).sum();
    output.slowest = cost::slowest(&output);
    match stopped {
        Some(error) => Err(Stopped { error, output: Some(Box::new(output)) }),
        None => Ok(output),
    }
}

impl Play<'_> {
    fn time(&mut self, step: Step, deed: Deed) -> Result<()> {
        let ctx = self.project.ctx().clone();
        let began = ctx.clock.elapsed();
        let ended = ctx.go_on().map_err(Into::into).and_then(|()| deed(self));
        let outcome = match &ended {
            Ok(outcome) => outcome.clone(),
            Err(error) => format!("{error}: {}", error.why()),
        };
        let elapsed_ms = ctx.milliseconds_since(began);
        self.output.steps.push(DrillStepOutput { step, passed: ended.is_ok(), outcome, elapsed_ms });
        ended.map(drop)
    }

    /// The hotfix, opened by the first step that needs it.
    fn opened(&mut self) -> Result<(&Project, &mut Hotfix)> {
        let hotfix = match self.hotfix.take() {
            Some(hotfix) => hotfix,
            None => self.project.hotfix(self.id)?,
        };
        Ok((self.project, self.hotfix.insert(hotfix)))
    }
}

fn begin(play: &mut Play<'_>) -> Result<String> {
    let request = start::Request {
        alert: ALERT.to_owned(),
        base: Some(play.base.to_string()),
        target: Some(play.target.0.clone()),
        name: Some(play.id.to_owned()),
        ..start::Request::default()
    };
    let started = start::apply(play.project, &start::plan(play.project, request)?)?;
    play.output.slot = Some(started.slot.kind);
    Ok(match started.slot.kind {
        SlotKind::Warm => "a slot was waiting".to_owned(),
        SlotKind::Cold => "no slot was waiting: one was made".to_owned(),
    })
}

fn prove(play: &mut Play<'_>) -> Result<String> {
    let (project, hotfix) = play.opened()?;
    change(project, hotfix)?;
    prove::waive(project, hotfix, WAIVED)?;
    Ok("waived: there is nothing to prove".to_owned())
}

/// Writes the harmless change.
fn change(project: &Project, hotfix: &Hotfix) -> Result<()> {
    let root = hotfix.held(project)?.worktree.path;
    for name in FILES {
        let path = root.join(name);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        std::fs::write(&path, TEXT).map_err(FileError::of("write", &path))?;
        if !Work::look(project, hotfix)?.changes.is_empty() {
            return Ok(());
        }
        std::fs::remove_file(&path).map_err(FileError::of("remove", &path))?;
    }
    Ok(())
}

fn check(play: &mut Play<'_>) -> Result<String> {
    let (project, hotfix) = play.opened()?;
    let work = Work::of(project, hotfix)?;
    let plan = check::plan(project, hotfix, &work, check::Request::default())?;
    let report = check::apply(project, hotfix, &work, &plan)?;
    Ok(check::summary(&report).1)
}

/// Tests that fail are an outcome of the drill; the commit after them says that they block.
fn test(play: &mut Play<'_>) -> Result<String> {
    let (project, hotfix) = play.opened()?;
    let work = Work::of(project, hotfix)?;
    let plan = test::plan(project, hotfix, &work, &test::Request::default())?;
    let report = test::apply(project, hotfix, &work, &plan)?;
    Ok(match report.verdict {
        SuiteVerdict::Passed => report.why,
        SuiteVerdict::Failed => format!("failed: {}", report.why),
        SuiteVerdict::Unknown => format!("unknown: {}", report.why),
    })
}

fn commit(play: &mut Play<'_>) -> Result<String> {
    let (project, hotfix) = play.opened()?;
    let work = Work::of(project, hotfix)?;
    let request = commit::Request { subject: Some(SUBJECT.to_owned()), ..commit::Request::default() };
    let plan = commit::plan(project, hotfix, &work, &request)?;
    commit::apply(project, hotfix, &work, &plan)?;
    Ok("committed, with your hooks and signature".to_owned())
}

fn submit(play: &mut Play<'_>) -> Result<String> {
    let (project, hotfix) = play.opened()?;
    let plan = submit::plan(project, hotfix, submit::Request::default())?;
    submit::apply(project, hotfix, &plan)?;
    Ok("pushed to the copy, with your hooks".to_owned())
}

fn cleanup(play: &mut Play<'_>) -> Result<String> {
    let (project, hotfix) = play.opened()?;
    let plan = cleanup::plan(project, hotfix, &cleanup::Request::default())?;
    cleanup::apply(project, hotfix, &plan)?;
    Ok("the slot is parked again".to_owned())
}
