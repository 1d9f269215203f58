//! The file `packed-refs` (git-pack-refs(1)): one line per ref, sorted by name, `^` lines for what tags point at.

use crate::git::Oid;

/// The first line of a file whose refs are sorted.
const SORTED: &str = " sorted ";

/// The refs of the file whose names begin with `prefix`, in any order; `None` if a line is none we know.
pub(super) fn below<'a>(file: &'a [u8], prefix: &'a [u8], width: usize) -> Option<Vec<(&'a [u8], Oid)>> {
    let (header, lines) = split_header(file);
    let sorted = String::from_utf8_lossy(header).contains(SORTED);
    let lines = if sorted { lines.get(first_at_least(lines, prefix, width)?..)? } else { lines };
    let mut found = Vec::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n")?;
        if line.starts_with(b"^") {
            continue;
        }
        let (oid, name) = entry(line, width)?;
        if name.starts_with(prefix) {
            found.push((name, Oid::parse(std::str::from_utf8(oid).ok()?)?));
        } else if sorted && name > prefix {
            break;
        }
    }
    Some(found)
}

fn split_header(file: &[u8]) -> (&[u8], &[u8]) {
    let end = file.iter().position(|byte| *byte == b'\n').map_or(file.len(), |end| end + 1);
    if file.starts_with(b"#") { file.split_at(end) } else { file.split_at(0) }
}

/// `<oid> <name>`.
fn entry(line: &[u8], width: usize) -> Option<(&[u8], &[u8])> {
    let (oid, name) = line.split_at_checked(2 * width)?;
    Some((oid, name.strip_prefix(b" ")?))
}

/// Where the first line begins whose name is not smaller than `prefix`: a search by halves, for files with very many
/// refs.
fn first_at_least(lines: &[u8], prefix: &[u8], width: usize) -> Option<usize> {
    let (mut low, mut high) = (0, lines.len());
    while low < high {
        let middle = begin_of_entry(lines, low, low.midpoint(high));
        let line = lines.get(middle..)?.split(|byte| *byte == b'\n').next()?;
        if entry(line, width)?.1 < prefix {
            low = end_of_entry(lines, middle);
        } else {
            high = middle;
        }
    }
    Some(low)
}

/// The begin of the entry that holds this position; `low` is the begin of one.
fn begin_of_entry(lines: &[u8], low: usize, mut position: usize) -> usize {
    loop {
        let before = lines.get(low..position).unwrap_or_default();
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(low, |newline| low + newline + 1);
        if begin == low || lines.get(begin) != Some(&b'^') {
            return begin;
        }
        position = begin - 1;
    }
}

/// The begin of the entry after the one that begins here.
fn end_of_entry(lines: &[u8], begin: usize) -> usize {
    let mut end = begin;
    loop {
        let rest = lines.get(end..).unwrap_or_default();
        end += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |newline| newline + 1);
        if lines.get(end) != Some(&b'^') {
            return end;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(names: &[String], tags: usize, sorted: bool) -> Vec<u8> {
        let mut text = String::new();
        if sorted {
            text.push_str("# pack-refs with: peeled fully-peeled sorted \n");
        }
        for (number, name) in names.iter().enumerate() {
            text.extend([format!("{number:040x} {name}\n")]);
            if tags > 0 && number % tags == 0 {
                text.extend([format!("^{number:040x}\n")]);
            }
        }
        text.into_bytes()
    }

    proptest! {
        #[test]
        fn the_search_finds_what_a_look_at_every_line_finds(
            names in proptest::collection::btree_set("refs/[a-c]/[a-c]{1,3}", 0..40),
            prefix in "refs/[a-c](/[a-c]{0,2})?",
            tags in 0_usize..4,
            sorted in any::<bool>(),
        ) {
            let names: Vec<String> = names.into_iter().collect();
            let file = file(&names, tags, sorted);
            let found = below(&file, prefix.as_bytes(), 20).unwrap();
            let found: Vec<String> =
                found.into_iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
            let wanted: Vec<String> =
                names.into_iter().filter(|name| name.starts_with(&prefix)).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn a_line_that_is_none_makes_the_answer_unknown() {
        assert_eq!(below(b"nonsense\n", b"refs/", 20), None);
        let torn = format!("{:040x} refs/heads/a\n{:040x} refs/he", 1, 2);
        assert_eq!(below(torn.as_bytes(), b"refs/", 20), None);
    }
}
