//! Rest: this thread sleeps until a future is woken or a moment comes, and not once more.
//!
//! The loop of the screen waits for channels and for one deadline of its own. tokio's timers would wake a thread up to
//! three times on the way to the next minute; parked in the kernel with the deadline, it wakes once.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

/// The moment at which the resting thread wakes by itself.
#[derive(Debug, Default)]
pub(super) struct Rest(Cell<Option<Instant>>);

/// Wakes a thread.
struct Bell(Thread);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

impl Rest {
    /// Ends at that moment; `None`: never. At most one such wait is looked at, the last one.
    pub(super) async fn until(&self, moment: Option<Instant>) {
        self.0.set(moment);
        poll_fn(|_| if moment.is_some_and(has_come) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Runs a future to its end on this thread. It may wait for channels and for [`Rest::until`]; sockets and other
    /// timers belong to the tasks of a runtime.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let waker = Waker::from(Arc::new(Bell(thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
                return done;
            }
            // Who was woken since it was polled is not parked at all.
            match self.0.get() {
                Some(moment) => thread::park_timeout(left(moment)),
                None => thread::park(),
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the thread's own deadline is compared with the clock here")]
fn left(moment: Instant) -> std::time::Duration {
    moment.saturating_duration_since(Instant::now())
}

fn has_come(moment: Instant) -> bool {
    left(moment).is_zero()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "real threads rest in real time")]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::mpsc;

    #[test]
    fn it_wakes_for_a_message_and_for_the_moment() {
        let rest = Rest::default();
        let (tell, mut told) = mpsc::unbounded_channel();
        let began = Instant::now();
        let friend = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            tell.send(7).unwrap();
            // The other side listens until its moment comes.
            thread::sleep(Duration::from_millis(200));
            drop(tell);
        });
        let heard = rest.block_on(async {
            tokio::select! {
                heard = told.recv() => heard,
                () = rest.until(Some(began + Duration::from_secs(60))) => None,
            }
        });
        assert_eq!(heard, Some(7));
        assert!(began.elapsed() < Duration::from_secs(30), "it slept past the message");
        let moment = Instant::now() + Duration::from_millis(30);
        let heard = rest.block_on(async {
            tokio::select! {
                biased;
                heard = told.recv() => heard,
                () = rest.until(Some(moment)) => Some(0),
            }
        });
        assert_eq!(heard, Some(0));
        assert!(Instant::now() >= moment);
        friend.join().unwrap();
    }
}
