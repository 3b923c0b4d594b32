//! What the other side is told of what was read (XEP-0333).
//!
//! A marker goes out only where the person allows it, to who may see that we are here, and only for what was on a screen
//! that is looked at. One that the server may not have got is told again: in the next session, or at the next start. So
//! is what was told in the moment of leaving, of which nobody hears any more whether it arrived.

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

    /// The other side knows, or needs not be told, up to here, whatever becomes of what is on its way. True: that is more
    /// than before.
    pub(super) fn settle_displayed(&mut self, up_to: Stamp) -> bool {
        if let Some(displaying) = &mut self.displaying {
            displaying.before = displaying.before.max(up_to);
        }
        let before = self.displayed_to;
        self.displayed_to = before.max(up_to);
        self.displayed_to > before
    }

    /// All that was read is in memory up to its end, and there is nothing in it to be told of.
    fn is_displayed(&self) -> bool {
        self.loaded && !self.tail_missing && self.displaying.is_none() && self.undisplayed().is_none()
    }
}

impl Model {
    /// The history says how far the other side knows what was read.
    pub(crate) fn know_displayed(&mut self, key: &ConversationKey, displayed: Stamp) {
        if let Some(talk) = self.talks.get_mut(key) {
            talk.settle_displayed(displayed);
        }
    }

    /// A page is here: perhaps it shows what the other side does not know yet.
    pub(crate) fn note_undisplayed(&mut self, key: &ConversationKey, fx: &mut Effects) {
        match self.talks.get(key) {
            Some(talk) if talk.undisplayed().is_some() => self.note_read(key),
            // What the archive has yet to tell may come before what was read.
            Some(talk) if talk.is_displayed() && self.account(&key.account).is_some_and(|own| !own.sync.running) => {
                self.settle_displayed(key, talk.read_to, fx);
            }
            _ => {}
        }
    }

    /// The other side needs not be told up to here: not now, and not later either, whatever the person allows then.
    pub(crate) fn settle_displayed(&mut self, key: &ConversationKey, up_to: Stamp, fx: &mut Effects) {
        if self.talks.get_mut(key).is_some_and(|talk| talk.settle_displayed(up_to)) {
            fx.push(Effect::Store(StoreRequest::Displayed { talk: key.clone(), up_to }));
        }
    }

    /// Tells the other side how far this talk was read, if that is news to them and they are to know it.
    pub(super) fn tell_displayed(&mut self, key: &ConversationKey, fx: &mut Effects) {
        let Some(account) = self.account(&key.account).filter(|account| account.online()) else { return };
        let shown = account.appearance.show != Show::Offline;
        let told = shown && self.options.send_read && self.contact(key).is_some_and(Contact::sees_us);
        match self.talks.get(key).and_then(Conversation::undisplayed) {
            Some((of, up_to)) if told => self.send_displayed(key, of, up_to, fx),
            Some((_, up_to)) => self.settle_displayed(key, up_to, fx),
            None => self.note_undisplayed(key, fx),
        }
    }

    fn send_displayed(&mut self, key: &ConversationKey, of: OriginId, up_to: Stamp, fx: &mut Effects) {
        let name = self.fresh_key();
        let talk = self.talk_mut(key);
        let before = std::mem::replace(&mut talk.displayed_to, up_to);
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
