//! check: style of the changed lines. Findings are shown and recorded; they block only if configured.

use std::path::Path;

use hotfix_model::gate::{LinterOutcome, LinterReport};
use hotfix_model::{CheckReport, Fact, Step};

use super::PlanLines;
use crate::error::Result;
use crate::event::Tone;
use crate::git::ChangeKind;
use crate::session::{Hotfix, Project, Work};
use crate::{style, suite};

/// Reads a file as it is at base.
type ReadBase<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;
/// Lays what is checked into a folder.
type CopyTo<'a> = dyn Fn(&Path) -> Result<()> + Sync + 'a;
/// Makes installed packages usable in a folder.
type LinkPackages<'a> = dyn Fn(&Path) + Sync + 'a;

/// What a check does in the world around it.
#[derive(Clone, Copy)]
struct Deeds<'a> {
    read: &'a ReadBase<'a>,
    copy: &'a CopyTo<'a>,
    link_packages: &'a LinkPackages<'a>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request {
    /// Whether formatters may rewrite the changed files.
    pub fix: bool,
}

/// What check is going to do.
pub struct Plan {
    request: Request,
    files: Vec<std::path::PathBuf>,
    trusted: bool,
}

/// Looks; changes nothing.
pub fn plan(project: &Project, hotfix: &Hotfix, work: &Work, request: Request) -> Result<Plan> {
    let is_file = |mode: &str| mode.starts_with("100");
    let present = work.changes.iter().filter(|change| {
        change.kind != ChangeKind::Deleted && change.new.as_ref().is_some_and(|(mode, _)| is_file(mode))
    });
    Ok(Plan {
        request,
        files: present.map(|change| change.path.clone()).collect(),
        trusted: project.is_trusted(&hotfix.loaded)?,
    })
}

impl Plan {
    /// What is going to be done.
    pub fn lines(&self, project: &Project, hotfix: &Hotfix, work: &Work) -> PlanLines {
        let Ok(reader) = work.base_reader() else { return Vec::new() };
        let read = |path: &str| reader.read(path);
        let deeds = Deeds { read: &read, copy: &|_| Ok(()), link_packages: &|_| () };
        let Ok(request) = self.style_request(hotfix, work, deeds) else { return Vec::new() };
        let place = style::Place {
            root: &work.held.worktree.path,
            home: project.repository.home(),
            scratch: &project.repository.state_dir(),
        };
        let linters = style::plan(project.ctx(), &place, &request);
        linters.iter().map(|linter| format!("{}: {}", linter.name, linter.command.join(" "))).collect()
    }

    /// Runs the linters; writes nothing into the record.
    pub fn run(&self, project: &Project, hotfix: &Hotfix, work: &Work) -> Result<CheckReport> {
        let ctx = project.ctx();
        ctx.began(Step::Check, super::counted(self.files.len() as u64, "changed file"));
        let scratch = project.run_dir(hotfix.id())?;
        let place = style::Place {
            root: &work.held.worktree.path,
            home: project.repository.home(),
            scratch: &scratch,
        };
        let reader = work.base_reader()?;
        let read = |path: &str| reader.read(path);
        let branch = hotfix.record().branch.trim_start_matches("refs/heads/");
        let copy =
            |folder: &Path| project.repository.make_staged_copy(folder, branch, (&work.base, &work.tree));
        let packages = suite::Place { root: place.root, home: place.home, scratch: &scratch };
        let link_packages = |folder: &Path| suite::link_packages(&packages, folder);
        let deeds = Deeds { read: &read, copy: &copy, link_packages: &link_packages };
        let report = style::check(ctx, &place, &self.style_request(hotfix, work, deeds)?)?;
        let (tone, what) = summary(&report);
        ctx.ended(Step::Check, tone, what);
        Ok(report)
    }

    fn style_request<'a>(
        &'a self,
        hotfix: &'a Hotfix,
        work: &'a Work,
        deeds: Deeds<'a>,
    ) -> Result<style::Request<'a>> {
        Ok(style::Request {
            files: self.files.clone(),
            lines: work.lines_across_renames()?,
            tracked: work.files()?,
            read: deeds.read,
            config: &hotfix.loaded.config.check,
            trusted: self.trusted,
            fix: self.request.fix,
            tree: work.tree.to_string(),
            copy: deeds.copy,
            link_packages: deeds.link_packages,
        })
    }
}

/// Checks, and writes the findings into the record.
pub fn apply(project: &Project, hotfix: &mut Hotfix, work: &Work, plan: &Plan) -> Result<CheckReport> {
    let began = project.ctx().clock.elapsed();
    let report = plan.run(project, hotfix, work)?;
    let elapsed = project.ctx().milliseconds_since(began);
    hotfix.append(project, vec![(Fact::Checked(report.clone()), Some(elapsed))], &Vec::new())?;
    Ok(report)
}

/// The findings in one line.
pub fn summary(report: &CheckReport) -> (Tone, String) {
    let ran = report.linters.iter().filter(|linter| linter.outcome == LinterOutcome::Ran);
    let names: Vec<&str> = ran.map(|linter| linter.name.as_str()).collect();
    let outside = match report.ignored_outside_change {
        0 => String::new(),
        count => format!(", {count} outside the change not shown"),
    };
    match (names.is_empty(), report.findings.len()) {
        (true, _) if report.linters.is_empty() => {
            (Tone::Plain, "no linter applies to the changed files".to_owned())
        }
        (true, _) => (Tone::Warning, format!("no linter could run: {}", troubles(report))),
        (false, 0) => (Tone::Good, format!("{}: no finding on changed lines{outside}", names.join(", "))),
        (false, 1) => (Tone::Warning, format!("{}: 1 finding on changed lines{outside}", names.join(", "))),
        (false, count) => {
            (Tone::Warning, format!("{}: {count} findings on changed lines{outside}", names.join(", ")))
        }
    }
}

/// The linters that did not run, each with what to do about it.
fn troubles(report: &CheckReport) -> String {
    let trouble = |linter: &LinterReport| match &linter.hint {
        Some(hint) => format!("{} ({hint})", linter.name),
        None => linter.name.clone(),
    };
    report.linters.iter().map(trouble).collect::<Vec<_>>().join(", ")
}
