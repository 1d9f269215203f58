//! Somebody on call, who types the commands of git-hotfix. Each deed opens the repository anew, as a process of its
//! own would.

use std::path::{Path, PathBuf};

use hotfix_core::ctx::Ctx;
use hotfix_core::error::Result;
use hotfix_core::flow::{check, cleanup, commit, follow_up, prove, start, submit, test};
use hotfix_core::journey::{approval, resume, ship, status, undo};
use hotfix_core::session::{Hotfix, Project, Skips, Work};
use hotfix_model::output::{
    CleanupOutput, CommitOutput, ExplainOutput, OwedOutput, ShipOutput, StartOutput, StatusOutput,
    SubmitOutput, UndoOutput,
};
use hotfix_model::{CheckReport, Gate, Proof, Record, TestReport};

use crate::{Repo, Sandbox};

/// Somebody in a folder of a sandbox. What is called like a step types it and expects it to work; `try_…` gives the
/// error.
pub struct Responder<'a> {
    sandbox: &'a Sandbox,
    dir: PathBuf,
    settings: Vec<(String, String)>,
    named: Option<String>,
    ctx: Option<Ctx>,
}

impl<'a> Responder<'a> {
    /// Somebody who stands in `dir`.
    pub fn at(sandbox: &'a Sandbox, dir: impl Into<PathBuf>) -> Self {
        Self { sandbox, dir: dir.into(), settings: Vec::new(), named: None, ctx: None }
    }

    /// Types `-c key=value` with every command.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Types `--id id` with every command.
    #[must_use]
    pub fn on(mut self, id: &str) -> Self {
        self.named = Some(id.to_owned());
        self
    }

    /// Types into surroundings made by hand, to stop a command or to look at it from inside.
    #[must_use]
    pub fn with_ctx(mut self, ctx: Ctx) -> Self {
        self.ctx = Some(ctx);
        self
    }

    /// The repository, opened.
    pub fn project(&self) -> Project {
        self.try_project().expect("a repository")
    }

    /// The repository, opened, or why not.
    pub fn try_project(&self) -> Result<Project> {
        let ctx = self.ctx.clone().unwrap_or_else(|| self.sandbox.ctx(&self.dir));
        Project::open(&ctx, self.settings.clone())
    }

    /// Approves the commands that the repository brings.
    pub fn trust(&self) {
        let project = self.project();
        let commands = approval::of(&project).expect("a configuration");
        approval::approve(&project, &commands).expect("a place for approvals");
    }

    /// Does something with the hotfix at hand.
    pub fn work<T>(&self, deed: impl FnOnce(&Project, &mut Hotfix) -> Result<T>) -> Result<T> {
        let project = self.try_project()?;
        let mut hotfix = project.hotfix(&project.find(self.named.as_deref())?)?;
        deed(&project, &mut hotfix)
    }

    /// Does something with the state of the slot.
    fn work_in<T>(&self, deed: impl FnOnce(&Project, &mut Hotfix, Work) -> Result<T>) -> Result<T> {
        self.work(|project, hotfix| {
            let work = Work::of(project, hotfix)?;
            deed(project, hotfix, work)
        })
    }

    /// `git hotfix start ALERT`
    pub fn start(&self, alert: &str) -> StartOutput {
        self.try_start(request(alert)).expect("a hotfix")
    }

    /// `git hotfix start` with options.
    pub fn try_start(&self, request: start::Request) -> Result<StartOutput> {
        let project = self.try_project()?;
        start::apply(&project, &start::plan(&project, request)?)
    }

    /// `git hotfix prove -- COMMAND`, or without a command.
    pub fn prove(&self, command: &[&str]) -> Proof {
        self.try_prove(&prove_with(command)).expect("a proof")
    }

    /// `git hotfix prove` with options.
    pub fn try_prove(&self, request: &prove::Request) -> Result<Proof> {
        self.work_in(|project, hotfix, work| {
            let plan = prove::plan(project, hotfix, work, request)?;
            prove::apply(project, hotfix, plan)
        })
    }

    /// `git hotfix prove --waive REASON`
    pub fn waive(&self, reason: &str) -> Proof {
        self.work(|project, hotfix| prove::waive(project, hotfix, reason)).expect("a waived proof")
    }

    /// `git hotfix check`
    pub fn check(&self) -> CheckReport {
        self.try_check(check::Request::default()).expect("a check")
    }

    /// `git hotfix check` with options.
    pub fn try_check(&self, request: check::Request) -> Result<CheckReport> {
        self.work_in(|project, hotfix, work| {
            let plan = check::plan(project, hotfix, &work, request)?;
            check::apply(project, hotfix, &work, &plan)
        })
    }

    /// `git hotfix test`
    pub fn test(&self) -> TestReport {
        self.try_test(&test::Request::default()).expect("tests")
    }

    /// `git hotfix test` with options.
    pub fn try_test(&self, request: &test::Request) -> Result<TestReport> {
        self.work_in(|project, hotfix, work| {
            let plan = test::plan(project, hotfix, &work, request)?;
            test::apply(project, hotfix, &work, &plan)
        })
    }

    /// `git hotfix test --explain`
    pub fn explain(&self) -> ExplainOutput {
        let explained = self.work_in(|project, hotfix, work| {
            let plan = test::plan(project, hotfix, &work, &test::Request::default())?;
            Ok(plan.explain(project, hotfix, &work))
        });
        explained.expect("an order")
    }

    /// `git hotfix commit -m SUBJECT`
    pub fn commit(&self, subject: &str) -> CommitOutput {
        self.try_commit(subject, &[]).expect("a commit")
    }

    /// `git hotfix commit -m SUBJECT --skip GATE --reason REASON`
    pub fn try_commit(&self, subject: &str, skips: &[(Gate, &str)]) -> Result<CommitOutput> {
        let request = commit::Request { subject: Some(subject.to_owned()), skips: skips_of(skips) };
        self.work_in(|project, hotfix, work| {
            let plan = commit::plan(project, hotfix, &work, &request)?;
            commit::apply(project, hotfix, &work, &plan)
        })
    }

    /// `git hotfix submit`
    pub fn submit(&self) -> SubmitOutput {
        self.try_submit().expect("a submitted fix")
    }

    /// `git hotfix submit`, or why not.
    pub fn try_submit(&self) -> Result<SubmitOutput> {
        self.work(|project, hotfix| {
            let plan = submit::plan(project, hotfix, submit::Request::default())?;
            submit::apply(project, hotfix, &plan)
        })
    }

    /// `git hotfix cleanup`
    pub fn cleanup(&self) -> CleanupOutput {
        self.try_cleanup(false).expect("a slot given back")
    }

    /// `git hotfix cleanup`, perhaps with `--discard`, or why not.
    pub fn try_cleanup(&self, discard: bool) -> Result<CleanupOutput> {
        let project = self.try_project()?;
        let mut hotfix = project.hotfix(&project.find_any(self.named.as_deref())?)?;
        let plan = cleanup::plan(&project, &hotfix, &cleanup::Request { discard, looked: false })?;
        cleanup::apply(&project, &mut hotfix, &plan)
    }

    /// `git hotfix ship SUBJECT`
    pub fn ship(&self, subject: &str) -> ShipOutput {
        self.try_ship(subject, &[]).map_err(|stopped| stopped.error).expect("a shipped fix")
    }

    /// `git hotfix ship SUBJECT --skip GATE --reason REASON`
    pub fn try_ship(&self, subject: &str, skips: &[(Gate, &str)]) -> Result<ShipOutput, ship::Stopped> {
        let subject = Some(subject.to_owned());
        let request = ship::Request { subject, skips: skips_of(skips), ..ship::Request::default() };
        let stopped = |error| ship::Stopped { error, output: None };
        let project = self.try_project().map_err(stopped)?;
        let id = project.find(self.named.as_deref()).map_err(stopped)?;
        let mut hotfix = project.hotfix(&id).map_err(stopped)?;
        ship::apply(&project, &mut hotfix, &request)
    }

    /// `git hotfix undo`
    pub fn undo(&self) -> UndoOutput {
        self.try_undo().expect("something to undo")
    }

    /// `git hotfix undo`, or why not.
    pub fn try_undo(&self) -> Result<UndoOutput> {
        let project = self.try_project()?;
        let mut hotfix = project.hotfix(&project.find_any(self.named.as_deref())?)?;
        undo::apply(&project, &mut hotfix)
    }

    /// `git hotfix resume ID`
    pub fn try_resume(&self, id: &str) -> Result<StartOutput> {
        let project = self.try_project()?;
        let mut hotfix = project.hotfix(id)?;
        resume::apply(&project, &mut hotfix)
    }

    /// `git hotfix status`
    pub fn status(&self) -> StatusOutput {
        let project = self.project();
        let id = project.find_any(self.named.as_deref()).expect("a hotfix");
        status::of(&project, &id).expect("a status")
    }

    /// `git hotfix owed`
    pub fn owed(&self) -> Vec<OwedOutput> {
        follow_up::all(&self.project()).expect("records")
    }

    /// The record of the hotfix at hand, or of the newest one.
    pub fn record(&self) -> Record {
        let project = self.project();
        let id = project.find_any(self.named.as_deref()).expect("a hotfix");
        project.store().load(&id).expect("a record").record
    }

    /// The slot of the hotfix at hand.
    pub fn slot(&self) -> Repo {
        let path = self.status().worktree.expect("a slot in use");
        self.sandbox.repo_at(path)
    }

    /// The slot of a hotfix by its id.
    pub fn slot_of(&self, id: &str) -> Repo {
        let path = self.project().slot_path(id).expect("slots").expect("a slot in use");
        self.sandbox.repo_at(path)
    }

    /// Where this person stands.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// What `git hotfix start ALERT` asks for.
pub fn request(alert: &str) -> start::Request {
    start::Request { alert: alert.to_owned(), fetch: true, ..start::Request::default() }
}

/// What `git hotfix prove -- COMMAND` asks for.
pub fn prove_with(command: &[&str]) -> prove::Request {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    prove::Request { command, ..prove::Request::default() }
}

fn skips_of(skips: &[(Gate, &str)]) -> Skips {
    Skips(skips.iter().map(|(gate, reason)| (*gate, (*reason).to_owned())).collect())
}
