//! XEP-0334 (0.4.0), Message Processing Hints.

use crate::xml::Element;

pub(crate) const NS: &str = "urn:xmpp:hints";

/// Keep this nowhere: for typing notices.
pub(crate) fn no_store() -> Element {
    Element::new("no-store", NS)
}

/// Keep this although it has no body: for receipts, which would be lost while the other side is away.
pub(crate) fn store() -> Element {
    Element::new("store", NS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::written;

    #[test]
    fn hints_are_bare_elements() {
        assert_eq!(written(&no_store()), "<no-store xmlns='urn:xmpp:hints'/>");
        assert_eq!(written(&store()), "<store xmlns='urn:xmpp:hints'/>");
    }
}
