//! What somebody probably meant.

/// The candidate most like `word`, if one is like it at all: at most two slips away, or a third of a long word.
/// Upper and lower case count as the same; of equally near candidates the first is taken.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    // Of a very short word two slips leave nothing.
    let limit = if length <= 3 { 1 } else { (length / 3).max(2) };
    let distance = |candidate: &'a str| {
        let slips = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
        // A word with nothing left of it is no hint.
        (slips <= limit && slips < candidate.chars().count().max(length)).then_some((slips, candidate))
    };
    let near = candidates.into_iter().filter_map(distance);
    near.min_by_key(|(slips, _)| *slips).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let words = ["budget", "gate", "command"];
        assert_eq!(nearest("budgte", words), Some("budget"));
        assert_eq!(nearest("Gates", words), Some("gate"));
        assert_eq!(nearest("cmomnd", words), Some("command"));
        assert_eq!(nearest("zebra", words), None);
        assert_eq!(nearest("ab", ["xy"]), None);
        assert_eq!(nearest("", words), None);
    }
}
