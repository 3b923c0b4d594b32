//! Moving the messages pane. It stands at a message, never at a row, so nothing that arrives moves it.

use crate::app::action::Effects;
use crate::app::model::{ConversationKey, Model, Scroll};
use crate::app::timeline::Room;

/// The least number of messages kept loaded above the eye.
const AHEAD: usize = 40;

impl Model {
    /// Scrolls the open talk by rows; up is negative. The eye answers with the place in normal form.
    pub fn scroll_rows(&mut self, by: i32, fx: &mut Effects) {
        let Some(key) = self.open.clone() else { return };
        let talk = self.talk_mut(&key);
        talk.scroll = match (talk.scroll, talk.messages.back()) {
            (Scroll::Bottom, Some(last)) if by < 0 => Scroll::At { key: last.key, rows: by },
            (Scroll::At { key, rows }, _) => Scroll::At { key, rows: rows.saturating_add(by) },
            (Scroll::Bottom, _) => Scroll::Bottom,
        };
        self.look_up(&key, fx);
    }

    /// Goes to the newest message of the open talk.
    pub fn scroll_to_end(&mut self, fx: &mut Effects) {
        let Some(key) = self.open.clone() else { return };
        let talk = self.talk_mut(&key);
        talk.scroll = Scroll::Bottom;
        if talk.tail_missing {
            talk.unload();
            self.load(&key, fx);
        }
        self.talk_mut(&key).trim(Room::Shown);
        self.see(fx);
    }

    /// The eye says where the pane really stands.
    pub(crate) fn on_settled(&mut self, key: &ConversationKey, scroll: Scroll, fx: &mut Effects) {
        let Some(talk) = self.talks.get_mut(key) else { return };
        let stands = match scroll {
            // Its end is not the end: newer ones are in the store.
            Scroll::Bottom if talk.tail_missing => true,
            Scroll::Bottom => false,
            Scroll::At { key, .. } => talk.index(key).is_none(),
        };
        if !stands {
            talk.scroll = scroll;
        } else if scroll == Scroll::Bottom && self.open.as_ref() == Some(key) {
            self.scroll_to_end(fx);
        }
        if scroll == Scroll::Bottom {
            self.see(fx);
        } else {
            self.look_up(key, fx);
        }
    }

    /// Asks for older messages when the eye comes near the first one here.
    pub(crate) fn look_up(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let near = 2 * usize::from(self.viewport.messages);
        let Some(talk) = self.talks.get(key) else { return };
        let Scroll::At { key: anchor, rows } = talk.scroll else {
            let end = talk.messages.len();
            return self.ask_talk_gap(key, end, near, fx);
        };
        let above = talk.index(anchor).unwrap_or(0);
        let walked = usize::try_from(rows.saturating_neg()).unwrap_or(0);
        self.ask_talk_gap(key, above.saturating_sub(walked), near, fx);
        let Some(talk) = self.talks.get(key) else { return };
        if !talk.loaded || talk.page.is_some() || above.saturating_sub(walked) > near.max(AHEAD) {
            return;
        }
        if talk.more_stored {
            self.ask_page(key, true, fx);
        } else if above.saturating_sub(walked) <= near {
            self.ask_talk_archive(key, true, fx);
        }
    }
}
