//! postmortem: what happened, filled in from the record, and the questions that only people can answer. A Markdown file
//! for the repository, and a page with the timeline drawn.
//!
//! What a person has edited is never overwritten. The record keeps the digest of the Markdown file as it was written;
//! the page carries its own.

mod answers;
mod error;
mod happenings;
mod place;
mod text;
mod view;

use std::path::PathBuf;

use hotfix_model::output::{PostmortemDoneOutput, PostmortemOutput, PostmortemState};
use hotfix_model::record::Postmortem;
use hotfix_model::{Digest, Fact, OwedKind, Stage};

use crate::error::Result;
use crate::event::Tone;
use crate::flow::submit;
use crate::message::quoted;
use crate::page;
use crate::session::{Hotfix, Project, REMOTE_RECORDS};

pub use answers::{PARTS, Part, missing};
pub use error::PostmortemError;
use place::Place;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where the Markdown file is to be, as seen from the current folder; else as configured.
    pub path: Option<PathBuf>,
    /// Where the page is to be; else beside the Markdown file.
    pub html: Option<PathBuf>,
}

/// Writes the post-mortem. Run again it brings up to date what nobody has edited, and says where it is.
pub fn apply(project: &Project, id: &str, request: &Request) -> Result<PostmortemOutput> {
    let mut hotfix = open(project, id)?;
    if matches!(hotfix.record().stage, Stage::Started | Stage::Committed) {
        return Err(PostmortemError::NotShipped { id: id.to_owned() }.into());
    }
    let place = place(project, &hotfix, request.path.as_ref())?;
    let files = view::files(project, hotfix.record());
    let fresh = text::of(&hotfix.stored, &files);
    let state = write_text(project, &mut hotfix, &place, &fresh)?;
    let written = place.read()?.unwrap_or_default();
    let html = match &request.html {
        Some(path) => Place::chosen(project, path),
        None => place.beside("html"),
    };
    let answered = page::sections(&String::from_utf8_lossy(&written));
    let page = page::render("postmortem.html", &view::of(project, &hotfix.stored, files, &answered))?;
    html.write_page(&page)?;
    let (path, html) = (place.shown(), html.shown());
    let said = match state {
        PostmortemState::Written => format!("wrote {path}"),
        PostmortemState::Renewed => format!("brought {path} up to date; nobody had edited it"),
        PostmortemState::Kept => kept(hotfix.record().postmortem.as_ref(), &path),
    };
    project.ctx().say(Tone::Good, said);
    Ok(PostmortemOutput {
        next: vec![format!("git add {}", quoted(&path)), format!("git hotfix postmortem done {id}")],
        id: id.to_owned(),
        state,
        path,
        html,
        missing: missing(&answered),
    })
}

fn kept(postmortem: Option<&Postmortem>, path: &str) -> String {
    let since =
        postmortem.map(|first| format!(", begun by {} on {}", first.by.name, first.at.strftime("%Y-%m-%d")));
    format!("the post-mortem is {path}{}; it stays as it is", since.unwrap_or_default())
}

/// Settles the debt, if the required parts are filled.
pub fn done(project: &Project, id: &str, path: Option<&PathBuf>) -> Result<PostmortemDoneOutput> {
    let mut hotfix = open(project, id)?;
    let known = hotfix.record().postmortem.clone();
    let place = match (path, &known) {
        (Some(path), _) => Place::chosen(project, path),
        (None, Some(known)) => Place::recorded(project, &known.path)?,
        (None, None) => return Err(PostmortemError::NotWritten { id: id.to_owned() }.into()),
    };
    let Some(text) = place.read()? else { return Err(elsewhere(id, known, &place).into()) };
    let missing = missing(&page::sections(&String::from_utf8_lossy(&text)));
    let settled = missing.is_empty();
    if settled {
        settle(project, &mut hotfix)?;
    }
    let path = place.shown();
    let next = match settled {
        true => vec!["git hotfix owed".to_owned()],
        false => {
            vec![format!("\"${{EDITOR:-vi}}\" {}", quoted(&path)), format!("git hotfix postmortem done {id}")]
        }
    };
    Ok(PostmortemDoneOutput { id: id.to_owned(), settled, path, missing, next })
}

/// A hotfix of this clone, or of a colleague whose record was fetched.
fn open(project: &Project, id: &str) -> Result<Hotfix> {
    let store = project.store();
    if !store.refs()?.iter().any(|(known, _)| known == id) {
        let theirs = store.refs_below(REMOTE_RECORDS)?;
        if let Some((_, tree)) = theirs.iter().find(|(known, _)| known == id) {
            store.adopt(id, tree)?;
        }
    }
    project.hotfix(id)
}

/// Where it is, or is to be.
fn place(project: &Project, hotfix: &Hotfix, asked: Option<&PathBuf>) -> Result<Place> {
    let first = match &hotfix.record().postmortem {
        Some(known) => Some((known.clone(), Place::recorded(project, &known.path)?)),
        None => None,
    };
    match (asked.map(|path| Place::chosen(project, path)), first) {
        (Some(asked), Some((_, first))) if asked != first && first.read()?.is_some() => {
            Err(PostmortemError::Second { id: hotfix.id().to_owned(), first: first.shown() }.into())
        }
        (Some(asked), _) => Ok(asked),
        (None, Some((known, first))) => match first.read()? {
            Some(_) => Ok(first),
            None => Err(elsewhere(hotfix.id(), Some(known), &first).into()),
        },
        (None, None) => Place::configured(project, hotfix),
    }
}

fn elsewhere(id: &str, known: Option<Postmortem>, place: &Place) -> PostmortemError {
    let written =
        known.map(|known| format!("{} wrote it on {}", known.by.name, known.at.strftime("%Y-%m-%d")));
    PostmortemError::Elsewhere {
        id: id.to_owned(),
        path: place.shown(),
        why: written.unwrap_or_else(|| "there is no such file".to_owned()),
    }
}

/// Writes the Markdown file if there is none, or if it is as it was written before.
fn write_text(project: &Project, hotfix: &mut Hotfix, place: &Place, fresh: &str) -> Result<PostmortemState> {
    let known = hotfix.record().postmortem.clone();
    let digest = page::digest(fresh.as_bytes());
    let path = place.stored();
    let state = match place.read()? {
        None => {
            place.create(fresh.as_bytes())?;
            PostmortemState::Written
        }
        Some(found) if known.as_ref().is_some_and(|known| known.written.0 == page::digest(&found)) => {
            place.replace(fresh.as_bytes())?;
            PostmortemState::Renewed
        }
        Some(_) => PostmortemState::Kept,
    };
    let is_known = known.is_some_and(|known| known.path == path && known.written.0 == digest);
    let told = is_known || (state == PostmortemState::Kept && hotfix.record().postmortem.is_some());
    if !told {
        // Of a file that somebody else wrote this is not the digest, so that it is never taken for ours.
        record(project, hotfix, Fact::PostmortemWritten { path, written: Digest(digest) })?;
    }
    Ok(state)
}

fn settle(project: &Project, hotfix: &mut Hotfix) -> Result<()> {
    let owed = hotfix.record().outstanding().find(|owed| owed.kind == OwedKind::Postmortem).cloned();
    match owed {
        Some(owed) => record(project, hotfix, Fact::Settled { owed: owed.key, reason: None }),
        None => Ok(()),
    }
}

/// Writes into the record, and brings it to the team where the remote takes it.
fn record(project: &Project, hotfix: &mut Hotfix, fact: Fact) -> Result<()> {
    hotfix.append(project, vec![(fact, None)], &Vec::new())?;
    match &project.remote {
        Some(_) => submit::share_record(project, hotfix),
        None => Ok(()),
    }
}
