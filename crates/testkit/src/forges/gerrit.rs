//! Gerrit, as installed by `cargo xtask test --forges`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::Wire;
use super::server::{self, Server};
use crate::Repo;
use crate::tools::GERRIT;

const PASSWORD: &str = "password-of-a-test";
/// Comes with a site that was set up for development.
const ADMINISTRATOR: (&str, &str) = ("admin", "secret");
/// Who ships.
const RESPONDER: &str = "responder";
/// Who votes.
const REVIEWER: &str = "reviewer";
const EVERYBODY: &str = "global:Registered-Users";

/// A Gerrit server with the users `responder` and `reviewer`, who may vote and submit.
pub struct Gerrit {
    server: Server,
    url: String,
    projects: AtomicU64,
}

/// A project with branch main.
pub struct GerritProject<'a> {
    gerrit: &'a Gerrit,
    name: String,
}

/// A change as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub number: i64,
    /// `NEW`, `MERGED` or `ABANDONED`.
    pub status: String,
    /// The target.
    pub branch: String,
    /// Topic.
    pub topic: String,
    /// Hashtags, sorted.
    pub hashtags: Vec<String>,
    /// The commit of the newest patch set.
    pub commit: String,
    /// How many patch sets there are.
    pub patch_sets: i64,
}

impl Gerrit {
    /// The one of this test program, started by whoever comes first. Such a test carries the mark of [`GERRIT`] in its
    /// path.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Gerrit> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one.
    pub fn start() -> Self {
        let home = GERRIT.folder();
        let starting = server::alone(&home);
        let (folder, port) = (server::folder("gerrit"), server::free_port());
        let url = format!("http://127.0.0.1:{port}");
        let site = folder.join("site");
        let mut copy = Command::new("cp");
        copy.arg("-R").arg(Self::site(&home)).arg(&site);
        server::run(copy);
        configure(&site, &url);
        let mut daemon = Self::java(&home);
        daemon.arg("daemon").arg("-d").arg(&site).arg("--console-log");
        let server = Server::start(&daemon, &folder, port, "/config/server/version");
        drop(starting);
        let gerrit = Self { server, url, projects: AtomicU64::new(0) };
        for user in [RESPONDER, REVIEWER] {
            let account =
                json!({ "name": user, "email": format!("{user}@example.com"), "http_password": PASSWORD });
            gerrit.administrator().must("PUT", &format!("/a/accounts/{user}"), &account);
        }
        gerrit
    }

    /// The site that was set up once, in the folder of tools.
    pub fn site(home: &Path) -> PathBuf {
        home.join("site")
    }

    /// Java with Gerrit, without the words of its command. For a short life: quick to start, modest in memory.
    pub fn java(home: &Path) -> Command {
        let mut java = Command::new("java");
        java.args([
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-classpath",
        ]);
        java.arg(home.join("lib/*")).arg("com.google.gerrit.launcher.GerritLauncher");
        java
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The responder's token as git-hotfix wants it: name and password, which Gerrit calls HTTP credentials.
    pub fn token(&self) -> String {
        format!("{RESPONDER}:{PASSWORD}")
    }

    /// Requests as the responder, below `/a/`.
    pub fn wire(&self) -> Wire {
        self.server.wire().with(super::basic(RESPONDER, PASSWORD))
    }

    /// Requests as the reviewer, below `/a/`.
    pub fn reviewers_wire(&self) -> Wire {
        self.server.wire().with(super::basic(REVIEWER, PASSWORD))
    }

    fn administrator(&self) -> Wire {
        self.server.wire().with(super::basic(ADMINISTRATOR.0, ADMINISTRATOR.1))
    }

    /// Makes a project out of main of a sandbox's repository, whose remote `origin` it becomes. Everybody may vote and
    /// submit there; Git has the responder's password by a header.
    pub fn publish(&self, repo: &Repo) -> GerritProject<'_> {
        let name = format!("project-{}", self.projects.fetch_add(1, Ordering::SeqCst));
        let wire = self.administrator();
        wire.must("PUT", &format!("/a/projects/{name}"), &json!({ "branches": ["main"] }));
        let access = json!({ "add": {
            "refs/heads/*": { "permissions": permissions() },
            "refs/tags/*": { "permissions": foreign_commits() },
        } });
        wire.must("POST", &format!("/a/projects/{name}/access"), &access);
        let address = format!("{}/a/{name}", self.url);
        super::remote(repo, &address, ADMINISTRATOR);
        super::password(repo, &address, (RESPONDER, PASSWORD));
        GerritProject { gerrit: self, name }
    }
}

impl GerritProject<'_> {
    /// Lets everybody read and push the records of hotfixes, which no project does by itself.
    pub fn allow_records(&self) {
        let allowed = json!({ "rules": { EVERYBODY: { "action": "ALLOW", "force": true } } });
        let permissions = json!({ "read": allowed, "create": allowed, "push": allowed, "delete": allowed });
        let access = json!({ "add": { "refs/hotfix/*": { "permissions": permissions } } });
        let path = format!("/a/projects/{}/access", self.name);
        self.gerrit.administrator().must("POST", &path, &access);
    }

    /// All changes, newest first.
    pub fn changes(&self) -> Vec<Change> {
        let query = format!("/a/changes/?q=project:{}&o=CURRENT_REVISION", self.name);
        let json = self.gerrit.wire().get(&query);
        json.as_array().expect("a list").iter().map(read).collect()
    }

    /// The one change there is.
    pub fn change(&self) -> Change {
        let mut all = self.changes();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }

    /// The reviewer votes on the newest patch set.
    pub fn vote(&self, number: i64, label: &str, value: i64) {
        let vote = json!({ "labels": { label: value } });
        let path = format!("/a/changes/{number}/revisions/current/review");
        self.gerrit.reviewers_wire().must("POST", &path, &vote);
    }

    /// The commit main stands on.
    pub fn main(&self) -> String {
        let json = self.gerrit.wire().get(&format!("/a/projects/{}/branches/main", self.name));
        json["revision"].as_str().expect("a commit").to_owned()
    }
}

fn read(json: &Value) -> Change {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut hashtags: Vec<String> = json["hashtags"].as_array().into_iter().flatten().map(text).collect();
    hashtags.sort();
    Change {
        number: json["_number"].as_i64().expect("a number"),
        status: text(&json["status"]),
        branch: text(&json["branch"]),
        topic: text(&json["topic"]),
        hashtags,
        commit: text(&json["current_revision"]),
        patch_sets: json["current_revision_number"].as_i64().expect("a number"),
    }
}

/// The commits of a sandbox are not those of the account that pushes main.
fn foreign_commits() -> Value {
    let all = json!({ "rules": { EVERYBODY: { "action": "ALLOW" } } });
    json!({ "forgeAuthor": all, "forgeCommitter": all })
}

fn permissions() -> Value {
    let all = json!({ "rules": { EVERYBODY: { "action": "ALLOW" } } });
    let vote = json!({ "label": "Code-Review",
        "rules": { EVERYBODY: { "action": "ALLOW", "min": -2, "max": 2 } } });
    let mut permissions = foreign_commits();
    permissions["label-Code-Review"] = vote;
    permissions["submit"] = all;
    permissions
}

fn configure(site: &Path, url: &str) {
    let settings = [
        ("httpd.listenUrl", format!("{url}/")),
        ("gerrit.canonicalWebUrl", format!("{url}/")),
        ("sshd.listenAddress", "off".to_owned()),
        ("sendemail.enable", "false".to_owned()),
        ("container.javaOptions", String::new()),
    ];
    for (name, value) in settings {
        let mut git = Command::new("git");
        git.args(["config", "--replace-all", "--file"])
            .arg(site.join("etc/gerrit.config"))
            .args([name, &value]);
        server::run(git);
    }
}
