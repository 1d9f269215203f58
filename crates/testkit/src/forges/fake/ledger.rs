//! The ledger: everything that ever took effect on a fake forge, in order. The judge of every test.

/// Something that took effect. Kept in order, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A branch was pushed.
    Pushed {
        /// The ref.
        name: String,
        /// The commit; `None` if it was deleted.
        commit: Option<String>,
    },
    /// A merge request was made.
    Opened {
        /// Its number.
        number: i64,
        /// Its branch.
        branch: String,
        /// The commit it was made with.
        head: String,
    },
    /// A label was set on it.
    Labelled {
        /// Its number.
        number: i64,
        /// The label.
        label: String,
    },
    /// A label was taken from it.
    Unlabelled {
        /// Its number.
        number: i64,
        /// The label.
        label: String,
    },
    /// It merges by itself when it can.
    Armed {
        /// Its number.
        number: i64,
        /// The commit that will be merged.
        head: String,
    },
    /// It no longer merges by itself.
    Disarmed {
        /// Its number.
        number: i64,
    },
    /// It stands in the merge queue or train.
    Queued {
        /// Its number.
        number: i64,
    },
    /// It was merged.
    Merged {
        /// Its number.
        number: i64,
        /// The commit of its branch that was merged.
        head: String,
        /// The target's new commit.
        commit: String,
        /// What its pipeline had come to: `None` if there was none yet although there would be one.
        checks: Checks,
    },
    /// It was closed.
    Closed {
        /// Its number.
        number: i64,
    },
    /// Somebody commented on it.
    Commented {
        /// Its number.
        number: i64,
        /// The text.
        text: String,
    },
    /// An issue was opened.
    IssueOpened {
        /// Its title.
        title: String,
    },
}

/// What pipeline or checks have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// The project has none.
    None,
    /// There will be some; nothing is seen of them yet.
    Unseen,
    /// They run.
    Running,
    /// They are green.
    Passed,
    /// They are red.
    Failed,
}
