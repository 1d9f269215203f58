//! Known times, the budget, and compiled files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_core::suite::{Chosen, Durations, Nearness, Ranked, Selection, forget_bytecode, within_budget};
use hotfix_model::{Case, CaseOutcome, Run, RunEnd};
use proptest::prelude::*;

use super::{Project, pytest};

fn run_of(times: &[(&str, f64)]) -> Run {
    let case = |(file, seconds): &(&str, f64)| Case {
        id: format!("{file}::test"),
        file: Some((*file).to_owned()),
        outcome: CaseOutcome::Passed,
        reason: None,
        frame: None,
        seconds: Some(*seconds),
        times: None,
    };
    Run {
        runner: "pytest".to_owned(),
        command: Vec::new(),
        end: RunEnd::Finished,
        exit: Some(0),
        cases: times.iter().map(case).collect(),
        counted: true,
        claimed: None,
        not_loaded: Vec::new(),
        tail: String::new(),
        foreign: None,
        elapsed_ms: 0,
    }
}

fn known(times: &[(&str, f64)]) -> Durations {
    let mut durations = Durations::default();
    durations.learn(&run_of(times));
    durations
}

fn order(files: &[(&str, Nearness)]) -> Vec<Ranked> {
    files
        .iter()
        .map(|(path, why)| Ranked { path: PathBuf::from(path), why: *why, signals: Vec::new() })
        .collect()
}

fn names(ranked: &[Ranked]) -> Vec<&str> {
    ranked.iter().map(|file| file.path.to_str().unwrap()).collect()
}

#[test]
fn the_far_end_is_cut_and_what_must_run_is_not() {
    let ranked = order(&[
        ("proof.py", Nearness::Proof),
        ("critical.py", Nearness::Critical),
        ("near.py", Nearness::Near),
        ("slow.py", Nearness::Near),
        ("quick.py", Nearness::Rest),
        ("unknown.py", Nearness::Rest),
    ]);
    let times =
        [("proof.py", 4.0), ("critical.py", 4.0), ("near.py", 2.0), ("slow.py", 9.0), ("quick.py", 1.0)];
    let seconds = |budget| within_budget(ranked.clone(), &known(&times), Duration::from_secs(budget));
    assert_eq!(names(&seconds(60).selected).len(), 6);
    assert_eq!(names(&seconds(11).selected), ["proof.py", "critical.py", "near.py", "quick.py"]);
    assert_eq!(names(&seconds(11).cut), ["slow.py", "unknown.py"]);
    assert_eq!(names(&seconds(1).selected), ["proof.py", "critical.py"]);
    let all = within_budget(ranked.clone(), &Durations::default(), Duration::ZERO);
    assert_eq!(all, Chosen { selected: ranked, cut: Vec::new() });
}

#[test]
fn times_are_learnt_kept_and_a_damaged_file_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/times.json");
    let mut durations = known(&[("a.py", 2.0), ("b.py", 1.0)]);
    durations.learn(&run_of(&[("a.py", 4.0)]));
    durations.save(&path).unwrap();
    let read = Durations::load(&path);
    assert_eq!(read, durations);
    assert_eq!(read.of(Path::new("a.py")), Some(Duration::from_secs(3)));
    assert_eq!(read.estimate(&["a.py".into(), "b.py".into()]), Some(Duration::from_secs(4)));
    assert_eq!(read.estimate(&["a.py".into(), "c.py".into()]), None);
    for damage in ["", "{", "[]", "{\"files\":{\"a.py\":\"x\"}}", "{\"files\":{\"a.py\":-1}}", "\u{0}"] {
        std::fs::write(&path, damage).unwrap();
        assert_eq!(Durations::load(&path), Durations::default(), "{damage}");
    }
    let mut stopped = run_of(&[("a.py", 99.0)]);
    stopped.end = RunEnd::TimedOut;
    durations.learn(&stopped);
    assert_eq!(durations.of(Path::new("a.py")), Some(Duration::from_secs(3)));
}

#[test]
fn times_of_a_real_run_are_learnt() {
    let text = "import time\ndef test_a(): time.sleep(0.2)\n";
    let project = Project::new(&[("tests/test_a.py", text)]);
    let mut durations = Durations::default();
    durations.learn(&project.run(&*pytest(), &Selection::Everything));
    let known = durations.of(Path::new("tests/test_a.py")).unwrap();
    assert!(known >= Duration::from_millis(200) && known < Duration::from_secs(5), "{known:?}");
    assert!(durations.startup() > Duration::ZERO);
}

#[test]
fn compiled_files_beside_changed_ones_are_removed() {
    let project = Project::new(&[
        ("pkg/auth.py", ""),
        ("pkg/__pycache__/auth.cpython-311.pyc", "x"),
        ("pkg/__pycache__/auth.cpython-311.opt-1.pyc", "x"),
        ("pkg/__pycache__/author.cpython-311.pyc", "x"),
    ]);
    forget_bytecode(&project.root(), &["pkg/auth.py".into(), "pkg/gone.py".into(), "README.md".into()]);
    let left: Vec<_> = std::fs::read_dir(project.root().join("pkg/__pycache__")).unwrap().collect();
    assert_eq!(left.len(), 1);
}

proptest! {
    #[test]
    fn a_budget_loses_and_doubles_nothing(
        times in prop::collection::vec(prop::option::of(0.0..10.0_f64), 0..20), budget in 0..60_u64, fixed in 0..20_usize,
    ) {
        let name = |number: usize| format!("test_{number}.py");
        let ranked: Vec<_> = (0..times.len())
            .map(|number| Ranked {
                path: name(number).into(),
                why: if number < fixed { Nearness::Proof } else { Nearness::Rest },
                signals: Vec::new(),
            })
            .collect();
        let known_names: Vec<_> = times.iter().enumerate().filter_map(|(n, time)| Some((name(n), (*time)?))).collect();
        let pairs: Vec<_> = known_names.iter().map(|(name, time)| (name.as_str(), *time)).collect();
        let durations = known(&pairs);
        let budget = Duration::from_secs(budget);
        let chosen = within_budget(ranked.clone(), &durations, budget);
        let mut together = [chosen.selected.clone(), chosen.cut.clone()].concat();
        together.sort_by_key(|file| ranked.iter().position(|other| other == file));
        prop_assert_eq!(&together, &ranked);
        prop_assert!(chosen.cut.iter().all(|file| file.why == Nearness::Rest));
        if durations.estimate(ranked.iter().map(|file| &file.path)).is_some_and(|time| time <= budget) {
            prop_assert!(chosen.cut.is_empty());
        }
        if fixed == 0 && chosen.selected.iter().all(|file| durations.of(&file.path).is_some()) && !pairs.is_empty() {
            let time = durations.estimate(chosen.selected.iter().map(|file| &file.path)).unwrap();
            prop_assert!(time <= budget || chosen.selected.is_empty());
        }
    }
}
