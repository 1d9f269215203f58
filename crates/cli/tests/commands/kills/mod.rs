//! Killed at any system call that changes something, nothing of the user's is broken, and the next start works.
//!
//! The calls are counted over the program and all its children: see `hotfix_testkit::trace`.

mod judge;
mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::thread;
use std::time::Instant;

use hotfix_testkit::trace::{Call, Fault, can_trace};

use crate::case::{Case, report};
use crate::crash::in_lanes;
use scene::Scene;

/// Which calls are visited: absent or empty for a few of each scene, `all`, or the name of a scene for all of it.
const WIDTH: &str = "HOTFIX_KILLS";
/// How many calls of a scene are visited when nothing else is asked for.
const FEW: usize = 9;

/// A call of a scene, by its number from 1.
struct Point {
    scene: Scene,
    number: usize,
}

impl fmt::Debug for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} at call {}", self.scene, self.number)
    }
}

#[test]
fn killed_at_any_call_the_user_goes_on_and_the_next_start_works() {
    if !can_trace() {
        return;
    }
    let wanted = env::var(WIDTH).unwrap_or_default();
    let points: Vec<Point> = Scene::ALL.into_iter().flat_map(|scene| points(scene, &wanted)).collect();
    assert!(!points.is_empty(), "{WIDTH}={wanted} is no scene");
    let (count, began) = (points.len(), Instant::now());
    in_lanes(points, |point| visit(point.scene, point.number));
    report(&format!("killed at {count} system calls in {} s", began.elapsed().as_secs()));
}

/// The calls of a scene that are to be visited.
fn points(scene: Scene, wanted: &str) -> Vec<Point> {
    let name = format!("{scene:?}");
    if !["", "all", name.as_str()].contains(&wanted) {
        return Vec::new();
    }
    let case = scene.prepare();
    let traced = scene.run(&case, Fault::None);
    assert_eq!(traced.output.code, 0, "{scene:?}: {}", traced.output.stderr);
    let numbers =
        if wanted.is_empty() { few(&traced.calls, scene) } else { (1..=traced.calls.len()).collect() };
    numbers.into_iter().map(|number| Point { scene, number }).collect()
}

/// Of each kind of call by each kind of file one, spread over the kinds; which one differs from scene to scene.
fn few(calls: &[Call], scene: Scene) -> BTreeSet<usize> {
    let mut kinds: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate().filter(|(_, call)| is_telling(call)) {
        let name = call.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        kinds.entry((call.name, name)).or_default().push(index + 1);
    }
    let one_each: Vec<usize> =
        kinds.values().map(|numbers| numbers[scene as usize % numbers.len()]).collect();
    let step = one_each.len().div_ceil(FEW).max(1);
    one_each.into_iter().skip(scene as usize % step).step_by(step).collect()
}

/// Whether a call changes what Git or we rely on: objects are written beside each other and never changed.
fn is_telling(call: &Call) -> bool {
    let path = call.path.to_string_lossy();
    !path.contains("/.git/objects/") && !path.contains("/runs/")
}

fn visit(scene: Scene, number: usize) {
    let case = scene.prepare();
    let traced = scene.run(&case, Fault::Kill(number));
    let _told = Told(format!("{scene:?} killed before {number}: {}", told(&case, traced.calls.last())));
    judge::users_work_goes_on(scene, &case);
    judge::next_start_works(scene, &case);
}

/// Said when what follows fails: threads do not always come by their calls in the same order.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            report(&self.0);
        }
    }
}

fn told(case: &Case, call: Option<&Call>) -> String {
    let Some(call) = call else { return "anything".to_owned() };
    let path = call.path.strip_prefix(case.sandbox.root()).unwrap_or(&call.path);
    format!("{} {} by {}", call.name, path.display(), call.process)
}
