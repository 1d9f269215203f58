//! Real forges on loopback, one per test program, with their own users and repositories. They are built or downloaded by
//! `cargo xtask test --forges`. What no real one can be made to do is done by imitations, in `fake`.

pub mod contract;
pub mod fake;
mod gerrit;
mod gitea;
mod graphql_contract;
mod server;
mod wire;

pub use gerrit::{Change, Gerrit, GerritProject};
pub use gitea::{Gitea, GiteaRepository, PullRequest};
pub use wire::{Answer, Wire};

use crate::Repo;

/// How many random runs there are against a fake forge: as many as `HOTFIX_FAULT_RUNS` says, else `usual`.
pub fn fault_runs(usual: u32) -> u32 {
    std::env::var("HOTFIX_FAULT_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The value of the header `Authorization` for a name and a password.
fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let number =
            (0..3).fold(0_usize, |sum, index| sum << 8 | usize::from(*three.get(index).unwrap_or(&0)));
        let digit = |index: usize| match index <= three.len() {
            true => char::from(DIGITS[number >> (18 - 6 * index) & 63]),
            false => '=',
        };
        [digit(0), digit(1), digit(2), digit(3)]
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// Lets Git know a password by a header. A credential helper would give it to git-hotfix as well.
fn password(repo: &Repo, address: &str, (user, password): (&str, &str)) {
    let parts: Vec<&str> = address.splitn(4, '/').collect();
    let key = format!("http.{}/.extraHeader", parts[..3].join("/"));
    let header = format!("Authorization: {}", basic(user, password));
    repo.git(["config", "--global", "--replace-all", &key, &header]);
}

/// Pushes main of a repository to an empty one on a server, which becomes its remote `origin`.
fn remote(repo: &Repo, address: &str, login: (&str, &str)) {
    password(repo, address, login);
    repo.git(["remote", "add", "origin", address]);
    repo.git(["push", "--quiet", "--set-upstream", "origin", "main"]);
    // By themselves: Gerrit takes no tag of a commit that it does not have yet.
    repo.git(["push", "--quiet", "--tags", "origin"]);
    repo.git(["remote", "set-head", "origin", "main"]);
}
