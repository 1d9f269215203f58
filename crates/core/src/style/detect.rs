//! Which linters a repository is configured for, and what each is to be given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotfix_model::config::CheckConfig;

use crate::ctx::Ctx;

use super::custom::Custom;
use super::families::{self, BUG_FINDERS};
use super::folder::{Folder, Names};
use super::job::{Family, Job};
use super::linter::{Given, Linter, Package, Wanted, is_python};
use super::{Place, Request, manager, program};

/// At most so many folders are read to tell what a repository is configured for.
const FOLDERS: usize = 32;

const BUGS_ONLY: &str = "no linter is configured here, so only likely bugs (E9, F) were looked for; `git hotfix init` shows how to configure one";

/// Names of the linters a repository is configured for, its own commands first.
pub fn linters_found(
    tracked: &[PathBuf],
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    config: &CheckConfig,
) -> Vec<String> {
    let customs = customs(config);
    let folders = folders(tracked, read, |_| true);
    let configured = |linter: &&'static dyn Linter| {
        folders.iter().any(|folder| linter.wanted_by(folder) == Wanted::ByConfiguration)
    };
    let mut names: Vec<String> = customs.iter().map(|custom| custom.name().to_owned()).collect();
    if let Some(manager) = manager::configured(read, tracked) {
        names.push(manager.name.to_owned());
        return names;
    }
    names.extend(families(&customs).filter(configured).map(|linter| linter.name().to_owned()));
    names
}

/// What is to run for a request.
pub fn jobs(ctx: &Ctx, place: &Place<'_>, request: &Request<'_>) -> Vec<Job> {
    let is_plain = |file: &&PathBuf| {
        place.root.join(file).symlink_metadata().is_ok_and(|found| found.file_type().is_file())
    };
    let files: Vec<&PathBuf> = request.files.iter().filter(is_plain).collect();
    let customs = customs(request.config);
    let mut jobs: Vec<Job> =
        customs.iter().filter_map(|custom| custom_job(custom, &files, request)).collect();
    let matters = |dir: &Path| files.iter().any(|file| file.starts_with(dir));
    let folders = folders(request.tracked, request.read, matters);
    jobs.extend(wanted(&files, &customs, &folders));
    // A file that its linter is configured to leave out has a linter.
    let is_served = |file: &Path| families::all().any(|linter| nearest(linter, file, &folders).is_some());
    let serves_python = files.iter().any(|file| is_python(file) && is_served(file));
    if customs.is_empty() && !serves_python {
        jobs.extend(bugs_only(ctx, place, &files));
    }
    for job in &mut jobs {
        // A line of shell may name a program among them as well.
        if !job.is_found() || matches!(job.linter.get().package(), Package::Node(_)) {
            (request.link_packages)(&job.dir);
        }
        job.program = program::find(ctx, place, &job.dir, job.linter.get().program());
        job.deadline = request.config.timeout.duration();
    }
    jobs.retain(|job| job.program.is_some() || job.wanted == Wanted::ByConfiguration);
    jobs
}

pub(super) fn customs(config: &CheckConfig) -> Vec<Arc<Custom>> {
    let lines = config.commands.iter().filter(|line| !line.trim().is_empty());
    lines.map(|line| Arc::new(Custom::new(line))).collect()
}

/// The families that no configured command stands in for.
pub(super) fn families(customs: &[Arc<Custom>]) -> impl Iterator<Item = &'static dyn Linter> {
    families::all().filter(|linter| !customs.iter().any(|custom| custom.replaces(*linter)))
}

fn custom_job(custom: &Arc<Custom>, files: &[&PathBuf], request: &Request<'_>) -> Option<Job> {
    let files = taken(custom.as_ref(), files);
    let mut job = Job::new(Family::Configured(custom.clone()), None, files);
    job.approved = request.trusted;
    (!job.files.is_empty()).then_some(job)
}

/// Each family once per folder that wants it, with the files that are nearest to that folder.
fn wanted(files: &[&PathBuf], customs: &[Arc<Custom>], folders: &[Arc<Folder>]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for linter in families(customs) {
        let mut groups: BTreeMap<usize, Vec<PathBuf>> = BTreeMap::new();
        for file in taken(linter, files) {
            let nearest = nearest(linter, &file, folders);
            let takes =
                |index: &usize| !folders.get(*index).is_some_and(|folder| linter.leaves_out(folder, &file));
            if let Some(nearest) = nearest.filter(takes) {
                groups.entry(nearest).or_default().push(file);
            }
        }
        for (index, files) in groups {
            jobs.extend(split(linter, folders.get(index).map(Arc::as_ref), files));
        }
    }
    jobs
}

/// The folder next above a file that wants a linter for it.
fn nearest(linter: &dyn Linter, file: &Path, folders: &[Arc<Folder>]) -> Option<usize> {
    if !linter.takes(file) {
        return None;
    }
    let wanting = folders
        .iter()
        .enumerate()
        .filter(|(_, folder)| file.starts_with(&folder.dir) && linter.wanted_by(folder) != Wanted::Not);
    wanting.max_by_key(|(_, folder)| folder.dir.components().count()).map(|(index, _)| index)
}

/// One job for all files that are given together, one for each whose content is given.
fn split(linter: &'static dyn Linter, folder: Option<&Folder>, files: Vec<PathBuf>) -> Vec<Job> {
    let mut together: BTreeMap<Given, Vec<PathBuf>> = BTreeMap::new();
    let mut jobs = Vec::new();
    for file in files {
        match linter.given(&file) {
            Given::Content => jobs.push((Given::Content, vec![file])),
            given => together.entry(given).or_default().push(file),
        }
    }
    let all = together.into_iter().chain(jobs);
    all.map(|(given, files)| Job { given, ..Job::new(Family::Found(linter), folder, files) }).collect()
}

fn bugs_only(ctx: &Ctx, place: &Place<'_>, files: &[&PathBuf]) -> Option<Job> {
    if !files.iter().any(|file| is_python(file)) {
        return None;
    }
    let is_installed =
        |linter: &&&dyn Linter| program::find(ctx, place, Path::new(""), linter.program()).is_some();
    let linter = BUG_FINDERS.iter().find(is_installed)?;
    let mut job = Job::new(Family::Found(*linter), None, taken(*linter, files));
    job.hint = Some(BUGS_ONLY);
    (!job.files.is_empty()).then_some(job)
}

fn taken(linter: &dyn Linter, files: &[&PathBuf]) -> Vec<PathBuf> {
    files.iter().filter(|file| linter.takes(file)).map(|file| (*file).clone()).collect()
}

/// The folders that hold configuration, nearest to the root first; the root is always one of them.
pub(super) fn folders(
    tracked: &[PathBuf],
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    matters: impl Fn(&Path) -> bool,
) -> Vec<Arc<Folder>> {
    let names = Names::all();
    let mut by_dir: BTreeMap<(usize, PathBuf), Vec<&PathBuf>> = BTreeMap::new();
    by_dir.insert((0, PathBuf::new()), Vec::new());
    for path in tracked {
        let Some(dir) = names.configured_folder(path).filter(|dir| matters(dir)) else { continue };
        by_dir.entry((dir.components().count(), dir)).or_default().push(path);
    }
    let mut folders: Vec<Arc<Folder>> = Vec::new();
    for ((_, dir), paths) in by_dir.into_iter().take(FOLDERS) {
        let outer = folders.iter().rev().find(|outer| dir.starts_with(&outer.dir)).cloned();
        let mut folder = Folder::read(&dir, paths.into_iter(), read);
        folder.outer = outer;
        folders.push(Arc::new(folder));
    }
    folders
}
