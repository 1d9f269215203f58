//! The one way to speak HTTP to a forge: one host, its own token, bounded in time, size and tries.
//!
//! A client is bound to the address of one API. It never follows a redirect to another host, never sends a token over
//! plain HTTP but to this very machine, and shows no token in anything it prints or returns.

mod connection;
mod error;
mod reply;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use ureq::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};

use super::address::Address;
use super::token::Token;
use crate::ctx::Ctx;
use crate::error::Result;

pub use error::HttpError;
pub use reply::Reply;

/// Most bytes of an answer: many times the largest page of any forge's list.
pub const BODY_LIMIT: u64 = 8 << 20;
/// Most redirects followed on one host; a renamed repository takes one.
const REDIRECTS: u32 = 3;

/// What may be asked of a forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something.
    Post,
    /// Sets something; done twice it is the same.
    Put,
    /// Changes a part; done twice it is the same.
    Patch,
    /// Takes away; done twice it is the same.
    Delete,
}

/// How a token is shown to a forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: token …`, as GitHub, `GitBucket`, Gitea and Forgejo take it.
    Token,
    /// `Authorization: Basic …`, user and secret.
    Basic,
    /// A header of its own: `PRIVATE-TOKEN`.
    Header(&'static str),
}

/// How long and how often is tried.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the connection stands.
    pub connect: Duration,
    /// For one try, from the first byte sent to the last received.
    pub total: Duration,
    /// Tries in all of a request that may be repeated.
    pub tries: u32,
    /// Before the second try; doubled before each further one.
    pub pause: Duration,
    /// The longest pause a forge may ask for with `Retry-After`.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
            tries: 4,
            pause: Duration::from_millis(300),
            longest_pause: Duration::from_secs(20),
        }
    }
}

impl Patience {
    /// For a question whose answer would be nice to have.
    pub fn short(total: Duration) -> Self {
        Self { connect: total, total, tries: 1, ..Self::default() }
    }
}

/// A client of one API.
#[derive(Clone)]
pub struct Http {
    ctx: Ctx,
    agent: ureq::Agent,
    base: Address,
    authorization: Option<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    patience: Patience,
    calls: Arc<AtomicU64>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Http").field("base", &self.base.shown()).finish_non_exhaustive()
    }
}

impl Http {
    /// A client of the API at `base`, such as `https://api.github.com`, without a token.
    pub fn new(ctx: &Ctx, base: &Address, patience: Patience) -> Self {
        Self {
            agent: connection::agent(&ctx.env, base, patience),
            ctx: ctx.clone(),
            base: base.clone(),
            authorization: None,
            headers: Vec::new(),
            patience,
            calls: Arc::default(),
        }
    }

    /// The same client with a token. One that is for another host is not taken.
    #[must_use]
    pub fn with_token(mut self, token: Option<&Token>, scheme: Scheme) -> Self {
        self.authorization = token.filter(|token| token.is_for(&self.base.host)).map(|token| match scheme {
            Scheme::Bearer => (AUTHORIZATION, format!("Bearer {}", token.secret())),
            Scheme::Token => (AUTHORIZATION, format!("token {}", token.secret())),
            Scheme::Basic => (AUTHORIZATION, format!("Basic {}", token.basic())),
            Scheme::Header(name) => (name, token.secret().to_owned()),
        });
        self
    }

    /// The same client with a header in each request.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Whether it has a token.
    pub fn has_token(&self) -> bool {
        self.authorization.is_some()
    }

    /// The API.
    pub fn base(&self) -> &Address {
        &self.base
    }

    /// What all deeds are given.
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Requests sent so far, by this client and its clones.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Reads. `path` begins with a slash and follows the base.
    pub fn get(&self, path: &str) -> Result<Reply> {
        self.send(Method::Get, path, None)
    }

    /// Makes something. Never repeated by itself: whether it happened is for the caller to look.
    pub fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.send(Method::Post, path, Some(body))
    }

    /// Asks with POST, as GraphQL and searches do; changes nothing, so it may be repeated.
    pub fn ask(&self, path: &str, body: &Value) -> Result<Reply> {
        self.repeat((Method::Post, path, Some(body)), self.patience.tries)
    }

    /// Sets something.
    pub fn put(&self, path: &str, body: &Value) -> Result<Reply> {
        self.send(Method::Put, path, Some(body))
    }

    /// Changes a part.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Reply> {
        self.send(Method::Patch, path, Some(body))
    }

    /// Takes away.
    pub fn delete(&self, path: &str) -> Result<Reply> {
        self.send(Method::Delete, path, None)
    }

    /// Sends a request and gives the answer, whatever its status. What may be done twice is tried again when the forge
    /// is busy (429, 5xx) or the connection breaks.
    pub fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply> {
        let tries = if method == Method::Post { 1 } else { self.patience.tries };
        self.repeat((method, path, body), tries)
    }

    fn repeat(&self, request: Request<'_>, tries: u32) -> Result<Reply> {
        let mut pause = self.patience.pause;
        let mut left = tries.max(1);
        loop {
            self.ctx.go_on()?;
            left -= 1;
            let answer = self.follow(request);
            let wait = match &answer {
                Ok(reply) if reply.is_busy() => reply.retry_after.unwrap_or(pause),
                Err(error) if error.may_pass() => pause,
                _ => return Ok(answer?),
            };
            if left == 0 || wait > self.patience.longest_pause {
                return Ok(answer?);
            }
            self.pause(wait)?;
            pause *= 2;
        }
    }

    /// Lets some time pass, watching for the user's wish to stop.
    pub fn pause(&self, wait: Duration) -> Result<()> {
        const STEP: Duration = Duration::from_millis(50);
        let mut left = wait;
        while !left.is_zero() {
            self.ctx.go_on()?;
            let step = left.min(STEP);
            self.ctx.clock.rest(step);
            left -= step;
        }
        Ok(())
    }

    /// One try, redirects on this host included.
    fn follow(&self, (method, path, body): Request<'_>) -> Result<Reply, HttpError> {
        let mut target = format!("{}{path}", self.base.printed());
        for _ in 0..=REDIRECTS {
            let reply = self.once(method, &target, body)?;
            let Some(location) = reply.location.as_deref().filter(|_| reply.is_redirect()) else {
                return Ok(reply);
            };
            target = self.same_host(location)?;
        }
        Err(HttpError::Redirected { host: self.base.shown(), to: "itself, without end".to_owned() })
    }

    /// A redirect's address, if it stays on this host.
    fn same_host(&self, location: &str) -> Result<String, HttpError> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Ok(format!("{}{location}", self.base.origin()));
        }
        let to = Address::parse(location);
        match to.filter(|to| to.origin() == self.base.origin()) {
            Some(_) => Ok(location.to_owned()),
            None => {
                let host = Address::parse(location).map(|to| to.host).unwrap_or_default();
                Err(HttpError::Redirected { host: self.base.shown(), to: host })
            }
        }
    }

    fn once(&self, method: Method, target: &str, body: Option<&Value>) -> Result<Reply, HttpError> {
        let host = || self.base.shown();
        if self.base.scheme != "https" && !self.base.is_loopback() {
            return Err(HttpError::NotSecure { host: host() });
        }
        let mut request = ureq::http::Request::builder().method(method.word()).uri(target);
        request = request.header(ACCEPT, "application/json");
        for (name, value) in self.headers.iter().chain(&self.authorization) {
            request = request.header(*name, value);
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        let sent = match body {
            Some(body) => {
                let request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
                request.map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
            }
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
        };
        let mut answer = sent.map_err(|error| HttpError::of(host(), &error))?;
        let read = answer.body_mut().with_config().limit(BODY_LIMIT).read_to_vec();
        let bytes = read.map_err(|error| HttpError::of(host(), &error))?;
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        let until_reset = || {
            let (left, reset) = (header("x-ratelimit-remaining"), header("x-ratelimit-reset"));
            reply::until_reset(left.as_deref(), reset.as_deref(), self.ctx.clock.now().as_second())
        };
        let asked = header("retry-after").and_then(|value| reply::seconds(&value));
        let is_refusal = matches!(answer.status().as_u16(), 403 | 429);
        Ok(Reply {
            host: host(),
            status: answer.status().as_u16(),
            request_id: REQUEST_IDS.iter().find_map(|name| header(name)),
            location: header(LOCATION.as_str()),
            retry_after: asked.or_else(|| until_reset().filter(|_| is_refusal)),
            server: HINTS.iter().find(|name| answer.headers().contains_key(**name)).copied(),
            bytes,
        })
    }
}

/// Method, path and body.
type Request<'a> = (Method, &'a str, Option<&'a Value>);

const AUTHORIZATION: &str = "authorization";
/// Headers in which forges name a request, for their operators.
const REQUEST_IDS: &[&str] = &["x-github-request-id", "x-request-id", "x-arequestid", "x-vss-e2eid"];
/// Headers that tell what a server is.
const HINTS: &[&str] = &["x-github-enterprise-version", "x-github-request-id", "x-gitlab-meta"];

impl Method {
    fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
