//! The families of linters: what configures each, how it is run, how it is read. A family that is like others is a row
//! of a table; one that is not has a file of its own.

mod black;
mod c;
mod data;
mod flake8;
mod go;
mod java;
mod javascript;
mod python;
mod ruff;
mod rust;
mod shell;

use super::linter::Linter;
use super::tool::Tool;

/// Families with code of their own, in the order of reports.
const WITH_CODE: [&dyn Linter; 4] = [&ruff::Check, &flake8::Flake8, &ruff::Format, &black::Black];

/// Families that are rows of a table, in the order of reports.
const TABLES: [&[Tool]; 8] = [
    python::TOOLS,
    javascript::TOOLS,
    go::TOOLS,
    rust::TOOLS,
    java::TOOLS,
    c::TOOLS,
    shell::TOOLS,
    data::TOOLS,
];

/// Families that look for likely bugs of Python where nothing is configured, the preferred one first.
pub const BUG_FINDERS: &[&dyn Linter] = &[&ruff::Check, &flake8::Flake8];

/// All families that are found by the files of a repository, in the order of reports.
pub fn all() -> impl Iterator<Item = &'static dyn Linter> {
    let tables = TABLES.into_iter().flatten().map(|tool| tool as &'static dyn Linter);
    WITH_CODE.into_iter().chain(tables)
}
