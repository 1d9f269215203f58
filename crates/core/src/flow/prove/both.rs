//! Files that hold both tests and source, such as Rust's: their change is taken apart place by place. Where that is not
//! clear, the file as an earlier prove saw it red, before the fix, is the test part.

use std::path::Path;

use hotfix_model::{Proof, ProofVerdict};

use crate::error::Result;
use crate::git::{Change, Oid};
use crate::proof::{self, Parts, Taken, Version};
use crate::session::{Hotfix, Project, Work};
use crate::suite::Runner;

/// The change, taken apart. `is_test` knows the files that are of one kind.
pub fn split(
    (project, hotfix, work): (&Project, &Hotfix, &Work),
    runner: Option<&dyn Runner>,
    is_test: impl Fn(&Path) -> bool,
) -> Result<Parts> {
    let may_hold_both = |change: &Change| runner.is_some_and(|runner| runner.holds_both(&change.path));
    let (both, clear) = work.changes.clone().into_iter().partition(may_hold_both);
    let mut parts = proof::split(clear, is_test);
    let mut unclear = Vec::new();
    if let Some(runner) = runner.filter(|_| !both.is_empty()) {
        let Parting { base, fixed } = Parting::of(project, work, &both)?;
        for (change, (base, fixed)) in both.into_iter().zip(base.into_iter().zip(fixed)) {
            match taken(runner, &change.path, (base, fixed)) {
                Taken::Tests => parts.tests.push(change),
                Taken::Source => parts.source.push(change),
                Taken::Apart(red) => add(&mut parts, change, project.repository.write_blob(red)?),
                Taken::Unclear => unclear.push(change),
            }
        }
    }
    settle((project, hotfix, work), unclear, &mut parts)?;
    Ok(parts)
}

/// The texts of the files on both sides; `None` for a side without the file.
struct Parting {
    base: Vec<Option<Vec<u8>>>,
    fixed: Vec<Option<Vec<u8>>>,
}

impl Parting {
    fn of(project: &Project, work: &Work, both: &[Change]) -> Result<Self> {
        let read = |tree: &Oid| {
            let paths: Vec<&str> =
                both.iter().map(|change| change.path.to_str().unwrap_or_default()).collect();
            let wanted: Vec<(&Oid, &str)> = paths.iter().map(|path| (tree, *path)).collect();
            project.repository.read_files(&wanted)
        };
        Ok(Self { base: read(&work.base)?, fixed: read(&work.tree)? })
    }
}

/// A new file is source as a whole, for nothing on base knows of it.
fn taken(runner: &dyn Runner, path: &Path, sides: (Option<Vec<u8>>, Option<Vec<u8>>)) -> Taken {
    let (Some(base), Some(fixed)) = sides else {
        return Taken::Source;
    };
    let tests = |text: &[u8]| runner.test_lines(path, &String::from_utf8_lossy(text));
    let (base, fixed) = (Version::new(&base, &tests(&base)), Version::new(&fixed, &tests(&fixed)));
    proof::take_apart(&base, &fixed)
}

/// The red side has this blob, the green side the change.
fn add(parts: &mut Parts, change: Change, red: Oid) {
    let mode = change.new.as_ref().map_or_else(|| "100644".to_owned(), |(mode, _)| mode.clone());
    parts.tests.push(Change { new: Some((mode, red)), ..change.clone() });
    parts.source.push(change);
}

/// Files whose change is not clear: as they were seen red, if they were. Without that, they are tests as long as nothing
/// else has changed, for then the tests come first; else they are source.
fn settle(
    (project, hotfix, work): (&Project, &Hotfix, &Work),
    unclear: Vec<Change>,
    parts: &mut Parts,
) -> Result<()> {
    let has_others = !parts.tests.is_empty() || !parts.source.is_empty();
    for change in unclear {
        match seen_red((project, hotfix, work), &change)? {
            Some(red) if change.new.as_ref().is_some_and(|(_, now)| *now == red) => parts.tests.push(change),
            Some(red) => add(parts, change, red),
            None => {
                parts.unclear.push(change.path.clone());
                if has_others { &mut parts.source } else { &mut parts.tests }.push(change);
            }
        }
    }
    Ok(())
}

/// The file in the tree that was red on the same base, if an earlier prove saw it so.
fn seen_red((project, hotfix, work): (&Project, &Hotfix, &Work), change: &Change) -> Result<Option<Oid>> {
    use ProofVerdict::{NotGreen, Proven, RedOnly};
    let was_red = |proof: &&Proof| matches!(proof.verdict, RedOnly | NotGreen | Proven);
    let proof = hotfix.record().proof.as_deref().filter(was_red);
    let side = proof.and_then(|proof| proof.red.as_ref());
    let tree = side.filter(|side| side.commit == work.base.as_str()).and_then(|side| Oid::parse(&side.tree));
    let (Some(tree), Some(path)) = (tree, change.path.to_str()) else { return Ok(None) };
    let found =
        project.repository.read_objects(&[format!("{tree}:{path}"), format!("{}:{path}", work.base)])?;
    let mut oids = found.into_iter().map(|object| object.map(|object| object.oid));
    let (red, base) = (oids.next().flatten(), oids.next().flatten());
    // What was left at base says nothing about which part is tests.
    Ok(red.filter(|red| Some(red) != base.as_ref()))
}
