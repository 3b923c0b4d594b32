//! A message came: live, as a copy from another device, or out of the archive.

use super::{marks, presence};
use crate::app::action::Effects;
use crate::app::effect::{Effect, Position, StoreRequest};
use crate::app::model::{
    Arrival, Author, Body, Contact, Conversation, ConversationKey, Message, MessageState, Model, News, Walked,
};
use crate::app::outbox::LATE;
use crate::app::sync::Bounds;
use crate::app::timeline::{Placed, Room};
use crate::types::limits::STRANGERS;
use crate::types::{AccountId, ArchiveId, Jid, MessageKey, OriginId, Stamp};
use crate::xmpp::{Content, Direction, Incoming, Show, Via};
use std::time::Duration;

/// So near to each other two clocks prove nothing about what was written first.
const NEAR: Duration = Duration::from_secs(5);
/// Some archives tell whole seconds alone: so far what stands at the edge of a page may lie beside its stamp.
const GRAIN: Duration = Duration::from_secs(1);
/// Clocks of two honest computers differ by less: so far the archive's order is believed against them.
const SKEWED: Duration = Duration::from_secs(3600);
/// The same within one page of it, whose order leaves no doubt.
const DAY: Duration = Duration::from_secs(24 * 3600);

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
    if incoming.via == Via::Archive && !is_of_check {
        walk(model, &message, twin, incoming, bounds, fx);
    }
    match twin {
        Some(twin) => merge(model, id, twin, &message, fx),
        None => take_in(model, &key, message, incoming, fx),
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

/// When it was written. A live message from the future is one of now; the archive's clock is the server's. Messages come
/// in their order, also out of the archive, and what it has of the time that we missed comes behind all that we had.
fn stamp_of(model: &mut Model, key: &ConversationKey, incoming: &Incoming, bounds: Bounds) -> Stamp {
    if let Some(told) = incoming.stamp.filter(|_| incoming.via == Via::Archive) {
        return archived_at(model.talk_mut(key), incoming, told, bounds);
    }
    let now = model.now.wall;
    let talk = model.talk_mut(key);
    let current = talk.stamp_now(now);
    let stamp = match incoming.stamp {
        Some(told) => {
            // What the server kept for us, it kept since we were there, and tells in its order.
            let kept = |bound: Option<Stamp>| bound.filter(|_| incoming.delayed);
            let missed = kept(talk.before_session.map(|heard| heard.to));
            let live = kept(talk.live_before(incoming.direction)).map(|live| live.min(current));
            let stamp = behind(behind(told.min(current), missed, SKEWED), live, SKEWED);
            let stamp = behind(stamp, talk.last_at, NEAR);
            // What its author dates back, and no server kept, is new all the same, and must count as unread.
            let seen = Some(talk.read_to).filter(|read| !incoming.delayed && *read >= stamp);
            seen.map_or(stamp, |read| Stamp(read.0.saturating_add(1)))
        }
        None => current,
    };
    let limit = incoming.stanza_id.as_ref().and_then(|id| talk.before_later(id, incoming.direction));
    limit.map_or(stamp, |limit| limit.min(stamp))
}

/// Where the archive has it: behind what it told before in the same page, behind what was here and before what the page
/// above has, if it says so. Two clocks prove nothing against that.
fn archived_at(talk: &Conversation, incoming: &Incoming, told: Stamp, bounds: Bounds) -> Stamp {
    let Bounds { beyond, sure, above, .. } = bounds;
    let missed = beyond.map(|heard| heard.to);
    let at = behind(told, missed, if sure { SKEWED } else { NEAR });
    let at = match talk.walked_before(incoming.page, told) {
        // Keys keep them apart, so that a flood within one second needs no more room than that.
        Some(before) if before.fresh && before.at >= at && before.at.since(at) <= DAY => before.at,
        before => behind(at, before.map(|before| before.at), DAY),
    };
    let lowest = talk.walked_before(incoming.page, told).map(|before| before.at).max(missed);
    match bounds.end() {
        Some(below) if at >= below => {
            let right_below = Stamp(below.0.saturating_sub(1));
            // What makes no room is passed on the other side, within the second that the archive tells.
            let free = above.is_some_and(|above| above.firm) && told.since(right_below) <= GRAIN;
            let lowest = lowest.unwrap_or(if free { right_below } else { told });
            right_below.max(lowest.min(at))
        }
        _ => at,
    }
}

/// Servers tell whole seconds, and no two clocks agree: as long as they are not too far apart, the order counts more. A
/// millisecond stays between two, for what proves to stand there.
fn behind(told: Stamp, last: Option<Stamp>, apart: Duration) -> Stamp {
    let last = last.filter(|last| *last >= told && last.since(told) <= apart);
    last.map_or(told, |last| Stamp(last.0.saturating_add(1)))
}

/// The archive has told of this message, and has it there. One that is here already (`twin`), and stands before what the
/// archive has before it, was put there by our clock: it moves to its place.
fn walk(
    model: &mut Model,
    message: &Message,
    twin: Option<MessageKey>,
    incoming: &Incoming,
    bounds: Bounds,
    fx: &mut Effects,
) {
    let Some(told) = incoming.stamp else { return };
    let talk = model.talk_mut(&message.talk);
    let here = twin.and_then(|twin| talk.message(twin));
    let typed = here.is_some_and(Message::is_typed_here);
    let bounds = match here {
        None => Bounds { above: bounds.first_above(), ..bounds },
        // What was typed here stands where it was typed, and what was here before is not behind that.
        Some(here) if typed || bounds.beyond.is_some_and(|heard| here.key <= heard.last) => {
            Bounds { beyond: None, since: None, ..bounds }
        }
        Some(_) => Bounds { since: None, ..bounds },
    };
    let above = bounds.above.filter(|above| Some(above.at.1) != twin);
    let stay = bounds.beyond.filter(|_| bounds.sure);
    let (page, at) = (incoming.page, archived_at(talk, incoming, told, bounds));
    fx.extend(talk.begin_page(page).map(Effect::Store));
    if twin.is_some_and(|twin| talk.walk.told.contains(&twin)) {
        // ejabberd 23 keeps a message that it had to send once more a second time, under the same id.
        return;
    }
    let before = talk.walked_before(page, told).map(|before| (before.at, before.key));
    let mut walked = Walked { page, told, at, key: twin.unwrap_or(message.key), fresh: twin.is_none() };
    let mut moved = Vec::new();
    if let Some((twin, known)) = twin.and_then(|twin| Some((twin, talk.message(twin)?))) {
        let ours = known.direction == Direction::Out;
        let known = known.stamp;
        // Its key is an old one.
        let to = if before.is_some_and(|before| (at, twin) <= before) { Stamp(at.0.saturating_add(1)) } else { at };
        // Nobody here knows what it would pass on the disk, but for what the page above has there.
        let passes_above = above.is_some_and(|above| above.firm && (to, twin) < above.at);
        let to = if passes_above { to } else { talk.in_memory(to, twin) };
        // What waited to be sent stands where it was typed, and says so to the other side as well. Nor does anybody
        // know better than the person in which order they wrote.
        let stays = (typed && told.since(known) > LATE) || (ours && talk.ours_told_between(twin, to));
        // A place that the archive's own stamp does not give is one behind something else. And what came live may stand
        // behind what the page above has.
        let misplaced = before.is_some_and(|before| (known, twin) <= before)
            || (at > told && known < at)
            || above.is_some_and(|above| !typed && (to, twin) < above.at && above.at < (known, twin));
        let moves = misplaced && !stays && talk.may_move() && incoming.stanza_id.is_some();
        // What does not move stands where it stands, but what the page tells next is behind all that it told.
        let place = if moves { Some((to, twin)) } else { before.max(Some((known, twin))) };
        (walked.at, walked.key) = place.unwrap_or((at, twin));
        if moves {
            moved = talk.move_on(twin, to, stay);
        }
    }
    talk.walk.told.insert(twin.unwrap_or(message.key));
    if !typed {
        talk.note_first(message.direction, (walked.at, twin.unwrap_or(message.key)));
    }
    // Between two there may be no moment left.
    let stands = above.filter(|above| !above.firm).and_then(|above| talk.message(above.at.1));
    let stands = stands.map(|message| (message.stamp, message.key));
    let in_the_way = stands.filter(|stands| !typed && talk.may_move() && *stands < (walked.at, walked.key));
    if let Some((_, key)) = in_the_way {
        let room = talk.move_on(key, Stamp(walked.at.0.saturating_add(1)), stay);
        moved.retain(|(key, _)| room.iter().all(|(other, _)| key != other));
        // First, so that the order holds wherever the disk is stopped.
        moved.splice(..0, room);
    }
    fx.extend(moved.into_iter().map(|(key, stamp)| Effect::Store(StoreRequest::SetStamp { key, stamp })));
    talk.walk.last = Some(walked);
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
