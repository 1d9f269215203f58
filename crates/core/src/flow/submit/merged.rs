//! What is done once the fix is in the target, and never before: the target is fetched, the version is tagged, a release
//! is made, the remote's branch is removed. None of it can take the delivery back, so none of it fails the command.

use hotfix_model::{Fact, Record};

use crate::error::Result;
use crate::forge::{self, Forge};
use crate::git::{Lease, Oid, Push, PushRequest, RefName, Release, Remote};
use crate::message::{RequestText, merge_request_text};
use crate::session::{Hotfix, Project};

/// Does all of it; what cannot be done is said.
pub(super) fn tidy_up(project: &Project, hotfix: &Hotfix, forge: &dyn Forge) {
    let Some(remote) = &project.remote else { return };
    let limit = hotfix.loaded.config.submit.timeout.duration();
    let fetched = project.fetcher().and_then(|fetcher| fetcher.fetch_branch(&hotfix.record().target, limit));
    let newest = fetched.as_ref().ok().cloned();
    let steps = [
        ("the target was not fetched", fetched.map(|_| ())),
        ("the version was not tagged", tag(project, hotfix, (remote, newest, forge))),
        ("the remote's branch was not removed", remove_branch(project, hotfix, remote)),
        ("the record on the remote is the one before", super::share_record(project, hotfix)),
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

/// Tags the version, on the remote alone: your own tags are yours. A tag that is there already stays as it is.
fn tag(
    project: &Project,
    hotfix: &Hotfix,
    (remote, newest, forge): (&Remote, Option<Oid>, &dyn Forge),
) -> Result<()> {
    let (record, config) = (hotfix.record(), &hotfix.loaded.config.submit);
    let Some(name) = tag_name(project, hotfix)?.filter(|_| config.tag) else { return Ok(()) };
    let target = RefName::new(format!("refs/tags/{name}"))?;
    let limit = config.timeout.duration();
    if forge::find(&project.repository, &remote.name, &target, limit)?.is_none() {
        let Some(commit) = commit_to_tag(project, hotfix, newest.as_ref())? else {
            let holds = format!("no commit of {} holds the fix and nothing unreleased", record.target);
            project.ctx().warn(format!("{name} is not tagged: {holds}"));
            return Ok(());
        };
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

/// The commit that is the base and the fix and nothing else: the one that merged it, if it brought nothing else along,
/// else the fix itself, if the target holds it. `None` where the fix was moved off the release that it was made for.
fn commit_to_tag(project: &Project, hotfix: &Hotfix, newest: Option<&Oid>) -> Result<Option<Oid>> {
    let (repository, record) = (&project.repository, hotfix.record());
    if !stands_on_its_base(project, hotfix) {
        return Ok(None);
    }
    let (base, fix) = (hotfix.base()?, crate::flow::commit::of(hotfix)?);
    let known = |commit: &&str| repository.resolve_commit(commit).is_ok();
    let merged = record.merged_commit.as_deref().filter(known).and_then(Oid::parse);
    if let Some(merged) = merged.as_ref().or(newest)
        && repository.is_ancestor(&base, merged)?
        && repository.tree_of(merged)? == repository.tree_of(&fix)?
    {
        return Ok(Some(merged.clone()));
    }
    let is_in_target = match newest.or(merged.as_ref()) {
        Some(newest) => repository.is_ancestor(&fix, newest)?,
        None => false,
    };
    Ok(is_in_target.then_some(fix))
}

/// Whether the fix still starts where the hotfix began. A branch goes on, and the fix with it; a tag does not: what lies
/// between it and a later base was never released.
fn stands_on_its_base(project: &Project, hotfix: &Hotfix) -> bool {
    let record = hotfix.record();
    let remote = project.remote_name().unwrap_or_default();
    let follows = [record.target.clone(), format!("{remote}/{}", record.target)];
    let first =
        hotfix.stored.lines.iter().filter_map(|line| line.event()).find_map(|event| match &event.fact {
            Fact::Started(started) => Some(&started.base.commit),
            _ => None,
        });
    follows.contains(&record.base.reference) || first.is_none_or(|first| *first == record.base.commit)
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
    let tags = project.release_tags(&project.remote_memory().tags)?;
    Ok(Some(format!("{}{id}", tags.prefix())))
}
