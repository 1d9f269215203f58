//! `--json` of every command prints exactly one value, of the published shape.

use std::collections::{BTreeMap, BTreeSet};

use hotfix_model::output::{
    CheckOutput, CleanupOutput, CommitOutput, DemoOutput, DrillOutput, ErrorOutput, ExplainOutput,
    ExportOutput, InitOutput, ListOutput, LogOutput, OwedOutput, PostmortemDoneOutput, PostmortemOutput,
    ProofShowOutput, ProveOutput, ReadyOutput, RefreshOutput, ReplayOutput, ReportOutput, ReviewOutput,
    ScheduleOutput, SettingOutput, SettleOutput, ShipOutput, SlotListOutput, SlotRemovedOutput, StartOutput,
    StatusOutput, SubmitOutput, TestOutput, TrustOutput, UndoOutput, VerifyOutput,
};
use hotfix_model::printed::{NoneOpenOutput, PageOutput, PlanOutput, ScriptOutput};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::case::{ALERT, Case, ID, SUBJECT};

/// Says what is wrong with a value, if anything is.
type Judge = fn(&Value) -> Result<(), String>;

/// What each command may print. A command that is missing here fails the test.
fn shapes() -> BTreeMap<&'static str, Vec<Judge>> {
    BTreeMap::from([
        ("start", vec![judge::<StartOutput> as Judge]),
        ("prove", vec![judge::<ProveOutput>]),
        ("check", vec![judge::<CheckOutput>]),
        ("test", vec![judge::<TestOutput>, judge::<ExplainOutput>]),
        ("commit", vec![judge::<CommitOutput>]),
        ("submit", vec![judge::<SubmitOutput>]),
        ("cleanup", vec![judge::<CleanupOutput>]),
        ("follow-up", vec![judge::<Vec<OwedOutput>>]),
        ("ship", vec![judge::<ShipOutput>]),
        ("status", vec![judge::<StatusOutput>, judge::<NoneOpenOutput>]),
        ("list", vec![judge::<Vec<ListOutput>>]),
        ("log", vec![judge::<LogOutput>]),
        ("undo", vec![judge::<UndoOutput>]),
        ("resume", vec![judge::<StartOutput>]),
        ("join", vec![judge::<StartOutput>]),
        ("owed", vec![judge::<Vec<OwedOutput>> as Judge, judge::<SettleOutput>]),
        ("postmortem", vec![judge::<PostmortemOutput>, judge::<PostmortemDoneOutput>]),
        ("report", vec![judge::<ReportOutput>]),
        ("review", vec![judge::<ReviewOutput>]),
        (
            "proof",
            vec![
                judge::<ProofShowOutput> as Judge,
                judge::<ReplayOutput>,
                judge::<VerifyOutput>,
                judge::<ExportOutput>,
            ],
        ),
        ("init", vec![judge::<InitOutput>]),
        ("trust", vec![judge::<TrustOutput>]),
        ("config", vec![judge::<Vec<SettingOutput>>]),
        (
            "slot",
            vec![
                judge::<Vec<SlotListOutput>> as Judge,
                judge::<RefreshOutput>,
                judge::<Vec<SlotRemovedOutput>>,
            ],
        ),
        ("completions", vec![judge::<ScriptOutput>]),
        ("shell-init", vec![judge::<ScriptOutput>]),
        ("man", vec![judge::<PageOutput>]),
        ("demo", vec![judge::<DemoOutput>]),
        ("drill", vec![judge::<DrillOutput>]),
        ("ready", vec![judge::<ReadyOutput>, judge::<ScheduleOutput>]),
    ])
}

/// The value fits the published schema, and has no field that the schema does not know: reading and writing it with
/// the published type gives the same value.
fn judge<T: JsonSchema + Serialize + DeserializeOwned>(value: &Value) -> Result<(), String> {
    let schema = schema_for!(T).to_value();
    let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
    validator.validate(value).map_err(|error| format!("{}: {error}", error.instance_path()))?;
    let read: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    let again = serde_json::to_value(read).map_err(|error| error.to_string())?;
    if again == *value { Ok(()) } else { Err(format!("fields the type does not have: {value}")) }
}

/// Runs commands with `--json` and judges what they print.
struct Asker<'a> {
    case: &'a Case,
    shapes: BTreeMap<&'static str, Vec<Judge>>,
    answered: BTreeSet<String>,
}

impl<'a> Asker<'a> {
    fn of(case: &'a Case) -> Self {
        Self { case, shapes: shapes(), answered: BTreeSet::new() }
    }

    /// The answer of a command that ends with `code`.
    #[track_caller]
    fn ask(&mut self, code: i32, args: &[&str]) -> Value {
        let value = self.run(code, args);
        let command = args[0];
        let judges: Vec<Judge> = match args.contains(&"--dry-run") {
            true => vec![judge::<PlanOutput>],
            false => self.shapes[command].clone(),
        };
        let wrong: Vec<String> = judges.iter().filter_map(|judge| judge(&value).err()).collect();
        assert!(wrong.len() < judges.len(), "{args:?} printed {value}\n{wrong:#?}");
        self.answered.insert(command.to_owned());
        value
    }

    /// The error of a command that ends with `code`.
    #[track_caller]
    fn fail(&self, code: i32, args: &[&str]) -> Value {
        let value = self.run(code, args);
        assert_eq!(judge::<ErrorOutput>(&value), Ok(()), "{args:?}");
        assert_eq!(value["error"]["exit"], code, "{args:?}");
        for line in ["what", "why", "next"] {
            let text = value["error"][line].as_str().expect("text");
            assert!(!text.is_empty() && !text.contains('\n'), "{args:?}: {line}: {text:?}");
        }
        value
    }

    #[track_caller]
    fn run(&self, code: i32, args: &[&str]) -> Value {
        let output = self.case.hotfix().run([&["--json"], args].concat());
        assert_eq!(output.code, code, "{args:?}\n{}{}", output.stdout, output.stderr);
        self.case.assert_untouched();
        output.json()
    }
}

/// The names of all commands, as the help lists them, with those it hides.
fn commands(case: &Case) -> BTreeSet<String> {
    let help = case.hotfix().must(["--help"]).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    let names: BTreeSet<String> = names.chain(["man".to_owned()]).collect();
    assert!(names.contains("start") && names.contains("ship"), "no commands found in:\n{help}");
    names
}

#[test]
fn every_command_prints_one_value_of_its_published_shape() {
    let case = Case::with(&[("hotfix.toml", b"[test]\ncommand = \"sh tests/test_auth.sh\"\n")]);
    let mut asker = Asker::of(&case);
    before_the_start(&mut asker);
    one_step_after_the_other(&mut asker);
    back_again(&mut asker);
    all_at_once(&mut asker);
    slots(&mut asker);
    let missing: Vec<String> =
        commands(&case).into_iter().filter(|name| !asker.answered.contains(name)).collect();
    assert!(missing.is_empty(), "no JSON was asked of {missing:?}");
}

fn before_the_start(asker: &mut Asker<'_>) {
    assert_eq!(asker.ask(0, &["status"])["id"], Value::Null);
    assert_eq!(asker.ask(0, &["list"]), Value::Array(vec![]));
    assert_eq!(asker.ask(0, &["owed"]), Value::Array(vec![]));
    assert_eq!(asker.ask(0, &["report"])["totals"]["hotfixes"], 0);
    asker.fail(2, &["report", "--since", "yesterday"]);
    asker.ask(0, &["config"]);
    asker.ask(0, &["init", "--print"]);
    asker.ask(0, &["completions", "bash"]);
    asker.ask(0, &["shell-init", "fish"]);
    asker.ask(0, &["man"]);
    asker.ask(0, &["demo"]);
    assert_eq!(asker.ask(3, &["ready"])["ready"], false);
    for kind in ["systemd", "launchd", "hook"] {
        assert_eq!(asker.ask(0, &["ready", "--schedule", kind])["kind"], kind);
    }
    asker.ask(0, &["start", ALERT, "--dry-run"]);
    asker.fail(2, &["start", ALERT, "--base", "no-such-base"]);
    asker.fail(2, &["ship"]);
    asker.fail(2, &["log"]);
    asker.fail(2, &["follow-up", "--no-such-option"]);
    asker.fail(2, &["no-such-command"]);
    asker.fail(2, &["start"]);
}

fn one_step_after_the_other(asker: &mut Asker<'_>) {
    let started = asker.ask(0, &["start", ALERT, "--incident", "INC-7", "--severity", "high"]);
    assert_eq!(started["id"], ID);
    assert_eq!(asker.ask(0, &["join", "INC-7"])["id"], ID);
    asker.fail(2, &["join", "INC-8"]);
    let status = asker.ask(0, &["status"]);
    assert_eq!((&status["stage"], &status["worktree"]), (&"started".into(), &started["worktree"]));
    asker.fail(2, &["prove"]);
    asker.case.fix();
    let trust = asker.ask(0, &["trust", "--show"]);
    assert_eq!(trust["trusted"], false);
    asker.fail(4, &["trust"]);
    asker.fail(4, &["ship", SUBJECT]);
    asker.case.sandbox.env_set("HOTFIX_TRUST", trust["digest"].as_str().expect("a digest"));
    for step in ["prove", "check", "test", "ship"] {
        asker.ask(0, &[step, "--dry-run"]);
    }
    assert_eq!(asker.ask(0, &["drill"])["steps"].as_array().map(Vec::len), Some(7));
    let proof = asker.ask(0, &["prove", "--", "sh", "tests/test_auth.sh"]);
    assert_eq!(proof["verdict"], "proven");
    asker.ask(0, &["check"]);
    assert!(asker.ask(0, &["test", "--explain"])["files"].is_array());
    assert_eq!(asker.ask(0, &["test"])["verdict"], "passed");
    asker.fail(4, &["submit"]);
    asker.ask(0, &["commit", "--dry-run"]);
    asker.ask(0, &["commit", "-m", SUBJECT]);
    asker.fail(4, &["cleanup"]);
    asker.ask(0, &["submit", "--dry-run"]);
    asker.ask(0, &["submit"]);
    asker.ask(0, &["cleanup", "--dry-run"]);
    asker.ask(0, &["cleanup"]);
    assert_eq!(asker.ask(0, &["follow-up"]).as_array().map(Vec::len), Some(2));
    assert_eq!(asker.ask(0, &["owed"]).as_array().map(Vec::len), Some(2));
    assert_eq!(asker.ask(0, &["proof", "show"])["statements"].as_array().map(Vec::len), Some(2));
    let replay = asker.ask(0, &["proof", "replay"]);
    assert_eq!((&replay["verdict"], &replay["same"]), (&"proven".into(), &true.into()), "{replay}");
    let verified = asker.ask(0, &["proof", "verify"]);
    assert_eq!(verified["good"], true, "{verified}");
    let dir = asker.case.sandbox.root().join("evidence");
    assert_eq!(asker.ask(0, &["proof", "export", "--dsse", dir.to_str().expect("text")])["signed"], false);
    let review = asker.ask(0, &["review"]);
    assert_eq!((&review["id"], &review["state"]), (&ID.into(), &"pending".into()));
    asker.fail(4, &["review", ID, "--approve"]);
    asker.fail(2, &["review", ID, "--request", "look again"]);
    asker.fail(2, &["review", "1.2.4"]);
    assert_eq!(asker.ask(0, &["review", ID, "--concern", "rounding"])["state"], "concern_raised");
    assert_eq!(asker.ask(0, &["log"])["intact"], true);
    let text = asker.case.sandbox.root().join("postmortem.md");
    let written = asker.ask(0, &["postmortem", "--path", text.to_str().expect("a path")]);
    assert_eq!(
        (&written["state"], written["missing"].as_array().map(Vec::len)),
        (&"written".into(), Some(5))
    );
    assert_eq!(asker.ask(1, &["postmortem", "done"])["settled"], false);
    assert_eq!(asker.ask(0, &["owed", "settle", "postmortem", "--reason", "none"])["key"], "postmortem");
    asker.fail(4, &["owed", "settle", "postmortem", "--reason", "none"]);
    let report = asker.ask(0, &["report", "--since", "1d", "--format", "html"]);
    assert_eq!((&report["hotfixes"][0]["id"], &report["totals"]["shipped"]), (&ID.into(), &1.into()));
    asker.fail(4, &["start", ALERT, "--name", ID]);
}

fn back_again(asker: &mut Asker<'_>) {
    asker.ask(0, &["resume", ID]);
    for (step, undone) in [("submit", 2), ("commit", 1)] {
        assert_eq!(asker.ask(0, &["undo"])["undone"], step, "{undone} steps were left");
    }
    assert_eq!(asker.ask(0, &["undo"])["undone"], "start");
    asker.fail(4, &["undo", "--id", ID]);
    asker.fail(2, &["resume", "no-such-hotfix"]);
}

fn all_at_once(asker: &mut Asker<'_>) {
    let started = asker.ask(0, &["start", "again"]);
    let id = started["id"].as_str().expect("an id").to_owned();
    asker.case.edit("auth.sh", "valid() {\n    false\n}\n");
    let stopped = asker.ask(1, &["ship", SUBJECT]);
    assert_eq!(stopped["stopped_by"], "test");
    assert!(stopped.get("state").is_none(), "{stopped}");
    asker.ask(1, &["prove"]);
    asker.ask(1, &["test"]);
    asker.case.fix();
    let shipped = asker.ask(0, &["ship", SUBJECT]);
    assert_eq!((&shipped["id"], &shipped["state"]), (&id.into(), &"pushed".into()));
    assert_eq!(shipped["merge_request"]["labels"][0], "urgent");
    assert_eq!(asker.ask(0, &["list", "--all"]).as_array().map(Vec::len), Some(2));
}

fn slots(asker: &mut Asker<'_>) {
    let started = asker.ask(0, &["start", "the last one"]);
    let listed = asker.ask(0, &["slot", "list"]);
    assert_eq!((&listed[0]["state"], &listed[0]["hotfix"]), (&"held".into(), &started["id"]));
    asker.fail(4, &["slot", "remove", "1"]);
    asker.fail(2, &["slot", "remove", "7"]);
    asker.fail(2, &["slot"]);
    asker.ask(0, &["cleanup"]);
    assert_eq!(asker.ask(0, &["slot", "list"])[0]["state"], "parked");
    assert_eq!(asker.ask(0, &["slot", "refresh"])["slots"][0]["state"], "ready");
    asker.ask(0, &["slot", "remove", "--all", "--dry-run"]);
    assert_eq!(asker.ask(0, &["slot", "remove", "--all"]).as_array().map(Vec::len), Some(1));
    assert_eq!(asker.ask(0, &["slot", "list"]), Value::Array(vec![]));
}
