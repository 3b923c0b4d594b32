//! How far our messages came. Whoever says so must be the one it was written to, or the server.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Conversation, ConversationKey, MessageState, Model};
use crate::types::limits::LATE_MARKS;
use crate::types::{AccountId, BareJid, Jid, MessageKey, OriginId, Problem, Stamp};
use crate::xmpp::Direction;
use crate::xmpp::entitled::{Claim, Home};
use crate::xmpp::stanza::Sender;

/// A device of theirs has a message of ours (XEP-0184).
pub(super) fn on_receipt(model: &mut Model, id: &AccountId, from: &BareJid, of: &OriginId, fx: &mut Effects) {
    let key = ConversationKey::direct(id.clone(), from.clone());
    let posted = || {
        let posted = model.account(id).into_iter().flat_map(|account| account.post.unsent.values());
        posted.filter(|m| m.talk == key && m.origin.as_ref() == Some(of)).map(|m| m.key).next()
    };
    let shown = model.talks.get(&key).and_then(|talk| talk.own(of)).map(|message| message.key);
    if let Some(own) = shown.or_else(posted) {
        model.mark(id, own, &MessageState::Delivered, fx);
    } else if let Some(own) = MessageKey::parse(&of.0) {
        mark_stored(model, &key, own, of, MessageState::Delivered, fx);
    }
}

/// Everything of ours up to this message was seen (XEP-0333).
pub(super) fn on_displayed(
    model: &mut Model,
    id: &AccountId,
    from: &BareJid,
    of: &OriginId,
    at: Option<Stamp>,
    fx: &mut Effects,
) {
    let key = ConversationKey::direct(id.clone(), from.clone());
    let state = MessageState::Read(Some(at.unwrap_or(model.now.wall)));
    let talk = model.talks.get(&key);
    let Some(own) = talk.and_then(|talk| talk.own(of)).map(|message| message.key) else {
        if let Some(own) = MessageKey::parse(&of.0) {
            mark_stored(model, &key, own, of, state, fx);
        }
        return;
    };
    let last = talk.and_then(|talk| talk.index(own)).unwrap_or(0);
    let up_to = talk.map(|talk| talk.messages.iter().take(last.saturating_add(1)).rev()).into_iter().flatten();
    let ours = up_to.filter(|message| message.direction == Direction::Out);
    let unread = ours.take_while(|message| !matches!(message.state, MessageState::Read(_)));
    let with_server = unread.filter(|m| m.key == own || m.state.rank() >= MessageState::Sent.rank());
    for message in with_server.map(|message| message.key).collect::<Vec<_>>() {
        model.mark(id, message, &state, fx);
    }
}

/// The message is perhaps in the store, however old. A page of it that is on its way already has the old mark.
fn mark_stored(
    model: &mut Model,
    talk: &ConversationKey,
    own: MessageKey,
    of: &OriginId,
    state: MessageState,
    fx: &mut Effects,
) {
    if model.is_read_only(&talk.account) {
        return;
    }
    fx.push(Effect::Store(StoreRequest::Mark { talk: talk.clone(), key: own, state: state.clone() }));
    // Anybody can name any number of messages: the line is read no faster than they are looked up.
    model.await_store(&talk.account, fx);
    let waits = |talk: &&mut Conversation| talk.page.is_some() && talk.late_marks.len() < LATE_MARKS;
    if let Some(talk) = model.talks.get_mut(talk).filter(waits) {
        talk.late_marks.push((of.clone(), state));
    }
}

/// The server has a message of ours.
pub(super) fn on_acknowledged(model: &mut Model, id: &AccountId, key: MessageKey, fx: &mut Effects) {
    if model.mark(id, key, &MessageState::Sent, fx) {
        model.count_sent(id);
    } else {
        model.on_displayed_sent(id, key, fx);
    }
}

/// A message of ours came back. A stranger cannot say so.
pub(super) fn on_bounced(
    model: &mut Model,
    id: &AccountId,
    of: &OriginId,
    from: Option<&Jid>,
    problem: Problem,
    fx: &mut Effects,
) {
    let Some(key) = MessageKey::parse(&of.0) else { return };
    let posted = model.account(id).and_then(|account| account.post.unsent.get(&key));
    let Some(talk) = posted.map(|message| message.talk.clone()).or_else(|| model.talk_of(id, key)) else {
        // Perhaps it is in the store, and was written to whoever says this.
        if let Some(from) = from {
            let talk = ConversationKey::direct(id.clone(), from.bare());
            mark_stored(model, &talk, key, of, MessageState::Failed(problem), fx);
        }
        return;
    };
    // The session may have forgotten to whom it went, and then let anybody say so; here it is known.
    let Some(home) = model.account(id).and_then(|account| account.jid.clone()).map(Home::new) else { return };
    let sender = from.map_or(Sender::Absent, |from| Sender::Known(from.clone()));
    if home.lets(&sender, Claim::Bounce(Some(&talk.peer))) {
        model.fail(id, key, problem, fx);
    }
}

impl Model {
    /// One more for "2 sent".
    pub(super) fn count_sent(&mut self, id: &AccountId) {
        if let Some(back) = self.account_mut(id).and_then(|account| account.back.as_mut()) {
            back.sent = back.sent.saturating_add(1);
        }
    }

    /// One more for "5 received".
    pub(super) fn count_received(&mut self, id: &AccountId) {
        if let Some(back) = self.account_mut(id).and_then(|account| account.back.as_mut()) {
            back.received = back.received.saturating_add(1);
        }
    }
}
