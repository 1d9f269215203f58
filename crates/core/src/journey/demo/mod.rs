//! demo: makes a temporary project with work in progress, plays the whole flow on it with the real program, and shows
//! that the work in progress is what it was. Every command is a line of shell that runs exactly as it is shown.

mod player;
mod project;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use hotfix_model::ExitCode;
use hotfix_model::output::{DemoComparison, DemoOutput, ListOutput, StatusOutput};
use tempfile::TempDir;

use crate::ctx::Ctx;
use crate::error::{Explain, FileError, Result};
use player::Player;
use project::{Language, MAIN, SLOT};
use world::World;

/// The same by hand, one member a command.
const BY_HAND: &[&str] = &[
    "git fetch",
    "git worktree add",
    "run the new test without the fix",
    "run the tests",
    "run the linter",
    "git commit",
    "git push",
    "git request-pull",
    "git worktree remove",
];

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Leave everything on disk.
    pub keep: bool,
    /// Show the output of what is played.
    pub show: bool,
    /// Pause before each command, so that people can follow.
    pub pace: Duration,
}

/// What can go wrong in a demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A command that was played failed.
    #[error("`{command}` ended with exit code {code}")]
    Failed {
        /// The line.
        command: String,
        /// Its exit code.
        code: i32,
        /// What it said, if it was not shown.
        said: String,
    },
    /// The program answered something that cannot be read.
    #[error("`{command}` printed something that is not its JSON")]
    Unreadable {
        /// The line.
        command: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The program did its work and yet something is not there.
    #[error("the demo made no {what}")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// The work in progress is not what it was.
    #[error("the work in progress was touched: {what}")]
    Touched {
        /// What differs.
        what: String,
    },
}

/// Plays the demo.
pub fn apply(ctx: &Ctx, request: &Request) -> Result<DemoOutput> {
    let began = ctx.clock.elapsed();
    let folder = make_folder()?;
    // On macOS the temporary folder is reached by a symbolic link, which Git resolves in what it prints.
    let root = folder.path().canonicalize().map_err(FileError::of("find", folder.path()))?;
    let mut player = Player::new(ctx, &root, request)?;
    ctx.remark("A small project with a bug in production is being made for you.");
    let language = project::make(&mut player)?;
    let mut output = play(&mut player, &language)?;
    output.kept = put_away(ctx, folder, request.keep).map(|path| path.to_string_lossy().into_owned());
    output.next = next(output.kept.as_deref().map(Path::new), &output.id);
    output.elapsed_ms = ctx.milliseconds_since(began);
    Ok(output)
}

fn make_folder() -> Result<TempDir, FileError> {
    let made = tempfile::Builder::new().prefix("hotfix-demo-").tempdir();
    made.map_err(FileError::of("create", "a temporary folder"))
}

/// Removes everything, also when it is dropped because of an error, unless it is to be kept.
fn put_away(ctx: &Ctx, folder: TempDir, keep: bool) -> Option<PathBuf> {
    if keep {
        return Some(folder.keep());
    }
    let path = folder.path().to_owned();
    if folder.close().is_err() {
        ctx.warn(format!("{} could not be removed whole", path.display()));
    }
    None
}

fn play(player: &mut Player, language: &Language) -> Result<DemoOutput> {
    player.remark("You are in the middle of a feature: staged, changed, new and stashed files.");
    player.play(MAIN, "git status --short --branch && git stash list")?;
    // Looking refreshes the index; so the first look is taken after it.
    let before = World::of(player)?;

    player.remark("The alert comes in.");
    player.play(MAIN, "git hotfix start \"Production down! Auth failing\"")?;
    player.remark("In the new worktree you write a test that shows the bug, and the fix.");
    language.edit(player)?;
    player.play(SLOT, "git diff --unified=0")?;
    player.remark("One command proves, checks, tests, commits, pushes and cleans up.");
    player.play(SLOT, "git hotfix ship \"auth token validation\"")?;

    let id = only_hotfix(player)?;
    let status: StatusOutput = player.ask(MAIN, &format!("git hotfix status --json --id {id}"))?;
    let merge_request = status.merge_request.ok_or(DemoError::Missing { what: "merge request" })?;
    tell_merge_request(player, &merge_request.description);
    player.remark("The record: what happened, pushed with the branch.");
    player.play(MAIN, &format!("git hotfix log {id}"))?;
    player.remark("What is still owed, now that production works.");
    player.play(MAIN, "git hotfix owed")?;

    player.remark("The proof that nothing you were in the middle of has changed.");
    let compared = compare(&before, &World::of(player)?)?;
    Ok(DemoOutput {
        id,
        language: language.name().to_owned(),
        steps: player.steps(),
        merge_request,
        by_hand: BY_HAND.iter().map(|&line| line.to_owned()).collect(),
        untouched: true,
        compared,
        elapsed_ms: 0,
        kept: None,
        next: Vec::new(),
    })
}

fn only_hotfix(player: &Player) -> Result<String> {
    let hotfixes: Vec<ListOutput> = player.ask(MAIN, "git hotfix list --all --json")?;
    let first = hotfixes.into_iter().next().ok_or(DemoError::Missing { what: "hotfix" })?;
    Ok(first.id)
}

fn tell_merge_request(player: &Player, description: &str) {
    player.remark("The text of the merge request, ready to be sent:");
    for line in description.lines() {
        player.ctx().quote(line);
    }
}

fn compare(before: &World, after: &World) -> Result<Vec<DemoComparison>> {
    let compared = before.compared_with(after);
    let different: Vec<&str> =
        compared.iter().filter(|part| part.before != part.after).map(|part| part.what.as_str()).collect();
    match different.is_empty() {
        true => Ok(compared),
        false => Err(DemoError::Touched { what: different.join(", ") }.into()),
    }
}

fn next(kept: Option<&Path>, id: &str) -> Vec<String> {
    let Some(folder) = kept else {
        return vec!["git hotfix start \"ALERT\", in a repository of yours".to_owned()];
    };
    vec![
        format!("cd {}", folder.join(MAIN).display()),
        format!("git hotfix status --id {id}"),
        format!("git show hotfix/{id}"),
        "git hotfix start \"ANOTHER ALERT\"".to_owned(),
        format!("rm -r {}", folder.display()),
    ]
}

impl Explain for DemoError {
    fn why(&self) -> String {
        match self {
            Self::Failed { said, .. } if said.is_empty() => "its own words are above".to_owned(),
            Self::Failed { said, .. } => said.clone(),
            Self::Unreadable { source, .. } => source.to_string(),
            Self::Missing { .. } | Self::Touched { .. } => {
                "this must never happen; it is a defect of git hotfix".to_owned()
            }
        }
    }

    fn next(&self) -> String {
        "git hotfix demo --keep, to look at what it leaves".to_owned()
    }

    fn exit(&self) -> ExitCode {
        match self {
            Self::Failed { code, .. } => {
                u8::try_from(*code).ok().filter(|code| *code != 0).map_or(ExitCode::GATE, ExitCode::from_code)
            }
            Self::Unreadable { .. } | Self::Missing { .. } | Self::Touched { .. } => ExitCode::GATE,
        }
    }
}
