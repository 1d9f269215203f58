//! ready: what would go wrong tonight, told before there is an alert. One table, each line as it should be, worth a
//! look, or missing, with the command that repairs it.
//!
//! Every line is a look of its own, a function in a list. All look at the same time, each under a deadline, and one that
//! hangs is a warning: it never holds up the table.

mod delivery;
mod fix;
mod forge;
mod machine;
mod room;
mod scene;
pub mod schedule;
mod table;
mod tests;
mod tools;

use hotfix_model::output::{Readiness, ReadyOutput};

use crate::ctx::Ctx;
use crate::error::Result;
use crate::session::Project;

use scene::Scene;
use table::Look;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whether to repair what is ours.
    pub fix: bool,
    /// Whether to run the critical tests on main.
    pub with_tests: bool,
    /// Settings of the command line.
    pub overrides: Vec<(String, String)>,
}

/// The lines of the table, in its order. What a forge or a language needs is a line here and a function.
const LOOKS: &[Look] = &[
    Look { name: "git", look: machine::git },
    Look { name: "identity", look: machine::identity },
    Look { name: "signing", look: machine::signing },
    Look { name: "remote", look: delivery::remote },
    Look { name: "push", look: delivery::push },
    Look { name: "options", look: delivery::options },
    Look { name: "target", look: delivery::target },
    Look { name: "forge", look: forge::forge },
    Look { name: "settings", look: tools::settings },
    Look { name: "trust", look: tools::trust },
    Look { name: tests::NAME, look: tools::tests },
    Look { name: "linters", look: tools::linters },
    Look { name: "slot", look: room::slot },
    Look { name: "disk", look: room::disk },
    Look { name: "repairs", look: room::repairs },
    Look { name: "owed", look: room::owed },
];

/// Looks at everything, after repairing what is ours if that was asked for.
pub fn apply(ctx: &Ctx, request: &Request) -> Result<ReadyOutput> {
    let began = ctx.clock.elapsed();
    let project = Project::open(ctx, request.overrides.clone())?;
    let fixed = if request.fix { fix::apply(&project)? } else { Vec::new() };
    let fill = || table::fill(ctx, Scene::open(ctx, request.overrides.clone())?, LOOKS);
    let before = project.remembered_default()?;
    let mut lines = fill()?;
    if project.remembered_default()? != before {
        // The remote has another default branch than the lines speak of.
        lines = fill()?;
    }
    if request.with_tests {
        let tested = tests::run(&project)?;
        for line in lines.iter_mut().filter(|line| line.name == tests::NAME) {
            *line = tested.clone();
        }
    }
    let ready = lines.iter().all(|line| line.state != Readiness::Missing);
    Ok(ReadyOutput { ready, lines, fixed, elapsed_ms: ctx.milliseconds_since(began) })
}
