//! Tokens in variables. A forge's variable is for the forge's own host; for any other host another variable must say
//! so, or a repository could send it anywhere by its remote.

use super::{Token, Wanted};
use crate::env::Environment;
use crate::forge::address::Address;
use crate::forge::detect::Kind;

/// Variables of a forge.
struct Names {
    /// Hosts the tokens are for.
    hosts: &'static [&'static str],
    /// Variables that name another host, or its address.
    hosts_in: &'static [&'static str],
    /// Variables that hold a token, first one first.
    tokens: &'static [&'static str],
}

const GITHUB: Names = Names {
    hosts: &["github.com"],
    hosts_in: &["GH_HOST", "GITHUB_SERVER_URL"],
    tokens: &["GH_TOKEN", "GITHUB_TOKEN"],
};
/// gh's own names for tokens of other hosts.
const GITHUB_ENTERPRISE: Names = Names {
    hosts: &[],
    hosts_in: &["GH_HOST", "GITHUB_SERVER_URL"],
    tokens: &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITHUB_TOKEN"],
};
const GITLAB: Names = Names {
    hosts: &["gitlab.com"],
    hosts_in: &["GITLAB_HOST", "GL_HOST", "CI_SERVER_HOST", "CI_SERVER_URL"],
    tokens: &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN"],
};
const GITEA: Names = Names {
    hosts: &["gitea.com"],
    hosts_in: &["GITEA_SERVER_URL", "GITEA_HOST", "GITHUB_SERVER_URL"],
    tokens: &["GITEA_TOKEN", "GITEA_SERVER_TOKEN"],
};
const FORGEJO: Names = Names {
    hosts: &["codeberg.org"],
    hosts_in: &["FORGEJO_SERVER_URL", "FORGEJO_HOST", "GITEA_SERVER_URL", "GITHUB_SERVER_URL"],
    tokens: &["FORGEJO_TOKEN", "GITEA_TOKEN"],
};
const BITBUCKET: Names =
    Names { hosts: &["bitbucket.org"], hosts_in: &["BITBUCKET_HOST"], tokens: &["BITBUCKET_TOKEN"] };
const AZURE: Names = Names {
    hosts: &["dev.azure.com", "ssh.dev.azure.com"],
    hosts_in: &["SYSTEM_COLLECTIONURI"],
    tokens: &["AZURE_DEVOPS_EXT_PAT", "SYSTEM_ACCESSTOKEN"],
};
const GERRIT: Names = Names { hosts: &[], hosts_in: &["GERRIT_HOST"], tokens: &["GERRIT_TOKEN"] };

/// `HOTFIX_TOKEN_<HOST>`: the host in capitals, each other character an underscore. `user:secret` where a forge wants
/// both.
pub fn own(env: &Environment, wanted: &Wanted<'_>) -> Option<Token> {
    let name = own_name(&wanted.pages.host);
    let value = env.get(&name)?.to_str()?;
    let (user, secret) = match value.split_once(':') {
        Some((user, secret)) => (Some(user.to_owned()), secret),
        None => (None, value),
    };
    Some(Token::new(secret, &wanted.pages.host, name)?.with_user(user))
}

/// The name of our own variable for a host.
pub fn own_name(host: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("HOTFIX_TOKEN_{}", host.chars().map(word).collect::<String>())
}

/// The forge's own variables, where they are for this host.
pub fn of_forge(env: &Environment, wanted: &Wanted<'_>) -> Option<Token> {
    let host = wanted.pages.host.as_str();
    let names = match wanted.kind {
        Kind::GitHub if host == "github.com" || host.ends_with(".ghe.com") => &GITHUB,
        Kind::GitHub => &GITHUB_ENTERPRISE,
        Kind::GitLab => &GITLAB,
        Kind::Gitea => &GITEA,
        Kind::Forgejo => &FORGEJO,
        Kind::Bitbucket | Kind::BitbucketServer => &BITBUCKET,
        Kind::Azure => &AZURE,
        Kind::Gerrit => &GERRIT,
        Kind::Plain => return None,
    };
    if !is_meant(env, names, host) {
        return None;
    }
    let (name, value) = names.tokens.iter().find_map(|name| Some((*name, env.get(name)?.to_str()?)))?;
    let token = Token::new(value, host, name)?;
    Some(if is_of_job(env, name) { token.of_job() } else { token })
}

/// Where a variable names a host, the tokens are for that one alone, as the forge's own program sees it.
fn is_meant(env: &Environment, names: &Names, host: &str) -> bool {
    let named: Vec<String> = names.hosts_in.iter().filter_map(|name| host_in(env, name)).collect();
    if named.iter().any(|named| named == host) {
        return true;
    }
    let usual =
        names.hosts.contains(&host) || host.ends_with(".ghe.com") || host.ends_with(".visualstudio.com");
    usual && named.is_empty()
}

fn host_in(env: &Environment, name: &str) -> Option<String> {
    let value = env.get(name)?.to_str()?;
    match Address::parse(value) {
        Some(address) if value.contains("://") => Some(address.host),
        _ => Some(value.split(':').next().unwrap_or(value).trim_end_matches('/').to_ascii_lowercase()),
    }
}

/// In GitHub's and Gitea's CI these hold the job's own token, which starts no other workflow.
fn is_of_job(env: &Environment, name: &str) -> bool {
    let in_actions = env.get("GITHUB_ACTIONS").is_some() || env.get("GITEA_ACTIONS").is_some();
    let in_pipeline = env.get("TF_BUILD").is_some();
    (in_actions && ["GITHUB_TOKEN", "GH_TOKEN", "GITEA_TOKEN"].contains(&name))
        || (in_pipeline && name == "SYSTEM_ACCESSTOKEN")
}
