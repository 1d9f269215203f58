//! The commands a repository brings, as what approval is bound to.

use std::fmt::Write;

use hotfix_model::output::TrustedCommand;
use sha2::{Digest, Sha256};

/// A command that is not what it was when it was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The configuration key: `slot.setup[0]`.
    pub key: String,
    /// What was approved; absent for a new one.
    pub before: Option<String>,
    /// What it is now; absent for one that is gone.
    pub after: Option<String>,
}

/// What approval is bound to: SHA-256, 64 hexadecimal digits, over keys and commands, each preceded by its length, so
/// that no two lists are written the same. No commands give a fixed digest, which needs no approval.
pub fn digest(commands: &[TrustedCommand]) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    add("git-hotfix commands 1");
    for TrustedCommand { key, command } in commands {
        add(key);
        add(command);
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a `String` cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// What differs between the commands approved before and those of now: gone or different ones first, then new ones.
pub fn difference(before: &[TrustedCommand], now: &[TrustedCommand]) -> Vec<Changed> {
    let old = before.iter().filter_map(|old| {
        let after = command_of(now, &old.key);
        let changed = after.as_ref() != Some(&old.command);
        changed.then(|| Changed { key: old.key.clone(), before: Some(old.command.clone()), after })
    });
    let is_new = |new: &&TrustedCommand| command_of(before, &new.key).is_none();
    let new = now.iter().filter(is_new).map(|new| Changed {
        key: new.key.clone(),
        before: None,
        after: Some(new.command.clone()),
    });
    old.chain(new).collect()
}

fn command_of(commands: &[TrustedCommand], key: &str) -> Option<String> {
    commands.iter().find(|command| command.key == key).map(|command| command.command.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn commands(pairs: &[(&str, &str)]) -> Vec<TrustedCommand> {
        let command = |(key, command): &(&str, &str)| TrustedCommand {
            key: (*key).to_owned(),
            command: (*command).to_owned(),
        };
        pairs.iter().map(command).collect()
    }

    #[test]
    fn digests_never_change() {
        // Approvals are stored by digest: another value here makes every user approve again.
        insta::assert_snapshot!(digest(&[]), @"e9b9a055e5180d2454378726fdb0188f5033152b2458797d78b973c4b4146159");
        insta::assert_snapshot!(digest(&commands(&[("test.command", "make test")])), @"dfcc232bbce20b57caac9926654f898be04fa58543e0882dbc0b6183cb711bec");
    }

    #[test]
    fn shows_what_changed() {
        let before = commands(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let now = commands(&[("a", "1"), ("b", "two"), ("d", "4")]);
        let changed = difference(&before, &now);
        let told: Vec<(&str, Option<&str>, Option<&str>)> = changed
            .iter()
            .map(|changed| (changed.key.as_str(), changed.before.as_deref(), changed.after.as_deref()))
            .collect();
        assert_eq!(told, [("b", Some("2"), Some("two")), ("c", Some("3"), None), ("d", None, Some("4"))]);
    }

    proptest! {
        #[test]
        fn different_lists_have_different_digests(
            one in proptest::collection::vec(("[ab]{0,3}", "[ab]{0,3}"), 0..4),
            other in proptest::collection::vec(("[ab]{0,3}", "[ab]{0,3}"), 0..4),
        ) {
            let list = |pairs: &[(String, String)]| -> Vec<TrustedCommand> {
                pairs.iter().map(|(key, command)| TrustedCommand { key: key.clone(), command: command.clone() }).collect()
            };
            prop_assert_eq!(digest(&list(&one)) == digest(&list(&other)), one == other);
        }
    }
}
