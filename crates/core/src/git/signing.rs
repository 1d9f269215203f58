//! Signatures of texts, made and checked with the keys and programs that Git is configured to sign commits with
//! (`commit.gpgSign`, `gpg.format`, `user.signingKey`, `gpg.<format>.program`, `gpg.ssh.allowedSignersFile`). Nobody is
//! asked for a passphrase: what would need one is not signed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::review::Signature;
use sha2::{Digest, Sha256};

use super::{Repository, of_base64, to_base64};
use crate::error::{FileError, Result};
use crate::exec::{Command, ExecError, Finished, sanitize_line};

/// What our signatures are for: one that was made for something else, as a commit, is none of ours (sshsig, "namespace").
pub const NAMESPACE: &str = "git-hotfix";
/// How long a program may take: keys on a token want to be touched.
const LIMIT: Duration = Duration::from_secs(20);

/// How the user signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signer {
    /// Whether commits are signed: then we sign as well.
    pub is_on: bool,
    /// `openpgp`, `ssh` or `x509`.
    pub format: String,
    program: Option<String>,
    key: Option<String>,
    key_command: Option<String>,
    allowed: Option<String>,
}

/// What is known of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Made over exactly this text with a key that is known to be this person's.
    Good(String),
    /// Made over exactly this text with a key that nobody here knows; its fingerprint.
    UnknownKey(String),
    /// Not made over this text, or made with another person's key; what the program says.
    Bad(String),
    /// The program to check it with is missing.
    Unchecked(String),
}

impl Repository {
    /// How the user signs commits.
    pub fn signer(&self) -> Result<Signer> {
        let configuration = self.configuration()?;
        let last = |key: &str| configuration.text(key).filter(|value| !value.is_empty());
        let format = last("gpg.format").unwrap_or_else(|| "openpgp".to_owned());
        let general = last("gpg.program").filter(|_| format == "openpgp");
        Ok(Signer {
            is_on: configuration.is_on("commit.gpgSign").unwrap_or(false),
            program: last(&format!("gpg.{format}.program")).or(general),
            key: last("user.signingkey"),
            key_command: last("gpg.ssh.defaultkeycommand"),
            allowed: last("gpg.ssh.allowedsignersfile"),
            format,
        })
    }

    /// Signs a text. `Ok(None)` if the user does not sign; an error says why it could not be signed.
    pub fn sign(&self, signer: &Signer, text: &[u8], scratch: &Path) -> Result<Option<Signature>, String> {
        if !signer.is_on {
            return Ok(None);
        }
        let said = |error: crate::error::Error| format!("{error}: {}", error.why());
        let (program, finished) = match signer.format.as_str() {
            "ssh" => self.sign_by_ssh(signer, text, scratch).map_err(said)?,
            "openpgp" => self.sign_by_gpg(signer, text).map_err(said)?,
            other => return Err(format!("signing with {other} may ask you something, so it is not tried")),
        };
        let printed = String::from_utf8_lossy(&finished.stdout).into_owned();
        if !finished.success() || !printed.starts_with("-----BEGIN ") {
            return Err(format!("{program} does not sign: {}", sanitize_line(&finished.last_line())));
        }
        let key = fingerprint(&printed).or_else(|| signer.key.clone()).unwrap_or_default();
        Ok(Some(Signature { format: signer.format.clone(), key, text: printed }))
    }

    /// Whether a signature was made over exactly this text by somebody of this address.
    pub fn check_signature(
        &self,
        signature: &Signature,
        (text, email): (&[u8], &str),
        scratch: &Path,
    ) -> Result<Verified> {
        let file = scratch.join(format!("signature-{}", self.ctx().clock.ulid()));
        std::fs::write(&file, &signature.text).map_err(FileError::of("write", &file))?;
        let signer = self.signer()?;
        let verified = match signature.format.as_str() {
            "ssh" => self.check_ssh(&signer, (text, email), &file),
            "openpgp" => self.check_gpg(&signer, (text, email), &file),
            other => Ok(Verified::Unchecked(format!("signatures by {other} are not checked"))),
        };
        std::fs::remove_file(&file).ok();
        match verified {
            Err(error) if matches!(error.downcast_ref(), Some(ExecError::NotFound { .. })) => {
                Ok(Verified::Unchecked(error.to_string()))
            }
            verified => verified,
        }
    }

    fn sign_by_ssh(&self, signer: &Signer, text: &[u8], scratch: &Path) -> Result<(String, Finished)> {
        let program = signer.program_or("ssh-keygen");
        let key = match &signer.key {
            Some(key) => key.clone(),
            None => self.default_key(signer)?,
        };
        let call = self.quiet(&program).args(["-Y", "sign", "-n", NAMESPACE, "-f"]);
        let literal = key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key.as_str()));
        let Some(literal) = literal else {
            return Ok((program, call.arg(self.expanded(&key)).input(text).run(self.ctx())?));
        };
        // The key itself is in the agent; the file only says which.
        let file = scratch.join(format!("key-{}.pub", self.ctx().clock.ulid()));
        std::fs::write(&file, format!("{literal}\n")).map_err(FileError::of("write", &file))?;
        let finished = call.arg(&file).arg("-U").input(text).run(self.ctx());
        std::fs::remove_file(&file).ok();
        Ok((program, finished?))
    }

    /// The first key that the configured command prints, as Git takes it.
    fn default_key(&self, signer: &Signer) -> Result<String> {
        let Some(command) = &signer.key_command else { return Ok(String::new()) };
        let finished = Command::shell(command).deadline(LIMIT).run(self.ctx())?;
        let printed = String::from_utf8_lossy(&finished.stdout).into_owned();
        Ok(printed.lines().next().unwrap_or_default().to_owned())
    }

    fn sign_by_gpg(&self, signer: &Signer, text: &[u8]) -> Result<(String, Finished)> {
        let program = signer.program_or("gpg");
        let user = match &signer.key {
            Some(key) => key.clone(),
            None => self.identity()?.0.email,
        };
        let call = self.quiet(&program).args(["--batch", "--no-tty", "--pinentry-mode", "error"]);
        let call = call.args(["--armor", "--detach-sign", "--local-user", &user]);
        Ok((program, call.input(text).run(self.ctx())?))
    }

    fn check_ssh(&self, signer: &Signer, (text, email): (&[u8], &str), file: &Path) -> Result<Verified> {
        let program =
            if signer.format == "ssh" { signer.program_or("ssh-keygen") } else { "ssh-keygen".into() };
        let call = |args: &[&str]| {
            self.quiet(&program).args(args).args(["-n", NAMESPACE, "-s"]).arg(file).input(text)
        };
        let plain = call(&["-Y", "check-novalidate"]).run(self.ctx())?;
        if !plain.success() {
            return Ok(Verified::Bad(sanitize_line(&plain.last_line())));
        }
        let printed = String::from_utf8_lossy(&plain.stdout).into_owned();
        let key = printed.split_whitespace().last().unwrap_or_default().to_owned();
        let Some(allowed) = &signer.allowed else { return Ok(Verified::UnknownKey(key)) };
        let known = call(&["-Y", "verify", "-I", email]).arg("-f").arg(self.expanded(allowed));
        let is_known = known.run(self.ctx())?.success();
        Ok(if is_known { Verified::Good(email.to_owned()) } else { Verified::UnknownKey(key) })
    }

    fn check_gpg(&self, signer: &Signer, (text, email): (&[u8], &str), file: &Path) -> Result<Verified> {
        let program = if signer.format == "openpgp" { signer.program_or("gpg") } else { "gpg".into() };
        let call = self.quiet(&program).args(["--batch", "--status-fd=1", "--verify"]).arg(file).arg("-");
        let finished = call.input(text).run(self.ctx())?;
        let status = String::from_utf8_lossy(&finished.stdout).into_owned();
        let told =
            |word: &str| status.lines().find_map(|line| line.strip_prefix(&format!("[GNUPG:] {word} ")));
        if let Some(good) = told("GOODSIG") {
            let same = good.to_lowercase().contains(&format!("<{}>", email.trim().to_lowercase()));
            let by = good.split_once(' ').map_or(good, |(_, by)| by).to_owned();
            return Ok(if same { Verified::Good(by) } else { Verified::Bad(format!("signed by {by}")) });
        }
        if let Some(missing) = told("NO_PUBKEY") {
            return Ok(Verified::UnknownKey(missing.to_owned()));
        }
        Ok(Verified::Bad(sanitize_line(&finished.last_line())))
    }

    /// A program of the user's own, without a prompt.
    fn quiet(&self, program: &str) -> Command {
        let call = Command::new(self.expanded(program)).deadline(LIMIT).dir(self.home());
        call.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force").env("LC_ALL", "C")
    }

    /// A path as Git reads one: `~/` is the home folder, and what is relative begins at the worktree.
    fn expanded(&self, path: &str) -> PathBuf {
        let home = self.ctx().env.get("HOME").map(PathBuf::from);
        match (path.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }
}

impl Signer {
    fn program_or(&self, usual: &str) -> String {
        self.program.clone().unwrap_or_else(|| usual.to_owned())
    }
}

/// The fingerprint of the key in an ssh signature, as `ssh-keygen -l` prints it. The format is that of OpenSSH's
/// PROTOCOL.sshsig: a magic word, a version, and the public key as a string with its length in front.
fn fingerprint(armoured: &str) -> Option<String> {
    let body: String = armoured.lines().filter(|line| !line.starts_with("-----")).collect();
    let bytes = of_base64(&body)?;
    let rest = bytes.strip_prefix(b"SSHSIG")?.get(4..)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let key = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let digest = to_base64(&Sha256::digest(key));
    Some(format!("SHA256:{}", digest.trim_end_matches('=')))
}
