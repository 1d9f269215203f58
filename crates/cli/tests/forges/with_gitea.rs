//! On a real Gitea.

use hotfix_testkit::Sandbox;
use hotfix_testkit::forges::Gitea;

#[test]
fn a_status_turns_a_commit_green() {
    let gitea = Gitea::shared();
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("file", b"1\n")]);
    let remote = gitea.publish(&sandbox, &repo);
    assert_eq!(remote.commit_of("main"), Some(repo.head()));
    remote.set_status(&repo.head(), "ci", "success");
    assert_eq!(remote.pull_requests(), []);
}
