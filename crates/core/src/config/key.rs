//! Every key, and what its value must be. A test compares this table with the published schema.

use toml_edit::{Array, Value};

use super::nearest::nearest;
use super::value::{Kind, Problem, plain};

/// A key of the configuration.
#[derive(Debug)]
pub(super) struct Key {
    /// The table it is in: `test`.
    pub(super) table: &'static str,
    /// Its name in there: `budget`.
    pub(super) leaf: &'static str,
    /// What its value must be.
    pub(super) kind: Kind,
}

const NO_LIMIT: i64 = i64::MAX;
const GATE: Kind = Kind::OneOf(&["warn", "block"]);

/// All keys, in the order of the defaults.
pub(super) const KEYS: &[Key] = &[
    key("base", "branch", Kind::Text),
    key("base", "deployed", Kind::Command),
    key("base", "release", Kind::Texts),
    key("slot", "path", Kind::Text),
    key("slot", "setup", Kind::Commands),
    key("slot", "setup_inputs", Kind::Texts),
    key("slot", "warm", Kind::Command),
    key("slot", "warm_timeout", Kind::Limit),
    key("slot", "copy", Kind::Texts),
    key("slot", "max", Kind::Number { least: 0, most: 10_000 }),
    key("prove", "required", Kind::Switch),
    key("prove", "repeat", Kind::Number { least: 1, most: 100 }),
    key("prove", "test_patterns", Kind::Texts),
    key("prove", "timeout", Kind::Limit),
    key("prove", "test_timeout", Kind::Limit),
    key("prove", "accept_load_error", Kind::Switch),
    key("check", "commands", Kind::Commands),
    key("check", "gate", GATE),
    key("check", "timeout", Kind::Limit),
    key("test", "command", Kind::Command),
    key("test", "critical", Kind::Texts),
    key("test", "budget", Kind::Limit),
    key("test", "gate", GATE),
    key("test", "flaky", GATE),
    key("test", "exclusive", Kind::Switch),
    key("commit", "type", Kind::Word),
    key("commit", "max_lines", Kind::Number { least: 0, most: NO_LIMIT }),
    key("commit", "max_files", Kind::Number { least: 0, most: NO_LIMIT }),
    key("commit", "timeout", Kind::Limit),
    key("submit", "target", Kind::Text),
    key("submit", "labels", Kind::Texts),
    key("submit", "reviewers", Kind::Texts),
    key("submit", "merge", Kind::OneOf(&["auto", "manual", "direct"])),
    key("submit", "forge", Kind::Text),
    key("submit", "api", Kind::Text),
    key("submit", "draft", Kind::Switch),
    key("submit", "template", Kind::Text),
    key("submit", "tag", Kind::Switch),
    key("submit", "release", Kind::Switch),
    key("submit", "timeout", Kind::Limit),
    key("follow_up", "review_within", Kind::Period),
    key("follow_up", "postmortem_within", Kind::Period),
    key("follow_up", "postmortem_path", Kind::Text),
    key("notify", "webhook", Kind::Text),
];

const fn key(table: &'static str, leaf: &'static str, kind: Kind) -> Key {
    Key { table, leaf, kind }
}

impl Key {
    /// `test.budget`.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.table, self.leaf)
    }

    /// The key of that table and name.
    pub(super) fn find(table: &str, leaf: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.table == table && key.leaf == leaf)
    }

    /// The key of that full name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let (table, leaf) = name.split_once('.')?;
        Self::find(table, leaf)
    }

    /// The value without comments and line breaks, if it is what this key takes.
    pub(super) fn take(&self, value: &Value) -> Result<Value, Problem> {
        self.kind.check(value).map(|()| plain(value))
    }

    /// The value that `text` on a command line stands for: lists as TOML, or as their only member.
    pub(super) fn read(&self, text: &str) -> Result<Value, Problem> {
        let as_text = || Value::from(text);
        let value = match self.kind {
            Kind::Switch => text.parse().map_or_else(|_| as_text(), |switch: bool| Value::from(switch)),
            Kind::Number { .. } => text.parse().map_or_else(|_| as_text(), |number: i64| Value::from(number)),
            Kind::Texts | Kind::Commands if text.is_empty() => Value::Array(Array::new()),
            Kind::Texts | Kind::Commands if text.starts_with('[') => {
                text.parse().unwrap_or_else(|_| as_text())
            }
            Kind::Texts | Kind::Commands => Value::Array(std::iter::once(text).collect()),
            _ => as_text(),
        };
        self.take(&value)
    }

    /// Whether its value is run.
    pub(super) fn is_command(&self) -> bool {
        matches!(self.kind, Kind::Command | Kind::Commands)
    }
}

/// The tables, each once.
pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    let first =
        |at: &usize| *at == 0 || KEYS.get(at - 1).map(|key| key.table) != KEYS.get(*at).map(|key| key.table);
    (0..KEYS.len()).filter(first).filter_map(|at| KEYS.get(at)).map(|key| key.table)
}

/// The full name that was probably meant: in the same table, else a whole name like it, else in another table.
pub(super) fn nearest_key(name: &str) -> Option<String> {
    let (table, leaf) = name.split_once('.').unwrap_or(("", name));
    let same_table = KEYS.iter().filter(|key| key.table == table).map(|key| key.leaf);
    if let Some(found) = nearest(leaf, same_table) {
        return Some(format!("{table}.{found}"));
    }
    let names: Vec<String> = KEYS.iter().map(Key::name).collect();
    if let Some(found) = nearest(name, names.iter().map(String::as_str)) {
        return Some(found.to_owned());
    }
    let found = nearest(leaf, KEYS.iter().map(|key| key.leaf))?;
    KEYS.iter().find(|key| key.leaf == found).map(Key::name)
}
