//! When our presence goes out: behind the roster, so that names are there at once.
//!
//! RFC 6121 section 2.2 has the roster asked for before the first presence. A server that gets both in one piece may
//! ask about every buddy before it writes a byte: Prosody takes more than half a second for a thousand. So the first
//! presence waits until the roster is here, but never longer than [`WAIT`].

use crate::xmpp::Appearance;
use std::time::Duration;

/// How long presence waits for a roster. A long one is on its way by then.
const WAIT: Duration = Duration::from_secs(1);

/// The first presence of a session.
#[derive(Debug)]
pub(super) enum Entrance {
    /// Held back.
    Waiting {
        /// Not beyond this moment (`Now::mono`).
        until: Duration,
        /// What is to be said, once that is known; the latest word counts.
        appearance: Option<Appearance>,
    },
    /// Presence goes out as it comes.
    Open,
}

impl Entrance {
    /// Of a session that was bound at `now`. With a cached roster names are there already, and nothing waits.
    pub(super) fn new(now: Duration, roster_version: Option<&str>) -> Self {
        match roster_version {
            Some(version) if !version.is_empty() => Self::Open,
            _ => Self::Waiting { until: now.saturating_add(WAIT), appearance: None },
        }
    }

    /// The mind wants to appear so; given back if it may go out now.
    pub(super) fn appear(&mut self, wanted: Appearance) -> Option<Appearance> {
        match self {
            Self::Open => Some(wanted),
            Self::Waiting { appearance, .. } => {
                *appearance = Some(wanted);
                None
            }
        }
    }

    /// The roster is here, or will not come: what was held back goes out.
    pub(super) fn open(&mut self) -> Option<Appearance> {
        match std::mem::replace(self, Self::Open) {
            Self::Waiting { appearance, .. } => appearance,
            Self::Open => None,
        }
    }

    /// True once what is held back has waited long enough.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.deadline().is_some_and(|until| until <= now)
    }

    /// When that will be; `None` while nothing is held back.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Waiting { until, appearance: Some(_) } => Some(*until),
            Self::Waiting { appearance: None, .. } | Self::Open => None,
        }
    }
}
