//! How many calls of Git the commands cost: each is a process.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use hotfix_core::flow::start::Request;
use hotfix_testkit::responder::request;
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Responder, Sandbox};

/// A `git` before the real one that writes down what it is called with.
struct Watch(PathBuf);

impl Watch {
    fn over(sandbox: &Sandbox) -> Self {
        let log = sandbox.root().join("calls");
        let git = sandbox.environment(sandbox.root()).find_program("git").unwrap();
        sandbox.fake_tool(
            "git",
            &format!(
                "for word; do\n  case $skip$word in\n    -c) skip=x;;\n    x*) skip=;;\n    \
                 *) echo \"$word\" >>'{}'; break;;\n  esac\ndone\nexec '{}' \"$@\"",
                log.display(),
                git.display()
            ),
        );
        Self(log)
    }

    /// The subcommands that `deed` runs, in order.
    fn calls(&self, deed: impl FnOnce()) -> Vec<String> {
        fs::write(&self.0, "").unwrap();
        deed();
        fs::read_to_string(&self.0).unwrap().lines().map(str::to_owned).collect()
    }
}

#[test]
fn each_command_makes_few_calls() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.trust();
    let start = |alert: &str, fetch| drop(responder.try_start(Request { fetch, ..request(alert) }).unwrap());
    start("First", false);
    responder.try_cleanup(true).unwrap();
    let watch = Watch::over(&sandbox);
    // The first call after Git was installed asks for its version.
    responder.project();

    let slot = || sandbox.repo_at(sandbox.code().join("repo-hotfix"));
    let edit = || {
        slot().write("src/till.sh", FIXED_SOURCE);
        slot().write("tests/test_till.sh", NEW_TEST);
    };
    // One call of each is for the configuration, which only Git knows.
    let table: [(&str, usize, &dyn Fn()); 5] = [
        ("start --no-fetch", 2, &|| start("Second", false)),
        ("status", 1, &|| drop(responder.status())),
        ("cleanup --discard", 2, &|| drop(responder.try_cleanup(true).unwrap())),
        // The remote is asked twice at the same moment: for the base, and for the names of its refs.
        ("start", 4, &|| start("Third", true)),
        // The twin is laid three times, red, green and red, by up to two calls each.
        ("ship", 24, &|| {
            edit();
            responder.ship("totals");
        }),
    ];
    for (command, most, deed) in table {
        let calls = watch.calls(deed);
        assert!(calls.len() <= most, "{command}: {} calls, at most {most}: {calls:?}", calls.len());
    }
}

/// What the user fetched is later than what we fetched: which one it is, is asked once.
#[test]
fn the_newest_base_is_found_once() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let responder = Responder::at(&sandbox, repo.path());
    responder.trust();
    responder.try_start(request("First")).unwrap();
    responder.try_cleanup(true).unwrap();
    repo.push_commit_to_remote(&[("news", b"news")]);
    repo.git(["fetch", "--quiet", "origin"]);
    let watch = Watch::over(&sandbox);
    responder.project();
    let start = || drop(responder.try_start(Request { fetch: false, ..request("Second") }).unwrap());
    let calls = watch.calls(start);
    assert_eq!(calls.iter().filter(|call| *call == "merge-base").count(), 1, "{calls:?}");
}

/// An alert that wakes many has many starts with the same words.
#[test]
fn starts_at_once_do_not_lose_their_names_to_each_other() {
    const STARTS: usize = 12;
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    Responder::at(&sandbox, repo.path()).project();
    let watch = Watch::over(&sandbox);
    let started = Mutex::new(BTreeSet::new());
    let calls = watch.calls(|| {
        thread::scope(|scope| {
            for _ in 0..STARTS {
                scope.spawn(|| {
                    let responder = Responder::at(&sandbox, repo.path());
                    let start = Request { fetch: false, ..request("Production down!") };
                    let output = responder.try_start(start).unwrap();
                    started.lock().unwrap().insert(output.id);
                });
            }
        });
    });
    assert_eq!(started.lock().unwrap().len(), STARTS);
    let claims = calls.iter().filter(|call| *call == "update-ref").count();
    // Who looked before another had a name, and took it after, finds out once.
    assert!(claims <= 2 * STARTS, "{claims} transactions for {STARTS}: {calls:?}");
    let state = fs::read_dir(repo.path().join(".git/hotfix")).unwrap();
    let left =
        state.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|is| is == "starting"));
    assert_eq!(left.count(), 0, "a name that is taken is held no longer");
}
