//! A web server on loopback that answers as the test says and keeps what it was asked.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A status, further headers, and a body.
    Reply(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Nothing: the connection ends.
    Cut,
    /// A head that promises this many bytes, and as many as the other side takes.
    Long(u64),
    /// A head, and then silence until the other side goes away.
    Stuck,
}

/// A server; ends when dropped.
pub struct Web {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    ends: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

type Handler = dyn Fn(&Call) -> Answer + Send + Sync;

impl Answer {
    /// A status and JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Reply(status, Vec::new(), body.to_string().into_bytes())
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Reply(_, headers, _) = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

impl Call {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `GET /path`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Web {
    /// A server that answers each request by `handler`, several at a time.
    pub fn new(handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
        let address = listener.local_addr().expect("an address");
        let (calls, ends) = (Arc::<Mutex<Vec<Call>>>::default(), Arc::<AtomicBool>::default());
        let (ledger, ended): (_, _) = (calls.clone(), ends.clone());
        let handler: Arc<Handler> = Arc::new(handler);
        let accept = move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (ledger, handler) = (ledger.clone(), handler.clone());
                thread::spawn(move || serve(stream, &ledger, &*handler));
            }
        };
        Self { address, calls, ends, listener: Some(thread::spawn(accept)) }
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What was asked so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("a lock").clone()
    }

    /// The same as `GET /path` lines.
    pub fn lines(&self) -> Vec<String> {
        self.calls().iter().map(Call::line).collect()
    }

    /// Forgets what was asked.
    pub fn forget(&self) {
        self.calls.lock().expect("a lock").clear();
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            drop(listener.join());
        }
    }
}

fn serve(mut stream: TcpStream, ledger: &Mutex<Vec<Call>>, handler: &Handler) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a socket");
    let Some(call) = read(&stream) else { return };
    ledger.lock().expect("a lock").push(call.clone());
    // The other side may be gone, which is its business.
    let _ = write(&mut stream, handler(&call));
}

fn read(stream: &TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or_default();
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).ok()?;
    Some(Call { method, path, headers, body })
}

fn write(stream: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
    match answer {
        Answer::Cut => Ok(()),
        Answer::Reply(status, headers, body) => {
            let mut head =
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                write!(head, "{name}: {value}\r\n").expect("a string");
            }
            stream.write_all(format!("{head}\r\n").as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Long(bytes) => {
            stream.write_all(format!("HTTP/1.1 200 x\r\ncontent-length: {bytes}\r\n\r\n").as_bytes())?;
            let chunk = vec![b' '; 1 << 16];
            (0..bytes / (1 << 16)).try_for_each(|_| stream.write_all(&chunk))
        }
        Answer::Stuck => {
            stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\n")?;
            stream.read(&mut [0]).map(|_| ())
        }
    }
}
