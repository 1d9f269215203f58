//! The newest release below a commit, remembered: to find it, Git may walk the whole history.

use std::fmt::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Project;
use crate::error::Result;
use crate::git::{Oid, RefName, Release};

/// The file in our own folder that holds the last answer: what was asked, and what Git said.
const MEMORY: &str = "newest-release";
/// Where tags are.
const TAGS: &str = "refs/tags/";

impl Project {
    /// The newest version whose tag can be reached from `base`. Git is asked only if another commit or other tags were
    /// looked at last.
    pub fn newest_release(&self, base: &Oid) -> Result<Option<Release>> {
        let mut tags = self.repository.list_refs(&[TAGS])?;
        tags.retain(|(name, _)| name.as_str().strip_prefix(TAGS).and_then(Release::parse).is_some());
        if tags.is_empty() {
            return Ok(None);
        }
        let (question, memory) = (question(base, &tags), self.repository.state_dir().join(MEMORY));
        if let Some(answer) = remembered(&memory, &question) {
            return Ok(Release::parse(&answer));
        }
        let newest = self.repository.newest_version(base)?;
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

/// All that the answer depends on, in one word.
fn question(base: &Oid, tags: &[(RefName, Oid)]) -> String {
    let mut text = base.to_string();
    for (name, at) in tags {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n{at} {name}");
    }
    Sha256::digest(text).iter().fold(String::new(), |word, byte| format!("{word}{byte:02x}"))
}
