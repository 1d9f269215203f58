//! Makes the auth service as a repository in the middle of somebody's work.

use crate::Repo;
use crate::auth::{IGNORED, PROFILE, PROFILE_TESTS, SETUP, SOURCE, TESTS};

/// Commits with tag v1.2.2 on main, a bare remote, and unfinished work of every kind on a feature branch.
pub fn make(repo: Repo) -> Repo {
    history(&repo);
    repo.publish();
    unfinished_work(&repo);
    repo
}

fn history(repo: &Repo) {
    repo.write(".gitignore", IGNORED);
    repo.write("setup.cfg", SETUP);
    repo.write("src/__init__.py", "");
    repo.commit("build: lay out the auth service");
    repo.write("src/auth.py", SOURCE);
    repo.write("tests/test_auth.py", TESTS);
    repo.commit("feat: issue and validate tokens");
    repo.write("src/profile.py", PROFILE);
    repo.write("tests/test_profile.py", PROFILE_TESTS);
    repo.commit("feat: greet the user");
    repo.git(["tag", "--annotate", "--message", "1.2.2", "v1.2.2"]);
    repo.write("README.md", "# Auth service\n");
    repo.commit("docs: say what it is");
}

fn unfinished_work(repo: &Repo) {
    repo.write("src/profile.py", PROFILE.replace("Hello", "Welcome"));
    repo.git(["stash", "push", "--quiet", "--message", "another wording"]);
    repo.git(["switch", "--quiet", "--create", "feature/avatars"]);
    repo.write("src/avatar.py", "\"\"\"Pictures of users.\"\"\"\n");
    repo.commit("feat: begin avatars");
    repo.write("src/avatar.py", "\"\"\"Pictures of users.\"\"\"\n\nSIZE = 64\n");
    repo.git(["add", "src/avatar.py"]);
    repo.write("src/avatar.py", "\"\"\"Pictures of users.\"\"\"\n\nSIZE = 128\n");
    repo.write("src/auth.py", SOURCE.replace("Tokens of", "Tokens and sessions of"));
    repo.write("notes.txt", "ask Grace about sizes\n");
    repo.write(".env", "AUTH_PORT=8080\n");
}
