//! The blocks of a page that hold output.

use std::fmt::Write;

use anyhow::{Result, ensure};

use super::stage::Shots;

const OPEN: &str = "<!-- output: ";
const CLOSE: &str = " -->";
const FENCE: &str = "```";

/// The page with its blocks filled, and the names of the shots it shows. A marked line is followed by a block of
/// code, which is replaced, or by none, then one is added.
pub fn filled(text: &str, shots: &Shots) -> Result<(String, Vec<String>)> {
    let mut result = String::new();
    let mut used = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        result.push_str(line);
        result.push('\n');
        let name = line.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE));
        let Some(name) = name else { continue };
        if let Some(opening) = lines.next_if(|line| line.starts_with(FENCE)) {
            let closing: String = opening.chars().take_while(|c| *c == '`').collect();
            ensure!(lines.by_ref().any(|line| line == closing), "the block of `{name}` does not end");
        }
        let shot = shots.get(name)?;
        // A block that holds a block needs a longer fence.
        let fence = if shot.contains(FENCE) { "````" } else { FENCE };
        write!(result, "{fence}console\n{shot}\n{fence}\n")?;
        used.push(name.to_owned());
    }
    Ok((result, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_filled_and_the_rest_is_kept() {
        let mut shots = Shots::default();
        shots.keep("git hotfix list", "$ git hotfix list\nno hotfix is open");
        let page = "# List\n\n<!-- output: git hotfix list -->\n```console\nold\n\nlines\n```\n\nText.\n```\nkept\n```\n";
        let (text, used) = filled(page, &shots).unwrap();
        assert_eq!(
            text,
            "# List\n\n<!-- output: git hotfix list -->\n```console\n$ git hotfix list\nno hotfix is open\n```\n\n\
             Text.\n```\nkept\n```\n"
        );
        assert_eq!(used, ["git hotfix list"]);
        assert_eq!(filled(&text, &shots).unwrap().0, text);
    }

    #[test]
    fn a_block_that_holds_a_block_is_found_again() {
        let mut shots = Shots::default();
        shots.keep("a", "$ a\n```\ninside\n```\nafter");
        let (text, _) = filled("<!-- output: a -->\n", &shots).unwrap();
        assert_eq!(text, "<!-- output: a -->\n````console\n$ a\n```\ninside\n```\nafter\n````\n");
        assert_eq!(filled(&text, &shots).unwrap().0, text);
    }

    #[test]
    fn a_block_is_added_where_there_is_none_and_an_unknown_one_is_an_error() {
        let mut shots = Shots::default();
        shots.keep("a", "$ a");
        assert_eq!(
            filled("<!-- output: a -->\n", &shots).unwrap().0,
            "<!-- output: a -->\n```console\n$ a\n```\n"
        );
        assert!(filled("<!-- output: b -->\n", &shots).is_err());
        assert!(filled("<!-- output: a -->\n```console\n", &shots).is_err());
    }
}
