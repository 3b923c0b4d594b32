//! A session that is signed in, and the mind behind it, with the least world around them that does as told.
//!
//! We are Juliet. Romeo is her buddy, called Romeo; Paris is one, called Paris.

use butty::app::effect::{Effect, LinkCommand, StoreRequest};
use butty::app::event::{AccountCache, Event, LinkEvent, LinkFact, Stored};
use butty::app::model::{Body, Conversation, ConversationKey, Model, Options};
use butty::app::setup::AccountSetup;
use butty::types::{AccountId, BareJid, Domain, Epoch, Line, MessageKey, Now, Secret, Stamp};
use butty::xmpp::{self, CredentialKind, Direction, Known, Output, Purpose, Session, SignIn, TokenSlot, Verified};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

pub const US: &str = "juliet@capulet.lit";
pub const ROMEO: &str = "romeo@montague.lit";
pub const SECRET: &str = "correct-horse-battery";
pub const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
    from='capulet.lit' id='s' version='1.0'>";
pub const PLAIN: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
    <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
const BIND: &str = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
const ROSTER: &str = "<item jid='romeo@montague.lit' name='Romeo' subscription='both'/>\
    <item jid='paris@verona.lit' name='Paris' subscription='both'/>";

pub struct World {
    pub session: Session,
    pub model: Model,
    pub now: Now,
    /// Everything that was written.
    pub sent: String,
    /// Facts since the last look.
    pub events: Vec<xmpp::Event>,
    /// Wishes since the last look, but for those to the session.
    pub effects: Vec<Effect>,
    /// The store answers.
    pub commits: bool,
    commands: VecDeque<xmpp::Command>,
    slot: Option<TokenSlot>,
}

pub fn sign_in(direct_tls: bool) -> SignIn {
    SignIn {
        domain: Domain::parse("capulet.lit").unwrap(),
        local: Some("juliet".to_owned()),
        resource: None,
        mechanisms: Vec::new(),
        forced: true,
        credential: CredentialKind::Password,
        direct_tls,
        after_redirect: false,
        purpose: Purpose::Chat,
        seed: [7; 32],
        show_client: false,
        known: Known::default(),
        lasting: true,
        fast: None,
        absent: false,
        stepwise: false,
    }
}

fn account() -> AccountId {
    AccountId::new(US)
}

pub fn key(peer: &str) -> ConversationKey {
    ConversationKey::direct(account(), BareJid::parse(peer).unwrap())
}

impl World {
    /// Dialled, nothing said yet.
    pub fn dialled(direct_tls: bool) -> Self {
        let now = Now { mono: Duration::from_secs(1), wall: Stamp(1_795_442_820_000) };
        let setup = AccountSetup {
            credential: Some(CredentialKind::Password),
            ..AccountSetup::new(&BareJid::parse(US).unwrap())
        };
        let (model, effects) = Model::new(Options::default(), vec![setup], 7, now);
        let session = Session::new(now, sign_in(direct_tls), None);
        let (sent, events, commands) = (String::new(), Vec::new(), VecDeque::new());
        let mut world = Self { session, model, now, sent, events, effects, commits: true, commands, slot: None };
        world.give(Event::Stored(Stored::Cache { account: account(), cache: Box::new(AccountCache::default()) }));
        world.give(Event::Stored(Stored::CacheDone));
        world.link(LinkFact::Dialing { host: Line::clean("capulet.lit") });
        world.drain();
        world
    }

    /// Signed in, with the list, copies and an archive; Romeo is there.
    pub fn new() -> Self {
        let mut world = Self::signed_in(ROSTER);
        world.hear("<presence from='romeo@montague.lit/orchard'/>");
        world.look_away();
        world
    }

    /// Signed in with these buddies; the archive is being asked what is new.
    pub fn signed_in(roster: &str) -> Self {
        let mut world = Self::dialled(true);
        let proof = Verified::for_domain(Domain::parse("capulet.lit").unwrap(), "TLS 1.3");
        world.session.handle_secured(world.now, proof);
        world.drain();
        world.hear(&format!("{HEADER}{PLAIN}"));
        world.provide();
        world.hear("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
        world.hear(&format!("{HEADER}{BIND}"));
        let bound = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@capulet.lit/balcony</jid></bind>";
        world.answer("urn:ietf:params:xml:ns:xmpp-bind", bound);
        world.answer("jabber:iq:roster", &format!("<query xmlns='jabber:iq:roster'>{roster}</query>"));
        world.answer("urn:xmpp:carbons:2", "");
        let info = "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:mam:2'/>\
            <feature var='urn:xmpp:sid:0'/></query>";
        world.answer("to='juliet@capulet.lit'", info);
        world.answer("to='capulet.lit'", info);
        assert!(world.sent.contains("queryid="), "the archive is asked: {}", world.sent);
        world
    }

    /// The secret, where it was asked for.
    pub fn provide(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.session.provide(self.now, slot, Secret::from(SECRET));
            self.drain();
        }
    }

    /// The id of the query in which this stands; the latest.
    pub fn id_of(&self, needle: &str) -> String {
        let query = self.sent.split("<iq ").filter(|iq| iq.contains(needle)).last().expect("a query");
        query.split_once("id='").and_then(|(_, rest)| rest.split_once('\'')).expect("an id").0.to_owned()
    }

    /// The good answer to that query.
    pub fn answer(&mut self, needle: &str, payload: &str) {
        let id = self.id_of(needle);
        self.hear(&format!("<iq type='result' id='{id}'>{payload}</iq>"));
    }

    /// From the wire.
    pub fn hear(&mut self, xml: &str) {
        self.session.handle_input(self.now, xml.as_bytes());
        self.drain();
    }

    /// Forgets what was seen so far.
    pub fn look_away(&mut self) {
        self.events.clear();
        self.effects.clear();
    }

    pub fn drain(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Transmit(bytes) => self.sent.push_str(std::str::from_utf8(&bytes).unwrap()),
                Output::Event(event) => {
                    self.events.push(event.clone());
                    self.link(LinkFact::Session(event));
                }
                Output::StartTls => {}
                Output::WantSecret(slot) => self.slot = Some(slot),
                Output::Sums(sums) => self.session.summed(self.now, &sums.carry_out()),
                Output::Wait(_) => match self.commands.pop_front() {
                    Some(command) => self.session.handle_command(self.now, command),
                    None => return,
                },
            }
        }
    }

    fn link(&mut self, fact: LinkFact) {
        self.give(Event::Link(account(), LinkEvent { epoch: Epoch(1), fact }));
    }

    pub fn give(&mut self, event: Event) {
        let effects = self.model.update(self.now, event);
        self.carry_out(effects);
    }

    /// Does something as a key would.
    pub fn does(&mut self, what: impl FnOnce(&mut Model, &mut Vec<Effect>)) {
        let mut effects = Vec::new();
        what(&mut self.model, &mut effects);
        self.carry_out(effects);
        self.drain();
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut keys: Vec<MessageKey> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Link(_, LinkCommand::Session(command)) => self.commands.push_back(command),
                effect => {
                    if let Effect::Store(StoreRequest::Insert(message)) = &effect {
                        keys.push(message.key);
                    }
                    self.effects.push(effect);
                }
            }
        }
        if self.commits && !keys.is_empty() {
            self.give(Event::Stored(Stored::Committed { keys }));
        }
    }

    /// Writes to Romeo; gives the id that went out.
    pub fn write(&mut self, text: &str) -> String {
        self.does(|model, effects| model.send_text(&key(ROMEO), text, effects));
        let talk = self.talk(ROMEO).expect("a talk");
        let own = talk.messages.iter().rev().find(|message| message.direction == Direction::Out);
        own.expect("a message").key.to_string()
    }

    pub fn talk(&self, peer: &str) -> Option<&Conversation> {
        self.model.talks.get(&key(peer))
    }

    /// The words of a talk, theirs with their address before them.
    pub fn words(&self, peer: &str) -> Vec<String> {
        let all = self.talk(peer).into_iter().flat_map(|talk| &talk.messages);
        all.map(|message| match &message.body {
            Body::Plain(prose) | Body::Sealed(prose) => format!("{:?}: {prose}", message.direction),
            Body::Unreadable(method) => format!("{:?}: <{method}>", message.direction),
        })
        .collect()
    }

    /// Everything that is believed: who said what, who is on the list, under which name, and where they are.
    pub fn belief(&self) -> String {
        let mut all = String::new();
        for (key, talk) in &self.model.talks {
            for message in &talk.messages {
                let (stamp, state, id) = (message.stamp, &message.state, &message.stanza_id);
                writeln!(all, "{} {:?} {:?} {stamp:?} {state:?} {id:?}", key.peer, message.author, message.body)
                    .unwrap();
            }
            writeln!(all, "{} unread {} nick {:?} device {:?}", key.peer, talk.unread, talk.nick, talk.locked_to)
                .unwrap();
        }
        for account in &self.model.accounts {
            for (jid, contact) in account.roster.iter() {
                let name = self.model.name_of(&key(jid.as_str()));
                let (item, devices, typing) = (&contact.item, &contact.devices, contact.typing);
                writeln!(all, "{name} {item:?} {devices:?} typing {typing:?} {:?}", contact.status).unwrap();
            }
            writeln!(all, "{:?} {:?} {:?}", account.requests, account.roster_version, account.jid).unwrap();
        }
        all
    }

    /// Whoever says this is not believed in anything: no fact, no wish, no word, no change.
    #[track_caller]
    pub fn ignores(&mut self, xml: &str) {
        self.is_unmoved_by(xml);
        assert!(self.events.is_empty(), "{xml}\nmade {:?}", self.events);
    }

    /// It is a fact, about somebody of no account: no wish, no word, no change.
    #[track_caller]
    pub fn is_unmoved_by(&mut self, xml: &str) {
        self.look_away();
        let before = self.belief();
        self.hear(xml);
        assert!(self.effects.is_empty(), "{xml}\nmade {:?}", self.effects);
        assert_eq!(self.belief(), before, "{xml}");
    }

    /// This is a message, and its words are in the talk with its true sender alone, as theirs.
    #[track_caller]
    pub fn is_said_by(&mut self, peer: &str, xml: &str, words: &str) {
        self.look_away();
        let others = |world: &Self| {
            let talks = world.model.talks.values().filter(|talk| talk.key.peer.as_str() != peer);
            talks.map(|talk| format!("{:?}", talk.messages)).collect::<Vec<_>>()
        };
        let before = others(self);
        self.hear(xml);
        assert_eq!(others(self), before, "{xml}");
        assert_eq!(self.words(peer).last().map(String::as_str), Some(&*format!("In: {words}")), "{xml}");
        for effect in &self.effects {
            if let Effect::Store(StoreRequest::Insert(message)) = effect {
                assert_eq!((message.talk.peer.as_str(), message.direction), (peer, Direction::In), "{xml}");
            }
        }
    }
}
