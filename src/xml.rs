//! Floor 1: markup. Bytes become whole [`Frame`]s, [`Element`]s become text.
//!
//! - [`Framer`] cuts the endless document of an XMPP stream into the opening tag, whole top-level elements and the
//!   closing tag. It keeps [`Limits`] while bytes arrive, and never looks at a byte twice.
//! - [`Element`] is the tree, every namespace resolved. It is built by hand or by the framer, and written back by
//!   [`Element::to_xml`].
//!
//! # What is refused
//! RFC 6120 section 11.1 forbids comments, processing instructions, DTDs and entities other than the five; all of them
//! end the stream. So do text between top-level elements, every encoding but UTF-8, and whatever XML 1.0 (fifth
//! edition) and Namespaces in XML 1.0 (third edition) call an error, but for one: a prefix may stand for the namespace of
//! `xml`, for that is how a server writes that. An error is final: see [`XmlError`]. From a peer that has proved who it is,
//! what is too deep, too many or of a namespace that is none is left out of its element instead.
//!
//! One kindness: white space before the XML declaration is let pass. A stream restarts in the middle of a
//! connection, and white space sent after the last element of the old stream may arrive after the restart.

mod chars;
mod element;
mod error;
mod framer;
mod parse;
mod scope;
mod tag;
mod write;

pub use element::Element;
pub use error::XmlError;
pub use framer::{Frame, Framer, Limits};
pub use write::{escape_attr, escape_text};

/// The namespace of `xml:lang`, bound to the prefix `xml` everywhere (Namespaces in XML 1.0, section 3).
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of namespace declarations themselves; no prefix may be bound to it.
pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

#[cfg(test)]
mod properties;
