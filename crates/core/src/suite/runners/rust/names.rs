//! From the name of a test, `auth::tests::rejects`, to the file it is in, and back.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Follows modules to their files, below the root of a slot or twin.
pub struct Names<'a> {
    root: &'a Path,
    known: RefCell<HashMap<(PathBuf, String), Option<PathBuf>>>,
}

impl<'a> Names<'a> {
    /// For the files below `root`.
    pub fn new(root: &'a Path) -> Self {
        Self { root, known: RefCell::default() }
    }

    /// The file that holds a test of the target whose first file is `source`. Modules without a file of their own are
    /// in that of the module around them.
    pub fn file_of(&self, source: &Path, test: &str) -> PathBuf {
        let mut file = source.to_owned();
        let mut folder = source.parent().map(Path::to_owned).unwrap_or_default();
        let modules: Vec<&str> = test.split("::").collect();
        for module in modules.split_last().map(|(_, modules)| modules).unwrap_or_default() {
            if let Some(inner) = self.module(&file, &folder, module) {
                folder = folder_of_modules(&inner);
                file = inner;
            } else {
                folder.push(module);
            }
        }
        file
    }

    /// The file of a module that is declared in `file`, whose modules are in `folder`.
    fn module(&self, file: &Path, folder: &Path, module: &str) -> Option<PathBuf> {
        let key = (folder.join(module), file.to_string_lossy().into_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let beside = [folder.join(format!("{module}.rs")), folder.join(module).join("mod.rs")];
        let found = beside.into_iter().find(|path| self.root.join(path).is_file());
        let found = found.filter(|path| path != file).or_else(|| self.placed(file, module));
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    /// What `#[path = "…"]` before `mod name` says.
    fn placed(&self, file: &Path, module: &str) -> Option<PathBuf> {
        let text = std::fs::read_to_string(self.root.join(file)).ok()?;
        let declaration = format!("mod {module};");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let place = lines.iter().position(|line| line.ends_with(&declaration))?;
        let attributes = lines.get(place.saturating_sub(4)..=place)?;
        let path =
            attributes.iter().rev().find_map(|line| line.split_once("#[path = \"")?.1.split_once('"'))?.0;
        let path = file.parent().unwrap_or(Path::new("")).join(path);
        self.root.join(&path).is_file().then_some(path)
    }
}

/// Where the modules declared in a file are looked for.
pub fn folder_of_modules(file: &Path) -> PathBuf {
    let parent = file.parent().unwrap_or(Path::new(""));
    match file.file_stem() {
        Some(stem) if stem != "mod" => parent.join(stem),
        _ => parent.to_owned(),
    }
}

/// The id of a test: its file, then its whole name, which the harness knows it by.
pub fn id(file: &Path, name: &str) -> String {
    format!("{}::{name}", crate::suite::text_of_path(file))
}

/// The name in an id.
pub fn name_of(id: &str) -> &str {
    let name = id.split_once("::").map_or("", |(_, name)| name);
    name.split_once(" (in ").map_or(name, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_modules_to_files() {
        let root = tempfile::tempdir().unwrap();
        let files = [
            ("src/lib.rs", ""),
            ("src/auth.rs", "#[cfg(test)]\n#[path = \"auth_checks.rs\"]\nmod tests;\n"),
            ("src/auth_checks.rs", ""),
            ("src/till/mod.rs", ""),
            ("src/till/sum.rs", ""),
            ("src/bin/tool.rs", ""),
            ("tests/it/main.rs", ""),
            ("tests/it/login.rs", ""),
        ];
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let names = Names::new(root.path());
        let file = |source: &str, test: &str| names.file_of(Path::new(source), test).display().to_string();
        assert_eq!(file("src/lib.rs", "tests::works"), "src/lib.rs");
        assert_eq!(file("src/lib.rs", "top"), "src/lib.rs");
        assert_eq!(file("src/lib.rs", "auth::tests::rejects"), "src/auth_checks.rs");
        assert_eq!(file("src/lib.rs", "auth::inner::rejects"), "src/auth.rs");
        assert_eq!(file("src/lib.rs", "till::sum::tests::adds"), "src/till/sum.rs");
        assert_eq!(file("src/lib.rs", "till::tests::adds"), "src/till/mod.rs");
        assert_eq!(file("src/bin/tool.rs", "tests::runs"), "src/bin/tool.rs");
        assert_eq!(file("tests/it/main.rs", "login::rejects"), "tests/it/login.rs");
        assert_eq!(name_of(&id(Path::new("src/a.rs"), "a::tests::b")), "a::tests::b");
        assert_eq!(name_of("src/a.rs::a::tests::b (in tool)"), "a::tests::b");
    }
}
