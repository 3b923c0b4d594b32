//! Any bytes, whole and in pieces: no panic, the same frames, and what was read can be written and read again.
//! The first byte of the input chooses how the rest is cut.

use butty::xml::{Element, Frame, Framer, Limits, XmlError};

pub fn check(data: &[u8]) {
    let Some((size, bytes)) = data.split_first() else { return };
    for passes_over in [false, true] {
        let whole = read(passes_over, std::iter::once(bytes));
        assert_eq!(whole, read(passes_over, bytes.chunks(1)), "byte by byte");
        assert_eq!(whole, read(passes_over, bytes.chunks(usize::from(*size).max(1))), "in pieces of {size}");
        for frame in &whole.0 {
            if let Frame::Element(element) = frame {
                assert_eq!(read_back(element).as_ref(), Some(element), "written and read");
            }
        }
    }
}

fn read<'a>(passes_over: bool, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<XmlError>, bool) {
    let mut framer = Framer::new(Limits { unit: 2_048, depth: 8, attributes: 16, elements: 64, passes_over });
    let mut frames = Vec::new();
    for piece in pieces {
        framer.feed(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error), framer.is_drained()),
            }
        }
    }
    let drained = framer.is_drained();
    (frames, None, drained)
}

/// What comes of an element that goes over the wire.
pub fn read_back(element: &Element) -> Option<Element> {
    let mut framer = Framer::new(Limits::SIGNED_IN);
    framer.feed(b"<stream xmlns='jabber:client'>");
    framer.feed(element.to_xml("jabber:client").as_bytes());
    match (framer.next_frame(), framer.next_frame()) {
        (Ok(Some(Frame::Open(_))), Ok(Some(Frame::Element(element)))) => Some(element),
        _ => None,
    }
}
