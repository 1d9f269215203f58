//! The pytest runner.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use hotfix_core::exec::Command;
use hotfix_core::suite::{Selection, SuiteError, never_ran};
use hotfix_model::{CaseOutcome, ExitCode, RunEnd};
use hotfix_testkit::write_program;

use super::{Project, files, outcomes, pytest, reason};

use CaseOutcome::{Crashed, Failed, Passed, Skipped, TimedOut};

const KINDS: &str = r#"
import unittest
import pytest

@pytest.fixture
def broken():
    raise ValueError("no database")

@pytest.fixture
def leaves_badly():
    yield
    raise RuntimeError("cannot close")

def test_passes(): pass
def test_fails(): assert 401 == 200
def test_raises(): raise KeyError("user")
def test_in_setup(broken): pass
def test_in_teardown(leaves_badly): pass
def test_fails_twice(leaves_badly): assert False
@pytest.mark.skip(reason="not here")
def test_skipped(): pass
def test_skips_itself(): pytest.skip("no network")
@pytest.mark.xfail(reason="known")
def test_xfail(): assert False
@pytest.mark.xfail(reason="known")
def test_xpass(): pass
@pytest.mark.xfail(reason="known", strict=True)
def test_xpass_strict(): pass
@pytest.mark.xfail(reason="known", run=False)
def test_xfail_not_run(): pass

class TestClass:
    def test_method(self): pass

class Case(unittest.TestCase):
    def test_good(self): self.assertEqual(1, 1)
    def test_bad(self): self.assertEqual(401, 200)
    def test_parts(self):
        for number in (1, 2):
            with self.subTest(number=number):
                self.assertEqual(number, 1)
"#;

#[test]
fn every_outcome_is_read_and_the_counts_agree() {
    let project = Project::new(&[("tests/test_kinds.py", KINDS)]);
    let run = project.run(&*pytest(), &Selection::Everything);
    let wanted = [
        ("Case::test_bad", Failed),
        ("Case::test_good", Passed),
        ("Case::test_parts", Failed),
        ("TestClass::test_method", Passed),
        ("test_fails", Failed),
        ("test_fails_twice", Failed),
        ("test_in_setup", Failed),
        ("test_in_teardown", Failed),
        ("test_passes", Passed),
        ("test_raises", Failed),
        ("test_skipped", Skipped),
        ("test_skips_itself", Skipped),
        ("test_xfail", Skipped),
        ("test_xfail_not_run", Skipped),
        ("test_xpass", Passed),
        ("test_xpass_strict", Failed),
    ]
    .map(|(name, outcome)| (format!("tests/test_kinds.py::{name}"), outcome));
    let wanted: Vec<_> = wanted.iter().map(|(id, outcome)| (id.as_str(), *outcome)).collect();
    assert_eq!(outcomes(&run), wanted);
    assert_eq!((run.end, run.exit, run.counted), (RunEnd::Finished, Some(1), true));
    assert_eq!(run.claimed, Some(16));
    assert!(run.cases.iter().all(|case| case.file.as_deref() == Some("tests/test_kinds.py")));
    assert_eq!(reason(&run, "tests/test_kinds.py::test_fails"), "AssertionError: assert 401 == 200");
    assert_eq!(reason(&run, "tests/test_kinds.py::test_raises"), "KeyError: 'user'");
    assert_eq!(reason(&run, "tests/test_kinds.py::test_in_setup"), "ValueError: no database");
    assert_eq!(reason(&run, "tests/test_kinds.py::test_skips_itself"), "no network");
    assert_eq!(reason(&run, "tests/test_kinds.py::Case::test_bad"), "AssertionError: 401 != 200");
    assert!(!run.is_green());
}

#[test]
fn a_file_that_cannot_be_loaded_does_not_hide_the_others() {
    let project = Project::new(&[
        ("tests/test_a.py", "def test_a(): pass\n"),
        ("tests/test_b.py", "import not_there\n"),
        ("tests/test_c.py", "def test_c(:\n"),
    ]);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("tests/test_a.py::test_a", Passed)]);
    assert_eq!(run.not_loaded.len(), 2);
    assert_eq!(
        run.not_loaded[0],
        ("tests/test_b.py".to_owned(), "ModuleNotFoundError: No module named 'not_there'".to_owned())
    );
    assert!(run.not_loaded[1].1.starts_with("SyntaxError"), "{:?}", run.not_loaded);
    assert_eq!((run.end, run.claimed), (RunEnd::Finished, Some(1)));
    assert!(!run.is_green());
}

#[test]
fn a_broken_conftest_is_a_load_error_not_a_crash() {
    let project = Project::new(&[
        ("conftest.py", "from app import new_thing\n"),
        ("app.py", ""),
        ("test_a.py", "def test_a(): pass\n"),
    ]);
    let run = project.run(&*pytest(), &files(&["test_a.py"]));
    assert_eq!((run.end, run.exit), (RunEnd::Finished, Some(4)));
    assert_eq!(run.not_loaded[0].0, "conftest.py");
    assert!(run.not_loaded[0].1.starts_with("ImportError: cannot import name 'new_thing'"));
}

#[test]
fn nothing_to_run_is_not_green() {
    let project = Project::new(&[("test_none.py", "x = 1\n"), ("app.py", "")]);
    let runner = pytest();
    let run = project.run(&*runner, &Selection::Everything);
    assert_eq!((run.end, run.exit, run.cases.len()), (RunEnd::Finished, Some(5), 0));
    assert!(!run.is_green());
    for selection in [files(&[]), files(&["test_gone.py"]), Selection::Cases(vec!["gone.py::x".to_owned()])] {
        let run = project.run(&*runner, &selection);
        assert_eq!((run.exit, run.cases.len(), run.is_green()), (None, 0, false));
    }
}

#[test]
fn a_hanging_test_fails_alone() {
    let text = r"
import time

def test_sleeps(): time.sleep(60)

def test_spins():
    while True:
        try: time.sleep(0.01)
        except Exception: pass

def test_catches_everything_once():
    try: time.sleep(60)
    except BaseException: pass
    time.sleep(60)

def test_after(): pass
";
    let project = Project::new(&[("test_hang.py", text)]);
    let (run_limit, limit) = (Duration::from_mins(1), Some(Duration::from_secs(1)));
    let run = project.run_within(&*pytest(), &Selection::Everything, run_limit, limit);
    let wanted = [
        ("test_hang.py::test_after", Passed),
        ("test_hang.py::test_catches_everything_once", TimedOut),
        ("test_hang.py::test_sleeps", TimedOut),
        ("test_hang.py::test_spins", TimedOut),
    ];
    assert_eq!(outcomes(&run), wanted);
    assert_eq!(reason(&run, "test_hang.py::test_spins"), "no end after 1 s");
    assert_eq!((run.end, run.claimed), (RunEnd::Finished, Some(4)));
}

#[test]
fn the_limit_of_the_run_names_the_test_that_hung_and_what_never_ran() {
    let project = Project::new(&[
        ("test_a.py", "def test_a(): pass\n"),
        ("test_b.py", "import time\ndef test_b(): time.sleep(60)\n"),
        ("test_c.py", "def test_c(): pass\n"),
    ]);
    let order = ["test_a.py", "test_b.py", "test_c.py"];
    let run = project.run_within(&*pytest(), &files(&order), Duration::from_secs(4), None);
    assert_eq!(outcomes(&run), [("test_a.py::test_a", Passed), ("test_b.py::test_b", TimedOut)]);
    assert_eq!((run.end, run.exit, run.claimed), (RunEnd::TimedOut, None, None));
    assert!(run.tail.ends_with("the time limit of the run passed"));
    let order: Vec<_> = order.iter().map(std::path::PathBuf::from).collect();
    assert_eq!(never_ran(&run, &order), [order[1].clone(), order[2].clone()]);
}

#[test]
fn a_dying_runner_names_the_test_that_killed_it() {
    for (deed, why) in [
        ("os._exit(0)", "pytest ended with code 0 before its tests did"),
        ("os.abort()", "it was ended by signal 6"),
        ("os.kill(os.getpid(), 9)", "it was ended by signal 9"),
    ] {
        let text =
            format!("import os\ndef test_a(): pass\ndef test_dies(): {deed}\ndef test_after(): pass\n");
        let project = Project::new(&[("test_crash.py", &text)]);
        let run = project.run(&*pytest(), &Selection::Everything);
        let wanted = [("test_crash.py::test_a", Passed), ("test_crash.py::test_dies", Crashed)];
        assert_eq!(outcomes(&run), wanted, "{deed}");
        assert_eq!(run.end, RunEnd::Crashed);
        assert!(run.tail.ends_with(why), "{}", run.tail);
        assert!(!run.is_green());
    }
}

#[test]
fn an_interrupted_session_is_not_a_result() {
    let text = "import pytest\ndef test_a(): pass\ndef test_stops(): pytest.exit('enough')\n";
    let project = Project::new(&[("test_exit.py", text)]);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert_eq!((run.end, run.exit), (RunEnd::Crashed, Some(2)));
    assert_eq!(outcomes(&run)[1], ("test_exit.py::test_stops", Crashed));
}

#[test]
fn wrong_options_in_the_repository_are_a_crash_with_a_reason() {
    let project =
        Project::new(&[("pytest.ini", "[pytest]\naddopts = --no-such-option\n"), ("test_a.py", "")]);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert_eq!((run.end, run.exit), (RunEnd::Crashed, Some(4)));
    assert!(run.tail.contains("--no-such-option") && run.tail.contains("code 4"), "{}", run.tail);
}

#[test]
fn much_and_dirty_output_does_no_harm() {
    let text = "import os, sys\ndef test_loud():\n    for _ in range(20):\n        os.write(2, b'x' * 1048576)\n    \
                os.write(1, b'\\xff\\xfe\\x00\\x1b]52;c;aGk=\\x07\\x1b[31m https://me:token@host/ \\xe2\\x80\\xae end\\n')\n";
    let project =
        Project::new(&[("test_loud.py", text), ("pytest.ini", "[pytest]\naddopts = -s --color=yes\n")]);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert!(run.is_green(), "{run:#?}");
    assert!(run.tail.len() <= 4096);
    assert!(run.tail.contains("https://***@host/  end"), "{}", run.tail);
    assert!(run.tail.chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn odd_ids_lead_back_to_exactly_those_tests() {
    let text = "import pytest\n@pytest.mark.parametrize('x', ['a b', 'a::b', '[', '', 'ü', '\\n', '\\x1b[0m', b'\\xff', \
                'a]/../b', '$(id)', '-x', '\\u202e'])\ndef test_it(x): pass\n\
                class TestC:\n    @pytest.mark.parametrize('y', [1, 2], ids=['[1]', 'two::three'])\n    def test_y(self, y): pass\n";
    let project =
        Project::new(&[("tests/sub dir/test_odd.py", text), ("test_other.py", "def test(): pass\n")]);
    let runner = pytest();
    let run = project.run(&*runner, &Selection::Everything);
    assert_eq!((run.cases.len(), run.claimed), (15, Some(15)));
    assert!(run.cases.iter().all(|case| !case.id.chars().any(char::is_control)));
    for case in run.cases.iter().filter(|case| case.id.contains("odd")) {
        let again = project.run(&*runner, &Selection::Cases(vec![case.id.clone()]));
        assert_eq!(outcomes(&again), [(case.id.as_str(), Passed)]);
        assert!(again.is_green() && again.claimed == Some(1));
    }
}

#[test]
fn ids_are_the_same_in_two_roots_and_the_order_is_ours() {
    let tests = [
        ("sub/pytest.ini", "[pytest]\n"),
        // A repository may shuffle; what tells most runs first all the same.
        ("sub/conftest.py", "def pytest_collection_modifyitems(items): items.reverse()\n"),
        ("sub/tests/test_b.py", "def test_b(): pass\n"),
        ("sub/tests/test_a.py", "class TestA:\n    def test_a(self): pass\n"),
    ];
    let (slot, twin) = (Project::new(&tests), Project::new(&tests));
    let runner = pytest();
    let selection = files(&["sub/tests/test_b.py", "sub/tests/test_a.py"]);
    let ids = |project: &Project| -> Vec<String> {
        project.run(&*runner, &selection).cases.into_iter().map(|case| case.id).collect()
    };
    assert_eq!(ids(&slot), ["sub/tests/test_b.py::test_b", "sub/tests/test_a.py::TestA::test_a"]);
    assert_eq!(ids(&slot), ids(&twin));
}

#[test]
fn names_that_are_not_utf8_or_look_like_options_work() {
    let project = Project::new(&[
        ("-x/test_dash.py", "def test_d(): pass\n"),
        ("@dir/test_at.py", "def test_e(): pass\n"),
    ]);
    let odd = OsStr::from_bytes(b"test_\xff.py");
    std::fs::write(project.root().join(odd), "def test_o(): pass\n").unwrap();
    let runner = pytest();
    let selection = Selection::Files(vec!["-x/test_dash.py".into(), "@dir/test_at.py".into(), odd.into()]);
    let run = project.run(&*runner, &selection);
    let wanted = [
        ("-x/test_dash.py::test_d", Passed),
        ("@dir/test_at.py::test_e", Passed),
        ("test_\\udcff.py::test_o", Passed),
    ];
    assert_eq!(outcomes(&run), wanted, "{}", run.tail);
    let again = project.run(&*runner, &Selection::Cases(vec!["test_\\udcff.py::test_o".to_owned()]));
    assert_eq!(outcomes(&again), [("test_\\udcff.py::test_o", Passed)]);
}

#[test]
fn hostile_settings_of_a_repository_do_not_matter() {
    let settings = "[pytest]\naddopts = -x --strict-markers --strict-config --lf --junitxml=own.xml --junitprefix=p -q\n\
                    filterwarnings = error\nxfail_strict = true\njunit_family = xunit2\n";
    let text = "def test_a(): assert 0\ndef test_b(): assert 0\ndef test_c(): pass\n";
    let project =
        Project::new(&[("pytest.ini", settings), ("tests/test_a.py", text)]).set("FORCE_COLOR", "1");
    let run = project.run(&*pytest(), &Selection::Everything);
    assert_eq!((run.cases.len(), run.claimed, run.end), (3, Some(3), RunEnd::Finished), "{}", run.tail);
    let left: Vec<_> =
        std::fs::read_dir(project.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the tree must stay as it was: {left:?}");
}

#[test]
fn a_runner_inside_a_test_does_not_add_to_the_results() {
    let text = "import subprocess, sys\ndef test_inner(tmp_path):\n    (tmp_path / 'test_in.py').write_text('def test_in(): assert 0')\n    \
                done = subprocess.run([sys.executable, '-m', 'pytest', '-p', 'git_hotfix_pytest', str(tmp_path)])\n    assert done.returncode == 1\n";
    let project = Project::new(&[("test_outer.py", text)]);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert_eq!(outcomes(&run), [("test_outer.py::test_inner", Passed)]);
    assert!(run.is_green() && run.claimed == Some(1));
}

#[test]
fn the_code_beside_the_tests_is_tested_not_an_editable_install() {
    let project = Project::new(&[
        ("src/auth.py", "WHERE = 'slot'\n"),
        ("tests/test_auth.py", "import auth\ndef test_where(): assert auth.WHERE == 'slot'\n"),
    ]);
    super::write_into(&project.home(), &[("src/auth.py", "WHERE = 'home'\n")]);
    // What `pip install --editable` leaves: a path file in site-packages that names the main worktree.
    let site = project.home().join("site");
    let path_file = project.home().join("src");
    super::write_into(&site, &[("editable.pth", path_file.to_str().unwrap())]);
    let hook = format!("import site; site.addsitedir({:?})\n", site.to_str().unwrap());
    super::write_into(&site, &[("sitecustomize.py", &hook)]);
    let project = project.set("PYTHONPATH", site);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert!(run.is_green(), "{}", run.tail);
}

#[test]
fn a_folder_of_the_main_worktree_on_the_search_path_means_that_of_the_slot() {
    let project = Project::new(&[
        ("python/auth.py", "WHERE = 'slot'\n"),
        ("tests/test_auth.py", "import auth\ndef test_where(): assert auth.WHERE == 'slot'\n"),
    ]);
    super::write_into(&project.home(), &[("python/auth.py", "WHERE = 'home'\n")]);
    let installed = project.home().join("python");
    let project = project.set("PYTHONPATH", installed);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert!(run.is_green() && run.foreign.is_none(), "{run:#?}");
}

#[test]
fn code_of_the_main_worktree_is_noticed_where_we_cannot_prevent_it() {
    let import = "from importlib.util import module_from_spec, spec_from_file_location\nspec = spec_from_file_location('auth', {:?})\nauth = module_from_spec(spec)\nsys.modules['auth'] = auth\nspec.loader.exec_module(auth)\n";
    let files = |home: &std::path::Path| {
        let import = import.replace("{:?}", &format!("{:?}", home.join("python/auth.py")));
        format!("import sys\n{import}def test_where(): assert auth.WHERE\n")
    };
    let project = Project::new(&[("python/auth.py", "WHERE = 'slot'\n")]);
    project.write(&[("tests/test_auth.py", &files(&project.home()))]);
    super::write_into(&project.home(), &[("python/auth.py", "WHERE = 'home'\n")]);
    let run = project.run(&*pytest(), &Selection::Everything);
    assert_eq!(run.end, RunEnd::Crashed);
    assert!(run.tail.contains("home/python/auth.py, which is not the code"), "{}", run.tail);
    assert!(run.foreign.is_some() && !run.is_green());
}

#[test]
fn a_missing_pytest_names_the_command_that_installs_it() {
    let project = Project::new(&[("test_a.py", "")]);
    super::write_into(&project.root(), &[(".venv/lib/python3/site-packages/pip/x", "")]);
    let python = project.root().join(".venv/bin/python");
    write_program(&python, "exit 1");
    let project = project.set("PATH", "/nonexistent");
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = hotfix_core::suite::Place { root: &root, home: &home, scratch: &scratch };
    let limits = hotfix_core::suite::Limits { run: Duration::from_secs(10), test: None };
    let error = pytest()
        .run(&project.ctx(), &place, &Selection::Everything, &limits)
        .expect_err("there is no pytest");
    assert!(matches!(error.downcast_ref(), Some(SuiteError::MissingRunner { .. })));
    assert_eq!(error.to_string(), "pytest is not installed for this repository");
    assert_eq!(error.next(), format!("{} -m pip install pytest", python.display()));
    assert_eq!(error.exit(), ExitCode::SETUP);
}

#[test]
fn where_dependencies_are_locked_all_are_installed_and_a_setup_is_proposed() {
    let locks = [
        ("uv.lock", "uv sync --frozen"),
        ("poetry.lock", "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install"),
    ];
    for (lock, install) in locks {
        let project =
            Project::new(&[(lock, ""), ("test_a.py", "def test_a(): pass\n")]).set("PATH", "/nonexistent");
        let (root, home, scratch) = (project.root(), project.home(), project.scratch());
        let place = hotfix_core::suite::Place { root: &root, home: &home, scratch: &scratch };
        let limits = hotfix_core::suite::Limits { run: Duration::from_secs(10), test: None };
        let ran = pytest().run(&project.ctx(), &place, &Selection::Everything, &limits);
        let error = ran.expect_err("there is no pytest");
        assert!(matches!(error.downcast_ref(), Some(SuiteError::MissingRunner { .. })));
        let next = error.next();
        let begin = format!("(cd {} && {install})", root.display());
        assert!(next.starts_with(&begin) && next.contains(&format!("setup = [\"{install}\"]")), "{next}");
    }
}

#[test]
fn the_command_is_what_a_person_would_type() {
    let command = pytest().command(&files(&["tests/test_auth.py"]));
    assert_eq!(command, ["pytest", "tests/test_auth.py"]);
}

#[test]
fn what_each_test_file_runs_is_learnt() {
    let source = "def near():\n    return 1\n\n\ndef far():\n    return 2\n";
    let project = Project::new(&[
        ("source.py", source),
        ("test_near.py", "import source\ndef test_a():\n    source.near()\n"),
        ("test_far.py", "import source\ndef test_a():\n    source.far()\n"),
    ]);
    let asked = Command::new("python3")
        .args(["-c", "import sys, importlib.util as u; sys.exit(sys.version_info < (3, 12) and not u.find_spec('coverage'))"])
        .run(&project.ctx());
    let can_learn = asked.is_ok_and(|finished| finished.success());
    let found = project.footprints(pytest().as_ref(), &["test_near.py", "test_far.py"]);
    let lines = |test: &str| found.get(test).and_then(|files| files.get("source.py")).cloned();
    // An old Python without coverage.py cannot tell, and says nothing.
    assert_eq!(lines("test_near.py"), can_learn.then(|| vec![(2, 2)]), "{found:?}");
    assert_eq!(lines("test_far.py"), can_learn.then(|| vec![(6, 6)]), "{found:?}");
}

#[test]
fn some_tests_run_several_times_in_one_process() {
    let tests = "import os\n\nimport pytest\n\nRUNS = []\n\n\n@pytest.fixture\ndef fresh():\n    return []\n\n\n\
                 def test_steady(fresh):\n    fresh.append(1)\n    assert fresh == [1]\n    with open('runs', 'a') as file:\n        file.write('x')\n\n\n\
                 def test_broken():\n    assert False\n\n\n\
                 def test_wavers():\n    RUNS.append(1)\n    assert len(RUNS) % 2\n";
    let other = "def test_other():\n    with open('others', 'a') as file:\n        file.write('x')\n";
    let project = Project::new(&[("tests/test_often.py", tests), ("tests/test_other.py", other)]);
    let runner = pytest();
    let id = |name: &str| format!("tests/test_often.py::{name}");
    let names = ["test_broken", "test_steady", "test_wavers"];
    let wanted = names.map(id);
    for cases in [&wanted.each_ref().map(String::as_str)[..], &["tests/test_often.py"]] {
        let run = project.run_repeating(&*runner, &Selection::Everything, cases);
        let other = "tests/test_other.py::test_other";
        assert_eq!(
            outcomes(&run),
            [(wanted[0].as_str(), Failed), (&wanted[1], Passed), (&wanted[2], Passed), (other, Passed)]
        );
        assert_eq!(run.flaky().map(|case| case.id.as_str()).collect::<Vec<_>>(), [wanted[2].as_str()]);
        assert_eq!((run.claimed, run.exit), (Some(4), Some(1)));
        let times = |id: &str| run.cases.iter().find(|case| case.id == id).unwrap().times;
        assert_eq!(wanted.each_ref().map(|id| times(id)), [Some(4); 3]);
        assert_eq!(times(other), None);
        for (file, times) in [("runs", 4), ("others", 1)] {
            let file = project.root().join(file);
            assert_eq!(std::fs::read(&file).unwrap().len(), times);
            std::fs::remove_file(file).unwrap();
        }
    }
    let once = project.run(&*runner, &Selection::Cases(vec![id("test_wavers")]));
    assert_eq!((once.is_green(), once.flaky().count(), once.cases[0].times), (true, 0, None));
}
