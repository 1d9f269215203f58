//! Where code came from: files in the repository as tools name them, and copies of its own code elsewhere.

use std::path::{Path, PathBuf};

use crate::env::without_dots;

/// How many folders of a path, from its end, are compared with those of the repository.
const DEEPEST: usize = 12;

/// The root of a slot or twin, by the name it was given and by its real one: tools print either.
#[derive(Clone, Debug)]
pub struct Root {
    given: PathBuf,
    real: PathBuf,
}

impl Root {
    /// Of a place.
    pub fn new(root: &Path) -> Self {
        let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Self { given: root.to_owned(), real }
    }

    /// An absolute path below the root, relative to it.
    pub fn relative(&self, path: &Path) -> Option<PathBuf> {
        let inside = path.strip_prefix(&self.given).or_else(|_| path.strip_prefix(&self.real)).ok()?;
        Some(inside.to_owned())
    }

    /// The same for a file that is there.
    pub fn file(&self, path: &Path) -> Option<PathBuf> {
        self.relative(path).filter(|file| self.given.join(file).is_file())
    }

    /// A place in a file that is there, which may be named from the root.
    pub fn frame(&self, file: &Path, function: Option<&str>) -> Option<String> {
        let file = if file.is_absolute() { self.file(file)? } else { without_dots(file) };
        self.given.join(&file).is_file().then(|| frame(&file, function))
    }

    /// Whether a path leads out of the root, all links followed. What does not exist leads nowhere.
    pub fn is_left_by(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|real| !real.starts_with(&self.real))
    }

    /// The folder here that a folder elsewhere is another copy of: one that lies alike, and of which `is_same` says that
    /// it holds the same. `None` for a folder that is not this repository's code.
    pub fn own_copy_of(&self, elsewhere: &Path, is_same: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let names: Vec<_> = elsewhere.iter().collect();
        let most = names.len().min(DEEPEST);
        let alike = (0..=most).rev().map(|count| names.iter().rev().take(count).rev().collect::<PathBuf>());
        alike.filter(|folder| !folder.has_root()).find(|folder| is_same(&self.given.join(folder)))
    }
}

/// A place in the repository as [`hotfix_model::Case::frame`] has it.
pub fn frame(file: &Path, function: Option<&str>) -> String {
    let file = super::text_of_path(file);
    match function.filter(|name| !name.is_empty()) {
        Some(function) => format!("{file}:{function}"),
        None => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_by_where_they_lie_and_what_they_hold() {
        let world = tempfile::tempdir().unwrap();
        let root = world.path().join("slot");
        for folder in ["crates/lib", "lib"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
            std::fs::write(root.join(folder).join("name"), folder).unwrap();
        }
        let place = Root::new(&root);
        let copy = |elsewhere: &str, name: &str| {
            let is_same =
                |folder: &Path| std::fs::read_to_string(folder.join("name")).is_ok_and(|own| own == name);
            place.own_copy_of(Path::new(elsewhere), is_same)
        };
        assert_eq!(copy("/main/crates/lib", "crates/lib"), Some("crates/lib".into()));
        assert_eq!(copy("/main/crates/lib", "lib"), Some("lib".into()));
        assert_eq!(copy("/other/lib", "another"), None);
        std::fs::write(root.join("name"), "root").unwrap();
        assert_eq!(copy("/main", "root"), Some("".into()));
    }

    #[test]
    fn what_lies_outside_is_told_also_through_links() {
        let world = tempfile::tempdir().unwrap();
        let (root, outside) = (world.path().join("slot"), world.path().join("main"));
        std::fs::create_dir_all(root.join("in")).unwrap();
        std::fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("link")).unwrap();
        let place = Root::new(&root);
        assert!(place.is_left_by(&root.join("link")) && place.is_left_by(&root.join("../main")));
        assert!(!place.is_left_by(&root.join("in")) && !place.is_left_by(&root.join("gone")));
        assert_eq!(frame(Path::new("a/b.go"), Some("Sum")), "a/b.go:Sum");
        assert_eq!(frame(Path::new("a/b.rs"), None), "a/b.rs");
    }
}
