//! One round of questions to a server that nothing else tells about. No token is sent.

use std::thread;
use std::time::Duration;

use super::{Address, Kind};
use crate::ctx::{Ctx, joined};
use crate::error::Result;
use crate::forge::http::{Http, Patience, Reply};

/// How long a server may take to say what it is.
const LIMIT: Duration = Duration::from_secs(4);

/// A question, and how to read the answer.
struct Question {
    path: &'static str,
    kind: Kind,
    says_so: fn(&Reply) -> bool,
}

/// In the order in which answers count: Forgejo answers Gitea's question as well.
const QUESTIONS: &[Question] = &[
    Question { path: "/api/v4/version", kind: Kind::GitLab, says_so: is_gitlab },
    Question { path: "/api/forgejo/v1/version", kind: Kind::Forgejo, says_so: has_version },
    Question { path: "/api/v1/version", kind: Kind::Gitea, says_so: has_version },
    Question { path: "/api/v3/", kind: Kind::GitHub, says_so: is_github },
    Question { path: "/config/server/version", kind: Kind::Gerrit, says_so: is_gerrit },
    Question {
        path: "/rest/api/1.0/application-properties",
        kind: Kind::BitbucketServer,
        says_so: is_bitbucket,
    },
];

/// What a server said of itself.
pub(super) enum Said {
    /// It is this kind of forge, with its pages here.
    Is(Kind, Address),
    /// It answers, and is no forge we know.
    Nothing,
    /// It does not answer.
    Silent,
}

/// Asks the host, and where the remote's path allows it, below its first folder. Fails only if the user wants it to
/// stop.
pub(super) fn ask(ctx: &Ctx, remote: &Address) -> Result<Said> {
    let pages = remote.pages();
    let first = remote.path.split('/').next().unwrap_or_default();
    let deep = remote.scheme != "ssh" && remote.path.split('/').count() > 2;
    let below = deep.then(|| pages.at(first));
    let mut answers = false;
    for pages in std::iter::once(pages).chain(below) {
        let replies = ask_at(ctx, &pages);
        ctx.go_on()?;
        if let Some(kind) = read(&replies) {
            return Ok(Said::Is(kind, pages));
        }
        answers |= replies.iter().any(Option::is_some);
    }
    Ok(if answers { Said::Nothing } else { Said::Silent })
}

/// The answers, in the order of the questions.
fn ask_at(ctx: &Ctx, pages: &Address) -> Vec<Option<Reply>> {
    let http = Http::new(ctx, pages, Patience::short(LIMIT));
    thread::scope(|scope| {
        let ask = |question: &'static Question| {
            let http = &http;
            scope.spawn(move || http.get(question.path).ok())
        };
        let asked: Vec<_> = QUESTIONS.iter().map(ask).collect();
        asked.into_iter().map(|asked| joined(asked.join())).collect()
    })
}

fn read(replies: &[Option<Reply>]) -> Option<Kind> {
    let pairs = QUESTIONS.iter().zip(replies);
    let says_so = |question: &Question, reply: &Option<Reply>| {
        reply.as_ref().is_some_and(|reply| (question.says_so)(reply))
    };
    pairs.filter(|(question, reply)| says_so(question, reply)).map(|(question, _)| question.kind).next()
}

fn field(reply: &Reply, name: &str) -> bool {
    reply.json::<serde_json::Value>().is_ok_and(|value| value.get(name).is_some())
}

fn has_version(reply: &Reply) -> bool {
    reply.is_ok() && field(reply, "version")
}

/// Without a token GitLab says no, in JSON of its own.
fn is_gitlab(reply: &Reply) -> bool {
    has_version(reply) || (reply.status == 401 && field(reply, "message"))
}

/// GitHub Enterprise, and `GitBucket`, which has the same list of addresses.
fn is_github(reply: &Reply) -> bool {
    reply.server.is_some_and(|name| name.starts_with("x-github"))
        || (reply.is_ok() && field(reply, "rate_limit_url"))
}

fn is_gerrit(reply: &Reply) -> bool {
    reply.is_ok() && reply.bytes.starts_with(b")]}'")
}

fn is_bitbucket(reply: &Reply) -> bool {
    reply.is_ok() && reply.json::<serde_json::Value>().is_ok_and(|value| value["displayName"] == "Bitbucket")
}
