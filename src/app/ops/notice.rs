//! Telling the person who does not look: bell, notice, window title.

use crate::app::action::Effects;
use crate::app::effect::Effect;
use crate::app::model::{ConversationKey, Model};
use crate::types::Line;
use crate::xmpp::Show;
use std::time::Duration;

/// A flood rings once in this time.
const QUIET: Duration = Duration::from_secs(3);

impl Model {
    /// Tells about a message that nobody saw. Never while Busy.
    pub(crate) fn notify(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let busy = self.account(&key.account).is_some_and(|own| own.appearance.show == Show::Busy);
        let rang = self.notified_at.is_some_and(|at| self.now.mono.saturating_sub(at) < QUIET);
        if busy || rang {
            return;
        }
        self.notified_at = Some(self.now.mono);
        let title = Line::clean(&self.name_of(key));
        fx.push(Effect::Notify { title, text: None, bell: self.options.bell });
    }

    /// Tells the window title, if the number in it changed.
    pub(crate) fn tell_title(&mut self, fx: &mut Effects) {
        let unread = self.talks.values().fold(0_u32, |sum, talk| sum.saturating_add(talk.unread));
        if !self.options.title || self.titled == Some(unread) {
            return;
        }
        self.titled = Some(unread);
        fx.push(Effect::Title(if unread == 0 { "butty".to_owned() } else { format!("butty ({unread})") }));
    }
}
