//! Refs, reflogs and the configuration, read from their files. Bytes that are no text become `\u{fffd}`: two such
//! names that differ in these bytes alone do not occur in tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::entry::files_below;
use super::place::Place;

/// The value of every ref: packed ones first, loose ones over them, the worktree's own last.
pub fn refs(place: &Place) -> BTreeMap<String, String> {
    let mut refs = packed(&place.common);
    for folder in [&place.common, &place.own] {
        for path in files_below(&folder.join("refs")) {
            refs.insert(name("refs", &path), text(&folder.join("refs").join(&path)).trim_end().to_owned());
        }
    }
    refs
}

/// The lines of every reflog.
pub fn reflogs(place: &Place) -> BTreeMap<String, String> {
    let mut logs = BTreeMap::new();
    for folder in [&place.common, &place.own] {
        let top = folder.join("logs");
        for path in files_below(&top) {
            logs.insert(name("", &path), text(&top.join(&path)));
        }
    }
    logs
}

/// The configuration without the sections `[branch "hotfix/…"]`, which are documented as ours.
pub fn user_config(common: &Path) -> String {
    let config = text(&common.join("config"));
    let mut ours = false;
    let mut users = String::new();
    for line in config.lines() {
        if line.starts_with('[') {
            ours = line.starts_with("[branch \"hotfix/");
        }
        if !ours {
            users.push_str(line);
            users.push('\n');
        }
    }
    users
}

fn packed(common: &Path) -> BTreeMap<String, String> {
    let file = common.join("packed-refs");
    if !file.exists() {
        return BTreeMap::new();
    }
    let text = text(&file);
    let lines = text.lines().filter(|line| !line.starts_with(['#', '^']));
    let entry = |line: &str| line.split_once(' ').map(|(id, name)| (name.to_owned(), id.to_owned()));
    lines.filter_map(entry).collect()
}

fn name(top: &str, path: &Path) -> String {
    Path::new(top).join(path).to_string_lossy().into_owned()
}

fn text(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}
