//! Links that lead nowhere.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// Links to files or headings that do not exist, from the documents at the root and from the manual, and pages of the
/// manual that its table of contents does not name.
pub fn broken(root: &Path) -> Result<Vec<String>> {
    let mut files = ["README.md", "ARCHITECTURE.md", "AGENTS.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(PathBuf::from)
        .to_vec();
    super::collect(root, Path::new("docs"), &mut files)?;
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(root.join(&file)).with_context(|| file.display().to_string())?;
        for target in links(&text) {
            if !leads_somewhere(root, &file, &target)? {
                wrong.push(format!("{}: the link to `{target}` leads nowhere", file.display()));
            }
        }
    }
    wrong.extend(unlisted(root)?);
    Ok(wrong)
}

fn unlisted(root: &Path) -> Result<Vec<String>> {
    let folder = Path::new("docs/src");
    let listed = links(&fs::read_to_string(root.join(folder).join("SUMMARY.md"))?);
    let mut pages = Vec::new();
    super::collect(root, folder, &mut pages)?;
    let names = pages.iter().filter_map(|page| page.strip_prefix(folder).ok()?.to_str());
    let missing = names.filter(|name| *name != "SUMMARY.md" && listed.iter().all(|link| link != name));
    Ok(missing.map(|name| format!("docs/src/{name}: not in SUMMARY.md")).collect())
}

fn leads_somewhere(root: &Path, file: &Path, target: &str) -> Result<bool> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(true);
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = match path {
        "" => root.join(file),
        path => resolved(&root.join(file).with_file_name(path)),
    };
    if heading.is_empty() || !path.is_file() {
        return Ok(path.exists());
    }
    let text = fs::read_to_string(&path)?;
    Ok(outside_code(&text).filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading))
}

/// The path without `..`, so that it can be looked up below folders that do not exist.
fn resolved(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
        path
    })
}

/// The name of a heading in an address, as mdBook and forges make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The targets of all links of a text.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in outside_code(text) {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else { break };
            found.push(target.to_owned());
            rest = after;
        }
    }
    found
}

fn outside_code(text: &str) -> impl Iterator<Item = &str> {
    let mut fence = None;
    text.lines().filter(move |line| {
        let ticks = line.trim_start().chars().take_while(|c| *c == '`').count();
        match fence {
            None if ticks < 3 => return true,
            None => fence = Some(ticks),
            // A block ends with as many as it began with.
            Some(open) if ticks >= open => fence = None,
            Some(_) => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code() {
        let text =
            "See [a](one.md) and [b](../two.md#x-y).\n```\n[c](three.md)\n```\n[d](https://example.com)\n";
        assert_eq!(links(text), ["one.md", "../two.md#x-y", "https://example.com"]);
    }

    #[test]
    fn headings_and_files_must_exist() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("docs")).unwrap();
        fs::write(root.join("README.md"), "# Read `me` first!\n").unwrap();
        let leads = |target: &str| leads_somewhere(root, Path::new("docs/page.md"), target).unwrap();
        assert!(leads("../README.md#read-me-first"));
        assert!(leads("../docs"));
        assert!(!leads("../README.md#read"));
        assert!(!leads("README.md"));
    }
}
