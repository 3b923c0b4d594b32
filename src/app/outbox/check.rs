//! After a lost link nobody knows whether what was written arrived: the archive is asked, talk by talk.

use super::Post;
use crate::app::action::Effects;
use crate::app::model::{Asked, ConversationKey, Model};
use crate::types::{AccountId, ArchiveId, BareJid, Problem, RequestId, Stamp};
use crate::xmpp::{ArchiveQuery, Incoming};
use std::collections::BTreeSet;
use std::time::Duration;

/// Clocks of two honest computers differ by less: so far beyond the oldest doubtful message the archive is read.
const MARGIN: Duration = Duration::from_secs(3600);
/// The same where the server has said what it has: what it had and did not count is of the last moments.
const NEAR: Duration = Duration::from_secs(60);
/// Pages read for one buddy before the archive is given up as proof: an hour's talk, and days of it, are fewer.
const PAGES: u16 = 200;
/// An archive that refuses may do so for a moment only: so often it is asked about one buddy, and so much later each
/// time. Written twice is worse than written late.
const REFUSALS: u8 = 3;
const REST: Duration = Duration::from_secs(4);
/// One that says to be busy is asked for so long in a session, whichever buddies it is about: a server whose database is
/// away gets it back. (One that says nothing is waited for as long by the time-outs alone.)
const BUSY: Duration = Duration::from_secs(120);
/// So far ahead a clock may be (a wrong time zone, or the wrong day): further is not read back for it.
const AHEAD: Duration = Duration::from_secs(24 * 3600);
/// So long before the oldest doubtful message the look at its own moment begins. It proves nothing where clocks differ by more.
const AROUND: Duration = Duration::from_secs(120);
/// Messages in a page.
const PAGE: u16 = 50;
/// The same where the server has said what it has, and may only be wrong about what went out last.
const BRIEF: u16 = 30;

/// What a lost line had carried is archived within this time, though the server be busy: it may still read what the line
/// had brought when another session has begun already.
const SETTLE: Duration = Duration::from_secs(2);

/// A walk back through the archive of one talk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// The page that is awaited; `None`: nothing was asked in this session.
    pub request: Option<RequestId>,
    /// That page ends before this message; `None`: it is the newest one of the talk.
    pub before: Option<ArchiveId>,
    /// When the newest page was asked for last (`Now::mono`).
    pub newest_at: Option<Duration>,
    /// It is read once more, and nothing behind it.
    pub last_look: bool,
    /// The talk being read.
    pub peer: Option<BareJid>,
    /// Talks still to be read.
    pub peers: Vec<BareJid>,
    /// The page that is awaited lies where the oldest doubtful message was typed, and the walk goes on before this one.
    pub aside: Option<ArchiveId>,
    /// That page was asked for.
    pub looked_aside: bool,
    /// Pages read in this talk.
    pub pages: u16,
    /// How often the archive has refused since it last answered.
    pub refused: u8,
    /// Since when (`Now::mono`).
    pub refused_at: Option<Duration>,
    /// When it is asked again (`Now::mono`).
    pub again_at: Option<Duration>,
    /// The oldest moment seen in this talk.
    pub oldest: Option<Stamp>,
    /// The newest one.
    pub newest: Option<Stamp>,
    /// One of ours was seen that went out before the oldest doubtful one: that is not further back.
    pub passed: bool,
}

impl Post {
    /// The server has told of all that is in doubt, and may only be wrong about what went out last.
    fn is_brief(&self) -> bool {
        self.doubtful.is_subset(&self.lacking)
    }

    /// Another session.
    pub(in crate::app) fn begin_anew(&mut self) {
        self.suspended.clear();
        self.drop_page();
    }

    /// The page that was awaited will not come. Nothing was written to these buddies since the check began, so the pages
    /// that it has read hold; half of one proves nothing.
    pub(in crate::app) fn drop_page(&mut self) {
        if let Some(check) = &mut self.check {
            (check.request, check.again_at, check.passed) = (None, None, false);
            (check.oldest, check.newest) = (None, None);
            (check.refused, check.refused_at) = (0, None);
            check.turn_back();
        }
    }
}

impl Check {
    /// About the talks with these, the last one first.
    fn of(peers: Vec<BareJid>) -> Self {
        Self { peers, ..Self::default() }
    }

    /// How far our clock may be ahead of the archive's: not further than its newest message is from `now`. Until then, what
    /// we typed stands earlier there than we think.
    fn ahead(&self, now: Stamp) -> Duration {
        self.newest.map_or(Duration::ZERO, |newest| now.since(newest)).min(AHEAD)
    }

    /// The page aside will not come: it may stand there all the same, and the walk goes on.
    fn turn_back(&mut self) {
        if let Some(before) = self.aside.take() {
            self.before = Some(before);
        }
    }

    /// Something for this buddy is in doubt.
    pub(super) fn holds(&self, peer: &BareJid) -> bool {
        self.peer.as_ref() == Some(peer) || self.peers.contains(peer)
    }
}

impl Model {
    /// A session stands: sends what waits, after asking about what is in doubt.
    pub(in crate::app) fn begin_post(&mut self, id: &AccountId, fx: &mut Effects) {
        let Some(account) = self.account_mut(id).filter(|account| account.online()) else { return };
        if account.post.check.is_none() {
            let doubtful = account.post.doubtful.iter().filter_map(|key| account.post.unsent.get(key));
            let peers: BTreeSet<BareJid> = doubtful.map(|message| message.talk.peer.clone()).collect();
            if !peers.is_empty() {
                account.post.check = Some(Check::of(peers.into_iter().rev().collect()));
            }
        }
        self.go_on_post(id, fx);
    }

    /// The next thing to do: a page of the archive, and the messages of which there is no doubt.
    fn go_on_post(&mut self, id: &AccountId, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        match &account.post.check {
            Some(_) if !account.features_known => {}
            Some(_) if !account.features.archive => return self.end_check(id, fx),
            Some(Check { request: None, again_at: None, peer: None, .. }) => return self.next_peer(id, fx),
            Some(Check { request: None, again_at: None, before, .. }) => {
                let before = before.clone();
                self.ask_check(id, before, fx);
            }
            Some(_) | None => {}
        }
        self.pump(id, fx);
    }

    /// Nothing more can be learned: what is still in doubt is written again.
    fn end_check(&mut self, id: &AccountId, fx: &mut Effects) {
        if let Some(account) = self.account_mut(id) {
            account.post.check = None;
            account.post.doubtful.clear();
        }
        self.pump(id, fx);
    }

    fn next_peer(&mut self, id: &AccountId, fx: &mut Effects) {
        let Some(Post { check: Some(check), doubtful, unsent, .. }) = self.account_mut(id).map(|own| &mut own.post)
        else {
            return;
        };
        // What was not found with the one before is to be written again.
        doubtful.retain(|key| unsent.get(key).is_some_and(|message| Some(&message.talk.peer) != check.peer.as_ref()));
        let mut peers = std::mem::take(&mut check.peers);
        let peer = peers.pop();
        // What was asked for in vain with one buddy is not waited for with each of the others.
        let (refused, refused_at) = (check.refused, check.refused_at);
        *check = Check { peer: peer.clone(), refused, refused_at, ..Check::of(peers) };
        if peer.is_none() {
            return self.end_check(id, fx);
        }
        self.ask_check(id, None, fx);
        self.pump(id, fx);
    }

    fn ask_check(&mut self, id: &AccountId, before: Option<ArchiveId>, fx: &mut Effects) {
        let (request, now) = (self.fresh_request(), self.now.mono);
        let Some(account) = self.account_mut(id) else { return };
        let is_brief = account.post.is_brief();
        let Some(check) = account.post.check.as_mut() else { return };
        check.request = Some(request);
        if before.is_none() {
            check.newest_at = Some(now);
        }
        check.before.clone_from(&before);
        let with = check.peer.clone();
        let max = if is_brief { BRIEF } else { PAGE };
        let query = ArchiveQuery { with, before: Some(before), ..ArchiveQuery::newest(request, max) };
        self.ask_archive(id, query, Asked::Check, fx);
    }

    /// Much has been said since: one look at where the oldest doubtful message should stand, before all that is read back.
    fn look_aside(&mut self, id: &AccountId, typed: Stamp, before: ArchiveId, fx: &mut Effects) {
        let request = self.fresh_request();
        let Some(check) = self.account_mut(id).and_then(|account| account.post.check.as_mut()) else { return };
        check.request = Some(request);
        (check.aside, check.looked_aside) = (Some(before), true);
        let (with, since) = (check.peer.clone(), Some(typed.minus(AROUND)));
        let query = ArchiveQuery { with, since, before: None, ..ArchiveQuery::newest(request, PAGE) };
        self.ask_archive(id, query, Asked::Check, fx);
    }

    /// A page of the check could not be had.
    pub(in crate::app) fn on_check_refused(&mut self, id: &AccountId, problem: &Problem, fx: &mut Effects) {
        let now = self.now.mono;
        let Some(check) = self.account_mut(id).and_then(|account| account.post.check.as_mut()) else { return };
        check.refused = check.refused.saturating_add(1);
        let since = now.saturating_sub(*check.refused_at.get_or_insert(now));
        if check.refused >= REFUSALS && (since >= BUSY || !says_busy(problem)) {
            return self.on_check_page(id, None, fx);
        }
        check.request = None;
        check.turn_back();
        check.again_at = Some(now.saturating_add(REST.saturating_mul(u32::from(check.refused))));
    }

    /// The archive has had its rest.
    pub(in crate::app) fn check_again(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.mono;
        let Some(check) = self.account_mut(id).and_then(|account| account.post.check.as_mut()) else { return };
        if check.again_at.take_if(|at| *at <= now).is_some() {
            let before = check.before.clone();
            self.ask_check(id, before, fx);
        }
    }

    /// A page of the check is here (`first`: how to go on; `None`: not at all).
    pub(in crate::app) fn on_check_answered(&mut self, id: &AccountId, first: Option<ArchiveId>, fx: &mut Effects) {
        if let Some(check) = self.account_mut(id).and_then(|account| account.post.check.as_mut()) {
            (check.refused, check.refused_at) = (0, None);
        }
        self.on_check_page(id, first, fx);
    }

    /// The same, or the archive has refused for long enough.
    fn on_check_page(&mut self, id: &AccountId, first: Option<ArchiveId>, fx: &mut Effects) {
        let now = self.now;
        let Some(account) = self.account_mut(id) else { return };
        let (is_brief, most) = (account.post.is_brief(), PAGES << account.sync.torn);
        let Some(check) = account.post.check.as_mut() else { return };
        check.pages = check.pages.saturating_add(1);
        check.request = None;
        let aside = check.aside.take();
        let open = account.post.doubtful.iter().filter_map(|key| account.post.unsent.get(key));
        let oldest_open = open.filter(|message| Some(&message.talk.peer) == check.peer.as_ref()).map(|m| m.stamp).min();
        let seen_enough = match (oldest_open, check.oldest) {
            (None, _) => true,
            _ if check.passed => true,
            (Some(open), Some(seen)) => {
                let margin = if is_brief { NEAR } else { MARGIN };
                open.since(seen) > margin.saturating_add(check.ahead(now.wall))
            }
            (Some(_), None) => is_brief,
        };
        if let Some(before) = aside.filter(|_| oldest_open.is_some()) {
            return self.ask_check(id, Some(before), fx);
        }
        let settled = account.post.doubt_since.saturating_add(SETTLE);
        let looked = is_brief || check.newest_at.is_some_and(|at| at >= settled);
        match first {
            Some(first) if !seen_enough && !check.last_look && check.pages < most => match oldest_open {
                Some(typed) if !is_brief && !check.looked_aside => self.look_aside(id, typed, first, fx),
                _ => self.ask_check(id, Some(first), fx),
            },
            _ if oldest_open.is_none() || looked => self.next_peer(id, fx),
            _ => {
                (check.before, check.last_look) = (None, true);
                if now.mono >= settled {
                    return self.ask_check(id, None, fx);
                }
                check.again_at = Some(settled);
            }
        }
    }

    /// Every archive message passes here: how far back the check has come. Only its own pages tell: others, such as those
    /// of a gap, leave out what is between.
    pub(in crate::app) fn note_check(&mut self, id: &AccountId, incoming: &Incoming) {
        let is_own = |check: &Check| {
            // What stands aside says nothing of how far the walk has come.
            check.request.is_some() && check.request == incoming.page && check.aside.is_none()
        };
        let Some(account) = self.account(id).filter(|account| account.post.check.as_ref().is_some_and(is_own)) else {
            return;
        };
        let talk = self.talks.get(&ConversationKey::direct(id.clone(), incoming.peer.clone()));
        let ours = talk.zip(incoming.id.as_ref()).and_then(|(talk, origin)| talk.own(origin));
        let typed_here = ours.filter(|message| message.from.is_none()).map(|message| message.key);
        let open = account
            .post
            .doubtful
            .iter()
            .filter(|key| account.post.unsent.get(key).is_some_and(|message| message.talk.peer == incoming.peer));
        let in_turn = typed_here.filter(|key| !account.post.retried.contains(key));
        let passed = in_turn.is_some_and(|key| open.min().is_some_and(|oldest| key < *oldest));
        let Some(check) = self.account_mut(id).and_then(|account| account.post.check.as_mut()) else { return };
        if check.peer.as_ref() != Some(&incoming.peer) {
            return;
        }
        check.passed |= passed;
        if let Some(stamp) = incoming.stamp {
            check.oldest = Some(check.oldest.map_or(stamp, |oldest| oldest.min(stamp)));
            check.newest = check.newest.max(Some(stamp));
        }
    }
}

/// A refusal that is about the server's moment and not about the archive (RFC 6120 section 8.3.3).
fn says_busy(problem: &Problem) -> bool {
    let busy = ["internal-server-error", "resource-constraint", "remote-server-timeout"];
    matches!(problem, Problem::RequestRefused { condition, .. } if busy.contains(&condition.as_str()))
}
