//! What a failed call of Git tells: the line that says why, and a file that holds all it wrote.

use std::path::{Path, PathBuf};

use super::GitError;
use crate::ctx::Ctx;
use crate::exec::{Finished, redact, sanitize, sanitize_line};

/// How many outputs are kept; older ones are removed.
const KEPT_LOGS: usize = 20;

/// Lines with which Git and ssh begin and end in any case, in small letters.
const FRAME: &[&str] = &[
    "hint:",
    "error: failed to push some refs",
    "fatal: could not read from remote repository",
    "please make sure you have the correct access rights",
    "and the repository exists.",
    "fatal: the remote end hung up",
    "error: the remote end hung up",
    "send-pack: unexpected disconnect",
    "everything up-to-date",
    "enumerating objects:",
    "counting objects:",
    "compressing objects:",
    "writing objects:",
    "delta compression using",
    "to ",
    "done",
];

/// Lines of other programs that only sum up, in small letters: never the reason.
const SUMS: &[&str] = &["get help:", "input:", "husky - ", "husky > ", "killed", "terminated"];

/// What names a cause outside Git, in small letters: no other line can say it better.
const CAUSES: &[&str] = &[
    "permission denied",
    "access denied",
    "authentication failed",
    "could not read username",
    "could not read password",
    "host key verification failed",
    "could not resolve host",
    "connection refused",
    "connection timed out",
    "connection reset",
    "connection closed by",
    "operation timed out",
    "network is unreachable",
    "no route to host",
    "ssl certificate problem",
    "repository not found",
    "was not found on your path",
    ": not found",
    "command not found",
    "no space left on device",
    "disk quota exceeded",
    "read-only file system",
];

/// Words of programs that complain, in small letters.
const COMPLAINTS: &[&str] = &[
    "error",
    "fail",
    "may not",
    "must ",
    "not allowed",
    "forbidden",
    "refuse",
    "reject",
    "denied",
    "invalid",
    "cannot",
    "can't",
    "unable",
    "missing",
    "expected",
    "✖",
    "✗",
    "❌",
];

/// The line of an output that tells most, printable and without credentials: one that names a cause, else the first
/// that Git marks, else the first that complains, else the last.
pub(super) fn telling_line(output: &str) -> Option<String> {
    let output = sanitize(output);
    let all: Vec<&str> = output.lines().map(str::trim).filter(|line| is_worded(line)).collect();
    let lines: Vec<&str> = all.iter().copied().filter(|line| !is_noise(line)).collect();
    let first = |words: &[&str]| {
        lines.iter().copied().find(|line| {
            let line = line.to_lowercase();
            words.iter().any(|word| line.contains(word))
        })
    };
    let marked = || lines.iter().copied().find(|line| is_marked(line));
    let last = || lines.last().or_else(|| all.iter().rfind(|line| is_marked(line))).or(all.last()).copied();
    let line = first(CAUSES).or_else(marked).or_else(|| first(COMPLAINTS)).or_else(last)?;
    let line = if is_marked(line) { line.split_once(": ").map_or(line, |(_, text)| text) } else { line };
    Some(sanitize_line(&redact(
        line.trim_start_matches(|c: char| !c.is_alphanumeric() && !"[(<'\"`/.-~#".contains(c)),
    )))
}

fn is_marked(line: &str) -> bool {
    line.starts_with("fatal: ") || line.starts_with("error: ")
}

/// Not the rule between two parts of an output, and no line of `GIT_TRACE`.
fn is_worded(line: &str) -> bool {
    let is_trace = line.get(..9).is_some_and(|time| {
        time.bytes()
            .zip(*b"00:00:00.")
            .all(|(found, form)| found == form || (form == b'0' && found.is_ascii_digit()))
    });
    line.chars().any(char::is_alphanumeric) && !is_trace
}

fn is_noise(line: &str) -> bool {
    let line = line.to_lowercase();
    let words = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    // The number of problems is not the problem: `found 1 problems`, `✖ 2 problems (2 errors, 0 warnings)`.
    let counts = words.strip_prefix("found ").unwrap_or(words);
    let is_count = counts.starts_with(|c: char| c.is_ascii_digit()) && counts.contains("problem");
    is_count || FRAME.iter().chain(SUMS).any(|noise| words.starts_with(noise))
}

/// The error for a call that ended badly.
pub(super) fn failed(name: &str, finished: &Finished) -> GitError {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = telling_line(&text(&finished.stderr)).or_else(|| telling_line(&text(&finished.stdout)));
    GitError::Failed {
        command: name.to_owned(),
        code: finished.ending.code().unwrap_or(-1),
        said: said.unwrap_or_default(),
        log: None,
    }
}

/// The same, with all that the call wrote kept in a file, where it wrote more than the line that is shown.
pub(super) fn failed_and_kept(ctx: &Ctx, dir: &Path, name: &str, finished: &Finished) -> GitError {
    let mut error = failed(name, finished);
    if let GitError::Failed { log, .. } = &mut error
        && words_of(&finished.stdout) + words_of(&finished.stderr) > 1
    {
        // Without the file the error still says the line that matters.
        *log = keep(ctx, dir, name, finished).ok();
    }
    error
}

/// How many lines somebody wrote, without those that are always there.
fn words_of(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let is_frame = |line: &&str| FRAME.iter().any(|frame| line.starts_with(frame));
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_frame(line)).count()
}

fn keep(ctx: &Ctx, dir: &Path, name: &str, finished: &Finished) -> std::io::Result<PathBuf> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let path = dir.join(format!("{}-git-{name}.log", ctx.clock.ulid()));
    let mut text = String::new();
    for (stream, bytes) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
        let lines = sanitize(&String::from_utf8_lossy(bytes));
        if !lines.trim().is_empty() {
            text += &["--- ", stream, "\n", &redact(lines.trim_end()), "\n"].concat();
        }
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    forget_old(dir);
    Ok(path)
}

/// Names begin with the time, so that the oldest come first.
fn forget_old(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let is_log = |path: &PathBuf| path.to_string_lossy().ends_with(".log");
    let mut logs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_log).collect();
    logs.sort();
    let old = logs.len().saturating_sub(KEPT_LOGS);
    for path in logs.into_iter().take(old) {
        // Another process may have removed it.
        std::fs::remove_file(path).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::telling_line;

    #[track_caller]
    fn tells(output: &str, line: &str) {
        assert_eq!(telling_line(output).as_deref(), Some(line), "{output}");
    }

    #[test]
    fn ssh_and_the_network_say_why() {
        let closing = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n";
        for line in [
            "git@code.example: Permission denied (publickey).",
            "ssh: connect to host code.example port 22: Connection refused",
            "ssh: Could not resolve hostname code.example: Name or service not known",
            "Host key verification failed.",
        ] {
            tells(&format!("{line}\n{closing}"), line);
        }
        tells(closing, "Could not read from remote repository.");
    }

    #[test]
    fn linters_of_messages_say_what_they_want() {
        let rest = "  found 1 problems\n  Get help: https://lint.example\n";
        tells(
            &format!("input: x\n  scope may not be empty [scope-empty]\n{rest}"),
            "scope may not be empty [scope-empty]",
        );
        let coloured = "⧗   input: x\n\u{1b}[31m✖\u{1b}[0m   subject may not be empty [subject-empty]\n\n✖   found 1 problems, 0 warnings\nⓘ   Get help: https://x\n\nhusky - commit-msg script failed (code 1)\n";
        tells(coloured, "subject may not be empty [subject-empty]");
    }

    #[test]
    fn missing_programs_are_named() {
        tells(
            "git-lfs filter-process: 1: git-lfs: not found\nfatal: the remote end hung up unexpectedly\n",
            "git-lfs filter-process: 1: git-lfs: not found",
        );
        tells(
            "\nThis repository is configured for Git LFS but 'git-lfs' was not found on your path. If you no longer wish to use it, remove this hook.\n\nerror: failed to push some refs to '/x'\n",
            "This repository is configured for Git LFS but 'git-lfs' was not found on your path. If you no longer wish to use it, remove this hook.",
        );
    }

    #[test]
    fn git_marks_its_own_reasons() {
        tells(
            "fatal: --mirror can't be combined with refspecs\n",
            "--mirror can't be combined with refspecs",
        );
        tells(
            "To /x\nfatal: the receiving end does not support push options\nerror: failed to push some refs to '/x'\n",
            "the receiving end does not support push options",
        );
        tells("12:00:00.123456 git.c:460 trace: built-in: git push\nfatal: bad revision\n", "bad revision");
    }

    #[test]
    fn a_hook_without_such_words_is_quoted_by_its_last_line() {
        tells("checking\nlint says no\n", "lint says no");
        tells("error: failed to push some refs to '/x'\n", "failed to push some refs to '/x'");
        assert_eq!(telling_line("\n----\n"), None);
    }
}
