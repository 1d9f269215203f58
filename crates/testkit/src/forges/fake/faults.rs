//! What goes wrong: a script of faults, each for the first request it fits.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use super::http::{Answer, Request};

/// Something that goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut before anything happened.
    CutBefore,
    /// It happens, then the connection is cut in the middle of the answer.
    CutAfter,
    /// Nothing happens; this status, and this body, is the answer.
    Refused(u16, String),
    /// Nothing happens: 429, come back after so many seconds.
    TooMany(u64),
    /// It happens, and yet the answer is 500.
    FailsAfter,
    /// It happens; the answer comes byte by byte, for as long at most.
    Slow(Duration),
    /// It happens; the answer is a body of one gibibyte.
    Huge,
    /// Nothing happens: go there.
    Redirected(String),
    /// Nothing happens: the token is no longer good.
    Expired,
    /// It happens; the answer is not JSON.
    Garbled,
}

/// Which request a fault waits for.
#[derive(Clone, Debug)]
struct Awaited {
    method: String,
    part: String,
    fault: Fault,
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub struct Faults {
    awaited: Vec<Awaited>,
    /// By request, whatever it is; `None` lets it pass.
    queue: std::collections::VecDeque<Option<Fault>>,
}

impl Faults {
    /// For the next request of a method whose path holds `part`.
    pub fn on(&mut self, method: &str, part: &str, fault: Fault) {
        self.awaited.push(Awaited { method: method.to_owned(), part: part.to_owned(), fault });
    }

    /// For the next requests one by one, whatever they are.
    pub fn queue(&mut self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.queue.extend(faults);
    }

    /// Nothing goes wrong any more.
    pub fn clear(&mut self) {
        self.awaited.clear();
        self.queue.clear();
    }

    /// How many requests are still to be hit, at most.
    pub fn left(&self) -> usize {
        self.awaited.len() + self.queue.len()
    }

    /// What goes wrong with this request.
    pub fn take(&mut self, request: &Request) -> Option<Fault> {
        let fits = |awaited: &Awaited| {
            (awaited.method == request.method || awaited.method == "*")
                && request.path.contains(&awaited.part)
        };
        match self.awaited.iter().position(fits) {
            Some(found) => Some(self.awaited.remove(found).fault),
            None => self.queue.pop_front().flatten().map(|fault| fault.for_request(request)),
        }
    }
}

impl Fault {
    /// Whether the request is carried out all the same.
    pub fn happens(&self) -> bool {
        matches!(self, Self::CutAfter | Self::FailsAfter | Self::Slow(_) | Self::Huge | Self::Garbled)
    }

    /// What it is for Git's own requests: Git reads no JSON, and bodies without end are none of its troubles.
    fn for_request(self, request: &Request) -> Self {
        let is_git = request.path.contains("/info/refs") || request.path.contains("/git-");
        match self {
            Self::Slow(_) | Self::Huge | Self::Garbled | Self::Redirected(_) | Self::Expired if is_git => {
                Self::CutAfter
            }
            fault => fault,
        }
    }

    /// Gives the answer that this fault makes of `answer`. False if the connection is over.
    pub fn write(&self, answer: &Answer, stream: &mut TcpStream) -> bool {
        let instead = |answer: Answer, stream: &mut TcpStream| answer.write(stream).is_ok();
        match self {
            Self::CutBefore => cut(stream),
            Self::CutAfter => {
                let _ = stream.write_all(&answer.head(1 + answer.body.len() as u64));
                let _ = stream.write_all(answer.body.get(..answer.body.len() / 2).unwrap_or_default());
                cut(stream)
            }
            Self::Refused(status, body) => instead(
                Answer { status: *status, headers: json_type(), body: body.clone().into_bytes() },
                stream,
            ),
            Self::TooMany(seconds) => instead(
                Answer::refusal(429, "Too Many Requests").with("retry-after", seconds.to_string()),
                stream,
            ),
            Self::FailsAfter => instead(Answer::refusal(500, "Internal Server Error"), stream),
            Self::Slow(longest) => slow(answer, stream, *longest),
            Self::Huge => huge(stream),
            Self::Redirected(url) => instead(Answer::empty(307).with("location", url), stream),
            Self::Expired => instead(Answer::refusal(401, "Token is expired"), stream),
            Self::Garbled => {
                let page = Answer { status: 200, headers: Vec::new(), body: b"<html>proxy</html>".to_vec() };
                instead(page, stream)
            }
        }
    }
}

fn json_type() -> Vec<(String, String)> {
    vec![("content-type".to_owned(), "application/json".to_owned())]
}

fn cut(stream: &TcpStream) -> bool {
    let _ = stream.shutdown(Shutdown::Both);
    false
}

/// Byte by byte; what is left after the time goes at once.
fn slow(answer: &Answer, stream: &mut TcpStream, longest: Duration) -> bool {
    const STEP: Duration = Duration::from_millis(2);
    let mut bytes = answer.head(answer.body.len() as u64);
    bytes.extend(&answer.body);
    let steps = usize::try_from(longest.as_millis() / STEP.as_millis()).unwrap_or(usize::MAX);
    let (dripped, rest) = bytes.split_at(steps.min(bytes.len()));
    for byte in dripped {
        if stream.write_all(&[*byte]).is_err() {
            return false;
        }
        thread::sleep(STEP);
    }
    stream.write_all(rest).is_ok()
}

/// A body that no client should take; the client is expected to hang up.
fn huge(stream: &mut TcpStream) -> bool {
    const SIZE: u64 = 1 << 30;
    let head = Answer { status: 200, headers: json_type(), body: Vec::new() }.head(SIZE);
    let block = [b' '; 1 << 14];
    let blocks = SIZE / block.len() as u64;
    let sent = stream.write_all(&head).is_ok() && (0..blocks).all(|_| stream.write_all(&block).is_ok());
    sent && cut(stream)
}
