//! pytest with plugins that others write, and Django.

use std::fs;
use std::path::Path;
use std::time::Duration;

use hotfix_core::suite::{Place, Selection};
use hotfix_model::CaseOutcome::{Failed, Passed, Skipped};
use hotfix_testkit::tools;

use super::venv::Venv;
use super::{Project, detect_in, files, found, outcomes, reason, write_into};

/// A project whose Python has the plugins; only those run that a test names, for some do not get on with each other.
fn project(all: &[(&str, &str)]) -> Project {
    let python = tools::PLUGINS.folder();
    let folder = python.join("bin");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    Project::new(all).set("PATH", path).set("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
}

const PRICE: &str = "def tax(x):\n    return 999\n";
const RIGHT_PRICE: &str = "def tax(x):\n    return x * 2\n";

/// The workers of xdist import; the process that controls them does not.
#[test]
fn workers_of_xdist_use_the_slots_code_and_tell_what_they_cannot() {
    let test = "from shop.price import tax\n\n\ndef test_tax():\n    assert tax(2) == 4\n\n\ndef test_other():\n    assert tax(3) == 6\n";
    let all = [
        ("pytest.ini", "[pytest]\naddopts = -p xdist -n 2\n"),
        ("lib/shop/__init__.py", ""),
        ("lib/shop/price.py", RIGHT_PRICE),
        ("tests/test_tax.py", test),
    ];
    let project = project(&all);
    let other = project.home().join("lib");
    write_into(&other, &[("shop/__init__.py", ""), ("shop/price.py", PRICE)]);
    Venv::new(&project, ".venv").lead_to(&other);
    let run = project.run(found(&all).as_ref(), &Selection::Everything);
    assert_eq!(
        outcomes(&run),
        [("tests/test_tax.py::test_other", Passed), ("tests/test_tax.py::test_tax", Passed)],
        "{run:#?}"
    );
    assert!(run.is_green());

    let two = [
        all[0],
        ("a/setup.py", "setup(name='a')\n"),
        ("a/src/shop/__init__.py", ""),
        ("b/setup.py", "setup(name='b')\n"),
        ("b/src/shop/__init__.py", ""),
        all[3],
    ];
    let project = self::project(&two);
    let venv = Venv::new(&project, ".venv");
    venv.install(&[("shop/__init__.py", ""), ("shop/price.py", RIGHT_PRICE)]);
    let run = project.run(found(&two).as_ref(), &Selection::Everything);
    assert!(run.foreign.as_deref().is_some_and(|why| why.contains("imported shop from")), "{run:#?}");
    assert!(!run.is_green());
}

#[test]
fn workers_of_xdist_run_some_tests_several_times() {
    let test = "RUNS = []\n\n\ndef test_steady():\n    with open('runs', 'a') as file:\n        file.write('x')\n\n\ndef test_wavers():\n    RUNS.append(1)\n    assert len(RUNS) % 2\n\n\ndef test_other():\n    pass\n";
    let all = [("pytest.ini", "[pytest]\naddopts = -p xdist -n 2\n"), ("tests/test_often.py", test)];
    let project = project(&all);
    let ids = ["test_other", "test_steady", "test_wavers"].map(|name| format!("tests/test_often.py::{name}"));
    let run = project.run_repeating(found(&all).as_ref(), &Selection::Everything, &[&ids[1], &ids[2]]);
    let wanted = ids.each_ref().map(|id| (id.as_str(), Passed));
    assert_eq!(outcomes(&run), wanted, "{run:#?}");
    let times = |id: &String| run.cases.iter().find(|case| case.id == *id).unwrap().times;
    assert_eq!(ids.each_ref().map(times), [None, Some(4), Some(4)]);
    assert_eq!(run.flaky().map(|case| &case.id).collect::<Vec<_>>(), [&ids[2]]);
    assert_eq!((run.claimed, fs::read(project.root().join("runs")).unwrap().len()), (Some(3), 4));
}

#[test]
fn frames_and_reasons_travel_from_the_workers() {
    let all = [
        ("pytest.ini", "[pytest]\naddopts = -p xdist -n 2\n"),
        ("shop.py", "def total(x):\n    return x['no']\n"),
        (
            "tests/test_a.py",
            "from shop import total\n\n\ndef test_a():\n    total({})\n\n\ndef test_b():\n    assert 1 == 2\n",
        ),
    ];
    let run = project(&all).run(found(&all).as_ref(), &Selection::Everything);
    let of = |id: &str| run.cases.iter().find(|case| case.id == id).and_then(|case| case.frame.as_deref());
    assert_eq!(of("tests/test_a.py::test_a"), Some("shop.py:total"), "{run:#?}");
    assert_eq!(of("tests/test_a.py::test_b"), Some("tests/test_a.py:test_b"));
    assert_eq!(reason(&run, "tests/test_a.py::test_b"), "AssertionError: assert 1 == 2");
    let listed = listed(&all);
    assert_eq!(listed, ["tests/test_a.py"]);
}

fn listed(all: &[(&str, &str)]) -> Vec<String> {
    let project = project(all);
    let (root, home, scratch) = (project.root(), project.home(), project.scratch());
    let place = Place { root: &root, home: &home, scratch: &scratch };
    let listed = found(all).listed(&project.ctx(), &place, Duration::from_mins(2)).unwrap();
    listed.iter().map(|path| path.display().to_string()).collect()
}

const SOMETIMES: &str = "TRIES = []\n\n\ndef test_sometimes():\n    TRIES.append(1)\n    assert len(TRIES) > 1, 'too early'\n\n\ndef test_always(): pass\n\n\ndef test_never(): assert 0\n";

#[test]
fn a_test_that_passed_when_a_plugin_tried_it_again_is_flaky() {
    let settings = [
        "[pytest]\nretries = 2\naddopts = -p pytest_retry.retry_plugin\n",
        "[pytest]\nretries = 1\nretry_outcome = again\naddopts = -p pytest_retry.retry_plugin\n",
        "[pytest]\naddopts = -p flaky.flaky_pytest_plugin --force-flaky --max-runs=3\n",
        "[pytest]\naddopts = -p xdist -n 1 -p flaky.flaky_pytest_plugin --force-flaky --max-runs=3\n",
        "[pytest]\nretries = 2\naddopts = -p xdist -n 1 -p pytest_retry.retry_plugin\n",
    ];
    for settings in settings {
        let all = [("pytest.ini", settings), ("test_price.py", SOMETIMES)];
        let run = project(&all).run(found(&all).as_ref(), &Selection::Everything);
        let wanted = [
            ("test_price.py::test_always", Passed),
            ("test_price.py::test_never", Failed),
            ("test_price.py::test_sometimes", Passed),
        ];
        assert_eq!(outcomes(&run), wanted, "{settings} {run:#?}");
        let flaky: Vec<_> = run.flaky().map(|case| case.id.as_str()).collect();
        assert_eq!(flaky, ["test_price.py::test_sometimes"], "{settings} {run:#?}");
        assert_eq!(reason(&run, "test_price.py::test_sometimes"), "AssertionError: too early", "{settings}");
    }
}

/// The files of a slot, with what is in them.
fn snapshot(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => waiting.push(entry.path()),
                false => found.push((
                    entry.path().display().to_string(),
                    fs::read_to_string(entry.path()).unwrap_or_default(),
                )),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn snapshots_are_never_written() {
    let projects: [&[(&str, &str)]; 5] = [
        &[
            ("pytest.ini", "[pytest]\naddopts = -p syrupy --snapshot-update\n"),
            (
                "test_a.py",
                "def test_a(snapshot): assert 3 == snapshot\ndef test_new(snapshot): assert 4 == snapshot\n",
            ),
            ("__snapshots__/test_a.ambr", "# serializer version: 1\n# name: test_a\n  2\n# ---\n"),
        ],
        &[
            ("pytest.ini", "[pytest]\naddopts = -p syrupy --snapshot-update-new-only\n"),
            ("test_a.py", "def test_a(snapshot): assert 3 == snapshot\n"),
        ],
        &[
            ("pytest.ini", "[pytest]\naddopts = -p pytest_snapshot.plugin --snapshot-update\n"),
            ("test_a.py", "def test_a(snapshot): snapshot.assert_match('3', 'a.txt')\n"),
            ("snapshots/test_a/test_a/a.txt", "2"),
        ],
        &[
            (
                "pytest.ini",
                "[pytest]\naddopts = -p inline_snapshot.pytest_plugin --inline-snapshot=create,fix\n",
            ),
            (
                "test_a.py",
                "from inline_snapshot import snapshot\n\n\ndef test_a():\n    assert 3 == snapshot(2)\n",
            ),
        ],
        &[
            ("pytest.ini", "[pytest]\naddopts = -p inline_snapshot.pytest_plugin\n"),
            ("pyproject.toml", "[tool.inline-snapshot]\ndefault-flags = ['create', 'fix']\n"),
            (
                "test_a.py",
                "from inline_snapshot import snapshot\n\n\ndef test_a():\n    assert 3 == snapshot()\n",
            ),
        ],
    ];
    for all in projects {
        let project = project(all);
        let before = snapshot(&project.root());
        let run = project.run(found(all).as_ref(), &Selection::Everything);
        assert!(
            !run.cases.is_empty() && run.cases.iter().all(|case| case.outcome == Failed),
            "{all:?} {run:#?}"
        );
        assert_eq!(snapshot(&project.root()), before, "{all:?}");
    }
}

const MANAGE: &str = "import os, sys\n\nif __name__ == '__main__':\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n";
const SETTINGS: &str = "SECRET_KEY = 'x'\nINSTALLED_APPS = ['orders']\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}}\nDEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\n";
const MODELS: &str = "from django.db import models\n\n\nclass Order(models.Model):\n    n = models.IntegerField()\n\n    def double(self):\n        return self.n * 3\n";
const TESTS: &str = "import unittest\nfrom django.test import TestCase\nfrom .models import Order\n\n\nclass T(TestCase):\n    def test_create(self):\n        Order.objects.create(n=1)\n        self.assertEqual(Order.objects.count(), 1)\n\n    def test_double(self):\n        self.assertEqual(Order(n=2).double(), 4)\n\n    @unittest.skip('later')\n    def test_later(self): pass\n\n\nclass U(TestCase):\n    @classmethod\n    def setUpTestData(cls):\n        raise ValueError('no data')\n\n    def test_never(self): pass\n";

fn django(folder: &str, more: &[(&'static str, &'static str)]) -> Vec<(String, String)> {
    let all = [
        ("manage.py", MANAGE),
        ("requirements.txt", "Django\n"),
        ("site1/__init__.py", ""),
        ("site1/settings.py", SETTINGS),
        ("orders/__init__.py", ""),
        ("orders/models.py", MODELS),
        ("orders/tests.py", TESTS),
    ];
    let named = all.iter().chain(more).map(|(path, text)| (format!("{folder}{path}"), (*text).to_owned()));
    named.collect()
}

fn borrowed(all: &[(String, String)]) -> Vec<(&str, &str)> {
    all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

#[test]
fn djangos_own_layout_runs_by_its_own_command() {
    for folder in ["", "backend/"] {
        let all = django(folder, &[]);
        let all = borrowed(&all);
        let runner = found(&all);
        assert_eq!(runner.name(), "django");
        let file = format!("{folder}orders/tests.py");
        let project = project(&all);
        let run = project.run(runner.as_ref(), &Selection::Everything);
        let id = |name: &str| format!("{file}::{name}");
        let wanted = [id("T::test_create"), id("T::test_double"), id("T::test_later"), id("U::setUpClass")];
        let ids: Vec<&str> = outcomes(&run).iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, wanted, "{run:#?}");
        let kinds: Vec<_> = outcomes(&run).iter().map(|(_, outcome)| *outcome).collect();
        assert_eq!(kinds, [Passed, Failed, Skipped, Failed]);
        assert_eq!(reason(&run, &id("T::test_double")), "AssertionError: 6 != 4");
        let broken = run.cases.iter().find(|case| case.id == id("T::test_double")).unwrap();
        assert_eq!(broken.frame.as_deref(), Some(id("").replace("::", ":test_double").as_str()));
        assert!(run.claimed.is_some() && run.exit == Some(1) && !run.is_green());
        let one = project.run(runner.as_ref(), &Selection::Cases(vec![id("T::test_create")]));
        assert_eq!(outcomes(&one), [(id("T::test_create").as_str(), Passed)], "{one:#?}");
        assert!(one.is_green());
        assert!(project.run(runner.as_ref(), &files(&[&file])).cases.len() == 4);
        let typed = runner.command(&files(&[&file])).join(" ");
        assert!(typed.ends_with("python manage.py test orders.tests"), "{typed}");
    }
}

#[test]
fn django_tests_that_cannot_be_loaded_are_said() {
    let all = django("", &[("orders/test_more.py", "import not_there\n")]);
    let all = borrowed(&all);
    let project = project(&all);
    for selection in [Selection::Everything, files(&["orders/test_more.py"])] {
        let run = project.run(found(&all).as_ref(), &selection);
        let said = ("orders/test_more.py".to_owned(), "ModuleNotFoundError: No module named 'not_there'");
        assert_eq!(
            run.not_loaded.first().map(|(file, why)| (file.clone(), why.split(" (").next().unwrap())),
            Some(said),
            "{run:#?}"
        );
        assert!(!run.is_green());
    }
}

#[test]
fn pytests_plugin_for_django_keeps_its_tests() {
    let settings = "[pytest]\nDJANGO_SETTINGS_MODULE = site1.settings\npython_files = tests.py\naddopts = -p pytest_django.plugin\n";
    let all = django("", &[("pytest.ini", settings)]);
    let all = borrowed(&all);
    let runner = found(&all);
    assert_eq!(runner.name(), "pytest");
    let run = project(&all).run(runner.as_ref(), &files(&["orders/tests.py"]));
    assert!(
        run.cases.iter().any(|case| case.id == "orders/tests.py::T::test_create" && case.outcome == Passed),
        "{run:#?}"
    );
    // With the plugin, but with patterns that find none of them, Django's own command is what runs them.
    let all = django("", &[("requirements-dev.txt", "pytest-django\n")]);
    assert_eq!(found(&borrowed(&all)).name(), "django");
    let pure = [("manage.py", "print('no web')\n"), ("tests/test_a.py", "def test_a(): pass\n")];
    assert_eq!(detect_in(&pure, "").unwrap().name(), "pytest");
}
