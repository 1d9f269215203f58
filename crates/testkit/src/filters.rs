//! Replaces what differs between two runs, so that snapshots hold.

use std::path::Path;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

/// What to look for, in this order, and what to put in its place.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let pattern = |text, place| (Regex::new(text).expect("a pattern"), place);
    vec![
        pattern(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{40}\b", "[oid]"),
        pattern(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b", "[ulid]"),
        pattern(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z| UTC)?", "[time]"),
        pattern(r#"("[a-z_]*(elapsed|duration)[a-z_]*":\s*)\d+"#, "${1}[ms]"),
        pattern(r"\b\d+(\.\d+)?\s?(ms|s)\b", "[duration]"),
    ]
});

static SHORT_OID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[0-9a-f]{7,12}\b").expect("a pattern"));

/// The text with `[root]`, `[oid]`, `[ulid]`, `[time]`, `[ms]` and `[duration]` in place of what differs.
pub fn steady(text: &str, root: &Path) -> String {
    let text = text.replace(&*root.to_string_lossy(), "[root]");
    let replace =
        |text: String, (pattern, place): &(Regex, &str)| pattern.replace_all(&text, *place).into_owned();
    let text = PATTERNS.iter().fold(text, replace);
    SHORT_OID.replace_all(&text, |found: &Captures<'_>| short_oid(&found[0])).into_owned()
}

/// A shortened object id has, nearly always, a digit and a letter; words and dates have not both.
fn short_oid(text: &str) -> String {
    let mixed =
        text.contains(|c: char| c.is_ascii_digit()) && text.contains(|c: char| c.is_ascii_lowercase());
    if mixed { "[oid]".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_between_runs_is_replaced_and_the_rest_is_kept() {
        let text = "/tmp/x/code/project at 0123456789abcdef0123456789abcdef01234567 (0123abc), 01KMGX0000000000000000000A, \
                    2026-03-01T02:14:00Z, in 1.25 s and 12 ms, \"elapsed_ms\": 17, hotfix/1.2.3, hotfix/20260301-feedback";
        assert_eq!(
            steady(text, Path::new("/tmp/x")),
            "[root]/code/project at [oid] ([oid]), [ulid], [time], in [duration] and [duration], \
             \"elapsed_ms\": [ms], hotfix/1.2.3, hotfix/20260301-feedback"
        );
    }
}
