//! `report` where very many records are: how long it takes and how much memory.
//!
//! The records are copies of a real one with other ids and times. They lie in one pack and, as `git fetch` leaves them,
//! under one file for each ref; then under `packed-refs`, as `git gc` leaves them.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::rounds::{Goal, Row, Side, measure, table};
use super::{page, program};

/// What must be reached, in milliseconds.
const GOAL: f64 = 2_000.0;
/// So far apart are two hotfixes, in hours.
const APART: i64 = 3;

/// What is measured.
#[derive(Args)]
pub struct ReportArgs {
    /// Records of the generated repository.
    #[arg(long, default_value_t = 10_000)]
    records: usize,
    /// Rounds that count, after a first one that does not.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Print the table, but leave the manual as it is.
    #[arg(long)]
    print_only: bool,
    /// Measure this program instead of building one; for comparing versions.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// Measures and shows.
pub fn run(args: &ReportArgs) -> Result<()> {
    let program = program(args.program.as_deref())?;
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let (record, events) = real_record(&sandbox, &repo)?;
    import(&sandbox, &repo, (&record, &events), args.records)?;
    let mut lines = String::new();
    for (state, prepare) in [("a file for each ref", None), ("refs packed", Some("pack-refs"))] {
        if let Some(command) = prepare {
            repo.git([command, "--all"]);
        }
        let sides = ["table", "csv", "html"].map(|format| {
            let row =
                Row::new(format!("`report --format {format}`, {state}")).goal(Some(Goal::Milliseconds(GOAL)));
            let (sandbox, repo, program) = (&sandbox, &repo, &program);
            Side::one(row, move |_| Ok(timed(sandbox, repo.path(), program, format)?.0))
        });
        lines = format!("{lines}\n{}", table(&measure(sides.into(), args.rounds)?));
    }
    let mut most = Vec::new();
    for format in ["table", "html"] {
        most.push(format!("{format}: {} MiB", timed(&sandbox, repo.path(), &program, format)?.1 >> 10));
    }
    let title = format!("`report` on {} records of {} bytes each", args.records, record.to_string().len());
    let text = format!("{}\n\nMost memory: {}.", lines.trim(), most.join(", "));
    page::show("report", &title, &text, args.print_only)
}

/// State and events of a hotfix that was started, proven, tested, submitted and merged.
fn real_record(sandbox: &Sandbox, repo: &Repo) -> Result<(Value, String)> {
    let responder = Responder::at(sandbox, repo.path()).with("submit.merge", "direct");
    responder.trust();
    responder.start("Production down! Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    responder.ship("totals of several prices");
    let show = |file: &str| repo.git(["cat-file", "blob", &format!("refs/hotfix/record/1.2.3:{file}")]);
    Ok((serde_json::from_str(&show("record.json"))?, show("events.jsonl")))
}

/// Writes the records into one pack, below folders of one commit, and points refs at the folders.
fn import(sandbox: &Sandbox, repo: &Repo, (record, events): (&Value, &str), count: usize) -> Result<()> {
    let mut git = Command::new("git");
    git.args(["fast-import", "--quiet"]).current_dir(repo.path()).env_clear().envs(sandbox.variables());
    let mut child = git.stdin(Stdio::piped()).spawn()?;
    let mut pipe = BufWriter::new(child.stdin.take().context("a pipe")?);
    writeln!(pipe, "commit refs/heads/records\ncommitter A <a@b> 1771000000 +0000\ndata 0")?;
    for number in 0..count {
        let id = id(number);
        let state = serde_json::to_string_pretty(&moved(record, number))?;
        let events = events.replace("1.2.3", &id);
        for (name, text) in [("record.json", &state), ("events.jsonl", &events)] {
            writeln!(pipe, "M 100644 inline {id}/{name}\ndata {}\n{text}", text.len())?;
        }
    }
    pipe.flush()?;
    drop(pipe);
    ensure!(child.wait()?.success(), "git fast-import failed");
    let script = "git ls-tree -z refs/heads/records | tr '\\0' '\\n' | sed -E \
                  's#^040000 tree ([0-9a-f]+).(.*)#create refs/hotfix/record/\\2 \\1#' | git update-ref --stdin";
    super::shell(sandbox, repo.path(), script)?;
    Ok(())
}

fn id(number: usize) -> String {
    format!("2.0.{number}")
}

/// The state as of another hotfix, whose every time is later.
fn moved(record: &Value, number: usize) -> Value {
    let hours = i64::try_from(number).unwrap_or(0) * APART;
    match record {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => Value::String((time + SignedDuration::from_hours(hours)).to_string()),
            Err(_) => Value::String(text.replace("1.2.3", &id(number))),
        },
        Value::Array(items) => items.iter().map(|item| moved(item, number)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), moved(value, number))).collect())
        }
        other => other.clone(),
    }
}

/// Wall time, and the most memory it had, in KiB; 0 where the system does not say.
fn timed(sandbox: &Sandbox, dir: &Path, program: &Path, format: &str) -> Result<(Duration, u64)> {
    let mut command = Command::new(program);
    command.args(["report", "--format", format]).current_dir(dir).env_clear().envs(sandbox.variables());
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let mut most = 0;
    let status = loop {
        // The peak only grows: what is read shortly before the end is it.
        most = most.max(peak(child.id()));
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let took = began.elapsed();
    ensure!(status.success(), "report --format {format} failed");
    Ok((took, most))
}

fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_its_own_id_and_times() {
        let record = serde_json::json!({ "id": "1.2.3", "at": "2026-03-01T00:00:00Z", "owed": [{ "n": 1 }] });
        let copy = moved(&record, 2);
        assert_eq!(
            copy,
            serde_json::json!({ "id": "2.0.2", "at": "2026-03-01T06:00:00Z", "owed": [{ "n": 1 }] })
        );
    }
}
