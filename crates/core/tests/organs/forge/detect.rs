//! Which forge a remote is on: by configuration, by what lies there, and at last by asking the server once.

use hotfix_core::forge::detect::{Configured, Kind, Site, find, known};
use hotfix_core::forge::{Asking, adapter};
use hotfix_core::git::{Remote, Repository};
use hotfix_model::ExitCode;
use hotfix_testkit::{Answer, Call, Repo, Sandbox, Web};
use serde_json::json;

fn open(sandbox: &Sandbox, repo: &Repo) -> Repository {
    let repository = Repository::discover(&sandbox.ctx(repo.path())).unwrap();
    repository.make_state_dir().unwrap();
    repository
}

fn guessed(sandbox: &Sandbox, files: &[(&str, &[u8])], url: &str) -> Option<Kind> {
    let repo = sandbox.repo_with(files);
    let repository = open(sandbox, &repo);
    known(&repository, url, Configured::default()).unwrap().map(|site| site.kind)
}

#[test]
fn hosts_and_logins_and_files_tell_it() {
    let sandbox = Sandbox::new();
    let plain: &[(&str, &[u8])] = &[("a", b"1")];
    assert_eq!(guessed(&sandbox, plain, "git@github.com:o/r"), Some(Kind::GitHub));
    assert_eq!(guessed(&sandbox, plain, "git@forge.example:o/r"), None);
    let gitlab: &[(&str, &[u8])] = &[(".gitlab-ci.yml", b"")];
    assert_eq!(guessed(&sandbox, gitlab, "git@forge.example:o/r"), Some(Kind::GitLab));
    let both: &[(&str, &[u8])] = &[(".gitlab-ci.yml", b""), (".gitreview", b"")];
    assert_eq!(guessed(&sandbox, both, "git@forge.example:o/r"), None);
    assert_eq!(guessed(&sandbox, gitlab, "/srv/r.git"), None, "a folder is no forge");
    std::fs::create_dir_all(sandbox.home().join(".config/gh")).unwrap();
    std::fs::write(sandbox.home().join(".config/gh/hosts.yml"), "forge.example:\n    user: ada\n").unwrap();
    assert_eq!(guessed(&sandbox, gitlab, "git@forge.example:o/r"), Some(Kind::GitHub));
}

#[test]
fn configuration_comes_first_and_must_be_right() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("a", b"1")]);
    let repository = open(&sandbox, &repo);
    let with = |forge, api| known(&repository, "https://github.com/o/r", Configured { forge, api });
    assert_eq!(with("gitea", "").unwrap().unwrap().kind, Kind::Gitea);
    assert_eq!(with("plain", "").unwrap(), None);
    assert_eq!(with("sourcehut", "").unwrap_err().exit(), ExitCode::SETUP);
    assert_eq!(with("gitlab", "not an address").unwrap_err().exit(), ExitCode::SETUP);
}

#[test]
fn a_remote_on_this_machine_is_plain_git() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    let repository = open(&sandbox, &repo);
    let remote = Remote { name: "origin".to_owned(), url: String::new() };
    let adapter = adapter(&repository, &remote, Configured::default(), Asking::Server).unwrap();
    assert_eq!(adapter.name(), "plain");
}

#[test]
fn the_address_is_the_one_that_pushes_use() {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with_remote(&[("a", b"1")]);
    repo.git(["config", "url.git@gitlab.com:.insteadOf", "work:"]);
    repo.git(["config", "remote.origin.url", "work:g/r.git"]);
    let repository = open(&sandbox, &repo);
    let remote = Remote { name: "origin".to_owned(), url: "work:g/r.git".to_owned() };
    let adapter = adapter(&repository, &remote, Configured::default(), Asking::Nobody).unwrap();
    assert_eq!(adapter.name(), "gitlab");
}

/// Path, status and body.
type Answers = &'static [(&'static str, u16, &'static str)];

/// A server that says at these paths what it is.
fn server(answers: Answers) -> Web {
    Web::new(move |call: &Call| {
        let found = answers.iter().find(|(path, _, _)| *path == call.path);
        found.map_or(Answer::json(404, &json!({})), |(_, status, body)| {
            Answer::Reply(*status, Vec::new(), body.as_bytes().to_vec())
        })
    })
}

fn asked(web: &Web, path: &str) -> Option<Site> {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("a", b"1")]);
    let repository = open(&sandbox, &repo);
    let url = format!("{}/{path}", web.url());
    let first = find(&repository, &url, Configured::default()).unwrap();
    web.forget();
    assert_eq!(find(&repository, &url, Configured::default()).unwrap(), first);
    assert_eq!(web.lines(), Vec::<String>::new(), "it is asked once");
    first
}

#[test]
fn a_server_is_asked_once_and_without_a_token() {
    let cases: &[(Answers, Kind)] = &[
        (&[("/api/v4/version", 401, r#"{"message":"401 Unauthorized"}"#)], Kind::GitLab),
        (&[("/api/v1/version", 200, r#"{"version":"1.25.5"}"#)], Kind::Gitea),
        (
            &[
                ("/api/v1/version", 200, r#"{"version":"11+gitea-1.22"}"#),
                ("/api/forgejo/v1/version", 200, r#"{"version":"11.0.1"}"#),
            ],
            Kind::Forgejo,
        ),
        (&[("/api/v3/", 200, r#"{"rate_limit_url":"x"}"#)], Kind::GitHub),
        (&[("/config/server/version", 200, ")]}'\n\"3.11\"")], Kind::Gerrit),
        (
            &[("/rest/api/1.0/application-properties", 200, r#"{"displayName":"Bitbucket"}"#)],
            Kind::BitbucketServer,
        ),
    ];
    for (answers, kind) in cases {
        let web = server(answers);
        assert_eq!(asked(&web, "o/r.git").map(|site| site.kind), Some(*kind));
    }
}

#[test]
fn a_server_that_is_no_forge_is_plain_git() {
    assert_eq!(asked(&server(&[]), "o/r.git"), None);
}

#[test]
fn a_forge_below_a_path_is_found_there() {
    let web = server(&[("/gitlab/api/v4/version", 401, r#"{"message":"401"}"#)]);
    let site = asked(&web, "gitlab/g/r.git").unwrap();
    assert_eq!((site.kind, site.path.as_str()), (Kind::GitLab, "g/r"));
    assert_eq!(site.api.printed(), format!("{}/gitlab/api/v4", web.url()));
}
