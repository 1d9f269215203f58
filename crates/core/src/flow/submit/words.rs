//! What the merge request says, and what is said of it.

use hotfix_model::{MergeRequest, MergeRequestState, Record};

use super::{Plan, blank, facts};
use crate::error::Result;
use crate::forge::{self, Draft};
use crate::message::{self, Page, RequestText};
use crate::session::{Hotfix, Project};

/// Files in which a repository says what a merge request should hold; the first one counts.
const OWN_TEMPLATES: &[&str] = &[
    ".github/PULL_REQUEST_TEMPLATE.md",
    ".github/pull_request_template.md",
    ".gitlab/merge_request_templates/Default.md",
    ".gitlab/merge_request_templates/default.md",
    ".gitea/PULL_REQUEST_TEMPLATE.md",
    ".gitea/pull_request_template.md",
    ".forgejo/PULL_REQUEST_TEMPLATE.md",
    ".forgejo/pull_request_template.md",
    "PULL_REQUEST_TEMPLATE.md",
    "pull_request_template.md",
    "docs/pull_request_template.md",
];
/// Files that say who owns what.
const OWNERS: &[&str] =
    &[".github/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitea/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
/// Most owners who are asked at once.
const MOST_OWNERS: usize = 5;

/// The merge request to be, whose text says whether the remote has the record.
pub(super) fn draft<'a>(
    project: &Project,
    hotfix: &Hotfix,
    (plan, record): (&'a Plan, &'a Record),
    record_pushed: bool,
) -> Result<Draft<'a>> {
    let config = &hotfix.loaded.config.submit;
    let expected = MergeRequest { record_pushed, ..blank(plan) };
    let (title, description) = text(project, hotfix, (plan, &expected))?;
    let reviewers = match config.reviewers.is_empty() {
        true => owners(project, hotfix, plan)?,
        false => config.reviewers.clone(),
    };
    Ok(Draft {
        record,
        commit: &plan.commit,
        title,
        description,
        labels: config.labels.clone(),
        reviewers,
        is_draft: config.draft,
        merge: config.merge,
        break_glass: plan.break_glass.clone(),
    })
}

/// Title and description, with the debts as they will be once this has happened. Templates are those of base.
fn text(
    project: &Project,
    hotfix: &Hotfix,
    (plan, expected): (&Plan, &MergeRequest),
) -> Result<(String, String)> {
    let actor = project.actor()?;
    let record = project.store().preview(&hotfix.stored, &actor, facts(plan, expected))?;
    let own = &hotfix.loaded.config.submit.template;
    let wanted: Vec<&str> = std::iter::once(own.as_str()).chain(OWN_TEMPLATES.iter().copied()).collect();
    let mut found = read_all(project, hotfix, &wanted)?.into_iter();
    let template = found.next().flatten();
    if template.is_none() && !own.is_empty() {
        project.ctx().warn(format!("there is no {own} at base: the built-in text is used"));
    }
    let page = Page { template: template.as_deref(), appended: None };
    let appended = found.flatten().next();
    let page = Page { appended: appended.as_deref(), ..page };
    let (title, description, mistake) = message::merge_request_page(&RequestText::of(&record), page);
    if let Some(mistake) = mistake {
        project.ctx().warn(format!("{own}: {mistake}: the built-in text is used"));
    }
    Ok((title, description))
}

/// Files as base has them, as text.
fn read_all(project: &Project, hotfix: &Hotfix, names: &[&str]) -> Result<Vec<Option<String>>> {
    let base = hotfix.base()?;
    let wanted: Vec<_> = names.iter().filter(|name| !name.is_empty()).map(|name| (&base, *name)).collect();
    let mut read = project.repository.read_files(&wanted)?.into_iter();
    let text = |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let one = |name: &&str| if name.is_empty() { None } else { read.next().and_then(text) };
    Ok(names.iter().map(one).collect())
}

/// The owners of what was changed, where the forge does not ask them by itself.
fn owners(project: &Project, hotfix: &Hotfix, plan: &Plan) -> Result<Vec<String>> {
    if !plan.forge.capabilities().merge_requests
        || ["github", "gitea", "forgejo"].contains(&plan.forge.name())
    {
        return Ok(Vec::new());
    }
    let Some(file) = read_all(project, hotfix, OWNERS)?.into_iter().flatten().next() else {
        return Ok(Vec::new());
    };
    let changes = project.repository.changes(&hotfix.base()?, &project.repository.tree_of(&plan.commit)?)?;
    let paths: Vec<String> =
        changes.iter().map(|change| change.path.to_string_lossy().into_owned()).collect();
    let mut owners = forge::owners(&file, &paths);
    owners.truncate(MOST_OWNERS);
    Ok(owners)
}

/// How submit ended, in one line.
pub(super) fn outcome_line(plan: &Plan, merge_request: &MergeRequest, hotfix: &Hotfix) -> String {
    let record = hotfix.record();
    let branch = record.branch_name();
    let why = merge_request.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    match (&merge_request.url, merge_request.state) {
        (None, MergeRequestState::Merged) => format!("{} now holds the fix", record.target),
        (Some(url), MergeRequestState::Merged) => format!("{} now holds the fix: {url}", record.target),
        (Some(url), MergeRequestState::Pushed) => {
            format!("{branch} is on {}; open it at {url}", plan.push_remote.name)
        }
        (Some(url), state) => format!("{}{why}: {url}", state_word(state)),
        (None, _) => format!("{branch} is on {}; the merge request text is ready", plan.push_remote.name),
    }
}

/// A state in words that people understand without a manual.
pub fn state_word(state: MergeRequestState) -> &'static str {
    match state {
        MergeRequestState::Pushed => "pushed",
        MergeRequestState::Open => "open",
        MergeRequestState::Armed => "merges by itself",
        MergeRequestState::Queued => "in the merge queue",
        MergeRequestState::Merged => "merged",
        MergeRequestState::Blocked => "blocked",
        MergeRequestState::Closed => "closed without a merge",
    }
}
