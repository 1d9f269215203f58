//! start: a worktree from the freshly fetched base, on a branch of its own. What you were doing stays as it is.

mod name;

use std::collections::BTreeSet;
use std::thread;

use hotfix_model::event::Started;
use hotfix_model::output::{SlotKind, SlotOutput, StartOutput};
use hotfix_model::{Actor, Fact, Record, Step};

use super::PlanLines;
use crate::ctx::joined;
use crate::error::{Error, Result};
use crate::event::Tone;
use crate::exec::quoted;
use crate::failpoint;
use crate::git::{Cone, GitError, Oid, RefChange, RefName};
use crate::record::Prepared;
use crate::session::{
    BasePlan, BaseSource, Claimed, Claiming, Fetched, Fetching, Happened, NamedOnRemote, Project,
    RemoteAnswer, RemoteMemory, Seen, SessionError, TargetBranch, TargetChoice, TargetQuestion,
};
use crate::slot::{Held, Pool, Room, SetupOutcome, SetupRequest};

use name::{Name, Names};

/// How often a name may be lost to somebody else. Starts on this machine lose one at most; more is no race.
const MOST_TRIES: u32 = 50;
/// A branch beside which no branch of a hotfix can be: Git cannot have both `hotfix` and `hotfix/1.2.3`.
pub const IN_THE_WAY: &str = "hotfix";

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The alert, in the words of who starts.
    pub alert: String,
    /// Start from here instead of the default branch: usually the tag in production.
    pub base: Option<String>,
    /// Merge into this branch instead of the one that follows from the base.
    pub target: Option<String>,
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

/// What a hotfix starts from and where it goes: what its record says from the first line on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Beginning {
    base: Oid,
    /// The base as people name it.
    reference: String,
    /// The branch whose newest state the base is; `None` for a tag or a commit.
    branch: Option<String>,
    /// Whether the base was fetched just now.
    fresh: bool,
}

impl Beginning {
    /// Whether a record would say the same of both.
    fn is_as(&self, other: &Self) -> bool {
        (&self.base, &self.reference) == (&other.base, &other.reference)
    }
}

/// Who starts what, where.
#[derive(Clone, Copy)]
struct Opening<'a> {
    project: &'a Project,
    plan: &'a Plan,
    actor: &'a Actor,
}

/// The slot that was taken, which moves to what the remote has.
struct TakenSlot<'a, 'p> {
    pool: &'a Pool<'p>,
    held: &'a mut Held,
}

/// Branch and record as they will be if the remote has nothing newer and nobody is quicker; its objects are written.
struct Draft {
    name: Name,
    beginning: Beginning,
    target: TargetChoice,
    version: Option<String>,
    prepared: Prepared,
}

/// Looks; changes nothing.
pub fn plan(project: &Project, request: Request) -> Result<Plan> {
    project.ctx().began(Step::Start, "looking for the newest base");
    if project.remote.is_none()
        && let error = project.no_remote()
        && matches!(error.downcast_ref(), Some(SessionError::SeveralRemotes { .. }))
    {
        return Err(error);
    }
    if project.seen()?.has_branch(IN_THE_WAY) {
        return Err(StartError::BranchInTheWay.into());
    }
    let usual = project.known_base()?;
    let deployed = match &request.base {
        Some(_) => None,
        None => project.deployed(usual.commit.as_ref())?,
    };
    // A branch to merge into says as well where to start from.
    let asked = request.base.as_ref().or(deployed.as_ref()).or(request.target.as_ref());
    let base = project.base_plan(asked.map(String::as_str), usual)?;
    let fetch = request.fetch && project.remote.is_some();
    if base.commit.is_none() && !fetch {
        return Err(SessionError::UnknownBase { base: base.reference, remote: None }.into());
    }
    let cone = cone(project, &request.sparse, base.commit.as_ref())?;
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
            lines.push(format!("ask the remote for a newer {}", self.base.branch.0));
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
    let opening = Opening { project, plan, actor: &actor };
    let mut warnings = Vec::new();
    let fetching = plan.fetch.then(|| fetching(project, plan)).transpose()?;
    let (known, early) = match &plan.base.commit {
        Some(commit) => (plan.known(project, commit), None),
        None => first_base(project, plan, fetching.as_ref())?,
    };
    let loaded = project.config_at(Some(&known.base))?;
    let pool = project.pool(&loaded).with_cone(plan.cone.clone());
    let memory = project.remote_memory();
    let (held, (draft, claiming)) = thread::scope(|scope| {
        let draft = scope.spawn(|| {
            // What cannot be drafted is said when it is claimed.
            let draft = opening.draft(&known, &memory).ok().flatten();
            let claiming = draft.as_ref().and_then(|draft| claiming(project, &draft.prepared.record));
            (draft, claiming)
        });
        (pool.take_unnamed(&known.base), joined(draft.join()))
    });
    let mut held = held?;
    if plan.cone.is_some() && held.kind == SlotKind::Warm {
        warnings.push("--sparse is for new slots; this one was waiting, with all files".to_owned());
    }
    let fetched = match early {
        Some(answer) => Fetched::Answered(answer),
        None => hear_remote(opening, &pool, &held, fetching.as_ref(), &mut warnings)?,
    };
    let mut slot = TakenSlot { pool: &pool, held: &mut held };
    let begun = opening.begin(&mut slot, known, &fetched, &mut warnings);
    let incident = claiming.map(|claiming| claiming.finish());
    failpoint::reach(ctx, "start.claim");
    let claimed = begun.and_then(|(beginning, target)| {
        incident.as_ref().map_or(Ok(()), Claimed::is_free)?;
        let tags = match &fetched {
            Fetched::Answered(RemoteAnswer { listing: Some(listing), .. }) => {
                project.remember_remote(listing)
            }
            _ => memory,
        };
        let names = Names::new(project, &plan.request, &beginning.base, &tags)?;
        warnings.extend(names.warning());
        let taken = match fetched {
            Fetched::NotAsked => project.seen()?.ids(),
            _ => look_for_ids(project)?,
        };
        let draft = draft.filter(|draft| {
            let same = draft.beginning.is_as(&beginning) && draft.target.is_as(&target);
            same && draft.version.as_deref() == names.version()
        });
        let record = opening.claim(&names, taken, (&beginning, &target), draft)?;
        Ok((record, beginning, target))
    });
    let (record, beginning, target) = match claimed {
        Ok(claimed) => claimed,
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
    let setup = set_up(project, (&pool, &held), &record.id, (&beginning.base, project.is_trusted(&loaded)?))?;
    warnings.extend(setup);
    if project.remote.is_none() {
        warnings.push(
            "there is no remote: everything stays in this repository (git remote add origin URL)".to_owned(),
        );
    }
    warnings.extend(target.warnings);
    let age = ctx.now().as_second() - project.repository.commit_time(&beginning.base)?;
    let worktree = held.worktree.path.to_string_lossy().into_owned();
    project.tell(&record, Happened::Started);
    ctx.ended(Step::Start, Tone::Good, format!("{} in {worktree}", record.branch_name()));
    Ok(StartOutput {
        next: super::next_commands(&record, Some(&worktree)),
        branch: record.branch_name().to_owned(),
        target: target.branch,
        target_choices: target.choices,
        id: record.id,
        worktree,
        base: record.base,
        fresh: beginning.fresh,
        base_age_seconds: age,
        slot: SlotOutput { kind: held.kind },
        elapsed_ms: ctx.milliseconds_since(began),
        warnings,
    })
}

/// Waits for the remote, and looks meanwhile at what lies in the slot.
fn hear_remote(
    opening: Opening<'_>,
    pool: &Pool<'_>,
    held: &Held,
    fetching: Option<&Fetching>,
    warnings: &mut Vec<String>,
) -> Result<Fetched> {
    let Some(fetching) = fetching else { return Ok(Fetched::NotAsked) };
    let Opening { project, plan, .. } = opening;
    project.ctx().say(Tone::Plain, ready_line(project, plan, held));
    let mut glance = pool.glance(held);
    let fetched = fetching.finish_beside(|| pool.look_on(held, &mut glance));
    warnings.extend(pool.heed(held, &glance)?);
    Ok(fetched)
}

/// Says on the remote who is on the incident, beside everything else. A name that turns out to be taken is corrected
/// afterwards.
fn claiming(project: &Project, record: &Record) -> Option<Claiming> {
    project.remote_name()?;
    let claim = project.claimer().and_then(|claimer| claimer.claim_of(record)).ok()??;
    project.claiming(claim).ok()
}

/// Asks the remote, in a thread of its own.
fn fetching(project: &Project, plan: &Plan) -> Result<Fetching> {
    let release = project.config_at(plan.base.commit.as_ref())?.config.base.release;
    project.fetching(&plan.base, plan.request.target.as_deref(), &release)
}

impl Plan {
    /// The beginning as this clone knows it.
    fn known(&self, project: &Project, commit: &Oid) -> Beginning {
        let BasePlan { branch: TargetBranch(branch), source, .. } = &self.base;
        let is_known = || {
            project
                .remote_name()
                .is_none_or(|remote| project.newest_known(remote, branch).is_ok_and(|known| known.is_some()))
        };
        let branch = match source {
            BaseSource::Usual => Some(branch.clone()),
            // A local branch that the remote does not have is a commit like any other.
            BaseSource::Branch if is_known() => Some(branch.clone()),
            _ => None,
        };
        Beginning { base: commit.clone(), reference: self.base.reference.clone(), branch, fresh: false }
    }

    fn question<'a>(
        &'a self,
        beginning: &'a Beginning,
        answer: Option<&'a RemoteAnswer>,
    ) -> TargetQuestion<'a> {
        TargetQuestion {
            plan: &self.base,
            reference: &beginning.reference,
            base: &beginning.base,
            branch: beginning.branch.as_deref(),
            asked: self.request.target.as_deref(),
            answer,
        }
    }
}

/// The beginning when only the remote knows it: nothing can be done before it answers.
fn first_base(
    project: &Project,
    plan: &Plan,
    fetching: Option<&Fetching>,
) -> Result<(Beginning, Option<RemoteAnswer>)> {
    let remote = project.remote_name().unwrap_or_default();
    let unknown =
        || SessionError::UnknownBase { base: plan.base.reference.clone(), remote: Some(remote.to_owned()) };
    let mut answer = fetching.and_then(Fetching::answer).ok_or_else(unknown)?;
    let of_branch = |branch: &str, commit: &Oid| Beginning {
        base: commit.clone(),
        reference: format!("{remote}/{branch}"),
        branch: Some(branch.to_owned()),
        fresh: true,
    };
    let followed = followed_branch(plan, &answer);
    let beginning = match &answer.named {
        Some(NamedOnRemote::Branch(branch)) => answer.branches.get(branch).map(|at| of_branch(branch, at)),
        Some(NamedOnRemote::Commit(commit)) => Some(Beginning {
            base: commit.clone(),
            reference: plan.base.reference.clone(),
            branch: None,
            fresh: true,
        }),
        None if plan.base.source == BaseSource::Unknown => None,
        None => answer.branches.get(&followed).map(|commit| of_branch(&followed, commit)),
    };
    match (beginning, answer.failure.take()) {
        (Some(beginning), _) => Ok((beginning, Some(answer))),
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(unknown().into()),
    }
}

/// The branch that the base is the newest state of, by the name it has on the remote now.
fn followed_branch(plan: &Plan, answer: &RemoteAnswer) -> String {
    let TargetBranch(branch) = &plan.base.branch;
    let renamed = match plan.base.source {
        BaseSource::Usual => answer.renamed(branch, plan.base.found),
        _ => None,
    };
    renamed.unwrap_or(branch).to_owned()
}

/// The slot can be used from now on, whatever the remote answers.
fn ready_line(project: &Project, plan: &Plan, held: &Held) -> String {
    let (path, branch) = (held.worktree.path.display(), &plan.base.branch.0);
    let remote = project.remote_name().unwrap_or("the remote");
    format!("{path} is yours; asking {remote} for a newer {branch}")
}

impl Opening<'_> {
    /// What the hotfix really starts from, and where it goes: what was fetched if that is newer and the base follows the
    /// remote. The slot moves to it.
    fn begin(
        self,
        slot: &mut TakenSlot<'_, '_>,
        known: Beginning,
        fetched: &Fetched,
        warnings: &mut Vec<String>,
    ) -> Result<(Beginning, TargetChoice)> {
        let Self { project, plan, .. } = self;
        let answer = match fetched {
            Fetched::Answered(answer) => Some(answer),
            Fetched::NotAsked => None,
            Fetched::Failed(why) => {
                warnings.push(unheard(project, plan, why));
                None
            }
        };
        if answer.is_none_or(|answer| answer.listing.is_none()) && plan.base.found.is_guess() {
            let (branch, remote) = (&plan.base.branch.0, project.remote_name().unwrap_or("the remote"));
            warnings.push(format!("{remote} was not asked for its default branch: {branch} is a guess"));
        }
        let beginning = match answer {
            Some(answer) => self.follow_remote(slot, known, answer, warnings)?,
            None => known,
        };
        let target = project.choose_target(plan.question(&beginning, answer))?;
        Ok((beginning, target))
    }

    /// The newest state of the base, as the remote has just told.
    fn follow_remote(
        self,
        slot: &mut TakenSlot<'_, '_>,
        known: Beginning,
        answer: &RemoteAnswer,
        warnings: &mut Vec<String>,
    ) -> Result<Beginning> {
        let Self { project, plan, .. } = self;
        let remote = project.remote_name().unwrap_or_default();
        warnings.extend(answer.remarks.iter().cloned());
        if answer.listing.as_ref().is_some_and(|listing| listing.branches.contains_key(IN_THE_WAY)) {
            warnings.push(branch_in_the_way(remote));
        }
        if known.fresh || !plan.base.follows_remote() {
            let failure = answer.failure.as_ref().map(|error| format!("{error}: {}", error.why()));
            warnings.extend(failure.map(|why| unheard(project, plan, &why)));
            warnings.extend(moved_tag(plan, &known, answer, remote));
            return Ok(known);
        }
        let branch = followed_branch(plan, answer);
        let Some(fresh) = answer.branches.get(&branch) else {
            let gone = || format!("`{branch}` does not exist on {remote}");
            let why = answer.failure.as_ref().map_or_else(gone, |error| format!("{error}: {}", error.why()));
            warnings.push(unheard(project, plan, &why));
            let branch = known.branch.filter(|branch| !answer.lacks_branch(branch));
            return Ok(Beginning { branch, ..known });
        };
        let remembered = &plan.base.branch.0;
        let renamed = branch != *remembered;
        if renamed {
            warnings.push(match answer.lacks_branch(remembered) {
                true => {
                    format!(
                        "`{remembered}` does not exist on {remote} any more: its default branch is {branch}"
                    )
                }
                false => format!("the default branch of {remote} is {branch}, no longer {remembered}"),
            });
        }
        let reference = format!("{remote}/{branch}");
        if *fresh == known.base {
            return Ok(Beginning { reference, branch: Some(branch), fresh: true, ..known });
        }
        if !renamed && !project.repository.is_ancestor(&known.base, fresh)? {
            warnings.push(format!("{reference} was rewritten on the remote since it was last seen here"));
        }
        if slot.pool.move_to(slot.held, fresh)? {
            return Ok(Beginning { base: fresh.clone(), reference, branch: Some(branch), fresh: true });
        }
        warnings.push(format!(
            "the worktree stays at {}, though {reference} moved on: something in it was edited already",
            known.base.short()
        ));
        Ok(known)
    }

    /// Writes the objects of the record under the first name that seems to be free.
    fn draft(self, beginning: &Beginning, memory: &RemoteMemory) -> Result<Option<Draft>> {
        let Self { project, plan, .. } = self;
        let names = Names::new(project, &plan.request, &beginning.base, memory)?;
        let Some(name) = names.first_free(&project.seen()?.ids()) else {
            return Ok(None);
        };
        let target = project.choose_target(plan.question(beginning, None))?;
        let prepared = self.prepare(&name.id, beginning, &target)?;
        let version = names.version().map(str::to_owned);
        Ok(Some(Draft { name, beginning: beginning.clone(), target, version, prepared }))
    }

    /// Writes the objects of a record.
    fn prepare(self, id: &str, beginning: &Beginning, target: &TargetChoice) -> Result<Prepared> {
        let Self { project, plan, actor } = self;
        let loaded = project.config_at(Some(&beginning.base))?;
        let started = Started {
            alert: plan.request.alert.clone(),
            branch: branch(id)?.to_string(),
            base: Project::base(&beginning.reference, &beginning.base),
            target: target.branch.clone().unwrap_or_default(),
            target_choices: target.choices.clone(),
            remote: project.remote_name().map(str::to_owned),
            incident: plan.request.incident.clone(),
            severity: plan.request.severity.clone(),
            review_within: loaded.config.follow_up.review_within,
            postmortem_within: loaded.config.follow_up.postmortem_within,
        };
        project.store().prepare(id, actor, Fact::Started(started))
    }

    /// Creates branch and record in one transaction, under the first name that is not `taken`.
    fn claim(
        self,
        names: &Names<'_>,
        mut taken: BTreeSet<String>,
        (beginning, target): (&Beginning, &TargetChoice),
        draft: Option<Draft>,
    ) -> Result<Record> {
        let Self { project, plan, .. } = self;
        let draft = draft.filter(|draft| names.is_free(&draft.name.id, &taken));
        let mut drafted = draft.map(|draft| (draft.name, draft.prepared));
        let mut lost = None;
        for _ in 0..MOST_TRIES {
            let (name, prepared) = match drafted.take() {
                Some(drafted) => drafted,
                None => {
                    let look = || look_for_ids(project);
                    let Some(name) = names.surely_free(&mut taken, look)? else { break };
                    let prepared = self.prepare(&name.id, beginning, target)?;
                    (name, prepared)
                }
            };
            let changes = [RefChange::create(branch(&name.id)?, beginning.base.clone()), prepared.claim()];
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
}

/// Ids of hotfixes as they are now, here and as far as was fetched.
fn look_for_ids(project: &Project) -> Result<BTreeSet<String>> {
    Ok(Seen::look(&project.repository, project.remote_name())?.ids())
}

/// That the remote has a branch beside which no hotfix can be pushed.
fn branch_in_the_way(remote: &str) -> String {
    let there = quoted(remote);
    format!(
        "{remote} has a branch called `{IN_THE_WAY}`, beside which no hotfix can be pushed: there, `git branch -m \
         {IN_THE_WAY} old-{IN_THE_WAY}`, or `git push {there} refs/remotes/{there}/{IN_THE_WAY}:refs/heads/old-{IN_THE_WAY} \
         :{IN_THE_WAY}`"
    )
}

/// That the remote told nothing, and what that means for the base.
fn unheard(project: &Project, plan: &Plan, why: &str) -> String {
    let (reference, remote) = (&plan.base.reference, project.remote_name().unwrap_or("the remote"));
    match plan.base.follows_remote() {
        true => format!("{reference} may be old: {why}"),
        false => format!("{remote} could not be asked: {why}; its branches and tags are as last seen here"),
    }
}

/// A tag that is another commit on the remote.
fn moved_tag(plan: &Plan, known: &Beginning, answer: &RemoteAnswer, remote: &str) -> Option<String> {
    let tag = plan.base.reference.strip_prefix("refs/tags/").unwrap_or(&plan.base.reference);
    let there = answer.listing.as_ref()?.tags.get(tag)?;
    (*there != known.base).then(|| {
        format!(
            "{tag} is {} here and {} on {remote}: this hotfix starts from the one here",
            known.base.short(),
            there.short()
        )
    })
}

fn branch(id: &str) -> Result<RefName> {
    Ok(RefName::branch(&format!("hotfix/{id}"))?)
}

fn lost_race(error: &Error) -> bool {
    matches!(error.downcast_ref::<GitError>(), Some(GitError::RefMoved { .. }))
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
    /// There is a branch called `hotfix`.
    #[error("the branch `{IN_THE_WAY}` is in the way")]
    BranchInTheWay,
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
            Self::BranchInTheWay => {
                "Git cannot have it and the branch of a hotfix, hotfix/…, at once".to_owned()
            }
            Self::NameTaken { .. } => "two hotfixes cannot share a branch".to_owned(),
        }
    }

    fn next(&self) -> String {
        match self {
            Self::NoFolder { .. } => "git ls-tree -d -r --name-only HEAD  # shows the folders".to_owned(),
            Self::BranchInTheWay => {
                format!("git branch -m {IN_THE_WAY} old-{IN_THE_WAY}  # then run the same command again")
            }
            Self::NameTaken { name } => format!("git hotfix resume {name}  # or start with another --name"),
        }
    }

    fn exit(&self) -> hotfix_model::ExitCode {
        match self {
            Self::NoFolder { .. } => hotfix_model::ExitCode::USAGE,
            Self::BranchInTheWay | Self::NameTaken { .. } => hotfix_model::ExitCode::DECISION,
        }
    }
}
