//! A proof shown, run again, checked.

use hotfix_core::exec::sanitize_line;
use hotfix_core::flow::prove::word;
use hotfix_model::output::{CheckOutcome, ProofShowOutput, ReplayOutput, VerifyOutput};

use super::found::side;
use super::{Paint, field, short};

/// What failed on base and passes with the fix.
pub fn proof(paint: Paint, output: &ProofShowOutput) -> String {
    let proof = &output.proof;
    let mut text = format!("{}  {}\n", paint.bold(&output.id), word(proof.verdict));
    text += &field(paint, "why", &sanitize_line(&proof.why));
    if !proof.command.is_empty() {
        text += &field(paint, "command", &sanitize_line(&proof.command.join(" ")));
    }
    if let Some(commit) = &output.commit {
        text += &field(paint, "commit", short(commit));
    }
    text += &side(paint, "red", proof.red.as_ref());
    text += &side(paint, "green", proof.green.as_ref());
    if !proof.flipped.is_empty() {
        text += &field(paint, "flipped", &sanitize_line(&proof.flipped.join(", ")));
    }
    if let Some(machine) = &proof.machine {
        text += &field(paint, "machine", &format!("{} {}", machine.system, machine.architecture));
    }
    for replay in &output.replays {
        let at = replay.at.strftime("%Y-%m-%d %H:%M UTC");
        let by = sanitize_line(&replay.by.name);
        text += &field(paint, "replay", &format!("{} by {by} on {at}", word(replay.verdict)));
    }
    let signed = output.envelopes.iter().filter(|envelope| !envelope.signatures.is_empty()).count();
    text + &match (output.envelopes.len(), signed) {
        (0, _) => field(paint, "signed", "there are no statements yet: they come with the commit"),
        (_, 0) => field(paint, "signed", "no: its author does not sign commits"),
        _ => field(paint, "signed", "yes; git hotfix proof verify says by whom"),
    }
}

/// Both sides, run again.
pub fn replay(paint: Paint, output: &ReplayOutput) -> String {
    let same = if output.same { "as the record says" } else { "not as the record says" };
    let mut text = format!("{}  {}, {same}\n", paint.bold(&output.id), word(output.verdict));
    text += &side(paint, "red", output.proof.red.as_ref());
    text += &side(paint, "green", output.proof.green.as_ref());
    for difference in &output.differences {
        text += &field(paint, "differs", &sanitize_line(difference));
    }
    text
}

/// The checks, one line each.
pub fn verify(paint: Paint, output: &VerifyOutput) -> String {
    let mut text = format!("{}\n", paint.bold(&output.id));
    for check in &output.checks {
        let outcome = match check.outcome {
            CheckOutcome::Good => paint.good("good"),
            CheckOutcome::Bad => paint.bad("bad"),
            CheckOutcome::Unknown => paint.warning("unknown"),
        };
        text += &field(paint, &check.check, &format!("{outcome}: {}", sanitize_line(&check.what)));
    }
    text
}
