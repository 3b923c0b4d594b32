//! The server's side of a stream, from header to bind. Pure: frames in, steps out.
//!
//! What it refuses: a header for another domain, SASL without TLS, every mechanism but its own, a token that is not
//! byte for byte what the sign-in service handed out, and stanzas before a resource is bound.

use super::switches::{CloseAt, Redirect, Switches};
use crate::types::{BareJid, Domain, FullJid};
use crate::xml::{Element, Frame, XmlError, escape_text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The content namespace (RFC 6120 section 4.8.2).
pub(super) const CLIENT: &str = "jabber:client";
const STREAMS: &str = "http://etherx.jabber.org/streams";
const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// The one mechanism; offered with a blank behind it, asked for without.
const MECHANISM: &str = "X-MESSENGER-OAUTH2";
/// Today's (RFC 7628); offered where the sign-in service says where its metadata is.
const BEARER: &str = "OAUTHBEARER";
/// As Microsoft's page prints it.
const SUCCESS: &str = "<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" />";

/// What the connection has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Bytes to the client.
    Write(String),
    /// The TLS handshake is next; a stream without memory follows.
    StartTls,
    /// The stream begins again: a new framer.
    Restart,
    /// Signed in with this full address.
    Bound(FullJid),
    /// A stanza of a signed-in client.
    Stanza(Element),
    /// For the journal.
    Note(String),
    /// Close the connection.
    Cut,
}

/// One connection's stream.
pub(super) struct Stream {
    switches: Switches,
    domain: Domain,
    /// The address that the token stood for; before that, of the person whom the service was made for.
    account: BareJid,
    /// Where the sign-in service's metadata is, if it has any.
    metadata: Option<String>,
    /// Text of see-other-host, if this connection gets one.
    redirect: Option<String>,
    /// Random text: stream ids and the resource of a client that names none come from it.
    chance: String,
    state: State,
    headers: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Plain,
    Secured,
    /// A token was refused by a challenge, which the client still has to answer (RFC 7628 section 3.2.3).
    Refused,
    SignedIn,
    Bound,
}

impl Stream {
    /// Waits for the first header.
    pub(super) fn new(
        switches: Switches,
        domain: Domain,
        account: BareJid,
        metadata: Option<String>,
        redirect: Option<String>,
        chance: String,
    ) -> Self {
        Self { switches, domain, account, metadata, redirect, chance, state: State::Plain, headers: 0 }
    }

    /// TLS stands.
    pub(super) fn secured(&mut self) {
        self.state = State::Secured;
    }

    /// True once a resource is bound.
    pub(super) fn is_bound(&self) -> bool {
        self.state == State::Bound
    }

    /// The client's bytes were no XML for a stream.
    pub(super) fn broken(&self, error: XmlError) -> Vec<Step> {
        self.fail(error.condition())
    }

    /// Takes one frame. `owner_of` asks the sign-in service whose a token is.
    pub(super) fn frame(&mut self, frame: Frame, owner_of: &mut dyn FnMut(&str) -> Option<BareJid>) -> Vec<Step> {
        match frame {
            Frame::Open(root) => self.header(&root),
            Frame::Close => vec![Step::Write("</stream:stream>".into()), Step::Cut],
            // Its limits refuse what is too much.
            Frame::PassedOver(..) => Vec::new(),
            Frame::Element(element) => match self.state {
                State::Plain => self.plain(&element),
                State::Secured => self.sign_in(&element, owner_of),
                State::Refused => refuse("not-authorized"),
                State::SignedIn => self.bind(&element),
                State::Bound => vec![Step::Stanza(element)],
            },
        }
    }

    fn header(&mut self, root: &Element) -> Vec<Step> {
        self.headers += 1;
        if !root.is("stream", STREAMS) {
            return self.fail("invalid-namespace");
        }
        if root.get("version").is_none_or(|version| !version.starts_with("1.")) {
            return self.fail("unsupported-version");
        }
        if root.get("to").and_then(|to| Domain::parse(to).ok()).as_ref() != Some(&self.domain) {
            return self.fail("host-unknown");
        }
        let stage = if self.state == State::Plain { CloseAt::Header } else { CloseAt::Features };
        if self.switches.close_at == Some(stage) && self.state != State::SignedIn {
            return cut(stage);
        }
        let place = if self.state == State::Plain { Redirect::BeforeTls } else { Redirect::AfterTls };
        match &self.redirect {
            Some(target) if self.switches.redirect == place => self.send_elsewhere(target),
            _ => vec![Step::Write(format!("{}{}", self.opening(), self.features()))],
        }
    }

    fn send_elsewhere(&self, target: &str) -> Vec<Step> {
        let error = Element::new("error", STREAMS)
            .child(Element::new("see-other-host", STREAM_ERRORS).text(target))
            .to_xml(CLIENT);
        let text = format!("{}{error}</stream:stream>", self.opening());
        vec![Step::Note(format!("redirect to {target}")), Step::Write(text), Step::Cut]
    }

    fn opening(&self) -> String {
        format!(
            "<?xml version='1.0'?><stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAMS}' id='{}-{}' from='{}' \
             version='1.0' xml:lang='en'>",
            self.chance, self.headers, self.domain
        )
    }

    fn features(&self) -> String {
        let blank = if self.switches.trailing_blank { " " } else { "" };
        match self.state {
            State::Plain if !self.switches.no_starttls => {
                let starttls = Element::new("starttls", TLS).child(Element::new("required", TLS));
                Element::new("features", STREAMS).child(starttls).to_xml(CLIENT)
            }
            // Quotes, blank and order as in Microsoft's page.
            State::Plain | State::Secured | State::Refused => format!(
                "<stream:features xmlns:stream=\"{STREAMS}\"><mechanisms xmlns=\"{SASL}\">\
                 <mechanism>{MECHANISM}{blank}</mechanism>{}</mechanisms></stream:features>",
                if self.metadata.is_some() { format!("<mechanism>{BEARER}</mechanism>") } else { String::new() }
            ),
            State::SignedIn | State::Bound => Element::new("features", STREAMS)
                .child(Element::new("bind", BIND))
                .child(Element::new("session", SESSION).child(Element::new("optional", SESSION)))
                .to_xml(CLIENT),
        }
    }

    fn plain(&self, element: &Element) -> Vec<Step> {
        if element.is("starttls", TLS) && !self.switches.no_starttls {
            return match self.switches.close_at {
                Some(CloseAt::StartTls) => cut(CloseAt::StartTls),
                _ => vec![Step::Write(format!("<proceed xmlns='{TLS}'/>")), Step::StartTls],
            };
        }
        if element.ns() == SASL {
            let mut steps = vec![Step::Note("sign-in without TLS, refused".into())];
            steps.extend(refuse("encryption-required"));
            return steps;
        }
        self.fail("not-authorized")
    }

    fn sign_in(&mut self, element: &Element, owner_of: &mut dyn FnMut(&str) -> Option<BareJid>) -> Vec<Step> {
        if !element.is("auth", SASL) {
            return self.fail("not-authorized");
        }
        if self.switches.close_at == Some(CloseAt::Auth) {
            return cut(CloseAt::Auth);
        }
        let (token, metadata) = match (element.get("mechanism"), self.metadata.clone()) {
            (Some(MECHANISM), _) => (Some(element.content()), None),
            (Some(BEARER), Some(metadata)) => (bearer(&element.content()), Some(metadata)),
            _ => return refuse("invalid-mechanism"),
        };
        let owner = token.filter(|_| !self.switches.refuse_token).and_then(|token| owner_of(&token));
        let Some(owner) = owner else {
            let mut steps = vec![Step::Note("token refused".into())];
            match metadata {
                Some(metadata) => steps.push(self.challenge(&metadata)),
                None => steps.extend(refuse("not-authorized")),
            }
            return steps;
        };
        self.state = State::SignedIn;
        self.account = owner;
        vec![Step::Note("token accepted".into()), Step::Write(SUCCESS.into()), Step::Restart]
    }

    /// Says where a good token is to be had (RFC 7628 section 3.2.2, XEP-0493).
    fn challenge(&mut self, metadata: &str) -> Step {
        self.state = State::Refused;
        let document = serde_json::json!({ "status": "invalid_token", "openid-configuration": metadata });
        Step::Write(format!("<challenge xmlns='{SASL}'>{}</challenge>", STANDARD.encode(document.to_string())))
    }

    fn bind(&mut self, element: &Element) -> Vec<Step> {
        let id = element.get("id").unwrap_or_default();
        let asked = element.find("bind", BIND).filter(|_| is_iq(element, "set"));
        let Some(asked) = asked else { return self.fail("not-authorized") };
        if self.switches.close_at == Some(CloseAt::Bind) {
            return cut(CloseAt::Bind);
        }
        let resource = asked.find_text("resource", BIND).filter(|name| !name.is_empty());
        let resource = resource.unwrap_or_else(|| self.chance.clone());
        let Ok(full) = FullJid::parse(&format!("{}/{resource}", self.account)) else {
            let error = super::stanza::error_of(element, "modify", "bad-request");
            return vec![Step::Write(error.to_xml(CLIENT))];
        };
        self.state = State::Bound;
        let bound = Element::new("bind", BIND).child(Element::new("jid", BIND).text(full.as_str()));
        let answer = Element::new("iq", CLIENT).attr("type", "result").attr("id", id).child(bound);
        vec![Step::Write(answer.to_xml(CLIENT)), Step::Bound(full)]
    }

    fn fail(&self, condition: &str) -> Vec<Step> {
        let opening = if self.headers == 0 { self.opening() } else { String::new() };
        let error = stream_error(condition).to_xml(CLIENT);
        let text = format!("{opening}{error}</stream:stream>");
        vec![Step::Note(format!("stream error {condition}")), Step::Write(text), Step::Cut]
    }
}

/// A stream error (RFC 6120 section 4.9).
pub(super) fn stream_error(condition: &str) -> Element {
    Element::new("error", STREAMS).child(Element::new(condition, STREAM_ERRORS))
}

fn is_iq(element: &Element, kind: &str) -> bool {
    element.is("iq", CLIENT) && element.get("type") == Some(kind)
}

/// The token in a first message of OAUTHBEARER; a client that only asks sends none.
fn bearer(text: &str) -> Option<String> {
    let message = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let fields = message.strip_prefix("n,")?.split_once(",\u{1}")?.1;
    fields.split('\u{1}').find_map(|field| field.strip_prefix("auth=Bearer ")).map(str::to_owned)
}

/// A refused sign-in; nothing can be tried again on this stream.
fn refuse(condition: &str) -> Vec<Step> {
    let condition = escape_text(condition);
    vec![Step::Write(format!("<failure xmlns='{SASL}'><{condition}/></failure></stream:stream>")), Step::Cut]
}

fn cut(stage: CloseAt) -> Vec<Step> {
    vec![Step::Note(format!("cut at {stage:?}")), Step::Cut]
}

#[cfg(test)]
mod tests;
