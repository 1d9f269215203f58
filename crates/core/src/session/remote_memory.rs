//! What a remote said when it was last asked: its default branch and its release tags. So a start without the network
//! goes by the remote's own word, and a start with it drafts the right name before the answer is there.

use std::collections::BTreeMap;

use super::Project;
use crate::git::{Oid, ReleaseTag, RemoteListing};
use crate::page::digest;

/// The file in our own folder.
const MEMORY: &str = "remote-answer";
/// The last line of a file that was not cut short.
const END: &str = "end";

/// What a remote said, as far as it matters later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteMemory {
    /// The branch that it called its default.
    pub default: Option<String>,
    /// The commits of the tags that name a release.
    pub tags: BTreeMap<String, Oid>,
}

impl RemoteMemory {
    /// What is worth remembering of an answer.
    pub fn from_listing(listing: &RemoteListing) -> Self {
        let mut tags = listing.tags.clone();
        tags.retain(|name, _| ReleaseTag::parse(name).is_some());
        Self { default: listing.default.clone(), tags }
    }

    fn write(&self, address: &str) -> String {
        let mut lines = vec![format!("remote {}", digest(address.as_bytes()))];
        lines.extend(self.default.iter().map(|name| format!("default {name}")));
        lines.extend(self.tags.iter().map(|(name, at)| format!("tag {at} {name}")));
        lines.push(format!("{END}\n"));
        lines.join("\n")
    }

    /// Reads what was written of the remote at this address.
    fn read(text: &str, address: &str) -> Option<Self> {
        let lines = text.strip_suffix(&format!("{END}\n"))?;
        let lines = lines.strip_prefix(&format!("remote {}\n", digest(address.as_bytes())))?;
        let mut memory = Self::default();
        for line in lines.lines() {
            if let Some(name) = line.strip_prefix("default ") {
                memory.default = Some(name.to_owned());
            } else if let Some((at, name)) = line.strip_prefix("tag ").and_then(|tag| tag.split_once(' ')) {
                memory.tags.insert(name.to_owned(), Oid::parse(at)?);
            }
        }
        Some(memory)
    }
}

impl Project {
    /// What the remote said when it was last asked; empty if it never was.
    pub fn remote_memory(&self) -> RemoteMemory {
        let Some(remote) = &self.remote else { return RemoteMemory::default() };
        let text = std::fs::read_to_string(self.repository.state_dir().join(MEMORY));
        text.ok().and_then(|text| RemoteMemory::read(&text, &remote.url)).unwrap_or_default()
    }

    /// Remembers what the remote said. What a remote says that only stands in for the real one is not worth it.
    pub fn remember_remote(&self, listing: &RemoteListing) -> RemoteMemory {
        let memory = RemoteMemory::from_listing(listing);
        if let Some(remote) = self.remote.as_ref().filter(|_| !self.delivers_elsewhere())
            && memory != self.remote_memory()
        {
            let path = self.repository.state_dir().join(MEMORY);
            // Only a memory: without it the next start goes by what the user has fetched.
            std::fs::write(path, memory.write(&remote.url)).ok();
        }
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_torn_file_is_not() {
        let tags = BTreeMap::from([("v1.2.3".to_owned(), Oid::parse(&"1".repeat(40)).unwrap())]);
        let memory = RemoteMemory { default: Some("main".to_owned()), tags };
        let text = memory.write("/srv/shop.git");
        assert_eq!(RemoteMemory::read(&text, "/srv/shop.git"), Some(memory));
        assert_eq!(RemoteMemory::read(&text, "/srv/other.git"), None);
        for end in 0..text.len() {
            assert_eq!(RemoteMemory::read(&text[..end], "/srv/shop.git"), None, "{end}");
        }
    }
}
