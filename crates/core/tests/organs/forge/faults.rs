//! Random faults, and people who do something meanwhile. Whatever happens: never two merge requests, never a merge of
//! another commit than ours, and in the end we say what the forge says. The judge is the forge's ledger.
//!
//! `HOTFIX_FAULT_RUNS` says how many runs there are per forge; the seed of a run that fails is printed.

use std::net::TcpListener;
use std::time::Duration;

use hotfix_core::forge::ForgeError;
use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, MergeRequestState};
use hotfix_testkit::Sandbox;
use hotfix_testkit::forges::fake::world::State;
use hotfix_testkit::forges::fake::{Checks, Fault, Settings};
use hotfix_testkit::forges::fault_runs;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::desk::{BRANCH, Desk};

/// Runs per forge where nobody says how many.
const FEW: u32 = 12;
/// How often somebody types the command again while things go wrong.
const TRIES: usize = 4;

/// Somebody does something between two tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Nothing,
    ChecksPass,
    ChecksFail,
    Approved,
    TargetMoves,
    MergedByHand,
    ClosedByHand,
    BranchMovedByStranger,
}

/// A run.
#[derive(Clone, Debug)]
struct Run {
    settings: Settings,
    push_options: bool,
    prepared: bool,
    by_hand: bool,
    faults: Vec<Option<Fault>>,
    events: Vec<Event>,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::CutBefore),
        6 => Just(Fault::CutAfter),
        2 => Just(Fault::Refused(500, "{}".to_owned())),
        1 => Just(Fault::Refused(502, "<html>".to_owned())),
        2 => Just(Fault::TooMany(1)),
        4 => Just(Fault::FailsAfter),
        1 => Just(Fault::Slow(Duration::from_millis(20))),
        1 => Just(Fault::Huge),
        1 => Just(Fault::Redirected(String::new())),
        1 => Just(Fault::Expired),
        2 => Just(Fault::Garbled),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => Just(Event::Nothing),
        4 => Just(Event::ChecksPass),
        1 => Just(Event::ChecksFail),
        2 => Just(Event::Approved),
        2 => Just(Event::TargetMoves),
        1 => Just(Event::MergedByHand),
        1 => Just(Event::ClosedByHand),
        1 => Just(Event::BranchMovedByStranger),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let looks = (0..3_u32, 0..4_u32, prop::option::of(0..8_u32));
    let switches = (any::<bool>(), prop::bool::weighted(0.8), any::<bool>(), any::<bool>(), any::<bool>());
    let rest =
        (prop::sample::select(vec![405_u16, 406, 422]), prop::bool::weighted(0.2), 0..2_u32, any::<bool>());
    (looks, switches, rest, prop::bool::weighted(0.15)).prop_map(|(looks, switches, rest, queue)| Settings {
        looks_to_prepare: looks.0,
        looks_to_checks: looks.1,
        looks_to_end: looks.2,
        checks_required: switches.0,
        has_checks: switches.1,
        merges_early: switches.2,
        merges_unseen: switches.3,
        auto_merge_allowed: switches.4,
        refusal: rest.0,
        checks_pass: !rest.1,
        approvals_needed: rest.2,
        merge_async: rest.3,
        queue,
        ..Settings::default()
    })
}

fn run() -> impl Strategy<Value = Run> {
    let faults = prop::collection::vec(prop::option::weighted(0.6, fault()), 0..12);
    let events = prop::collection::vec(event(), TRIES);
    let switches = (prop::bool::weighted(0.8), any::<bool>(), prop::bool::weighted(0.15));
    (settings(), switches, faults, events).prop_map(|(settings, switches, faults, events)| Run {
        settings,
        push_options: switches.0,
        prepared: switches.1,
        by_hand: switches.2,
        faults,
        events,
    })
}

/// One desk for all runs, and how it was at the beginning.
struct Bench<'a> {
    desk: Desk<'a>,
    main: String,
    /// Whether nothing may ever be merged before its checks have passed, also where nothing requires them.
    strict: bool,
    /// Nobody may knock here.
    elsewhere: TcpListener,
}

impl<'a> Bench<'a> {
    fn new(desk: Desk<'a>, strict: bool) -> Self {
        let main = desk.forge.world().bare.head("main").unwrap();
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        Self { desk, main, strict, elsewhere }
    }

    fn begin(&self, run: &Run) {
        let mut world = self.desk.forge.world();
        world.begin_anew();
        world.bare.set("refs/heads/main", &self.main);
        world.bare.delete(BRANCH);
        world.bare.delete_ref("refs/hotfix/record/1.2.3");
        world.settings = run.settings.clone();
        drop(world);
        self.desk.forge.offer_push_options(run.push_options && self.strict);
        let _ = std::fs::remove_file(self.desk.repository().state_dir().join("gitlab.json"));
        if run.prepared {
            self.desk.adapter().prepare("main", &[]).unwrap();
        }
        let address = format!("http://{}/", self.elsewhere.local_addr().unwrap());
        let faults = run.faults.iter().cloned().map(|fault| match fault {
            Some(Fault::Redirected(_)) => Some(Fault::Redirected(address.clone())),
            other => other,
        });
        self.desk.forge.world().faults.queue(faults);
    }

    /// One command: looks where it stands if something was tried before, then pushes and proposes.
    fn attempt(&self, again: bool, by_hand: bool) -> hotfix_core::error::Result<Landing> {
        let desk = &self.desk;
        let adapter = desk.adapter();
        if again {
            let known = adapter.look(&desk.at())?;
            if known.is_final() {
                return Ok(known);
            }
        }
        let mut draft = desk.draft();
        if by_hand {
            draft.merge = MergeMode::Manual;
        }
        let said = desk.push(adapter.as_ref(), &draft)?;
        adapter.propose(&draft, &said)
    }

    fn happen(&self, event: Event) {
        let mut world = self.desk.forge.world();
        let open = world.open_of(BRANCH);
        match (event, open) {
            (Event::ChecksPass, Some(number)) => world.checks_end(number, true),
            (Event::ChecksFail, Some(number)) => world.checks_end(number, false),
            (Event::Approved, Some(number)) => world.approve(number, "grace"),
            (Event::MergedByHand, Some(number)) => {
                world.merge(number);
            }
            (Event::ClosedByHand, Some(number)) => world.close(number),
            (Event::TargetMoves, _) => {
                let at = world.bare.head("main").unwrap();
                let theirs = world.bare.commit_upon(&at);
                world.bare.set("refs/heads/main", &theirs);
            }
            (Event::BranchMovedByStranger, Some(_)) => {
                let theirs = world.bare.commit_upon(self.desk.commit.as_str());
                world.bare.set(&format!("refs/heads/{BRANCH}"), &theirs);
                world.pushed(&format!("refs/heads/{BRANCH}"), Some(&theirs));
            }
            _ => {}
        }
    }

    /// A whole run: tries with faults, then tries without.
    fn play(&self, run: &Run) -> Result<(), TestCaseError> {
        self.begin(run);
        let mut again = false;
        for event in &run.events {
            let _ = self.attempt(again, run.by_hand);
            self.happen(*event);
            again = true;
        }
        self.desk.forge.world().faults.clear();
        let last = self.attempt(true, run.by_hand);
        self.judge(run, last)
    }

    fn judge(&self, run: &Run, last: hotfix_core::error::Result<Landing>) -> Result<(), TestCaseError> {
        let desk = &self.desk;
        let stranger = run.events.contains(&Event::BranchMovedByStranger);
        let by_hand = run.events.contains(&Event::MergedByHand);
        {
            let world = desk.forge.world();
            prop_assert!(world.opened(BRANCH) <= 1, "two merge requests: {:#?}", world.ledger);
            prop_assert_eq!(&world.broken_contracts, &Vec::<String>::new());
            for (head, checks) in world.merged() {
                let ours = head == desk.commit.as_str();
                prop_assert!(ours || (stranger && by_hand), "another commit was merged: {:#?}", world.ledger);
                let required = self.strict || run.settings.checks_required;
                let early = required && !matches!(checks, Checks::Passed | Checks::None);
                prop_assert!(!early || by_hand, "merged before its checks passed: {:#?}", world.ledger);
            }
        }
        let known = match last {
            Ok(_) => desk.adapter().look(&desk.at()),
            Err(error) if stranger && is_taken(&error) => return Ok(()),
            Err(error) => Err(error),
        };
        let known = known.map_err(|error| TestCaseError::fail(format!("{error}: {}", error.why())))?;
        self.same(&known)
    }

    /// What we say is what the forge says.
    fn same(&self, known: &Landing) -> Result<(), TestCaseError> {
        let world = self.desk.forge.world();
        let found = world.requests.last();
        let Some(found) = found else {
            return Err(TestCaseError::fail(format!("there is no merge request in the end: {known:?}")));
        };
        let said = match known.state {
            MergeRequestState::Merged => State::Merged,
            MergeRequestState::Closed => State::Closed,
            _ => State::Open,
        };
        prop_assert_eq!(said, found.state);
        prop_assert_eq!(known.number, u64::try_from(found.number).ok());
        if said == State::Open {
            let armed = found.armed.is_some() || found.queued;
            prop_assert_eq!(known.auto_merge, armed, "{:?} of {:?}", known, found);
            prop_assert!(found.labels.contains("urgent"), "{:?}", found);
        }
        Ok(())
    }
}

fn is_taken(error: &hotfix_core::error::Error) -> bool {
    matches!(error.downcast_ref(), Some(ForgeError::BranchTaken { .. }))
}

#[expect(
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "the figures are what the test is run for"
)]
fn play_all(bench: &Bench<'_>, name: &str) {
    let config = Config {
        cases: fault_runs(FEW),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    let mut faults = 0;
    let counted = std::cell::RefCell::new(&mut faults);
    let result = TestRunner::new(config).run(&run(), |run| {
        **counted.borrow_mut() += run.faults.iter().flatten().count();
        bench.play(&run)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(bench.elsewhere.accept().is_err(), "a redirect to another host was followed");
    println!("{name}: {} runs with {faults} faults", fault_runs(FEW));
}

#[test]
fn gitlab_never_two_never_another_commit_and_told_as_it_is() {
    let sandbox = Sandbox::new();
    let bench = Bench::new(Desk::at_gitlab(&sandbox), true);
    play_all(&bench, "GitLab");
}

#[test]
fn github_never_two_never_another_commit_and_told_as_it_is() {
    let sandbox = Sandbox::new();
    let bench = Bench::new(Desk::at_github(&sandbox), false);
    play_all(&bench, "GitHub");
}
