//! What to call somebody, and what is known of them.

use crate::app::model::{Contact, ConversationKey, Model};
use crate::types::{AccountId, BareJid, Line};
use crate::xmpp::Show;

impl Model {
    /// The buddy of a talk.
    pub fn contact(&self, key: &ConversationKey) -> Option<&Contact> {
        self.account(&key.account).and_then(|account| account.roster.get(&key.peer))
    }

    /// Unread messages of a talk.
    pub fn unread(&self, key: &ConversationKey) -> u32 {
        self.talks.get(key).map_or(0, |talk| talk.unread)
    }

    /// What a talk is called.
    pub fn name_of(&self, key: &ConversationKey) -> String {
        let stranger = || self.talks.get(key).and_then(|talk| talk.nick.as_ref());
        match self.contact(key) {
            Some(contact) => contact.name(),
            // A stranger may call themselves anything: the address stands beside it.
            None => match stranger() {
                // Where addresses are opaque, one beside a name proves nothing to anybody (ux 1.5).
                Some(nick) if self.account(&key.account).is_some_and(|own| own.features.messenger) => nick.to_string(),
                Some(nick) => format!("{nick} ({})", key.peer),
                None => key.peer.to_string(),
            },
        }
    }

    /// What somebody is called.
    pub fn name_of_peer(&self, account: &AccountId, peer: &BareJid) -> String {
        self.name_of(&ConversationKey::direct(account.clone(), peer.clone()))
    }

    /// State of a buddy; `None`: not known (yet), or a stranger.
    pub fn show_of(&self, key: &ConversationKey) -> Option<Show> {
        self.contact(key).and_then(Contact::show)
    }

    /// Personal message of a buddy.
    pub fn status_of(&self, key: &ConversationKey) -> Option<&Line> {
        let contact = self.contact(key)?;
        contact.best().and_then(|device| device.status.as_ref()).or(contact.status.as_ref())
    }

    /// The other side types now.
    pub fn is_typing(&self, key: &ConversationKey) -> bool {
        self.contact(key).and_then(|contact| contact.typing).is_some_and(|until| until > self.now.mono)
    }
}

impl Contact {
    /// The name that the person gave: here, else to the server.
    pub fn given_name(&self) -> Option<&Line> {
        self.here.name.as_ref().or(self.item.name.as_ref()).filter(|name| !name.is_empty())
    }

    /// The groups that the person put them into: here, else at the server.
    pub fn groups(&self) -> &[Line] {
        self.here.groups.as_deref().unwrap_or(&self.item.groups)
    }

    /// The name we gave, else the one they chose, else the address (an opaque one is never better than nothing).
    pub fn name(&self) -> String {
        let given = self.given_name();
        let chosen = self.nick.as_ref().filter(|nick| !nick.is_empty());
        given.or(chosen).map_or_else(|| self.item.jid.to_string(), Line::to_string)
    }
}
