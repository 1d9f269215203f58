//! A Markdown text by its headings, as plain pieces. HTML in it is text, comments are left out, links are their words:
//! what people paste into a post-mortem cannot act in a page.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Serialize;

/// What stands below one heading of the second level, up to the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Section {
    /// The heading.
    pub name: String,
    /// What stands below it; empty if that is nothing but comments.
    pub blocks: Vec<Block>,
}

/// One piece of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Block {
    /// `text`, `item`, `code`, `heading` or `rows`.
    pub kind: &'static str,
    /// The words; empty for rows.
    pub text: String,
    /// The first row of a table.
    pub head: Vec<String>,
    /// Its other rows.
    pub rows: Vec<Vec<String>>,
}

/// The sections of a text, in its order.
pub fn sections(text: &str) -> Vec<Section> {
    let mut reader = Reader::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS) {
        reader.take(event);
    }
    reader.end();
    reader.sections
}

#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    /// The words gathered so far, and what they are.
    words: String,
    kind: &'static str,
    row: Vec<String>,
    table: Option<Block>,
    names: bool,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.finish(tag),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.words.push_str(&text);
            }
            // A block comes line by line; its comments may span several.
            Event::Html(text) => self.words.push_str(&text),
            Event::InlineHtml(text) => self.words.push_str(&without_comments(&text)),
            Event::TaskListMarker(done) => self.words.push_str(if done { "☑ " } else { "☐ " }),
            Event::SoftBreak | Event::HardBreak => self.words.push('\n'),
            Event::FootnoteReference(_) | Event::Rule => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.end();
                self.names = *level == HeadingLevel::H2;
                self.kind = "heading";
            }
            Tag::Paragraph | Tag::HtmlBlock if self.kind != "item" => self.begin("text"),
            Tag::Item => self.begin("item"),
            Tag::CodeBlock(_) => self.begin("code"),
            Tag::Table(_) => {
                self.end();
                self.table = Some(Block { kind: "rows", ..Block::default() });
            }
            _ => {}
        }
    }

    fn finish(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) if self.names => {
                let name = std::mem::take(&mut self.words).trim().to_owned();
                self.sections.push(Section { name, blocks: Vec::new() });
                self.names = false;
            }
            TagEnd::HtmlBlock => {
                self.words = without_comments(&self.words);
                self.end();
            }
            TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::Item => self.end(),
            TagEnd::Paragraph if self.kind != "item" => self.end(),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.words);
                self.row.push(cell.trim().to_owned());
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                let row = std::mem::take(&mut self.row);
                match &mut self.table {
                    Some(table) if tag == TagEnd::TableHead => table.head = row,
                    Some(table) => table.rows.push(row),
                    None => {}
                }
            }
            TagEnd::Table => {
                let table = self.table.take();
                self.push(table);
            }
            _ => {}
        }
    }

    fn begin(&mut self, kind: &'static str) {
        self.end();
        self.kind = kind;
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.words).trim().to_owned();
        let kind = std::mem::replace(&mut self.kind, "text");
        let block = (!text.is_empty()).then(|| Block { kind, text, ..Block::default() });
        self.push(block);
    }

    /// What stands before the first section belongs to none.
    fn push(&mut self, block: Option<Block>) {
        if let (Some(section), Some(block)) = (self.sections.last_mut(), block) {
            section.blocks.push(block);
        }
    }
}

/// The text without `<!-- … -->`. An open one reaches to the end, as in HTML.
fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let block = |block: &Block| match block.kind {
            "rows" => format!("rows {:?} {:?}", block.head, block.rows),
            kind => format!("{kind} {}", block.text),
        };
        let section = |section: Section| {
            std::iter::once(format!("# {}", section.name))
                .chain(section.blocks.iter().map(block))
                .collect::<Vec<_>>()
        };
        sections(text).into_iter().flat_map(section).collect()
    }

    #[test]
    fn a_text_is_told_apart_by_its_headings() {
        let text = "# Title\n\nintro\n\n## Impact\n<!-- who? -->\n\nAll *users*,\nfor [an hour](javascript:x).\n\n\
                    - one\n- [ ] two\n\n```\n## no heading\n```\n\n### Sub\n\n## Actions\n\n| what | who |\n|---|---|\n| fix | @ada |\n";
        assert_eq!(
            shown(text),
            [
                "# Impact",
                "text All users,\nfor an hour.",
                "item one",
                "item ☐ two",
                "code ## no heading",
                "heading Sub",
                "# Actions",
                "rows [\"what\", \"who\"] [[\"fix\", \"@ada\"]]",
            ]
        );
    }

    #[test]
    fn html_is_text_and_comments_are_nothing() {
        assert_eq!(shown("## A\n<!-- a\nb -->\n"), ["# A"]);
        assert_eq!(shown("## A\n<script>x</script> <!-- y\n"), ["# A", "text <script>x</script>"]);
        assert_eq!(shown("## A\na <b onclick=x>b</b> <!-- c -->\n"), ["# A", "text a <b onclick=x>b</b>"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r"(?s)(## |[-|`<>!\n ]|.|<!--|-->){0,60}") {
            sections(&text);
        }
    }
}
