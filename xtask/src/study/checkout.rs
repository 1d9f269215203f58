//! A clone of a project at one fix.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hotfix_core::clock::SystemClock;
use hotfix_core::ctx::Ctx;
use hotfix_core::env::Environment;
use hotfix_core::event::Silent;
use hotfix_core::git::{Oid, Repository};
use hotfix_core::suite::{self, Edit, Limits, Place, Runner, Selection, Suite};
use hotfix_model::Run;
use hotfix_model::config::{GateMode, TestConfig};

/// A clone at a fix, with its runner.
pub struct Checkout {
    /// Its root.
    pub root: PathBuf,
    /// The commit before the fix.
    pub base: String,
    /// The fix.
    pub fix: String,
    /// All files of the fix.
    pub files: Vec<PathBuf>,
    /// The files of the newest commits up to base.
    pub commits: Vec<Vec<PathBuf>>,
    /// The runner.
    pub suite: Suite,
    ctx: Ctx,
    scratch: tempfile::TempDir,
}

impl Checkout {
    /// Checks the fix out and finds its runner.
    pub fn new(root: &Path, fix: &str) -> Result<Self> {
        let root = root.canonicalize().with_context(|| format!("no clone at {}", root.display()))?;
        let word = |args: &[&str]| -> Result<String> { Ok(git(&root, args)?.trim().to_owned()) };
        git(&root, &["checkout", "--quiet", "--force", "--detach", fix])?;
        let (base, fix) = (word(&["rev-parse", "HEAD^"])?, word(&["rev-parse", "HEAD"])?);
        let listed = git(&root, &["ls-files", "-z"])?;
        let files: Vec<PathBuf> = listed.split_terminator('\0').map(PathBuf::from).collect();
        let environment = Environment::of_process()?.with_current_dir(&root);
        let ctx = Ctx::new(environment, SystemClock::new(), Arc::new(Silent));
        let repository = Repository::discover(&ctx).map_err(told)?;
        let oid = Oid::parse(&base).context("a commit has an id")?;
        let commits = repository.files_of_commits(&oid).map_err(told)?;
        let read = |path: &str| std::fs::read(root.join(path)).ok();
        let suite = suite::detect(&files, &read, &untold()?).map_err(told)?;
        let scratch = tempfile::tempdir()?;
        let place = Place { root: &root, home: &root, scratch: scratch.path() };
        let suite = suite.for_change(&ctx, &place, &[]);
        Ok(Self { root, base, fix, files, commits, suite, ctx, scratch })
    }

    /// The files that the fix changes.
    pub fn changed(&self) -> Result<Vec<PathBuf>> {
        let listed = git(&self.root, &["diff", "--name-only", "--no-renames", "-z", &self.base, &self.fix])?;
        Ok(listed.split_terminator('\0').map(PathBuf::from).collect())
    }

    /// What differs between base and the files as they are.
    pub fn edits(&self, changed: &[PathBuf]) -> Result<Vec<Edit>> {
        changed.iter().map(|path| self.edit(path)).collect()
    }

    fn edit(&self, path: &Path) -> Result<Edit> {
        let name = path.to_str().context("a name")?;
        let patch = git(&self.root, &["diff", "--no-renames", "--unified=0", &self.base, "--", name])?;
        let (old, new) = patch.lines().filter_map(places).unzip();
        let before = git(&self.root, &["show", &format!("{}:{name}", self.base)]).unwrap_or_default();
        let after = std::fs::read(self.root.join(path)).unwrap_or_default();
        let after = String::from_utf8_lossy(&after).into_owned();
        Ok(Edit { path: path.to_owned(), before, after, old, new })
    }

    /// Puts files as they are in a commit; removes those it has not.
    pub fn put(&self, commit: &str, files: &[PathBuf]) -> Result<()> {
        for file in files {
            let name = file.to_str().context("a name")?;
            match git(&self.root, &["show", &format!("{commit}:{name}")]) {
                Ok(_) => drop(git(&self.root, &["checkout", "--quiet", commit, "--", name])?),
                Err(_) => drop(std::fs::remove_file(self.root.join(file))),
            }
        }
        Ok(())
    }

    /// Runs all tests.
    pub fn run_all(&self, limit: Duration) -> Result<Run> {
        let limits = Limits { run: limit, test: Some(limit / 5) };
        self.suite.run(&self.ctx, &self.place(), &Selection::Everything, &limits).map_err(told)
    }

    /// What each test file runs.
    pub fn footprints(&self, limit: Duration) -> Option<suite::ImpactMap> {
        let tests: Vec<PathBuf> =
            self.files.iter().filter(|file| self.suite.is_test_file(file)).cloned().collect();
        let tests = self.suite.footprints(&self.ctx, &self.place(), &tests, limit)?;
        Some(suite::ImpactMap { commit: self.base.clone(), tests })
    }

    /// What the ecosystem's own tool calls related.
    pub fn related(&self, sources: &[PathBuf]) -> Option<Vec<PathBuf>> {
        self.suite.related(&self.ctx, &self.place(), sources)
    }

    fn place(&self) -> Place<'_> {
        Place { root: &self.root, home: &self.root, scratch: self.scratch.path() }
    }

    /// The changed files that hold tests or help them, and the others.
    pub fn parts(&self, changed: &[PathBuf]) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let of_tests: BTreeSet<&PathBuf> = changed
            .iter()
            .filter(|path| self.suite.is_test_file(path) || self.suite.is_test_support(path))
            .collect();
        changed.iter().cloned().partition(|path| of_tests.contains(path))
    }
}

/// `@@ -1,2 +3 @@` as the lines on both sides; where there are none, those around.
fn places(line: &str) -> Option<(Range<u64>, Range<u64>)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let range = |text: &str| {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        let (start, count) = (start.parse::<u64>().ok()?, count.parse::<u64>().ok()?);
        Some(if count == 0 { start..start + 2 } else { start..start + count })
    };
    Some((range(old)?, range(rest.split(' ').next()?)?))
}

/// No configuration at all.
fn untold() -> Result<TestConfig> {
    let budget = "5m".parse().map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(TestConfig {
        command: String::new(),
        critical: Vec::new(),
        budget,
        gate: GateMode::Block,
        flaky: GateMode::Warn,
        exclusive: false,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn told(error: hotfix_core::error::Error) -> anyhow::Error {
    anyhow::anyhow!("{error}: {}", error.why())
}

/// Runs Git and gives what it prints.
pub fn git(root: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new("git").arg("-C").arg(root).args(args).output()?;
    if !output.status.success() {
        bail!("git {} failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
