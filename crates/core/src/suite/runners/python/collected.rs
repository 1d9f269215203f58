//! Which files pytest would collect when it is given none: what `testpaths`, `python_files`, `norecursedirs` and
//! `--ignore` say. What a `conftest.py` decides only pytest itself can tell.

use std::path::Path;

use super::settings::PytestSettings;
use crate::suite::glob::Glob;
use crate::suite::paths;
use crate::suite::pattern::Pattern;

/// What pytest collects when a repository does not say (`python_files`).
const DEFAULT_FILES: &[&str] = &["test_*.py", "*_test.py"];

/// The rules of one project. All paths are relative to the project's folder.
#[derive(Debug)]
pub struct Collected {
    files: Vec<Pattern>,
    testpaths: Vec<Glob>,
    left_out_folders: Vec<Glob>,
    ignored: Vec<Glob>,
}

impl Collected {
    /// By the project's settings. `files` are those of the project: `testpaths` that name none of them do not count, as
    /// with pytest.
    pub fn new(settings: &PytestSettings, files: &[&Path]) -> Self {
        let own: Vec<_> = settings.python_files.iter().map(|text| Pattern::new(text)).collect();
        let default = || DEFAULT_FILES.iter().copied().map(Pattern::new).collect();
        let testpaths: Vec<Glob> =
            settings.testpaths.iter().flat_map(|text| itself_and_below(text)).collect();
        let names_some = || files.iter().any(|file| covers_any(&testpaths, file));
        let testpaths_count = testpaths.is_empty() || names_some();
        let folders = settings.norecursedirs.iter().flatten();
        let ignored = settings.option("--ignore").into_iter().chain(settings.option("--ignore-glob"));
        Self {
            files: if own.is_empty() { default() } else { own },
            ignored: ignored.flat_map(itself_and_below).collect(),
            left_out_folders: folders.filter_map(|text| folder_pattern(text)).collect(),
            testpaths: if testpaths_count { testpaths } else { Vec::new() },
        }
    }

    /// Whether the file has a name of test files, wherever it lies.
    pub fn is_named(&self, inside: &Path) -> bool {
        let name = Path::new(inside.file_name().unwrap_or_default());
        let is_python = inside.extension().is_some_and(|extension| extension == "py");
        is_python && self.files.iter().any(|pattern| pattern.covers(name) || pattern.covers(inside))
    }

    /// Whether pytest would look into the file when it is given no files.
    pub fn is_reached(&self, inside: &Path) -> bool {
        let in_testpaths = self.testpaths.is_empty() || covers_any(&self.testpaths, inside);
        in_testpaths && !covers_any(&self.ignored, inside) && !self.is_left_out(inside)
    }

    fn is_left_out(&self, inside: &Path) -> bool {
        let mut folders = inside.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        folders.any(|folder| covers_any(&self.left_out_folders, folder))
    }
}

fn covers_any(globs: &[Glob], path: &Path) -> bool {
    let text = paths::text_of_path(path);
    globs.iter().any(|glob| glob.covers(&text))
}

/// A path or pattern, and everything below it.
fn itself_and_below(text: &str) -> Vec<Glob> {
    let text = text.trim_end_matches('/');
    let text = text.strip_prefix("./").unwrap_or(text);
    if text == "." || text.is_empty() {
        return Glob::new("**").into_iter().collect();
    }
    Glob::new(text).into_iter().chain(Glob::below(text)).collect()
}

/// A pattern of `norecursedirs`: of a folder's name, or of the end of its path where it holds a slash.
fn folder_pattern(text: &str) -> Option<Glob> {
    let text = text.trim_end_matches('/');
    Glob::new(&format!("**/{}", text.trim_start_matches("./")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(settings: &PytestSettings, path: &str) -> bool {
        let files = [Path::new("tests/unit/test_a.py"), Path::new("bench/test_b.py")];
        Collected::new(settings, &files).is_reached(Path::new(path))
    }

    #[test]
    fn settings_decide_what_is_reached() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let testpaths = PytestSettings { testpaths: words("tests"), ..PytestSettings::default() };
        assert!(reached(&testpaths, "tests/unit/test_a.py") && !reached(&testpaths, "bench/test_b.py"));
        let globs = PytestSettings { testpaths: words("t*s/unit"), ..PytestSettings::default() };
        assert!(reached(&globs, "tests/unit/test_a.py") && !reached(&globs, "tests/test_c.py"));
        let none = PytestSettings { testpaths: words("no_such"), ..PytestSettings::default() };
        assert!(reached(&none, "bench/test_b.py"), "testpaths that name nothing do not count");
        let folders =
            PytestSettings { norecursedirs: Some(words("typing_* bench")), ..PytestSettings::default() };
        assert!(!reached(&folders, "tests/typing_cases/test_x.py") && !reached(&folders, "bench/test_b.py"));
        assert!(reached(&folders, "tests/unit/test_a.py"));
        let path = PytestSettings { norecursedirs: Some(words("tests/old")), ..PytestSettings::default() };
        assert!(!reached(&path, "tests/old/test_x.py") && reached(&path, "old/test_x.py"));
        let ignored = PytestSettings {
            addopts: words("-q --ignore=tests/legacy --ignore-glob=*/slow_*"),
            ..PytestSettings::default()
        };
        assert!(!reached(&ignored, "tests/legacy/test_x.py") && !reached(&ignored, "tests/slow_x/test_a.py"));
        assert!(reached(&ignored, "tests/unit/test_a.py"));
    }
}
