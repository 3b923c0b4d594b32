//! The wire in the log, without what must not be there.
//!
//! The text of elements that carry secrets is struck out as the bytes pass, in whatever pieces they come; the
//! rest is cleaned like all foreign text. Costs nothing unless the log level asks for it.

use crate::types::Line;

/// Elements whose text is, or may hold, a secret.
const SECRET: [&str; 9] = [
    "auth",
    "response",
    "success",
    "challenge",
    "initial-response",
    "additional-data",
    "authenticate",
    "password",
    "token",
];
/// Longest piece that is kept of one tag's name.
const NAME: usize = 64;

/// One direction of one stream.
#[derive(Debug, Default)]
pub(super) struct WireLog {
    state: State,
    name: String,
    struck: bool,
}

#[derive(Debug, Default, PartialEq)]
enum State {
    #[default]
    Text,
    Name,
    Tag,
}

impl WireLog {
    /// Logs a piece, at debug level.
    pub(super) fn pass(&mut self, arrow: &'static str, bytes: &[u8]) {
        if tracing::enabled!(tracing::Level::DEBUG) {
            let text = self.strike(bytes);
            for piece in text.split_inclusive('>') {
                tracing::debug!(target: "butty::wire", "{arrow} {}", Line::clean(piece));
            }
        }
    }

    /// The name of the tag, without prefix.
    fn local(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or_default().trim_end_matches('/')
    }

    fn strike(&mut self, bytes: &[u8]) -> String {
        let mut kept = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            match (&self.state, byte) {
                (State::Text, b'<') => {
                    self.state = State::Name;
                    self.name.clear();
                    kept.push(byte);
                }
                // CDATA: still the text of the same element.
                (State::Name, b'!') if self.struck && self.name.is_empty() => self.state = State::Text,
                (State::Text, _) if self.struck => {
                    if kept.last() != Some(&b'*') {
                        kept.push(b'*');
                    }
                }
                // A token of the server's own (XEP-0484) is an attribute.
                (State::Tag, _) if byte != b'>' && self.local() == "token" => {
                    if kept.last() != Some(&b'*') {
                        kept.push(b'*');
                    }
                }
                (State::Name | State::Tag, b'>') => {
                    self.state = State::Text;
                    self.struck = SECRET.contains(&self.local());
                    kept.push(byte);
                }
                (State::Name, b) if b.is_ascii_whitespace() => {
                    self.state = State::Tag;
                    kept.push(byte);
                }
                (State::Name, _) => {
                    if self.name.len() < NAME {
                        self.name.push(char::from(byte));
                    }
                    kept.push(byte);
                }
                _ => kept.push(byte),
            }
        }
        String::from_utf8_lossy(&kept).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: &str = "<features xmlns:stream='x'/><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' \
        mechanism='X-MESSENGER-OAUTH2'>EwCoTOKEN==</auth><sasl:challenge>cj1m</sasl:challenge><message><body>hi</body></message>";

    #[test]
    fn secrets_are_struck_whatever_the_pieces() {
        for size in 1..WIRE.len() {
            let mut log = WireLog::default();
            let text: String = WIRE.as_bytes().chunks(size).map(|piece| log.strike(piece)).collect();
            assert!(!text.contains("TOKEN") && !text.contains("cj1m") && !text.contains("wCo"), "{size}: {text}");
            assert!(text.contains("mechanism='X-MESSENGER-OAUTH2'>*"), "{text}");
            assert!(text.contains("<body>hi</body>"), "{text}");
        }
    }

    #[test]
    fn the_servers_own_token_is_struck_and_what_follows_is_not() {
        let wire = "<success><token xmlns='urn:xmpp:fast:0' token='s3cr>et' expiry='2027'/></success><a token='b'/>";
        for size in 1..wire.len() {
            let mut log = WireLog::default();
            let text: String = wire.as_bytes().chunks(size).map(|piece| log.strike(piece)).collect();
            assert!(!text.contains("s3cr") && !text.contains("et'"), "{size}: {text}");
            assert!(text.ends_with("<a token='b'/>"), "{size}: {text}");
        }
    }

    #[test]
    fn a_section_of_characters_hides_nothing() {
        let text = WireLog::default().strike(b"<challenge xmlns='x'><![CDATA[cj1m>c]]></challenge><a>b</a>");
        assert!(!text.contains("cj1m") && !text.contains("CDATA"), "{text}");
        assert!(text.ends_with("</challenge><a>b</a>"), "{text}");
    }
}
