//! commit: `fix: …` on the hotfix branch, of exactly the tree that was tested, with the user's hooks and signing.

use hotfix_model::output::CommitOutput;
use hotfix_model::{Fact, Gate, Size, Step};
use serde_json::json;

use super::PlanLines;
use crate::error::Result;
use crate::event::Tone;
use crate::exec::sanitize_line;
use crate::failpoint;
use crate::forge;
use crate::forge::detect::Configured;
use crate::git::{Change, CommitRequest, Oid, size_of};
use crate::message;
use crate::record::Journal;
use crate::session::{Blocked, Gates, Hotfix, Project, SessionError, Skips, Work};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// What was fixed; the alert's words if absent.
    pub subject: Option<String>,
    /// Gates that are skipped, with reasons.
    pub skips: Skips,
}

/// What commit is going to do.
pub struct Plan {
    message: String,
    subject: String,
    size: Size,
    skips: Skips,
    /// The commit, when the work is committed already.
    done: Option<Oid>,
}

/// Looks at the gates, the size and the added lines; changes nothing.
pub fn plan(project: &Project, hotfix: &Hotfix, work: &Work, request: &Request) -> Result<Plan> {
    project.actor()?;
    let record = hotfix.record();
    let config = &hotfix.loaded.config;
    let size = size_of(work.lines()?);
    let gates = Gates { config, skips: &request.skips };
    gates.pass(record, work.tree.as_str())?;
    gates.size(size)?;
    if !request.skips.contains(Gate::Secrets) {
        no_secrets(work)?;
    }
    let text = request.subject.as_deref().or(record.subject.as_deref()).unwrap_or(&record.alert);
    let subject = message::subject(&config.commit.kind, None, text)?;
    let for_forge = for_forge(project, hotfix)?;
    let mut trailers = vec![("Hotfix", record.id.as_str())];
    trailers.extend(record.incident.as_deref().map(|incident| ("Incident", incident)));
    trailers.extend(for_forge.iter().map(|(key, value)| (*key, value.as_str())));
    let message = message::commit_message(&subject, None, &trailers);
    let done = committed_already(project, work)?;
    Ok(Plan { message, subject, size, skips: request.skips.clone(), done })
}

/// What the forge wants to find in the message.
fn for_forge(project: &Project, hotfix: &Hotfix) -> Result<Vec<(&'static str, String)>> {
    let Some(remote) = &project.remote else { return Ok(Vec::new()) };
    let submit = &hotfix.loaded.config.submit;
    let configured = Configured { forge: &submit.forge, api: &submit.api };
    forge::trailers(&project.repository, remote, configured, hotfix.record())
}

impl Plan {
    /// What is going to be done.
    pub fn lines(&self) -> PlanLines {
        let Size { files, added, removed } = self.size;
        let files = super::counted(files, "file");
        vec![format!("commit \"{}\": {files}, +{added} -{removed} lines", self.subject)]
    }
}

/// Commits, and writes it into the record.
pub fn apply(project: &Project, hotfix: &mut Hotfix, work: &Work, plan: &Plan) -> Result<CommitOutput> {
    let ctx = project.ctx();
    let began = ctx.clock.elapsed();
    ctx.began(Step::Commit, plan.subject.clone());
    failpoint::reach(ctx, "commit.before");
    let journal = Journal::open(&project.repository)?;
    let intent =
        journal.intend(hotfix.id(), Step::Commit, "commit", json!({ "tree": work.tree.as_str() }))?;
    let commit = match &plan.done {
        Some(commit) => commit.clone(),
        None => make(project, hotfix, work, plan)?,
    };
    failpoint::reach(ctx, "commit.made");
    intent.done(json!({ "commit": commit.as_str() }));
    let (tree, subject) = project.repository.tree_and_subject(&commit)?;
    let size = match tree == work.tree {
        true => plan.size,
        false => size_of(&project.repository.line_changes(&work.base, &commit)?),
    };
    let committed = Fact::Committed {
        commit: commit.to_string(),
        tree: tree.to_string(),
        subject: subject.clone(),
        size,
    };
    // What a setting lets through is told of the commit, which a hook may have changed.
    let committed_record = hotfix.record_with(project, vec![(committed.clone(), None)])?;
    let loosened = crate::session::loosened(&hotfix.loaded, &committed_record);
    let skips: Vec<_> = plan.skips.0.iter().cloned().chain(loosened).collect();
    let skipped = super::new_skips(hotfix.record(), &skips);
    let elapsed = ctx.milliseconds_since(began);
    let facts = skipped.into_iter().map(|fact| (fact, None)).chain([(committed, Some(elapsed))]);
    hotfix.note(project, facts.collect(), Vec::new())?;
    let evidence = project.attest(hotfix.record())?;
    hotfix.append(project, Vec::new(), &evidence)?;
    failpoint::reach(ctx, "commit.recorded");
    let Size { files, added, removed } = size;
    let files = super::counted(files, "file");
    ctx.ended(
        Step::Commit,
        Tone::Good,
        format!("{} {subject} ({files}, +{added} -{removed})", commit.short()),
    );
    if tree != work.tree {
        let changed = project.repository.changes(&work.tree, &tree)?;
        ctx.warn("a commit hook changed the files: the commit is not byte for byte what was tested");
        let names = changes_shown(&changed).join(", ");
        ctx.say(Tone::Plain, format!("what ran before did not run on this commit; it differs in {names}"));
    }
    Ok(CommitOutput {
        id: hotfix.id().to_owned(),
        commit: commit.to_string(),
        subject,
        size,
        next: vec!["git hotfix submit".to_owned()],
    })
}

/// Most files that a line names.
const SHOWN: usize = 5;

fn changes_shown(changes: &[Change]) -> Vec<String> {
    let mut names: Vec<String> =
        changes.iter().take(SHOWN).map(|change| sanitize_line(&change.path.to_string_lossy())).collect();
    if changes.len() > SHOWN {
        names.push(format!("and {} more", changes.len() - SHOWN));
    }
    names
}

/// Whether the gates let the commit itself through: what was run on any other tree was not run on it. Gates that were
/// skipped stay skipped.
pub fn pass_gates(project: &Project, hotfix: &Hotfix) -> Result<()> {
    let record = hotfix.record();
    let tree = project.repository.tree_of(&of(hotfix)?)?;
    let skipped = record.skipped.iter().map(|skip| (skip.gate, skip.reason.clone()));
    let skips = Skips(skipped.collect());
    Ok(Gates { config: &hotfix.loaded.config, skips: &skips }.pass(record, tree.as_str())?)
}

/// Says when the user's hooks do not run because the folder that is configured for them is not in the slot.
fn warn_of_missing_hooks(project: &Project, work: &Work) -> Result<()> {
    let worktree = &work.held.worktree;
    if let Some(folder) = project.repository.missing_hooks_folder(worktree)? {
        let folder = sanitize_line(&folder.to_string_lossy());
        project.ctx().warn(format!(
            "core.hooksPath is {folder}, which the slot lacks: no hook runs; have `slot.setup` make it, as `npm ci` does"
        ));
    }
    Ok(())
}

fn make(project: &Project, hotfix: &Hotfix, work: &Work, plan: &Plan) -> Result<Oid> {
    warn_of_missing_hooks(project, work)?;
    let limit = hotfix.loaded.config.commit.timeout.duration();
    let request = CommitRequest { tree: &work.tree, message: &plan.message, limit };
    project.repository.commit_tree(&work.held.worktree, &request)
}

/// The branch's head, if it is ahead of base and holds exactly this work: made before a cut, or by hand.
fn committed_already(project: &Project, work: &Work) -> Result<Option<Oid>> {
    let head = project.repository.head(&work.held.worktree)?;
    let whole = head != work.base && project.repository.tree_of(&head)? == work.tree;
    Ok(whole.then_some(head))
}

fn no_secrets(work: &Work) -> Result<()> {
    let found = message::scan(work.lines()?);
    if found.is_empty() {
        return Ok(());
    }
    let shown = |secret: &message::Secret| {
        format!("{}:{} {} {}", secret.path.display(), secret.line, secret.kind, secret.shown)
    };
    Err(Blocked::Secrets { found: found.iter().map(shown).collect() }.into())
}

/// The commit of a hotfix that is past this step, for steps that need one.
pub fn of(hotfix: &Hotfix) -> Result<Oid> {
    match &hotfix.record().commit {
        Some(commit) => crate::session::oid(commit),
        None => {
            let stage = "not committed yet".to_owned();
            Err(SessionError::Past { id: hotfix.id().to_owned(), stage }.into())
        }
    }
}
