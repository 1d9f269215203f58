//! Lets formatters rewrite changed files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::ctx::Ctx;

use super::job::Job;
use super::known::Known;
use super::read::diff::Block;
use super::touched::Touched;
use super::{Place, run};

/// Lets each formatter, one after the other, rewrite the files it would write differently at a changed line. Returns
/// the files that are different now.
pub fn fix(ctx: &Ctx, place: &Place<'_>, jobs: &[Job], touched: &mut Touched) -> Vec<String> {
    let mut rewritten = BTreeSet::new();
    for job in jobs.iter().filter(|job| job.approved && rewrites(job)) {
        for file in rewrite(ctx, place, job, touched) {
            rewritten.insert(file.to_string_lossy().into_owned());
        }
    }
    rewritten.into_iter().collect()
}

fn rewrites(job: &Job) -> bool {
    job.rewriting.is_some() || job.linter.get().prints_file()
}

fn rewrite(ctx: &Ctx, place: &Place<'_>, job: &Job, touched: &mut Touched) -> Vec<PathBuf> {
    let Ok(finished) = run::start(ctx, place, job) else { return Vec::new() };
    let linter = job.linter.get();
    let blocks = linter.differences(&finished.output, &Known::new(place.root, &job.dir, &job.files));
    let mut files = at_changed_lines(&blocks, touched);
    let before: Vec<_> = files.iter().map(|file| content(place, file)).collect();
    let rewritten = match files.first() {
        Some(file) if linter.prints_file() => std::fs::write(place.root.join(file), &finished.output).is_ok(),
        Some(_) => run_rewriting(ctx, place, job, &files),
        None => false,
    };
    if !rewritten {
        return Vec::new();
    }
    let mut before = before.into_iter();
    files.retain(|file| before.next().is_some_and(|old| old != content(place, file)));
    for file in &files {
        let own: Vec<&Block> = blocks.iter().filter(|block| block.path == *file).collect();
        touched.rewritten(file, &own);
    }
    files
}

/// False when it could not be started. Whether it worked is seen from the files.
fn run_rewriting(ctx: &Ctx, place: &Place<'_>, job: &Job, files: &[PathBuf]) -> bool {
    let Some((program, arguments)) = job.program.as_deref().zip(job.rewriting.as_ref()) else {
        return false;
    };
    let paths = files.iter().map(|file| job.as_argument(file));
    run::command(ctx, place, job, program).args(arguments).args(paths).run(ctx).is_ok()
}

fn at_changed_lines(blocks: &[Block], touched: &Touched) -> Vec<PathBuf> {
    let changed = |block: &&Block| {
        let (first, last) = block.range();
        touched.first(&block.path, first, last).is_some()
    };
    let files: BTreeSet<&PathBuf> = blocks.iter().filter(changed).map(|block| &block.path).collect();
    files.into_iter().cloned().collect()
}

fn content(place: &Place<'_>, file: &Path) -> Option<Vec<u8>> {
    std::fs::read(place.root.join(file)).ok()
}
