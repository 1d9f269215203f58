//! Tokens that other programs keep: the forge's own command-line program, and Git's credential helpers.

use std::path::PathBuf;
use std::time::Duration;

use super::{Token, Wanted};
use crate::ctx::Ctx;
use crate::env::Environment;
use crate::exec::Command;
use crate::forge::address::Address;
use crate::forge::detect::Kind;
use crate::git::Repository;

/// How long a helper may take. A locked keyring would wait for ever.
const LIMIT: Duration = Duration::from_secs(5);

/// The token that the forge's own program is logged in with.
pub fn of_program(ctx: &Ctx, wanted: &Wanted<'_>) -> Option<Token> {
    let host = &wanted.pages.host;
    let shown = &wanted.pages.shown();
    match wanted.kind {
        Kind::GitHub => printed(ctx, &["gh", "auth", "token", "--hostname", shown], host),
        Kind::GitLab => printed(ctx, &["glab", "config", "get", "token", "--host", shown], host),
        Kind::Gitea | Kind::Forgejo => of_tea(&ctx.env, host),
        _ => None,
    }
}

fn printed(ctx: &Ctx, words: &[&str], host: &str) -> Option<Token> {
    let (program, args) = words.split_first()?;
    ctx.env.find_program(program)?;
    let call = Command::new(program).args(args).deadline(LIMIT);
    let call = call.env("GH_PROMPT_DISABLED", "1").env("NO_PROMPT", "1").env("NO_COLOR", "1");
    let finished = call.run(ctx).ok().filter(crate::exec::Finished::success)?;
    let text = String::from_utf8(finished.stdout).ok()?;
    Token::new(&text, host, words.get(..3).unwrap_or(words).join(" "))
}

/// tea keeps its logins in a file: a list of tables with `url` and `token`.
fn of_tea(env: &Environment, host: &str) -> Option<Token> {
    let text = std::fs::read_to_string(tea_file(env)?).ok()?;
    tea_logins(&text)
        .into_iter()
        .find(|(at, _)| at == host)
        .and_then(|(_, token)| Token::new(&token, host, "tea's configuration"))
}

/// Hosts that `tea` is logged in to, with their tokens.
pub fn tea_logins(text: &str) -> Vec<(String, String)> {
    let (mut logins, mut host) = (Vec::new(), None);
    for line in text.lines() {
        let entry = line.trim_start().trim_start_matches("- ");
        let value = |name: &str| {
            let value = entry.strip_prefix(name)?.trim();
            Some(value.trim_matches(['"', '\'']).to_owned())
        };
        if line.trim_start().starts_with("- ") {
            host = None;
        }
        if let Some(url) = value("url:") {
            host = Address::parse(&url).map(|address| address.host);
        }
        if let (Some(token), Some(host)) = (value("token:").filter(|token| !token.is_empty()), &host) {
            logins.push((host.clone(), token));
        }
    }
    logins
}

fn tea_file(env: &Environment) -> Option<PathBuf> {
    let folder = match env.get("XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env.get("HOME")?).join(".config"),
    };
    Some(folder.join("tea/config.yml"))
}

/// What Git's credential helpers hold for the host. No helper may ask.
pub fn of_git(repository: &Repository, wanted: &Wanted<'_>) -> Option<Token> {
    let pages = wanted.pages;
    let path = if wanted.remote.scheme == "ssh" { String::new() } else { wanted.remote.path.clone() };
    let user = wanted.remote.user.as_deref().filter(|_| wanted.remote.scheme != "ssh");
    let (user, secret) =
        repository.credential((&pages.scheme, &pages.shown()), user, &path, LIMIT).ok()??;
    Some(Token::new(&secret, &pages.host, "git credential")?.with_user(Some(user)))
}

#[cfg(test)]
mod tests {
    use super::tea_logins;

    #[test]
    fn logins_of_tea_are_read() {
        let text = "logins:\n- name: a\n  url: https://gitea.x:3000/\n  token: abc\n  default: true\n- name: b\n  \
                    url: \"https://b.x\"\n  token: ''\n- token: def\n  url: https://c.x\n";
        assert_eq!(
            tea_logins(text),
            [("gitea.x".to_owned(), "abc".to_owned())],
            "a token before its url is no login"
        );
    }
}
