//! The order in which test files run: those that tell soonest whether the fix breaks something come first. Every signal
//! of nearness has a weight; the sum of a file's weights is its place. No signal ever takes a file out.

mod cochange;
mod impact;
mod imports;
mod naming;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::{Pattern, Runner};
use imports::Distances;
use naming::Names;
use words::Mentions;

pub use impact::{Footprint, ImpactMap, Learnt, Lines, Reach};
pub use words::Edit;

/// More test files than this are not looked into for changed names.
const MOST_READ: usize = 4000;

/// Why a test file is where it is, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// It holds the proof.
    Proof,
    /// The fix changes it.
    Changed,
    /// `test.critical` names it.
    Critical,
    /// A signal says that it may be about the change.
    Near,
    /// None of these.
    Rest,
}

/// One reason to think that a test file is near.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The impact map has seen it in the changed lines, or in other lines of a changed file.
    Runs(Reach),
    /// Its name says so: 2 for the very name, 1 for a part of it.
    Name(u32),
    /// So many imports lie between it and a changed file.
    Import(u32),
    /// Its strength, up to `cochange::STRONGEST`.
    ChangedTogether(u32),
    /// A changed name it holds, and the strength of all of them, up to `words::STRONGEST`.
    Word(String, u32),
    /// The ecosystem's own tool names it.
    Related,
    /// It lies beside what changed: so many folders of the same name.
    Folder(u32),
    /// What it needs cannot be told from its text.
    Unknown,
    /// A settings file changed, which may matter to every test.
    Settings(PathBuf),
}

impl Signal {
    /// What it adds to the place of a file. Weights were set by trying them on the fixes and injected regressions of the
    /// manual's page "Selection": what has been seen to run counts more than what is written, a name more than an
    /// import, and what most files share hardly anything.
    pub fn weight(&self) -> u32 {
        match self {
            Self::Runs(Reach::Lines) => 100,
            Self::Runs(Reach::File) => 30,
            Self::Runs(Reach::Nothing) => 0,
            Self::Name(2) | Self::Import(1) => 40,
            Self::Name(_) => 20,
            Self::Import(2) => 15,
            Self::Import(_) | Self::Unknown => 5,
            Self::ChangedTogether(strength) | Self::Word(_, strength) => *strength,
            Self::Related => 10,
            Self::Folder(count) => 2 * (*count).min(3),
            Self::Settings(_) => 1,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Runs(Reach::Lines) => "runs the changed lines",
            Self::Runs(Reach::File) => "runs a changed file",
            Self::Runs(Reach::Nothing) => "was never seen in a changed file",
            Self::Name(2) => "its name says so",
            Self::Name(_) => "its name says so in part",
            Self::Import(1) => "imports what changed",
            Self::Import(distance) => {
                return write!(formatter, "imports what changed, {distance} steps away");
            }
            Self::ChangedTogether(_) => "often changed together",
            Self::Word(word, _) => return write!(formatter, "speaks of {word}"),
            Self::Related => "related by the runner's own tool",
            Self::Folder(_) => "in a folder of that name",
            Self::Unknown => "what it imports cannot be told",
            Self::Settings(path) => return write!(formatter, "{} changed", path.display()),
        };
        formatter.write_str(text)
    }
}

/// A test file in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Relative to the root.
    pub path: PathBuf,
    /// Why it is where it is.
    pub why: Nearness,
    /// All that speaks for it, the strongest first.
    pub signals: Vec<Signal>,
}

impl Ranked {
    /// Why it is where it is, one line each, the strongest first.
    pub fn reasons(&self) -> Vec<String> {
        let class = match self.why {
            Nearness::Proof => Some("holds the proof"),
            Nearness::Changed => Some("changed"),
            Nearness::Critical => Some("test.critical names it"),
            Nearness::Near => None,
            Nearness::Rest => Some("one of the rest"),
        };
        class.map(str::to_owned).into_iter().chain(self.signals.iter().map(Signal::to_string)).collect()
    }

    /// The sum of the weights. A file that was seen to run nothing of what changed keeps a quarter: the map may be
    /// wrong.
    pub fn score(&self) -> u32 {
        let sum = self.signals.iter().map(Signal::weight).sum::<u32>();
        if self.signals.contains(&Signal::Runs(Reach::Nothing)) { sum / 4 } else { sum }
    }
}

/// What the order follows from.
pub struct RankInput<'a> {
    /// All files of the fix.
    pub files: &'a [PathBuf],
    /// Files the fix changes.
    pub changed: &'a [PathBuf],
    /// What it changes in its sources.
    pub edits: &'a [Edit],
    /// Test files of the proof.
    pub proof: &'a [PathBuf],
    /// `test.critical`: paths, folders or `*` patterns.
    pub critical: &'a [String],
    /// Content of a file of the fix.
    pub read: &'a dyn Fn(&Path) -> Option<Vec<u8>>,
    /// The files of single commits, as the history has them.
    pub commits: &'a [Vec<PathBuf>],
    /// What the ecosystem's own tool calls related; `None` if it cannot tell.
    pub related: Option<&'a [PathBuf]>,
    /// What tests ran when they were last run with coverage.
    pub learnt: Option<&'a Learnt>,
    /// Says which files hold tests.
    pub runner: &'a dyn Runner,
}

/// All test files, each once, the nearest first. The order of the input does not matter.
pub fn rank(input: &RankInput<'_>) -> Vec<Ranked> {
    let critical: Vec<_> = input.critical.iter().map(|text| Pattern::new(text)).collect();
    let tests = tests(input, &critical);
    let near = Near::of(input, &tests);
    let mut placed: Vec<Ranked> = tests
        .iter()
        .enumerate()
        .map(|(place, path)| {
            let mut signals = near.signals(place, path);
            signals.sort_by_key(|signal| std::cmp::Reverse(signal.weight()));
            Ranked { path: (*path).clone(), why: class(input, &critical, path, &signals), signals }
        })
        .collect();
    placed.sort_by(|one, other| {
        let key = |file: &Ranked| (file.why, std::cmp::Reverse(file.score()));
        key(one).cmp(&key(other)).then_with(|| one.path.cmp(&other.path))
    });
    placed
}

/// All test files: those of the runner, and files that `test.critical` names one by one.
fn tests<'a>(input: &RankInput<'a>, critical: &[Pattern]) -> Vec<&'a PathBuf> {
    let is_test =
        |path: &&PathBuf| input.runner.is_test_file(path) || critical.iter().any(|pattern| pattern.is(path));
    let proof = input.proof.iter().filter(|path| input.runner.holds_tests(path));
    input.files.iter().filter(is_test).chain(proof).collect::<BTreeSet<_>>().into_iter().collect()
}

fn class(input: &RankInput<'_>, critical: &[Pattern], path: &PathBuf, signals: &[Signal]) -> Nearness {
    let counts = |signal: &Signal| !matches!(signal, Signal::Folder(_) | Signal::Runs(Reach::Nothing));
    if input.proof.contains(path) {
        Nearness::Proof
    } else if input.changed.contains(path) {
        Nearness::Changed
    } else if critical.iter().any(|pattern| pattern.covers(path)) {
        Nearness::Critical
    } else if signals.iter().any(counts) {
        Nearness::Near
    } else {
        Nearness::Rest
    }
}

/// All signals of one change.
struct Near<'a> {
    names: Names<'a>,
    distances: Distances,
    together: HashMap<&'a Path, u32>,
    words: Vec<(u32, Option<String>)>,
    related: HashSet<&'a Path>,
    learnt: Option<&'a Learnt>,
    edits: &'a [Edit],
    /// Folders below which a `conftest.py` changed.
    conftests: Vec<&'a Path>,
    settings: Option<&'a Path>,
}

impl<'a> Near<'a> {
    fn of(input: &RankInput<'a>, tests: &[&PathBuf]) -> Self {
        let is_source = |path: &&Path| !input.runner.holds_tests(path) || input.runner.holds_both(path);
        let sources: Vec<&Path> = input.changed.iter().map(PathBuf::as_path).filter(is_source).collect();
        let named = |path: &&&Path, name: &str| path.file_name().is_some_and(|own| own == name);
        let conftests = sources.iter().filter(|path| named(path, "conftest.py"));
        Self {
            names: Names::of(&sources),
            distances: imports::distances(input.files, &sources, input.read),
            together: cochange::strengths(input.commits, &sources),
            words: mentions(input, tests),
            related: input.related.into_iter().flatten().map(PathBuf::as_path).collect(),
            learnt: input.learnt,
            edits: input.edits,
            conftests: conftests.filter_map(|path| path.parent()).collect(),
            settings: sources.iter().copied().find(|path| is_settings(path)),
        }
    }

    fn signals(&self, place: usize, test: &Path) -> Vec<Signal> {
        let positive = |strength: u32| Some(strength).filter(|strength| *strength > 0);
        let reach = self.learnt.and_then(|learnt| learnt.reach(test, self.edits));
        let has_conftest = self.conftests.iter().any(|folder| test.starts_with(folder));
        let distance = self.distances.known.get(test).copied();
        let distance = if has_conftest { Some(1) } else { distance };
        let (strength, word) = self.words.get(place).cloned().unwrap_or_default();
        let is_unknown = distance.is_none() && self.distances.unknown.contains(test);
        let all = [
            reach.map(Signal::Runs),
            positive(self.names.likeness(test)).map(Signal::Name),
            distance.map(Signal::Import),
            self.together.get(test).copied().map(Signal::ChangedTogether),
            word.map(|word| Signal::Word(word, strength)),
            self.related.contains(test).then_some(Signal::Related),
            positive(self.names.shared_folders(test)).map(Signal::Folder),
            is_unknown.then_some(Signal::Unknown),
            self.settings.map(|path| Signal::Settings(path.to_owned())),
        ];
        all.into_iter().flatten().collect()
    }
}

/// How strongly each test file speaks of the changed names.
fn mentions(input: &RankInput<'_>, tests: &[&PathBuf]) -> Vec<(u32, Option<String>)> {
    let sources: Vec<Edit> =
        input.edits.iter().filter(|edit| !input.runner.holds_tests(&edit.path)).cloned().collect();
    let words: BTreeMap<String, u32> = words::changed_words(&sources);
    let mut mentions = Mentions::of(&words);
    for path in tests.iter().take(if words.is_empty() { 0 } else { MOST_READ }) {
        let content = (input.read)(path).unwrap_or_default();
        mentions.add(&String::from_utf8_lossy(&content));
    }
    let strengths = (0..tests.len()).map(|place| mentions.strength(place));
    strengths.map(|(strength, word)| (strength, word.map(str::to_owned))).collect()
}

/// Files that tell tools how to build and test, at the root of a project.
pub fn is_settings(path: &Path) -> bool {
    const NAMES: &[&str] = &[
        "package.json",
        "tsconfig.json",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "tox.ini",
        "pytest.ini",
        "go.mod",
        "go.sum",
        "Cargo.toml",
        "Cargo.lock",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "Makefile",
        "CMakeLists.txt",
        "CTestTestfile.cmake",
        ".mocharc",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "uv.lock",
        "babel.config.js",
    ];
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let starts = ["jest.config.", "vitest.config.", "vite.config.", ".mocharc.", ".babelrc", "requirements"];
    NAMES.contains(&name) || starts.iter().any(|start| name.starts_with(start))
}
