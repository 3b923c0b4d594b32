//! Who may say what.
//!
//! Copies, archive results, roster pushes and answers have each been accepted from strangers by client after client,
//! because each had a check of its own, or none. Here is the one check, [`Home::lets`], and one table tests it; whole
//! stanzas try to get past it in `tests/senders.rs`, each named after the fault that let them through elsewhere.
//!
//! What is not asked here, because nobody is believed: corrections, retractions and bookmarks of others are not
//! carried out, file names are not taken, and what somebody calls themselves is shown beside their address.

use super::stanza::Sender;
use crate::types::{BareJid, Domain, FullJid, Jid};

/// Our own account: the addresses that speak for it.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    full: FullJid,
    bare: BareJid,
    domain: Domain,
}

impl Home {
    /// The account that this address was bound on.
    pub(crate) fn new(full: FullJid) -> Self {
        let bare = full.bare();
        Self { full, domain: bare.domain(), bare }
    }

    /// This connection.
    pub(crate) fn full(&self) -> &FullJid {
        &self.full
    }

    /// The account.
    pub(crate) fn bare(&self) -> &BareJid {
        &self.bare
    }

    /// The server.
    pub(crate) fn domain(&self) -> &Domain {
        &self.domain
    }

    /// May this sender say this?
    pub(crate) fn lets(&self, sender: &Sender<'_>, claim: Claim<'_>) -> bool {
        match claim {
            Claim::Words => matches!(sender, Sender::Absent | Sender::Known(_)),
            Claim::State => matches!(sender, Sender::Known(_)),
            Claim::RosterPush => *sender == Sender::Absent || self.is_bare(sender),
            Claim::ArchiveResult { asked } => asked && (*sender == Sender::Absent || self.is_bare(sender)),
            Claim::Carbon | Claim::StanzaId | Claim::ReadPosition => self.is_bare(sender),
            Claim::ServerDelay => self.is_bare(sender) || self.is_server(sender),
            Claim::Delay(author) => {
                *sender == Sender::Absent
                    || self.is_bare(sender)
                    || self.is_server(sender)
                    || matches!(sender, Sender::Known(jid) if is_of(jid, author) || is_host_of(jid, author))
            }
            Claim::Answer(Whom::Home) => self.is_home(sender),
            Claim::Answer(Whom::Named(asked)) => {
                *sender == Sender::Absent || self.is_server(sender) || says(sender, asked)
            }
            Claim::Receipt(peer) | Claim::Marker(peer) => {
                matches!(sender, Sender::Known(jid) if peer.is_none_or(|peer| is_of(jid, peer)))
            }
            Claim::Bounce(peer) => {
                *sender == Sender::Absent
                    || self.is_bare(sender)
                    || self.is_server(sender)
                    || matches!(sender, Sender::Known(jid) if peer.is_none_or(|peer| {
                        is_of(jid, peer) || is_host_of(jid, peer)
                    }))
            }
        }
    }

    fn is_bare(&self, sender: &Sender<'_>) -> bool {
        matches!(sender, Sender::Known(Jid::Bare(bare)) if *bare == self.bare)
    }

    fn is_server(&self, sender: &Sender<'_>) -> bool {
        matches!(sender, Sender::Known(Jid::Bare(bare)) if bare.as_str() == self.domain.as_str())
    }

    /// Servers answer for our account under four names; Messenger did so as its domain.
    fn is_home(&self, sender: &Sender<'_>) -> bool {
        *sender == Sender::Absent
            || self.is_bare(sender)
            || self.is_server(sender)
            || matches!(sender, Sender::Known(Jid::Full(full)) if *full == self.full)
    }
}

/// What a sender claims by a stanza.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Claim<'a> {
    /// Words of their own, to us. Who is not named is our server (RFC 6120 section 8.1.2.1), never a buddy.
    Words,
    /// To be there, or away; to ask for our friendship. Of oneself alone, so it takes a name.
    State,
    /// Our roster changed (RFC 6121 section 2.1.6).
    RosterPush,
    /// A copy of a message of our other devices (XEP-0280 section 11).
    Carbon,
    /// A message out of our archive (XEP-0313 section 7.1). `asked`: it names a query of ours that waits for its page.
    ArchiveResult { asked: bool },
    /// Our archive's id of a message (XEP-0359 section 5): the sender is its `by`.
    StanzaId,
    /// How far our other devices have read (XEP-0490).
    ReadPosition,
    /// Our server kept the message for us (XEP-0203): the sender is the `from` of the note.
    ServerDelay,
    /// Somebody's message was written at another moment (XEP-0203): themselves and the servers on its way can say so. The
    /// sender is the `from` of the note; without one it is the author's.
    Delay(&'a BareJid),
    /// The answer to a query of ours.
    Answer(&'a Whom),
    /// A message of ours to this buddy arrived; `None` when we no longer know to whom it went.
    Receipt(Option<&'a BareJid>),
    /// A message of ours to this buddy was seen (XEP-0333); `None` when we no longer know to whom it went.
    Marker(Option<&'a BareJid>),
    /// A message of ours to this buddy failed; `None` when we no longer know to whom it went.
    Bounce(Option<&'a BareJid>),
}

/// To whom a query went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Our account or our server.
    Home,
    /// This text was the `to`. Messenger takes e-mail addresses there, which need not be XMPP addresses. Our server
    /// may answer in its place.
    Named(String),
}

/// `jid` is this account, or a device of it.
fn is_of(jid: &Jid, account: &BareJid) -> bool {
    match jid {
        Jid::Bare(bare) => bare == account,
        Jid::Full(full) => full.bare() == *account,
    }
}

/// `jid` is the server of this account.
fn is_host_of(jid: &Jid, account: &BareJid) -> bool {
    jid.as_str() == account.domain().as_str()
}

fn says(sender: &Sender<'_>, asked: &str) -> bool {
    match sender {
        Sender::Absent => false,
        Sender::Unreadable(text) => *text == asked,
        Sender::Known(jid) => Jid::parse(asked).is_ok_and(|asked| asked == *jid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of the table.
    const SENDERS: [&str; 12] = [
        "(absent)",
        "romeo@montague.lit",
        "romeo@montague.lit/orchard",
        "romeo@montague.lit/phone",
        "montague.lit",
        "juliet@capulet.lit",
        "juliet@capulet.lit/balcony",
        "capulet.lit",
        "tybalt@capulet.lit/street",
        "romeo@montague.lit.evil.example",
        "romeo@montague.1it",
        "@not an address",
    ];

    #[test]
    fn the_table_of_who_may_say_what() {
        let home = Home::new(FullJid::parse("romeo@montague.lit/orchard").unwrap());
        let juliet = BareJid::parse("juliet@capulet.lit").unwrap();
        let email = Whom::Named("Juliet@Capulet.lit".to_owned());
        let odd = Whom::Named("@not an address".to_owned());
        let table = [
            //                                       absent bare full other server | peer: bare full server | strangers
            ("own words", Claim::Words, "y y y y y  y y y  y y y n"),
            ("own state", Claim::State, "n y y y y  y y y  y y y n"),
            ("roster push", Claim::RosterPush, "y y n n n  n n n  n n n n"),
            ("archive result", Claim::ArchiveResult { asked: true }, "y y n n n  n n n  n n n n"),
            ("archive result, unasked", Claim::ArchiveResult { asked: false }, "n n n n n  n n n  n n n n"),
            ("carbon", Claim::Carbon, "n y n n n  n n n  n n n n"),
            ("stanza-id by", Claim::StanzaId, "n y n n n  n n n  n n n n"),
            ("read position", Claim::ReadPosition, "n y n n n  n n n  n n n n"),
            ("kept by server", Claim::ServerDelay, "n y n n y  n n n  n n n n"),
            ("written then", Claim::Delay(&juliet), "y y n n y  y y y  n n n n"),
            ("answer from home", Claim::Answer(&Whom::Home), "y y y n y  n n n  n n n n"),
            ("answer from a name", Claim::Answer(&email), "y n n n y  y n n  n n n n"),
            ("answer from an e-mail", Claim::Answer(&odd), "y n n n y  n n n  n n n y"),
            ("receipt", Claim::Receipt(Some(&juliet)), "n n n n n  y y n  n n n n"),
            ("receipt, peer forgotten", Claim::Receipt(None), "n y y y y  y y y  y y y n"),
            ("marker", Claim::Marker(Some(&juliet)), "n n n n n  y y n  n n n n"),
            ("bounce", Claim::Bounce(Some(&juliet)), "y y n n y  y y y  n n n n"),
            ("bounce, peer forgotten", Claim::Bounce(None), "y y y y y  y y y  y y y n"),
        ];
        for (name, claim, row) in table {
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells.len(), SENDERS.len());
            for (from, cell) in SENDERS.iter().zip(cells) {
                let sender = match *from {
                    "(absent)" => Sender::Absent,
                    text => Jid::parse(text).map_or(Sender::Unreadable(text), Sender::Known),
                };
                assert_eq!(home.lets(&sender, claim), cell == "y", "{name} from {from}");
            }
        }
    }
}
