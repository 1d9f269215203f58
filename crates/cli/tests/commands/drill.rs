//! A drill that is killed: what it left is named by `ready`, and taken back by `ready --fix` or by the next drill.

use crate::case::{ALERT, Case};

/// Moments at which something of the drill is there that must go.
const POINTS: &[&str] =
    &["start.claim", "start.claimed", "commit.made", "submit.pushed", "park.moved", "cleanup.parked"];

fn refs(case: &Case) -> String {
    case.repo.refs("")
}

#[test]
fn killed_anywhere_it_is_taken_back_later() {
    let case = Case::new();
    case.hotfix().must(["ready", "--fix", "--quiet"]);
    let before = (refs(&case), case.repo.bare().refs(""), case.repo.git(["worktree", "list"]));
    let after = || (refs(&case), case.repo.bare().refs(""), case.repo.git(["worktree", "list"]));
    for (index, point) in POINTS.iter().enumerate() {
        case.sandbox.env_set("HOTFIX_FAILPOINT", format!("{point}:kill"));
        let killed = case.hotfix().run(["drill"]);
        case.sandbox.env_remove("HOTFIX_FAILPOINT");
        assert_eq!(killed.code, 137, "{point}: {}", killed.stderr);
        case.assert_untouched();
        let looked = case.hotfix().must(["ready"]);
        assert!(looked.stdout.contains("! repairs   drill-"), "{point}: {}", looked.stdout);
        // In turn, since both have to be able to.
        let again = if index % 2 == 0 { &["ready", "--fix"][..] } else { &["drill"] };
        case.hotfix().must(again);
        assert_eq!(after(), before, "{point}");
        case.assert_untouched();
    }
    case.assert_sound();
}

#[test]
fn killed_while_it_makes_a_slot_nothing_stands_in_the_way_of_a_start() {
    let case = Case::new();
    case.sandbox.env_set("HOTFIX_FAILPOINT", "slot.made:kill");
    assert_eq!(case.hotfix().run(["drill"]).code, 137);
    case.sandbox.env_remove("HOTFIX_FAILPOINT");
    let output = case.hotfix().must(["drill"]);
    assert!(output.stdout.contains("nothing of it is left"), "{}", output.stdout);
    assert!(!case.slot().exists());
    case.hotfix().must(["start", ALERT]);
    case.assert_untouched();
}
