//! What servers and links are told of the person: that they are at the keys, and that nobody looks.
//!
//! A key makes each link find out within ten seconds whether its line is alive. And a server that wants to know (XEP-0352)
//! hears when nobody looks: a minute after the window lost the focus, or five after the last key where the terminal does
//! not tell. Not sooner: a window beside another one may be looked at, and a server that was told holds back who comes and
//! goes. Messages come at once all the same, so nothing that is counted or rung for waits.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand};
use crate::app::model::{Account, Attention, Model};
use crate::xmpp::Command;
use std::time::Duration;

/// Links hear of keys so often at most, and take each word for so long.
const AT_KEYS: Duration = Duration::from_secs(2);
/// After the last key nobody looks.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// After the window lost the focus nobody does.
const AWAY: Duration = Duration::from_secs(60);

impl Model {
    /// The person did something.
    pub(super) fn attend(&mut self, fx: &mut Effects) {
        self.look(fx);
        let now = self.now.mono;
        if self.attention.told.is_some_and(|told| now < told.saturating_add(AT_KEYS)) {
            return;
        }
        for id in self.meant(None) {
            if self.command(&id, Command::Attend, fx) {
                self.attention.told = Some(now);
            }
        }
    }

    /// The window got or lost the focus.
    pub(in crate::app) fn note_focus(&mut self, fx: &mut Effects) {
        self.attention.focused_at = self.now.mono;
        if self.focused {
            self.look(fx);
        }
    }

    /// Somebody looks.
    fn look(&mut self, fx: &mut Effects) {
        if std::mem::take(&mut self.attention.absent) {
            self.tell_attention(fx);
        }
    }

    /// Nobody looked for long enough.
    pub(in crate::app) fn look_away(&mut self, fx: &mut Effects) {
        self.attention.absent = true;
        self.tell_attention(fx);
    }

    fn tell_attention(&self, fx: &mut Effects) {
        let active = !self.attention.absent;
        for id in self.meant(None) {
            fx.push(Effect::Link(id, LinkCommand::Attention { active }));
        }
    }

    /// When nobody will be said to look (`Now::mono`); `None`: it was said, or nobody would hear it.
    pub(in crate::app) fn look_away_at(&self) -> Option<Duration> {
        let Attention { focused_at, absent, .. } = self.attention;
        let heard = !absent && self.accounts.iter().any(Account::online);
        let patience = if self.focused { IDLE } else { AWAY };
        heard.then(|| self.last_input.max(focused_at).saturating_add(patience))
    }
}
