//! What of the user's configuration we need, read in one call.

use hotfix_model::Actor;

use super::{Remote, Repository};
use crate::error::Result;

/// The keys, as `git config` prints their names.
const KEYS: &str = r"^(remote\..*\.url|checkout\.defaultremote|(user|author)\.(name|email))$";

/// What the user has configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The remote to work with: `checkout.defaultRemote`, else `origin`, else the only one.
    pub remote: Option<Remote>,
    /// Who the user is, where configuration or environment say so plainly. Without it, Git is to be asked.
    pub actor: Option<Actor>,
}

impl Repository {
    /// Reads the settings.
    pub fn settings(&self) -> Result<Settings> {
        match self.plain_configuration() {
            Some(values) => {
                let wanted = values.iter().filter(|(key, _)| is_wanted(key));
                let pairs: Vec<(&str, &str)> = wanted.map(|(key, value)| (&**key, &**value)).collect();
                Ok(Settings { remote: remote(&pairs), actor: self.actor(&pairs) })
            }
            None => self.ask_settings(),
        }
    }

    fn ask_settings(&self) -> Result<Settings> {
        let printed = self.git().args(["config", "-z", "--get-regexp", KEYS]).finish()?;
        let text = String::from_utf8_lossy(&printed.stdout).into_owned();
        let pairs: Vec<(&str, &str)> = text.split('\0').filter_map(|pair| pair.split_once('\n')).collect();
        Ok(Settings { remote: remote(&pairs), actor: self.actor(&pairs) })
    }

    /// Git's own order: environment, `author.*`, `user.*`; the last value of a key counts.
    fn actor(&self, pairs: &[(&str, &str)]) -> Option<Actor> {
        let configured =
            |key: &str| last(pairs, key).filter(|value| !value.trim().is_empty()).map(str::to_owned);
        let part = |variable: &str, part: &str| {
            let typed = self.ctx().env.get(variable).map(|value| value.to_string_lossy().into_owned());
            let of_author = || configured(&format!("author.{part}"));
            typed.or_else(of_author).or_else(|| configured(&format!("user.{part}")))
        };
        Some(Actor { name: part("GIT_AUTHOR_NAME", "name")?, email: part("GIT_AUTHOR_EMAIL", "email")? })
    }
}

/// The same keys as [`KEYS`].
fn is_wanted(key: &str) -> bool {
    let of_remote = key.strip_prefix("remote.").and_then(|key| key.rsplit_once('.'));
    of_remote.is_some_and(|(_, name)| name == "url")
        || ["checkout.defaultremote", "user.name", "user.email", "author.name", "author.email"].contains(&key)
}

fn remote(pairs: &[(&str, &str)]) -> Option<Remote> {
    let mut remotes: Vec<Remote> = Vec::new();
    for (key, url) in pairs {
        let name = key.strip_prefix("remote.").and_then(|key| key.strip_suffix(".url"));
        if let Some(name) = name.filter(|name| remotes.iter().all(|known| known.name != *name)) {
            remotes.push(Remote { name: name.to_owned(), url: (*url).to_owned() });
        }
    }
    let find = |name: &str| remotes.iter().find(|remote| remote.name == name).cloned();
    let only = || remotes.first().cloned().filter(|_| remotes.len() == 1);
    last(pairs, "checkout.defaultremote").and_then(find).or_else(|| find("origin")).or_else(only)
}

fn last<'a>(pairs: &[(&str, &'a str)], key: &str) -> Option<&'a str> {
    pairs.iter().rfind(|(known, _)| *known == key).map(|(_, value)| *value)
}
