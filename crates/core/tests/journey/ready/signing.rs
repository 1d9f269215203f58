//! Whether a signature can be made with nobody there.

use std::process::Command;

use hotfix_testkit::{Repo, Sandbox};

use super::{look, told};

/// A repository whose commits are signed with an ssh key of this passphrase; empty for none.
fn signed_by_ssh(sandbox: &Sandbox, passphrase: &str) -> Repo {
    let repo = sandbox.till();
    let key = sandbox.home().join("key");
    #[expect(clippy::disallowed_methods, reason = "makes the key that the test is about")]
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-C", "responder", "-N", passphrase, "-f"])
        .arg(&key)
        .status()
        .unwrap();
    assert!(made.success());
    for (name, value) in
        [("gpg.format", "ssh"), ("commit.gpgSign", "true"), ("user.signingKey", key.to_str().unwrap())]
    {
        repo.git(["config", name, value]);
    }
    repo
}

#[test]
fn commits_that_are_not_signed_need_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    assert_eq!(told(&look(&sandbox, &repo), "signing"), "ok: commits are not signed (commit.gpgsign is off)");
}

#[test]
fn a_key_without_a_passphrase_signs_and_leaves_no_object_behind() {
    let sandbox = Sandbox::new();
    let repo = signed_by_ssh(&sandbox, "");
    let before = repo.git(["count-objects"]);
    let told = told(&look(&sandbox, &repo), "signing");
    assert_eq!(told, "ok: a commit was signed with ssh-keygen, without a prompt");
    assert_eq!(repo.git(["count-objects"]), before);
}

#[test]
fn a_key_with_a_passphrase_asks_nobody() {
    let sandbox = Sandbox::new();
    let repo = signed_by_ssh(&sandbox, "correct horse");
    let told = told(&look(&sandbox, &repo), "signing");
    assert!(told.starts_with("missing: commit.gpgsign is on and ssh-keygen does not sign"), "{told}");
    assert!(told.contains("[ssh-add"), "{told}");
}

#[test]
fn a_key_that_is_gone() {
    let sandbox = Sandbox::new();
    let repo = signed_by_ssh(&sandbox, "");
    std::fs::remove_file(sandbox.home().join("key")).unwrap();
    assert!(told(&look(&sandbox, &repo), "signing").starts_with("missing: "));
}

#[test]
fn gpg_is_told_not_to_open_its_window() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    repo.git(["config", "commit.gpgSign", "true"]);
    repo.git(["config", "user.signingKey", "ADA"]);
    sandbox.fake_tool(
        "gpg",
        "case \"$*\" in '--batch --pinentry-mode error '*) ;; *) exit 9;; esac\n\
         cat > /dev/null\n\
         printf '[GNUPG:] SIG_CREATED x\\n' >&2\n\
         printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'",
    );
    let signed = told(&look(&sandbox, &repo), "signing");
    assert_eq!(signed, "ok: a commit was signed with gpg, without a prompt");
    sandbox.fake_tool("gpg", "echo 'gpg: signing failed: No pinentry' >&2; exit 2");
    let refused = told(&look(&sandbox, &repo), "signing");
    assert!(refused.ends_with("[echo | gpg --clearsign  # the agent keeps the passphrase]"), "{refused}");
}

#[test]
fn what_would_open_a_browser_is_not_tried() {
    let sandbox = Sandbox::new();
    let repo = sandbox.till();
    for (name, value) in [("commit.gpgSign", "true"), ("gpg.format", "x509"), ("gpg.x509.program", "gitsign")]
    {
        repo.git(["config", name, value]);
    }
    assert_eq!(told(&look(&sandbox, &repo), "signing"), "warning: not tried: gitsign may open a browser");
}
