//! Which classes a Java file needs, and those of Kotlin, Groovy and Scala: by `import`, and by name within its package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Language, Needs};

/// The classes of a repository.
pub struct Java<'a> {
    /// Files by the name of their class.
    classes: BTreeMap<&'a str, Vec<&'a Path>>,
}

impl<'a> Java<'a> {
    /// The classes of these files.
    pub fn new(files: &'a [PathBuf]) -> Self {
        let mut classes: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
        for file in files {
            if let Some(stem) = file.file_stem().and_then(|stem| stem.to_str()) {
                classes.entry(stem).or_default().push(file);
            }
        }
        Self { classes }
    }
}

impl Language for Java<'_> {
    fn needs(&self, _: &Path, text: &str) -> Needs {
        let line = |start: &'static str| text.lines().filter_map(move |line| line.trim().strip_prefix(start));
        let clean = |name: &str| name.trim().trim_end_matches(';').trim().replace('.', "/");
        let package: Vec<String> = line("package ").take(1).map(clean).collect();
        let imports: Vec<String> =
            line("import ").map(|name| clean(name.trim_start().trim_start_matches("static "))).collect();
        let whole =
            imports.iter().filter_map(|name| name.strip_suffix("/*").or_else(|| name.strip_suffix("/_")));
        let packages: Vec<&str> = whole.chain(package.iter().map(String::as_str)).collect();
        let mut files = BTreeSet::new();
        for name in &imports {
            // `import static a.B.run` names a member of a class.
            let member = name.rsplit_once('/').map_or("", |(class, _)| class);
            files.extend([name.as_str(), member].iter().flat_map(|class| self.class(class)));
        }
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for word in words.into_iter().filter(|word| word.starts_with(char::is_uppercase)) {
            files.extend(packages.iter().flat_map(|package| self.class(&format!("{package}/{word}"))));
        }
        Needs { files, unknown: text.contains("Class.forName(") }
    }
}

impl Java<'_> {
    /// The files of a class, its package and name joined by `/`.
    fn class(&self, name: &str) -> Vec<PathBuf> {
        let simple = name.rsplit('/').next().unwrap_or(name);
        let candidates = self.classes.get(simple).into_iter().flatten();
        candidates
            .filter(|path| path.with_extension("").ends_with(name))
            .map(|path| (*path).to_owned())
            .collect()
    }
}
