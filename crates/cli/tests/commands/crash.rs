//! Killed at any step boundary and run again, everything ends as if it had not been killed.
//!
//! The points are read from the source, so a new one cannot be forgotten.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Debug;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use hotfix_testkit::{Output, World};

use crate::case::{ALERT, Case, ID};

const KILLED: i32 = 137;
/// How many cases run at once.
const LANES: usize = 3;

/// What is under way when the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// The first start, which makes a slot.
    ColdStart,
    /// A start that finds a slot parked at an older main.
    WarmStart,
    /// A slot that is brought to a newer main ahead of time.
    Refresh,
    /// A ship.
    Ship,
}

const SCENES: [Scene; 4] = [Scene::Ship, Scene::ColdStart, Scene::WarmStart, Scene::Refresh];

/// What is left in the end, and must not depend on how it came about.
#[derive(Debug, PartialEq, Eq)]
struct End {
    commit: String,
    remote_branches: String,
    remote_records: String,
    local_refs: String,
    owed: usize,
    stage: String,
    left_in_slots: Vec<String>,
    log: Vec<String>,
}

impl Scene {
    fn prepare(self) -> Case {
        let mut case = Case::new();
        match self {
            Self::ColdStart => {}
            Self::WarmStart | Self::Refresh => {
                case.hotfix().must(["start", "an alert before", "--name", "earlier"]);
                case.hotfix().must(["cleanup", "--discard"]);
                case.repo.push_commit_to_remote(&[("news.txt", b"news\n")]);
                if self == Self::WarmStart {
                    case.repo.git(["fetch", "--quiet", "origin"]);
                }
                case.settle();
            }
            Self::Ship => {
                case.start();
                case.fix();
            }
        }
        case
    }

    fn run(self, case: &Case) -> Output {
        match self {
            Self::ColdStart | Self::WarmStart => case.hotfix().run(["start", ALERT]),
            Self::Refresh => case.hotfix().run(["slot", "refresh"]),
            Self::Ship => case.ship(),
        }
    }

    /// What a person does after the crash: the same command again; or, if the hotfix was made already, what `status`
    /// says.
    fn recover(self, case: &Case) {
        if matches!(self, Self::Ship | Self::Refresh) {
            let output = self.run(case);
            assert_eq!(output.code, 0, "{}", output.stderr);
            return;
        }
        let status = case.hotfix().must(["status", "--json"]).json();
        if status["id"] == ID {
            let next = status["next"][0].as_str().expect("a command");
            if next.starts_with("git hotfix resume") {
                case.hotfix().must(next.split(' ').skip(2));
            }
        } else {
            let output = self.run(case);
            assert_eq!(output.code, 0, "{}", output.stderr);
        }
    }

    /// Goes on to the very end, whatever was done before.
    fn finish(self, case: &Case) -> End {
        if self == Self::Refresh {
            case.hotfix().must(["start", ALERT]);
        }
        if self != Self::Ship {
            // A half-made slot is left to a later start while a Git of the killed one still runs.
            let status = case.hotfix().must(["status", "--json"]).json();
            case.fix_in(status["worktree"].as_str().expect("a slot"));
            let output = case.ship();
            assert_eq!(output.code, 0, "{}", output.stderr);
        }
        end(case)
    }
}

fn end(case: &Case) -> End {
    case.assert_untouched();
    case.assert_sound();
    let hotfix = case.hotfix();
    let list = hotfix.must(["list", "--all", "--json"]).json();
    let ours = list.as_array().expect("a list").iter().find(|line| line["id"] == ID).expect("our hotfix");
    let log = hotfix.must(["log", ID, "--json"]).json();
    assert_eq!(log["intact"], true);
    let kinds = log["events"].as_array().expect("events").iter();
    let kinds: BTreeSet<String> = kinds.map(|event| event["kind"].to_string()).collect();
    End {
        commit: case.repo.bare().commit_of("hotfix/1.2.3"),
        remote_branches: case.remote_refs("refs/heads"),
        remote_records: case.remote_refs("refs/hotfix"),
        local_refs: case.repo.git(["for-each-ref", "--format=%(refname)"]),
        owed: hotfix.must(["owed", "--json"]).json().as_array().map_or(0, Vec::len),
        stage: ours["stage"].to_string(),
        left_in_slots: left_in_slots(case),
        log: kinds.into_iter().filter(|kind| kind != "\"resumed\"").collect(),
    }
}

/// What is wrong with the slots beside the repository: each must be clean, on no branch, and where main is.
pub fn left_in_slots(case: &Case) -> Vec<String> {
    let listed = case.repo.git(["worktree", "list", "--porcelain"]);
    let main = case.repo.bare().commit_of("main");
    // A twin is laid anew before each use.
    let worktrees = listed.split("\n\n").skip(1).filter(|worktree| !worktree.contains("-base\n"));
    let worktrees: Vec<&str> = worktrees.collect();
    assert!(!worktrees.is_empty(), "no slot is left");
    let wrong = worktrees.into_iter().filter(|worktree| {
        let path = worktree.lines().next().expect("a worktree").trim_start_matches("worktree ");
        let slot = case.sandbox.repo_at(path);
        let clean = slot.git(["status", "--porcelain"]).is_empty();
        !clean || !worktree.contains("\ndetached") || slot.head() != main
    });
    wrong.map(str::to_owned).collect()
}

/// All names, from the source of the core.
fn points() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../core/src"))) {
        let text = fs::read_to_string(&file).expect("a source file");
        for call in text.split("failpoint::reach(").skip(1) {
            names.extend(first_text(call.split(");").next().unwrap_or_default()));
        }
        for call in text.split(".intend(").skip(1) {
            let (_, rest) = call.split_once("Step::").expect("an intent of a step");
            let (step, rest) = rest.split_once(',').expect("arguments");
            let what = first_text(rest).expect("what is intended");
            let moments = ["before", "intended", "effect", "done"];
            names.extend(moments.map(|moment| format!("{}.{what}.{moment}", step.to_lowercase())));
        }
    }
    names
}

/// The first literal with a point in its name, or a word.
fn first_text(code: &str) -> Option<String> {
    let text = code.split('"').nth(1)?;
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '.');
    plain.then(|| text.to_owned())
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("the source").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.ends_with("failpoint.rs") && !path.ends_with("journal.rs"))
        .collect()
}

/// Kills one run at the point; `None` if this scene does not come by it.
fn killed(scene: Scene, point: &str) -> Option<Case> {
    let case = scene.prepare();
    case.sandbox.env_set("HOTFIX_FAILPOINT", format!("{point}:kill"));
    let output = scene.run(&case);
    case.sandbox.env_remove("HOTFIX_FAILPOINT");
    if output.code == KILLED {
        case.assert_untouched();
        return Some(case);
    }
    assert_eq!(output.code, 0, "{scene:?} {point}\n{}", output.stderr);
    None
}

/// Runs one job for each input, some at a time; all failures are told together.
pub fn in_lanes<I: Debug + Send>(inputs: Vec<I>, job: impl Fn(&I) + Sync) {
    let queue = Mutex::new(VecDeque::from(inputs));
    let failed = Mutex::new(Vec::new());
    let next = || queue.lock().expect("no lane panics here").pop_front();
    let run = |input: I| {
        let fails = catch_unwind(AssertUnwindSafe(|| job(&input))).is_err();
        failed.lock().expect("no lane panics here").extend(fails.then(|| format!("{input:?}")));
    };
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| std::iter::from_fn(&next).for_each(&run));
        }
    });
    let failed = failed.into_inner().expect("all lanes ended");
    assert!(failed.is_empty(), "failed at {failed:#?}");
}

fn uninterrupted(scene: Scene) -> End {
    let case = scene.prepare();
    let output = scene.run(&case);
    assert_eq!(output.code, 0, "{}", output.stderr);
    scene.finish(&case)
}

#[test]
fn killed_at_any_boundary_and_run_again_it_ends_the_same() {
    let points = points();
    for known in ["start.claimed", "commit.made", "submit.push.effect", "cleanup.park.done", "slot.making"] {
        assert!(points.contains(known), "{known} is not among {points:?}");
    }
    let expected: Vec<(Scene, End)> = SCENES.into_iter().map(|scene| (scene, uninterrupted(scene))).collect();
    let reached = Mutex::new(BTreeSet::new());
    let likely = |point: &str, scene: Scene| match point.split('.').next() {
        Some("start" | "slot") => matches!(scene, Scene::ColdStart | Scene::WarmStart),
        Some("refresh") => scene == Scene::Refresh,
        _ => scene == Scene::Ship,
    };
    let jobs: Vec<(Scene, String)> = SCENES
        .into_iter()
        .flat_map(|scene| points.iter().map(move |point| (scene, point.clone())))
        .filter(|(scene, point)| likely(point, *scene))
        .collect();
    in_lanes(jobs, |(scene, point)| {
        let Some(case) = killed(*scene, point) else { return };
        reached.lock().expect("no lane panics here").insert(point.clone());
        scene.recover(&case);
        let (_, expected) = expected.iter().find(|(known, _)| known == scene).expect("all scenes ran");
        assert_eq!(scene.finish(&case), *expected, "{scene:?} killed at {point}");
    });
    let reached = reached.into_inner().expect("all lanes ended");
    let unreached: Vec<&String> = points.difference(&reached).collect();
    assert!(unreached.is_empty(), "no scene comes by {unreached:?}");
}

#[test]
fn killed_again_while_it_recovers_it_still_ends_the_same() {
    let expected = uninterrupted(Scene::Ship);
    let pairs = [
        ("commit.commit.intended", "commit.made"),
        ("commit.made", "commit.commit.done"),
        ("commit.recorded", "submit.push.intended"),
        ("submit.pushed", "submit.pushed"),
        ("submit.push.effect", "submit.recorded"),
        ("submit.recorded", "cleanup.park.intended"),
        ("park.saved", "park.moved"),
        ("park.moved", "cleanup.parked"),
    ];
    in_lanes(pairs.to_vec(), |(first, second)| {
        let case = killed(Scene::Ship, first).expect("a ship comes by it");
        case.sandbox.env_set("HOTFIX_FAILPOINT", format!("{second}:kill"));
        let again = case.ship();
        case.sandbox.env_remove("HOTFIX_FAILPOINT");
        // A resume that finds a step done does not come by its points again.
        assert!([0, KILLED].contains(&again.code), "{}", again.stderr);
        let last = if again.code == 0 { again } else { case.ship() };
        assert_eq!(last.code, 0, "{}", last.stderr);
        assert_eq!(end(&case), expected, "{first}, then {second}");
    });
}

#[test]
fn killed_before_anything_is_shared_the_hotfix_can_be_given_up() {
    let case = killed(Scene::Ship, "submit.before").expect("a ship comes by it");
    let before = World::of(case.repo.bare().path());
    case.hotfix().must(["cleanup", "--discard"]);
    before.assert_untouched(&World::of(case.repo.bare().path()));
    assert_eq!(case.remote_refs("refs/heads/hotfix"), "");
    assert!(left_in_slots(&case).is_empty());
    case.assert_untouched();
    case.assert_sound();
}
