//! Tests in files of source, as vitest runs them: blocks that begin with `if (import.meta.vitest)`.

use std::ops::RangeInclusive;

/// What marks such a block.
pub const MARK: &str = "import.meta.vitest";

/// The lines of the blocks, counted from 1.
pub fn test_lines(text: &str) -> Vec<RangeInclusive<u64>> {
    let mut found: Vec<RangeInclusive<u64>> = Vec::new();
    for (place, _) in text.match_indices(MARK) {
        let before = text.get(..place).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        let is_condition = text.get(line..place).unwrap_or_default().trim_start().starts_with("if");
        let first = line_of(text, place);
        if !is_condition || found.last().is_some_and(|range| range.contains(&first)) {
            continue;
        }
        let Some(open) = text.get(place..).and_then(|rest| rest.find('{')).map(|open| place + open) else {
            continue;
        };
        found.push(first..=line_of(text, end_of_block(text, open)));
    }
    found
}

fn line_of(text: &str, place: usize) -> u64 {
    let lines = text.get(..place).unwrap_or_default().bytes().filter(|byte| *byte == b'\n').count();
    lines as u64 + 1
}

/// The place of the brace that closes the one at `open`; the end of the text if there is none.
fn end_of_block(text: &str, open: usize) -> usize {
    let bytes = text.as_bytes();
    let (mut place, mut depth, mut quote) = (open, 0_u32, None);
    while let Some(byte) = bytes.get(place).copied() {
        let rest = text.get(place..).unwrap_or_default();
        let skipped_to = |mark: &str| rest.find(mark).map_or(text.len(), |end| place + end);
        match (quote, byte) {
            (Some(_), b'\\') => place += 1,
            (Some(mark), _) if mark == byte => quote = None,
            (None, b'\'' | b'"' | b'`') => quote = Some(byte),
            (None, b'/') if rest.starts_with("//") => place = skipped_to("\n"),
            (None, b'/') if rest.starts_with("/*") => place = skipped_to("*/"),
            (None, b'{') => depth += 1,
            (None, b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return place;
                }
            }
            // Text in quotes, and all that is neither quote, comment nor brace.
            _ => {}
        }
        place += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_to_their_last_line() {
        let text = "export const a = 1;\nif (import.meta.vitest) {\n  const { test } = import.meta.vitest;\n  // }\n  test('}', () => { /* } */ });\n}\nexport const b = 2;\n";
        assert_eq!(test_lines(text), [2..=6]);
        assert_eq!(test_lines("const x = import.meta.vitest;\n"), []);
        assert_eq!(test_lines("if (import.meta.vitest) {\n"), [1..=2]);
    }
}
