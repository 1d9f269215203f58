//! A proof in the hands of somebody else: shown, run again, checked byte by byte, exported.

use hotfix_core::git::{Oid, TreeEntry};
use hotfix_core::journey::proof::{self, ProofError, ReplayRequest};
use hotfix_core::record::Damage;
use hotfix_core::session::Project;
use hotfix_model::attestation::{Envelope, TestResult};
use hotfix_model::output::{CheckOutcome, VerifyOutput};
use hotfix_model::{ExitCode, ProofVerdict};
use hotfix_testkit::till::{COMMAND, FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Responder, World};

use crate::review::{ID, shipped, sign_by_ssh};
use crate::sharing::Team;

const ADA: usize = 0;
const BOB: usize = 1;

fn request(command: &[&str]) -> ReplayRequest {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    ReplayRequest { id: ID.to_owned(), command, offline: false }
}

fn trust(team: &Team, who: usize) {
    Responder::at(&team.sandbox, team.clones[who].path()).trust();
}

/// The outcome of one check.
fn outcome(output: &VerifyOutput, check: &str) -> (CheckOutcome, String) {
    let line = output.checks.iter().find(|line| line.check == check);
    let line = line.unwrap_or_else(|| panic!("no check of {check} in {output:?}"));
    (line.outcome, line.what.clone())
}

#[test]
fn a_colleague_runs_both_sides_again() {
    let team = shipped(&[]);
    let bob = &team.clones[BOB];
    trust(&team, BOB);
    let before = World::of(bob.path());
    let output = proof::replay(&team.project(BOB), &request(&[])).unwrap();
    assert_eq!((output.verdict, output.same, output.differences.len()), (ProofVerdict::Proven, true, 0));
    assert!(output.proof.red.as_ref().unwrap().runs >= 2, "both sides really ran");
    before.assert_untouched(&World::of(bob.path()));
    let slot = team.sandbox.repo_at(team.sandbox.code().join("bob-hotfix"));
    assert_eq!((slot.git(["status", "--porcelain"]), slot.head()), (String::new(), bob.head()));
    assert_eq!(bob.refs("refs/heads/hotfix/"), "", "no branch of the hotfix is made");
    team.project(ADA).meet_team().unwrap();
    let shown = proof::show(&team.project(ADA), ID).unwrap();
    let seen: Vec<_> = shown.replays.iter().map(|line| (line.by.name.as_str(), line.verdict)).collect();
    assert_eq!(seen, [("bob", ProofVerdict::Proven)]);
    assert!(hotfix_core::flow::follow_up::review::may_approve(&team.project(BOB), ID).is_ok());
}

#[test]
fn a_proof_that_does_not_hold_here_says_what_is_different() {
    let team = shipped(&[]);
    // On this machine the shell cannot add.
    team.sandbox.fake_tool("sh", "case \"$1 $3\" in 'src/till.sh 2') echo 7;; *) exec /bin/sh \"$@\";; esac");
    trust(&team, BOB);
    let output = proof::replay(&team.project(BOB), &request(&[])).unwrap();
    assert_eq!((output.verdict, output.same), (ProofVerdict::NotGreen, false));
    assert_eq!(output.differences, ["the record says proven, here it is not green"]);
    let slot = team.sandbox.repo_at(team.sandbox.code().join("bob-hotfix"));
    assert_eq!(slot.git(["status", "--porcelain"]), "", "the slot is given back all the same");
}

#[test]
fn commands_of_the_repository_need_approval_for_a_replay_too() {
    let team = shipped(&[]);
    team.clones[BOB].git(["config", "user.email", "stranger@example.com"]);
    let bare = team.clones[ADA].bare();
    let other = team.sandbox.code().join("elsewhere.git");
    std::fs::rename(bare.path(), &other).unwrap();
    let bob = &team.clones[BOB];
    bob.git(["remote", "set-url", "origin", other.to_str().unwrap()]);
    let error = proof::replay(&team.project(BOB), &request(&[])).unwrap_err();
    assert_eq!((error.exit(), error.next()), (ExitCode::DECISION, "git hotfix trust".to_owned()));
}

/// Ada ships a fix that is proven by a command she typed.
fn shipped_by_command() -> Team {
    let team = Team::new();
    let responder = Responder::at(&team.sandbox, team.clones[ADA].path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = team.sandbox.repo_at(team.sandbox.code().join("ada-hotfix"));
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    assert_eq!(responder.prove(COMMAND).verdict, ProofVerdict::Proven);
    responder.ship("totals");
    team
}

#[test]
fn a_command_that_somebody_else_typed_runs_only_when_it_is_typed_again() {
    let team = shipped_by_command();
    trust(&team, BOB);
    let error = proof::replay(&team.project(BOB), &request(&[])).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ProofError::CommandOfOther { .. })), "{error}");
    let next = "git hotfix proof replay 1.2.3 -- sh tests/test_till.sh  # if you want to run it";
    assert_eq!((error.exit(), error.next()), (ExitCode::DECISION, next.to_owned()));
    assert_eq!(proof::replay(&team.project(BOB), &request(COMMAND)).unwrap().verdict, ProofVerdict::Proven);
    let own = proof::replay(&team.project(ADA), &request(&[])).unwrap();
    assert!(own.same, "one's own command is one's own: {own:?}");
}

#[test]
fn what_was_never_shown_cannot_be_shown_again() {
    let team = Team::new();
    let responder = Responder::at(&team.sandbox, team.clones[ADA].path());
    responder.trust();
    responder.start("Wrong totals");
    let show = || proof::show(&team.project(ADA), ID).unwrap_err();
    assert!(matches!(show().downcast_ref(), Some(ProofError::None { .. })));
    assert_eq!(show().exit(), ExitCode::USAGE);
    responder
        .work(|project, hotfix| hotfix_core::flow::prove::waive(project, hotfix, "only seen in production"))
        .unwrap();
    let error = proof::replay(&team.project(ADA), &request(&[])).unwrap_err();
    assert_eq!(
        (error.exit(), error.why()),
        (ExitCode::DECISION, "waived: only seen in production".to_owned())
    );
    let dir = team.sandbox.root().join("out");
    let error = proof::export(&team.project(ADA), ID, &dir).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ProofError::NothingShown { .. })), "{error}");
    assert!(!dir.exists());
}

#[test]
fn a_branch_that_is_gone_cannot_be_replayed_and_verify_says_what_it_could_not_see() {
    let team = shipped(&[]);
    team.clones[ADA].bare().git(["update-ref", "-d", &format!("refs/heads/hotfix/{ID}")]);
    let error = proof::replay(&team.project(BOB), &request(&[])).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ProofError::NotHere { .. })), "{error}");
    let output = proof::verify(&team.project(BOB), ID, false).unwrap();
    assert!(output.good);
    for check in ["commits", "trees", "statements"] {
        assert_eq!(outcome(&output, check).0, CheckOutcome::Unknown, "{check}");
    }
}

#[test]
fn what_nobody_touched_is_good() {
    let team = shipped(&[]);
    for who in [ADA, BOB] {
        let output = proof::verify(&team.project(who), ID, false).unwrap();
        assert!(output.good);
        for check in ["events", "state", "evidence", "commits", "trees", "statements"] {
            assert_eq!(outcome(&output, check).0, CheckOutcome::Good, "{check} of {output:?}");
        }
        let unsigned = (CheckOutcome::Unknown, "ada does not sign".to_owned());
        assert_eq!(outcome(&output, "signature"), unsigned);
    }
}

/// The tree of a record with one file of it changed.
fn with_file(project: &Project, tree: &Oid, path: &str, bytes: Vec<u8>) -> Oid {
    let repository = &project.repository;
    let (name, rest) = path.split_once('/').unwrap_or((path, ""));
    let mut entries = repository.read_tree(tree).unwrap();
    let old = entries.iter().position(|entry| entry.name == name).unwrap();
    let oid = match rest {
        "" => repository.write_blob(bytes).unwrap(),
        rest => with_file(project, &entries[old].oid.clone(), rest, bytes),
    };
    entries[old] = TreeEntry { oid, ..entries[old].clone() };
    repository.write_tree(&entries).unwrap()
}

#[test]
fn any_byte_that_was_changed_is_found() {
    let team = shipped(&[]);
    let project = team.project(ADA);
    let (store, repository) = (project.store(), &project.repository);
    let stored = store.load(ID).unwrap();
    let names = stored.evidence_names().map(|name| format!("evidence/{name}"));
    let files: Vec<String> =
        ["record.json".to_owned(), "events.jsonl".to_owned()].into_iter().chain(names).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in &files {
        let bytes = repository.read_file(&stored.tree, file).unwrap().unwrap();
        let stride = (bytes.len() / 24).max(1);
        // White space and the last bytes are what is easiest overlooked.
        let spaces =
            bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_whitespace()).map(|(at, _)| at);
        let spaces: Vec<usize> = spaces.step_by(bytes.len().div_ceil(40)).take(12).collect();
        let places = (0..bytes.len()).step_by(stride).chain(bytes.len() - 3..bytes.len()).chain(spaces);
        for at in places {
            let mut changed = bytes.clone();
            // A tab for a line's end, a letter for its neighbour.
            changed[at] ^= if bytes[at] == b'\n' { 3 } else { 1 };
            let tree = with_file(&project, &stored.tree, file, changed);
            let found = match store.load_at(ID, &tree) {
                Ok(stored) => store.damage(&stored).unwrap() != Damage::default(),
                Err(_) => true,
            };
            assert!(found, "byte {at} of {file}: {:?}", char::from(bytes[at]));
        }
    }
}

#[test]
fn a_forged_result_is_found_whoever_looks() {
    let team = shipped(&[]);
    let project = team.project(BOB);
    project.meet_team().unwrap();
    let stored = project.adopt_record(ID).unwrap();
    let events = project.repository.read_file(&stored.tree, "events.jsonl").unwrap().unwrap();
    let forged = String::from_utf8(events).unwrap().replace("wrong", "right").replace("red on base", "blue");
    let forged = forged.replacen("Wrong totals", "Right totals", 1);
    let tree = with_file(&project, &stored.tree, "events.jsonl", forged.into_bytes());
    team.clones[BOB].git(["update-ref", &format!("refs/hotfix/record/{ID}"), tree.as_str()]);
    let output = proof::verify(&team.project(BOB), ID, true).unwrap();
    assert!(!output.good);
    assert_eq!(outcome(&output, "events").0, CheckOutcome::Bad);
}

#[test]
fn who_signs_commits_signs_the_proof() {
    let team = Team::new();
    let home = team.sandbox.home();
    let allowed = sign_by_ssh(&team.clones[ADA], &home, "ada@example.com");
    let responder = Responder::at(&team.sandbox, team.clones[ADA].path());
    responder.trust();
    responder.start("Wrong totals");
    let slot = team.sandbox.repo_at(team.sandbox.code().join("ada-hotfix"));
    slot.write("src/till.sh", FIXED_SOURCE);
    slot.write("tests/test_till.sh", NEW_TEST);
    responder.ship("totals");

    let verify = || proof::verify(&team.project(BOB), ID, false).unwrap();
    let (unknown, what) = outcome(&verify(), "signature");
    assert!(unknown == CheckOutcome::Unknown && what.starts_with("signed with SHA256:"), "{what}");
    let signers = home.join("allowed");
    std::fs::write(&signers, allowed).unwrap();
    team.clones[BOB].git(["config", "gpg.ssh.allowedSignersFile", signers.to_str().unwrap()]);
    let signed = (CheckOutcome::Good, "signed by ada@example.com".to_owned());
    assert_eq!(outcome(&verify(), "signature"), signed);

    let dir = team.sandbox.root().join("out");
    let output = proof::export(&team.project(BOB), ID, &dir).unwrap();
    assert!(output.signed);
    let envelopes: Vec<Envelope> = output
        .files
        .iter()
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    let statements = proof::show(&team.project(BOB), ID).unwrap().statements;
    let record = team.project(BOB).known_record(ID).unwrap().record;
    let about: Vec<_> = statements
        .iter()
        .map(|statement| (statement.predicate.result, statement.subject[0].digest["gitCommit"].clone()))
        .collect();
    let expected =
        [(TestResult::Failed, record.base.commit.clone()), (TestResult::Passed, record.commit.unwrap())];
    assert_eq!(about, expected);
    for (envelope, statement) in envelopes.iter().zip(&statements) {
        let payload = hotfix_core::git::of_base64(&envelope.payload).unwrap();
        assert_eq!(payload, serde_json::to_vec(statement).unwrap());
        assert_eq!(envelope.payload_type, "application/vnd.in-toto+json");
        assert_eq!(statement.predicate_type, "https://in-toto.io/attestation/test-result/v0.1");
    }
}
