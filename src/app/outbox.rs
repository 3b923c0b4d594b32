//! Written, not yet acknowledged.
//!
//! A message is on the disk before it is on the wire; where the disk takes nothing, and that is told, it goes out all the
//! same. Order is kept, and each message is written once per session. After a lost link nobody knows whether what was
//! written arrived: if the account has an archive, it is asked first, and only what is not found there is written
//! again, with the same id and the moment at which it was typed (XEP-0203). What is for others goes out meanwhile.

mod check;

pub use check::Check;

use super::action::Effects;
use super::effect::{Effect, LinkCommand, StoreRequest};
use super::model::{Account, Asked, Body, Message, MessageState, Model};
use crate::types::{AccountId, Domain, Jid, MessageKey, OriginId, Problem};
use crate::xmpp::stanza::message::bytes_of_body;
use crate::xmpp::{Command, Outgoing};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A message that waited longer than this says when it was typed.
pub(super) const LATE: Duration = Duration::from_secs(30);

/// Messages that were written and may not have arrived yet. A session can be taken up again only as long as the server is
/// not too far behind (1,000 stanzas, `types::limits`), and receipts of ours need room beside them.
const UNDER_WAY: usize = 500;

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
    /// When something was written last of which nobody knows whether it arrived (`Now::mono`); by a butty before this one:
    /// when this one began.
    pub doubt_since: Duration,
    /// Tried once more by the person, and so sent later than their keys say.
    pub retried: BTreeSet<MessageKey>,
    /// The archive is being asked about the doubtful ones; nothing is written to these buddies meanwhile. Where the session
    /// is lost on the way, the next one goes on: on a line that breaks every few pages, beginning anew would never come to
    /// an end.
    pub check: Option<Check>,
}

/// No server finds a shorter message too large (bytes, as it is written).
const LONG: usize = 4 << 10;

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
        let gone = self.post.unsent.remove(&key);
        if self.post.unsent.is_empty() {
            self.post.retried.clear();
        }
        gone
    }

    /// The session is over: whatever was written in it is in doubt.
    pub(super) fn doubt(&mut self, now: Duration) {
        let written = std::mem::take(&mut self.post.written);
        if !written.is_empty() {
            self.post.doubt_since = now;
        }
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
    /// Something is not under way any more, whatever became of it: others follow, when half of what may be has gone.
    pub(super) fn pump_more(&mut self, id: &AccountId, fx: &mut Effects) {
        let Some(account) = self.account(id) else { return };
        let written = account.post.written.len();
        if written <= UNDER_WAY / 2 && account.outbox.len() > written {
            self.pump(id, fx);
        }
    }

    /// Writes what is kept and was not written in this session, in order: so much of it as may be under way at a time.
    pub(super) fn pump(&mut self, id: &AccountId, fx: &mut Effects) {
        let now = self.now.wall;
        let Some(account) = self.accounts.iter_mut().find(|account| account.setup.id == *id) else { return };
        // What was not sent before this start goes first.
        let known = self.cache_known || self.not_kept;
        if !known || !account.online() {
            return;
        }
        for key in &account.outbox {
            if account.post.written.len() >= UNDER_WAY {
                break;
            }
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

    /// The server has ended the session because a stanza was too large for it. Written again, that would end the next one
    /// as well, and nothing behind it would ever go out. If one of ours was too large, then the longest was.
    pub(super) fn fail_longest(&mut self, id: &AccountId, domain: Domain, fx: &mut Effects) {
        let Some(post) = self.account(id).map(|account| &account.post) else { return };
        let written = post.suspended.iter().filter_map(|key| post.unsent.get(key));
        let longest = written.map(|message| (bytes_of_body(message.body.text()), message.key)).max();
        if let Some((_, key)) = longest.filter(|(length, _)| *length >= LONG) {
            self.fail(id, key, Problem::TooLong { domain }, fx);
        }
    }

    /// The disk refuses, and something of ours that waits to be sent is not on it.
    pub fn is_unsent_unkept(&self) -> bool {
        self.not_kept && self.waiting.values().any(|row| row.posted)
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
        if posted.is_some() {
            self.pump_more(id, fx);
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

/// From `old` to `new` is a step forward. Failing is one only before the other side has the message; and that a server
/// has it says nothing against who refused it.
fn goes_up(old: &MessageState, new: &MessageState) -> bool {
    match (old, new) {
        (MessageState::Pending, MessageState::Failed(_)) => true,
        (MessageState::Sent, MessageState::Failed(problem)) => problem.refuses_message(),
        (MessageState::Failed(problem), MessageState::Sent) => !problem.refuses_message(),
        (_, MessageState::Failed(_)) => false,
        (old, new) => new.rank() > old.rank(),
    }
}
