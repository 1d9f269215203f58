//! What is done once the fix is in the target, and never before: the target is fetched, the version is tagged, a release
//! is made, the remote's branch is removed. None of it can take the delivery back, so none of it fails the command.

use hotfix_model::Record;

use crate::error::Result;
use crate::forge::{self, Forge};
use crate::git::{Lease, Oid, Push, PushRequest, RefName, Release, Remote};
use crate::message::{RequestText, merge_request_text};
use crate::session::{Hotfix, Project, TargetBranch};

/// Does all of it; what cannot be done is said.
pub(super) fn tidy_up(project: &Project, hotfix: &Hotfix, forge: &dyn Forge) {
    let Some(remote) = &project.remote else { return };
    let limit = hotfix.loaded.config.submit.timeout.duration();
    let fetched = project
        .fetcher(&TargetBranch(hotfix.record().target.clone()))
        .and_then(|fetcher| fetcher.fetch(limit));
    let newest = fetched.as_ref().ok().cloned();
    let steps = [
        ("the target was not fetched", fetched.map(|_| ())),
        ("the version was not tagged", tag(project, hotfix, (remote, newest, forge))),
        ("the remote's branch was not removed", remove_branch(project, hotfix, remote)),
        ("the record on the remote is the one before", super::share_record(project, hotfix, remote)),
    ];
    for (what, result) in steps {
        if let Err(error) = result {
            project.ctx().warn(format!("{what}: {error}: {}", error.why()));
        }
    }
}

/// After a push that moved the target itself there is only the tag to set.
pub(super) fn after_push(project: &Project, hotfix: &Hotfix, plan: &super::Plan) {
    let newest = Some(plan.commit.clone());
    if let Err(error) = tag(project, hotfix, (&plan.remote, newest, &*plan.forge)) {
        project.ctx().warn(format!("the version was not tagged: {error}: {}", error.why()));
    }
}

/// Only where it still holds our commit.
fn remove_branch(project: &Project, hotfix: &Hotfix, remote: &Remote) -> Result<()> {
    let commit = crate::flow::commit::of(hotfix)?;
    let limit = hotfix.loaded.config.submit.timeout.duration();
    forge::take_back(&project.repository, &remote.name, (&hotfix.branch()?, &commit), limit)?;
    Ok(())
}

/// Tags the commit that is in the target, on the remote alone: your own tags are yours. A tag that is there already
/// stays as it is.
fn tag(
    project: &Project,
    hotfix: &Hotfix,
    (remote, newest, forge): (&Remote, Option<Oid>, &dyn Forge),
) -> Result<()> {
    let (record, config) = (hotfix.record(), &hotfix.loaded.config.submit);
    let Some(name) = tag_name(project, hotfix)?.filter(|_| config.tag) else { return Ok(()) };
    let known = |commit: &&str| project.repository.resolve_commit(commit).is_ok();
    let merged = record.merged_commit.as_deref().filter(known).and_then(Oid::parse);
    let Some(commit) = merged.or(newest) else { return Ok(()) };
    let target = RefName::new(format!("refs/tags/{name}"))?;
    let limit = config.timeout.duration();
    if forge::find(&project.repository, &remote.name, &target, limit)?.is_none() {
        let push = Push { source: Some(commit), target, lease: Lease::Absent };
        let request = PushRequest { remote: &remote.name, pushes: &[push], options: &[], limit };
        let report = project.repository.push_plainly(&request)?;
        report.outcomes.iter().try_for_each(crate::git::PushOutcome::accepted)?;
        project.ctx().say(crate::event::Tone::Good, format!("{name} is tagged on {}", remote.name));
    }
    if config.release {
        release(project, record, (forge, &name))?;
    }
    Ok(())
}

fn release(project: &Project, record: &Record, (forge, name): (&dyn Forge, &str)) -> Result<()> {
    let (title, notes) = merge_request_text(&RequestText::of(record));
    if let Some(page) = forge.release(name, &format!("{name}: {title}"), &notes)? {
        project.ctx().say(crate::event::Tone::Good, page);
    }
    Ok(())
}

/// The version as tags of this repository are written: `v1.2.3` where the newest one begins with a `v`. `None` if the
/// hotfix has no version for a name.
fn tag_name(project: &Project, hotfix: &Hotfix) -> Result<Option<String>> {
    let id = hotfix.id();
    if Release::parse(id).is_none() {
        return Ok(None);
    }
    let tags = project.repository.list_refs(&["refs/tags/"])?;
    let names = tags.iter().filter_map(|(name, _)| name.as_str().strip_prefix("refs/tags/"));
    let mut releases = names.filter(|name| Release::parse(name).is_some()).peekable();
    let bare =
        releases.peek().is_some() && releases.all(|name| name.starts_with(|c: char| c.is_ascii_digit()));
    Ok(Some(if bare { id.to_owned() } else { format!("v{id}") }))
}
