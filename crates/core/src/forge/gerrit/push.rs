//! What a push to `refs/for/…` says besides the commit.

use sha1::{Digest, Sha1};

use crate::forge::address::encoded;
use crate::forge::{Draft, PushPlan};

/// Most bytes of the text, encoded: Gerrit's own limit for a comment (`change.commentSizeLimit`) is 16 KiB.
const MESSAGE: usize = 15 << 10;

/// `I` and forty digits.
pub(super) fn change_id(seeds: &[&str]) -> String {
    use std::fmt::Write;
    let digest = Sha1::digest(seeds.join("\n").as_bytes());
    digest.iter().fold("I".to_owned(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn plan(draft: &Draft<'_>) -> PushPlan {
    let mut words = vec![format!("topic={}", topic(draft.record.branch_name()))];
    words.extend(draft.labels.iter().map(|label| format!("hashtag={}", hashtag(label))));
    if draft.is_draft {
        words.push("wip".to_owned());
    }
    let mut message = draft.description.clone();
    if let Some(reason) = &draft.break_glass {
        words.push("submit".to_owned());
        message = format!("Rules bypassed: {reason}\n\n{message}");
    }
    let instead = format!("refs/for/{}%{}", draft.record.target, words.join(","));
    PushPlan { options: vec![format!("message={}", short(&message))], instead: Some(instead) }
}

/// The topic of a branch: no slash, as Gerrit's own pages have them.
pub(super) fn topic(branch: &str) -> String {
    word(branch, &['.', '-'])
}

/// A label as a hashtag. Gerrit separates them by commas and takes blanks and `#` away.
pub(super) fn hashtag(label: &str) -> String {
    word(label, &['.', '-', '_', ':', '/'])
}

/// Letters, digits and a few marks; whatever else would end the word, in a ref's name or in the query, is a dash.
fn word(text: &str, marks: &[char]) -> String {
    // A colon cannot be part of a ref's name, nor two dots.
    let fits = |c: char| c.is_alphanumeric() || (marks.contains(&c) && c != ':');
    let word: String = text.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    word.replace("..", "-").trim_matches(['.', '/']).to_owned()
}

/// The text as Gerrit decodes it: `_` is a blank to it and `%0A` a new line.
fn short(text: &str) -> String {
    let mut safe = String::new();
    for line in text.split_inclusive('\n') {
        let line = encoded(line).replace('_', "%5F");
        if safe.len() + line.len() > MESSAGE {
            break;
        }
        safe.push_str(&line);
    }
    safe
}

/// The change's number in what the push said: `  https://h/c/project/+/17 fix: … [NEW]`.
pub(super) fn number_in(said: &[String]) -> Option<u64> {
    let words = said.iter().flat_map(|line| line.split_whitespace());
    words.filter_map(|word| word.rsplit_once("/+/")?.1.parse().ok()).next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_at_the_end_of_the_address() {
        let said = ["SUCCESS", "", "  http://h:1/c/deep/demo/+/17 fix: see /+/x [NEW]"].map(str::to_owned);
        assert_eq!(number_in(&said), Some(17));
        assert_eq!(number_in(&["no new changes".to_owned()]), None);
    }

    #[test]
    fn words_stay_words_of_a_ref() {
        assert_eq!(topic("hotfix/1.2.3"), "hotfix-1.2.3");
        assert_eq!(hashtag("severity: high, now"), "severity--high--now");
        assert_eq!(hashtag("a..b~c^d"), "a-b-c-d");
    }

    #[test]
    fn text_survives_gerrits_decoding() {
        assert_eq!(short("a_b c\nd\n"), "a%5Fb%20c%0Ad%0A");
        assert!(short(&"long line\n".repeat(9000)).len() <= MESSAGE);
    }

    #[test]
    fn the_same_hotfix_has_the_same_change() {
        let id = change_id(&["1.2.3", "a@x"]);
        assert_eq!((id.len(), &id[..1]), (41, "I"));
        assert_eq!(id, change_id(&["1.2.3", "a@x"]));
        assert_ne!(id, change_id(&["1.2.4", "a@x"]));
    }
}
