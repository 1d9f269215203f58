//! Which linters a repository is configured for, and what each is to be given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hotfix_model::config::CheckConfig;

use crate::ctx::Ctx;

use super::custom::Custom;
use super::folder::Folder;
use super::job::{Family, Job};
use super::linter::{BUG_FINDERS, FAMILIES, Linter, is_python};
use super::{Place, Request, program};

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
    let asked = |linter: &&&'static dyn Linter| folders.iter().any(|folder| linter.is_asked_for_by(folder));
    let mut names: Vec<String> = customs.iter().map(|custom| custom.name().to_owned()).collect();
    names.extend(families(&customs).filter(asked).map(|linter| linter.name().to_owned()));
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
    jobs.extend(configured(&files, &customs, request));
    if jobs.is_empty() && customs.is_empty() {
        jobs.extend(bugs_only(ctx, place, &files));
    }
    for job in &mut jobs {
        job.program = program::find(ctx, place, job.linter.get().program());
        job.deadline = request.config.timeout.duration();
    }
    jobs
}

pub(super) fn customs(config: &CheckConfig) -> Vec<Arc<Custom>> {
    let lines = config.commands.iter().filter(|line| !line.trim().is_empty());
    lines.map(|line| Arc::new(Custom::new(line))).collect()
}

/// The families that no configured command stands in for.
pub(super) fn families(customs: &[Arc<Custom>]) -> impl Iterator<Item = &'static &'static dyn Linter> {
    FAMILIES.iter().filter(|linter| !customs.iter().any(|custom| custom.replaces(**linter)))
}

fn custom_job(custom: &Arc<Custom>, files: &[&PathBuf], request: &Request<'_>) -> Option<Job> {
    let files = taken(custom.as_ref(), files);
    let mut job = Job::new(Family::Configured(custom.clone()), None, files);
    job.approved = request.trusted;
    (!job.files.is_empty()).then_some(job)
}

/// Each family once per folder that asks for it, with the files that are nearest to that folder.
fn configured(files: &[&PathBuf], customs: &[Arc<Custom>], request: &Request<'_>) -> Vec<Job> {
    let matters = |dir: &Path| files.iter().any(|file| file.starts_with(dir));
    let folders = folders(request.tracked, request.read, matters);
    let mut jobs = Vec::new();
    for linter in families(customs) {
        let mut groups: BTreeMap<usize, Vec<PathBuf>> = BTreeMap::new();
        for file in taken(*linter, files) {
            if let Some(nearest) = nearest(*linter, &file, &folders) {
                groups.entry(nearest).or_default().push(file);
            }
        }
        for (index, files) in groups {
            jobs.extend(split(*linter, folders.get(index), files));
        }
    }
    jobs
}

fn nearest(linter: &dyn Linter, file: &Path, folders: &[Folder]) -> Option<usize> {
    let asking = folders
        .iter()
        .enumerate()
        .filter(|(_, folder)| file.starts_with(&folder.dir) && linter.is_asked_for_by(folder));
    asking.max_by_key(|(_, folder)| folder.dir.components().count()).map(|(index, _)| index)
}

/// One job for all files that can be given by name, one for each that cannot.
fn split(linter: &'static dyn Linter, folder: Option<&Folder>, files: Vec<PathBuf>) -> Vec<Job> {
    let (lone, named): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| linter.needs_input(file));
    let job = |files| Job::new(Family::Found(linter), folder, files);
    let mut jobs: Vec<Job> = Some(named).filter(|files| !files.is_empty()).map(job).into_iter().collect();
    for file in lone {
        jobs.push(Job { by_input: true, ..job(vec![file]) });
    }
    jobs
}

fn bugs_only(ctx: &Ctx, place: &Place<'_>, files: &[&PathBuf]) -> Option<Job> {
    if !files.iter().any(|file| is_python(file)) {
        return None;
    }
    let linter = BUG_FINDERS.iter().find(|linter| program::find(ctx, place, linter.program()).is_some())?;
    let mut job = Job::new(Family::Found(*linter), None, taken(*linter, files));
    job.hint = Some(BUGS_ONLY);
    (!job.files.is_empty()).then_some(job)
}

fn taken(linter: &dyn Linter, files: &[&PathBuf]) -> Vec<PathBuf> {
    files.iter().filter(|file| linter.takes(file)).map(|file| (*file).clone()).collect()
}

/// The folders that hold configuration, nearest to the root first.
pub(super) fn folders(
    tracked: &[PathBuf],
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    matters: impl Fn(&Path) -> bool,
) -> Vec<Folder> {
    let mut by_dir: BTreeMap<(usize, PathBuf), Vec<&PathBuf>> = BTreeMap::new();
    for path in tracked.iter().filter(|path| Folder::may_hold(path)) {
        let dir = path.parent().unwrap_or(Path::new(""));
        if matters(dir) {
            by_dir.entry((dir.components().count(), dir.to_owned())).or_default().push(path);
        }
    }
    let nearest = by_dir.into_iter().take(FOLDERS);
    nearest.map(|((_, dir), paths)| Folder::read(&dir, paths.into_iter(), read)).collect()
}
