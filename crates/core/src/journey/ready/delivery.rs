//! What is needed to deliver: the remote, the right to push, the branch that is merged into.

use std::path::Path;

use rustix::fs::{Access, access};

use super::scene::{Base, Scene, Unknown};
use super::table::{Found, PATIENCE};
use crate::error::{Error, Result};
use crate::git::{GitError, Oid, RefName, RemoteAnswer};
use crate::message::quoted;

/// The branch that is spoken of, and never made.
const ASKED_BRANCH: &str = "hotfix/ready-dry-run";
/// What Git says of a server that takes no push options.
const NO_OPTIONS: &str = "does not support push options";

/// Whether the remote answers, and whether the branch that hotfixes start from has moved there.
pub fn remote(scene: &Scene) -> Result<Found> {
    let Some(remote) = &scene.project.remote else {
        return Ok(Found::missing("there is no remote to deliver to", "git remote add origin ADDRESS"));
    };
    let shown = format!("{} ({})", remote.name, remote.shown_url());
    let base = scene.base().ok();
    let target = base.map(|base| RefName::branch(&base.target.0)).transpose()?;
    match scene.project.repository.try_remote(&remote.name, target.as_ref(), PATIENCE) {
        Ok(RemoteAnswer { default, branch }) => {
            let moved = base.zip(branch).filter(|(base, at)| !has(scene, base, at));
            Ok(match (moved, default) {
                (Some((base, at)), _) => Found::warning(
                    format!(
                        "{shown} answers; its {} is at {}, which is not fetched",
                        base.target.0,
                        at.short()
                    ),
                    "git hotfix ready --fix",
                ),
                (None, Some(branch)) => {
                    Found::fine(format!("{shown} answers; its default branch is {branch}"))
                }
                (None, None) => Found::fine(format!("{shown} answers")),
            })
        }
        Err(error) => Ok(refused(&format!("{shown} does not answer"), &error, || {
            format!("git ls-remote {}", quoted(&remote.name))
        })),
    }
}

/// Whether hotfixes would start from this commit, or from a later one.
fn has(scene: &Scene, base: &Base, commit: &Oid) -> bool {
    base.commit == *commit || scene.project.repository.contains(&base.commit, commit)
}

/// Whether a push of a hotfix branch would be let in, as far as the remote says before it is meant.
pub fn push(scene: &Scene) -> Result<Found> {
    let Some(remote) = scene.project.remote_name() else {
        return Ok(Found::unknown("not asked: there is no remote"));
    };
    if let Some(why) = read_only(scene, remote)? {
        return Ok(Found::missing(why, dry_run(remote)));
    }
    match say_push(scene, remote, &[]) {
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
            let committed = scene.project.repository.commit_time(&base.commit)?;
            let days = (scene.ctx().now().as_second() - committed).max(0) / 86_400;
            let age = if days == 1 { "1 day old".to_owned() } else { format!("{days} days old") };
            Ok(Found::fine(format!("{} at {}, {age}", base.target.0, base.commit.short())))
        }
        Err(Unknown::Target(found)) => Ok(found.clone()),
        Err(Unknown::Settings(_)) => Ok(Found::unknown("not known: the settings cannot be read")),
    }
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
