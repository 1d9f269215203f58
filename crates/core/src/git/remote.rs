//! Remotes: found, fetched from privately, pushed to with a lease on every ref.

use std::time::Duration;

use super::{FetchLock, GitCommand, GitError, Oid, RefName, Repository};
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

/// Most bytes of one push option: a line of Git's protocol holds 65,516, headers included.
pub const OPTION_LIMIT: usize = 60_000;

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
    /// The remote's default branch as the remote says now; `None` if it has none.
    pub fn asked_default_branch(&self, remote: &str, limit: Duration) -> Result<Option<String>> {
        let printed =
            self.git_at_home().args(["ls-remote", "--symref", remote, "HEAD"]).limit(limit).text()?;
        let line = printed.lines().find_map(|line| line.strip_prefix("ref: refs/heads/"));
        Ok(line.and_then(|line| line.split('\t').next()).map(str::to_owned))
    }

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

    /// Fetches refs into our own namespace: the user's refs, tags and `FETCH_HEAD` stay as they are.
    pub fn fetch_private(
        &self,
        _: &FetchLock,
        remote: &str,
        refspecs: &[String],
        limit: Duration,
    ) -> Result<()> {
        let finished = self.past_stale_locks(|| {
            self.git_at_home()
                .args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--refmap="])
                .args(["--no-recurse-submodules", "--no-write-commit-graph", remote])
                .args(refspecs)
                .limit(limit)
        })?;
        if finished.success() { Ok(()) } else { Err(super::command::failed("fetch", &finished).into()) }
    }

    /// Pushes refs in one connection, each guarded by a lease, with the user's pre-push hook. The refs stand or fall
    /// one by one; the outcomes come in the order of the requests. A remote that takes no push options gets the push
    /// without them. Options that Git could not carry are left out: see [`OPTION_LIMIT`].
    pub fn push(
        &self,
        remote: &str,
        pushes: &[Push],
        options: &[String],
        limit: Duration,
    ) -> Result<PushReport> {
        let fits = |option: &&String| option.len() <= OPTION_LIMIT && !option.contains(['\n', '\0']);
        let options: Vec<&String> = options.iter().filter(fits).collect();
        let mut finished = self.push_call(remote, pushes, &options).with_hooks().limit(limit).finish()?;
        let options_taken = options.is_empty() || !takes_no_options(&finished);
        if !options_taken {
            // The user's hook has had its say about the very same refs.
            finished = self.push_call(remote, pushes, &[]).limit(limit).finish()?;
        }
        let report = String::from_utf8_lossy(&finished.stdout).into_owned();
        let said = words_of_remote(&String::from_utf8_lossy(&finished.stderr));
        let reasons = in_one_line(&said);
        let outcomes = pushes.iter().map(|push| push_outcome(&report, push, &reasons));
        let outcomes: Option<Vec<PushOutcome>> = outcomes.collect();
        Ok(PushReport { outcomes: outcomes.ok_or_else(|| push_failed(&finished))?, said, options_taken })
    }

    /// The same without the user's hook: for refs of our own that hold nothing of theirs.
    pub fn push_plainly(&self, remote: &str, pushes: &[Push], limit: Duration) -> Result<Vec<PushOutcome>> {
        let finished = self.push_call(remote, pushes, &[]).limit(limit).finish()?;
        let report = String::from_utf8_lossy(&finished.stdout).into_owned();
        let reasons = in_one_line(&words_of_remote(&String::from_utf8_lossy(&finished.stderr)));
        let outcomes: Option<Vec<PushOutcome>> =
            pushes.iter().map(|push| push_outcome(&report, push, &reasons)).collect();
        Ok(outcomes.ok_or_else(|| push_failed(&finished))?)
    }

    fn push_call(&self, remote: &str, pushes: &[Push], options: &[&String]) -> GitCommand<'_> {
        let mut call = self.git_at_home().args(["push", "--porcelain", "--no-follow-tags"]);
        for option in options {
            call = call.arg(format!("--push-option={option}"));
        }
        for push in pushes {
            let expected = match &push.lease {
                Lease::Absent => "",
                Lease::At(oid) => oid.as_str(),
                Lease::None => continue,
            };
            call = call.arg(format!("--force-with-lease={}:{expected}", push.target));
        }
        call = call.arg(remote);
        for push in pushes {
            let source = push.source.as_ref().map_or("", Oid::as_str);
            call = call.arg(format!("{source}:{}", push.target));
        }
        call
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

/// A push that came to no report. Where Git itself has nothing better to say than that it failed, the line before tells
/// why: what the pre-push hook said.
fn push_failed(finished: &Finished) -> GitError {
    let stderr = String::from_utf8_lossy(&finished.stderr);
    let own = |line: &&str| line.starts_with("error: failed to push some refs");
    let before = stderr.lines().map(str::trim_end).take_while(|line| !own(line));
    let reason = before.filter(|line| !line.is_empty()).last();
    match (super::command::failed("push", finished), reason) {
        (GitError::Failed { command, code, said }, Some(reason)) if said.starts_with("failed to push") => {
            GitError::Failed { command, code, said: redact(reason).into_owned() }
        }
        (error, _) => error,
    }
}

/// The line for one ref: `<flag> TAB <from>:<to> TAB <summary>`; `None` if the push did not get that far.
/// A refusal carries what the remote's hooks said besides, which is where the reason is.
///
/// A ref that stands for a request may be reported under the name it led to; its line is the one with its commit.
fn push_outcome(report: &str, push: &Push, said: &str) -> Option<PushOutcome> {
    let to = format!(":{}", push.target);
    let from = push.source.as_ref().map(|source| format!("{source}:")).filter(|_| push.lease == Lease::None);
    let refs = |line: &str| line.split('\t').nth(1).map(str::to_owned);
    let ends = |line: &&str| refs(line).is_some_and(|refs| refs.ends_with(&to));
    let begins =
        |line: &&str| refs(line).zip(from.as_deref()).is_some_and(|(refs, from)| refs.starts_with(from));
    let line = report.lines().find(ends).or_else(|| report.lines().find(begins))?;
    let summary = line.split('\t').nth(2).unwrap_or_default();
    if line.starts_with('!') {
        let words = if said.is_empty() { summary.to_owned() } else { format!("{summary}: {said}") };
        return Some(PushOutcome::Rejected(redact(&words).into_owned()));
    }
    Some(PushOutcome::Done)
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
                Err(GitError::Failed { command: "push".to_owned(), code: 1, said: said.clone() })
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
