//! What a person sees after pressing keys, with the real model behind.

use crate::app::action::Effects;
use crate::app::effect::Effect;
use crate::app::event::{Event, LinkState, Viewport};
use crate::app::keymap;
use crate::app::model::{ConversationKey, Focus, MessageState, Model, Options, Overlay, Screen, SignInStep};
use crate::app::setup::AccountSetup;
use crate::types::{AccountId, BareJid, Domain, Line, Now, Problem};
use crate::xmpp::{Direction, RosterItem, Show, Subscription};
use std::time::Duration;

mod boxes;
mod list_menu;
mod pages;
mod places;
mod random;
mod sign_in;

/// A model, and hands on its keys.
pub(super) struct Person {
    pub(super) model: Model,
    pub(super) now: Now,
    pub(super) fx: Effects,
}

impl Person {
    /// Somebody with one account, online, and three buddies.
    pub(super) fn new() -> Self {
        let mut person = Self::with_accounts(vec![setup("anna@example.org")]);
        let account = &mut person.model.accounts[0];
        account.link = LinkState::Online;
        for (jid, name, group) in [
            ("bela@example.org", "Bela Novák", "Friends"),
            ("dad@example.org", "Dad", "Family"),
            ("robert@example.org", "Robert Becker", "Work"),
        ] {
            let item = RosterItem {
                jid: BareJid::parse(jid).unwrap(),
                name: Some(Line::clean(name)),
                groups: vec![Line::clean(group)],
                subscription: Subscription::Both,
                pending: false,
            };
            assert!(account.roster.set(&item));
        }
        person
    }

    /// Somebody without an account.
    pub(super) fn newcomer() -> Self {
        Self::with_accounts(Vec::new())
    }

    fn with_accounts(setups: Vec<AccountSetup>) -> Self {
        let now = Now::default();
        let (mut model, fx) = Model::new(Options::default(), setups, 7, now);
        model.viewport = Viewport { width: 80, height: 24, messages: 15, list: 15, composer: 50, hidden: 0 };
        Self { model, now, fx }
    }

    /// Somebody in a talk with Bela.
    pub(super) fn talking() -> Self {
        let mut person = Self::new();
        person.open("bela@example.org");
        person
    }

    pub(super) fn open(&mut self, peer: &str) {
        let key = talk(peer);
        self.model.open_talk(&key, &mut self.fx);
        self.fx.clear();
    }

    pub(super) fn happen(&mut self, event: Event) {
        self.fx = self.model.update(self.now, event);
    }

    /// Presses keys, named as in the key map and parted by blanks.
    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for text in keys.split(' ') {
            self.happen(Event::Key(keymap::parse(text).unwrap_or_else(|| panic!("{text}"))));
        }
        self
    }

    /// Types a text, key by key.
    pub(super) fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
            self.happen(Event::Key(keymap::parse(&key).unwrap()));
        }
        self
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.happen(Event::Paste(text.to_owned()));
    }

    /// What stands in the box of a talk.
    pub(super) fn draft_of(&self, peer: &str) -> &str {
        self.model.talks.get(&talk(peer)).map_or("", |talk| talk.composer.text())
    }

    pub(super) fn draft(&self) -> &str {
        self.draft_of("bela@example.org")
    }

    /// What was said in a talk by us, oldest first.
    pub(super) fn said_to(&self, peer: &str) -> Vec<String> {
        let messages = self.model.talks.get(&talk(peer)).into_iter().flat_map(|talk| &talk.messages);
        messages
            .filter(|message| message.direction == Direction::Out)
            .filter_map(|message| crate::app::words::text_of(&message.body).map(str::to_owned))
            .collect()
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.said_to("bela@example.org")
    }

    pub(super) fn toast(&self) -> &str {
        self.model.toast.as_ref().map_or("", |toast| &toast.text)
    }

    pub(super) fn top(&self) -> Option<&Overlay> {
        self.model.overlays.last()
    }

    pub(super) fn opened(&self) -> Option<&str> {
        self.model.open.as_ref().map(|key| key.peer.as_str())
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }
}

pub(super) fn talk(peer: &str) -> ConversationKey {
    ConversationKey::direct(AccountId::new("anna@example.org"), BareJid::parse(peer).unwrap())
}

fn setup(address: &str) -> AccountSetup {
    AccountSetup::new(&BareJid::parse(address).unwrap())
}
