//! Commands for people to copy.

/// The words as a line of shell that runs exactly them.
pub fn command_line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// The word as a shell reads it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_only_what_needs_it() {
        let words = ["pytest", "tests/test_a.py::test_b[x y]", "it's", "", "-k=a"].map(str::to_owned);
        assert_eq!(command_line(&words), r"pytest 'tests/test_a.py::test_b[x y]' 'it'\''s' '' -k=a");
    }
}
