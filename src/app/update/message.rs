//! A message came: live, as a copy from another device, or out of the archive.

use super::place::{stamp_of, walk};
use super::{marks, presence};
use crate::app::action::Effects;
use crate::app::effect::{Effect, Position, StoreRequest};
use crate::app::model::{Arrival, Author, Body, Contact, ConversationKey, Message, MessageState, Model, News};
use crate::app::timeline::{Placed, Room};
use crate::types::limits::STRANGERS;
use crate::types::{AccountId, ArchiveId, Jid, MessageKey, OriginId, Stamp};
use crate::xmpp::{Content, Direction, Incoming, Show, Via};

/// A message in any of its ways. How far the archive is here is said behind the message: the other way round a crash
/// between the two would lose it.
pub(super) fn on_message(model: &mut Model, id: &AccountId, incoming: &Incoming, fx: &mut Effects) {
    hear(model, id, incoming, fx);
    if let Some(stanza_id) = incoming.stanza_id.as_ref().filter(|_| incoming.via != Via::Archive) {
        model.note_cursor(id, ArchiveId(stanza_id.0.clone()), fx);
    }
}

impl Model {
    /// A message that was put by.
    pub(in crate::app) fn hear(&mut self, id: &AccountId, incoming: &Incoming, fx: &mut Effects) {
        hear(self, id, incoming, fx);
    }
}

fn hear(model: &mut Model, id: &AccountId, incoming: &Incoming, fx: &mut Effects) {
    if incoming.via == Via::Archive {
        model.note_check(id, incoming);
    }
    let theirs = incoming.direction == Direction::In;
    if let Some(of) = incoming.receipt_of.as_ref().filter(|_| theirs) {
        marks::on_receipt(model, id, &incoming.peer, of, fx);
    }
    if let Some(of) = incoming.displayed.clone().filter(|_| !theirs) {
        let key = ConversationKey::direct(id.clone(), incoming.peer.clone());
        model.read_elsewhere(&key, Position::Theirs(of), false, fx);
    }
    if theirs && incoming.via == Via::Live {
        presence::on_spoken(model, id, incoming);
    }
    let Some(body) = body_of(&incoming.body) else { return };
    let key = ConversationKey::direct(id.clone(), incoming.peer.clone());
    // A flood of strangers goes to the store alone.
    if !model.talks.contains_key(&key) && model.talks.len() >= STRANGERS && model.contact(&key).is_none() {
        let told = incoming.stamp.filter(|_| incoming.via == Via::Archive);
        let message = made(model, &key, incoming, body, told.unwrap_or(model.now.wall));
        model.keep_message(&message, None, News::Old, fx);
        return;
    }
    if theirs && echo_to_self(model, id, incoming, fx) {
        return;
    }
    let bounds = model.bounds(&key, incoming);
    let at = stamp_of(model, &key, incoming, bounds);
    let message = made(model, &key, incoming, body, at);
    let twin = model.talk_mut(&key).twin(&message);
    if message.is_nameless() {
        model.talk_mut(&key).claimed.insert(twin.unwrap_or(message.key));
    }
    let twin = twin.or_else(|| posted(model, id, &message));
    // A page that is to prove what became of ours says nothing of where a message belongs. What is new in it comes by
    // itself, as long as the archive is still read.
    let is_of_check = model.is_of_check(id, incoming);
    if is_of_check && twin.is_none() && model.put_by(id, incoming) {
        return;
    }
    model.no_longer_put_by(id, incoming);
    if incoming.via != Via::Archive {
        model.talk_mut(&key).came_live(twin, &message);
    }
    // First, for what it moves may leave memory.
    if let Some(twin) = twin {
        merge(model, id, twin, &message, fx);
    }
    if incoming.via == Via::Archive && !is_of_check {
        walk(model, &message, twin, incoming, bounds, fx);
    }
    if twin.is_none() {
        take_in(model, &key, message, incoming, fx);
    }
    if let Some(stanza_id) = &incoming.stanza_id {
        model.meet_read_position(&key, stanza_id, fx);
    }
    presence::lock(model, &key, incoming);
}

/// What there is to show.
fn body_of(content: &Content) -> Option<Body> {
    match content {
        Content::None => None,
        Content::Plain(prose) if prose.is_empty() => None,
        Content::Plain(prose) => Some(Body::Plain(prose.clone())),
        Content::Encrypted { name } => Some(Body::Unreadable(name.clone())),
    }
}

fn made(model: &mut Model, key: &ConversationKey, incoming: &Incoming, body: Body, stamp: Stamp) -> Message {
    let theirs = incoming.direction == Direction::In;
    Message {
        key: model.fresh_key(),
        talk: key.clone(),
        direction: incoming.direction,
        author: if theirs { Author::Contact } else { Author::Me },
        stamp,
        body,
        state: if theirs { MessageState::Received } else { MessageState::Sent },
        origin: incoming.id.clone(),
        stanza_id: incoming.stanza_id.clone(),
        relation: None,
        attachments: Vec::new(),
        arrival: arrival(model, &key.account, incoming),
        from: Some(incoming.from.clone()),
        owes_receipt: receipt(model, key, incoming).is_some(),
        edited: false,
        markable: theirs && incoming.wants_marker,
    }
}

/// How it came, as far as that tells copies apart.
fn arrival(model: &Model, id: &AccountId, incoming: &Incoming) -> Arrival {
    match incoming.via {
        Via::Archive => Arrival::Archived,
        Via::Live if incoming.delayed => {
            Arrival::Kept(model.account(id).map(|account| account.heard_from).unwrap_or_default())
        }
        Via::Live | Via::Carbon => Arrival::Fresh,
    }
}

/// A receipt is owed for a live message from a buddy who may see that we are here.
fn receipt(model: &Model, key: &ConversationKey, incoming: &Incoming) -> Option<(Jid, OriginId)> {
    let live = incoming.direction == Direction::In && incoming.via == Via::Live && incoming.wants_receipt;
    let entitled = model.contact(key).is_some_and(Contact::sees_us);
    // Who appears offline does not betray it.
    let shown = model.account(&key.account).is_some_and(|account| account.appearance.show != Show::Offline);
    let wanted = live && entitled && shown && model.options.send_delivered;
    let id = incoming.id.clone().filter(|_| wanted)?;
    Some((incoming.from.clone(), id))
}

/// What we write to ourselves comes back: that is a receipt, not another message.
fn echo_to_self(model: &mut Model, id: &AccountId, incoming: &Incoming, fx: &mut Effects) -> bool {
    let own = model.account(id).and_then(|account| account.jid.as_ref()).is_some_and(|jid| jid.bare() == incoming.peer);
    let key = ConversationKey::direct(id.clone(), incoming.peer.clone());
    let talk = model.talks.get(&key).filter(|_| own);
    let written = incoming.id.as_ref().and_then(|of| talk.and_then(|talk| talk.own(of)));
    let Some(written) = written.map(|message| message.key) else { return false };
    model.mark(id, written, &MessageState::Delivered, fx);
    true
}

/// One of ours that is still in the outbox, though its talk is not in memory.
fn posted(model: &Model, id: &AccountId, message: &Message) -> Option<MessageKey> {
    let unsent = &model.account(id)?.post.unsent;
    let key = message.origin.as_ref().and_then(|origin| MessageKey::parse(&origin.0))?;
    let ours = message.direction == Direction::Out;
    unsent.get(&key).filter(|other| ours && other.talk == message.talk).map(|other| other.key)
}

/// Another copy of a message that is here: it brings its ids, and for ours the proof that the server has it.
fn merge(model: &mut Model, id: &AccountId, twin: MessageKey, message: &Message, fx: &mut Effects) {
    let talk = model.talk_mut(&message.talk);
    if talk.adopt(twin, message.stanza_id.as_ref(), message.origin.as_ref())
        && let Some(stanza_id) = message.stanza_id.clone()
    {
        fx.push(Effect::Store(StoreRequest::SetStanzaId { key: twin, stanza_id }));
    }
    if message.direction == Direction::Out && model.mark(id, twin, &MessageState::Sent, fx) {
        model.count_sent(id);
    }
}

/// A new message.
fn take_in(model: &mut Model, key: &ConversationKey, message: Message, incoming: &Incoming, fx: &mut Effects) {
    let theirs = message.direction == Direction::In;
    let sealed = matches!(message.body, Body::Unreadable(_));
    let (id, at) = (message.key, message.stamp);
    let late = incoming.via == Via::Archive;
    let receipt = receipt(model, key, incoming);
    let seen = message.stamp <= model.talk_mut(key).read_to;
    let missed = if late && !seen { model.news_of(&key.account, message.stamp) } else { News::Old };
    model.keep_message(&message, receipt, missed, fx);
    let newest = model.talk_mut(key).last_at.is_none_or(|last| last <= message.stamp);
    // A page of a check is told among others: what it has does not stand behind what they told.
    let walked = late && !model.is_of_check(&key.account, incoming);
    let talk = model.talk_mut(key);
    if newest {
        talk.warn_plain = sealed && theirs || (talk.warn_plain && !theirs);
    }
    if theirs && incoming.nick.is_some() {
        talk.nick.clone_from(&incoming.nick);
    }
    let told = message.stanza_id.clone().filter(|_| walked && theirs);
    if talk.place(message) == Placed::Elsewhere {
        talk.note_stored(told);
    }
    let open = model.open.as_ref() == Some(key);
    let room = if open { Room::Shown } else { model.room_off_screen(&key.account) };
    model.talk_mut(key).trim(room);
    if theirs {
        model.count_received(&key.account);
        if !late {
            came(model, key, id, News::Fresh, fx);
        }
    } else if !late {
        // Written on another device, or by a command of this one: read there, and that tells enough.
        model.mark_read(key, fx);
        model.settle_displayed(key, at, fx);
        // A talk that was begun there can be gone on with here.
        if model.contact(key).is_none() && !model.tabs.contains(key) {
            model.tabs.push(key.clone());
        }
    }
}

/// Something new from somebody: read at once if it is looked at, else unread and told.
pub(super) fn came(model: &mut Model, key: &ConversationKey, id: MessageKey, news: News, fx: &mut Effects) {
    let seen = model.looks_at(key) && model.is_in_sight(key, id);
    let open = model.open.as_ref() == Some(key);
    let talk = model.talk_mut(key);
    talk.unread = talk.unread.saturating_add(1);
    if let Some(recount) = &mut talk.recount {
        recount.since = recount.since.saturating_add(1);
    }
    if seen {
        model.see(fx);
        return;
    }
    if open && talk.new_from.is_none() {
        talk.new_from = Some(id);
        talk.new_count = 0;
    } else if open && talk.new_from.and_then(|from| talk.index(from)) > talk.index(id) {
        // It came late: the rule moves up to it.
        talk.new_from = Some(id);
    }
    if open {
        talk.new_count = talk.new_count.saturating_add(1);
    }
    if news == News::Fresh {
        model.notify(key, fx);
    }
    model.tell_title(fx);
}
