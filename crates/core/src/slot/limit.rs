//! `slot.max`: how many slots there may be.

use super::state::Entry;
use super::{Pool, SlotError};
use crate::error::Result;

impl Pool<'_> {
    /// Fails if one more slot besides so many others is too many.
    pub(super) fn check_room(&self, others: u32) -> Result<()> {
        let most = self.config.max;
        if most == 0 || others < most {
            return Ok(());
        }
        let mut entries = self.store.load_all()?;
        entries.sort_by_key(|entry| entry.lease().map(|lease| lease.since));
        let oldest = entries.iter().find_map(Entry::lease).map(|lease| lease.hotfix.clone());
        let holders = entries.iter().map(|entry| self.holder(entry)).collect();
        Err(SlotError::TooMany { most, holders, oldest }.into())
    }

    /// What a slot is used for, as part of a list.
    fn holder(&self, entry: &Entry) -> String {
        let path = entry.place.path().display();
        match entry.lease() {
            Some(lease) => {
                let minutes = (self.repository.ctx().now().as_second() - lease.since.as_second()) / 60;
                let age = match minutes {
                    0..120 => format!("{minutes} min"),
                    _ => format!("{} h", minutes / 60),
                };
                format!("{} for {age}", lease.hotfix)
            }
            None => format!("nobody, but {path} cannot be used"),
        }
    }
}
