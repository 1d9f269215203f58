//! One fix: the tests that it flips, and regressions near it, each with one run of all tests.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hotfix_core::suite::{self, Learnt, RankInput, Runner};
use hotfix_model::RunEnd;
use serde_json::{Value, json};

use super::checkout::Checkout;
use super::figures::Known;
use super::mutate::{self, Regression};
use super::{Fix, SelectionArgs};

/// Nothing is waited for longer.
const LONGEST: Duration = Duration::from_mins(10);

/// Measures a fix, unless its results are there already.
pub fn measure(args: &SelectionArgs, fix: &Fix) -> Result<()> {
    let done = std::fs::read_to_string(&args.results).unwrap_or_default();
    let is_of = |row: &Value| row["repository"] == fix.repository.as_str() && row["fix"] == fix.fix.as_str();
    let rows: Vec<Value> = done.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if rows.iter().any(|row| is_of(row) && row["kind"] == "end") {
        return Ok(());
    }
    let study = Study::new(args, fix)?;
    let known_places: BTreeSet<String> = rows
        .iter()
        .filter(|row| is_of(row))
        .filter_map(|row| row["place"].as_str().map(str::to_owned))
        .collect();
    if known_places.is_empty() {
        study.flips()?;
    }
    study.inject(args.regressions, &known_places)?;
    study.write(json!({"kind": "end"}))
}

struct Study<'a> {
    args: &'a SelectionArgs,
    fix: &'a Fix,
    checkout: Checkout,
    changed: Vec<PathBuf>,
    tests: Vec<PathBuf>,
    sources: Vec<PathBuf>,
    known: Known,
    wall: Duration,
    learnt: Option<Learnt>,
    related: Option<Vec<PathBuf>>,
}

impl<'a> Study<'a> {
    fn new(args: &'a SelectionArgs, fix: &'a Fix) -> Result<Self> {
        let checkout = Checkout::new(&args.projects.join(fix.project()), &fix.fix)?;
        let changed = checkout.changed()?;
        let (tests, sources) = checkout.parts(&changed);
        let sources: Vec<PathBuf> = sources.into_iter().filter(|path| checkout.suite.speaks(path)).collect();
        let began = Instant::now();
        let run = checkout.run_all(LONGEST)?;
        let wall = began.elapsed();
        let known = Known::of(&run);
        let bad = run.broken().count();
        if run.end != RunEnd::Finished || known.tests() == 0 || bad * 10 > known.tests() {
            bail!("its tests do not run here: {bad} of {} fail; {}", known.tests(), run.tail);
        }
        checkout.put(&checkout.base, &changed)?;
        let map = checkout.footprints((wall * 4).clamp(Duration::from_mins(1), LONGEST));
        checkout.put(&checkout.fix, &changed)?;
        let learnt = map.map(|map| Learnt { map, changed_since: std::collections::HashSet::new() });
        let related = checkout.related(&sources);
        Ok(Self { args, fix, checkout, changed, tests, sources, known, wall, learnt, related })
    }

    /// The tests that the fix flips.
    fn flips(&self) -> Result<()> {
        self.checkout.put(&self.checkout.base, &self.sources)?;
        let run = self.checkout.run_all(self.patience())?;
        self.checkout.put(&self.checkout.fix, &self.sources)?;
        let broken = self.known.newly_broken(&run);
        let row = json!({"kind": "fix", "broken": broken.len(), "shares": self.shares(&broken)?});
        self.write(row)
    }

    /// Regressions, until so many of them are caught by the suite as a whole.
    fn inject(&self, most: usize, known: &BTreeSet<String>) -> Result<()> {
        let mut all: Vec<Regression> = Vec::new();
        for edit in self.checkout.edits(&self.sources)? {
            all.extend(mutate::regressions(&edit.path, &edit.after, &edit.new));
        }
        let mut tried = 0;
        for regression in all {
            let place = format!("{}:{}:{}", regression.path.display(), regression.line, regression.inverts);
            tried += 1;
            if tried > most {
                break;
            }
            if !known.contains(&place) {
                let row = self.try_out(&regression)?;
                self.write(merged(json!({"kind": "regression", "place": place}), row))?;
            }
        }
        Ok(())
    }

    fn try_out(&self, regression: &Regression) -> Result<Value> {
        let path = self.checkout.root.join(&regression.path);
        let text = std::fs::read_to_string(&path)?;
        let index = usize::try_from(regression.line)?.saturating_sub(1);
        let mut lines: Vec<&str> = text.lines().collect();
        if let Some(line) = lines.get_mut(index) {
            *line = &regression.text;
        }
        std::fs::write(&path, lines.join("\n") + "\n")?;
        let run = self.checkout.run_all(self.patience());
        let row = run.and_then(|run| {
            let broken = self.known.newly_broken(&run);
            // What breaks nearly everything is found by any test.
            let left = run.cases.len().saturating_sub(broken.len());
            let runs = left * 10 > self.known.tests();
            Ok(match (runs, broken.is_empty()) {
                (false, _) => json!({"outcome": "breaks everything"}),
                (_, true) => json!({"outcome": "missed by all tests"}),
                _ => json!({"outcome": "caught", "broken": broken.len(), "shares": self.shares(&broken)?}),
            })
        });
        std::fs::write(&path, text)?;
        row
    }

    /// The share of the time of all tests until the first failure: with the fix's tests first, and as if no test had
    /// been changed; each without and with the impact map.
    fn shares(&self, broken: &BTreeSet<String>) -> Result<Value> {
        let share = |changed: &[PathBuf], learnt: Option<&Learnt>| -> Result<f64> {
            let proof: Vec<PathBuf> =
                changed.iter().filter(|path| self.tests.contains(path)).cloned().collect();
            Ok(self.known.share(&self.order(changed, &proof, learnt)?, broken))
        };
        let learnt = self.learnt.as_ref();
        let map = |changed: &[PathBuf]| learnt.map(|map| share(changed, Some(map))).transpose();
        Ok(json!({
            "whole": share(&self.changed, None)?,
            "sources": share(&self.sources, None)?,
            "whole_map": map(&self.changed)?,
            "sources_map": map(&self.sources)?,
        }))
    }

    fn order(&self, changed: &[PathBuf], proof: &[PathBuf], learnt: Option<&Learnt>) -> Result<Vec<PathBuf>> {
        let root = &self.checkout.root;
        let ranked = suite::rank(&RankInput {
            files: &self.checkout.files,
            changed,
            edits: &self.checkout.edits(changed)?,
            proof,
            critical: &[],
            read: &|path| std::fs::read(root.join(path)).ok(),
            commits: &self.checkout.commits,
            related: self.related.as_deref(),
            learnt,
            runner: &self.checkout.suite,
        });
        Ok(ranked.into_iter().map(|file| file.path).collect())
    }

    fn patience(&self) -> Duration {
        (self.wall * 4 + Duration::from_secs(30)).min(LONGEST)
    }

    fn write(&self, row: Value) -> Result<()> {
        let head = json!({
            "repository": self.fix.repository,
            "fix": self.fix.fix,
            "runner": self.checkout.suite.name(),
            "tests": self.known.tests(),
            "seconds": self.known.total(),
            "wall": self.wall.as_secs_f64(),
        });
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.args.results)?;
        let row = merged(head, row);
        println!("{row}");
        Ok(writeln!(file, "{row}")?)
    }
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (one.as_object_mut(), other) {
        fields.extend(more);
    }
    one
}
