//! Floor 5: the one loop that joins the machines and the hands. It decides nothing.
//!
//! - [`interface`]: the screen. Keys go first: a key is drawn at once, draws that arrivals cause are coalesced and
//!   capped by `max_fps` (`frames`), and at most 256 waiting events are taken before the next look at the keys.
//! - [`headless`]: one-shot commands, the same links, store and vault without a model, a screen or presence.
//! - [`program`]: from arguments to an exit code. [`guarded`]: what happens when there is a bug.

mod clerk;
#[cfg(feature = "demo")]
mod demo;
mod frames;
mod guard;
mod hands;
pub mod headless;
pub mod interface;
pub mod program;
mod rest;
mod screen;
mod signals;
mod zone;

pub use guard::guarded;

use crate::types::{Now, Stamp};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks of this process. The monotonic one runs on while the computer sleeps, where the system can tell (Linux):
/// who wakes sees at once that deadlines have passed.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Duration);

impl Clock {
    /// Starts the monotonic clock at zero.
    pub fn start() -> Self {
        Self(uptime())
    }

    /// The time now.
    #[allow(clippy::disallowed_methods, reason = "time enters here and is an argument everywhere below")]
    pub fn now(&self) -> Now {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let wall = Stamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        Now { mono: self.elapsed(), wall }
    }

    /// The moment of a deadline, for the runtime's timers.
    #[allow(clippy::disallowed_methods, reason = "time enters here and is an argument everywhere below")]
    pub(crate) fn instant(&self, mono: Duration) -> Instant {
        let now = Instant::now();
        now.checked_add(mono.saturating_sub(self.elapsed())).unwrap_or(now)
    }

    fn elapsed(&self) -> Duration {
        uptime().saturating_sub(self.0)
    }
}

/// Time since the start of the computer, its sleep included.
#[cfg(target_os = "linux")]
fn uptime() -> Duration {
    rustix::time::clock_gettime(rustix::time::ClockId::Boottime).try_into().unwrap_or_default()
}

/// Time since the first call.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::disallowed_methods, reason = "time enters here and is an argument everywhere below")]
fn uptime() -> Duration {
    static FIRST: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}

/// A file that may not grow any more (`RLIMIT_FSIZE`) is an error like a full disk, and not the end of the process. To be
/// called inside a runtime.
#[cfg(unix)]
fn outlive_file_limits() {
    use tokio::signal::unix::{SignalKind, signal};
    /// SIGXFSZ, on every system but MIPS.
    const FILE_TOO_LARGE: i32 = 25;
    // What is registered once stays for the life of the process, whoever listens.
    if signal(SignalKind::from_raw(FILE_TOO_LARGE)).is_err() {
        tracing::warn!("a limit of file sizes would end butty");
    }
}

/// A seed from the operating system.
pub fn seed() -> u64 {
    use ring::rand::{SecureRandom, SystemRandom};
    let mut bytes = [0; 8];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        // Without entropy there is no TLS either; the seed only spreads ids, and zero does that too.
        tracing::warn!("the system gives no random numbers");
    }
    u64::from_le_bytes(bytes)
}
