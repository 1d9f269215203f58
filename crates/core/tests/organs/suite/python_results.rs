//! What Python's runners tell of a failure: where it happened, and the reason of that very test.

use hotfix_core::suite::Selection;
use hotfix_model::Run;

use super::{Project, found, reason};

fn frame<'a>(run: &'a Run, id: &str) -> Option<&'a str> {
    let case = run.cases.iter().find(|case| case.id == id);
    case.unwrap_or_else(|| panic!("no {id} in {run:#?}")).frame.as_deref()
}

const SOURCE: (&str, &str) = (
    "shop/price.py",
    "import json\n\n\ndef total(text):\n    return parse(text)['total']\n\n\ndef parse(text):\n    return json.loads(text)\n",
);

#[test]
fn the_innermost_place_in_the_repository_is_told() {
    let pytest = "import pytest\nfrom shop.price import total\n\n\n@pytest.fixture\ndef broken():\n    raise ValueError('no database')\n\n\ndef test_in_source():\n    total('no json')\n\n\ndef test_in_test():\n    assert total('{\"total\": 1}') == 2\n\n\ndef test_in_fixture(broken):\n    pass\n\n\ndef test_passes():\n    pass\n\n\ndef test_nested():\n    def inner():\n        total('{}')\n    try:\n        inner()\n    except KeyError as error:\n        raise RuntimeError('wrapped') from error\n";
    let all = [("pytest.ini", ""), SOURCE, ("tests/test_a.py", pytest)];
    let run = Project::new(&all).run(found(&all).as_ref(), &Selection::Everything);
    let frame_of = |name: &str| frame(&run, &format!("tests/test_a.py::{name}"));
    assert_eq!(frame_of("test_in_source"), Some("shop/price.py:parse"), "{run:#?}");
    assert_eq!(frame_of("test_in_test"), Some("tests/test_a.py:test_in_test"));
    assert_eq!(frame_of("test_in_fixture"), Some("tests/test_a.py:broken"));
    assert_eq!(frame_of("test_nested"), Some("tests/test_a.py:test_nested"));
    assert_eq!(frame_of("test_passes"), None);
    assert_eq!(reason(&run, "tests/test_a.py::test_in_test"), "AssertionError: assert 1 == 2");
    assert!(reason(&run, "tests/test_a.py::test_in_source").starts_with("json.decoder.JSONDecodeError: "));

    let unittest = "import unittest\nfrom shop.price import total\n\n\nclass T(unittest.TestCase):\n    def test_in_source(self):\n        total('no json')\n\n    def test_in_test(self):\n        self.assertEqual(total('{\"total\": 1}'), 2)\n\n    def test_parts(self):\n        for text in ('{\"total\": 1}', '{}'):\n            with self.subTest(text=text):\n                total(text)\n\n\nclass U(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n        total('{}')\n\n    def test_never(self):\n        pass\n";
    let all = [SOURCE, ("tests/test_a.py", unittest)];
    let run = Project::new(&all).run(found(&all).as_ref(), &Selection::Everything);
    let frame_of = |name: &str| frame(&run, &format!("tests/test_a.py::{name}"));
    assert_eq!(frame_of("T::test_in_source"), Some("shop/price.py:parse"), "{run:#?}");
    assert_eq!(frame_of("T::test_in_test"), Some("tests/test_a.py:test_in_test"));
    assert_eq!(frame_of("T::test_parts"), Some("shop/price.py:total"));
    assert_eq!(frame_of("U::setUpClass"), Some("shop/price.py:total"));
}

#[test]
fn a_failed_example_says_what_it_expected() {
    let source = "def a():\n    '''\n    >>> 1 + 1\n    3\n    '''\n\n\ndef b():\n    '''\n    >>> [][1]\n    0\n    '''\n";
    let all = [("pytest.ini", "[pytest]\naddopts = --doctest-modules\n"), ("shop.py", source)];
    let run = Project::new(&all).run(found(&all).as_ref(), &Selection::Everything);
    assert_eq!(reason(&run, "shop.py::shop.a"), "DocTestFailure: expected '3', got '2'");
    assert_eq!(reason(&run, "shop.py::shop.b"), "IndexError: list index out of range");
}

/// Ids that hang on the order of a set, and a test whose result does.
#[test]
fn sets_have_the_same_order_in_every_run() {
    let text = "import pytest\nNAMES = {'alpha', 'beta', 'gamma', 'delta', 'epsilon'}\n\n\n@pytest.mark.parametrize('one', [{name} for name in NAMES])\ndef test_each(one):\n    assert one != {'alpha'}\n\n\ndef test_order():\n    assert list(NAMES) == 0\n";
    let all = [("pytest.ini", ""), ("test_a.py", text)];
    let project = Project::new(&all);
    let results = || {
        let run = project.run(found(&all).as_ref(), &Selection::Everything);
        run.cases.into_iter().map(|case| (case.id, case.outcome, case.reason)).collect::<Vec<_>>()
    };
    let first = results();
    assert_eq!(first.len(), 6);
    assert_eq!(first, results());
    let text = "import os, unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(os.environ['PYTHONHASHSEED'], '7')\n";
    let all = [("test_a.py", text)];
    let project = Project::new(&all).set("PYTHONHASHSEED", "7");
    assert!(project.run(found(&all).as_ref(), &Selection::Everything).is_green(), "one that is set stays");
}
