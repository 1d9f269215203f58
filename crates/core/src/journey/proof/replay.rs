//! Both sides of a proof run again, on this machine: the fix in a slot of its own, base in that slot's twin. Works for
//! hotfixes of others whose branch was fetched.

use hotfix_model::output::ReplayOutput;
use hotfix_model::{Fact, Proof, ProofVerdict, Record};

use super::ProofError;
use crate::env::Environment;
use crate::error::Result;
use crate::flow::{follow_up, prove};
use crate::git::Oid;
use crate::message::command_line;
use crate::record::{RecordError, Stored};
use crate::session::{Hotfix, Project, Work, oid};
use crate::slot::Keep;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct ReplayRequest {
    /// The hotfix.
    pub id: String,
    /// The command to prove with; empty for that of the record.
    pub command: Vec<String>,
    /// Whether the remote is left alone.
    pub offline: bool,
}

/// Runs both sides, compares with what the record says, writes that down and takes it to the remote.
pub fn replay(project: &Project, request: &ReplayRequest) -> Result<ReplayOutput> {
    let ctx = project.ctx();
    let began = ctx.clock.elapsed();
    if !request.offline {
        follow_up::ask_team(project)?;
    }
    let stored = project.adopt_record(&request.id)?;
    let told = told(project, &stored, request)?;
    let mut hotfix = project.hotfix(&request.id)?;
    let commit = oid(hotfix.record().commit.as_deref().unwrap_or_default())?;
    let proof = in_a_slot(project, &hotfix, &commit, request)?;
    prove::announce(project, &proof);
    let elapsed_ms = ctx.milliseconds_since(began);
    let fact = Fact::Replayed { commit: commit.to_string(), proof: Box::new(proof.clone()) };
    hotfix.append(project, vec![(fact, Some(elapsed_ms))], &Vec::new())?;
    project.share_or_say(&request.id)?;
    Ok(ReplayOutput {
        id: request.id.clone(),
        commit: commit.to_string(),
        verdict: proof.verdict,
        same: (proof.verdict, &proof.flipped) == (told.verdict, &told.flipped),
        differences: differences(&told, &proof),
        proof,
        elapsed_ms,
    })
}

/// The proof that is to be shown again.
fn told(project: &Project, stored: &Stored, request: &ReplayRequest) -> Result<Proof> {
    let record = &stored.record;
    let id = || record.id.clone();
    if stored.newer {
        return Err(RecordError::Newer { id: id() }.into());
    }
    let proof = record.proof.as_deref().ok_or_else(|| ProofError::None { id: id() })?;
    if proof.red.is_none() || proof.green.is_none() || record.commit.is_none() {
        let why = format!("{}: {}", prove::word(proof.verdict), proof.why);
        return Err(ProofError::NothingShown { id: id(), why }.into());
    }
    if !project.has_commits(record)? {
        return Err(ProofError::NotHere { id: id() }.into());
    }
    if request.command.is_empty() {
        not_of_others(project, record, proof)?;
    }
    Ok(proof.clone())
}

/// A command that a colleague typed comes with a record, which anybody may have written; typing it again is how it is
/// approved. The repository's own commands are approved with `trust`.
fn not_of_others(project: &Project, record: &Record, proof: &Proof) -> Result<()> {
    let config = project.config_at(Some(&oid(&record.base.commit)?))?.config;
    if !prove::is_typed(proof, &config) || record.author.is(&project.actor()?) {
        return Ok(());
    }
    let command = command_line(&proof.command);
    Err(ProofError::CommandOfOther { id: record.id.clone(), author: record.author.name.clone(), command }
        .into())
}

/// Takes a slot for the length of the runs. One that is left behind by a kill is taken back by the next start.
fn in_a_slot(project: &Project, hotfix: &Hotfix, commit: &Oid, request: &ReplayRequest) -> Result<Proof> {
    let pool = project.pool(&hotfix.loaded);
    let held = pool.take_unnamed(commit)?;
    let name = held.hotfix.clone();
    let shown = project
        .is_trusted(&hotfix.loaded)
        .and_then(|trusted| {
            crate::flow::start::set_up(project, (&pool, &held), hotfix.id(), (commit, trusted))
        })
        .and_then(|_| Work::of_commit(project, held, &hotfix.base()?, commit))
        .and_then(|work| {
            let request = prove::Request { command: request.command.clone(), ..Default::default() };
            prove::show(project, hotfix, prove::plan(project, hotfix, work, &request)?)
        });
    if let Some(mut held) = pool.held(&name)? {
        pool.work_in(&mut held)?;
        let newest = project.newest_base()?.1;
        pool.park(&held, newest.as_ref().unwrap_or(commit), Keep::Discard)?;
    }
    shown
}

/// What is different here.
fn differences(told: &Proof, shown: &Proof) -> Vec<String> {
    let mut lines = Vec::new();
    if told.verdict != shown.verdict {
        let (was, is) = (prove::word(told.verdict), prove::word(shown.verdict));
        lines.push(format!("the record says {was}, here it is {is}"));
    }
    let only = |some: &Proof, others: &Proof| {
        let tests = some.flipped.iter().filter(|test| !others.flipped.contains(test));
        tests.cloned().collect::<Vec<_>>().join(", ")
    };
    if shown.verdict == ProofVerdict::Proven {
        let (there, here) = (only(told, shown), only(shown, told));
        lines.extend((!there.is_empty()).then(|| format!("flipped only there: {there}")));
        lines.extend((!here.is_empty()).then(|| format!("flipped only here: {here}")));
    }
    let tree = |proof: &Proof| proof.red.as_ref().map(|red| red.tree.clone());
    if tree(told) != tree(shown) {
        lines.push("the red side holds other files here than there".to_owned());
    }
    let here = Environment::machine();
    match &told.machine {
        Some(there) if *there != here => lines.push(format!(
            "it ran on {} {} with git-hotfix {}; here it is {} {} with {}",
            there.system, there.architecture, there.version, here.system, here.architecture, here.version
        )),
        Some(_) => {}
        None => lines.push("the record does not say on which machine it ran".to_owned()),
    }
    lines
}
