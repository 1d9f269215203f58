//! Which files a JavaScript or TypeScript file imports.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::{Language, Needs, plain};

/// Endings that may be left out, or that stand for another one in TypeScript.
const ENDINGS: &[&str] =
    &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte", "d.ts", "json"];

/// The modules of a repository.
pub struct JavaScript<'a> {
    files: HashSet<&'a Path>,
    /// Files by their name without ending, for aliases such as `@/auth`.
    by_stem: BTreeMap<&'a str, Vec<&'a Path>>,
}

impl<'a> JavaScript<'a> {
    /// The modules of these files.
    pub fn new(files: &'a [PathBuf]) -> Self {
        let mut by_stem: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
        for file in files {
            if let Some(stem) = file.file_stem().and_then(|stem| stem.to_str()) {
                by_stem.entry(stem).or_default().push(file);
            }
        }
        Self { files: files.iter().map(PathBuf::as_path).collect(), by_stem }
    }

    fn resolve(&self, file: &Path, name: &str) -> Found<'a> {
        if name.starts_with('.') {
            let target = plain(&file.parent().unwrap_or(Path::new("")).join(name));
            let found = target.and_then(|target| self.file_at(&target));
            return found.map_or(Found::Unknown, |found| Found::Files(vec![found]));
        }
        let alias = ["@/", "~/", "#", "src/"].iter().find_map(|start| name.strip_prefix(start));
        alias.map_or(Found::Foreign, |rest| Found::Files(self.ending_with(Path::new(rest))))
    }

    fn file_at(&self, target: &Path) -> Option<&'a Path> {
        let with = |ending: &str| {
            let mut name = target.as_os_str().to_owned();
            name.push(".");
            name.push(ending);
            PathBuf::from(name)
        };
        let as_named = std::iter::once(target.to_owned());
        let longer = ENDINGS.iter().map(|ending| with(ending));
        let other = ENDINGS.iter().map(|ending| target.with_extension(ending));
        let index = ENDINGS.iter().map(|ending| target.join("index").with_extension(ending));
        as_named
            .chain(longer)
            .chain(other)
            .chain(index)
            .find_map(|path| self.files.get(path.as_path()).copied())
    }

    /// Files whose path, without its ending, ends with this.
    fn ending_with(&self, wanted: &Path) -> Vec<&'a Path> {
        let stem = wanted.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let candidates = self.by_stem.get(stem).into_iter().flatten();
        let wanted = wanted.with_extension("");
        candidates.copied().filter(|path| path.with_extension("").ends_with(&wanted)).collect()
    }
}

enum Found<'a> {
    Files(Vec<&'a Path>),
    /// A package.
    Foreign,
    /// Nothing is there now: a build may put it there.
    Unknown,
}

impl Language for JavaScript<'_> {
    fn needs(&self, file: &Path, text: &str) -> Needs {
        let mut needs = Needs::default();
        for specifier in specifiers(text) {
            let Specifier::Named(name) = specifier else {
                needs.unknown = true;
                continue;
            };
            match self.resolve(file, name) {
                Found::Files(found) => needs.files.extend(found.into_iter().map(Path::to_owned)),
                Found::Foreign => {}
                Found::Unknown => needs.unknown = true,
            }
        }
        needs
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Specifier<'a> {
    Named(&'a str),
    Computed,
}

/// What stands behind `from`, `import`, `import(` and `require(`.
fn specifiers(text: &str) -> Vec<Specifier<'_>> {
    let mut found = Vec::new();
    for word in ["from", "import", "require"] {
        for (place, _) in text.match_indices(word) {
            let before = text.get(..place).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
            let is_part = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
            if is_part || line.starts_with("//") || line.starts_with('*') {
                continue;
            }
            found.extend(specifier(word, text.get(place + word.len()..).unwrap_or_default()));
        }
    }
    found
}

fn specifier<'a>(word: &str, rest: &'a str) -> Option<Specifier<'a>> {
    let rest = rest.trim_start();
    let (is_call, rest) = match rest.strip_prefix('(') {
        Some(inside) => (true, inside.trim_start()),
        None => (false, rest),
    };
    let needs_call = word == "require";
    if (is_call && word == "from") || (!is_call && needs_call) {
        return None;
    }
    let Some(mark) = rest.chars().next().filter(|mark| matches!(mark, '\'' | '"' | '`')) else {
        return (is_call && rest.starts_with(|c: char| c.is_alphanumeric())).then_some(Specifier::Computed);
    };
    let name = rest.get(1..)?.split(mark).next()?;
    Some(if name.contains("${") { Specifier::Computed } else { Specifier::Named(name) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_import_is_read() {
        let text = "import a from './a'\nimport './b'\nexport * from \"./c\"\nconst d = require('./d')\n\
                    await import(`./e`)\nimport(name)\nArray.from('./f')\n// import './g'\nfromage('./h')\n";
        let mut found: Vec<String> = specifiers(text).iter().map(|one| format!("{one:?}")).collect();
        found.sort();
        let named = ["./a", "./b", "./c", "./d", "./e"].map(|name| format!("{:?}", Specifier::Named(name)));
        assert_eq!(found, ["Computed".to_owned()].into_iter().chain(named).collect::<Vec<_>>());
    }
}
