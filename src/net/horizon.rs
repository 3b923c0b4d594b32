//! Whether the way out of this computer has changed, or this computer has slept: then whoever waits for the next try need
//! not wait any longer.
//!
//! No library tells of it on every system, but each kernel says from which of its addresses it would send: a datagram
//! socket that is connected to somebody sends nothing, and knows. It is asked every two seconds, once for all links, and
//! only while one of them waits or dials.

use super::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How often is looked.
const PACE: Duration = Duration::from_secs(2);
/// A pause that took so much longer was slept through.
const SLEPT: Duration = Duration::from_secs(5);
/// Addresses for documents (RFC 5737, RFC 3849): nobody is there, and the way there is the way out.
const SOMEWHERE: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];
/// Any will do.
const PORT: u16 = 9;

/// From which address this computer would send, by IPv4 and by IPv6; `None`: there is no way out.
pub(super) type Outlook = [Option<IpAddr>; 2];

/// The view of all links.
pub(super) struct Horizon {
    look: Box<dyn Fn() -> Outlook + Send + Sync>,
    pace: Duration,
    /// Counts changes.
    changes: watch::Sender<u64>,
    /// Somebody is looking.
    watched: Mutex<bool>,
}

impl Default for Horizon {
    fn default() -> Self {
        Self::seen_by(PACE, outlook)
    }
}

impl Horizon {
    pub(super) fn seen_by(pace: Duration, look: impl Fn() -> Outlook + Send + Sync + 'static) -> Self {
        Self { look: Box::new(look), pace, changes: watch::Sender::new(0), watched: Mutex::default() }
    }
}

impl Network {
    /// Ends with the first change after the call.
    pub(super) async fn changed(self: Arc<Self>) {
        let mut changes = self.horizon.changes.subscribe();
        self.keep_watch();
        // The sender lives as long as we do.
        drop(changes.changed().await);
    }

    fn keep_watch(self: &Arc<Self>) {
        let mut watched = self.horizon.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *watched, true) {
            tokio::spawn(Arc::clone(self).watch());
        }
    }

    async fn watch(self: Arc<Self>) {
        let mut before = ((self.horizon.look)(), self.now().mono);
        loop {
            tokio::time::sleep(self.horizon.pace).await;
            {
                let mut watched = self.horizon.watched.lock().unwrap_or_else(PoisonError::into_inner);
                if self.horizon.changes.receiver_count() == 0 {
                    *watched = false;
                    return;
                }
            }
            let now = ((self.horizon.look)(), self.now().mono);
            let slept = now.1 > before.1.saturating_add(self.horizon.pace + SLEPT);
            // A way that is gone is nothing to try.
            if (now.0 != before.0 && now.0.iter().any(Option::is_some)) || slept {
                tracing::info!(target: "butty::net", slept, "the network has changed");
                self.horizon.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
            }
            before = now;
        }
    }
}

fn outlook() -> Outlook {
    SOMEWHERE.map(|there| {
        let here = if there.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        let socket = UdpSocket::bind(SocketAddr::new(here, 0)).ok()?;
        socket.connect(SocketAddr::new(there, PORT)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    })
}

#[cfg(all(test, feature = "demo"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop")]

    use super::*;
    use crate::net::NetworkSettings;
    use crate::net::testing::Shelf;
    use crate::types::{Now, Stamp};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;
    use tokio::time::timeout;

    /// Time is real here, and short.
    const STEP: Duration = Duration::from_millis(10);

    fn address(last: u8) -> Outlook {
        [Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))), None]
    }

    /// A network that sees these, one after the other and the last one for good; and how often it looked.
    fn network(sights: Vec<Outlook>, sleeps: Duration) -> (Arc<Network>, Arc<AtomicUsize>) {
        let looks = Arc::new(AtomicUsize::new(0));
        let (counter, asked) = (Arc::clone(&looks), AtomicUsize::new(0));
        let begun = Instant::now();
        // The third time that the clock is asked, the computer has slept.
        let clock = move || {
            let slept = if asked.fetch_add(1, Ordering::Relaxed) >= 2 { sleeps } else { Duration::ZERO };
            Now { mono: begun.elapsed() + slept, wall: Stamp(0) }
        };
        let mut network = Network::new(NetworkSettings::default(), Arc::new(Shelf::default()), Arc::new(clock));
        network.horizon = Horizon::seen_by(STEP, move || {
            let at = counter.fetch_add(1, Ordering::Relaxed);
            *sights.get(at).or(sights.last()).unwrap()
        });
        (Arc::new(network), looks)
    }

    #[tokio::test]
    async fn a_new_way_out_is_seen_and_one_look_serves_all() {
        let (network, looks) = network(vec![[None, None], [None, None], address(1)], Duration::ZERO);
        let (one, other) = (tokio::spawn(network.clone().changed()), tokio::spawn(network.clone().changed()));
        one.await.unwrap();
        other.await.unwrap();
        assert_eq!(looks.load(Ordering::Relaxed), 3, "one before, and two for both");
        // Nobody waits any more: nobody looks.
        tokio::time::sleep(20 * STEP).await;
        assert_eq!(looks.load(Ordering::Relaxed), 3);
        // And looking begins anew with the next who waits.
        assert!(timeout(10 * STEP, network.clone().changed()).await.is_err(), "nothing changed");
        assert!(looks.load(Ordering::Relaxed) > 4);
    }

    #[tokio::test]
    async fn a_way_that_is_gone_is_no_reason_to_try_and_another_address_is() {
        let (network, looks) = network(vec![address(1), [None, None], address(2)], Duration::ZERO);
        network.changed().await;
        assert_eq!(looks.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn who_slept_tries_at_once() {
        let (network, looks) = network(vec![address(1)], Duration::from_secs(3600));
        timeout(Duration::from_secs(20), network.changed()).await.unwrap();
        assert!(looks.load(Ordering::Relaxed) <= 3);
    }

    #[test]
    fn the_kernel_is_asked_without_a_packet() {
        // Whatever the answer here: it is no address of the place that was asked about.
        for here in outlook().into_iter().flatten() {
            assert!(!SOMEWHERE.contains(&here) && !here.is_unspecified(), "{here}");
        }
    }
}
