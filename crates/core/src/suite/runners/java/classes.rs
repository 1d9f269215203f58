//! From classes to files and back.

use std::path::{Path, PathBuf};

use super::LANGUAGES;

/// Folders of a module in which test classes lie, the most usual first.
const SETS: &[&str] =
    &["test", "it", "integrationTest", "integration-test", "functionalTest", "testFixtures"];

/// The full name of the class a file is named for: `src/test/java/till/TillTest.java` holds `till.TillTest`.
pub fn class_of(root: &Path, file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    let text = std::fs::read_to_string(root.join(file)).ok()?;
    let package = text.lines().find_map(|line| line.trim_start().strip_prefix("package "));
    let package = package.map(|name| name.trim_end_matches(|c: char| c == ';' || c.is_whitespace()));
    Some(package.map_or_else(|| stem.to_owned(), |package| format!("{package}.{stem}")))
}

/// The file of a class, `till.TillTest$Inner`, in a module: relative to `root`, as `module` is.
pub fn file_of(root: &Path, module: &Path, class: &str) -> Option<PathBuf> {
    let outer = class.split('$').next().unwrap_or(class);
    let place = outer.replace('.', "/");
    let source = module.join("src");
    for set in SETS {
        for language in LANGUAGES {
            let own = if *language == "kt" { "kotlin" } else { language };
            let file = |folder: &str| source.join(set).join(folder).join(format!("{place}.{language}"));
            if let Some(found) = [file(own), file("java")].into_iter().find(|path| root.join(path).is_file())
            {
                return Some(found);
            }
        }
    }
    None
}

/// The name of a test in its file: `Inner::deep` for class `till.TillTest$Inner` and case `deep()`.
pub fn name_of(class: &str, case: &str) -> String {
    let case = case.strip_suffix("()").unwrap_or(case);
    match class.split_once('$') {
        Some((_, inner)) => format!("{}::{case}", inner.replace('$', "::")),
        None => case.to_owned(),
    }
}

/// The class and method that run a test again: `till.TillTest$Inner` and `many` for `Inner::many(int)[1]` in a file of
/// class `till.TillTest`. Invocations of one method cannot be told apart on the command line.
pub fn method_of(class: &str, name: &str) -> (String, String) {
    let mut parts: Vec<&str> = name.split("::").collect();
    let case = parts.pop().unwrap_or(name);
    let method = case.split(['(', '[', '{', ' ']).next().unwrap_or(case);
    let nested: String = parts.iter().flat_map(|part| ["$", part]).collect();
    (format!("{class}{nested}"), method.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_lead_to_files_and_back() {
        let root = tempfile::tempdir().unwrap();
        let file = Path::new("pay/src/test/java/till/TillTest.java");
        std::fs::create_dir_all(root.path().join(file).parent().unwrap()).unwrap();
        std::fs::write(root.path().join(file), "// x\npackage till;\nclass TillTest {}\n").unwrap();
        assert_eq!(class_of(root.path(), file).as_deref(), Some("till.TillTest"));
        let found = file_of(root.path(), Path::new("pay"), "till.TillTest$Inner");
        assert_eq!(found.as_deref(), Some(file));
        assert_eq!(file_of(root.path(), Path::new("pay"), "till.Gone"), None);
        assert_eq!(name_of("till.TillTest$Inner", "many(int)[1]"), "Inner::many(int)[1]");
        let method = method_of("till.TillTest", "Inner::many(int)[1]");
        assert_eq!(method, ("till.TillTest$Inner".to_owned(), "many".to_owned()));
    }
}
