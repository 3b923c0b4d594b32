//! Sending, and telling that one types.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::model::{
    Account, Arrival, Author, Body, Contact, Conversation, ConversationKey, Message, MessageState, Model, News,
    Overlay, Scroll, Waiting,
};
use crate::types::limits::{NOT_KEPT, UNCOMMITTED, UNCOMMITTED_BYTES};
use crate::types::{Jid, MessageKey, OriginId, Problem, Prose};
use crate::xmpp::{ChatState, Command, Direction, Show, Subscription};
use std::time::Duration;

/// Typing is paused after this time without a change (XEP-0085 section 5.3 leaves it open).
const PAUSE: Duration = Duration::from_secs(10);
/// A draft rests this long before it is written.
const DRAFT: Duration = Duration::from_secs(1);

impl Model {
    /// Sends a text to the person of this talk, whatever is on the screen. Offline it is kept and sent in order.
    pub fn send_text(&mut self, key: &ConversationKey, text: &str, fx: &mut Effects) {
        if text.trim().is_empty() || self.account(&key.account).is_none() {
            return;
        }
        if self.says_read_only(&key.account) {
            let talk = self.talk_mut(key);
            if talk.composer.text().is_empty() {
                talk.composer.set_text(text);
            }
            return;
        }
        if self.talk_mut(key).warn_plain {
            let talk = self.talk_mut(key);
            if talk.composer.text().is_empty() {
                talk.composer.set_text(text);
            }
            self.overlays.push(Overlay::PlainReply);
            return;
        }
        let message = self.own_message(key, text);
        let talk = self.talk_mut(key);
        talk.told_typing = None; // the message itself says that typing ended
        self.keep_draft(key, fx);
        self.keep_message(&message, None, News::Old, fx);
        if let Some(account) = self.account_mut(&key.account) {
            account.post(message.clone(), false);
        }
        self.talk_mut(key).place(message);
        if self.open.as_ref() == Some(key) {
            self.talk_mut(key).scroll = Scroll::Bottom;
            self.scroll_to_end(fx);
        }
        self.mark_read(key, fx);
        self.pump(&key.account, fx);
    }

    fn own_message(&mut self, key: &ConversationKey, text: &str) -> Message {
        let id = self.fresh_key();
        let now = self.now.wall;
        Message {
            key: id,
            talk: key.clone(),
            direction: Direction::Out,
            author: Author::Me,
            stamp: self.talk_mut(key).stamp_now(now),
            body: Body::Plain(Prose::clean(text)),
            state: MessageState::Pending,
            origin: Some(OriginId(id.to_string())),
            stanza_id: None,
            relation: None,
            attachments: Vec::new(),
            arrival: crate::app::model::Arrival::Fresh,
            from: None,
            owes_receipt: false,
            edited: false,
            markable: false,
        }
    }

    /// Hands a row to the store, and slows the wire if the store is far behind.
    pub(crate) fn keep_message(
        &mut self,
        message: &Message,
        receipt: Option<(Jid, OriginId)>,
        missed: News,
        fx: &mut Effects,
    ) {
        fx.push(Effect::Store(StoreRequest::Insert(Box::new(message.clone()))));
        let theirs = message.direction == Direction::In;
        let row = Waiting {
            talk: message.talk.clone(),
            bytes: message.bytes(),
            receipt,
            posted: message.state == MessageState::Pending,
            counted: theirs && message.arrival != Arrival::Archived,
            news: if theirs { missed } else { News::Old },
            answers: (missed != News::Old && !theirs).then_some(message.stamp),
        };
        self.uncommitted_bytes = self.uncommitted_bytes.saturating_add(row.bytes);
        self.waiting.insert(message.key, row);
        self.brake(&message.talk.account, fx);
    }

    /// A row is on the disk, or will never be.
    pub(crate) fn take_waiting(&mut self, key: MessageKey) -> Option<Waiting> {
        let row = self.waiting.remove(&key)?;
        self.uncommitted_bytes = self.uncommitted_bytes.saturating_sub(row.bytes);
        Some(row)
    }

    /// Tries a failed message again, at the end of the line.
    pub fn retry(&mut self, key: MessageKey, fx: &mut Effects) {
        let Some(talk) = self.open.clone().filter(|open| !self.says_read_only(&open.account)) else { return };
        let Some(message) = self.talk_mut(&talk).message_mut(key) else { return };
        if !matches!(message.state, MessageState::Failed(_)) || message.direction != Direction::Out {
            return;
        }
        let is_in_doubt = !matches!(&message.state, MessageState::Failed(problem) if problem.refuses_message());
        message.state = MessageState::Pending;
        let message = message.clone();
        fx.push(Effect::Store(StoreRequest::SetState { key, state: MessageState::Pending }));
        if let Some(account) = self.account_mut(&talk.account) {
            account.post.retried.insert(key);
            account.post(message, is_in_doubt);
        }
        self.begin_post(&talk.account, fx);
    }

    /// Gives up a message that was not sent: it leaves the talk's view and the outbox, and is not tried again.
    pub fn discard(&mut self, key: MessageKey, fx: &mut Effects) {
        let Some(open) = self.open.clone().filter(|open| !self.says_read_only(&open.account)) else { return };
        let talk = self.talk_mut(&open);
        let gone = |message: &Message| {
            message.direction == Direction::Out
                && matches!(message.state, MessageState::Pending | MessageState::Failed(_))
        };
        let Some(at) = talk.index(key).filter(|at| talk.messages.get(*at).is_some_and(gone)) else { return };
        talk.messages.remove(at);
        if talk.selected == Some(key) {
            talk.selected = talk.messages.get(at).or(talk.messages.back()).map(|message| message.key);
        }
        if matches!(talk.scroll, Scroll::At { key: anchor, .. } if anchor == key) {
            talk.scroll = Scroll::Bottom;
        }
        if let Some(account) = self.account_mut(&open.account) {
            account.unpost(key);
        }
        fx.push(Effect::Store(StoreRequest::Discard { key }));
        self.pump_more(&open.account, fx);
    }

    /// The composer of the open talk changed.
    pub fn edited(&mut self, fx: &mut Effects) {
        let Some(key) = self.open.clone() else { return };
        let now = self.now.mono;
        let talk = self.talk_mut(&key);
        let changed = talk.composer.text() != talk.draft_saved;
        talk.draft_due = changed.then(|| now.saturating_add(DRAFT));
        let text = talk.composer.text();
        // A command is not something that one types to somebody.
        let writes = !text.trim().is_empty() && (!text.starts_with('/') || text.starts_with("//"));
        if !writes {
            // Not at once: if a message follows, it says so itself.
            talk.told_typing = talk.told_typing.map(|_| now);
            return;
        }
        if self.talk_mut(&key).told_typing.is_none() && self.may_tell_typing(&key) {
            self.tell_state(&key, ChatState::Composing, fx);
            self.talk_mut(&key).told_typing = Some(now.saturating_add(PAUSE));
        } else if let Some(until) = &mut self.talk_mut(&key).told_typing {
            *until = now.saturating_add(PAUSE);
        }
    }

    /// Typing in a talk ends without a message; what was written stays.
    pub(crate) fn stop_typing(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let empty = self.talks.get(key).is_none_or(|talk| talk.composer.text().is_empty());
        self.say_typing(key, if empty { ChatState::Active } else { ChatState::Paused }, fx);
    }

    /// Takes "typing" back, if it was told.
    fn say_typing(&mut self, key: &ConversationKey, state: ChatState, fx: &mut Effects) {
        if self.talks.get_mut(key).and_then(|talk| talk.told_typing.take()).is_some() {
            self.tell_state(key, state, fx);
        }
    }

    fn tell_state(&mut self, key: &ConversationKey, state: ChatState, fx: &mut Effects) {
        let locked = self.talks.get(key).and_then(|talk| talk.locked_to.clone());
        let to = locked.map_or_else(|| Jid::Bare(key.peer.clone()), Jid::Full);
        self.command(&key.account, Command::ChatState { to, state }, fx);
    }

    /// Typing is told only to who may see that we are here, and who is there to see it.
    fn may_tell_typing(&self, key: &ConversationKey) -> bool {
        let shown = self.account(&key.account).is_some_and(|account| account.appearance.show != Show::Offline);
        let there = self.contact(key).is_some_and(|contact| contact.sees_us() && !contact.devices.is_empty());
        self.options.send_typing && shown && there
    }

    /// The store was given something that it will answer for, because somebody else said so: what comes is read no faster
    /// than that is done.
    pub(crate) fn await_store(&mut self, id: &crate::types::AccountId, fx: &mut Effects) {
        // What another butty keeps is given to no store.
        if !self.is_read_only(id) {
            self.marking = self.marking.saturating_add(1);
            self.brake(id, fx);
        }
    }

    /// Slows or frees the wire of an account, by how far the store is behind.
    pub(crate) fn brake(&mut self, id: &crate::types::AccountId, fx: &mut Effects) {
        let most = if self.not_kept { NOT_KEPT } else { UNCOMMITTED };
        let behind = self.unsettled() > most || self.uncommitted_bytes > UNCOMMITTED_BYTES;
        if let Some(account) = self.account_mut(id).filter(|account| behind && !account.paused) {
            account.paused = true;
            fx.push(Effect::Link(id.clone(), LinkCommand::Pause));
        }
    }

    /// Frees every braked wire once the store has caught up.
    pub(crate) fn release(&mut self, fx: &mut Effects) {
        if self.store_is_behind() {
            return;
        }
        let paused: Vec<_> = self.accounts.iter().filter(|a| a.paused).map(|a| a.setup.id.clone()).collect();
        for id in paused {
            if let Some(account) = self.account_mut(&id) {
                account.paused = false;
            }
            fx.push(Effect::Link(id, LinkCommand::Resume));
        }
        self.resume_fill(fx);
    }

    /// Rows, marks and the like that the store was given and has not answered for.
    fn unsettled(&self) -> usize {
        self.waiting.len().saturating_add(self.marking)
    }

    /// So many rows wait for the disk that nothing more is asked for.
    pub(crate) fn store_is_behind(&self) -> bool {
        let most = if self.not_kept { NOT_KEPT } else { UNCOMMITTED / FREED };
        self.unsettled() > most || self.uncommitted_bytes > UNCOMMITTED_BYTES / FREED
    }

    /// A message will not arrive.
    pub(crate) fn fail(&mut self, account: &crate::types::AccountId, key: MessageKey, why: Problem, fx: &mut Effects) {
        self.mark(account, key, &MessageState::Failed(why), fx);
    }
}

/// A braked wire is freed once so small a part of what braked it is left.
const FREED: usize = 4;

impl Contact {
    /// They may see whether we are here.
    pub fn sees_us(&self) -> bool {
        matches!(self.item.subscription, Subscription::From | Subscription::Both)
    }
}

impl Account {
    /// Messages that would be lost by forgetting this account now.
    pub fn pending(&self) -> usize {
        self.outbox.len()
    }
}

impl Conversation {
    /// A draft waits here.
    pub fn has_draft(&self) -> bool {
        !self.composer.text().trim().is_empty()
    }
}
