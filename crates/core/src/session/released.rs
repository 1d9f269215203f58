//! The version of the next hotfix: the release below a commit, and the tags that are there already, here or on the
//! remote. Remembered, for to find the release Git may walk the whole history.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Project;
use crate::error::Result;
use crate::git::{Oid, Release, ReleaseTag};

/// The file in our own folder that holds the last answer: what was asked, and what Git said.
const MEMORY: &str = "newest-release";
/// Where tags are.
const TAGS: &str = "refs/tags/";

/// The tags of the repository as a whole that name a release, here and on the remote, with the commit or the tag object
/// that each points at.
#[derive(Debug)]
pub struct ReleaseTags {
    here: BTreeMap<String, (ReleaseTag, Oid)>,
    there: BTreeMap<String, (ReleaseTag, Oid)>,
}

impl ReleaseTags {
    /// Whether a tag of this version is there already.
    pub fn has(&self, version: &Release) -> bool {
        self.all().any(|tag| tag.version == *version)
    }

    /// What stands before the number in the newest tag; `v` if there is none.
    pub fn prefix(&self) -> &str {
        let newest = self.all().max_by(|one, other| one.version.cmp(&other.version));
        newest.map_or("v", |tag| tag.prefix.as_str())
    }

    fn all(&self) -> impl Iterator<Item = &ReleaseTag> {
        self.here.values().chain(self.there.values()).map(|(tag, _)| tag)
    }

    /// All that the newest release below a commit depends on, in one word.
    fn question(&self, base: &Oid) -> String {
        let mut text = base.to_string();
        for (name, (_, at)) in self.here.iter().chain(&self.there) {
            // Writing into a string cannot fail.
            let _ = write!(text, "\n{at} {name}");
        }
        Sha256::digest(text).iter().fold(String::new(), |word, byte| format!("{word}{byte:02x}"))
    }
}

impl Project {
    /// The tags that name a release of the repository as a whole: those of this clone, and `there`, those of the remote.
    pub fn release_tags(&self, there: &BTreeMap<String, Oid>) -> Result<ReleaseTags> {
        let mut here = BTreeMap::new();
        for (name, at) in self.repository.list_refs(&[TAGS])? {
            let name = name.as_str().strip_prefix(TAGS).unwrap_or_default();
            here.extend(ReleaseTag::parse(name).map(|tag| (name.to_owned(), (tag, at))));
        }
        let there = there.iter().filter(|(name, _)| !here.contains_key(*name));
        let there =
            there.filter_map(|(name, at)| Some((name.clone(), (ReleaseTag::parse(name)?, at.clone()))));
        let mut tags = ReleaseTags { there: there.collect(), here };
        let whole = ReleaseTag::of_whole(tags.all().cloned().collect());
        let is_of_whole = |_: &String, (tag, _): &mut (ReleaseTag, Oid)| {
            whole.first().is_some_and(|first| first.family == tag.family)
        };
        tags.here.retain(is_of_whole);
        tags.there.retain(is_of_whole);
        Ok(tags)
    }

    /// The version that the next hotfix of `base` gets: the first after the newest release below it of which there is no
    /// tag yet. `None` if nothing below it was released.
    pub fn next_version(&self, base: &Oid, tags: &ReleaseTags) -> Result<Option<Release>> {
        let Some(newest) = self.newest_release(base, tags)? else { return Ok(None) };
        let mut next = newest.next_patch();
        while tags.has(&next) && next.next_patch() != next {
            next = next.next_patch();
        }
        Ok(Some(next))
    }

    /// The newest version whose tag can be reached from `base`. Git is asked only if another commit or other tags were
    /// looked at last.
    fn newest_release(&self, base: &Oid, tags: &ReleaseTags) -> Result<Option<Release>> {
        if tags.here.is_empty() && tags.there.is_empty() {
            return Ok(None);
        }
        let (question, memory) = (tags.question(base), self.repository.state_dir().join(MEMORY));
        if let Some(answer) = remembered(&memory, &question) {
            return Ok(Release::parse(&answer));
        }
        let below = if tags.here.is_empty() { Vec::new() } else { self.repository.tags_below(base)? };
        let here = below.iter().filter_map(|name| tags.here.get(name)).map(|(tag, _)| &tag.version);
        let commits: Vec<Oid> = tags.there.values().map(|(_, at)| at.clone()).collect();
        let reachable = self.repository.reachable_of(base, &commits)?;
        let there =
            tags.there.values().filter(|(_, at)| reachable.contains(&at)).map(|(tag, _)| &tag.version);
        let newest = here.chain(there).max().cloned();
        let answer = newest.as_ref().map(Release::to_string).unwrap_or_default();
        // Only a memory: without it the next start asks again.
        std::fs::write(memory, format!("{question}\n{answer}\n")).ok();
        Ok(newest)
    }
}

/// The answer if this is what was asked last. A file that was cut short has no newline at its end.
fn remembered(memory: &Path, question: &str) -> Option<String> {
    let text = std::fs::read_to_string(memory).ok()?;
    let (asked, answer) = text.strip_suffix('\n')?.split_once('\n')?;
    (asked == question).then(|| answer.to_owned())
}
