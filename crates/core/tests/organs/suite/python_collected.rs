//! What runs is what `pytest` alone would run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_core::suite::{Place, Selection};
use hotfix_model::CaseOutcome::Passed;

use super::{Project, files, found, outcomes};

fn listed(project: &Project, all: &[(&str, &str)]) -> Vec<String> {
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    let listed: Option<BTreeSet<PathBuf>> = found(all).listed(&project.ctx(), &place, Duration::from_mins(2));
    listed.unwrap_or_default().iter().map(|path| path.display().to_string()).collect()
}

const TEST: &str = "def test_a(): pass\n";

#[test]
fn settings_leave_files_out_and_pytest_agrees() {
    let reached: &[(&str, &str)] = &[("tests/test_a.py", TEST), ("tests/deep/test_b.py", TEST)];
    let cases: &[(&str, &str, &[&str])] = &[
        ("pytest.ini", "[pytest]\ntestpaths = tests\n", &["bench/test_c.py", "test_d.py"]),
        (
            "pytest.ini",
            "[pytest]\nnorecursedirs = old typing_*\n",
            &["tests/old/test_c.py", "typing_x/test_d.py"],
        ),
        ("pytest.ini", "[pytest]\naddopts = --ignore=tests/legacy -q\n", &["tests/legacy/test_c.py"]),
        ("pytest.ini", "[pytest]\naddopts = --ignore-glob=*/legacy/*\n", &["tests/legacy/test_c.py"]),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\ntestpaths = 'tests'\nnorecursedirs = 'tests/cases'\n",
            &["tests/cases/test_c.py", "e2e/test_d.py"],
        ),
        ("setup.cfg", "[tool:pytest]\ntestpaths =\n    tests\n", &["e2e/test_d.py"]),
        ("tox.ini", "[pytest]\npython_files = test_*.py\n", &["tests/c_test.py"]),
    ];
    for (file, settings, left_out) in cases {
        let mut all = vec![(*file, *settings)];
        all.extend(reached);
        all.extend(left_out.iter().map(|path| (*path, TEST)));
        let runner = found(&all);
        for (path, _) in reached {
            assert!(runner.is_test_file(Path::new(path)), "{settings} {path}");
        }
        for path in *left_out {
            assert!(!runner.is_test_file(Path::new(path)), "{settings} {path}");
            let is_named = !path.ends_with("c_test.py");
            assert_eq!(runner.holds_tests(Path::new(path)), is_named, "{settings} {path}: named, it runs");
        }
        let project = Project::new(&all);
        assert_eq!(listed(&project, &all), ["tests/deep/test_b.py", "tests/test_a.py"], "{settings}");
        let run = project.run(runner.as_ref(), &Selection::Everything);
        assert_eq!(run.cases.len(), 2, "{settings} {run:#?}");
    }
}

#[test]
fn a_left_out_file_runs_when_it_is_named() {
    let all = [
        ("pytest.ini", "[pytest]\ntestpaths = tests\n"),
        ("tests/test_a.py", TEST),
        ("bench/test_b.py", TEST),
    ];
    let run = Project::new(&all).run(found(&all).as_ref(), &files(&["bench/test_b.py"]));
    assert_eq!(outcomes(&run), [("bench/test_b.py::test_a", Passed)]);
}

/// It is called like a test, and lies where the project has none.
#[test]
fn source_that_is_called_like_a_test_is_source() {
    let source = "def variant(n):\n    return 'a'\n";
    for path in ["shop/ab_test.py", "shop/test_mode.py", "load_test.py"] {
        let all =
            [("pytest.ini", "[pytest]\ntestpaths = tests\n"), ("tests/test_a.py", TEST), (path, source)];
        let runner = found(&all);
        let path = Path::new(path);
        assert!(!runner.is_test_file(path) && !runner.holds_tests(path) && !runner.is_test_support(path));
    }
}

#[test]
fn testpaths_that_name_nothing_do_not_count() {
    let all = [("pytest.ini", "[pytest]\ntestpaths = no/such\n"), ("check/test_a.py", TEST)];
    assert!(found(&all).is_test_file(Path::new("check/test_a.py")));
    assert_eq!(listed(&Project::new(&all), &all), ["check/test_a.py"]);
}

#[test]
fn tests_in_files_of_other_kinds_are_listed_and_run() {
    let conftest = "import pytest\n\ndef pytest_collect_file(parent, file_path):\n    if file_path.suffix == '.yaml':\n        return YamlFile.from_parent(parent, path=file_path)\n\nclass YamlFile(pytest.File):\n    def collect(self):\n        for line in self.path.read_text().splitlines():\n            yield Item.from_parent(self, name=line)\n\nclass Item(pytest.Item):\n    def runtest(self): pass\n";
    let source = "def total(xs):\n    '''\n    >>> total([1, 2])\n    3\n    '''\n    return sum(xs)\n";
    let all = [
        ("pytest.ini", "[pytest]\naddopts = --doctest-modules --doctest-glob=*.md\n"),
        ("conftest.py", conftest),
        ("shop/__init__.py", ""),
        ("shop/price.py", source),
        ("docs/guide.md", ">>> 1 + 1\n2\n"),
        ("tests/cases.yaml", "one\ntwo\n"),
        ("tests/test_a.py", TEST),
    ];
    let project = Project::new(&all);
    assert_eq!(
        listed(&project, &all),
        ["docs/guide.md", "shop/price.py", "tests/cases.yaml", "tests/test_a.py"]
    );
    let run = project.run(found(&all).as_ref(), &Selection::Everything);
    let ids = [
        "docs/guide.md::guide.md",
        "shop/price.py::shop.price.total",
        "tests/cases.yaml::one",
        "tests/cases.yaml::two",
        "tests/test_a.py::test_a",
    ];
    assert_eq!(outcomes(&run), ids.map(|id| (id, Passed)), "{run:#?}");
    for id in ids {
        let run = project.run(found(&all).as_ref(), &Selection::Cases(vec![id.to_owned()]));
        assert_eq!(outcomes(&run), [(id, Passed)], "{run:#?}");
    }
}

#[test]
fn what_a_conftest_leaves_out_is_not_listed() {
    let all = [
        ("conftest.py", "collect_ignore = ['old']\ncollect_ignore_glob = ['*_live.py']\n"),
        ("pytest.ini", "[pytest]\naddopts = -m 'not slow'\nmarkers = slow\n"),
        ("old/test_a.py", TEST),
        ("tests/test_live.py", TEST),
        ("tests/test_a.py", TEST),
        ("tests/test_broken.py", "import not_there\n"),
        ("tests/test_slow.py", "import pytest\n\n@pytest.mark.slow\ndef test_a(): pass\n"),
    ];
    let project = Project::new(&all);
    assert_eq!(listed(&project, &all), ["tests/test_a.py", "tests/test_broken.py"]);
}

#[test]
fn a_list_that_cannot_be_made_is_unknown() {
    let all = [("pytest.ini", "[pytest]\naddopts = --no-such-option\n"), ("test_a.py", TEST)];
    let project = Project::new(&all);
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    assert_eq!(found(&all).listed(&project.ctx(), &place, Duration::from_mins(2)), None);
}

#[test]
fn ids_of_a_nested_project_start_at_the_root() {
    let all = [
        ("services/a/pytest.ini", "[pytest]\ntestpaths = tests\n"),
        (
            "services/a/tests/test_a.py",
            "import pytest\n@pytest.mark.parametrize('x', ['a/b', 'c::d'])\ndef test_x(x): pass\n",
        ),
        ("services/a/bench/test_b.py", TEST),
        ("services/b/pytest.ini", "[pytest]\n"),
        ("services/b/test_broken.py", "import not_there\n"),
    ];
    let project = Project::new(&all);
    assert_eq!(listed(&project, &all), ["services/a/tests/test_a.py", "services/b/test_broken.py"]);
    let runner = found(&all);
    let run = project.run(runner.as_ref(), &Selection::Everything);
    let ids = ["services/a/tests/test_a.py::test_x[a/b]", "services/a/tests/test_a.py::test_x[c::d]"];
    assert_eq!(outcomes(&run), ids.map(|id| (id, Passed)), "{run:#?}");
    assert_eq!(run.not_loaded[0].0, "services/b/test_broken.py");
    let again = project.run(runner.as_ref(), &Selection::Cases(vec![ids[1].to_owned()]));
    assert_eq!(outcomes(&again), [(ids[1], Passed)], "{again:#?}");
}

#[test]
fn an_earlier_failure_stops_no_test() {
    let all = [
        ("pytest.ini", "[pytest]\naddopts = --sw --ff\n"),
        ("test_a.py", "def test_a(): assert 0\ndef test_b(): pass\n"),
        ("test_c.py", TEST),
    ];
    let run = Project::new(&all).run(found(&all).as_ref(), &Selection::Everything);
    assert_eq!(run.cases.len(), 3, "{run:#?}");
}
