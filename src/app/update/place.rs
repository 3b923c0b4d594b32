//! Where a message stands: by its stamp, by the session in which it came, and by what the archive says of its neighbours.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Conversation, ConversationKey, Message, Model, Walked};
use crate::app::outbox::LATE;
use crate::app::sync::Bounds;
use crate::types::{MessageKey, Stamp};
use crate::xmpp::{Direction, Incoming, Via};
use std::time::Duration;

/// So near to each other two clocks prove nothing about what was written first.
const NEAR: Duration = Duration::from_secs(5);
/// Some archives tell whole seconds alone: so far what stands at the edge of a page may lie beside its stamp.
const GRAIN: Duration = Duration::from_secs(1);
/// Clocks of two honest computers differ by less: so far the archive's order is believed against them.
const SKEWED: Duration = Duration::from_secs(3600);
/// The same within one page of it, whose order leaves no doubt.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// When it was written. A live message from the future is one of now; the archive's clock is the server's. Messages come
/// in their order, also out of the archive, and what it has of the time that we missed comes behind all that we had.
pub(super) fn stamp_of(model: &mut Model, key: &ConversationKey, incoming: &Incoming, bounds: Bounds) -> Stamp {
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

/// Behind what that stands which a page tells next, and what moved, and where to.
type Met = ((Stamp, MessageKey), Vec<(MessageKey, Stamp)>);

/// What a page tells of a message.
struct Told {
    /// The archive's stamp of it.
    stamp: Stamp,
    /// Where it has it.
    at: Stamp,
    /// Where that stands which it told before.
    before: Option<(Stamp, MessageKey)>,
    /// Between what else that lies.
    bounds: Bounds,
    /// It has an id there, under which the store finds it.
    named: bool,
}

/// The archive has told of this message, and has it there. One that is here already (`twin`), and stands before what the
/// archive has before it, was put there by our clock: it moves to its place.
pub(super) fn walk(
    model: &mut Model,
    message: &Message,
    twin: Option<MessageKey>,
    incoming: &Incoming,
    bounds: Bounds,
    fx: &mut Effects,
) {
    let Some(stamp) = incoming.stamp else { return };
    let (talk, page, key) = (model.talk_mut(&message.talk), incoming.page, twin.unwrap_or(message.key));
    let here = twin.and_then(|twin| talk.message(twin));
    let typed = here.is_some_and(Message::is_typed_here);
    let bounds = bounds_of(here, twin, bounds);
    fx.extend(talk.begin_page(page).map(Effect::Store));
    if twin.is_some() && talk.walk.told.contains(&key) {
        // ejabberd 23 keeps a message that it had to send once more a second time, under the same id.
        return;
    }
    let before = talk.walked_before(page, stamp).map(|before| (before.at, before.key));
    let at = archived_at(talk, incoming, stamp, bounds);
    let told = Told { stamp, at, before, bounds, named: incoming.stanza_id.is_some() };
    let met = twin.and_then(|twin| meet(talk, twin, &told));
    let ((at, last), mut moved) = met.unwrap_or(((at, key), Vec::new()));
    talk.walk.told.insert(key);
    if !typed {
        talk.note_first(message.direction, (at, key));
        make_room(talk, (at, last), bounds, &mut moved);
    }
    fx.extend(moved.into_iter().map(|(key, stamp)| Effect::Store(StoreRequest::SetStamp { key, stamp })));
    talk.walk.last = Some(Walked { page, told: stamp, at, key: last, fresh: twin.is_none() });
}

/// What bounds a message that is here already (`here`, under the key `twin`), or one that is new.
fn bounds_of(here: Option<&Message>, twin: Option<MessageKey>, bounds: Bounds) -> Bounds {
    let Some(here) = here else {
        return Bounds { above: bounds.first_above().filter(|above| Some(above.at.1) != twin), ..bounds };
    };
    let above = bounds.above.filter(|above| above.at.1 != here.key);
    // What was typed here stands where it was typed, and what was here before is not behind that.
    let stays = here.is_typed_here() || bounds.beyond.is_some_and(|heard| here.key <= heard.last);
    Bounds { above, since: None, beyond: bounds.beyond.filter(|_| !stays), ..bounds }
}

/// One that is here already moves, if it does not stand where the archive has it. Returns behind what that stands which
/// the page tells next, and what moved, and where to.
fn meet(talk: &mut Conversation, twin: MessageKey, told: &Told) -> Option<Met> {
    let here = talk.message(twin)?;
    let (typed, ours, known) = (here.is_typed_here(), here.direction == Direction::Out, here.stamp);
    let &Told { stamp, at, before, bounds: Bounds { above, .. }, named } = told;
    // Its key is an old one.
    let to = if before.is_some_and(|before| (at, twin) <= before) { Stamp(at.0.saturating_add(1)) } else { at };
    // Nobody here knows what it would pass on the disk, but for what the page above has there.
    let passes_above = above.is_some_and(|above| above.firm && (to, twin) < above.at);
    let to = if passes_above { to } else { talk.in_memory(to, twin) };
    // What waited to be sent stands where it was typed, and says so to the other side as well. Nor does anybody know
    // better than the person in which order they wrote.
    let stays = (typed && stamp.since(known) > LATE) || (ours && talk.ours_told_between(twin, to));
    // A place that the archive's own stamp does not give is one behind something else. And what came live may stand behind
    // what the page above has.
    let misplaced = before.is_some_and(|before| (known, twin) <= before)
        || (at > stamp && known < at)
        || above.is_some_and(|above| !typed && (to, twin) < above.at && above.at < (known, twin));
    if misplaced && !stays && talk.may_move() && named {
        return Some(((to, twin), talk.move_on(twin, to, told.bounds.was_here())));
    }
    // What does not move stands where it stands, but what the page tells next is behind all that it told.
    Some((before.map_or((known, twin), |before| before.max((known, twin))), Vec::new()))
}

/// Between two there may be no moment left: where the page above begins has to stand behind this, and moves on.
fn make_room(talk: &mut Conversation, told: (Stamp, MessageKey), bounds: Bounds, moved: &mut Vec<(MessageKey, Stamp)>) {
    let above = bounds.above.filter(|above| !above.firm).and_then(|above| talk.message(above.at.1));
    let in_the_way = above.map(|above| (above.stamp, above.key)).filter(|above| *above < told);
    let Some((_, key)) = in_the_way.filter(|_| talk.may_move()) else { return };
    let room = talk.move_on(key, Stamp(told.0.0.saturating_add(1)), bounds.was_here());
    moved.retain(|(key, _)| room.iter().all(|(other, _)| key != other));
    // First, so that the order holds wherever the disk is stopped.
    moved.splice(..0, room);
}
