//! forge: the push that delivers, every ref with its own lease. The judge is the bare remote.

use std::fs;
use std::time::Duration;

use hotfix_core::error::Result;
use hotfix_core::forge::{Delivered, Delivery, ForgeError, PushPlan, deliver, take_back};
use hotfix_core::git::{Oid, RefName, Repository, Worktree};
use hotfix_model::ExitCode;
use hotfix_testkit::forges::fake::{FakeForge, Fault};
use hotfix_testkit::{Repo, Sandbox, write_program};

const LIMIT: Duration = Duration::from_secs(30);

/// A clone with a fix that is on no remote yet.
struct Desk {
    repo: Repo,
    repository: Repository,
    main: Oid,
    fix: Oid,
    slot: Worktree,
}

fn desk(sandbox: &Sandbox) -> Desk {
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    let main = oid(&repo.head());
    repo.git(["switch", "--quiet", "--create", "hotfix/1"]);
    repo.write("a", "2");
    let fix = oid(&repo.commit("fix: a"));
    let slot = Worktree { path: repo.path().to_owned(), git_dir: repo.path().join(".git") };
    let repository = Repository::discover(&sandbox.ctx(repo.path())).unwrap();
    Desk { repo, repository, main, fix, slot }
}

fn oid(text: &str) -> Oid {
    Oid::parse(text).unwrap()
}

fn name(full: &str) -> RefName {
    RefName::new(full).unwrap()
}

impl Desk {
    fn delivery(&self) -> Delivery<'_> {
        Delivery {
            remote: "origin",
            slot: Some(&self.slot),
            branch: name("refs/heads/hotfix/1"),
            commit: self.fix.clone(),
            pushed_before: None,
            target: None,
            plan: PushPlan::default(),
            limit: LIMIT,
        }
    }

    fn direct(&self) -> Delivery<'_> {
        Delivery { target: Some((name("refs/heads/main"), self.main.clone())), ..self.delivery() }
    }

    fn deliver(&self, delivery: &Delivery<'_>) -> Result<Delivered> {
        deliver(&self.repository, delivery)
    }

    fn on_remote(&self, full: &str) -> Option<Oid> {
        let found = self.repo.bare().try_git(["rev-parse", "--verify", "--quiet", full]).ok()?;
        Some(oid(&found))
    }

    /// Somebody else makes a commit on the remote's ref.
    fn somebody_moves(&self, full: &str) -> Oid {
        let bare = self.repo.bare();
        let theirs = bare.git(["commit-tree", "-m", "theirs", "-p", "main", "main^{tree}"]);
        bare.git(["update-ref", full, &theirs]);
        oid(&theirs)
    }

    fn update_hook(&self, script: &str) {
        self.hook("update", script);
    }

    fn hook(&self, name: &str, script: &str) {
        write_program(self.repo.bare().file(format!("hooks/{name}")), script);
    }
}

#[test]
fn branch_and_target_go_together() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let delivered = desk.deliver(&desk.direct()).unwrap();
    assert_eq!(delivered, Delivered { merged: true, said: Vec::new() });
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(desk.fix.clone()));
    assert_eq!(desk.on_remote("refs/heads/main"), Some(desk.fix.clone()));
}

#[test]
fn the_second_push_finds_its_work_done() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    for delivery in [desk.delivery(), desk.direct()] {
        let first = desk.deliver(&delivery).unwrap();
        let refs = desk.repo.bare().refs("");
        assert_eq!(desk.deliver(&delivery).unwrap(), first, "as after a cut before it was written down");
        assert_eq!(desk.repo.bare().refs(""), refs);
    }
}

#[test]
fn a_branch_with_another_commit_is_taken() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let theirs = desk.somebody_moves("refs/heads/hotfix/1");
    let error = desk.deliver(&desk.direct()).unwrap_err();
    let Some(ForgeError::BranchTaken { found, .. }) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!((found.as_str(), error.exit()), (theirs.short(), ExitCode::DECISION));
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(theirs));
}

#[test]
fn a_branch_that_moved_since_our_push_is_taken() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let theirs = desk.somebody_moves("refs/heads/hotfix/1");
    let delivery = Delivery { pushed_before: Some(desk.main.clone()), ..desk.delivery() };
    let error = desk.deliver(&delivery).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ForgeError::BranchTaken { .. })), "{error}");
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(theirs));
}

#[test]
fn a_branch_of_ours_is_moved_also_backwards() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    desk.deliver(&desk.delivery()).unwrap();
    desk.repo.git(["commit", "--quiet", "--amend", "--message", "fix: a, reworded"]);
    let amended = oid(&desk.repo.head());
    let again =
        Delivery { commit: amended.clone(), pushed_before: Some(desk.fix.clone()), ..desk.delivery() };
    desk.deliver(&again).unwrap();
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(amended));
}

/// Git ends a push that the server failed at as it ends one that a hook stopped.
#[test]
fn a_server_that_fails_is_not_taken_for_a_hook() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let forge = FakeForge::github(&desk.repo);
    forge.fault("POST", "git-receive-pack", Fault::Refused(500, String::new()));
    let error = desk.deliver(&desk.delivery()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. })), "{error}");
    assert!(error.why().contains("500"), "{}", error.why());
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), None);
    desk.deliver(&desk.delivery()).unwrap();
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(desk.fix.clone()));
}

#[test]
fn a_target_that_moved_is_said_and_not_overwritten() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let theirs = desk.somebody_moves("refs/heads/main");
    let error = desk.deliver(&desk.direct()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ForgeError::TargetMoved { .. })), "{error}");
    assert_eq!(desk.on_remote("refs/heads/main"), Some(theirs));
}

#[test]
fn a_target_that_is_protected_is_a_refusal_in_the_remotes_words() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    desk.update_hook("case $1 in refs/heads/main) exit 1;; esac");
    let error = desk.deliver(&desk.direct()).unwrap_err();
    let Some(ForgeError::Rejected { branch, said }) = error.downcast_ref() else { panic!("{error}") };
    assert!(branch == "refs/heads/main" && said.contains("hook declined"), "{said}");
    assert_eq!(desk.on_remote("refs/heads/main"), Some(desk.main.clone()));
}

#[test]
fn a_branch_that_is_refused_is_a_refusal_and_not_taken() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    desk.update_hook("exit 1");
    let error = desk.deliver(&desk.delivery()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ForgeError::Rejected { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::REMOTE);
}

#[test]
fn a_remote_that_goes_away_in_the_middle_can_be_pushed_to_again() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    // The other end dies after it took the refs and before it says so.
    let receive = sandbox.fake_tool("dies", "git-receive-pack \"$@\" | head -c 900; kill -9 $PPID");
    let git_dir = desk.repo.git(["--exec-path"]);
    sandbox.env_set(
        "PATH",
        format!("{}:{git_dir}", sandbox.variables()[std::ffi::OsStr::new("PATH")].to_str().unwrap()),
    );
    desk.repo.git(["config", "remote.origin.receivepack", receive.to_str().unwrap()]);
    let repository = Repository::discover(&sandbox.ctx(desk.repo.path())).unwrap();
    let error = deliver(&repository, &desk.delivery()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. })), "{error}");
    assert_eq!(error.exit(), ExitCode::REMOTE);
    desk.repo.git(["config", "--unset", "remote.origin.receivepack"]);
    desk.deliver(&desk.delivery()).unwrap();
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(desk.fix.clone()));
}

#[test]
fn a_remote_that_is_not_there_is_unreachable() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    fs::remove_dir_all(desk.repo.bare().path()).unwrap();
    let error = desk.deliver(&desk.delivery()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ForgeError::Unreachable { .. })), "{error}");
}

#[test]
fn a_credential_in_the_address_is_in_no_error() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let url = format!("file://ada:s3cr3t-t0ken@localhost{}/gone.git", sandbox.root().display());
    desk.repo.git(["remote", "set-url", "origin", &url]);
    let error = desk.deliver(&desk.delivery()).unwrap_err();
    assert!(!format!("{error} {}", error.why()).contains("s3cr3t"), "{}", error.why());
}

mod taken_back {
    use super::*;

    fn take(desk: &Desk) -> bool {
        let branch = name("refs/heads/hotfix/1");
        take_back(&desk.repository, "origin", (&branch, &desk.fix), LIMIT).unwrap()
    }

    #[test]
    fn a_branch_of_ours_goes_once_and_for_all() {
        let sandbox = Sandbox::new();
        let desk = desk(&sandbox);
        desk.deliver(&desk.delivery()).unwrap();
        assert!(take(&desk) && desk.on_remote("refs/heads/hotfix/1").is_none());
        assert!(take(&desk), "gone is gone");
    }

    #[test]
    fn a_branch_that_somebody_moved_stays() {
        let sandbox = Sandbox::new();
        let desk = desk(&sandbox);
        let theirs = desk.somebody_moves("refs/heads/hotfix/1");
        assert!(!take(&desk));
        assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(theirs));
    }
}

/// The remote keeps the options of each push.
fn takes_options(desk: &Desk) {
    desk.repo.bare().git(["config", "receive.advertisePushOptions", "true"]);
    desk.hook(
        "pre-receive",
        "echo \"remote says $GIT_PUSH_OPTION_COUNT\" >&2; echo \"$GIT_PUSH_OPTION_0\" > option",
    );
}

#[test]
fn options_reach_the_remote_and_its_words_reach_us() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    takes_options(&desk);
    let options = vec!["title=a b".to_owned(), "two\nlines".to_owned(), "x".repeat(70_000)];
    let plan = PushPlan { options, instead: None };
    let delivered = desk.deliver(&Delivery { plan, ..desk.delivery() }).unwrap();
    assert!(
        delivered.said.contains(&"remote says 1".to_owned()),
        "what Git cannot carry is left out: {delivered:?}"
    );
    assert_eq!(fs::read_to_string(desk.repo.bare().file("option")).unwrap(), "title=a b\n");
}

#[test]
fn a_remote_that_takes_no_options_gets_the_push_without() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    desk.repo.bare().git(["config", "receive.advertisePushOptions", "false"]);
    let plan = PushPlan { options: vec!["merge_request.create".to_owned()], instead: None };
    desk.deliver(&Delivery { plan, ..desk.delivery() }).unwrap();
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), Some(desk.fix.clone()));
}

#[test]
fn a_request_goes_where_the_forge_wants_it() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let bare = desk.repo.bare();
    bare.git(["config", "receive.procReceiveRefs", "refs/for"]);
    // Speaks the protocol of proc-receive: version, one command, flush; answers that it made a pull request of it.
    let hook = bare.file("hooks/proc-receive");
    let script = r#"#!/usr/bin/env python3
import sys
read, write = sys.stdin.buffer, sys.stdout.buffer
def packets():
    while True:
        size = int(read.read(4), 16)
        if size == 0: return
        yield read.read(size - 4)
def send(*lines):
    for line in lines: write.write(b"%04x" % (len(line) + 4) + line)
    write.write(b"0000"); write.flush()
list(packets()); send(b"version=1\0")
ref = next(packets()).split()[2].split(b"\0")[0]; list(packets())
print("Visit https://forge.example/o/r/pulls/7", file=sys.stderr)
send(b"ok " + ref, b"option refname refs/pull/7/head")
"#;
    write_program(&hook, script);
    let plan = PushPlan { options: Vec::new(), instead: Some("refs/for/main%topic=hotfix-1".to_owned()) };
    let delivered = desk.deliver(&Delivery { plan, ..desk.delivery() }).unwrap();
    assert!(delivered.said.iter().any(|line| line.ends_with("/pulls/7")), "{delivered:?}");
    assert_eq!(desk.on_remote("refs/heads/hotfix/1"), None);
}

mod request_pull {
    use hotfix_core::forge::request_pull;
    use hotfix_core::git::Remote;
    use hotfix_testkit::{Responder, till};

    use super::*;

    /// What Git itself prints, for a fix of two commits with an added, a deleted, a renamed and a binary file.
    #[test]
    fn is_what_git_prints() {
        let sandbox = Sandbox::new();
        let repo = sandbox.till();
        let responder = Responder::at(&sandbox, repo.path());
        responder.start("Wrong totals");
        let slot = responder.slot();
        slot.write("src/till.sh", till::FIXED_SOURCE);
        slot.write("data/é x.bin", b"\x00\x01");
        slot.commit("fix: one\n\nWith a body.");
        slot.git(["mv", "README.md", "LIESMICH.md"]);
        slot.git(["rm", "--quiet", "hotfix.toml"]);
        let head = slot.commit("fix: two");
        slot.git(["push", "--quiet", "origin", "HEAD"]);
        let project = responder.project();
        let remote =
            Remote { name: "origin".to_owned(), url: repo.bare().path().to_str().unwrap().to_owned() };
        let ours = request_pull(&project.repository, &remote, &responder.record(), &oid(&head)).unwrap();
        let theirs = slot.git(["request-pull", "main", &remote.url, "hotfix/1.2.3"]);
        assert_eq!(ours.trim_end(), theirs);
    }
}
