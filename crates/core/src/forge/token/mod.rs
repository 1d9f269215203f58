//! The token for a forge: found where people already have one, bound to the forge's host, never shown.

mod environment;
mod helpers;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use environment::own_name;
pub use helpers::tea_logins;

use super::address::Address;
use super::detect::Kind;
use crate::exec;
use crate::git::Repository;

/// A token and the host it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    secret: String,
    /// Whose it is, where that has to be said besides (`Basic`).
    user: Option<String>,
    host: String,
    /// Where it was found, for people: `GITLAB_TOKEN`, `gh auth token`.
    source: String,
    /// Whether it is that of a CI job, which may do less than a person's.
    of_job: bool,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Token for {} from {}", self.host, self.source)
    }
}

impl Token {
    /// A token for a host. From now on nothing that leaves this program shows it. Nothing if it cannot be sent in a
    /// header.
    pub fn new(secret: &str, host: &str, source: impl Into<String>) -> Option<Self> {
        let secret = secret.trim();
        if secret.is_empty() || !secret.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        exec::hide(secret);
        Some(Self {
            secret: secret.to_owned(),
            user: None,
            host: host.to_owned(),
            source: source.into(),
            of_job: false,
        })
    }

    /// The same token with the name of its owner.
    #[must_use]
    pub fn with_user(mut self, user: Option<String>) -> Self {
        self.user = user;
        if self.user.is_some() {
            exec::hide(&self.basic());
        }
        self
    }

    fn of_job(mut self) -> Self {
        self.of_job = true;
        self
    }

    /// Where it was found, for people.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The owner's name, where it is known.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether it is that of a CI job.
    pub fn is_of_job(&self) -> bool {
        self.of_job
    }

    /// Whether it may be shown to this host, or to the one that has its API.
    pub fn is_for(&self, host: &str) -> bool {
        host == self.host || host.strip_prefix("api.").is_some_and(|host| host == self.host)
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn basic(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.user.as_deref().unwrap_or_default(), self.secret))
    }
}

/// Where a token is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What the forge is.
    pub kind: Kind,
    /// The remote's address, as pushes use it.
    pub remote: &'a Address,
    /// The pages of the forge.
    pub pages: &'a Address,
}

/// The first token found: our own variable, the forge's variables if they are for this host, the remote's address, the
/// forge's command-line program, Git's credential helpers. Nobody is asked. Takes as long as the helpers take, five
/// seconds each at most.
pub fn find(repository: &Repository, wanted: Wanted<'_>) -> Option<Token> {
    let env = &repository.ctx().env;
    environment::own(env, &wanted)
        .or_else(|| environment::of_forge(env, &wanted))
        .or_else(|| in_address(&wanted))
        .or_else(|| helpers::of_program(repository.ctx(), &wanted))
        .or_else(|| helpers::of_git(repository, &wanted))
}

/// What Git itself would push with.
fn in_address(wanted: &Wanted<'_>) -> Option<Token> {
    let remote = wanted.remote;
    if remote.host != wanted.pages.host {
        return None;
    }
    let password = remote.password.as_deref().or_else(|| {
        // `https://TOKEN@host/…` as GitHub's documents once had it.
        remote.user.as_deref().filter(|user| remote.scheme != "ssh" && user.len() >= 20)
    })?;
    let token = Token::new(password, &wanted.pages.host, "the remote's address")?;
    Some(token.with_user(remote.user.clone()))
}
