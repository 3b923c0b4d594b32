//! Any text as an address: what is taken is in normal form, holds nothing that a screen or a stream would stumble over,
//! and its parts are addresses themselves.

use butty::types::{BareJid, Domain, FullJid, Jid};

/// RFC 7622 section 3.1: three parts of 1023 octets, and what stands between them.
const LONGEST: usize = 3 * 1023 + 2;

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(domain) = Domain::parse(text) {
        assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(&domain));
    }
    if let Ok(bare) = BareJid::parse(text) {
        assert_eq!(Jid::parse(bare.as_str()), Ok(Jid::Bare(bare)));
    }
    let Ok(jid) = Jid::parse(text) else { return };
    assert_eq!(Jid::parse(jid.as_str()).as_ref(), Ok(&jid), "in normal form");
    assert!(jid.as_str().len() <= LONGEST);
    assert!(!jid.as_str().chars().any(char::is_control), "{jid:?}");
    let bare = jid.bare();
    assert_eq!(BareJid::parse(bare.as_str()), Ok(bare.clone()));
    assert!(!bare.as_str().contains([' ', '<', '"', '\'']) && !bare.domain().as_str().contains(['@', '/']), "{bare:?}");
    if let Some(resource) = jid.resource() {
        let full = FullJid::parse(&format!("{}/{resource}", bare.as_str()));
        assert_eq!(full.map(|full| full.bare()), Ok(bare));
    }
}
