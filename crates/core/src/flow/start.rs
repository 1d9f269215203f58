//! start: a worktree from the freshly fetched base, on a branch of its own. What you were doing stays as it is.

mod name;

use std::thread;

use hotfix_model::event::Started;
use hotfix_model::output::{SlotKind, SlotOutput, StartOutput};
use hotfix_model::{Actor, Fact, Record, Step};

use super::PlanLines;
use crate::ctx::joined;
use crate::error::{Error, Result};
use crate::event::Tone;
use crate::failpoint;
use crate::git::{Cone, GitError, Oid, RefChange, RefName};
use crate::record::Prepared;
use crate::session::{BasePlan, Claimed, Claiming, Fetched, Fetching, Happened, Project, Seen, SessionError};
use crate::slot::{Held, Pool, Room, SetupOutcome, SetupRequest};

use name::{Name, Names};

/// How often a name may be lost to somebody else. Starts on this machine lose one at most; more is no race.
const MOST_TRIES: u32 = 50;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The alert, in the words of who starts.
    pub alert: String,
    /// Start from here instead of the default branch: usually the tag in production.
    pub base: Option<String>,
    /// Name the branch after this version.
    pub version: Option<String>,
    /// Name the branch this.
    pub name: Option<String>,
    /// The alert's id in the system it came from.
    pub incident: Option<String>,
    /// How bad it is.
    pub severity: Option<String>,
    /// Folders, as paths from the root: a slot that has to be made holds only these, and the files beside and above
    /// them. Empty for everything.
    pub sparse: Vec<String>,
    /// Whether to ask the remote for a newer base.
    pub fetch: bool,
}

/// What start is going to do.
#[derive(Clone, Debug)]
pub struct Plan {
    request: Request,
    base: BasePlan,
    cone: Option<Cone>,
    fetch: bool,
}

/// Branch and record as they will be if the remote has nothing newer and nobody is quicker; its objects are written.
struct Draft<'a> {
    names: Names<'a>,
    name: Name,
    base: Oid,
    prepared: Prepared,
}

/// Looks; changes nothing.
pub fn plan(project: &Project, request: Request) -> Result<Plan> {
    project.ctx().began(Step::Start, "looking for the newest base");
    let asked = match &request.base {
        Some(base) => Some(base.clone()),
        None => project.deployed()?,
    };
    let base = project.base_plan(asked.as_deref())?;
    let cone = cone(project, &request.sparse, base.commit.as_ref())?;
    let fetch = request.fetch && project.remote.is_some();
    Ok(Plan { request, base, cone, fetch })
}

/// The files that a new slot is to have. A folder that base lacks is a slip of the fingers.
fn cone(project: &Project, folders: &[String], base: Option<&Oid>) -> Result<Option<Cone>> {
    let bad = |folder: &String| StartError::NoFolder { folder: folder.clone() };
    for folder in folders {
        let cone = Cone::new(std::slice::from_ref(folder)).ok_or_else(|| bad(folder))?;
        if let Some(base) = base {
            project.repository.has_folders(base, &cone)?.then_some(()).ok_or_else(|| bad(folder))?;
        }
    }
    Ok(Cone::new(folders))
}

impl Plan {
    /// What is going to be done.
    pub fn lines(&self) -> PlanLines {
        let commit = self.base.commit.as_ref().map_or("not known here yet", |commit| commit.short());
        let mut lines = vec![format!("base: {} ({commit})", self.base.reference)];
        if self.fetch {
            lines.push(format!("ask the remote for a newer {}", self.base.target.0));
        }
        lines.push("take a parked slot, or add a worktree".to_owned());
        lines.push("make a branch below hotfix/ and point the slot at it".to_owned());
        lines
    }
}

/// Starts.
pub fn apply(project: &Project, plan: &Plan) -> Result<StartOutput> {
    let ctx = project.ctx();
    let began = ctx.clock.elapsed();
    let actor = project.actor()?;
    let mut warnings = Vec::new();
    let fetching = plan.fetch.then(|| project.fetching(&plan.base.target)).transpose()?;
    let known = match &plan.base.commit {
        Some(commit) => commit.clone(),
        None => first_base(plan, fetching.as_ref())?,
    };
    let loaded = project.config_at(Some(&known))?;
    let pool = project.pool(&loaded).with_cone(plan.cone.clone());
    let (held, (draft, claiming)) = thread::scope(|scope| {
        let draft = scope.spawn(|| {
            // What cannot be drafted is said when it is claimed.
            let draft = draft(project, plan, &actor, &known).ok().flatten();
            let claiming = draft.as_ref().and_then(|draft| claiming(project, &draft.prepared.record));
            (draft, claiming)
        });
        (pool.take_unnamed(&known), joined(draft.join()))
    });
    let mut held = held?;
    if plan.cone.is_some() && held.kind == SlotKind::Warm {
        warnings.push("--sparse is for new slots; this one was waiting, with all files".to_owned());
    }
    let fetched = match (&fetching, &plan.base.commit) {
        (Some(fetching), Some(_)) => {
            ctx.say(Tone::Plain, ready_line(project, plan, &held));
            let mut glance = pool.glance(&held);
            let fetched = fetching.finish_beside(|| pool.look_on(&held, &mut glance));
            warnings.extend(pool.heed(&held, &glance)?);
            fetched
        }
        (Some(_), None) => Fetched::Fresh(known.clone()),
        (None, _) => Fetched::NotAsked,
    };
    let base = settle_base(project, plan, (&pool, &mut held), (&known, &fetched), &mut warnings);
    let fresh = matches!(fetched, Fetched::Fresh(_));
    let incident = claiming.map(|claiming| claiming.finish());
    failpoint::reach(ctx, "start.claim");
    let claimed = base.and_then(|base| {
        incident.as_ref().map_or(Ok(()), Claimed::is_free)?;
        claim(project, plan, &actor, (&base, fresh), draft).map(|record| (record, base))
    });
    let (record, base) = match claimed {
        Ok((record, base)) => (record, base),
        Err(error) => {
            pool.release(&held)?;
            return Err(error);
        }
    };
    if let Some(Claimed::Queued(why)) = incident {
        warnings
            .push(format!("the incident is not claimed yet ({why}); that is tried again with the submit"));
    }
    failpoint::reach(ctx, "start.claimed");
    let branch = RefName::new(record.branch.clone())?;
    pool.assign(&mut held, &record.id, &branch)?;
    let setup = set_up(project, (&pool, &held), &record.id, (&base, project.is_trusted(&loaded)?))?;
    warnings.extend(setup);
    let age = ctx.now().as_second() - project.repository.commit_time(&base)?;
    let worktree = held.worktree.path.to_string_lossy().into_owned();
    project.tell(&record, Happened::Started);
    ctx.ended(Step::Start, Tone::Good, format!("{} in {worktree}", record.branch_name()));
    Ok(StartOutput {
        next: super::next_commands(&record, Some(&worktree)),
        branch: record.branch_name().to_owned(),
        id: record.id,
        worktree,
        base: record.base,
        fresh,
        base_age_seconds: age,
        slot: SlotOutput { kind: held.kind },
        elapsed_ms: ctx.milliseconds_since(began),
        warnings,
    })
}

/// Says on the remote who is on the incident, beside everything else. A name that turns out to be taken is corrected
/// afterwards.
fn claiming(project: &Project, record: &Record) -> Option<Claiming> {
    project.remote_name()?;
    let claim = project.claimer().and_then(|claimer| claimer.claim_of(record)).ok()??;
    project.claiming(claim).ok()
}

/// The base when only the remote knows it: nothing can begin before it answers.
fn first_base(plan: &Plan, fetching: Option<&Fetching>) -> Result<Oid> {
    let unknown = || SessionError::UnknownBase { base: plan.base.reference.clone(), remote: None };
    fetching.and_then(Fetching::answer).ok_or_else(unknown)?
}

/// The slot can be used from now on, whatever the remote answers.
fn ready_line(project: &Project, plan: &Plan, held: &Held) -> String {
    let (path, target) = (held.worktree.path.display(), &plan.base.target.0);
    let remote = project.remote_name().unwrap_or("the remote");
    format!("{path} is yours; asking {remote} for a newer {target}")
}

/// The base that counts: the fetched one if it is newer and the base follows the remote. The slot moves to it.
fn settle_base(
    project: &Project,
    plan: &Plan,
    (pool, held): (&Pool<'_>, &mut Held),
    (known, fetched): (&Oid, &Fetched),
    warnings: &mut Vec<String>,
) -> Result<Oid> {
    match fetched {
        Fetched::Fresh(fresh) if fresh != known && plan.base.follows_remote => {
            let behind = project.repository.is_ancestor(known, fresh)?;
            if !behind {
                warnings.push(format!(
                    "{} was rewritten on the remote since it was last seen here",
                    plan.base.reference
                ));
            }
            if pool.move_to(held, fresh)? {
                return Ok(fresh.clone());
            }
            warnings.push(format!(
                "the worktree stays at {}, though {} moved on: something in it was edited already",
                known.short(),
                plan.base.reference
            ));
            Ok(known.clone())
        }
        Fetched::Failed(why) => {
            warnings.push(format!("{} may be old: {why}", plan.base.reference));
            Ok(known.clone())
        }
        Fetched::Fresh(_) | Fetched::NotAsked => Ok(known.clone()),
    }
}

/// Writes the objects of the record under the first name that seems to be free.
fn draft<'a>(project: &'a Project, plan: &'a Plan, actor: &Actor, base: &Oid) -> Result<Option<Draft<'a>>> {
    let names = Names::of(project, &plan.request, base)?;
    let Some(name) = names.first_free(&project.seen()?.ids()) else {
        return Ok(None);
    };
    let prepared = prepare(project, plan, actor, (&name.id, base))?;
    Ok(Some(Draft { names, name, base: base.clone(), prepared }))
}

/// Writes the objects of a record that begins at `base`.
fn prepare(project: &Project, plan: &Plan, actor: &Actor, (id, base): (&str, &Oid)) -> Result<Prepared> {
    let loaded = project.config_at(Some(base))?;
    let started = Started {
        alert: plan.request.alert.clone(),
        branch: branch(id)?.to_string(),
        base: Project::base(&plan.base.reference, base),
        target: match loaded.config.submit.target.as_str() {
            "" => plan.base.target.0.clone(),
            target => target.to_owned(),
        },
        remote: project.remote_name().map(str::to_owned),
        incident: plan.request.incident.clone(),
        severity: plan.request.severity.clone(),
        review_within: loaded.config.follow_up.review_within,
        postmortem_within: loaded.config.follow_up.postmortem_within,
    };
    project.store().prepare(id, actor, Fact::Started(started))
}

/// Creates branch and record in one transaction, under the first name that is free.
fn claim(
    project: &Project,
    plan: &Plan,
    actor: &Actor,
    (base, fresh): (&Oid, bool),
    draft: Option<Draft<'_>>,
) -> Result<Record> {
    let look = || Ok(Seen::look(&project.repository, project.remote_name())?.ids());
    let mut taken = if fresh { look()? } else { project.seen()?.ids() };
    let (names, mut drafted) = match draft.filter(|draft| draft.base == *base) {
        Some(draft) => (draft.names, Some((draft.name, draft.prepared))),
        None => (Names::of(project, &plan.request, base)?, None),
    };
    drafted = drafted.filter(|(name, _)| !taken.contains(&name.id));
    let mut lost = None;
    for _ in 0..MOST_TRIES {
        let (name, prepared) = match drafted.take() {
            Some(drafted) => drafted,
            None => {
                let Some(name) = names.surely_free(&mut taken, look)? else { break };
                let prepared = prepare(project, plan, actor, (&name.id, base))?;
                (name, prepared)
            }
        };
        let changes = [RefChange::create(branch(&name.id)?, base.clone()), prepared.claim()];
        match project.repository.change_refs("hotfix: start", &changes) {
            Ok(()) => return Ok(prepared.record),
            Err(error) if lost_race(&error) && plan.request.name.is_none() => lost = Some(error),
            Err(error) => return Err(error),
        }
        taken.insert(name.id);
    }
    let name = || plan.request.name.clone().unwrap_or_default();
    Err(lost.unwrap_or_else(|| StartError::NameTaken { name: name() }.into()))
}

fn branch(id: &str) -> Result<RefName> {
    Ok(RefName::branch(&format!("hotfix/{id}"))?)
}

fn lost_race(error: &Error) -> bool {
    matches!(error.downcast_ref::<GitError>(), Some(GitError::RefMoved { said }) if !said.contains("cannot create"))
}

/// Runs the setup commands and gives the warning to show. A setup that fails is told, not fatal: the fix may not need
/// it.
pub fn set_up(
    project: &Project,
    (pool, held): (&Pool<'_>, &Held),
    id: &str,
    (tree, trusted): (&Oid, bool),
) -> Result<Option<String>> {
    let logs = project.run_dir(id)?;
    let request = SetupRequest { tree, trusted, logs: &logs, step: Step::Start };
    Ok(match pool.setup(held, Room::Slot, &request)? {
        SetupOutcome::Unneeded | SetupOutcome::Done => None,
        SetupOutcome::Untrusted => {
            Some("slot.setup was not run: nobody has approved it yet (git hotfix trust)".to_owned())
        }
        SetupOutcome::Failed { command, how, log } => {
            Some(format!("slot.setup failed: {command}: {how} (see {})", log.display()))
        }
    })
}

/// What can go wrong with a name.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder for `--sparse` that base does not have.
    #[error("there is no folder {folder}")]
    NoFolder {
        /// As it was given.
        folder: String,
    },
    /// The name that was asked for is in use.
    #[error("hotfix/{name} exists already, here or on the remote")]
    NameTaken {
        /// The name.
        name: String,
    },
}

impl crate::error::Explain for StartError {
    fn why(&self) -> String {
        match self {
            Self::NoFolder { .. } => {
                "--sparse takes folders that base has, as paths from the root of the repository".to_owned()
            }
            Self::NameTaken { .. } => "two hotfixes cannot share a branch".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NoFolder { .. } => "git ls-tree -d -r --name-only HEAD  # shows the folders".to_owned(),
            Self::NameTaken { name } => format!("git hotfix resume {name}  # or start with another --name"),
        }
    }

    fn exit(&self) -> hotfix_model::ExitCode {
        match self {
            Self::NoFolder { .. } => hotfix_model::ExitCode::USAGE,
            Self::NameTaken { .. } => hotfix_model::ExitCode::DECISION,
        }
    }
}
