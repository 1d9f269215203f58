//! Bitbucket: pull requests of the Cloud and of Data Center, which share a name and little else.
//!
//! Neither has labels on pull requests, so what is urgent says so in its title.

mod cloud;
mod server;

pub use cloud::Bitbucket;
pub use server::BitbucketServer;

use super::Draft;

/// What stands in front of the title where there are no labels: the first one, in capitals.
fn title(draft: &Draft<'_>) -> String {
    match draft.labels.first() {
        Some(label) => format!("[{}] {}", label.to_uppercase(), draft.title),
        None => draft.title.clone(),
    }
}
