//! On a real Gerrit.

use hotfix_testkit::Sandbox;
use hotfix_testkit::forges::Gerrit;

#[test]
fn a_project_takes_records_once_it_is_told_to() {
    let gerrit = Gerrit::shared();
    let sandbox = Sandbox::new();
    let repo = sandbox.repo_with(&[("file", b"1\n")]);
    let project = gerrit.publish(&repo);
    assert_eq!(project.main(), repo.head());
    let push = ["push", "--quiet", "origin", "HEAD:refs/hotfix/record/1"];
    let refused = repo.try_git(push).expect_err("a refusal");
    assert!(refused.contains("not permitted: create"), "{refused}");
    project.allow_records();
    repo.git(push);
    assert_eq!(project.changes(), []);
}
