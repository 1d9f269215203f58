//! The order of test files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hotfix_core::suite::{Edit, Nearness, RankInput, Ranked, rank};
use proptest::prelude::*;

use super::found;

use Nearness::{Near, Proof};

#[derive(Default)]
struct Case<'a> {
    files: &'a [(&'a str, &'a str)],
    changed: &'a [&'a str],
    edits: &'a [Edit],
    proof: &'a [&'a str],
    critical: &'a [&'a str],
    commits: &'a [&'a [&'a str]],
    related: Option<&'a [&'a str]>,
}

fn ranked(case: &Case<'_>) -> Vec<Ranked> {
    let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    let files: Vec<_> = case.files.iter().map(|(path, _)| PathBuf::from(path)).collect();
    let read = |wanted: &Path| {
        case.files
            .iter()
            .find(|(path, _)| Path::new(path) == wanted)
            .map(|(_, text)| text.as_bytes().to_vec())
    };
    let critical: Vec<_> = case.critical.iter().map(|text| (*text).to_owned()).collect();
    let commits: Vec<_> = case.commits.iter().map(|files| paths(files)).collect();
    rank(&RankInput {
        files: &files,
        changed: &paths(case.changed),
        edits: case.edits,
        proof: &paths(case.proof),
        critical: &critical,
        read: &read,
        commits: &commits,
        related: case.related.map(paths).as_deref(),
        learnt: None,
        runner: &*found(&[("pytest.ini", "")]),
    })
}

fn told(order: &[Ranked]) -> Vec<String> {
    order.iter().map(|file| format!("{}: {}", file.path.display(), file.reasons().join(", "))).collect()
}

#[test]
#[expect(clippy::single_range_in_vec_init, reason = "one changed place is one range")]
fn the_nearest_come_first_and_each_says_why() {
    let edit = Edit {
        path: "src/app/auth.py".into(),
        before: "def refresh(token):\n    return token\n".to_owned(),
        old: vec![2..3],
        ..Edit::default()
    };
    let order = ranked(&Case {
        files: &[
            ("src/app/__init__.py", ""),
            ("src/app/auth.py", ""),
            ("src/app/login.py", "from . import auth\n"),
            ("tests/test_zebra.py", "from app import auth\n"),
            ("tests/unit/test_auth.py", "from app.auth import refresh\n"),
            ("tests/test_auth_tokens.py", ""),
            ("tests/test_far.py", "import app.other\n"),
            ("tests/test_login.py", "import app.login\n"),
            ("tests/test_together.py", ""),
            ("tests/test_smoke.py", ""),
            ("tests/test_edited.py", ""),
            ("tests/helpers.py", "import app.auth\n"),
            ("tests/app/test_in_folder.py", ""),
        ],
        changed: &["src/app/auth.py", "tests/test_edited.py", "tests/test_new.py"],
        edits: &[edit],
        proof: &["tests/test_new.py"],
        critical: &["tests/*smoke*"],
        commits: &[
            &["src/app/auth.py", "tests/test_together.py"],
            &["src/app/auth.py", "tests/test_together.py"],
        ],
        related: Some(&["tests/test_login.py"]),
    });
    let wanted = [
        "tests/test_new.py: holds the proof",
        "tests/test_edited.py: changed",
        "tests/test_smoke.py: test.critical names it",
        "tests/unit/test_auth.py: its name says so, imports what changed, speaks of refresh",
        "tests/test_zebra.py: imports what changed",
        "tests/test_together.py: often changed together",
        "tests/test_login.py: imports what changed, 2 steps away, related by the runner's own tool",
        "tests/test_auth_tokens.py: its name says so in part",
        "tests/app/test_in_folder.py: one of the rest, in a folder of that name",
        "tests/test_far.py: one of the rest",
    ];
    assert_eq!(told(&order), wanted);
}

#[test]
fn names_follow_the_rule_in_all_its_forms() {
    let near = |changed: &str, test: &str| {
        let files = [(changed, ""), (test, "")];
        ranked(&Case { files: &files, changed: &[changed], ..Case::default() })[0].why == Near
    };
    assert!(near("src/auth.py", "tests/test_auth.py"));
    assert!(near("src/auth.py", "tests/auth_test.py"));
    assert!(near("src/auth.py", "tests/unit/test_auth.py"));
    assert!(near("pkg/_auth.py", "tests/test_auth.py"));
    assert!(near("pkg/auth/__init__.py", "tests/test_auth.py"));
    assert!(near("pkg/auth/token.py", "tests/test_auth_token.py"));
    assert!(!near("src/auth.py", "tests/test_author.py"));
    assert!(!near("src/a.py", "tests/test_b.py"));
}

#[test]
fn relative_imports_and_conftest_count_as_imports() {
    let order = ranked(&Case {
        files: &[
            ("pkg/__init__.py", ""),
            ("pkg/core.py", ""),
            ("pkg/tests/__init__.py", ""),
            ("pkg/tests/test_x.py", "from ..core import run\n"),
            ("pkg/tests/test_y.py", "from .core import run\n"),
            ("other/test_z.py", ""),
            ("other/conftest.py", ""),
        ],
        changed: &["pkg/core.py", "other/conftest.py"],
        ..Case::default()
    });
    let near: BTreeSet<_> =
        order.iter().filter(|file| file.why == Near).map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(near, BTreeSet::from(["other/test_z.py", "pkg/tests/test_x.py"]));
}

#[test]
fn settings_and_what_cannot_be_told_reach_all_tests() {
    let order = ranked(&Case {
        files: &[("pkg/a.py", ""), ("tests/test_x.py", ""), ("tests/test_y.py", "__import__(name)\n")],
        changed: &["pyproject.toml", "pkg/a.py"],
        ..Case::default()
    });
    let wanted = [
        "tests/test_y.py: what it imports cannot be told, pyproject.toml changed",
        "tests/test_x.py: pyproject.toml changed",
    ];
    assert_eq!(told(&order), wanted);
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let name = prop::sample::select(vec![
        "src/a.py",
        "src/b.py",
        "pkg/a.py",
        "tests/test_a.py",
        "tests/test_b.py",
        "tests/x/test_a.py",
        "b_test.py",
        "conftest.py",
        "tests/helper.py",
        "README.md",
        "tests/c_test.py",
        "pkg/__init__.py",
    ]);
    prop::collection::vec(name.prop_map(str::to_owned), 0..12)
}

proptest! {
    #[test]
    fn each_test_file_once_in_one_order(
        files in names(), changed in names(), proof in names(), seed in any::<u64>(),
    ) {
        let runner = found(&[("pytest.ini", "")]);
        let paths = |list: &[String]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
        let read = |path: &Path| Some(format!("import {}", path.file_stem()?.len() % 2).into_bytes());
        let commits = [paths(&changed), paths(&files)];
        let order_of = |files: &[PathBuf]| rank(&RankInput {
            files, changed: &paths(&changed), edits: &[], proof: &paths(&proof), critical: &["tests/x".to_owned()],
            read: &read, commits: &commits, related: Some(&paths(&changed)), learnt: None, runner: &*runner,
        });
        let files = paths(&files);
        let order = order_of(&files);
        let mut mixed = files.clone();
        mixed.sort_by_key(|path| seed.wrapping_mul(path.as_os_str().len() as u64 + 7) >> 3);
        prop_assert_eq!(&order, &order_of(&mixed));
        let found: BTreeSet<_> = order.iter().map(|file| file.path.clone()).collect();
        let proof = paths(&proof);
        let wanted: BTreeSet<_> = files.iter().chain(&proof).filter(|path| runner.is_test_file(path)).cloned().collect();
        prop_assert_eq!(order.len(), found.len());
        prop_assert_eq!(&found, &wanted);
        prop_assert!(order.is_sorted_by_key(|file| file.why));
        prop_assert!(order.iter().all(|file| (file.why == Proof) == proof.contains(&file.path)));
    }
}
