//! Written, not yet acknowledged.
//!
//! A message is on the disk before it is on the wire; where the disk takes nothing, and that is told, it goes out all the
//! same. Order is kept, and each message is written once per session. After a lost link nobody knows whether what was
//! written arrived: if the account has an archive, it is asked first, and only what is not found there is written
//! again, with the same id and the moment at which it was typed (XEP-0203). What is for others goes out meanwhile.

use super::action::Effects;
use super::effect::{Effect, LinkCommand, StoreRequest};
use super::model::{Account, Asked, Body, ConversationKey, Message, MessageState, Model};
use crate::types::{AccountId, ArchiveId, BareJid, Jid, MessageKey, OriginId, RequestId, Stamp};
use crate::xmpp::{ArchiveQuery, Command, Incoming, Outgoing};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A message that waited longer than this says when it was typed.
pub(super) const LATE: Duration = Duration::from_secs(30);
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
/// Messages in a page.
const PAGE: u16 = 50;
/// The same where the server has said what it has, and may only be wrong about what went out last.
const BRIEF: u16 = 30;

/// Messages on their way out.
#[derive(Clone, Debug, Default)]
pub struct Post {
    /// What `Account::outbox` names.
    pub unsent: BTreeMap<MessageKey, Message>,
    /// Written in this session.
    pub written: BTreeSet<MessageKey>,
    /// Perhaps written in an earlier one.
    pub doubtful: BTreeSet<MessageKey>,
    /// Those of them that the last session had been given, which may still be taken up.
    pub suspended: BTreeSet<MessageKey>,
    /// What a server that took the session up said to lack, and what was not written since: a short look is enough for it.
    pub lacking: BTreeSet<MessageKey>,
    /// Tried once more by the person, and so sent later than their keys say.
    pub retried: BTreeSet<MessageKey>,
    /// The archive is being asked about the doubtful ones; nothing is written to these buddies meanwhile. Where the session
    /// is lost on the way, the next one goes on: on a line that breaks every few pages, beginning anew would never come to
    /// an end.
    pub check: Option<Check>,
}

/// A walk back through the archive of one talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The page that is awaited; `None`: nothing was asked in this session.
    pub request: Option<RequestId>,
    /// That page ends before this message; `None`: it is the newest one of the talk.
    pub before: Option<ArchiveId>,
    /// Whether the newest page is read once more before anything of this talk is let go.
    pub top: Top,
    /// The talk being read.
    pub peer: Option<BareJid>,
    /// Talks still to be read.
    pub peers: Vec<BareJid>,
    /// Pages read in this talk.
    pub pages: u16,
    /// How often the archive refused in this talk.
    pub refused: u8,
    /// When it is asked again (`Now::mono`).
    pub again_at: Option<Duration>,
    /// The oldest moment seen in this talk.
    pub oldest: Option<Stamp>,
    /// One of ours was seen that went out before the oldest doubtful one: that is not further back.
    pub passed: bool,
}

/// A question goes on in a session after the one in which it began: what the lost line had carried may have been archived
/// late, above the place where it goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Top {
    /// It began there.
    #[default]
    Read,
    /// It goes on further down.
    Due,
    /// That page is awaited; it is the last one.
    Asked,
}

impl Post {
    /// The server has told of all that is in doubt, and may only be wrong about what went out last.
    fn is_brief(&self) -> bool {
        self.doubtful.is_subset(&self.lacking)
    }

    /// Another session.
    pub(super) fn begin_anew(&mut self) {
        self.suspended.clear();
        self.drop_page();
        if let Some(check) = &mut self.check {
            check.top = if check.before.is_some() { Top::Due } else { Top::Read };
        }
    }

    /// The page that was awaited will not come. Nothing was written to these buddies since the check began, so the pages
    /// that it has read hold; half of one proves nothing.
    pub(super) fn drop_page(&mut self) {
        if let Some(check) = &mut self.check {
            (check.request, check.again_at, check.oldest, check.passed) = (None, None, None, false);
        }
    }
}

impl Check {
    /// About the talks with these, the last one first.
    fn of(peers: Vec<BareJid>) -> Self {
        let (request, peer, before, again_at, oldest) = (None, None, None, None, None);
        Self { request, peer, before, top: Top::Read, peers, pages: 0, refused: 0, again_at, oldest, passed: false }
    }

    /// Something for this buddy is in doubt.
    fn holds(&self, peer: &BareJid) -> bool {
        self.peer.as_ref() == Some(peer) || self.peers.contains(peer)
    }
}

impl Account {
    /// Takes a message of ours into the outbox.
    pub(super) fn post(&mut self, message: Message, doubtful: bool) {
        let key = message.key;
        if self.post.unsent.insert(key, message).is_none() {
            self.outbox.push_back(key);
        }
        if doubtful {
            self.post.doubtful.insert(key);
            // It may stand where the archive was read already.
            self.post.check = None;
            self.asked.retain(|_, asked| *asked != Asked::Check);
        }
    }

    /// Takes it out again: it arrived, failed, or was given up.
    pub(super) fn unpost(&mut self, key: MessageKey) -> Option<Message> {
        self.outbox.retain(|other| *other != key);
        self.post.written.remove(&key);
        self.post.doubtful.remove(&key);
        self.post.suspended.remove(&key);
        self.post.lacking.remove(&key);
        self.post.unsent.remove(&key)
    }

    /// The session is over: whatever was written in it is in doubt.
    pub(super) fn doubt(&mut self) {
        let written = std::mem::take(&mut self.post.written);
        // To others than those whom the check is about something was written since it began.
        if let Some(check) = &mut self.post.check {
            for message in written.iter().filter_map(|key| self.post.unsent.get(key)) {
                if !check.holds(&message.talk.peer) {
                    check.peers.insert(0, message.talk.peer.clone());
                }
            }
        }
        self.post.doubtful.extend(&written);
        self.post.suspended.extend(written);
    }

    /// The session was taken up: what the server does not say to have of it stays in doubt, and the rest of what it should
    /// have had never reached it.
    pub(super) fn take_up_post(&mut self, pending: &[MessageKey]) {
        for key in std::mem::take(&mut self.post.suspended) {
            if !pending.contains(&key) {
                self.post.doubtful.remove(&key);
            }
        }
        self.post.lacking.extend(pending.iter().filter(|key| self.post.doubtful.contains(key)));
    }
}

impl Model {
    /// A session stands: sends what waits, after asking about what is in doubt.
    pub(super) fn begin_post(&mut self, id: &AccountId, fx: &mut Effects) {
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
        *check = Check { peer: peer.clone(), ..Check::of(peers) };
        if peer.is_none() {
            return self.end_check(id, fx);
        }
        self.ask_check(id, None, fx);
        self.pump(id, fx);
    }

    fn ask_check(&mut self, id: &AccountId, before: Option<ArchiveId>, fx: &mut Effects) {
        let request = self.fresh_request();
        let Some(account) = self.account_mut(id) else { return };
        let is_brief = account.post.is_brief();
        let Some(check) = account.post.check.as_mut() else { return };
        check.request = Some(request);
        check.before.clone_from(&before);
        let with = check.peer.clone();
        let max = if is_brief { BRIEF } else { PAGE };
        let query = ArchiveQuery { with, before: Some(before), ..ArchiveQuery::newest(request, max) };
        self.ask_archive(id, query, Asked::Check, fx);
    }

    /// A page of the check could not be had.
    pub(super) fn on_check_refused(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.mono;
        let Some(check) = self.account_mut(id).and_then(|account| account.post.check.as_mut()) else { return };
        check.refused = check.refused.saturating_add(1);
        if check.refused >= REFUSALS {
            check.top = Top::Read;
            return self.on_check_page(id, None, fx);
        }
        check.request = None;
        check.again_at = Some(now.saturating_add(REST.saturating_mul(u32::from(check.refused))));
    }

    /// The archive has had its rest.
    pub(super) fn check_again(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.mono;
        let Some(check) = self.account_mut(id).and_then(|account| account.post.check.as_mut()) else { return };
        if check.again_at.take_if(|at| *at <= now).is_some() {
            let before = check.before.clone();
            self.ask_check(id, before, fx);
        }
    }

    /// A page of the check is here (`first`: how to go on; `None`: not at all).
    pub(super) fn on_check_page(&mut self, id: &AccountId, first: Option<ArchiveId>, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        let (is_brief, most) = (account.post.is_brief(), PAGES << account.sync.torn);
        let Some(check) = account.post.check.as_mut() else { return };
        if first.is_some() {
            check.refused = 0;
        }
        check.pages = check.pages.saturating_add(1);
        check.request = None;
        let open = account.post.doubtful.iter().filter_map(|key| account.post.unsent.get(key));
        let oldest_open = open.filter(|message| Some(&message.talk.peer) == check.peer.as_ref()).map(|m| m.stamp).min();
        let seen_enough = match (oldest_open, check.oldest) {
            (None, _) => true,
            _ if check.passed => true,
            (Some(open), Some(seen)) => open.since(seen) > if is_brief { NEAR } else { MARGIN },
            (Some(_), None) => is_brief,
        };
        match first {
            _ if check.top == Top::Asked => self.next_peer(id, fx),
            Some(first) if !seen_enough && check.pages < most => self.ask_check(id, Some(first), fx),
            _ if oldest_open.is_some() && check.top == Top::Due => {
                check.top = Top::Asked;
                self.ask_check(id, None, fx);
            }
            _ => self.next_peer(id, fx),
        }
    }

    /// Every archive message passes here: how far back the check has come. Only its own pages tell: others, such as those
    /// of a gap, leave out what is between.
    pub(super) fn note_check(&mut self, id: &AccountId, incoming: &Incoming) {
        let is_own = |check: &Check| check.request.is_some() && check.request == incoming.page;
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
        }
    }

    /// Writes everything that is kept and was not written in this session, in order.
    pub(super) fn pump(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.wall;
        let Some(account) = self.accounts.iter_mut().find(|account| account.setup.id == *id) else { return };
        // What was not sent before this start goes first.
        let known = self.cache_known || self.not_kept;
        if !known || !account.online() {
            return;
        }
        for key in &account.outbox {
            let Some(message) = account.post.unsent.get(key).filter(|_| !account.post.written.contains(key)) else {
                continue;
            };
            // The store keeps in order too, so nothing behind this one is kept either.
            if !self.not_kept && self.waiting.contains_key(key) {
                break;
            }
            if account.post.check.as_ref().is_some_and(|check| check.holds(&message.talk.peer)) {
                continue;
            }
            let Body::Plain(text) = &message.body else { continue };
            let locked = self.talks.get(&message.talk).and_then(|talk| talk.locked_to.clone());
            let outgoing = Outgoing {
                key: *key,
                to: locked.map_or_else(|| Jid::Bare(message.talk.peer.clone()), Jid::Full),
                body: text.as_str().to_owned(),
                ask_receipt: true,
                delayed: (now.since(message.stamp) > LATE).then_some(message.stamp),
                session: Some(account.epoch),
            };
            account.post.written.insert(*key);
            account.post.lacking.remove(key);
            fx.push(Effect::Link(id.clone(), LinkCommand::Session(Command::Send(outgoing))));
        }
    }

    /// A message of ours came further. Marks only go up; what was given up as failed may still turn out to have
    /// arrived.
    pub(super) fn mark(&mut self, id: &AccountId, key: MessageKey, state: &MessageState, fx: &mut Effects) -> bool {
        let posted = self
            .account_mut(id)
            .and_then(|account| if state.rank() > MessageState::Pending.rank() { account.unpost(key) } else { None });
        let talk = posted.as_ref().map(|message| message.talk.clone());
        let talk = talk.or_else(|| self.talk_of(id, key));
        let shown = talk.and_then(|talk| self.talks.get_mut(&talk)).and_then(|talk| talk.message_mut(key));
        let old = shown.as_deref().or(posted.as_ref()).map(|message| &message.state);
        let changes = old.is_some_and(|old| goes_up(old, state));
        if let Some(message) = shown.filter(|_| changes) {
            message.state = state.clone();
        }
        if changes {
            fx.push(Effect::Store(StoreRequest::SetState { key, state: state.clone() }));
        }
        posted.is_some()
    }

    /// The talk that has one of our messages in memory.
    pub(super) fn talk_of(&self, id: &AccountId, key: MessageKey) -> Option<super::model::ConversationKey> {
        let origin = OriginId(key.to_string());
        let own = |talk: &&super::model::Conversation| talk.key.account == *id && talk.own(&origin).is_some();
        self.talks.values().find(own).map(|talk| talk.key.clone())
    }
}

/// From `old` to `new` is a step forward. Failing is one only before the other side has the message.
fn goes_up(old: &MessageState, new: &MessageState) -> bool {
    match (old, new) {
        (MessageState::Pending | MessageState::Sent, MessageState::Failed(_)) => true,
        (_, MessageState::Failed(_)) => false,
        (old, new) => new.rank() > old.rank(),
    }
}
