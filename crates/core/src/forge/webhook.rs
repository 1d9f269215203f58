//! A notice to whoever has to know, by `notify.webhook`: Slack and what understands the same read its `text`, programs
//! the other fields.
//!
//! The address is a secret: whoever knows it can write there. It is never shown but for its host.

use std::time::Duration;

use hotfix_model::Record;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::address::Address;
use super::http::{Http, Patience};
use crate::ctx::Ctx;
use crate::error::{Explain, Result};
use crate::exec::{redact, sanitize_line};

/// Most characters of an alert in a notice.
const ALERT: usize = 300;
/// How often and how long it is tried: nobody waits for it, but it must end.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    total: Duration::from_secs(10),
    tries: 3,
    pause: Duration::from_millis(500),
    longest_pause: Duration::from_secs(10),
};

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What happened: `started`, `submitted`, `merged`, `blocked`, `overdue`.
    pub event: String,
    /// The hotfix.
    pub id: String,
    /// The alert.
    pub alert: String,
    /// The incident, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// How bad it is, if somebody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The branch.
    pub branch: String,
    /// The branch it is merged into.
    pub target: String,
    /// Who started it.
    pub author: String,
    /// The merge request, where it has a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge_request: Option<String>,
    /// What stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
    /// What is overdue.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overdue: Vec<String>,
    /// When it is told.
    pub at: Timestamp,
}

/// The address is none.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It cannot be read.
    #[error("notify.webhook is no address")]
    NoAddress,
    /// It was told, and did not want to know.
    #[error("{host} answered {status}")]
    Refused {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
}

impl Notice {
    /// What is told of a hotfix: no credential, nothing that moves a cursor.
    pub fn of(record: &Record, event: &str, now: Timestamp) -> Self {
        let clean = |text: &str| sanitize_line(&redact(text));
        let request = record.merge_request.as_ref();
        let overdue = record.outstanding().filter(|owed| owed.due <= now);
        Self {
            event: event.to_owned(),
            id: clean(&record.id),
            alert: clean(&record.alert).chars().take(ALERT).collect(),
            incident: record.incident.as_deref().map(clean),
            severity: record.severity.as_deref().map(clean),
            branch: clean(record.branch_name()),
            target: clean(&record.target),
            author: clean(&record.author.name),
            merge_request: request.and_then(|request| request.url.as_deref()).map(clean),
            blocked_by: request.and_then(|request| request.why.as_deref()).map(clean),
            overdue: overdue.map(|owed| clean(&owed.what)).collect(),
            at: now,
        }
    }

    /// One line for people.
    pub fn text(&self) -> String {
        let Self { event, id, alert, target, .. } = self;
        let what = match event.as_str() {
            "started" => format!("{} started hotfix {id}", self.author),
            "submitted" => format!("hotfix {id} is on its way into {target}"),
            "merged" => format!("hotfix {id} is merged into {target}"),
            "blocked" => {
                format!("hotfix {id} is blocked: {}", self.blocked_by.as_deref().unwrap_or("see its page"))
            }
            "overdue" => format!("hotfix {id} owes: {}", self.overdue.join("; ")),
            other => format!("hotfix {id}: {other}"),
        };
        let about = [self.severity.as_deref(), self.incident.as_deref(), self.merge_request.as_deref()];
        let about = about.into_iter().flatten().map(|word| format!(" · {word}"));
        escaped(&format!("{what} · {alert}{}", about.collect::<String>()))
    }

    fn body(&self, for_slack: bool) -> Value {
        let mut body = if for_slack { json!({}) } else { serde_json::to_value(self).unwrap_or_default() };
        if let Some(fields) = body.as_object_mut() {
            fields.insert("text".to_owned(), self.text().into());
        }
        body
    }
}

/// Tells it. Repeated when the server is busy or the connection breaks: told twice is better than not at all.
pub fn post(ctx: &Ctx, url: &str, notice: &Notice) -> Result<()> {
    let whole = Address::parse(url).ok_or(WebhookError::NoAddress)?;
    let origin = Address::parse(&whole.origin()).ok_or(WebhookError::NoAddress)?;
    // Behind the host nothing is ever printed.
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let for_slack = origin.host == "slack.com" || origin.host.ends_with(".slack.com");
    let reply = Http::new(ctx, &origin, PATIENCE).ask(&format!("/{path}"), &notice.body(for_slack))?;
    match reply.status {
        200..300 => Ok(()),
        status => Err(WebhookError::Refused { host: origin.shown(), status }.into()),
    }
}

/// Slack takes `<…>` for links and calls to people; nothing else acts in its texts.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Explain for WebhookError {
    fn why(&self) -> String {
        match self {
            Self::NoAddress => "it has to begin with https://".to_owned(),
            Self::Refused { .. } => "the server did not take the notice".to_owned(),
        }
    }

    fn next(&self) -> String {
        "git hotfix config  # shows where notify.webhook is set".to_owned()
    }

    fn exit(&self) -> hotfix_model::ExitCode {
        hotfix_model::ExitCode::REMOTE
    }
}
