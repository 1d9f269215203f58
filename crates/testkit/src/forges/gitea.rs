//! Gitea, as built by `cargo xtask test --forges`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::server::{self, Server};
use super::{Answer, Wire};
use crate::Repo;
use crate::tools::GITEA;

const PASSWORD: &str = "Passw0rd-of-a-test";
/// Who ships.
const RESPONDER: &str = "responder";
/// Who reviews, and is no administrator.
const REVIEWER: &str = "reviewer";

/// A Gitea server with an administrator `responder` and a user `reviewer`.
pub struct Gitea {
    server: Server,
    url: String,
    tokens: [String; 2],
    repositories: AtomicU64,
}

/// A repository of the responder's, with branch main, in which the reviewer may write.
pub struct GiteaRepository<'a> {
    gitea: &'a Gitea,
    name: String,
}

/// A pull request as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: i64,
    /// `open` or `closed`.
    pub state: String,
    /// Whether it was merged.
    pub merged: bool,
    /// Title.
    pub title: String,
    /// Description.
    pub body: String,
    /// Its branch, also when it is gone.
    pub branch: String,
    /// Its head commit.
    pub commit: String,
    /// Names of its labels, sorted.
    pub labels: Vec<String>,
}

impl Gitea {
    /// The one of this test program, started by whoever comes first. Such a test carries the mark of [`GITEA`] in its
    /// path.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Gitea> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one.
    pub fn start() -> Self {
        let home = GITEA.folder();
        let starting = server::alone(&home);
        let (folder, port) = (server::folder("gitea"), server::free_port());
        let url = format!("http://127.0.0.1:{port}");
        fs::write(folder.join("app.ini"), settings(&home, &folder, port)).expect("a writable folder");
        let command = |words: &[&str]| command(&home, &folder, words);
        server::run(command(&["migrate"]));
        server::run(command(
            &[
                &["admin", "user", "create", "--admin", "--must-change-password=false"][..],
                &["--username", RESPONDER, "--password", PASSWORD, "--email", "responder@example.com"],
            ]
            .concat(),
        ));
        let server = Server::start(&command(&["web"]), &folder, port, "/api/v1/version");
        drop(starting);
        let token = new_token(server.wire(), RESPONDER);
        let wire = server.wire().with(format!("token {token}"));
        let user = json!({ "username": REVIEWER, "password": PASSWORD, "email": "reviewer@example.com",
            "must_change_password": false });
        wire.must("POST", "/api/v1/admin/users", &user);
        let tokens = [token, new_token(&wire, REVIEWER)];
        Self { server, url, tokens, repositories: AtomicU64::new(0) }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The responder's token.
    pub fn token(&self) -> &str {
        &self.tokens[0]
    }

    /// The reviewer's token.
    pub fn reviewers_token(&self) -> &str {
        &self.tokens[1]
    }

    /// Requests as the responder.
    pub fn wire(&self) -> Wire {
        self.server.wire().with(format!("token {}", self.token()))
    }

    /// Requests as the reviewer.
    pub fn reviewers_wire(&self) -> Wire {
        self.server.wire().with(format!("token {}", self.reviewers_token()))
    }

    /// Makes a repository out of main of a sandbox's repository, whose remote `origin` it becomes. Git has the password
    /// by a header; git-hotfix has no token unless the test gives it one.
    pub fn publish(&self, repo: &Repo) -> GiteaRepository<'_> {
        let name = format!("project-{}", self.repositories.fetch_add(1, Ordering::SeqCst));
        let wire = self.wire();
        wire.must("POST", "/api/v1/user/repos", &json!({ "name": name, "default_branch": "main" }));
        let path = format!("/api/v1/repos/{RESPONDER}/{name}");
        let may_write = json!({ "permission": "write" });
        wire.must("PUT", &format!("{path}/collaborators/{REVIEWER}"), &may_write);
        let address = format!("{}/{RESPONDER}/{name}.git", self.url);
        super::remote(repo, &address, (RESPONDER, PASSWORD));
        // It takes in what was pushed a moment later. Asked for a branch until then, Gitea 1.26 panics (nil pointer in
        // `GetBranch`); no project in production is that young.
        wire.until(&path, |json| json["empty"] == false);
        GiteaRepository { gitea: self, name }
    }
}

impl GiteaRepository<'_> {
    /// Its address.
    pub fn url(&self) -> String {
        format!("{}/{RESPONDER}/{}", self.gitea.url, self.name)
    }

    /// `owner/name`.
    pub fn name(&self) -> String {
        format!("{RESPONDER}/{}", self.name)
    }

    /// The path of its requests: `/api/v1/repos/…`, with this at the end.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/repos/{RESPONDER}/{}{rest}", self.name)
    }

    /// Makes main a branch into which nothing is merged before a status has turned green.
    pub fn require_status(&self, context: &str) {
        self.protect(&json!({ "enable_status_check": true, "status_check_contexts": [context] }));
    }

    /// Makes main a branch into which nothing is merged without approvals.
    pub fn require_approvals(&self, count: u32) {
        self.protect(&json!({ "required_approvals": count }));
    }

    fn protect(&self, rules: &Value) {
        // git-hotfix pushes a merge into main never; nobody else may either.
        let mut rules = rules.clone();
        rules["rule_name"] = json!("main");
        self.gitea.wire().must("POST", &self.path("/branch_protections"), &rules);
    }

    /// What continuous integration says about a commit: `pending`, `success`, `failure`.
    pub fn set_status(&self, commit: &str, context: &str, state: &str) {
        let status =
            json!({ "context": context, "state": state, "description": format!("{context} says {state}") });
        self.gitea.wire().must("POST", &self.path(&format!("/statuses/{commit}")), &status);
    }

    /// The reviewer approves.
    pub fn approve(&self, number: i64, commit: &str) -> Answer {
        let review = json!({ "event": "APPROVED", "body": "fine", "commit_id": commit });
        self.gitea.reviewers_wire().ask("POST", &self.path(&format!("/pulls/{number}/reviews")), &review)
    }

    /// The reviewer writes a remark.
    pub fn remark(&self, number: i64, words: &str) {
        let path = self.path(&format!("/issues/{number}/comments"));
        self.gitea.reviewers_wire().must("POST", &path, &json!({ "body": words }));
    }

    /// Names of all labels there are.
    pub fn labels(&self) -> Vec<String> {
        let json = self.gitea.wire().get(&self.path("/labels"));
        let name = |label: &Value| label["name"].as_str().unwrap_or_default().to_owned();
        json.as_array().expect("a list").iter().map(name).collect()
    }

    /// All pull requests, oldest first.
    pub fn pull_requests(&self) -> Vec<PullRequest> {
        let json = self.gitea.wire().get(&self.path("/pulls?state=all&sort=oldest"));
        json.as_array().expect("a list").iter().map(read).collect()
    }

    /// The one pull request there is.
    pub fn pull_request(&self) -> PullRequest {
        let mut all = self.pull_requests();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// Waits until a pull request was merged.
    pub fn wait_for_merge(&self, number: i64) -> PullRequest {
        read(&self.gitea.wire().until(&self.path(&format!("/pulls/{number}")), |json| json["merged"] == true))
    }

    /// The commit a branch stands on; absent if there is no such branch.
    pub fn commit_of(&self, branch: &str) -> Option<String> {
        // Of Git itself: what the pages show of a branch follows a push a moment later.
        let path = self.path(&format!("/git/refs/heads/{branch}"));
        let answer = self.gitea.wire().ask("GET", &path, &Value::Null);
        let refs = answer.json.as_array().cloned().unwrap_or_default();
        let name = format!("refs/heads/{branch}");
        let found = refs.iter().find(|found| found["ref"] == name.as_str())?;
        found["object"]["sha"].as_str().map(str::to_owned)
    }
}

fn read(json: &Value) -> PullRequest {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = json["labels"].as_array().into_iter().flatten().map(|label| text(&label["name"]));
    let mut labels: Vec<String> = labels.collect();
    labels.sort();
    PullRequest {
        number: json["number"].as_i64().expect("a number"),
        state: text(&json["state"]),
        merged: json["merged"] == true,
        title: text(&json["title"]),
        body: text(&json["body"]),
        branch: text(&json["head"]["label"]),
        commit: text(&json["head"]["sha"]),
        labels,
    }
}

fn command(home: &Path, folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(home.join("gitea"));
    command.arg("--config").arg(folder.join("app.ini")).args(words);
    server::surround(&mut command, folder);
    command
}

fn new_token(wire: &Wire, user: &str) -> String {
    let wire = wire.with(super::basic(user, PASSWORD));
    let wanted = json!({ "name": "test", "scopes": ["all"] });
    let token = wire.must("POST", &format!("/api/v1/users/{user}/tokens"), &wanted);
    token["sha1"].as_str().expect("a token").to_owned()
}

fn settings(home: &Path, folder: &Path, port: u16) -> String {
    let (data, folder) = (home.join("data"), folder.display());
    format!(
        "RUN_MODE = prod
WORK_PATH = {folder}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = {data}
LFS_START_SERVER = false
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = {folder}/repositories
[security]
INSTALL_LOCK = true
PASSWORD_HASH_ALGO = pbkdf2_v1
[service]
DISABLE_REGISTRATION = true
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = false
[packages]
ENABLED = false
[cron]
ENABLED = false
[log]
MODE = console
LEVEL = warn
",
        data = data.display(),
    )
}
