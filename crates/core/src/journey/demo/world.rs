//! What belongs to the user: the files of the main worktree, index, HEAD, refs, stash, configuration and reflogs, as
//! digests of what is on disk.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use hotfix_model::output::DemoComparison;
use sha2::{Digest, Sha256};

use super::player::Player;
use super::project::MAIN;
use crate::ctx::Ctx;
use crate::error::{FileError, Result};
use crate::git::Repository;

/// Refs of our own, as ARCHITECTURE.md lists them; the rest is the user's.
const OURS: &[&str] = &["refs/heads/hotfix/", "refs/hotfix/", "refs/remotes/origin/hotfix/"];
/// The stash is shown apart from other refs.
const STASH: &str = "refs/stash";

/// The digest of each part, at one moment.
pub struct World {
    parts: Vec<(String, String)>,
}

impl World {
    /// Looks at the main worktree of the demo. No Git runs that could change what is looked at.
    pub fn of(player: &Player) -> Result<Self> {
        let top = player.root().join(MAIN);
        let git = top.join(".git");
        let files: Vec<PathBuf> =
            files_below(&top)?.into_iter().filter(|path| !path.starts_with(&git)).collect();
        let logs = git.join("logs");
        let (stash_log, reflogs): (Vec<_>, Vec<_>) = files_below(&logs)?
            .into_iter()
            .filter(|path| !is_ours(&path.strip_prefix(&logs).unwrap_or(path).to_string_lossy()))
            .partition(|path| path.ends_with(STASH));
        let (stash, refs): (Vec<_>, Vec<_>) =
            refs(player.ctx(), &top)?.into_iter().partition(|(name, _)| name == STASH);
        let parts = [
            (format!("{} files", files.len()), digest(&[], &files)?),
            ("index".to_owned(), digest(&[], &[git.join("index")])?),
            ("HEAD".to_owned(), digest(&[], &[git.join("HEAD")])?),
            ("refs".to_owned(), digest(&refs, &[])?),
            ("reflogs".to_owned(), digest(&[], &reflogs)?),
            ("stash".to_owned(), digest(&stash, &stash_log)?),
            ("config".to_owned(), digest_of_config(&git.join("config"))?),
        ];
        Ok(Self { parts: parts.into() })
    }

    /// Each part, before and after.
    pub fn compared_with(&self, after: &Self) -> Vec<DemoComparison> {
        let pairs = self.parts.iter().zip(&after.parts);
        pairs
            .map(|((what, before), (_, after))| DemoComparison {
                what: what.clone(),
                before: before.clone(),
                after: after.clone(),
            })
            .collect()
    }
}

/// Whether a ref is documented as ours.
fn is_ours(name: &str) -> bool {
    OURS.iter().any(|prefix| name.starts_with(prefix))
}

/// All files below a folder, sorted.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = || FileError::of("read", &folder);
        for entry in fs::read_dir(&folder).map_err(unreadable())? {
            let entry = entry.map_err(unreadable())?;
            let is_folder = entry.file_type().map_err(unreadable())?.is_dir();
            if is_folder { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}

/// Refs with their objects; and files: path, mode, time of change and content of each.
fn digest(refs: &[(String, String)], paths: &[PathBuf]) -> Result<String, FileError> {
    let mut hash = Sha256::new();
    for (name, oid) in refs {
        add(&mut hash, name.as_bytes());
        add(&mut hash, oid.as_bytes());
    }
    for path in paths {
        add_file(&mut hash, path).map_err(FileError::of("read", path))?;
    }
    Ok(hexadecimal(hash))
}

fn add_file(hash: &mut Sha256, path: &Path) -> io::Result<()> {
    let found = path.symlink_metadata()?;
    let content = fs::read(path)?;
    add(hash, path.as_os_str().as_bytes());
    add(hash, format!("{} {} {}", found.mode(), found.mtime(), found.mtime_nsec()).as_bytes());
    add(hash, &content);
    Ok(())
}

/// The user's refs, each with the object it points at.
fn refs(ctx: &Ctx, top: &Path) -> Result<Vec<(String, String)>> {
    let environment = (*ctx.env).clone().with_current_dir(top);
    let ctx = Ctx { env: environment.into(), ..ctx.clone() };
    let all = Repository::discover(&ctx)?.list_refs(&["refs/"])?;
    let pairs = all.into_iter().map(|(name, oid)| (name.as_str().to_owned(), oid.as_str().to_owned()));
    Ok(pairs.filter(|(name, _)| !is_ours(name)).collect())
}

/// The configuration without the sections of hotfix branches.
fn digest_of_config(path: &Path) -> Result<String, FileError> {
    let text = fs::read(path).map_err(FileError::of("read", path))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut hash = Sha256::new();
    let mut in_ours = false;
    for line in text.lines() {
        if line.starts_with('[') {
            in_ours = line.starts_with("[branch \"hotfix/");
        }
        if !in_ours {
            add(&mut hash, line.as_bytes());
        }
    }
    Ok(hexadecimal(hash))
}

/// Each preceded by its length, so that no two lists are written the same.
fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn hexadecimal(hash: Sha256) -> String {
    use std::fmt::Write;
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
