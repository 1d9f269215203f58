//! What checks Python besides flake8, ruff and black.

use std::path::Path;

use regex_lite::Regex;

use crate::style::folder::Folder;
use crate::style::linter::{Package, Wanted, is_python};
use crate::style::tool::Tool;

/// The families.
pub const TOOLS: &[Tool] = &[Tool {
    takes: is_python,
    own_files: &["mypy.ini", ".mypy.ini"],
    shared_files: &["pyproject.toml", "setup.cfg"],
    shared: |folder| {
        let in_toml = folder.toml("pyproject.toml", &["tool", "mypy"]).is_some();
        Wanted::if_configured(in_toml || folder.has_section("setup.cfg", "mypy"))
    },
    leaves_out: |folder, file| is_not_listed(folder, file) || is_excluded(folder, file),
    arguments: &[
        "--no-pretty",
        "--no-color-output",
        "--no-error-summary",
        "--hide-error-context",
        "--show-column-numbers",
    ],
    // 2 is also said when a file does not parse.
    codes: 0..=2,
    ..Tool::new("mypy", "mypy", Package::Python("mypy"))
}];

/// The values of a setting of mypy, from the file of its configuration that it would read (its page "The mypy configuration
/// file"); only TOML has lists.
fn setting(folder: &Folder, key: &str) -> Vec<String> {
    let own = ["mypy.ini", ".mypy.ini"].into_iter().find(|name| folder.has(name));
    let table = folder.toml("pyproject.toml", &["tool", "mypy"]).filter(|_| own.is_none());
    let Some(table) = table else {
        return folder.ini(own.unwrap_or("setup.cfg"), "mypy", key).into_iter().collect();
    };
    let Some(value) = table.get(key) else { return Vec::new() };
    match value.as_array() {
        Some(array) => array.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        None => value.as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// Whether mypy is told which files to look at where it is named none, and this is none of them: it was never meant to be
/// checked.
fn is_not_listed(folder: &Folder, file: &Path) -> bool {
    let lists = setting(folder, "files");
    let paths = lists.iter().flat_map(|list| list.split([',', '\n'])).map(str::trim);
    let named = paths.filter(|path| !path.is_empty());
    let listed: Vec<&str> = named.map(|path| path.trim_start_matches("./").trim_end_matches('/')).collect();
    // What a pattern covers is not known here.
    let is_known = !listed.iter().any(|path| path.contains(['*', '?', '[', '$']));
    // The whole folder is the beginning of every path in it.
    let covers = |path: &&str| *path == "." || file.starts_with(path);
    !listed.is_empty() && is_known && !listed.iter().any(covers)
}

/// Whether mypy would pass over a file, or stop at a folder above it, on its way down from the folder of its configuration.
/// Its expressions are Python's: one that cannot be read here leaves out nothing.
fn is_excluded(folder: &Folder, file: &Path) -> bool {
    let folders = file.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    let mut names: Vec<String> = folders.map(|above| format!("{}/", above.display())).collect();
    names.push(file.to_string_lossy().into_owned());
    let expressions = setting(folder, "exclude").into_iter().filter(|text| !text.is_empty());
    let mut regexes = expressions.filter_map(|text| Regex::new(&text).ok());
    regexes.any(|regex| names.iter().any(|name| regex.is_match(name)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::style::linter::Linter;

    fn leaves_out(name: &str, text: &str, file: &str) -> bool {
        let paths = [Path::new("in").join(name)];
        let folder = Folder::read(Path::new("in"), paths.iter(), &|_| Some(text.as_bytes().to_vec()));
        TOOLS[0].leaves_out(&folder, &PathBuf::from("in").join(file))
    }

    #[test]
    fn files_that_mypy_was_never_meant_to_check_are_left_out() {
        let array = "[tool.mypy]\nfiles = [\"./src/\", \"tests/typing\"]\n";
        assert!(leaves_out("pyproject.toml", array, "tests/test_a.py"));
        assert!(!leaves_out("pyproject.toml", array, "tests/typing/a.py"));
        assert!(!leaves_out("pyproject.toml", array, "src/a.py"));
        assert!(leaves_out("pyproject.toml", "[tool.mypy]\nfiles = 'src, b.py'\n", "a.py"));
        let ini = "[other]\nfiles = x\n[mypy]\nstrict = true\nfiles = src,\n    lib\nx = 1\n[mypy-a]\n";
        assert!(leaves_out("mypy.ini", ini, "x/a.py"));
        assert!(!leaves_out("setup.cfg", ini, "lib/a.py"));
    }

    #[test]
    fn without_a_list_or_with_patterns_every_file_is_taken() {
        for text in ["[tool.mypy]\n", "[tool.mypy]\nfiles = '.'\n", "[tool.mypy]\nfiles = ['src/*']\n"] {
            assert!(!leaves_out("pyproject.toml", text, "tests/test_a.py"), "{text}");
        }
        assert!(!leaves_out("mypy.ini", "[mypy]\n[mypy-a]\nfiles = b\n", "a.py"));
    }

    #[test]
    fn files_that_mypy_is_told_to_pass_over_are_left_out() {
        let list = "[tool.mypy]\nexclude = ['gen/', '_pb2\\.py$', '^docs/']\n";
        for file in ["gen/a.py", "src/gen/a.py", "src/a_pb2.py", "docs/conf.py"] {
            assert!(leaves_out("pyproject.toml", list, file), "{file}");
        }
        for file in ["general/a.py", "src/docs/conf.py"] {
            assert!(!leaves_out("pyproject.toml", list, file), "{file}");
        }
        let verbose =
            "[mypy]\nexclude = (?x)(\n    ^one\\.py$    # only this\n    | /old/$\n  )\nstrict = true\n";
        assert!(
            leaves_out("mypy.ini", verbose, "one.py")
                && leaves_out("setup.cfg", verbose, "app/old/deep/a.py")
        );
        assert!(!leaves_out("mypy.ini", verbose, "app/one.py"));
        assert!(!leaves_out("pyproject.toml", "[tool.mypy]\nexclude = '(?!a)'\n", "a.py"));
    }
}
