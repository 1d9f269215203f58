//! What a forge answered.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::HttpError;
use crate::exec::{redact, sanitize_line};

/// Most characters of a forge's own words that are passed on.
const WORDS: usize = 300;

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The host, for people.
    pub host: String,
    /// Status: 200, 404.
    pub status: u16,
    /// The forge's own name for the request, which its operators can look up.
    pub request_id: Option<String>,
    /// Where it sends us.
    pub location: Option<String>,
    /// How long it asks us to wait, or until it takes requests again.
    pub retry_after: Option<Duration>,
    /// A header that tells what the server is.
    pub server: Option<&'static str>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Reply {
    /// Whether the request was done.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Fails, with the forge's own words, unless the request was done.
    pub fn ok(self) -> Result<Self, HttpError> {
        if self.is_ok() { Ok(self) } else { Err(self.refusal()) }
    }

    /// The error this answer stands for.
    pub fn refusal(&self) -> HttpError {
        if self.is_limited() {
            return HttpError::Limited {
                host: self.host.clone(),
                said: self.said(),
                wait: self.retry_after,
                request_id: self.request_id.clone(),
            };
        }
        HttpError::Refused {
            host: self.host.clone(),
            status: self.status,
            said: self.said(),
            request_id: self.request_id.clone(),
        }
    }

    /// What the body says, as the fields of `T` that are read.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.bytes).map_err(|error| HttpError::Unreadable {
            host: self.host.clone(),
            said: error.to_string(),
            request_id: self.request_id.clone(),
        })
    }

    /// Answers of Gerrit begin with a line that keeps browsers from running them.
    #[must_use]
    pub fn without_first_line(mut self) -> Self {
        if self.bytes.starts_with(b")]}'") {
            let end = self.bytes.iter().position(|byte| *byte == b'\n').unwrap_or(self.bytes.len());
            self.bytes.drain(..end);
        }
        self
    }

    /// The forge's own words about what is wrong, in one line, without credentials.
    pub fn said(&self) -> String {
        let words = match serde_json::from_slice::<Value>(&self.bytes) {
            Ok(value) => {
                let mut words = Vec::new();
                collect(&value, &mut words);
                words.join("; ")
            }
            // A page for people is of no use in one line.
            Err(_) if self.bytes.trim_ascii_start().starts_with(b"<") => String::new(),
            Err(_) => String::from_utf8_lossy(&self.bytes).into_owned(),
        };
        let clean = sanitize_line(&redact(&words));
        clean.chars().take(WORDS).collect()
    }

    pub(super) fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 307 | 308)
    }

    /// Whether it may go better in a moment, or when the forge says so.
    pub(super) fn is_busy(&self) -> bool {
        let says_when = self.is_limited() && self.retry_after.is_some();
        self.status == 429 || says_when || (500..600).contains(&self.status) && self.status != 501
    }

    /// Whether there were too many requests. GitHub says so with 403 as well, which else means that the token may not.
    fn is_limited(&self) -> bool {
        let says_so = || self.retry_after.is_some() || self.said().to_lowercase().contains("rate limit");
        self.status == 429 || self.status == 403 && says_so()
    }
}

/// The fields in which forges say what is wrong: GitHub and Gitea `message` and `errors`, GitLab `message`, which may be a
/// list or a table, and `error_description`, Bitbucket `error.message` and `errors[].message`.
fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Object(fields) => {
            const KNOWN: &[&str] = &["message", "error", "error_description", "errors", "detail", "base"];
            let before = words.len();
            let known = KNOWN.iter().filter_map(|name| fields.get(*name));
            known.for_each(|field| collect(field, words));
            if words.len() == before {
                words.extend(coded(fields));
            }
        }
        _ => {}
    }
}

/// An error that is a code, and maybe what it is about: GitHub's `Label color: invalid`.
fn coded(fields: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let about: Vec<&str> = ["resource", "field"].into_iter().filter_map(text).collect();
    let code = text("code")?;
    Some(if about.is_empty() { code.to_owned() } else { format!("{}: {code}", about.join(" ")) })
}

/// How long it is until a forge takes requests again, where it says that none is left (GitHub's documents on rate
/// limits): seconds on the calendar, of which `now` is one.
pub(super) fn until_reset(left: Option<&str>, reset: Option<&str>, now: i64) -> Option<Duration> {
    left.filter(|left| left.trim() == "0")?;
    let reset: i64 = reset?.trim().parse().ok()?;
    Some(Duration::from_secs(u64::try_from(reset - now).unwrap_or_default()))
}

/// `Retry-After` as seconds. Its other form, a date, is left to our own pauses.
pub(super) fn seconds(value: &str) -> Option<Duration> {
    value.trim().parse().ok().map(Duration::from_secs)
}
