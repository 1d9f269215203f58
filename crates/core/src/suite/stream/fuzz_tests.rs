//! Streams made at random, whole and damaged, against a count of their own.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// What becomes of a test: its number, how often it begins, whether it ends, and as what.
type Fate = (u8, u8, bool, &'static str);

const OUTCOMES: &[&str] = &["passed", "failed", "skipped", "timed_out", "crashed"];

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = (0..6_u8, 1..3_u8, any::<bool>(), prop::sample::select(OUTCOMES));
    prop::collection::vec(fate, 0..8)
}

fn id(number: u8) -> String {
    format!("tests/test_a.py::test_{number}[\u{e9} {{\"x\"]")
}

/// The lines of a whole stream.
fn lines(fates: &[Fate]) -> Vec<String> {
    let mut lines = vec![json!({"event": "session"}).to_string()];
    for (number, tries, ends, outcome) in fates {
        let began = json!({"event": "began", "id": id(*number), "file": "tests/test_a.py"});
        lines.extend((0..*tries).map(|_| began.to_string()));
        let ended = json!({"event": "ended", "id": id(*number), "file": "tests/test_a.py", "outcome": outcome, "reason": "1 != 2\n", "seconds": 0.5});
        lines.extend(ends.then(|| ended.to_string()));
    }
    lines.push(json!({"event": "finished", "ran": numbers(fates).len()}).to_string());
    lines
}

fn numbers(fates: &[Fate]) -> BTreeSet<u8> {
    fates.iter().map(|(number, ..)| *number).collect()
}

/// Every test that is in a result, whether it ended or not.
fn found(heard: &Heard) -> BTreeSet<&str> {
    let open = heard.open.iter().map(|(id, _)| id.as_str());
    heard.cases.iter().map(|case| case.id.as_str()).chain(open).collect()
}

/// Whether the run that this stream tells of would be believed.
fn is_sound(heard: &Heard) -> bool {
    let read = heard.cases.len() + heard.open.len();
    heard.finished > 0 && heard.own_count.is_none_or(|count| count == read as u64)
}

/// The tests of a text by another way: any JSON object that names one. `None` as soon as a line is no JSON object.
fn named_by_hand(text: &[u8]) -> Option<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let value: Value = serde_json::from_slice(line).ok()?;
        let event = value.as_object()?.get("event")?.as_str()?;
        if ["began", "ended"].contains(&event) {
            named.insert(sanitize_line(value.get("id")?.as_str()?));
        }
    }
    Some(named)
}

proptest! {
    // `PROPTEST_CASES` says how many of each.

    #[test]
    fn no_test_of_a_whole_stream_is_dropped(fates in fates()) {
        let text = lines(&fates).join("\n");
        let heard = of(text.as_bytes());
        prop_assert!(is_sound(&heard) || heard.cases.len() + heard.open.len() > numbers(&fates).len());
        let wanted: BTreeSet<String> = numbers(&fates).into_iter().map(id).collect();
        prop_assert_eq!(found(&heard), wanted.iter().map(String::as_str).collect());
        // What failed once has not passed.
        for (number, _, _, outcome) in fates.iter().filter(|(_, _, ends, outcome)| *ends && *outcome != "skipped") {
            let case = heard.cases.iter().find(|case| case.id == id(*number)).unwrap();
            let is_good = matches!(case.outcome, CaseOutcome::Passed | CaseOutcome::Skipped);
            prop_assert!(*outcome == "passed" || !is_good, "{} {:?}", outcome, case);
        }
    }

    /// Damage in one line neither hides the tests of the others nor goes unseen.
    #[test]
    fn a_damaged_stream_is_refused_or_read_to_the_last_test(
        fates in fates(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..5),
    ) {
        let whole = lines(&fates);
        let bytes = crate::suite::damage::damaged(&whole.join("\n"), &changes);
        let heard = of(bytes.as_slice());
        let untouched = bytes.split(|byte| *byte == b'\n').filter(|line| whole.iter().any(|one| one.as_bytes() == *line));
        for line in untouched {
            let value: Value = serde_json::from_slice(line).unwrap();
            if let Some(id) = value.get("id").and_then(Value::as_str) {
                prop_assert!(found(&heard).contains(id), "{}", id);
            }
        }
        if is_sound(&heard) {
            let named = named_by_hand(&bytes).map(|named| named.len());
            prop_assert_eq!(Some(found(&heard).len()), named);
        }
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        of(bytes.as_slice());
    }
}
