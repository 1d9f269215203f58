//! `cargo xtask docs`: the parts of the manual that the code knows best are written from it.

mod commands;
mod links;
mod output;
mod reference;
mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::workspace::root;

/// Exit codes, variables, configuration, schemas, commands, the manual page, and all output that the manual shows.
#[derive(Args)]
pub struct DocsArgs {
    /// Write nothing; fail if something would change.
    #[arg(long)]
    check: bool,
}

/// A file made from the code.
pub struct Page {
    /// Relative to the root of the repository.
    pub path: PathBuf,
    pub text: String,
}

/// Makes pages, given the root of the repository.
type Generator = fn(&Path) -> Result<Vec<Page>>;

/// All generators. A new one is a function and a line here.
const GENERATORS: &[(&str, Generator)] = &[
    ("exit codes", reference::exit_codes),
    ("variables", reference::variables),
    ("configuration", reference::configuration),
    ("schemas", schema::schemas),
    ("commands", commands::pages),
    ("output", output::pages),
];

/// The folders in which a file with [`MARK`], or a schema, that no generator makes is a leftover.
const FOLDERS: &[&str] = &["docs/src/reference", "docs/schema"];

/// The first line of every generated page.
pub const MARK: &str = "<!-- Written by `cargo xtask docs` from the code; change it there. -->";

/// Writes or checks.
pub fn run(args: &DocsArgs) -> Result<()> {
    if args.check { check() } else { write(&root()?) }
}

/// Fails, naming the files, if the manual differs from the code.
pub fn check() -> Result<()> {
    let root = root()?;
    let mut wrong = differences(&root, &generate(&root)?)?;
    if wrong.is_empty() {
        wrong = links::broken(&root)?;
    }
    if !wrong.is_empty() {
        bail!("the manual is not as it should be; run `cargo xtask docs`:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

fn write(root: &Path) -> Result<()> {
    let pages = generate(root)?;
    for leftover in leftovers(root, &pages)? {
        println!("removes {}", leftover.display());
        fs::remove_file(root.join(leftover))?;
    }
    for page in pages {
        let path = root.join(&page.path);
        if fs::read_to_string(&path).ok().as_ref() != Some(&page.text) {
            println!("writes {}", page.path.display());
            fs::create_dir_all(path.parent().context("a file in a folder")?)?;
            fs::write(&path, &page.text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

fn generate(root: &Path) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for (name, generator) in GENERATORS {
        pages.extend(generator(root).with_context(|| format!("cannot make {name}"))?);
    }
    Ok(pages)
}

fn differences(root: &Path, pages: &[Page]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for page in pages {
        match fs::read_to_string(root.join(&page.path)) {
            Ok(text) if text == page.text => {}
            Ok(text) => {
                let line = first_difference(&text, &page.text);
                wrong.push(format!("{}, line {line}", page.path.display()));
            }
            Err(_) => wrong.push(format!("{}, which is missing", page.path.display())),
        }
    }
    for leftover in leftovers(root, pages)? {
        wrong.push(format!("{}, which nothing makes any more", leftover.display()));
    }
    Ok(wrong)
}

/// All Markdown files below a folder of the repository, in order.
pub fn collect(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| folder.display().to_string())?;
    let mut names: Vec<_> = entries.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    names.sort();
    for path in names.into_iter().map(|name| folder.join(name)) {
        if root.join(&path).is_dir() {
            collect(root, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(())
}

fn first_difference(one: &str, other: &str) -> usize {
    1 + one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count()
}

fn leftovers(root: &Path, pages: &[Page]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = Path::new(folder).join(entry?.file_name());
            let made = pages.iter().any(|page| page.path == path);
            if !made && is_generated(&root.join(&path)) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn is_generated(path: &Path) -> bool {
    let schema = path.extension().is_some_and(|extension| extension == "json");
    schema || fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let page = |name: &str, text: &str| Page { path: name.into(), text: text.to_owned() };
        let pages = [page("same.md", "a\n"), page("other.md", "a\nb\n"), page("missing.md", "a\n")];
        fs::write(root.join("same.md"), "a\n").unwrap();
        fs::write(root.join("other.md"), "a\nc\n").unwrap();
        fs::create_dir_all(root.join("docs/schema")).unwrap();
        fs::write(root.join("docs/schema/old.json"), "{}").unwrap();
        assert_eq!(
            differences(root, &pages).unwrap(),
            [
                "other.md, line 2",
                "missing.md, which is missing",
                "docs/schema/old.json, which nothing makes any more"
            ]
        );
    }

    #[test]
    fn pages_written_by_hand_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("docs/src/reference")).unwrap();
        fs::write(folder.path().join("docs/src/reference/record.md"), "# The record\n").unwrap();
        assert_eq!(leftovers(folder.path(), &[]).unwrap(), Vec::<PathBuf>::new());
    }
}
