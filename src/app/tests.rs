//! Event lists against model and effects: a whole evening in microseconds.

mod attention;
mod cuts;
mod devices;
mod displayed;
mod doubt;
mod ending;
mod evening;
mod find;
mod first;
mod focus;
mod gaps;
mod identity;
mod kept;
mod list;
mod mouse;
mod only_here;
mod order;
mod outbox;
mod people;
mod pictures;
mod reading;
mod restart;
mod resumed;
mod retry;
mod second;
mod sign_in;
mod states;
mod sync;
mod together;
mod trouble;

use super::effect::{Effect, LinkCommand, StoreRequest};
use super::event::{AccountCache, Event, LinkEvent, LinkFact, Stored};
use super::model::{Conversation, ConversationKey, Message, Model, Options};
use super::setup::AccountSetup;
use crate::types::{
    AccountId, ArchiveId, BareJid, Domain, Epoch, FullJid, Jid, Line, MessageKey, Now, OriginId, Prose, Stamp, StanzaId,
};
use crate::xmpp::{
    self, ArchivePage, Command, Content, CredentialKind, Direction, Features, Incoming, Outgoing, Presence, RosterItem,
    Show, SignedIn, Subscription, Via,
};
use std::time::Duration;

/// A mind with a world around it that does as told.
struct World {
    model: Model,
    now: Now,
    epoch: Epoch,
    account: AccountId,
    /// Everything wanted since the last look.
    fx: Vec<Effect>,
    /// The store answers `Committed` at once.
    commits: bool,
}

fn second(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn bare(text: &str) -> BareJid {
    BareJid::parse(text).unwrap()
}

fn line(text: &str) -> Line {
    Line::clean(text)
}

fn setup(address: &str) -> AccountSetup {
    AccountSetup { credential: Some(CredentialKind::Password), ..AccountSetup::new(&bare(address)) }
}

fn item(address: &str, name: &str, group: &str) -> RosterItem {
    RosterItem {
        jid: bare(address),
        name: Some(line(name)).filter(|name| !name.is_empty()),
        groups: if group.is_empty() { Vec::new() } else { vec![line(group)] },
        subscription: Subscription::Both,
        pending: false,
    }
}

fn presence(from: &str, show: Show) -> Presence {
    Presence { from: Jid::parse(from).unwrap(), show, status: None, priority: 0, since: None, nick: None, caps: None }
}

/// A live message of theirs.
fn says(from: &str, id: &str, text: &str) -> Incoming {
    let from = Jid::parse(from).unwrap();
    Incoming {
        peer: from.bare(),
        from,
        direction: Direction::In,
        via: Via::Live,
        id: Some(OriginId(id.to_owned())),
        stanza_id: None,
        stamp: None,
        body: Content::Plain(Prose::clean(text)),
        state: None,
        wants_receipt: true,
        receipt_of: None,
        wants_marker: false,
        displayed: None,
        nick: None,
        delayed: false,
        page: None,
    }
}

/// The copy of a marker that our phone has sent to Bela.
fn marked_by_our_phone(of: &str) -> Incoming {
    Incoming {
        peer: bare(BELA),
        direction: Direction::Out,
        via: Via::Carbon,
        body: Content::None,
        displayed: Some(OriginId(of.to_owned())),
        ..says("anna@example.org/phone", "c1", "")
    }
}

fn archived(incoming: Incoming, stanza_id: &str, stamp: Stamp) -> Incoming {
    Incoming {
        via: Via::Archive,
        stanza_id: Some(StanzaId(stanza_id.to_owned())),
        stamp: Some(stamp),
        delayed: true,
        ..incoming
    }
}

/// The same, in the page that this query asked for.
fn in_page(request: crate::types::RequestId, incoming: Incoming) -> Incoming {
    Incoming { page: Some(request), ..incoming }
}

/// The end of an archive page with one result.
fn page_end(
    request: crate::types::RequestId,
    first: Option<ArchiveId>,
    last: Option<ArchiveId>,
    complete: bool,
) -> xmpp::Event {
    xmpp::Event::ArchivePage(ArchivePage { request, first, last, complete, count: 1, oldest: None, met: false })
}

fn stanza_id(incoming: Incoming, id: &str) -> Incoming {
    Incoming { stanza_id: Some(StanzaId(id.to_owned())), ..incoming }
}

const ANNA: &str = "anna@example.org";
const BELA: &str = "bela@example.org";
/// One of her devices.
const PHONE: &str = "bela@example.org/phone";

impl World {
    /// Started, cache told, not signed in.
    fn new(cache: AccountCache) -> Self {
        Self::with(Options::default(), cache)
    }

    fn with(options: Options, cache: AccountCache) -> Self {
        let now = Now { mono: second(1), wall: Stamp(1_763_650_800_000) };
        let (model, fx) = Model::new(options, vec![setup(ANNA)], 7, now);
        let account = AccountId::new(ANNA);
        let mut world = Self { model, now, epoch: Epoch(0), account, fx, commits: true };
        let account = world.account.clone();
        world.stored(Stored::Cache { account, cache: Box::new(cache) });
        world.stored(Stored::CacheDone);
        world
    }

    /// Signed in, with Bela online and an archive if wanted.
    fn online(archive: bool) -> Self {
        let mut world = Self::new(AccountCache::default());
        world.sign_in(archive);
        world.session(xmpp::Event::Presence(presence("bela@example.org/phone", Show::Available)));
        world.fx.clear();
        world
    }

    /// With an archive, and with a talk on the screen of which nothing is on the disk yet.
    fn reading(peer: &str) -> Self {
        let mut world = Self::online(true);
        world.open(peer);
        world.page(peer, Vec::new(), false);
        world
    }

    fn give(&mut self, event: Event) {
        let fx = self.model.update(self.now, event);
        let inserted = fx.iter().filter_map(|effect| match effect {
            Effect::Store(StoreRequest::Insert(message)) => Some(message.key),
            _ => None,
        });
        let keys: Vec<MessageKey> = inserted.collect();
        self.fx.extend(fx);
        if self.commits && !keys.is_empty() {
            self.stored(Stored::Committed { keys });
        }
    }

    fn stored(&mut self, stored: Stored) {
        self.give(Event::Stored(stored));
    }

    fn link(&mut self, fact: LinkFact) {
        let event = LinkEvent { epoch: self.epoch, fact };
        self.give(Event::Link(self.account.clone(), event));
    }

    fn session(&mut self, event: xmpp::Event) {
        self.link(LinkFact::Session(event));
    }

    fn hears(&mut self, incoming: Incoming) {
        self.session(xmpp::Event::Message(Box::new(incoming)));
    }

    /// A live message of Bela's, and the key that it got.
    fn hears_one(&mut self, id: &str, text: &str) -> MessageKey {
        self.hears(says("bela@example.org/phone", id, text));
        self.talk(BELA).messages.back().expect("it came").key
    }

    fn dial(&mut self) {
        self.epoch = Epoch(self.epoch.0 + 1);
        self.link(LinkFact::Dialing { host: line("xmpp.example.org") });
    }

    fn sign_in(&mut self, archive: bool) {
        self.sign_in_as("anna@example.org/butty", archive);
    }

    fn sign_in_as(&mut self, jid: &str, archive: bool) {
        self.dial();
        self.session(xmpp::Event::SignedIn(SignedIn {
            jid: FullJid::parse(jid).unwrap(),
            mechanism: "SCRAM-SHA-256".to_owned(),
            offered: Vec::new(),
        }));
        let items = Some(vec![item(BELA, "Bela", "Friends"), item("dad@example.org", "Dad", "")]);
        self.session(xmpp::Event::Roster { items, version: None });
        let features = Features { carbons: true, archive, archive_ids: archive, ..Features::default() };
        self.session(xmpp::Event::Features(features));
    }

    /// The line is lost, and long enough ago that whatever it had carried is archived.
    fn drop_link(&mut self) {
        self.blip();
        self.after(second(3));
    }

    fn blip(&mut self) {
        self.link(LinkFact::Down { problem: Some(crate::types::Problem::Offline), retry_in: Some(second(1)) });
    }

    /// Time passes; deadlines are met on the way, and each one moves on.
    fn after(&mut self, by: Duration) {
        let end = self.now.after(by);
        while let Some(due) = self.model.deadline().filter(|due| *due <= end.mono) {
            let step = due.saturating_sub(self.now.mono);
            self.now = self.now.after(step);
            self.give(Event::Tick);
            assert!(self.model.deadline().is_none_or(|next| next > self.now.mono), "a deadline that is never met");
        }
        self.now = end;
    }

    fn key(&self, peer: &str) -> ConversationKey {
        ConversationKey::direct(self.account.clone(), bare(peer))
    }

    fn open(&mut self, peer: &str) {
        let key = self.key(peer);
        let mut fx = Vec::new();
        self.model.open_talk(&key, &mut fx);
        self.fx.extend(fx);
    }

    /// The page that the open talk waits for.
    fn page(&mut self, peer: &str, messages: Vec<Message>, more: bool) {
        let key = self.key(peer);
        let request = self.talk(peer).page.expect("a page was asked for");
        self.stored(Stored::Page { request, talk: key, displayed: Stamp(0), messages, more });
    }

    /// Does something to the model as a key would.
    fn does<T>(&mut self, what: impl FnOnce(&mut Model, &mut Vec<Effect>) -> T) -> T {
        let mut fx = Vec::new();
        let result = what(&mut self.model, &mut fx);
        let inserted = fx.iter().filter_map(|effect| match effect {
            Effect::Store(StoreRequest::Insert(message)) => Some(message.key),
            _ => None,
        });
        let keys: Vec<MessageKey> = inserted.collect();
        self.fx.extend(fx);
        if self.commits && !keys.is_empty() {
            self.stored(Stored::Committed { keys });
        }
        result
    }

    fn send(&mut self, peer: &str, text: &str) -> MessageKey {
        let key = self.key(peer);
        self.does(|model, fx| model.send_text(&key, text, fx));
        self.talk(peer).messages.iter().rev().find(|m| m.direction == Direction::Out).map(|m| m.key).unwrap()
    }

    fn talk(&self, peer: &str) -> &Conversation {
        self.model.talks.get(&self.key(peer)).expect("a talk")
    }

    fn texts(&self, peer: &str) -> Vec<String> {
        self.talk(peer).messages.iter().map(text).collect()
    }

    fn message(&self, peer: &str, key: MessageKey) -> &Message {
        self.talk(peer).message(key).expect("a message")
    }

    fn own(&self) -> &super::model::Account {
        self.model.account(&self.account).unwrap()
    }

    /// What sessions were asked since the last look.
    fn commands(&mut self) -> Vec<Command> {
        let fx = std::mem::take(&mut self.fx);
        fx.into_iter()
            .filter_map(|effect| match effect {
                Effect::Link(_, LinkCommand::Session(command)) => Some(command),
                _ => None,
            })
            .collect()
    }

    fn sent(&mut self) -> Vec<Outgoing> {
        let commands = self.commands().into_iter();
        commands.filter_map(|command| if let Command::Send(out) = command { Some(out) } else { None }).collect()
    }

    fn requests(&mut self) -> Vec<StoreRequest> {
        let fx = std::mem::take(&mut self.fx);
        fx.into_iter().filter_map(|effect| if let Effect::Store(r) = effect { Some(r) } else { None }).collect()
    }
}

fn text(message: &Message) -> String {
    match &message.body {
        super::model::Body::Plain(prose) | super::model::Body::Sealed(prose) => prose.to_string(),
        super::model::Body::Unreadable(method) => format!("<{method}>"),
    }
}
