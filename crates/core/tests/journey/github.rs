//! GitHub: from the edit to a pull request that is labelled, armed and merged, and the truth about what is in the way.
//! The judge is the forge's ledger.

use hotfix_core::error::Result;
use hotfix_core::flow::submit;
use hotfix_core::forge::detect::Configured;
use hotfix_core::forge::{Asking, adapter};
use hotfix_core::journey::ship;
use hotfix_model::{ExitCode, JobState, MergeRequest, MergeRequestState, Stage};
use hotfix_testkit::forges::fake::{Effect, FakeForge, Fault, Settings};
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox, World};

const BRANCH: &str = "hotfix/1.2.3";

/// Somebody whose fix is written, in front of a GitHub.
struct Scene<'a> {
    responder: Responder<'a>,
    forge: FakeForge,
    repo: Repo,
}

fn scene(sandbox: &Sandbox, change: impl FnOnce(&mut Settings)) -> Scene<'_> {
    scene_with(sandbox, &[], change)
}

fn scene_with<'a>(
    sandbox: &'a Sandbox,
    settings: &[(&str, &str)],
    change: impl FnOnce(&mut Settings),
) -> Scene<'a> {
    sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", "t0ken-of-no-shape");
    let repo = sandbox.till();
    let forge = FakeForge::github(&repo);
    forge.set(|known| {
        known.has_checks = true;
        known.checks_required = true;
        known.looks_to_prepare = 0;
        known.looks_to_checks = 0;
        known.looks_to_end = None;
    });
    forge.set(change);
    let responder = Responder::at(sandbox, repo.path()).with("submit.forge", "github");
    let with = |responder: Responder<'a>, (key, value): &(&str, &str)| responder.with(key, value);
    let responder = settings.iter().fold(responder, with);
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    Scene { responder, forge, repo }
}

impl Scene<'_> {
    fn ship(&self) -> MergeRequest {
        self.responder.ship("totals").merge_request.expect("a merge request")
    }

    fn commit(&self) -> String {
        self.responder.record().commit.expect("a commit")
    }

    fn labels(&self) -> Vec<String> {
        self.forge.world().request(1).expect("a pull request").labels.iter().cloned().collect()
    }

    fn effects(&self) -> Vec<Effect> {
        self.forge.world().ledger.clone()
    }

    fn wait(&self) -> Result<MergeRequestState> {
        let id = self.responder.record().id;
        let project = self.responder.project();
        let mut hotfix = project.hotfix(&id)?;
        submit::wait(&project, &mut hotfix)
    }
}

#[test]
fn one_command_makes_a_labelled_request_that_merges_by_itself() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |_| {});
    let before = World::of(scene.repo.path());
    let request = scene.ship();
    before.assert_untouched(&World::of(scene.repo.path()));
    assert_eq!(
        (request.state, request.number, request.auto_merge),
        (MergeRequestState::Armed, Some(1), true)
    );
    assert_eq!(request.url.as_deref(), Some(format!("{}/shop/till/pull/1", scene.forge.url()).as_str()));
    assert_eq!(request.labels, ["needs-post-review", "urgent"]);
    assert_eq!(scene.labels(), ["needs-post-review", "urgent"]);
    let effects = scene.effects();
    assert!(effects.contains(&Effect::Armed { number: 1, head: scene.commit() }), "{effects:?}");
    let world = scene.forge.world();
    let text = &world.request(1).unwrap().description;
    assert!(text.contains("## Proven: red on base, green with the fix"), "{text}");
    assert_eq!(world.broken_contracts, Vec::<String>::new());
}

#[test]
fn what_turns_green_is_merged_and_said() {
    let sandbox = Sandbox::new();
    let scene = scene_with(&sandbox, &[("submit.tag", "true")], |_| {});
    scene.ship();
    assert_eq!(scene.responder.status().merge_request.unwrap().state, MergeRequestState::Armed);
    scene.forge.world().checks_end(1, true);
    assert_eq!(scene.wait().unwrap(), MergeRequestState::Merged);
    let record = scene.responder.record();
    assert_eq!(record.stage, Stage::Merged);
    let bare = scene.repo.bare();
    assert_eq!(bare.commit_of("main"), record.merged_commit.unwrap());
    assert_eq!(bare.commit_of("refs/tags/v1.2.3^{commit}"), bare.commit_of("main"), "tagged after the merge");
    assert!(bare.try_git(["rev-parse", "--verify", "--quiet", BRANCH]).is_err(), "the branch is gone");
}

#[test]
fn what_nothing_holds_back_is_merged_at_once() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |settings| {
        settings.has_checks = false;
        settings.checks_required = false;
    });
    assert_eq!(scene.ship().state, MergeRequestState::Merged);
    let record = scene.responder.record();
    assert_eq!(scene.forge.world().merged().first().map(|(head, _)| head.clone()), record.commit);
    assert_eq!(record.stage, Stage::Merged);
}

#[test]
fn manual_leaves_it_to_somebody() {
    let sandbox = Sandbox::new();
    let scene = scene_with(&sandbox, &[("submit.merge", "manual")], |_| {});
    assert_eq!(scene.ship().state, MergeRequestState::Open);
    assert!(!scene.effects().iter().any(|effect| matches!(effect, Effect::Armed { .. })));
}

#[test]
fn a_missing_approval_is_named_with_who_can_give_it() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |settings| {
        settings.approvals_needed = 1;
        settings.looks_to_end = Some(0);
        settings.checks_pass = true;
    });
    let request = scene.ship();
    assert_eq!(request.state, MergeRequestState::Blocked);
    assert_eq!(request.why.as_deref(), Some("main asks for an approving review"));
    assert_eq!(request.who.as_deref(), Some("somebody else who may write to the repository"));
    assert!(request.auto_merge, "it merges once that is there");
    scene.forge.world().approve(1, "grace");
    assert_eq!(scene.wait().unwrap(), MergeRequestState::Merged);
}

#[test]
fn a_red_check_is_mended_in_the_same_request() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |_| {});
    scene.ship();
    scene.forge.world().checks_end(1, false);
    let error = scene.wait().unwrap_err();
    assert_eq!((error.exit(), error.next().as_str()), (ExitCode::GATE, "git hotfix resume 1.2.3"), "{error}");
    let first = scene.commit();
    scene.responder.try_resume("1.2.3").unwrap();
    scene.responder.slot().write("note.txt", "what the check wanted\n");
    assert_eq!(scene.ship().number, Some(1));
    assert_eq!(scene.forge.world().opened(BRANCH), 1);
    assert_ne!(scene.commit(), first);
    scene.forge.world().checks_end(1, true);
    assert_eq!(scene.wait().unwrap(), MergeRequestState::Merged);
    assert_eq!(scene.forge.world().merged().first().map(|(head, _)| head.clone()), Some(scene.commit()));
}

#[test]
fn closed_by_somebody_is_said_and_not_waited_for() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |_| {});
    scene.ship();
    scene.forge.world().close(1);
    assert_eq!(scene.wait().unwrap_err().exit(), ExitCode::DECISION);
    assert_eq!(scene.responder.status().merge_request.unwrap().state, MergeRequestState::Closed);
}

#[test]
fn a_commit_of_somebody_else_is_never_merged_as_ours() {
    let sandbox = Sandbox::new();
    let scene = scene_with(&sandbox, &[("submit.merge", "manual")], |_| {});
    scene.ship();
    let bare = scene.repo.bare();
    let theirs = bare.git(["commit-tree", "-m", "theirs", "-p", BRANCH, "main^{tree}"]);
    bare.git(["update-ref", &format!("refs/heads/{BRANCH}"), &theirs]);
    scene.forge.world().pushed(&format!("refs/heads/{BRANCH}"), Some(&theirs));
    scene.forge.world().checks_end(1, true);
    let project = scene.responder.project();
    let landing = submit::look(&project, &project.hotfix("1.2.3").unwrap()).unwrap().unwrap();
    assert_eq!(landing.state, MergeRequestState::Blocked);
    assert!(landing.why.unwrap().contains("not our commit"));
    assert_eq!(landing.jobs.iter().filter(|job| job.state == JobState::Passed).count(), landing.jobs.len());
}

#[test]
fn auto_merge_that_is_switched_off_is_said() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |settings| settings.auto_merge_allowed = false);
    let request = scene.ship();
    assert_eq!(request.state, MergeRequestState::Open, "{request:?}");
    assert!(request.why.unwrap().contains("switched off"), "and by whom it can be switched on");
    scene.forge.world().checks_end(1, true);
    assert_eq!(scene.wait().unwrap(), MergeRequestState::Merged, "who waits merges it once it is green");
}

#[test]
fn without_a_token_the_branch_is_pushed_and_the_page_named() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |_| {});
    sandbox.env_remove("HOTFIX_TOKEN_127_0_0_1");
    let request = scene.ship();
    assert_eq!(request.state, MergeRequestState::Pushed);
    let page = format!("{}/shop/till/pull/new/hotfix/1.2.3", scene.forge.url());
    assert_eq!(request.url, Some(page));
    assert_eq!(scene.repo.bare().commit_of(BRANCH), scene.commit());
    sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", "t0ken-of-no-shape");
    let later = Responder::at(&sandbox, scene.repo.path()).with("submit.forge", "github").on("1.2.3");
    let request = later.ship("totals").merge_request.unwrap();
    assert_eq!(request.number, Some(1), "with a token the same command opens it");
}

/// Whatever goes wrong with a request, the same command again leads to one pull request, merged once and with our commit.
#[test]
fn what_goes_wrong_on_the_way_is_made_good_by_the_same_command() {
    let faults = [
        ("POST", "/pulls", Fault::CutBefore),
        ("POST", "/pulls", Fault::CutAfter),
        ("POST", "/pulls", Fault::FailsAfter),
        ("POST", "/pulls", Fault::TooMany(0)),
        ("POST", "/pulls", Fault::Garbled),
        ("POST", "/graphql", Fault::CutAfter),
        ("POST", "/graphql", Fault::Refused(500, String::new())),
        ("POST", "/labels", Fault::CutBefore),
        ("GET", "/pulls", Fault::Huge),
        ("GET", "/pulls", Fault::Expired),
        ("GET", "/pulls", Fault::Redirected("http://forge.invalid/".to_owned())),
    ];
    for (method, part, fault) in faults {
        let sandbox = Sandbox::new();
        let scene = scene(&sandbox, |_| {});
        scene.forge.fault(method, part, fault.clone());
        let first = scene.responder.try_ship("totals", &[]);
        if let Err(stopped) = first {
            assert_eq!(stopped.error.exit(), ExitCode::REMOTE, "{fault:?}: {}", stopped.error);
            scene.ship();
        }
        let id = scene.responder.record().id;
        let project = scene.responder.project();
        let mut hotfix = project.hotfix(&id).unwrap();
        let plan = submit::plan(&project, &hotfix, submit::Request::default()).unwrap();
        submit::apply(&project, &mut hotfix, &plan).unwrap();
        drop(hotfix);
        scene.forge.world().checks_end(1, true);
        assert_eq!(scene.wait().unwrap(), MergeRequestState::Merged, "{fault:?}");
        let world = scene.forge.world();
        assert_eq!((world.opened(BRANCH), world.merged().len()), (1, 1), "{method} {part} {fault:?}");
        assert_eq!(Some(&world.merged()[0].0), scene.responder.record().commit.as_ref());
    }
}

#[test]
fn broken_glass_is_recorded_and_owed() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |_| {});
    assert_eq!(scene.ship().state, MergeRequestState::Armed);
    // An administrator may merge past the rules, which is how the forge sees it from now on.
    scene.forge.set(|settings| settings.checks_required = false);
    let project = scene.responder.project();
    let mut hotfix = project.hotfix("1.2.3").unwrap();
    let request =
        ship::Request { break_glass: Some("the checks are down".to_owned()), ..ship::Request::default() };
    let output = ship::apply(&project, &mut hotfix, &request).map_err(|stopped| stopped.error).unwrap();
    assert_eq!(output.state, Some(MergeRequestState::Merged));
    let owed = output.owed.iter().find(|owed| owed.what.contains("bypassed")).expect("a debt");
    assert!(owed.what.contains("the checks are down"));
    assert_eq!(scene.forge.world().calls_to("PUT", "/merge"), 1);
}

#[test]
fn where_there_is_no_glass_it_cannot_be_broken() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.trust();
    responder.start("Wrong totals");
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
    let project = responder.project();
    let mut hotfix = project.hotfix("1.2.3").unwrap();
    let request = ship::Request { break_glass: Some("hurry".to_owned()), ..ship::Request::default() };
    let stopped = ship::apply(&project, &mut hotfix, &request).map(|_| ()).map_err(|stopped| stopped.error);
    assert_eq!(stopped.unwrap_err().exit(), ExitCode::SETUP);
}

#[test]
fn a_queue_is_entered_and_followed() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |settings| {
        settings.queue = true;
        settings.looks_to_end = Some(2);
    });
    let request = scene.ship();
    assert!(matches!(request.state, MergeRequestState::Queued | MergeRequestState::Armed), "{request:?}");
    assert_eq!(scene.wait().unwrap(), MergeRequestState::Merged);
    assert_eq!(scene.forge.world().merged().len(), 1);
}

#[test]
fn after_the_merge_labels_change_and_signs_are_read() {
    let sandbox = Sandbox::new();
    let scene = scene(&sandbox, |settings| settings.has_checks = false);
    scene.ship();
    let project = scene.responder.project();
    let configured = Configured { forge: "github", api: "" };
    let remote = project.remote.clone().unwrap();
    let forge = adapter(&project.repository, &remote, configured, Asking::Nobody).unwrap();
    forge
        .relabel(1, &["post-reviewed".to_owned()], &["needs-post-review".to_owned(), "not there".to_owned()])
        .unwrap();
    assert_eq!(scene.labels(), ["post-reviewed", "urgent"]);
    scene.forge.world().comment(1, "grace", "/hotfix-reviewed fine");
    scene.forge.world().approve(1, "linus");
    let marks = forge.marks(1).unwrap();
    let signs: Vec<_> = marks.iter().map(|mark| (mark.account.as_str(), mark.approves)).collect();
    assert_eq!(signs, [("linus", true), ("grace", false)]);
    assert_eq!(marks[1].words, "/hotfix-reviewed fine");
}

#[test]
fn a_direct_merge_goes_through_the_forge_where_there_is_one() {
    let sandbox = Sandbox::new();
    let scene =
        scene_with(&sandbox, &[("submit.merge", "direct")], |settings| settings.checks_required = false);
    let request = scene.ship();
    assert_eq!((request.state, request.number), (MergeRequestState::Merged, Some(1)));
    assert_eq!(scene.labels(), ["needs-post-review", "urgent"]);
}
