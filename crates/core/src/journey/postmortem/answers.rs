//! The parts that only people can fill, and whether they did.

use crate::page::{Block, Section};

/// One part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its heading.
    pub name: &'static str,
    /// What to write there.
    pub question: &'static str,
}

/// What a post-mortem has to tell before it is done.
pub const PARTS: &[Part] = &[
    Part { name: "Impact", question: "Who could not do what, from when to when, and how many were they?" },
    Part {
        name: "Detection",
        question: "When did it begin, how was it noticed, and what would have noticed it earlier?",
    },
    Part { name: "Root cause", question: "What was wrong, and since which change?" },
    Part {
        name: "Why it got through",
        question: "Which review, test or alarm should have stopped it, and why did it not?",
    },
    ACTIONS,
];

/// The part in which everything needs an owner.
pub const ACTIONS: Part = Part {
    name: "Actions",
    question: "What keeps it from happening again? Every action has an owner: a row of the table, or a list item with \
               @name. If there is none, say why.",
};

/// What is not filled yet, in the order of the parts.
pub fn missing(sections: &[Section]) -> Vec<String> {
    PARTS.iter().flat_map(|part| missing_in(part, sections)).collect()
}

/// The section of a part, however its heading is written.
pub fn section<'a>(part: &Part, sections: &'a [Section]) -> Option<&'a Section> {
    sections.iter().find(|section| section.name.eq_ignore_ascii_case(part.name))
}

fn missing_in(part: &Part, sections: &[Section]) -> Vec<String> {
    let Some(section) = section(part, sections) else {
        return vec![format!("{}: the heading is gone", part.name)];
    };
    let filled = section.blocks.iter().any(is_filled);
    match (filled, part == &ACTIONS) {
        (false, _) => vec![part.name.to_owned()],
        (true, false) => Vec::new(),
        (true, true) => section.blocks.iter().flat_map(without_owner).collect(),
    }
}

/// What people wrote in a section: rows of a table that are still empty are left out.
pub fn written(section: &Section) -> Vec<Block> {
    let filled = section.blocks.iter().filter(|block| block.kind == "heading" || is_filled(block));
    let rows = |block: &Block| block.rows.iter().filter(|row| has_words(row)).cloned().collect();
    let blocks: Vec<Block> = filled.map(|block| Block { rows: rows(block), ..block.clone() }).collect();
    if blocks.iter().any(is_filled) { blocks } else { Vec::new() }
}

fn is_filled(block: &Block) -> bool {
    match block.kind {
        "rows" => block.rows.iter().any(|row| has_words(row)),
        "heading" => false,
        _ => !block.text.trim_start_matches(['☐', '☑', ' ']).is_empty(),
    }
}

fn has_words(row: &[String]) -> bool {
    row.iter().any(|cell| !cell.is_empty())
}

/// The actions of a block that nobody is named for.
fn without_owner(block: &Block) -> Vec<String> {
    let named = |action: &str| format!("{}: who does “{action}”?", ACTIONS.name);
    match block.kind {
        "rows" => {
            let filled = block.rows.iter().filter(|row| has_words(row));
            let open = filled.filter(|row| row.get(1).is_none_or(String::is_empty));
            open.map(|row| named(row.first().map_or("", String::as_str))).collect()
        }
        "item" if !block.text.contains('@') => vec![named(block.text.trim_start_matches(['☐', '☑', ' ']))],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::sections;

    const OTHERS: &str = "## Impact\na\n## detection\nb\n## Root cause\nc\n## Why it got through\nd\n";

    fn missing_of(actions: &str) -> Vec<String> {
        missing(&sections(&format!("{OTHERS}{actions}")))
    }

    #[test]
    fn empty_parts_and_lost_headings_are_missing() {
        let none =
            missing(&sections("## Impact\n<!-- who? -->\n\n## Detection\n\n## Root cause\nx\n## Actions\n"));
        assert_eq!(none, ["Impact", "Detection", "Why it got through: the heading is gone", "Actions"]);
        assert_eq!(missing_of("").len(), 1);
    }

    #[test]
    fn every_action_has_an_owner() {
        let table = |rows: &str| format!("## Actions\n| action | owner | due |\n|---|---|---|\n{rows}");
        assert_eq!(missing_of(&table("| | | |\n")), ["Actions"]);
        assert_eq!(missing_of(&table("| alarm | | |\n| test | Ada | |\n")), ["Actions: who does “alarm”?"]);
        assert_eq!(missing_of(&table("| alarm | Grace | |\n| | | |\n")), Vec::<String>::new());
        assert_eq!(missing_of("## Actions\n- [ ] alarm\n"), ["Actions: who does “alarm”?"]);
        assert_eq!(missing_of("## Actions\n- [x] alarm @grace\n"), Vec::<String>::new());
        assert_eq!(missing_of("## Actions\nNone: the code is gone.\n"), Vec::<String>::new());
    }
}
