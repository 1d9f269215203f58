//! Reads what linters print.

pub mod diff;
pub mod json;
pub mod lines;
pub mod literal;
pub mod rewritten;
pub mod xml;

use super::known::Known;
use super::linter::Said;

/// What a linter prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Lines that begin with `path:line[:column]:` or `path(line,column):`; what is a `note:` belongs to another line.
    Lines,
    /// `::error file=…,line=…::message`, as GitHub's workflow commands.
    WorkflowCommands,
    /// Unified differences.
    Differences,
    /// The file as it should be.
    File,
    /// The JSON of `ESLint`.
    EslintJson,
    /// One JSON object per line, as Cargo prints what the compiler says.
    CargoJson,
    /// JSON objects with `file`, `line`, `column`, `message` and a `code`.
    PlainJson,
    /// The XML of Checkstyle.
    CheckstyleXml,
}

impl Output {
    /// Passes on every message.
    pub fn read(self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
        match self {
            Self::Lines => lines::read_without_notes(output, known, hear),
            Self::WorkflowCommands => lines::read_workflow_commands(output, known, hear),
            Self::Differences => diff::read(output, known, hear),
            Self::File => diff::pass_on(rewritten::blocks(output, known), hear),
            Self::EslintJson => json::read_eslint(output, known, hear),
            Self::CargoJson => json::read_cargo(output, known, hear),
            Self::PlainJson => json::read_plain(output, known, hear),
            Self::CheckstyleXml => xml::read(output, known, hear),
        }
    }
}
