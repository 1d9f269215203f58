//! The look ahead, while the tests run: whose token it is, what it may, and what the target asks for.

use std::thread;

use serde::Deserialize;
use serde_json::{Value, json};

use super::arm::METHODS;
use super::{GitHub, Known, wire};
use crate::ctx::joined;
use crate::error::Result;
use crate::forge::Outlook;
use crate::forge::address::encoded;

/// What is read of a repository.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repo {
    archived: bool,
    allow_auto_merge: Option<bool>,
    allow_merge_commit: Option<bool>,
    allow_squash_merge: Option<bool>,
    allow_rebase_merge: Option<bool>,
    permissions: Option<Permissions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Permissions {
    push: bool,
}

impl GitHub {
    pub(super) fn look_ahead(&self, target: &str, labels: &[String]) -> Result<Outlook> {
        let mut outlook = Outlook::default();
        let Some(token) = self.token.as_ref().filter(|_| self.rest.has_token()) else {
            outlook.remarks.push(
                "no token was found: the branch is pushed, the pull request is opened by hand".to_owned(),
            );
            return Ok(outlook);
        };
        if token.is_of_job() {
            outlook.remarks.push(format!(
                "{} is the job's own: a pull request it opens starts no workflow, so required checks never report",
                token.source()
            ));
        }
        let (repo, rules, queue, made) = thread::scope(|scope| {
            let rules =
                scope.spawn(|| self.rest.get(&self.below(&format!("/rules/branches/{}", encoded(target)))));
            let queue = scope.spawn(|| self.has_queue(target));
            let made = scope.spawn(|| labels.iter().try_for_each(|label| self.ensure_label(label)));
            let repo = self.rest.get(&self.below(""));
            (repo, joined(rules.join()), joined(queue.join()), joined(made.join()))
        });
        let repo: Repo = repo?.ok()?.json()?;
        judge(&repo, &mut outlook);
        if let Ok(rules) = rules.and_then(|reply| Ok(reply.ok()?.json::<Vec<Value>>()?)) {
            outlook.remarks.extend(rules.iter().filter_map(|rule| demand(rule, target)));
        }
        if let Err(error) = made {
            outlook.remarks.push(format!("a label could not be made: {}", error.why()));
        }
        let known = Known { methods: methods(&repo), queue: queue.unwrap_or(false) };
        if known.queue {
            outlook.remarks.push(format!("merges into {target} go through the queue"));
        }
        // The first look counts.
        let _ = self.known.set(known);
        Ok(outlook)
    }

    fn ensure_label(&self, label: &str) -> Result<()> {
        let known = self.rest.get(&self.below(&format!("/labels/{}", encoded(label))))?;
        if known.status == 404 { self.make_label(label) } else { Ok(()) }
    }

    fn has_queue(&self, target: &str) -> Result<bool> {
        let (owner, name) = self.site.path.split_once('/').unwrap_or_default();
        let asked = self.query(wire::QUEUE, &json!({ "o": owner, "r": name, "b": target }))?;
        Ok(asked.is_some_and(|answered| !answered.data["repository"]["mergeQueue"].is_null()))
    }
}

fn methods(repo: &Repo) -> Vec<&'static str> {
    let allowed = |method: &&&str| match **method {
        "merge" => repo.allow_merge_commit,
        "rebase" => repo.allow_rebase_merge,
        _ => repo.allow_squash_merge,
    };
    METHODS.iter().filter(|method| allowed(method).unwrap_or(true)).copied().collect()
}

fn judge(repo: &Repo, outlook: &mut Outlook) {
    if repo.archived {
        outlook.obstacles.push("the repository is archived: nothing can be merged".to_owned());
    }
    if repo.permissions.as_ref().is_some_and(|may| !may.push) {
        outlook.obstacles.push("the token may not write to the repository".to_owned());
    }
    if repo.allow_auto_merge == Some(false) {
        outlook.remarks.push("auto-merge is switched off: it merges at once, or by hand".to_owned());
    }
}

/// What a rule of the target asks for, for people.
fn demand(rule: &Value, target: &str) -> Option<String> {
    let parameters = &rule["parameters"];
    match rule["type"].as_str()? {
        "pull_request" => {
            let wanted =
                parameters["required_approving_review_count"].as_u64().filter(|wanted| *wanted > 0)?;
            Some(format!("{target} asks for {wanted} approving review(s) before the merge"))
        }
        "required_status_checks" => {
            let checks = parameters["required_status_checks"].as_array()?;
            let names: Vec<&str> = checks.iter().filter_map(|check| check["context"].as_str()).collect();
            (!names.is_empty()).then(|| format!("{target} asks for these checks: {}", names.join(", ")))
        }
        _ => None,
    }
}
