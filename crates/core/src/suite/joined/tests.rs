//! Which runner gets what, and what several runs say together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hotfix_model::{Case, CaseOutcome};

use super::*;
use crate::clock::SystemClock;
use crate::env::Environment;
use crate::event::Silent;

/// A runner of files with one ending, in one folder.
struct Fake {
    name: &'static str,
    folder: &'static str,
    ending: &'static str,
}

impl Runner for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn folder(&self) -> &Path {
        Path::new(self.folder)
    }

    fn is_test_file(&self, path: &Path) -> bool {
        self.speaks(path) && path.to_string_lossy().contains("test")
    }

    fn speaks(&self, path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == self.ending)
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, selection: &Selection) -> Vec<String> {
        vec![self.name.to_owned(), format!("{selection:?}")]
    }

    fn run(&self, _: &Ctx, _: &Place<'_>, _: &Selection, _: &Limits) -> Result<Run> {
        Ok(run(self.name, RunEnd::Finished, Some(0)))
    }
}

fn run(runner: &str, end: RunEnd, exit: Option<i32>) -> Run {
    Run {
        runner: runner.to_owned(),
        command: Vec::new(),
        end,
        exit,
        cases: Vec::new(),
        counted: true,
        claimed: Some(0),
        not_loaded: Vec::new(),
        tail: format!("{runner} said this"),
        foreign: None,
        elapsed_ms: 1,
    }
}

fn with_case(run: Run, claimed: u64) -> Run {
    let case = Case {
        id: "a".to_owned(),
        file: None,
        outcome: CaseOutcome::Passed,
        reason: None,
        frame: None,
        seconds: None,
        times: None,
    };
    Run { cases: vec![case], claimed: Some(claimed), ..run }
}

fn monorepo() -> Suite {
    let fake = |name, folder, ending| Box::new(Fake { name, folder, ending }) as Box<dyn Runner>;
    Suite::new(vec![
        fake("snake", "", "py"),
        fake("top", "", "js"),
        fake("web", "web", "js"),
        fake("web-next", "web-next", "js"),
    ])
}

fn names<'a>(parts: &[(&'a dyn Runner, Selection)]) -> Vec<&'a str> {
    parts.iter().map(|(runner, _)| runner.name()).collect()
}

/// A runner that finds a port taken when it first runs.
struct Quarrel(AtomicBool);

impl Runner for Quarrel {
    fn name(&self) -> &'static str {
        "quarrel"
    }

    fn is_test_file(&self, _: &Path) -> bool {
        false
    }

    fn can_select(&self) -> bool {
        true
    }

    fn command(&self, _: &Selection) -> Vec<String> {
        Vec::new()
    }

    fn run(&self, _: &Ctx, _: &Place<'_>, _: &Selection, _: &Limits) -> Result<Run> {
        let taken = !self.0.swap(true, Ordering::Relaxed);
        let run = run("quarrel", RunEnd::Finished, Some(i32::from(taken)));
        Ok(Run { tail: if taken { "EADDRINUSE" } else { "" }.to_owned(), ..run })
    }
}

#[test]
fn a_runner_that_found_a_port_taken_runs_again() {
    let suite = Suite::new(vec![
        Box::new(Fake { name: "snake", folder: "", ending: "py" }),
        Box::new(Quarrel(AtomicBool::new(false))),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let ctx = Ctx::new(Environment::new([], folder.path()), SystemClock::new(), Arc::new(Silent));
    let place = Place { root: folder.path(), home: folder.path(), scratch: folder.path() };
    let limits = Limits { run: Duration::from_secs(1), test: None };
    let run = suite.run(&ctx, &place, &Selection::Everything, &limits).unwrap();
    assert_eq!(run.exit, Some(0));
}

#[test]
fn each_file_goes_to_the_nearest_project_that_runs_it() {
    let suite = monorepo();
    let owner =
        |path: &str| suite.owner(Path::new(path)).map(|number| suite.runners[number].name().to_owned());
    assert_eq!(owner("web/a.test.js").as_deref(), Some("web"));
    assert_eq!(owner("web-next/a.test.js").as_deref(), Some("web-next"));
    assert_eq!(owner("webs/a.test.js").as_deref(), Some("top"));
    assert_eq!(owner("web/test_a.py").as_deref(), Some("snake"));
    assert_eq!(owner("web/helper.js").as_deref(), Some("web"));
    assert_eq!(owner("web/data.json").as_deref(), Some("web"));
    assert!(suite.is_test_file(Path::new("web/test_a.py")) && !suite.is_test_file(Path::new("web/test.rs")));
    let files = ["web/a.test.js", "test_a.py", "web/b.test.js"].map(PathBuf::from);
    let parts = suite.parts(&Selection::Files(files.into()));
    assert_eq!(names(&parts), ["snake", "web"]);
    assert_eq!(parts[1].1, Selection::Files(vec!["web/a.test.js".into(), "web/b.test.js".into()]));
    let ids = ["web/a.test.js::x::y".to_owned(), "a.test.js::x".to_owned()];
    assert_eq!(names(&suite.parts(&Selection::Cases(ids.into()))), ["top", "web"]);
    assert_eq!(suite.parts(&Selection::Files(Vec::new())).len(), 0);
    assert_eq!(suite.parts(&Selection::Everything).len(), 4);
}

#[test]
fn a_change_needs_the_nearest_project_of_its_language() {
    let suite = monorepo();
    let needed = |paths: &[&str]| suite.needed_by(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
    assert_eq!(needed(&["web/a.js"]), [2]);
    assert_eq!(needed(&["web/tool.py"]), [0]);
    assert_eq!(needed(&["web/settings.yaml"]), [2]);
    assert_eq!(needed(&["settings.yaml"]), [0, 1]);
    assert_eq!(needed(&[]), Vec::<usize>::new());
}

#[test]
fn the_worst_end_counts_and_stands_last() {
    let ends = [RunEnd::TimedOut, RunEnd::Finished];
    let joined = together(ends.map(|end| run(&format!("{end:?}"), end, Some(0))).into());
    assert_eq!((joined.end, joined.exit), (RunEnd::TimedOut, Some(0)));
    assert!(joined.tail.ends_with("TimedOut said this"), "{}", joined.tail);
    assert_eq!(together(Vec::new()).exit, None);
}

#[test]
fn the_code_is_that_of_the_one_that_failed() {
    let with = |codes: &[Option<i32>]| {
        together(codes.iter().map(|code| run("x", RunEnd::Finished, *code)).collect()).exit
    };
    assert_eq!(with(&[Some(0), Some(1)]), Some(1));
    assert_eq!(with(&[Some(0), None]), Some(0));
    assert_eq!(with(&[None, None]), None);
    let crashed = vec![run("x", RunEnd::Finished, Some(0)), run("y", RunEnd::Crashed, None)];
    assert_eq!(together(crashed).exit, None);
}

#[test]
fn a_count_too_high_does_not_make_up_for_one_too_low() {
    let one = || with_case(run("x", RunEnd::Finished, Some(0)), 1);
    assert_eq!(together(vec![one(), one()]).claimed, Some(2));
    let differing = together(vec![Run { claimed: Some(0), ..one() }, Run { claimed: Some(2), ..one() }]);
    assert_eq!((differing.cases.len(), differing.claimed), (2, Some(4)));
    assert_eq!(together(vec![Run { claimed: None, ..one() }]).claimed, None);
}
