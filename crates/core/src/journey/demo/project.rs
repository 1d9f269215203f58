//! The project of the demo: an auth service that lets expired tokens in, in Python if this machine has it, else in
//! shell; its remote; and what somebody is in the middle of.

use hotfix_model::output::TrustOutput;

use super::player::Player;
use crate::error::Result;

/// The folder of the main worktree.
pub const MAIN: &str = "auth";
/// The folder of the slot, as the default of `slot.path` has it.
pub const SLOT: &str = "auth-hotfix";
/// What people keep to themselves.
const IGNORED: &str = ".env\n.pytest_cache/\n__pycache__/\n";
/// Age of the project's commits, so that the base is not seconds old.
const AGE_HOURS: i64 = 26;

/// A file of the service, with its path.
type File = (&'static str, &'static str);

/// What the service is written in, and what this machine can do with it.
pub struct Language {
    name: &'static str,
    files: Vec<File>,
    /// The test part and the source part of the fix.
    fix: [File; 2],
    /// What the work in progress is about.
    feature: [File; 3],
}

impl Language {
    /// `python` or `shell`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Writes the fix into the slot.
    pub fn edit(&self, player: &Player) -> Result<()> {
        self.fix.iter().try_for_each(|(path, text)| player.write(SLOT, path, text))
    }
}

/// Makes the project, its remote and the work in progress.
pub fn make(player: &mut Player) -> Result<Language> {
    let language = language(player)?;
    let date = player.ctx().now() - jiff::SignedDuration::from_hours(AGE_HOURS);
    player.set("GIT_AUTHOR_DATE", &date.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string());
    player.set("GIT_COMMITTER_DATE", &date.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string());
    make_history(player, &language)?;
    make_work_in_progress(player, &language)?;
    player.unset("GIT_AUTHOR_DATE");
    player.unset("GIT_COMMITTER_DATE");
    trust(player, &language)?;
    Ok(language)
}

fn make_history(player: &Player, language: &Language) -> Result<()> {
    player.write(MAIN, ".gitignore", IGNORED)?;
    for (path, text) in &language.files {
        player.write(MAIN, path, text)?;
    }
    player.run(
        MAIN,
        "set -e
        git init --quiet
        git add --all
        git commit --quiet --message 'feat: issue and validate tokens'
        git tag --annotate --message 1.2.2 v1.2.2
        git init --quiet --bare ../origin.git
        git remote add origin \"${PWD%/*}/origin.git\"
        git push --quiet --set-upstream --tags origin main
        git remote set-head origin main",
    )?;
    Ok(())
}

/// Staged, changed, new, ignored and stashed files on a branch of its own.
fn make_work_in_progress(player: &Player, language: &Language) -> Result<()> {
    let [(changed, other_text), (_, changed_text), (new, new_text)] = language.feature;
    player.write(MAIN, changed, other_text)?;
    player.run(MAIN, "git stash push --quiet --message 'another greeting'")?;
    player.run(MAIN, "git switch --quiet --create feature/avatars")?;
    player.write(MAIN, new, new_text)?;
    player.run(MAIN, "git add --all")?;
    player.write(MAIN, changed, changed_text)?;
    player.write(MAIN, "notes.txt", "ask Grace about the size of avatars\n")?;
    player.write(MAIN, ".env", "AUTH_PORT=8080\n")
}

/// Commands that a repository brings need approval. Here they are our own, and only this demo sees the approval.
fn trust(player: &mut Player, language: &Language) -> Result<()> {
    if !language.files.iter().any(|(path, _)| *path == "hotfix.toml") {
        return Ok(());
    }
    let output: TrustOutput = player.ask(MAIN, "git hotfix trust --show --json")?;
    player.set("HOTFIX_TRUST", &output.digest);
    Ok(())
}

fn language(player: &Player) -> Result<Language> {
    let found = player.run(MAIN, include_str!("probe.sh"))?;
    let found = String::from_utf8_lossy(&found).into_owned();
    let has = |tool: &str| found.lines().any(|line| line == tool);
    Ok(if has("python3") { python(&has) } else { shell() })
}

fn python(has: &dyn Fn(&str) -> bool) -> Language {
    let mut files = vec![
        ("src/__init__.py", ""),
        ("src/auth.py", include_str!("python/auth.py")),
        ("src/profile.py", include_str!("python/profile.py")),
        ("tests/__init__.py", ""),
        ("tests/test_auth.py", include_str!("python/test_auth.py")),
        ("tests/test_profile.py", include_str!("python/test_profile.py")),
    ];
    if has("pytest") {
        files.push(("pytest.ini", "[pytest]\ntestpaths = tests\npythonpath = .\n"));
    }
    match (has("flake8"), has("ruff")) {
        (true, _) => files.push((".flake8", "[flake8]\nmax-line-length = 79\n")),
        (false, true) => files.push(("ruff.toml", "line-length = 79\n[lint]\nselect = [\"E\", \"F\"]\n")),
        (false, false) => files.extend([("hotfix.toml", OWN_LINTER), LINTER]),
    }
    Language {
        name: "python",
        files,
        fix: [
            ("tests/test_auth.py", include_str!("python/test_auth_new.py")),
            ("src/auth.py", include_str!("python/auth_fixed.py")),
        ],
        feature: [
            ("src/profile.py", "\"\"\"Another greeting.\"\"\"\n"),
            ("src/profile.py", "\"\"\"What a signed-in user sees: a greeting and an avatar.\"\"\"\n"),
            ("src/avatar.py", "\"\"\"Pictures of users.\"\"\"\n\nSIZE = 64\n"),
        ],
    }
}

fn shell() -> Language {
    Language {
        name: "shell",
        files: vec![
            ("src/auth.sh", include_str!("shell/auth.sh")),
            ("src/profile.sh", include_str!("shell/profile.sh")),
            ("tests/test_auth.sh", include_str!("shell/test_auth.sh")),
            ("hotfix.toml", OWN_TESTS_AND_LINTER),
            LINTER,
        ],
        fix: [
            ("tests/test_auth.sh", include_str!("shell/test_auth_new.sh")),
            ("src/auth.sh", include_str!("shell/auth_fixed.sh")),
        ],
        feature: [
            ("src/profile.sh", "# Another greeting.\n"),
            ("src/profile.sh", "# What a signed-in user sees: a greeting and an avatar.\n"),
            ("src/avatar.sh", "# Pictures of users.\nsize=64\n"),
        ],
    }
}

const LINTER: File = ("tools/long_lines.sh", include_str!("long_lines.sh"));
const OWN_LINTER: &str = "[check]\ncommands = [\"sh tools/long_lines.sh\"]\n";
const OWN_TESTS_AND_LINTER: &str = "\
[test]
command = \"sh tests/test_auth.sh\"

[check]
commands = [\"sh tools/long_lines.sh\"]
";
