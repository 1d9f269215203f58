//! Reads the XML of Checkstyle, which many linters print.

use crate::style::clean::one_line;
use crate::style::known::Known;
use crate::style::linter::{Message, Said};

use super::lines::said;

/// Passes on every `<error>`.
pub fn read(output: &[u8], known: &Known<'_>, hear: &mut dyn FnMut(Said)) {
    let text = String::from_utf8_lossy(output);
    let Some(document) = document(&text).and_then(|text| roxmltree::Document::parse(text).ok()) else {
        return;
    };
    for error in document.descendants().filter(|node| node.has_tag_name("error")) {
        let file = error.parent().and_then(|file| file.attribute("name"));
        let number = |name| error.attribute(name).and_then(|number| number.parse::<u64>().ok());
        let (Some(file), Some(first)) = (file, number("line")) else { continue };
        let rule = error.attribute("source").and_then(|source| source.rsplit('.').next()).unwrap_or_default();
        let text = one_line(&format!("{rule} {}", error.attribute("message").unwrap_or_default()));
        let message = |path| Message { path, first, last: first, column: number("column"), text };
        said(known, file.as_bytes(), message).into_iter().for_each(&mut *hear);
    }
}

/// The document without what else was printed around it.
fn document(text: &str) -> Option<&str> {
    const END: &str = "</checkstyle>";
    let start = text.find("<?xml").or_else(|| text.find("<checkstyle"))?;
    let end = text.rfind(END)? + END.len();
    text.get(start..end)
}
