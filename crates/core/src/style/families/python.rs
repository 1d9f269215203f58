//! What checks Python besides flake8, ruff and black.

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
    leaves_out: |folder, file| {
        let listed = listed(folder);
        // What a pattern covers is not known here.
        let is_known = !listed.iter().any(|path| path.contains(['*', '?', '[', '$']));
        !listed.is_empty() && is_known && !listed.iter().any(|path| file.starts_with(path))
    },
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

/// What mypy looks at where it is named no files, from the file of its configuration that it would read (its page "The mypy
/// configuration file"): a file elsewhere was never meant to be checked.
fn listed(folder: &Folder) -> Vec<String> {
    let own = ["mypy.ini", ".mypy.ini"].into_iter().find_map(|name| folder.text(name));
    let toml = folder.toml("pyproject.toml", &["tool", "mypy"]);
    let text = match (own, toml) {
        (Some(text), _) => of_section(text),
        (None, Some(table)) => match table.get("files") {
            Some(files) => match files.as_array() {
                Some(array) => array.iter().filter_map(|path| path.as_str()).collect::<Vec<_>>().join(","),
                None => files.as_str().unwrap_or_default().to_owned(),
            },
            None => String::new(),
        },
        (None, None) => folder.text("setup.cfg").map(of_section).unwrap_or_default(),
    };
    let paths = text.split([',', '\n']).map(str::trim).filter(|path| !path.is_empty());
    paths.map(|path| path.trim_start_matches("./").trim_end_matches('/')).map(plain).collect()
}

/// The whole folder is the beginning of every path in it.
fn plain(path: &str) -> String {
    if path == "." { String::new() } else { path.to_owned() }
}

/// The value of `files` in the section `[mypy]`, with the lines that go on with it.
fn of_section(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.trim() != "[mypy]").skip(1);
    let mut inside = lines.take_while(|line| !line.starts_with('['));
    let key = |line: &str| {
        let (name, value) = line.split_once(['=', ':'])?;
        (name.trim() == "files").then(|| value.to_owned())
    };
    let Some(mut value) = inside.find_map(key) else { return String::new() };
    for line in inside.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push('\n');
        value.push_str(line);
    }
    value
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

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
}
