//! A Go module: its packages, their test files, and the tests written in them.

use std::fs;
use std::path::{Path, PathBuf};

use super::is_test;

/// What `go test` runs, by the starts of their names.
const KINDS: &[&str] = &["Test", "Fuzz", "Example"];

/// A module in a worktree.
pub struct Module {
    root: PathBuf,
    folder: PathBuf,
    path: String,
}

impl Module {
    /// The module whose `go.mod` is in a folder below the root.
    pub fn read(root: &Path, folder: &Path) -> Self {
        let text = fs::read_to_string(root.join(folder).join("go.mod")).unwrap_or_default();
        let path = text.lines().find_map(|line| line.trim().strip_prefix("module")).unwrap_or_default();
        let path = path.split("//").next().unwrap_or_default().trim().trim_matches('"').to_owned();
        Self { root: root.to_owned(), folder: folder.to_owned(), path }
    }

    /// The folder of a package, relative to the root; `None` if it is none of this module.
    pub fn folder_of(&self, package: &str) -> Option<PathBuf> {
        let rest = package.strip_prefix(self.path.as_str())?;
        let inside = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
        Some(self.folder.join(inside))
    }

    /// The package in a folder relative to the root.
    pub fn package_in(&self, folder: &Path) -> Option<String> {
        let inside = folder.strip_prefix(&self.folder).ok()?.to_str()?;
        Some(if inside.is_empty() { self.path.clone() } else { format!("{}/{inside}", self.path) })
    }

    /// The test files of a folder, sorted, relative to the root.
    pub fn test_files(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> =
            entries.map(|entry| folder.join(entry.file_name())).filter(|file| is_test(file)).collect();
        files.sort();
        files
    }

    /// The names of the tests in a file.
    pub fn tests_in(&self, file: &Path) -> Vec<String> {
        let bytes = fs::read(self.root.join(file)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).lines().filter_map(name_of_test).map(str::to_owned).collect()
    }
}

/// The name in `func TestX(t *testing.T) {`.
fn name_of_test(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("func ")?.trim_start();
    let name = rest.split('(').next()?.trim();
    let is_name = name.chars().all(|one| one.is_alphanumeric() || one == '_');
    (is_name && KINDS.iter().any(|kind| name.starts_with(kind))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_other_functions() {
        assert_eq!(name_of_test("func TestSum(t *testing.T) {"), Some("TestSum"));
        assert_eq!(name_of_test("func ExampleSum_of_two() {"), Some("ExampleSum_of_two"));
        assert_eq!(name_of_test("func (s *Suite) TestSum() {"), None);
        assert_eq!(name_of_test("func helper(t *testing.T) {"), None);
        assert_eq!(name_of_test("// func TestSum("), None);
    }
}
