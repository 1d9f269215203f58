//! Which files changed together, kept per repository outside its tree, for one commit.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::paths;

/// Reads what was kept for this commit; `None` for another one, or if it cannot be read.
pub fn recall(path: &Path, commit: &str) -> Option<Vec<Vec<PathBuf>>> {
    let text = String::from_utf8(fs::read(path).ok()?).ok()?;
    let mut blocks = text.split("\n\n");
    let files = |block: &str| block.lines().map(paths::path_of_text).collect();
    (blocks.next()? == commit).then(|| blocks.map(files).collect())
}

/// Keeps the files of commits, up to `commit`. What cannot be written costs only a look at the history.
pub fn keep(path: &Path, commit: &str, commits: &[Vec<PathBuf>]) {
    let mut text = commit.to_owned();
    for files in commits.iter().filter(|files| !files.is_empty()) {
        let names: Vec<String> = files.iter().map(|file| paths::text_of_path(file)).collect();
        text.push_str("\n\n");
        text.push_str(&names.join("\n"));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(path)?;
        Ok(())
    };
    write().ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_kept_for_one_commit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/history");
        let commits = [vec!["a b".into(), "c".into()], Vec::new(), vec!["d".into()]];
        keep(&path, "one", &commits);
        assert_eq!(recall(&path, "one"), Some(vec![vec!["a b".into(), "c".into()], vec!["d".into()]]));
        assert_eq!(recall(&path, "two"), None);
        keep(&path, "two", &[]);
        assert_eq!(recall(&path, "two"), Some(Vec::new()));
    }
}
