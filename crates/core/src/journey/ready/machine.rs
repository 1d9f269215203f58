//! What the machine brings: Git, who you are, signatures.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::scene::Scene;
use super::table::{Found, PATIENCE};
use crate::error::{FileError, Result};
use crate::exec::Command;
use crate::git::{GitError, Signing};
use crate::message::quoted;

/// Lines of Git releases with known holes, each with the first release that has them closed. 2.39 to 2.42:
/// CVE-2024-32002 and its kin (a clone runs code); later ones: CVE-2025-48384 and 48385 (submodules and bundles write
/// where they should not). From Git's own release notes; 2.51 and later never had these.
const CLOSED_IN: &[(u32, u32)] = &[
    (39, 4),
    (40, 2),
    (41, 1),
    (42, 2),
    (43, 7),
    (44, 4),
    (45, 4),
    (46, 4),
    (47, 3),
    (48, 2),
    (49, 1),
    (50, 1),
];

/// Programs that ask a server who you are, in a browser: not tried, since trying opens one.
const ASKS_A_SERVER: &[&str] = &["gitsign"];

/// Git's version. One that is too old for us is an error before any table.
pub fn git(scene: &Scene) -> Result<Found> {
    let version = scene.project.repository.installed_version()?;
    Ok(match closed_in(&version) {
        Some(safe) => Found::warning(
            format!("{version} has known security holes, unless your system closed them itself"),
            format!("install Git {safe} or later"),
        ),
        None => Found::fine(version),
    })
}

/// The release to go to, if this one has known holes.
fn closed_in(version: &str) -> Option<String> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    let mut next = || numbers.next().and_then(Result::ok);
    let (major, minor, patch) = (next()?, next()?, next().unwrap_or_default());
    let (_, closed) =
        CLOSED_IN.iter().find(|(line, closed)| major == 2 && minor == *line && patch < *closed)?;
    Some(format!("2.{minor}.{closed}"))
}

/// Who commits.
pub fn identity(scene: &Scene) -> Result<Found> {
    match scene.project.repository.identity() {
        Ok(identity) => Ok(Found::fine(format!("{} <{}>", identity.0.name, identity.0.email))),
        Err(error) if matches!(error.downcast_ref(), Some(GitError::NoIdentity)) => Ok(Found::missing(
            "Git does not know who you are, and refuses to commit",
            "git config --global user.name \"YOUR NAME\" && git config --global user.email YOU@EXAMPLE.COM",
        )),
        Err(error) => Err(error),
    }
}

/// Whether commits can be signed with nobody there to type a passphrase.
pub fn signing(scene: &Scene) -> Result<Found> {
    let Some(signing) = scene.project.repository.signing()? else {
        return Ok(Found::fine("commits are not signed (commit.gpgsign is off)"));
    };
    let name = Path::new(&signing.program).file_name().and_then(OsStr::to_str).unwrap_or_default();
    if ASKS_A_SERVER.contains(&name) {
        return Ok(Found::unknown(format!("not tried: {name} may open a browser")));
    }
    let scratch = tempfile::Builder::new().prefix("hotfix-ready-").tempdir();
    let scratch = scratch.map_err(FileError::of("create", "a temporary folder"))?;
    let program = silent_gpg(scene, &signing, scratch.path())?;
    let tried = scene.project.repository.try_signing(&signing, program.as_deref(), scratch.path(), PATIENCE);
    Ok(match tried {
        Ok(()) => Found::fine(format!("a commit was signed with {name}, without a prompt")),
        Err(error) => match error.downcast_ref() {
            Some(GitError::TimedOut { .. }) => {
                Found::warning(format!("{name} waits for somebody: {}", error.why()), by_hand(&signing))
            }
            Some(GitError::Failed { said, .. }) => Found::missing(
                format!("commit.gpgsign is on and {name} does not sign without a prompt: {said}"),
                by_hand(&signing),
            ),
            _ => return Err(error),
        },
    })
}

/// gpg asks through a window of its own, which no variable turns off: a stand-in passes the option that does.
fn silent_gpg(scene: &Scene, signing: &Signing, scratch: &Path) -> Result<Option<PathBuf>> {
    let Some(gpg) = scene.ctx().env.find_program(&signing.program).filter(|_| signing.format == "openpgp")
    else {
        return Ok(None);
    };
    let path = scratch.join("gpg");
    let script =
        format!("#!/bin/sh\nexec {} --batch --pinentry-mode error \"$@\"\n", quoted(&gpg.to_string_lossy()));
    // Written by a child: a file that another thread's fork still holds open for writing cannot be run.
    let write = Command::new("sh").args(["-c", r#"cat > "$1" && chmod 700 "$1""#, "sh"]).arg(&path);
    write.input(script).deadline(PATIENCE).run(scene.ctx())?;
    Ok(Some(path))
}

/// The command with which the agent learns the passphrase, or which shows what is wrong.
fn by_hand(signing: &Signing) -> String {
    match signing.format.as_str() {
        "ssh" => "ssh-add  # and see: git config user.signingKey".to_owned(),
        _ => format!("echo | {} --clearsign  # the agent keeps the passphrase", quoted(&signing.program)),
    }
}

#[cfg(test)]
mod tests {
    use super::closed_in;

    #[test]
    fn each_line_of_releases_has_its_own_safe_one() {
        let safe = |version: &str| closed_in(version);
        assert_eq!(safe("2.39.3").as_deref(), Some("2.39.4"));
        assert_eq!(safe("2.43.6 (Apple Git-1)").as_deref(), Some("2.43.7"));
        assert_eq!(safe("2.47.2.windows.1").as_deref(), Some("2.47.3"));
        assert_eq!(safe("2.50.0").as_deref(), Some("2.50.1"));
        assert_eq!(safe("2.50.0.rc1").as_deref(), Some("2.50.1"));
        assert_eq!(safe("2.50").as_deref(), Some("2.50.1"));
        for fine in ["2.39.5", "2.43.7", "2.50.1", "2.51.0", "3.0.0", "unknown"] {
            assert_eq!(safe(fine), None, "{fine}");
        }
    }
}
