//! Tests of the layers that need no file.
#![cfg(test)]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::key::nearest_key;
use super::value::Kind;
use super::*;
use crate::clock::SystemClock;
use crate::env::Environment;
use crate::error::Error;
use crate::event::Silent;

fn load_text(repository: &[u8], overrides: &[(&str, &str)]) -> Result<Loaded> {
    let ctx = Ctx::new(Environment::new([], "/"), SystemClock::new(), Arc::new(Silent));
    let overrides: Vec<(String, String)> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    load(&ctx, &Sources { repository: Some(("hotfix.toml at 1a2b3c", repository)), overrides: &overrides })
}

fn told(error: &Error) -> String {
    format!("{error}\n{}\n{}\nexit {}", error.why(), error.next(), error.exit().code())
}

fn error_of(repository: &str) -> String {
    told(&load_text(repository.as_bytes(), &[]).unwrap_err())
}

fn override_error(key: &str, value: &str) -> String {
    told(&load_text(b"", &[(key, value)]).unwrap_err())
}

fn warnings_of(repository: &str) -> Vec<String> {
    load_text(repository.as_bytes(), &[]).unwrap().warnings
}

fn schema() -> Json {
    schemars::SchemaGenerator::default().into_root_schema_for::<Config>().to_value()
}

/// The schema of every leaf, by full key, references followed.
fn schema_keys(root: &Json) -> BTreeMap<String, Json> {
    let follow = |schema: &Json| match schema["$ref"].as_str() {
        Some(path) => root.pointer(path.trim_start_matches('#')).unwrap().clone(),
        None => schema.clone(),
    };
    let mut keys = BTreeMap::new();
    for (table, schema) in root["properties"].as_object().unwrap() {
        for (leaf, schema) in follow(schema)["properties"].as_object().unwrap() {
            keys.insert(format!("{table}.{leaf}"), follow(schema));
        }
    }
    keys
}

#[test]
fn defaults_are_a_whole_configuration_that_the_schema_accepts() {
    let config: Config = toml_edit::de::from_str(DEFAULTS).unwrap();
    let json: Json = toml_edit::de::from_str(DEFAULTS).unwrap();
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    // No other configuration would be accepted whatever it holds.
    assert!(!validator.is_valid(&serde_json::json!({})));
    assert_eq!(load_text(b"", &[]).unwrap().config, config);
}

#[test]
fn every_key_of_the_schema_has_a_default_a_comment_and_a_kind() {
    let root = schema();
    let schema = schema_keys(&root);
    let names: Vec<String> = KEYS.iter().map(Key::name).collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, schema.keys().cloned().collect::<Vec<_>>());
    assert_eq!(load_text(b"", &[]).unwrap().origins.iter().map(|s| s.key.clone()).collect::<Vec<_>>(), names);
    for key in KEYS {
        assert_eq!(schema_of(key.kind), kind_in(&schema[&key.name()]), "{}", key.name());
        let line = format!("\n{} = ", key.leaf);
        let section = DEFAULTS.split(&format!("\n[{}]\n", key.table)).nth(1).unwrap();
        let before = format!("\n{section}").split(&line).next().unwrap().to_owned();
        assert!(before.lines().last().unwrap().starts_with("# "), "{} has no comment", key.name());
    }
}

fn schema_of(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Word | Kind::Command => "string".to_owned(),
        Kind::Texts | Kind::Commands => "array".to_owned(),
        Kind::Switch => "boolean".to_owned(),
        Kind::Number { .. } => "integer".to_owned(),
        Kind::Period | Kind::Limit => "period".to_owned(),
        Kind::OneOf(words) => words.join("|"),
    }
}

fn kind_in(schema: &Json) -> String {
    if let Some(words) = schema["oneOf"].as_array() {
        return words.iter().map(|word| word["const"].as_str().unwrap()).collect::<Vec<_>>().join("|");
    }
    match schema["pattern"].as_str() {
        Some(_) => "period".to_owned(),
        None => schema["type"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn wrong_values_are_told_with_line_and_key() {
    insta::assert_snapshot!(error_of("[test]\n\nbudget = 5\n"), @r#"
    hotfix.toml at 1a2b3c, line 3: `test.budget` must be a period above zero such as "5m": a number and s, m, h or d
    found the number 5
    set `test.budget` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("[test]\nbudget = \"5 minutes\"\n"), @r#"
    hotfix.toml at 1a2b3c, line 2: `test.budget` must be a period above zero such as "5m": a number and s, m, h or d
    found the text "5 minutes"
    set `test.budget` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("prove.timeout = \"0s\""), @r#"
    hotfix.toml at 1a2b3c, line 1: `prove.timeout` must be a period above zero such as "5m": a number and s, m, h or d
    found the text "0s"
    set `prove.timeout` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("follow_up.review_within = \"99999999d\""), @r#"
    hotfix.toml at 1a2b3c, line 1: `follow_up.review_within` must be a period of at most 36500d
    found the text "99999999d"
    set `follow_up.review_within` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("[check]\ngate = \"stop\"\n[prove]\nrepeat = 0\nrequired = 'yes'"), @r#"
    hotfix.toml at 1a2b3c, line 2: `check.gate` must be "warn" or "block"
    found the text "stop"; line 4: `prove.repeat` is wrong too; line 5: `prove.required` is wrong too
    set `check.gate` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("[slot]\nsetup = [\n  \"make\",\n  3,\n]\n"), @r#"
    hotfix.toml at 1a2b3c, line 4: `slot.setup` must be a list of commands such as ["make lint"]
    found the number 3 in the list
    set `slot.setup` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("[check]\ncommands = [\"\"]"), @r#"
    hotfix.toml at 1a2b3c, line 2: `check.commands` must be a list of commands such as ["make lint"]
    found the text "" in the list
    set `check.commands` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("test = true"), @r"
    hotfix.toml at 1a2b3c, line 1: `test` must be a table such as [test]
    found true
    correct it on the base branch, then run the same command again
    exit 3
    ");
    insta::assert_snapshot!(error_of("[[test]]\nbudget = '5m'"), @r"
    hotfix.toml at 1a2b3c, line 1: `test` must be a table such as [test]
    found a list of tables
    correct it on the base branch, then run the same command again
    exit 3
    ");
    insta::assert_snapshot!(error_of("[test.budget]\nx = 1"), @r#"
    hotfix.toml at 1a2b3c, line 1: `test.budget` must be a period above zero such as "5m": a number and s, m, h or d
    found a table
    set `test.budget` in your own file, or correct it on the base branch
    exit 3
    "#);
    insta::assert_snapshot!(error_of("commit.type = \"fix\\nSigned-off-by: x\""), @r#"
    hotfix.toml at 1a2b3c, line 1: `commit.type` must be a word such as "fix"
    found the text "fix\nSigned-off-by: x"
    set `commit.type` in your own file, or correct it on the base branch
    exit 3
    "#);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    insta::assert_snapshot!(error_of("[test]\nbudget = 5m\n"), @r"
    hotfix.toml at 1a2b3c, line 2: not valid TOML
    string values must be quoted, expected literal string
    correct it on the base branch, then run the same command again
    exit 3
    ");
    insta::assert_snapshot!(error_of("[test\n"), @r"
    hotfix.toml at 1a2b3c, line 1: not valid TOML
    unclosed table, expected `]`
    correct it on the base branch, then run the same command again
    exit 3
    ");
    insta::assert_snapshot!(error_of("[test]\ngate = 'warn'\ngate = 'warn'\n"), @r"
    hotfix.toml at 1a2b3c, line 3: not valid TOML
    duplicate key
    correct it on the base branch, then run the same command again
    exit 3
    ");
    let not_text = load_text(b"[test]\n# \xff\n", &[]).unwrap_err();
    insta::assert_snapshot!(told(&not_text), @r"
    hotfix.toml at 1a2b3c, line 2: not UTF-8 text
    TOML files are UTF-8
    correct it on the base branch, then run the same command again
    exit 3
    ");
}

#[test]
fn wrong_flags_are_wrong_usage() {
    insta::assert_snapshot!(override_error("test.budgte", "3m"), @r"
    there is no key `test.budgte`
    the nearest is `test.budget`
    write `test.budget`
    exit 2
    ");
    insta::assert_snapshot!(override_error("wholly.else", "3m"), @r"
    there is no key `wholly.else`
    no key is like it
    git hotfix config
    exit 2
    ");
    insta::assert_snapshot!(override_error("test.budget", "soon"), @r#"
    `test.budget` must be a period above zero such as "5m": a number and s, m, h or d
    found the text "soon"
    run it again with another value
    exit 2
    "#);
    insta::assert_snapshot!(override_error("check.commands", "[1]"), @r#"
    `check.commands` must be a list of commands such as ["make lint"]
    found the number 1 in the list
    run it again with another value
    exit 2
    "#);
}

#[test]
fn unknown_keys_are_warned_about_and_ignored() {
    let text = "budget = '3m'\n[tset]\ngate = 'warn'\n[check]\nbudget = '3m'\n[test]\nbudgte = '3m'\n\"a\\n\\u001b\" = 1\n";
    insta::assert_snapshot!(warnings_of(text).join("\n"), @r"
    hotfix.toml at 1a2b3c, line 1: unknown key `budget` is ignored; did you mean `test.budget`?
    hotfix.toml at 1a2b3c, line 2: unknown table [tset] is ignored; did you mean [test]?
    hotfix.toml at 1a2b3c, line 5: unknown key `check.budget` is ignored; did you mean `test.budget`?
    hotfix.toml at 1a2b3c, line 7: unknown key `test.budgte` is ignored; did you mean `test.budget`?
    hotfix.toml at 1a2b3c, line 8: unknown key `test.a\n\u001B` is ignored
    ");
    assert_eq!(load_text(text.as_bytes(), &[]).unwrap().config, load_text(b"", &[]).unwrap().config);
}

#[test]
fn a_flag_makes_a_wrong_value_a_warning() {
    let loaded = load_text(b"[test]\nbudget = 5\n", &[("test.budget", "3m")]).unwrap();
    assert_eq!(loaded.config.test.budget.seconds(), 180);
    insta::assert_snapshot!(loaded.warnings.join("\n"), @r#"hotfix.toml at 1a2b3c, line 2: `test.budget` must be a period above zero such as "5m": a number and s, m, h or d, found the number 5; used instead: command line"#);
}

#[test]
fn flags_are_read_by_the_kind_of_their_key() {
    let lists = |value: &str| load_text(b"", &[("submit.labels", value)]).unwrap().config.submit.labels;
    assert_eq!(lists("prio"), ["prio"]);
    assert_eq!(lists("[\"a\", 'b']"), ["a", "b"]);
    assert_eq!(lists(""), Vec::<String>::new());
    let config = load_text(b"", &[("prove.required", "true"), ("prove.repeat", "3"), ("test.command", "3")]);
    let config = config.unwrap().config;
    assert_eq!((config.prove.required, config.prove.repeat, config.test.command.as_str()), (true, 3, "3"));
    let twice = load_text(b"", &[("prove.repeat", "3"), ("prove.repeat", "4")]).unwrap();
    assert_eq!(twice.config.prove.repeat, 4);
}

#[test]
fn commands_of_the_repository_are_named_one_by_one() {
    let text = "base.deployed = 'd'\nslot = { setup = ['a', 'b'], warm = 'w' }\ncheck.commands = ['c']\ntest.command = 't'";
    let named = |overrides: &[(&str, &str)]| -> Vec<String> {
        let commands = load_text(text.as_bytes(), overrides).unwrap().commands;
        commands.iter().map(|found| format!("{}={}", found.key, found.command)).collect()
    };
    let all = ["base.deployed=d", "slot.setup[0]=a", "slot.setup[1]=b", "slot.warm=w", "check.commands[0]=c"];
    assert_eq!(named(&[]), [&all[..], &["test.command=t"]].concat());
    assert_eq!(named(&[("test.command", "mine")]), all);
    assert_eq!(load_text(b"test.command = ' '\n", &[]).unwrap().commands, []);
}

#[test]
fn settings_show_one_line_of_toml() {
    let loaded = load_text(b"test.command = '''a\n\"b\"'''\nsubmit.labels = [\n'x', # y\n]", &[]).unwrap();
    let value = |key: &str| loaded.origins.iter().find(|setting| setting.key == key).unwrap().clone();
    assert_eq!(value("test.command").value, r#""a\n\"b\"""#);
    assert_eq!(value("submit.labels").value, r#"["x"]"#);
    assert_eq!(value("submit.labels").origin, "hotfix.toml at 1a2b3c");
    assert_eq!(
        (value("prove.repeat").value.as_str(), value("prove.repeat").origin.as_str()),
        ("2", "default")
    );
}

#[test]
fn a_new_file_sets_nothing_and_names_what_was_found() {
    let found = Found {
        runner: Some("pytest".to_owned()),
        linters: vec!["ruff".to_owned(), "flake8".to_owned()],
        branch: Some("main".to_owned()),
        remote: Some("origin".to_owned()),
    };
    let text = file(&found);
    insta::assert_snapshot!(text.lines().take(25).collect::<Vec<_>>().join("\n"), @r#"
    # git-hotfix in this repository. Every key stands here with its default and is off: take away the # in front of a key to
    # set it. The file is read from the base branch, so a change counts once it is there. Keys that hold commands run only
    # after each user has approved them with `git hotfix trust`.

    # Where a hotfix starts from.
    [base]
    # Branch on the remote. Empty: the remote's default branch.
    # Found: main on origin
    #branch = ""
    # Command that prints the commit or tag in production. Empty: the newest state of the branch.
    #deployed = ""
    # What branches of releases are called; * stands for anything but a slash. A fix of a tag or commit goes into the one that
    # holds it with the fewest commits beyond it.
    #release = ["release/*", "releases/*", "stable/*", "v*.*", "*.x"]

    # The recycled worktrees a hotfix is made in.
    [slot]
    # Where they are, seen from the repository's folder; {repo} is its name. The second gets -2, the third -3.
    #path = "../{repo}-hotfix"
    # Commands that make a slot usable, such as "npm ci". Run in a new slot, and when one of setup_inputs changed.
    #setup = []
    # Files whose change makes setup run again, as paths or * patterns.
    #setup_inputs = [
    #    # Python
    #    "requirements*.txt",
    "#);
    assert!(text.contains("# Found: ruff, flake8\n#commands = []\n"), "{text}");
    assert!(text.contains("# Found: pytest\n#command = \"\"\n"), "{text}");
    let loaded = load_text(text.as_bytes(), &[]).unwrap();
    assert_eq!(loaded, load_text(b"", &[]).unwrap());
}

#[test]
fn every_key_of_a_new_file_can_be_switched_on() {
    let text = file(&Found::default()).replace("\n#", "\n").replace("\n ", "\n# ");
    let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with('[')).collect();
    let keys = lines.join("\n");
    let loaded = load_text(keys.as_bytes(), &[]).unwrap();
    assert!(loaded.origins.iter().all(|setting| setting.origin != "default"), "{keys}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = load_text(&bytes, &[]) {
            prop_assert_eq!(told(&error).lines().count(), 4);
        }
    }

    #[test]
    fn any_toml_is_read_or_refused_in_single_lines(
        lines in proptest::collection::vec((any_name(), any_name(), any_value()), 0..8),
    ) {
        let lines: Vec<String> =
            lines.iter().map(|(table, key, value)| format!("{table}.{key} = {value}")).collect();
        let text = lines.join("\n");
        match load_text(text.as_bytes(), &[]) {
            Ok(loaded) => prop_assert!(loaded.warnings.iter().all(|warning| warning.lines().count() == 1)),
            Err(error) => prop_assert_eq!(told(&error).lines().count(), 4, "{}", told(&error)),
        }
    }

    #[test]
    fn a_slip_in_a_key_is_understood(
        at in 0..KEYS.len(),
        slips in proptest::collection::vec((any::<prop::sample::Index>(), any::<char>(), 0..3_u8), 1..3),
    ) {
        let key = &KEYS[at];
        let leaf = slips.iter().fold(key.leaf.to_owned(), |word, slip| slipped(&word, slip));
        let distance = |found: &str| strsim::damerau_levenshtein(&leaf.to_lowercase(), found);
        prop_assume!(Key::find(key.table, &leaf).is_none() && !leaf.contains('.'));
        let meant = nearest_key(&format!("{}.{leaf}", key.table));
        let (table, found) = meant.as_deref().and_then(|name| name.split_once('.')).unwrap_or_default();
        prop_assert_eq!(table, key.table);
        // Another key of the table may be as near; none may be nearer.
        prop_assert!(distance(found) <= distance(key.leaf), "{} for {}", found, leaf);
    }

    #[test]
    fn whatever_was_found_a_new_file_sets_nothing(
        runner in proptest::option::of(any::<String>()),
        linters in proptest::collection::vec(any::<String>(), 0..3),
        branch in proptest::option::of(any::<String>()),
        remote in proptest::option::of(any::<String>()),
    ) {
        let text = file(&Found { runner, linters, branch, remote });
        prop_assert_eq!(load_text(text.as_bytes(), &[]).unwrap(), load_text(b"", &[]).unwrap());
    }
}

fn any_name() -> impl Strategy<Value = String> {
    let leaf = (0..KEYS.len()).prop_map(|at| KEYS[at].leaf.to_owned());
    let table = (0..KEYS.len()).prop_map(|at| KEYS[at].table.to_owned());
    prop_oneof![3 => table, 3 => leaf, 1 => any::<String>().prop_map(|text| shown::quoted(&text))]
}

fn any_value() -> impl Strategy<Value = String> {
    let simple = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|switch| switch.to_string()),
        any::<f32>().prop_map(|number| format!("{number:?}")),
        any::<String>().prop_map(|text| shown::quoted(&text)),
        "[0-9]{1,3}[smhd]".prop_map(|period| shown::quoted(&period)),
        Just("2026-11-23".to_owned()),
        Just("{ a = 1 }".to_owned()),
    ];
    prop_oneof![
        simple.clone(),
        proptest::collection::vec(simple, 0..3).prop_map(|list| format!("[{}]", list.join(", ")))
    ]
}

/// One letter replaced, inserted or taken out.
fn slipped(word: &str, (at, letter, how): &(prop::sample::Index, char, u8)) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = at.index(letters.len().max(1));
    match how {
        0 if !letters.is_empty() => letters[at] = *letter,
        1 if letters.len() > 1 => drop(letters.remove(at)),
        _ => letters.insert(at.min(letters.len()), *letter),
    }
    letters.into_iter().collect()
}
