//! XEP-0203 (2.0), Delayed Delivery.

use super::datetime;
use crate::types::{Jid, Stamp};
use crate::xml::Element;

pub(crate) const NS: &str = "urn:xmpp:delay";

/// One note of delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delay {
    /// Who says so; `None` when it is not told.
    pub(crate) from: Option<Jid>,
    /// When it was written, so they say.
    pub(crate) stamp: Stamp,
}

/// Every note on a stanza; at most eight are looked at.
pub(crate) fn read(stanza: &Element) -> impl Iterator<Item = Delay> {
    stanza.children().filter(|child| child.is("delay", NS)).take(8).filter_map(|delay| {
        let stamp = datetime::read(delay.get("stamp")?)?;
        // A name that nobody can bear is no name at all: the note goes for nothing.
        let from = delay.get("from").map(Jid::parse).transpose().ok()?;
        Some(Delay { from, stamp })
    })
}

/// A note of ours.
pub(crate) fn write(from: &str, stamp: Stamp) -> Option<Element> {
    Some(Element::new("delay", NS).attr("from", from).attr("stamp", datetime::write(stamp)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn example_1_was_kept_by_the_server() {
        let message = parse(
            "<message from='romeo@montague.net/orchard' to='juliet@capulet.com' type='chat'>
               <body>O blessed, blessed night! I am afeard.</body>
               <delay xmlns='urn:xmpp:delay' from='capulet.com' stamp='2002-09-10T23:08:25Z'>Offline Storage</delay>
             </message>",
        );
        let all: Vec<Delay> = read(&message).collect();
        let from = Jid::parse("capulet.com").ok();
        assert_eq!(all, [Delay { from, stamp: Stamp(1_031_699_305_000) }]);
    }

    #[test]
    fn a_note_without_a_moment_is_none() {
        let message =
            parse("<message><delay xmlns='urn:xmpp:delay' stamp='soon'/><delay xmlns='urn:xmpp:delay'/></message>");
        assert_eq!(read(&message).count(), 0);
    }

    #[test]
    fn ours_names_us() {
        let delay = write("juliet@capulet.com/balcony", Stamp(1_031_701_267_000)).unwrap();
        assert_eq!(
            written(&delay),
            "<delay xmlns='urn:xmpp:delay' from='juliet@capulet.com/balcony' stamp='2002-09-10T23:41:07Z'/>"
        );
    }
}
