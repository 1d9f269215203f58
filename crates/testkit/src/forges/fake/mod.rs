//! A forge that is none: a state machine behind HTTP on the loopback, in front of a real bare repository, with faults on
//! order and a ledger of everything that took effect. There is one for GitLab and one for GitHub.

mod ask;
pub mod bare;
pub mod faults;
mod github;
mod gitlab;
mod graphql;
pub mod http;
pub mod ledger;
pub mod push_options;
mod pushes;
pub mod settings;
pub mod world;

use std::io::BufReader;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use super::basic;
use super::contract::Contract;
use crate::Repo;

pub use bare::Bare;
pub use faults::Fault;
use http::{Answer, Request};
pub use ledger::{Checks, Effect};
pub use settings::Settings;
pub use world::{Call, World};

/// Which forge it pretends to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// GitLab.
    GitLab,
    /// GitHub, as GitHub Enterprise Server is reached: below `/api/v3` and `/api/graphql`.
    GitHub,
}

impl Kind {
    /// What in a request and its answer is not as the forge has published it.
    fn wrong_in(self, request: &Request, answer: &Answer) -> Vec<String> {
        let (contract, base) = match self {
            Self::GitLab => (Contract::gitlab(), "/api/v4"),
            Self::GitHub if request.path.ends_with("/graphql") => (Contract::github(), "/api"),
            Self::GitHub => (Contract::github(), "/api/v3"),
        };
        let path = request.path.split_once(base).map_or(request.path.as_str(), |(_, path)| path);
        let mut wrong = contract.wrong_in_request(path, request);
        wrong.extend(contract.wrong_in_answer(path, request, answer));
        wrong
    }
}

/// A fake forge that runs until it is dropped.
pub struct FakeForge {
    shared: Arc<Shared>,
    url: String,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    kind: Kind,
    /// The subfolder it is installed in: empty, or `/gitlab`.
    below: String,
    world: Mutex<World>,
    stopped: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl FakeForge {
    /// A GitLab in front of the bare remote of `repo`, which is its remote from now on.
    pub fn gitlab(repo: &Repo) -> Self {
        Self::start(Kind::GitLab, repo, "")
    }

    /// A GitLab installed in a subfolder.
    pub fn gitlab_below(repo: &Repo, folder: &str) -> Self {
        Self::start(Kind::GitLab, repo, folder)
    }

    /// A GitHub in front of the bare remote of `repo`, which is its remote from now on.
    pub fn github(repo: &Repo) -> Self {
        Self::start(Kind::GitHub, repo, "")
    }

    fn start(kind: Kind, repo: &Repo, below: &str) -> Self {
        let bare = Bare::at(repo.bare().path());
        bare.configure("http.receivepack", "true");
        bare.configure("receive.advertisePushOptions", if kind == Kind::GitLab { "true" } else { "false" });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let url = format!("http://127.0.0.1:{port}{below}");
        let world = World::new(bare, "shop/till", url.clone());
        let shared = Arc::new(Shared {
            kind,
            below: below.to_owned(),
            world: Mutex::new(world),
            stopped: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let accepting = {
            let shared = Arc::clone(&shared);
            Some(thread::spawn(move || shared.accept(&listener)))
        };
        let forge = Self { shared, url, accepting };
        repo.git(["remote", "set-url", "origin", &forge.remote_url()]);
        forge
    }

    /// Its address: `http://127.0.0.1:4711`, with the subfolder.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The project's address for Git.
    pub fn remote_url(&self) -> String {
        format!("{}/shop/till.git", self.url)
    }

    /// What it knows, to look at and to change.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// Changes the project's settings.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.world().settings);
    }

    /// Whether push options are offered.
    pub fn offer_push_options(&self, offered: bool) {
        self.world().bare.configure("receive.advertisePushOptions", &offered.to_string());
    }

    /// What goes wrong with the next request of a method whose path holds `part`.
    pub fn fault(&self, method: &str, part: &str, fault: Fault) {
        self.world().faults.on(method, part, fault);
    }
}

impl Drop for FakeForge {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for connection in
            self.shared.connections.lock().into_iter().flat_map(|mut all| std::mem::take(&mut *all))
        {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts.
        let address = self.url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        let _ = TcpStream::connect(address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        // A test that failed while it looked must not hang those that are still served.
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            if let (Ok(mut connections), Ok(copy)) = (self.connections.lock(), stream.try_clone()) {
                connections.push(copy);
            }
            let shared = Arc::clone(self);
            thread::spawn(move || shared.serve(stream));
        }
    }

    /// Serves one connection until it ends.
    fn serve(&self, stream: TcpStream) {
        let Ok(mut out) = stream.try_clone() else { return };
        let _ = out.set_nodelay(true);
        let mut reader = BufReader::new(stream);
        while let Some(request) = Request::read(&mut reader) {
            let (answer, fault) = self.carry_out(&request);
            let alive = match &fault {
                Some(fault) => fault.write(&answer, &mut out),
                None => answer.write(&mut out).is_ok(),
            };
            if !alive {
                return;
            }
        }
    }

    /// Does what a request asks, unless a fault keeps it from that. One request at a time.
    fn carry_out(&self, request: &Request) -> (Answer, Option<Fault>) {
        let mut world = self.world();
        let fault = world.faults.take(request);
        let happens = fault.as_ref().is_none_or(Fault::happens);
        let answer = if happens { self.answer(&mut world, request) } else { Answer::empty(502) };
        let status = match fault {
            Some(Fault::CutBefore | Fault::CutAfter) => 0,
            _ => answer.status,
        };
        world.calls.push(Call {
            method: request.method.clone(),
            path: request.path.clone(),
            body: request.body.clone(),
            headers: request.headers.clone(),
            status,
        });
        (answer, fault)
    }

    fn answer(&self, world: &mut World, request: &Request) -> Answer {
        if !request.path.starts_with(&self.below) {
            return Answer::refusal(404, "Not Found");
        }
        if let Some(service) = pushes::service(request) {
            if world.settings.tokens_for_git && !knows_password(world, request) {
                return Answer::empty(401).with("www-authenticate", "Basic realm=\"forge\"");
            }
            return pushes::answer(world, self.kind, service, request);
        }
        let token = request.token().unwrap_or_default();
        if token.is_empty()
            || !(world.settings.tokens.is_empty() || world.settings.tokens.iter().any(|one| one == token))
        {
            return Answer::refusal(401, "401 Unauthorized");
        }
        let answer = match self.kind {
            Kind::GitLab => gitlab::answer(world, request),
            Kind::GitHub => github::answer(world, request),
        };
        world.broken_contracts.extend(self.kind.wrong_in(request, &answer));
        answer
    }
}

/// Whether Git's own request carries one of the tokens as its password.
fn knows_password(world: &World, request: &Request) -> bool {
    let given = request.header("authorization").unwrap_or_default();
    world.settings.tokens.iter().any(|token| given == basic("oauth2", token))
}
