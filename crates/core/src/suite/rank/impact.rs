//! What each test file ran when the tests were last run on main with coverage: the impact map. It says more than any
//! name or import, and nothing about what has changed since.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::words::Edit;
use crate::error::{FileError, Result};
use crate::suite::paths;

/// Lines of a source that a test file ran, first and last. Empty if only the file is known.
pub type Lines = Vec<(u64, u64)>;

/// What one test file ran: lines by source file, both as [`paths::text_of_path`] writes them.
pub type Footprint = BTreeMap<String, Lines>;

/// The impact map of one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactMap {
    /// The commit whose tests were run.
    pub commit: String,
    /// What each test file ran.
    pub tests: BTreeMap<String, Footprint>,
}

/// How far a test file gets into what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It runs changed lines.
    Lines,
    /// It runs other lines of a changed file.
    File,
    /// It runs nothing of the changed files.
    Nothing,
}

/// A map and what has changed since it was made.
#[derive(Clone, Debug, Default)]
pub struct Learnt {
    /// The map.
    pub map: ImpactMap,
    /// Files that differ between its commit and base: lines in them have moved, and tests in them are others.
    pub changed_since: HashSet<PathBuf>,
}

impl ImpactMap {
    /// Reads a map; one that is missing or damaged is as good as none.
    pub fn load(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Replaces the file in one step. Errors: its folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let write = || {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, self)?;
            file.flush()?;
            file.persist(path).map_err(std::io::Error::from)
        };
        write().map_err(FileError::of("write", path))?;
        Ok(())
    }
}

impl Learnt {
    /// How far a test file gets; `None` if the map cannot tell: it does not know the test as it is now, or none of the
    /// changed files.
    pub fn reach(&self, test: &Path, edits: &[Edit]) -> Option<Reach> {
        if self.changed_since.contains(test) {
            return None;
        }
        let footprint = self.map.tests.get(&paths::text_of_path(test))?;
        let known = |edit: &&Edit| {
            let name = paths::text_of_path(&edit.path);
            self.map.tests.values().any(|footprint| footprint.contains_key(&name))
        };
        let edits: Vec<&Edit> = edits.iter().filter(known).collect();
        let of = |footprint: &Footprint| edits.iter().map(|edit| self.reach_of(footprint, edit)).min();
        // Lines that no test was seen in run while files are loaded, or are new: that a test runs nothing else of the
        // file says nothing then.
        let is_seen = || self.map.tests.values().any(|footprint| of(footprint) == Some(Reach::Lines));
        of(footprint).filter(|reach| *reach != Reach::Nothing || is_seen())
    }

    fn reach_of(&self, footprint: &Footprint, edit: &Edit) -> Reach {
        let Some(lines) = footprint.get(&paths::text_of_path(&edit.path)) else {
            return Reach::Nothing;
        };
        if self.changed_since.contains(&edit.path) {
            return Reach::File;
        }
        let meets = |changed: &Range<u64>| {
            lines.iter().any(|(first, last)| *first < changed.end && *last >= changed.start)
        };
        if edit.old.iter().any(meets) { Reach::Lines } else { Reach::File }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(since: &[&str]) -> Learnt {
        let lines = |pairs: &[(u64, u64)]| pairs.to_vec();
        let of = |file: &str, pairs: &[(u64, u64)]| Footprint::from([(file.to_owned(), lines(pairs))]);
        let tests = BTreeMap::from([
            ("near.py".to_owned(), of("src/a.py", &[(3, 5), (9, 9)])),
            ("far.py".to_owned(), of("src/a.py", &[(20, 30)])),
            ("other.py".to_owned(), of("src/b.py", &[(1, 2)])),
        ]);
        let map = ImpactMap { commit: "c".to_owned(), tests };
        Learnt { map, changed_since: since.iter().map(PathBuf::from).collect() }
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "one changed place is one range")]
    fn lines_count_most_and_age_makes_it_unknown() {
        let edit = |path: &str| Edit { path: path.into(), old: vec![9..10], ..Edit::default() };
        let reach = |learnt: &Learnt, test: &str, path: &str| learnt.reach(Path::new(test), &[edit(path)]);
        let fresh = learnt(&[]);
        assert_eq!(reach(&fresh, "near.py", "src/a.py"), Some(Reach::Lines));
        assert_eq!(reach(&fresh, "far.py", "src/a.py"), Some(Reach::File));
        assert_eq!(reach(&fresh, "other.py", "src/a.py"), Some(Reach::Nothing));
        let unseen = Edit { path: "src/a.py".into(), old: vec![100..101], ..Edit::default() };
        assert_eq!(fresh.reach(Path::new("other.py"), &[unseen]), None);
        assert_eq!(reach(&fresh, "new.py", "src/a.py"), None);
        assert_eq!(reach(&fresh, "near.py", "src/new.py"), None);
        assert_eq!(reach(&learnt(&["src/a.py"]), "near.py", "src/a.py"), Some(Reach::File));
        assert_eq!(reach(&learnt(&["near.py"]), "near.py", "src/a.py"), None);
    }

    #[test]
    fn a_map_is_kept_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/impact.json");
        let map = learnt(&[]).map;
        map.save(&path).expect("written");
        assert_eq!(ImpactMap::load(&path), Some(map));
        fs::write(&path, "{").expect("written");
        assert_eq!(ImpactMap::load(&path), None);
    }
}
