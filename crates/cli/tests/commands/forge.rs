//! With a forge behind the remote: killed anywhere on the way to the merge request and run again, there is one, armed
//! with our commit; and no token is shown.

use hotfix_testkit::forges::fake::{Effect, FakeForge};

use crate::case::{Case, SUBJECT};

const KILLED: i32 = 137;
const TOKEN: &str = "t0ken-of-no-shape";
const POINTS: [&str; 5] =
    ["submit.before", "submit.pushed", "submit.recorded", "submit.proposed", "submit.followed"];

/// A fix in its slot, in front of a GitHub that wants a green check.
fn scene() -> (Case, FakeForge) {
    let mut case = Case::new();
    let forge = FakeForge::github(&case.repo);
    forge.set(|settings| {
        settings.checks_required = true;
        settings.looks_to_prepare = 0;
        settings.looks_to_checks = 0;
    });
    case.sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", TOKEN);
    case.settle();
    case.start();
    case.fix();
    (case, forge)
}

fn ship(case: &Case) -> hotfix_testkit::Output {
    case.hotfix().run(["ship", SUBJECT, "--set", "submit.forge=github", "--json"])
}

#[test]
fn killed_on_the_way_to_the_merge_request_there_is_one_in_the_end() {
    for point in POINTS {
        let (case, forge) = scene();
        case.sandbox.env_set("HOTFIX_FAILPOINT", format!("{point}:kill"));
        assert_eq!(ship(&case).code, KILLED, "{point}");
        case.sandbox.env_remove("HOTFIX_FAILPOINT");
        let output = ship(&case);
        assert_eq!(output.code, 0, "{point}: {}", output.stderr);
        case.assert_untouched();
        case.assert_sound();
        let json = output.json();
        assert_eq!(json["merge_request"]["number"], 1, "{point}: {json}");
        assert_eq!(json["state"], "armed", "{point}");
        let world = forge.world();
        assert_eq!(world.opened("hotfix/1.2.3"), 1, "{point}");
        let head = case.repo.bare().commit_of("hotfix/1.2.3");
        assert!(world.ledger.contains(&Effect::Armed { number: 1, head }), "{point}: {:?}", world.ledger);
    }
}

#[test]
fn no_token_is_shown_and_status_asks_the_forge() {
    let (case, forge) = scene();
    let shipped = ship(&case);
    assert_eq!(shipped.code, 0, "{}", shipped.stderr);
    let status = |args: &[&str]| {
        let args = ["status", "--json", "--set", "submit.forge=github"].iter().chain(args);
        case.hotfix().run(args)
    };
    forge.world().checks_end(1, false);
    let asked = status(&[]);
    assert_eq!(asked.json()["merge_request"]["state"], "blocked", "{}", asked.stdout);
    drop(forge);
    let offline = status(&["--offline"]);
    assert_eq!(offline.json()["merge_request"]["state"], "blocked");
    let away = status(&[]);
    assert_eq!(away.code, 0, "a forge that is away is no error: {}", away.stderr);
    for output in [shipped, asked, offline, away] {
        assert!(!format!("{}{}", output.stdout, output.stderr).contains(TOKEN));
    }
}
