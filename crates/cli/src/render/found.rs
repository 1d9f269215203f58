//! What prove, check and test found.

use hotfix_model::gate::LinterOutcome;
use hotfix_model::output::{CheckOutput, ExplainOutput, ProveOutput, TestOutput};
use hotfix_model::proof::SideOutcome;
use hotfix_model::{ProofVerdict, Side};

use super::{Paint, field, next};

/// How many names of a list are shown before it is cut.
const SHOWN: usize = 10;

/// A proof.
pub fn prove(paint: Paint, output: &ProveOutput) -> String {
    let mut text = String::new();
    if !output.command.is_empty() {
        text += &field(paint, "command", &output.command.join(" "));
    }
    text += &side(paint, "red", output.red.as_ref());
    text += &side(paint, "green", output.green.as_ref());
    text += &names(paint, "flipped", &output.flipped);
    text += &names(paint, "wavering", &output.wavering);
    text += &names(paint, "on base", &output.failed_on_base_too);
    text += &names(paint, "deleted", &output.removed_tests);
    if output.verdict == ProofVerdict::Proven {
        return text;
    }
    text + &next(paint, &output.next)
}

/// One side of a proof.
pub(super) fn side(paint: Paint, label: &str, side: Option<&Side>) -> String {
    let Some(side) = side else { return String::new() };
    let outcome = match side.outcome {
        SideOutcome::Passed => "passed",
        SideOutcome::Failed => "failed",
        SideOutcome::NotLoaded => "could not be loaded",
        SideOutcome::TimedOut => "ran out of time",
        SideOutcome::Crashed => "crashed",
        SideOutcome::NothingRan => "nothing ran",
        SideOutcome::Flaky => "flaky",
    };
    let ran = side.ran.map(|ran| format!(", {ran} tests")).unwrap_or_default();
    let reason = side.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    field(
        paint,
        label,
        &format!(
            "{outcome}{reason} {}",
            paint.dim(&format!("({} {}{ran})", side.runs, if side.runs == 1 { "run" } else { "runs" }))
        ),
    )
}

/// Findings, as compilers write them.
pub fn check(paint: Paint, output: &CheckOutput) -> String {
    let mut text = String::new();
    for finding in &output.findings {
        let column = finding.column.map(|column| format!(":{column}")).unwrap_or_default();
        let place = paint.bold(&format!("{}:{}{column}", finding.path, finding.line));
        let linter = paint.dim(&format!("[{}]", finding.linter));
        text += &line(&[&place, ": ", &finding.message, " ", &linter]);
    }
    for linter in &output.linters {
        let trouble = match linter.outcome {
            LinterOutcome::Ran => continue,
            LinterOutcome::Missing => "is not installed",
            LinterOutcome::Failed => "did not run to its end",
            LinterOutcome::Untrusted => "is not approved",
        };
        let hint = linter.hint.as_deref().unwrap_or("no hint");
        text += &field(paint, "note", &paint.warning(&format!("{} {trouble}: {hint}", linter.name)));
    }
    text + &names(paint, "rewritten", &output.fixed)
}

/// The critical tests.
pub fn test(paint: Paint, output: &TestOutput) -> String {
    let mut text = String::new();
    for failure in output.failed.iter().take(SHOWN) {
        text += &line(&[&paint.bad("FAILED"), " ", &failure.test]);
        text += &line(&["       ", &failure.reason]);
    }
    if output.failed.len() > SHOWN {
        text += &line(&["       and ", &(output.failed.len() - SHOWN).to_string(), " more"]);
    }
    text += &names(paint, "silent", &output.could_not_tell);
    text += &names(paint, "on base", &output.failed_on_base_too);
    text += &names(paint, "flaky", &output.flaky);
    text + &names(paint, "cut", &output.cut)
}

/// All test files in their order, with their time and the reasons.
pub fn explain(paint: Paint, output: &ExplainOutput) -> String {
    let mut text = String::new();
    for file in &output.files {
        let time = file.seconds.map_or_else(|| "?".to_owned(), |seconds| format!("{seconds:.1} s"));
        let path = if file.selected { paint.bold(&file.path) } else { paint.dim(&file.path) };
        let cut = if file.selected { "" } else { "  cut by the budget" };
        text += &line(&[&paint.dim(&format!("{time:>8}")), "  ", &path, cut]);
        text += &line(&["          ", &file.why.join(", ")]);
    }
    text
}

fn line(parts: &[&str]) -> String {
    parts.concat() + "\n"
}

fn names(paint: Paint, label: &str, names: &[String]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().take(SHOWN).enumerate() {
        text += &field(paint, if index == 0 { label } else { "" }, name);
    }
    if names.len() > SHOWN {
        text += &field(paint, "", &format!("and {} more", names.len() - SHOWN));
    }
    text
}
