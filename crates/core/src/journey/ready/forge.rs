//! What the forge needs: which one it is, the token for it, and whether a hotfix can land there.

use super::scene::Scene;
use super::table::Found;
use crate::error::Result;
use crate::forge::detect::{Configured, Kind};
use crate::forge::token::own_name;
use crate::forge::{Asking, Connection, adapter, connection};

/// Which forge, with whose token, and what it says of the target. Nothing is made there.
pub fn forge(scene: &Scene) -> Result<Found> {
    let Some(remote) = &scene.project.remote else {
        return Ok(Found::fine("none: there is no remote"));
    };
    let (loaded, target) = match scene.base() {
        Ok(base) => (base.loaded.clone(), base.target.0.clone()),
        Err(_) => (scene.project.config_at(None)?, String::new()),
    };
    let config = &loaded.config.submit;
    let configured = Configured { forge: &config.forge, api: &config.api };
    let repository = &scene.project.repository;
    let Some(connection) = connection(repository, remote, configured, Asking::Server)? else {
        return Ok(Found::fine("none: a plain Git remote, which gets branch and text"));
    };
    let place =
        format!("{} at {} ({})", connection.site.kind, connection.site.pages.shown(), connection.site.how);
    let Some(token) = &connection.token else {
        return Ok(Found::warning(
            format!("{place}; no token was found, so the merge request is opened by hand"),
            how_to_get(&connection),
        ));
    };
    let token = format!("token from {}", token.source());
    let outlook = adapter(repository, remote, configured, Asking::Nobody)?.prepare(&target, &[])?;
    if let Some(obstacle) = outlook.obstacles.first() {
        return Ok(Found::missing(format!("{place}; {token}; {obstacle}"), how_to_get(&connection)));
    }
    let told = [vec![place, token], outlook.remarks].concat();
    Ok(Found::fine(told.join("; ")))
}

/// The forge's own program where it has one; our variable for the rest.
fn how_to_get(connection: &Connection) -> String {
    let host = connection.site.pages.shown();
    match connection.site.kind {
        Kind::GitHub => format!("gh auth login --hostname {host}"),
        Kind::GitLab => format!("glab auth login --hostname {host}"),
        Kind::Gitea | Kind::Forgejo => "tea login add".to_owned(),
        _ => format!("export {}=TOKEN", own_name(&connection.site.pages.host)),
    }
}
