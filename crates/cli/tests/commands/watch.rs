//! prove --watch: proves again at the next save, and ends once it is proven.

use crate::case::{Case, FIXED, TESTS_WITH_NEW};
use crate::signals::wait_until;

#[test]
fn a_save_is_proven_again_until_it_is_proven() {
    let case = Case::started();
    case.edit("tests/test_auth.sh", TESTS_WITH_NEW);
    let record = || case.repo.refs("refs/hotfix/record");
    let before = record();
    let watching = case.hotfix().start(["prove", "--watch", "--", "sh", "tests/test_auth.sh"]);
    wait_until("the first verdict is in the record", || record() != before);
    case.edit("auth.sh", FIXED);
    let output = watching.wait();
    assert_eq!(output.code, 0, "{}", output.stderr);
    let place =
        |words: &str| output.stderr.find(words).unwrap_or_else(|| panic!("{words}: {}", output.stderr));
    let places = ["red, as wanted", "waiting for the next save", "✓ prove     proven: "].map(place);
    assert!(places.is_sorted(), "{}", output.stderr);
    case.assert_untouched();
}
