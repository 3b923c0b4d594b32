//! The evening of the mock-ups: Anna, her buddies, one talk.

use butty::app::composer::Composer;
use butty::app::event::{CodePrompt, Consent, LinkState};
use butty::app::model::*;
use butty::app::setup::{AccountSetup, OAuthSetup, TlsMode};
use butty::types::*;
use butty::xmpp::{Appearance, Direction, Features, RosterItem, Show, Subscription};
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

pub fn id() -> AccountId {
    AccountId::new("anna@demo.butty")
}

pub fn setup(address: &str, name: &str) -> AccountSetup {
    let jid = BareJid::parse(address).unwrap();
    AccountSetup {
        id: AccountId::new(address),
        domain: jid.domain(),
        local: jid.local().map(str::to_owned),
        name: name.to_owned(),
        enabled: true,
        credential: None,
        profile: "auto".to_owned(),
        server: None,
        tls: TlsMode::Auto,
        ca_file: None,
        ca_pem: None,
        mechanisms: Vec::new(),
        password_command: Vec::new(),
        token_command: Vec::new(),
        oauth: OAuthSetup::default(),
        resolver: None,
        ephemeral: false,
    }
}

pub fn key(local: &str) -> ConversationKey {
    ConversationKey::direct(id(), BareJid::parse(&format!("{local}@demo.butty")).unwrap())
}

fn contact(
    local: &str,
    name: &str,
    group: &str,
    show: Option<Show>,
    status: Option<&str>,
    since: Option<Stamp>,
) -> Contact {
    let item = RosterItem {
        jid: key(local).peer,
        name: Some(Line::clean(name)),
        groups: vec![Line::clean(group)],
        subscription: Subscription::Both,
        pending: false,
    };
    let mut contact = Contact::new(item);
    contact.stale = false;
    contact.since = since;
    contact.status = status.map(Line::clean);
    if let Some(show) = show {
        let device = Device { show, status: contact.status.clone(), priority: 0, since: since.unwrap_or(before(60)) };
        contact.devices.insert("desk".to_owned(), device);
    }
    contact
}

pub fn said(minutes: i64, mine: bool, text: &str, state: MessageState) -> Message {
    let stamp = before(minutes);
    Message {
        key: MessageKey::new(stamp, u128::try_from(text.len()).unwrap()),
        talk: key("bela"),
        direction: if mine { Direction::Out } else { Direction::In },
        author: if mine { Author::Me } else { Author::Contact },
        stamp,
        body: Body::Plain(Prose::clean(text)),
        state,
        origin: None,
        stanza_id: None,
        relation: None,
        attachments: Vec::new(),
        from: None,
        owes_receipt: false,
        edited: false,
    }
}

/// The talk of the mock-up 2.1, without what comes in later issues.
fn talk() -> Conversation {
    use MessageState::{Delivered, Failed, Pending, Read, Received};
    let mut talk = Conversation::new(key("bela"));
    let friday = 3 * 24 * 60 - 4 * 60;
    let text = "morning! did the demo run on your side?";
    let more = "it did here, one command:\n```\n$ butty demo\n```\nthen I read https://butty.example/guide/first-steps/and/a/very/long/path/that-needs-two-lines and now I have buddies again 🎉";
    talk.messages = [
        said(friday + 5, false, "are we still on for sunday?", Received),
        said(friday - 33, true, "yes! bring the accordion", Read(Some(before(friday - 40)))),
        said(9, false, text, Received),
        said(9, false, more, Received),
        said(6, true, "first try. even the nudge works", Read(Some(before(5)))),
        said(6, true, "and it fits in a 50 column split", Read(Some(before(5)))),
        said(2, false, "אני לומד אקורדיון", Received),
        said(2, false, "(that was Hebrew: it starts on the right)", Received),
        said(1, true, "see you at four", Delivered),
        said(1, true, "and the day after?", Failed(Problem::NotSent)),
        said(1, true, "sending this one now", Pending),
    ]
    .into();
    talk.loaded = true;
    talk.more_stored = false;
    talk.new_from = talk.messages.get(6).map(|message| message.key);
    talk.new_count = 2;
    talk.composer = Composer::with_text("I wrote you a long message that wraps over\ntwo lines");
    talk
}

/// The main screen of the mock-ups.
pub fn evening(options: Options) -> Model {
    let (mut model, _) = Model::new(options, vec![setup("anna@demo.butty", "Anna Kowalska")], 7, now());
    let account = model.accounts.first_mut().unwrap();
    account.link = LinkState::Online;
    account.was_online = true;
    account.down_at = None;
    account.down_since = None;
    account.jid = Some(FullJid::parse("anna@demo.butty/butty").unwrap());
    account.tls = Some("TLS 1.3");
    account.features = Features { carbons: true, archive: true, invisible: true, ..Features::default() };
    account.roster_known = true;
    account.appearance = Appearance { show: Show::Available, status: Some("off to the sea".to_owned()), priority: 0 };
    account.requests =
        vec![Request { from: key("carol").peer, nick: None, text: Some(Line::clean("It is Carol, from the choir")) }];
    let people = [
        contact("bela", "Bela Novák", "Favourites", Some(Show::Available), Some("learning the accordion"), None),
        contact("dad", "Dad", "Favourites", Some(Show::Away), None, Some(before(47))),
        contact("bot", "Demo Bot", "Friends", Some(Show::Available), Some("ask me anything: /help"), None),
        contact("ned", "Ned Nudge", "Friends", Some(Show::Busy), Some("in a meeting"), None),
        contact("marta", "Marta", "Friends", None, None, None),
        contact("olga", "Olga", "Work", Some(Show::Available), None, None),
        contact("robert", "Robert Becker", "Work", None, None, None),
    ];
    account.roster = people.into_iter().map(|contact| (contact.item.jid.clone(), contact)).collect();
    if let Some(bela) = account.roster.get_mut(&key("bela").peer) {
        bela.typing = Some(now().mono + Duration::from_secs(30));
    }
    model.talks.insert(key("bela"), talk());
    for (who, unread, draft) in [("dad", 2, ""), ("olga", 1, ""), ("marta", 0, "later"), ("ned", 0, "")] {
        let mut talk = Conversation::new(key(who));
        talk.unread = unread;
        talk.composer = Composer::with_text(draft);
        model.talks.insert(key(who), talk);
    }
    model.tabs = vec![key("bela"), key("dad"), key("ned")];
    model.open = Some(key("bela"));
    model.cache_known = true;
    model.list.folded.insert("Work".to_owned());
    model
}

/// A sign-in screen at a step.
pub fn signing_in(options: Options, way: SignInWay, step: SignInStep) -> Model {
    let (mut model, _) = Model::new(options, Vec::new(), 7, now());
    let asked = !matches!(step, SignInStep::Where);
    if asked {
        model.accounts.push(Account::new(setup("anna@example.org", "Anna Kowalska"), now()));
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
        local_only: false,
    }
}

/// The screen with the code, and what is wrong if so.
pub fn with_code(options: Options, trouble: Option<Consent>) -> Model {
    signing_in(options, SignInWay::Code, SignInStep::Code { prompt: Box::new(prompt()), trouble })
}
