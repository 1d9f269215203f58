//! lock: whoever lets go has let go, whatever the rest of the program is starting at that moment.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use hotfix_core::lock::FileLock;

#[test]
#[expect(clippy::disallowed_methods, reason = "as many programs as can be, started as fast as can be")]
fn neither_a_look_nor_a_lock_lives_on_in_a_program_that_is_just_being_started() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1.lock");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    assert!(Command::new("true").status().unwrap().success());
                }
            });
        }
        let rounds = (0..2_000).map(|_| {
            let lock = FileLock::try_take(&path).unwrap();
            let taken = FileLock::is_taken(&path);
            let had = lock.is_some();
            drop(lock);
            (had, taken, FileLock::is_taken(&path))
        });
        let rounds: Vec<_> = rounds.collect();
        over.store(true, Ordering::Relaxed);
        assert!(rounds.iter().all(|round| *round == (true, true, false)));
    });
}

#[test]
fn a_file_that_is_not_there_is_nobodys_and_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1.lock");
    assert!(!FileLock::is_taken(&path) && !path.exists());
}
