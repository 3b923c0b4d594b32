//! The server's side of a stream, from header to bind. Pure: frames in, steps out.
//!
//! What it refuses: a header for another domain, SASL without TLS, every mechanism but the one, a token that is not
//! byte for byte what the sign-in service handed out, and stanzas before a resource is bound.

use super::switches::{CloseAt, Redirect, Switches};
use crate::types::{BareJid, Domain, FullJid};
use crate::xml::{Element, Frame, XmlError, escape_text};

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
    /// The address that a good token stands for.
    account: BareJid,
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
    SignedIn,
    Bound,
}

impl Stream {
    /// Waits for the first header.
    pub(super) fn new(
        switches: Switches,
        domain: Domain,
        account: BareJid,
        redirect: Option<String>,
        chance: String,
    ) -> Self {
        Self { switches, domain, account, redirect, chance, state: State::Plain, headers: 0 }
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

    /// Takes one frame. `token_is_good` asks the sign-in service.
    pub(super) fn frame(&mut self, frame: Frame, token_is_good: &mut dyn FnMut(&str) -> bool) -> Vec<Step> {
        match frame {
            Frame::Open(root) => self.header(&root),
            Frame::Close => vec![Step::Write("</stream:stream>".into()), Step::Cut],
            Frame::Element(element) => match self.state {
                State::Plain => self.plain(&element),
                State::Secured => self.sign_in(&element, token_is_good),
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
            State::Plain | State::Secured => format!(
                "<stream:features xmlns:stream=\"{STREAMS}\"><mechanisms xmlns=\"{SASL}\">\
                 <mechanism>{MECHANISM}{blank}</mechanism></mechanisms></stream:features>"
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

    fn sign_in(&mut self, element: &Element, token_is_good: &mut dyn FnMut(&str) -> bool) -> Vec<Step> {
        if !element.is("auth", SASL) {
            return self.fail("not-authorized");
        }
        if self.switches.close_at == Some(CloseAt::Auth) {
            return cut(CloseAt::Auth);
        }
        if element.get("mechanism") != Some(MECHANISM) {
            return refuse("invalid-mechanism");
        }
        if self.switches.refuse_token || !token_is_good(&element.content()) {
            let mut steps = vec![Step::Note("token refused".into())];
            steps.extend(refuse("not-authorized"));
            return steps;
        }
        self.state = State::SignedIn;
        vec![Step::Note("token accepted".into()), Step::Write(SUCCESS.into()), Step::Restart]
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

/// A refused sign-in; nothing can be tried again on this stream.
fn refuse(condition: &str) -> Vec<Step> {
    let condition = escape_text(condition);
    vec![Step::Write(format!("<failure xmlns='{SASL}'><{condition}/></failure></stream:stream>")), Step::Cut]
}

fn cut(stage: CloseAt) -> Vec<Step> {
    vec![Step::Note(format!("cut at {stage:?}")), Step::Cut]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(switches: Switches, redirect: Option<&str>) -> Stream {
        let account = BareJid::parse("00c0ffee@demo.butty").unwrap();
        Stream::new(switches, account.domain(), account, redirect.map(str::to_owned), "abc".into())
    }

    fn open(to: &str) -> Frame {
        Frame::Open(Element::new("stream", STREAMS).attr("to", to).attr("version", "1.0"))
    }

    fn auth(mechanism: &str, text: &str) -> Frame {
        Frame::Element(Element::new("auth", SASL).attr("mechanism", mechanism).text(text))
    }

    fn written(steps: &[Step]) -> String {
        let texts = steps.iter().filter_map(|step| match step {
            Step::Write(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn feed(stream: &mut Stream, frame: Frame) -> Vec<Step> {
        stream.frame(frame, &mut |token| token == "EwCo+/AA==")
    }

    #[test]
    fn the_documented_exchange_is_kept_to_the_byte() {
        let mut stream = stream(Switches::default(), None);
        let plain = written(&feed(&mut stream, open("demo.butty")));
        assert!(plain.ends_with(
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><starttls \
             xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
        ));
        stream.secured();
        let features = written(&feed(&mut stream, open("demo.butty")));
        let documented = "<stream:features xmlns:stream=\"http://etherx.jabber.org/streams\"><mechanisms \
             xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><mechanism>X-MESSENGER-OAUTH2 </mechanism></mechanisms>\
             </stream:features>";
        assert!(features.ends_with(documented), "{features}");
        let success = feed(&mut stream, auth(MECHANISM, "EwCo+/AA=="));
        assert_eq!(written(&success), "<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" />");
        assert_eq!(success.last(), Some(&Step::Restart));
    }

    #[test]
    fn other_forms_of_the_token_and_other_mechanisms_are_refused() {
        for (mechanism, text, condition) in [
            (MECHANISM, "RXdDbysvQUE9PQ==", "not-authorized"),
            (MECHANISM, "EwCo%2b%2fAA%3d%3d", "not-authorized"),
            (MECHANISM, "EwCo+/AA==\n", "not-authorized"),
            (MECHANISM, "", "not-authorized"),
            ("PLAIN", "EwCo+/AA==", "invalid-mechanism"),
            ("X-MESSENGER-OAUTH2 ", "EwCo+/AA==", "invalid-mechanism"),
        ] {
            let mut stream = stream(Switches::default(), None);
            stream.secured();
            feed(&mut stream, open("demo.butty"));
            let steps = feed(&mut stream, auth(mechanism, text));
            let expected = format!("<failure xmlns='{SASL}'><{condition}/></failure></stream:stream>");
            assert_eq!(written(&steps), expected, "{mechanism:?} {text:?}");
            assert_eq!(steps.last(), Some(&Step::Cut));
        }
    }

    #[test]
    fn redirects_stand_where_the_switch_says() {
        for (place, after) in [(Redirect::BeforeTls, false), (Redirect::AfterTls, true)] {
            let switches = Switches { redirect: place, ..Switches::default() };
            let mut stream = stream(switches, Some("[::1]:5300"));
            let first = written(&feed(&mut stream, open("demo.butty")));
            assert_eq!(first.contains("see-other-host"), !after);
            stream.secured();
            let second = written(&feed(&mut stream, open("demo.butty")));
            assert_eq!(second.contains("see-other-host"), after);
            let redirected = if after { second } else { first };
            assert!(redirected.ends_with(
                "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><see-other-host \
                 xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[::1]:5300</see-other-host></stream:error></stream:stream>"
            ));
        }
    }

    #[test]
    fn nothing_is_served_before_tls_token_and_resource() {
        let mut stream = stream(Switches::default(), None);
        feed(&mut stream, open("demo.butty"));
        let early = feed(&mut stream, auth(MECHANISM, "EwCo+/AA=="));
        assert!(written(&early).contains("encryption-required"));
        stream.secured();
        let roster = Element::new("iq", CLIENT).attr("type", "get").child(Element::new("query", "jabber:iq:roster"));
        assert!(written(&feed(&mut stream, Frame::Element(roster.clone()))).contains("<not-authorized"));
        feed(&mut stream, auth(MECHANISM, "EwCo+/AA=="));
        feed(&mut stream, open("demo.butty"));
        assert!(written(&feed(&mut stream, Frame::Element(roster))).contains("<not-authorized"));
        let bind = Element::new("iq", CLIENT).attr("type", "set").attr("id", "b'1").child(Element::new("bind", BIND));
        let bound = feed(&mut stream, Frame::Element(bind));
        assert!(written(&bound).starts_with("<iq type='result' id='b&apos;1'><bind"));
        assert_eq!(bound.last(), Some(&Step::Bound(FullJid::parse("00c0ffee@demo.butty/abc").unwrap())));
    }

    #[test]
    fn starttls_can_be_missing_and_good_tokens_refused() {
        let mut stripped = stream(Switches { no_starttls: true, ..Switches::default() }, None);
        let features = written(&feed(&mut stripped, open("demo.butty")));
        assert!(!features.contains("starttls") && features.contains(MECHANISM));
        assert!(written(&feed(&mut stripped, auth(MECHANISM, "EwCo+/AA=="))).contains("encryption-required"));
        let mut stern = stream(Switches { refuse_token: true, trailing_blank: false, ..Switches::default() }, None);
        stern.secured();
        assert!(written(&feed(&mut stern, open("demo.butty"))).contains("X-MESSENGER-OAUTH2</mechanism>"));
        assert!(written(&feed(&mut stern, auth(MECHANISM, "EwCo+/AA=="))).contains("not-authorized"));
    }

    #[test]
    fn wrong_headers_end_the_stream() {
        for (root, condition) in [
            (Element::new("stream", STREAMS).attr("to", "example.org").attr("version", "1.0"), "host-unknown"),
            (Element::new("stream", STREAMS).attr("to", "demo.butty"), "unsupported-version"),
            (Element::new("stream", "x").attr("to", "demo.butty").attr("version", "1.0"), "invalid-namespace"),
        ] {
            let steps = feed(&mut stream(Switches::default(), None), Frame::Open(root));
            assert!(written(&steps).contains(&format!("<{condition} xmlns")), "{condition}");
            assert_eq!(steps.last(), Some(&Step::Cut));
        }
    }
}
