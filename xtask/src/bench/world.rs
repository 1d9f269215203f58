//! Generated repositories: so many files, and a history of commits that each touch twenty of them.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use hotfix_core::slot::Space;
use hotfix_testkit::{Binary, Repo, Sandbox, auth};

/// Commits after the first one.
pub const HISTORY: usize = 200;
/// Files that each of them touches.
const TOUCHED: usize = 20;
/// What a file takes: a block, and its share of folders, indexes and objects.
const BYTES: u64 = 5_000;
/// When the first one was made, in seconds since 1970: in February 2026.
const BEGAN: usize = 1_771_000_000;
/// How long background work on a slot is waited for.
const PATIENCE: Duration = Duration::from_mins(5);

/// A repository `code/repo` with a bare file remote, in a sandbox that is deleted at the very end: where files were
/// just deleted, ext4 is several times slower at creating some.
pub struct World {
    pub sandbox: Sandbox,
    pub repo: Repo,
    pub hotfix: Binary,
}

impl World {
    /// Makes a repository with the auth service and so many more files, and lets `program` be `git-hotfix` in it.
    pub fn generate(files: usize, program: &Path) -> Result<Self> {
        Self::in_sandbox(Sandbox::new(), files, program)
    }

    /// The same in this sandbox.
    pub fn in_sandbox(sandbox: Sandbox, files: usize, program: &Path) -> Result<Self> {
        // As people have it: what goes on in the background is not waited for.
        sandbox.env_remove("HOTFIX_FOREGROUND");
        spread(&sandbox.code());
        let remote = sandbox.repo_at(sandbox.code().join("origin.git"));
        std::fs::create_dir(remote.path())?;
        remote.git(["init", "--quiet", "--bare"]);
        import(&sandbox, remote.path(), files)?;
        let repo = sandbox.repo_at(sandbox.code().join("repo"));
        sandbox.repo_at(sandbox.code()).git(["clone", "--quiet", "origin.git", "repo"]);
        let hotfix = sandbox.binary(program, repo.path());
        Ok(Self { sandbox, repo, hotfix })
    }

    /// Makes a repository of one commit with these files, each a path and a content.
    pub fn of_files(sandbox: Sandbox, files: &[(String, String)], program: &Path) -> Self {
        sandbox.env_remove("HOTFIX_FOREGROUND");
        spread(&sandbox.code());
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(path, content)| (path.as_str(), content.as_bytes())).collect();
        let repo = sandbox.repo_with_remote(&files);
        let hotfix = sandbox.binary(program, repo.path());
        Self { sandbox, repo, hotfix }
    }

    /// A second clone, without files of its own.
    pub fn bare_clone(&self, name: &str) -> Repo {
        let code = self.sandbox.repo_at(self.sandbox.code());
        code.git(["clone", "--quiet", "--no-checkout", "origin.git", &format!("{name}/repo")]);
        self.sandbox.repo_at(self.sandbox.code().join(name).join("repo"))
    }

    /// Makes main, here and on the remote, the commit that is so many behind the newest.
    pub fn set_main(&self, behind: usize) {
        let commit = self.repo.commit_of(&format!("main~{behind}"));
        self.repo.bare().git(["update-ref", "refs/heads/main", &commit]);
        self.repo.git(["update-ref", "refs/remotes/origin/main", &commit]);
        self.repo.git(["update-ref", "-d", "refs/hotfix/base/main"]);
    }

    /// Has the one slot wait so many commits behind main.
    pub fn park(&self, behind: usize) -> Result<()> {
        self.set_main(behind);
        let slot = self.start(&self.repo, &["--no-fetch"])?;
        self.give_back(&slot)?;
        self.set_main(0);
        Ok(())
    }

    /// Starts a hotfix outside of any measurement. Gives the slot.
    pub fn start(&self, repo: &Repo, options: &[&str]) -> Result<PathBuf> {
        let words = ["start", "Production down!", "--json"].iter().chain(options);
        slot(&self.hotfix.at(repo.path()).must(words).stdout)
    }

    /// Gives a slot back and waits until it waits for the next hotfix.
    pub fn give_back(&self, slot: &Path) -> Result<()> {
        self.hotfix.at(slot).must(["cleanup", "--discard", "--json"]);
        wait_until_parked(&self.repo)
    }

    /// Runs a script by a shell; gives its wall time and what it printed.
    pub fn shell(&self, dir: &Path, script: &str) -> Result<(Duration, String)> {
        super::shell(&self.sandbox, dir, script)
    }

    /// Runs one program without a shell; gives its wall time and what it printed.
    pub fn time(&self, dir: &Path, words: &[&str]) -> Result<(Duration, String)> {
        let (program, args) = words.split_first().context("a program")?;
        let program = self.sandbox.environment(dir).find_program(program).context("on the PATH")?;
        let mut command = Command::new(program);
        command.args(args).current_dir(dir).env_clear().envs(self.sandbox.variables()).stdin(Stdio::null());
        let began = Instant::now();
        let output = command.output()?;
        let took = began.elapsed();
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok((took, String::from_utf8(output.stdout)?))
    }
}

/// The slot that `start --json` speaks of.
pub fn slot(printed: &str) -> Result<PathBuf> {
    let started: serde_json::Value = serde_json::from_str(printed)?;
    Ok(started["worktree"].as_str().context("start names the worktree")?.into())
}

/// Fails before anything is made where the disk cannot hold so many worktrees: nothing is deleted before the end.
pub fn check_room(files: usize, worktrees: usize) -> Result<()> {
    let needed = u64::try_from(files.saturating_mul(worktrees))?;
    let folder = std::env::temp_dir();
    let free = Space::at(&folder).map_err(|error| anyhow!("{error}"))?;
    let (wanted, here) = ((needed * BYTES) >> 30, free.bytes >> 30);
    ensure!(
        wanted < here && free.files.is_none_or(|most| needed < most),
        "{worktrees} worktrees of {files} files need {wanted} GiB in {}, {here} GiB are free; fewer --rounds or --quick \
         need less, TMPDIR names another folder",
        folder.display()
    );
    Ok(())
}

/// Lines of a shell script that start a hotfix and go into its slot.
pub fn enter_started(options: &str) -> String {
    format!(
        r#"started=$(git-hotfix start 'Production down!' {options} --json)
cd "$(printf %s "$started" | tr -d '\n' | sed 's/.*"worktree": *"\([^"]*\)".*/\1/')""#
    )
}

/// Waits until no slot is on its way and nobody works in one.
pub fn wait_until_parked(repo: &Repo) -> Result<()> {
    let began = Instant::now();
    while !are_parked(&repo.file(".git/hotfix/slots")) {
        ensure!(began.elapsed() < PATIENCE, "a slot is still not parked");
        std::thread::sleep(Duration::from_micros(500));
    }
    Ok(())
}

fn are_parked(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).all(|path| match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => std::fs::read_to_string(&path).is_ok_and(|text| text.contains(r#""kind": "parked""#)),
        Some("lock") => std::fs::File::open(&path).is_ok_and(|file| file.try_lock_shared().is_ok()),
        _ => true,
    })
}

/// Asks ext4 to spread what is made in a folder over the disk. Other file systems do not know the attribute.
fn spread(folder: &Path) {
    let _ = Command::new("chattr").arg("+T").arg(folder).stderr(Stdio::null()).status();
}

fn import(sandbox: &Sandbox, remote: &Path, files: usize) -> Result<()> {
    let mut command = Command::new("git");
    command.args(["fast-import", "--quiet", "--force"]).current_dir(remote);
    command.env_clear().envs(sandbox.variables()).stdin(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stream = BufWriter::new(child.stdin.take().context("a pipe")?);
    write_history(&mut stream, files)?;
    stream.flush()?;
    drop(stream);
    ensure!(child.wait()?.success(), "git fast-import failed");
    Ok(())
}

fn write_history(stream: &mut impl Write, files: usize) -> Result<()> {
    write_commit(stream, 0)?;
    for (path, content) in auth::files() {
        write_file(stream, path, content)?;
    }
    for number in 0..files {
        write_file(stream, &path(number), content(number, 0).as_bytes())?;
    }
    write!(stream, "reset refs/tags/v1.2.2\nfrom refs/heads/main\n\n")?;
    for commit in 1..=HISTORY {
        write_commit(stream, commit)?;
        // A stride without a common divisor spreads the files of one commit over many folders.
        for touched in 0..TOUCHED.min(files) {
            let number = (commit * TOUCHED + touched).wrapping_mul(7919) % files;
            write_file(stream, &path(number), content(number, commit).as_bytes())?;
        }
    }
    Ok(())
}

fn write_commit(stream: &mut impl Write, number: usize) -> Result<()> {
    let message = format!("feat: change {number}");
    let when = BEGAN + number * 60;
    write!(stream, "commit refs/heads/main\ncommitter Responder <responder@example.com> {when} +0000\n")?;
    Ok(write!(stream, "data {}\n{message}\n", message.len())?)
}

fn write_file(stream: &mut impl Write, path: &str, content: &[u8]) -> Result<()> {
    write!(stream, "M 644 inline {path}\ndata {}\n", content.len())?;
    stream.write_all(content)?;
    Ok(stream.write_all(b"\n")?)
}

fn path(number: usize) -> String {
    format!("src/generated/part_{:03}/group_{:02}/module_{number:06}.py", number / 2000, number / 100 % 20)
}

fn content(number: usize, commit: usize) -> String {
    let mut text = format!("\"\"\"Part {number} of the service, change {commit}.\"\"\"\n");
    for line in 0..20 {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "VALUE_{line} = \"what part {number} needs to know\"");
    }
    text
}
