//! A project on main, a hotfix that was started, and somebody who edits and asks.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hotfix_core::flow::test;
use hotfix_testkit::responder::prove_with;
use hotfix_testkit::{Repo, Responder, Sandbox};

use crate::cases::Said;

/// A file of a project: its path and its text.
pub type File = (&'static str, &'static str);

/// A slot to edit in. The sandbox stays as long as this does.
pub struct Bench {
    sandbox: Sandbox,
    main: PathBuf,
    slot: Repo,
    service: Option<Service>,
}

impl Bench {
    /// Puts a project on main, with a remote, and starts a hotfix.
    pub fn start(sandbox: Sandbox, files: &[(&str, &str)]) -> Self {
        Self::start_with(sandbox, files, |_| {})
    }

    /// The same, when something was done in the main worktree that is not committed.
    pub fn start_with(sandbox: Sandbox, files: &[(&str, &str)], prepare: impl FnOnce(&Repo)) -> Self {
        let bytes: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        let main = sandbox.repo_with_remote(&bytes);
        prepare(&main);
        let main = main.path().to_owned();
        let slot = {
            let responder = Responder::at(&sandbox, &main);
            responder.start("Customers are charged the wrong amount");
            responder.slot()
        };
        Self { sandbox, main, slot, service: None }
    }

    /// Writes a file of the change.
    pub fn write(&self, path: &str, text: &str) {
        self.slot.write(path, text);
    }

    /// Adds lines at the end of a file.
    pub fn append(&self, path: &str, text: &str) {
        self.write(path, &(self.slot.read(path) + text));
    }

    /// Replaces what stands exactly once in a file.
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let before = self.slot.read(path);
        assert_eq!(before.matches(old).count(), 1, "{old:?} in {path}");
        self.write(path, &before.replace(old, new));
    }

    /// A file in the slot.
    pub fn file(&self, path: &str) -> PathBuf {
        self.slot.file(path)
    }

    /// A service on a socket gives this answer to every line: at once, or after the first time that `failure` was
    /// written by somebody who could not reach it.
    pub fn serve(&mut self, socket: &Path, answer: &'static str, failure: Option<PathBuf>) {
        self.service = Some(Service::begin(socket.to_owned(), answer, failure));
    }

    /// `git hotfix ship`
    pub fn ship(&self) -> Said {
        let shipped = Responder::at(&self.sandbox, &self.main).try_ship("charge the right amount", &[]);
        match shipped {
            Ok(output) => Said::by_ship(Some(&output), None),
            Err(stopped) => Said::by_ship(stopped.output.as_deref(), Some(format!("{:?}", stopped.error))),
        }
    }

    /// `git hotfix prove -- COMMAND`, or without a command; then `git hotfix test`. One after the other, where the
    /// world changes between the runs of the proof and the gate must not be what sees it first.
    pub fn prove_then_test(&self, command: &[&str]) -> Said {
        let responder = Responder::at(&self.sandbox, &self.main);
        let proof = responder.try_prove(&prove_with(command)).map_err(|error| format!("{error:?}"));
        let gate = responder.try_test(&test::Request::default()).map_err(|error| format!("{error:?}"));
        Said::by_steps(proof, gate)
    }
}

/// A service on a Unix socket; ends when dropped.
struct Service {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    fn begin(socket: PathBuf, answer: &'static str, failure: Option<PathBuf>) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let bind = |socket: &Path| UnixListener::bind(socket).unwrap();
        // What is bound and closed again refuses connections, as a service does that is down.
        let ready = match &failure {
            None => Some(bind(&socket)),
            Some(_) => {
                drop(bind(&socket));
                None
            }
        };
        let thread = thread::spawn(move || {
            let listener = ready.unwrap_or_else(|| {
                let failure = failure.unwrap();
                while !failure.exists() && !end.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
                std::fs::remove_file(&socket).unwrap();
                bind(&socket)
            });
            listener.set_nonblocking(true).unwrap();
            while !end.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((mut stream, _)) => {
                        stream.set_nonblocking(false).unwrap();
                        let mut line = String::new();
                        // Whoever hangs up early gets no answer.
                        let _ = BufReader::new(&stream).read_line(&mut line);
                        let _ = writeln!(stream, "{answer}");
                    }
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Self { ended, thread: Some(thread) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
