//! XEP-0352 (1.0.0), Client State Indication: the server may hold back what nobody looks at.

use crate::xml::Element;

pub(crate) const NS: &str = "urn:xmpp:csi:0";

/// The person looks, or does not.
pub(crate) fn write(active: bool) -> Element {
    Element::new(if active { "active" } else { "inactive" }, NS)
}

/// What a session tells the server of the person. A stream begins active, and so does one that is taken up again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attention {
    /// The server wants to know.
    pub(crate) wanted: bool,
    /// It takes the person for absent.
    pub(crate) absent: bool,
}

impl Attention {
    /// What there is to say, if anything.
    pub(crate) fn tell(&mut self, active: bool) -> Option<Element> {
        if !self.wanted || self.absent != active {
            return None;
        }
        self.absent = !active;
        Some(write(active))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_2_and_3_are_said_once_each_and_to_who_wants_to_know() {
        let mut attention = Attention { wanted: true, absent: false };
        let mut said = |active| attention.tell(active).map(|element| element.to_xml(""));
        assert_eq!(said(true), None, "a stream begins so");
        assert_eq!(said(false).as_deref(), Some("<inactive xmlns='urn:xmpp:csi:0'/>"));
        assert_eq!(said(false), None);
        assert_eq!(said(true).as_deref(), Some("<active xmlns='urn:xmpp:csi:0'/>"));
        assert!(Attention::default().tell(false).is_none());
    }
}
