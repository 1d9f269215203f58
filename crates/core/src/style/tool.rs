//! A linter that needs no code of its own: a row of a table.

use std::ffi::{OsStr, OsString};
use std::ops::RangeInclusive;
use std::path::Path;

use super::folder::Folder;
use super::known::Known;
use super::linter::{Given, Linter, Package, Said, Wanted};
use super::read::diff::{self, Block};
use super::read::{Output, rewritten};

/// A linter as data.
pub struct Tool {
    /// Its name in reports.
    pub name: &'static str,
    /// The program to run.
    pub program: &'static str,
    /// What to install to get it.
    pub package: Package<'static>,
    /// Whether it reads such a file.
    pub takes: fn(&Path) -> bool,
    /// Files each of which alone is its configuration.
    pub own_files: &'static [&'static str],
    /// Files of others that may hold its configuration, or show that it is customary.
    pub shared_files: &'static [&'static str],
    /// What the shared files say.
    pub shared: fn(&Folder) -> Wanted,
    /// Whether a folder's configuration leaves out a file, relative to that folder.
    pub leaves_out: fn(&Folder, &Path) -> bool,
    /// What it is given.
    pub given: Given,
    /// Arguments before the files.
    pub arguments: &'static [&'static str],
    /// Arguments that the folder decides.
    pub more_arguments: fn(&Folder) -> Vec<OsString>,
    /// For content: what stands before the name of the file.
    pub name_option: Option<&'static str>,
    /// For content: what stands before the absolute path of the file.
    pub path_option: Option<&'static str>,
    /// How to read it.
    pub output: Output,
    /// The exit codes with which it did its work.
    pub codes: RangeInclusive<i32>,
    /// Arguments with which it rewrites files.
    pub rewriting: Option<&'static [&'static str]>,
}

impl Tool {
    /// A linter that nothing asks for yet, and that takes nothing.
    pub const fn new(name: &'static str, program: &'static str, package: Package<'static>) -> Self {
        Self {
            name,
            program,
            package,
            takes: |_| false,
            own_files: &[],
            shared_files: &[],
            shared: |_| Wanted::Not,
            leaves_out: |_, _| false,
            given: Given::Names,
            arguments: &[],
            more_arguments: |_| Vec::new(),
            name_option: None,
            path_option: None,
            output: Output::Lines,
            codes: 0..=1,
            rewriting: None,
        }
    }
}

impl Linter for Tool {
    fn name(&self) -> &str {
        self.name
    }

    fn program(&self) -> &str {
        self.program
    }

    fn package(&self) -> Package<'_> {
        self.package
    }

    fn takes(&self, path: &Path) -> bool {
        (self.takes)(path)
    }

    fn configuration(&self) -> Vec<&'static str> {
        [self.own_files, self.shared_files].concat()
    }

    fn wanted_by(&self, folder: &Folder) -> Wanted {
        if self.own_files.iter().any(|name| folder.has(name)) {
            return Wanted::ByConfiguration;
        }
        (self.shared)(folder)
    }

    fn leaves_out(&self, folder: &Folder, file: &Path) -> bool {
        (self.leaves_out)(folder, file.strip_prefix(&folder.dir).unwrap_or(file))
    }

    fn given(&self, _path: &Path) -> Given {
        self.given
    }

    fn arguments(&self, folder: Option<&Folder>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = self.arguments.iter().map(OsString::from).collect();
        arguments.extend(folder.map(self.more_arguments).unwrap_or_default());
        arguments
    }

    fn input_arguments(&self, name: OsString, path: &Path) -> Vec<OsString> {
        let joined = |(option, value): (&str, &OsStr)| {
            let mut argument = OsString::from(option);
            argument.push(value);
            argument
        };
        let by_name = self.name_option.map(|option| (option, name.as_os_str()));
        let by_path = self.path_option.map(|option| (option, path.as_os_str()));
        by_name.into_iter().chain(by_path).map(joined).collect()
    }

    fn did_its_work(&self, code: i32) -> bool {
        self.codes.contains(&code)
    }

    fn prints_file(&self) -> bool {
        self.output == Output::File
    }

    fn read(&self, output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
        self.output.read(output, known, hear);
    }

    fn differences(&self, output: &[u8], known: &Known<'_>) -> Vec<Block> {
        match self.output {
            Output::File => rewritten::blocks(output, known),
            _ => diff::blocks(output, known),
        }
    }

    fn rewriting(&self, _folder: Option<&Folder>) -> Option<Vec<OsString>> {
        Some(self.rewriting?.iter().map(OsString::from).collect())
    }
}
