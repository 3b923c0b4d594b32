//! Leaving butty.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::model::{Account, Model, Overlay};

impl Model {
    /// Leaves; asks first if something has not gone out yet.
    pub fn quit(&mut self, fx: &mut Effects) {
        let pending = self.accounts.iter().map(Account::pending).sum();
        if pending == 0 {
            self.leave(0, fx);
        } else if !matches!(self.overlays.last(), Some(Overlay::Quit { .. })) {
            self.overlays.push(Overlay::Quit { pending });
        }
    }

    /// Leaves now, with this exit code: drafts are kept, servers get a goodbye, the store closes.
    pub fn leave(&mut self, code: u8, fx: &mut Effects) {
        if self.leaving.is_some() {
            return;
        }
        self.leaving = Some(code);
        let open = self.open.clone();
        if let Some(key) = &open {
            self.stop_typing(key, fx);
        }
        for key in self.talks.keys().cloned().collect::<Vec<_>>() {
            self.keep_draft(&key, fx);
            if self.talks.get(&key).is_some_and(|talk| talk.tell_read.is_some()) {
                self.tell_read(&key, fx);
            }
        }
        for id in self.meant(None) {
            self.break_first(&id);
            self.tell_cursor(&id, true, fx);
            fx.push(Effect::Link(id, LinkCommand::Disconnect));
        }
        fx.push(Effect::Store(StoreRequest::Close));
        fx.push(Effect::Quit(code));
    }
}
