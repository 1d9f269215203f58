//! notify.webhook: who has to know is told, and nothing waits for it or fails by it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use hotfix_core::flow::follow_up;
use hotfix_testkit::till::{FIXED_SOURCE, NEW_TEST};
use hotfix_testkit::{Repo, Responder, Sandbox};
use serde_json::Value;

/// A server on this machine that answers with these statuses, one for each request, and then with 200.
struct Server {
    url: String,
    bodies: Receiver<Value>,
}

impl Server {
    fn answering(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook/s3cr3t", listener.local_addr().unwrap());
        let (sender, bodies) = channel();
        thread::spawn(move || {
            let mut statuses = statuses.iter().copied().chain(std::iter::repeat(200));
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let body = read_body(&mut stream);
                // Before the answer: with it the command goes on, and `told` is asked.
                if sender.send(body).is_err() {
                    return;
                }
                let status = statuses.next().unwrap_or(200);
                write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
                    .ok();
            }
        });
        Self { url, bodies }
    }

    /// What was told so far: every request was answered before the command went on.
    fn told(&self) -> Vec<Value> {
        self.bodies.try_iter().collect()
    }
}

fn read_body(stream: &mut impl Read) -> Value {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).unwrap_or(0);
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if count == 0 || body.len() >= length.unwrap_or(0) {
            return serde_json::from_str(body).unwrap_or(Value::Null);
        }
    }
}

fn responder<'a>(sandbox: &'a Sandbox, repo: &Repo, url: &str) -> Responder<'a> {
    let responder = Responder::at(sandbox, repo.path()).with("notify.webhook", url);
    responder.trust();
    responder
}

fn fix(responder: &Responder<'_>) {
    responder.slot().write("src/till.sh", FIXED_SOURCE);
    responder.slot().write("tests/test_till.sh", NEW_TEST);
}

fn events(told: &[Value]) -> Vec<&str> {
    told.iter().map(|body| body["event"].as_str().unwrap_or_default()).collect()
}

#[test]
fn start_merge_request_and_merge_are_told() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let server = Server::answering(&[]);
    let ada = responder(&sandbox, &repo, &server.url);
    ada.start("Wrong totals <!channel>");
    let told = server.told();
    assert_eq!(events(&told), ["started"]);
    assert_eq!(told[0]["text"], "Responder started hotfix 1.2.3 · Wrong totals &lt;!channel&gt;");
    assert_eq!((&told[0]["alert"], &told[0]["target"]), (&"Wrong totals <!channel>".into(), &"main".into()));
    fix(&ada);
    ada.ship("totals");
    assert_eq!(events(&server.told()), ["submitted"]);
    let direct = responder(&sandbox, &repo, &server.url).with("submit.merge", "direct");
    direct.start("Again");
    fix(&direct);
    direct.ship("totals again");
    assert_eq!(events(&server.told()), ["started", "merged"]);
}

#[test]
fn no_credential_is_told_and_the_address_is_never_shown() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let server = Server::answering(&[404]);
    let ada = responder(&sandbox, &repo, &server.url);
    let token = ["ghp", "_", "0123456789abcdefghijABCDEFGHIJ012345"].concat();
    ada.start(&format!("Auth failing with {token}\u{1b}[31m"));
    let told = server.told();
    assert!(!told[0].to_string().contains(&token), "{}", told[0]);
    assert!(told[0]["alert"].as_str().is_some_and(|alert| alert.starts_with("Auth failing with")));
    let warned = sandbox.recorder().warnings().join("\n");
    assert!(warned.contains("127.0.0.1") && warned.contains("404") && !warned.contains("s3cr3t"), "{warned}");
}

#[test]
fn a_busy_server_is_asked_again_and_a_broken_one_not_for_ever() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let server = Server::answering(&[503]);
    let ada = responder(&sandbox, &repo, &server.url);
    ada.start("Wrong totals");
    assert_eq!(events(&server.told()), ["started", "started"]);
    assert_eq!(sandbox.recorder().warnings(), Vec::<String>::new());
    let broken = Server::answering(&[500; 16]);
    responder(&sandbox, &repo, &broken.url).start("Again");
    assert_eq!(broken.told().len(), 3);
    assert!(sandbox.recorder().warnings()[0].contains("500"));
}

#[test]
fn what_cannot_be_told_stops_nobody() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    for url in ["http://127.0.0.1:1/x", "http://example.com/plain", "nonsense", "ftp://127.0.0.1/x"] {
        let started = responder(&sandbox, &repo, url).start("Wrong totals");
        assert!(!started.worktree.is_empty(), "{url}");
    }
    assert_eq!(sandbox.recorder().warnings().len(), 4, "each is said: {:?}", sandbox.recorder().warnings());
}

#[test]
fn what_is_overdue_is_told_once_somebody_checks() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    let server = Server::answering(&[]);
    let ada = responder(&sandbox, &repo, &server.url);
    ada.start("Wrong totals");
    fix(&ada);
    ada.ship("totals");
    server.told();
    follow_up::tell_overdue(&ada.project()).unwrap();
    assert_eq!(server.told(), Vec::<Value>::new(), "nothing is due yet");
    sandbox.clock().advance(Duration::from_hours(48));
    follow_up::tell_overdue(&ada.project()).unwrap();
    assert_eq!(events(&server.told()), ["overdue"]);
}
