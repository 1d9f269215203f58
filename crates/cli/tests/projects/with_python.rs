use hotfix_testkit::{Output, Repo, Sandbox};

const ALERT: &str = "Production down! Auth failing";
const SOURCE: &str = "def valid(age):\n    return age <= 3600\n";
const FIXED: &str = "def valid(age):\n    return 0 <= age <= 3600\n";
const TESTS: &str = "from auth import valid\n\n\ndef test_valid():\n    assert valid(1)\n";
const MORE_TESTS: &str = "\n\ndef test_negative():\n    assert not valid(-1)\n";
const LACKS_A_MODULE: &str = "import not_installed_here\n\n\ndef test_nothing():\n    pass\n";

struct Case {
    sandbox: Sandbox,
    repo: Repo,
}

impl Case {
    /// A project whose source is in `src`, with these files besides.
    fn with(more: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::with_python();
        let mut files: Vec<(&str, &[u8])> =
            vec![("src/auth.py", SOURCE.as_bytes()), ("tests/test_auth.py", TESTS.as_bytes())];
        files.extend(more.iter().map(|(path, text)| (*path, text.as_bytes())));
        let repo = sandbox.repo_with_remote(&files);
        Self { sandbox, repo }
    }

    /// Starts, writes these files into the slot and ships.
    fn ship(&self, files: &[(&str, &str)]) -> Output {
        let started = self.hotfix(["start", "--json", ALERT]);
        assert_eq!(started.code, 0, "{}", started.stderr);
        let worktree = started.json()["worktree"].as_str().expect("a path").to_owned();
        for (path, text) in files {
            std::fs::write(std::path::Path::new(&worktree).join(path), text).expect("a writable slot");
        }
        self.hotfix(["ship", "--json", "auth token validation"])
    }

    fn hotfix<const N: usize>(&self, args: [&str; N]) -> Output {
        self.sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), self.repo.path()).run(args)
    }
}

fn fix() -> Vec<(&'static str, String)> {
    vec![("src/auth.py", FIXED.to_owned()), ("tests/test_auth.py", format!("{TESTS}{MORE_TESTS}"))]
}

fn ship_the_fix(case: &Case) -> serde_json::Value {
    let files = fix();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let shipped = case.ship(&files);
    assert_eq!(shipped.code, 0, "{}\n{}", shipped.stdout, shipped.stderr);
    let shipped = shipped.json();
    assert_eq!(shipped["proof"]["verdict"], "proven");
    shipped
}

#[test]
fn a_test_file_that_cannot_be_loaded_on_base_either_does_not_block() {
    let case = Case::with(&[("tests/test_extra.py", LACKS_A_MODULE)]);
    let test = &ship_the_fix(&case)["test"];
    assert_eq!(test["verdict"], "passed");
    assert_eq!(test["ran"], 2);
    assert_eq!(test["failed_on_base_too"], serde_json::json!(["tests/test_extra.py"]));
    assert_eq!(test["why"], "2 tests passed; tests/test_extra.py fails on base as well, for the same reason");
}

#[test]
fn a_test_file_that_only_the_fix_breaks_blocks() {
    let case = Case::with(&[
        ("src/clock.py", "def now():\n    return 0\n"),
        ("tests/test_clock.py", "from clock import now\n\n\ndef test_now():\n    assert now() == 0\n"),
        ("tests/test_extra.py", LACKS_A_MODULE),
    ]);
    let shipped = case.ship(&[("src/auth.py", FIXED), ("src/clock.py", "def then():\n    return 0\n")]);
    assert_eq!(shipped.code, 1, "{}", shipped.stderr);
    let test = &shipped.json()["test"];
    assert_eq!(test["failed"][0]["test"], "tests/test_clock.py");
    assert_eq!(test["failed"].as_array().map(Vec::len), Some(1));
    assert_eq!(test["failed_on_base_too"], serde_json::json!(["tests/test_extra.py"]));
    assert!(test["why"].as_str().expect("a reason").contains("cannot be loaded"), "{test}");
}

/// Examples with dependencies of their own, as web frameworks ship them: pytest stops at the first such folder.
#[test]
fn folders_whose_conftest_cannot_be_loaded_do_not_hide_the_other_tests() {
    let case = Case::with(&[
        ("examples/one/tests/conftest.py", "import not_installed_here\n"),
        ("examples/one/tests/test_one.py", "def test_one():\n    pass\n"),
        ("examples/two/tests/conftest.py", "import not_installed_here_either\n"),
        ("examples/two/tests/test_two.py", "def test_two():\n    pass\n"),
    ]);
    let test = &ship_the_fix(&case)["test"];
    assert_eq!(test["ran"], 2);
    let on_base = serde_json::json!(["examples/one/tests/conftest.py", "examples/two/tests/conftest.py"]);
    assert_eq!(test["failed_on_base_too"], on_base);
}

/// Nearest first is not the order the project runs its tests in; some lean on that order. Its own command keeps it.
#[test]
fn tests_that_lean_on_the_order_of_files_run_in_the_projects_own() {
    let case = Case::with(&[
        ("tests/conftest.py", "ORDER = []\n"),
        ("tests/test_aaa.py", "def test_first():\n    import conftest\n    assert conftest.ORDER == []\n"),
    ]);
    let leaves_a_mark = format!(
        "{TESTS}{MORE_TESTS}\n\ndef test_mark():\n    import conftest\n    conftest.ORDER.append(1)\n"
    );
    let shipped = case.ship(&[("src/auth.py", FIXED), ("tests/test_auth.py", &leaves_a_mark)]);
    assert_eq!(shipped.code, 0, "{}\n{}", shipped.stdout, shipped.stderr);
    let test = &shipped.json()["test"];
    assert_eq!((&test["verdict"], &test["flaky"]), (&"passed".into(), &serde_json::json!([])), "{test}");
}

#[test]
fn a_hanging_test_costs_a_fifth_of_the_budget_and_is_named() {
    let case = Case::with(&[("tests/test_rest.py", "def test_rest():\n    pass\n")]);
    let settings = case.sandbox.home().join(".config/git-hotfix");
    std::fs::create_dir_all(&settings).expect("a writable home");
    std::fs::write(
        settings.join("config.toml"),
        "[test]\nbudget = \"10s\"\n[prove]\ntest_timeout = \"1s\"\nrepeat = 1\n",
    )
    .expect("a writable home");
    let hangs = format!("{TESTS}\n\ndef test_negative():\n    while valid(-1):\n        pass\n");
    let shipped = case
        .ship(&[("src/auth.py", "def valid(age):\n    return age < 3600\n"), ("tests/test_auth.py", &hangs)]);
    assert_eq!(shipped.code, 1, "{}", shipped.stderr);
    let test = &shipped.json()["test"];
    assert_eq!(test["failed"][0]["test"], "tests/test_auth.py::test_negative");
    assert_eq!(test["ran"], 3, "the others had their turn: {test}");
}
