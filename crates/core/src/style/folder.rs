//! A folder with configuration files of linters.

use std::path::{Path, PathBuf};

/// Names of files in which linters are configured.
const NAMES: [&str; 6] = ["pyproject.toml", "ruff.toml", ".ruff.toml", ".flake8", "setup.cfg", "tox.ini"];

/// The configuration files of one folder, as they are at base.
#[derive(Debug)]
pub struct Folder {
    /// Path from the root; empty for the root.
    pub dir: PathBuf,
    files: Vec<(String, String)>,
}

impl Folder {
    /// Whether a path names a file in which linters are configured.
    pub fn may_hold(path: &Path) -> bool {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| NAMES.contains(&name))
    }

    /// Reads the files among `names` that exist at base.
    pub fn read<'a>(
        dir: &Path,
        paths: impl Iterator<Item = &'a PathBuf>,
        read: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Self {
        let one = |path: &PathBuf| {
            let bytes = read(path.to_str()?)?;
            let name = path.file_name()?.to_str()?.to_owned();
            Some((name, String::from_utf8_lossy(&bytes).into_owned()))
        };
        Self { dir: dir.to_owned(), files: paths.filter_map(one).collect() }
    }

    /// Whether there is a file of that name.
    pub fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str())
    }

    /// Whether an INI file has a section, as in `[flake8]`.
    pub fn has_section(&self, name: &str, section: &str) -> bool {
        let header = format!("[{section}]");
        self.text(name).is_some_and(|text| text.lines().any(|line| line.trim() == header))
    }

    /// A value of a TOML file by its path of keys; absent as well when the file cannot be read as TOML.
    pub fn toml(&self, name: &str, keys: &[&str]) -> Option<toml_edit::Item> {
        let document: toml_edit::DocumentMut = self.text(name)?.parse().ok()?;
        let mut item = document.as_item();
        for key in keys {
            item = item.get(key)?;
        }
        Some(item.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_sections_and_keys() {
        let paths =
            [PathBuf::from("a/tox.ini"), PathBuf::from("a/pyproject.toml"), PathBuf::from("a/setup.cfg")];
        let folder = Folder::read(Path::new("a"), paths.iter(), &|path| match path {
            "a/tox.ini" => Some(b"[tox]\n [flake8] \nx=1\n".to_vec()),
            "a/pyproject.toml" => Some(b"[tool.ruff.lint]\nselect = ['E']\n".to_vec()),
            _ => None,
        });
        assert!(folder.has_section("tox.ini", "flake8"));
        assert!(!folder.has_section("tox.ini", "flake"));
        assert!(!folder.has("setup.cfg"));
        assert!(folder.toml("pyproject.toml", &["tool", "ruff"]).is_some());
        assert!(folder.toml("pyproject.toml", &["tool", "black"]).is_none());
        assert!(folder.toml("tox.ini", &["tox", "x"]).is_none());
    }
}
