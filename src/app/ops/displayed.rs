//! What the other side is told of what was read (XEP-0333).
//!
//! A marker goes out only where the person allows it, to who may see that we are here, and only for what was on a screen
//! that is looked at. One that the server may not have got is told again: in the next session, or at the next start.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::model::{Contact, Conversation, ConversationKey, Displaying, Model};
use crate::types::{AccountId, Jid, MessageKey, OriginId, Stamp};
use crate::xmpp::{Command, Direction, Show};

impl Conversation {
    /// The newest message of theirs that was seen, whose sender asks to be told and does not know it. Who answered on
    /// another device has told enough.
    fn undisplayed(&self) -> Option<(OriginId, Stamp)> {
        let seen = self.messages.iter().rev().skip_while(|message| message.stamp > self.read_to);
        let theirs = seen.take_while(|message| message.stamp > self.displayed_to);
        let mut open = theirs.take_while(|message| message.direction == Direction::In || message.is_typed_here());
        let newest = open.find(|message| message.direction == Direction::In && message.markable)?;
        Some((newest.origin.clone()?, newest.stamp))
    }
}

impl Model {
    /// A page is here: perhaps it shows what the other side does not know yet.
    pub(crate) fn note_undisplayed(&mut self, key: &ConversationKey) {
        if self.talks.get(key).is_some_and(|talk| talk.undisplayed().is_some()) {
            self.note_read(key);
        }
    }

    /// Tells the other side how far this talk was read, if that is news to them and they are to know it.
    pub(super) fn tell_displayed(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let Some(account) = self.account(&key.account).filter(|account| account.online()) else { return };
        let shown = account.appearance.show != Show::Offline;
        let Some((of, up_to)) = self.talks.get(key).and_then(Conversation::undisplayed) else { return };
        let told = shown && self.options.send_read && self.contact(key).is_some_and(Contact::sees_us);
        let name = self.fresh_key();
        let talk = self.talk_mut(key);
        let before = std::mem::replace(&mut talk.displayed_to, up_to);
        if !told {
            // Not told now, and not later either, whatever the person allows then.
            return fx.push(Effect::Store(StoreRequest::Displayed { talk: key.clone(), up_to }));
        }
        let before = talk.displaying.map_or(before, |displaying| displaying.before);
        talk.displaying = Some(Displaying { key: name, before });
        let to = Jid::Bare(key.peer.clone());
        self.command(&key.account, Command::Displayed { key: name, to, of }, fx);
    }

    /// The server has a marker of this name.
    pub(crate) fn on_displayed_sent(&mut self, id: &AccountId, name: MessageKey, fx: &mut Effects) {
        let has = |talk: &&mut Conversation| {
            talk.key.account == *id && talk.displaying.is_some_and(|displaying| displaying.key == name)
        };
        if let Some(talk) = self.talks.values_mut().find(has) {
            talk.displaying = None;
            let (talk, up_to) = (talk.key.clone(), talk.displayed_to);
            fx.push(Effect::Store(StoreRequest::Displayed { talk, up_to }));
        }
    }

    /// Markers that were on their way when the line was lost, and are not known to have arrived, are told once more.
    pub(crate) fn tell_displayed_again(&mut self, id: &AccountId) {
        let lost = self.talks.values_mut().filter(|talk| talk.key.account == *id);
        let lost = lost.filter_map(|talk| {
            let displaying = talk.displaying.take()?;
            talk.displayed_to = displaying.before;
            Some(talk.key.clone())
        });
        for key in lost.collect::<Vec<_>>() {
            self.note_read(&key);
        }
    }
}
