//! Where one stands: start, status, init, trust.

use hotfix_core::event::Tone;
use hotfix_core::exec::sanitize_line;
use hotfix_core::message::quoted;
use hotfix_model::output::{InitOutput, SlotKind, StartOutput, StatusOutput, TrustOutput};
use hotfix_model::{MergeRequestState, ProofVerdict, Stage, SuiteVerdict};
use jiff::Timestamp;

use super::{Paint, ago, debt, field, next, short};

/// A hotfix that was started or resumed.
pub fn start(paint: Paint, output: &StartOutput) -> String {
    let slot = match output.slot.kind {
        SlotKind::Warm => "parked worktree taken",
        SlotKind::Cold => "new worktree",
    };
    let asked = if output.fresh { "fetched just now" } else { "as last seen here" };
    let base = format!(
        "{} {}, {} old, {asked}",
        output.base.reference,
        short(&output.base.commit),
        ago(output.base_age_seconds)
    );
    let mut text = field(paint, "branch", &paint.bold(&output.branch));
    text += &field(paint, "worktree", &format!("{} ({slot}, {} ms)", output.worktree, output.elapsed_ms));
    text += &field(paint, "base", &base);
    text += &field(paint, "target", &target(paint, output.target.as_deref(), &output.target_choices));
    for warning in &output.warnings {
        text += &field(paint, "note", &paint.warning(warning));
    }
    text + &next(paint, &output.next)
}

/// Where a hotfix stands.
pub fn status(paint: Paint, output: &StatusOutput, now: Timestamp) -> String {
    let age = ago(now.as_second() - output.started_at.as_second());
    let mut text = format!("{} {}\n", paint.bold(&output.id), paint.dim(&format!("{age} since start")));
    text += &field(paint, "alert", &sanitize_line(&output.alert));
    text += &field(paint, "stage", stage(output.stage));
    text += &field(paint, "branch", &format!("{} from {}", output.branch, output.base.reference));
    text += &field(paint, "target", &target(paint, output.target.as_deref(), &output.target_choices));
    text += &field(paint, "worktree", output.worktree.as_deref().unwrap_or("none"));
    text += &findings(paint, output);
    if let Some(commit) = &output.commit {
        text += &field(paint, "commit", short(commit));
    }
    if let Some(request) = &output.merge_request {
        let place = request.url.as_deref().unwrap_or("plain Git remote");
        text += &field(paint, "merge", &format!("{} ({place})", state(request.state)));
    }
    if let Some(step) = output.interrupted {
        text += &field(
            paint,
            "cut off",
            &paint.warning(&format!("{step} was begun and not finished; run it again")),
        );
    }
    for owed in &output.owed {
        text += &field(
            paint,
            "owed",
            &format!("{}, due {}", debt(owed), owed.due.strftime("%Y-%m-%d %H:%M UTC")),
        );
    }
    text + &next(paint, &output.next)
}

/// The branch that the fix is merged into, or those to choose from.
fn target(paint: Paint, chosen: Option<&str>, choices: &[String]) -> String {
    match (chosen, choices) {
        (Some(target), _) => sanitize_line(target),
        (None, []) => paint.warning("to be chosen"),
        (None, choices) => paint.warning(&format!("to be chosen: {}", sanitize_line(&choices.join(", ")))),
    }
}

fn findings(paint: Paint, output: &StatusOutput) -> String {
    let mut text = String::new();
    if let Some(verdict) = output.proof {
        let tone = match verdict {
            ProofVerdict::Proven | ProofVerdict::RedOnly => Tone::Good,
            ProofVerdict::Invalid | ProofVerdict::Waived => Tone::Warning,
            ProofVerdict::NotRed | ProofVerdict::NotGreen => Tone::Bad,
        };
        text += &field(paint, "proof", &paint.tone(tone, hotfix_core::flow::prove::word(verdict)));
    }
    if let Some(count) = output.findings {
        text += &field(paint, "check", &format!("{} on changed lines", super::count(count, "finding")));
    }
    match output.test {
        Some(SuiteVerdict::Passed) => text += &field(paint, "test", &paint.good("passed")),
        Some(SuiteVerdict::Failed) => text += &field(paint, "test", &paint.bad("failed")),
        Some(SuiteVerdict::Unknown) => text += &field(paint, "test", &paint.warning("unknown")),
        None => {}
    }
    text
}

/// A stage as people say it.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Started => "being written",
        Stage::Committed => "committed, not on the remote yet",
        Stage::Submitted => "on the remote",
        Stage::Merged => "merged",
        Stage::Abandoned => "given up",
    }
}

/// The state of a merge request as people say it.
pub fn state(state: MergeRequestState) -> &'static str {
    match state {
        MergeRequestState::Pushed => "pushed",
        MergeRequestState::Open => "open",
        MergeRequestState::Armed => "merges by itself when its conditions hold",
        MergeRequestState::Queued => "in the merge queue",
        MergeRequestState::Merged => "merged",
        MergeRequestState::Blocked => "blocked",
        MergeRequestState::Closed => "closed",
    }
}

/// A configuration that was written or printed.
pub fn init(paint: Paint, output: &InitOutput) -> String {
    let Some(path) = &output.path else { return output.content.clone() };
    let linters = if output.linters.is_empty() { "none".to_owned() } else { output.linters.join(", ") };
    let mut text = field(paint, "wrote", path);
    text += &field(paint, "runner", output.runner.as_deref().unwrap_or("none found; set test.command"));
    text += &field(paint, "linters", &linters);
    text += &field(paint, "branch", output.branch.as_deref().unwrap_or("unknown"));
    text += &field(paint, "remote", output.remote.as_deref().unwrap_or("none"));
    text += &field(paint, "note", "it counts once it is in the base branch");
    text + &next(paint, &[format!("git add {}", quoted(path))])
}

/// The commands a repository brings, and whether they are approved.
pub fn trust(paint: Paint, output: &TrustOutput) -> String {
    if output.commands.is_empty() {
        return "the repository brings no commands; nothing needs approval".to_owned();
    }
    let mut text = String::new();
    for command in &output.commands {
        text += &field(paint, &command.key, &hotfix_core::exec::sanitize(&command.command));
    }
    text += &match output.trusted {
        true => field(paint, "approved", &paint.good("yes")),
        false => field(paint, "approved", &paint.warning("no")),
    };
    text + &field(paint, "digest", &output.digest)
}
