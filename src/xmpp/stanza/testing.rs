//! For tests: stanzas from the text that the specifications print.

use super::CLIENT;
use crate::xml::{Element, Frame, Framer, Limits};

/// The element that this text stands for inside a client's stream.
pub(crate) fn parse(text: &str) -> Element {
    let mut framer = Framer::new(Limits::SIGNED_IN);
    framer.feed(format!("<stream:stream xmlns='{CLIENT}' xmlns:stream='http://etherx.jabber.org/streams'>").as_bytes());
    framer.feed(text.as_bytes());
    match (framer.next_frame(), framer.next_frame()) {
        (Ok(Some(Frame::Open(_))), Ok(Some(Frame::Element(element)))) => element,
        other => panic!("not one element: {other:?}"),
    }
}

/// As it goes out on the stream.
pub(crate) fn written(element: &Element) -> String {
    element.to_xml(CLIENT)
}
