//! cleanup: the slot is given back, parked at the newest base for the next alert. Nothing that is not part of the fix
//! is lost: it is saved first, or kept in the record.

use hotfix_model::output::CleanupOutput;
use hotfix_model::{Fact, Stage, Step};
use serde_json::json;

use super::PlanLines;
use crate::error::{Explain, Result};
use crate::event::Tone;
use crate::failpoint;
use crate::git::{Change, Oid, RefName};
use crate::record::Journal;
use crate::session::{Hotfix, Project, Work};
use crate::slot::{Held, Keep};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whether changes that are not committed may go. They stay in the record.
    pub discard: bool,
}

/// What cleanup is going to do.
pub struct Plan {
    held: Option<Held>,
    /// Changes since the last commit, and the tree that holds them.
    loose: Vec<Change>,
    loose_tree: Option<Oid>,
    park_at: Oid,
    /// Whether the hotfix is given up by this.
    abandons: bool,
    discard: bool,
}

/// What stands in the way.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// There are changes that no commit holds.
    #[error("changes are not committed: {}", files.join(", "))]
    Uncommitted {
        /// The files.
        files: Vec<String>,
    },
    /// The fix is committed but not on the remote.
    #[error("the fix is committed but not submitted")]
    NotSubmitted,
}

/// Looks; changes nothing.
pub fn plan(project: &Project, hotfix: &Hotfix, request: &Request) -> Result<Plan> {
    let record = hotfix.record();
    let held = project.pool(&hotfix.loaded).held(hotfix.id())?;
    let (mut loose, mut loose_tree) = (Vec::new(), None);
    let edited = held.as_ref().map(|held| project.repository.status(&held.worktree)).transpose()?;
    if edited.is_some_and(|files| !files.is_empty()) {
        let work = Work::look_at_all(project, hotfix)?;
        let head = project.repository.head(&work.held.worktree)?;
        loose = project.repository.changes(&head, &work.tree)?;
        loose_tree = Some(work.tree);
    }
    if !request.discard {
        if !loose.is_empty() {
            let files = loose.iter().map(|change| change.path.to_string_lossy().into_owned()).collect();
            return Err(CleanupError::Uncommitted { files }.into());
        }
        if record.stage == Stage::Committed {
            return Err(CleanupError::NotSubmitted.into());
        }
    }
    let abandons = matches!(record.stage, Stage::Started | Stage::Committed);
    let newest = match project.remote_name() {
        Some(remote) => project.newest_known(remote, &record.target)?,
        None => None,
    };
    let park_at = newest.map_or_else(|| hotfix.base(), Ok)?;
    Ok(Plan { held, loose, loose_tree, park_at, abandons, discard: request.discard })
}

impl Plan {
    /// What is going to be done.
    pub fn lines(&self) -> PlanLines {
        let Some(held) = &self.held else { return vec!["no slot is in use".to_owned()] };
        let mut lines: PlanLines = self
            .loose
            .iter()
            .map(|change| format!("discard the changes of {}", change.path.display()))
            .collect();
        if self.abandons {
            lines.push("give the hotfix up".to_owned());
        }
        lines.push(format!("park {} at {}", held.worktree.path.display(), self.park_at.short()));
        lines
    }
}

/// Gives the slot back, and writes it into the record.
pub fn apply(project: &Project, hotfix: &mut Hotfix, plan: &Plan) -> Result<CleanupOutput> {
    let ctx = project.ctx();
    ctx.began(Step::Cleanup, "giving the slot back");
    let discarded: Vec<String> =
        plan.loose.iter().map(|change| change.path.to_string_lossy().into_owned()).collect();
    keep_discarded(project, hotfix, plan)?;
    failpoint::reach(ctx, "cleanup.before");
    let journal = Journal::open(&project.repository)?;
    let intent =
        journal.intend(hotfix.id(), Step::Cleanup, "park", json!({ "at": plan.park_at.as_str() }))?;
    let parked = match &plan.held {
        Some(held) => {
            let keep = if plan.discard { Keep::Discard } else { Keep::Save };
            project.pool(&hotfix.loaded).park(held, &plan.park_at, keep)?
        }
        // The slot may be on its way back already, from a cleanup that was cut short.
        None => project.pool(&hotfix.loaded).finish_park(hotfix.id())?.unwrap_or_default(),
    };
    project.forget_runs(hotfix.id())?;
    intent.done(json!({}));
    failpoint::reach(ctx, "cleanup.parked");
    if hotfix.record().slot_in_use || plan.abandons {
        let tree = plan.loose_tree.as_ref().filter(|_| !plan.loose.is_empty()).map(Oid::to_string);
        let mut facts = vec![(Fact::Cleaned { discarded: tree }, None)];
        if plan.abandons {
            facts.push((Fact::Abandoned { reason: None }, None));
        }
        hotfix.append(project, facts, &Vec::new())?;
    }
    let worktree = plan.held.as_ref().map(|held| held.worktree.path.to_string_lossy().into_owned());
    let saved: Vec<String> = parked.saved.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    if let Some(dir) = &parked.saved_to {
        ctx.warn(format!("not part of the fix, saved in {}: {}", dir.display(), saved.join(", ")));
    }
    let what =
        worktree.as_ref().map_or_else(|| "no slot was in use".to_owned(), |path| format!("{path} is parked"));
    ctx.ended(Step::Cleanup, Tone::Good, what);
    let next = super::next_commands(hotfix.record(), None);
    Ok(CleanupOutput { id: hotfix.id().to_owned(), worktree, discarded, saved, next })
}

/// What is about to be discarded stays reachable, by a ref of our own.
fn keep_discarded(project: &Project, hotfix: &Hotfix, plan: &Plan) -> Result<()> {
    match &plan.loose_tree {
        Some(tree) if !plan.loose.is_empty() => {
            let name = RefName::new(format!("refs/hotfix/discarded/{}", hotfix.id()))?;
            project.repository.set_refs(&[(name, tree.clone())])
        }
        _ => Ok(()),
    }
}

impl Explain for CleanupError {
    fn why(&self) -> String {
        match self {
            Self::Uncommitted { .. } => "a slot that is given back is made clean".to_owned(),
            Self::NotSubmitted => "nobody else has it yet".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Uncommitted { .. } => {
                "git hotfix ship  # or: git hotfix cleanup --discard, which keeps the changes in the record"
                    .to_owned()
            }
            Self::NotSubmitted => {
                "git hotfix ship  # or, to give it up: git hotfix cleanup --discard".to_owned()
            }
        }
    }

    fn exit(&self) -> hotfix_model::ExitCode {
        hotfix_model::ExitCode::DECISION
    }
}
