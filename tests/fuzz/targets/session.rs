//! A session from its first byte, with any server and any order of what happens around it: no panic, it always comes to
//! rest, nothing secret is said before TLS was proved for the right name, and after its end it is silent.

use super::input::Input;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use butty::types::{Domain, Now, Secret};
use butty::xmpp::{Command, CredentialKind, Event, Known, Output, Purpose, Session, SignIn, TokenSlot, Verified};
use std::time::Duration;

const SECRET: &str = "correct-horse-battery";
/// An answer may be long, but it ends.
const MOST: usize = 10_000;

/// A session, and whoever drives it.
pub struct Driven {
    pub session: Session,
    pub now: Now,
    pub events: Vec<Event>,
    pub sent: String,
    slot: Option<TokenSlot>,
    proved: bool,
    over: bool,
}

impl Driven {
    pub fn new(credential: CredentialKind, direct_tls: bool) -> Self {
        let sign_in = SignIn {
            domain: Domain::parse("a.test").unwrap(),
            local: Some("juliet".to_owned()),
            resource: None,
            mechanisms: Vec::new(),
            forced: true,
            credential,
            direct_tls,
            after_redirect: false,
            purpose: Purpose::Chat,
            seed: [0; 32],
            show_client: false,
            known: Known::default(),
            lasting: true,
            fast: None,
            absent: false,
            stepwise: false,
        };
        let now = Now::default();
        let session = Session::new(now, sign_in, None);
        let (events, sent, slot) = (Vec::new(), String::new(), None);
        Self { session, now, events, sent, slot, proved: false, over: false }
    }

    /// Does what the session wants, until it rests.
    pub fn drain(&mut self) {
        for _ in 0..MOST {
            match self.session.poll_output() {
                Output::Transmit(bytes) => self.transmit(&bytes),
                Output::Event(event) => {
                    assert!(!self.over, "after its end: {event:?}");
                    self.over = matches!(event, Event::Ended(_));
                    self.events.push(event);
                }
                Output::StartTls | Output::Sums(_) => {}
                Output::WantSecret(slot) => self.slot = Some(slot),
                Output::Wait(_) => return,
            }
        }
        panic!("it never comes to rest");
    }

    fn transmit(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).expect("we send text");
        let encoded = STANDARD.encode(SECRET);
        let leaks = text.contains(SECRET) || text.contains(encoded.trim_end_matches('=')) || text.contains("<auth");
        assert!(self.proved || !leaks, "before TLS: {text}");
        self.sent.push_str(text);
    }

    pub fn hear(&mut self, bytes: &[u8]) {
        self.session.handle_input(self.now, bytes);
        self.drain();
    }

    pub fn prove(&mut self, domain: &str) {
        self.proved |= domain == "a.test";
        let proof = Verified::for_domain(Domain::parse(domain).unwrap(), "TLS 1.3");
        self.session.handle_secured(self.now, proof);
        self.drain();
    }

    pub fn provide(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.session.provide(self.now, slot, Secret::from(SECRET));
            self.drain();
        }
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.session.handle_timeout(self.now);
        self.drain();
    }
}

pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let setting = input.byte();
    let credential = if setting & 1 == 0 { CredentialKind::Password } else { CredentialKind::Token };
    let mut driven = Driven::new(credential, setting & 2 != 0);
    driven.drain();
    while !input.is_empty() {
        match input.byte() % 16 {
            0..8 => driven.hear(input.piece(255)),
            8 => driven.prove("a.test"),
            9 => driven.prove("b.test"),
            10 | 11 => driven.provide(),
            12 => driven.pass(Duration::from_secs(u64::from(input.byte()))),
            13 => {
                driven.session.handle_eof(driven.now, false);
                driven.drain();
            }
            14 => {
                driven.session.handle_command(driven.now, Command::SignOut);
                driven.drain();
            }
            _ => driven.hear(STAGES[usize::from(input.byte()) % STAGES.len()].as_bytes()),
        }
    }
}

/// What honest servers say, so that later stages are within reach.
const STAGES: [&str; 9] = [
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' \
     from='a.test' version='1.0'>",
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
    "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>\
     <mechanism>OAUTHBEARER</mechanism></mechanisms></stream:features>",
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism>\
     <mechanism>X-MESSENGER-OAUTH2</mechanism></mechanisms></stream:features>",
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>",
    "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>\
     <bind xmlns='urn:xmpp:bind:0'/></inline></authentication></stream:features>",
    "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=</challenge>",
];
