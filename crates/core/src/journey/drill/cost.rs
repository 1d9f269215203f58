//! What takes longest, and what can be done about it.

use hotfix_model::Step;
use hotfix_model::output::{DrillCost, DrillOutput, SlotKind};

/// So many are named.
const NAMED: usize = 3;
/// A step is worth naming from this share of the whole on, per cent.
const SHARE: u64 = 10;

/// The longest steps, the longest first.
pub fn slowest(output: &DrillOutput) -> Vec<DrillCost> {
    let whole = output.elapsed_ms.max(1);
    let mut steps: Vec<(u64, Step)> =
        output.steps.iter().map(|step| (step.elapsed_ms * 100 / whole, step.step)).collect();
    steps.sort_by_key(|(percent, _)| std::cmp::Reverse(*percent));
    let worth = steps.into_iter().filter(|(percent, _)| *percent >= SHARE).take(NAMED);
    worth
        .map(|(percent, step)| DrillCost { step, percent, advice: advice(step, output.slot).to_owned() })
        .collect()
}

fn advice(step: Step, slot: Option<SlotKind>) -> &'static str {
    match (step, slot) {
        (Step::Start, Some(SlotKind::Cold)) => {
            "no slot was waiting: `git hotfix ready --fix` makes one ahead of time"
        }
        (Step::Start, _) => {
            "what changed on main since the slot was parked: `git hotfix ready --fix` brings it there"
        }
        (Step::Check, _) => "your linters; `check.timeout` ends the slow ones",
        (Step::Test, _) => {
            "the critical tests; `test.budget` bounds them, `test.critical` says which always run"
        }
        (Step::Commit, _) => "your commit hooks and your signature; `commit.timeout` ends them",
        (Step::Submit, _) => "your pre-push hook; in an emergency the network comes on top",
        (Step::Cleanup, _) => "giving the slot back; the fix is on the remote by then",
        _ => "looking at what was changed",
    }
}

#[cfg(test)]
mod tests {
    use hotfix_model::output::DrillStepOutput;
    use hotfix_model::{Base, output::SlotKind};

    use super::*;

    #[test]
    fn the_longest_steps_come_first_and_short_ones_are_left_out() {
        let step =
            |step, elapsed_ms| DrillStepOutput { step, passed: true, outcome: String::new(), elapsed_ms };
        let output = DrillOutput {
            id: "drill-1".to_owned(),
            base: Base { reference: "main".to_owned(), commit: "0".to_owned() },
            slot: Some(SlotKind::Cold),
            steps: vec![step(Step::Start, 300), step(Step::Check, 20), step(Step::Test, 680)],
            slowest: Vec::new(),
            elapsed_ms: 1_000,
            stopped_by: None,
        };
        let named = slowest(&output);
        let told: Vec<(Step, u64)> = named.iter().map(|cost| (cost.step, cost.percent)).collect();
        assert_eq!(told, [(Step::Test, 68), (Step::Start, 30)]);
        assert!(named[1].advice.contains("ready --fix"));
    }
}
