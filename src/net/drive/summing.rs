//! Long sums, beside everything else: each on a thread of its own, so that no account waits for another's.

use crate::xmpp::sasl::{Salted, Sums};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::task::JoinHandle;

/// Sums under way. Dropped, they stop within milliseconds: nobody waits for them any more, and the end of the process
/// would.
pub(super) struct Summing {
    task: JoinHandle<Option<Salted>>,
    pub(super) wanted: Arc<AtomicBool>,
}

impl Summing {
    pub(super) fn begin(sums: Box<Sums>) -> Self {
        let wanted = Arc::new(AtomicBool::new(true));
        let still = Arc::clone(&wanted);
        let task = tokio::task::spawn_blocking(move || sums.carry_out_while(|| still.load(Ordering::Relaxed)));
        Self { task, wanted }
    }
}

/// What came of them; `None`: they stopped half way.
impl Future for Summing {
    type Output = Option<Salted>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Salted>> {
        Pin::new(&mut self.task).poll(context).map(|done| done.ok().flatten())
    }
}

impl Drop for Summing {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}
