//! Which packages a Go file imports. A package is a folder: a file needs its own folder and those it imports.

use std::path::{Path, PathBuf};

use super::{Language, Needs};

/// The modules of a repository: their names and folders.
pub struct Go {
    modules: Vec<(String, PathBuf)>,
}

impl Go {
    /// The modules of these files.
    pub fn new(files: &[PathBuf], read: &dyn Fn(&Path) -> Option<Vec<u8>>) -> Self {
        let manifests = files.iter().filter(|file| file.file_name().is_some_and(|name| name == "go.mod"));
        let module = |file: &PathBuf| {
            let text = String::from_utf8_lossy(&read(file)?).into_owned();
            let name = text.lines().find_map(|line| line.strip_prefix("module "))?;
            let name = name.split("//").next()?.trim().trim_matches('"').to_owned();
            Some((name, file.parent()?.to_owned()))
        };
        Self { modules: manifests.filter_map(module).collect() }
    }

    fn folder_of(&self, package: &str) -> Option<PathBuf> {
        self.modules.iter().find_map(|(name, folder)| {
            let rest = package.strip_prefix(name.as_str())?;
            let inside = rest.is_empty().then_some("").or_else(|| rest.strip_prefix('/'))?;
            Some(if inside.is_empty() { folder.clone() } else { folder.join(inside) })
        })
    }
}

impl Language for Go {
    fn needs(&self, file: &Path, text: &str) -> Needs {
        let own = file.parent().map(Path::to_owned);
        let files = imported(text).filter_map(|package| self.folder_of(package)).chain(own).collect();
        Needs { files, unknown: false }
    }

    fn unit(&self, file: &Path) -> PathBuf {
        let is_test = file.to_str().is_some_and(|name| name.ends_with("_test.go"));
        if is_test { file.to_owned() } else { file.parent().unwrap_or(Path::new("")).to_owned() }
    }
}

/// The quoted names of `import "a"` and of the lines of `import ( … )`, which stand before everything else.
fn imported(text: &str) -> impl Iterator<Item = &str> {
    let is_code =
        |line: &&str| ["func ", "type ", "var ", "const "].iter().any(|word| line.starts_with(word));
    text.lines().take_while(move |line| !is_code(line)).filter_map(|line| line.split('"').nth(1))
}
