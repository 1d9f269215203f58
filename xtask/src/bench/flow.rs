//! The whole flow: `start`, the same edit, `ship`, against the steps typed as one shell script.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use hotfix_testkit::{Repo, Sandbox, auth};

use super::pairs::{Sample, interleave, table};
use super::times::{ROWS, Times};
use super::{program, quoted, repository, shell};
use crate::tools::{self, Python};

/// The size of the comparison.
#[derive(Args)]
pub struct FlowArgs {
    /// Files of the repository besides the auth service.
    #[arg(long, default_value_t = 200)]
    files: usize,
    /// Pairs that are compared, after a first one that is shown apart.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Neither side fetches.
    #[arg(long)]
    no_fetch: bool,
    /// Run only the shell script.
    #[arg(long)]
    by_hand_only: bool,
    /// Measure this program instead of building one; for comparing versions.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// One side: a clone with its own remote, that all rounds share.
struct Place {
    sandbox: Sandbox,
    repo: Repo,
    times: Times,
    edit: String,
}

impl Place {
    fn make(files: usize) -> Result<Self> {
        let sandbox = Sandbox::with_python();
        let repo = repository(&sandbox, files);
        let times = Times::install(&sandbox)?;
        let (source, tests) = (sandbox.root().join("auth.py"), sandbox.root().join("test_auth.py"));
        fs::write(&source, auth::FIXED_SOURCE)?;
        fs::write(&tests, auth::TESTS_WITH_NEW)?;
        let edit = format!("cp {} src/auth.py\ncp {} tests/test_auth.py", quoted(&source), quoted(&tests));
        Ok(Self { sandbox, repo, times, edit })
    }

    fn measure(&self, script: &str) -> Result<Sample> {
        self.times.clear()?;
        let (wall, _) = shell(&self.sandbox, self.repo.path(), script)?;
        self.times.rows(wall)
    }
}

/// Measures and prints.
pub fn run(args: &FlowArgs) -> Result<()> {
    if let Python::Without(reason) = tools::python(true)? {
        bail!("the flow is measured with pytest and flake8: {reason}");
    }
    let hand = Place::make(args.files)?;
    let mut by_hand = |round| hand.measure(&steps(&hand, round, args.no_fetch));
    let samples = if args.by_hand_only {
        interleave(args.pairs, &mut by_hand, &mut |_| Ok(Vec::new()))?
    } else {
        let tool = Place::make(args.files)?;
        tool.sandbox.binary(program(args.program.as_deref())?, tool.repo.path());
        interleave(args.pairs, &mut by_hand, &mut |round| {
            tool.measure(&commands(&tool, round, args.no_fetch))
        })?
    };
    let samples = with_removal(&hand, samples)?;
    let fetch = if args.no_fetch { "without fetch" } else { "with fetch" };
    println!("start … ship, {} files, {} pairs, {fetch}\n{}", args.files, args.pairs, table(ROWS, &samples));
    Ok(())
}

fn steps(place: &Place, round: usize, no_fetch: bool) -> String {
    let fetch = if no_fetch { "" } else { "git fetch --quiet origin" };
    format!(
        "{fetch}
git worktree add --quiet -b hotfix/hand-{round} ../hand-{round} origin/main
cd ../hand-{round}
{edit}
flake8 src/auth.py
pytest --quiet tests/test_auth.py
git add src/auth.py tests/test_auth.py
git commit --quiet --message 'fix: auth token validation'
git push --quiet --set-upstream origin hotfix/hand-{round}",
        edit = place.edit
    )
}

fn commands(place: &Place, round: usize, no_fetch: bool) -> String {
    let fetch = if no_fetch { "--no-fetch" } else { "" };
    format!(
        r#"started=$(git-hotfix start 'Production down! Auth failing' --name bench-{round} {fetch} --json)
cd "$(printf %s "$started" | tr -d '\n' | sed 's/.*"worktree": *"\([^"]*\)".*/\1/')"
{edit}
git-hotfix ship 'auth token validation' --json"#,
        edit = place.edit
    )
}

/// The script's last step is measured after all rounds, so that no round has to create files where others were just
/// deleted; its time is added to the round it belongs to.
fn with_removal(hand: &Place, mut samples: Vec<(Sample, Sample)>) -> Result<Vec<(Sample, Sample)>> {
    for (round, (by_hand, _)) in samples.iter_mut().enumerate() {
        let script = format!("git worktree remove --force ../hand-{round}");
        let (took, _) = shell(&hand.sandbox, hand.repo.path(), &script)?;
        for row in by_hand {
            *row += took;
        }
    }
    Ok(samples)
}
