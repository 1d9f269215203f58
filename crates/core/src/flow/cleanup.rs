//! cleanup: the slot is given back, parked at the newest base for the next alert. Nothing that is not part of the fix
//! is lost: it is saved first, or kept in the record.
//!
//! What has to be known is known when it returns: that nothing unsaved is in the slot, and where the slot goes. The rest
//! is done by a process of its own, or by whoever needs the slot before that.

use std::path::{Path, PathBuf};

use hotfix_model::output::CleanupOutput;
use hotfix_model::{Fact, Stage, Step};
use serde_json::json;

use super::PlanLines;
use crate::error::{Explain, Result};
use crate::event::Tone;
use crate::exec::Command;
use crate::failpoint;
use crate::git::{Change, InnerContent, Oid, RefName};
use crate::record::Journal;
use crate::session::{Hotfix, Project, Work};
use crate::slot::{Held, Keep, Leaving, Parked, SlotError};

/// What is done in the background writes here, in the state folder.
const BACKGROUND_LOG: &str = "slots/background.log";

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whether changes that are not committed may go. They stay in the record.
    pub discard: bool,
    /// Whether the caller has just looked at the slot, so that it need not be looked at again. What was edited since is
    /// saved.
    pub looked: bool,
}

/// What cleanup is going to do.
pub struct Plan {
    held: Option<Held>,
    /// What lies in the slot and in no commit, as far as it was looked at.
    edited: Vec<PathBuf>,
    /// Changes since the last commit, and the tree that holds them.
    loose: Vec<Change>,
    loose_tree: Option<Oid>,
    /// Repositories in the slot that hold something that is nowhere else.
    inner: Vec<InnerContent>,
    park_at: Oid,
    /// Whether the hotfix is given up by this.
    abandons: bool,
    discard: bool,
}

/// What stands in the way.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// There are changes that no commit holds, or repositories that Git does not look into.
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
    let held = match project.pool(&hotfix.loaded).held(hotfix.id()) {
        // Somebody removed it, which is what was wanted.
        Err(error) if matches!(error.downcast_ref(), Some(SlotError::Gone { .. })) => None,
        held => held?,
    };
    let Loose { edited, changes: loose, tree: loose_tree, mut inner } = match &held {
        Some(held) if !request.looked => loose(project, hotfix, held)?,
        _ => Loose::default(),
    };
    if !request.discard {
        let mut files: Vec<String> =
            loose.iter().map(|change| change.path.to_string_lossy().into_owned()).collect();
        files.extend(inner.iter().map(InnerContent::to_string));
        if !files.is_empty() {
            return Err(CleanupError::Uncommitted { files }.into());
        }
        if record.stage == Stage::Committed {
            return Err(CleanupError::NotSubmitted.into());
        }
    }
    if let Some(held) = &held {
        inner.extend(project.pool(&hotfix.loaded).inner_content(&held.worktree)?);
        inner.sort();
        inner.dedup_by(|next, first| next.path == first.path);
    }
    let abandons = matches!(record.stage, Stage::Started | Stage::Committed);
    let newest = match project.remote_name() {
        Some(remote) => project.newest_known(remote, &record.target)?,
        None => None,
    };
    let park_at = newest.map_or_else(|| hotfix.base(), Ok)?;
    Ok(Plan { held, edited, loose, loose_tree, inner, park_at, abandons, discard: request.discard })
}

/// What lies in a slot and in no commit.
#[derive(Default)]
struct Loose {
    /// All files that differ, by-products of tests among them.
    edited: Vec<PathBuf>,
    /// Changes since the last commit, and the tree that holds them.
    changes: Vec<Change>,
    tree: Option<Oid>,
    /// Repositories that Git would note by a commit alone, or not at all: what is in them is in no tree.
    inner: Vec<InnerContent>,
}

fn loose(project: &Project, hotfix: &Hotfix, held: &Held) -> Result<Loose> {
    let work = Work::look_at_all(project, hotfix)?;
    let head = project.repository.head(&held.worktree)?;
    let mut changes = project.repository.changes(&head, &work.tree)?;
    let nested = work.nested_repositories()?;
    changes.retain(|change| !nested.contains(&change.path));
    let mut inner: Vec<InnerContent> = nested
        .into_iter()
        .map(|path| InnerContent { path, what: "a repository of its own".to_owned() })
        .collect();
    let dirty = project.repository.dirty_submodules(&held.worktree)?.into_iter();
    inner.extend(
        dirty.map(|path| InnerContent { path, what: "changes that are in no commit of it".to_owned() }),
    );
    let mut edited = work.left_out;
    edited.extend(changes.iter().map(|change| change.path.clone()));
    edited.sort_unstable();
    edited.dedup();
    Ok(Loose { edited, changes, tree: Some(work.tree), inner })
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
        lines.extend(self.inner.iter().map(|inner| format!("leave {inner} in the slot")));
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
    ctx.go_on()?;
    let discarded: Vec<String> =
        plan.loose.iter().map(|change| change.path.to_string_lossy().into_owned()).collect();
    keep_discarded(project, hotfix, plan)?;
    failpoint::reach(ctx, "cleanup.before");
    let journal = Journal::open(&project.repository)?;
    let intent =
        journal.intend(hotfix.id(), Step::Cleanup, "park", json!({ "at": plan.park_at.as_str() }))?;
    let given = give_back(project, hotfix, plan)?;
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
    let in_background = match given.leaving {
        Some(number) => goes_on(project, hotfix, number)?,
        None => false,
    };
    let worktree = plan.held.as_ref().map(|held| held.worktree.path.to_string_lossy().into_owned());
    let saved: Vec<String> = given.saved.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    if let Some(dir) = given.saved_to.filter(|_| !saved.is_empty()) {
        ctx.warn(format!("not part of the fix, saved in {}: {}", dir.display(), saved.join(", ")));
    }
    let left: Vec<String> = plan.inner.iter().map(InnerContent::to_string).collect();
    if !left.is_empty() {
        ctx.warn(format!(
            "left in the slot, which is not used again until that is gone: {}",
            left.join(", ")
        ));
    }
    let left = plan.inner.iter().map(|inner| inner.path.to_string_lossy().into_owned()).collect();
    let what = match &worktree {
        Some(path) if in_background => format!("{path} is being parked"),
        Some(path) => format!("{path} is parked"),
        None => "no slot was in use".to_owned(),
    };
    ctx.ended(Step::Cleanup, Tone::Good, what);
    let next = super::next_commands(hotfix.record(), None);
    Ok(CleanupOutput { id: hotfix.id().to_owned(), worktree, in_background, discarded, saved, left, next })
}

/// What became of a slot.
#[derive(Default)]
struct Given {
    /// Where files are saved, or are going to be.
    saved_to: Option<PathBuf>,
    saved: Vec<PathBuf>,
    /// The slot that is still to be parked.
    leaving: Option<u32>,
}

fn give_back(project: &Project, hotfix: &Hotfix, plan: &Plan) -> Result<Given> {
    let pool = project.pool(&hotfix.loaded);
    let keep = if plan.discard { Keep::Discard } else { Keep::Save };
    let foreground = project.ctx().env.in_foreground();
    let Some(held) = &plan.held else {
        pool.forget_removed(hotfix.id())?;
        // The slot may be on its way back already, from a cleanup that was cut short.
        return match foreground {
            true => Ok(pool.finish_park(hotfix.id())?.map(Given::of).unwrap_or_default()),
            false => Ok(Given { leaving: pool.leaving(hotfix.id())?, ..Given::default() }),
        };
    };
    if foreground {
        return Ok(Given::of(pool.park(held, &plan.park_at, keep)?));
    }
    Ok(match pool.let_go(held, &plan.park_at, keep)? {
        Some(Leaving { number, save_to }) => Given {
            saved: save_to.iter().flat_map(|_| plan.edited.clone()).collect(),
            saved_to: save_to,
            leaving: Some(number),
        },
        None => Given::default(),
    })
}

impl Given {
    fn of(parked: Parked) -> Self {
        Self { saved_to: parked.saved_to, saved: parked.saved, leaving: None }
    }
}

/// Has a slot parked by a process of its own. False if there can be none: then it is parked already.
fn goes_on(project: &Project, hotfix: &Hotfix, number: u32) -> Result<bool> {
    let ctx = project.ctx();
    let log = project.repository.make_state_dir()?.join(BACKGROUND_LOG);
    let number = number.to_string();
    let command = Command::new(ctx.env.executable())
        .arg("--quiet")
        .args(project.overrides().iter().map(|(key, value)| format!("--set={key}={value}")))
        .args(["slot", "refresh", "--no-fetch", "--background", "--only", &number]);
    if command.detach(ctx, Path::new(&log)).is_ok() {
        return Ok(true);
    }
    project.pool(&hotfix.loaded).finish_park(hotfix.id())?;
    Ok(false)
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
