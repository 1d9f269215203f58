//! Installs the tools that tests drive into the user's cache: once per machine, not once per clone.

mod browser;
mod debian;
mod gerrit;
mod gitea;
mod go;
mod gradle;
mod java;
mod new_git;
mod node;
mod python;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use hotfix_testkit::tools::{self, Family};

/// Tools of one language that tests drive.
pub struct Kit {
    /// Its name, its folder, and the mark of the tests that need it.
    pub family: &'static Family,
    /// What is installed, for people.
    what: &'static str,
    /// Pinned versions. A change makes the next run install anew.
    pins: &'static str,
    /// Whether what was installed still works.
    works: fn(&Path) -> bool,
    /// Installs into its own folder, which is empty.
    build: fn(&Path) -> Result<()>,
}

/// What every run of the tests needs.
const KITS: &[&Kit] = &[
    &python::KIT,
    &python::PLUGINS_KIT,
    &python::LINTERS_KIT,
    &python::HOOKS_KIT,
    &python::CMAKE_KIT,
    &python::NEXTEST_KIT,
    &node::KIT,
    &go::KIT,
    &java::KIT,
    &gradle::KIT,
    &browser::KIT,
    &new_git::KIT,
];
/// Servers: large, slow to install, and needed only by the tests of the forges.
const FORGE_KITS: &[&Kit] = &[&gitea::KIT, &gerrit::KIT];

/// Which tools are wanted.
pub struct Wanted<'a> {
    /// Whether what is missing is installed.
    pub install: bool,
    /// Whether the tests of the forges run.
    pub forges: bool,
    /// Names of kits to do without.
    pub without: &'a [String],
}

/// Whether the tests can have the tools of a kit.
pub enum State {
    /// Installed in this folder of tools.
    Ready(PathBuf),
    /// Not on this machine, for this reason.
    Without(String),
}

/// A kit, and whether tests can have it.
pub struct Answer {
    /// The kit's name, folder and mark.
    pub family: &'static Family,
    /// Whether it is there.
    pub state: State,
}

impl Answer {
    /// Why it is not there.
    pub fn missing(&self) -> Option<&str> {
        match &self.state {
            State::Ready(_) => None,
            State::Without(reason) => Some(reason),
        }
    }

    /// Whether a complete run needs it. A newer Git than the machine's is a wish that a variable expresses.
    pub fn is_required(&self) -> bool {
        self.family.name != tools::NEW_GIT.name || std::env::var_os(tools::NEW_GIT_VARIABLE).is_some()
    }
}

/// Finds all tools, or installs them. Each kit waits for its own downloads, so all are installed at the same time.
pub fn all(wanted: &Wanted<'_>) -> Result<Vec<Answer>> {
    let forges = FORGE_KITS.iter().map(|kit| (*kit, wanted.forges));
    let kits: Vec<(&'static Kit, bool)> = KITS.iter().map(|kit| (*kit, true)).chain(forges).collect();
    thread::scope(|scope| {
        let threads: Vec<_> =
            kits.into_iter().map(|(kit, asked)| scope.spawn(move || kit.answer(wanted, asked))).collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|result| result.unwrap_or_else(|_| bail!("a thread that installs tools panicked")))
            .collect()
    })
}

/// The Python tools.
pub fn python(install: bool) -> Result<State> {
    python::KIT.find(install)
}

impl Kit {
    fn answer(&'static self, wanted: &Wanted<'_>, asked: bool) -> Result<Answer> {
        let unwanted = wanted.without.iter().any(|name| name == self.family.name);
        let without = |reason: &str| Ok(State::Without(reason.to_owned()));
        let state = match (unwanted, asked) {
            (true, _) => without("you asked for it"),
            (false, false) => without("they run with --forges"),
            (false, true) => self.find(wanted.install),
        };
        Ok(Answer { family: self.family, state: state? })
    }

    fn find(&self, install: bool) -> Result<State> {
        let dir = tools::dir().context("neither HOTFIX_TOOLS nor HOME says where tools go")?;
        fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
        // Two runs at once: the second waits here, then finds everything done.
        let lock = File::create(dir.join(format!("{}.lock", self.family.name)))?;
        lock.lock()?;
        let home = dir.join(self.family.name);
        if self.is_complete(&home) {
            return Ok(State::Ready(dir));
        }
        if !install {
            return Ok(State::Without("they are not installed".to_owned()));
        }
        println!("   installing {} into {}", self.what, home.display());
        let began = Instant::now();
        Ok(match self.install(&home) {
            Ok(()) => {
                println!("   installed {} in {:.0} s", self.what, began.elapsed().as_secs_f64());
                State::Ready(dir)
            }
            Err(error) => State::Without(format!("{error:#}")),
        })
    }

    /// Whether everything of today's pins is there and what it was made from still is.
    fn is_complete(&self, home: &Path) -> bool {
        let stamp = fs::read_to_string(home.join(tools::COMPLETE));
        stamp.is_ok_and(|stamp| stamp == self.pins) && (self.works)(home)
    }

    /// The stamp, written last, makes it valid.
    fn install(&self, home: &Path) -> Result<()> {
        if home.exists() {
            fs::remove_dir_all(home)?;
        }
        fs::create_dir(home)?;
        (self.build)(home)?;
        fs::write(home.join(tools::COMPLETE), self.pins)?;
        Ok(())
    }
}

fn say(program: &str, args: &[&str], needs: &str) -> Result<()> {
    let mut command = Command::new(program);
    checked(command.args(args), needs)
}

/// Runs a child; its last line is the reason if it fails.
fn checked(command: &mut Command, needs: &str) -> Result<()> {
    let output = command.output().with_context(|| format!("{needs} is missing"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().lines().last().unwrap_or_default().to_owned();
    Err(anyhow::anyhow!("{}", said.trim()).context(format!("{needs} failed or is missing")))
}
