//! flake8.

use std::ffi::OsString;
use std::path::Path;

use crate::style::clean::one_line;
use crate::style::folder::Folder;
use crate::style::known::Known;
use crate::style::linter::{Linter, Message, Said, Wanted, words};
use crate::style::read::literal;

/// flake8, configured by `.flake8`, or a section of `setup.cfg` or `tox.ini`.
pub struct Flake8;

/// The path as a Python literal, so that any name survives: newlines, quotes, bytes that are no text.
const FORMAT: &str = "--format=%(path)a %(row)d %(col)d %(code)s %(text)s";

impl Linter for Flake8 {
    fn name(&self) -> &'static str {
        "flake8"
    }

    fn program(&self) -> &'static str {
        "flake8"
    }

    fn takes(&self, path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "py")
    }

    fn configuration(&self) -> Vec<&'static str> {
        vec![".flake8", "setup.cfg", "tox.ini"]
    }

    fn wanted_by(&self, folder: &Folder) -> Wanted {
        let in_section = |name| folder.has_section(name, "flake8");
        Wanted::if_configured(folder.has(".flake8") || in_section("setup.cfg") || in_section("tox.ini"))
    }

    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString> {
        let mut arguments = words([FORMAT, "--color=never"]);
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

/// Reads `'path' row column CODE text`.
fn message(line: &[u8], known: &Known<'_>) -> Option<Message> {
    let (path, rest) = literal::parse(line)?;
    let path = known.find(&path)?;
    let rest = String::from_utf8_lossy(rest);
    let mut parts = rest.trim_start().splitn(3, ' ');
    let row = parts.next()?.parse().ok()?;
    let column = parts.next()?.parse().ok()?;
    Some(Message {
        path: path.to_owned(),
        first: row,
        last: row,
        column: Some(column),
        text: one_line(parts.next()?),
    })
}
