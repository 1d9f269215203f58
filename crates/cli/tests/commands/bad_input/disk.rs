//! A disk that is really full: a small file system in memory, for which the tests must run as root.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use hotfix_testkit::Sandbox;

use crate::case::{self, ALERT, Case, SUBJECT};

/// A small file system, taken away again when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` where mounting is not allowed.
    fn mount(at: &Path) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(at).stderr(std::process::Stdio::null());
        let mounted = command.status().is_ok_and(|status| status.success());
        mounted.then(|| Self(at.to_owned()))
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = fs::File::create(self.0.join("filler")).expect("a writable disk");
        let block = [0_u8; 4096];
        while file.write_all(&block).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("the filler");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: something of a failed test may still be running in it.
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let sandbox = Sandbox::new();
    let Some(disk) = Disk::mount(&sandbox.code()) else {
        return case::not_run("a full disk: mounting needs root");
    };
    let case = Case::inside(sandbox, &[]);
    disk.fill();
    assert_full(&case, &["start", ALERT]);
    disk.free();
    case.start();
    case.fix();
    disk.fill();
    assert_full(&case, &["prove", "--", "sh", "tests/test_auth.sh"]);
    assert_full(&case, &["ship", SUBJECT]);
    disk.free();
    let output = case.ship();
    assert_eq!(output.code, 0, "{}", output.stderr);
    case.assert_untouched();
    case.assert_sound();
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "refs/heads/hotfix/1.2.3");
    drop(disk);
}

#[track_caller]
fn assert_full(case: &Case, args: &[&str]) {
    let output = case.hotfix().run(args);
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    assert!([3, 5].contains(&output.code), "{args:?}: {}\n{}", output.code, output.stderr);
    assert!(output.stderr.contains("No space left on device"), "{args:?}: {}", output.stderr);
    assert!(output.stderr.contains("\n  next: "), "{args:?}: {}", output.stderr);
    let changed = case.repo.git(["stash", "list"]);
    assert_eq!(changed.lines().count(), 1);
}
