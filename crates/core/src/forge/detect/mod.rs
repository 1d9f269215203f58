//! Which forge a remote is on, where its API is, and what the repository is called there.
//!
//! From sure to guessed: configuration, hosts everybody knows, what was learnt before, hosts people are logged in to,
//! the name of the host, files of the repository, the port; and at last one round of questions to the host itself.

mod hints;
mod memory;
mod probe;

use std::fmt;

use super::ForgeError;
use super::address::Address;
use crate::error::Result;
use crate::git::Repository;
use probe::Said;

pub use hints::of_words;

/// What a forge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// github.com, GitHub Enterprise, and what speaks its REST API.
    GitHub,
    /// gitlab.com and self-managed.
    GitLab,
    /// Gitea.
    Gitea,
    /// Forgejo, codeberg.org.
    Forgejo,
    /// Gerrit.
    Gerrit,
    /// bitbucket.org.
    Bitbucket,
    /// Bitbucket Data Center.
    BitbucketServer,
    /// Azure DevOps.
    Azure,
    /// A Git remote of which nothing else is known.
    Plain,
}

/// A repository on a forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What the forge is.
    pub kind: Kind,
    /// The remote's address, as pushes use it.
    pub remote: Address,
    /// The forge's pages; with a path where it is installed below one.
    pub pages: Address,
    /// The API.
    pub api: Address,
    /// What the repository is called there: `owner/name`, `group/subgroup/name`.
    pub path: String,
    /// How it was found out, for people.
    pub how: &'static str,
}

/// What the configuration says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Configured<'a> {
    /// `submit.forge`; empty to find out.
    pub forge: &'a str,
    /// `submit.api`; empty for the usual place.
    pub api: &'a str,
}

impl Kind {
    const NAMES: &[(&'static str, Self)] = &[
        ("github", Self::GitHub),
        ("gitlab", Self::GitLab),
        ("gitea", Self::Gitea),
        ("forgejo", Self::Forgejo),
        ("gerrit", Self::Gerrit),
        ("bitbucket", Self::Bitbucket),
        ("bitbucket-server", Self::BitbucketServer),
        ("azure", Self::Azure),
        ("plain", Self::Plain),
    ];

    /// The kind of that name in the configuration.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("plain", |(name, _)| name)
    }

    /// All names, for people.
    pub fn names() -> String {
        Self::NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// Where the API is by itself, below the pages.
    fn api(self, pages: &Address) -> Address {
        let below = |path: &str| pages.at(&format!("{}/{path}", pages.path));
        let host = |host: String, path: &str| Address { host, port: None, ..pages.at(path) };
        match self {
            Self::GitHub if pages.host == "github.com" || pages.host.ends_with(".ghe.com") => {
                host(format!("api.{}", pages.host), "")
            }
            Self::GitHub => below("api/v3"),
            Self::GitLab => below("api/v4"),
            Self::Gitea | Self::Forgejo => below("api/v1"),
            Self::Gerrit => below("a"),
            Self::Bitbucket => host("api.bitbucket.org".to_owned(), "2.0"),
            Self::BitbucketServer => below("rest/api/latest"),
            Self::Azure | Self::Plain => pages.clone(),
        }
    }

    /// What an API's path ends with, which is not part of the pages'.
    fn api_path(self) -> &'static str {
        match self {
            Self::GitHub => "api/v3",
            Self::GitLab => "api/v4",
            Self::Gitea | Self::Forgejo => "api/v1",
            Self::Gerrit => "a",
            Self::BitbucketServer => "rest/api/latest",
            Self::Bitbucket | Self::Azure | Self::Plain => "",
        }
    }

    /// What comes before the repository's name in an HTTP address of this forge.
    fn remote_prefix(self) -> &'static str {
        match self {
            // GitBucket.
            Self::GitHub => "git/",
            Self::Gerrit => "a/",
            Self::BitbucketServer => "scm/",
            _ => "",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
            Self::Gitea => "Gitea",
            Self::Forgejo => "Forgejo",
            Self::Gerrit => "Gerrit",
            Self::Bitbucket => "Bitbucket",
            Self::BitbucketServer => "Bitbucket Data Center",
            Self::Azure => "Azure DevOps",
            Self::Plain => "plain Git",
        })
    }
}

/// Finds the forge without asking anybody. `None` if it is not known yet; a remote on this machine is plain Git, which
/// is `None` as well. Fails only where the configuration names a forge that does not exist.
pub fn known(repository: &Repository, url: &str, configured: Configured<'_>) -> Result<Option<Site>> {
    let told = told(configured)?;
    let Some(remote) = Address::parse(url).filter(|_| told != Some(Kind::Plain)) else {
        return Ok(None);
    };
    let host = hints::usual_host(&remote.host);
    let pages = Address { host: host.to_owned(), ..remote.pages() };
    if let Some(kind) = told {
        return site(kind, (remote, pages), (configured.api, "configured")).map(Some);
    }
    if let Some((kind, pages)) = memory::recall(repository, &remote) {
        return site(kind, (remote, pages), (configured.api, "learnt from the server")).map(Some);
    }
    match hints::guess(repository, &remote, host) {
        Some((kind, how)) => site(kind, (remote, pages), (configured.api, how)).map(Some),
        None => Ok(None),
    }
}

/// Finds the forge, if need be by asking the host, and remembers what it said. `None` for plain Git.
pub fn find(repository: &Repository, url: &str, configured: Configured<'_>) -> Result<Option<Site>> {
    if let Some(site) = known(repository, url, configured)? {
        return Ok(Some(site));
    }
    let Some(remote) = Address::parse(url).filter(|_| configured.forge != Kind::Plain.name()) else {
        return Ok(None);
    };
    if memory::is_plain(repository, &remote) {
        return Ok(None);
    }
    let (kind, pages) = match probe::ask(repository.ctx(), &remote)? {
        Said::Is(kind, pages) => (kind, pages),
        Said::Nothing => {
            memory::learn(repository, &remote, Kind::Plain, &remote.pages());
            return Ok(None);
        }
        Said::Silent => return Ok(None),
    };
    memory::learn(repository, &remote, kind, &pages);
    site(kind, (remote, pages), (configured.api, "learnt from the server")).map(Some)
}

/// Remembers what a push said about the server, where it says anything.
pub fn learn_from_push(repository: &Repository, url: &str, said: &[String]) {
    if let (Some(remote), Some(kind)) = (Address::parse(url), of_words(said)) {
        let pages = Address { host: hints::usual_host(&remote.host).to_owned(), ..remote.pages() };
        memory::learn(repository, &remote, kind, &pages);
    }
}

fn told(configured: Configured<'_>) -> Result<Option<Kind>, ForgeError> {
    match configured.forge {
        "" => Ok(None),
        name => Kind::named(name).map(Some).ok_or_else(|| ForgeError::Unknown { name: name.to_owned() }),
    }
}

fn site(kind: Kind, (remote, pages): (Address, Address), (api, how): (&str, &'static str)) -> Result<Site> {
    let kind = match kind {
        Kind::Bitbucket if pages.host != "bitbucket.org" => Kind::BitbucketServer,
        kind => kind,
    };
    let (pages, api) = match api {
        "" => {
            let api = kind.api(&pages);
            (pages, api)
        }
        text => {
            let named = Address::parse(text).filter(|api| api.scheme != "ssh");
            let api = named.ok_or_else(|| ForgeError::BadApi { api: text.to_owned() })?;
            (pages_of(kind, &api), api)
        }
    };
    let path = path_on(kind, &remote, &pages);
    Ok(Site { kind, remote, pages, api, path, how })
}

/// The pages that belong to an API.
fn pages_of(kind: Kind, api: &Address) -> Address {
    let host = api.host.strip_prefix("api.").filter(|_| kind == Kind::GitHub || kind == Kind::Bitbucket);
    let path = api.path.strip_suffix(kind.api_path()).unwrap_or(&api.path);
    Address { host: host.unwrap_or(&api.host).to_owned(), ..api.at(path) }
}

/// What the repository is called on the forge.
fn path_on(kind: Kind, remote: &Address, pages: &Address) -> String {
    let mut path = remote.path.as_str();
    if remote.scheme != "ssh" {
        if !pages.path.is_empty() {
            let below = path.strip_prefix(pages.path.as_str()).and_then(|path| path.strip_prefix('/'));
            path = below.unwrap_or(path);
        }
        let deep = path.split('/').count() > 2 || kind == Kind::Gerrit;
        path = path.strip_prefix(kind.remote_prefix()).filter(|_| deep).unwrap_or(path);
    }
    let path = path.strip_suffix(".git").unwrap_or(path);
    match kind {
        Kind::Azure => path.strip_prefix("v3/").unwrap_or(path).replace("_git/", ""),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, url: &str, api: &str) -> (String, String, String) {
        let remote = Address::parse(url).unwrap();
        let pages = Address { host: hints::usual_host(&remote.host).to_owned(), ..remote.pages() };
        let site = site(kind, (remote, pages), (api, "test")).unwrap();
        (site.pages.printed(), site.api.printed(), site.path)
    }

    fn is(pages: &str, api: &str, path: &str) -> (String, String, String) {
        (pages.to_owned(), api.to_owned(), path.to_owned())
    }

    #[test]
    fn each_forge_has_its_api_and_names() {
        let cases = [
            (
                Kind::GitHub,
                "git@github.com:o/r.git",
                is("https://github.com", "https://api.github.com", "o/r"),
            ),
            (
                Kind::GitHub,
                "ssh://git@ssh.github.com:443/o/r.git",
                is("https://github.com", "https://api.github.com", "o/r"),
            ),
            (Kind::GitHub, "https://x.ghe.com/o/r", is("https://x.ghe.com", "https://api.x.ghe.com", "o/r")),
            (Kind::GitHub, "https://h.x/o/r.git", is("https://h.x", "https://h.x/api/v3", "o/r")),
            (
                Kind::GitHub,
                "http://127.0.0.1:8089/git/root/r.git",
                is("http://127.0.0.1:8089", "http://127.0.0.1:8089/api/v3", "root/r"),
            ),
            (
                Kind::GitLab,
                "git@gitlab.com:g/s/r.git",
                is("https://gitlab.com", "https://gitlab.com/api/v4", "g/s/r"),
            ),
            (Kind::Gitea, "ssh://git@h.x:2222/o/r.git", is("https://h.x", "https://h.x/api/v1", "o/r")),
            (
                Kind::Gerrit,
                "http://admin@127.0.0.1:8081/a/demo",
                is("http://127.0.0.1:8081", "http://127.0.0.1:8081/a", "demo"),
            ),
            (Kind::Gerrit, "ssh://me@h.x:29418/deep/demo", is("https://h.x", "https://h.x/a", "deep/demo")),
            (
                Kind::Bitbucket,
                "git@bitbucket.org:w/r.git",
                is("https://bitbucket.org", "https://api.bitbucket.org/2.0", "w/r"),
            ),
            (
                Kind::Bitbucket,
                "https://h.x/scm/K/r.git",
                is("https://h.x", "https://h.x/rest/api/latest", "K/r"),
            ),
            (
                Kind::Azure,
                "git@ssh.dev.azure.com:v3/o/p/r",
                is("https://dev.azure.com", "https://dev.azure.com", "o/p/r"),
            ),
            (
                Kind::Azure,
                "https://o@dev.azure.com/o/p/_git/r",
                is("https://dev.azure.com", "https://dev.azure.com", "o/p/r"),
            ),
        ];
        for (kind, url, expected) in cases {
            assert_eq!(found(kind, url, ""), expected, "{url}");
        }
    }

    #[test]
    fn a_named_api_tells_where_the_pages_are() {
        let api = "https://h.x/gitlab/api/v4";
        assert_eq!(
            found(Kind::GitLab, "https://h.x/gitlab/g/r.git", api),
            is("https://h.x/gitlab", api, "g/r")
        );
        assert_eq!(found(Kind::GitLab, "git@ssh.h.x:g/r.git", api), is("https://h.x/gitlab", api, "g/r"));
    }
}
