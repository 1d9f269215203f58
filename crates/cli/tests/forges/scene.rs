//! Somebody with a bug to fix in a repository on a forge.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use hotfix_core::ctx::Ctx;
use hotfix_core::forge::detect::Configured;
use hotfix_core::forge::{Asking, Draft, Forge, Whereabouts, adapter};
use hotfix_core::git::Oid;
use hotfix_core::session::Project;
use hotfix_model::Landing;
use hotfix_model::config::MergeMode;
use hotfix_testkit::{Binary, Output, Repo, Sandbox};
use serde_json::Value;

pub const ALERT: &str = "Production down! Auth failing";
pub const SUBJECT: &str = "auth token validation";
/// The version after the tag `v1.2.2`.
pub const ID: &str = "1.2.3";
pub const BRANCH: &str = "hotfix/1.2.3";

const SOURCE: &str = "valid() {\n    test -n \"$1\"\n}\n";
const FIXED: &str = "valid() {\n    test -n \"$1\" && test \"$1\" -gt 0\n}\n";
const TESTS: &str = ". ./auth.sh\nvalid 60 || exit 1\n";
const MORE_TESTS: &str = ". ./auth.sh\nvalid 60 || exit 1\nif valid 0; then exit 1; fi\n";
const SETTINGS: &str = "[test]\ncommand = \"sh tests/test_auth.sh\"\n";

pub struct Scene {
    pub sandbox: Sandbox,
    pub repo: Repo,
}

impl Scene {
    /// A repository that is on no forge yet.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let repo =
            sandbox.repo_with(&[("auth.sh", SOURCE.as_bytes()), ("tests/test_auth.sh", TESTS.as_bytes())]);
        repo.git(["tag", "--annotate", "--message", "1.2.2", "v1.2.2"]);
        let scene = Self { sandbox, repo };
        scene.settings("");
        scene
    }

    /// Adds to the user's own settings.
    pub fn settings(&self, more: &str) {
        let folder = self.sandbox.home().join(".config/git-hotfix");
        fs::create_dir_all(&folder).expect("a writable home");
        fs::write(folder.join("config.toml"), format!("{SETTINGS}{more}")).expect("a writable home");
    }

    /// From now on git-hotfix has a token for the server on loopback.
    pub fn token(&self, token: &str) {
        self.sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", token);
    }

    pub fn hotfix(&self) -> Binary {
        self.sandbox.binary(env!("CARGO_BIN_EXE_git-hotfix"), self.repo.path())
    }

    /// A started hotfix whose slot holds the fix.
    pub fn fixed(&self) -> PathBuf {
        let started = self.hotfix().must(["start", "--json", ALERT]).json();
        let slot = PathBuf::from(started["worktree"].as_str().expect("a path"));
        let folder = self.sandbox.repo_at(&slot);
        folder.write("auth.sh", FIXED);
        folder.write("tests/test_auth.sh", MORE_TESTS);
        slot
    }

    pub fn try_ship(&self) -> Output {
        self.hotfix().run(["ship", "--json", SUBJECT])
    }

    /// `ship`, to its end.
    pub fn ship(&self) -> Value {
        let shipped = self.try_ship();
        assert_eq!(shipped.code, 0, "{}\n{}", shipped.stdout, shipped.stderr);
        shipped.json()
    }

    /// The commit of the fix.
    pub fn commit(&self) -> String {
        self.repo.commit_of(BRANCH)
    }

    /// The adapter that a command would use.
    pub fn forge(&self) -> Arc<dyn Forge> {
        let ctx: Ctx = self.sandbox.ctx(self.repo.path());
        let project = Project::open(&ctx, Vec::new()).expect("a repository");
        let remote = project.remote.clone().expect("a remote");
        adapter(&project.repository, &remote, Configured::default(), Asking::Server).expect("an adapter")
    }

    /// Does something with the merge request of the fix.
    pub fn at<T>(&self, number: Option<u64>, deed: impl FnOnce(&dyn Forge, &Whereabouts<'_>) -> T) -> T {
        let commit = Oid::parse(&self.commit()).expect("a commit");
        let at = Whereabouts { number, branch: BRANCH, target: "main", commit: &commit };
        deed(&*self.forge(), &at)
    }

    /// What an adapter makes of the fix that is pushed.
    pub fn propose(&self, forge: &dyn Forge, labels: &[String]) -> Landing {
        let project = Project::open(&self.sandbox.ctx(self.repo.path()), Vec::new()).expect("a repository");
        let mut record = project.store().load(ID).expect("a record").record;
        // Nothing was proposed before, as far as this one knows.
        record.merge_request = None;
        let commit = Oid::parse(&self.commit()).expect("a commit");
        let draft = Draft {
            record: &record,
            commit: &commit,
            title: format!("fix: {SUBJECT}"),
            description: "Proof".to_owned(),
            labels: labels.to_vec(),
            reviewers: Vec::new(),
            is_draft: false,
            merge: MergeMode::Auto,
            break_glass: None,
        };
        forge.propose(&draft, &[]).expect("a merge request")
    }

    /// Where the merge request stands, as the adapter reads it.
    pub fn look(&self) -> Landing {
        self.at(None, |forge, at| forge.look(at).expect("an answer"))
    }
}
