//! The packages of a Cargo workspace and their targets, as `cargo metadata` and the manifests tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::ctx::Ctx;
use crate::exec::Command;
use crate::suite::Place;

/// How long Cargo may take to read manifests.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The library.
    Library,
    /// A program.
    Program,
    /// A file or folder of `tests/`.
    Test,
    /// An example that is tested.
    Example,
    /// A benchmark that is tested.
    Bench,
}

/// A target of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is for.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its first file, relative to the root of the repository.
    pub source: PathBuf,
    /// Whether `cargo test` runs it.
    pub is_tested: bool,
    /// Whether its documentation is tested.
    pub is_documented: bool,
    /// Whether it has a harness of its own, so that nothing is known of its tests.
    pub has_own_harness: bool,
    /// Features it needs that are not on by themselves: `cargo test` passes it over.
    pub missing_features: Vec<String>,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// What names it to Cargo, also if another version of it is among the dependencies: `till@0.1.0`.
    pub spec: String,
    /// Its folder, relative to the root of the repository.
    pub folder: PathBuf,
    /// Its targets.
    pub targets: Vec<Target>,
    /// Folders of the packages it needs that are in the repository.
    pub needs: Vec<PathBuf>,
    /// Whether `cargo test` at the root of the workspace tests it.
    pub is_default: bool,
}

/// A workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workspace {
    /// Its packages.
    pub packages: Vec<Package>,
    /// The folder of the workspace, relative to the root of the repository.
    pub folder: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<RawPackage>,
    #[serde(default)]
    workspace_default_members: Vec<String>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct RawPackage {
    name: String,
    version: String,
    id: String,
    manifest_path: PathBuf,
    targets: Vec<RawTarget>,
    #[serde(default)]
    dependencies: Vec<RawDependency>,
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct RawDependency {
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct RawTarget {
    kind: Vec<String>,
    name: String,
    src_path: PathBuf,
    #[serde(default)]
    test: bool,
    #[serde(default)]
    doctest: bool,
    #[serde(default, rename = "required-features")]
    required_features: Vec<String>,
}

impl Workspace {
    /// Asks Cargo about the workspace in a folder. Errors: one line that says why it could not tell.
    pub fn of(ctx: &Ctx, place: &Place<'_>, folder: &Path) -> Result<Self, String> {
        let asked = ["metadata", "--no-deps", "--format-version=1"];
        let command = Command::new("cargo").args(asked).dir(place.root.join(folder)).deadline(PATIENCE);
        let finished = command.contained().run(ctx).map_err(|error| error.to_string())?;
        if !finished.success() {
            return Err(finished.last_line());
        }
        let read: Metadata = serde_json::from_slice(&finished.stdout).map_err(|error| error.to_string())?;
        let roots =
            [place.root.to_owned(), place.root.canonicalize().unwrap_or_else(|_| place.root.to_owned())];
        Ok(Self::from(&read, &roots))
    }

    fn from(read: &Metadata, roots: &[PathBuf]) -> Self {
        let is_default = |package: &RawPackage| {
            read.workspace_default_members.is_empty() || read.workspace_default_members.contains(&package.id)
        };
        let package = |raw: &RawPackage| Package { is_default: is_default(raw), ..package(raw, roots) };
        Self {
            packages: read.packages.iter().map(package).collect(),
            folder: relative(&read.workspace_root, roots),
        }
    }

    /// The package a file belongs to: the one with the deepest folder.
    pub fn package_of(&self, file: &Path) -> Option<&Package> {
        let holding = self.packages.iter().filter(|package| file.starts_with(&package.folder));
        holding.max_by_key(|package| package.folder.components().count())
    }

    /// Whether `cargo test` in the workspace runs tests of a file, which may be examples in its documentation.
    pub fn runs(&self, file: &Path, holds_example: impl Fn(&Path) -> bool) -> bool {
        let package = self.package_of(file).filter(|package| package.is_default);
        let targets = package.into_iter().flat_map(|package| package.targets_with(file));
        let mut usable = targets.filter(|target| target.missing_features.is_empty());
        usable.any(|target| target.is_tested || holds_example(file))
    }

    /// These packages and all that need them, directly or not.
    pub fn with_dependents(&self, names: &BTreeSet<&str>) -> Vec<&Package> {
        let mut folders: BTreeSet<&Path> = self.folders_of(names);
        loop {
            let needs =
                |package: &&Package| package.needs.iter().any(|need| folders.contains(need.as_path()));
            let more: Vec<&Path> =
                self.packages.iter().filter(needs).map(|package| package.folder.as_path()).collect();
            let before = folders.len();
            folders.extend(more);
            if folders.len() == before {
                break;
            }
        }
        self.packages.iter().filter(|package| folders.contains(package.folder.as_path())).collect()
    }

    fn folders_of(&self, names: &BTreeSet<&str>) -> BTreeSet<&Path> {
        let named = self.packages.iter().filter(|package| names.contains(package.name.as_str()));
        named.map(|package| package.folder.as_path()).collect()
    }
}

impl Package {
    /// The targets a file is compiled into, as far as its place tells: the one it is the first file of, else those with
    /// the deepest folder around it.
    pub fn targets_with(&self, file: &Path) -> Vec<&Target> {
        let tested = || self.targets.iter().filter(|target| target.is_tested || target.is_documented);
        if self.targets.iter().any(|target| target.source == file) {
            return tested().filter(|target| target.source == file).collect();
        }
        let folder = |target: &Target| target.source.parent().map(Path::to_owned).unwrap_or_default();
        let around: Vec<&Target> = tested().filter(|target| file.starts_with(folder(target))).collect();
        let depth = |target: &&Target| folder(target).components().count();
        let deepest = around.iter().map(depth).max();
        around.into_iter().filter(|target| Some(depth(target)) == deepest).collect()
    }
}

fn package(raw: &RawPackage, roots: &[PathBuf]) -> Package {
    let manifest = std::fs::read_to_string(&raw.manifest_path).unwrap_or_default();
    let manifest: toml_edit::DocumentMut = manifest.parse().unwrap_or_default();
    let features = default_features(&raw.features);
    let targets = raw.targets.iter().filter_map(|raw| target(raw, roots, &manifest, &features));
    let needs = raw.dependencies.iter().filter_map(|need| need.path.as_deref());
    Package {
        name: raw.name.clone(),
        spec: format!("{}@{}", raw.name, raw.version),
        folder: relative(raw.manifest_path.parent().unwrap_or(Path::new("")), roots),
        targets: targets.collect(),
        needs: needs.map(|path| relative(path, roots)).collect(),
        is_default: true,
    }
}

/// The features that are on by themselves.
fn default_features(all: &BTreeMap<String, Vec<String>>) -> BTreeSet<&str> {
    let mut on = BTreeSet::new();
    let mut waiting = vec!["default"];
    while let Some(feature) = waiting.pop() {
        if on.insert(feature) {
            waiting.extend(all.get(feature).into_iter().flatten().map(String::as_str));
        }
    }
    on
}

fn target(
    raw: &RawTarget,
    roots: &[PathBuf],
    manifest: &toml_edit::DocumentMut,
    features: &BTreeSet<&str>,
) -> Option<Target> {
    let kind = match raw.kind.first()?.as_str() {
        "bin" => Kind::Program,
        "test" => Kind::Test,
        "example" => Kind::Example,
        "bench" => Kind::Bench,
        "custom-build" => return None,
        _ => Kind::Library,
    };
    Some(Target {
        kind,
        name: raw.name.clone(),
        source: relative(&raw.src_path, roots),
        is_tested: raw.test && !(kind == Kind::Program && is_of_cargo_fuzz(manifest)),
        is_documented: raw.doctest,
        has_own_harness: has_own_harness(manifest, kind, &raw.name),
        missing_features: raw
            .required_features
            .iter()
            // Of a feature of another package it is not known whether it is on.
            .filter(|feature| !feature.contains('/') && !features.contains(feature.as_str()))
            .cloned()
            .collect(),
    })
}

/// Whether the programs of a package are fuzz targets: `cargo fuzz` leaves that mark. `cargo test` would build them with
/// the `main` of libFuzzer, which knows no `--list` and takes its words for inputs.
fn is_of_cargo_fuzz(manifest: &toml_edit::DocumentMut) -> bool {
    let metadata = manifest.get("package").and_then(|package| package.get("metadata"));
    metadata.and_then(|metadata| metadata.get("cargo-fuzz")).and_then(toml_edit::Item::as_bool) == Some(true)
}

/// Whether the manifest says `harness = false`, which `cargo metadata` does not tell.
fn has_own_harness(manifest: &toml_edit::DocumentMut, kind: Kind, name: &str) -> bool {
    let key = match kind {
        Kind::Library => {
            let library = manifest.get("lib").and_then(|library| library.get("harness"));
            return library.and_then(toml_edit::Item::as_bool) == Some(false);
        }
        Kind::Program => "bin",
        Kind::Test => "test",
        Kind::Example => "example",
        Kind::Bench => "bench",
    };
    let tables = manifest.get(key).and_then(toml_edit::Item::as_array_of_tables);
    tables.into_iter().flat_map(toml_edit::ArrayOfTables::iter).any(|table| {
        table.get("name").and_then(toml_edit::Item::as_str) == Some(name)
            && table.get("harness").and_then(toml_edit::Item::as_bool) == Some(false)
    })
}

/// A path below the root of the repository; as it is, if it is elsewhere.
pub fn relative(path: &Path, roots: &[PathBuf]) -> PathBuf {
    let inside = roots.iter().find_map(|root| path.strip_prefix(root).ok());
    inside.unwrap_or(path).to_owned()
}
