//! Reads what V8 says of the code it ran, as Node writes it (`NODE_V8_COVERAGE`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::suite::{Footprint, Lines, paths};

#[derive(Deserialize)]
struct Report {
    result: Vec<Script>,
}

#[derive(Deserialize)]
struct Script {
    url: String,
    functions: Vec<Function>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    ranges: Vec<Range>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    start_offset: usize,
    end_offset: usize,
    count: u64,
}

/// The files of the repository that were loaded, with the lines of functions that ran. Where the code that ran is not
/// the text of the file, because a tool translated it, there are no lines. A file that was only loaded has none either.
pub fn read(root: &Path, reports: &Path) -> Footprint {
    let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut found: BTreeMap<String, Lines> = BTreeMap::new();
    for entry in fs::read_dir(reports).into_iter().flatten().flatten() {
        let Ok(bytes) = fs::read(entry.path()) else { continue };
        let Ok(report) = serde_json::from_slice::<Report>(&bytes) else { continue };
        for script in &report.result {
            let path = Path::new(script.url.strip_prefix("file://").unwrap_or(&script.url));
            let Ok(file) = path.strip_prefix(&real) else { continue };
            if paths::is_skipped(file) {
                continue;
            }
            let text = fs::read_to_string(path).unwrap_or_default();
            found.entry(paths::text_of_path(file)).or_default().extend(lines(script, &text));
        }
    }
    for lines in found.values_mut() {
        lines.sort_unstable();
        lines.dedup();
    }
    found
}

/// The lines of the functions that ran, but for the module itself, which runs as soon as it is loaded.
fn lines(script: &Script, text: &str) -> Lines {
    let length = text.encode_utf16().count();
    let whole = |function: &&Function| {
        function.ranges.first().is_some_and(|range| range.start_offset == 0 && range.end_offset == length)
    };
    if !script.functions.iter().any(|function| whole(&function)) {
        return Lines::new();
    }
    let inner = script.functions.iter().filter(|function| !whole(function));
    let ran = inner.filter_map(|function| function.ranges.first()).filter(|range| range.count > 0);
    ran.map(|range| (line_at(text, range.start_offset), line_at(text, range.end_offset))).collect()
}

/// The line of a place, which V8 counts in units of UTF-16.
fn line_at(text: &str, offset: usize) -> u64 {
    text.encode_utf16().take(offset).filter(|unit| *unit == u16::from(b'\n')).count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_ran_are_told_by_their_lines() {
        let root = tempfile::tempdir().expect("a folder");
        let real = fs::canonicalize(root.path()).expect("a path");
        let text = "function ran() {\n  return 1;\n}\nfunction other() {}\n// é\n";
        fs::write(root.path().join("a.js"), text).expect("written");
        let place = |word: &str| text.find(word).unwrap_or_default();
        let (second, end) = (place("function other"), place("// "));
        let report = format!(
            r#"{{"result":[
                {{"url":"file://{0}/a.js","functions":[
                    {{"ranges":[{{"startOffset":0,"endOffset":{1},"count":1}}]}},
                    {{"ranges":[{{"startOffset":0,"endOffset":{2},"count":3}}]}},
                    {{"ranges":[{{"startOffset":{second},"endOffset":{end},"count":0}}]}}]}},
                {{"url":"file://{0}/b.ts","functions":[{{"ranges":[{{"startOffset":0,"endOffset":9,"count":1}}]}}]}},
                {{"url":"node:fs","functions":[]}},
                {{"url":"file://{0}/node_modules/x.js","functions":[]}}]}}"#,
            real.display(),
            text.encode_utf16().count(),
            second - 1,
        );
        let reports = root.path().join("reports");
        fs::create_dir(&reports).expect("made");
        fs::write(reports.join("coverage-1.json"), report).expect("written");
        fs::write(reports.join("coverage-2.json"), "{").expect("written");
        let wanted = [("a.js".to_owned(), vec![(1, 3)]), ("b.ts".to_owned(), Vec::new())];
        assert_eq!(read(root.path(), &reports), Footprint::from(wanted));
    }
}
