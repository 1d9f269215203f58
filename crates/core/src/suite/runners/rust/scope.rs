//! Which packages and targets a selection concerns, and which tests of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::names::{self, Names};
use super::workspace::{Kind, Package, Target, Workspace};
use crate::suite::Selection;

/// A target with its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The package.
    pub package: &'a Package,
    /// The target.
    pub target: &'a Target,
}

/// What is built and run.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// Targets with the usual harness.
    pub parts: Vec<Part<'a>>,
    /// Targets with a harness of their own.
    pub opaque: Vec<Part<'a>>,
    /// Packages whose documentation is tested.
    pub documented: Vec<&'a Package>,
    /// Targets that were asked for and that need features which are not on.
    pub without_features: Vec<Part<'a>>,
    /// Whether that is what Cargo runs when it is not told anything.
    is_default: bool,
}

impl<'a> Scope<'a> {
    /// Of the files of a selection; `None` for everything.
    pub fn of(workspace: &'a Workspace, files: Option<&[PathBuf]>) -> Self {
        let parts = match files {
            Some(files) => parts_with(workspace, files),
            None => parts_of_all(workspace),
        };
        let (parts, without_features): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| part.target.missing_features.is_empty());
        // What nobody asked for by name is passed over, as Cargo does.
        let without_features = if files.is_some() { without_features } else { Vec::new() };
        let documented = |part: &&Part<'_>| part.target.is_documented && part.target.kind == Kind::Library;
        let documented = parts.iter().filter(documented).map(|part| part.package).collect();
        let tested = parts.into_iter().filter(|part| part.target.is_tested);
        let (opaque, parts): (Vec<_>, Vec<_>) = tested.partition(|part| part.target.has_own_harness);
        let is_default = files.is_none() && opaque.is_empty();
        Self { parts, opaque, documented, without_features, is_default }
    }

    /// Only these targets.
    pub fn narrowed(&self, keep: impl Fn(&Part<'a>) -> bool) -> Self {
        let parts = self.parts.iter().copied().filter(keep).collect();
        Self { parts, is_default: false, ..self.clone() }
    }

    /// What tells Cargo to take these targets.
    pub fn flags(&self) -> Vec<String> {
        if self.is_default { Vec::new() } else { flags(&self.parts) }
    }
}

/// What tells Cargo to take these targets: the packages, and the names of their targets.
pub fn flags(parts: &[Part<'_>]) -> Vec<String> {
    let packages: BTreeSet<&str> = parts.iter().map(|part| part.package.spec.as_str()).collect();
    let targets: BTreeSet<(Kind, &str)> =
        parts.iter().map(|part| (part.target.kind, part.target.name.as_str())).collect();
    let mut flags: Vec<String> = packages.into_iter().flat_map(|name| pair("-p", name)).collect();
    if targets.iter().any(|(kind, _)| *kind == Kind::Library) {
        flags.push("--lib".to_owned());
    }
    for (kind, name) in targets {
        match kind {
            Kind::Library => {}
            Kind::Program => flags.extend(pair("--bin", name)),
            Kind::Test => flags.extend(pair("--test", name)),
            Kind::Example => flags.extend(pair("--example", name)),
            Kind::Bench => flags.extend(pair("--bench", name)),
        }
    }
    flags
}

fn pair(flag: &str, value: &str) -> [String; 2] {
    [flag.to_owned(), value.to_owned()]
}

fn parts_of_all(workspace: &Workspace) -> Vec<Part<'_>> {
    let packages = workspace.packages.iter().filter(|package| package.is_default);
    let parts =
        packages.flat_map(|package| package.targets.iter().map(move |target| Part { package, target }));
    parts.filter(|part| part.target.is_tested || part.target.is_documented).collect()
}

fn parts_with<'a>(workspace: &'a Workspace, files: &[PathBuf]) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    for file in files {
        let Some(package) = workspace.package_of(file) else { continue };
        for target in package.targets_with(file) {
            let part = Part { package, target };
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    parts
}

/// Which of the tests of a target a selection wants.
pub struct Wanted<'a> {
    names: &'a Names<'a>,
    files: Option<BTreeSet<&'a Path>>,
    cases: Option<BTreeSet<&'a str>>,
}

impl<'a> Wanted<'a> {
    /// `files` are those of the selection that exist; `None` for everything.
    pub fn new(names: &'a Names<'a>, selection: &'a Selection, files: Option<&'a [PathBuf]>) -> Self {
        let cases = match selection {
            Selection::Cases(ids) => Some(ids.iter().map(|id| names::name_of(id)).collect()),
            _ => None,
        };
        Self { names, files: files.map(|files| files.iter().map(PathBuf::as_path).collect()), cases }
    }

    /// Whether a test of a target is wanted.
    pub fn wants(&self, target: &Target, test: &str) -> bool {
        let by_name = self.cases.as_ref().is_none_or(|cases| cases.contains(test));
        let by_file =
            |files: &BTreeSet<&Path>| files.contains(self.names.file_of(&target.source, test).as_path());
        by_name && self.files.as_ref().is_none_or(by_file)
    }

    /// Whether the tests of a file are wanted.
    pub fn wants_file(&self, file: &Path) -> bool {
        self.files.as_ref().is_none_or(|files| files.contains(file))
    }

    /// Whether a test of this name is wanted, wherever it is.
    pub fn wants_name(&self, name: &str) -> bool {
        self.cases.as_ref().is_none_or(|cases| cases.contains(name))
    }
    /// Whether a test may be wanted whose name has this in it.
    pub fn may_want_name_with(&self, part: &str) -> bool {
        self.cases.as_ref().is_none_or(|cases| cases.iter().any(|name| name.contains(part)))
    }
}
