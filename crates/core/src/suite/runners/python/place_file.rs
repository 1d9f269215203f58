//! What the helpers inside every Python of a run are told about the place, and what they tell of code from elsewhere.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::environment::{Site, sources};
use super::layout::Layout;
use super::trees;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exec::sanitize_line;
use crate::suite::folder::RunFolder;

/// Writes the file for `HOTFIX_PLACE`: one thing a line, its parts separated by tabs. Gives its path.
pub fn write(ctx: &Ctx, site: Site<'_>, layout: &Layout, folder: &RunFolder) -> Result<PathBuf> {
    let place = site.place;
    let mut lines = Lines(Vec::new());
    lines.add("root", &[place.root.as_os_str().as_bytes()]);
    for tree in trees::others(place.root, place.home) {
        lines.add("tree", &[tree.as_os_str().as_bytes()]);
    }
    for source in sources(site) {
        lines.add("source", &[source.as_os_str().as_bytes()]);
    }
    let of_user = ctx.env.get("PYTHONPATH").map(std::env::split_paths);
    for entry in of_user.into_iter().flatten().filter(|entry| entry.is_absolute()) {
        lines.add("user", &[entry.as_os_str().as_bytes()]);
    }
    for name in layout.distributions(place.root) {
        lines.add("project", &[name.as_bytes()]);
    }
    for (name, source) in layout.names() {
        lines.add("name", &[name.as_bytes(), source.as_os_str().as_bytes()]);
    }
    for file in carried(site, layout) {
        let home = place.home.join(&file);
        let home = home.canonicalize().unwrap_or(home);
        lines.add("carried", &[file.as_os_str().as_bytes(), home.as_os_str().as_bytes()]);
    }
    folder.write("place.txt", &lines.0)
}

/// Files that an install generated in the main worktree and that the place lacks. Only Python: what is compiled from
/// sources of another language may be older than the change.
fn carried(site: Site<'_>, layout: &Layout) -> BTreeSet<PathBuf> {
    let place = site.place;
    let is_python = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "py");
    let is_left = |file: &PathBuf| place.home.join(file).is_file() && !place.root.join(file).exists();
    let generated = layout.generated(place.root).into_iter();
    generated.filter(|file| place.root != place.home && is_python(file) && is_left(file)).collect()
}

/// Where every Python of a run tells of modules that it imported from elsewhere.
pub fn foreign_path(folder: &RunFolder) -> PathBuf {
    folder.file("foreign.txt")
}

/// A sentence about the first module that a run imported from elsewhere, with what to do; `None` if there is none.
pub fn foreign(site: Site<'_>, folder: &RunFolder) -> Option<String> {
    let text = fs::read(foreign_path(folder)).ok()?;
    let line = text.split(|byte| *byte == b'\n').find(|line| !line.is_empty())?;
    let mut fields = line.split(|byte| *byte == b'\t');
    let module = sanitize_line(&String::from_utf8_lossy(fields.next()?));
    let file = crate::git::path_of(fields.next()?);
    Some(sentence(site, &module, &file))
}

fn sentence(site: Site<'_>, module: &str, file: &Path) -> String {
    let place = site.place;
    let shown = sanitize_line(&file.to_string_lossy());
    let is_installed = file.iter().any(|part| part == "site-packages" || part == "dist-packages");
    let what_to_do = match file.strip_prefix(place.home) {
        _ if is_installed => {
            let top = module.split('.').next().unwrap_or(module);
            format!(
                "that is a copy which was installed once, and {top} could be one of several folders here: install it \
                 editable, or uninstall it from that environment"
            )
        }
        Ok(below) if !place.root.join(below).exists() => {
            let below = below.display();
            format!(
                "the slot has no such file: git add it, or, if Git ignores it, carry it: [slot] copy = [\"{below}\"] in hotfix.toml"
            )
        }
        _ => "install the project in the slot: [slot] setup in hotfix.toml".to_owned(),
    };
    format!(
        "the tests imported {module} from {shown}, which is not the code that was to be tested; {what_to_do}"
    )
}

/// Lines of the file. What holds a tab or a line break cannot be told of, and is imported as without us.
struct Lines(Vec<u8>);

impl Lines {
    fn add(&mut self, kind: &str, values: &[&[u8]]) {
        if values.iter().any(|value| value.iter().any(|byte| matches!(byte, b'\t' | b'\n'))) {
            return;
        }
        self.0.extend(kind.as_bytes());
        for value in values {
            self.0.push(b'\t');
            self.0.extend(*value);
        }
        self.0.push(b'\n');
    }
}
