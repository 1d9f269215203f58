//! A plain client, for tests that ask a forge themselves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::FakeForge;

impl FakeForge {
    /// Asks it below its address, with a token. Gives the status, 0 if the connection was cut, and the JSON.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let address = self.url().trim_start_matches("http://").to_owned();
        let (host, below) =
            address.split_once('/').map_or((address.as_str(), ""), |(host, below)| (host, below));
        let mut stream = TcpStream::connect(host).expect("a running forge");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let below = if below.is_empty() { String::new() } else { format!("/{below}") };
        let request = format!(
            "{method} {below}{path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer t\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("a listening forge");
        answered(stream).unwrap_or((0, Value::Null))
    }
}

fn answered(stream: TcpStream) -> Option<(u16, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}
