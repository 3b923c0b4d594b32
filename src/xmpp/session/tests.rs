//! What transcripts cannot say: the order of stages, how writes are cut, and that no server can break the order of
//! safety.

mod managed;

use super::*;
use crate::types::Stamp;
use crate::xmpp::{CredentialKind, Entrance, FastTicket, Purpose, Sasl2};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const HEADER: &str =
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const STARTTLS: &str = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const MECHANISMS: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>";
const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const BIND: &str = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
const PASSWORD: &str = "hunter2-hunter2";

fn domain() -> Domain {
    Domain::parse("alpha.test").unwrap()
}

fn sign_in() -> SignIn {
    SignIn {
        domain: domain(),
        local: Some("juliet".to_owned()),
        resource: None,
        mechanisms: Vec::new(),
        credential: CredentialKind::Password,
        direct_tls: false,
        after_redirect: false,
        purpose: Purpose::Chat,
        seed: [7; 32],
        show_client: false,
        known: super::super::Known::default(),
        lasting: true,
        fast: None,
        stepwise: false,
    }
}

/// The same at a later visit.
fn known() -> SignIn {
    let sasl2 = Sasl2 { fast: vec!["HT-SHA-256-NONE".to_owned()], ..Sasl2::default() };
    let entrance = Entrance { sasl2: Some(sasl2), named: true, ..Entrance::default() };
    let ticket = FastTicket { mechanism: "HT-SHA-256-NONE".to_owned(), expires: Stamp(i64::MAX), count: 1 };
    let known = super::super::Known { entrance: Some(entrance), ..super::super::Known::default() };
    SignIn { known, fast: Some(ticket), ..sign_in() }
}

/// A session with everything that it has said.
struct Scene {
    session: Session,
    now: Now,
    sent: String,
    writes: usize,
    events: Vec<Event>,
    slot: Option<TokenSlot>,
    wants_tls: bool,
}

impl Scene {
    fn new(sign_in: SignIn) -> Self {
        let now = Now { mono: Duration::from_secs(1), wall: Stamp(1_000) };
        let session = Session::new(now, sign_in, None);
        let (sent, events) = (String::new(), Vec::new());
        let mut scene = Self { session, now, sent, writes: 0, events, slot: None, wants_tls: false };
        scene.drain();
        scene
    }

    fn drain(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Transmit(bytes) => {
                    self.writes += 1;
                    self.sent.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                Output::Event(event) => self.events.push(event),
                Output::StartTls => self.wants_tls = true,
                Output::WantSecret(slot) => self.slot = Some(slot),
                Output::Wait(_) => return,
            }
        }
    }

    fn hear(&mut self, text: &str) {
        self.hear_bytes(text.as_bytes());
    }

    fn hear_bytes(&mut self, bytes: &[u8]) {
        self.session.handle_input(self.now, bytes);
        self.drain();
    }

    fn secure(&mut self) {
        self.wants_tls = false;
        self.session.handle_secured(self.now, Verified::for_domain(domain(), "TLS 1.3"));
        self.drain();
    }

    fn provide(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.session.provide(self.now, slot, Secret::from(PASSWORD));
            self.drain();
        }
    }

    /// The id of the bind request.
    fn bind_id(&self) -> String {
        let id = self.sent.rsplit_once("<iq type='set' id='").and_then(|(_, rest)| rest.split_once('\''));
        id.map(|(id, _)| id.to_owned()).unwrap()
    }

    fn bound(&self) -> String {
        let id = self.bind_id();
        format!(
            "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>juliet@alpha.test/orchard</jid></bind></iq>"
        )
    }

    fn answer_roster(&mut self, items: &str) {
        let question = self.sent.split("<iq ").find(|iq| iq.contains("jabber:iq:roster")).unwrap();
        let id = question.split_once("id='").and_then(|(_, rest)| rest.split_once('\'')).unwrap().0;
        let answer = format!("<iq type='result' id='{id}'><query xmlns='jabber:iq:roster'>{items}</query></iq>");
        self.hear(&answer);
    }

    fn up_to_bind() -> Self {
        let mut scene = Self::new(sign_in());
        scene.hear(&format!("{HEADER}{STARTTLS}"));
        scene.hear(PROCEED);
        scene.secure();
        scene.hear(&format!("{HEADER}{MECHANISMS}"));
        scene.provide();
        scene.hear(SUCCESS);
        scene.hear(&format!("{HEADER}{BIND}"));
        scene
    }

    fn ends(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Ended(_))).count()
    }
}

#[test]
fn stages_are_told_in_their_order() {
    let scene = Scene::up_to_bind();
    let reached = scene.events.iter().filter_map(|event| match event {
        Event::Reached(stage) => Some(*stage),
        _ => None,
    });
    let reached: Vec<_> = reached.collect();
    assert_eq!(reached, [Stage::Header, Stage::Tls, Stage::Features, Stage::Auth, Stage::Bind]);
}

#[test]
fn a_roster_of_twenty_thousand_is_taken_and_nothing_else_of_that_size() {
    let mut scene = Scene::up_to_bind();
    let bound = scene.bound();
    scene.hear(&bound);
    let items: Vec<String> = (0..20_000)
        .map(|n| {
            let (jid, name) = (format!("buddy-{n}@alpha.test"), format!("Buddy number {n}"));
            format!("<item jid='{jid}' name='{name}' subscription='both'><group>All of them</group></item>")
        })
        .collect();
    let items = items.concat();
    scene.answer_roster(&items);
    let Some(Event::Roster { items: Some(all), .. }) = scene.events.last() else { panic!("{:?}", scene.events.last()) };
    assert_eq!(all.len(), 20_000);
    scene.hear(&format!("<message from='a@b'><body>{}", "x".repeat(1 << 20)));
    assert!(matches!(scene.events.last(), Some(Event::Ended(Some(Problem::Rubbish { .. })))));
}

#[test]
fn a_roster_version_that_becomes_known_while_signing_in_is_asked_with() {
    let asked = |features: &str, early: bool| {
        let mut scene = Scene::new(sign_in());
        scene.hear(&format!("{HEADER}{STARTTLS}"));
        if early {
            scene.session.know_roster("ver6");
        }
        scene.hear(PROCEED);
        scene.secure();
        scene.hear(&format!("{HEADER}{MECHANISMS}"));
        scene.provide();
        scene.hear(SUCCESS);
        let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
        scene.hear(&format!("{HEADER}<stream:features>{bind}{features}</stream:features>"));
        if !early {
            scene.session.know_roster("ver6");
        }
        let bound = scene.bound();
        scene.hear(&bound);
        scene.session.know_roster("too late");
        scene.sent
    };
    let versions = "<ver xmlns='urn:xmpp:features:rosterver'/>";
    for early in [true, false] {
        assert!(asked(versions, early).contains("<query xmlns='jabber:iq:roster' ver='ver6'/>"), "{early}");
        assert!(asked("", early).contains("<query xmlns='jabber:iq:roster'/>"), "{early}");
    }
}

#[test]
fn everything_that_can_be_asked_after_bind_goes_out_in_one_write() {
    let mut scene = Scene::up_to_bind();
    scene.writes = 0;
    let bound = scene.bound();
    scene.sent.clear();
    scene.hear(&bound);
    assert_eq!(scene.writes, 1, "{}", scene.sent);
    assert!(scene.sent.contains("jabber:iq:roster"), "{}", scene.sent);
    assert!(scene.events.iter().any(|event| matches!(event, Event::SignedIn(_))));
}

#[test]
fn what_follows_bind_in_the_same_read_is_not_lost() {
    let mut scene = Scene::up_to_bind();
    let bound = scene.bound();
    scene.hear(&format!("{bound}<message from='romeo@alpha.test/x' type='chat'><body>hi</body></message>"));
    assert!(matches!(scene.events.last(), Some(Event::Message(_))), "{:?}", scene.events.last());
}

#[test]
fn a_message_larger_than_before_sign_in_is_allowed_after_it() {
    let mut scene = Scene::up_to_bind();
    let bound = scene.bound();
    scene.hear(&bound);
    let body = "x".repeat(100_000);
    scene.hear(&format!("<message from='romeo@alpha.test/x' type='chat'><body>{body}</body></message>"));
    assert!(matches!(scene.events.last(), Some(Event::Message(_))));
    scene.answer_roster("");
    scene.hear(&format!("<message><body>{}", body.repeat(11)));
    assert!(matches!(scene.events.last(), Some(Event::Ended(Some(Problem::Rubbish { .. })))));
}

#[test]
fn a_secret_of_another_kind_or_uncalled_for_is_not_taken() {
    let mut scene = Scene::new(sign_in());
    let slot = TokenSlot { kind: CredentialKind::Password, fast: false };
    scene.session.provide(scene.now, slot, Secret::from(PASSWORD));
    scene.hear(&format!("{HEADER}{STARTTLS}"));
    scene.session.provide(scene.now, slot, Secret::from(PASSWORD));
    scene.hear(PROCEED);
    scene.secure();
    scene.hear(&format!("{HEADER}{MECHANISMS}"));
    scene.session.provide(scene.now, TokenSlot { kind: CredentialKind::Token, fast: false }, Secret::from(PASSWORD));
    scene.drain();
    assert!(!scene.sent.contains("<auth"), "{}", scene.sent);
    scene.provide();
    assert!(scene.sent.contains("<auth"), "{}", scene.sent);
}

#[test]
fn debug_shows_no_secret() {
    let mut scene = Scene::new(SignIn { direct_tls: true, ..sign_in() });
    scene.secure();
    scene.hear(&format!("{HEADER}{MECHANISMS}"));
    let slot = scene.slot.take().unwrap();
    scene.session.provide(scene.now, slot, Secret::from(PASSWORD));
    let output = scene.session.poll_output();
    let Output::Transmit(bytes) = &output else { panic!("{output:?}") };
    assert_eq!(format!("{output:?}"), format!("Transmit({} bytes)", bytes.len()));
    assert_eq!(format!("{:?}", scene.session), "Session(alpha.test, signing in)");
}

#[test]
fn sign_in_is_told_by_a_deadline_and_secrets_by_none() {
    let mut scene = Scene::new(sign_in());
    let due = scene.now.mono + Duration::from_secs(15);
    assert!(matches!(scene.session.poll_output(), Output::Wait(Some(until)) if until == due));
    scene.hear(&format!("{HEADER}{STARTTLS}"));
    scene.hear(PROCEED);
    scene.secure();
    scene.hear(&format!("{HEADER}{MECHANISMS}"));
    assert!(matches!(scene.session.poll_output(), Output::Wait(None)));
}

/// What a server may say, sensible or not, in any order.
fn saying() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        HEADER,
        STARTTLS,
        PROCEED,
        MECHANISMS,
        SUCCESS,
        BIND,
        "</stream:stream>",
        "<stream:features/>",
        "<message from='romeo@alpha.test/x' type='chat'><body>hi</body></message>",
        "<iq type='result' id='1'/>",
        "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication></stream:features>",
        "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@alpha.test/x</authorization-identifier></success>",
        "<failure xmlns='urn:xmpp:sasl:2'><invalid-mechanism xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>",
        "<resumed xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
        "<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/>",
        "<a xmlns='urn:xmpp:sm:3' h='9'/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AQ==</challenge>",
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[::1]</see-other-host></stream:error>",
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<",
        "<!--",
        " ",
        "\u{0}",
    ])
}

/// What happens to a session.
#[derive(Clone, Debug)]
enum Happening {
    Heard(&'static str),
    /// Any bytes at all.
    Noise(Vec<u8>),
    /// The right answer to the bind request, where one is out.
    Bound,
    Secured,
    Provided,
    Waited(u64),
    Closed,
    SignOut,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => saying().prop_map(Happening::Heard),
        2 => prop::collection::vec(any::<u8>(), 1..80).prop_map(Happening::Noise),
        2 => Just(Happening::Bound),
        3 => Just(Happening::Secured),
        3 => Just(Happening::Provided),
        1 => (0_u64..20).prop_map(Happening::Waited),
        1 => Just(Happening::Closed),
        1 => Just(Happening::SignOut),
    ]
}

/// A good beginning of any length, so that the disorder starts at every stage.
fn good() -> Vec<Happening> {
    use Happening::{Bound, Heard, Provided, Secured};
    let up = [Heard(HEADER), Heard(STARTTLS), Heard(PROCEED), Secured, Heard(HEADER), Heard(MECHANISMS), Provided];
    up.into_iter().chain([Heard(SUCCESS), Heard(HEADER), Heard(BIND), Bound]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(6120),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_server_breaks_the_order_of_safety(
        ahead in any::<bool>(),
        begin in 0_usize..12,
        then in prop::collection::vec(happening(), 0..12),
    ) {
        // Somebody who was here before speaks ahead, and has a token to show.
        let mut scene = Scene::new(if ahead { known() } else { sign_in() });
        let mut proved = false;
        for happening in good().into_iter().take(begin).chain(then) {
            let over = scene.ends() > 0;
            let before = (scene.sent.len(), scene.events.len());
            match happening {
                Happening::Heard(text) => scene.hear(text),
                Happening::Noise(bytes) => scene.hear_bytes(&bytes),
                Happening::Bound if scene.sent.contains("<iq type='set'") => {
                    let bound = scene.bound();
                    scene.hear(&bound);
                }
                // The driver secures only what asked for it.
                Happening::Secured if scene.wants_tls => {
                    proved = true;
                    scene.secure();
                }
                // Nothing asked for it.
                Happening::Bound | Happening::Secured => {}
                Happening::Provided => scene.provide(),
                Happening::Waited(seconds) => {
                    scene.now = scene.now.after(Duration::from_secs(seconds));
                    scene.session.handle_timeout(scene.now);
                    scene.drain();
                }
                Happening::Closed => {
                    scene.session.handle_eof(scene.now, true);
                    scene.drain();
                }
                Happening::SignOut => {
                    scene.session.handle_command(scene.now, Command::SignOut);
                    scene.drain();
                }
            }
            prop_assert!(!over || before == (scene.sent.len(), scene.events.len()), "silent once over");
            prop_assert!(proved || !scene.sent.contains("<auth") && scene.slot.is_none(), "nothing secret before proof");
            prop_assert!(proved || !scene.sent.contains("juliet"), "not even who we are");
        }
        prop_assert!(scene.ends() <= 1);
        if scene.ends() == 1 {
            prop_assert!(matches!(scene.events.last(), Some(Event::Ended(_))), "the end is last");
        }
    }
}
