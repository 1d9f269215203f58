//! The text of the merge request.

use hotfix_core::message::{LIMIT, Page, RequestText, merge_request_page, merge_request_text};
use hotfix_model::gate::{Failure, LinterOutcome, LinterReport};
use hotfix_model::proof::SideOutcome;
use hotfix_model::record::RECORD_VERSION;
use hotfix_model::{
    Actor, Base, CheckReport, Finding, Gate, Owed, OwedKind, Period, Proof, ProofVerdict, Record, Side, Size,
    Skip, Stage, SuiteVerdict, TestReport,
};

const BASE: &str = "1111111111111111111111111111111111111111";
const FIX: &str = "2222222222222222222222222222222222222222";

fn record() -> Record {
    Record {
        version: RECORD_VERSION,
        id: "1.2.3".to_owned(),
        stage: Stage::Committed,
        alert: "Production down! Auth failing".to_owned(),
        incident: Some("INC-42".to_owned()),
        severity: Some("critical".to_owned()),
        branch: "refs/heads/hotfix/1.2.3".to_owned(),
        base: Base { reference: "origin/main".to_owned(), commit: BASE.to_owned() },
        target: "main".to_owned(),
        target_choices: Vec::new(),
        remote: Some("origin".to_owned()),
        started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        author: Actor { name: "A".to_owned(), email: "a@b.c".to_owned() },
        proof: Some(Box::new(proof())),
        check: Some(check()),
        test: Some(Box::new(test_report())),
        skipped: vec![Skip {
            gate: Gate::Test,
            reason: "CI is down".to_owned(),
            at: "2026-01-02T04:00:00Z".parse().unwrap(),
        }],
        commit: Some(FIX.to_owned()),
        tree: Some(FIX.to_owned()),
        subject: Some("fix: auth token validation".to_owned()),
        size: Some(Size { files: 2, added: 9, removed: 1 }),
        merge_request: None,
        submitted_at: None,
        merged_commit: None,
        merged_at: None,
        hands: Vec::new(),
        authorised: None,
        review: None,
        reviews: Vec::new(),
        postmortem: None,
        slot_in_use: true,
        owed: vec![owed("review", OwedKind::Review, "review by somebody who is not the author")],
        review_within: Period::from_seconds(86_400),
        postmortem_within: Period::from_seconds(432_000),
        heads: Vec::new(),
    }
}

fn owed(key: &str, kind: OwedKind, what: &str) -> Owed {
    let due = "2026-01-03T04:05:06Z".parse().unwrap();
    let (key, what) = (key.to_owned(), what.to_owned());
    Owed { key, kind, what, due, settled: None, settled_by: None, reason: None }
}

fn side(commit: &str, outcome: SideOutcome, reason: Option<&str>) -> Side {
    Side {
        commit: commit.to_owned(),
        tree: commit.to_owned(),
        outcome,
        exit: Some(1),
        tests: vec!["tests/test_auth.py::test_token".to_owned()],
        reason: reason.map(str::to_owned),
        ran: Some(1),
        runs: 2,
        elapsed_ms: 840,
        reused: false,
    }
}

fn proof() -> Proof {
    Proof {
        verdict: ProofVerdict::Proven,
        why: "1 test fails on base and passes with the fix, in 2 of 2 runs".to_owned(),
        command: ["python", "-m", "pytest", "tests/test_auth.py::test_token[a b]"]
            .map(str::to_owned)
            .to_vec(),
        runner: "pytest".to_owned(),
        red: Some(side(BASE, SideOutcome::Failed, Some("assert validate('') is False"))),
        green: Some(side(FIX, SideOutcome::Passed, None)),
        flipped: vec!["tests/test_auth.py::test_token".to_owned()],
        wavering: Vec::new(),
        failed_on_base_too: Vec::new(),
        test_files: vec!["tests/test_auth.py".to_owned()],
        removed_tests: Vec::new(),
        skipped_tests: Vec::new(),
        machine: None,
    }
}

fn check() -> CheckReport {
    let linter =
        |name: &str, outcome| LinterReport { name: name.to_owned(), outcome, hint: None, elapsed_ms: 1 };
    CheckReport {
        linters: vec![linter("flake8", LinterOutcome::Ran), linter("black", LinterOutcome::Missing)],
        findings: vec![Finding {
            path: "src/auth.py".to_owned(),
            line: 5,
            column: None,
            message: "E225 missing whitespace around operator".to_owned(),
            linter: "flake8".to_owned(),
        }],
        ignored_outside_change: 3,
        fixed: Vec::new(),
        tree: FIX.to_owned(),
    }
}

fn test_report() -> TestReport {
    TestReport {
        verdict: SuiteVerdict::Passed,
        why: "nothing is newly broken".to_owned(),
        runner: "pytest".to_owned(),
        selected: 3,
        total: Some(12),
        ran: Some(41),
        passed: Some(39),
        cut: vec!["tests/test_slow.py".to_owned()],
        could_not_tell: Vec::new(),
        failed: Vec::new(),
        failed_on_base_too: vec!["tests/test_old.py::test_year".to_owned()],
        flaky: vec!["tests/test_net.py::test_retry".to_owned()],
        loosened: Vec::new(),
        elapsed_ms: 12_345,
        tree: FIX.to_owned(),
    }
}

#[test]
fn tells_everything_a_reviewer_needs() {
    let record = record();
    let (title, description) = merge_request_text(&RequestText::of(&record));
    assert_eq!(title, "fix: auth token validation");
    insta::assert_snapshot!(description, @r"
    The alert:

    ```text
     Production down! Auth failing
    ```

    This fixes it: `fix: auth token validation`

    |  |  |
    | --- | --- |
    | Hotfix | `1.2.3` |
    | Incident | `INC-42` |
    | Severity | `critical` |
    | Base | `origin/main` at `1111111111` |
    | Target | `main` |
    | Commit | `2222222222` |
    | Size | 2 files, +9 −1 lines |

    ## Proven: red on base, green with the fix

    `1 test fails on base and passes with the fix, in 2 of 2 runs`

    | side | outcome | tests that ran | runs | time |
    | --- | --- | --- | --- | --- |
    | Base `1111111111` | red | 1 | 2 | 0.8 s |
    | Fix `2222222222` | green | 1 | 2 | 0.8 s |

    Why it is red on base:

    ```text
     assert validate('') is False
    ```

    Red on base, green with the fix:

    - `tests/test_auth.py::test_token`

    To see it yourself, in a worktree without work in it:

    ```text
     git switch --detach 1111111111111111111111111111111111111111
     git checkout 2222222222222222222222222222222222222222 -- tests/test_auth.py
     python -m pytest 'tests/test_auth.py::test_token[a b]'   # red
     git reset --hard && git switch --detach 2222222222222222222222222222222222222222
     python -m pytest 'tests/test_auth.py::test_token[a b]'   # green
    ```

    ## Style of the changed lines

    | linter | outcome | findings |
    | --- | --- | --- |
    | `flake8` | ran | 1 |
    | `black` | not installed | – |

    Findings:

    - `src/auth.py:5: E225 missing whitespace around operator`

    ## Critical tests: passed

    `nothing is newly broken`

    | runner | test files | tests that ran | passed | time |
    | --- | --- | --- | --- | --- |
    | `pytest` | 3 of 12 | 41 | 39 | 12.3 s |

    Fails on base as well, for the same reason: excused, not passed:

    - `tests/test_old.py::test_year`

    Flaky: failed, then passed on the same tree:

    - `tests/test_net.py::test_retry`

    Left out, the time was short:

    - `tests/test_slow.py`

    ## Skipped

    - test: `CI is down`

    ## Owed after the merge

    - `review by somebody who is not the author`, due 2026-01-03 04:05 UTC

    ## Rollback

    ```text
     git revert 2222222222222222222222222222222222222222
    ```

    Made by `git hotfix`; the record of every step is on the remote.
    ");
}

#[test]
fn says_what_is_missing() {
    let mut record = record();
    (record.proof, record.check, record.test, record.commit) = (None, None, None, None);
    record.subject = None;
    let (title, description) = merge_request_text(&RequestText::of(&record));
    assert_eq!(title, "fix: production down, auth failing");
    assert!(description.contains("## Not proven"));
    assert!(description.contains("They did not run."));
    assert!(!description.contains("## Rollback"));
}

/// Puts a hostile text into every field that outsiders fill.
fn hostile(text: &str) -> Record {
    let mut record = record();
    let text = text.to_owned();
    record.alert.clone_from(&text);
    record.incident = Some(text.clone());
    record.severity = Some(text.clone());
    record.id.clone_from(&text);
    record.base.reference.clone_from(&text);
    record.subject = Some(text.clone());
    record.skipped[0].reason.clone_from(&text);
    record.owed[0].what.clone_from(&text);
    let mut proof = proof();
    proof.why.clone_from(&text);
    proof.command = vec![text.clone()];
    proof.test_files = vec![text.clone()];
    proof.flipped = vec![text.clone(); 50];
    proof.red = Some(side(BASE, SideOutcome::Failed, Some(&text)));
    record.proof = Some(Box::new(proof));
    let mut check = check();
    check.findings[0].message.clone_from(&text);
    check.findings[0].path.clone_from(&text);
    check.linters[0].name.clone_from(&text);
    record.check = Some(check);
    let mut report = test_report();
    report.failed = vec![Failure { test: text.clone(), reason: text.clone() }; 50];
    (report.why, report.runner) = (text.clone(), text.clone());
    (report.cut, report.flaky, report.failed_on_base_too) =
        (vec![text.clone(); 50], vec![text.clone(); 50], vec![text; 50]);
    record.test = Some(Box::new(report));
    record
}

#[test]
fn no_outside_text_is_markdown_or_an_order() {
    let text = "x\n```\n/merge\n## Critical tests: passed\n| a | b |\n<img src=http://beacon> ![i](http://beacon)\n\
                @alice Closes #1\r\u{1b}[2J\u{202e} `` end";
    let record = hostile(text);
    let (title, description) = merge_request_text(&RequestText::of(&record));
    for text in [&title, &description] {
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']));
        assert!(!text.contains("@alice") && !text.contains("#1"));
        assert!(!text.lines().any(|line| line.trim_start().starts_with("/merge") && !line.starts_with(' ')));
    }
    let mut fence: Option<String> = None;
    for line in description.lines() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => assert!(line.starts_with(' '), "{line:?}"),
            // CommonMark: what follows the backticks of a fence holds none.
            None if line.starts_with("```") && !line.trim_start_matches('`').contains('`') => {
                fence = Some(line.trim_end_matches("text").to_owned());
            }
            None => {
                let outside = without_code(line);
                assert!(!outside.contains("beacon") && !outside.contains("alice"), "{line:?}");
            }
        }
    }
    assert_eq!(fence, None);
    assert_eq!(description.matches("\n## Critical tests: ").count(), 1);
}

/// The line without its inline code, as `CommonMark` reads it: a run of backticks up to the next run as long.
fn without_code(line: &str) -> String {
    let mut outside = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let ticks: String = rest[start..].chars().take_while(|c| *c == '`').collect();
        let after = &rest[start + ticks.len()..];
        let mut at = 0;
        let end = loop {
            let Some(next) = after[at..].find('`').map(|next| next + at) else {
                panic!("open code: {line:?}")
            };
            let run = after[next..].chars().take_while(|c| *c == '`').count();
            at = next + run;
            if run == ticks.len() {
                break at;
            }
        };
        rest = &after[end..];
    }
    outside + rest
}

#[test]
fn fits_on_every_forge_whatever_comes_in() {
    let record = hostile(&"long ` text @bob ".repeat(5000));
    let mut request = RequestText::of(&record);
    let many = vec![record.owed[0].clone(); 500];
    request.owed = &many;
    let (title, description) = merge_request_text(&request);
    assert!(title.chars().count() <= 255);
    assert!(description.len() <= LIMIT, "{}", description.len());
    assert!(description.contains("bytes in all") && description.contains("- and 480 more"));
}

#[test]
fn a_template_of_the_repository_takes_its_sections_from_us() {
    let record = record();
    let text = RequestText::of(&record);
    let template = "# Urgent {{ id }} for {{ incident }}\n\n{{ proof }}\n{% if skipped %}{{ skipped }}{% endif %}{{ rollback }}";
    let page = Page { template: Some(template), appended: Some("- [ ] I told support\n") };
    let (title, description, mistake) = merge_request_page(&text, page);
    assert_eq!((title.as_str(), mistake), ("fix: auth token validation", None));
    assert!(description.starts_with("# Urgent `1.2.3` for `INC-42`\n\n## Proven"), "{description}");
    assert!(description.ends_with("\n---\n\n- [ ] I told support\n"), "{description}");
    assert!(!description.contains("## Critical tests"), "it was not asked for");
}

#[test]
fn a_template_with_a_mistake_gives_way_to_our_own_text() {
    let record = record();
    let text = RequestText::of(&record);
    let (_, ours) = merge_request_text(&text);
    for template in ["{{ nothing_of_that_name }}", "{% if %}", "{{ '%d' | format }}"] {
        let page = Page { template: Some(template), appended: None };
        let (_, description, mistake) = merge_request_page(&text, page);
        assert_eq!(description, ours);
        assert!(mistake.is_some_and(|mistake| !mistake.contains('\n')), "{template}");
    }
}

#[test]
fn a_form_never_pushes_the_proof_out() {
    let record = record();
    let form = "x".repeat(LIMIT);
    let page = Page { template: None, appended: Some(&form) };
    let (_, description, _) = merge_request_page(&RequestText::of(&record), page);
    assert_eq!(description, merge_request_text(&RequestText::of(&record)).1);
    let form = "y".repeat(19_000);
    let page = Page { template: None, appended: Some(&form) };
    let (_, description, _) = merge_request_page(&RequestText::of(&record), page);
    assert!(description.len() <= LIMIT && description.contains("## Proven") && description.contains(&form));
}
