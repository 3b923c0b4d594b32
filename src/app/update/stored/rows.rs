//! What became of the messages that the store was handed.

use crate::app::action::Effects;
use crate::app::effect::{Effect, Position, StoreRequest};
use crate::app::model::{ConversationKey, MessageState, Model, News};
use crate::app::update::message;
use crate::app::words;
use crate::types::{MessageKey, Problem, Stamp, StanzaId};
use crate::xmpp::{Command, Direction};

impl Model {
    /// Rows are on the disk: now, and not before, the other side may be told, and an archived message is new.
    pub(super) fn on_committed(&mut self, keys: &[MessageKey], fx: &mut Effects) {
        let mut posted = std::collections::BTreeSet::new();
        for key in keys {
            let Some(row) = self.take_waiting(*key) else { continue };
            if row.posted {
                posted.insert(row.talk.account.clone());
            }
            if let Some((to, of)) = row.receipt {
                self.command(&row.talk.account, Command::Receipt { to, of }, fx);
            }
            if let Some(message) = self.talks.get_mut(&row.talk).and_then(|talk| talk.message_mut(*key)) {
                message.owes_receipt = false;
            }
            if matches!(row.news, News::Quiet | News::Fresh) && self.talks.contains_key(&row.talk) {
                message::came(self, &row.talk, *key, row.news, fx);
                self.touch();
            } else if let Some(at) = row.answers {
                self.read_elsewhere(&row.talk, Position::Moment(at), false, fx);
            }
        }
        self.release(fx);
        for id in posted {
            self.pump(&id, fx);
        }
    }

    /// Rows that wait for the disk: they are shown like all others, and nobody is told that they came. There may be
    /// many more of them than of rows on their way before the wire is slowed.
    pub(super) fn on_not_kept(&mut self, keys: &[MessageKey], fx: &mut Effects) {
        self.not_kept = true;
        for key in keys {
            let Some(row) = self.waiting.get_mut(key) else { continue };
            let (news, answers) = (std::mem::take(&mut row.news), row.answers.take());
            let talk = row.talk.clone();
            if matches!(news, News::Quiet | News::Fresh) && self.talks.contains_key(&talk) {
                message::came(self, &talk, *key, news, fx);
                self.touch();
            } else if let Some(at) = answers {
                self.read_elsewhere(&talk, Position::Moment(at), false, fx);
            }
        }
        self.release(fx);
    }

    /// A row that is kept nowhere: it is shown, and goes its way like all others, but nobody is told that it came. That
    /// is told in passing; the sign for it stands until the next row is kept, which may be at once.
    pub(super) fn on_row_refused(&mut self, key: Option<MessageKey>, problem: Problem, fx: &mut Effects) {
        self.toast(words::toasts::ONE_NOT_KEPT);
        self.trouble = Some(problem);
        let Some((key, row)) = key.and_then(|key| Some((key, self.take_waiting(key)?))) else { return };
        if matches!(row.news, News::Quiet | News::Fresh) && self.talks.contains_key(&row.talk) {
            message::came(self, &row.talk, key, row.news, fx);
        } else if let Some(at) = row.answers {
            self.read_elsewhere(&row.talk, Position::Moment(at), false, fx);
        }
        self.release(fx);
        if row.posted {
            self.pump(&row.talk.account, fx);
        }
    }

    /// The store had it already: the two are one, under the older key and at its place.
    pub(super) fn on_duplicate(&mut self, key: MessageKey, existing: MessageKey, stamp: Stamp, fx: &mut Effects) {
        if key == existing {
            // It was written before, and that was not told: no copy of it says that it has gone out.
            return self.on_committed(&[key], fx);
        }
        let row = self.take_waiting(key);
        self.release(fx);
        let Some(row) = row else { return };
        // What comes once more may do so because we were gone before this was said.
        if let Some((to, of)) = row.receipt {
            self.command(&row.talk.account, Command::Receipt { to, of }, fx);
        }
        let Some(talk) = self.talks.get_mut(&row.talk) else { return };
        let copy = talk.message(key).cloned();
        let known = talk.message(existing).is_some();
        talk.replace_key(key, existing);
        if !known {
            talk.place_anew(existing, stamp);
        }
        if row.counted {
            self.was_known(&row.talk, fx);
        }
        let Some(copy) = copy else { return };
        if let Some(stanza_id) = copy.stanza_id.clone() {
            self.learn_stanza_id(&row.talk, existing, stanza_id, fx);
        }
        if copy.direction == Direction::Out {
            self.mark(&row.talk.account, existing, &MessageState::Sent, fx);
        }
    }

    fn learn_stanza_id(&mut self, key: &ConversationKey, existing: MessageKey, stanza_id: StanzaId, fx: &mut Effects) {
        self.talk_mut(key).adopt(existing, Some(&stanza_id), None);
        fx.push(Effect::Store(StoreRequest::SetStanzaId { key: existing, stanza_id }));
    }

    /// A live message that was counted proves to be old.
    fn was_known(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let talk = self.talk_mut(key);
        talk.unread = talk.unread.saturating_sub(1);
        self.tell_title(fx);
    }
}
