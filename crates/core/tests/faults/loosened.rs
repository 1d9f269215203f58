//! Whoever asks for less than the repository does may do so: it is a skipped gate with the setting as its reason, shown in
//! the merge request, owed, and counted.

use hotfix_core::journey::report;
use hotfix_model::output::ShipOutput;
use hotfix_model::{Gate, SuiteVerdict};
use hotfix_testkit::Sandbox;
use hotfix_testkit::till::{CONFIG, FIXED_SOURCE, NEW_TEST, SOURCE, TEST};

use crate::scene::{Scene, description};

/// The till with these settings of the repository, and a change.
fn till(config: &str, source: &str, test: &str) -> Scene {
    let files = [("hotfix.toml", config), ("src/till.sh", SOURCE), ("tests/test_till.sh", TEST)];
    let scene = Scene::start(Sandbox::new(), &files);
    scene.write("src/till.sh", source);
    scene.write("tests/test_till.sh", test);
    scene
}

/// Asserts that a shipped fix says everywhere that a gate was loosened by a setting.
#[track_caller]
fn assert_told_everywhere(scene: &Scene, output: &ShipOutput, gate: Gate, setting: &str) {
    let record = scene.responder().record();
    let skipped: Vec<(Gate, &str)> =
        record.skipped.iter().map(|skip| (skip.gate, skip.reason.as_str())).collect();
    assert!(skipped.contains(&(gate, setting)), "{skipped:?}");
    let text = description(output);
    assert!(text.contains(&format!("- {gate}: `{setting}`")), "{text}");
    let owed = format!("skipped_gate:{gate}");
    assert!(record.outstanding().any(|open| open.key == owed), "{record:?}");
    let report = report::of(&scene.responder().project(), report::Request::default()).unwrap();
    assert_eq!((report.totals.skipped, report.totals.shipped), (1, 1));
    assert_eq!(report.hotfixes[0].skipped, [gate]);
}

#[test]
fn a_gate_that_only_warns_with_tests_that_fail() {
    let mut scene = till(CONFIG, "#!/bin/sh\nexit 1\n", NEW_TEST);
    scene.set("test.gate", "warn");
    let output = scene.ship();
    assert_eq!(output.test.as_ref().unwrap().verdict, SuiteVerdict::Failed);
    assert_told_everywhere(&scene, &output, Gate::Test, "test.gate = \"warn\" (command line)");
}

#[test]
fn a_gate_that_only_warns_with_tests_that_pass_is_not_loosened() {
    let mut scene = till(CONFIG, FIXED_SOURCE, NEW_TEST);
    scene.set("test.gate", "warn");
    scene.ship();
    let report = report::of(&scene.responder().project(), report::Request::default()).unwrap();
    assert_eq!(report.totals.skipped, 0);
}

#[test]
fn another_command_than_that_of_the_repository() {
    let mut scene = till(CONFIG, "#!/bin/sh\nexit 1\n", NEW_TEST);
    scene.set("test.command", "true");
    let output = scene.ship();
    assert_told_everywhere(&scene, &output, Gate::Test, "test.command = \"true\" (command line)");
}

#[test]
fn a_proof_that_the_users_own_file_does_without() {
    let config = format!("{CONFIG}[prove]\nrequired = true\n");
    let scene = till(&config, FIXED_SOURCE, TEST);
    let (_, error) = scene.ship_in_vain();
    assert!(!scene.is_pushed(), "{error}");
    let personal = scene.sandbox.home().join(".config/git-hotfix/config.toml");
    std::fs::create_dir_all(personal.parent().unwrap()).unwrap();
    std::fs::write(&personal, "[prove]\nrequired = false\n").unwrap();
    let output = scene.ship();
    let record = scene.responder().record();
    let setting = record.skipped.iter().find(|skip| skip.gate == Gate::Prove).unwrap().reason.clone();
    assert!(setting.starts_with("prove.required = false ("), "{setting}");
    assert_told_everywhere(&scene, &output, Gate::Prove, &setting);
}

/// Another case: tests that waver block here, and only warn for this user.
#[test]
fn flaky_tests_that_the_repository_does_not_take() {
    let mut scene =
        till(&format!("{CONFIG}gate = \"block\"\n[prove]\nrequired = true\n"), FIXED_SOURCE, TEST);
    scene.set("prove.required", "false");
    let output = scene.ship();
    assert_told_everywhere(&scene, &output, Gate::Prove, "prove.required = false (command line)");
}

mod with_python {
    use super::*;
    use crate::scene::{IGNORED, PYTEST};

    /// A budget that is shorter than the default's, and cuts.
    #[test]
    fn a_shorter_budget_that_cuts_tests() {
        let slow = "import time\n\n\ndef test_slow():\n    time.sleep(1)\n";
        let near = "from price import total\n\n\ndef test_total():\n    assert total([1]) == 1\n";
        let mut files = vec![
            PYTEST,
            IGNORED,
            ("price.py", "def total(prices):\n    return sum(prices)\n"),
            ("test_price.py", near),
        ];
        let names: Vec<String> = (0..12).map(|number| format!("test_slow_{number}.py")).collect();
        files.extend(names.iter().map(|name| (name.as_str(), slow)));
        let mut scene = Scene::start(Sandbox::with_python(), &files);
        scene.append("price.py", "\n\nCENTS = 100\n");
        scene.set("test.budget", "8s");
        let output = scene.ship();
        let report = output.test.as_ref().unwrap();
        assert_eq!(report.verdict, SuiteVerdict::Passed, "{}", report.why);
        assert!(!report.cut.is_empty(), "{report:?}");
        assert_told_everywhere(&scene, &output, Gate::Test, "test.budget = \"8s\" (command line)");
        assert!(description(&output).contains("Left out, the time was short"));
    }
}
