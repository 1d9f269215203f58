//! The table of `ready`, and files for the system's own timers.

use hotfix_core::event::Tone;
use hotfix_model::output::{Readiness, ReadyLine, ReadyOutput, ScheduleOutput};

use super::{Paint, count, next};

/// All lines, what was repaired before, and how it stands.
pub fn ready(paint: Paint, output: &ReadyOutput) -> String {
    let fixed = output.fixed.iter().map(|line| format!("{} fixed     {line}\n", paint.mark(Tone::Good)));
    let lines = output.lines.iter().map(|line| row(paint, line));
    let counted = |state: Readiness| output.lines.iter().filter(|line| line.state == state).count() as u64;
    let (missing, warnings) = (counted(Readiness::Missing), counted(Readiness::Warning));
    let verdict = match (missing, warnings) {
        (0, 0) => paint.good("ready for an alert"),
        (0, _) => paint.good(&format!("ready for an alert, with {}", count(warnings, "warning"))),
        _ => paint.bad(&format!("not ready: {missing} missing, {}", count(warnings, "warning"))),
    };
    fixed.chain(lines).collect::<String>() + &verdict
}

/// Only what is missing, for scheduled jobs.
pub fn missing(paint: Paint, output: &ReadyOutput) -> String {
    let missing = output.lines.iter().filter(|line| line.state == Readiness::Missing);
    missing.map(|line| row(paint, line)).collect()
}

fn row(paint: Paint, line: &ReadyLine) -> String {
    let tone = match line.state {
        Readiness::Ok => Tone::Good,
        Readiness::Warning => Tone::Warning,
        Readiness::Missing => Tone::Bad,
    };
    let name = paint.dim(&format!("{:<9}", line.name));
    let mut text = format!("{} {name} {}\n", paint.mark(tone), line.found);
    if let Some(repair) = &line.repair {
        text += &[" ".repeat(12).as_str(), &paint.bold(repair), "\n"].concat();
    }
    text
}

/// Each file below the place where it belongs, then what to type. The remarks are comments in every one of the formats
/// but XML, where they stand before the file.
pub fn schedule(output: &ScheduleOutput) -> String {
    let files = output.files.iter().map(|file| format!("# {}\n\n{}\n", file.path, file.content));
    files.collect::<String>() + &next(Paint::new(false), &output.next)
}
