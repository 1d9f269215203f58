//! Runs a child, reads its output while it runs, and shows that it lives.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// After so long without a printed line, one is printed.
const QUIET: Duration = Duration::from_secs(20);

/// Runs a child whose both streams, merged in order, are given line by line to `take`; what that returns is printed.
/// Gives whether the child ended with code 0.
pub fn stream(mut command: Command, mut take: impl FnMut(&str) -> Option<String>) -> Result<bool> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("`{name}` cannot be started"))?;
    // The command holds our copies of the pipe's writing end; only the child may keep it open.
    drop(command);
    let (sender, lines) = channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let (mut printed, mut last) = (Instant::now(), String::new());
    loop {
        match lines.recv_timeout(QUIET.saturating_sub(printed.elapsed())) {
            Ok(line) => {
                if let Some(text) = take(&line) {
                    println!("{text}");
                    printed = Instant::now();
                }
                last = line;
            }
            Err(RecvTimeoutError::Timeout) => {
                println!("   … {}", last.trim());
                printed = Instant::now();
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(child.wait()?.success())
}

/// Runs a child that says nothing unless it fails; then all it said is printed.
pub fn quiet(command: Command) -> Result<()> {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let words = words.join(std::ffi::OsStr::new(" ")).to_string_lossy().into_owned();
    let mut said = Vec::new();
    let success = stream(command, |line| {
        said.push(line.to_owned());
        None
    })?;
    if !success {
        println!("{}", said.join("\n"));
        bail!("`{words}` failed");
    }
    Ok(())
}
