//! Remotes: found, fetched from privately, pushed to with a lease on every ref.
//!
//! There are two ways to push. The branch is pushed as the user would push it: from its worktree, under its own name, with
//! their hooks and settings. Refs of our own, which hold nothing of theirs, are pushed without.

use std::path::Path;
use std::time::Duration;

use super::failure::failed_and_kept;
use super::{FetchLock, GitCommand, GitError, Oid, RefName, Repository, Worktree};
use crate::error::Result;
use crate::exec::{Finished, redact, sanitize_line};

/// A remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its name: `origin`.
    pub name: String,
    /// Where it is fetched from; may hold credentials, so it is never shown as it is.
    pub url: String,
}

/// What the remote's ref must be for a push to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It must not exist.
    Absent,
    /// It must point here.
    At(Oid),
    /// It does not matter: the ref stands for a request, as Gerrit's `refs/for/…` do.
    None,
}

/// One ref to push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// What to push; `None` deletes.
    pub source: Option<Oid>,
    /// The ref on the remote.
    pub target: RefName,
    /// What it must be now.
    pub lease: Lease,
}

impl Push {
    /// Whether it takes a local branch to the branch of the same name.
    fn is_branch(&self, branch: &RefName) -> bool {
        self.target == *branch && self.source.is_some()
    }
}

/// What one call of `git push` is to do.
#[derive(Clone, Copy, Debug)]
pub struct PushRequest<'a> {
    /// Name of the remote.
    pub remote: &'a str,
    /// The refs.
    pub pushes: &'a [Push],
    /// Options for the server.
    pub options: &'a [String],
    /// How long it may take.
    pub limit: Duration,
}

/// Where the reason of a failed push lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushCause {
    /// The user's own pre-push hook said no, before anything was sent.
    Hook,
    /// The server lets this user not in.
    Rights,
    /// The server was not reached, or the connection ended in the middle.
    Connection,
    /// Anything else, as settings that contradict each other.
    Other,
}

/// Most bytes of one push option: a line of Git's protocol holds 65,516, headers included.
pub const OPTION_LIMIT: usize = 60_000;

/// Where fetches write.
const FETCHED: &[&str] = &["refs/hotfix/base/", "refs/hotfix/remote/", "refs/hotfix/tag/"];
/// A ref that is not there.
const NOWHERE: &str = "refs/hotfix/nowhere";
/// So many refs that cannot be read are no accident.
const MOST_BROKEN_REFS: u32 = 8;

/// How `git fetch` ends where it reached the remote and could not update every ref.
const REFS_NOT_UPDATED: i32 = 1;

/// What a push came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushReport {
    /// One for each request, in their order.
    pub outcomes: Vec<PushOutcome>,
    /// What the remote said for people, one line each, printable and without credentials.
    pub said: Vec<String>,
    /// Whether the remote took the push options; without any, true.
    pub options_taken: bool,
}

/// What became of one pushed ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// The remote has it, or had it already.
    Done,
    /// The remote refused, in its own words.
    Rejected(String),
}

impl Remote {
    /// The address without credentials.
    pub fn shown_url(&self) -> String {
        redact(&self.url).into_owned()
    }
}

impl Repository {
    /// Where refs point on the remote now; those that do not exist are left out.
    pub fn remote_refs(
        &self,
        remote: &str,
        refs: &[&RefName],
        limit: Duration,
    ) -> Result<Vec<(String, Oid)>> {
        let call = self.git_at_home().args(["ls-remote", "--quiet", remote]);
        let call = call.args(refs.iter().map(|name| name.as_str()));
        let printed = call.limit(limit).text()?;
        let entry = |line: &str| {
            let (oid, name) = line.split_once('\t')?;
            Some((name.to_owned(), Oid::parse(oid)?))
        };
        let exact = |(name, _): &(String, Oid)| refs.iter().any(|wanted| wanted.as_str() == name);
        Ok(printed.lines().filter_map(entry).filter(exact).collect())
    }

    /// The names of all remotes.
    pub fn remote_names(&self) -> Result<Vec<String>> {
        Ok(self.git().arg("remote").text()?.lines().map(str::to_owned).collect())
    }

    /// Fetches refs into our own namespace: the user's refs, tags and `FETCH_HEAD` stay as they are.
    ///
    /// Refs of ours that stand in the way of what the remote has now are removed: a file of the name `1.2.3` and a folder
    /// of that name cannot both be.
    pub fn fetch_private(
        &self,
        _: &FetchLock,
        remote: &str,
        refspecs: &[String],
        limit: Duration,
    ) -> Result<()> {
        let mut finished = self.try_fetch(remote, refspecs, limit)?;
        for _ in 0..MOST_BROKEN_REFS {
            if finished.success() {
                return Ok(());
            }
            if !self.remove_broken_ref(&finished) {
                break;
            }
            finished = self.try_fetch(remote, refspecs, limit)?;
        }
        let failed = self.failure("fetch", &finished);
        if finished.ending.code() != Some(REFS_NOT_UPDATED)
            || !self.clear_the_way(remote, refspecs, limit).unwrap_or(false)
        {
            return Err(failed.into());
        }
        let finished = self.try_fetch(remote, refspecs, limit)?;
        if finished.success() { Ok(()) } else { Err(self.failure("fetch", &finished).into()) }
    }

    fn try_fetch(&self, remote: &str, refspecs: &[String], limit: Duration) -> Result<Finished> {
        self.past_stale_locks(|| {
            self.git_at_home()
                // Git since 2.48 makes `refs/remotes/<remote>/HEAD` with every fetch, which is the user's.
                .setting(&format!("remote.{remote}.followRemoteHEAD=never"))
                .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--refmap="])
                .args(["--no-recurse-submodules", "--no-write-commit-graph", remote])
                .args(refspecs)
                .limit(limit)
        })
    }

    /// Removes a ref that an earlier fetch of ours wrote and that Git cannot read, as after the power failed: the next fetch
    /// writes it again. Says whether there was one.
    fn remove_broken_ref(&self, finished: &Finished) -> bool {
        let stderr = String::from_utf8_lossy(&finished.stderr);
        let is_broken =
            |line: &&str| ["bad object", "broken", "bad ref"].iter().any(|sign| line.contains(sign));
        let is_fetched = |name: &&str| FETCHED.iter().any(|folder| name.starts_with(folder));
        let words = stderr.lines().filter(is_broken).flat_map(|line| line.split([' ', '\'', ':', ';', ',']));
        let Some(name) = words.into_iter().find(is_fetched) else { return false };
        // `update-ref` deletes no ref that it cannot read; one that stands for another ref it can.
        let readable = self.git().args(["symbolic-ref", name, NOWHERE]).finish();
        let removed = self.git().args(["update-ref", "--no-deref", "-d", name]).finish();
        [readable, removed].into_iter().all(|call| call.is_ok_and(|call| call.success()))
    }

    /// Removes those of our refs that these refspecs write to and that cannot stand beside what the remote has. Says
    /// whether there were any.
    fn clear_the_way(&self, remote: &str, refspecs: &[String], limit: Duration) -> Result<bool> {
        let listing = self.list_remote(remote, limit)?;
        let mut removed = false;
        for (from, to) in refspecs.iter().filter_map(|refspec| split_refspec(refspec)) {
            let arriving: Vec<String> = listing.names().filter_map(|name| mapped(&name, from, to)).collect();
            let is_in_the_way = |name: &str| {
                arriving.iter().any(|other| is_folder_of(name, other) || is_folder_of(other, name))
            };
            // `refs/hotfix/base/`, `refs/hotfix/remote/`: what nobody but a fetch of ours writes.
            let folder: String = to.split_inclusive('/').take(3).collect();
            let known = self.list_refs(&[&folder])?;
            for (name, at) in known.into_iter().filter(|(name, _)| is_in_the_way(name.as_str())) {
                self.change_refs("hotfix: gone on the remote", &[super::RefChange::delete(name, at)])?;
                removed = true;
            }
        }
        Ok(removed)
    }

    /// Pushes as the user would do it in `worktree`, whose branch is `branch`: the branch goes under its own name and
    /// gets its upstream, as by `git push -u`; the pre-push hook runs there and sees it. Each ref is guarded by a lease,
    /// and the refs stand or fall one by one; the outcomes come in the order of the requests.
    ///
    /// A remote that takes no push options gets the push without them. Options that Git could not carry are left out:
    /// see [`OPTION_LIMIT`].
    pub fn push_for_user(
        &self,
        worktree: &Worktree,
        branch: &RefName,
        request: &PushRequest<'_>,
    ) -> Result<PushReport> {
        let fits = |option: &&String| option.len() <= OPTION_LIMIT && !option.contains(['\n', '\0']);
        let options: Vec<&String> = request.options.iter().filter(fits).collect();
        let call = |options: &[&String], hooks: bool| {
            let call = self.git_in(worktree).with_hooks().in_english();
            let call = self.with_addresses_from_home(call, worktree, request.remote)?;
            let mut call = call.args(["push", "--porcelain", "--no-follow-tags"]);
            if !hooks {
                call = call.arg("--no-verify");
            }
            if request.pushes.iter().any(|push| push.is_branch(branch)) {
                call = call.arg("--set-upstream");
            }
            let call = options.iter().fold(call, |call, option| call.arg(format!("--push-option={option}")));
            with_refs(call, Some(branch), request).limit(request.limit).finish()
        };
        let mut finished = call(&options, true)?;
        let options_taken = options.is_empty() || !takes_no_options(&finished);
        if !options_taken {
            // The user's hook has had its say about the very same refs.
            finished = call(&[], false)?;
        }
        self.push_report(request, &finished, options_taken)
    }

    /// Pushes refs without the user's hooks and settings: for refs of our own that hold nothing of theirs, and for what
    /// their hook has let through before.
    pub fn push_plainly(&self, request: &PushRequest<'_>) -> Result<PushReport> {
        let call =
            self.git_at_home().setting("push.pushOption=").args(["push", "--porcelain", "--no-verify"]);
        let call = call.args(["--no-follow-tags", "--no-signed", "--recurse-submodules=no"]);
        let options = request.options.iter().filter(|option| option.len() <= OPTION_LIMIT);
        let call = options.fold(call, |call, option| call.arg(format!("--push-option={option}")));
        let finished = with_refs(call, None, request).limit(request.limit).finish()?;
        self.push_report(request, &finished, true)
    }

    /// Takes away the upstream that a push gave to a branch of ours, once the branch is gone: its section of the
    /// configuration is the one thing of the user's that is written there.
    pub fn forget_upstream(&self, branch: &RefName) -> Result<()> {
        let name = branch.as_str().strip_prefix("refs/heads/").unwrap_or(branch.as_str());
        let section = format!("branch.{name}");
        let finished = self.git().args(["config", "--local", "--remove-section", &section]).finish()?;
        // There was none if it was never pushed.
        let no_such = || String::from_utf8_lossy(&finished.stderr).to_lowercase().contains("no such section");
        match finished.success() || no_such() {
            true => Ok(()),
            false => Err(self.failure("config", &finished).into()),
        }
    }

    /// A relative address means a place as seen from the main worktree, also where a slot lies elsewhere.
    fn with_addresses_from_home<'a>(
        &'a self,
        call: GitCommand<'a>,
        worktree: &Worktree,
        remote: &str,
    ) -> Result<GitCommand<'a>> {
        let configuration = self.configuration_in(worktree)?;
        let values = |name: &str| configuration.texts(&format!("remote.{remote}.{name}"));
        let differs = |address: &String| {
            is_relative_path(address)
                && self.home().join(address).canonicalize().ok()
                    != worktree.path.join(address).canonicalize().ok()
        };
        let addresses = values("url").into_iter().chain(values("pushurl")).filter(differs);
        Ok(addresses.enumerate().fold(call, |call, (index, address)| {
            let whole = self.home().join(&address);
            call.setting_by_variable(
                &format!("url.{}.insteadOf", whole.display()),
                &format!("HOTFIX_ADDRESS_{index}"),
                &address,
            )
        }))
    }

    /// Where pushes to a remote go: its name where that says it all, else every address.
    pub fn push_addresses(&self, remote: &str) -> Result<Vec<String>> {
        let configuration = self.configuration()?;
        let rewritten = |key: &str| key.starts_with("url.") && key.ends_with(".pushinsteadof");
        let has_several = configuration.texts(&format!("remote.{remote}.url")).len() > 1;
        let has_others = !configuration.texts(&format!("remote.{remote}.pushurl")).is_empty();
        if !has_several && !has_others && !configuration.entries().iter().any(|entry| rewritten(&entry.key)) {
            return Ok(vec![remote.to_owned()]);
        }
        let printed = self.git_at_home().args(["remote", "get-url", "--push", "--all", remote]).text()?;
        Ok(printed.lines().map(str::to_owned).collect())
    }

    /// Where a ref is at each of the addresses that pushes go to; `None` where it is not there.
    pub fn pushed_refs(&self, remote: &str, name: &RefName, limit: Duration) -> Result<Vec<Option<Oid>>> {
        let at = |address: &String| {
            let refs = self.remote_refs(address, &[name], limit)?;
            Ok(refs.into_iter().next().map(|(_, oid)| oid))
        };
        self.push_addresses(remote)?.iter().map(at).collect()
    }

    /// What a push came to. Git's exit code counts, and so does every address: what one of them refused is refused.
    fn push_report(
        &self,
        request: &PushRequest<'_>,
        finished: &Finished,
        options_taken: bool,
    ) -> Result<PushReport> {
        let report = String::from_utf8_lossy(&finished.stdout).into_owned();
        let said = words_of_remote(&String::from_utf8_lossy(&finished.stderr));
        let reasons = in_one_line(&said);
        let outcomes = request.pushes.iter().map(|push| push_outcome(&report, push, &reasons));
        let outcomes: Option<Vec<PushOutcome>> = outcomes.collect();
        let explains_the_end = |outcomes: &Vec<PushOutcome>| {
            finished.success() || outcomes.iter().any(|outcome| matches!(outcome, PushOutcome::Rejected(_)))
        };
        match outcomes.filter(explains_the_end) {
            Some(outcomes) => Ok(PushReport { outcomes, said, options_taken }),
            None => Err(self.push_failed(request.remote, finished, &report).into()),
        }
    }

    /// A push that came to no report, or to one that Git itself does not believe.
    fn push_failed(&self, remote: &str, finished: &Finished, report: &str) -> GitError {
        let stderr = String::from_utf8_lossy(&finished.stderr).into_owned();
        let cause = push_cause(finished.ending.code(), &stderr, report);
        let addresses = self.push_addresses(remote).unwrap_or_default();
        let reached = |address: &&String| report.lines().any(|line| line == format!("To {address}"));
        let failed = addresses.iter().find(|address| !reached(address)).filter(|_| addresses.len() > 1);
        match failed_and_kept(self.ctx(), &self.logs_dir(), "push", finished) {
            GitError::Failed { said, log, .. } => GitError::NotPushed {
                cause,
                address: failed.map(|address| redact(address).into_owned()),
                said,
                log,
            },
            other => other,
        }
    }

    /// What Git's credential helpers hold for a server: user and secret. Nobody is asked for it; where no helper knows, or
    /// one would have to ask, there is none.
    pub fn credential(
        &self,
        (scheme, host): (&str, &str),
        user: Option<&str>,
        path: &str,
        limit: Duration,
    ) -> Result<Option<(String, String)>> {
        let user = user.map(|user| format!("username={user}\n")).unwrap_or_default();
        let path = if path.is_empty() { String::new() } else { format!("path={path}\n") };
        let asked = format!("protocol={scheme}\nhost={host}\n{user}{path}\n");
        if asked.contains(['\0', '\r']) || [host, path.trim_end()].iter().any(|part| part.contains('\n')) {
            return Ok(None);
        }
        let call = super::probe::without_prompts(self.git_at_home().args(["credential", "fill"]));
        let finished = call.env("GIT_ASKPASS", "false").input(asked).limit(limit).finish()?;
        let answer = String::from_utf8_lossy(&finished.stdout).into_owned();
        let field = |name: &str| {
            let value = answer.lines().find_map(|line| line.strip_prefix(name));
            value.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        let found = field("username=").zip(field("password="));
        Ok(found.filter(|_| finished.success()))
    }
}

/// The two sides of a refspec.
fn split_refspec(refspec: &str) -> Option<(&str, &str)> {
    refspec.strip_prefix('+').unwrap_or(refspec).split_once(':')
}

/// The name that a refspec gives to a ref of the remote; `None` if it does not speak of it.
fn mapped(name: &str, from: &str, to: &str) -> Option<String> {
    match (from.strip_suffix('*'), to.strip_suffix('*')) {
        (Some(from), Some(to)) => name.strip_prefix(from).map(|rest| format!("{to}{rest}")),
        _ => (name == from).then(|| to.to_owned()),
    }
}

/// Whether one ref's name is a folder in that of the other.
fn is_folder_of(folder: &str, name: &str) -> bool {
    name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn with_refs<'a>(
    call: GitCommand<'a>,
    branch: Option<&RefName>,
    request: &PushRequest<'_>,
) -> GitCommand<'a> {
    let mut call = call;
    for push in request.pushes {
        let expected = match &push.lease {
            Lease::Absent => "",
            Lease::At(oid) => oid.as_str(),
            Lease::None => continue,
        };
        call = call.arg(format!("--force-with-lease={}:{expected}", push.target));
    }
    call = call.arg(request.remote);
    for push in request.pushes {
        let source = match branch.filter(|branch| push.is_branch(branch)) {
            Some(branch) => branch.as_str(),
            None => push.source.as_ref().map_or("", Oid::as_str),
        };
        call = call.arg(format!("{source}:{}", push.target));
    }
    call
}

/// Whether Git reads an address as a path that begins where it runs: no scheme, no `host:path`, not absolute.
fn is_relative_path(address: &str) -> bool {
    let before_slash = address.split('/').next().unwrap_or_default();
    !Path::new(address).is_absolute() && !address.contains("://") && !before_slash.contains(':')
}

/// Words of Git, ssh and servers that let nobody in, in small letters.
const NO_RIGHTS: &[&str] = &[
    "permission denied",
    "access denied",
    "authentication failed",
    "could not read username",
    "could not read password",
    "invalid credentials",
    "returned error: 401",
    "returned error: 403",
    "repository not found",
];
/// Words of a connection that was not made, or ended in the middle, in small letters (connect.c, remote-curl.c,
/// pkt-line.c).
const NO_CONNECTION: &[&str] = &[
    "rpc failed",
    "hung up",
    "could not read from remote repository",
    "does not appear to be a git repository",
    "unable to access",
    "could not resolve",
    "connection ",
    "timed out",
    "unreachable",
];

/// What `git push` ends with when a hook said no; what fails on the way is fatal and ends with 128.
const HOOK_SAID_NO: i32 = 1;

/// Where the reason of a failed push lies. The pre-push hook runs before anything is sent, so that no address is reported;
/// over HTTP Git ends a broken connection with the same code.
fn push_cause(code: Option<i32>, stderr: &str, report: &str) -> PushCause {
    let stderr = stderr.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| stderr.contains(word));
    let began = report.lines().any(|line| line.starts_with("To "));
    if code == Some(HOOK_SAID_NO) && !began && !says(&["rpc failed", "hung up"]) {
        return PushCause::Hook;
    }
    if says(NO_RIGHTS) {
        return PushCause::Rights;
    }
    if says(NO_CONNECTION) { PushCause::Connection } else { PushCause::Other }
}

/// What the lines for one ref come to: `<flag> TAB <from>:<to> TAB <summary>` below `To <address>`, for each address;
/// `None` if the push did not get that far. A refusal names the address where there are several, and carries what the
/// remote's hooks said besides, which is where the reason is.
///
/// A ref that stands for a request may be reported under the name it led to; its line is the one with its commit.
fn push_outcome(report: &str, push: &Push, said: &str) -> Option<PushOutcome> {
    let to = format!(":{}", push.target);
    let from = push.source.as_ref().map(|source| format!("{source}:")).filter(|_| push.lease == Lease::None);
    let refs = |line: &str| line.split('\t').nth(1).map(str::to_owned);
    let ends = |line: &str| refs(line).is_some_and(|refs| refs.ends_with(&to));
    let begins =
        |line: &str| refs(line).zip(from.as_deref()).is_some_and(|(refs, from)| refs.starts_with(from));
    let mut address = "";
    let mut addresses = 0;
    let mut lines: Vec<(&str, &str)> = Vec::new();
    for line in report.lines() {
        if let Some(next) = line.strip_prefix("To ") {
            (address, addresses) = (next, addresses + 1);
        }
        lines.push((address, line));
    }
    let mut own: Vec<&(&str, &str)> = lines.iter().filter(|(_, line)| ends(line)).collect();
    if own.is_empty() {
        own = lines.iter().filter(|(_, line)| begins(line)).collect();
    }
    let (address, line) = own.iter().find(|(_, line)| line.starts_with('!')).or(own.first())?;
    if !line.starts_with('!') {
        return Some(PushOutcome::Done);
    }
    let summary = line.split('\t').nth(2).unwrap_or_default();
    let words = if said.is_empty() { summary.to_owned() } else { format!("{summary}: {said}") };
    let words = if addresses > 1 { format!("{address}: {words}") } else { words };
    Some(PushOutcome::Rejected(redact(&words).into_owned()))
}

/// Whether the push stopped because the remote takes no options, before anything was sent.
fn takes_no_options(finished: &Finished) -> bool {
    let stderr = String::from_utf8_lossy(&finished.stderr);
    !finished.success() && stderr.contains("receiving end does not support push options")
}

/// The lines of the remote's hooks, which Git marks with `remote: `.
fn words_of_remote(stderr: &str) -> Vec<String> {
    let lines = stderr.lines().filter_map(|line| line.strip_prefix("remote:")).map(str::trim);
    lines.filter(|line| !line.is_empty()).map(|line| sanitize_line(&redact(line))).collect()
}

/// Lines in one, cut where it gets long.
fn in_one_line(lines: &[String]) -> String {
    const MOST: usize = 300;
    let words = lines.join("; ");
    match words.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words,
    }
}

impl PushOutcome {
    /// Fails with the remote's own words if the ref was refused.
    pub fn accepted(&self) -> Result<(), GitError> {
        match self {
            Self::Done => Ok(()),
            Self::Rejected(said) => {
                Err(GitError::Failed { command: "push".to_owned(), code: 1, said: said.clone(), log: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_remote_said() {
        let target = RefName::new("refs/heads/hotfix/1.2.3".to_owned()).unwrap();
        let push = Push { source: None, target, lease: Lease::Absent };
        let report = "To /srv/x\n!\t0123abc:refs/heads/hotfix/1.2.3\t[remote rejected] (pre-receive hook declined)\nDone\n";
        let stderr =
            "remote: main is frozen        \nremote: \nremote: ask Grace\nerror: failed to push some refs\n";
        let refused = |words: &str| Some(PushOutcome::Rejected(words.to_owned()));
        assert_eq!(
            push_outcome(report, &push, &in_one_line(&words_of_remote(stderr))),
            refused("[remote rejected] (pre-receive hook declined): main is frozen; ask Grace")
        );
        assert_eq!(push_outcome(report, &push, ""), refused("[remote rejected] (pre-receive hook declined)"));
        assert_eq!(in_one_line(&["ä".repeat(400)]).chars().count(), 301);
    }
}
