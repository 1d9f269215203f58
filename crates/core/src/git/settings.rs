//! The settings that every command needs: the remotes and the user's name.

use hotfix_model::Actor;

use super::{Configuration, Remote, Repository};
use crate::error::Result;

/// What the user has configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The remote to work with: `checkout.defaultRemote`, else `origin`, else the only one.
    pub remote: Option<Remote>,
    /// The remote to push branches to: `remote.pushDefault`, else the same.
    pub push_remote: Option<Remote>,
    /// Who the user is, where configuration or environment say so plainly. Without it, Git is to be asked.
    pub actor: Option<Actor>,
}

impl Repository {
    /// Reads the settings.
    pub fn settings(&self) -> Result<Settings> {
        let configuration = self.configuration()?;
        let remotes = remotes(&configuration);
        let named = |key: &str| {
            let name = configuration.text(key)?;
            remotes.iter().find(|remote| remote.name == name).cloned()
        };
        let origin = || remotes.iter().find(|remote| remote.name == "origin").cloned();
        let only = || remotes.first().cloned().filter(|_| remotes.len() == 1);
        let remote = named("checkout.defaultRemote").or_else(origin).or_else(only);
        let push_remote = named("remote.pushDefault").or_else(|| remote.clone());
        Ok(Settings { remote, push_remote, actor: self.actor(&configuration) })
    }

    /// Git's own order: environment, `author.*`, `user.*`; the last value of a key counts.
    fn actor(&self, configuration: &Configuration) -> Option<Actor> {
        let configured = |key: &str| configuration.text(key).filter(|value| !value.trim().is_empty());
        let part = |variable: &str, part: &str| {
            let typed = self.ctx().env.get(variable).map(|value| value.to_string_lossy().into_owned());
            let of_author = || configured(&format!("author.{part}"));
            typed.or_else(of_author).or_else(|| configured(&format!("user.{part}")))
        };
        Some(Actor { name: part("GIT_AUTHOR_NAME", "name")?, email: part("GIT_AUTHOR_EMAIL", "email")? })
    }
}

/// All remotes that have an address, each with its first one.
fn remotes(configuration: &Configuration) -> Vec<Remote> {
    let mut remotes: Vec<Remote> = Vec::new();
    for entry in configuration.entries() {
        let name = entry.key.strip_prefix("remote.").and_then(|key| key.strip_suffix(".url"));
        let Some((name, url)) = name.zip(entry.value.as_ref()) else { continue };
        if remotes.iter().all(|known| known.name != name) {
            remotes.push(Remote { name: name.to_owned(), url: url.to_string_lossy().into_owned() });
        }
    }
    remotes
}
