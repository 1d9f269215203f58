//! How a drill went: the time of each step, and what takes longest.

use std::time::Duration;

use hotfix_core::event::Tone;
use hotfix_core::exec::sanitize_line;
use hotfix_model::output::{DrillOutput, DrillStepOutput};

use super::Paint;
use crate::ui::seconds;

/// The table, then what can be done about the longest steps.
pub fn drill(paint: Paint, output: &DrillOutput) -> String {
    let mut text: String = output.steps.iter().map(|step| row(paint, step)).collect();
    let whole = seconds(Duration::from_millis(output.elapsed_ms));
    let verdict = match output.stopped_by {
        None => paint.good(&format!("the whole flow took {whole}; nothing of it is left")),
        Some(step) => paint.bad(&format!("stopped by {step} after {whole}; nothing of it is left")),
    };
    let costs = output
        .slowest
        .iter()
        .map(|cost| format!("{:>9}%  {} {}\n", cost.percent, paint.step(cost.step), paint.dim(&cost.advice)));
    text.extend(costs);
    text + &verdict
}

fn row(paint: Paint, step: &DrillStepOutput) -> String {
    let tone = if step.passed { Tone::Good } else { Tone::Bad };
    let time = seconds(Duration::from_millis(step.elapsed_ms));
    let outcome = sanitize_line(&step.outcome);
    format!("{} {time:>8}  {} {outcome}\n", paint.mark(tone), paint.step(step.step))
}
