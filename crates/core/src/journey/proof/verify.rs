//! Whether a proof is what was written: digests of events and evidence, commits, trees, statements and signatures.

use std::path::Path;

use hotfix_model::attestation::{Envelope, EnvelopeSignature, Statement};
use hotfix_model::output::{CheckOutcome, VerifyLine, VerifyOutput};
use hotfix_model::review::Signature;
use hotfix_model::{Actor, Event, Fact, Record};

use crate::error::Result;
use crate::flow::follow_up;
use crate::git::{Change, Oid, Verified, of_base64};
use crate::proof;
use crate::record::Stored;
use crate::session::{BUNDLE, Project, oid};

/// One check and its outcome.
type Told = (CheckOutcome, String);

/// Checks a hotfix's proof and record. Asks the remote first, unless `offline`; writes nothing.
pub fn verify(project: &Project, id: &str, offline: bool) -> Result<VerifyOutput> {
    if !offline {
        follow_up::ask_team(project)?;
    }
    let stored = project.known_record(id)?;
    let mut checks = of_bytes(project, &stored)?;
    checks.push(line("commits", commits(project, &stored)?));
    checks.push(line("trees", trees(project, &stored.record)?));
    checks.push(line("statements", statements(project, &stored)?));
    checks.extend(signatures(project, &stored)?);
    let good = checks.iter().all(|check| check.outcome != CheckOutcome::Bad);
    Ok(VerifyOutput { id: id.to_owned(), good, checks })
}

fn line(check: &str, (outcome, what): Told) -> VerifyLine {
    VerifyLine { check: check.to_owned(), outcome, what }
}

fn good(what: &str) -> Told {
    (CheckOutcome::Good, what.to_owned())
}

fn bad(what: &str) -> Told {
    (CheckOutcome::Bad, what.to_owned())
}

fn unknown(what: &str) -> Told {
    (CheckOutcome::Unknown, what.to_owned())
}

/// Whether every byte of the record fits to the rest of it.
fn of_bytes(project: &Project, stored: &Stored) -> Result<Vec<VerifyLine>> {
    let damage = project.store().damage(stored)?;
    let told = |damage: &[String], fine: &str| match damage {
        [] => good(fine),
        damage => bad(&damage.join("; ")),
    };
    let count = stored.lines.len();
    let mut state = told(&damage.state, "it says what the events add up to");
    if stored.newer && state.0 == CheckOutcome::Bad {
        state = unknown("a newer git-hotfix wrote it");
    }
    let mut checks = vec![
        line("events", told(&damage.events, &format!("all {count} are as they were written"))),
        line("state", state),
        line("evidence", told(&damage.evidence, "every file is as it was written")),
    ];
    if !damage.strangers.is_empty() {
        let names = damage.strangers.join(", ");
        checks.push(line("evidence", unknown(&format!("no event speaks of {names}"))));
    }
    Ok(checks)
}

/// Whether the commits are there and hold what the record says.
fn commits(project: &Project, stored: &Stored) -> Result<Told> {
    let record = &stored.record;
    let Some(commit) = &record.commit else { return Ok(unknown("the fix is not committed yet")) };
    if !project.has_commits(record)? {
        return Ok(unknown("they are not in this clone"));
    }
    let (base, commit) = (oid(&record.base.commit)?, oid(commit)?);
    if !project.repository.is_ancestor(&base, &commit)? {
        return Ok(bad("the fix does not come from its base"));
    }
    let tree = project.repository.tree_of(&commit)?;
    let said = |event: &Event| match &event.fact {
        Fact::Committed { commit: of, tree, .. } if *of == commit.as_str() => Some(tree.clone()),
        _ => None,
    };
    let mut said = stored.lines.iter().filter_map(|line| said(line.event()?));
    match said.all(|said| said == tree.as_str()) {
        true => Ok(good(&format!("{} on {}", commit.short(), base.short()))),
        false => Ok(bad("the commit holds other files than the record says")),
    }
}

/// Whether what was tested is what was committed, and base with its tests.
fn trees(project: &Project, record: &Record) -> Result<Told> {
    let (Some(proof), Some(commit)) = (&record.proof, &record.commit) else {
        return Ok(unknown("there is no proof of a commit"));
    };
    let (Some(red), Some(green)) = (&proof.red, &proof.green) else {
        return Ok(unknown("the proof shows nothing that ran"));
    };
    if !project.has_commits(record)? {
        return Ok(unknown("the commits are not in this clone"));
    }
    let (base, commit) = (oid(&record.base.commit)?, oid(commit)?);
    let tree = project.repository.tree_of(&commit)?;
    if green.tree != tree.as_str() {
        return Ok(bad("what was tested is not what was committed"));
    }
    let is_test =
        |change: &Change| proof.test_files.iter().any(|path| *path == change.path.to_string_lossy());
    let mut tests = project.repository.changes(&base, &commit)?;
    tests.retain(is_test);
    let scratch = project.run_dir(&record.id)?;
    let rebuilt = project.repository.overlay_tree(&base, &tests, &scratch)?;
    if rebuilt.as_str() == red.tree {
        return Ok(good("the fix as committed, and base with its tests"));
    }
    red_side(project, (&base, &red.tree), is_test)
}

/// The red side of a file that holds both tests and source cannot be rebuilt from the commit; its own tree tells.
fn red_side(
    project: &Project,
    (base, tree): (&Oid, &str),
    is_test: impl Fn(&Change) -> bool,
) -> Result<Told> {
    let Some(tree) = Oid::parse(tree) else { return Ok(bad("the red side names no tree")) };
    if project.repository.read_objects(&[tree.to_string()])?.iter().any(Option::is_none) {
        return Ok(unknown("the files of the red side are not in this clone; replay the proof"));
    }
    match project.repository.changes(base, &tree)?.iter().all(is_test) {
        true => Ok(good("the fix as committed, and base with its tests")),
        false => Ok(bad("the red side changes more than the tests")),
    }
}

/// Whether the statements say what the record says.
fn statements(project: &Project, stored: &Stored) -> Result<Told> {
    let Some(bundle) = project.store().evidence(stored, BUNDLE)? else {
        return Ok(unknown("the record holds none: it is not proven, or not committed yet"));
    };
    let Some(envelopes) = proof::unbundle(&bundle) else { return Ok(bad("they cannot be read")) };
    if !project.has_commits(&stored.record)? {
        return Ok(unknown("the commits they are about are not in this clone"));
    }
    let Some(expected) = project.statements(&stored.record)? else {
        return Ok(bad("they speak of a proof that the record does not hold"));
    };
    let says = |(envelope, statement): (&Envelope, &Statement)| {
        let fresh = proof::enclosed(statement);
        fresh.is_ok_and(|fresh| Envelope { signatures: envelope.signatures.clone(), ..fresh } == *envelope)
    };
    let same = envelopes.len() == expected.len() && envelopes.iter().zip(&expected).all(says);
    match same {
        true => Ok(good("base failed and the fix passed, as the record says")),
        false => Ok(bad("they say something else than the record")),
    }
}

/// Whether statements and reviews were signed by who they are from.
fn signatures(project: &Project, stored: &Stored) -> Result<Vec<VerifyLine>> {
    let scratch = project.run_dir(&stored.id)?;
    let mut checks = Vec::new();
    let envelopes = project.envelopes(stored)?;
    if let Some(author) = author_of_bundle(stored).filter(|_| !envelopes.is_empty()) {
        let mut worst = good("");
        for envelope in &envelopes {
            let told = of_envelope(project, envelope, author, &scratch)?;
            if told.0 != CheckOutcome::Good || worst.1.is_empty() {
                worst = told;
            }
        }
        checks.push(line("signature", worst));
    }
    for event in stored.lines.iter().filter_map(|line| line.event()) {
        let Fact::Reviewed(review) = &event.fact else { continue };
        let told = match &review.signature {
            None => unknown(&format!("that of {} is not signed", event.actor.name)),
            Some(signature) => {
                let text = review.statement(&stored.id, &event.actor);
                checked(project, signature, (text.as_bytes(), &event.actor), &scratch)?
            }
        };
        checks.push(line("reviews", told));
    }
    Ok(checks)
}

/// Who wrote the statements.
fn author_of_bundle(stored: &Stored) -> Option<&Actor> {
    let mut events = stored.lines.iter().filter_map(|line| line.event());
    events.rfind(|event| event.evidence.contains_key(BUNDLE)).map(|event| &event.actor)
}

fn of_envelope(project: &Project, envelope: &Envelope, author: &Actor, scratch: &Path) -> Result<Told> {
    let Some(EnvelopeSignature { keyid, sig, format }) = envelope.signatures.first() else {
        return Ok(unknown(&format!("{} does not sign", author.name)));
    };
    let text = of_base64(sig).and_then(|text| String::from_utf8(text).ok());
    let (Some(text), Some(payload)) = (text, proof::payload(envelope)) else {
        return Ok(bad("it cannot be read"));
    };
    let signature = Signature { format: format.clone(), key: keyid.clone(), text };
    let signed = proof::pre_authentication_encoding(&envelope.payload_type, &payload);
    checked(project, &signature, (&signed, author), scratch)
}

fn checked(
    project: &Project,
    signature: &Signature,
    (text, author): (&[u8], &Actor),
    scratch: &Path,
) -> Result<Told> {
    let verified = project.repository.check_signature(signature, (text, &author.email), scratch)?;
    Ok(match verified {
        Verified::Good(by) => good(&format!("signed by {by}")),
        Verified::UnknownKey(key) => {
            unknown(&format!("signed with {key}, which is not known to be a key of {}", author.email))
        }
        Verified::Bad(said) => bad(&format!("not signed by {}: {said}", author.email)),
        Verified::Unchecked(why) => unknown(&why),
    })
}
