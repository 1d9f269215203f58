//! What flags or the user's own file loosen of what defaults and the repository ask for. It is their right in an emergency,
//! and it is recorded as a skipped gate, shown in the merge request, and owed.

use hotfix_model::Gate;
use hotfix_model::config::{Config, GateMode};
use hotfix_model::{Proof, Record, SuiteVerdict, TestReport};

use crate::config::Loaded;

/// A setting that asks for less than defaults and the repository do.
struct Loosening {
    gate: Gate,
    key: &'static str,
    /// Whether it made a difference to this fix.
    mattered: bool,
}

/// The gates that a committed fix passes only because a setting of the user's asks for less, each with that setting.
pub fn loosened(loaded: &Loaded, record: &Record) -> Vec<(Gate, String)> {
    let (own, asked) = (&loaded.config, &loaded.asked);
    let unproven = !record.proof_of_fix().is_some_and(Proof::holds);
    let test = record.test_of_fix();
    let gates = [
        Loosening {
            gate: Gate::Test,
            key: "test.gate",
            mattered: is_loosened(own.test.gate, asked.test.gate)
                && !test.is_some_and(|report| report.verdict == SuiteVerdict::Passed),
        },
        Loosening {
            gate: Gate::Test,
            key: "test.flaky",
            mattered: is_loosened(own.test.flaky, asked.test.flaky)
                && test.is_some_and(|report| !report.flaky.is_empty()),
        },
        Loosening {
            gate: Gate::Check,
            key: "check.gate",
            mattered: is_loosened(own.check.gate, asked.check.gate)
                && !record.check_of_fix().is_some_and(|report| report.findings.is_empty()),
        },
        Loosening {
            gate: Gate::Prove,
            key: "prove.required",
            mattered: asked.prove.required && !own.prove.required && unproven,
        },
        Loosening {
            gate: Gate::Prove,
            key: "prove.accept_load_error",
            mattered: own.prove.accept_load_error && !asked.prove.accept_load_error && !unproven,
        },
        Loosening {
            gate: Gate::Prove,
            key: "prove.repeat",
            mattered: own.prove.repeat < asked.prove.repeat.min(2) && !unproven,
        },
    ];
    let of_gates =
        gates.into_iter().filter(|one| one.mattered).map(|one| (one.gate, describe_setting(loaded, one.key)));
    let of_run = test.map(|report| report.loosened.clone()).unwrap_or_default();
    of_gates.chain(of_run.into_iter().map(|setting| (Gate::Test, setting))).collect()
}

/// The settings by which less was run than asked for; kept with the run, since its flags are those of one command.
/// `other_command` says whether `test.command` stands in place of tests that would have been found.
pub fn loosened_run(loaded: &Loaded, report: &TestReport, other_command: bool) -> Vec<String> {
    let (own, asked) = (&loaded.config, &loaded.asked);
    let mut settings = Vec::new();
    if other_command {
        settings.push(describe_setting(loaded, "test.command"));
    }
    if is_shorter(own, asked) && !report.cut.is_empty() {
        settings.push(describe_setting(loaded, "test.budget"));
    }
    settings
}

fn is_shorter(own: &Config, asked: &Config) -> bool {
    own.test.budget.duration() < asked.test.budget.duration()
}

fn is_loosened(own: GateMode, asked: GateMode) -> bool {
    asked == GateMode::Block && own == GateMode::Warn
}

/// `test.gate = "warn" (command line)`.
fn describe_setting(loaded: &Loaded, key: &str) -> String {
    let setting = loaded.origins.iter().find(|setting| setting.key == key);
    setting
        .map_or_else(|| key.to_owned(), |setting| format!("{key} = {} ({})", setting.value, setting.origin))
}
