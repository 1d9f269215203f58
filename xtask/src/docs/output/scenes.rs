//! What is typed for the manual.

use std::path::Path;
use std::thread::{self, ScopedJoinHandle};

use anyhow::{Result, anyhow};
use hotfix_testkit::auth::{FIXED_SOURCE, SOURCE, TESTS_WITH_NEW};

use super::after;
use super::stage::{Shots, Stage};

const ALERT: &str = "git hotfix start \"Production down! Auth failing\"";
const SHIP: &str = "git hotfix ship \"auth token validation\"";

/// The fix with an import that nothing uses.
const UNTIDY: &str = "import os\nimport time";
/// A fix that lets nobody in any more.
const BROKEN: (&str, &str) = ("int(expires) <= now", "int(expires) > 0");

/// One scene, played with this program.
type Scene = fn(&Path, &mut Shots) -> Result<()>;

const SCENES: &[Scene] = &[
    story,
    steps,
    not_red,
    failing,
    refused,
    secret,
    given_up,
    skipped,
    reviewed,
    several,
    settings,
    ready,
    not_ready,
    after::postmortem,
    after::incident,
];

/// How many are played at once: they mostly wait for tests and linters.
const AT_ONCE: usize = 3;

/// Plays all scenes; each on a machine of its own.
pub fn all(program: &Path) -> Result<Shots> {
    let mut shots = Shots::default();
    for scenes in SCENES.chunks(AT_ONCE) {
        let played: Vec<_> = thread::scope(|scope| {
            let begin = |scene: &Scene| {
                scope.spawn({
                    let scene = *scene;
                    move || play(scene, program)
                })
            };
            let playing: Vec<_> = scenes.iter().map(begin).collect();
            playing.into_iter().map(ScopedJoinHandle::join).collect()
        });
        for shots_of_scene in played {
            shots.extend(shots_of_scene.map_err(|_| anyhow!("a scene panicked"))??);
        }
    }
    Ok(shots)
}

fn play(scene: Scene, program: &Path) -> Result<Shots> {
    let mut shots = Shots::default();
    scene(program, &mut shots)?;
    Ok(shots)
}

/// The tour: two commands and what one looks at between and afterwards.
fn story(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("", program);
    stage.shot(shots, ALERT, 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    stage.shot(shots, "git hotfix prove", 0)?;
    stage.write("src/auth.py", FIXED_SOURCE)?;
    stage.shot(shots, "git hotfix status", 0)?;
    stage.shot(shots, "git hotfix ship --dry-run \"auth token validation\"", 0)?;
    stage.shot(shots, SHIP, 0)?;
    stage.enter_project();
    stage.shot(shots, "git status --short", 0)?;
    stage.shot(shots, "cat .git/hotfix/runs/1.2.3/merge-request.md", 0)?;
    stage.shot(shots, "git hotfix owed", 0)?;
    stage.shot(shots, "git hotfix log", 0)?;
    stage.shot(shots, "git hotfix list --all", 0)?;
    stage.shot(shots, "git hotfix follow-up --json", 0)?;
    Ok(())
}

/// The same flow, one step at a time, and then back again.
fn steps(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("steps", program);
    stage.shot(shots, &format!("{ALERT} --json"), 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    stage.write("src/auth.py", &FIXED_SOURCE.replace("import time", UNTIDY))?;
    stage.shot(shots, "git hotfix prove", 0)?;
    stage.shot(shots, "git hotfix check", 0)?;
    stage.write("src/auth.py", FIXED_SOURCE)?;
    stage.shot(shots, "git hotfix check --json", 0)?;
    stage.shot(shots, "git hotfix test --dry-run", 0)?;
    stage.shot(shots, "git hotfix test --explain", 0)?;
    stage.shot(shots, "git hotfix test", 0)?;
    stage.shot(shots, "git hotfix test --json", 0)?;
    stage.shot(shots, "git hotfix commit -m \"auth token validation\"", 0)?;
    stage.shot(shots, "git log -1", 0)?;
    stage.shot(shots, "git hotfix submit --dry-run", 0)?;
    stage.shot(shots, "git hotfix submit", 0)?;
    stage.shot(shots, "git hotfix cleanup", 0)?;
    stage.enter_project().shot(shots, "git hotfix undo", 0)?;
    stage.quietly("git hotfix cleanup", 0)?;
    stage.shot(shots, "git hotfix resume 1.2.3", 0)?;
    Ok(())
}

/// What comes after a hotfix is out.
fn reviewed(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("reviewed", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    stage.write("src/auth.py", FIXED_SOURCE)?;
    stage.quietly(SHIP, 0)?;
    stage.enter_project();
    stage.shot(shots, "git hotfix proof show", 0)?;
    stage.shot(shots, "git hotfix proof verify", 0)?;
    stage.shot(shots, "git hotfix review --approve", 4)?;
    Ok(())
}

fn not_red(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("not red", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot();
    stage.shot(shots, "git hotfix ship", 2)?;
    stage
        .write("tests/test_auth.py", &TESTS_WITH_NEW.replace("now=1060) is None", "now=1030) == \"ada\""))?;
    stage.shot(shots, "git hotfix prove", 1)?;
    stage.shot(shots, "git hotfix prove --waive \"needs the production load balancer\"", 0)?;
    Ok(())
}

fn failing(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("failing", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    stage.write("src/auth.py", &FIXED_SOURCE.replace(BROKEN.0, BROKEN.1))?;
    stage.shot(shots, SHIP, 1)?;
    stage.shot(shots, "git hotfix test", 1)?;
    Ok(())
}

/// The remote goes away in the middle, and comes back.
fn refused(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("remote gone", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    stage.write("src/auth.py", FIXED_SOURCE)?;
    stage.quietly("mv ../origin.git ../away.git", 0)?;
    stage.shot(shots, SHIP, 5)?;
    stage.shot(shots, "git hotfix status --json", 0)?;
    stage.quietly("mv ../away.git ../origin.git", 0)?;
    stage.shot(shots, "git hotfix ship", 0)?;
    Ok(())
}

fn secret(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("secret", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    // Put together here, so that nothing that looks like a secret stands in this repository.
    let key = ["AKIA", "Q3EGNZ7WXM", "4RSTLP"].concat();
    stage.write(
        "src/auth.py",
        &FIXED_SOURCE.replace("import time", &format!("import time\n\nKEY = \"{key}\"")),
    )?;
    stage.shot(shots, SHIP, 1)?;
    Ok(())
}

/// Work that goes nowhere, and a hotfix that merges by itself.
fn given_up(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("given up", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot().write("src/auth.py", &SOURCE.replace("import time", UNTIDY))?;
    stage.shot(shots, "git hotfix cleanup", 4)?;
    stage.shot(shots, "git hotfix cleanup --discard", 0)?;
    stage.enter_project().shot(shots, "git hotfix status", 0)?;
    stage.quietly("git hotfix start \"Auth failing again\"", 0)?;
    stage.enter_slot().write("tests/test_auth.py", TESTS_WITH_NEW)?;
    stage.write("src/auth.py", FIXED_SOURCE)?;
    stage.shot(shots, "git hotfix ship --set submit.merge=direct \"auth token validation\"", 0)?;
    Ok(())
}

fn skipped(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("skipped", program);
    stage.quietly(ALERT, 0)?;
    stage.enter_slot().write("src/auth.py", FIXED_SOURCE)?;
    let line =
        "git hotfix ship --skip test --reason \"the test machine is down as well\" \"auth token validation\"";
    stage.quietly(line, 0)?;
    stage.shot(shots, "git hotfix owed", 0)?;
    Ok(())
}

fn several(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("several", program);
    stage.quietly("git hotfix start \"Auth failing\"", 0)?;
    stage.quietly("git hotfix start \"Wrong totals\" --name totals", 0)?;
    stage.shot(shots, "git hotfix list", 0)?;
    stage.shot(shots, "git hotfix ship", 4)?;
    Ok(())
}

/// A repository that brings a command of its own.
fn settings(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("settings", program);
    let colleague =
        [("hotfix.toml", b"[test]\ncommand = \"python3 -m pytest -q\"\nbudget = \"3m\"\n" as &[u8])];
    stage.shot(shots, "git hotfix init", 0)?;
    stage.quietly("rm hotfix.toml", 0)?;
    stage.project.push_commit_to_remote(&colleague);
    stage.quietly(ALERT, 0)?;
    stage.shot(shots, "git hotfix config | grep test", 0)?;
    stage.shot(shots, "git hotfix trust --show", 0)?;
    stage.shot(shots, "git hotfix trust", 4)?;
    stage.enter_slot().write("src/auth.py", FIXED_SOURCE)?;
    stage.shot(shots, "git hotfix test", 4)?;
    stage.shot(shots, "git hotfix test --json", 4)?;
    Ok(())
}

/// Before any alert: a repository without a slot yet, and with one.
fn ready(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("ready", program);
    stage.shot(shots, "git hotfix ready", 0)?;
    stage.shot(shots, "git hotfix ready --fix", 0)?;
    stage.shot(shots, "git hotfix ready --with-tests | grep tests", 0)?;
    stage.shot(shots, "git hotfix drill --quiet | head -n 7", 0)?;
    Ok(())
}

fn not_ready(program: &Path, shots: &mut Shots) -> Result<()> {
    let mut stage = Stage::new("not ready", program);
    stage.quietly("git hotfix ready --fix", 0)?;
    stage.quietly("mv ../origin.git ../away.git", 0)?;
    stage.quietly("git config --global --unset user.email", 0)?;
    stage.shot(shots, "git hotfix ready --quiet", 3)?;
    Ok(())
}
