//! The proof as it was written down.

use hotfix_model::output::{ProofShowOutput, ReplayLine};
use hotfix_model::{Fact, ProofVerdict};

use super::ProofError;
use crate::error::Result;
use crate::session::Project;

/// What the proof of a hotfix says, for people and for other tools. Asks nobody.
pub fn show(project: &Project, id: &str) -> Result<ProofShowOutput> {
    let stored = project.known_record(id)?;
    let record = &stored.record;
    let mut proof = record.proof.as_deref().cloned().ok_or_else(|| ProofError::None { id: id.to_owned() })?;
    if record.proof_of_fix().is_none() {
        proof.verdict = ProofVerdict::Invalid;
        "it ran on other files than the commit holds, and counts as not run".clone_into(&mut proof.why);
    }
    let statements = match project.has_commits(record)? {
        true => project.statements(record)?.map(Vec::from).unwrap_or_default(),
        false => Vec::new(),
    };
    let events = stored.lines.iter().filter_map(|line| line.event());
    let replay = |event: &hotfix_model::Event| match &event.fact {
        Fact::Replayed { commit, proof } => Some(ReplayLine {
            by: event.actor.clone(),
            at: event.at,
            commit: commit.clone(),
            verdict: proof.verdict,
        }),
        _ => None,
    };
    Ok(ProofShowOutput {
        id: id.to_owned(),
        commit: record.commit.clone(),
        proof,
        statements,
        envelopes: project.envelopes(&stored)?,
        replays: events.filter_map(replay).collect(),
    })
}
