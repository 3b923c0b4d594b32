//! The evening of the mock-ups: Anna, her buddies, one talk.

use butty::app::effect::{Effect, StoreRequest};
use butty::app::event::{
    AccountCache, BrowserPrompt, CodePrompt, Consent, Event, Fallback, Key, KeyCode, LinkEvent, LinkFact, Outlook,
    PasteFault, Stored,
};
use butty::app::keymap;
use butty::app::model::*;
use butty::app::setup::AccountSetup;
use butty::types::*;
use butty::xmpp::{
    self, Appearance, ChatState, Content, Direction, Features, Incoming, Presence, RosterItem, Show, SignedIn,
    Subscription, Via,
};
use std::time::Duration;

/// Monday 23 November 2026, 14:07 UTC.
pub const NOW: Stamp = Stamp(1_795_442_820_000);
const MINUTE: i64 = 60_000;

pub fn now() -> Now {
    Now { mono: Duration::from_secs(3600), wall: NOW }
}

/// So many minutes before `NOW`.
pub fn before(minutes: i64) -> Stamp {
    Stamp(NOW.0 - minutes * MINUTE)
}

/// So many seconds behind `NOW`.
pub fn in_seconds(seconds: u64) -> Stamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub fn id() -> AccountId {
    AccountId::new("anna@demo.butty")
}

pub fn setup(address: &str, name: &str) -> AccountSetup {
    AccountSetup { name: name.to_owned(), ..AccountSetup::new(&BareJid::parse(address).unwrap()) }
}

pub fn key(local: &str) -> ConversationKey {
    ConversationKey::direct(id(), BareJid::parse(&format!("{local}@demo.butty")).unwrap())
}

/// A message of history, as the store tells it.
fn kept(minutes: i64, mine: bool, text: &str) -> Message {
    let stamp = before(minutes);
    Message {
        key: MessageKey::new(stamp, u128::try_from(text.len()).unwrap()),
        talk: key("bela"),
        direction: if mine { Direction::Out } else { Direction::In },
        author: if mine { Author::Me } else { Author::Contact },
        stamp,
        body: Body::Plain(Prose::clean(text)),
        state: if mine { MessageState::Delivered } else { MessageState::Received },
        origin: None,
        stanza_id: None,
        relation: None,
        attachments: Vec::new(),
        arrival: butty::app::model::Arrival::Fresh,
        from: None,
        owes_receipt: false,
        edited: false,
        markable: false,
    }
}

/// A model and the world around it: events go in, the store answers at once.
pub struct Stage {
    pub model: Model,
    now: Now,
    history: Vec<Message>,
    sent: Vec<MessageKey>,
}

impl Stage {
    pub fn new(options: Options, setups: Vec<AccountSetup>) -> Self {
        let now = Now { mono: Duration::from_secs(10), wall: before(12) };
        let (model, effects) = Model::new(options, setups, 7, now);
        let mut stage = Self { model, now, history: Vec::new(), sent: Vec::new() };
        stage.answer(effects);
        stage
    }

    /// So many minutes before `NOW` it is.
    pub fn at(&mut self, minutes: i64) {
        let later = before(minutes).since(self.now.wall);
        self.later(later);
    }

    pub fn later(&mut self, by: Duration) {
        self.now = self.now.after(by);
        self.feed(Event::Tick);
    }

    pub fn feed(&mut self, event: Event) {
        let effects = self.model.update(self.now, event);
        self.answer(effects);
    }

    fn answer(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Store(StoreRequest::Insert(message)) => {
                    if message.direction == Direction::Out {
                        self.sent.push(message.key);
                    }
                    self.feed(Event::Stored(Stored::Committed { keys: vec![message.key] }));
                }
                Effect::Store(StoreRequest::Page { request, talk, .. }) => {
                    let messages = self.history.iter().filter(|message| message.talk == talk).cloned().collect();
                    self.feed(Event::Stored(Stored::Page {
                        request,
                        talk,
                        displayed: Stamp(0),
                        messages,
                        more: false,
                    }));
                }
                _ => {}
            }
        }
    }

    pub fn link(&mut self, fact: LinkFact) {
        self.feed(Event::Link(id(), LinkEvent { epoch: Epoch(1), fact }));
    }

    pub fn session(&mut self, event: xmpp::Event) {
        self.link(LinkFact::Session(event));
    }

    pub fn press(&mut self, text: &str) {
        let key = keymap::parse(text).expect("a key by that name");
        self.feed(Event::Key(key));
    }

    /// Types a text; a line break is Ctrl+J.
    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let code = if c == '\n' { KeyCode::Char('j') } else { KeyCode::Char(c) };
            self.feed(Event::Key(Key { code, ctrl: c == '\n', alt: false, shift: false }));
        }
    }

    pub fn command(&mut self, line: &str) {
        self.feed(Event::Command(line.to_owned()));
    }

    /// Writes and sends.
    pub fn say(&mut self, text: &str) -> MessageKey {
        self.type_text(text);
        self.press("enter");
        *self.sent.last().expect("something was sent")
    }

    pub fn delivered(&mut self, key: MessageKey) {
        self.session(xmpp::Event::Acknowledged(key));
        let from = Jid::from(FullJid::parse("bela@demo.butty/desk").unwrap());
        self.session(xmpp::Event::Receipt { from, of: OriginId(key.to_string()), delayed: None });
    }

    pub fn hears(&mut self, who: &str, text: &str) {
        self.hears_content(who, Content::Plain(Prose::clean(text)));
    }

    pub fn hears_content(&mut self, who: &str, body: Content) {
        let peer = key(who).peer;
        self.session(xmpp::Event::Message(Box::new(Incoming {
            from: Jid::from(FullJid::parse(&format!("{peer}/desk")).unwrap()),
            peer,
            direction: Direction::In,
            via: Via::Live,
            id: Some(OriginId(format!("{who}-{}", self.model.chance.drawn))),
            stanza_id: None,
            stamp: None,
            body,
            state: None,
            wants_receipt: false,
            receipt_of: None,
            wants_marker: false,
            displayed: None,
            nick: None,
            delayed: false,
            page: None,
        })));
    }

    pub fn appears(&mut self, who: &str, show: Show, status: &str, since: Option<Stamp>) {
        let from = Jid::from(FullJid::parse(&format!("{}/desk", key(who).peer)).unwrap());
        let status = Some(Line::clean(status)).filter(|line| !line.is_empty());
        let presence = Presence { from, show, status, priority: 0, since, nick: None, caps: None };
        self.session(xmpp::Event::Presence(presence));
    }
}

fn item(local: &str, name: &str, group: &str) -> RosterItem {
    let jid = key(local).peer;
    let (name, groups) = (Some(Line::clean(name)), vec![Line::clean(group)]);
    RosterItem { jid, name, groups, subscription: Subscription::Both, pending: false }
}

/// Signed in, with the buddies of the mock-ups.
pub fn signed_in(options: Options, accounts: &[&str]) -> Stage {
    let setups = accounts.iter().map(|address| setup(address, "Anna Kowalska")).collect();
    let mut stage = Stage::new(options, setups);
    let appearance = Appearance { show: Show::Available, status: Some("off to the sea".to_owned()), priority: 0 };
    let cache = AccountCache {
        appearance: Some(appearance),
        drafts: vec![(key("marta"), "later".to_owned())],
        folded: vec!["Work".to_owned(), butty::app::list::OFFLINE.to_owned()],
        ..AccountCache::default()
    };
    stage.feed(Event::Stored(Stored::Cache { account: id(), cache: Box::new(cache) }));
    stage.feed(Event::Stored(Stored::CacheDone));
    stage.link(LinkFact::Dialing { host: Line::clean("demo.butty") });
    stage.link(LinkFact::Secured { version: "TLS 1.3", until: None });
    let jid = FullJid::parse("anna@demo.butty/butty").unwrap();
    stage.session(xmpp::Event::SignedIn(SignedIn { jid, mechanism: "SCRAM-SHA-256".to_owned(), offered: Vec::new() }));
    let features = Features { carbons: true, invisible: true, ..Features::default() };
    stage.session(xmpp::Event::Features(features));
    let items = vec![
        item("bela", "Bela Novák", "Favourites"),
        item("dad", "Dad", "Favourites"),
        item("bot", "Demo Bot", "Friends"),
        item("ned", "Ned Nudge", "Friends"),
        item("marta", "Marta", "Friends"),
        item("olga", "Olga", "Work"),
        item("robert", "Robert Becker", "Work"),
    ];
    stage.session(xmpp::Event::Roster { items: Some(items), version: None });
    stage.appears("bela", Show::Available, "learning the accordion", None);
    stage.appears("dad", Show::Away, "", Some(before(47)));
    stage.appears("bot", Show::Available, "ask me anything: /help", None);
    stage.appears("ned", Show::Busy, "in a meeting", None);
    stage.appears("olga", Show::Available, "", None);
    stage.session(xmpp::Event::SubscriptionRequest {
        from: key("carol").peer,
        nick: None,
        text: Some(Line::clean("It is Carol, from the choir")),
    });
    // Long ago all presence had come in once: who is not known now was away before.
    stage.model.accounts.iter_mut().for_each(|account| account.settled = true);
    stage
}

/// The talk of the mock-up 2.1, without what comes in later issues.
pub fn evening(options: Options) -> Stage {
    with_talk(signed_in(options, &["anna@demo.butty"]))
}

pub fn with_talk(mut stage: Stage) -> Stage {
    let friday = 3 * 24 * 60 - 4 * 60;
    let question = kept(friday + 5, false, "are we still on for sunday?");
    stage.history = vec![question, kept(friday - 33, true, "yes! bring the accordion")];
    stage.at(10);
    stage.command("/msg bela@demo.butty");
    stage.command("/msg dad@demo.butty");
    stage.command("/msg ned@demo.butty");
    stage.command("/msg bela@demo.butty");
    stage.at(9);
    stage.hears("bela", "morning! did the demo run on your side?");
    let address = "https://butty.example/guide/first-steps/and/a/very/long/path/that-needs-two-lines";
    let fenced = "it did here, one command:\n```\n$ butty demo\n```";
    stage.hears("bela", &format!("{fenced}\nthen I read {address} and now I have buddies again 🎉"));
    stage.at(6);
    for text in ["first try. even the nudge works", "and it fits in a 50 column split"] {
        let key = stage.say(text);
        stage.delivered(key);
    }
    stage.at(4);
    stage.command("/msg ned@demo.butty");
    stage.at(2);
    stage.hears("bela", "אני לומד אקורדיון");
    stage.hears("bela", "(that was Hebrew: it starts on the right)");
    stage.at(1);
    stage.command("/msg bela@demo.butty");
    let key = stage.say("see you at four");
    stage.delivered(key);
    let key = stage.say("and the day after?");
    let (key, problem) = (OriginId(key.to_string()), Problem::NotSent);
    stage.session(xmpp::Event::Bounced { key, from: None, problem });
    stage.say("sending this one now");
    stage.at(0);
    stage.hears("dad", "are you there?");
    stage.hears("dad", "the boat leaves at nine");
    stage.hears("olga", "minutes of the meeting?");
    let from = Jid::from(FullJid::parse("bela@demo.butty/desk").unwrap());
    stage.session(xmpp::Event::ChatState { from, state: ChatState::Composing });
    stage.type_text("I wrote you a long message that wraps over\ntwo lines");
    stage
}

/// A sign-in screen at a step.
pub fn signing_in(options: Options, way: SignInWay, step: SignInStep) -> Model {
    let (mut model, _) = Model::new(options, Vec::new(), 7, now());
    let asked = !matches!(step, SignInStep::Where);
    if asked {
        model.accounts.push(Account::new(setup("anna@example.org", "Anna Kowalska"), true, now()));
    }
    let mut screen = SignInScreen::new(way, false);
    screen.account = asked.then(|| AccountId::new("anna@example.org"));
    screen.step = step;
    model.screen = Screen::SignIn(Box::new(screen));
    model
}

/// The prompt of the mock-up 1.3: 13 min 42 s are left.
pub fn prompt() -> CodePrompt {
    CodePrompt {
        service: Line::clean("example.org"),
        address: Line::clean("https://id.example.org/device"),
        complete: Some(Line::clean("https://id.example.org/device?user_code=WDJB-MJHT")),
        code: Line::clean("WDJB-MJHT"),
        expires: NOW.plus(Duration::from_secs(13 * 60 + 42)),
        lifetime: Duration::from_secs(900),
        scopes: ["openid", "xmpp", "offline_access"].map(Line::clean).to_vec(),
        outlook: Outlook::Lasting,
        local_only: false,
    }
}

/// The screen with the code, and what is wrong if so.
pub fn with_code(options: Options, trouble: Option<Consent>) -> Model {
    signing_in(options, SignInWay::Code, SignInStep::Code { prompt: Box::new(prompt()), trouble })
}

/// A page's address as a real service has it: a client id of 300 letters, as Prosody gives it.
fn page() -> BrowserPrompt {
    let client = "eyJhbGciOiJIUzI1NiJ9".repeat(15);
    BrowserPrompt {
        service: Line::clean("example.org"),
        host: Line::clean("id.example.org"),
        address: format!(
            "https://id.example.org/oauth2/authorize?response_type=code&client_id={client}&state=L7dlQF_gkzIDzLLuB5hZ\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&redirect_uri=\
             http%3A%2F%2F127.0.0.1%3A43123%2Fcallback&scope=xmpp+openid+offline_access"
        ),
        listening: true,
        scopes: prompt().scopes,
        outlook: Outlook::Lasting,
        expires: NOW.plus(Duration::from_secs(9 * 60 + 50)),
        lifetime: Duration::from_secs(600),
    }
}

/// The screen with the page's address; what was pasted, and what is wrong with what was pasted before.
pub fn with_page(options: Options, fault: Option<PasteFault>, pasted: &str) -> Model {
    let options = Options { can_open_browser: !options.over_ssh, ..options };
    let step = SignInStep::Browser { prompt: Box::new(page()), fault };
    let mut model = signing_in(options, SignInWay::Code, step);
    if let Screen::SignIn(screen) = &mut model.screen {
        screen.field = usize::from(fault.is_some() || !pasted.is_empty());
        screen.pasted.set_text(pasted);
    }
    model
}

/// The same, after the service turned out to have nothing better.
pub fn stepped_down(mut model: Model, to: Fallback) -> Model {
    if model.accounts.is_empty() {
        model.accounts.push(Account::new(setup("anna@example.org", "Anna Kowalska"), true, now()));
    }
    if let Screen::SignIn(screen) = &mut model.screen {
        screen.account = Some(AccountId::new("anna@example.org"));
        screen.stepped_down = Some(to);
        if to == Fallback::Password {
            screen.address.set_text("anna@example.org");
            screen.field = 1;
        }
    }
    model
}

/// Signed in, with so many buddies more.
pub fn crowd(options: Options, count: usize) -> Stage {
    let mut stage = signed_in(options, &["anna@demo.butty"]);
    let names = (0..count).map(|number| (format!("b{number}"), format!("Buddy Number {number}")));
    let mut items: Vec<RosterItem> = names.map(|(local, name)| item(&local, &name, "Crowd")).collect();
    items.push(item("bela", "Bela Novák", "Favourites"));
    stage.session(xmpp::Event::Roster { items: Some(items), version: None });
    for number in (0..count).step_by(2) {
        stage.appears(&format!("b{number}"), Show::Available, "here", None);
    }
    stage
}
