//! Programs that tests write and have started: hooks, fake tools.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program, with the folders above it. What does not say who reads it (`#!…`) is a shell script.
///
/// Another process writes it. While this one had it open, a program that another test is just starting would have it
/// open too, and nobody can start what is open for writing (`ETXTBSY`).
pub fn write_program(path: impl AsRef<Path>, script: impl AsRef<str>) {
    let (path, script) = (path.as_ref(), script.as_ref());
    fs::create_dir_all(path.parent().unwrap_or(path)).expect("a writable folder");
    let reader = if script.starts_with("#!") { "" } else { "#!/bin/sh\n" };
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", r#"rm -f "$1"; cat > "$1" && chmod 755 "$1""#, "sh"])
        .arg(path)
        .env("PATH", "/usr/bin:/bin");
    let mut writer = shell.stdin(Stdio::piped()).spawn().expect("a shell");
    let text = format!("{reader}{}\n", script.trim_end());
    let mut input = writer.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("a shell that reads");
    drop(input);
    assert!(writer.wait().expect("a shell").success(), "{} is not written", path.display());
}
