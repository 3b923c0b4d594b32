//! Finding what was said, and going there.

use crate::app::action::Effects;
use crate::app::composer::Composer;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::event::FoundPlace;
use crate::app::find;
use crate::app::model::{ConversationKey, Find, Focus, Jump, Message, Model, Overlay, Scroll};
use crate::types::{MessageKey, RequestId, Stamp};

/// Hits in a page.
const HITS: u16 = 50;
/// Hits that are held at most; whoever walks further narrows the words.
const MOST_HITS: usize = 1_000;
/// Messages loaded on each side of the one that is gone to, at least; a tall window takes more.
const AROUND: u16 = 50;
/// And at most.
const AROUND_MOST: u16 = 200;

impl Model {
    /// Begins a search: in the open talk, or everywhere where none is open.
    pub(crate) fn open_find(&mut self, words: &str, fx: &mut Effects) {
        let talk = self.open.clone();
        let everywhere = talk.is_none();
        let mut find = Find { words: Composer::with_text(words), talk, everywhere, ..Find::default() };
        self.look_for(&mut find, fx);
        self.overlays.push(Overlay::Find(Box::new(find)));
    }

    /// What is looked for changed. One page at a time is asked for: a slow disk is not asked for every letter.
    pub(crate) fn look_for(&mut self, find: &mut Find, fx: &mut Effects) {
        if find.asked.is_some() {
            find.stale = true;
            return;
        }
        (find.stale, find.older) = (false, false);
        if find.words.text().trim().is_empty() {
            (find.hits, find.count, find.next, find.selected) = (Vec::new(), None, None, 0);
            return;
        }
        self.ask_hits(find, None, fx);
    }

    /// Asks for the hits before those that are here, where the chosen one is the last of them.
    pub(crate) fn look_further(&mut self, find: &mut Find, fx: &mut Effects) {
        let near = find.selected + 5 >= find.hits.len() && find.hits.len() < MOST_HITS;
        if let Some(next) = find.next.filter(|_| near && find.asked.is_none()) {
            find.older = true;
            self.ask_hits(find, Some(next), fx);
        }
    }

    fn ask_hits(&mut self, find: &mut Find, before: Option<FoundPlace>, fx: &mut Effects) {
        let request = self.fresh_request();
        find.asked = Some(request);
        let search = Box::new(find::search(self, find));
        fx.push(Effect::Store(StoreRequest::Search { request, search, before, limit: HITS }));
    }

    /// The store answers a search. In a talk its newest hit is shown at once.
    pub(crate) fn on_hits(
        &mut self,
        request: RequestId,
        hits: Vec<Message>,
        next: Option<FoundPlace>,
        count: Option<u32>,
        fx: &mut Effects,
    ) {
        let place = self
            .overlays
            .iter()
            .position(|overlay| matches!(overlay, Overlay::Find(find) if find.asked == Some(request)));
        let Some(place) = place else { return };
        let Overlay::Find(mut find) = self.overlays.remove(place) else { return };
        find.asked = None;
        if find.stale {
            self.look_for(&mut find, fx);
        } else if find.older {
            find.hits.extend(hits);
            find.next = next;
        } else {
            (find.hits, find.next, find.count, find.selected) = (hits, next, count, 0);
            self.show_hit(&find, fx);
        }
        self.overlays.insert(place.min(self.overlays.len()), Overlay::Find(find));
    }

    /// In a talk the pane goes along with the chosen hit.
    pub(crate) fn show_hit(&mut self, find: &Find, fx: &mut Effects) {
        let hit = find.hits.get(find.selected).map(|hit| (hit.talk.clone(), (hit.stamp, hit.key)));
        match hit {
            Some((talk, at)) if !find.everywhere && self.open.as_ref() == Some(&talk) => {
                self.go_to_message(&talk, at, fx);
            }
            _ => {}
        }
    }

    /// Opens the talk of a message, with that message chosen. What lies around it is loaded if it is not here.
    pub(crate) fn go_to_message(&mut self, talk: &ConversationKey, at: (Stamp, MessageKey), fx: &mut Effects) {
        if self.open.as_ref() != Some(talk) {
            self.open_talk(talk, fx);
        }
        self.jump = None;
        let here = self.talk_mut(talk);
        if here.index(at.1).is_some() {
            here.selected = Some(at.1);
            self.focus = Focus::Messages;
            return;
        }
        let request = self.fresh_request();
        let limit = self.viewport.messages.clamp(AROUND, AROUND_MOST);
        self.jump = Some(Jump { request, to: at.1 });
        self.talk_mut(talk).page = Some(request);
        fx.push(Effect::Store(StoreRequest::Around { request, talk: talk.clone(), at, limit }));
    }

    /// What lies around a message is here: it takes the place of what was loaded.
    pub(crate) fn on_stored_around(
        &mut self,
        request: RequestId,
        key: &ConversationKey,
        page: Vec<Message>,
        (more, newer): (bool, bool),
        fx: &mut Effects,
    ) {
        let Some(jump) = self.jump.take_if(|jump| jump.request == request) else { return };
        let half = i32::from(self.viewport.messages / 2);
        let waiting = &self.waiting;
        let Some(talk) = self.talks.get_mut(key).filter(|talk| talk.page == Some(request)) else { return };
        // What the disk has not got yet would be out of sight.
        let kept: Vec<Message> =
            talk.messages.iter().filter(|message| waiting.contains_key(&message.key)).cloned().collect();
        talk.unload();
        talk.loaded = true;
        talk.place_page(page);
        if !newer {
            talk.place_page(kept);
        }
        (talk.more_stored, talk.tail_missing) = (more, newer);
        if talk.index(jump.to).is_some() {
            talk.selected = Some(jump.to);
            talk.scroll = Scroll::At { key: jump.to, rows: half };
            self.focus = Focus::Messages;
        }
        self.look_up(key, fx);
    }
}
