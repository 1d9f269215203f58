//! `.worktreeinclude` and `slot.copy`: ignored files of the main worktree, such as `.env`, that a slot needs too. The
//! convention is that of other worktree tools: patterns as in `.gitignore`, and only files that Git ignores are copied.
//!
//! A copy follows the user's file as long as nobody touches it in the slot: it is copied again when the user's changed,
//! and removed when the user's is gone. What was edited in the slot is left alone.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::copies::{Copies, Copy, Stamp};
use crate::error::{FileError, Result};
use crate::git::{Repository, Worktree};

const FILE: &str = ".worktreeinclude";
/// The patterns of `slot.copy`, in the private folder of a worktree, for Git to read.
const PATTERNS: &str = "hotfix-copy";
/// Most files and bytes that are copied: the convention is for small secrets, not for caches.
const MOST_FILES: usize = 1_000;
const MOST_BYTES: u64 = 64 << 20;

/// Copies what the slot's own `.worktreeinclude` and `patterns` name. What cannot be copied is said and stops nothing.
pub(super) fn copy(repository: &Repository, slot: &Worktree, patterns: &[String]) {
    let known = Copies::of(slot);
    let included = slot.path.join(FILE);
    let included = included.symlink_metadata().is_ok_and(|found| found.is_file()).then_some(included);
    if included.is_none() && patterns.is_empty() && known.is_empty() {
        return;
    }
    let Some(main) = repository.main_worktree() else {
        return;
    };
    let copied = wanted(repository, (&main, slot), included, patterns).and_then(|files| {
        let copies = copy_all(repository, (&main, slot), &files, &known);
        copies.save(slot)
    });
    if let Err(error) = copied {
        let why = error.why();
        repository.ctx().warn(format!("files that {FILE} or slot.copy name are not copied: {error}: {why}"));
    }
}

/// Files that match and that are ignored both there and here: what is not ignored in the slot would end up in the fix.
fn wanted(
    repository: &Repository,
    (main, slot): (&Worktree, &Worktree),
    included: Option<PathBuf>,
    patterns: &[String],
) -> Result<Vec<PathBuf>> {
    let mut files = BTreeSet::new();
    if let Some(included) = included {
        files.extend(repository.untracked_matching(main, &included)?);
    }
    if !patterns.is_empty() {
        let path = slot.git_dir.join(PATTERNS);
        std::fs::write(&path, patterns.join("\n") + "\n").map_err(FileError::of("write", &path))?;
        files.extend(repository.untracked_matching(main, &path)?);
    }
    let mut files: Vec<PathBuf> = files.into_iter().collect();
    for worktree in [main, slot] {
        if files.is_empty() {
            break;
        }
        files = repository.ignored(worktree, &files)?;
    }
    Ok(files)
}

/// Brings all copies up to date, and gives what is a copy now.
fn copy_all(
    repository: &Repository,
    (main, slot): (&Worktree, &Worktree),
    files: &[PathBuf],
    known: &Copies,
) -> Copies {
    let mut copies = Copies::default();
    let mut bytes = 0;
    for (count, file) in files.iter().enumerate() {
        bytes += main.path.join(file).symlink_metadata().map_or(0, |found| found.len());
        if count >= MOST_FILES || bytes > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            repository.ctx().warn(format!(
                "{FILE} and slot.copy name more than {MOST_FILES} files or {most} MiB; {} and what follows is not \
                 copied",
                file.display()
            ));
            break;
        }
        match bring(repository, (&main.path, &slot.path), file, known.get(file)) {
            Ok(copy) => copies.extend(copy),
            Err(error) => {
                let file = file.display();
                repository.ctx().warn(format!("{file} is not copied into {}: {error}", slot.path.display()));
            }
        }
    }
    for gone in known.iter().filter(|copy| !files.contains(&copy.path.0)) {
        let path = slot.path.join(&gone.path.0);
        if Stamp::of(&path) == Some(gone.target) {
            // What stays would only be one more ignored file.
            let _ = std::fs::remove_file(path);
        }
    }
    copies
}

/// Brings one copy up to date; `None` if what is there is no copy of ours.
fn bring(
    repository: &Repository,
    (from, to): (&Path, &Path),
    file: &Path,
    known: Option<&Copy>,
) -> std::io::Result<Option<Copy>> {
    let source = Stamp::of(&from.join(file));
    let target = to.join(file);
    match (Stamp::of(&target), known) {
        (Some(there), Some(known)) if there == known.target && source == Some(known.source) => {
            return Ok(Some(known.clone()));
        }
        (Some(there), Some(known)) if there == known.target => std::fs::remove_file(&target)?,
        (Some(_), Some(known)) => {
            if source != Some(known.source) {
                let file = file.display();
                let line =
                    format!("{file} in {} was edited there and stays; yours changed too", to.display());
                repository.ctx().warn(line);
            }
            return Ok(Some(known.clone()));
        }
        (Some(_), None) => return Ok(None),
        (None, _) if target.symlink_metadata().is_ok() => return Ok(None),
        (None, _) => {}
    }
    copy_file(from, to, file)?;
    let stamps = source.zip(Stamp::of(&target));
    Ok(stamps.map(|(source, copy)| Copy::new(file, source, copy)))
}

/// Copies one regular file, readable by the user alone. No link is followed and nothing is overwritten.
fn copy_file(from: &Path, to: &Path, file: &Path) -> std::io::Result<()> {
    let no_links = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let open = OpenOptions::new().read(true).custom_flags(no_links).open(from.join(file));
    let mut source: File = match open {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => return Ok(()),
        source => source?,
    };
    let found = source.metadata()?;
    if !found.is_file() {
        return Ok(());
    }
    make_folders(to, file.parent().unwrap_or(Path::new("")))?;
    let mode = found.mode() & 0o700;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(mode).open(to.join(file))?;
    std::io::copy(&mut source, &mut target)?;
    Ok(())
}

/// Makes the folders of `relative` below `root`; fails where one of them is a link or a file.
fn make_folders(root: &Path, relative: &Path) -> std::io::Result<()> {
    let mut dir = root.to_owned();
    for name in relative {
        dir.push(name);
        match dir.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(std::io::Error::other(format!("{} is not a folder", dir.display()))),
            Err(_) => std::fs::DirBuilder::new().mode(0o700).create(&dir)?,
        }
    }
    Ok(())
}
