//! Tokens are found where people have them, and only for the host they are for.

use hotfix_core::forge::address::Address;
use hotfix_core::forge::detect::Kind;
use hotfix_core::forge::token::{Wanted, find};
use hotfix_core::git::Repository;
use hotfix_testkit::Sandbox;

/// Where the token for a remote was found, and its owner.
fn found(sandbox: &Sandbox, kind: Kind, url: &str) -> Option<(String, Option<String>)> {
    let repo = sandbox.repo_with(&[("a", b"1")]);
    let repository = Repository::discover(&sandbox.ctx(repo.path())).unwrap();
    let remote = Address::parse(url).unwrap();
    let pages = remote.pages();
    let token = find(&repository, Wanted { kind, remote: &remote, pages: &pages })?;
    assert!(!format!("{token:?}").contains("s3cret"), "{token:?}");
    Some((token.source().to_owned(), token.user().map(str::to_owned)))
}

fn source(sandbox: &Sandbox, kind: Kind, url: &str) -> Option<String> {
    found(sandbox, kind, url).map(|(source, _)| source)
}

#[test]
fn a_forges_variable_is_for_its_own_host() {
    let sandbox = Sandbox::new();
    sandbox.env_set("GITHUB_TOKEN", "s3cret-github");
    sandbox.env_set("GITLAB_TOKEN", "s3cret-gitlab");
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(source(&sandbox, Kind::GitHub, "https://github.com/o/r"), name("GITHUB_TOKEN"));
    assert_eq!(source(&sandbox, Kind::GitHub, "https://x.ghe.com/o/r"), name("GITHUB_TOKEN"));
    assert_eq!(source(&sandbox, Kind::GitHub, "https://forge.example/o/r"), None);
    assert_eq!(source(&sandbox, Kind::GitLab, "git@forge.example:o/r"), None);
    sandbox.env_set("GITLAB_HOST", "https://forge.example");
    assert_eq!(source(&sandbox, Kind::GitLab, "git@forge.example:o/r"), name("GITLAB_TOKEN"));
    assert_eq!(
        source(&sandbox, Kind::GitLab, "https://gitlab.com/o/r"),
        None,
        "it is for the other host now"
    );
}

#[test]
fn our_own_variable_names_the_host_and_comes_first() {
    let sandbox = Sandbox::new();
    sandbox.env_set("GITHUB_TOKEN", "s3cret-github");
    sandbox.env_set("HOTFIX_TOKEN_GITHUB_COM", "ada:s3cret-own");
    let expected = ("HOTFIX_TOKEN_GITHUB_COM".to_owned(), Some("ada".to_owned()));
    assert_eq!(found(&sandbox, Kind::GitHub, "git@github.com:o/r"), Some(expected));
}

#[test]
fn the_forges_program_is_asked_for_this_host() {
    let sandbox = Sandbox::new();
    sandbox.fake_tool("gh", "[ \"$*\" = 'auth token --hostname forge.example' ] && echo s3cret-of-gh");
    assert_eq!(source(&sandbox, Kind::GitHub, "git@forge.example:o/r").as_deref(), Some("gh auth token"));
    assert_eq!(source(&sandbox, Kind::GitHub, "git@other.example:o/r"), None);
}

#[test]
fn gits_helper_is_asked_and_asks_nobody() {
    let sandbox = Sandbox::new();
    sandbox.fake_tool("askpass", "echo s3cret-typed");
    sandbox.env_set("GIT_ASKPASS", "askpass");
    assert_eq!(source(&sandbox, Kind::Gitea, "https://forge.example/o/r"), None);
    let helper = "!f() { cat >/dev/null; echo username=ada; echo password=s3cret-kept; }; f";
    sandbox.env_set("GIT_CONFIG_COUNT", "1");
    sandbox.env_set("GIT_CONFIG_KEY_0", "credential.https://forge.example.helper");
    sandbox.env_set("GIT_CONFIG_VALUE_0", helper);
    let expected = ("git credential".to_owned(), Some("ada".to_owned()));
    assert_eq!(found(&sandbox, Kind::Gitea, "https://forge.example/o/r"), Some(expected.clone()));
    assert_eq!(found(&sandbox, Kind::Gitea, "git@forge.example:o/r"), Some(expected));
}

#[test]
fn the_remotes_own_credential_is_used_for_the_same_host() {
    let sandbox = Sandbox::new();
    let expected = ("the remote's address".to_owned(), Some("root".to_owned()));
    assert_eq!(
        found(&sandbox, Kind::GitHub, "http://root:s3cret@127.0.0.1:8089/git/root/r.git"),
        Some(expected)
    );
}
