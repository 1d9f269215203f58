//! Types commands as a user would, and keeps what they print.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use hotfix_testkit::{Repo, Sandbox};
use jiff::Timestamp;

use super::steady::Steady;

/// What was typed and printed, by name.
#[derive(Default)]
pub struct Shots(BTreeMap<String, String>);

/// A hermetic machine with the auth service on it, in the middle of somebody's work.
pub struct Stage {
    scene: String,
    sandbox: Sandbox,
    /// The user's repository.
    pub project: Repo,
    dir: PathBuf,
    steady: Steady,
}

impl Shots {
    /// Remembers one.
    pub fn keep(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.to_owned());
    }

    /// Takes those of another scene.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The text of one.
    pub fn get(&self, name: &str) -> Result<&str> {
        self.0.get(name).map(String::as_str).with_context(|| format!("no scene types `{name}`"))
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Stage {
    /// A fresh machine. Shots are named by what is typed, with `scene: ` in front unless the scene has no name.
    pub fn new(scene: &str, program: &Path) -> Self {
        let sandbox = Sandbox::with_python();
        let project = sandbox.project();
        // Puts the program on the PATH, where Git finds it.
        let _ = sandbox.binary(program, project.path());
        let dir = project.path().to_owned();
        let steady = Steady::new(sandbox.root(), Timestamp::now());
        Self { scene: scene.to_owned(), sandbox, project, dir, steady }
    }

    /// Changes into the slot of the first hotfix.
    pub fn enter_slot(&mut self) -> &mut Self {
        self.dir = self.sandbox.code().join("project-hotfix");
        self
    }

    /// Changes back into the main worktree.
    pub fn enter_project(&mut self) -> &mut Self {
        self.project.path().clone_into(&mut self.dir);
        self
    }

    /// Writes a file in the current folder.
    pub fn write(&mut self, path: &str, text: &str) -> Result<&mut Self> {
        fs::write(self.dir.join(path), text).with_context(|| path.to_owned())?;
        Ok(self)
    }

    /// Types a line whose output no page shows; it must end with this code.
    pub fn quietly(&mut self, line: &str, code: i32) -> Result<&mut Self> {
        self.run(line, code)?;
        Ok(self)
    }

    /// Types a line and keeps what the screen shows at its end; it must end with this code.
    pub fn shot(&mut self, shots: &mut Shots, line: &str, code: i32) -> Result<&mut Self> {
        let printed = self.run(line, code)?;
        let name = if self.scene.is_empty() { line.to_owned() } else { format!("{}: {line}", self.scene) };
        shots.keep(&name, format!("$ {line}\n{printed}").trim_end());
        Ok(self)
    }

    fn run(&self, line: &str, code: i32) -> Result<String> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).current_dir(&self.dir).stdin(Stdio::null());
        let output = shell.env_clear().envs(self.sandbox.variables()).output()?;
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let ended = output.status.code();
        ensure!(ended == Some(code), "`{line}` ended with {ended:?}, not {code}:\n{stderr}{stdout}");
        if line.contains("--json") {
            return Ok(self.steady.text(&pretty(&stdout)));
        }
        Ok(self.steady.text(&in_order(&stderr, &pretty(&stdout))))
    }
}

/// Both streams as they come on a screen: progress is over before the answer is printed, and an error comes last.
fn in_order(stderr: &str, stdout: &str) -> String {
    let mut begins = stderr.match_indices("error: ").map(|(at, _)| at);
    let error = begins.find(|at| *at == 0 || stderr[..*at].ends_with('\n'));
    let (progress, error) = stderr.split_at(error.unwrap_or(stderr.len()));
    let answer = stdout.trim_end();
    let newline = if answer.is_empty() { "" } else { "\n" };
    format!("{}{answer}{newline}{error}", on_screen(progress))
}

/// What a terminal shows once all is done: a live line that said what began is gone, the line that says how it ended
/// stays. Without a terminal both are printed.
fn on_screen(stderr: &str) -> String {
    let began = |line: &&str| {
        let words = line.strip_prefix("  ").and_then(|line| line.split_once(' '));
        let step =
            words.is_some_and(|(word, _)| hotfix_model::Step::ALL.iter().any(|step| step.word() == word));
        step && !line.ends_with(" s)")
    };
    stderr.lines().filter(|line| !began(line)).fold(String::new(), |text, line| text + line + "\n")
}

/// JSON as people read it; anything else as it is.
fn pretty(stdout: &str) -> String {
    let json = serde_json::from_str::<serde_json::Value>(stdout).ok().filter(|json| !json.is_null());
    json.and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or_else(|| stdout.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_after_the_answer() {
        let stderr = "✗ test      no error: none (0.1 s)\nerror: it fails\n  why: because\n";
        assert_eq!(
            in_order(stderr, "FAILED a\n"),
            "✗ test      no error: none (0.1 s)\nFAILED a\nerror: it fails\n  why: because\n"
        );
        assert_eq!(in_order("", "a\n"), "a\n");
        assert_eq!(in_order("error: x\n", ""), "error: x\n");
    }

    #[test]
    fn lines_that_a_terminal_takes_away_again_are_not_shown() {
        let printed = "  test      2 of 2 test files\n✓ test      5 tests passed (1.4 s)\n  check     no linter applies (0.1 s)\n  note      x\n";
        assert_eq!(
            on_screen(printed),
            "✓ test      5 tests passed (1.4 s)\n  check     no linter applies (0.1 s)\n  note      x\n"
        );
    }
}
