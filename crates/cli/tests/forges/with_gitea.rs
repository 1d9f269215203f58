//! On a real Gitea.

use hotfix_core::forge::address::Address;
use hotfix_core::forge::detect::{Kind, Site};
use hotfix_core::forge::token::Token;
use hotfix_core::forge::{Connection, Forge, Gitea as Adapter, Merge};
use hotfix_model::MergeRequestState;
use hotfix_testkit::forges::{Gitea, GiteaRepository, PullRequest};
use hotfix_testkit::{Answer, Call, Web};

use crate::scene::{BRANCH, ID, SUBJECT, Scene};

const KILLED: i32 = 137;

fn published() -> (Scene, GiteaRepository<'static>) {
    let scene = Scene::new();
    let remote = Gitea::shared().publish(&scene.repo);
    scene.token(Gitea::shared().token());
    (scene, remote)
}

/// What there must be, however often and by whom it was asked for.
fn assert_one(scene: &Scene, remote: &GiteaRepository<'_>) -> PullRequest {
    let pull = remote.pull_request();
    assert_eq!(pull.title, format!("fix: {SUBJECT}"));
    assert_eq!(pull.labels, ["needs-post-review", "urgent"]);
    assert_eq!(pull.commit, scene.commit());
    assert_eq!(pull.branch, BRANCH);
    pull
}

#[test]
fn the_scheduled_merge_waits_for_the_status_and_merges_when_it_is_green() {
    let (scene, remote) = published();
    remote.require_status("ci");
    let before = remote.commit_of("main");
    let slot = scene.fixed();
    let shipped = scene.ship();
    assert_eq!(shipped["state"], "armed");
    assert_eq!(shipped["merge_request"]["auto_merge"], true);
    let pull = assert_one(&scene, &remote);
    assert!(pull.body.contains("red"), "no proof in\n{}", pull.body);
    assert_eq!(shipped["merge_request"]["url"], format!("{}/pulls/{}", remote.url(), pull.number));
    assert_eq!((pull.merged, remote.commit_of("main")), (false, before));
    assert!(
        scene.sandbox.repo_at(&slot).try_git(["symbolic-ref", "HEAD"]).is_err(),
        "the slot is not parked"
    );

    let waiting = scene.look();
    assert_eq!((waiting.state, waiting.why.as_deref()), (MergeRequestState::Armed, Some("waits for ci")));
    remote.set_status(&pull.commit, "ci", "success");
    remote.wait_for_merge(pull.number);
    let merged = scene.look();
    assert_eq!(merged.state, MergeRequestState::Merged);
    assert_eq!(merged.merged_commit, remote.commit_of("main"));
    let status = scene.hotfix().must(["status", "--json", "--id", ID]).json();
    assert_eq!(status["merge_request"]["state"], "merged");
}

#[test]
fn a_red_status_blocks_and_is_named() {
    let (scene, remote) = published();
    remote.require_status("ci");
    scene.fixed();
    scene.ship();
    let pull = remote.pull_request();
    remote.set_status(&pull.commit, "ci", "failure");
    let blocked = scene.look();
    assert_eq!(blocked.state, MergeRequestState::Blocked);
    assert_eq!(blocked.why.as_deref(), Some("ci failed"));
    assert!(!remote.pull_request().merged);
}

#[test]
fn a_missing_approval_blocks_until_it_is_given() {
    let (scene, remote) = published();
    remote.require_approvals(1);
    scene.fixed();
    scene.ship();
    let blocked = scene.look();
    assert_eq!(blocked.state, MergeRequestState::Blocked);
    assert_eq!(blocked.why.as_deref(), Some("1 more approval is needed"));
    assert_eq!(blocked.who.as_deref(), Some("who may approve for main"));
    let pull = remote.pull_request();
    assert!(remote.approve(pull.number, &pull.commit).code < 300);
    let looked = scene.at(None, |forge, at| forge.merge(at, &Merge::WhenReady)).expect("an answer");
    assert!(matches!(looked.state, MergeRequestState::Armed | MergeRequestState::Merged), "{looked:?}");
    remote.wait_for_merge(pull.number);
}

#[test]
fn rules_are_bypassed_for_a_reason_that_is_written_down() {
    let (scene, remote) = published();
    remote.require_status("ci");
    scene.fixed();
    scene.ship();
    let bypass = Merge::Bypass("all of production is down".to_owned());
    let merged = scene.at(None, |forge, at| forge.merge(at, &bypass)).expect("an answer");
    assert_eq!(merged.state, MergeRequestState::Merged);
    assert!(remote.pull_request().merged);
    scene.repo.git(["fetch", "--quiet", "origin", "main"]);
    let message = scene.repo.git(["log", "-1", "--format=%B", "FETCH_HEAD"]);
    assert!(message.contains("Rules bypassed: all of production is down"), "{message}");
}

#[test]
fn a_second_ship_finds_its_work_done() {
    let (scene, remote) = published();
    remote.require_status("ci");
    scene.fixed();
    scene.ship();
    let first = assert_one(&scene, &remote);
    let again = scene.hotfix().run(["submit", "--json", "--id", ID]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(again.json()["state"], "armed");
    assert_eq!(assert_one(&scene, &remote), first);
}

#[test]
fn two_submits_at_once_make_one_merge_request() {
    let (scene, remote) = published();
    remote.require_status("ci");
    scene.fixed();
    scene.hotfix().must(["prove"]);
    scene.hotfix().must(["test"]);
    scene.hotfix().must(["commit", "-m", SUBJECT]);
    let both = [(); 2].map(|()| scene.hotfix().start(["submit", "--json"]));
    let codes = both.map(|running| running.wait().code);
    assert!(codes.contains(&0), "{codes:?}");
    assert_one(&scene, &remote);
}

#[test]
fn killed_at_any_point_of_submit_it_makes_one_merge_request() {
    for point in ["submit.before", "submit.pushed", "submit.recorded", "submit.proposed"] {
        let (scene, remote) = published();
        remote.require_status("ci");
        scene.fixed();
        scene.sandbox.env_set("HOTFIX_FAILPOINT", format!("{point}:kill"));
        assert_eq!(scene.try_ship().code, KILLED, "{point} was not reached");
        scene.sandbox.env_remove("HOTFIX_FAILPOINT");
        let shipped = scene.ship();
        assert_eq!(shipped["state"], "armed", "{point}");
        assert_one(&scene, &remote);
    }
}

/// Nothing holds the merge up here: it happens while the program is dead.
#[test]
fn killed_before_it_knew_of_the_merge_it_makes_no_second_one() {
    let (scene, remote) = published();
    scene.fixed();
    scene.sandbox.env_set("HOTFIX_FAILPOINT", "submit.proposed:kill");
    assert_eq!(scene.try_ship().code, KILLED);
    scene.sandbox.env_remove("HOTFIX_FAILPOINT");
    remote.wait_for_merge(remote.pull_request().number);
    scene.hotfix().must(["submit", "--id", ID]);
    assert!(assert_one(&scene, &remote).merged);
    assert_eq!(scene.look().state, MergeRequestState::Merged);
}

#[test]
fn without_a_token_the_branch_is_pushed_and_the_page_is_named() {
    let (scene, remote) = published();
    scene.sandbox.env_remove("HOTFIX_TOKEN_127_0_0_1");
    scene.fixed();
    let shipped = scene.ship();
    assert_eq!(shipped["state"], "pushed");
    let url = shipped["merge_request"]["url"].as_str().expect("a page").to_owned();
    assert!(url.starts_with(&format!("{}/compare/main...hotfix", remote.url())), "{url}");
    assert_eq!(remote.commit_of(BRANCH), Some(scene.commit()));
    assert_eq!(remote.pull_requests(), []);
}

#[test]
fn what_was_pushed_by_somebody_else_is_not_merged() {
    let (scene, remote) = published();
    remote.require_status("ci");
    scene.fixed();
    scene.ship();
    let number = remote.pull_request().number;
    scene.repo.git(["worktree", "add", "--quiet", "--detach", "../elsewhere", BRANCH]);
    let elsewhere = scene.sandbox.repo_at(scene.sandbox.code().join("elsewhere"));
    elsewhere.write("more", "not tested\n");
    let other = elsewhere.commit("feat: one more thing");
    elsewhere.git(["push", "--quiet", "origin", &format!("HEAD:refs/heads/{BRANCH}")]);
    let blocked = scene.look();
    assert_eq!(blocked.state, MergeRequestState::Blocked, "{blocked:?}");
    remote.set_status(&other, "ci", "success");
    // The schedule was taken back: nothing can merge it any more.
    let cancelled = scene.at(None, |forge, at| forge.cancel(at));
    assert!(cancelled.is_ok());
    assert!(!remote.pull_request().merged, "merged a stranger's commit in {number}");
}

#[test]
fn after_the_merge_labels_change_and_remarks_are_read() {
    let (scene, remote) = published();
    scene.fixed();
    scene.ship();
    let pull = remote.wait_for_merge(remote.pull_request().number);
    assert_eq!(scene.look().state, MergeRequestState::Merged);
    let number = u64::try_from(pull.number).expect("a number");
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let forge = scene.forge();
    forge.relabel(number, &names(&["post-reviewed"]), &names(&["needs-post-review"])).expect("labels");
    assert_eq!(remote.pull_request().labels, ["post-reviewed", "urgent"]);
    remote.remark(pull.number, "/hotfix-reviewed looks right");
    let marks = forge.marks(number).expect("marks");
    let last = marks.last().expect("a remark");
    assert_eq!((last.account.as_str(), last.approves), ("reviewer", true));
}

#[test]
fn a_merge_request_can_be_closed_once() {
    let (scene, remote) = published();
    remote.require_status("ci");
    scene.fixed();
    scene.ship();
    for _ in 0..2 {
        scene.at(None, |forge, at| forge.close(at)).expect("an answer");
        assert_eq!(remote.pull_request().state, "closed");
    }
    assert_eq!(scene.look().state, MergeRequestState::Closed);
}

/// As many as the forge needs at least, and the last two at the same time.
#[test]
fn three_requests_make_it_label_it_and_schedule_its_merge() {
    let (scene, remote) = published();
    remote.require_status("ci");
    scene.sandbox.env_remove("HOTFIX_TOKEN_127_0_0_1");
    scene.fixed();
    scene.ship();
    let counter = Web::new(|call: &Call| {
        let answer = Gitea::shared().wire().ask(&call.method, &call.path, &call.json());
        Answer::json(answer.code, &answer.json)
    });
    let address = |url: &str| Address::parse(url).expect("an address");
    let site = Site {
        kind: Kind::Gitea,
        remote: address(&remote.url()),
        pages: address(Gitea::shared().url()),
        api: address(&format!("{}/api/v1", counter.url())),
        path: remote.name(),
        how: "a test",
    };
    let token = Token::new(Gitea::shared().token(), "127.0.0.1", "a test");
    let forge = Adapter::new(&scene.sandbox.ctx(scene.repo.path()), Connection { site, token });
    let labels = ["urgent", "needs-post-review"].map(str::to_owned);
    forge.prepare("main", &labels).expect("an outlook");
    counter.forget();
    let landing = scene.propose(&forge, &labels);
    assert_eq!(landing.state, MergeRequestState::Armed);
    let mut lines = counter.lines();
    lines[1..].sort();
    let number = remote.pull_request().number;
    let expected =
        ["/pulls".to_owned(), format!("/issues/{number}/labels"), format!("/pulls/{number}/merge")];
    assert_eq!(lines, expected.map(|path| format!("POST {}", remote.path(&path))));
    // Found again, nothing is made twice.
    counter.forget();
    assert_eq!(scene.propose(&forge, &labels).state, MergeRequestState::Armed);
    assert_one(&scene, &remote);
}

#[test]
fn what_is_needed_is_known_before_the_push() {
    let (scene, remote) = published();
    remote.require_status("ci");
    let prepare = || scene.forge().prepare("main", &["urgent".to_owned()]);
    let outlook = prepare().expect("an outlook");
    assert_eq!(outlook.account.as_deref(), Some("responder"));
    assert_eq!(outlook.obstacles, Vec::<String>::new());
    assert_eq!(outlook.remarks, ["checks needed: ci"]);
    // It is there now: a second look makes no second one.
    prepare().expect("an outlook");
    assert_eq!(remote.labels(), ["urgent"]);
}
