//! How a merge request gets merged on GitLab without ever being merged too early, or with another commit.
//!
//! A merge that is asked for right after the merge request was made is refused (405, 406 or 422, by version) while GitLab
//! works out whether it can be merged; and where nothing requires a pipeline, some versions merge at once as long as the
//! pipeline is not there yet. So it is asked for only once the pipeline is seen, unless one is required or there is none.

use std::time::Duration;

use hotfix_model::{Job, JobState, Landing, MergeRequestState};
use serde_json::{Value, json};

use super::api::{Api, MergeRequest, Pipeline, PipelineJob};
use super::memory::Rules;
use super::status::{Meaning, Words, meaning};
use crate::error::Result;
use crate::forge::Merge;

/// Looks until GitLab is believed to have made up its mind, at most.
const LOOKS: u32 = 16;
/// Requests to merge that may be refused for no reason that GitLab names.
const REFUSALS: u32 = 6;
/// What the pause before the next look is multiplied with: 0.3, 0.6, 1.2, 2 and then 3 seconds, about 40 in all.
const PAUSES: &[u32] = &[3, 6, 12, 20, 30];

/// What is to be merged, and how.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The commit. No other one is merged.
    pub commit: &'a str,
    /// How.
    pub how: &'a Merge,
    /// The project's rules.
    pub rules: Rules,
    /// Whether there are pipelines at all.
    pub has_pipelines: bool,
    /// A tenth of the first pause.
    pub pause: Duration,
}

/// What to do after a look.
#[derive(Debug)]
enum Deed {
    /// Ask again.
    Wait,
    /// Ask for the merge.
    Ask,
    /// Nothing more is to be done.
    Stop(Box<Landing>),
}

impl Wish<'_> {
    /// Merges, or arms the merge, or says why not. Bounded in looks and time.
    pub fn fulfil(&self, api: &Api, number: u64, seen: Option<MergeRequest>) -> Result<Landing> {
        let mut seen = seen;
        let mut refusals = 0;
        for look in 0..LOOKS {
            let found = match seen.take() {
                Some(found) => found,
                None => api.get(number)?,
            };
            let asks = match self.judge(&found, refusals) {
                Deed::Stop(landing) => return Ok(*landing),
                Deed::Ask => true,
                Deed::Wait => false,
            };
            if asks {
                let reply = api.merge(number, &self.body())?;
                match reply.status {
                    200..300 => return self.after(api, &reply.json()?),
                    409 => return Ok(moved(&landing_of(&found))),
                    401 | 403 => return Ok(not_allowed(&landing_of(&found))),
                    405 | 406 | 422 => refusals += 1,
                    _ => return Err(reply.refusal().into()),
                }
            }
            let step = PAUSES.get(look as usize).or(PAUSES.last()).copied().unwrap_or(1);
            api.http.pause(self.pause * step)?;
        }
        Ok(self.given_up(&api.get(number)?))
    }

    /// What to do with what was seen.
    fn judge(&self, found: &MergeRequest, refusals: u32) -> Deed {
        let landing = landing_of(found);
        let stop = |landing: Landing| Deed::Stop(Box::new(landing));
        if landing.is_final() {
            return stop(landing);
        }
        if found.sha.as_deref().is_some_and(|sha| sha != self.commit) {
            return stop(moved(&landing));
        }
        if landing.auto_merge && *self.how == Merge::WhenReady {
            return stop(landing);
        }
        match meaning(&found.detailed_merge_status) {
            Meaning::NotYet if found.detailed_merge_status.is_empty() => self.unless_early(found, refusals),
            Meaning::NotYet => Deed::Wait,
            Meaning::Over | Meaning::Never(_) => stop(landing),
            // The merge is armed where the server can wait for people, too; asked once.
            Meaning::Person(_) if refusals > 0 => stop(landing),
            Meaning::Person(_) | Meaning::Ready | Meaning::Pipeline(_) if refusals >= REFUSALS => {
                stop(landing)
            }
            Meaning::Person(_) | Meaning::Ready | Meaning::Pipeline(_) => self.unless_early(found, refusals),
        }
    }

    /// Asks only where nothing can be merged before its pipeline has run.
    fn unless_early(&self, found: &MergeRequest, refusals: u32) -> Deed {
        let pipeline = found.head_pipeline.as_ref().filter(|pipeline| pipeline.is_of(self.commit));
        let is_safe = match self.how {
            Merge::WhenReady => pipeline.is_some() || self.rules.pipeline_required || !self.has_pipelines,
            Merge::Now | Merge::Bypass(_) => true,
        };
        let is_red = pipeline.is_some_and(|pipeline| job_state(&pipeline.status) == JobState::Failed);
        match is_safe {
            _ if is_red && *self.how == Merge::WhenReady => Deed::Stop(Box::new(landing_of(found))),
            true if refusals < REFUSALS => Deed::Ask,
            _ => Deed::Wait,
        }
    }

    fn body(&self) -> Value {
        let mut body = json!({ "sha": self.commit, "should_remove_source_branch": true });
        match self.how {
            // Where there is no pipeline to wait for, older servers refuse to wait for one.
            Merge::WhenReady if self.has_pipelines || self.rules.pipeline_required => {
                body["auto_merge"] = json!(true);
                body["merge_when_pipeline_succeeds"] = json!(true);
            }
            Merge::Bypass(_) if self.rules.train => body["skip_merge_train"] = json!(true),
            Merge::WhenReady | Merge::Now | Merge::Bypass(_) => {}
        }
        body
    }

    /// What became of it, as GitLab says in its answer, and whether it stands in a train.
    fn after(&self, api: &Api, answered: &MergeRequest) -> Result<Landing> {
        let landing = landing_of(answered);
        match self.rules.train && !landing.is_final() {
            true => in_train(api, answered.iid, landing),
            false => Ok(landing),
        }
    }

    /// What to say when GitLab did not make up its mind in time.
    fn given_up(&self, found: &MergeRequest) -> Landing {
        let landing = landing_of(found);
        if landing.is_final() || landing.auto_merge {
            return landing;
        }
        let why = match found.head_pipeline {
            None if self.has_pipelines => {
                "no pipeline was seen in time, and without one it might be merged unchecked"
            }
            _ => "GitLab did not make up its mind in time",
        };
        Landing {
            why: Some(why.to_owned()),
            who: Some("you".to_owned()),
            next: Some("git hotfix ship  # asks for the merge again".to_owned()),
            ..landing
        }
    }
}

/// A merge request in the train is queued.
pub fn in_train(api: &Api, number: u64, landing: Landing) -> Result<Landing> {
    match api.is_in_train(number)? {
        true => Ok(Landing {
            state: MergeRequestState::Queued,
            auto_merge: true,
            why: Some("it stands in the merge train".to_owned()),
            who: None,
            next: None,
            ..landing
        }),
        false => Ok(landing),
    }
}

fn moved(landing: &Landing) -> Landing {
    let moved = landing.clone().blocked("its branch holds a commit that is not ours", "whoever pushed it");
    Landing { next: Some("git hotfix status, and look who pushed".to_owned()), ..moved }
}

fn not_allowed(landing: &Landing) -> Landing {
    let blocked = landing
        .clone()
        .blocked("the token's owner may not merge into the target", "a maintainer of the project");
    Landing { next: Some("ask a maintainer to merge it".to_owned()), ..blocked }
}

impl Pipeline {
    /// Whether it runs for this commit. One for the merge's result names the commit that would come of it.
    fn is_of(&self, commit: &str) -> bool {
        self.sha.as_deref().is_none_or(|sha| sha == commit) || self.source == "merge_request_event"
    }
}

/// A merge request as all forges show theirs.
pub fn landing_of(found: &MergeRequest) -> Landing {
    let merged_commit = found.merge_commit_sha.clone().or_else(|| found.squash_commit_sha.clone());
    let landing = Landing {
        number: Some(found.iid),
        url: Some(found.web_url.clone()).filter(|url| !url.is_empty()),
        labels: found.labels.clone(),
        auto_merge: found.merge_when_pipeline_succeeds,
        head: found.sha.clone(),
        ..Landing::new(MergeRequestState::Open)
    };
    match found.state.as_str() {
        "merged" => Landing { state: MergeRequestState::Merged, auto_merge: false, merged_commit, ..landing },
        "closed" => Landing { state: MergeRequestState::Closed, auto_merge: false, ..landing },
        _ => of_open(found, landing),
    }
}

fn of_open(found: &MergeRequest, landing: Landing) -> Landing {
    let said = |landing: Landing, words: Words| Landing {
        why: Some(words.why.to_owned()),
        who: Some(words.who.to_owned()),
        next: Some(words.next.to_owned()),
        ..landing
    };
    let red = found.head_pipeline.as_ref().filter(|pipeline| job_state(&pipeline.status) == JobState::Failed);
    let armed = if landing.auto_merge { MergeRequestState::Armed } else { MergeRequestState::Open };
    match (meaning(&found.detailed_merge_status), red) {
        (Meaning::Never(words) | Meaning::Person(words), _) => {
            said(Landing { state: MergeRequestState::Blocked, ..landing }, words)
        }
        (_, Some(pipeline)) => {
            let why = format!("the pipeline is red: {}", pipeline.web_url);
            let blocked = landing.blocked(why, "you");
            Landing { next: Some("git hotfix resume".to_owned()), ..blocked }
        }
        (Meaning::Pipeline(words), None) => said(Landing { state: armed, ..landing }, words),
        (Meaning::Ready | Meaning::NotYet | Meaning::Over, None) => {
            let why = found.merge_error.clone().filter(|words| !words.is_empty());
            let running = || landing.auto_merge.then(|| "the pipeline is running".to_owned());
            Landing { state: armed, why: why.or_else(running), ..landing.clone() }
        }
    }
}

/// Jobs as all forges show theirs.
pub fn jobs_of(jobs: Vec<PipelineJob>) -> Vec<Job> {
    let job = |job: PipelineJob| Job { state: job_state(&job.status), name: job.name, url: job.web_url };
    jobs.into_iter().map(job).collect()
}

/// GitLab's words for pipelines and jobs.
pub fn job_state(status: &str) -> JobState {
    match status {
        "running" | "canceling" => JobState::Running,
        "success" => JobState::Passed,
        "failed" | "canceled" => JobState::Failed,
        "skipped" => JobState::Skipped,
        _ => JobState::Waiting,
    }
}
