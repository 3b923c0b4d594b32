//! What transcripts cannot say: the order of stages, how writes are cut, and that no server can break the order of
//! safety.

mod disorder;
mod kept;
mod managed;
mod vain;

use super::*;
use crate::types::Stamp;
use crate::xmpp::{CredentialKind, Purpose};

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
        forced: true,
        credential: CredentialKind::Password,
        direct_tls: false,
        after_redirect: false,
        purpose: Purpose::Chat,
        seed: [7; 32],
        show_client: false,
        known: super::super::Known::default(),
        lasting: true,
        fast: None,
        absent: false,
        stepwise: false,
    }
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
                Output::Sums(sums) => self.session.summed(self.now, &sums.carry_out()),
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
