//! Compares the only file a formatter was given with the file it printed.

use std::path::Path;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::style::known::Known;

pub use super::diff::Block;
use super::diff::describe;
use crate::style::clean::one_line;

/// The lines that the printed file has differently. A formatter that prints nothing has failed; no file is formatted
/// by emptying it.
pub fn blocks(output: &[u8], known: &Known<'_>) -> Vec<Block> {
    let Some(path) = known.only().filter(|_| !output.is_empty()) else { return Vec::new() };
    let Ok(old) = std::fs::read(known.on_disk(path)) else { return Vec::new() };
    between(path, &old, output)
}

/// The lines that the newer text of a file has differently.
pub fn between(path: &Path, old: &[u8], new: &[u8]) -> Vec<Block> {
    let (old, new) = (lines(old), lines(new));
    // Lines that are there once hold the sides together, so that a file that was formatted throughout is not slow.
    let operations = capture_diff_slices(Algorithm::Patience, &old, &new);
    let texts = |lines: &[&[u8]]| -> Vec<String> {
        lines.iter().map(|line| one_line(&String::from_utf8_lossy(line))).collect()
    };
    let block = |operation: &DiffOp| {
        let (old_range, new_range) = (operation.old_range(), operation.new_range());
        let removed = texts(old.get(old_range.clone()).unwrap_or_default());
        let added = texts(new.get(new_range.clone()).unwrap_or_default());
        Block {
            path: path.to_owned(),
            old_start: old_range.start as u64 + 1,
            old_lines: old_range.len() as u64,
            new_start: new_range.start as u64 + 1,
            new_lines: new_range.len() as u64,
            text: describe(&removed, &added),
        }
    };
    let differs = |operation: &&DiffOp| !matches!(operation, DiffOp::Equal { .. });
    operations.iter().filter(differs).map(block).collect()
}

/// With their ends, so that a missing last newline is a difference.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}
