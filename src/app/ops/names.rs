//! What to call somebody, and what is known of them.

use crate::app::likeness::{self, Taken};
use crate::app::model::{Account, Contact, ConversationKey, Model};
use crate::app::words;
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

    /// What a talk is called: by the name that the person gave, else by the one that they chose, which is marked as such
    /// and has the address beside it, else by the address.
    pub fn name_of(&self, key: &ConversationKey) -> String {
        let given = self.contact(key).and_then(Contact::given_name);
        given.map_or_else(|| self.chosen_name(&key.account, &key.peer, self.nick_of(key)), Line::to_string)
    }

    /// What somebody goes by who was given no name. Where addresses are opaque, one beside a name proves nothing to
    /// anybody (ux 1.5).
    pub fn chosen_name(&self, account: &AccountId, peer: &BareJid, nick: Option<&Line>) -> String {
        let opaque = self.account(account).is_some_and(|own| own.features.messenger);
        match nick.filter(|nick| !self.misleads(nick)) {
            None => peer.to_string(),
            Some(nick) if opaque => words::screens::quoted(nick.as_str()),
            Some(nick) => format!("{} ({peer})", words::screens::quoted(nick.as_str())),
        }
    }

    /// What they call themselves, as far as it names nobody else.
    pub fn own_word_of(&self, key: &ConversationKey) -> Option<&Line> {
        self.nick_of(key).filter(|nick| !self.misleads(nick))
    }

    fn nick_of(&self, key: &ConversationKey) -> Option<&Line> {
        match self.contact(key) {
            Some(contact) => contact.nick.as_ref(),
            None => self.talks.get(key).and_then(|talk| talk.nick.as_ref()),
        }
        .filter(|nick| !nick.is_empty())
    }

    /// Who calls themselves so would pass for another buddy, for us, or for an address.
    pub fn misleads(&self, nick: &Line) -> bool {
        let nick = nick.as_str();
        let ours = |own: &Account| {
            let told = own.told_name.as_ref().map_or("", Line::as_str);
            [own.setup.name.as_str(), told].into_iter().any(|name| !name.is_empty() && likeness::are_alike(name, nick))
        };
        likeness::is_like_an_address(nick)
            || likeness::are_alike(words::YOU, nick)
            || self.accounts.iter().any(|own| own.taken.has(nick) || ours(own))
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
}

impl Account {
    /// The names of the whole list are known.
    pub(in crate::app) fn take_names(&mut self) {
        let given = self.roster.values().filter_map(Contact::given_name).map(Line::as_str);
        self.taken = Taken::of(self.roster.keys().map(BareJid::as_str).chain(given));
    }

    /// The name of one buddy is known.
    pub(in crate::app) fn take_name_of(&mut self, peer: &BareJid) {
        let Some(contact) = self.roster.get(peer) else { return };
        self.taken.add(peer.as_str());
        if let Some(name) = contact.given_name() {
            self.taken.add(name.as_str());
        }
        if self.taken.count() > 4 * self.roster.len().saturating_add(16) {
            self.take_names();
        }
    }
}
