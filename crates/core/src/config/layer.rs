//! One source of values: a file, or the flags.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Document, Item, Key as TomlKey, TableLike, Value};

use super::error::{ConfigError, Mistake, Place};
use super::key::{Key, nearest_key, tables};
use super::nearest::nearest;
use super::shown::shown;
use super::value::{Problem, found};

/// What one source sets.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// The source as people know it.
    pub(super) origin: String,
    /// Right values by full key.
    pub(super) values: BTreeMap<String, Value>,
    /// Wrong values.
    pub(super) mistakes: Vec<Mistake>,
    /// Keys that do not exist, one line each.
    pub(super) warnings: Vec<String>,
}

/// A file to read.
#[derive(Clone, Debug)]
pub(super) struct File<'a> {
    /// The file as people know it.
    pub(super) shown: String,
    /// What it holds.
    pub(super) bytes: &'a [u8],
    /// For the repository's file: the user's own, which overrides it.
    pub(super) overridden_by: Option<String>,
}

impl Layer {
    /// Reads a file. Fails only where nothing of it can be read.
    pub(super) fn of_file(file: &File<'_>) -> Result<Self, ConfigError> {
        let text = std::str::from_utf8(file.bytes)
            .map_err(|error| ConfigError::NotText { place: file.place(error.valid_up_to()) })?;
        let document = Document::parse(text).map_err(|error| ConfigError::Syntax {
            place: file.place(error.span().map_or(0, |span| span.start)),
            said: error.message().lines().collect::<Vec<_>>().join(", "),
        })?;
        let mut layer = Self { origin: file.shown.clone(), ..Self::default() };
        for (name, item) in document.iter() {
            let span = span_of(document.key(name), item);
            layer.take_table(file, name, (item, span));
        }
        Ok(layer)
    }

    /// Reads flags, the later ones winning.
    pub(super) fn of_overrides(overrides: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut layer = Self { origin: "command line".to_owned(), ..Self::default() };
        for (name, text) in overrides {
            let Some(key) = Key::named(name) else {
                return Err(ConfigError::UnknownKey { key: shown(name), nearest: nearest_key(name) });
            };
            let value = key.read(text).map_err(|problem| ConfigError::WrongOverride {
                key: name.clone(),
                expected: problem.expected,
                found: problem.found,
            })?;
            layer.values.insert(name.clone(), value);
        }
        Ok(layer)
    }

    fn take_table(&mut self, file: &File<'_>, name: &str, (item, span): (&Item, Range<usize>)) {
        let known = tables().any(|table| table == name);
        match item.as_table_like() {
            Some(table) if known => self.take_keys(file, name, table),
            Some(_) => self.warnings.push(unknown_table(&file.place(span.start), name)),
            None if known => {
                let problem = Problem {
                    expected: format!("a table such as [{name}]"),
                    found: found_item(item),
                    span: None,
                };
                self.mistakes.push(Mistake::of(file.place(span.start), name.to_owned(), problem));
            }
            None => self.warnings.push(unknown_key(&file.place(span.start), name)),
        }
    }

    fn take_keys(&mut self, file: &File<'_>, table: &str, items: &dyn TableLike) {
        for (leaf, item) in items.iter() {
            let span = span_of(items.key(leaf), item);
            let name = format!("{table}.{leaf}");
            let Some(key) = Key::find(table, leaf) else {
                self.warnings.push(unknown_key(&file.place(span.start), &name));
                continue;
            };
            match take(key, item) {
                Ok(value) => {
                    self.values.insert(name, value);
                }
                Err(problem) => {
                    let at = problem.span.clone().unwrap_or(span).start;
                    self.mistakes.push(Mistake::of(file.place(at), name, problem));
                }
            }
        }
    }
}

impl File<'_> {
    /// The line that holds the byte at `offset`.
    fn place(&self, offset: usize) -> Place {
        let before = self.bytes.iter().take(offset);
        Place {
            file: self.shown.clone(),
            line: before.filter(|byte| **byte == b'\n').count() + 1,
            overridden_by: self.overridden_by.clone(),
        }
    }
}

fn take(key: &Key, item: &Item) -> Result<Value, Problem> {
    match item {
        Item::Value(value) => key.take(value),
        // Any value of the wrong kind makes the same complaint; only what was found differs.
        _ => key
            .take(&Value::InlineTable(toml_edit::InlineTable::new()))
            .map_err(|problem| Problem { found: found_item(item), ..problem }),
    }
}

fn found_item(item: &Item) -> String {
    match item {
        Item::Value(value) => found(value),
        Item::ArrayOfTables(_) => "a list of tables".to_owned(),
        Item::Table(_) | Item::None => "a table".to_owned(),
    }
}

fn span_of(key: Option<&TomlKey>, item: &Item) -> Range<usize> {
    key.and_then(TomlKey::span).or_else(|| item.span()).unwrap_or_default()
}

fn unknown_table(place: &Place, name: &str) -> String {
    let nearest = nearest(name, tables()).map(|table| format!("[{table}]"));
    format!("{place}: unknown table [{}] is ignored{}", shown(name), hint(nearest))
}

fn unknown_key(place: &Place, name: &str) -> String {
    format!(
        "{place}: unknown key `{}` is ignored{}",
        shown(name),
        hint(nearest_key(name).map(|key| format!("`{key}`")))
    )
}

fn hint(nearest: Option<String>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}
