//! `.worktreeinclude`: ignored files of the main worktree, such as `.env`, that a slot needs too. The convention is
//! that of other worktree tools: patterns as in `.gitignore`, and only files that Git ignores are copied.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::error::Result;
use crate::git::{Repository, Worktree};

const FILE: &str = ".worktreeinclude";
/// Most files and bytes that are copied: the convention is for small secrets, not for caches.
const MOST_FILES: usize = 1_000;
const MOST_BYTES: u64 = 64 << 20;

/// Copies what the slot's own `.worktreeinclude` names and the slot does not have. What cannot be copied is said and
/// stops nothing.
pub(super) fn copy(repository: &Repository, slot: &Worktree, _patterns: &[String]) {
    let patterns = slot.path.join(FILE);
    if !patterns.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return;
    }
    let Some(main) = repository.main_worktree() else {
        return;
    };
    match wanted(repository, &main, slot) {
        Ok(files) => copy_all(repository, &main, slot, &files),
        Err(error) => {
            let why = error.why();
            repository.ctx().warn(format!("files named in {FILE} are not copied: {error}: {why}"));
        }
    }
}

/// Files that match, that the slot does not have, and that are ignored both there and here: what is not ignored in
/// the slot would end up in the fix.
fn wanted(repository: &Repository, main: &Worktree, slot: &Worktree) -> Result<Vec<PathBuf>> {
    let mut files = repository.untracked_matching(main, &slot.path.join(FILE))?;
    files.retain(|file| slot.path.join(file).symlink_metadata().is_err());
    for worktree in [main, slot] {
        if files.is_empty() {
            break;
        }
        files = repository.ignored(worktree, &files)?;
    }
    Ok(files)
}

fn copy_all(repository: &Repository, main: &Worktree, slot: &Worktree, files: &[PathBuf]) {
    let mut bytes = 0;
    for (count, file) in files.iter().enumerate() {
        bytes += main.path.join(file).symlink_metadata().map_or(0, |found| found.len());
        if count >= MOST_FILES || bytes > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            repository.ctx().warn(format!(
                "{FILE} names more than {MOST_FILES} files or {most} MiB; {} and what follows is not copied",
                file.display()
            ));
            break;
        }
        if let Err(error) = copy_file(&main.path, &slot.path, file) {
            repository.ctx().warn(format!("{} is not copied into the slot: {error}", file.display()));
        }
    }
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
