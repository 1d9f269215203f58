//! Exit codes. They are public interface: a number never changes its meaning.

/// How a command ended, as the shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitCode(u8);

impl ExitCode {
    /// The deed is done.
    pub const DONE: Self = Self(0);
    /// A gate said no: tests failed, or a required proof is missing.
    pub const GATE: Self = Self(1);
    /// The command line was wrong.
    pub const USAGE: Self = Self(2);
    /// This machine, repository or configuration lacks something.
    pub const SETUP: Self = Self(3);
    /// A decision of the user is needed: a conflict, a dirty slot, somebody else holds it.
    pub const DECISION: Self = Self(4);
    /// The remote or the forge failed; run the command again to resume.
    pub const REMOTE: Self = Self(5);

    /// All codes but those of signals, with what they mean: for reference pages.
    pub const MEANINGS: &[(Self, &str)] = &[
        (Self::DONE, "The deed is done."),
        (Self::GATE, "A gate said no: tests failed, or a required proof is missing."),
        (Self::USAGE, "The command line was wrong."),
        (Self::SETUP, "This machine, repository or configuration lacks something."),
        (Self::DECISION, "A decision of yours is needed: a conflict, a dirty slot, somebody else holds it."),
        (Self::REMOTE, "The remote or the forge failed; run the command again to resume."),
    ];

    /// The code for a process ended by signal `number`, as shells report it: 128 + number.
    pub const fn signal(number: u8) -> Self {
        Self(128_u8.saturating_add(number))
    }

    /// The code for a number that came from [`ExitCode::code`].
    pub const fn from_code(code: u8) -> Self {
        Self(code)
    }

    /// The number handed to the operating system.
    pub const fn code(self) -> u8 {
        self.0
    }
}
