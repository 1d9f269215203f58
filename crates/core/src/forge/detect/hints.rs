//! What tells a forge without asking its server.

use std::path::{Path, PathBuf};

use super::{Address, Kind};
use crate::env::Environment;
use crate::forge::token;
use crate::git::Repository;

/// Hosts everybody knows.
const HOSTS: &[(&str, Kind)] = &[
    ("github.com", Kind::GitHub),
    ("gitlab.com", Kind::GitLab),
    ("gitea.com", Kind::Gitea),
    ("codeberg.org", Kind::Forgejo),
    ("bitbucket.org", Kind::Bitbucket),
    ("dev.azure.com", Kind::Azure),
];
/// Domains whose hosts are all of one kind.
const DOMAINS: &[(&str, Kind)] =
    &[(".ghe.com", Kind::GitHub), (".visualstudio.com", Kind::Azure), (".googlesource.com", Kind::Gerrit)];
/// Hosts for ssh alone, and the hosts they belong to.
const FOR_SSH: &[(&str, &str)] = &[
    ("ssh.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
    ("ssh.dev.azure.com", "dev.azure.com"),
];
/// Parts of host names.
const NAMES: &[(&str, Kind)] = &[
    ("gitlab", Kind::GitLab),
    ("github", Kind::GitHub),
    ("gitea", Kind::Gitea),
    ("forgejo", Kind::Forgejo),
    ("gerrit", Kind::Gerrit),
    ("bitbucket", Kind::Bitbucket),
];
/// Files that only one kind of forge reads.
const FILES: &[(&str, Kind)] = &[
    (".gitlab-ci.yml", Kind::GitLab),
    (".forgejo/workflows", Kind::Forgejo),
    (".gitea/workflows", Kind::Gitea),
    (".gitreview", Kind::Gerrit),
    ("azure-pipelines.yml", Kind::Azure),
];
/// The port on which Gerrit, by default, speaks ssh.
const GERRIT_PORT: u16 = 29418;
/// What servers say after a push, and who says it.
const WORDS: &[(&str, Kind)] = &[
    ("/-/merge_requests", Kind::GitLab),
    ("To create a merge request for", Kind::GitLab),
    ("on GitHub by visiting", Kind::GitHub),
    ("Create a new pull request for", Kind::Gitea),
    ("Visit the existing pull request", Kind::Gitea),
    ("Create pull request for", Kind::Bitbucket),
];

/// The host that has the pages of a host for ssh.
pub(super) fn usual_host(host: &str) -> &str {
    FOR_SSH.iter().find(|(ssh, _)| *ssh == host).map_or(host, |(_, usual)| usual)
}

/// The kind, and how it is known.
pub(super) fn guess(repository: &Repository, remote: &Address, host: &str) -> Option<(Kind, &'static str)> {
    let env = &repository.ctx().env;
    let by = |how: &'static str| move |kind: Kind| (kind, how);
    by_name_of_host(host)
        .map(by("known host"))
        .or_else(|| logged_in(env, host).map(by("you are logged in there")))
        .or_else(|| of_job(env, host).map(by("this job runs for it")))
        .or_else(|| part(NAMES, host).map(by("name of the host")))
        .or_else(|| (remote.port == Some(GERRIT_PORT)).then_some((Kind::Gerrit, "port 29418")))
        .or_else(|| {
            by_files(repository.home()).filter(|_| !remote.is_loopback()).map(by("a file of the repository"))
        })
}

/// What a push said, as a kind.
pub fn of_words(said: &[String]) -> Option<Kind> {
    said.iter().find_map(|line| WORDS.iter().find(|(words, _)| line.contains(words)).map(|(_, kind)| *kind))
}

fn by_name_of_host(host: &str) -> Option<Kind> {
    let exact = HOSTS.iter().find(|(known, _)| *known == host);
    let within = || DOMAINS.iter().find(|(domain, _)| host.ends_with(domain));
    exact.or_else(within).map(|(_, kind)| *kind)
}

fn part(names: &[(&str, Kind)], host: &str) -> Option<Kind> {
    names.iter().find(|(name, _)| host.contains(name)).map(|(_, kind)| *kind)
}

/// Only one such file tells anything: two forges may mirror each other.
fn by_files(home: &Path) -> Option<Kind> {
    let mut found = FILES.iter().filter(|(file, _)| home.join(file).exists()).map(|(_, kind)| *kind);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// A CI job that runs on the forge itself says so.
fn of_job(env: &Environment, host: &str) -> Option<Kind> {
    let names = |variable: &str| {
        let value = env.get(variable).and_then(|value| value.to_str()).unwrap_or_default();
        value == host || Address::parse(value).is_some_and(|address| address.host == host)
    };
    let is_gitea = env.get("GITEA_ACTIONS").is_some();
    match () {
        () if names("CI_SERVER_HOST") || names("GITLAB_HOST") => Some(Kind::GitLab),
        () if names("FORGEJO_SERVER_URL") => Some(Kind::Forgejo),
        () if names("GITEA_SERVER_URL") || (is_gitea && names("GITHUB_SERVER_URL")) => Some(Kind::Gitea),
        () if names("GH_HOST") || names("GITHUB_SERVER_URL") => Some(Kind::GitHub),
        () => None,
    }
}

/// Hosts in the configurations of gh, glab and tea.
fn logged_in(env: &Environment, host: &str) -> Option<Kind> {
    let folder = |variable: &str, below: &str| {
        env.get(variable).map(PathBuf::from).or_else(|| {
            let config = env.get("XDG_CONFIG_HOME").map(PathBuf::from);
            Some(config.or_else(|| Some(Path::new(env.get("HOME")?).join(".config")))?.join(below))
        })
    };
    let read = |folder: Option<PathBuf>, file: &str| {
        std::fs::read_to_string(folder?.join(file)).ok().filter(|text| text.len() < (1 << 20))
    };
    let gh = read(folder("GH_CONFIG_DIR", "gh"), "hosts.yml").unwrap_or_default();
    if gh.lines().any(|line| line.trim_end().strip_suffix(':') == Some(host)) {
        return Some(Kind::GitHub);
    }
    let glab = read(folder("GLAB_CONFIG_DIR", "glab-cli"), "config.yml").unwrap_or_default();
    if below(&glab, "hosts:").any(|line| line.trim().strip_suffix(':') == Some(host)) {
        return Some(Kind::GitLab);
    }
    let tea = read(folder("TEA_CONFIG_DIR", "tea"), "config.yml").unwrap_or_default();
    token::tea_logins(&tea).into_iter().any(|(at, _)| at == host).then_some(Kind::Gitea)
}

/// The indented lines below a heading.
fn below<'a>(text: &'a str, heading: &'a str) -> impl Iterator<Item = &'a str> {
    let after = text.lines().skip_while(move |line| line.trim_end() != heading).skip(1);
    after.take_while(|line| line.is_empty() || line.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_words_tell_the_kind() {
        assert_eq!(by_name_of_host("corp.ghe.com"), Some(Kind::GitHub));
        assert_eq!(by_name_of_host("notgithub.com"), None);
        assert_eq!(part(NAMES, "gitlab.corp.example"), Some(Kind::GitLab));
        let said = ["", "Create a pull request for 'x' on GitHub by visiting:"].map(str::to_owned);
        assert_eq!(of_words(&said), Some(Kind::GitHub));
        assert_eq!(of_words(&["View merge request for x:".to_owned()]), None, "too little to be sure");
    }

    #[test]
    fn hosts_of_glab_are_below_their_heading() {
        let text = "git_protocol: ssh\nhosts:\n    gitlab.com:\n        token: x\n    h.x:\n        token: y\naliases:\n    co: z\n";
        assert!(below(text, "hosts:").any(|line| line.trim() == "h.x:"));
        assert!(!below(text, "hosts:").any(|line| line.contains("co:")));
    }
}
