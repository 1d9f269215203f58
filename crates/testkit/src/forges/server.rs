//! A server that ends with the test program, however that ends.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Wire;

/// How long a server may take until it answers. Far more than any needs on a busy machine.
const LIMIT: Duration = Duration::from_mins(4);
const TICK: Duration = Duration::from_millis(50);

/// A shell that keeps the server: when its input closes, because the test program dropped this or has died, it ends the
/// server with all its children and removes the folder.
const KEEPER: &str = r#"
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
read -r _
kill -KILL "$server" 2>/dev/null
wait
rm -rf "$folder"
kill -KILL 0
"#;

/// A running server and its folder, both gone when dropped.
pub(super) struct Server {
    keeper: Child,
    wire: Wire,
}

/// A folder that a server will own.
pub(super) fn folder(name: &str) -> PathBuf {
    let builder = tempfile::Builder::new().prefix(&format!("hotfix-{name}-")).tempdir();
    builder.expect("a temporary folder").keep()
}

/// Leaves nothing of the user's surroundings but the search path.
pub(super) fn surround(command: &mut Command, folder: &Path) {
    let path = env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", folder).env("LC_ALL", "C");
}

/// A port of loopback that nobody uses.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("a port").port()
}

impl Server {
    /// Starts it, and waits until `ready` answers with a success.
    pub fn start(command: &Command, folder: &Path, port: u16, ready: &str) -> Self {
        let mut shell = Command::new("/bin/sh");
        // A group of its own: an interrupt is for the test program, and what the server leaves behind is ended with it.
        shell.process_group(0);
        shell.args(["-c", KEEPER, "sh"]).arg(folder).arg(command.get_program()).args(command.get_args());
        surround(&mut shell, folder);
        // Whatever the test program was told to do with its output must not wait for a server.
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let keeper = shell.spawn().expect("a shell");
        let server = Self { keeper, wire: Wire::to(port) };
        server.wait(ready, &folder.join("log"));
        server
    }

    /// Requests to it.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    fn wait(&self, ready: &str, log: &Path) {
        let began = Instant::now();
        while !self.wire.answers(ready) {
            let said = || fs::read_to_string(log).unwrap_or_default();
            assert!(began.elapsed() < LIMIT, "the server did not answer:\n{}", said());
            thread::sleep(TICK);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}

/// Runs a command of a server to its end; gives what it printed.
pub(super) fn run(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("an installed server");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Only one of several test programs may start a slow server at a time.
pub(super) fn alone(home: &Path) -> File {
    let lock = File::create(home.join("starting")).expect("a writable folder of tools");
    lock.lock().expect("a lock");
    lock
}
