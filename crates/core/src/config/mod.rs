//! The configuration: read, checked, approved.
//!
//! Layers, the later one winning: the defaults, the repository's `hotfix.toml` as the base commit has it, the user's own
//! file, flags. What is wrong in one layer and set again in a later one is only a warning: in an emergency nobody should
//! have to correct the base branch first. Commands that the repository brings are named, so that they run only after
//! approval.

mod commands;
mod error;
mod init;
mod key;
mod layer;
mod nearest;
mod repository_key;
mod shown;
mod store;
mod trust;
mod trust_error;
mod value;

use std::path::{Path, PathBuf};

use hotfix_model::config::Config;
use hotfix_model::output::TrustedCommand;
use toml_edit::{DocumentMut, Item, Table, Value};

pub use commands::{Changed, difference, digest};
pub use error::{ConfigError, Mistake, Place};
pub use init::{Found, file};
pub use nearest::nearest;
pub use repository_key::repository_key;
pub use trust::{Approval, Trust};
pub use trust_error::TrustError;

use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use key::{KEYS, Key};
use layer::{File, Layer};
use shown::shown_path;
use value::on_one_line;

/// The defaults as people read them.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// Where values come from besides the defaults and the user's own file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// The repository's file: how people know it, as in `hotfix.toml at 1a2b3c`, and what the base commit has in it.
    pub repository: Option<(&'a str, &'a [u8])>,
    /// Flags: full key and value, as in `("test.budget", "3m")`. Lists are TOML, or a single member.
    pub overrides: &'a [(String, String)],
}

/// The configuration to work with, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// What defaults and the repository alone ask for, whatever flags and the user's own file say.
    pub asked: Config,
    /// What was ignored, one line each.
    pub warnings: Vec<String>,
    /// Commands of the repository's file that are in force: they run only after approval.
    pub commands: Vec<TrustedCommand>,
    /// Every key with its value and origin, in the order of the defaults.
    pub origins: Vec<Setting>,
}

/// A key, its value and where it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The full key: `test.budget`.
    pub key: String,
    /// The value as TOML on one line.
    pub value: String,
    /// `default`, a file, or `command line`.
    pub origin: String,
}

/// A value and the layer it was taken from.
struct Chosen<'a> {
    key: &'static Key,
    value: &'a Value,
    layer: usize,
}

/// Index of the repository's layer; the defaults are before it.
const REPOSITORY: usize = 1;

/// Reads all layers.
pub fn load(ctx: &Ctx, sources: &Sources<'_>) -> Result<Loaded> {
    let mut layers = layers(ctx, sources)?;
    let mut warnings = settle(&mut layers)?;
    warnings.extend(layers.iter_mut().flat_map(|layer| std::mem::take(&mut layer.warnings)));
    let chosen: Vec<Chosen<'_>> = KEYS.iter().filter_map(|key| choose(key, &layers)).collect();
    let setting = |chosen: &Chosen<'_>| Setting {
        key: chosen.key.name(),
        value: on_one_line(chosen.value),
        origin: layers.get(chosen.layer).map(|layer| layer.origin.clone()).unwrap_or_default(),
    };
    let config = assemble(&chosen)?;
    let asked: Vec<Chosen<'_>> = KEYS.iter().filter_map(|key| choose(key, &layers[..=REPOSITORY])).collect();
    Ok(Loaded {
        asked: assemble(&asked).unwrap_or_else(|_| config.clone()),
        config,
        warnings,
        commands: chosen.iter().filter(|chosen| chosen.layer == REPOSITORY).flat_map(commands_of).collect(),
        origins: chosen.iter().map(setting).collect(),
    })
}

/// The user's own file; absent without a home. It need not exist.
pub fn user_file(ctx: &Ctx) -> Option<PathBuf> {
    ctx.env.config_dir().map(|dir| dir.join("config.toml"))
}

/// Defaults, repository, user, flags: always these four.
fn layers(ctx: &Ctx, sources: &Sources<'_>) -> Result<[Layer; 4]> {
    let user_file = user_file(ctx);
    let shown_user_file = user_file.as_deref().map(shown_path);
    let defaults = File { shown: "default".to_owned(), bytes: DEFAULTS.as_bytes(), overridden_by: None };
    let repository = match sources.repository {
        Some((shown, bytes)) => {
            let overridden_by = Some(shown_user_file.clone().unwrap_or_else(|| "your own file".to_owned()));
            Layer::of_file(&File { shown: shown.to_owned(), bytes, overridden_by })?
        }
        None => Layer::default(),
    };
    let user = match user_file.as_deref().map(read_if_there).transpose()?.flatten() {
        Some(bytes) => Layer::of_file(&File {
            shown: shown_user_file.unwrap_or_default(),
            bytes: &bytes,
            overridden_by: None,
        })?,
        None => Layer::default(),
    };
    Ok([Layer::of_file(&defaults)?, repository, user, Layer::of_overrides(sources.overrides)?])
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::of("read", path)(error).into()),
    }
}

/// Warnings for the mistakes that a later layer makes good; the others are an error.
fn settle(layers: &mut [Layer]) -> Result<Vec<String>, ConfigError> {
    let mut warnings = Vec::new();
    let mut mistakes = Vec::new();
    for at in 0..layers.len() {
        let (read, above) = layers.split_at_mut(at + 1);
        let found = read.last_mut().map(|layer| std::mem::take(&mut layer.mistakes)).unwrap_or_default();
        for mistake in found {
            match above.iter().rev().find(|layer| layer.values.contains_key(&mistake.key)) {
                Some(layer) => warnings.push(mistake.as_warning(&layer.origin)),
                None => mistakes.push(mistake),
            }
        }
    }
    let mut mistakes = mistakes.into_iter();
    match mistakes.next() {
        Some(first) => Err(ConfigError::Wrong { first: Box::new(first), more: mistakes.collect() }),
        None => Ok(warnings),
    }
}

fn choose<'a>(key: &'static Key, layers: &'a [Layer]) -> Option<Chosen<'a>> {
    let name = key.name();
    let set =
        |(layer, found): (usize, &'a Layer)| Some(Chosen { key, value: found.values.get(&name)?, layer });
    layers.iter().enumerate().rev().find_map(set)
}

fn assemble(chosen: &[Chosen<'_>]) -> Result<Config, ConfigError> {
    let mut root = Table::new();
    for Chosen { key, value, .. } in chosen {
        let table = root.entry(key.table).or_insert_with(toml_edit::table);
        if let Some(table) = table.as_table_mut() {
            table.insert(key.leaf, Item::Value((*value).clone()));
        }
    }
    toml_edit::de::from_document(DocumentMut::from(root))
        .map_err(|error| ConfigError::Inconsistent { said: error.message().to_owned() })
}

/// What a value runs, one entry per command; nothing for other keys and for empty text.
fn commands_of(chosen: &Chosen<'_>) -> Vec<TrustedCommand> {
    if !chosen.key.is_command() {
        return Vec::new();
    }
    let name = chosen.key.name();
    let command = |key: String, text: &str| TrustedCommand { key, command: text.to_owned() };
    match chosen.value {
        Value::Array(list) => {
            let texts = list.iter().filter_map(Value::as_str).enumerate();
            texts.map(|(at, text)| command(format!("{name}[{at}]"), text)).collect()
        }
        value => {
            let text = value.as_str().filter(|text| !text.trim().is_empty());
            text.map(|text| command(name, text)).into_iter().collect()
        }
    }
}

#[cfg(test)]
mod tests;
