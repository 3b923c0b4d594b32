//! XEP-0484 (0.2.0), FAST: a token of the server's own in place of the password.
//!
//! Refused: a token of more than 4 KiB or with what cannot be in one, one without a date, one that has run out already.

use super::datetime;
use crate::types::{Secret, Stamp};
use crate::xml::Element;
use crate::xmpp::entrance::bounded;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

pub(crate) const NS: &str = "urn:xmpp:fast:0";
/// Longest token that is taken.
const LONGEST: usize = 4 << 10;

/// A token, to be kept as safely as a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastToken {
    /// The secret itself.
    pub token: Secret<String>,
    /// What may be done with it.
    pub ticket: FastTicket,
}

/// What a session is told about a token ahead: no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastTicket {
    /// The only mechanism that takes it.
    pub mechanism: String,
    /// When it runs out.
    pub expires: Stamp,
    /// How often it was used, this time included. Grows by one with each use.
    pub count: u32,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    mechanism: String,
    expires: i64,
    count: u32,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

impl FastToken {
    /// The text to keep.
    pub fn to_text(&self) -> Secret<String> {
        let FastTicket { mechanism, expires, count } = &self.ticket;
        let kept = Kept {
            token: self.token.expose().clone(),
            mechanism: mechanism.clone(),
            expires: expires.0,
            count: *count,
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads a kept text; `None` for what is none.
    pub fn from_text(text: &Secret<String>) -> Option<Self> {
        let mut kept: Kept = serde_json::from_str(text.expose()).ok()?;
        let token = Secret::new(std::mem::take(&mut kept.token));
        let ticket = FastTicket {
            mechanism: std::mem::take(&mut kept.mechanism),
            expires: Stamp(kept.expires),
            count: kept.count,
        };
        usable(token.expose()).then_some(Self { token, ticket })
    }

    /// For the next use.
    #[must_use]
    pub fn counted(self) -> Self {
        let ticket = FastTicket { count: self.ticket.count.saturating_add(1), ..self.ticket };
        Self { ticket, ..self }
    }
}

/// The mechanisms that take a token (section 3.1).
pub(crate) fn mechanisms(fast: &Element) -> Vec<String> {
    bounded(fast.children().filter(|child| child.is("mechanism", NS)).map(Element::content))
}

/// Asks for a token (section 3.2).
pub(crate) fn request(mechanism: &str) -> Element {
    Element::new("request-token", NS).attr("mechanism", mechanism)
}

/// Says that a token is used, and whether for the last time (sections 3.4 and 3.6).
pub(crate) fn write(count: u32, last: bool) -> Element {
    let fast = Element::new("fast", NS).attr("count", count.to_string());
    fast.attr_opt("invalidate", last.then_some("true"))
}

/// The token in `<success/>` for this mechanism (sections 3.3 and 3.5).
pub(crate) fn read(success: &Element, mechanism: &str, now: Stamp) -> Option<FastToken> {
    let found = success.find("token", NS)?;
    let token = found.get("token").filter(|token| usable(token))?;
    let expires = found.get("expiry").and_then(datetime::read).filter(|expires| *expires > now)?;
    let ticket = FastTicket { mechanism: mechanism.to_owned(), expires, count: 0 };
    Some(FastToken { token: Secret::from(token), ticket })
}

fn usable(token: &str) -> bool {
    (1..=LONGEST).contains(&token.len()) && !token.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::parse;

    fn success(token: &str, expiry: &str) -> Element {
        parse(&format!(
            "<success xmlns='urn:xmpp:sasl:2'><token xmlns='urn:xmpp:fast:0' expiry='{expiry}' token='{token}'/></success>"
        ))
    }

    #[test]
    fn the_example_of_section_3_3() {
        let before = datetime::read("2020-03-01T00:00:00Z").unwrap();
        let given = success("WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm", "2020-03-12T14:36:15Z");
        let token = read(&given, "HT-SHA-256-ENDP", before).unwrap();
        assert_eq!(token.token.expose(), "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm");
        assert_eq!(token.ticket.mechanism, "HT-SHA-256-ENDP");
        let used = token.clone().counted();
        assert_eq!(used.ticket.count, 1);
        assert_eq!(FastToken::from_text(&used.to_text()), Some(used));
        assert_eq!(write(123, true).to_xml(""), "<fast xmlns='urn:xmpp:fast:0' count='123' invalidate='true'/>");
        assert!(!format!("{token:?}").contains("WXZz"));
    }

    #[test]
    fn odd_tokens_are_none() {
        let now = datetime::read("2026-01-01T00:00:00Z").unwrap();
        let read = |token: &str, expiry: &str| read(&success(token, expiry), "HT-SHA-256-NONE", now);
        assert!(read("t", "2026-01-01T00:00:01Z").is_some());
        assert!(read("t", "2026-01-01T00:00:00Z").is_none(), "it has run out");
        assert!(read("t", "1970-01-01T00:00:00Z").is_none());
        assert!(read("t", "soon").is_none());
        assert!(read("", "2027-01-01T00:00:00Z").is_none());
        assert!(read("a&#10;b", "2027-01-01T00:00:00Z").is_none());
        assert!(read(&"x".repeat(4_097), "2027-01-01T00:00:00Z").is_none());
        for text in ["", "{}", "{\"token\":\"\",\"mechanism\":\"\",\"expires\":0,\"count\":0}", "[]"] {
            assert!(FastToken::from_text(&Secret::from(text)).is_none(), "{text}");
        }
    }
}
