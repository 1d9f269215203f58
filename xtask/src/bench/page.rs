//! The page of the manual that shows what was measured. Each table lies between two comments, so that the next run
//! replaces it and leaves the words around it alone.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::root;

/// The page.
const PAGE: &str = "docs/src/performance.md";

/// Prints a table with what it was measured on, and puts it into the manual unless `print_only`.
pub fn show(name: &str, title: &str, table: &str, print_only: bool) -> Result<()> {
    let text = format!("**{title}**\n\n{table}\n\n{}", machine()?);
    println!("{text}\n");
    if print_only {
        return Ok(());
    }
    let path = root()?.join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    fs::write(&path, replaced(&page, name, &text)).with_context(|| path.display().to_string())
}

/// The page with one table replaced, or added at its end.
fn replaced(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- measured: {name} -->"), format!("<!-- end of {name} -->"));
    let fresh = format!("{begin}\n\n{text}\n\n{end}");
    let old = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match old {
        Some((before, after)) => format!("{before}{fresh}{after}"),
        None => format!("{}\n\n{fresh}\n", page.trim_end()),
    }
}

/// What it was measured on and when, in one line.
fn machine() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let mut line = format!("{}, {}, {cores} cores", said("git", &["--version"])?, said("uname", &["-sr"])?);
    if let Ok(version) = said("wt", &["--version"]) {
        write!(line, ", {version}")?;
    }
    let date = jiff::Zoned::now().date();
    Ok(format!("Measured {date}: {line}."))
}

fn said(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output().with_context(|| program.to_owned())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_table_is_added_once_and_then_replaced_where_it_stands() {
        let first = replaced("# Page\n\nWords.\n", "start 20", "one");
        assert_eq!(
            first,
            "# Page\n\nWords.\n\n<!-- measured: start 20 -->\n\none\n\n<!-- end of start 20 -->\n"
        );
        let moved = format!("{first}\nMore words.\n");
        assert_eq!(replaced(&moved, "start 20", "two"), moved.replace("one", "two"));
        assert!(replaced(&moved, "start 2", "three").starts_with(&moved));
    }
}
