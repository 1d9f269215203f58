//! How long the second run of a side waits for a test.

use std::time::Duration;

use hotfix_model::{CaseOutcome, Run};

/// Enough for a machine that is busy with something else at the moment.
const LEAST: Duration = Duration::from_secs(2);
/// How much longer than the slowest test that came to its end.
const MARGIN: u32 = 3;

/// The time limit of one test after a run in which some hung at `limit`: what hung once for the whole limit need not be
/// waited for that long again. One that hangs only sometimes comes to its end the second time, which shows as flaky.
pub fn limit_after(first: &Run, limit: Duration) -> Duration {
    let hung = first.cases.iter().any(|case| case.outcome == CaseOutcome::TimedOut);
    if !hung {
        return limit;
    }
    let ended = first.cases.iter().filter(|case| case.outcome != CaseOutcome::TimedOut);
    let seconds = ended.filter_map(|case| case.seconds).fold(0.0, f64::max);
    let slowest = Duration::try_from_secs_f64(seconds).unwrap_or(limit);
    slowest.saturating_mul(MARGIN).max(LEAST).min(limit)
}

#[cfg(test)]
mod tests {
    use hotfix_model::{Case, RunEnd};

    use super::*;

    fn run(cases: &[(CaseOutcome, f64)]) -> Run {
        let case = |(outcome, seconds): &(CaseOutcome, f64)| Case {
            id: "t.py::t".to_owned(),
            file: None,
            outcome: *outcome,
            reason: None,
            frame: None,
            seconds: Some(*seconds),
        };
        Run {
            runner: "pytest".to_owned(),
            command: Vec::new(),
            end: RunEnd::Finished,
            exit: Some(1),
            cases: cases.iter().map(case).collect(),
            counted: true,
            claimed: None,
            not_loaded: Vec::new(),
            tail: String::new(),
            foreign: None,
            elapsed_ms: 0,
        }
    }

    #[test]
    fn only_after_a_hang_and_never_below_what_others_need() {
        use CaseOutcome::{Failed, Passed, TimedOut};
        let limit = Duration::from_secs(10);
        let after = |cases: &[_]| limit_after(&run(cases), limit).as_secs_f64();
        assert!((after(&[(Passed, 0.1), (Failed, 9.0)]) - 10.0).abs() < 1e-9);
        assert!((after(&[(TimedOut, 10.0)]) - 2.0).abs() < 1e-9);
        assert!((after(&[(TimedOut, 10.0), (Passed, 1.5)]) - 4.5).abs() < 1e-9);
        assert!((after(&[(TimedOut, 10.0), (Failed, 8.0)]) - 10.0).abs() < 1e-9);
    }
}
