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

/// What is written in a test file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestFile {
    /// The functions that `go test` runs.
    pub tests: Vec<TopTest>,
    /// Methods that are tests of a suite, which a function runs that may be in another file.
    pub methods: Vec<Method>,
    /// Whether it registers something before any test runs, which may be tests of a library's own kind.
    pub registers: bool,
}

/// A function that `go test` runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopTest {
    /// Its name.
    pub name: String,
    body: String,
}

/// A test of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// The type of the suite.
    pub suite: String,
    /// Its name.
    pub name: String,
}

impl Module {
    /// The module whose `go.mod` is in a folder below the root.
    pub fn read(root: &Path, folder: &Path) -> Self {
        let path = path_of_module(&root.join(folder)).unwrap_or_default();
        Self { root: root.to_owned(), folder: folder.to_owned(), path }
    }

    /// The root of the repository.
    pub fn root(&self) -> &Path {
        &self.root
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
        self.test_file(file).tests.into_iter().map(|test| test.name).collect()
    }

    /// What is written in a file.
    pub fn test_file(&self, file: &Path) -> TestFile {
        TestFile::read(&self.text_of(file))
    }

    /// The function around a line of a file, counted from 1.
    pub fn function_at(&self, file: &Path, line: usize) -> Option<String> {
        function_at(&self.text_of(file), line)
    }

    /// The text of a file.
    pub fn text_of(&self, file: &Path) -> String {
        let bytes = fs::read(self.root.join(file)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The path that the `go.mod` in a folder declares.
pub fn path_of_module(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("go.mod")).ok()?;
    let path = text.lines().find_map(|line| line.trim().strip_prefix("module"))?;
    Some(path.split("//").next().unwrap_or_default().trim().trim_matches('"').to_owned())
}

impl TestFile {
    /// Whether nothing in it is, or makes, a test.
    pub fn is_of_helpers(&self) -> bool {
        self.tests.is_empty() && self.methods.is_empty() && !self.registers
    }

    fn read(text: &str) -> Self {
        let mut file = Self::default();
        for (number, line) in text.lines().enumerate() {
            if let Some(name) = name_of_test(line) {
                file.tests.push(TopTest { name: name.to_owned(), body: function_from(text, number) });
            } else if let Some(method) = Method::read(line).filter(|method| method.name.starts_with("Test")) {
                file.methods.push(method);
            }
            file.registers |= line.starts_with("var _ = ") || line.starts_with("func init()");
        }
        file
    }
}

impl TopTest {
    /// Whether it speaks of a type: one that does may run that suite.
    pub fn mentions(&self, suite: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        self.body.split(|c| !is_part(c)).any(|word| word == suite)
    }
}

impl Method {
    /// `func (s *Suite[T]) TestSum() {`
    fn read(line: &str) -> Option<Self> {
        let (receiver, rest) = line.strip_prefix("func ")?.trim_start().strip_prefix('(')?.split_once(')')?;
        let name = rest.split('(').next()?.trim();
        let suite = receiver.split('[').next()?.split_whitespace().last()?.trim_start_matches('*');
        (!name.is_empty() && !suite.is_empty())
            .then(|| Self { suite: suite.to_owned(), name: name.to_owned() })
    }
}

/// The lines of the function that begins in a line, counted from 0: `gofmt` puts its end at the start of a line.
fn function_from(text: &str, first: usize) -> String {
    let mut lines = text.lines().skip(first);
    let head = lines.next().unwrap_or_default();
    if is_whole(head) {
        return head.to_owned();
    }
    let rest = lines.take_while(|line| !line.starts_with('}'));
    std::iter::once(head).chain(rest).collect::<Vec<_>>().join("\n")
}

/// Whether a function that begins in a line ends in it.
fn is_whole(line: &str) -> bool {
    let count = |wanted: char| line.chars().filter(|c| *c == wanted).count();
    line.trim_end().ends_with('}') && count('{') == count('}')
}

/// The name in `func TestX(t *testing.T) {`.
fn name_of_test(line: &str) -> Option<&str> {
    let name = name_of_function(line)?;
    KINDS.iter().any(|kind| name.starts_with(kind)).then_some(name)
}

fn name_of_function(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("func ")?.trim_start();
    let name = rest.split(['(', '[']).next()?.trim();
    let is_name = name.chars().all(|one| one.is_alphanumeric() || one == '_');
    (is_name && !name.is_empty()).then_some(name)
}

fn function_at(text: &str, line: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let start = lines.iter().rposition(|line| line.starts_with("func "))?;
    let head = lines.get(start)?;
    let behind = lines.get(start + 1..).unwrap_or_default();
    let has_ended = !behind.is_empty() && (is_whole(head) || behind.iter().any(|line| line.starts_with('}')));
    if has_ended {
        return None;
    }
    let plain = name_of_function(head).map(str::to_owned);
    plain.or_else(|| Method::read(head).map(|method| format!("{}.{}", method.suite, method.name)))
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

    #[test]
    fn suites_are_told_by_their_methods_and_by_who_speaks_of_them() {
        let text = "package a\n\nfunc TestOne(t *testing.T) { suite.Run(t, new(One)) }\n\ntype Two struct{ One }\n\nfunc TestTwo(t *testing.T) {\n\tsuite.Run(t, &Two{})\n}\n\nfunc (s *One) TestSum() {}\nfunc (s Many[T]) TestMany() {\n}\nfunc (s *One) SetupTest() {}\n";
        let file = TestFile::read(text);
        let [one, two] = file.tests.as_slice() else { panic!("{file:?}") };
        assert!(one.mentions("One") && !one.mentions("Two"));
        assert!(two.mentions("Two") && !two.mentions("One"));
        let method = |suite: &str, name: &str| Method { suite: suite.to_owned(), name: name.to_owned() };
        assert_eq!(file.methods, [method("One", "TestSum"), method("Many", "TestMany")]);
    }

    #[test]
    fn the_function_around_a_line_is_found() {
        let text = "package a\n\nfunc One() int { return 1 }\n\nvar x = f(\n\t2)\n\nfunc (s *Suite) TestSum() {\n\tif true {\n\t\ts.Fail()\n\t}\n}\n";
        let at = |line| function_at(text, line);
        assert_eq!(at(3).as_deref(), Some("One"));
        assert_eq!(at(6), None);
        assert_eq!(at(10).as_deref(), Some("Suite.TestSum"));
        assert_eq!(at(1), None);
    }
}
