//! No server can break the order of safety, whatever it says and when.

use super::*;
use crate::xmpp::{Entrance, FastTicket, Known, Sasl2};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The same at a later visit.
fn known() -> SignIn {
    let sasl2 = Sasl2 { fast: vec!["HT-SHA-256-NONE".to_owned()], ..Sasl2::default() };
    let entrance = Entrance { sasl2: Some(sasl2), named: true, ..Entrance::default() };
    let ticket = FastTicket { mechanism: "HT-SHA-256-NONE".to_owned(), expires: Stamp(i64::MAX), count: 1 };
    let known = Known { entrance: Some(entrance), ..Known::default() };
    SignIn { known, fast: Some(ticket), ..sign_in() }
}

/// What a server may say, sensible or not, in any order.
fn saying() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        HEADER,
        STARTTLS,
        PROCEED,
        MECHANISMS,
        SUCCESS,
        BIND,
        "</stream:stream>",
        "<stream:features/>",
        "<message from='romeo@alpha.test/x' type='chat'><body>hi</body></message>",
        "<iq type='result' id='1'/>",
        "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication></stream:features>",
        "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@alpha.test/x</authorization-identifier></success>",
        "<failure xmlns='urn:xmpp:sasl:2'><invalid-mechanism xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>",
        "<resumed xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
        "<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true'/>",
        "<a xmlns='urn:xmpp:sm:3' h='9'/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AQ==</challenge>",
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[::1]</see-other-host></stream:error>",
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<",
        "<!--",
        " ",
        "\u{0}",
    ])
}

/// What happens to a session.
#[derive(Clone, Debug)]
enum Happening {
    Heard(&'static str),
    /// Any bytes at all.
    Noise(Vec<u8>),
    /// The right answer to the bind request, where one is out.
    Bound,
    Secured,
    Provided,
    Waited(u64),
    Closed,
    SignOut,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => saying().prop_map(Happening::Heard),
        2 => prop::collection::vec(any::<u8>(), 1..80).prop_map(Happening::Noise),
        2 => Just(Happening::Bound),
        3 => Just(Happening::Secured),
        3 => Just(Happening::Provided),
        1 => (0_u64..20).prop_map(Happening::Waited),
        1 => Just(Happening::Closed),
        1 => Just(Happening::SignOut),
    ]
}

/// A good beginning of any length, so that the disorder starts at every stage.
fn good() -> Vec<Happening> {
    use Happening::{Bound, Heard, Provided, Secured};
    let up = [Heard(HEADER), Heard(STARTTLS), Heard(PROCEED), Secured, Heard(HEADER), Heard(MECHANISMS), Provided];
    up.into_iter().chain([Heard(SUCCESS), Heard(HEADER), Heard(BIND), Bound]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(6120),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_server_breaks_the_order_of_safety(
        ahead in any::<bool>(),
        begin in 0_usize..12,
        then in prop::collection::vec(happening(), 0..12),
    ) {
        // Somebody who was here before speaks ahead, and has a token to show.
        let mut scene = Scene::new(if ahead { known() } else { sign_in() });
        let mut proved = false;
        for happening in good().into_iter().take(begin).chain(then) {
            let over = scene.ends() > 0;
            let before = (scene.sent.len(), scene.events.len());
            match happening {
                Happening::Heard(text) => scene.hear(text),
                Happening::Noise(bytes) => scene.hear_bytes(&bytes),
                Happening::Bound if scene.sent.contains("<iq type='set'") => {
                    let bound = scene.bound();
                    scene.hear(&bound);
                }
                // The driver secures only what asked for it.
                Happening::Secured if scene.wants_tls => {
                    proved = true;
                    scene.secure();
                }
                // Nothing asked for it.
                Happening::Bound | Happening::Secured => {}
                Happening::Provided => scene.provide(),
                Happening::Waited(seconds) => {
                    scene.now = scene.now.after(Duration::from_secs(seconds));
                    scene.session.handle_timeout(scene.now);
                    scene.drain();
                }
                Happening::Closed => {
                    scene.session.handle_eof(scene.now, true);
                    scene.drain();
                }
                Happening::SignOut => {
                    scene.session.handle_command(scene.now, Command::SignOut);
                    scene.drain();
                }
            }
            prop_assert!(!over || before == (scene.sent.len(), scene.events.len()), "silent once over");
            prop_assert!(proved || !scene.sent.contains("<auth") && scene.slot.is_none(), "nothing secret before proof");
            prop_assert!(proved || !scene.sent.contains("juliet"), "not even who we are");
        }
        prop_assert!(scene.ends() <= 1);
        if scene.ends() == 1 {
            prop_assert!(matches!(scene.events.last(), Some(Event::Ended(_))), "the end is last");
        }
    }
}
