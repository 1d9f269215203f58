//! How a case is declared and judged.

use hotfix_model::output::ShipOutput;
use hotfix_model::{Proof, TestReport};
use serde::Serialize;

/// A case by its name.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub kind: Kind,
}

/// Whether the fix of a case mends what its test shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    False,
    Right,
}

/// What the gate of the critical tests may say of a false fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The fix breaks what worked, and a test that can run shows it: `failed`.
    Fails,
    /// Something may be broken, and no test can tell: anything but `passed`.
    DoesNotPass,
    /// The change breaks nothing that worked before: whatever the gate says.
    MaySayAnything,
}

/// What was said about a fix.
pub struct Said {
    /// The verdict of the proof, as it stands in the JSON output; or the error that came instead.
    pub proof: String,
    /// The verdict of the gate, likewise.
    pub gate: String,
    /// Whether it was shipped; absent where nobody asked for that.
    pub shipped: Option<bool>,
    /// Everything in words, for whoever reads a failure.
    pub details: String,
}

impl Said {
    /// What the steps `prove` and `test` said.
    pub fn by_steps(proof: Result<Proof, String>, gate: Result<TestReport, String>) -> Self {
        let details = format!("{proof:#?}\n{gate:#?}");
        let gate = gate.map_or_else(|error| error, |report| word(&report.verdict));
        let proof = proof.map_or_else(|error| error, |proof| word(&proof.verdict));
        Self { proof, gate, shipped: None, details }
    }

    /// What `ship` found, and the error that stopped it.
    pub fn by_ship(output: Option<&ShipOutput>, error: Option<String>) -> Self {
        let shipped = error.is_none();
        let nothing = error.unwrap_or_else(|| "nothing".to_owned());
        let proof = output.and_then(|output| output.proof.as_ref());
        let gate = output.and_then(|output| output.test.as_ref());
        Self {
            proof: proof.map_or_else(|| nothing.clone(), |proof| word(&proof.verdict)),
            gate: gate.map_or_else(|| nothing.clone(), |report| word(&report.verdict)),
            shipped: Some(shipped),
            details: format!("{proof:#?}\n{gate:#?}\nstopped by: {nothing}"),
        }
    }

    /// Why this is the wrong thing to say about a false fix.
    pub fn of_a_false_fix(&self, gate: Gate) -> Result<(), String> {
        if self.proof == "proven" {
            return Err(format!("a false fix is called proven\n{}", self.details));
        }
        let right = match gate {
            Gate::Fails => self.gate == "failed",
            Gate::DoesNotPass => self.gate != "passed",
            Gate::MaySayAnything => true,
        };
        let said = || format!("the gate says `{}` of what breaks something\n{}", self.gate, self.details);
        if right { Ok(()) } else { Err(said()) }
    }

    /// Why this is the wrong thing to say about a right fix.
    pub fn of_a_right_fix(&self) -> Result<(), String> {
        if self.proof == "proven" && self.gate == "passed" && self.shipped != Some(false) {
            return Ok(());
        }
        let Self { proof, gate, shipped, details } = self;
        Err(format!("a right fix: proof `{proof}`, gate `{gate}`, shipped {shipped:?}\n{details}"))
    }
}

/// The word that stands for a verdict in the JSON output.
fn word(verdict: &impl Serialize) -> String {
    serde_json::to_value(verdict).unwrap().as_str().unwrap().to_owned()
}

/// Fails if a case came out wrong.
pub fn judge(name: &str, outcome: Result<(), String>) {
    if let Err(why) = outcome {
        panic!("{name}: {why}");
    }
}

/// Makes every case a test of its own, and lists them. The name of a case is that of its project, then its own.
macro_rules! cases {
    ($project:literal; $($kind:ident { $($case:ident),+ $(,)? })+) => {
        pub const CASES: &[$crate::cases::Case] = &[
            $($($crate::cases::Case {
                name: concat!($project, "::", stringify!($case)),
                kind: $crate::cases::Kind::$kind,
            }),+),+
        ];

        mod comes_out_right {
            $($(
                #[test]
                fn $case() {
                    $crate::cases::judge(concat!($project, "::", stringify!($case)), super::$case());
                }
            )+)+
        }
    };
}
