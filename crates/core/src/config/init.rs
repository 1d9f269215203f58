//! The text of a new `hotfix.toml`.

use super::DEFAULTS;
use super::shown::shown;

/// What was found in the repository. Shown in comments: everything found by itself needs no setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The test runner.
    pub runner: Option<String>,
    /// The linters.
    pub linters: Vec<String>,
    /// The remote's default branch.
    pub branch: Option<String>,
    /// The remote.
    pub remote: Option<String>,
}

const HEAD: &str = "\
# git-hotfix in this repository. Every key stands here with its default and is off: take away the # in front of a key to
# set it. The file is read from the base branch, so a change counts once it is there. Keys that hold commands run only
# after each user has approved them with `git hotfix trust`.
";

/// A `hotfix.toml` in which every key is commented out and what was found is said beside the key it stands for.
pub fn file(found: &Found) -> String {
    let mut text = HEAD.to_owned();
    let mut table = "";
    // The head of the defaults speaks about the defaults.
    for line in DEFAULTS.lines().skip_while(|line| !line.is_empty()) {
        table = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(table);
        if let Some(said) = key_of(line).and_then(|key| found.said(table, key)) {
            text.push_str(&said);
        }
        if !is_plain(line) {
            text.push('#');
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

impl Found {
    /// The comment for a key, if something was found for it.
    fn said(&self, table: &str, key: &str) -> Option<String> {
        let what = match (table, key) {
            ("base", "branch") => match (&self.branch, &self.remote) {
                (Some(branch), Some(remote)) => format!("{branch} on {remote}"),
                (Some(branch), None) => branch.clone(),
                (None, remote) => format!("remote {}", remote.as_ref()?),
            },
            ("check", "commands") if !self.linters.is_empty() => self.linters.join(", "),
            ("test", "command") => self.runner.clone()?,
            _ => return None,
        };
        Some(format!("# Found: {}\n", shown(&what)))
    }
}

/// Whether a line stays as it is: empty, a comment of its own, or the name of a table, which sets nothing.
fn is_plain(line: &str) -> bool {
    line.is_empty() || line.starts_with(['#', '['])
}

fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then_some(key)
}
