//! GitLab: gitlab.com and self-managed, from 15.0 on.
//!
//! The push alone makes the merge request and labels it, and, where the project is known to require pipelines, has it
//! merged when its pipeline has passed: no request is needed, and no token. Where nothing requires a pipeline the merge is
//! asked for by request, and only once the pipeline is seen (see [`land`]).

mod api;
mod land;
mod marks;
mod memory;
mod options;
mod said;
mod status;

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use hotfix_model::config::MergeMode;
use hotfix_model::{Landing, MergeRequestState};
use serde_json::json;

use super::http::{Http, Patience, Scheme};
use super::{Capabilities, Connection, Draft, Forge, Mark, Merge, Outlook, PushPlan, Whereabouts, links};
use crate::ctx::joined;
use crate::error::Result;
use crate::git::{Oid, Repository};
use api::{Api, MergeRequest};
use land::{Wish, in_train, jobs_of, landing_of};
use memory::Rules;
use said::Said;

/// The name under which GitLab takes a CI job's token.
const JOB_USER: &str = "gitlab-ci-token";
/// The level from which on an account may push, and from which on it may merge into a protected branch.
const DEVELOPER: i64 = 30;
const MAINTAINER: i64 = 40;

/// A project on a GitLab.
pub struct GitLab {
    repository: Repository,
    connection: Connection,
    /// `None` where there is no token, or only that of a CI job, which may not speak of merge requests.
    api: Option<Api>,
    rules: OnceLock<Rules>,
    pause: Duration,
}

impl GitLab {
    /// The adapter of a project. `patience` bounds every request, and its pause the ones between looks.
    pub fn new(repository: &Repository, connection: Connection, patience: Patience) -> Self {
        let token = connection.token.as_ref();
        let token = token.filter(|token| !token.is_of_job() && token.user() != Some(JOB_USER));
        let http =
            Http::new(repository.ctx(), &connection.site.api, patience).with_token(token, Scheme::Bearer);
        let api = http.has_token().then(|| Api::new(http, &connection.site.path));
        Self {
            repository: repository.clone(),
            connection,
            api,
            rules: OnceLock::new(),
            pause: patience.pause / 3,
        }
    }

    /// The project's rules: asked for in this run, else as remembered.
    fn known_rules(&self) -> Option<Rules> {
        self.rules.get().copied().or_else(|| memory::recall(&self.repository, &self.connection.site))
    }

    /// The project's rules, asked for unless they were in this run.
    fn rules(&self, api: &Api) -> Result<Rules> {
        match self.rules.get() {
            Some(rules) => Ok(*rules),
            None => Ok(self.learn(Rules::from(&api.project()?))),
        }
    }

    fn learn(&self, rules: Rules) -> Rules {
        memory::learn(&self.repository, &self.connection.site, rules);
        *self.rules.get_or_init(|| rules)
    }

    /// Whether the push alone may arm the merge: only where GitLab cannot merge before a pipeline has passed.
    fn arms_by_push(&self, draft: &Draft<'_>) -> bool {
        let required = self.known_rules().is_some_and(|rules| rules.pipeline_required);
        self.api.is_some() && required && wants_merge(draft)
    }

    /// Whether a pipeline will come for a commit.
    fn has_pipelines(&self, rules: Rules, commit: &Oid) -> Result<bool> {
        if rules.pipelines_off || rules.pipelines_by_setting {
            return Ok(!rules.pipelines_off);
        }
        Ok(self.repository.read_file(commit, memory::CI_FILE)?.is_some())
    }

    /// Has a merge request merged, with this commit and no other.
    fn land(
        &self,
        number: u64,
        (commit, how): (&Oid, &Merge),
        seen: Option<MergeRequest>,
    ) -> Result<Landing> {
        let api = self.api()?;
        let rules = self.rules(api)?;
        let has_pipelines = self.has_pipelines(rules, commit)?;
        let pause = self.pause;
        Wish { commit: commit.as_str(), how, rules, has_pipelines, pause }.fulfil(api, number, seen)
    }

    fn api(&self) -> Result<&Api> {
        self.api.as_ref().ok_or_else(|| self.unable("be asked without a token that may use its API"))
    }

    fn locate(api: &Api, at: &Whereabouts<'_>) -> Result<Option<MergeRequest>> {
        match at.number {
            Some(number) => api.get(number).map(Some),
            None => match find(api, at.branch, at.commit)? {
                // A list does not say what is in the way.
                Some(found) => api.get(found.iid).map(Some),
                None => Ok(None),
            },
        }
    }

    /// Makes the merge request by request, for a push whose options made none.
    fn create(api: &Api, draft: &Draft<'_>) -> Result<MergeRequest> {
        let title = if draft.is_draft { format!("Draft: {}", draft.title) } else { draft.title.clone() };
        let reply = api.create(&json!({
            "source_branch": draft.record.branch_name(),
            "target_branch": draft.record.target,
            "title": title,
            "description": options::description(draft),
            "labels": draft.labels.join(","),
            "remove_source_branch": true,
        }))?;
        if reply.status == 409
            && let Some(found) = find(api, draft.record.branch_name(), draft.commit)?
        {
            return Ok(found);
        }
        Ok(reply.ok()?.json()?)
    }

    /// Without anybody to ask: what the push said is all that is known.
    fn told(&self, draft: &Draft<'_>, said: &Said, lines: &[String]) -> Landing {
        let Some((url, number)) = &said.merge_request else {
            let landing = links::pushed(&self.connection.site, draft, lines);
            let why = said.warning.clone().unwrap_or_else(|| "GitLab named no merge request".to_owned());
            return Landing { why: Some(why), who: Some("you".to_owned()), ..landing };
        };
        let landing = Landing {
            number: Some(*number),
            url: Some(url.clone()),
            labels: draft.labels.clone(),
            head: Some(draft.commit.to_string()),
            ..Landing::new(MergeRequestState::Open)
        };
        match (&said.warning, self.arms_by_push(draft)) {
            (None, true) => Landing {
                state: MergeRequestState::Armed,
                auto_merge: true,
                why: Some("it is merged when the pipeline has passed".to_owned()),
                who: Some("the pipeline".to_owned()),
                ..landing
            },
            (None, false) if wants_merge(draft) => Landing {
                why: Some(
                    "without a token nobody can ask GitLab to merge it once its pipeline has passed"
                        .to_owned(),
                ),
                who: Some("you".to_owned()),
                next: Some(format!("set it to merge on {url}, or give a token: git hotfix ready")),
                ..landing
            },
            (None, false) => landing,
            (Some(warning), _) => {
                Landing { why: Some(warning.clone()), who: Some("you".to_owned()), ..landing }
            }
        }
    }
}

/// The merge request of the branch: the one that holds our commit, else an open one, else one that was merged with what
/// somebody had put upon ours. One that was merged before ours was made is another story, though its branch may have had
/// the same name.
fn find(api: &Api, branch: &str, commit: &Oid) -> Result<Option<MergeRequest>> {
    let mut found = api.of_branch(branch)?;
    let ours = found.iter().position(|one| one.sha.as_deref() == Some(commit.as_str()));
    if let Some(index) = ours.or_else(|| found.iter().position(|one| one.state == "opened")) {
        return Ok(Some(found.swap_remove(index)));
    }
    for one in found.into_iter().filter(|one| one.state == "merged") {
        let holds = match &one.sha {
            Some(head) => api.holds(head, commit.as_str())?,
            None => false,
        };
        if holds {
            return Ok(Some(one));
        }
    }
    Ok(None)
}

/// Whether the merge request is to be merged by GitLab as soon as that can be.
fn wants_merge(draft: &Draft<'_>) -> bool {
    draft.merge == MergeMode::Auto && !draft.is_draft
}

impl Forge for GitLab {
    fn name(&self) -> &'static str {
        self.connection.site.kind.name()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            merge_requests: true,
            labels: true,
            auto_merge: self.api.is_some(),
            break_glass: self.api.is_some(),
            by_push: true,
        }
    }

    /// Three questions at once. Labels are made by GitLab itself when they are first set.
    fn prepare(&self, target: &str, _: &[String]) -> Result<Outlook> {
        let Some(api) = &self.api else {
            let remark =
                "without a token GitLab opens and labels the merge request, and somebody has to merge it";
            return Ok(Outlook { remarks: vec![remark.to_owned()], ..Outlook::default() });
        };
        let (project, account, branch) = thread::scope(|scope| {
            let account = scope.spawn(|| api.account());
            let branch = scope.spawn(|| api.branch(target));
            (api.project(), joined(account.join()), joined(branch.join()))
        });
        let (project, account) = (project?, account?);
        self.learn(Rules::from(&project));
        let mut outlook = Outlook { account: Some(account.username), ..Outlook::default() };
        let may = project.access().unwrap_or(MAINTAINER);
        if project.archived {
            outlook.obstacles.push("the project is archived: it takes no pushes".to_owned());
        }
        if project.merge_requests_enabled == Some(false) {
            outlook.obstacles.push("merge requests are switched off for the project".to_owned());
        }
        if may < DEVELOPER {
            outlook.obstacles.push("your account may not push to the project".to_owned());
        }
        if branch.is_ok_and(|branch| branch.protected && !branch.developers_can_merge && may < MAINTAINER) {
            outlook.remarks.push(format!("only maintainers may merge into {target}"));
        }
        if project.merge_trains_enabled {
            outlook.remarks.push(format!("merges into {target} go through a train"));
        }
        Ok(outlook)
    }

    fn push_plan(&self, draft: &Draft<'_>) -> PushPlan {
        PushPlan { options: options::of(draft, self.arms_by_push(draft)), instead: None }
    }

    fn propose(&self, draft: &Draft<'_>, lines: &[String]) -> Result<Landing> {
        let said = Said::read(lines, &self.connection.site.pages);
        let Some(api) = &self.api else { return Ok(self.told(draft, &said, lines)) };
        let changed = options::is_changed_by_options(draft);
        let done = said.merge_request.is_some() && said.warning.is_none() && !changed;
        if done && (self.arms_by_push(draft) || !wants_merge(draft)) {
            return Ok(self.told(draft, &said, lines));
        }
        let found = match &said.merge_request {
            Some((_, number)) => api.get(*number)?,
            None => match find(api, draft.record.branch_name(), draft.commit)? {
                Some(found) => found,
                None => Self::create(api, draft)?,
            },
        };
        let found = completed(api, draft, found)?;
        match wants_merge(draft) {
            true => self.land(found.iid, (draft.commit, &Merge::WhenReady), Some(found)),
            false => Ok(landing_of(&found)),
        }
    }

    fn look(&self, at: &Whereabouts<'_>) -> Result<Landing> {
        let api = self.api()?;
        let Some(found) = Self::locate(api, at)? else {
            return Ok(Landing::new(MergeRequestState::Pushed));
        };
        let mut landing = landing_of(&found);
        if landing.is_final() {
            return Ok(landing);
        }
        if let Some(pipeline) = &found.head_pipeline {
            // What the jobs are called is not worth failing for.
            landing.jobs = api.jobs(pipeline.id).map(jobs_of).unwrap_or_default();
        }
        match landing.auto_merge && self.known_rules().is_some_and(|rules| rules.train) {
            true => in_train(api, found.iid, landing),
            false => Ok(landing),
        }
    }

    fn merge(&self, at: &Whereabouts<'_>, how: &Merge) -> Result<Landing> {
        let api = self.api()?;
        let Some(found) = Self::locate(api, at)? else {
            return Ok(Landing::new(MergeRequestState::Pushed));
        };
        if let Merge::Bypass(reason) = how
            && found.state == "opened"
        {
            api.comment(found.iid, &format!("Merged past the usual way (break-glass): {reason}"))?;
        }
        self.land(found.iid, (at.commit, how), Some(found))
    }

    fn cancel(&self, at: &Whereabouts<'_>) -> Result<()> {
        let api = self.api()?;
        match Self::locate(api, at)? {
            Some(found) if found.merge_when_pipeline_succeeds => api.cancel(found.iid),
            _ => Ok(()),
        }
    }

    fn close(&self, at: &Whereabouts<'_>) -> Result<()> {
        let api = self.api()?;
        match Self::locate(api, at)? {
            Some(found) if found.state == "opened" => {
                api.change(found.iid, &json!({ "state_event": "close" })).map(|_| ())
            }
            _ => Ok(()),
        }
    }

    fn relabel(&self, number: u64, add: &[String], remove: &[String]) -> Result<()> {
        let body = json!({ "add_labels": add.join(","), "remove_labels": remove.join(",") });
        self.api()?.change(number, &body).map(|_| ())
    }

    fn marks(&self, number: u64) -> Result<Vec<Mark>> {
        marks::of(self.api()?, number)
    }

    fn release(&self, tag: &str, title: &str, notes: &str) -> Result<Option<String>> {
        self.api()?.release(&json!({ "tag_name": tag, "name": title, "description": notes }))
    }
}

/// What the push options, or somebody before us, left out: labels, and a text that options would change.
fn completed(api: &Api, draft: &Draft<'_>, found: MergeRequest) -> Result<MergeRequest> {
    if found.state != "opened" {
        return Ok(found);
    }
    let missing: Vec<&str> =
        draft.labels.iter().filter(|label| !found.labels.contains(label)).map(String::as_str).collect();
    let garbled = options::is_changed_by_options(draft)
        && found.description.as_deref().map(str::trim) != Some(draft.description.trim());
    if missing.is_empty() && !garbled {
        return Ok(found);
    }
    let mut body = json!({});
    if !missing.is_empty() {
        body["add_labels"] = json!(missing.join(","));
    }
    if garbled {
        body["description"] = json!(draft.description);
    }
    api.change(found.iid, &body)
}
