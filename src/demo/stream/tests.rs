use super::*;

fn stream(switches: Switches, redirect: Option<&str>) -> Stream {
    let account = BareJid::parse("00c0ffee@demo.butty").unwrap();
    Stream::new(switches, account.domain(), account, None, redirect.map(str::to_owned), "abc".into())
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
    stream.frame(frame, &mut |token| (token == "EwCo+/AA==").then(|| BareJid::parse("00c0ffee@demo.butty").unwrap()))
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

/// RFC 7628 section 3.2.2: where the metadata is comes in a challenge, and nothing is left to do but to answer it.
#[test]
fn today_a_refused_token_is_told_where_to_get_a_good_one() {
    let account = BareJid::parse("00c0ffee@demo.butty").unwrap();
    let metadata = "https://login.demo.butty:1/.well-known/oauth-authorization-server";
    let fresh = || {
        let (switches, domain) = (Switches::default(), account.domain());
        let mut stream = Stream::new(switches, domain, account.clone(), Some(metadata.into()), None, "abc".into());
        stream.secured();
        stream
    };
    let message = |token: &str| STANDARD.encode(format!("n,,\u{1}auth={token}\u{1}\u{1}"));
    let mut stream = fresh();
    let features = written(&feed(&mut stream, open("demo.butty")));
    assert!(features.contains("<mechanism>OAUTHBEARER</mechanism>"), "{features}");
    for (refused, answer) in [("Bearer no", true), ("", true), ("Basic EwCo+/AA==", false)] {
        let mut stream = fresh();
        let said = written(&feed(&mut stream, auth(BEARER, &message(refused))));
        let challenge = said.split_once('>').and_then(|(_, rest)| rest.split_once('<')).unwrap().0;
        let document = String::from_utf8(STANDARD.decode(challenge).unwrap()).unwrap();
        assert!(document.contains(metadata) && document.contains("invalid_token"), "{document}");
        if answer {
            let response = Frame::Element(Element::new("response", SASL).text("AQ=="));
            assert!(written(&feed(&mut stream, response)).contains("<not-authorized"));
        }
    }
    assert_eq!(feed(&mut stream, auth(BEARER, &message("Bearer EwCo+/AA=="))).last(), Some(&Step::Restart));
}
