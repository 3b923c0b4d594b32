//! How far talks were read: told to our other devices, and heard from them.
//!
//! The position is a message by our archive's id (XEP-0490). Where the account keeps none, what the other side is told
//! (`displayed`) tells our devices as well, for they get copies.

use crate::app::action::Effects;
use crate::app::effect::{Effect, Position, StoreRequest};
use crate::app::model::{Conversation, ConversationKey, Model, News, Recount};
use crate::types::{AccountId, RequestId, Stamp, StanzaId};
use crate::xmpp::{Command, Direction, ReadPosition};
use std::time::Duration;

/// Reading rests this long before it is told: a flood is told once.
const REST: Duration = Duration::from_secs(1);

impl Model {
    /// The person saw this talk to its end: our devices, and perhaps the other side, will be told.
    pub(super) fn note_read(&mut self, key: &ConversationKey) {
        let due = self.now.mono.saturating_add(REST);
        self.talk_mut(key).tell_read.get_or_insert(due);
    }

    /// When to tell how far this talk was read (`Now::mono`). What was read offline waits until the server can be told,
    /// and until the archive has given its messages the names by which it is told.
    pub(crate) fn tell_read_at(&self, talk: &Conversation) -> Option<Duration> {
        let account = self.account(&talk.key.account)?;
        talk.tell_read.filter(|_| account.online() && account.features_known && !account.sync.running)
    }

    /// Tells how far a talk was read, if that is news.
    pub(crate) fn tell_read(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let talk = self.talk_mut(key);
        talk.tell_read = None;
        let seen = |m: &&crate::app::model::Message| m.direction == Direction::In && m.stamp <= talk.read_to;
        let newest = talk.messages.iter().rev().filter(seen).find_map(|message| message.stanza_id.clone());
        if let Some(id) = newest.filter(|id| talk.told_read.as_ref() != Some(id)) {
            self.tell_position(key, id, fx);
        }
        self.tell_displayed(key, fx);
    }

    fn tell_position(&mut self, key: &ConversationKey, id: StanzaId, fx: &mut Effects) {
        let Some(account) = self.account(&key.account) else { return };
        if !account.features.read_positions || account.positions_refused {
            return;
        }
        let command = Command::ReadUpTo { talk: key.peer.clone(), id: id.clone() };
        if self.command(&key.account, command, fx) {
            self.talk_mut(key).told_read = Some(id);
        }
    }

    /// Our devices have read so far. `all`: at the start of a session, when it also shows what they do not know.
    pub(crate) fn on_read_positions(
        &mut self,
        id: &AccountId,
        all: bool,
        positions: Vec<ReadPosition>,
        fx: &mut Effects,
    ) {
        if all && let Some(account) = self.account_mut(id) {
            account.positions_known = true;
            for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
                talk.told_read = None;
            }
        }
        for ReadPosition { talk, up_to } in positions {
            let key = ConversationKey::direct(id.clone(), talk);
            if self.talks.get(&key).is_some_and(|talk| talk.told_read.as_ref() == Some(&up_to)) {
                continue;
            }
            if let Some(talk) = self.talks.get_mut(&key) {
                talk.told_read = Some(up_to.clone());
                talk.read_ahead = Some(up_to.clone());
            }
            self.read_elsewhere(&key, Position::Archive(up_to), all, fx);
        }
        if all {
            self.tell_what_was_read(id, false, fx);
        }
    }

    /// What was read here and our devices do not know, whatever they do know, once the archive is here as well: of all
    /// talks, or of those alone that they know nothing of.
    pub(crate) fn tell_what_was_read(&mut self, id: &AccountId, of_all: bool, fx: &mut Effects) {
        let Some(account) = self.account(id).filter(|account| account.online() && account.positions_known) else {
            return;
        };
        if account.sync.running || account.positions_refused || !account.features.read_positions {
            return;
        }
        let read = self.talks.values().filter(|talk| talk.key.account == *id && talk.read_to > Stamp(0));
        // What has just come is to be told of, and counting anew would pass over it.
        let fresh = |key: &ConversationKey| self.waiting.values().any(|row| row.talk == *key && row.news != News::Old);
        // A disk that takes nothing answers nothing: it is asked once.
        let asked = |talk: &Conversation| self.not_kept && talk.recount.is_some();
        let unknown = read.filter(|talk| !asked(talk) && (of_all || talk.told_read.is_none()) && !fresh(&talk.key));
        let known = |talk: &Conversation| talk.told_read.clone().map_or(Position::Moment(Stamp(0)), Position::Archive);
        for (key, to) in unknown.map(|talk| (talk.key.clone(), known(talk))).collect::<Vec<_>>() {
            self.read_elsewhere(&key, to, true, fx);
        }
    }

    /// A device of ours has seen a talk up to here: what is unread is counted anew, behind everything that is on its way
    /// to the disk.
    pub(crate) fn read_elsewhere(&mut self, key: &ConversationKey, to: Position, ahead: bool, fx: &mut Effects) {
        let request = self.fresh_request();
        let mut fresh = false;
        for row in self.waiting.values_mut().filter(|row| row.talk == *key && row.news != News::Old) {
            fresh |= row.news == News::Fresh;
            row.news = News::Counted;
        }
        if let Some(talk) = self.talks.get_mut(key) {
            fresh |= talk.recount.is_some_and(|before| before.fresh);
            talk.recount = Some(Recount { request, since: 0, fresh });
        }
        fx.push(Effect::Store(StoreRequest::ReadTo { request, talk: key.clone(), to, ahead }));
        self.await_store(&key.account, fx);
    }

    /// A message under this id is here now: perhaps the one up to which another device has read.
    pub(crate) fn meet_read_position(&mut self, key: &ConversationKey, id: &StanzaId, fx: &mut Effects) {
        let ahead = self.talks.get(key).and_then(|talk| talk.read_ahead.as_ref());
        if ahead == Some(id) {
            self.read_elsewhere(key, Position::Archive(id.clone()), false, fx);
        }
    }

    /// The store has counted.
    pub(crate) fn on_recounted(
        &mut self,
        request: RequestId,
        key: &ConversationKey,
        (up_to, displayed): (Option<Stamp>, Stamp),
        unread: u32,
        ours: Option<StanzaId>,
        fx: &mut Effects,
    ) {
        let Some(talk) = self.talks.get_mut(key) else { return };
        if let Some(up_to) = up_to {
            talk.read_to = talk.read_to.max(up_to);
            talk.read_ahead = None;
        }
        talk.settle_displayed(displayed);
        let counted = talk.recount.take_if(|recount| recount.request == request);
        if let Some(Recount { since, .. }) = counted {
            talk.unread = unread.saturating_add(since);
        }
        if let Some(ours) = ours {
            self.tell_position(key, ours, fx);
        }
        if self.looks_at(key) {
            self.see(fx);
        }
        // What came since has rung by itself.
        let missed = unread > 0 && self.talks.get(key).is_some_and(|talk| talk.unread > 0);
        if missed && counted.is_some_and(|recount| recount.fresh) {
            self.notify(key, fx);
        }
        self.tell_title(fx);
    }
}
