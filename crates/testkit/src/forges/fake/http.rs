//! Requests and answers on the wire: as much of HTTP/1.1 as clients of a forge, and Git itself, speak.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use flate2::read::GzDecoder;
use serde_json::Value;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, not decoded, without what follows the question mark.
    pub path: String,
    /// What follows the question mark, decoded.
    pub query: Vec<(String, String)>,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer to be.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status: 200.
    pub status: u16,
    /// Headers besides the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The next request of a connection; `None` when the client has gone, or does not speak HTTP.
    pub fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let line = line(stream)?;
        let mut words = line.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = headers(stream)?;
        let mut request =
            Self { method, path: path.to_owned(), query: pairs(query), headers, body: Vec::new() };
        request.body = body(stream, &request)?;
        Some(request)
    }

    /// A header by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The token it carries, whatever the header.
    pub fn token(&self) -> Option<&str> {
        let bearer = || self.header("authorization").and_then(|value| value.split_once(' '));
        self.header("private-token").or_else(|| bearer().map(|(_, token)| token))
    }
}

impl Answer {
    /// JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: value.to_string().into_bytes() }
    }

    /// JSON as forges give an error: `{"message": …}`.
    pub fn refusal(status: u16, message: &str) -> Self {
        Self::json(status, &serde_json::json!({ "message": message }))
    }

    /// Nothing but a status.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// With a header more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Status line and headers as bytes, for a body of `length` bytes.
    pub fn head(&self, length: u64) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Status\r\ncontent-length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Sends it.
    pub fn write(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let mut bytes = self.head(self.body.len() as u64);
        bytes.extend(&self.body);
        stream.write_all(&bytes)
    }
}

fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

fn headers(stream: &mut BufReader<TcpStream>) -> Option<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            return Some(headers);
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn body(stream: &mut BufReader<TcpStream>, request: &Request) -> Option<Vec<u8>> {
    if request.header("expect").is_some() {
        stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let mut body = Vec::new();
    if request.header("transfer-encoding") == Some("chunked") {
        while let size @ 1.. = usize::from_str_radix(&line(stream)?, 16).ok()? {
            read_exactly(stream, size, &mut body)?;
            line(stream)?;
        }
        line(stream)?;
    } else if let Some(length) = request.header("content-length") {
        read_exactly(stream, length.parse().ok()?, &mut body)?;
    }
    if request.header("content-encoding") != Some("gzip") {
        return Some(body);
    }
    let mut plain = Vec::new();
    GzDecoder::new(body.as_slice()).read_to_end(&mut plain).ok()?;
    Some(plain)
}

fn read_exactly(stream: &mut BufReader<TcpStream>, size: usize, body: &mut Vec<u8>) -> Option<()> {
    let from = body.len();
    body.resize(from + size, 0);
    stream.read_exact(body.get_mut(from..)?).ok()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// Text with `%2F` and the like replaced by what they stand for.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
