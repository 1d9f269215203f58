//! Questions that are asked before there is an alert. Nothing is created, here or on the remote, and nobody is asked
//! for a passphrase.

use std::path::Path;
use std::time::Duration;

use super::{GitCommand, GitError, Oid, RefName, Repository};
use crate::error::{FileError, Result};
use crate::exec::{Ending, Finished};

/// Git knows this tree without being told.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/// The same where object ids are SHA-256.
const EMPTY_TREE_SHA256: &str = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

/// SIGPIPE by number.
const BROKEN_PIPE: i32 = 13;

/// How commits are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// `openpgp`, `ssh` or `x509`.
    pub format: String,
    /// The program that signs.
    pub program: String,
}

/// What a checkout of a tree takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckoutSize {
    /// Files.
    pub files: u64,
    /// Bytes in all of them.
    pub bytes: u64,
}

impl Repository {
    /// What `git --version` prints, without `git version `.
    pub fn installed_version(&self) -> Result<String> {
        let printed = self.git().arg("--version").text()?;
        Ok(printed.strip_prefix("git version ").unwrap_or(&printed).to_owned())
    }

    /// How commits are signed; `None` if `commit.gpgsign` is off.
    pub fn signing(&self) -> Result<Option<Signing>> {
        let configuration = self.configuration()?;
        if configuration.is_on("commit.gpgSign") != Some(true) {
            return Ok(None);
        }
        let last = |key: &str| configuration.text(key);
        let format = last("gpg.format").unwrap_or_else(|| "openpgp".to_owned());
        let general = last("gpg.program").filter(|_| format == "openpgp");
        let usual = match format.as_str() {
            "ssh" => "ssh-keygen",
            "x509" => "gpgsm",
            _ => "gpg",
        };
        let program = last(&format!("gpg.{format}.program")).or(general).unwrap_or_else(|| usual.to_owned());
        Ok(Some(Signing { format, program }))
    }

    /// Really signs a commit, into `scratch` and not into the repository. `program` stands in for the one configured.
    pub fn try_signing(
        &self,
        signing: &Signing,
        program: Option<&Path>,
        scratch: &Path,
        limit: Duration,
    ) -> Result<()> {
        let empty = if self.object_format == "sha256" { EMPTY_TREE_SHA256 } else { EMPTY_TREE };
        let mut call = without_prompts(self.git()).env("GIT_OBJECT_DIRECTORY", scratch);
        if let Some(program) = program {
            call = call.setting(&format!("gpg.{}.program={}", signing.format, program.display()));
        }
        call.args(["commit-tree", "-S", "-m", "ready", empty]).limit(limit).run()?;
        Ok(())
    }

    /// Says to the remote what would be pushed, and pushes nothing. Hooks do not run. Branch rules and hooks of the
    /// remote have their say only when it is meant.
    pub fn try_push(
        &self,
        remote: &str,
        (commit, target): (&Oid, &RefName),
        options: &[&str],
        limit: Duration,
    ) -> Result<()> {
        let mut call = without_prompts(self.git_at_home());
        call = call.args(["push", "--dry-run", "--porcelain", "--no-verify", "--no-follow-tags"]);
        call = call.arg("--recurse-submodules=no");
        for option in options {
            call = call.arg(format!("--push-option={option}"));
        }
        let finished = call.arg(remote).arg(format!("{commit}:{target}")).limit(limit).finish()?;
        // The remote has listened and left when Git closes the list of options, which it sends even where it pushes
        // nothing: the signal tells of that, not of a refusal.
        if !options.is_empty() && finished.ending == Ending::Signalled(BROKEN_PIPE) {
            return Ok(());
        }
        answered("push", &finished)?;
        Ok(())
    }

    /// Whether this clone has a commit that another one contains.
    pub fn contains(&self, descendant: &Oid, commit: &Oid) -> bool {
        self.is_ancestor(commit, descendant).unwrap_or(false)
    }

    /// The first address that pushes go to.
    pub fn push_address(&self, remote: &str) -> Result<String> {
        self.git_at_home().args(["remote", "get-url", "--push", remote]).text()
    }

    /// How many commits `to` has that `from` has not.
    pub fn count_commits(&self, from: &Oid, to: &Oid) -> Result<u64> {
        let printed = self.git().args(["rev-list", "--count"]).arg(format!("{from}..{to}")).text()?;
        Ok(printed.parse().unwrap_or_default())
    }

    /// Makes a bare repository that borrows all objects of this one and has one branch. Nothing is copied, no template is
    /// used, and no hook ever runs in it.
    pub fn make_borrowing_copy(&self, path: &Path, branch: &str, commit: &Oid) -> Result<()> {
        let format = format!("--object-format={}", self.object_format);
        GitCommand::discovering(&self.ctx, &self.common_dir)
            .args(["init", "--quiet", "--bare", "--template="])
            .arg(format)
            .arg(path)
            .run()?;
        let alternates = path.join("objects/info/alternates");
        let mut objects = self.common_dir.join("objects").into_os_string();
        objects.push("\n");
        let written = std::fs::create_dir_all(path.join("objects/info"))
            .and_then(|()| std::fs::write(&alternates, objects.as_encoded_bytes()));
        written.map_err(FileError::of("write", &alternates))?;
        let copy = || GitCommand::bound(&self.ctx, path, path);
        let name = RefName::branch(branch)?;
        copy().args(["update-ref", name.as_str(), commit.as_str()]).run()?;
        copy().args(["symbolic-ref", "HEAD", name.as_str()]).run()?;
        copy().args(["config", "core.hooksPath", "/dev/null"]).run()?;
        Ok(())
    }

    /// Makes a repository in an empty folder that borrows all objects of this one: its branch is at `base`, `tree` is staged
    /// and laid out. No hook of Git runs in it. In a folder where it made one before, stages what changed since.
    pub fn make_staged_copy(&self, folder: &Path, branch: &str, (base, tree): (&Oid, &Oid)) -> Result<()> {
        let git_dir = folder.join(".git");
        let copy = || GitCommand::bound(&self.ctx, &git_dir, folder);
        if git_dir.exists() {
            copy().args(["add", "--update"]).run()?;
            return Ok(());
        }
        self.make_borrowing_copy(&git_dir, branch, base)?;
        copy().args(["config", "core.bare", "false"]).run()?;
        let call = copy().setting("checkout.workers=0").env("GIT_LFS_SKIP_SMUDGE", "1");
        call.args(["read-tree", "--reset", "-u", tree.as_str()]).run()?;
        Ok(())
    }

    /// What a checkout takes; `None` in a partial clone, where asking for sizes would fetch every file.
    pub fn checkout_size(&self, treeish: &Oid) -> Result<Option<CheckoutSize>> {
        let configuration = self.configuration()?;
        let is_promisor = |key: &str| key.starts_with("remote.") && key.ends_with(".promisor");
        if configuration.entries().iter().any(|entry| is_promisor(&entry.key)) {
            return Ok(None);
        }
        let printed =
            self.git().args(["ls-tree", "-r", "--format=%(objectsize)"]).arg(treeish.as_str()).text()?;
        let sizes = printed.lines().filter_map(|line| line.trim().parse::<u64>().ok());
        Ok(Some(sizes.fold(CheckoutSize::default(), |sum, size| CheckoutSize {
            files: sum.files + 1,
            bytes: sum.bytes + size,
        })))
    }
}

/// Fails unless the call succeeded.
pub(super) fn answered(command: &str, finished: &Finished) -> Result<(), GitError> {
    if finished.success() { Ok(()) } else { Err(super::failure::failed(command, finished)) }
}

/// The call fails where Git, ssh or a helper would ask somebody.
///
/// `SSH_ASKPASS_REQUIRE` is obeyed by ssh and ssh-keygen since OpenSSH 8.4; older ones wait until the deadline.
pub(super) fn without_prompts(call: GitCommand<'_>) -> GitCommand<'_> {
    call.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force").env("GCM_INTERACTIVE", "never")
}
