//! Whether the linters that a repository asks for are there.

use std::path::PathBuf;

use hotfix_model::config::CheckConfig;

use super::linter::{Linter, Wanted};
use super::{Place, detect, manager, program};
use crate::ctx::Ctx;

/// A linter that the repository is configured for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// The command that installs it; `None` if it is there.
    pub missing: Option<String>,
}

/// Reads a file of the repository.
type ReadFile<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// The linters a repository is configured for, its own commands first, and whether each is there.
pub fn linters_installed(
    ctx: &Ctx,
    place: &Place<'_>,
    (tracked, read): (&[PathBuf], ReadFile<'_>),
    config: &CheckConfig,
) -> Vec<Installed> {
    let customs = detect::customs(config);
    let folders = detect::folders(tracked, read, |_| true);
    let own = customs.iter().map(|custom| Installed { name: custom.name().to_owned(), missing: None });
    let found = detect::families(&customs).filter_map(|linter| {
        let mut wanting = folders.iter().filter(|folder| linter.wanted_by(folder) == Wanted::ByConfiguration);
        let folder = wanting.next()?;
        let missing = program::find(ctx, place, &folder.dir, linter.program())
            .is_none()
            .then(|| program::how_to_install(ctx, place, &folder.dir, linter.package()));
        Some(Installed { name: linter.name().to_owned(), missing })
    });
    let manager = manager::configured(read, tracked);
    let manager =
        manager.map(|one| Installed { name: one.name.to_owned(), missing: one.missing(ctx, place) });
    let is_replaced = manager.as_ref().is_some_and(|manager| manager.missing.is_none());
    own.chain(manager).chain(found.filter(|_| !is_replaced)).collect()
}
