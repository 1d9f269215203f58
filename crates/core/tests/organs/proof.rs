//! proof: the verdict on two sides. A table of every rule, and the one property that matters.

use std::collections::BTreeSet;

use hotfix_core::proof::{Evidence, Judgement, judge, suspects};
use hotfix_model::proof::SideOutcome;
use hotfix_model::{Case, CaseOutcome, ProofVerdict, Run, RunEnd};
use proptest::prelude::*;

fn case(id: &str, outcome: CaseOutcome) -> Case {
    let reason = (outcome != CaseOutcome::Passed).then(|| format!("{id} {outcome:?}"));
    Case { id: id.to_owned(), file: None, outcome, reason, frame: None, seconds: None, times: None }
}

/// A run of a runner that counts.
fn counted(cases: &[(&str, CaseOutcome)]) -> Run {
    let failing =
        cases.iter().any(|(_, outcome)| !matches!(outcome, CaseOutcome::Passed | CaseOutcome::Skipped));
    Run {
        runner: "pytest".to_owned(),
        command: vec!["pytest".to_owned()],
        end: RunEnd::Finished,
        exit: Some(i32::from(failing)),
        cases: cases.iter().map(|(id, outcome)| case(id, *outcome)).collect(),
        counted: true,
        claimed: Some(cases.len() as u64),
        not_loaded: Vec::new(),
        tail: "the last line".to_owned(),
        foreign: None,
        elapsed_ms: 1,
    }
}

/// A run of a command of which only the exit code is known.
fn plain(exit: Option<i32>) -> Run {
    let end = if exit.is_none() { RunEnd::Crashed } else { RunEnd::Finished };
    Run { runner: "command".to_owned(), end, exit, counted: false, claimed: None, ..counted(&[]) }
}

fn unloaded(file: &str, cases: &[(&str, CaseOutcome)]) -> Run {
    Run { not_loaded: vec![(file.to_owned(), "ImportError".to_owned())], exit: Some(2), ..counted(cases) }
}

fn ended(end: RunEnd, run: Run) -> Run {
    Run { end, exit: None, ..run }
}

/// Both sides ran twice with the same result.
fn twice(red: &Run, green: &Run) -> Judgement {
    let (red, green) = ([red.clone(), red.clone()], [green.clone(), green.clone()]);
    judged(&red, &green, &[])
}

fn judged(red: &[Run], green: &[Run], failed_on_base: &[&str]) -> Judgement {
    let failed_on_base = failed_on_base.iter().map(|id| (*id).to_owned()).collect();
    judge(&Evidence { red, green, slot: None, failed_on_base: &failed_on_base, accept_load_error: false })
}

#[track_caller]
fn assert_verdict(judgement: &Judgement, verdict: ProofVerdict, why: &str) {
    assert_eq!(judgement.verdict, verdict, "{}", judgement.why);
    assert!(judgement.why.contains(why), "{:?} is not in {:?}", why, judgement.why);
}

const RED: &[(&str, CaseOutcome)] = &[("t::a", CaseOutcome::Failed), ("t::b", CaseOutcome::Passed)];
const GREEN: &[(&str, CaseOutcome)] = &[("t::a", CaseOutcome::Passed), ("t::b", CaseOutcome::Passed)];

#[test]
fn what_flips_is_proven() {
    let judgement = twice(&counted(RED), &counted(GREEN));
    assert_verdict(&judgement, ProofVerdict::Proven, "1 test flipped from red to green (t::a Failed)");
    assert_eq!(judgement.flipped, ["t::a"]);
}

#[test]
fn several_flips_are_counted() {
    let both = counted(&[("t::a", CaseOutcome::Failed), ("t::b", CaseOutcome::Crashed)]);
    assert_verdict(&twice(&both, &counted(GREEN)), ProofVerdict::Proven, "2 tests flipped");
}

#[test]
fn red_before_the_fix_is_reproduced() {
    assert_verdict(&judged(&[counted(RED)], &[], &[]), ProofVerdict::RedOnly, "reproduced: t::a Failed");
}

#[test]
fn green_on_base_is_not_red() {
    assert_verdict(&twice(&counted(GREEN), &counted(GREEN)), ProofVerdict::NotRed, "does not show the bug");
}

#[test]
fn red_with_the_fix_is_not_green() {
    let judgement = twice(&counted(RED), &counted(RED));
    assert_verdict(&judgement, ProofVerdict::NotGreen, "t::a fails with the fix");
}

#[test]
fn another_test_broken_by_the_fix_is_not_green() {
    let green = counted(&[("t::a", CaseOutcome::Passed), ("t::b", CaseOutcome::Failed)]);
    assert_verdict(&twice(&counted(RED), &green), ProofVerdict::NotGreen, "t::b fails with the fix");
}

#[test]
fn a_failure_that_plain_base_has_too_does_not_count_against_the_fix() {
    let red = counted(&[("t::a", CaseOutcome::Failed), ("t::old", CaseOutcome::Failed)]);
    let green = counted(&[("t::a", CaseOutcome::Passed), ("t::old", CaseOutcome::Failed)]);
    assert_eq!(suspects(std::slice::from_ref(&green)), ["t::old"]);
    let judgement = judged(&[red.clone(), red], &[green.clone(), green], &["t::old"]);
    assert_verdict(&judgement, ProofVerdict::Proven, "1 test flipped");
    assert_eq!(judgement.flipped, ["t::a"]);
}

#[test]
fn only_old_failures_prove_nothing() {
    let old = counted(&[("t::old", CaseOutcome::Failed), ("t::b", CaseOutcome::Passed)]);
    let judgement = judged(&[old.clone(), old.clone()], &[old.clone(), old], &["t::old"]);
    assert_verdict(&judgement, ProofVerdict::Invalid, "fails on plain base as well");
}

#[test]
fn a_test_that_is_skipped_or_missing_with_the_fix_proves_nothing() {
    for cases in [
        &[("t::a", CaseOutcome::Skipped), ("t::b", CaseOutcome::Passed)][..],
        &[("t::b", CaseOutcome::Passed)],
    ] {
        let judgement = twice(&counted(RED), &counted(cases));
        assert_verdict(&judgement, ProofVerdict::Invalid, "did not run with the fix");
    }
}

#[test]
fn a_side_that_ran_nothing_proves_nothing() {
    let skipped = counted(&[("t::a", CaseOutcome::Skipped)]);
    for nothing in [counted(&[]), skipped] {
        assert_verdict(&twice(&nothing, &counted(GREEN)), ProofVerdict::Invalid, "red side: no test ran");
        assert_verdict(&twice(&counted(RED), &nothing), ProofVerdict::Invalid, "green side: no test ran");
    }
    assert_verdict(&judged(&[], &[], &[]), ProofVerdict::Invalid, "red side: it was not run");
}

#[test]
fn a_test_that_does_not_flip_each_time_does_not_flip() {
    // The world moved between the first red and the last: a service came up, state leaked.
    let moved = judged(&[counted(RED), counted(GREEN)], &[counted(GREEN), counted(GREEN)], &[]);
    assert_verdict(
        &moved,
        ProofVerdict::Invalid,
        "t::a was red on base at first (t::a Failed) and no longer was",
    );
    assert_eq!((moved.flipped.len(), moved.wavering), (0, vec!["t::a".to_owned()]));
    let judgement = judged(&[counted(RED), counted(RED)], &[counted(GREEN), counted(RED)], &[]);
    assert_verdict(&judgement, ProofVerdict::Invalid, "green side: t::a differs between two runs");
    let reproduced = judged(&[counted(RED), counted(GREEN)], &[], &[]);
    assert_verdict(&reproduced, ProofVerdict::Invalid, "red side: t::a differs between two runs");
}

#[test]
fn a_neighbour_that_wavers_is_named_and_spoils_nothing() {
    let red = counted(&[("t::a", CaseOutcome::Failed), ("t::b", CaseOutcome::Passed)]);
    let green = counted(&[("t::a", CaseOutcome::Passed), ("t::b", CaseOutcome::Failed)]);
    let again = counted(&[("t::a", CaseOutcome::Passed), ("t::b", CaseOutcome::Passed)]);
    let judgement = judged(&[red.clone(), red], &[green, again], &[]);
    assert_verdict(&judgement, ProofVerdict::Proven, "1 test flipped");
    assert_eq!(judgement.wavering, ["t::b"]);
    // Of two that flipped at first, one does so each time.
    let both = counted(&[("t::a", CaseOutcome::Failed), ("t::b", CaseOutcome::Failed)]);
    let judgement = judged(&[both, counted(RED)], &[counted(GREEN), counted(GREEN)], &[]);
    assert_verdict(&judgement, ProofVerdict::Proven, "1 test flipped");
    assert_eq!((judgement.flipped, judgement.wavering), (vec!["t::a".to_owned()], vec!["t::b".to_owned()]));
}

#[test]
fn a_test_that_passed_in_one_green_run_only_is_no_evidence() {
    let skipped = counted(&[("t::a", CaseOutcome::Skipped), ("t::b", CaseOutcome::Passed)]);
    let judgement = judged(&[counted(RED)], &[counted(GREEN), skipped], &[]);
    assert_verdict(&judgement, ProofVerdict::Invalid, "differs between two runs");
    let judgement = judged(&[counted(RED)], &[counted(GREEN), plain(Some(0))], &[]);
    assert_verdict(&judgement, ProofVerdict::Invalid, "differs between two runs");
}

fn failing_for(reason: &str) -> Run {
    let mut run = counted(RED);
    run.cases[0].reason = Some(reason.to_owned());
    run
}

#[test]
fn an_outage_is_no_reproduction() {
    let down = failing_for("ConnectionRefusedError: [Errno 111] Connection refused");
    let why = "which is an outage and no reproduction";
    assert_verdict(&judged(&[down.clone(), down.clone()], &[], &[]), ProofVerdict::Invalid, why);
    assert_verdict(&twice(&down, &counted(GREEN)), ProofVerdict::Invalid, why);
    // Down at the last run only: the first red may have been the same.
    let bug = failing_for("AssertionError: assert 1 == 2");
    let judgement = judged(&[bug.clone(), down], &[counted(GREEN), counted(GREEN)], &[]);
    assert_verdict(&judgement, ProofVerdict::Invalid, why);
    let quoted = failing_for("AssertionError: assert 'Connection refused' == 'ok'");
    assert_verdict(&twice(&quoted, &counted(GREEN)), ProofVerdict::Proven, "1 test flipped");
}

#[test]
fn the_reason_that_is_shown_is_that_of_the_test_beside_it() {
    let red = counted(&[("t::a_old", CaseOutcome::Failed), ("t::new", CaseOutcome::Failed)]);
    let green = counted(&[("t::a_old", CaseOutcome::Failed), ("t::new", CaseOutcome::Passed)]);
    let judgement = judged(&[red.clone(), red.clone()], &[green.clone(), green], &["t::a_old"]);
    assert_verdict(&judgement, ProofVerdict::Proven, "(t::new Failed)");
    assert_eq!(judgement.red.reason.as_deref(), Some("t::new Failed"));
    let shown = judgement.green.expect("it ran");
    assert_eq!((shown.outcome, shown.reason), (SideOutcome::Passed, None));
    let broken = counted(&[("t::a_old", CaseOutcome::Failed), ("t::g", CaseOutcome::Failed)]);
    let judgement = judged(&[red], &[broken], &["t::a_old"]);
    assert_verdict(&judgement, ProofVerdict::NotGreen, "t::g fails with the fix: t::g Failed");
}

#[test]
fn what_passes_in_the_slot_and_not_in_the_twin_is_no_fault_of_the_fix() {
    let (red, none) = ([counted(RED)], BTreeSet::new());
    for slot in [counted(GREEN), counted(RED)] {
        let evidence = Evidence {
            red: &red,
            green: &[counted(RED)],
            slot: Some(&slot),
            failed_on_base: &none,
            accept_load_error: false,
        };
        let judgement = judge(&evidence);
        match slot.is_green() {
            true => assert_verdict(
                &judgement,
                ProofVerdict::Invalid,
                "the twin lacks something that the slot has",
            ),
            false => assert_verdict(&judgement, ProofVerdict::NotGreen, "t::a fails with the fix"),
        }
    }
}

#[test]
fn a_run_of_code_from_elsewhere_proves_nothing() {
    let foreign = |run: Run| Run { foreign: Some("it imported /elsewhere/cart.py".to_owned()), ..run };
    let why = "it imported /elsewhere/cart.py";
    assert_verdict(&twice(&foreign(counted(RED)), &counted(GREEN)), ProofVerdict::Invalid, why);
    assert_verdict(&twice(&counted(RED), &foreign(counted(GREEN))), ProofVerdict::Invalid, why);
    let last = judged(&[counted(RED), foreign(counted(RED))], &[counted(GREEN), counted(GREEN)], &[]);
    assert_verdict(&last, ProofVerdict::Invalid, why);
}

#[test]
fn counts_that_disagree_are_worth_nothing() {
    let lost = Run { claimed: Some(3), ..counted(GREEN) };
    let why = "the runner says it ran 3 tests, but 2 results could be read";
    assert_verdict(&twice(&counted(RED), &lost), ProofVerdict::Invalid, why);
    let lost = Run { claimed: Some(3), ..counted(RED) };
    assert_verdict(&twice(&lost, &counted(GREEN)), ProofVerdict::Invalid, why);
}

#[test]
fn a_load_error_counts_only_when_said_so() {
    let (red, green) = ([unloaded("t", &[])], [counted(GREEN)]);
    assert_verdict(
        &judged(&red, &green, &[]),
        ProofVerdict::Invalid,
        "cannot even be loaded (t: ImportError)",
    );
    let none = BTreeSet::new();
    let evidence =
        Evidence { red: &red, green: &green, slot: None, failed_on_base: &none, accept_load_error: true };
    let judgement = judge(&evidence);
    assert_verdict(&judgement, ProofVerdict::Proven, "2 tests flipped");
    assert_eq!(judgement.flipped, ["t::a", "t::b"]);
    let elsewhere = [counted(&[("tt::a", CaseOutcome::Passed)])];
    let judgement = judge(&Evidence { green: &elsewhere, ..evidence });
    assert_verdict(&judgement, ProofVerdict::Invalid, "did not run with the fix");
}

#[test]
fn a_load_error_with_the_fix_is_not_green() {
    let judgement = twice(&counted(RED), &unloaded("t", &[]));
    assert_verdict(&judgement, ProofVerdict::NotGreen, "still red with the fix: t: ImportError");
    let judgement = twice(&counted(RED), &unloaded("u", GREEN));
    assert_verdict(&judgement, ProofVerdict::NotGreen, "u: ImportError");
}

#[test]
fn a_test_that_hangs_or_crashes_on_base_is_red() {
    for outcome in [CaseOutcome::TimedOut, CaseOutcome::Crashed] {
        let red = counted(&[("t::a", outcome), ("t::b", CaseOutcome::Passed)]);
        assert_verdict(&twice(&red, &counted(GREEN)), ProofVerdict::Proven, "1 test flipped");
        assert_verdict(&twice(&counted(RED), &red), ProofVerdict::NotGreen, "t::a fails with the fix");
    }
}

#[test]
fn a_run_that_is_cut_short_without_a_culprit_is_worth_nothing() {
    for (end, why) in [
        (RunEnd::TimedOut, "time limit ended the run before a test could be blamed"),
        (RunEnd::Crashed, "the runner could not run the tests: the last line"),
        (RunEnd::Cancelled, "it was stopped"),
    ] {
        let cut = ended(end, counted(&[("t::b", CaseOutcome::Passed)]));
        assert_verdict(&twice(&cut, &counted(GREEN)), ProofVerdict::Invalid, why);
        assert_verdict(&twice(&counted(RED), &cut), ProofVerdict::Invalid, why);
    }
}

#[test]
fn a_run_that_was_stopped_is_worth_nothing_whatever_it_says() {
    let stopped = ended(RunEnd::Cancelled, counted(RED));
    assert_verdict(&twice(&stopped, &counted(GREEN)), ProofVerdict::Invalid, "it was stopped");
}

#[test]
fn plain_commands_are_judged_by_their_code() {
    assert_verdict(&twice(&plain(Some(1)), &plain(Some(0))), ProofVerdict::Proven, "red on base");
    assert_verdict(&twice(&plain(Some(0)), &plain(Some(0))), ProofVerdict::NotRed, "");
    assert_verdict(
        &twice(&plain(Some(1)), &plain(Some(2))),
        ProofVerdict::NotGreen,
        "still red with the fix",
    );
    assert_verdict(&judged(&[plain(Some(3))], &[], &[]), ProofVerdict::RedOnly, "reproduced");
    let moved = [plain(Some(1)), plain(Some(0))];
    let green = [plain(Some(0)), plain(Some(0))];
    assert_verdict(
        &judged(&moved, &green, &[]),
        ProofVerdict::Invalid,
        "the command was red on base at first",
    );
    let flaky = [plain(Some(0)), plain(Some(1))];
    assert_verdict(&judged(&[plain(Some(1))], &flaky, &[]), ProofVerdict::Invalid, "differs");
}

#[test]
fn a_command_whose_tests_were_red_and_then_did_not_run_proves_nothing() {
    let judgement = twice(&counted(RED), &plain(Some(0)));
    assert_verdict(&judgement, ProofVerdict::Invalid, "did not run with the fix");
    assert_verdict(&twice(&plain(Some(1)), &counted(GREEN)), ProofVerdict::Proven, "red on base");
}

#[test]
fn a_plain_command_that_a_signal_ended_is_red_and_one_that_could_not_start_is_nothing() {
    assert_verdict(&twice(&plain(None), &plain(Some(0))), ProofVerdict::Proven, "runner crashed");
    for code in [126, 127] {
        let missing = Run { end: RunEnd::Crashed, ..plain(Some(code)) };
        assert_verdict(&twice(&missing, &plain(Some(0))), ProofVerdict::Invalid, "could not run");
    }
}

#[test]
fn a_plain_command_that_hangs_on_base_is_red() {
    let hangs = ended(RunEnd::TimedOut, plain(Some(0)));
    assert_verdict(&twice(&hangs, &plain(Some(0))), ProofVerdict::Proven, "time limit");
    assert_verdict(&twice(&plain(Some(1)), &hangs), ProofVerdict::NotGreen, "");
}

fn any_run() -> impl Strategy<Value = Run> {
    let outcome = prop::sample::select(vec![
        CaseOutcome::Passed,
        CaseOutcome::Failed,
        CaseOutcome::TimedOut,
        CaseOutcome::Crashed,
        CaseOutcome::Skipped,
    ]);
    let cases =
        prop::collection::btree_map(prop::sample::select(vec!["t::a", "t::b", "u::c"]), outcome, 0..4);
    let end = prop_oneof![
        6 => Just(RunEnd::Finished),
        1 => Just(RunEnd::TimedOut),
        1 => Just(RunEnd::Crashed),
        1 => Just(RunEnd::Cancelled)
    ];
    let not_loaded = prop_oneof![4 => Just(vec![]), 1 => Just(vec!["t"])];
    let exit = prop_oneof![Just(None), Just(Some(0)), Just(Some(1)), Just(Some(127))];
    (cases, end, not_loaded, exit, any::<bool>(), 0_u64..3).prop_map(
        |(cases, end, not_loaded, exit, counted_run, lost)| {
            let cases: Vec<_> = cases.into_iter().collect();
            let run = counted(&cases);
            Run {
                end,
                exit: exit.filter(|_| matches!(end, RunEnd::Finished | RunEnd::Crashed)),
                // Only a runner that counts can tell.
                not_loaded: not_loaded
                    .into_iter()
                    .filter(|_| counted_run)
                    .map(|file| (file.to_owned(), "x".to_owned()))
                    .collect(),
                cases: if counted_run { run.cases.clone() } else { Vec::new() },
                counted: counted_run,
                claimed: counted_run.then_some(cases.len() as u64 + lost / 2),
                ..run
            }
        },
    )
}

fn is_red(run: &Run, test: &str) -> bool {
    let broken = run.broken().any(|case| case.id == test);
    broken || run.not_loaded.iter().any(|(file, _)| test.starts_with(&format!("{file}::")))
}

fn is_passed(run: &Run, test: &str) -> bool {
    run.cases.iter().any(|case| case.id == test && case.outcome == CaseOutcome::Passed)
}

proptest! {
    /// Whatever the runs say: proven means that some test was red in every red run and passed in every green one, or
    /// that a command whose tests cannot be counted failed in every red run and gave 0 in every green one.
    #[test]
    fn never_proven_without_a_flip(
        red in prop::collection::vec(any_run(), 0..3),
        green in prop::collection::vec(any_run(), 0..3),
        old in prop::collection::btree_set("t::a|u::c", 0..2),
        accept_load_error: bool,
    ) {
        let judgement = judge(&Evidence { red: &red, green: &green, slot: None, failed_on_base: &old, accept_load_error });
        if judgement.verdict == ProofVerdict::Proven {
            prop_assert!(!red.is_empty() && !green.is_empty());
            let flips = |test: &&str| red.iter().all(|run| is_red(run, test)) && green.iter().all(|run| is_passed(run, test));
            let by_test = ["t::a", "t::b", "u::c"].iter().any(flips);
            let by_code = red.iter().all(|run| run.exit != Some(0)) && green.iter().all(|run| run.exit == Some(0));
            let uncounted = red.iter().chain(&green).any(|run| !run.counted);
            prop_assert!(by_test || (uncounted && by_code), "{judgement:#?}");
        }
        for test in &judgement.flipped {
            prop_assert!(red.iter().all(|run| is_red(run, test)) && green.iter().all(|run| is_passed(run, test)));
        }
    }

    /// A run that was stopped never leads to a verdict other than "not proven".
    #[test]
    fn stopped_runs_prove_nothing(red in any_run(), green in any_run()) {
        let red = [Run { end: RunEnd::Cancelled, ..red }];
        let judgement = judge(&Evidence { red: &red, green: &[green], slot: None, failed_on_base: &BTreeSet::new(), accept_load_error: true });
        prop_assert_eq!(judgement.verdict, ProofVerdict::Invalid);
    }
}
