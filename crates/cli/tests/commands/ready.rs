//! `ready` from the outside: its exit codes, its silence, a disk that is really full, and the files it prints.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use hotfix_testkit::{Sandbox, write_program};

use crate::case::{self, Case};

#[test]
fn warnings_do_not_count_and_quiet_says_nothing() {
    let case = Case::new();
    let output = case.hotfix().run(["ready"]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("! slot "), "{}", output.stdout);
    let quiet = case.hotfix().run(["ready", "--fix", "--quiet"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (0, "", ""));
    assert!(case.slot().is_dir());
    case.assert_untouched();
}

#[test]
fn what_is_missing_is_said_even_when_quiet() {
    let case = Case::new();
    fs::rename(case.repo.bare().path(), case.sandbox.code().join("away.git")).expect("a bare remote");
    let output = case.hotfix().run(["ready", "--quiet"]);
    assert_eq!(output.code, 3);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", output.stdout);
    assert!(lines[0].starts_with("✗ remote ") && lines[2].starts_with("✗ push "), "{}", output.stdout);
    case.assert_untouched();
}

/// A small file system, taken away again when dropped.
struct Disk<'a>(&'a Path);

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0).status().ok();
    }
}

#[test]
fn a_full_disk_is_named() {
    let sandbox = Sandbox::new();
    let code = sandbox.code();
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(&code).stderr(Stdio::null());
    if !mount.status().is_ok_and(|status| status.success()) {
        return case::not_run("a full disk: mounting needs root");
    }
    let _disk = Disk(&code);
    let case = Case::inside(sandbox, &[]);
    let output = case.hotfix().run(["ready", "--json"]);
    assert_eq!(output.code, 3, "{}{}", output.stdout, output.stderr);
    let lines = output.json()["lines"].as_array().expect("lines").clone();
    let missing: Vec<_> = lines.iter().filter(|line| line["state"] == "missing").collect();
    assert_eq!(missing.len(), 1, "{missing:#?}");
    assert_eq!(missing[0]["name"], "disk");
    assert!(missing[0]["found"].as_str().expect("text").starts_with("only 1"), "{missing:#?}");
}

#[test]
fn the_hook_it_prints_works_and_leaves_the_user_alone() {
    let case = Case::new();
    let files = case.hotfix().must(["ready", "--schedule", "hook", "--json"]).json()["files"].clone();
    let path = files[0]["path"].as_str().expect("a path").to_owned();
    // In the foreground, so that the test need not wait for it.
    let content = files[0]["content"].as_str().expect("text").replace(" &\n", "\n");
    write_program(&path, content);
    case.repo.git(["merge", "--quiet", "--no-edit", "main"]);
    let ran = case.repo.git(["hook", "run", "post-merge"]);
    assert_eq!(ran, "");
    assert!(case.slot().is_dir(), "the hook made the slot");
}
