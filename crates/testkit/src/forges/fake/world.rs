//! What a fake forge knows of one project, and what can happen to it.

use std::collections::BTreeSet;

use super::bare::Bare;
use super::faults::Faults;
use super::ledger::{Checks, Effect};
use super::settings::Settings;

/// Where a merge request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Open.
    Open,
    /// Merged.
    Merged,
    /// Closed.
    Closed,
}

/// A merge request.
#[expect(clippy::struct_excessive_bools, reason = "each is a box to tick on the real forge's page")]
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number.
    pub number: i64,
    /// The branch.
    pub source: String,
    /// The branch it goes to.
    pub target: String,
    /// Title.
    pub title: String,
    /// Text.
    pub description: String,
    /// Whether it is a draft.
    pub draft: bool,
    /// Labels.
    pub labels: BTreeSet<String>,
    /// Reviewers asked.
    pub reviewers: BTreeSet<String>,
    /// Whether its branch is that of a fork.
    pub of_fork: bool,
    /// Where it stands.
    pub state: State,
    /// The commit of its branch, as last pushed.
    pub head: String,
    /// The commit it will merge by itself.
    pub armed: Option<String>,
    /// Whether it stands in the queue.
    pub queued: bool,
    /// Whether it is squashed.
    pub squash: bool,
    /// Whether its branch goes when it is merged.
    pub removes_branch: bool,
    /// Approvals it has.
    pub approvals: Vec<String>,
    /// How often it was looked at since its commit changed.
    pub looks: u32,
    /// Whether the test said that the checks ended, and how.
    pub ended: Option<bool>,
    /// The target's commit that merged it.
    pub merged_as: Option<String>,
    /// Who made it.
    pub author: String,
    /// Comments: who, and what.
    pub comments: Vec<(String, String)>,
}

/// One request that came in, for counting and for looking at.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// What was answered; 0 where the connection was cut.
    pub status: u16,
}

/// A project on a fake forge.
#[derive(Debug)]
pub struct World {
    /// The repository.
    pub bare: Bare,
    /// Path of the project: `group/shop`.
    pub path: String,
    /// Address of the forge: `http://127.0.0.1:4711`, with the subfolder it is installed in.
    pub url: String,
    /// How it is set up.
    pub settings: Settings,
    /// Merge requests by number, from 1.
    pub requests: Vec<Request>,
    /// Labels that exist.
    pub labels: BTreeSet<String>,
    /// Issues: title and text; a number of its own.
    pub issues: Vec<(i64, String, String)>,
    /// Tags that have a release.
    pub releases: BTreeSet<String>,
    /// Asynchronous merges asked for: the merge request's number, by position.
    pub merges: Vec<i64>,
    /// What took effect.
    pub ledger: Vec<Effect>,
    /// What was asked.
    pub calls: Vec<Call>,
    /// What goes wrong.
    pub faults: Faults,
    /// What in requests was not as the contract says.
    pub broken_contracts: Vec<String>,
}

/// Whoever the token belongs to.
pub const OWNER: &str = "responder";

impl World {
    pub(super) fn new(bare: Bare, path: &str, url: String) -> Self {
        Self {
            bare,
            path: path.to_owned(),
            url,
            settings: Settings::default(),
            requests: Vec::new(),
            labels: BTreeSet::new(),
            issues: Vec::new(),
            releases: BTreeSet::new(),
            merges: Vec::new(),
            ledger: Vec::new(),
            calls: Vec::new(),
            faults: Faults::default(),
            broken_contracts: Vec::new(),
        }
    }

    /// Begins anew, on the same repository: nothing has happened, and the settings are the usual ones.
    pub fn begin_anew(&mut self) {
        *self = Self::new(self.bare.clone(), &self.path, self.url.clone());
    }

    /// The branch that the repository's HEAD names.
    pub fn default_branch(&self) -> String {
        "main".to_owned()
    }

    /// The next free number; issues and merge requests share the numbers, as on GitHub.
    fn next_number(&self) -> i64 {
        let used = self.requests.iter().map(|request| request.number);
        used.chain(self.issues.iter().map(|issue| issue.0)).max().unwrap_or(0) + 1
    }

    /// A merge request by its number.
    pub fn request(&self, number: i64) -> Option<&Request> {
        self.requests.iter().find(|request| request.number == number)
    }

    /// A merge request by its number.
    pub fn request_mut(&mut self, number: i64) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.number == number)
    }

    /// The open merge request of a branch.
    pub fn open_of(&self, branch: &str) -> Option<i64> {
        let open =
            |request: &&Request| request.source == branch && request.state == State::Open && !request.of_fork;
        self.requests.iter().find(open).map(|request| request.number)
    }

    /// How many merge requests a branch ever had.
    pub fn opened(&self, branch: &str) -> usize {
        let ours =
            |effect: &&Effect| matches!(effect, Effect::Opened { branch: found, .. } if found == branch);
        self.ledger.iter().filter(ours).count()
    }

    /// The commits of branches that were merged: branch head, and what the checks had come to.
    pub fn merged(&self) -> Vec<(String, Checks)> {
        let merged = self.ledger.iter().filter_map(|effect| match effect {
            Effect::Merged { head, checks, .. } => Some((head.clone(), *checks)),
            _ => None,
        });
        merged.collect()
    }

    /// Opens a merge request for a branch that is there and has none open; gives its number.
    pub fn open(&mut self, source: &str, target: &str, (title, text): (&str, &str)) -> Option<i64> {
        let head = self.bare.head(source)?;
        let number = self.next_number();
        self.ledger.push(Effect::Opened { number, branch: source.to_owned(), head: head.clone() });
        self.requests.push(Request {
            number,
            source: source.to_owned(),
            target: target.to_owned(),
            title: title.to_owned(),
            description: text.to_owned(),
            draft: false,
            labels: BTreeSet::new(),
            reviewers: BTreeSet::new(),
            of_fork: false,
            state: State::Open,
            head,
            armed: None,
            queued: false,
            squash: false,
            removes_branch: false,
            approvals: Vec::new(),
            looks: 0,
            ended: None,
            merged_as: None,
            author: OWNER.to_owned(),
            comments: Vec::new(),
        });
        Some(number)
    }

    /// Opens an issue; gives its number.
    pub fn open_issue(&mut self, title: &str, text: &str) -> i64 {
        let number = self.next_number();
        self.issues.push((number, title.to_owned(), text.to_owned()));
        self.ledger.push(Effect::IssueOpened { title: title.to_owned() });
        number
    }

    /// Sets a label, which is made if it does not exist.
    pub fn label(&mut self, number: i64, label: &str) {
        self.labels.insert(label.to_owned());
        let Some(request) = self.request_mut(number) else { return };
        if request.labels.insert(label.to_owned()) {
            self.ledger.push(Effect::Labelled { number, label: label.to_owned() });
        }
    }

    /// Takes a label away.
    pub fn unlabel(&mut self, number: i64, label: &str) {
        let Some(request) = self.request_mut(number) else { return };
        if request.labels.remove(label) {
            self.ledger.push(Effect::Unlabelled { number, label: label.to_owned() });
        }
    }

    /// Somebody comments.
    pub fn comment(&mut self, number: i64, who: &str, text: &str) {
        let Some(request) = self.request_mut(number) else { return };
        request.comments.push((who.to_owned(), text.to_owned()));
        self.ledger.push(Effect::Commented { number, text: text.to_owned() });
    }

    /// Somebody approves.
    pub fn approve(&mut self, number: i64, who: &str) {
        if let Some(request) = self.request_mut(number) {
            request.approvals.push(who.to_owned());
        }
        self.move_on(number);
    }

    /// Closes it without a merge.
    pub fn close(&mut self, number: i64) {
        let Some(request) = self.request_mut(number) else { return };
        if request.state == State::Open {
            request.state = State::Closed;
            request.armed = None;
            self.ledger.push(Effect::Closed { number });
        }
    }

    /// A branch is elsewhere now: its merge request has another commit, and no longer merges by itself.
    pub fn pushed(&mut self, name: &str, commit: Option<&str>) {
        self.ledger.push(Effect::Pushed { name: name.to_owned(), commit: commit.map(str::to_owned) });
        let Some(branch) = name.strip_prefix("refs/heads/") else { return };
        let Some(number) = self.open_of(branch) else { return };
        let Some(commit) = commit else { return self.close(number) };
        let Some(request) = self.request_mut(number) else { return };
        if request.head != commit {
            commit.clone_into(&mut request.head);
            request.looks = 0;
            request.ended = None;
            self.disarm(number);
        }
    }

    /// It merges by itself when it can, with this commit and no other.
    pub fn arm(&mut self, number: i64, head: &str) {
        let Some(request) = self.request_mut(number) else { return };
        if request.armed.as_deref() != Some(head) {
            request.armed = Some(head.to_owned());
            self.ledger.push(Effect::Armed { number, head: head.to_owned() });
        }
    }

    /// It no longer merges by itself.
    pub fn disarm(&mut self, number: i64) {
        let Some(request) = self.request_mut(number) else { return };
        request.queued = false;
        if request.armed.take().is_some() {
            self.ledger.push(Effect::Disarmed { number });
        }
    }

    /// It goes into the queue.
    pub fn enqueue(&mut self, number: i64) {
        let Some(request) = self.request_mut(number) else { return };
        if !request.queued {
            request.queued = true;
            self.ledger.push(Effect::Queued { number });
        }
    }

    /// What its checks have come to.
    pub fn checks(&self, number: i64) -> Checks {
        let Some(request) = self.request(number) else { return Checks::None };
        let settings = &self.settings;
        if !settings.has_checks {
            return Checks::None;
        }
        let green = |passed: bool| if passed { Checks::Passed } else { Checks::Failed };
        match request.ended {
            Some(passed) => green(passed),
            None if request.looks < settings.looks_to_checks => Checks::Unseen,
            None if settings.looks_to_end.is_some_and(|end| request.looks >= end) => {
                green(settings.checks_pass)
            }
            None => Checks::Running,
        }
    }

    /// The checks of a merge request end.
    pub fn checks_end(&mut self, number: i64, passed: bool) {
        if let Some(request) = self.request_mut(number) {
            request.ended = Some(passed);
        }
        self.move_on(number);
    }

    /// A client looks at it, which makes time pass.
    pub fn look(&mut self, number: i64) {
        if let Some(request) = self.request_mut(number) {
            request.looks += 1;
        }
        self.move_on(number);
    }

    /// Whether the forge still works out if it can be merged.
    pub fn prepares(&self, number: i64) -> bool {
        self.request(number).is_some_and(|request| request.looks < self.settings.looks_to_prepare)
    }

    /// Whether approvals are missing.
    pub fn lacks_approval(&self, number: i64) -> bool {
        let has = self.request(number).map_or(0, |request| request.approvals.len());
        has < self.settings.approvals_needed as usize
    }

    /// Whether it conflicts with its target.
    pub fn conflicts(&self, number: i64) -> bool {
        let Some(request) = self.request(number) else { return false };
        request.state == State::Open && !self.bare.merges(&request.target, &request.head)
    }

    /// Whether nothing but checks stands in the way.
    pub fn is_free(&self, number: i64) -> bool {
        let Some(request) = self.request(number) else { return false };
        !request.draft
            && self.settings.blocked.is_none()
            && !self.lacks_approval(number)
            && !self.conflicts(number)
    }

    /// Merges what is armed or queued and can be merged.
    fn move_on(&mut self, number: i64) {
        let Some(request) = self.request(number) else { return };
        let waits = request.armed.is_some() || request.queued;
        let passed = matches!(self.checks(number), Checks::Passed | Checks::None);
        if waits && passed && !self.prepares(number) && self.is_free(number) {
            self.merge(number);
        }
    }

    /// Merges it as it is. False if that cannot be.
    pub fn merge(&mut self, number: i64) -> bool {
        let checks = self.checks(number);
        let Some(request) = self.request(number).cloned() else { return false };
        if request.state != State::Open {
            return false;
        }
        let Some(commit) = self.bare.merge(&request.target, &request.head, request.squash) else {
            return false;
        };
        if request.removes_branch {
            self.bare.delete(&request.source);
        }
        self.ledger.push(Effect::Merged { number, head: request.head, commit: commit.clone(), checks });
        let Some(request) = self.request_mut(number) else { return false };
        request.state = State::Merged;
        request.merged_as = Some(commit);
        request.queued = false;
        true
    }

    /// How many requests of a method came in whose path holds `part`.
    pub fn calls_to(&self, method: &str, part: &str) -> usize {
        let fits = |call: &&Call| (method == "*" || call.method == method) && call.path.contains(part);
        self.calls.iter().filter(fits).count()
    }
}
