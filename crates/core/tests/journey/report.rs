//! report: what the records of a period say together.

use std::time::Duration;

use hotfix_core::clock::Clock;
use hotfix_core::ctx::Ctx;
use hotfix_core::journey::report::{self, Request};
use hotfix_model::output::{DebtState, ReportOutput};
use hotfix_model::{Fact, Gate, ProofVerdict, Stage, SuiteVerdict};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};
use jiff::{SignedDuration, Timestamp};

const DAY: Duration = Duration::from_hours(24);

/// Ships the till's fix, into main at once.
fn ship(responder: &Responder<'_>, alert: &str, skips: &[(Gate, &str)]) {
    responder.start(alert);
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    responder.try_ship("totals", skips).map_err(|stopped| stopped.error).unwrap();
}

fn shipped<'a>(sandbox: &'a Sandbox, repo: &Repo) -> Responder<'a> {
    let responder = Responder::at(sandbox, repo.path()).with("submit.merge", "direct");
    responder.trust();
    ship(&responder, "Wrong totals", &[]);
    responder
}

fn of(responder: &Responder<'_>) -> ReportOutput {
    report::of(&responder.project(), Request::default()).unwrap()
}

/// Somebody who did not work on it settles something.
fn settle(repo: &Repo, responder: &Responder<'_>, owed: &str) {
    repo.git(["config", "user.email", "grace@example.com"]);
    let settled = Fact::Settled { owed: owed.to_owned(), reason: None };
    let project = responder.project();
    let mut hotfix = project.hotfix("1.2.3").unwrap();
    hotfix.append(&project, vec![(settled, None)], &Vec::new()).unwrap();
    repo.git(["config", "--unset", "user.email"]);
}

#[test]
fn a_merged_fix_is_told_in_one_line() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    let record = responder.record();
    let report = of(&responder);
    let line = &report.hotfixes[0];
    assert_eq!((line.id.as_str(), line.stage), ("1.2.3", Stage::Merged));
    assert_eq!((line.proof, line.test), (Some(ProofVerdict::Proven), Some(SuiteVerdict::Passed)));
    let took = record.merged_at.unwrap().duration_since(record.started_at).as_secs();
    assert_eq!(line.restore_seconds, Some(u64::try_from(took).unwrap()));
    assert!(took > 0);
    assert_eq!(
        (line.review, line.postmortem, line.open_debts.len()),
        (Some(DebtState::Open), Some(DebtState::Open), 2)
    );
    assert_eq!((report.totals.shipped, report.totals.unproven, report.totals.skipped), (1, 0, 0));
}

#[test]
fn debts_are_told_by_when_they_were_settled() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    sandbox.clock().advance(2 * DAY);
    let report = of(&responder);
    assert_eq!((report.hotfixes[0].review, report.totals.overdue_debts), (Some(DebtState::Overdue), 1));
    settle(&repo, &responder, "review");
    settle(&repo, &responder, "postmortem");
    let report = of(&responder);
    assert_eq!(report.hotfixes[0].review, Some(DebtState::Late));
    assert_eq!(report.hotfixes[0].reviewed_by.as_deref(), Some("Responder <grace@example.com>"));
    assert_eq!(report.hotfixes[0].postmortem, Some(DebtState::OnTime));
    let totals = report.totals;
    assert_eq!((totals.reviews_on_time, totals.reviews_late, totals.open_debts), (0, 1, 0));
}

#[test]
fn only_hotfixes_of_the_period_are_told_the_newest_first() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    sandbox.clock().advance(10 * DAY);
    responder.start("Something else");
    let ids = |since, until| {
        let found = report::of(&responder.project(), Request { since, until }).unwrap();
        found.hotfixes.into_iter().map(|line| line.id).collect::<Vec<_>>()
    };
    let middle: Timestamp = "2026-03-05T00:00:00Z".parse().unwrap();
    let all = ids(None, None);
    assert_eq!((all.len(), all[1].as_str()), (2, "1.2.3"));
    assert_eq!(ids(Some(middle), None), all[..1]);
    assert_eq!(ids(None, Some(middle)), all[1..]);
    let started = responder.project().store().load("1.2.3").unwrap().record.started_at;
    assert_eq!(ids(Some(started), None).len(), 2, "the begin belongs to the period");
    assert_eq!(ids(None, Some(started)).len(), 0, "the end does not");
}

#[test]
fn what_a_colleague_knows_besides_is_told_too() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    let clone = repo.clone_of_remote("second");
    let colleague = Responder::at(&sandbox, clone.path());
    colleague.start("Another alert");
    assert_eq!(of(&colleague).hotfixes.len(), 2, "fetched with the start");
    settle(&repo, &responder, "review");
    repo.git(["push", "--quiet", "--force", "origin", "refs/hotfix/record/*:refs/hotfix/record/*"]);
    // The colleague has a record of their own of the same hotfix, and knows something else about it.
    let theirs = clone.git(["rev-parse", "refs/hotfix/remote/record/1.2.3"]);
    clone.git(["update-ref", "refs/hotfix/record/1.2.3", &theirs]);
    settle(&clone, &colleague, "postmortem");
    clone.git(["fetch", "--quiet", "origin", "+refs/hotfix/record/1.2.3:refs/hotfix/remote/record/1.2.3"]);
    let refs = clone.refs("refs/hotfix/");
    let report = of(&colleague);
    let line = report.hotfixes.iter().find(|line| line.id == "1.2.3").unwrap();
    assert_eq!((line.review, line.postmortem), (Some(DebtState::OnTime), Some(DebtState::OnTime)));
    assert_eq!(clone.refs("refs/hotfix/"), refs, "a report writes nothing");
}

#[test]
fn records_that_are_damaged_or_newer_are_read_as_far_as_they_can_be() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    let state = repo.git(["cat-file", "blob", "refs/hotfix/record/1.2.3:record.json"]);
    let events = repo.git(["rev-parse", "refs/hotfix/record/1.2.3:events.jsonl"]);
    let put = |id: &str, state: &str, events: Option<&str>| {
        repo.write("../state", state);
        let blob = repo.git(["hash-object", "-w", "../state"]);
        let events = events.map(|events| format!("100644 blob {events}\tevents.jsonl\n")).unwrap_or_default();
        repo.write("../tree", format!("{events}100644 blob {blob}\trecord.json\n"));
        let tree = repo.git(["-c", "alias.make=!git mktree <../tree", "make"]);
        repo.git(["update-ref", &format!("refs/hotfix/record/{id}"), &tree]);
    };
    let newer = state.replace("\"version\": 1", "\"version\": 9").replace("1.2.3", "newer");
    put("newer", &newer, None);
    put("torn", &state[..state.len() / 2], Some(&events));
    put("gone", "no state at all", None);
    let report = of(&responder);
    let ids: Vec<&str> = report.hotfixes.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids, ["torn", "newer", "1.2.3"], "the events tell what the state does not");
    assert_eq!(report.unreadable, ["gone"]);
}

/// A clock of a machine that is an hour behind.
struct Behind(hotfix_testkit::FakeClock);

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        self.0.now() - SignedDuration::from_hours(1)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn chance(&self) -> u128 {
        self.0.chance()
    }
}

#[test]
fn clocks_that_contradict_each_other_give_no_time_to_restore() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.start("Wrong totals");
    let behind = Ctx::new(
        sandbox.environment(repo.path()),
        Behind(sandbox.clock().clone()),
        sandbox.ctx(repo.path()).sink.clone(),
    );
    let other = Responder::at(&sandbox, repo.path()).with_ctx(behind);
    let merged = Fact::Merged { commit: repo.commit_of("main") };
    other.work(|project, hotfix| hotfix.append(project, vec![(merged, None)], &Vec::new())).unwrap();
    let report = of(&responder);
    assert_eq!((report.hotfixes[0].stage, report.hotfixes[0].restore_seconds), (Stage::Merged, None));
    assert!(report::html(&report).unwrap().contains("nothing to show yet"), "no plot of nothing");
}

#[test]
fn whatever_is_in_a_record_is_text_in_the_page() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    repo.git(["config", "user.name", "<b>Eve</b> \"><svg onload=x>"]);
    let hostile =
        "<script>alert(1)</script> \"><img src=x onerror=alert(2)> \u{202e}txet\u{1b}[31m & 'so on'";
    responder.start(hostile);
    let report = of(&responder);
    let page = report::html(&report).unwrap();
    for harm in ["<script", "<img", "<b>", "<svg onload", "\u{202e}", "\u{1b}"] {
        assert!(!page.contains(harm), "{harm:?} is in the page");
    }
    assert!(
        page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;")
            || page.contains("&lt;script&gt;alert(1)")
    );
    assert!(page.contains("default-src &#x27;none&#x27;"));
}

#[test]
fn looking_changes_nothing_and_asks_no_git_for_what_lies_in_its_files() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    let (before, refs) = (World::of(repo.path()), repo.refs(""));
    report::html(&of(&responder)).unwrap();
    before.assert_untouched(&World::of(repo.path()));
    assert_eq!(repo.refs(""), refs);
}

#[test]
fn no_hotfix_is_a_report_as_well() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let report = of(&Responder::at(&sandbox, repo.path()));
    assert_eq!((report.totals.hotfixes, report.totals.median_restore_seconds), (0, None));
    assert!(report::html(&report).unwrap().contains("nothing to show yet"));
}
