//! The text of the merge request.

use hotfix_model::{CheckReport, Owed, Proof, Record, Size, Skip, TestReport};

use super::neutral::{one_line, without_references};
use super::sections;
use super::subject::default_subject;

/// Most bytes of a description: below GitHub's 65,536 characters with room for what forges add.
pub const LIMIT: usize = 60_000;
/// Most characters of a title, as GitLab and GitHub allow.
const TITLE_LIMIT: usize = 255;

/// What a merge request tells.
#[derive(Clone, Copy, Debug)]
pub struct RequestText<'a> {
    /// The hotfix.
    pub record: &'a Record,
    /// The proof; none when there was none.
    pub proof: Option<&'a Proof>,
    /// The check; none when it did not run.
    pub check: Option<&'a CheckReport>,
    /// The critical tests; none when they did not run.
    pub test: Option<&'a TestReport>,
    /// The size of the change.
    pub size: Option<Size>,
    /// Gates that were skipped.
    pub skipped: &'a [Skip],
    /// What is owed afterwards.
    pub owed: &'a [Owed],
}

impl<'a> RequestText<'a> {
    /// All of it as the record has it.
    pub fn of(record: &'a Record) -> Self {
        Self {
            record,
            proof: record.proof.as_deref(),
            check: record.check.as_ref(),
            test: record.test.as_deref(),
            size: record.size,
            skipped: &record.skipped,
            owed: &record.owed,
        }
    }
}

/// Title and description (Markdown, at most [`LIMIT`] bytes). No text from outside is Markdown in it, calls anybody,
/// closes anything or gives the forge an order.
pub fn merge_request_text(text: &RequestText<'_>) -> (String, String) {
    (title(text.record), description(text))
}

fn title(record: &Record) -> String {
    let own = record.subject.clone();
    let subject =
        own.or_else(|| default_subject("fix", &record.alert).ok()).unwrap_or_else(|| record.id.clone());
    without_references(&one_line(&subject)).chars().take(TITLE_LIMIT).collect()
}

fn description(text: &RequestText<'_>) -> String {
    let all = [
        sections::alert(text),
        sections::facts(text),
        sections::proof(text),
        sections::check(text),
        sections::test(text),
        sections::skipped(text),
        sections::owed(text),
        sections::rollback(text),
    ];
    let mut description = String::new();
    let mut left_out = 0;
    for section in all.into_iter().filter(|section| !section.is_empty()) {
        // Room for the closing lines.
        if description.len() + section.len() + 400 > LIMIT {
            left_out += 1;
            continue;
        }
        description.push_str(&section);
        description.push('\n');
    }
    if left_out > 0 {
        description.push_str("Some sections were too long for this page; the record has them.\n\n");
    }
    description.push_str("Made by `git hotfix`; the record of every step is on the remote.\n");
    description
}
