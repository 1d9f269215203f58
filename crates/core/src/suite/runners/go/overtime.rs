//! What Go says when a package has taken too long: the tests that were running, and for how long each (Go 1.20 and newer).

use std::collections::BTreeSet;
use std::time::Duration;

/// How it begins.
const PANIC: &str = "panic: test timed out after";

/// What was said of one package.
#[derive(Default)]
pub struct Overtime {
    /// The line that says so, once there is one.
    pub said: Option<String>,
    running: Vec<(String, Duration)>,
}

impl Overtime {
    /// Takes a line of output in.
    pub fn take(&mut self, line: &str) {
        if self.said.is_none() {
            self.said = line.starts_with(PANIC).then(|| line.trim().to_owned());
        } else if let Some(entry) = line.strip_prefix("\t\t").and_then(running) {
            self.running.push(entry);
        }
    }

    /// The running tests that had all the time a test may take, with those they are parts of. Empty if none had: then the
    /// package is slow, and nothing hangs. `None` if Go does not say what was running.
    pub fn blamed(&self, limit: Option<Duration>) -> Option<BTreeSet<&str>> {
        let limit = limit.unwrap_or_default();
        let is_part =
            |part: &str, whole: &str| part.strip_prefix(whole).is_some_and(|rest| rest.starts_with('/'));
        let is_innermost = |name: &str| !self.running.iter().any(|(other, _)| is_part(other, name));
        let hanging = |(name, age): &&(String, Duration)| is_innermost(name) && *age >= limit;
        let inner: Vec<&str> = self.running.iter().filter(hanging).map(|(name, _)| name.as_str()).collect();
        let names = self.running.iter().map(|(name, _)| name.as_str());
        let blamed = names.filter(|name| inner.iter().any(|one| one == name || is_part(one, name)));
        (!self.running.is_empty()).then(|| blamed.collect())
    }

    /// Whether the package was ended although no test in it hangs.
    pub fn is_merely_slow(&self, limit: Option<Duration>) -> bool {
        self.said.is_some() && self.blamed(limit).is_some_and(|blamed| blamed.is_empty())
    }
}

/// `TestX/part (1m36s)`
fn running(entry: &str) -> Option<(String, Duration)> {
    let (name, age) = entry.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    Some((name.to_owned(), duration(age)?))
}

/// `1h2m3s`, as Go writes whole seconds.
fn duration(text: &str) -> Option<Duration> {
    let mut seconds = 0u64;
    let mut digits = String::new();
    for one in text.chars() {
        let unit = match one {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => {
                digits.push(one);
                continue;
            }
        };
        seconds = seconds.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    digits.is_empty().then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Overtime {
        let mut overtime = Overtime::default();
        for line in lines {
            overtime.take(line);
        }
        overtime
    }

    #[test]
    fn the_innermost_test_is_blamed_with_what_it_is_a_part_of() {
        let lines = [
            "\t\tTestPrinted (9s)\n",
            "panic: test timed out after 40s\n",
            "\trunning tests:\n",
            "\t\tTestA (38s)\n",
            "\t\tTestA/deep (1m4s)\n",
            "\t\tTestB (3s)\n",
            "\n",
            "goroutine 24 [running]:\n",
        ];
        let overtime = told(&lines);
        let limit = Some(Duration::from_secs(10));
        assert_eq!(overtime.blamed(limit), Some(BTreeSet::from(["TestA", "TestA/deep"])));
        assert!(!overtime.is_merely_slow(limit));
    }

    #[test]
    fn a_package_of_many_short_tests_is_slow_and_hangs_nowhere() {
        let lines = ["panic: test timed out after 40s", "\t\tTestTable (39s)", "\t\tTestTable/row_7 (0s)"];
        assert!(told(&lines).is_merely_slow(Some(Duration::from_secs(10))));
        assert!(!told(&lines).is_merely_slow(None));
        assert!(!told(&lines[..1]).is_merely_slow(Some(Duration::from_secs(10))));
        assert!(!told(&["\t\tTestTable (0s)"]).is_merely_slow(Some(Duration::from_secs(10))));
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(duration("1h2m3s"), Some(Duration::from_secs(3723)));
        assert_eq!(duration("0s"), Some(Duration::ZERO));
        for wrong in ["3", "s", "1.5s", "99999999999999999999h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
