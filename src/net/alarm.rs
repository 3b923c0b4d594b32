//! Long waits that end in one wake-up.
//!
//! tokio keeps its timers in a wheel, where a minute takes up to three wake-ups. A line that is idle waits for nothing
//! but its next ping, so such waits are left to the kernel, where that has an alarm to read (Linux). Time asleep counts:
//! who slept past the moment is woken by it at once.

use std::task::{Context, Poll};
use std::time::Duration;

/// Waits shorter than this are not worth a call.
const LONG: Duration = Duration::from_secs(5);

/// Rings once when a long wait is over. Not set, or where there is none, it never rings.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    set: bool,
    #[cfg(target_os = "linux")]
    timer: Option<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>>,
}

impl Alarm {
    /// Sets it to ring when `left` has passed; false: it will not, and who waits has to wait otherwise.
    pub(super) fn set(&mut self, left: Option<Duration>) -> bool {
        let left = left.filter(|left| *left >= LONG);
        // Stopping what does not run is no call either.
        self.set = if left.is_some() || self.set { self.arm(left) } else { false };
        self.set
    }

    #[cfg(target_os = "linux")]
    #[allow(deprecated, reason = "the descriptor is ours alone and stays open; what replaces this call is unsafe")]
    fn arm(&mut self, left: Option<Duration>) -> bool {
        use rustix::time::{
            Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
        };
        if self.timer.is_none() {
            // It goes on in sleep and rings on waking, when a connection may be dead without knowing.
            let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK);
            let timer = timer.map_err(std::io::Error::from).and_then(tokio::io::unix::AsyncFd::new);
            // Out of descriptors: no alarm then, and whoever waits uses a timer, which costs a wake-up or two.
            let noted = |error: &std::io::Error| tracing::debug!(target: "butty::net", %error, "no alarm");
            self.timer = timer.inspect_err(noted).ok();
        }
        let (Some(timer), Ok(value)) = (&self.timer, Timespec::try_from(left.unwrap_or_default())) else {
            return false;
        };
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Itimerspec { it_interval: never, it_value: value };
        timerfd_settime(timer, TimerfdTimerFlags::empty(), &value).is_ok() && left.is_some()
    }

    #[cfg(not(target_os = "linux"))]
    fn arm(&mut self, _left: Option<Duration>) -> bool {
        false
    }

    /// Ready when it rings. Rarely it rings too early: who is woken looks at the clock.
    #[cfg(target_os = "linux")]
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = self.timer.as_ref().filter(|_| self.set) else { return Poll::Pending };
        let ready = std::task::ready!(timer.poll_read_ready(context));
        if let Ok(mut ready) = ready {
            ready.clear_ready();
        }
        self.set = false;
        Poll::Ready(())
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self, reason = "there is nothing to ring")]
    pub(super) fn poll(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::disallowed_methods, reason = "an alarm rings in real time")]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test]
    async fn it_rings_when_the_wait_is_over_and_not_before() {
        let mut alarm = Alarm::default();
        assert!(!alarm.set(None) && !alarm.set(Some(Duration::from_secs(1))), "short waits are not its business");
        let began = std::time::Instant::now();
        assert!(alarm.set(Some(LONG)));
        // What was set before does not count any more.
        assert!(alarm.arm(Some(Duration::from_millis(80))));
        poll_fn(|context| alarm.poll(context)).await;
        assert!(began.elapsed() >= Duration::from_millis(80));
        assert!(began.elapsed() < LONG);
    }

    #[tokio::test]
    async fn one_that_is_stopped_does_not_ring() {
        let mut alarm = Alarm::default();
        assert!(alarm.set(Some(LONG)) && alarm.arm(Some(Duration::from_millis(20))));
        assert!(!alarm.set(None));
        let rung = tokio::time::timeout(Duration::from_millis(60), poll_fn(|context| alarm.poll(context))).await;
        assert!(rung.is_err());
    }
}
