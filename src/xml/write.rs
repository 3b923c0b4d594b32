//! Elements to text.

use super::element::{Attribute, Element, Node};
use super::{XML, chars};
use std::borrow::Cow;

/// The root of a stream and its own children; written with the prefix that old peers expect (RFC 6120 section 4.8.5).
const STREAMS: &str = "http://etherx.jabber.org/streams";
/// In these namespaces text and values are passwords, tokens and proofs of them: the log sees none.
const SECRET: &[&str] =
    &["urn:ietf:params:xml:ns:xmpp-sasl", "urn:xmpp:sasl:2", "urn:xmpp:fast:0", "jabber:iq:auth", "jabber:iq:register"];
/// Stands in the log for a secret.
const STRUCK: &str = "…";

impl Element {
    /// As XML, to be placed where the default namespace is `default_ns`. Namespaces are declared where they change.
    /// Always well-formed: everything is escaped, and U+FFFD stands for each character that XML 1.0 forbids.
    pub fn to_xml(&self, default_ns: &str) -> String {
        let mut xml = String::with_capacity(256);
        Writer { into: &mut xml, log: false }.element(self, default_ns, false, false);
        xml
    }

    /// As XML for logs: every text and value inside sign-in and registration elements is struck out, save the names of
    /// mechanisms and the words of a failure.
    pub fn to_log(&self) -> String {
        let mut xml = String::new();
        Writer { into: &mut xml, log: true }.element(self, "", false, false);
        xml
    }
}

/// Escapes for text between tags. CR is escaped too, for a reader would take it for a line end.
pub fn escape_text(text: &str) -> Cow<'_, str> {
    escape(text, |byte| matches!(byte, b'&' | b'<' | b'>' | b'\r'))
}

/// Escapes for a value between quotes of either kind. Tabs and line ends too: a reader would make blanks of them.
pub fn escape_attr(value: &str) -> Cow<'_, str> {
    escape(value, |byte| matches!(byte, b'&' | b'<' | b'>' | b'\'' | b'"' | b'\t' | b'\n' | b'\r'))
}

fn escape(text: &str, special: fn(u8) -> bool) -> Cow<'_, str> {
    // Both forbidden characters above the controls, U+FFFE and U+FFFF, begin with this byte.
    let heeded = |byte: u8| byte < b' ' || byte == 0xEF || special(byte);
    if !text.bytes().any(heeded) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.bytes().position(heeded) {
        let (plain, tail) = rest.split_at(at);
        escaped.push_str(plain);
        let mut chars = tail.chars();
        match chars.next().unwrap_or('\u{FFFD}') {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' if special(b'\t') => escaped.push_str("&#9;"),
            '\n' if special(b'\n') => escaped.push_str("&#10;"),
            c if chars::is_legal(c) => escaped.push(c),
            _ => escaped.push('\u{FFFD}'),
        }
        rest = chars.as_str();
    }
    escaped.push_str(rest);
    Cow::Owned(escaped)
}

struct Writer<'a> {
    into: &'a mut String,
    /// Strike out secrets.
    log: bool,
}

impl Writer<'_> {
    /// `streams`: the prefix `stream` is declared already. `secret`: a parent holds secrets.
    fn element(&mut self, element: &Element, default_ns: &str, streams: bool, secret: bool) {
        let ns = element.ns();
        let (prefix, inner_ns) = match ns {
            STREAMS if default_ns != STREAMS => ("stream:", default_ns),
            XML => ("xml:", default_ns),
            _ => ("", ns),
        };
        self.into.extend(["<", prefix, element.name()]);
        if prefix == "stream:" && !streams {
            self.into.extend([" xmlns:stream='", STREAMS, "'"]);
        } else if inner_ns != default_ns {
            self.into.extend([" xmlns='", &escape_attr(ns), "'"]);
        }
        let secret = self.log && (secret || SECRET.contains(&ns));
        for (number, attribute) in element.attributes().iter().enumerate() {
            self.attribute(attribute, number, secret);
        }
        if element.nodes().is_empty() {
            self.into.push_str("/>");
            return;
        }
        self.into.push('>');
        for node in element.nodes() {
            match node {
                Node::Element(child) => self.element(child, inner_ns, streams || prefix == "stream:", secret),
                Node::Text(_) if secret && !matches!(element.name(), "mechanism" | "text") => {
                    self.into.push_str(STRUCK);
                }
                Node::Text(text) => self.into.push_str(&escape_text(text)),
            }
        }
        self.into.extend(["</", prefix, element.name(), ">"]);
    }

    fn attribute(&mut self, attribute: &Attribute, number: usize, secret: bool) {
        let Attribute { ns, name, value } = attribute;
        let prefix = match ns.as_deref() {
            None => Cow::Borrowed(""),
            Some(XML) => Cow::Borrowed("xml:"),
            Some(ns) => {
                // Numbered by place, so that no two of one element can meet.
                self.into.extend([&format!(" xmlns:a{number}='"), &*escape_attr(ns), "'"]);
                Cow::Owned(format!("a{number}:"))
            }
        };
        let shown = if secret && **name != *"mechanism" { Cow::Borrowed(STRUCK) } else { escape_attr(value) };
        self.into.extend([" ", &*prefix, name, "='", &*shown, "'"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "jabber:client";

    #[test]
    fn namespaces_are_declared_where_they_change() {
        let message = Element::new("message", CLIENT)
            .attr("to", "a@b")
            .child(Element::new("body", CLIENT).text("hi"))
            .child(Element::new("x", "urn:x").child(Element::new("y", "urn:x")).child(Element::new("z", "")));
        let expected = "<message to='a@b'><body>hi</body><x xmlns='urn:x'><y/><z xmlns=''/></x></message>";
        assert_eq!(message.to_xml(CLIENT), expected);
        assert!(message.to_xml("").starts_with("<message xmlns='jabber:client' to='a@b'><body>"));
    }

    #[test]
    fn stream_elements_carry_the_usual_prefix() {
        let features = Element::new("features", STREAMS).child(Element::new("bind", "urn:b"));
        let expected =
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:b'/></stream:features>";
        assert_eq!(features.to_xml(CLIENT), expected);
    }

    #[test]
    fn attributes_keep_their_namespaces() {
        let auth =
            Element::new("auth", "s").attr("xml:lang", "en").attr_in("urn:g", "service", "o").attr("service", "p");
        assert_eq!(auth.to_xml("s"), "<auth xml:lang='en' xmlns:a1='urn:g' a1:service='o' service='p'/>");
    }

    #[test]
    fn everything_is_escaped_and_nothing_forbidden_is_written() {
        assert_eq!(
            escape_text("a<b>&c]]>'\"\r\n\t\u{1b}[2J\0\u{FFFF}"),
            "a&lt;b&gt;&amp;c]]&gt;'\"&#13;\n\t\u{FFFD}[2J\u{FFFD}\u{FFFD}"
        );
        assert_eq!(escape_attr("<'\">&\t\r\n\u{8}"), "&lt;&apos;&quot;&gt;&amp;&#9;&#13;&#10;\u{FFFD}");
        assert!(matches!(escape_text("plain – text"), Cow::Borrowed(_)));
    }

    #[test]
    fn bad_names_are_bent_and_attributes_set_once() {
        let bent = Element::new("1 a", "").attr("xmlns", "u").attr("a>b", "1").attr("x", "1").attr("x", "2");
        assert_eq!(bent.to_xml(""), "<_1_a _xmlns='u' a_b='1' x='2'/>");
    }

    #[test]
    fn logs_strike_out_secrets() {
        let auth = Element::new("auth", SECRET[0]).attr("mechanism", "PLAIN").attr("other", "hunter2").text("hunter2");
        let nested = Element::new("iq", CLIENT)
            .child(Element::new("query", SECRET[3]).child(Element::new("password", SECRET[3]).text("hunter2")));
        for element in [auth, nested] {
            assert!(!format!("{element:?}").contains("hunter2"), "{element:?}");
            assert!(element.to_xml("").contains("hunter2"));
        }
        assert!(format!("{:?}", Element::new("body", CLIENT).text("hello")).contains("hello"));
    }
}
