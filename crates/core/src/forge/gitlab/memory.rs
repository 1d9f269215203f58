//! What a project's settings said last, so that the next push can do everything at once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::api::ProjectSettings;
use crate::forge::detect::Site;
use crate::git::Repository;

/// What is worth keeping of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the project's settings page")]
pub struct Rules {
    /// Whether a merge needs a pipeline that passed.
    pub pipeline_required: bool,
    /// Whether merges go through a train.
    pub train: bool,
    /// Whether the project has pipelines without a file in the repository that says so.
    pub pipelines_by_setting: bool,
    /// Whether pipelines are switched off.
    pub pipelines_off: bool,
}

impl From<&ProjectSettings> for Rules {
    fn from(settings: &ProjectSettings) -> Self {
        let elsewhere =
            settings.ci_config_path.as_deref().is_some_and(|path| !path.is_empty() && path != CI_FILE);
        Self {
            pipeline_required: settings.only_allow_merge_if_pipeline_succeeds,
            train: settings.merge_trains_enabled,
            pipelines_by_setting: settings.auto_devops_enabled || elsewhere,
            pipelines_off: settings.jobs_enabled == Some(false),
        }
    }
}

/// Where pipelines are described unless a setting says otherwise.
pub const CI_FILE: &str = ".gitlab-ci.yml";

fn file(repository: &Repository) -> PathBuf {
    repository.state_dir().join("gitlab.json")
}

fn read(repository: &Repository) -> BTreeMap<String, Rules> {
    let bytes = std::fs::read(file(repository)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn name(site: &Site) -> String {
    format!("{}/{}", site.api.printed(), site.path)
}

/// The rules as they were when they were last asked for.
pub fn recall(repository: &Repository, site: &Site) -> Option<Rules> {
    read(repository).remove(&name(site))
}

/// Only a memory: without it the next command asks again.
pub fn learn(repository: &Repository, site: &Site, rules: Rules) {
    let mut all = read(repository);
    if all.insert(name(site), rules) == Some(rules) {
        return;
    }
    if let Ok(text) = serde_json::to_vec(&all)
        && repository.make_state_dir().is_ok()
    {
        std::fs::write(file(repository), text).ok();
    }
}
