//! postmortem: written from the record, never over what people wrote; done when every part is filled.

use std::fs;
use std::path::PathBuf;

use hotfix_core::error::Error;
use hotfix_core::journey::postmortem::{self, PARTS, Request};
use hotfix_model::output::{PostmortemDoneOutput, PostmortemOutput, PostmortemState};
use hotfix_model::{ExitCode, OwedKind};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox};

const PATH: &str = "docs/postmortems/2026-03-01-1.2.3.md";

fn started<'a>(sandbox: &'a Sandbox, repo: &Repo, alert: &str) -> Responder<'a> {
    let responder = Responder::at(sandbox, repo.path()).with("submit.merge", "direct");
    responder.trust();
    responder.start(alert);
    responder
}

fn shipped<'a>(sandbox: &'a Sandbox, repo: &Repo) -> Responder<'a> {
    let responder = started(sandbox, repo, "Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    responder.ship("totals");
    responder
}

fn write(responder: &Responder<'_>) -> Result<PostmortemOutput, Error> {
    write_to(responder, &Request::default())
}

fn write_to(responder: &Responder<'_>, request: &Request) -> Result<PostmortemOutput, Error> {
    postmortem::apply(&responder.project(), "1.2.3", request)
}

fn done(responder: &Responder<'_>) -> Result<PostmortemDoneOutput, Error> {
    postmortem::done(&responder.project(), "1.2.3", None)
}

fn owes_it(responder: &Responder<'_>) -> bool {
    responder.owed().iter().any(|owed| owed.kind == OwedKind::Postmortem)
}

/// Answers every question.
fn fill(repo: &Repo) {
    let mut text = fs::read_to_string(repo.file(PATH)).unwrap();
    for part in PARTS {
        let answer = format!("## {}\n\nAll of *it*.\n", part.name);
        text = text.replace(&format!("## {}\n", part.name), &answer);
    }
    repo.write(PATH, text.replace("|  |  |  |", "| an alarm | Grace | 2026-04-01 |"));
}

#[test]
fn it_is_filled_in_from_the_record() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    let output = write(&responder).unwrap();
    assert_eq!((output.state, output.path.as_str()), (PostmortemState::Written, PATH));
    assert_eq!(output.missing, PARTS.iter().map(|part| part.name).collect::<Vec<_>>());
    let text = fs::read_to_string(repo.file(PATH)).unwrap();
    for told in [
        "Wrong totals",
        "| red |",
        "| green |",
        "| merged |",
        "src/till.sh",
        "no gate was skipped",
        "time to restore",
    ] {
        assert!(text.contains(told), "{told} is not in:\n{text}");
    }
    let page = fs::read_to_string(repo.file(output.html)).unwrap();
    for told in
        ["Wrong totals", "<svg class=\"timeline\"", ">red</text>", ">merged</text>", "src&#x2f;till.sh"]
    {
        assert!(page.contains(told), "{told} is not in:\n{page}");
    }
    assert_eq!(responder.record().postmortem.unwrap().path, PATH);
}

#[test]
fn the_debt_is_settled_once_every_part_is_filled() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    assert_eq!(done(&responder).unwrap_err().exit(), ExitCode::USAGE, "none was written");
    write(&responder).unwrap();
    let output = done(&responder).unwrap();
    assert_eq!((output.settled, output.missing.len(), owes_it(&responder)), (false, 5, true));
    fill(&repo);
    assert!(done(&responder).unwrap().settled);
    assert!(!owes_it(&responder));
    assert!(done(&responder).unwrap().settled, "once more is no harm");
    let remote = repo.bare().git(["cat-file", "blob", "refs/hotfix/record/1.2.3:record.json"]);
    assert!(remote.contains(PATH), "the team is told where it is");
}

#[test]
fn a_second_one_says_where_the_first_is_and_leaves_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    write(&responder).unwrap();
    fill(&repo);
    let edited = fs::read(repo.file(PATH)).unwrap();
    let again = write(&responder).unwrap();
    assert_eq!((again.state, again.path.as_str(), again.missing.len()), (PostmortemState::Kept, PATH, 0));
    assert_eq!(fs::read(repo.file(PATH)).unwrap(), edited);
    let page = fs::read_to_string(repo.file(again.html)).unwrap();
    assert!(
        page.contains("All of it.") && page.contains("<td>Grace</td>"),
        "the answers are in the page:\n{page}"
    );
    let other = Request { path: Some(PathBuf::from("other.md")), html: None };
    let error = write_to(&responder, &other).unwrap_err();
    assert_eq!(error.to_string(), format!("the post-mortem of 1.2.3 is {PATH}"));
    assert!(!repo.file("other.md").exists());
}

#[test]
fn what_nobody_has_edited_is_brought_up_to_date() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = started(&sandbox, &repo, "Wrong totals").with("submit.merge", "manual");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.ship("totals");
    write(&responder).unwrap();
    assert!(fs::read_to_string(repo.file(PATH)).unwrap().contains("not merged yet"));
    let merged = hotfix_model::Fact::Merged { commit: repo.commit_of("main") };
    let named = Responder::at(&sandbox, repo.path()).on("1.2.3");
    named.work(|project, hotfix| hotfix.append(project, vec![(merged, None)], &Vec::new())).unwrap();
    assert_eq!(write(&responder).unwrap().state, PostmortemState::Renewed);
    assert!(!fs::read_to_string(repo.file(PATH)).unwrap().contains("not merged yet"));
}

#[test]
fn before_the_fix_is_out_there_is_none() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = started(&sandbox, &repo, "Wrong totals");
    let error = write(&responder).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.exit()),
        ("hotfix 1.2.3 is not submitted yet", ExitCode::DECISION)
    );
    assert!(!repo.file("docs").exists());
}

#[test]
fn a_file_that_was_there_before_is_no_post_mortem_of_ours() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    repo.write(PATH, "my own words\n");
    for _ in 0..2 {
        assert_eq!(write(&responder).unwrap().state, PostmortemState::Kept);
        assert_eq!(fs::read_to_string(repo.file(PATH)).unwrap(), "my own words\n");
    }
    let page = repo.file("page.html");
    fs::write(&page, "<p>mine</p>").unwrap();
    let onto = Request { path: None, html: Some(page.clone()) };
    assert_eq!(write_to(&responder, &onto).unwrap_err().exit(), ExitCode::DECISION);
    assert_eq!(fs::read_to_string(&page).unwrap(), "<p>mine</p>");
}

#[test]
fn no_configuration_leads_out_of_the_worktree() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    drop(shipped(&sandbox, &repo));
    std::os::unix::fs::symlink(sandbox.home(), repo.file("away")).unwrap();
    for path in ["../out.md", "/tmp/out.md", "away/out.md", ".git/hooks/post-commit", "", "docs/"] {
        let responder = Responder::at(&sandbox, repo.path()).with("follow_up.postmortem_path", path);
        let error = write(&responder).unwrap_err();
        assert_eq!(error.exit(), ExitCode::SETUP, "{path}: {error}");
    }
    assert!(!sandbox.home().join("out.md").exists() && !sandbox.code().join("out.md").exists());
}

#[test]
fn a_colleague_writes_it_and_is_told_of_one_that_is_elsewhere() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = shipped(&sandbox, &repo);
    write(&responder).unwrap();
    let clone = repo.clone_of_remote("second");
    let colleague = Responder::at(&sandbox, clone.path());
    colleague.start("Another alert");
    let error = write(&colleague).unwrap_err();
    assert_eq!(error.exit(), ExitCode::DECISION);
    assert!(
        error.to_string().contains("not in this worktree")
            && error.why().starts_with("Responder wrote it on")
    );
    clone.write(PATH, fs::read(repo.file(PATH)).unwrap());
    assert_eq!(write(&colleague).unwrap().state, PostmortemState::Renewed, "the same file came by Git");
}

#[test]
fn whatever_is_in_the_record_is_text() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let hostile = "<script>alert(1)</script>\u{202e}\u{1b}[31m\n## Impact\n\n| a |\n``` \"><img src=x onerror=alert(2)>";
    let responder = started(&sandbox, &repo, hostile);
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", "echo '<b>red</b>'; exit 1\n");
    responder
        .try_ship("totals", &[(hotfix_model::Gate::Test, "<i>why</i> | @all")])
        .map_err(|stopped| stopped.error)
        .unwrap();
    let output = write(&responder).unwrap();
    assert_eq!(output.missing.len(), PARTS.len(), "the heading in the alert is no heading");
    let page = fs::read_to_string(repo.file(output.html)).unwrap();
    for harm in ["<script", "<img", "<b>red", "<i>", "\u{202e}", "\u{1b}"] {
        assert!(!page.contains(harm), "{harm:?} is in the page");
    }
}
