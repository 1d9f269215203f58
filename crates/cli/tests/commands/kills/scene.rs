//! What is under way when everything is killed.

use std::path::Path;

use hotfix_testkit::trace::{Fault, Traced};

use crate::case::{ALERT, Case, SUBJECT};

/// Set where nothing may go on after a command has returned.
const FOREGROUND: &str = "HOTFIX_FOREGROUND";

/// One command in one state of the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A start that takes a slot parked at main.
    StartAtMain,
    /// A start that takes a slot parked at an older main, which is known here.
    StartBehind,
    /// The same, where only the remote knows the newer main.
    StartFetching,
    /// A start that has to make a slot.
    StartCold,
    /// A proof that has to make the twin.
    Prove,
    /// A slot parked after its fix was submitted, by a process that goes on alone.
    Cleanup,
    /// A slot parked with changes that are given up.
    Discard,
    /// A slot removed with its twin.
    Remove,
}

impl Scene {
    pub const ALL: [Self; 8] = [
        Self::StartAtMain,
        Self::StartBehind,
        Self::StartFetching,
        Self::StartCold,
        Self::Prove,
        Self::Cleanup,
        Self::Discard,
        Self::Remove,
    ];

    /// The moment before.
    pub fn prepare(self) -> Case {
        let mut case = Case::new();
        match self {
            Self::StartAtMain => park(&case),
            Self::StartBehind => {
                park(&case);
                news(&case);
                case.repo.git(["fetch", "--quiet", "origin"]);
                case.settle();
            }
            Self::StartFetching => {
                park(&case);
                news(&case);
            }
            Self::StartCold => {}
            Self::Remove => park_with_twin(&case),
            Self::Prove | Self::Discard => {
                case.start();
                case.fix();
            }
            Self::Cleanup => {
                case.start();
                case.fix();
                case.hotfix().must(["test"]);
                case.hotfix().must(["commit", "-m", SUBJECT]);
                case.hotfix().must(["submit"]);
            }
        }
        case
    }

    /// The command, with a fault in it.
    pub fn run(self, case: &Case, fault: Fault) -> Traced {
        let args: &[&str] = match self {
            Self::Prove => &["prove", "--", "sh", "tests/test_auth.sh"],
            Self::Cleanup => &["cleanup"],
            Self::Discard => &["cleanup", "--discard"],
            Self::Remove => &["slot", "remove", "1"],
            _ => &["start", ALERT],
        };
        if self == Self::Cleanup {
            case.sandbox.env_remove(FOREGROUND);
        }
        let traced = case.hotfix().traced(args, case.sandbox.root(), fault);
        case.sandbox.env_set(FOREGROUND, "1");
        traced
    }

    /// Whether there is a fix that must not be lost.
    pub fn has_fix(self) -> bool {
        matches!(self, Self::Prove | Self::Cleanup | Self::Discard)
    }
}

/// Makes a slot and parks it.
fn park(case: &Case) {
    case.hotfix().must(["start", "an alert before", "--name", "earlier"]);
    case.hotfix().must(["cleanup", "--discard"]);
}

/// The same, with a proof made in it, which leaves a twin.
fn park_with_twin(case: &Case) {
    case.start();
    case.fix();
    case.hotfix().must(["prove", "--", "sh", "tests/test_auth.sh"]);
    case.hotfix().must(["cleanup", "--discard"]);
}

/// A newer main on the remote: a file changed, one added in a new folder.
fn news(case: &Case) {
    let source = std::fs::read(Path::new(case.repo.path()).join("auth.sh")).expect("a file of main");
    let longer = [source.as_slice(), b"# News.\n"].concat();
    case.repo.push_commit_to_remote(&[("news/today.txt", b"news\n"), ("auth.sh", &longer)]);
}
