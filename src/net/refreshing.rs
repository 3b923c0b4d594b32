//! Refreshes under way, counted: a process that ends in the middle of one would lose the only good refresh token.

use super::{Network, http};
use std::time::Duration;
use tokio::sync::watch;

/// One refresh, for as long as it lives.
pub(crate) struct Refreshing(watch::Sender<usize>);

impl Drop for Refreshing {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Network {
    /// As long as the answer to a refresh that was sent can take, and its keeping; and the same once more, some seconds
    /// later, where that answer got lost.
    pub const REFRESH_PATIENCE: Duration = http::PATIENCE.saturating_mul(2).saturating_add(Duration::from_secs(5));

    /// Counts one.
    pub(crate) fn refreshing(&self) -> Refreshing {
        self.refreshes.send_modify(|count| *count = count.saturating_add(1));
        Refreshing(self.refreshes.clone())
    }

    /// The process is about to end: what waits for its time is done now.
    pub fn hurry(&self) {
        self.leaving.send_replace(true);
    }

    /// Ends when the process is about to.
    pub(super) async fn leaving(&self) {
        // The sender is our own: it is not gone before us.
        drop(self.leaving.subscribe().wait_for(|leaving| *leaving).await);
    }

    /// Waits until no refresh is under way, and what came of each is kept; at most so long. True: none is left.
    pub async fn refreshes_done(&self, limit: Duration) -> bool {
        let mut count = self.refreshes.subscribe();
        let none = count.wait_for(|count| *count == 0);
        tokio::time::timeout(limit, none).await.is_ok()
    }
}
