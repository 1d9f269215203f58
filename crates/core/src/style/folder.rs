//! A folder with configuration files of linters.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::families;

/// The configuration files of one folder, as they are at base.
#[derive(Debug, Default)]
pub struct Folder {
    /// Path from the root; empty for the root.
    pub dir: PathBuf,
    /// The nearest folder with configuration around it.
    pub outer: Option<Arc<Self>>,
    files: Vec<(String, String)>,
}

/// The names of all files in which linters are configured. Some have a folder in them.
pub struct Names(Vec<&'static str>);

impl Names {
    /// Those of all families.
    pub fn all() -> Self {
        let mut names: Vec<_> = families::all().flat_map(super::linter::Linter::configuration).collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    /// The folder that a path configures.
    pub fn configured_folder(&self, path: &Path) -> Option<PathBuf> {
        let last = path.file_name()?.to_str()?;
        let ending = |name: &&&str| name.ends_with(last) && path.ends_with(name);
        let name = self.0.iter().filter(ending).max_by_key(|name| name.len())?;
        let depth = Path::new(name).components().count();
        path.ancestors().nth(depth).map(Path::to_owned)
    }
}

impl Folder {
    /// Reads the files among `paths` that exist at base.
    pub fn read<'a>(
        dir: &Path,
        paths: impl Iterator<Item = &'a PathBuf>,
        read: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Self {
        let one = |path: &PathBuf| {
            let bytes = read(path.to_str()?)?;
            let name = path.strip_prefix(dir).ok()?.to_str()?.to_owned();
            Some((name, String::from_utf8_lossy(&bytes).into_owned()))
        };
        Self { dir: dir.to_owned(), outer: None, files: paths.filter_map(one).collect() }
    }

    /// Whether it is the root of the repository.
    pub fn is_root(&self) -> bool {
        self.dir.as_os_str().is_empty()
    }

    /// Whether there is a file of that name.
    pub fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.files.iter().find(|(file, _)| file == name).map(|(_, text)| text.as_str())
    }

    /// Whether one of some files holds a piece of text.
    pub fn mentions(&self, names: &[&str], piece: &str) -> bool {
        names.iter().filter_map(|name| self.text(name)).any(|text| text.contains(piece))
    }

    /// Whether an INI file has a section, as in `[flake8]`.
    pub fn has_section(&self, name: &str, section: &str) -> bool {
        let header = format!("[{section}]");
        self.text(name).is_some_and(|text| text.lines().any(|line| line.trim() == header))
    }

    /// The value of a key in a section of an INI file, with the lines that go on with it, as Python's `configparser` reads
    /// it: keys whatever their case, comments as lines of their own.
    pub fn ini(&self, name: &str, section: &str, key: &str) -> Option<String> {
        let header = format!("[{section}]");
        let is_comment = |line: &&str| line.trim_start().starts_with(['#', ';']);
        let lines = self.text(name)?.lines().skip_while(|line| line.trim() != header).skip(1);
        let mut inside = lines.take_while(|line| !line.starts_with('[')).filter(|line| !is_comment(line));
        let first = inside.find_map(|line| {
            let (own, value) = line.split_once(['=', ':'])?;
            (own.trim().eq_ignore_ascii_case(key) && !own.starts_with([' ', '\t'])).then_some(value)
        })?;
        let goes_on = |line: &&str| line.trim().is_empty() || line.starts_with([' ', '\t']);
        let values: Vec<&str> =
            std::iter::once(first).chain(inside.take_while(goes_on)).map(str::trim).collect();
        Some(values.join("\n").trim().to_owned())
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

    /// Whether a JSON file holds an object with such a key.
    pub fn has_json_key(&self, name: &str, key: &str) -> bool {
        let document = self.text(name).and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        document.is_some_and(|document| document.get(key).is_some())
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

    #[test]
    fn reads_values_of_ini_files() {
        let text = "[other]\nkey = no\n[flake8]\nmax = 1\nKey: a,\n    # not b\n    b\n\n    c = d\nlast=1\n[flake8:more]\nmore = 2\n";
        let paths = [PathBuf::from("setup.cfg")];
        let folder = Folder::read(Path::new(""), paths.iter(), &|_| Some(text.as_bytes().to_vec()));
        assert_eq!(folder.ini("setup.cfg", "flake8", "key").as_deref(), Some("a,\nb\n\nc = d"));
        assert_eq!(folder.ini("setup.cfg", "flake8", "last").as_deref(), Some("1"));
        assert_eq!(folder.ini("setup.cfg", "flake8", "more"), None);
        assert_eq!(folder.ini("tox.ini", "flake8", "key"), None);
    }

    #[test]
    fn a_configuration_belongs_to_the_folder_it_is_for() {
        let names = Names::all();
        let folder = |path: &str| names.configured_folder(Path::new(path));
        assert_eq!(folder("setup.cfg"), Some(PathBuf::new()));
        assert_eq!(folder("app/pyproject.toml"), Some(PathBuf::from("app")));
        assert_eq!(folder("app/config/checkstyle/checkstyle.xml"), Some(PathBuf::from("app")));
        assert_eq!(folder("app/mysetup.cfg"), None);
        assert_eq!(folder("README.md"), None);
    }
}
