//! `git hotfix demo`: plays the flow with whatever the machine has, and leaves nothing but what it is asked to leave.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a test reads the time and fails by panicking; helpers outside #[test] need it said"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use hotfix_testkit::{Output, Sandbox};
use rustix::process::Signal;
use serde_json::Value;

/// What a demo may take (its issue says under 15 seconds), with room for a machine that does other things as well.
const LIMIT: Duration = Duration::from_secs(45);

/// A sandbox whose temporary folder is its own, so that leftovers are seen.
struct Stand {
    sandbox: Sandbox,
    temporary: PathBuf,
}

impl Stand {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let temporary = sandbox.root().join("temporary");
        fs::create_dir(&temporary).expect("a writable sandbox");
        sandbox.env_set("TMPDIR", &temporary);
        Self { sandbox, temporary }
    }

    /// One without anything but Git and a shell.
    fn bare() -> Self {
        let stand = Self::new();
        stand.sandbox.only_programs(&["git", "sh"]);
        stand
    }

    fn demo(&self, args: &[&str]) -> Output {
        let began = Instant::now();
        let binary = self.sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), self.sandbox.code());
        let output = binary.must([&["demo"], args].concat());
        assert!(began.elapsed() < LIMIT, "took {:?}", began.elapsed());
        output
    }

    /// A Git that first does something else.
    fn fake_git(&self, first: &str) {
        let real = self.sandbox.root().join("only/git").canonicalize().expect("Git");
        self.sandbox.fake_tool("real-git", &format!("exec '{}' \"$@\"", real.display()));
        self.sandbox.fake_tool("git", &format!("{first}\nexec real-git \"$@\""));
    }

    fn leftovers(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.temporary).expect("a readable sandbox");
        entries.map(|entry| entry.expect("a readable sandbox").path()).collect()
    }
}

/// Every file below a folder with its content.
fn listing(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable sandbox") {
            let path = entry.expect("a readable sandbox").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

fn commands(output: &Value) -> Vec<&str> {
    let steps = output["steps"].as_array().expect("a list");
    assert!(steps.iter().all(|step| step["exit"] == 0), "{steps:?}");
    steps.iter().filter_map(|step| step["command"].as_str()).collect()
}

/// What Git itself says about what a demo left.
#[track_caller]
fn assert_delivered(stand: &Stand, output: &Value, test: &str) {
    let kept = Path::new(output["kept"].as_str().expect("a folder"));
    let remote = stand.sandbox.repo_at(kept.join("origin.git"));
    let refs = remote.git(["for-each-ref", "--format=%(refname)"]);
    assert_eq!(
        refs.lines().collect::<Vec<_>>(),
        ["refs/heads/hotfix/1.2.3", "refs/heads/main", "refs/hotfix/record/1.2.3", "refs/tags/v1.2.2"]
    );
    let subjects = remote.git(["log", "--format=%s|%an <%ae>", "main..hotfix/1.2.3"]);
    assert_eq!(subjects, "fix: auth token validation|Demo Responder <demo@example.com>");
    let changed = remote.git(["diff", "--name-only", "main", "hotfix/1.2.3"]);
    assert!(changed.lines().any(|path| path == test), "{changed}");
    let record = remote.git(["cat-file", "-p", "refs/hotfix/record/1.2.3:record.json"]);
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_eq!(record["proof"]["verdict"], "proven");
    assert_eq!(record["test"]["verdict"], "passed");
    let findings = record["check"]["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "the style slip, and nothing else: {findings:?}");

    let main = stand.sandbox.repo_at(kept.join("auth"));
    assert_eq!(main.git(["symbolic-ref", "HEAD"]), "refs/heads/feature/avatars");
    let status = main.git(["status", "--porcelain"]);
    let marks: Vec<&str> = status.lines().filter_map(|line| line.get(..2)).collect();
    assert_eq!(marks, ["A ", " M", "??"], "{status}");
    assert_eq!(main.git(["stash", "list"]).lines().count(), 1);
}

#[track_caller]
fn assert_says_it_all(output: &Value) {
    assert_eq!(output["id"], "1.2.3");
    assert_eq!(output["untouched"], true);
    let compared = output["compared"].as_array().expect("a list");
    assert_eq!(compared.len(), 7);
    assert!(compared.iter().all(|part| part["before"] == part["after"]));
    assert_eq!(output["merge_request"]["title"], "fix: auth token validation");
    assert!(output["by_hand"].as_array().is_some_and(|by_hand| by_hand.len() >= 7));
    let commands = commands(output);
    for command in ["git hotfix start \"Production down! Auth failing\"", "git hotfix log 1.2.3"] {
        assert!(commands.contains(&command), "{commands:?}");
    }
}

#[test]
fn with_python_it_plays_the_flow_and_leaves_it_to_explore() {
    hotfix_testkit::tools::python_bin();
    let stand = Stand::new();
    let home = listing(&stand.sandbox.home());
    let output = stand.demo(&["--keep", "--json"]).json();
    assert_eq!(output["language"], "python");
    assert_says_it_all(&output);
    assert_delivered(&stand, &output, "tests/test_auth.py");
    assert_eq!(listing(&stand.sandbox.home()), home, "the user's home was touched");
}

#[test]
fn without_anything_but_git_and_a_shell_it_plays_the_same() {
    let stand = Stand::bare();
    let home = listing(&stand.sandbox.home());
    let output = stand.demo(&["--keep", "--json"]).json();
    assert_eq!(output["language"], "shell");
    assert_says_it_all(&output);
    assert_delivered(&stand, &output, "tests/test_auth.sh");
    assert_eq!(listing(&stand.sandbox.home()), home, "the user's home was touched");
}

#[test]
fn what_is_played_is_shown_with_what_it_printed_and_nothing_is_left() {
    let stand = Stand::bare();
    let output = stand.demo(&[]);
    let shown = &output.stderr;
    let places = [
        "\n$ git hotfix start \"Production down! Auth failing\"\n",
        "hotfix/1.2.3 in ",
        "\n$ git hotfix ship \"auth token validation\"\n",
        "proven: red on base",
        "## Proven: red on base, green with the fix",
        "\n$ git hotfix log 1.2.3\n",
        "\n$ git hotfix owed\n",
    ]
    .map(|text| shown.find(text).unwrap_or_else(|| panic!("no {text:?} in:\n{shown}")));
    assert!(places.is_sorted(), "the order is wrong: {places:?}\n{shown}");
    assert_eq!(output.stdout.matches(" untouched\n").count(), 7, "{}", output.stdout);
    assert!(output.stdout.contains("9 commands by hand, 2 with git hotfix"), "{}", output.stdout);
    assert!(!shown.contains("\n\n\n"), "two blank lines in a row:\n{shown}");
    assert_eq!(stand.leftovers(), Vec::<PathBuf>::new());
    assert_eq!(listing(&stand.sandbox.code()), BTreeMap::new(), "the current folder was written to");
}

#[test]
fn with_quiet_and_json_there_is_one_object_and_nothing_else() {
    let stand = Stand::bare();
    let output = stand.demo(&["--quiet", "--json"]);
    assert_eq!(output.stderr, "");
    assert_eq!(output.json().get("kept"), None);
    let schema = schemars::schema_for!(hotfix_model::output::DemoOutput).to_value();
    let wrong = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> = wrong.iter_errors(&output.json()).map(|error| error.to_string()).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_surrounds_it_does_not_lead_it_out_of_its_folder() {
    let stand = Stand::bare();
    let other = stand.sandbox.empty_repo();
    let before = listing(&stand.sandbox.code());
    stand.sandbox.env_set("GIT_DIR", other.path().join(".git"));
    stand.sandbox.env_set("GIT_WORK_TREE", other.path());
    stand.sandbox.env_set("GIT_INDEX_FILE", other.path().join("index"));
    stand.sandbox.env_set("HOTFIX_CD_FILE", other.path().join("cd"));
    stand.demo(&["--quiet"]);
    assert_eq!(listing(&stand.sandbox.code()), before);
}

#[test]
fn stopped_in_the_middle_it_leaves_nothing() {
    let stand = Stand::bare();
    let binary = stand.sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), stand.sandbox.code());
    let running = binary.start(["demo", "--quiet"]);
    let began = Instant::now();
    let in_the_middle = || {
        let folder = stand.leftovers().pop();
        folder.is_some_and(|folder| folder.join("auth-hotfix").exists())
    };
    while !in_the_middle() {
        assert!(began.elapsed() < LIMIT, "it never began");
        thread::sleep(Duration::from_millis(2));
    }
    running.signal(Signal::INT);
    let output = running.wait();
    assert_eq!(output.code, 130, "{}{}", output.stdout, output.stderr);
    assert_eq!(stand.leftovers(), Vec::<PathBuf>::new());
}

#[test]
fn a_command_that_fails_is_named_and_nothing_is_left() {
    let stand = Stand::bare();
    stand.fake_git("case $1 in stash) echo 'no stash today' >&2; exit 7 ;; esac");
    let binary = stand.sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), stand.sandbox.code());
    let output = binary.run(["demo", "--quiet"]);
    assert_eq!(output.code, 7, "{}", output.stderr);
    assert!(
        output.stderr.contains("git stash push") && output.stderr.contains("no stash today"),
        "{}",
        output.stderr
    );
    assert_eq!(stand.leftovers(), Vec::<PathBuf>::new());
}

#[test]
fn every_touch_of_the_work_in_progress_is_an_error() {
    let stand = Stand::bare();
    let touch = "\
if [ \"$1 $2\" = 'hotfix owed' ]; then
    echo more >>notes.txt
    real-git add notes.txt
    real-git stash drop --quiet
    real-git tag other
    real-git config user.name Other
    real-git commit --quiet --message other
    real-git symbolic-ref HEAD refs/heads/main
fi";
    stand.fake_git(touch);
    let binary = stand.sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), stand.sandbox.code());
    let output = binary.run(["demo", "--quiet"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    let named = "work in progress was touched: 9 files, index, HEAD, refs, reflogs, stash, config\n";
    assert!(output.stderr.contains(named), "{}", output.stderr);
    assert_eq!(stand.leftovers(), Vec::<PathBuf>::new());
}
