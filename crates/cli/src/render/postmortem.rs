//! Post-mortems.

use hotfix_core::exec::sanitize_line;
use hotfix_model::output::{PostmortemDoneOutput, PostmortemOutput};

use super::{Paint, field, next};

/// One that was written.
pub fn postmortem(paint: Paint, output: &PostmortemOutput) -> String {
    let text = field(paint, "text", &paint.bold(&output.path)) + &field(paint, "page", &output.html);
    text + &missing(paint, &output.missing) + &next(paint, &output.next)
}

/// One that is done, or not yet.
pub fn postmortem_done(paint: Paint, output: &PostmortemDoneOutput) -> String {
    let state = match output.settled {
        true => paint.good("the post-mortem is settled"),
        false => paint.bad("not settled: parts are missing"),
    };
    let text = field(paint, &output.id, &state) + &field(paint, "text", &output.path);
    text + &missing(paint, &output.missing) + &next(paint, &output.next)
}

fn missing(paint: Paint, parts: &[String]) -> String {
    parts.iter().map(|part| field(paint, "to fill", &paint.warning(&sanitize_line(part)))).collect()
}
