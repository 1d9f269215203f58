//! The token for a forge, wherever it was found and whatever goes wrong, is seen nowhere but in requests to that forge.

use std::fs;
use std::path::PathBuf;

use hotfix_testkit::Repo;
use hotfix_testkit::forges::fake::{FakeForge, Fault};

use crate::case::{Case, SUBJECT};
use crate::secrets::Hunt;

/// Of no form that anything could recognise by itself.
const SECRET: &str = "Sesame.0pen.97c1.quite.ordinary.words";

/// Where a token lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    OwnVariable,
    ForgeVariable,
    Address,
    Program,
    Helper,
}

/// Puts the token there. Gives the files it is in.
fn plant(source: Source, case: &Case, forge: &FakeForge) -> Vec<PathBuf> {
    let sandbox = &case.sandbox;
    let url = forge.remote_url();
    match source {
        Source::OwnVariable => sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", SECRET),
        Source::ForgeVariable => {
            sandbox.env_set("GITLAB_TOKEN", SECRET);
            sandbox.env_set("GITLAB_HOST", forge.url());
        }
        Source::Address => {
            let with_token = url.replace("//", &format!("//oauth2:{SECRET}@"));
            case.repo.git(["remote", "set-url", "origin", &with_token]);
        }
        Source::Program => {
            let config = sandbox.home().join(".config/glab-cli/config.yml");
            fs::create_dir_all(config.parent().expect("a folder")).expect("a writable home");
            fs::write(&config, format!("hosts:\n  127.0.0.1:\n    token: {SECRET}\n"))
                .expect("a writable home");
            sandbox.fake_tool("glab", "sed -n 's/.*token: //p' \"$HOME/.config/glab-cli/config.yml\"");
            return vec![config];
        }
        Source::Helper => {
            let store = sandbox.home().join("passwords");
            let with_token = url.replace("//", &format!("//oauth2:{SECRET}@"));
            fs::write(&store, format!("{with_token}\n{}\n", with_token.replace("/shop/till.git", "")))
                .expect("a writable home");
            case.repo.git([
                "config",
                "--global",
                "credential.helper",
                &format!("store --file={}", store.display()),
            ]);
            return vec![store];
        }
    }
    Vec::new()
}

/// Keeps what every Git of ours was called with, and what the process list showed of it.
fn record_calls(case: &Case) {
    let path = case.sandbox.environment(case.repo.path()).find_program("git").expect("git");
    let seen = case.sandbox.root().join("seen");
    let script = format!(
        "tr '\\0' '\\n' < /proc/$$/cmdline >> '{0}'\nprintf '%s\\n' \"$@\" >> '{0}'\nexec '{1}' \"$@\"",
        seen.display(),
        path.display()
    );
    case.sandbox.fake_tool("git", &script);
}

fn faults(forge: &FakeForge) {
    let mut world = forge.world();
    world.faults.on("GET", "/projects/", Fault::Refused(500, format!("{{\"message\":\"{SECRET}\"}}")));
    world.faults.on("PUT", "/merge", Fault::Expired);
    world.faults.on("GET", "/merge_requests/", Fault::Garbled);
    world.faults.on("POST", "/git-receive-pack", Fault::CutAfter);
}

fn hunt(source: Source) {
    let case = Case::new();
    let forge = FakeForge::gitlab(&case.repo);
    forge.set(|settings| {
        settings.tokens = vec![SECRET.to_owned()];
        settings.tokens_for_git = matches!(source, Source::Address | Source::Helper);
        settings.looks_to_checks = 1;
    });
    let planted = plant(source, &case, &forge);
    record_calls(&case);
    case.sandbox.env_set("GIT_TRACE", "1");
    let mut hunt = Hunt::of(&[SECRET]);
    let hotfix = case.hotfix();
    let run = |hunt: &mut Hunt, args: &[&str]| {
        let loud = ["--set", "submit.forge=gitlab", "--set", "test.command=env; sh tests/test_auth.sh"];
        let output = hotfix.run([&loud[..], args].concat());
        hunt.look_at_output(args[0], &output);
        output
    };
    run(&mut hunt, &["start", "Auth fails", "--name", "1.2.3"]);
    case.fix();
    faults(&forge);
    for _ in 0..4 {
        run(&mut hunt, &["ship", SUBJECT]);
        // A token in an error of the forge is no reason to show it.
        run(&mut hunt, &["status", "--id", "1.2.3"]);
    }
    forge.world().faults.clear();
    for args in [&["ship", SUBJECT][..], &["status", "--id", "1.2.3", "--json"], &["log", "1.2.3", "--json"]]
    {
        run(&mut hunt, args);
    }
    let world = forge.world();
    assert_eq!(world.opened("hotfix/1.2.3"), 1, "{source:?}: {:#?}", world.ledger);
    let asked = world.calls.iter().filter(|call| call.path.contains("/api/v4/") && call.status == 200);
    assert!(asked.count() > 0, "{source:?}: the token was not found, so nothing was proven");
    drop(world);
    let settings = [case.sandbox.home().join(".gitconfig"), case.repo.path().join(".git/config")];
    hunt.look_at_files(case.sandbox.root(), &[planted, settings.to_vec()].concat());
    for repo in [case.repo.clone(), case.repo.bare()] {
        look_at_objects(&mut hunt, &repo);
    }
    hunt.end();
}

/// Every object, unpacked, by the real Git.
fn look_at_objects(hunt: &mut Hunt, repo: &Repo) {
    let all =
        repo.git(["-c", "trace2.normalTarget=0", "cat-file", "--batch", "--batch-all-objects", "--buffer"]);
    assert!(all.contains("fix: auth token validation"), "no objects were looked at");
    hunt.look(&format!("an object of {}", repo.path().display()), all.as_bytes());
}

#[test]
fn a_token_in_our_own_variable_goes_to_the_forge_alone() {
    hunt(Source::OwnVariable);
}

#[test]
fn a_token_in_the_forges_variable_goes_to_the_forge_alone() {
    hunt(Source::ForgeVariable);
}

#[test]
fn a_token_in_the_remotes_address_goes_to_the_forge_alone() {
    hunt(Source::Address);
}

#[test]
fn a_token_of_the_forges_program_goes_to_the_forge_alone() {
    hunt(Source::Program);
}

#[test]
fn a_token_of_a_credential_helper_goes_to_the_forge_alone() {
    hunt(Source::Helper);
}
