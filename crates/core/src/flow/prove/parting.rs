//! The change, taken apart: what of it is tests, what is the fix.
//!
//! Files that hold both tests and source, such as Rust's, are taken apart place by place; where that is not clear, the file
//! as an earlier prove saw it red, before the fix, is the test part. What the command runs, or a test opens, belongs to
//! the tests as well, or base would be red only for want of it.

use std::path::{Path, PathBuf};

use hotfix_model::{Proof, ProofVerdict};

use crate::error::Result;
use crate::git::{Change, ChangeKind, Oid};
use crate::proof::{self, Parts, Taken, Version};
use crate::session::Session;
use crate::suite::{self, Runner};

/// Largest file, in bytes, that is looked through for the names of others.
const LARGEST_TEXT: usize = 1 << 20;

/// What decides about a change.
pub struct Parting<'a> {
    /// The hotfix and the state of its slot.
    pub session: Session<'a>,
    /// The repository's runner, if one was found.
    pub runner: Option<&'a dyn Runner>,
    /// The command that was typed; empty without one.
    pub command: &'a [String],
}

impl Parting<'_> {
    /// Takes the change apart. `is_test` knows the files that are of one kind.
    pub fn parts(&self, is_test: impl Fn(&Path) -> bool) -> Result<Parts> {
        let may_hold_both =
            |change: &Change| self.runner.is_some_and(|runner| runner.holds_both(&change.path));
        let (both, clear) = self.session.work.changes.clone().into_iter().partition(may_hold_both);
        let mut parts = proof::split(clear, is_test);
        let mut unclear = Vec::new();
        if let Some(runner) = self.runner.filter(|_| !both.is_empty()) {
            let texts = Texts::read(self.session, &both)?;
            for (change, sides) in both.into_iter().zip(texts.0) {
                match taken(runner, &change.path, &sides) {
                    Taken::Tests => parts.tests.push(change),
                    Taken::Source => parts.source.push(change),
                    Taken::Apart(red) => {
                        add_to_both(&mut parts, change, self.session.project.repository.write_blob(red)?);
                    }
                    Taken::Unclear => unclear.push(change),
                }
            }
        }
        self.settle_unclear(unclear, &mut parts)?;
        self.join_what_the_command_runs(&mut parts)?;
        self.join_what_tests_open(&mut parts)?;
        Ok(parts)
    }

    /// Files whose change is not clear: as they were seen red, if they were. Without that, they are tests as long as
    /// nothing else has changed, for then the tests come first; else they are source.
    fn settle_unclear(&self, unclear: Vec<Change>, parts: &mut Parts) -> Result<()> {
        let has_others = !parts.tests.is_empty() || !parts.source.is_empty();
        for change in unclear {
            match self.seen_red(&change)? {
                Some(red) if change.new.as_ref().is_some_and(|(_, now)| *now == red) => {
                    parts.tests.push(change);
                }
                Some(red) => add_to_both(parts, change, red),
                None => {
                    parts.unclear.push(change.path.clone());
                    if has_others { &mut parts.source } else { &mut parts.tests }.push(change);
                }
            }
        }
        Ok(())
    }

    /// The file in the tree that was red on the same base, if an earlier prove saw it so.
    fn seen_red(&self, change: &Change) -> Result<Option<Oid>> {
        use ProofVerdict::{NotGreen, Proven, RedOnly};
        let Session { project, hotfix, work } = self.session;
        let was_red = |proof: &&Proof| matches!(proof.verdict, RedOnly | NotGreen | Proven);
        let proof = hotfix.record().proof.as_deref().filter(was_red);
        let side = proof.and_then(|proof| proof.red.as_ref());
        let tree =
            side.filter(|side| side.commit == work.base.as_str()).and_then(|side| Oid::parse(&side.tree));
        let (Some(tree), Some(path)) = (tree, change.path.to_str()) else { return Ok(None) };
        let found =
            project.repository.read_objects(&[format!("{tree}:{path}"), format!("{}:{path}", work.base)])?;
        let mut oids = found.into_iter().map(|object| object.map(|object| object.oid));
        let (red, base) = (oids.next().flatten(), oids.next().flatten());
        // What was left at base says nothing about which part is tests.
        Ok(red.filter(|red| Some(red) != base.as_ref()))
    }

    /// A new script that the command runs is a test, whole. One that base has may as well be the program that is fixed:
    /// it is a test if its name says so and something else is left to be the fix. Of a file of commands (`package.json`,
    /// a `Makefile`) it is the entry that the command names; the rest may be the fix.
    fn join_what_the_command_runs(&self, parts: &mut Parts) -> Result<()> {
        if self.command.is_empty() {
            return Ok(());
        }
        let line = self.command.join(" ");
        let words: Vec<&str> =
            line.split(|char: char| char.is_whitespace() || "'\"();&|=".contains(char)).collect();
        let is_run = |path: &Path| {
            path.to_str().is_some_and(|path| words.iter().any(|word| word.trim_start_matches("./") == path))
        };
        let source = std::mem::take(&mut parts.source);
        let has_others = source.iter().any(|change| !is_run(&change.path));
        let is_test = |change: &Change| {
            is_run(&change.path)
                && (change.kind == ChangeKind::Added || has_others && sounds_like_a_test(&change.path))
        };
        let (tests, source): (Vec<Change>, _) = source.into_iter().partition(is_test);
        parts.tests.extend(tests);
        for change in source {
            match self.entry_of(&change)? {
                Some(red) => add_to_both(parts, change, red),
                None => parts.source.push(change),
            }
        }
        Ok(())
    }

    /// The file of base with the entries of the fix that the command runs, if it runs some.
    fn entry_of(&self, change: &Change) -> Result<Option<Oid>> {
        let name = change.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name != "package.json" && !name.eq_ignore_ascii_case("makefile") && name != "GNUmakefile" {
            return Ok(None);
        }
        let texts = Texts::read(self.session, std::slice::from_ref(change))?;
        let Some(BothTexts { base, fixed: Some(fixed) }) = texts.0.into_iter().next() else {
            return Ok(None);
        };
        let base = base.map(|base| String::from_utf8_lossy(&base).into_owned());
        let fixed = String::from_utf8_lossy(&fixed);
        let red = proof::with_entry(self.command, &change.path, base.as_deref(), &fixed);
        red.map(|red| self.session.project.repository.write_blob(red.into_bytes())).transpose()
    }

    /// A file that is no source of the runner's language, and that a changed test names, is data of it. Of a file that
    /// base has, the test must name the folder as well: `golden/shares.txt`.
    fn join_what_tests_open(&self, parts: &mut Parts) -> Result<()> {
        let is_data = |change: &&Change| match self.runner {
            Some(runner) => !runner.speaks(&change.path),
            // Nobody knows the language: what base has may be the program that is fixed.
            None => change.kind == ChangeKind::Added,
        };
        // A submodule is a program of its own.
        let is_file = |change: &&Change| !change.is_submodule();
        let data: Vec<Change> = parts.source.iter().filter(is_data).filter(is_file).cloned().collect();
        if data.is_empty() {
            return Ok(());
        }
        let mut texts = Vec::new();
        for sides in Texts::read(self.session, &parts.tests)?.0 {
            let text = sides.fixed.filter(|text| text.len() <= LARGEST_TEXT);
            texts.extend(text.map(|text| String::from_utf8_lossy(&text).into_owned()));
        }
        let is_named = |change: &&Change| {
            let path = &change.path;
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let folder = path.parent().and_then(Path::file_name).and_then(|folder| folder.to_str());
            let wanted = match folder {
                Some(folder) if change.kind != ChangeKind::Added || !name.contains('.') => {
                    format!("{folder}/{name}")
                }
                // A bare word may stand in any text; a program is run as `./seed`.
                None if !name.contains('.') => format!("./{name}"),
                _ => name.to_owned(),
            };
            !suite::is_settings(path) && texts.iter().any(|text| text.contains(&wanted))
        };
        let opened: Vec<PathBuf> = data.iter().filter(is_named).map(|change| change.path.clone()).collect();
        parts.join(&opened);
        Ok(())
    }

    /// The tests that read changed data of tests: those that name it, else those beside it. For a change of data alone.
    pub fn tests_of_data(&self, parts: &Parts) -> Result<Vec<PathBuf>> {
        let Some(runner) = self.runner else { return Ok(Vec::new()) };
        let work = self.session.work;
        let tests: Vec<&PathBuf> = work.files()?.iter().filter(|path| runner.is_test_file(path)).collect();
        let text = |path: &PathBuf| {
            let bytes = std::fs::read(work.held.worktree.path.join(path)).unwrap_or_default();
            String::from_utf8_lossy(bytes.get(..LARGEST_TEXT.min(bytes.len())).unwrap_or_default())
                .into_owned()
        };
        let mut found = std::collections::BTreeSet::new();
        for data in parts.tests.iter().filter(|change| change.new.is_some()).map(|change| &change.path) {
            if let Some(owner) = suite::test_of_snapshot(data).filter(|owner| tests.contains(&owner)) {
                found.insert(owner);
                continue;
            }
            let name = data.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let naming: Vec<PathBuf> =
                tests.iter().filter(|test| text(test).contains(name)).map(|test| (*test).clone()).collect();
            found.extend(if naming.is_empty() { beside(data, &tests) } else { naming });
        }
        Ok(found.into_iter().collect())
    }
}

/// Whether a script is a test by its name.
fn sounds_like_a_test(path: &Path) -> bool {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase();
    ["test", "spec", "check", "repro", "verify", "smoke", "e2e"].iter().any(|word| name.contains(word))
}

/// The test files in the nearest folder above `data` that holds some.
fn beside(data: &Path, tests: &[&PathBuf]) -> Vec<PathBuf> {
    let in_folder = |folder: &Path| -> Vec<PathBuf> {
        tests.iter().filter(|test| test.parent() == Some(folder)).map(|test| (*test).clone()).collect()
    };
    data.ancestors().skip(1).map(in_folder).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The text of a file on both sides; `None` for a side without the file.
struct BothTexts {
    base: Option<Vec<u8>>,
    fixed: Option<Vec<u8>>,
}

/// The texts of files, in their order.
struct Texts(Vec<BothTexts>);

impl Texts {
    fn read(session: Session<'_>, changes: &[Change]) -> Result<Self> {
        let paths: Vec<&str> =
            changes.iter().map(|change| change.path.to_str().unwrap_or_default()).collect();
        let read = |tree: &Oid| {
            let wanted: Vec<(&Oid, &str)> = paths.iter().map(|path| (tree, *path)).collect();
            session.project.repository.read_files(&wanted)
        };
        let (base, fixed) = (read(&session.work.base)?, read(&session.work.tree)?);
        Ok(Self(base.into_iter().zip(fixed).map(|(base, fixed)| BothTexts { base, fixed }).collect()))
    }
}

/// A new file is source as a whole, for nothing on base knows of it.
fn taken(runner: &dyn Runner, path: &Path, texts: &BothTexts) -> Taken {
    let (Some(base), Some(fixed)) = (&texts.base, &texts.fixed) else {
        return Taken::Source;
    };
    let tests = |text: &[u8]| runner.test_lines(path, &String::from_utf8_lossy(text));
    let (base, fixed) = (Version::new(base, &tests(base)), Version::new(fixed, &tests(fixed)));
    proof::take_apart(&base, &fixed)
}

/// The red side has this blob, the green side the change.
fn add_to_both(parts: &mut Parts, change: Change, red: Oid) {
    let mode = change.new.as_ref().map_or_else(|| "100644".to_owned(), |(mode, _)| mode.clone());
    parts.tests.push(Change { new: Some((mode, red)), ..change.clone() });
    parts.source.push(change);
}
