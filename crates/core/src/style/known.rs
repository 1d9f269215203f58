//! The files a linter was given, found again by the names it prints.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The files one linter was given.
pub struct Known<'a> {
    root: &'a Path,
    real_root: Option<PathBuf>,
    dir: &'a Path,
    by_name: HashMap<Vec<u8>, &'a Path>,
}

/// What a printed name means.
#[derive(Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// A file that the linter was given; path from the root.
    Given(&'a Path),
    /// Another file of the repository.
    Elsewhere,
    /// No file.
    Nothing,
}

impl<'a> Known<'a> {
    /// Files by their paths from the root, given to a linter that runs in `dir`, a folder below the root.
    pub fn new(root: &'a Path, dir: &'a Path, files: &'a [PathBuf]) -> Self {
        let mut by_name = HashMap::new();
        for file in files {
            // Some linters print text only; what is no text then looks like this.
            by_name.insert(file.to_string_lossy().into_owned().into_bytes(), file.as_path());
        }
        for file in files {
            by_name.insert(file.as_os_str().as_bytes().to_vec(), file.as_path());
        }
        Self { root, real_root: root.canonicalize().ok(), dir, by_name }
    }

    /// The file of that name.
    pub fn find(&self, said: &[u8]) -> Option<&'a Path> {
        let path = self.inside(said);
        self.by_name.get(path.as_os_str().as_bytes()).copied()
    }

    /// The only file, whatever it was called.
    pub fn only(&self) -> Option<&'a Path> {
        let mut paths = self.by_name.values();
        let first = paths.next()?;
        paths.all(|path| path == first).then_some(*first)
    }

    /// The only file whose path ends with a name; for linters that print paths from a place of their own.
    pub fn ending(&self, name: &str) -> Option<&'a Path> {
        let mut paths = self.by_name.values().filter(|path| path.ends_with(name));
        let first = paths.next()?;
        paths.all(|path| path == first).then_some(*first)
    }

    /// Where a file is.
    pub fn on_disk(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// What a name means.
    pub fn name(&self, said: &[u8]) -> Named<'a> {
        if said.is_empty() || said.contains(&0) {
            return Named::Nothing;
        }
        match self.find(said) {
            Some(path) => Named::Given(path),
            None if self.root.join(self.inside(said)).is_file() => Named::Elsewhere,
            None => Named::Nothing,
        }
    }

    /// Whether the text is the beginning of the name of a file that goes on in the next line.
    pub fn may_continue(&self, begun: &[u8]) -> bool {
        let path = self.inside(begun);
        let mut beginning = path.into_os_string().into_vec();
        beginning.push(b'\n');
        self.by_name.keys().any(|name| name.starts_with(&beginning))
    }

    /// A printed path as a path from the root: absolute, relative to the folder, with or without `./`.
    fn inside(&self, said: &[u8]) -> PathBuf {
        let path = Path::new(OsStr::from_bytes(said));
        if path.is_absolute() {
            let real = self.real_root.as_deref().unwrap_or(self.root);
            let inside = path.strip_prefix(self.root).or_else(|_| path.strip_prefix(real));
            return inside.unwrap_or(path).to_owned();
        }
        // Collecting components drops `./`.
        self.dir.join(path.components().filter(|part| part.as_os_str() != ".").collect::<PathBuf>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_files_by_every_way_of_naming_them() {
        let files = [PathBuf::from("sub/a.py"), PathBuf::from(OsStr::from_bytes(b"sub/b\xff.py"))];
        let known = Known::new(Path::new("/slot"), Path::new("sub"), &files);
        for name in ["a.py", "./a.py", "/slot/sub/a.py", "././a.py"] {
            assert_eq!(known.find(name.as_bytes()), Some(files[0].as_path()), "{name}");
        }
        assert_eq!(known.find(b"b\xff.py"), Some(files[1].as_path()));
        assert_eq!(known.find("/slot/sub/b\u{fffd}.py".as_bytes()), Some(files[1].as_path()));
        assert_eq!(known.find(b"/elsewhere/sub/a.py"), None);
        assert_eq!(known.name(b"nothing.py"), Named::Nothing);
    }

    #[test]
    fn knows_names_that_go_on_in_the_next_line() {
        let files = [PathBuf::from("one\ntwo.py")];
        let known = Known::new(Path::new("/slot"), Path::new(""), &files);
        assert!(known.may_continue(b"./one"));
        assert!(!known.may_continue(b"two"));
    }
}
