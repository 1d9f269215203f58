//! Output that the manual and the README show. A comment in a page names the command; the block below it is written
//! by really typing that command in a project made for it, so that the manual cannot show what the program does not
//! print.

mod after;
mod page;
mod scenes;
mod stage;
mod steady;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Page;
use crate::tools::{self, State};
use crate::workspace;

/// All pages with output in them, as they should be. None on a machine without the Python tools, which is said.
pub fn pages(root: &Path) -> Result<Vec<Page>> {
    if let State::Without(reason) = tools::python(true)? {
        println!("   output in the manual is left as it is: without Python tools ({reason})");
        return Ok(Vec::new());
    }
    let program = workspace::debug_binary()?;
    let shots = scenes::all(&program)?;
    let mut used = Vec::new();
    let mut pages = Vec::new();
    for path in files(root)? {
        let text = fs::read_to_string(root.join(&path)).with_context(|| path.display().to_string())?;
        let (text, keys) = page::filled(&text, &shots).with_context(|| path.display().to_string())?;
        if !keys.is_empty() {
            pages.push(Page { path, text });
        }
        used.extend(keys);
    }
    let unused: Vec<&str> = shots.names().filter(|name| !used.iter().any(|key| key == name)).collect();
    ensure!(unused.is_empty(), "typed but shown on no page: {}", unused.join("; "));
    Ok(pages)
}

/// The README and every page of the manual that is written by hand.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::from("README.md")];
    super::collect(root, Path::new("docs/src"), &mut found)?;
    Ok(found)
}
