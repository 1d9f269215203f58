//! Which branch a fix is merged into. It follows the base: what was made for one line of releases never lands on another.

use std::collections::BTreeMap;

use super::base::{FETCHED_BRANCHES, fetched_ref};
use super::fetching::is_release_branch;
use super::{BasePlan, BaseSource, FoundBy, Project, RemoteAnswer, SessionError, TargetBranch};
use crate::error::Result;
use crate::git::{Oid, RefName};

/// Most commits that a warning names.
const NAMED_COMMITS: usize = 5;
/// Most branches that are offered when somebody has to choose.
const MOST_CHOICES: usize = 12;

/// The branch that a fix is merged into, or those to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetChoice {
    /// The branch; `None` while somebody has to choose.
    pub branch: Option<String>,
    /// Branches to choose from, the likeliest first.
    pub choices: Vec<String>,
    /// What should be known about it, one line each.
    pub warnings: Vec<String>,
}

/// What decides where a fix is merged.
#[derive(Clone, Copy, Debug)]
pub struct TargetQuestion<'a> {
    /// What the hotfix was to start from.
    pub plan: &'a BasePlan,
    /// What it does start from, as people name it.
    pub reference: &'a str,
    /// The commit of that.
    pub base: &'a Oid,
    /// The branch whose newest state the base is; `None` if it is a tag or a commit.
    pub branch: Option<&'a str>,
    /// The branch that was asked for.
    pub asked: Option<&'a str>,
    /// What the remote said.
    pub answer: Option<&'a RemoteAnswer>,
}

/// The branches of the remote, as far as their commits are known here.
type Branches = BTreeMap<String, Oid>;

impl TargetChoice {
    /// Whether a record would say the same of both.
    pub fn is_as(&self, other: &Self) -> bool {
        (&self.branch, &self.choices) == (&other.branch, &other.choices)
    }

    fn sure(branch: impl Into<String>) -> Self {
        Self { branch: Some(branch.into()), ..Self::default() }
    }
}

impl Project {
    /// Decides where a fix is merged: where it was asked for; else into the branch that the base is the newest state of;
    /// else into the one release branch that holds the base with the fewest commits beyond it; else into the default
    /// branch if that holds it; else somebody has to choose.
    pub fn choose_target(&self, question: TargetQuestion<'_>) -> Result<TargetChoice> {
        let config = self.config_at(Some(question.base))?.config;
        let usual = Self::usual_target(&question, &config.submit.target);
        if let Some(asked) = question.asked {
            return self.asked_target(&question, asked);
        }
        match (question.branch, &question.plan.source) {
            (Some(branch), BaseSource::Usual) if usual == branch || !is_absent(&question, &usual) => {
                return Ok(TargetChoice::sure(usual));
            }
            (None, _) | (_, BaseSource::Usual) => {}
            (Some(branch), _) => return Ok(TargetChoice::sure(branch)),
        }
        let branches = self.branches_known(question.answer)?;
        if !config.submit.target.is_empty() && !branches.contains_key(&usual) {
            let default = Self::usual_target(&question, "");
            let choice = Self::choices(&branches, (&default, &config.base.release), &[]);
            let remote = self.remote_name().unwrap_or("this repository");
            let warnings = vec![format!("submit.target is `{usual}`, which does not exist on {remote}")];
            return Ok(TargetChoice { warnings, ..choice });
        }
        let mut choice = match &config.submit.target {
            configured if !configured.is_empty() && self.holds(&branches, configured, question.base)? => {
                TargetChoice::sure(configured)
            }
            _ => self.line_of(&question, &branches, (&usual, &config.base.release))?,
        };
        if let Some(branch) = &choice.branch
            && *branch == usual
            && let Some(newest) = branches.get(branch)
        {
            choice.warnings.extend(self.riders(question.reference, question.base, (branch, newest))?);
        }
        Ok(choice)
    }

    /// The branch that was asked for, which has to exist. What of the base it lacks would get into it with the fix.
    fn asked_target(&self, question: &TargetQuestion<'_>, asked: &str) -> Result<TargetChoice> {
        let branch = self.short_branch(asked);
        let remote = self.remote_name();
        let branches = self.branches_known(question.answer)?;
        let Some(newest) = branches.get(&branch) else {
            // Where nobody was asked, it will show when the fix is pushed.
            let may_exist = remote.is_some() && question.answer.is_none_or(|answer| answer.listing.is_none());
            RefName::branch(&branch)?;
            if may_exist {
                let warnings = vec![format!("{branch} was never seen here: whether it exists was not asked")];
                return Ok(TargetChoice { warnings, ..TargetChoice::sure(branch) });
            }
            let remote = remote.map(str::to_owned);
            return Err(SessionError::UnknownTarget { target: branch, remote }.into());
        };
        let warnings = self.strangers_to(question.reference, question.base, (&branch, newest))?;
        Ok(TargetChoice { warnings, ..TargetChoice::sure(branch) })
    }

    /// The branch that fixes usually go to: the setting, else the one that hotfixes start from, by its name of today.
    fn usual_target(question: &TargetQuestion<'_>, configured: &str) -> String {
        if !configured.is_empty() {
            return configured.to_owned();
        }
        match (&question.plan.source, question.branch) {
            (BaseSource::Usual, Some(branch)) => branch.to_owned(),
            _ => {
                let remembered = &question.plan.branch.0;
                let renamed =
                    question.answer.and_then(|answer| answer.renamed(remembered, question.plan.found));
                renamed.unwrap_or(remembered).to_owned()
            }
        }
    }

    /// The line of releases that a commit belongs to.
    fn line_of(
        &self,
        question: &TargetQuestion<'_>,
        branches: &Branches,
        (usual, patterns): (&str, &[String]),
    ) -> Result<TargetChoice> {
        let releases = releases(branches, usual, patterns);
        let holding = self.branches_holding(branches, question.base)?;
        let mut distances = Vec::new();
        for name in releases.iter().filter(|name| holding.contains(name)) {
            distances.push((self.repository.distance(question.base, &branches[*name])?, (*name).clone()));
        }
        let least = distances.iter().map(|(distance, _)| *distance).min();
        distances.retain(|(distance, _)| Some(*distance) == least);
        let nearest: Vec<String> = distances.into_iter().map(|(_, name)| name).collect();
        Ok(match nearest.as_slice() {
            [only] => TargetChoice::sure(only),
            [] if holding.iter().any(|name| name == usual) => TargetChoice::sure(usual),
            nearest => match Self::choices(branches, (usual, patterns), nearest) {
                choice if choice.choices.is_empty() => {
                    TargetChoice { choices: holding.into_iter().take(MOST_CHOICES).collect(), ..choice }
                }
                choice => choice,
            },
        })
    }

    /// Somebody has to choose: first among `nearest`, then the other release branches, the last one the usual branch.
    fn choices(
        branches: &Branches,
        (usual, patterns): (&str, &[String]),
        nearest: &[String],
    ) -> TargetChoice {
        let releases = releases(branches, usual, patterns);
        // The names of later releases usually sort behind.
        let others = releases.into_iter().rev().filter(|name| !nearest.contains(name));
        let mut choices: Vec<String> = nearest.iter().chain(others).take(MOST_CHOICES).cloned().collect();
        choices.extend(branches.contains_key(usual).then(|| usual.to_owned()));
        TargetChoice { choices, ..TargetChoice::default() }
    }

    fn branches_holding(&self, branches: &Branches, commit: &Oid) -> Result<Vec<String>> {
        let tracked = self.remote_name().map(|remote| format!("refs/remotes/{remote}/"));
        let prefixes = [FETCHED_BRANCHES, tracked.as_deref().unwrap_or("refs/heads/")];
        let holding = self.repository.refs_holding(commit, &prefixes)?;
        let holds = |newest: &Oid| holding.iter().any(|(_, at)| at == newest);
        Ok(branches.iter().filter(|(_, newest)| holds(newest)).map(|(name, _)| name.clone()).collect())
    }

    fn holds(&self, branches: &Branches, branch: &str, commit: &Oid) -> Result<bool> {
        branches.get(branch).map_or(Ok(false), |newest| self.repository.is_ancestor(commit, newest))
    }

    /// The remote's branches: as they were fetched just now, else as last seen here. What the remote has no more is none.
    fn branches_known(&self, answer: Option<&RemoteAnswer>) -> Result<Branches> {
        let tracked = self.remote_name().map(|remote| format!("refs/remotes/{remote}/"));
        let users = tracked.as_deref().unwrap_or("refs/heads/");
        let mut branches = Branches::new();
        // What we fetched comes first, so that it replaces what the user fetched some time ago.
        for (prefix, is_ours) in [(users, false), (FETCHED_BRANCHES, true)] {
            if is_ours && tracked.is_none() {
                continue;
            }
            for (name, newest) in self.repository.list_refs(&[prefix])? {
                let name = name.as_str().strip_prefix(prefix).unwrap_or_default();
                if name != "HEAD" && !name.starts_with("hotfix/") {
                    branches.insert(name.to_owned(), newest);
                }
            }
        }
        if let Some(answer) = answer {
            branches.extend(answer.branches.clone());
            branches.retain(|name, _| !answer.lacks_branch(name));
        }
        Ok(branches)
    }

    /// A branch of the remote without what people put in front of it.
    fn short_branch(&self, name: &str) -> String {
        let remote = self.remote_name().unwrap_or_default();
        let prefixes = [format!("refs/remotes/{remote}/"), "refs/heads/".to_owned(), format!("{remote}/")];
        let short = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix.as_str()));
        short.unwrap_or(name).to_owned()
    }

    /// A warning about what is in the branch and not in the base: it is released together with the fix.
    fn riders(&self, reference: &str, base: &Oid, (branch, newest): (&str, &Oid)) -> Result<Option<String>> {
        let riders = self.repository.distance(base, newest)?;
        if riders == 0 {
            return Ok(None);
        }
        let named = self.named_commits(base, newest, riders)?;
        let commits =
            if riders == 1 { "1 unreleased commit" } else { &format!("{riders} unreleased commits") };
        Ok(Some(format!("{commits} of {branch} would ride along with a fix of {reference}: {named}")))
    }

    /// A warning about what is in the base and not in the branch: it gets there together with the fix.
    fn strangers_to(
        &self,
        reference: &str,
        base: &Oid,
        (branch, newest): (&str, &Oid),
    ) -> Result<Vec<String>> {
        let strangers = self.repository.distance(newest, base)?;
        if strangers == 0 {
            return Ok(Vec::new());
        }
        let named = self.named_commits(newest, base, strangers)?;
        let commits = if strangers == 1 { "1 commit" } else { &format!("{strangers} commits") };
        Ok(vec![format!("{commits} of {reference} would get into {branch} together with the fix: {named}")])
    }

    fn named_commits(&self, from: &Oid, to: &Oid, count: u64) -> Result<String> {
        let mut named = self.repository.subjects_between(from, to, NAMED_COMMITS)?;
        let left = count.saturating_sub(u64::try_from(named.len()).unwrap_or_default());
        if left > 0 {
            named.push(format!("and {left} more"));
        }
        Ok(named.join(", "))
    }

    /// A branch to merge into that somebody chose after the start. It is fetched, so that it surely exists.
    pub fn chosen_target(&self, name: &str, limit: std::time::Duration) -> Result<TargetBranch> {
        let branch = self.short_branch(name);
        RefName::branch(&branch)?;
        let fetched = self.fetcher()?.fetch_branch(&branch, limit);
        let remote = self.remote_name().unwrap_or_default();
        match fetched {
            Ok(_) => Ok(TargetBranch(branch)),
            Err(error) if matches!(error.downcast_ref(), Some(SessionError::UnknownBase { .. })) => {
                Err(SessionError::UnknownTarget { target: branch, remote: Some(remote.to_owned()) }.into())
            }
            // Without the network, what was seen here before will do.
            Err(_) if self.newest_known(remote, &branch)?.is_some() => Ok(TargetBranch(branch)),
            Err(error) => Err(error),
        }
    }

    /// What a choice made after the start brings along, one line each.
    pub fn warnings_of_target(&self, reference: &str, base: &Oid, branch: &str) -> Result<Vec<String>> {
        match self.repository.read_ref(&fetched_ref(branch)?)? {
            Some(newest) => self.strangers_to(reference, base, (branch, &newest)),
            None => Ok(Vec::new()),
        }
    }

    /// Whether a fix of this base may be moved onto the newest state of a branch: only along its own line.
    pub fn is_same_line(&self, base: &hotfix_model::Base, target: &str, newest: &Oid) -> Result<bool> {
        let remote = self.remote_name().unwrap_or_default();
        let is_named = base.reference == target || base.reference == format!("{remote}/{target}");
        Ok(is_named || self.repository.is_ancestor(&super::oid(&base.commit)?, newest)?)
    }
}

/// The branches of releases, but for the one that hotfixes usually go to.
fn releases<'a>(branches: &'a Branches, usual: &str, patterns: &[String]) -> Vec<&'a String> {
    branches.keys().filter(|name| name.as_str() != usual && is_release_branch(patterns, name)).collect()
}

/// Whether the remote has said that it has no such branch.
fn is_absent(question: &TargetQuestion<'_>, branch: &str) -> bool {
    question.answer.is_some_and(|answer| answer.lacks_branch(branch))
}

impl FoundBy {
    /// Whether nobody has said so.
    pub fn is_guess(self) -> bool {
        self == Self::Guess
    }
}
