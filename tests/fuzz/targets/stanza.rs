//! Any stanzas to somebody who is signed in: the same events whole and in pieces, and nobody's words under another's name.

use super::session::Driven;
use butty::xmpp::{CredentialKind, Event};

pub fn check(data: &[u8]) {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = after(std::iter::once(bytes));
    assert_eq!(whole, after(bytes.chunks(usize::from(*size).max(1))), "in pieces of {size}");
    // Whoever knows it, by chance or by looking on, may say it.
    let says = |words: &[u8]| bytes.windows(words.len()).any(|window| window == words);
    if !says(b"horse") && !says(b"&#") {
        keeps_the_password(&whole.0);
    }
}

fn keeps_the_password(events: &[Event]) {
    for event in events {
        if let Event::RosterPush { .. } | Event::Roster { .. } = event {
            continue;
        }
        let shown = format!("{event:?}");
        assert!(!shown.contains("correct-horse"), "{shown}");
    }
}

/// What is reported and said once these came.
fn after<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Event>, String) {
    let mut driven = signed_in();
    for piece in pieces {
        driven.hear(piece);
    }
    (driven.events, driven.sent)
}

/// Somebody who is in, by the shortest way, with all that was said before put aside.
fn signed_in() -> Driven {
    const OPEN: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                        xmlns:stream='http://etherx.jabber.org/streams' id='1' from='a.test' version='1.0'>";
    let mut driven = Driven::new(CredentialKind::Password, true);
    driven.drain();
    driven.prove("a.test");
    let mechanisms = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>";
    driven.hear(format!("{OPEN}<stream:features>{mechanisms}</stream:features>").as_bytes());
    driven.provide();
    driven.hear(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    driven.hear(
        format!("{OPEN}<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>").as_bytes(),
    );
    let asked = driven.sent.rsplit("<iq").find(|iq| iq.contains("xmpp-bind")).expect("bind is asked for");
    let id = asked.split(['\'', '"']).skip_while(|part| !part.trim_end().ends_with("id=")).nth(1).expect("an id");
    let jid = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@a.test/b</jid></bind>";
    driven.hear(format!("<iq type='result' id='{id}'>{jid}</iq>").as_bytes());
    assert!(driven.events.iter().any(|event| matches!(event, Event::SignedIn(_))), "{:?}", driven.events);
    driven.events.clear();
    driven.sent.clear();
    driven
}
