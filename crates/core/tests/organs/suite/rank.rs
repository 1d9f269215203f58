//! The order of test files.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use hotfix_core::suite::{Nearness, RankInput, Ranked, rank};
use proptest::prelude::*;

use super::found;

use Nearness::{Changed, ChangedTogether, Critical, Import, Name, Proof, Rest};

#[derive(Default)]
struct Case<'a> {
    files: &'a [(&'a str, &'a str)],
    changed: &'a [&'a str],
    proof: &'a [&'a str],
    critical: &'a [&'a str],
    together: &'a [(&'a str, u32)],
}

fn ranked(case: &Case<'_>) -> Vec<(String, Nearness)> {
    let paths = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    let files: Vec<_> = case.files.iter().map(|(path, _)| PathBuf::from(path)).collect();
    let read = |wanted: &Path| {
        case.files
            .iter()
            .find(|(path, _)| Path::new(path) == wanted)
            .map(|(_, text)| text.as_bytes().to_vec())
    };
    let together = case.together.iter().map(|(path, count)| (PathBuf::from(path), *count)).collect();
    let critical: Vec<_> = case.critical.iter().map(|text| (*text).to_owned()).collect();
    let order = rank(&RankInput {
        files: &files,
        changed: &paths(case.changed),
        proof: &paths(case.proof),
        critical: &critical,
        read: &read,
        changed_together: &together,
        runner: &*found(&[("pytest.ini", "")]),
    });
    order.into_iter().map(|Ranked { path, why }| (path.to_str().unwrap().to_owned(), why)).collect()
}

#[test]
fn the_nearest_come_first() {
    let order = ranked(&Case {
        files: &[
            ("src/app/__init__.py", ""),
            ("src/app/auth.py", ""),
            ("tests/test_zebra.py", "from app import auth\n"),
            ("tests/unit/test_auth.py", ""),
            ("tests/auth_test.py", "import app.auth\n"),
            ("tests/test_auth_tokens.py", ""),
            ("tests/test_far.py", "import app.other\n"),
            ("tests/test_together.py", ""),
            ("tests/test_smoke.py", ""),
            ("tests/test_edited.py", ""),
            ("tests/helpers.py", "import app.auth\n"),
            ("tests/app/test_in_folder.py", ""),
        ],
        changed: &["src/app/auth.py", "tests/test_edited.py", "tests/test_new.py"],
        proof: &["tests/test_new.py"],
        critical: &["tests/*smoke*"],
        together: &[("tests/test_together.py", 7)],
    });
    let wanted = [
        ("tests/test_new.py", Proof),
        ("tests/test_edited.py", Changed),
        ("tests/test_smoke.py", Critical),
        ("tests/auth_test.py", Name),
        ("tests/unit/test_auth.py", Name),
        ("tests/test_auth_tokens.py", Name),
        ("tests/test_zebra.py", Import),
        ("tests/test_together.py", ChangedTogether),
        ("tests/app/test_in_folder.py", Rest),
        ("tests/test_far.py", Rest),
    ];
    let wanted: Vec<_> = wanted.into_iter().map(|(path, why)| (path.to_owned(), why)).collect();
    assert_eq!(order, wanted);
}

#[test]
fn names_follow_the_rule_in_all_its_forms() {
    let near = |changed: &str, test: &str| {
        let files = [(changed, ""), (test, "")];
        ranked(&Case { files: &files, changed: &[changed], ..Case::default() })[0].1 == Name
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
    let imports: BTreeSet<_> =
        order.iter().filter(|(_, why)| *why == Import).map(|(path, _)| path.as_str()).collect();
    assert_eq!(imports, BTreeSet::from(["other/test_z.py", "pkg/tests/test_x.py"]));
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
        files in names(), changed in names(), proof in names(), seed in any::<u64>(), count in 0..5_u32,
    ) {
        let runner = found(&[("pytest.ini", "")]);
        let paths = |list: &[String]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
        let read = |path: &Path| Some(format!("import {}", path.file_stem()?.len() % 2).into_bytes());
        let together: HashMap<_, _> = changed.iter().map(|path| (PathBuf::from(path), count)).collect();
        let order_of = |files: &[PathBuf]| rank(&RankInput {
            files, changed: &paths(&changed), proof: &paths(&proof), critical: &["tests/x".to_owned()],
            read: &read, changed_together: &together, runner: &*runner,
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
