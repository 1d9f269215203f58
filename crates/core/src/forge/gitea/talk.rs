//! The requests that more than one deed needs.

use serde::de::DeserializeOwned;
use serde_json::json;

use super::Gitea;
use super::answers::{Branch, Label, Pull};
use crate::error::Result;
use crate::forge::Whereabouts;
use crate::forge::address::encoded;

/// Most that a page of a list holds by Gitea's own default (`api.MAX_RESPONSE_ITEMS`).
const PAGE: usize = 50;

impl Gitea {
    /// A path of this repository's.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}{rest}", self.connection.site.path)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        Ok(self.http.get(path)?.ok()?.json()?)
    }

    /// What protects a branch, as far as everybody may know.
    pub(super) fn branch(&self, name: &str) -> Result<Branch> {
        self.read(&self.path(&format!("/branches/{}", encoded(name))))
    }

    /// The pull request by its number, else by its branch.
    pub(super) fn locate(&self, at: &Whereabouts<'_>) -> Result<Option<Pull>> {
        let Some(number) = at.number else { return self.find(at) };
        let reply = self.http.get(&self.path(&format!("/pulls/{number}")))?;
        if reply.status == 404 {
            return Ok(None);
        }
        Ok(Some(reply.ok()?.json()?))
    }

    /// Ours by its branch: the open one, else the newest that was made of our commit. One from a fork is a stranger's.
    pub(super) fn find(&self, at: &Whereabouts<'_>) -> Result<Option<Pull>> {
        let path =
            format!("/pulls?state=all&sort=recentupdate&limit={PAGE}&base_branch={}", encoded(at.target));
        let mut pulls: Vec<Pull> = self.read(&self.path(&path))?;
        pulls.retain(|pull| pull.is_from(at.branch) && pull.base.name == at.target);
        let open = pulls.iter().position(|pull| pull.state == "open");
        let ours = || pulls.iter().position(|pull| pull.head.sha == at.commit.as_str());
        Ok(open.or_else(ours).map(|index| pulls.swap_remove(index)))
    }

    /// Adds labels, making those that do not exist. Gives all names it then has. A name it does not know, Gitea leaves
    /// out without a word.
    pub(super) fn add_labels(&self, number: u64, has: &[String], wanted: &[String]) -> Result<Vec<String>> {
        let missing = |has: &[String]| -> Vec<String> {
            wanted.iter().filter(|name| !has.contains(name)).cloned().collect()
        };
        let mut has = has.to_vec();
        for attempt in 0..2 {
            let add = missing(&has);
            if add.is_empty() {
                break;
            }
            if attempt > 0 {
                self.make_labels(&add)?;
            }
            let path = self.path(&format!("/issues/{number}/labels"));
            let labels: Vec<Label> = self.http.post(&path, &json!({ "labels": add }))?.ok()?.json()?;
            has = labels.into_iter().map(|label| label.name).collect();
        }
        Ok(has)
    }

    /// Makes the labels that do not exist, in this repository or its organization.
    pub(super) fn make_labels(&self, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let mut known: Vec<Label> = self.read(&self.path(&format!("/labels?limit={PAGE}")))?;
        if known.len() >= PAGE {
            known.extend(self.read::<Vec<Label>>(&self.path(&format!("/labels?limit={PAGE}&page=2")))?);
        }
        for name in names.iter().filter(|name| !known.iter().any(|label| label.name == **name)) {
            let label = json!({ "name": name, "color": COLOUR, "description": "git hotfix" });
            self.http.post(&self.path("/labels"), &label)?.ok()?;
        }
        Ok(())
    }
}

/// Red, as forges paint what is urgent.
const COLOUR: &str = "#d73a4a";
