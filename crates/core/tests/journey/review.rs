//! A ships; B, in another clone, sees it owed, looks at it and says so; A sees that.

use std::path::Path;
use std::process::Command;

use hotfix_core::error::Result;
use hotfix_core::flow::follow_up::review::{self, Verdict};
use hotfix_core::flow::follow_up::{self, FollowUpError};
use hotfix_core::git::Verified;
use hotfix_model::output::ReviewOutput;
use hotfix_model::{ExitCode, Gate, OwedKind, Record, ReviewState, ReviewVerdict, Stage};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, World};

use crate::sharing::Team;

pub const ID: &str = "1.2.3";
const ADA: usize = 0;
const BOB: usize = 1;

/// Ada ships a fix that is proven.
pub fn shipped(skips: &[(Gate, &str)]) -> Team {
    let team = Team::new();
    let responder = Responder::at(&team.sandbox, team.clones[ADA].path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = team.sandbox.repo_at(team.sandbox.code().join("ada-hotfix"));
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    responder.try_ship("totals", skips).map_err(|stopped| stopped.error).unwrap();
    team
}

/// The remote's main takes the fix over.
pub fn merge(team: &Team) {
    let branch = format!("refs/heads/hotfix/{ID}");
    team.clones[ADA].bare().git(["update-ref", "refs/heads/main", &branch]);
}

fn say(team: &Team, who: usize, verdict: ReviewVerdict, text: Option<&str>) -> Result<ReviewOutput> {
    let project = team.project(who);
    let shown = review::look(&project, ID, false)?;
    let verdict = Verdict { verdict, text: text.map(str::to_owned), commit: shown.commit };
    review::say(&team.project(who), ID, &verdict)
}

fn approve(team: &Team, who: usize) -> Result<ReviewOutput> {
    say(team, who, ReviewVerdict::Approve, None)
}

/// What somebody sees owed, after asking the remote.
fn owed(team: &Team, who: usize) -> Vec<OwedKind> {
    let owed = follow_up::all_of_team(&team.project(who)).unwrap();
    owed.into_iter().map(|owed| owed.kind).collect()
}

fn record(team: &Team, who: usize) -> Record {
    team.project(who).store().load(ID).unwrap().record
}

/// Gives a clone an ssh key that its Git signs with. Gives the line for a file of allowed signers.
pub fn sign_by_ssh(repo: &Repo, home: &Path, email: &str) -> String {
    let key = home.join(format!("key-{email}"));
    #[expect(clippy::disallowed_methods, reason = "makes the key that the test is about")]
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-C", email, "-N", "", "-f"])
        .arg(&key)
        .status()
        .unwrap();
    assert!(made.success());
    for (name, value) in
        [("gpg.format", "ssh"), ("commit.gpgSign", "true"), ("user.signingKey", key.to_str().unwrap())]
    {
        repo.git(["config", name, value]);
    }
    let public = std::fs::read_to_string(home.join(format!("key-{email}.pub"))).unwrap();
    format!("{email} namespaces=\"git-hotfix\" {public}")
}

#[test]
fn what_one_ships_another_approves_and_both_see_it() {
    let team = shipped(&[(Gate::Check, "no linter here")]);
    merge(&team);
    let all = [OwedKind::SkippedGate, OwedKind::Review, OwedKind::Postmortem];
    assert_eq!(owed(&team, BOB), all);
    let shown = review::look(&team.project(BOB), ID, false).unwrap();
    assert_eq!((shown.state, shown.stage), (Some(ReviewState::Pending), Stage::Merged));
    let diff = shown.diff.unwrap();
    assert!(diff.contains("+for price in") && diff.contains("tests/test_till.sh"), "{diff}");
    assert_eq!(shown.hands[0].email, "ada@example.com");
    assert_eq!(shown.authorised.unwrap().by.name, "ada");

    let refused = approve(&team, ADA).unwrap_err();
    assert!(matches!(refused.downcast_ref(), Some(FollowUpError::Own { .. })), "{refused}");
    assert_eq!(refused.exit(), ExitCode::DECISION);
    assert_eq!(owed(&team, ADA), all, "a refusal changes nothing");

    let output = approve(&team, BOB).unwrap();
    let recorded = output.recorded.unwrap();
    assert_eq!((recorded.by.name.as_str(), recorded.counts, recorded.signed), ("bob", true, false));
    assert_eq!(output.state, Some(ReviewState::Approved));
    assert_eq!(owed(&team, ADA), [OwedKind::Postmortem]);
    let paid = record(&team, ADA).owed.into_iter().find(|owed| owed.kind == OwedKind::Review).unwrap();
    assert_eq!(paid.settled_by.unwrap().email, "bob@example.com");
}

#[test]
fn a_look_changes_nothing() {
    let team = shipped(&[]);
    let bob = &team.clones[BOB];
    team.project(BOB).meet_team().unwrap();
    let (before, refs) = (World::of(bob.path()), bob.refs(""));
    review::look(&team.project(BOB), ID, true).unwrap();
    before.assert_untouched(&World::of(bob.path()));
    assert_eq!(bob.refs(""), refs);
}

#[test]
fn before_the_merge_the_debt_stays_until_what_was_seen_is_merged() {
    let team = shipped(&[]);
    assert_eq!(approve(&team, BOB).unwrap().state, Some(ReviewState::Approved));
    assert_eq!(owed(&team, ADA), [OwedKind::Review, OwedKind::Postmortem]);
    merge(&team);
    assert_eq!(owed(&team, ADA), [OwedKind::Postmortem]);
    assert_eq!(owed(&team, BOB), [OwedKind::Postmortem]);
}

#[test]
fn another_commit_needs_another_look() {
    let team = shipped(&[]);
    approve(&team, BOB).unwrap();
    let responder = Responder::at(&team.sandbox, team.clones[ADA].path()).on(ID);
    responder.work(hotfix_core::journey::resume::apply).unwrap();
    team.sandbox.repo_at(team.sandbox.code().join("ada-hotfix")).write("README.md", "# Better\n");
    responder.ship("more");
    merge(&team);
    assert!(owed(&team, BOB).contains(&OwedKind::Review));
    approve(&team, BOB).unwrap();
    assert_eq!(owed(&team, ADA), [OwedKind::Postmortem]);
}

#[test]
fn what_was_shown_is_what_is_approved() {
    let team = shipped(&[]);
    let project = team.project(BOB);
    let verdict = Verdict { verdict: ReviewVerdict::Approve, text: None, commit: "0".repeat(40) };
    project.meet_team().unwrap();
    let error = review::say(&project, ID, &verdict).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(FollowUpError::Moved { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::DECISION);
}

#[test]
fn a_second_approval_by_the_same_person_writes_nothing() {
    let team = shipped(&[]);
    merge(&team);
    approve(&team, BOB).unwrap();
    let before = record(&team, BOB);
    assert_eq!(approve(&team, BOB).unwrap().recorded, None);
    assert_eq!(record(&team, BOB), before);
    let third = approve(&team, 2).unwrap();
    assert_eq!(third.reviews.len(), 2, "another person's word is welcome");
    let paid = third.reviews[0].by.clone();
    assert_eq!(record(&team, 2).owed[0].settled_by, Some(paid), "who was first has settled it");
}

#[test]
fn a_concern_is_owed_until_it_is_verified() {
    let team = shipped(&[]);
    merge(&team);
    let raised = say(&team, BOB, ReviewVerdict::Concern, Some("the refund\u{1b}[31m")).unwrap();
    assert_eq!(raised.state, Some(ReviewState::ConcernRaised));
    let concern = raised.owed.iter().find(|owed| owed.kind == OwedKind::Concern).unwrap();
    assert_eq!(concern.what, "bob is concerned: the refund");
    assert_eq!(owed(&team, ADA).len(), 3);

    let request = follow_up::SettleRequest { id: None, key: concern.key.clone(), reason: "is fine".into() };
    let error = follow_up::settle(&team.project(ADA), &request).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(FollowUpError::Own { .. })), "{error}");

    let asked = say(&team, ADA, ReviewVerdict::Request, Some("fixed by 1.2.4")).unwrap();
    assert_eq!(asked.state, Some(ReviewState::NeedsVerification));
    let verified = approve(&team, BOB).unwrap();
    assert_eq!(verified.state, Some(ReviewState::Approved));
    assert_eq!(owed(&team, ADA), [OwedKind::Postmortem]);
    let error = say(&team, ADA, ReviewVerdict::Request, Some("again")).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(FollowUpError::NoConcern { .. })), "{error}");
}

#[test]
fn who_is_named_in_a_commit_cannot_approve_it() {
    let team = shipped(&[]);
    let ada = &team.clones[ADA];
    let message = "fix: totals\n\nCo-authored-by: Bob <BOB@example.com>\n";
    let tree = ada.git(["rev-parse", &format!("hotfix/{ID}^{{tree}}")]);
    let base = ada.git(["rev-parse", &format!("hotfix/{ID}^")]);
    let commit = ada.git(["commit-tree", &tree, "-p", &base, "-m", message]);
    let project = team.project(ADA);
    let stored = project.store().load(ID).unwrap();
    let size = stored.record.size.unwrap();
    let subject = "fix: totals".to_owned();
    let fact = hotfix_model::Fact::Committed { commit: commit.clone(), tree, subject, size };
    project.store().append(&stored, &project.actor().unwrap(), vec![(fact, None)], &[]).unwrap();
    project.share(ID).unwrap();
    ada.git(["push", "--quiet", "--force", "origin", &format!("{commit}:refs/heads/hotfix/{ID}")]);
    let error = approve(&team, BOB).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(FollowUpError::Own { .. })), "{error}");
    approve(&team, 2).unwrap();
}

#[test]
fn offline_a_review_waits_in_this_clone() {
    let team = shipped(&[]);
    merge(&team);
    team.project(BOB).meet_team().unwrap();
    let bare = team.clones[ADA].bare();
    let away = team.sandbox.code().join("away.git");
    std::fs::rename(bare.path(), &away).unwrap();
    approve(&team, BOB).unwrap();
    std::fs::rename(&away, bare.path()).unwrap();
    assert!(owed(&team, ADA).contains(&OwedKind::Review), "nobody else knows yet");
    assert_eq!(owed(&team, BOB), [OwedKind::Postmortem]);
    assert_eq!(owed(&team, ADA), [OwedKind::Postmortem]);
}

#[test]
fn nobody_approves_a_commit_that_is_not_here() {
    let team = shipped(&[]);
    let bare = team.clones[ADA].bare();
    bare.git(["update-ref", "-d", &format!("refs/heads/hotfix/{ID}")]);
    let shown = review::look(&team.project(BOB), ID, false).unwrap();
    assert_eq!(shown.diff, None);
    let error = approve(&team, BOB).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(FollowUpError::NotHere { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::REMOTE);
}

#[test]
fn there_is_nothing_to_review_before_the_commit() {
    let team = Team::new();
    let responder = Responder::at(&team.sandbox, team.clones[ADA].path());
    responder.trust();
    responder.start("Wrong totals");
    let error = review::look(&team.project(ADA), ID, true).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(FollowUpError::NothingToReview { .. })), "{error}");
    let error = review::look(&team.project(BOB), "1.2.4", false).unwrap_err();
    assert_eq!((error.exit(), error.next()), (ExitCode::USAGE, "git hotfix list".to_owned()));
    responder.try_cleanup(true).unwrap();
    let error = review::look(&team.project(ADA), ID, true).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(FollowUpError::NeverShipped { .. })), "{error}");
}

#[test]
fn who_signs_commits_signs_reviews() {
    let team = shipped(&[]);
    merge(&team);
    let home = team.sandbox.home();
    let allowed = sign_by_ssh(&team.clones[BOB], &home, "bob@example.com");
    assert!(approve(&team, BOB).unwrap().recorded.unwrap().signed);
    team.project(ADA).meet_team().unwrap();
    let project = team.project(ADA);
    let stored = project.store().load(ID).unwrap();
    let mut events = stored.lines.iter().filter_map(|line| line.event());
    let (review, by) = events
        .find_map(|event| match &event.fact {
            hotfix_model::Fact::Reviewed(review) => Some((review.clone(), event.actor.clone())),
            _ => None,
        })
        .unwrap();
    let signature = review.signature.clone().unwrap();
    assert!(signature.key.starts_with("SHA256:"), "{}", signature.key);
    let statement = review.statement(ID, &by);
    let check = |text: &str, email: &str| {
        let project = team.project(ADA);
        project.repository.check_signature(&signature, (text.as_bytes(), email), &home).unwrap()
    };
    assert_eq!(check(&statement, &by.email), Verified::UnknownKey(signature.key.clone()));
    assert!(matches!(check(&statement.replace("approve", "concern"), &by.email), Verified::Bad(_)));
    let signers = home.join("allowed");
    std::fs::write(&signers, allowed).unwrap();
    team.clones[ADA].git(["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
    assert_eq!(check(&statement, &by.email), Verified::Good("bob@example.com".to_owned()));
    assert_eq!(check(&statement, "ada@example.com"), Verified::UnknownKey(signature.key.clone()));
}

#[test]
fn a_key_that_does_not_sign_holds_up_no_review() {
    let team = shipped(&[]);
    merge(&team);
    sign_by_ssh(&team.clones[BOB], &team.sandbox.home(), "bob@example.com");
    std::fs::remove_file(team.sandbox.home().join("key-bob@example.com")).unwrap();
    std::fs::remove_file(team.sandbox.home().join("key-bob@example.com.pub")).unwrap();
    assert!(!approve(&team, BOB).unwrap().recorded.unwrap().signed);
    let warnings = team.sandbox.recorder().warnings();
    assert!(warnings.iter().any(|line| line.starts_with("the review is not signed")), "{warnings:?}");
}

/// Puts another file in the place of one of the remote's record.
fn tamper(team: &Team, name: &str, text: &str) {
    let bare = team.clones[ADA].bare();
    bare.write("changed", text);
    let blob = bare.git(["hash-object", "-w", "changed"]);
    let entries = bare.git(["ls-tree", &format!("refs/hotfix/record/{ID}")]);
    let entries = entries.lines().filter(|line| !line.ends_with(&format!("\t{name}")));
    let entries: Vec<String> =
        entries.map(str::to_owned).chain([format!("100644 blob {blob}\t{name}")]).collect();
    bare.write("entries", entries.join("\n") + "\n");
    let line = "alias.make=!git mktree < entries";
    let tree = bare.git(["-c", line, "make"]);
    bare.git(["update-ref", &format!("refs/hotfix/record/{ID}"), &tree]);
}

fn remote_record(team: &Team) -> String {
    team.clones[ADA].bare().git(["rev-parse", &format!("refs/hotfix/record/{ID}")])
}

#[test]
fn what_a_newer_version_wrote_is_read_and_never_written() {
    let team = shipped(&[]);
    merge(&team);
    let state = team.clones[ADA].bare().git(["show", &format!("refs/hotfix/record/{ID}:record.json")]);
    tamper(&team, "record.json", &state.replacen("\"version\": 1", "\"version\": 99", 1));
    let before = remote_record(&team);
    assert_eq!(owed(&team, BOB), [OwedKind::Review, OwedKind::Postmortem], "it can be read");
    let error = approve(&team, BOB).unwrap_err();
    assert_eq!(error.exit(), ExitCode::SETUP);
    assert!(error.to_string().contains("newer git-hotfix"), "{error}");
    assert_eq!(remote_record(&team), before);
    let theirs = team.clones[BOB].git(["rev-parse", &format!("refs/hotfix/remote/record/{ID}")]);
    assert_eq!(theirs, before);
    assert_eq!(owed(&team, ADA).len(), 2, "one that has an older state of it goes on with that");
    assert_eq!(remote_record(&team), before);
}

#[test]
fn a_damaged_record_hides_no_other() {
    let team = shipped(&[]);
    merge(&team);
    tamper(&team, "record.json", "{");
    tamper(&team, "events.jsonl", "nothing\n");
    assert_eq!(owed(&team, BOB), []);
    let warnings = team.sandbox.recorder().warnings();
    assert!(warnings.contains(&format!("the record of {ID} cannot be read")), "{warnings:?}");
    let error = review::look(&team.project(BOB), ID, true).unwrap_err();
    assert_eq!(
        (error.exit(), error.to_string()),
        (ExitCode::SETUP, format!("the record of hotfix {ID} is damaged"))
    );
    let damaged = remote_record(&team);
    assert_eq!(owed(&team, ADA), [OwedKind::Review, OwedKind::Postmortem], "who has it whole still sees it");
    assert_eq!(remote_record(&team), damaged, "what cannot be read is not written over");
}

#[test]
fn only_the_state_is_damaged() {
    let team = shipped(&[]);
    merge(&team);
    tamper(&team, "record.json", "{");
    assert_eq!(owed(&team, BOB), [OwedKind::Review, OwedKind::Postmortem], "the events are the truth");
    approve(&team, BOB).unwrap();
    assert_eq!(owed(&team, ADA), [OwedKind::Postmortem]);
}
