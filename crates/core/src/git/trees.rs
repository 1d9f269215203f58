//! Trees compared and changed without a process. `None` where only Git can: see [`Reader`].

use gix_diff::tree::recorder::Change as Recorded;
use gix_object::tree::{EntryKind, EntryMode};
use gix_object::{Kind, WriteTo};

use super::hash::name_of;
use super::reader::Reader;
use super::{Oid, Tracked, TrackedChange};

/// A tree that was put together.
pub(super) struct NewTree {
    pub oid: Oid,
    pub bytes: Vec<u8>,
}

impl Reader {
    /// The files that differ between two trees or commits, in the order of their paths.
    pub(super) fn tree_diff(&self, from: &Oid, to: &Oid) -> Option<Vec<TrackedChange>> {
        let (from, to) = (self.tree_of(from)?, self.tree_of(to)?);
        if from.oid == to.oid {
            return Some(Vec::new());
        }
        let [from, to] =
            [&from, &to].map(|tree| gix_object::TreeRefIter::from_bytes(&tree.bytes, self.hash()));
        let mut recorder = gix_diff::tree::Recorder::default();
        let state = gix_diff::tree::State::default();
        gix_diff::tree(from, to, state, self.objects()?, &mut recorder).ok()?;
        let mut changes = recorder.records.into_iter().filter_map(changed).collect::<Vec<_>>();
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        Some(changes)
    }

    /// The tree `base` in which some paths hold other blobs, or nothing: the trees that are new, the whole one last.
    pub(super) fn overlay(&self, base: &Oid, files: &[(Vec<u8>, Option<Tracked>)]) -> Option<Vec<NewTree>> {
        let base = self.tree_of(base)?;
        let objects = self.objects()?;
        let root = gix_object::TreeRef::from_bytes(&base.bytes, self.hash()).ok()?.into_owned();
        let mut editor = gix_object::tree::Editor::new(root, &objects, self.hash());
        for (path, file) in files {
            let parts = path.split(|byte| *byte == b'/').map(gix_object::bstr::BStr::new);
            match file {
                Some(file) => {
                    let kind = EntryMode::try_from(file.mode).ok()?.kind();
                    (kind != EntryKind::Tree).then_some(())?;
                    editor.upsert(parts, kind, self.id(&file.oid)?).ok()?;
                }
                None => {
                    editor.remove_leaf(parts).ok()?;
                }
            }
        }
        let mut made = Vec::new();
        let written = editor.write(|tree| {
            let mut bytes = Vec::new();
            tree.write_to(&mut bytes).map_err(drop)?;
            let oid = name_of(self.hash().len_in_bytes(), Kind::Tree, &bytes);
            let id = self.id(&oid).ok_or(())?;
            made.push(NewTree { oid, bytes });
            Ok::<_, ()>(id)
        });
        written.ok()?;
        Some(made)
    }
}

/// What a recorded change says of a file; `None` for a folder, whose files are recorded as well.
fn changed(record: Recorded) -> Option<TrackedChange> {
    let tracked = |mode: EntryMode, id: &gix_hash::oid| {
        Some(Tracked { mode: u32::from(mode.value()), oid: Oid::of_bytes(id.as_bytes()) })
    };
    let (path, old, new, mode) = match record {
        Recorded::Addition { entry_mode, oid, path, .. } => {
            (path, None, tracked(entry_mode, &oid), entry_mode)
        }
        Recorded::Deletion { entry_mode, oid, path, .. } => {
            (path, tracked(entry_mode, &oid), None, entry_mode)
        }
        Recorded::Modification { previous_entry_mode, previous_oid, entry_mode, oid, path } => {
            (path, tracked(previous_entry_mode, &previous_oid), tracked(entry_mode, &oid), entry_mode)
        }
    };
    (!mode.is_tree()).then(|| TrackedChange { path: path.into(), old, new })
}
