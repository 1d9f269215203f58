//! Signs of people who looked at a merge request. After a merge GitLab takes no approval any more, but comments it does.

use std::thread;

use super::api::{Api, Note};
use crate::ctx::joined;
use crate::error::Result;
use crate::forge::Mark;

/// What a comment begins with that stands for a review.
const WORD: &str = "/hotfix-reviewed";
/// What follows it where the review is a no.
const NO: &[&str] = &["no", "concern", "concerns", "reject", "rejected"];

/// Approvals from before the merge, and comments that say "reviewed", of everybody but the author.
pub fn of(api: &Api, number: u64) -> Result<Vec<Mark>> {
    let (found, notes, approvals) = thread::scope(|scope| {
        let notes = scope.spawn(|| api.notes(number));
        let approvals = scope.spawn(|| api.approvals(number));
        (api.get(number), joined(notes.join()), joined(approvals.join()))
    });
    let author = found?.author.unwrap_or_default().username;
    let approvals = approvals?.approved_by.into_iter().map(|approval| Mark {
        account: approval.user.username,
        email: approval.user.public_email,
        approves: true,
        words: String::new(),
        at: approval.approved_at,
    });
    let notes = notes?.into_iter().filter_map(mark);
    Ok(approvals.chain(notes).filter(|mark| mark.account != author).collect())
}

/// The mark of a comment, if it is one.
fn mark(note: Note) -> Option<Mark> {
    let rest = note.body.trim().strip_prefix(WORD).filter(|_| !note.system)?;
    if rest.chars().next().is_some_and(|next| !next.is_whitespace() && next != ':') {
        return None;
    }
    let words = rest.trim_start_matches(':').trim().to_owned();
    let first = words.split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
    let approves = !NO.iter().any(|no| first.eq_ignore_ascii_case(no));
    Some(Mark {
        account: note.author.username,
        email: note.author.public_email,
        approves,
        words,
        at: note.created_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<(bool, String)> {
        let note = Note { body: body.to_owned(), ..Note::default() };
        mark(note).map(|mark| (mark.approves, mark.words))
    }

    #[test]
    fn a_comment_that_begins_with_the_word_is_a_review() {
        assert_eq!(read("/hotfix-reviewed"), Some((true, String::new())));
        assert_eq!(
            read("/hotfix-reviewed: looks right\n\nto me"),
            Some((true, "looks right\n\nto me".to_owned()))
        );
        assert_eq!(read("/hotfix-reviewed concern: no test"), Some((false, "concern: no test".to_owned())));
        assert_eq!(read("/hotfix-reviewedness"), None);
        assert_eq!(read("I say /hotfix-reviewed"), None);
    }

    #[test]
    fn what_gitlab_writes_itself_is_none() {
        let note = Note { body: WORD.to_owned(), system: true, ..Note::default() };
        assert_eq!(mark(note), None);
    }
}
