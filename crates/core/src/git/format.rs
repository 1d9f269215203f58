//! The format of a repository, by its own configuration file: whether refs and objects lie where everybody expects them.

use std::path::Path;

use gix_config::{File, Source};

/// Extensions of the format that change nothing about refs and objects; Git honours them in any version.
const HARMLESS: &[&str] = &["partialclone", "preciousobjects", "worktreeconfig"];
/// Tells how objects are named. Only in version 1.
const OBJECT_FORMAT: &str = "objectformat";

/// A configuration file of a repository, without what it includes: Git reads the format from this file alone.
#[derive(Debug)]
pub(super) struct Format(File);

impl Format {
    /// Reads the configuration file of a repository, by the folder that all its worktrees share. `None` if there is none, or
    /// only Git can read it.
    pub(super) fn read(common_dir: &Path) -> Option<Self> {
        Self::read_file(&common_dir.join("config"), Source::Local)
    }

    fn read_file(path: &Path, source: Source) -> Option<Self> {
        File::from_path_no_includes(path.to_owned(), source).ok().map(Self)
    }

    /// Whether refs and objects lie in files as they always did.
    pub(super) fn is_plain(&self) -> bool {
        let version = self.text("core.repositoryFormatVersion");
        let mut extensions = self.extensions();
        match version.as_deref().unwrap_or("0") {
            "0" => extensions.all(|key| HARMLESS.contains(&key.as_str())),
            "1" => extensions.all(|key| HARMLESS.contains(&key.as_str()) || key == OBJECT_FORMAT),
            _ => false,
        }
    }

    /// Whether the worktree is where it is found: nothing moves it, also not in a worktree's own configuration below its
    /// private folder. `None` if only Git can tell.
    pub(super) fn keeps_worktree(&self, git_dir: &Path) -> Option<bool> {
        let mut keeps = self.leaves_worktree();
        let own = git_dir.join("config.worktree");
        if self.extensions().any(|key| key == "worktreeconfig") && own.symlink_metadata().is_ok() {
            keeps &= Self::read_file(&own, Source::Worktree)?.leaves_worktree();
        }
        Some(keeps)
    }

    fn leaves_worktree(&self) -> bool {
        let is_bare = self.0.boolean("core.bare");
        self.text("core.worktree").is_none() && matches!(is_bare, Ok(None | Some(false)))
    }

    /// Whether new files get no other rights than the user's own mask gives them. Files that are included may say otherwise.
    pub(super) fn writes_plainly(&self) -> bool {
        let includes = |section: &str| {
            section.eq_ignore_ascii_case("include") || section.eq_ignore_ascii_case("includeIf")
        };
        let has_includes = self.0.sections().any(|section| includes(&section.header().name().to_string()));
        !has_includes && self.text("core.sharedRepository").is_none()
    }

    /// The value of `extensions.objectFormat`; `sha1` if there is none.
    pub(super) fn object_format(&self) -> String {
        self.text("extensions.objectFormat").unwrap_or_else(|| "sha1".to_owned())
    }

    fn text(&self, key: &str) -> Option<String> {
        // A key without `=` is set, too.
        match self.0.string(key) {
            Some(value) => Some(value.to_string()),
            None => self.0.boolean(key).is_ok_and(|value| value.is_some()).then(String::new),
        }
    }

    /// The names of all keys in `[extensions]`, in lower case.
    fn extensions(&self) -> impl Iterator<Item = String> {
        let sections = self.0.sections_by_name("extensions").into_iter().flatten();
        sections.flat_map(|section| {
            section.value_names().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>()
        })
    }
}
