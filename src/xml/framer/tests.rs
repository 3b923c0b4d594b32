//! What the framer cuts, and each thing it refuses.

use super::*;
use crate::xml::XML;

const CLIENT: &str = "jabber:client";
const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams' id='1' xml:lang='en' version='1.0'>";

/// For a peer that has proved who it is, were it alone with us.
const STRICT: Limits = Limits { passes_over: false, ..Limits::SIGNED_IN };

/// All frames of a text, and the error that ended them.
fn read(limits: Limits, text: &[u8]) -> (Vec<Frame>, Option<XmlError>) {
    let mut framer = Framer::new(limits);
    framer.feed(text);
    let mut frames = Vec::new();
    loop {
        match framer.next_frame() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => {
                assert_eq!(framer.next_frame(), Err(error), "an error is final");
                framer.feed(b"<more/>");
                assert_eq!(framer.next_frame(), Err(error), "an error is final");
                assert!(!framer.is_drained());
                return (frames, Some(error));
            }
        }
    }
}

/// The only element behind the usual header.
fn element(text: &str) -> Result<Element, XmlError> {
    let (mut frames, error) = read(STRICT, format!("{HEADER}{text}").as_bytes());
    match (frames.pop(), error) {
        (_, Some(error)) => Err(error),
        (Some(Frame::Element(element)), None) if frames.len() == 1 => Ok(element),
        (last, None) => panic!("{text}: {frames:?} {last:?}"),
    }
}

fn refused(text: &str) -> XmlError {
    element(text).expect_err(text)
}

#[test]
fn a_stream_is_cut_into_frames() {
    let text =
        format!("{HEADER} \n<presence/>\t<message to='a@b'><body>hi &amp; bye</body></message></stream:stream >\n");
    let (frames, error) = read(Limits::BEFORE_SIGN_IN, text.as_bytes());
    assert_eq!(error, None);
    let [Frame::Open(open), Frame::Element(presence), Frame::Element(message), Frame::Close] = &frames[..] else {
        panic!("{frames:?}");
    };
    assert!(open.is("stream", "http://etherx.jabber.org/streams"));
    assert_eq!((open.get("id"), open.get("xmlns"), open.lang()), (Some("1"), None, Some("en")));
    assert!(presence.is("presence", CLIENT));
    assert_eq!(message.find_text("body", CLIENT).as_deref(), Some("hi & bye"));
    assert_eq!(message.get("to"), Some("a@b"));
}

/// RFC 6120 section 9.1: the header comes with features that have prefixes of their own.
#[test]
fn prefixes_of_the_header_hold_in_its_children() {
    let features = element(
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
    )
    .unwrap();
    assert!(features.is("features", "http://etherx.jabber.org/streams"));
    let tls = features.find("starttls", "urn:ietf:params:xml:ns:xmpp-tls").unwrap();
    assert!(tls.find("required", "urn:ietf:params:xml:ns:xmpp-tls").is_some());
}

#[test]
fn legal_oddities_are_read_right() {
    let odd = element(
        "<j:iq xmlns:j='jabber:client' j:a=\"1\" a='&#50;' xml:lang = 'cy'\n><![CDATA[<]]]]><![CDATA[>]]>&#x1F44B;\r\n\r&#13;</j:iq\t>",
    )
    .unwrap();
    assert!(odd.is("iq", CLIENT));
    assert_eq!((odd.get_in(CLIENT, "a"), odd.get("a"), odd.get_in(XML, "lang")), (Some("1"), Some("2"), Some("cy")));
    assert_eq!(odd.content(), "<]]>👋\n\n\r");
}

#[test]
fn restricted_xml_is_refused() {
    for text in ["<!-- x -->", "<!DOCTYPE a>", "<?pi?>", "<a><!-- x --></a>", "<a><!DOCTYPE b></a>", "<a><?pi?></a>"] {
        assert!(matches!(refused(text), XmlError::Restricted(_)), "{text}");
        assert_eq!(refused(text).condition(), "restricted-xml");
    }
    for text in ["<![CDATA[x]]>", "<a>&b;</a>", "<a b='&c;'/>", "<?xml version='1.0'?>"] {
        assert!(matches!(refused(text), XmlError::Restricted(_)), "{text}");
    }
    for text in ["<!DOCTYPE a [<!ENTITY b 'c'>]><a>", "<?pi?><a>", "<?xml version='1.0'?><?xml version='1.0'?><a>"] {
        let (frames, error) = read(Limits::SIGNED_IN, text.as_bytes());
        assert!(frames.is_empty() && matches!(error, Some(XmlError::Restricted(_))), "{text}: {error:?}");
    }
}

#[test]
fn markup_that_is_none_is_refused() {
    for text in [
        "< a/>",
        "<>",
        "<a><>",
        "</<",
        "<1a/>",
        "<a:b:c/>",
        "<:a/>",
        "<a:/>",
        "<a/ >",
        "<a b/>",
        "<a b=c/>",
        "<a b='1'c='2'/>",
        "<a b='<'/>",
        "<a><b c=\"<",
        "<a>]]></a>",
        "<a>&</a>",
        "<a>&b</a>",
        "<a>&#0;</a>",
        "<a>&#xFFFF;</a>",
        "<a></b>",
        "<a></a b='c'>",
        "<a></ a>",
        "<a></a'",
        "<a b='1' b='2'/>",
        "<a xmlns='x' xmlns='x'/>",
        "<a xmlns:b='x' xmlns:b='y'/>",
        "<a xmlns:b='x' xmlns:c='x' b:d='' c:d=''/>",
        "<a xmlns:b:c='x'/>",
        "<a xmlns:1='x'/>",
        "<a>\u{1}</a>",
        "<a b='\u{1b}'/>",
        "<a>\u{FFFE}</a>",
        "<a><![CDATA[\u{0}]]></a>",
        "</stream:strea>",
        "</stream>",
        "</stream:stream x='y'>",
        "<a/<",
        "</stream:stream><a/>",
        "</stream:stream>x",
    ] {
        assert!(matches!(refused(text), XmlError::NotWellFormed(_)), "{text}: {:?}", refused(text));
    }
    for text in ["x<a>", "\u{FEFF}<a>", "</a>", "<?xml version='1.1'?>", "<a/><b/>"] {
        let (_, error) = read(Limits::SIGNED_IN, text.as_bytes());
        assert!(matches!(error, Some(XmlError::NotWellFormed(_))), "{text}: {error:?}");
    }
}

#[test]
fn namespaces_that_are_none_are_refused() {
    for text in [
        "<p:a/>",
        "<a p:b=''/>",
        "<a><p:b xmlns:p='x'/><p:c/></a>",
        "<xmlns:a/>",
        "<a xmlns:p=''/>",
        "<a xmlns:xml='x'/>",
        "<a xmlns:xmlns='x'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
    ] {
        assert!(matches!(refused(text), XmlError::Namespace(_)), "{text}: {:?}", refused(text));
        assert_eq!(refused(text).condition(), "bad-namespace-prefix");
    }
}

#[test]
fn other_encodings_are_refused() {
    for text in [
        &b"<?xml version='1.0' encoding='iso-8859-1'?><a>"[..],
        b"<a b='\xff'>",
        b"<a><b>\xc0\xaf</b>",
        b"<a><b>\xed\xa0\x80</b>",
    ] {
        let (_, error) = read(Limits::SIGNED_IN, text);
        assert_eq!(error, Some(XmlError::BadEncoding), "{}", text.escape_ascii());
    }
    assert_eq!(XmlError::BadEncoding.condition(), "unsupported-encoding");
}

#[test]
fn text_between_stanzas_is_refused() {
    for text in ["hello", "<a/>hello", "&lt;", "\u{A0}"] {
        let (_, error) = read(Limits::SIGNED_IN, format!("{HEADER}{text}").as_bytes());
        assert_eq!(error, Some(XmlError::TextBetween), "{text}");
    }
}

#[test]
fn size_is_limited_while_bytes_arrive() {
    let limits = Limits { unit: 200, ..Limits::BEFORE_SIGN_IN };
    let fits = format!("<a>{}</a>", "x".repeat(200 - 7));
    let (frames, error) = read(limits, format!("{HEADER}{fits}{fits}").as_bytes());
    assert_eq!((frames.len(), error), (3, None));
    for text in
        [format!("<a>{}", "x".repeat(198)), format!("<a b='{}", "x".repeat(195)), format!("<{}", "a".repeat(200))]
    {
        let (_, error) = read(limits, format!("{HEADER}{text}").as_bytes());
        assert_eq!(error, Some(XmlError::TooLarge), "{text}");
    }
    let (_, error) = read(limits, format!("<a b='{}'>", "x".repeat(200)).as_bytes());
    assert_eq!((error, XmlError::TooLarge.condition()), (Some(XmlError::TooLarge), "policy-violation"));
}

#[test]
fn depth_is_limited() {
    let nest = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    let deepest = element(&nest(64)).unwrap();
    assert_eq!(deepest.to_xml(CLIENT), nest(63).replace("<a></a>", "<a><a/></a>"));
    assert_eq!(refused(&"<a>".repeat(65)), XmlError::TooDeep);
    assert_eq!(refused(&format!("{}<a/>", "<a>".repeat(64))), XmlError::TooDeep);
    assert_eq!(refused(&"<a>".repeat(100_000)), XmlError::TooDeep);
}

#[test]
fn numbers_are_limited() {
    let numbered = |count: usize, write: &dyn Fn(usize) -> String| (0..count).map(write).collect::<Vec<_>>().concat();
    let attributes = |count| format!("<a{}/>", numbered(count, &|i| format!(" b{i}=''")));
    assert!(element(&attributes(64)).is_ok());
    assert_eq!(refused(&attributes(65)), XmlError::TooMany("attributes"));
    assert_eq!(refused(&format!("<a>{}</a>", "<b/>".repeat(65_536))), XmlError::TooMany("elements"));
    let declare = |i| numbered(60, &|j| format!(" xmlns:n{i}x{j}='u'"));
    let nested = format!("<a{}><a{}><a{}/></a></a>", declare(0), declare(1), declare(2));
    assert_eq!(refused(&nested), XmlError::TooMany("namespace declarations"));
    let siblings = format!("<a>{}</a>", numbered(9, &|i| format!("<b{}/>", declare(i))));
    assert!(element(&siblings).is_ok(), "declarations end with their element");
}

/// A stranger writes it, a server hands it on, and would hand it on again in the next stream, out of its archive.
#[test]
fn what_is_too_much_is_left_out_and_the_rest_is_read() {
    let numbered = |count: usize, write: &dyn Fn(usize) -> String| (0..count).map(write).collect::<Vec<_>>().concat();
    let declare = |i: usize| numbered(60, &|j| format!(" xmlns:n{i}x{j}='u'"));
    let attributes = numbered(65, &|i| format!(" b{i}=''"));
    let nest = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    let too_much = [
        (format!("<message{attributes}><body>x</body></message>"), "<message/>".to_owned()),
        (
            format!("<message><x{attributes}>y</x><body>x</body></message>"),
            "<message><body>x</body></message>".to_owned(),
        ),
        (format!("<message>{}<b/></message>", nest(64)), format!("<message>{}<b/></message>", nest(63))),
        (format!("<message>{}<b/></message>", nest(9_999)), format!("<message>{}<b/></message>", nest(63))),
        (
            format!("<presence>{}</presence>", "<b/>".repeat(65_537)),
            format!("<presence>{}</presence>", "<b/>".repeat(65_535)),
        ),
        ("<message>x<p:b>y&lt;</p:b>z</message>".to_owned(), "<message>xz</message>".to_owned()),
        ("<message xmlns:p=''/>".to_owned(), "<message/>".to_owned()),
        (format!("<iq type='result'><a/><x{attributes}/></iq>"), "<iq/>".to_owned()),
    ];
    for (text, left) in &too_much {
        let text = format!("{HEADER}{text}<presence/></stream:stream>");
        let (frames, error) = read(Limits::SIGNED_IN, text.as_bytes());
        let [Frame::Open(_), Frame::PassedOver(element, why), Frame::Element(next), Frame::Close] = &frames[..] else {
            panic!("{text:.99}: {frames:?} {error:?}");
        };
        assert_eq!(element.to_xml(CLIENT), left.replace("<a></a>", "<a/>"), "{why}");
        assert!(why.is_excess() && *next == Element::new("presence", CLIENT), "namespaces are as they were");
    }
    let deep = format!("<message{}><a{}><a{}/></a><p:b/></message><presence/>", declare(0), declare(1), declare(2));
    let (frames, _) = read(Limits::SIGNED_IN, format!("{HEADER}{deep}").as_bytes());
    assert!(matches!(&frames[1..], [Frame::PassedOver(_, XmlError::TooMany(_)), Frame::Element(_)]), "{frames:?}");
}

#[test]
fn what_breaks_the_stream_itself_is_never_passed_over() {
    let inside = |bad: &str| format!("{}{bad}{}", "<a>".repeat(99), "</a>".repeat(99));
    for text in [
        format!("<message>{}<!--", "<a>".repeat(99)),
        inside("\u{1}"),
        inside("<b></a>"),
        inside("&undefined;"),
        inside("]]>"),
        format!("<message>{}", "x".repeat(1 << 20)),
        "<message></b>".to_owned(),
    ] {
        let (_, error) = read(Limits::SIGNED_IN, format!("{HEADER}{text}").as_bytes());
        assert!(error.is_some_and(|error| !error.is_excess()), "{text:.40}: {error:?}");
    }
    let (_, error) = read(Limits::BEFORE_SIGN_IN, format!("{HEADER}{}", inside("")).as_bytes());
    assert_eq!(error, Some(XmlError::TooDeep), "nobody else speaks through one who has not proved who it is");
}

/// Prosody writes `xml:space` and the like so.
#[test]
fn a_prefix_may_stand_for_the_namespace_of_xml() {
    let element = element("<a xmlns:p='http://www.w3.org/XML/1998/namespace' p:lang='cy'/>").unwrap();
    assert_eq!(element.lang(), Some("cy"));
}

#[test]
fn bytes_behind_a_frame_are_seen() {
    let mut framer = Framer::new(Limits::BEFORE_SIGN_IN);
    framer.feed(format!("{HEADER}<proceed/>").as_bytes());
    assert!(!framer.is_drained());
    while framer.next_frame().unwrap().is_some() {}
    assert!(framer.is_drained());
    framer.feed(b" \n");
    assert!(framer.is_drained(), "white space says nothing");
    framer.feed(b"<");
    assert!(!framer.is_drained());
    assert_eq!(framer.next_frame(), Ok(None));
    assert!(!framer.is_drained(), "half an element is unread");
}

#[test]
fn an_empty_root_opens_and_closes() {
    let (frames, error) = read(Limits::BEFORE_SIGN_IN, b"<stream xmlns='a'/> ");
    assert_eq!((frames, error), (vec![Frame::Open(Element::new("stream", "a")), Frame::Close], None));
}

/// The rest of a stream's last packet may arrive after its restart.
#[test]
fn white_space_may_precede_the_declaration() {
    let (frames, error) = read(Limits::BEFORE_SIGN_IN, format!("\n {HEADER}").as_bytes());
    assert_eq!((frames.len(), error), (1, None));
}

#[test]
fn limits_can_be_raised_in_mid_stream() {
    let mut framer = Framer::new(Limits::BEFORE_SIGN_IN);
    framer.feed(HEADER.as_bytes());
    assert!(matches!(framer.next_frame(), Ok(Some(Frame::Open(_)))));
    framer.set_limits(Limits::SIGNED_IN);
    let large = format!("<a>{}</a>", "x".repeat((1 << 20) - 7));
    framer.feed(large.as_bytes());
    assert!(matches!(framer.next_frame(), Ok(Some(Frame::Element(_)))));
    framer.feed(format!(" {large}").replace("<a>", "<a>x").as_bytes());
    assert_eq!(framer.next_frame(), Err(XmlError::TooLarge));
}

#[test]
fn no_byte_is_looked_at_twice_and_little_is_moved() {
    let body = "ab &lt; <i/> ".repeat(16_000);
    let text = format!("{HEADER}<a>{body}</a>{}<b>{body}</b>", " <c/>".repeat(20_000));
    for piece in [1, 7, 4_096, text.len()] {
        let mut framer = Framer::new(Limits::SIGNED_IN);
        let mut frames = 0;
        for bytes in text.as_bytes().chunks(piece) {
            framer.feed(bytes);
            while framer.next_frame().unwrap().is_some() {
                frames += 1;
            }
        }
        assert_eq!((frames, framer.work.0), (20_003, text.len()), "pieces of {piece}");
        assert!(framer.work.1 <= text.len(), "pieces of {piece}: {} bytes moved", framer.work.1);
    }
}

#[test]
fn an_idle_stream_keeps_little_memory() {
    let mut framer = Framer::new(Limits::SIGNED_IN);
    framer.feed(format!("{HEADER}<a>{}</a>", "x".repeat(500_000)).as_bytes());
    while framer.next_frame().unwrap().is_some() {}
    framer.feed(b" ");
    assert!(framer.buffer.capacity() <= 64 << 10);
}

#[test]
fn debug_shows_no_bytes() {
    let mut framer = Framer::new(Limits::SIGNED_IN);
    framer.feed(b"<auth>hunter2");
    assert!(!format!("{framer:?}").contains("hunter2"));
}
