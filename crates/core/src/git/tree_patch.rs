//! A tree like another one in which some files are others: only the trees on the way to them are put together anew. `None`
//! where one of those is not here, or nothing is left.

use std::collections::BTreeMap;

use super::direct::{Direct, Kind, name_of};
use super::tree_diff::{Entry, FOLDER, entries};
use super::{Oid, Tracked};

/// What is to be below a folder, by name: a file, nothing, or more of the same.
#[derive(Default)]
struct Wanted<'p> {
    files: BTreeMap<&'p [u8], Option<&'p Tracked>>,
    folders: BTreeMap<&'p [u8], Wanted<'p>>,
}

/// Trees that were put together, the deepest first.
pub(super) type NewTrees = Vec<(Oid, Vec<u8>)>;

/// What a new tree holds, by the names it is sorted by: mode, name and id.
type Content<'t> = BTreeMap<Vec<u8>, (u32, &'t [u8], Vec<u8>)>;

/// Puts the trees together, the root last. A folder in which nothing is left gets none: Git keeps no such.
pub(super) fn patch_tree(
    direct: &Direct,
    base: &Oid,
    files: &[(Vec<u8>, Option<Tracked>)],
) -> Option<NewTrees> {
    let mut wanted = Wanted::default();
    for (path, tracked) in files {
        wanted.put(path, tracked.as_ref());
    }
    let mut made = NewTrees::new();
    let bytes = direct.tree_of(base)?.bytes;
    wanted.over(direct, &bytes, &mut made)?.then_some(made)
}

impl<'p> Wanted<'p> {
    fn put(&mut self, path: &'p [u8], tracked: Option<&'p Tracked>) {
        match path.iter().position(|byte| *byte == b'/') {
            Some(slash) => {
                let (folder, rest) = path.split_at(slash);
                self.folders.entry(folder).or_default().put(rest.get(1..).unwrap_or_default(), tracked);
            }
            None => drop(self.files.insert(path, tracked)),
        }
    }

    /// Makes the trees of a folder. True if one was made of the folder itself: the last one.
    fn over(&self, direct: &Direct, tree: &[u8], made: &mut NewTrees) -> Option<bool> {
        let old = entries(tree, direct.width())?;
        let mut all = Content::new();
        for Entry { mode, name, oid } in &old {
            all.insert(sorted_name(*mode, name), (*mode, name, oid.to_vec()));
        }
        for (name, tracked) in &self.files {
            all.remove(*name);
            if let Some(tracked) = tracked {
                all.remove(&sorted_name(FOLDER, name));
                all.insert(name.to_vec(), (tracked.mode, name, tracked.oid.to_bytes()));
            }
        }
        for (name, wanted) in &self.folders {
            let key = sorted_name(FOLDER, name);
            let inner = match all.remove(&key) {
                Some((_, _, oid)) => {
                    direct.object(&Oid::of_bytes(&oid)).filter(|found| found.kind == "tree")?.bytes
                }
                None => Vec::new(),
            };
            if wanted.over(direct, &inner, made)? {
                all.remove(*name);
                all.insert(key, (FOLDER, name, made.last()?.0.to_bytes()));
            }
        }
        if all.is_empty() {
            return Some(false);
        }
        let bytes: Vec<u8> = all
            .values()
            .flat_map(|(mode, name, oid)| [format!("{mode:o} ").as_bytes(), name, b"\0", oid].concat())
            .collect();
        let oid = name_of(direct.width(), Kind::Tree, &bytes);
        made.push((oid, bytes));
        Some(true)
    }
}

/// The order of trees: folders as if their names ended in a slash.
fn sorted_name(mode: u32, name: &[u8]) -> Vec<u8> {
    if mode == FOLDER { [name, b"/"].concat() } else { name.to_vec() }
}
