use super::*;
use crate::demo::switches::IqFrom;
use crate::types::Stamp;

/// A service with one session, and a clock that stands until it is moved.
struct Stage {
    service: Service,
    now: Now,
    id: u64,
}

impl Stage {
    fn new(switches: Switches) -> Self {
        let account = BareJid::parse("c0ffee@demo.butty").unwrap();
        let mut service = Service::new(switches, account, Cast::read().unwrap());
        let id = service.arrived(FullJid::parse("c0ffee@demo.butty/a").unwrap()).unwrap();
        Self { service, now: Now { mono: Duration::ZERO, wall: Stamp(1_700_000_000_000) }, id }
    }

    /// Sends, and gives everything that comes back at once.
    fn send(&mut self, stanza: &Element) -> Vec<Element> {
        self.service.stanza(self.now, self.id, stanza);
        self.came()
    }

    fn came(&mut self) -> Vec<Element> {
        let drained = self.service.drain().into_iter();
        drained
            .map(|(_, delivery)| match delivery {
                Delivery::Stanza(element) | Delivery::Last(element) => element,
            })
            .collect()
    }

    fn one(&mut self, stanza: &Element) -> Element {
        let mut came = self.send(stanza);
        assert_eq!(came.len(), 1, "{came:?}");
        came.remove(0)
    }

    fn after(&mut self, seconds: u64) -> Vec<Element> {
        self.now = self.now.after(Duration::from_secs(seconds));
        self.service.tick(self.now);
        self.came()
    }

    fn online(switches: Switches) -> (Self, Vec<Element>) {
        let mut stage = Self::new(switches);
        stage.one(&get("query", requests::ROSTER));
        let came = stage.send(&Element::new("presence", CLIENT));
        (stage, came)
    }
}

fn iq(kind: &str, payload: Element) -> Element {
    Element::new("iq", CLIENT).attr("type", kind).attr("id", "q").child(payload)
}

fn get(name: &str, ns: &str) -> Element {
    iq("get", Element::new(name, ns))
}

fn chat(to: &str, text: &str) -> Element {
    let message = Element::new("message", CLIENT).attr("type", "chat").attr("to", to).attr("id", "m1");
    message.child(Element::new("body", CLIENT).text(text)).child(Element::new("request", "urn:xmpp:receipts"))
}

fn roster_set(jid: &str, subscription: Option<&str>) -> Element {
    let item = Element::new("item", requests::ROSTER).attr("jid", jid).attr_opt("subscription", subscription);
    iq("set", Element::new("query", requests::ROSTER).child(item))
}

fn condition(stanza: &Element) -> Option<String> {
    let error = stanza.find("error", CLIENT)?;
    error.children().next().map(|condition| condition.name().to_owned())
}

fn bodies(stanzas: &[Element], from: &str) -> Vec<String> {
    let theirs = stanzas.iter().filter(|stanza| stanza.get("from").is_some_and(|address| address.starts_with(from)));
    theirs.filter_map(|stanza| stanza.find_text("body", CLIENT)).collect()
}

#[test]
fn the_list_has_names_and_groups_and_presence_follows() {
    let mut stage = Stage::new(Switches::default());
    let roster = stage.one(&get("query", requests::ROSTER));
    let query = roster.find("query", requests::ROSTER).unwrap();
    let names: Vec<_> = query.children().filter_map(|item| item.get("name")).collect();
    assert_eq!(names, ["Bela Novák", "Dad", "Demo Bot", "Ned Nudge", "Marta", "Olga"]);
    assert!(query.children().all(|item| item.get("subscription") == Some("both")));
    let came = stage.send(&Element::new("presence", CLIENT).child(Element::new("show", CLIENT).text("away")));
    assert_eq!(came[0].get("from"), Some("c0ffee@demo.butty/a"), "own presence comes back first");
    let states: Vec<_> =
        came[1..].iter().map(|one| (one.get("from").unwrap(), one.find_text("show", CLIENT))).collect();
    assert!(states.contains(&("bela@demo.butty/harbour", None)));
    assert!(states.contains(&("dad@demo.butty/kitchen", Some("away".into()))));
    assert!(states.contains(&("ned@demo.butty/meeting-room", Some("dnd".into()))));
    assert!(
        !states.iter().any(|(from, _)| from.starts_with("marta")),
        "offline is not told, and probes there are none"
    );
}

#[test]
fn an_iq_without_to_is_answered_as_the_switch_says() {
    for (quirk, from) in [
        (IqFrom::Domain, Some("demo.butty")),
        (IqFrom::Bare, Some("c0ffee@demo.butty")),
        (IqFrom::Full, Some("c0ffee@demo.butty/a")),
        (IqFrom::Absent, None),
    ] {
        let mut stage = Stage::new(Switches { iq_from: quirk, ..Switches::default() });
        let pong = stage.one(&get("ping", "urn:xmpp:ping"));
        assert_eq!((pong.get("type"), pong.get("from")), (Some("result"), from), "{quirk:?}");
        let directed = stage.one(&get("ping", "urn:xmpp:ping").attr("to", "demo.butty"));
        assert_eq!(directed.get("from"), Some("demo.butty"));
    }
}

#[test]
fn row_000_03_adding_is_the_only_change_of_the_list() {
    let (mut stage, _) = Stage::online(Switches::default());
    let added = stage.send(&roster_set("zoe@demo.butty", None));
    assert_eq!(added.len(), 2, "a push and a result");
    assert!(added[0].find("query", requests::ROSTER).is_some() && added[1].get("type") == Some("result"));
    for refused in [
        roster_set("zoe@demo.butty", None),
        roster_set("bela@demo.butty", None),
        roster_set("bela@demo.butty", Some("remove")),
    ] {
        assert_eq!(condition(&stage.one(&refused)).as_deref(), Some("not-allowed"));
    }
    let leave = Element::new("presence", CLIENT).attr("type", "unsubscribe").attr("to", "bela@demo.butty");
    assert_eq!(condition(&stage.one(&leave)).as_deref(), Some("not-allowed"));
    assert_eq!(condition(&stage.one(&roster_set("@", None))).as_deref(), Some("jid-malformed"));
}

#[test]
fn e_mails_are_looked_up_unescaped() {
    const LOOK_UP: &str = "http://messenger.live.com/xmpp/jidlookup";
    let mut stage = Stage::new(Switches { strict: true, ..Switches::default() });
    let found = stage.one(&get("getjid", LOOK_UP).attr("to", "zoe@demo.butty"));
    let jid = found.find("getjid", LOOK_UP).and_then(|got| got.find_text("jid", LOOK_UP)).unwrap();
    let (local, domain) = jid.split_once('@').unwrap();
    assert!(local.len() == 32 && local.bytes().all(|byte| byte.is_ascii_hexdigit()), "opaque: {jid}");
    assert_eq!(domain, "demo.butty");
    let nobody = stage.one(&get("getjid", LOOK_UP).attr("to", "nobody@demo.butty"));
    assert!(nobody.find("getjid", LOOK_UP).unwrap().children().next().is_none());
}

#[test]
fn row_000_03_only_chat_is_carried_and_only_to_people_who_are_here() {
    let (mut stage, _) = Stage::online(Switches::default());
    for kind in ["normal", "groupchat", "headline"] {
        let refused = stage.one(&chat("bela@demo.butty", "x").attr("type", kind));
        assert_eq!(condition(&refused).as_deref(), Some("service-unavailable"), "{kind}");
    }
    for to in ["nobody@demo.butty", "a@example.org", "not an address"] {
        assert_eq!(condition(&stage.one(&chat(to, "x"))).as_deref(), Some("item-not-found"), "{to}");
    }
    assert!(stage.send(&chat("bela@demo.butty", "x").attr("type", "error")).is_empty());
    let probe = Element::new("presence", CLIENT).attr("type", "probe").attr("to", "bela@demo.butty");
    assert!(stage.send(&probe).is_empty(), "probes are not answered");
}

#[test]
fn bela_writes_first_and_answers_what_you_write() {
    let (mut stage, _) = Stage::online(Switches::default());
    let came = stage.after(3);
    let composing =
        came.iter().position(|one| one.find("composing", "http://jabber.org/protocol/chatstates").is_some());
    let said = came.iter().position(|one| one.find("body", CLIENT).is_some());
    assert!(composing.unwrap() < said.unwrap(), "typing is shown before the line");
    assert!(bodies(&came, "bela@demo.butty/").concat().contains("Anna"));
    assert!(stage.send(&chat("bela@demo.butty", "hello!")).is_empty(), "nobody answers at once");
    let came = stage.after(5);
    let receipt = came.iter().find_map(|one| one.find("received", "urn:xmpp:receipts"));
    assert_eq!(receipt.and_then(|receipt| receipt.get("id")), Some("m1"));
    assert_eq!(bodies(&came, "bela@demo.butty/"), ["hello you! the kettle is on"]);
}

#[test]
fn a_flood_gets_a_few_answers() {
    let (mut stage, _) = Stage::online(Switches::default());
    for _ in 0..500 {
        stage.send(&chat("bot@demo.butty", "again"));
    }
    let answers = bodies(&stage.after(60), "bot@demo.butty/");
    assert_eq!(answers.len(), 3);
    assert!(stage.service.folk.iter().all(|folk| folk.archive.len() <= 10));
}

#[test]
fn marta_reads_later_and_what_nobody_hears_is_kept() {
    let (mut stage, _) = Stage::online(Switches::default());
    stage.send(&chat("marta@demo.butty", "hello"));
    assert!(bodies(&stage.after(10), "marta").is_empty());
    stage.send(&Element::new("presence", CLIENT).attr("type", "unavailable"));
    stage.after(120);
    let came = stage.send(&Element::new("presence", CLIENT));
    let kept: Vec<_> = came.iter().filter(|one| one.find("delay", "urn:xmpp:delay").is_some()).collect();
    let marta = kept.iter().find(|one| bodies(&[(**one).clone()], "marta@demo.butty/").len() == 1).unwrap();
    let stamp = marta.find("delay", "urn:xmpp:delay").unwrap().get("stamp").unwrap();
    assert!(stamp.starts_with("2023-11-14T22:"), "{stamp}");
    assert!(kept.iter().any(|one| one.find("received", "urn:xmpp:receipts").is_some()), "her receipt waited too");
}

#[test]
fn carol_asks_and_thanks_when_she_is_let_in() {
    let (mut stage, _) = Stage::online(Switches::default());
    assert!(!stage.after(19).iter().any(|one| one.get("type") == Some("subscribe")));
    let came = stage.after(1);
    let asked = came.iter().find(|one| one.get("type") == Some("subscribe")).unwrap();
    assert_eq!(asked.get("from"), Some("carol@demo.butty"));
    assert_eq!(asked.find_text("nick", "http://jabber.org/protocol/nick").as_deref(), Some("Carol"));
    let answer = |kind: &str| Element::new("presence", CLIENT).attr("type", kind).attr("to", "carol@demo.butty");
    let pushed = stage.one(&answer("subscribed"));
    assert!(pushed.to_xml(CLIENT).contains("subscription='from'"));
    stage.send(&answer("subscribe"));
    let came = stage.after(10);
    assert!(came.iter().any(|one| one.to_xml(CLIENT).contains("subscription='both'")));
    assert!(came.iter().any(|one| one.name() == "presence" && one.get("from") == Some("carol@demo.butty/bicycle")));
    assert!(bodies(&came, "carol@demo.butty/").concat().contains("bakeries"));
}

#[test]
fn core_only_knows_no_extension() {
    let (mut stage, _) = Stage::online(Switches { core_only: true, ..Switches::default() });
    for request in [
        get("ping", "urn:xmpp:ping"),
        get("query", "http://jabber.org/protocol/disco#info"),
        get("vCard", "vcard-temp"),
        get("getjid", "http://messenger.live.com/xmpp/jidlookup").attr("to", "bela@demo.butty"),
    ] {
        let answer = stage.one(&request);
        assert!(matches!(condition(&answer).as_deref(), Some("service-unavailable" | "item-not-found")), "{answer:?}");
    }
    stage.send(&chat("bot@demo.butty", "hello"));
    let came = stage.after(5);
    assert_eq!(bodies(&came, "bot").len(), 1);
    assert!(!format!("{came:?}").contains("chatstates") && !format!("{came:?}").contains("receipts"));
}

#[test]
fn strict_has_no_extras_and_hides_addresses() {
    let (mut stage, came) = Stage::online(Switches { strict: true, ..Switches::default() });
    assert!(!format!("{came:?}").contains(CAPS));
    let bela = stage.service.folk[0].address.as_str().to_owned();
    assert!(!bela.contains("bela"));
    stage.send(&chat(&bela, "hello"));
    let came = stage.after(6);
    assert_eq!(bodies(&came, &bela).len(), 2, "her first line and her answer");
    assert!(!format!("{came:?}").contains("receipts"));
    let hide = stage.one(&iq("set", Element::new("invisible", "urn:xmpp:invisible:1")));
    assert_eq!(condition(&hide).as_deref(), Some("service-unavailable"));
}

#[test]
fn capabilities_are_true_to_what_is_described() {
    let (mut stage, came) = Stage::online(Switches::default());
    let bela = came.iter().find(|one| one.get("from") == Some("bela@demo.butty/harbour")).unwrap();
    let caps = bela.find("c", CAPS).unwrap();
    let node = format!("{}#{}", caps.get("node").unwrap(), caps.get("ver").unwrap());
    let query = Element::new("query", "http://jabber.org/protocol/disco#info").attr("node", node.as_str());
    let described = stage.one(&iq("get", query).attr("to", "bela@demo.butty/harbour"));
    let info = described.find("query", "http://jabber.org/protocol/disco#info").unwrap();
    assert_eq!(info.get("node"), Some(node.as_str()));
    let identity = info.children().next().unwrap();
    let mut text = format!(
        "{}/{}//{}<",
        identity.get("category").unwrap(),
        identity.get("type").unwrap(),
        identity.get("name").unwrap()
    );
    let mut features: Vec<_> = info.children().filter_map(|child| child.get("var")).collect();
    features.sort_unstable();
    text.push_str(&features.join("<"));
    text.push('<');
    let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    let ver = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
    assert_eq!(caps.get("ver"), Some(ver.as_str()));
}

#[test]
fn ned_nudges_back() {
    let (mut stage, _) = Stage::online(Switches::default());
    let nudge = Element::new("message", CLIENT).attr("type", "headline").attr("to", "ned@demo.butty/meeting-room");
    stage.send(&nudge.child(Element::new("attention", "urn:xmpp:attention:0")));
    let came = stage.after(10);
    assert!(came.iter().any(|one| one.find("attention", "urn:xmpp:attention:0").is_some()));
    assert_eq!(bodies(&came, "ned@demo.butty/"), ["YES. That woke up the whole table."]);
}

#[test]
fn the_archive_ends_at_ten_lines_of_a_talk() {
    const ARCHIVE: &str = "urn:xmpp:archive";
    let (mut stage, _) = Stage::online(Switches::default());
    for number in 0..12 {
        stage.send(&chat("olga@demo.butty", &format!("line {number}")));
    }
    let page = stage.one(&iq("get", Element::new("retrieve", ARCHIVE).attr("with", "olga@demo.butty")));
    let lines: Vec<_> = page.find("chat", ARCHIVE).unwrap().children().cloned().collect();
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[9].find_text("body", ARCHIVE).as_deref(), Some("line 11"));
    let empty = stage.one(&iq("get", Element::new("retrieve", ARCHIVE).attr("with", "dad@demo.butty")));
    assert_eq!(empty.find("chat", ARCHIVE).unwrap().children().count(), 0);
}

#[test]
fn bad_stanzas_are_answered_or_end_the_stream() {
    let (mut stage, _) = Stage::online(Switches::default());
    for bad in [
        Element::new("iq", CLIENT).attr("type", "get").attr("id", "1"),
        Element::new("iq", CLIENT).attr("type", "odd").attr("id", "1").child(Element::new("ping", "urn:xmpp:ping")),
        Element::new("iq", CLIENT).attr("type", "get").child(Element::new("ping", "urn:xmpp:ping")),
    ] {
        assert_eq!(condition(&stage.one(&bad)).as_deref(), Some("bad-request"));
    }
    let forged = stage.one(&chat("bela@demo.butty", "x").attr("from", "bela@demo.butty"));
    assert!(forged.to_xml(CLIENT).contains("invalid-from"));
    assert!(stage.send(&get("ping", "urn:xmpp:ping")).is_empty(), "the session is over");
}

#[test]
fn a_second_session_of_one_name_ends_the_first() {
    let (mut stage, _) = Stage::online(Switches::default());
    let second = stage.service.arrived(FullJid::parse("c0ffee@demo.butty/a").unwrap());
    assert!(second.is_some() && second != Some(stage.id));
    assert!(stage.came()[0].to_xml(CLIENT).contains("conflict"));
    let more =
        (0..40).filter_map(|n| stage.service.arrived(FullJid::parse(&format!("c0ffee@demo.butty/{n}")).unwrap()));
    assert_eq!(more.count(), MOST_SESSIONS - 1);
}

#[test]
fn people_change_while_the_evening_goes_on() {
    for (fast, seconds) in [(false, 75), (true, 19)] {
        let (mut stage, _) = Stage::online(Switches { fast, ..Switches::default() });
        let told = |came: &[Element]| {
            let bela = came
                .iter()
                .filter(|one| one.name() == "presence" && one.get("from") == Some("bela@demo.butty/harbour"));
            bela.filter_map(|one| one.find_text("status", CLIENT)).collect::<Vec<_>>()
        };
        assert!(told(&stage.after(seconds - 1)).is_empty());
        assert_eq!(told(&stage.after(1)), ["third song almost works"]);
        assert!(!told(&stage.after(400)).is_empty(), "and it begins anew");
    }
}

proptest::proptest! {
    #[test]
    fn no_stanza_stops_the_service(
        stanzas in proptest::collection::vec((0..4_usize, 0..8_usize, 0..9_usize, 0..9_usize, 0..9_usize, ".{0,9}"), 0..60),
    ) {
        let kinds = ["", "get", "set", "chat", "subscribe", "subscribed", "unavailable", "\u{7f}"];
        let addresses = ["", "demo.butty", "bela@demo.butty", "marta@demo.butty/phone", "zoe@demo.butty", "c0ffee@demo.butty",
            "carol@demo.butty", "@@", "x@y/z"];
        let names = ["query", "ping", "body", "getjid", "vCard", "retrieve", "attention", "invisible", "list"];
        let spaces = [CLIENT, requests::ROSTER, "urn:xmpp:ping", "urn:xmpp:archive", "vcard-temp", "urn:xmpp:attention:0",
            "http://messenger.live.com/xmpp/jidlookup", "urn:xmpp:invisible:1", ""];
        let (mut stage, _) = Stage::online(Switches::default());
        let sent = stanzas.len();
        for (name, kind, to, child, space, text) in stanzas {
            let item = Element::new("item", requests::ROSTER).attr("jid", text.as_str());
            let payload = Element::new(names[child], spaces[space]).child(item).text(text);
            let stanza = Element::new(["iq", "message", "presence", "other"][name], CLIENT).attr("id", "i");
            let stanza = stanza.attr_opt("type", Some(kinds[kind]).filter(|kind| !kind.is_empty()));
            stage.send(&stanza.attr_opt("to", Some(addresses[to]).filter(|to| !to.is_empty())).child(payload));
            stage.after(3);
        }
        proptest::prop_assert!(stage.service.roster.len() <= sent + 6);
        proptest::prop_assert!(stage.service.cues.len() < 60 + 4 * sent);
    }
}
