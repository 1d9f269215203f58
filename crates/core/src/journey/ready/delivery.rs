//! What is needed to deliver: the remote, the right to push, the branch that is merged into.

use std::path::Path;

use rustix::fs::{Access, access};

use super::scene::{Base, Scene, Unknown};
use super::table::{Found, PATIENCE};
use crate::error::{Error, Result};
use crate::flow::start::IN_THE_WAY;
use crate::git::{GitError, Oid, RefName, RemoteListing};
use crate::message::quoted;
use crate::session::{FoundBy, SessionError};

/// The branch that is spoken of, and never made.
const ASKED_BRANCH: &str = "hotfix/ready-dry-run";
/// Repairs what is ours.
const FIX: &str = "git hotfix ready --fix";
/// What Git says of a server that takes no push options.
const NO_OPTIONS: &str = "does not support push options";

/// Whether the remote answers, and whether the branch that hotfixes start from has moved there.
#[expect(clippy::unnecessary_wraps, reason = "a look like the others, which can fail")]
pub fn remote(scene: &Scene) -> Result<Found> {
    let Some(remote) = &scene.project.remote else {
        return Ok(match scene.project.no_remote() {
            error if matches!(error.downcast_ref(), Some(SessionError::SeveralRemotes { .. })) => {
                Found::of(&error)
            }
            _ => Found::missing("there is no remote to deliver to", "git remote add origin ADDRESS"),
        });
    };
    let shown = format!("{} ({})", remote.name, remote.shown_url());
    let listing = match scene.listing() {
        Ok(listing) => listing,
        Err(error) => {
            let ask = || format!("git ls-remote {}", quoted(&remote.name));
            return Ok(refused(&format!("{shown} does not answer"), error, ask));
        }
    };
    let base = scene.base().ok();
    let there = base.and_then(|base| listing.branches.get(&base.target.0));
    let moved = base.zip(there).filter(|(base, at)| !has(scene, base, at));
    Ok(match (moved, &listing.default) {
        (Some((base, at)), _) => {
            let (branch, at) = (&base.target.0, at.short());
            Found::warning(format!("{shown} answers; its {branch} is at {at}, which is not fetched"), FIX)
        }
        (None, Some(branch)) => Found::fine(format!("{shown} answers; its default branch is {branch}")),
        (None, None) => Found::fine(format!("{shown} answers")),
    })
}

/// Whether hotfixes would start from this commit, or from a later one.
fn has(scene: &Scene, base: &Base, commit: &Oid) -> bool {
    base.commit == *commit || scene.project.repository.contains(&base.commit, commit)
}

/// Whether a push of a hotfix branch would be let in, as far as the remote says before it is meant.
pub fn push(scene: &Scene) -> Result<Found> {
    let Some(remote) = scene.project.push_remote.as_ref().map(|remote| remote.name.as_str()) else {
        return Ok(Found::unknown("not asked: there is no remote"));
    };
    if scene.project.seen()?.has_branch(IN_THE_WAY) {
        let what =
            format!("the branch `{IN_THE_WAY}` is in the way: Git cannot have it beside {IN_THE_WAY}/…");
        return Ok(Found::missing(what, format!("git branch -m {IN_THE_WAY} old-{IN_THE_WAY}")));
    }
    if let Some(why) = read_only(scene, remote)? {
        return Ok(Found::missing(why, dry_run(remote)));
    }
    // The remote is asked both at once.
    let said = say_push(scene, remote, &[]);
    let is_listed = scene.project.remote_name() == Some(remote);
    if is_listed && scene.listing().is_ok_and(|listing| listing.branches.contains_key(IN_THE_WAY)) {
        let what =
            format!("{remote} has a branch called `{IN_THE_WAY}`, beside which no hotfix can be pushed");
        let remote = quoted(remote);
        let repair = format!(
            "git push {remote} refs/remotes/{remote}/{IN_THE_WAY}:refs/heads/old-{IN_THE_WAY} :{IN_THE_WAY}  # or there: \
             git branch -m {IN_THE_WAY} old-{IN_THE_WAY}"
        );
        return Ok(Found::missing(what, repair));
    }
    match said {
        None => Ok(Found::unknown("not asked: there is no commit to push yet")),
        Some(Ok(())) => Ok(Found::fine(
            "a hotfix branch may be pushed (dry run; rules and hooks of the remote decide last)",
        )),
        Some(Err(error)) => Ok(refused("a push is refused", &error, || dry_run(remote))),
    }
}

/// Whether a push can carry what a merge request needs.
#[expect(clippy::unnecessary_wraps, reason = "a look like the others, which can fail")]
pub fn options(scene: &Scene) -> Result<Found> {
    let Some(remote) = scene.project.remote_name() else {
        return Ok(Found::unknown("not asked: there is no remote"));
    };
    let Some(said) = say_push(scene, remote, &["hotfix.ready"]) else {
        return Ok(Found::unknown("not asked: there is no commit to push yet"));
    };
    Ok(match said {
        Ok(()) => Found::fine("the remote takes push options"),
        Err(error) => match error.downcast_ref() {
            Some(GitError::Failed { said, .. }) if said.contains(NO_OPTIONS) => {
                Found::fine("the remote takes no push options; nothing here needs them")
            }
            _ => Found::unknown("not known: the push itself is refused"),
        },
    })
}

/// The branch that hotfixes start from and are merged into.
pub fn target(scene: &Scene) -> Result<Found> {
    match scene.base() {
        Ok(base) => {
            if let Some(remote) = scene.project.remote_name()
                && let Ok(listing) = scene.listing()
                && let Some(found) = absent(base, remote, listing)
            {
                return Ok(found);
            }
            let committed = scene.project.repository.commit_time(&base.commit)?;
            let days = (scene.ctx().now().as_second() - committed).max(0) / 86_400;
            let age = if days == 1 { "1 day old".to_owned() } else { format!("{days} days old") };
            Ok(Found::fine(format!("{} at {}, {age}", base.target.0, base.commit.short())))
        }
        Err(Unknown::Target(found)) => Ok(found.clone()),
        Err(Unknown::Settings(_)) => Ok(Found::unknown("not known: the settings cannot be read")),
    }
}

/// A branch to start from or to merge into that is not on the remote, or no longer its default.
fn absent(base: &Base, remote: &str, listing: &RemoteListing) -> Option<Found> {
    let branch = &base.target.0;
    let default =
        listing.default.as_ref().filter(|default| *default != branch && base.found != FoundBy::Setting);
    if let Some(default) = default {
        let what = format!("{remote} calls {default} its default branch, and this clone has {branch}");
        return Some(Found::warning(what, FIX));
    }
    let gone = |what: &str, branch: &str| {
        let repair = format!("git ls-remote --heads {}  # then git hotfix config", quoted(remote));
        Found::missing(format!("{what} `{branch}` does not exist on {remote}"), repair)
    };
    if !listing.branches.contains_key(branch) {
        return Some(gone("the branch", branch));
    }
    let target = &base.loaded.config.submit.target;
    (!target.is_empty() && !listing.branches.contains_key(target)).then(|| gone("submit.target", target))
}

/// What the remote says to a push that is not meant; `None` if there is nothing to push.
fn say_push(scene: &Scene, remote: &str, options: &[&str]) -> Option<Result<()>> {
    let repository = &scene.project.repository;
    let known = scene.base().ok().map(|base| base.commit.clone());
    let commit = known.or_else(|| repository.resolve_commit("HEAD").ok())?;
    let target = match RefName::branch(ASKED_BRANCH) {
        Ok(target) => target,
        Err(error) => return Some(Err(error.into())),
    };
    Some(repository.try_push(remote, (&commit, &target), options, PATIENCE))
}

/// Why a remote on this machine cannot be written to; a dry run does not notice that.
fn read_only(scene: &Scene, remote: &str) -> Result<Option<String>> {
    let address = scene.project.repository.push_address(remote)?;
    let path = Path::new(address.strip_prefix("file://").unwrap_or(&address));
    let path = scene.project.repository.home().join(path);
    let folders = [path.join("objects"), path.join("refs"), path.join(".git/objects")];
    let locked = folders.iter().find(|dir| dir.is_dir() && access(*dir, Access::WRITE_OK).is_err());
    Ok(locked.map(|dir| format!("{} cannot be written to", dir.display())))
}

fn refused(what: &str, error: &Error, repair: impl FnOnce() -> String) -> Found {
    match error.downcast_ref() {
        Some(GitError::Failed { said, .. }) => Found::missing(format!("{what}: {said}"), repair()),
        Some(GitError::TimedOut { .. }) => {
            Found::warning(format!("no answer within {:.1} s", PATIENCE.as_secs_f64()), repair())
        }
        _ => Found::of(error),
    }
}

fn dry_run(remote: &str) -> String {
    format!("git push --dry-run {} HEAD:refs/heads/{ASKED_BRANCH}", quoted(remote))
}
