//! ruff: the linter and the formatter.

use std::ffi::OsString;
use std::path::Path;

use crate::style::clean::one_line;
use crate::style::folder::Folder;
use crate::style::known::Known;
use crate::style::linter::{Linter, Message, Said, Wanted, is_python, words};
use crate::style::read::diff;

/// `ruff check`, configured by `ruff.toml`, `.ruff.toml` or `[tool.ruff]`.
pub struct Check;

/// `ruff format`, configured by a `[format]` table: a repository that only lints with ruff may format by other means.
pub struct Format;

const FILES: [&str; 3] = ["ruff.toml", ".ruff.toml", "pyproject.toml"];

impl Linter for Check {
    fn name(&self) -> &'static str {
        "ruff check"
    }

    fn program(&self) -> &'static str {
        "ruff"
    }

    fn takes(&self, path: &Path) -> bool {
        is_python(path)
    }

    fn configuration(&self) -> Vec<&'static str> {
        FILES.to_vec()
    }

    fn wanted_by(&self, folder: &Folder) -> Wanted {
        Wanted::if_configured(configured(folder, &[]))
    }

    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString> {
        // One JSON object per line: what else is printed in between cannot spoil it.
        let mut arguments = words(["check", "--output-format=json-lines", "--no-fix", "--no-cache"]);
        arguments.extend(words(["--force-exclude", "--quiet"]));
        if folder.is_none() {
            arguments.extend(words(["--isolated", "--select=E9,F"]));
        }
        arguments
    }

    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
        let lines = output.split(|byte| *byte == b'\n');
        lines.filter_map(|line| message(line, known)).for_each(|message| hear(Said::Here(message)));
    }
}

impl Linter for Format {
    fn name(&self) -> &'static str {
        "ruff format"
    }

    fn program(&self) -> &'static str {
        "ruff"
    }

    fn takes(&self, path: &Path) -> bool {
        is_python(path)
    }

    fn configuration(&self) -> Vec<&'static str> {
        FILES.to_vec()
    }

    fn wanted_by(&self, folder: &Folder) -> Wanted {
        Wanted::if_configured(configured(folder, &["format"]))
    }

    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString> {
        let mut arguments = self.rewriting(folder).unwrap_or_default();
        arguments.push("--diff".into());
        arguments
    }

    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
        diff::read(output, known, hear);
    }

    fn rewriting(&self, _folder: Option<&Folder>) -> Option<Vec<OsString>> {
        Some(words(["format", "--no-cache", "--force-exclude", "--quiet"]))
    }
}

fn configured(folder: &Folder, table: &[&str]) -> bool {
    let own = |name| folder.has(name) && (table.is_empty() || folder.toml(name, table).is_some());
    let below_tool = [&["tool", "ruff"], table].concat();
    own("ruff.toml") || own(".ruff.toml") || folder.toml("pyproject.toml", &below_tool).is_some()
}

/// Reads one object. Rows and columns count from 1.
fn message(line: &[u8], known: &Known<'_>) -> Option<Message> {
    let object: serde_json::Value = serde_json::from_slice(line).ok()?;
    let path = known.find(object.get("filename")?.as_str()?.as_bytes())?;
    let place = object.get("location")?;
    let row = place.get("row")?.as_u64()?;
    let code = object.get("code").and_then(serde_json::Value::as_str).unwrap_or("syntax");
    let text = object.get("message")?.as_str()?;
    Some(Message {
        path: path.to_owned(),
        first: row,
        last: row,
        column: place.get("column").and_then(serde_json::Value::as_u64),
        text: one_line(&format!("{code} {text}")),
    })
}
