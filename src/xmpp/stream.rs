//! One XML stream (RFC 6120 section 4), from either side.
//!
//! [`Stream`] writes header, elements, stream errors and footer, and reads the other side's. Bytes go in by
//! [`Stream::feed`] and come out by [`Stream::take_output`]; it knows nothing of sign-in, time or sockets.
//!
//! Refused: a root that is no `<stream:stream/>`, and whatever [`xml`](crate::xml) refuses. Each is answered with
//! its stream error and the footer before the caller hears of it.

use super::ns;
use crate::types::Line;
use crate::xml::{Element, Frame, Framer, Limits, XmlError, escape_attr};

/// The attributes of `<stream:stream>` (RFC 6120 section 4.7). Theirs are raw: foreign text, unparsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Who speaks.
    pub from: Option<String>,
    /// Who is meant.
    pub to: Option<String>,
    /// The server's name for this stream.
    pub id: Option<String>,
    /// `xml:lang`: the language of human words that follow.
    pub lang: Option<String>,
    /// `version`; absent from a server older than XMPP 1.0.
    pub version: Option<String>,
}

impl Header {
    /// True when the stream has features and errors as RFC 6120 knows them: a major version of at least 1.
    pub fn is_xmpp_1(&self) -> bool {
        let major = self.version.as_deref().and_then(|version| version.split('.').next());
        major.and_then(|major| major.trim().parse::<u32>().ok()).is_some_and(|major| major >= 1)
    }
}

/// A stream error (RFC 6120 section 4.9): after it there is no stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// The name of the condition, such as `system-shutdown`; `undefined-condition` where none is told.
    pub condition: String,
    /// The text inside the condition; with `see-other-host` the address. Raw.
    pub content: String,
    /// Words for a person.
    pub text: Option<Line>,
}

impl StreamError {
    /// Reads `<stream:error/>`.
    fn read(element: &Element) -> Self {
        let defined = |child: &&Element| child.ns() == ns::STREAMS && child.name() != "text";
        let condition = element.children().find(defined);
        Self {
            condition: condition.map_or("undefined-condition", Element::name).to_owned(),
            content: condition.map(Element::content).unwrap_or_default(),
            text: element.find_text("text", ns::STREAMS).map(|text| Line::clean(&text)).filter(|text| !text.is_empty()),
        }
    }

    /// As it goes out.
    fn to_element(&self) -> Element {
        let condition = Element::new(&self.condition, ns::STREAMS).text(self.content.as_str());
        let text = self.text.as_ref().map(|text| Element::new("text", ns::STREAMS).text(text.as_str()));
        Element::new("error", ns::STREAM).child(condition).child_opt(text)
    }
}

/// What the other side did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It opened its stream.
    Header(Header),
    /// A stanza, features, or an element of a negotiation.
    Element(Element),
    /// What is left of one that is more than we take.
    PassedOver(Element, XmlError),
    /// It gave up and says why.
    Error(StreamError),
    /// `</stream:stream>`.
    Footer,
}

/// The other side sent something that is not XMPP. It has been told so, and our footer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rubbish(pub &'static str);

/// Both directions of one stream.
pub struct Stream {
    framer: Framer,
    limits: Limits,
    output: Vec<u8>,
    /// Our header is written.
    open: bool,
    /// Our footer is written: nothing may follow.
    closed: bool,
}

impl Default for Stream {
    /// A stream of which nothing has been written or read. Both sides begin with the limits for strangers.
    fn default() -> Self {
        let limits = Limits::BEFORE_SIGN_IN;
        Self { framer: Framer::new(limits), limits, output: Vec::new(), open: false, closed: false }
    }
}

impl Stream {
    /// Writes our header. A client leaves `id` out, a server must set it (RFC 6120 section 4.7.3).
    pub fn open(&mut self, header: &Header) {
        let mut xml =
            format!("<?xml version='1.0'?><stream:stream xmlns='{}' xmlns:stream='{}'", ns::CLIENT, ns::STREAM);
        let values = [
            ("id", &header.id),
            ("from", &header.from),
            ("to", &header.to),
            ("version", &header.version),
            ("xml:lang", &header.lang),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                xml.extend([" ", name, "='", &escape_attr(value), "'"]);
            }
        }
        xml.push('>');
        self.open = true;
        self.closed = false;
        self.output.extend_from_slice(xml.as_bytes());
    }

    /// Writes one element. After the footer nothing is written.
    pub fn send(&mut self, element: &Element) {
        self.send_xml(&element.to_xml(ns::CLIENT));
    }

    /// Writes markup that the caller vouches for.
    pub(crate) fn send_xml(&mut self, xml: &str) {
        if !self.closed {
            self.output.extend_from_slice(xml.as_bytes());
        }
    }

    /// Writes a stream error and the footer. `content` is the text inside the condition, as `see-other-host` has it.
    /// Where no header was written yet one goes ahead, as RFC 6120 section 4.9.1.2 wants.
    pub fn fail(&mut self, condition: &str, content: &str) {
        if !self.open {
            self.open(&Header { version: Some("1.0".to_owned()), ..Header::default() });
        }
        let error = StreamError { condition: condition.to_owned(), content: content.to_owned(), text: None };
        self.fail_with(&error.to_element());
    }

    /// The same for a condition of an extension's own (RFC 6120 section 4.9.4).
    pub(crate) fn fail_because(&mut self, why: Element) {
        let condition = Element::new("undefined-condition", ns::STREAMS);
        self.fail_with(&Element::new("error", ns::STREAM).child(condition).child(why));
    }

    fn fail_with(&mut self, error: &Element) {
        // The prefix is declared by every header that we write.
        self.send_xml(&error.to_xml(ns::CLIENT));
        self.close();
    }

    /// Writes the footer, once.
    pub fn close(&mut self) {
        if self.open {
            self.send_xml("</stream:stream>");
            self.closed = true;
        }
    }

    /// Begins anew inside TLS (RFC 6120 section 5.4.3.3): whatever was read in the clear is forgotten.
    pub fn secure(&mut self) {
        self.framer = Framer::new(self.limits);
        self.open = false;
        self.closed = false;
    }

    /// Begins anew after SASL (RFC 6120 section 6.4.6). The same side speaks in the same TLS, so bytes behind the last
    /// element are the beginning of its new stream.
    pub fn restart(&mut self) {
        let mut framer = Framer::new(self.limits);
        framer.feed(self.framer.unread());
        self.framer = framer;
        self.open = false;
        self.closed = false;
    }

    /// Changes what the other side may cost us.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.framer.set_limits(limits);
    }

    /// Takes bytes from the wire.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.framer.feed(bytes);
    }

    /// True when nothing but white space is unread: only then may TLS start (RFC 6120 section 5.4.3.3).
    pub fn is_drained(&self) -> bool {
        self.framer.is_drained()
    }

    /// The next thing that the other side did, or nothing until more bytes come.
    pub fn receive(&mut self) -> Result<Option<Received>, Rubbish> {
        match self.framer.next_frame() {
            Ok(None) => Ok(None),
            Ok(Some(Frame::Open(root))) => self.read_header(&root).map(Some),
            Ok(Some(Frame::Element(element))) if element.is("error", ns::STREAM) => {
                Ok(Some(Received::Error(StreamError::read(&element))))
            }
            Ok(Some(Frame::Element(element))) => Ok(Some(Received::Element(element))),
            Ok(Some(Frame::PassedOver(name, why))) => Ok(Some(Received::PassedOver(name, why))),
            Ok(Some(Frame::Close)) => Ok(Some(Received::Footer)),
            Err(error) => {
                self.fail(error.condition(), "");
                Err(Rubbish(words_for(error.condition())))
            }
        }
    }

    /// The bytes to write, each once.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    fn read_header(&mut self, root: &Element) -> Result<Received, Rubbish> {
        if !root.is("stream", ns::STREAM) {
            self.fail("invalid-namespace", "");
            return Err(Rubbish("something else than an XMPP stream"));
        }
        let value = |name| root.get(name).map(str::to_owned);
        Ok(Received::Header(Header {
            from: value("from"),
            to: value("to"),
            id: value("id"),
            lang: root.lang().map(str::to_owned),
            version: value("version"),
        }))
    }
}

/// What a fault in the markup is called for a person; the exact place is of no use to them.
fn words_for(condition: &str) -> &'static str {
    match condition {
        "restricted-xml" => "markup that XMPP forbids",
        "policy-violation" => "more than butty takes in one piece",
        "unsupported-encoding" => "text that is not UTF-8",
        "bad-format" => "text between its messages",
        _ => "broken markup",
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is unread or unwritten may hold secrets.
        f.debug_struct("Stream").field("open", &self.open).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(to: &str) -> Header {
        Header { to: Some(to.to_owned()), version: Some("1.0".to_owned()), ..Header::default() }
    }

    fn pass(from: &mut Stream, to: &mut Stream) -> Vec<Received> {
        to.feed(&from.take_output());
        std::iter::from_fn(|| to.receive().unwrap()).collect()
    }

    #[test]
    fn both_sides_understand_each_other() {
        let (mut client, mut server) = (Stream::default(), Stream::default());
        client.open(&header("a&b.test"));
        assert_eq!(pass(&mut client, &mut server), [Received::Header(header("a&b.test"))]);
        let answer = Header { id: Some("1".to_owned()), lang: Some("en".to_owned()), ..header("c") };
        server.open(&answer);
        let features = Element::new("features", ns::STREAM).child(Element::new("starttls", ns::TLS));
        server.send(&features);
        server.close();
        server.close();
        server.send(&features);
        let heard = pass(&mut server, &mut client);
        assert_eq!(heard, [Received::Header(answer), Received::Element(features), Received::Footer]);
    }

    #[test]
    fn stream_errors_go_both_ways() {
        let (mut client, mut server) = (Stream::default(), Stream::default());
        server.fail("see-other-host", "[2001:db8::1]:5222");
        let heard = pass(&mut server, &mut client);
        let expected = StreamError {
            condition: "see-other-host".to_owned(),
            content: "[2001:db8::1]:5222".to_owned(),
            text: None,
        };
        assert!(matches!(heard.first(), Some(Received::Header(header)) if header.is_xmpp_1()));
        assert_eq!(heard.get(1..), Some(&[Received::Error(expected), Received::Footer][..]));
    }

    #[test]
    fn words_of_a_stream_error_are_cleaned() {
        let mut client = Stream::default();
        client.feed(b"<s:stream xmlns:s='http://etherx.jabber.org/streams'><s:error><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>bye\xC2\x9B31m</text><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></s:error>");
        assert!(matches!(client.receive(), Ok(Some(Received::Header(header))) if !header.is_xmpp_1()));
        let Ok(Some(Received::Error(error))) = client.receive() else { panic!("no error") };
        assert_eq!(error.condition, "system-shutdown");
        assert_eq!(error.text, Some(Line::clean("bye\u{FFFD}31m")));
    }

    #[test]
    fn a_fault_is_answered_and_final() {
        let mut client = Stream::default();
        client.open(&header("a"));
        client.take_output();
        client.feed(b"<!DOCTYPE x>");
        assert_eq!(client.receive(), Err(Rubbish("markup that XMPP forbids")));
        let told = String::from_utf8(client.take_output()).unwrap();
        assert!(told.contains("<restricted-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"), "{told}");
        assert!(told.ends_with("</stream:error></stream:stream>"), "{told}");
        assert!(client.receive().is_err());
        assert!(client.take_output().is_empty(), "told once");
    }

    #[test]
    fn another_root_is_no_stream() {
        let mut client = Stream::default();
        client.feed(b"<html xmlns='http://www.w3.org/1999/xhtml'>");
        assert_eq!(client.receive(), Err(Rubbish("something else than an XMPP stream")));
    }

    #[test]
    fn versions_are_read_by_number() {
        for (version, yes) in [("1.0", true), ("1", true), ("2.1", true), ("0.9", false), ("", false), ("x", false)] {
            let header = Header { version: Some(version.to_owned()), ..Header::default() };
            assert_eq!(header.is_xmpp_1(), yes, "{version:?}");
        }
    }
}
