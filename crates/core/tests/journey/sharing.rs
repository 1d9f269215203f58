//! Records of several clones of one remote: whatever the order of what people do, nobody's event is lost.

use std::collections::BTreeSet;
use std::thread;

use hotfix_core::git::Oid;
use hotfix_core::record::Stored;
use hotfix_core::session::{Project, Shared};
use hotfix_model::event::Started;
use hotfix_model::{Actor, Base, Fact, Gate, MergeRequestState, Period};
use hotfix_testkit::{Repo, Responder, Sandbox, write_program};
use proptest::prelude::*;

const ID: &str = "1.2.3";
const NAMES: [&str; 3] = ["ada", "bob", "carol"];

/// Clones of one remote, each of somebody else.
pub struct Team {
    pub sandbox: Sandbox,
    pub clones: Vec<Repo>,
}

impl Team {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let first = sandbox.till();
        let clones: Vec<Repo> = NAMES.iter().map(|name| first.clone_of_remote(name)).collect();
        for (clone, name) in clones.iter().zip(NAMES) {
            clone.git(["config", "user.name", name]);
            clone.git(["config", "user.email", &format!("{name}@example.com")]);
        }
        Self { sandbox, clones }
    }

    pub fn project(&self, who: usize) -> Project {
        Responder::at(&self.sandbox, self.clones[who].path()).project()
    }

    /// A record in the clone of the first one, and nothing else of a hotfix.
    fn begin(&self) {
        let project = self.project(0);
        let base = self.clones[0].head();
        let prepared = project.store().prepare(ID, &project.actor().unwrap(), started(&base)).unwrap();
        project.repository.change_refs("test", &[prepared.claim()]).unwrap();
    }

    fn say(&self, who: usize, words: &str) -> Stored {
        let project = self.project(who);
        let stored = project.adopt_record(ID).unwrap();
        let fact = Fact::Skipped { gate: Gate::Test, reason: words.to_owned() };
        project.store().append(&stored, &project.actor().unwrap(), vec![(fact, None)], &[]).unwrap()
    }

    fn tree(&self, who: usize) -> Oid {
        self.project(who).store().load(ID).unwrap().tree
    }

    /// What was said, as one clone knows it.
    fn heard(&self, who: usize) -> BTreeSet<String> {
        let stored = self.project(who).store().load(ID).unwrap();
        assert!(stored.intact);
        let events = stored.lines.iter().filter_map(|line| line.event());
        let reason = |fact: &Fact| match fact {
            Fact::Skipped { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        events.filter_map(|event| reason(&event.fact)).collect()
    }
}

fn started(base: &str) -> Fact {
    Fact::Started(Started {
        alert: "Wrong totals".to_owned(),
        branch: format!("refs/heads/hotfix/{ID}"),
        base: Base { reference: "origin/main".to_owned(), commit: base.to_owned() },
        target: "main".to_owned(),
        target_choices: Vec::new(),
        remote: Some("origin".to_owned()),
        incident: None,
        severity: None,
        review_within: Period::from_seconds(86_400),
        postmortem_within: Period::from_seconds(432_000),
    })
}

/// What somebody does.
#[derive(Clone, Debug)]
enum Deed {
    Say,
    Share,
    Meet,
}

fn any_deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let deed = prop_oneof![3 => Just(Deed::Say), 2 => Just(Deed::Share), 2 => Just(Deed::Meet)];
    prop::collection::vec((0..NAMES.len(), deed), 1..10)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 12, ..ProptestConfig::default() })]
    #[test]
    fn nobodys_event_is_lost_whatever_the_order(deeds in any_deeds()) {
        let team = Team::new();
        team.begin();
        prop_assert_eq!(team.project(0).share(ID).unwrap(), Shared::Done);
        for who in 1..NAMES.len() {
            team.project(who).meet_team().unwrap();
            team.project(who).adopt_record(ID).unwrap();
        }
        let mut said = BTreeSet::new();
        for (number, (who, deed)) in deeds.iter().enumerate() {
            match deed {
                Deed::Say => {
                    let words = format!("{number} by {}", NAMES[*who]);
                    team.say(*who, &words);
                    said.insert(words);
                }
                Deed::Share => prop_assert_eq!(team.project(*who).share(ID).unwrap(), Shared::Done),
                Deed::Meet => prop_assert_eq!(team.project(*who).meet_team().unwrap(), None),
            }
        }
        for who in 0..NAMES.len() {
            prop_assert_eq!(team.project(who).share(ID).unwrap(), Shared::Done);
        }
        for who in 0..NAMES.len() {
            prop_assert_eq!(team.project(who).meet_team().unwrap(), None);
        }
        let trees: BTreeSet<String> = (0..NAMES.len()).map(|who| team.tree(who).to_string()).collect();
        prop_assert_eq!(trees.len(), 1, "all ended with the same tree");
        prop_assert_eq!(team.heard(1), said);
    }
}

#[test]
fn all_at_the_same_moment() {
    let team = Team::new();
    team.begin();
    team.project(0).share(ID).unwrap();
    for who in 1..NAMES.len() {
        team.project(who).meet_team().unwrap();
    }
    thread::scope(|scope| {
        for (who, name) in NAMES.iter().enumerate() {
            let team = &team;
            scope.spawn(move || {
                for number in 0..3 {
                    team.say(who, &format!("{number} by {name}"));
                    assert_eq!(team.project(who).share(ID).unwrap(), Shared::Done);
                }
            });
        }
    });
    team.project(2).meet_team().unwrap();
    assert_eq!(team.heard(2).len(), 9);
    let remote = team.clones[0].bare().git(["rev-parse", &format!("refs/hotfix/record/{ID}")]);
    assert_eq!(remote, team.tree(2).to_string());
}

#[test]
fn what_could_not_be_shared_goes_with_the_next_look() {
    let team = Team::new();
    team.begin();
    team.project(0).share(ID).unwrap();
    let away = team.sandbox.code().join("away.git");
    let remote = team.clones[0].bare();
    std::fs::rename(remote.path(), &away).unwrap();
    team.say(0, "offline");
    assert!(matches!(team.project(0).share(ID).unwrap(), Shared::Unreachable(_)));
    assert!(team.project(0).meet_team().unwrap().is_some());
    std::fs::rename(&away, remote.path()).unwrap();
    assert_eq!(team.project(0).meet_team().unwrap(), None);
    team.project(1).meet_team().unwrap();
    team.project(1).adopt_record(ID).unwrap();
    assert_eq!(team.heard(1), BTreeSet::from(["offline".to_owned()]));
}

#[test]
fn a_remote_that_takes_no_records_is_said_once() {
    let team = Team::new();
    team.begin();
    let hook = "while read -r old new ref; do\n  case $ref in refs/hotfix/*) echo 'no records here' >&2; exit 1;; esac\ndone\n";
    let path = team.clones[0].bare().file("hooks/pre-receive");
    write_program(&path, hook);
    team.clones[0].bare().git(["config", "core.hooksPath", "hooks"]);
    for _ in 0..3 {
        assert!(matches!(team.project(0).share(ID).unwrap(), Shared::Refused(_)));
    }
    let said = team.sandbox.recorder().warnings();
    let said = said.iter().filter(|line| line.contains("does not take the record")).count();
    assert_eq!(said, 1);
    assert_eq!(team.heard(0).len(), 0, "it is still here");
    std::fs::remove_file(path).unwrap();
    assert_eq!(team.project(0).share(ID).unwrap(), Shared::Done);
}

#[test]
fn two_hotfixes_that_have_one_id_by_chance_are_not_mixed() {
    let team = Team::new();
    team.begin();
    team.project(0).share(ID).unwrap();
    let project = team.project(1);
    let bob = Actor { name: "bob".to_owned(), email: "bob@example.com".to_owned() };
    let prepared = project.store().prepare(ID, &bob, started(&team.clones[1].head())).unwrap();
    project.repository.change_refs("test", &[prepared.claim()]).unwrap();
    let before = team.tree(1);
    project.meet_team().unwrap();
    assert!(matches!(project.share(ID).unwrap(), Shared::Refused(_)));
    assert_eq!(team.tree(1), before);
}

#[test]
fn a_fix_that_is_in_its_target_is_merged_whoever_looks() {
    let team = Team::new();
    team.begin();
    let ada = &team.clones[0];
    ada.write("src/till.sh", "echo fixed\n");
    let fix = ada.commit("fix: totals");
    let project = team.project(0);
    let merge_request = hotfix_model::MergeRequest {
        who: None,
        why: None,
        state: MergeRequestState::Open,
        forge: "plain".to_owned(),
        url: None,
        number: None,
        labels: Vec::new(),
        auto_merge: false,
        title: String::new(),
        description: String::new(),
        request_pull: None,
        record_pushed: true,
    };
    let stored = project.store().load(ID).unwrap();
    let facts = vec![(Fact::Submitted { commit: fix.clone(), merge_request }, None)];
    project.store().append(&stored, &project.actor().unwrap(), facts, &[]).unwrap();
    project.share(ID).unwrap();
    ada.git(["push", "--quiet", "origin", &format!("{fix}:refs/heads/hotfix/{ID}")]);
    let stage = |who: usize| {
        let project = team.project(who);
        project.meet_team().unwrap();
        project.team_records().unwrap().into_iter().find(|record| record.id == ID).unwrap().stage
    };
    assert_eq!(stage(1), hotfix_model::Stage::Submitted);
    // Somebody else's commit before it, so that it is merged under another id.
    ada.git(["fetch", "--quiet", "origin"]);
    ada.push_commit_to_remote(&[("README.md", b"# Till, the second\n")]);
    let carol = &team.clones[2];
    carol.git(["fetch", "--quiet", "origin"]);
    carol.git(["reset", "--quiet", "--hard", "origin/main"]);
    carol.git(["cherry-pick", &fix]);
    assert_ne!(carol.head(), fix);
    carol.git(["push", "--quiet", "origin", "HEAD:main"]);
    assert_eq!(stage(1), hotfix_model::Stage::Merged);
    assert_eq!(stage(0), hotfix_model::Stage::Merged);
    assert!(team.project(1).store().load(ID).is_err(), "a look writes nothing into records of others");
    assert_eq!(team.project(0).store().load(ID).unwrap().record.stage, hotfix_model::Stage::Merged);
}
