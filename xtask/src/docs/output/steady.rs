//! Replaces what differs between two runs, so that the manual stays as it is while the program does. Object ids are
//! the same in every run and are kept.

use std::path::Path;
use std::sync::LazyLock;

use hotfix_testkit::tools;
use jiff::{SignedDuration, Timestamp, ToSpan, civil};
use regex_lite::{Captures, Regex};

/// Stands for the day on which everything in the manual happens: that of the sandbox's commits.
const TODAY: civil::Date = civil::date(2026, 3, 1);

/// What to look for and what to put in its place, in this order.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"\(\d+\.\d s\)", "(… s)"),
        // A column of times.
        (r"(?m)^(✓|✗) +\d+\.\d s  ", "${1}     … s  "),
        (r"(?m)^. git       \d+\.\S+.*$", "✓ git       2.50.1"),
        // In the name of a file.
        (r"/\d{4}-\d\d-\d\d-", "/2026-03-01-"),
        (r"\b\d+\.\d GB free\b", "120.0 GB free"),
        (r"\b\d+\.\d s \|", "… s |"),
        (r"\b\d+ ms\b", "… ms"),
        (r"\b\d+ (second|minute|hour|day)s? old\b", "9 days old"),
        (r"\b\d+ (second|minute)s? since start\b", "2 minutes since start"),
        (r"\bdue in (1 day|23 hours)\b", "due in 23 hours"),
        (r"\bdue in [45] days\b", "due in 4 days"),
        (r#"("[a-z_]*elapsed_ms":\s*)\d+"#, "${1}120"),
        (r#"("base_age_seconds":\s*)\d+"#, "${1}777600"),
    ];
    patterns.into_iter().filter_map(|(text, place)| Some((Regex::new(text).ok()?, place))).collect()
});

/// With its zone, or in a column of a table.
static TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(\d{4}-\d\d-\d\d)([ T])(\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z| UTC|  )").ok());

/// Knows where and when one scene is played.
pub struct Steady {
    folders: Vec<(String, &'static str)>,
    began: Timestamp,
}

impl Steady {
    /// For a scene in this sandbox that begins now.
    pub fn new(root: &Path, now: Timestamp) -> Self {
        let below = |name: &str| format!("{}/{name}", root.display());
        let mut folders = vec![(below("code/"), "/home/ada/code/"), (below("home/"), "/home/ada/")];
        if let Some(bin) = tools::find_python_bin() {
            folders.push((format!("{}/", bin.display()), "/usr/bin/"));
        }
        Self { folders, began: now }
    }

    /// The text with places, times and durations that are always the same.
    pub fn text(&self, text: &str) -> String {
        let text = self.folders.iter().fold(text.to_owned(), |text, (real, shown)| text.replace(real, shown));
        let replace =
            |text: String, (pattern, place): &(Regex, &str)| pattern.replace_all(&text, *place).into_owned();
        let text = PATTERNS.iter().fold(text, replace);
        let Some(time) = &*TIME else { return text };
        time.replace_all(&text, |found: &Captures<'_>| self.time(found)).into_owned()
    }

    /// The same distance in days from the day of the manual, at the same time of day.
    fn time(&self, found: &Captures<'_>) -> String {
        let clock = found.get(4).map_or(":00", |seconds| seconds.as_str());
        let Ok(time) = format!("{}T{}{clock}Z", &found[1], &found[3]).parse::<Timestamp>() else {
            return found[0].to_owned();
        };
        let day = SignedDuration::from_hours(24);
        let distance = time.duration_since(self.began) + day / 2;
        let days = distance.as_secs().div_euclid(day.as_secs());
        let seconds = if found.get(4).is_some() { ":00" } else { "" };
        format!("{}{}02:14{seconds}{}", TODAY.saturating_add(days.days()), &found[2], &found[5])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_replaced_and_what_does_not_is_kept() {
        let steady = Steady::new(Path::new("/tmp/x"), "2026-11-23T08:44:10Z".parse().unwrap());
        let text = "/tmp/x/code/project/2026-11-23-1.2.3.md 1 day old, 0123abcdef (0.4 s) 12 ms; due 2026-11-24 08:45 UTC, \
                    \"at\": \"2026-11-23T08:45:10.25Z\", \"elapsed_ms\": 7, (2026-03-01 02:14:00 +0000)";
        assert_eq!(
            steady.text(text),
            "/home/ada/code/project/2026-03-01-1.2.3.md 9 days old, 0123abcdef (… s) … ms; due 2026-03-02 02:14 UTC, \
             \"at\": \"2026-03-01T02:14:00Z\", \"elapsed_ms\": 120, (2026-03-01 02:14:00 +0000)"
        );
    }
}
