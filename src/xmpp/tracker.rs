//! Queries that wait for their answer: who asked, whom, and until when.

use super::entitled::{Claim, Home, Whom};
use super::stanza::Sender;
use crate::types::limits::{QUERIES, RESULTS};
use crate::types::{ArchiveId, BareJid, RequestId, Stamp, StanzaId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a query was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The whole roster.
    Roster,
    /// What the server can do.
    ServerFeatures,
    /// What our account on it can do.
    AccountFeatures,
    /// To switch copies on.
    Carbons,
    /// Whether the line is alive. Has no deadline here: see `live/pulse.rs`.
    Probe,
    /// A round trip, for the mind.
    Ping(RequestId),
    /// A roster change.
    Buddy { request: RequestId, who: BareJid },
    /// An archive page, and what of it has come.
    Archive { request: RequestId, meets: Option<ArchiveId>, come: Come },
    /// The last messages of a talk, of Messenger's archive.
    LastTen { request: RequestId, with: BareJid },
    /// Read positions.
    ReadPositions,
    /// To keep one; `again`: after the node was put right.
    ReadUpTo { talk: BareJid, id: StanzaId, again: bool },
    /// To put the node right for this one.
    ReadNode { talk: BareJid, id: StanzaId },
    /// An address by e-mail.
    LookUp(RequestId),
    /// Our own card.
    OwnCard,
}

/// What has come of an archive page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Come {
    /// Results.
    pub(crate) count: usize,
    /// When the archive got the first one.
    pub(crate) oldest: Option<Stamp>,
    /// The result that was looked for.
    pub(crate) met: bool,
}

/// The queries that are out.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    pending: BTreeMap<String, Pending>,
}

#[derive(Debug)]
struct Pending {
    asked: Asked,
    whom: Whom,
    deadline: Option<Duration>,
}

impl Tracker {
    /// Notes that a query with this id went out at `now`.
    pub(crate) fn expect(&mut self, now: Duration, id: String, whom: Whom, asked: Asked) {
        let deadline = (asked != Asked::Probe).then(|| now.saturating_add(PATIENCE));
        self.pending.insert(id, Pending { asked, whom, deadline });
    }

    /// What the answer with this id is for; `None` when nobody asked, or somebody else was asked. A false answer
    /// leaves the query waiting for the true one.
    pub(crate) fn answered(&mut self, id: &str, sender: &Sender<'_>, home: &Home) -> Option<Asked> {
        let pending = self.pending.get(id)?;
        if !home.lets(sender, Claim::Answer(&pending.whom)) {
            return None;
        }
        self.pending.remove(id).map(|pending| pending.asked)
    }

    /// Nothing more can be asked for the time.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() >= QUERIES
    }

    /// Archive pages are awaited no more.
    pub(crate) fn forget_pages(&mut self) {
        self.pending.retain(|_, pending| !matches!(pending.asked, Asked::Archive { .. } | Asked::LastTen { .. }));
    }

    /// The requests of the mind that wait for an answer, but for archive pages.
    pub(crate) fn requests(&self) -> impl Iterator<Item = RequestId> {
        self.pending.values().filter_map(|pending| match pending.asked {
            Asked::Ping(request) | Asked::Buddy { request, .. } | Asked::LookUp(request) => Some(request),
            _ => None,
        })
    }

    /// An archive page with this id is awaited.
    pub(crate) fn awaits_page(&self, query_id: &str) -> bool {
        matches!(self.pending.get(query_id), Some(Pending { asked: Asked::Archive { .. }, .. }))
    }

    /// Counts one result of the archive page that this query asked for, gives the rest of the page more time, and says
    /// whose request that was. `None` when there is no such query, or the page has come to what no page is.
    pub(crate) fn found(&mut self, now: Duration, query_id: &str, id: &str, stamp: Option<Stamp>) -> Option<RequestId> {
        let pending = self.pending.get_mut(query_id)?;
        let Pending { asked: Asked::Archive { request, meets, come }, deadline, .. } = pending else { return None };
        if come.count >= RESULTS {
            return None;
        }
        come.count += 1;
        come.oldest = come.oldest.or(stamp);
        come.met |= meets.as_ref().is_some_and(|meets| meets.0 == id);
        *deadline = Some(now.saturating_add(PATIENCE));
        Some(*request)
    }

    /// The queries whose time is over; they are forgotten. But for the roster: a session without it is poor, so a
    /// late one is as welcome.
    pub(crate) fn expired(&mut self, now: Duration) -> Vec<Asked> {
        let is_over = |pending: &Pending| pending.deadline.is_some_and(|at| at <= now);
        let over =
            self.pending.values().filter(|pending| is_over(pending)).map(|pending| pending.asked.clone()).collect();
        self.pending.retain(|_, pending| !is_over(pending) || pending.asked == Asked::Roster);
        for pending in self.pending.values_mut().filter(|pending| is_over(pending)) {
            pending.deadline = None;
        }
        over
    }

    /// Gives every query its whole time again: it was written anew.
    pub(crate) fn renew(&mut self, now: Duration) {
        for deadline in self.pending.values_mut().filter_map(|pending| pending.deadline.as_mut()) {
            *deadline = now.saturating_add(PATIENCE);
        }
    }

    /// When the next one will be over.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.pending.values().filter_map(|pending| pending.deadline).min()
    }
}

/// Makes ids that nobody can guess, from the seed of the session alone.
#[derive(Debug)]
pub(crate) struct Ids {
    key: hmac::Key,
    made: u64,
}

impl Ids {
    /// Ids of one session. The same seed gives the same ids.
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, seed), made: 0 }
    }

    /// A number for the session itself.
    pub(crate) fn session(&self) -> u64 {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"session");
        let sum = context.sign();
        sum.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// The next id: 96 bits as 16 characters of URL-safe base64.
    pub(crate) fn next(&mut self) -> String {
        self.made += 1;
        // The words keep these apart from nonces made of the same seed.
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"stanza id");
        context.update(&self.made.to_be_bytes());
        URL_SAFE_NO_PAD.encode(context.sign().as_ref().get(..12).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FullJid, Jid};

    fn home() -> Home {
        Home::new(FullJid::parse("romeo@montague.lit/orchard").unwrap())
    }

    #[test]
    fn a_false_answer_leaves_the_query_waiting() {
        let mut tracker = Tracker::default();
        tracker.expect(Duration::ZERO, "a".to_owned(), Whom::Home, Asked::Roster);
        let stranger = Sender::Known(Jid::parse("tybalt@capulet.lit/street").unwrap());
        assert_eq!(tracker.answered("a", &stranger, &home()), None);
        assert_eq!(tracker.answered("b", &Sender::Absent, &home()), None);
        assert_eq!(tracker.answered("a", &Sender::Absent, &home()), Some(Asked::Roster));
        assert_eq!(tracker.answered("a", &Sender::Absent, &home()), None, "only once");
    }

    #[test]
    fn queries_end_after_their_patience_unless_the_page_is_coming() {
        let (mut tracker, second) = (Tracker::default(), Duration::from_secs(1));
        let page = Asked::Archive { request: RequestId(2), meets: None, come: Come::default() };
        tracker.expect(second, "ping".to_owned(), Whom::Home, Asked::Ping(RequestId(1)));
        tracker.expect(second, "page".to_owned(), Whom::Home, page);
        tracker.expect(second, "probe".to_owned(), Whom::Home, Asked::Probe);
        assert_eq!(tracker.found(2 * second, "page", "a", None), Some(RequestId(2)));
        assert_eq!((tracker.found(second, "ping", "a", None), tracker.found(second, "x", "a", None)), (None, None));
        assert_eq!(tracker.deadline(), Some(second + PATIENCE));
        assert!(tracker.expired(PATIENCE).is_empty());
        assert_eq!(tracker.expired(second + PATIENCE), [Asked::Ping(RequestId(1))]);
        assert_eq!(
            tracker.expired(2 * second + PATIENCE),
            [Asked::Archive { request: RequestId(2), meets: None, come: Come { count: 1, ..Come::default() } }]
        );
        assert_eq!(tracker.deadline(), None);
    }

    #[test]
    fn ids_depend_on_the_seed_and_never_repeat() {
        let take = |seed| {
            let mut ids = Ids::new(&[seed; 32]);
            (0..100).map(|_| ids.next()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(take(1), take(1));
        assert_eq!(take(1).len(), 100);
        assert!(take(1).is_disjoint(&take(2)));
        assert!(take(1).iter().all(|id| id.len() == 16));
    }
}
