//! How the demo ended: what was compared, and how many commands it took.

use std::fmt::Write;
use std::time::Duration;

use hotfix_model::output::{DemoComparison, DemoOutput};

use super::{Paint, next, short};
use crate::ui::seconds;

/// So many of the commands typed by hand fit on a line.
const BY_HAND_COLUMNS: usize = 5;

/// The proof that nothing was touched, and the count of commands.
pub fn demo(paint: Paint, output: &DemoOutput) -> String {
    let mut text = paint.dim(&format!("  {:<9} {:<10}  {:<10}\n", "", "before", "after"));
    for part in &output.compared {
        text += &comparison(paint, part);
    }
    let ours = output.steps.iter().filter(|step| is_needed(&step.command)).count();
    let by_hand = output.by_hand.len();
    writeln!(text, "\n{}", paint.dim("# The same by hand:")).ok();
    for line in output.by_hand.chunks(BY_HAND_COLUMNS) {
        writeln!(text, "  {}", line.join(" · ")).ok();
    }
    let count = paint.bold(&format!("{by_hand} commands by hand, {ours} with git hotfix"));
    writeln!(text, "  {count}; the whole demo took {}", seconds(Duration::from_millis(output.elapsed_ms)))
        .ok();
    text + "\n" + &next(paint, &output.next)
}

fn comparison(paint: Paint, part: &DemoComparison) -> String {
    let verdict = match part.before == part.after {
        true => paint.good("untouched"),
        false => paint.bad("changed"),
    };
    format!("  {:<9} {}  {}  {verdict}\n", part.what, short(&part.before), short(&part.after))
}

/// The rest is only looked at.
fn is_needed(command: &str) -> bool {
    ["git hotfix start", "git hotfix ship"].iter().any(|start| command.starts_with(start))
}
