//! The known names that look most like one that is not known.

/// How alike two names must be to be worth naming, from 0 to 1 (judged on version numbers that differ in one digit).
const ALIKE: f64 = 0.6;
/// How many are named.
const LIMIT: usize = 3;

/// At most three of `known`, the likest first.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let likeness = |candidate: &str| {
        let inside = !name.is_empty() && (candidate.contains(name) || name.contains(candidate));
        let measured = strsim::normalized_damerau_levenshtein(name, candidate);
        if inside { measured.max(ALIKE) } else { measured }
    };
    let mut ranked: Vec<(f64, &str)> =
        known.into_iter().map(|candidate| (likeness(candidate), candidate)).collect();
    ranked.retain(|(likeness, _)| *likeness >= ALIKE);
    ranked.sort_by(|(left, one), (right, other)| right.total_cmp(left).then_with(|| one.cmp(other)));
    ranked.into_iter().take(LIMIT).map(|(_, candidate)| candidate.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_what_was_meant() {
        let known = ["1.2.3", "1.2.4", "2.0.1", "2026-08-01-auth-failing", "9.9.9"];
        assert_eq!(nearest("1.2.5", known), ["1.2.3", "1.2.4"]);
        assert_eq!(nearest("auth", known), ["2026-08-01-auth-failing"]);
        assert_eq!(nearest("hotfix/1.2.3", known), ["1.2.3"]);
        assert!(nearest("payments", known).is_empty());
        assert!(nearest("", known).is_empty());
    }
}
