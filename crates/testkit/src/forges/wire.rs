//! Requests to a server on loopback, by nothing but sockets: a judge that shares no code with what is judged.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

const LIMIT: Duration = Duration::from_mins(1);

/// Where a server listens, and as whom it is asked.
#[derive(Clone, Debug)]
pub struct Wire {
    port: u16,
    authorization: Option<String>,
}

/// What it answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// The body; null if it is no JSON.
    pub json: Value,
    /// The body as it came.
    pub text: String,
}

impl Wire {
    /// To a port of loopback, as nobody.
    pub fn to(port: u16) -> Self {
        Self { port, authorization: None }
    }

    /// As somebody: the value of the header `Authorization`.
    #[must_use]
    pub fn with(&self, authorization: impl Into<String>) -> Self {
        Self { port: self.port, authorization: Some(authorization.into()) }
    }

    /// `GET`, which must succeed.
    pub fn get(&self, path: &str) -> Value {
        self.must("GET", path, &Value::Null)
    }

    /// A request that must succeed.
    pub fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body);
        assert!((200..300).contains(&answer.code), "{method} {path}: {} {}", answer.code, answer.text);
        answer.json
    }

    /// A request.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Whether a server is there and likes the request.
    pub(super) fn answers(&self, path: &str) -> bool {
        self.send("GET", path, &Value::Null).is_ok_and(|answer| answer.code == 200)
    }

    /// Asks until `found` is content; panics if that takes too long.
    pub fn until(&self, path: &str, found: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let json = self.get(path);
            if found(&json) {
                return json;
            }
            assert!(began.elapsed() < LIMIT, "GET {path} stays {json:#}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// HTTP 1.0: the body ends with the connection.
    fn send(&self, method: &str, path: &str, body: &Value) -> io::Result<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        let authorization = self.authorization.as_ref();
        let authorization = authorization.map(|value| format!("Authorization: {value}\r\n"));
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n{}\r\n",
            self.port,
            body.len(),
            authorization.unwrap_or_default(),
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        read(&String::from_utf8_lossy(&bytes)).ok_or_else(|| io::Error::other("not an answer of HTTP"))
    }
}

fn read(said: &str) -> Option<Answer> {
    let (head, body) = said.split_once("\r\n\r\n")?;
    let code = head.split(' ').nth(1)?.parse().ok()?;
    // Gerrit's guard against being run as a script.
    let text = body.strip_prefix(")]}'\n").unwrap_or(body).to_owned();
    Some(Answer { code, json: serde_json::from_str(&text).unwrap_or_default(), text })
}
