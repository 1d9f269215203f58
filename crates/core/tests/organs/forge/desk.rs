//! A fix that is committed and not yet pushed, in front of a fake forge.

use std::time::Duration;

use hotfix_core::error::Result;
use hotfix_core::forge::detect::Configured;
use hotfix_core::forge::{self, Asking, Delivery, Draft, Forge, Whereabouts, deliver};
use hotfix_core::git::{Oid, RefName, Remote, Repository, Worktree};
use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, Record};
use hotfix_testkit::forges::fake::FakeForge;
use hotfix_testkit::{Repo, Responder, Sandbox, till};

/// The token in the sandbox's environment.
pub const TOKEN: &str = "glpat-Sesame-0123456789";
/// The branch of the fix.
pub const BRANCH: &str = "hotfix/1.2.3";

/// Somebody with a fix.
pub struct Desk<'a> {
    pub sandbox: &'a Sandbox,
    pub repo: Repo,
    pub slot: Repo,
    pub forge: FakeForge,
    pub record: Record,
    pub commit: Oid,
    kind: &'static str,
    api: String,
}

impl<'a> Desk<'a> {
    /// In front of a GitLab, with a token.
    pub fn at_gitlab(sandbox: &'a Sandbox) -> Self {
        sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", TOKEN);
        Self::new(sandbox, "gitlab", FakeForge::gitlab)
    }

    /// In front of a GitHub, with a token.
    pub fn at_github(sandbox: &'a Sandbox) -> Self {
        sandbox.env_set("HOTFIX_TOKEN_127_0_0_1", TOKEN);
        Self::new(sandbox, "github", FakeForge::github)
    }

    /// In front of whatever `open` makes of the repository.
    pub fn new(sandbox: &'a Sandbox, kind: &'static str, open: impl FnOnce(&Repo) -> FakeForge) -> Self {
        let repo = sandbox.till();
        let responder = Responder::at(sandbox, repo.path());
        responder.start("Wrong totals");
        let slot = responder.slot();
        slot.write("src/till.sh", till::FIXED_SOURCE);
        slot.write(".gitlab-ci.yml", "test: {script: [./test.sh]}\n");
        let commit = Oid::parse(&slot.commit("fix: wrong totals")).unwrap();
        let forge = open(&repo);
        Self { sandbox, slot, record: responder.record(), repo, forge, commit, kind, api: String::new() }
    }

    /// The same desk with `submit.api` configured.
    pub fn with_api(self, api: &str) -> Self {
        Self { api: api.to_owned(), ..self }
    }

    /// Commits once more, as after a red pipeline.
    pub fn commit_again(&mut self) {
        self.slot.write("again", "1\n");
        self.commit = Oid::parse(&self.slot.commit("fix: again")).unwrap();
    }

    /// The repository, opened anew, as by a process of its own.
    pub fn repository(&self) -> Repository {
        Repository::discover(&self.sandbox.ctx(self.repo.path())).unwrap()
    }

    /// The adapter, made anew, as by a process of its own.
    pub fn adapter(&self) -> std::sync::Arc<dyn Forge> {
        let remote = Remote { name: "origin".to_owned(), url: self.forge.remote_url() };
        let configured = Configured { forge: self.kind, api: &self.api };
        forge::adapter(&self.repository(), &remote, configured, Asking::Server).unwrap()
    }

    /// What is proposed.
    pub fn draft(&self) -> Draft<'_> {
        Draft {
            record: &self.record,
            commit: &self.commit,
            title: "fix: wrong totals".to_owned(),
            description: "## Why\n\nTotals were wrong.".to_owned(),
            labels: vec!["urgent".to_owned(), "needs-post-review".to_owned()],
            reviewers: Vec::new(),
            is_draft: false,
            merge: MergeMode::Auto,
            break_glass: None,
        }
    }

    /// Where it is, as somebody knows who has only the branch.
    pub fn at(&self) -> Whereabouts<'_> {
        Whereabouts { number: None, branch: BRANCH, target: "main", commit: &self.commit }
    }

    /// Pushes what the adapter says. Gives what the forge said.
    pub fn push(&self, adapter: &dyn Forge, draft: &Draft<'_>) -> Result<Vec<String>> {
        self.push_over(adapter, draft, None)
    }

    /// The same, over a commit that we pushed before.
    pub fn push_over(
        &self,
        adapter: &dyn Forge,
        draft: &Draft<'_>,
        before: Option<&Oid>,
    ) -> Result<Vec<String>> {
        let repository = self.repository();
        let slot = Worktree::at(self.slot.path(), repository.common_dir());
        let delivery = Delivery {
            remote: "origin",
            slot: slot.as_ref(),
            branch: RefName::branch(BRANCH)?,
            commit: self.commit.clone(),
            pushed_before: before.cloned(),
            target: None,
            plan: adapter.push_plan(draft),
            limit: Duration::from_secs(30),
        };
        Ok(deliver(&repository, &delivery)?.said)
    }

    /// Pushes and proposes with a new adapter, as `git hotfix submit` does.
    pub fn submit(&self) -> Result<Landing> {
        self.submit_with(|_| {})
    }

    /// The same with another draft.
    pub fn submit_with(&self, change: impl FnOnce(&mut Draft<'_>)) -> Result<Landing> {
        let adapter = self.adapter();
        let mut draft = self.draft();
        change(&mut draft);
        let said = self.push(adapter.as_ref(), &draft)?;
        adapter.propose(&draft, &said)
    }

    /// Requests to the API so far, Git's own left out.
    pub fn calls(&self) -> Vec<String> {
        let world = self.forge.world();
        let calls = world.calls.iter().filter(|call| call.path.contains("/api/"));
        let name = |path: &str| {
            path.rsplit_once("/shop%2Ftill").map_or(path.to_owned(), |(_, rest)| rest.to_owned())
        };
        calls.map(|call| format!("{} {}", call.method, name(&call.path))).collect()
    }

    /// Forgets which requests there were.
    pub fn forget_calls(&self) {
        self.forge.world().calls.clear();
    }

    /// Fails if a request was not as the forge has published its API.
    pub fn judge_contracts(&self) {
        assert_eq!(self.forge.world().broken_contracts, [] as [&str; 0]);
    }
}
