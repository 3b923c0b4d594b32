//! Opening and closing talks, and what is read by that.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Conversation, ConversationKey, Focus, Model, Screen, Scroll};

/// Messages in a page of the store, at least; a tall window takes more.
const PAGE: u16 = 50;
/// And at most.
const PAGE_MOST: u16 = 200;

impl Model {
    /// Puts a talk on the screen, with the cursor in its composer.
    pub fn open_talk(&mut self, key: &ConversationKey, fx: &mut Effects) {
        if self.account(&key.account).is_none() {
            return;
        }
        if self.open.as_ref() != Some(key) {
            self.leave_talk(fx);
            self.last_open = self.open.take().or(self.last_open.take()).filter(|last| last != key);
            self.open = Some(key.clone());
        }
        if !self.tabs.contains(key) {
            self.tabs.push(key.clone());
        }
        self.screen = Screen::Main;
        self.focus = Focus::Composer;
        let talk = self.talk_mut(key);
        if talk.new_count == 0 && talk.unread > 0 {
            talk.new_count = talk.unread;
            talk.new_from = talk.first_new();
        }
        self.load(key, fx);
        self.ask_talk_archive(key, false, fx);
        self.look_up(key, fx);
        self.see(fx);
    }

    /// Closes a talk's tab. Its draft stays.
    pub fn close_talk(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let place = self.tabs.iter().position(|tab| tab == key);
        self.tabs.retain(|tab| tab != key);
        if self.last_open.as_ref() == Some(key) {
            self.last_open = None;
        }
        if self.open.as_ref() != Some(key) {
            return;
        }
        self.leave_talk(fx);
        self.open = None;
        let place = place.unwrap_or(0).min(self.tabs.len().saturating_sub(1));
        let next = self.last_open.take().filter(|last| self.tabs.contains(last));
        match next.or_else(|| self.tabs.get(place).cloned()) {
            Some(next) => self.open_talk(&next, fx),
            None => self.focus = Focus::Composer,
        }
    }

    /// Closes the talk on the screen.
    pub fn close_open(&mut self, fx: &mut Effects) {
        if let Some(key) = self.open.clone() {
            self.close_talk(&key, fx);
        }
    }

    /// The talk on the screen is being left: typing ends, the draft is kept, the "new" rule goes.
    pub(crate) fn leave_talk(&mut self, fx: &mut Effects) {
        let Some(key) = self.open.clone() else { return };
        self.stop_typing(&key, fx);
        self.keep_draft(&key, fx);
        let room = self.room_off_screen(&key.account);
        let talk = self.talk_mut(&key);
        talk.new_from = None;
        talk.new_count = 0;
        talk.selected = None;
        if talk.tail_missing {
            talk.scroll = Scroll::Bottom;
            talk.unload();
        }
        if talk.scroll == Scroll::Bottom {
            talk.trim(room);
        }
    }

    /// Asks the store for the newest page, unless it is here or on its way.
    pub(crate) fn load(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let talk = self.talk_mut(key);
        if !talk.loaded && talk.page.is_none() {
            self.ask_page(key, false, fx);
        }
    }

    /// Asks the store for a page: the newest, or the one before what is here.
    pub(crate) fn ask_page(&mut self, key: &ConversationKey, older: bool, fx: &mut Effects) {
        let request = self.fresh_request();
        let limit = self.viewport.messages.clamp(PAGE, PAGE_MOST);
        let talk = self.talk_mut(key);
        talk.page = Some(request);
        let before = talk.messages.front().filter(|_| older).map(|first| (first.stamp, first.key));
        fx.push(Effect::Store(StoreRequest::Page { request, talk: key.clone(), before, limit }));
        self.pages.insert(request, key.clone());
    }

    /// The person looks at the newest message of this talk now.
    pub(crate) fn looks_at(&self, key: &ConversationKey) -> bool {
        self.focused
            && self.open.as_ref() == Some(key)
            && matches!(self.screen, Screen::Main)
            && self.talks.get(key).is_some_and(|talk| talk.scroll == Scroll::Bottom)
    }

    /// This message of the talk on the screen is near enough to its end to be seen.
    pub(crate) fn is_in_sight(&self, key: &ConversationKey, message: crate::types::MessageKey) -> bool {
        let rows = usize::from(self.viewport.messages).max(1);
        let Some(talk) = self.talks.get(key) else { return false };
        talk.index(message).is_some_and(|at| talk.messages.len().saturating_sub(at) <= rows)
    }

    /// Marks the open talk as read if the person looks at its newest message.
    pub(crate) fn see(&mut self, fx: &mut Effects) {
        let Some(key) = self.open.clone().filter(|key| self.looks_at(key)) else { return };
        if self.talks.get(&key).is_some_and(|talk| talk.unread > 0) {
            self.note_read(&key);
        }
        self.mark_read(&key, fx);
    }

    /// Nothing in this talk is unread any more.
    pub(crate) fn mark_read(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let Some(talk) = self.talks.get_mut(key).filter(|talk| talk.unread > 0) else { return };
        talk.unread = 0;
        talk.recount = None;
        // Not up to what was typed here: what the archive has of before that, and nobody saw, must still count.
        if let Some(up_to) = talk.heard_at {
            talk.read_to = talk.read_to.max(up_to);
            fx.push(Effect::Store(StoreRequest::MarkRead { talk: key.clone(), up_to }));
        }
        self.touch();
        self.tell_title(fx);
    }

    /// Hands the draft to the store, if it changed.
    pub(crate) fn keep_draft(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let Some(talk) = self.talks.get_mut(key) else { return };
        talk.draft_due = None;
        let text = Conversation::draft(talk);
        if text != talk.draft_saved {
            talk.draft_saved.clone_from(&text);
            fx.push(Effect::Store(StoreRequest::Draft { talk: key.clone(), text }));
        }
    }
}

impl Conversation {
    /// What would be lost if it were not kept.
    pub(crate) fn draft(&self) -> String {
        self.composer.text().to_owned()
    }
}
