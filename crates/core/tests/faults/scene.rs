//! A small project with a remote and a hotfix that was just started.

use std::ffi::OsStr;
use std::path::PathBuf;

use hotfix_core::env::Environment;
use hotfix_core::error::Error;
use hotfix_model::output::ShipOutput;
use hotfix_model::{Proof, TestReport};
use hotfix_testkit::{Repo, Responder, Sandbox, tools};

/// The project's main worktree, and the slot to edit in.
pub struct Scene {
    pub sandbox: Sandbox,
    pub main: Repo,
    pub slot: Repo,
    settings: Vec<(String, String)>,
}

impl Scene {
    /// Puts a project on main and starts a hotfix.
    pub fn start(sandbox: Sandbox, files: &[(&str, &str)]) -> Self {
        Self::start_with(sandbox, files, |_| {})
    }

    /// Starts a hotfix after `prepare` has changed the main worktree.
    pub fn start_with(sandbox: Sandbox, files: &[(&str, &str)], prepare: impl FnOnce(&Repo)) -> Self {
        let bytes: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        let main = sandbox.repo_with_remote(&bytes);
        prepare(&main);
        let slot = {
            let responder = Responder::at(&sandbox, main.path());
            responder.trust();
            responder.start("Customers are charged the wrong amount");
            responder.slot()
        };
        Self { sandbox, main, slot, settings: Vec::new() }
    }

    /// Types `--set key=value` with every command from now on.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.push((key.to_owned(), value.to_owned()));
    }

    pub fn responder(&self) -> Responder<'_> {
        let responder = Responder::at(&self.sandbox, self.main.path());
        self.settings.iter().fold(responder, |responder, (key, value)| responder.with(key, value))
    }

    /// Writes a file of the change.
    pub fn write(&self, path: &str, text: &str) {
        self.slot.write(path, text);
    }

    /// Adds lines at the end of a file.
    pub fn append(&self, path: &str, text: &str) {
        self.write(path, &(self.slot.read(path) + text));
    }

    /// Replaces what stands in a file.
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let before = self.slot.read(path);
        assert!(before.contains(old), "{old:?} in {path}");
        self.write(path, &before.replace(old, new));
    }

    /// A path outside of every worktree, as text.
    pub fn outside(&self, name: &str) -> String {
        outside(&self.sandbox, name)
    }

    /// How many lines a file outside holds.
    pub fn lines(&self, name: &str) -> usize {
        std::fs::read_to_string(self.outside(name)).unwrap_or_default().lines().count()
    }

    /// Makes a file outside, as a service that came up would.
    pub fn touch(&self, name: &str) {
        std::fs::write(self.outside(name), "").unwrap();
    }

    /// Removes it again.
    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.outside(name)).unwrap();
    }

    pub fn prove(&self, command: &[&str]) -> Proof {
        self.responder().prove(command)
    }

    pub fn test(&self) -> TestReport {
        self.responder().test()
    }

    /// Ships, which must succeed.
    pub fn ship(&self) -> ShipOutput {
        self.responder().ship("charge the right amount")
    }

    /// Ships, which a gate must stop; gives what was found, and the error.
    pub fn ship_in_vain(&self) -> (ShipOutput, Error) {
        let shipped = self.responder().try_ship("charge the right amount", &[]).map(|_| ());
        let stopped = shipped.unwrap_err();
        let output = stopped.output.unwrap_or_else(|| panic!("{:?}", stopped.error));
        (*output, stopped.error)
    }

    /// Whether anything of the hotfix is on the remote.
    pub fn is_pushed(&self) -> bool {
        self.main.bare().refs("refs/heads").contains("hotfix/")
    }
}

/// A path outside of every worktree of a sandbox, as text.
pub fn outside(sandbox: &Sandbox, name: &str) -> String {
    sandbox.root().join(name).to_str().unwrap().to_owned()
}

/// The text of the merge request.
pub fn description(output: &ShipOutput) -> &str {
    &output.merge_request.as_ref().expect("a merge request").description
}

/// Cargo on the `PATH` of a sandbox: what `cargo` names may be a shim that needs the user's own home.
pub fn with_cargo() -> Sandbox {
    let sandbox = Sandbox::new();
    let process = Environment::of_process().unwrap();
    for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let home = PathBuf::from(process.get("HOME").unwrap_or_default()).join(folder);
        sandbox.env_set(name, process.get(name).map_or(home, PathBuf::from));
    }
    sandbox.env_set("CARGO_NET_OFFLINE", "true");
    let cargo = tools::folder_of("cargo").unwrap();
    let path = sandbox.variables().remove(OsStr::new("PATH")).unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([cargo]);
    sandbox.env_set("PATH", std::env::join_paths(folders).unwrap());
    sandbox
}

/// Makes the folder the root of pytest's tests.
pub const PYTEST: (&str, &str) = ("pytest.ini", "[pytest]\n");
pub const IGNORED: (&str, &str) = (".gitignore", "__pycache__/\n.pytest_cache/\nnode_modules\ntarget\n");
