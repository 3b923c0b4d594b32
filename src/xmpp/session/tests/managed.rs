//! Counted stanzas and lost connections (XEP-0198), by both ways to sign in.

use super::*;
use crate::types::{BareJid, Jid, MessageKey, Tally};
use crate::xmpp::Outgoing;

const FEATURES_2: &str = "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>\
    <bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind><sm xmlns='urn:xmpp:sm:3'/>\
    </inline></authentication></stream:features>";
pub(super) const BOUND_2: &str =
    "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='true'/></bound>";
pub(super) const RESUME: &str = "<resume xmlns='urn:xmpp:sm:3'";
const BIND_AND_COUNT: &str =
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>";
const FIRST: MessageKey = MessageKey(1);
const SECOND: MessageKey = MessageKey(2);

pub(super) fn success_2(inner: &str) -> String {
    format!(
        "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>juliet@alpha.test/orchard\
         </authorization-identifier>{inner}</success>"
    )
}

/// Up to the answer to the sign-in by SASL2.
pub(super) fn asked(suspended: Option<Suspended>) -> Scene {
    let mut scene = Scene::new(SignIn { direct_tls: true, ..sign_in() });
    if let Some(suspended) = suspended {
        scene.session.take_up(suspended);
    }
    scene.secure();
    scene.hear(&format!("{HEADER}{FEATURES_2}"));
    scene.provide();
    scene
}

/// Signed in, counted, and everything that was asked is acknowledged.
pub(super) fn counted() -> Scene {
    let mut scene = asked(None);
    scene.hear(&success_2(BOUND_2));
    scene.hear("<stream:features/>");
    let asked = stanzas(&scene.sent);
    scene.hear(&acknowledge(asked));
    scene.sent.clear();
    scene.events.clear();
    scene
}

fn stanzas(sent: &str) -> usize {
    ["<iq ", "<message ", "<presence"].iter().map(|start| sent.matches(start).count()).sum()
}

fn acknowledge(count: usize) -> String {
    format!("<a xmlns='urn:xmpp:sm:3' h='{count}'/>")
}

impl Scene {
    pub(super) fn say(&mut self, key: MessageKey) {
        let to = Jid::Bare(BareJid::parse("romeo@alpha.test").unwrap());
        let message = Outgoing { key, to, body: "hi".to_owned(), ask_receipt: false, delayed: None, session: None };
        self.session.handle_command(self.now, Command::Send(message));
        self.drain();
    }

    fn acknowledged(&self) -> Vec<MessageKey> {
        let keys = self.events.iter().filter_map(|event| match event {
            Event::Acknowledged(key) => Some(*key),
            _ => None,
        });
        keys.collect()
    }

    pub(super) fn lose(&mut self) -> Option<Suspended> {
        self.session.handle_eof(self.now, true);
        self.drain();
        self.session.suspended()
    }

    /// What the mind was asked to keep last.
    pub(super) fn tally(&self) -> Tally {
        let mut tallies = self.events.iter().filter_map(|event| match event {
            Event::KeepAsked(tally) => Some(*tally),
            _ => None,
        });
        tallies.next_back().expect("asked")
    }

    /// The mind has kept all that it was asked to.
    pub(super) fn keep(&mut self) {
        let tally = self.tally();
        self.session.handle_command(self.now, Command::Kept(tally));
        self.drain();
    }

    /// What was told, by its words.
    pub(super) fn told(&self) -> Vec<&str> {
        let words = self.events.iter().filter_map(|event| match event {
            Event::Message(incoming) => match &incoming.body {
                crate::xmpp::Content::Plain(words) => Some(words.as_str()),
                _ => None,
            },
            _ => None,
        });
        words.collect()
    }

    fn ended(&self) -> Option<&Problem> {
        match self.events.last() {
            Some(Event::Ended(problem)) => problem.as_ref(),
            other => panic!("{other:?}"),
        }
    }
}

/// How many stanzas `counted` wrote before anything else: roster, copies and two questions.
pub(super) const BEFORE: usize = 4;

#[test]
fn messages_are_acknowledged_by_count() {
    let mut scene = counted();
    scene.say(FIRST);
    assert!(
        scene.sent.ends_with("<r xmlns='urn:xmpp:sm:3'/>") && !scene.sent.contains("urn:xmpp:ping"),
        "{}",
        scene.sent
    );
    scene.say(SECOND);
    assert_eq!(scene.sent.matches("<r ").count(), 1, "one question at a time");
    scene.hear(&acknowledge(BEFORE + 1));
    assert_eq!(scene.acknowledged(), [FIRST]);
    assert_eq!(scene.sent.matches("<r ").count(), 2, "and the next one behind its answer");
    scene.hear(&acknowledge(BEFORE + 2));
    scene.hear(&acknowledge(BEFORE + 2));
    assert_eq!(scene.acknowledged(), [FIRST, SECOND]);
}

#[test]
fn what_came_back_is_not_acknowledged_as_well() {
    let mut scene = counted();
    scene.say(FIRST);
    scene.hear(&format!("<message type='error' id='{FIRST}' from='romeo@alpha.test'><error type='cancel'/></message>"));
    scene.hear(&acknowledge(BEFORE + 1));
    assert!(scene.acknowledged().is_empty());
}

#[test]
fn the_server_is_told_how_much_of_it_came() {
    let mut scene = counted();
    scene.hear("<presence from='romeo@alpha.test/x'/><message from='romeo@alpha.test/x'/><r xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(scene.sent, "", "nobody has said that it is kept");
    scene.keep();
    assert_eq!(scene.sent, "<a xmlns='urn:xmpp:sm:3' h='2'/>");
    scene.sent.clear();
    scene.hear("<r xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(scene.sent, "<a xmlns='urn:xmpp:sm:3' h='2'/>", "nothing has come since");
    scene.sent.clear();
    scene.hear("<message from='romeo@alpha.test/x'/>");
    scene.session.handle_command(scene.now, Command::SignOut);
    scene.drain();
    assert!(scene.sent.starts_with("<a xmlns='urn:xmpp:sm:3' h='2'/><presence"), "{}", scene.sent);
    assert!(scene.lose().is_none(), "who leaves does not come back");
}

#[test]
fn a_count_that_cannot_be_ends_the_session_for_good() {
    for count in ["6", "0", "4294967295", "-1", "", "many"] {
        let mut scene = counted();
        scene.say(FIRST);
        scene.hear(&format!("<a xmlns='urn:xmpp:sm:3' h='{count}'/>"));
        assert!(matches!(scene.ended(), Some(Problem::Rubbish { .. })), "{count}");
        assert!(scene.session.suspended().is_none() && scene.acknowledged().is_empty());
        let why = format!(
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><undefined-condition \
             xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><handled-count-too-high xmlns='urn:xmpp:sm:3' h='{count}' send-count='5'/>\
             </stream:error></stream:stream>"
        );
        assert_eq!(scene.sent.ends_with(&why), count.parse::<u32>().is_ok(), "{}", scene.sent);
    }
}

#[test]
fn a_silent_line_is_asked_and_then_lost() {
    let mut scene = counted();
    for wait in [20, 10] {
        scene.now = scene.now.after(Duration::from_secs(wait));
        scene.session.handle_timeout(scene.now);
        scene.drain();
    }
    assert_eq!(scene.sent, "<r xmlns='urn:xmpp:sm:3'/>", "a footer would end what may live on");
    assert!(matches!(scene.ended(), Some(Problem::SilentAt { .. })));
    let lost = scene.session.suspended();
    assert!(lost.is_some());
    // On another line it hears, speaks and keeps time again.
    let mut scene = asked(lost);
    scene.hear(&success_2(&format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{BEFORE}'/>")));
    scene.sent.clear();
    scene.hear("<message from='romeo@alpha.test/x' type='chat'><body>there?</body></message>");
    assert!(scene.events.iter().any(|event| matches!(event, Event::Message(_))), "{:?}", scene.events);
    scene.say(FIRST);
    assert!(scene.sent.contains(&FIRST.to_string()), "{}", scene.sent);
    assert!(matches!(scene.session.poll_output(), Output::Wait(Some(_))));
}

#[test]
fn a_lost_session_is_taken_up_along_with_the_sign_in() {
    let mut scene = counted();
    scene.hear("<presence from='romeo@alpha.test/x'/><r xmlns='urn:xmpp:sm:3'/>");
    scene.keep();
    scene.say(FIRST);
    scene.say(SECOND);
    let lost = scene.lose();
    let mut scene = asked(lost);
    assert!(scene.sent.contains(&format!("{RESUME} h='1' previd='sm-1'/><bind")), "{}", scene.sent);
    scene.sent.clear();
    let resumed = format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{}'/>", BEFORE + 1);
    scene.hear(&success_2(&resumed));
    assert_eq!(scene.acknowledged(), [FIRST]);
    assert!(scene.events.iter().any(|event| matches!(event, Event::Resumed { pending, signed_in, .. }
        if *pending == [SECOND] && signed_in.jid.to_string() == "juliet@alpha.test/orchard")));
    assert_eq!(scene.sent, "", "what the mind has to make sure of is not sent again unasked");
    scene.say(SECOND);
    assert!(scene.sent.ends_with("<r xmlns='urn:xmpp:sm:3'/>"), "{}", scene.sent);
    // Prosody sends features all the same, and what was held back ahead of them.
    scene.hear("<message from='romeo@alpha.test/x' type='chat'><body>held</body></message><stream:features/>");
    scene.hear(&acknowledge(BEFORE + 2));
    assert_eq!(scene.acknowledged(), [FIRST, SECOND]);
    assert!(scene.events.iter().any(|event| matches!(event, Event::Message(_))));
    scene.hear("<r xmlns='urn:xmpp:sm:3'/>");
    scene.keep();
    // And again.
    let mut scene = asked(scene.lose());
    assert!(scene.sent.contains(&format!("{RESUME} h='2' previd='sm-1'/>")), "{}", scene.sent);
    scene.hear(&success_2(&format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{}'/>", BEFORE + 2)));
    assert!(scene.acknowledged().is_empty() && scene.ends() == 0);
}

#[test]
fn a_session_that_is_not_ours_is_not_taken_up() {
    let resumed = |previd: &str, h: &str| format!("<resumed xmlns='urn:xmpp:sm:3' previd='{previd}' h='{h}'/>");
    let other = success_2(&resumed("sm-1", "4")).replace("juliet", "romeo");
    for answer in [success_2(&resumed("sm-2", "4")), success_2(&resumed("sm-1", "")), other] {
        let mut scene = asked(counted().lose());
        scene.hear(&answer);
        assert!(matches!(scene.ended(), Some(Problem::Rubbish { .. })), "{answer}");
        assert!(scene.session.suspended().is_none(), "{answer}");
    }
    let mut scene = asked(counted().lose());
    scene.hear(&success_2(&resumed("sm-1", "99")));
    assert!(matches!(scene.ended(), Some(Problem::Rubbish { .. })), "more than was sent");
}

#[test]
fn where_it_is_gone_a_new_session_begins_and_what_arrived_is_told() {
    let mut scene = counted();
    scene.say(FIRST);
    scene.say(SECOND);
    let mut scene = asked(scene.lose());
    let failed = format!("<failed xmlns='urn:xmpp:sm:3' h='{}'/>", BEFORE + 1);
    scene.sent.clear();
    scene.hear(&success_2(&format!("{failed}{}", BOUND_2.replace("sm-1", "sm-2"))));
    scene.hear("<stream:features/>");
    assert_eq!(scene.acknowledged(), [FIRST]);
    assert!(scene.events.iter().any(|event| matches!(event, Event::SignedIn(_))));
    assert!(scene.sent.contains("jabber:iq:roster") && !scene.sent.contains(&SECOND.to_string()), "{}", scene.sent);
    let scene = asked(scene.lose());
    assert!(scene.sent.contains(&format!("{RESUME} h='0' previd='sm-2'/>")), "{}", scene.sent);
}

#[test]
fn a_connection_that_fails_before_it_is_taken_up_leaves_it_for_the_next() {
    let mut scene = Scene::new(SignIn { direct_tls: true, ..sign_in() });
    scene.session.take_up(counted().lose().unwrap());
    scene.secure();
    let scene = asked(scene.lose());
    assert!(scene.sent.contains(RESUME), "{}", scene.sent);
    // Wrong secrets do not end it either.
    let mut scene = asked(counted().lose());
    scene.hear("<failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>");
    assert!(scene.session.suspended().is_some());
}

#[test]
fn only_the_servers_no_gives_up_a_session_whose_sign_in_fails_half_way() {
    let again = |mut scene: Scene, at: &str| {
        let scene = asked(scene.lose());
        assert!(scene.sent.contains(&format!("{RESUME} h='0' previd='sm-1'/>")), "{at}");
    };
    // TLS does not come to stand; the session is let go of as it is.
    let mut scene = Scene::new(sign_in());
    scene.session.take_up(counted().lose().unwrap());
    scene.hear(&format!(
        "{HEADER}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\
        </stream:features><proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
    ));
    let kept = scene.session.suspended();
    assert!(kept.is_some(), "behind the go-ahead for TLS");
    again(asked(kept), "TLS");
    // There is no secret.
    let mut scene = Scene::new(SignIn { direct_tls: true, ..sign_in() });
    scene.session.take_up(counted().lose().unwrap());
    scene.secure();
    scene.hear(&format!("{HEADER}{FEATURES_2}"));
    scene.session.handle_command(scene.now, Command::SignOut);
    scene.drain();
    again(scene, "secret");
    // The connection is lost behind the sign-in, before its last word or behind it.
    let mut scene = Scene::new(SignIn { direct_tls: true, ..sign_in() });
    scene.session.take_up(counted_behind_sasl().lose().unwrap());
    scene.secure();
    scene.hear(&format!("{HEADER}{MECHANISMS}"));
    scene.provide();
    scene.hear(SUCCESS);
    again(scene, "the answer to the wish");
    let mut scene = asked(counted().lose());
    scene.hear(&success_2(""));
    again(scene, "a sign-in that says nothing of it");
    // A no is a no, whatever comes behind it.
    let mut scene = asked(counted().lose());
    scene.hear(&success_2("<failed xmlns='urn:xmpp:sm:3'/>"));
    assert!(scene.lose().is_none());
}

#[test]
fn an_end_with_a_word_is_an_end() {
    for last in [
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "</stream:stream>",
        "<!DOCTYPE x>",
    ] {
        let mut scene = counted();
        scene.hear(last);
        assert!(scene.ended().is_some() && scene.session.suspended().is_none(), "{last}");
    }
}

/// Behind SASL, up to the request that goes out with the last header.
fn behind_sasl(suspended: Option<Suspended>) -> Scene {
    let mut scene = Scene::new(SignIn { direct_tls: true, ..sign_in() });
    if let Some(suspended) = suspended {
        scene.session.take_up(suspended);
    }
    scene.secure();
    scene.hear(&format!("{HEADER}{MECHANISMS}"));
    scene.provide();
    scene.sent.clear();
    scene.hear(SUCCESS);
    scene.hear(&format!("{HEADER}{BIND_AND_COUNT}"));
    scene
}

fn counted_behind_sasl() -> Scene {
    let mut scene = behind_sasl(None);
    let bound = scene.bound();
    scene.sent.clear();
    scene.hear(&bound);
    assert!(scene.sent.starts_with("<enable xmlns='urn:xmpp:sm:3' resume='true'/><iq "), "{}", scene.sent);
    scene.hear("<enabled xmlns='urn:xmpp:sm:3' id='sm-1' resume='1'/>");
    scene.hear("<enabled xmlns='urn:xmpp:sm:3' id='sm-9' resume='1'/>");
    scene
}

#[test]
fn behind_sasl_it_is_taken_up_in_place_of_a_resource() {
    let mut scene = counted_behind_sasl();
    scene.say(FIRST);
    let mut scene = behind_sasl(scene.lose());
    assert!(scene.sent.ends_with(&format!("{RESUME} h='0' previd='sm-1'/>")), "{}", scene.sent);
    scene.sent.clear();
    scene.hear(&format!("<resumed xmlns='urn:xmpp:sm:3' previd='sm-1' h='{BEFORE}'/>"));
    assert!(scene.events.iter().any(|event| matches!(event, Event::Resumed { pending, .. } if *pending == [FIRST])));
    assert_eq!(scene.sent, "");
}

#[test]
fn behind_sasl_a_resource_is_bound_where_it_is_gone() {
    let mut scene = behind_sasl(counted_behind_sasl().lose());
    scene.sent.clear();
    scene.hear("<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>");
    let bound = scene.bound();
    scene.hear(&bound);
    assert!(scene.events.iter().any(|event| matches!(event, Event::SignedIn(_))));
    let mut other = behind_sasl(counted_behind_sasl().lose());
    other.hear("<resumed xmlns='urn:xmpp:sm:3' previd='sm-9' h='0'/>");
    assert!(matches!(other.ended(), Some(Problem::Rubbish { .. })));
}

#[test]
fn a_server_that_does_not_count_after_all_is_pinged_as_before() {
    let mut scene = behind_sasl(None);
    let bound = scene.bound();
    scene.hear(&bound);
    scene.hear("<failed xmlns='urn:xmpp:sm:3'/>");
    scene.sent.clear();
    scene.say(FIRST);
    assert!(scene.sent.contains("urn:xmpp:ping"), "{}", scene.sent);
    scene.hear("<r xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3' h='77'/>");
    assert!(scene.ends() == 0 && !scene.sent.contains("<a "), "{}", scene.sent);
    assert!(scene.lose().is_none());
}

const FEATURES_2_WITH_STATE: &str = "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism>\
    <inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/></inline>\
    </bind><sm xmlns='urn:xmpp:sm:3'/></inline></authentication></stream:features>";

#[test]
fn who_is_absent_says_so_along_with_the_sign_in_and_again_on_each_connection() {
    const INACTIVE: &str = "<inactive xmlns='urn:xmpp:csi:0'/>";
    let mut scene = Scene::new(SignIn { direct_tls: true, absent: true, ..sign_in() });
    scene.secure();
    scene.hear(&format!("{HEADER}{FEATURES_2_WITH_STATE}"));
    scene.provide();
    assert!(scene.sent.contains(&format!("{INACTIVE}</bind>")), "{}", scene.sent);
    scene.hear(&success_2(BOUND_2));
    scene.hear("<stream:features><csi xmlns='urn:xmpp:csi:0'/></stream:features>");
    scene.sent.clear();
    let absent = |scene: &mut Scene| {
        scene.session.handle_command(scene.now, Command::ClientState { active: false });
        scene.drain();
    };
    absent(&mut scene);
    assert_eq!(scene.sent, "", "it is said already");
    let suspended = scene.lose().expect("it can be taken up");
    let mut scene = asked(Some(suspended));
    scene.sent.clear();
    scene.hear(&success_2("<resumed xmlns='urn:xmpp:sm:3' h='3' previd='sm-1'/>"));
    assert!(!scene.sent.contains(INACTIVE));
    absent(&mut scene);
    assert!(scene.sent.contains(INACTIVE), "a stream that is taken up is active again: {}", scene.sent);
}

#[test]
fn who_looks_says_nothing_along_and_who_is_not_asked_never_does() {
    for (absent, features) in [(false, FEATURES_2_WITH_STATE), (true, FEATURES_2)] {
        let mut scene = Scene::new(SignIn { direct_tls: true, absent, ..sign_in() });
        scene.secure();
        scene.hear(&format!("{HEADER}{features}"));
        scene.provide();
        scene.hear(&success_2(BOUND_2));
        scene.hear("<stream:features/>");
        assert!(!scene.sent.contains("urn:xmpp:csi:0"), "{}", scene.sent);
    }
}

/// It would come again otherwise, in this session or out of the archive in the next, and end each of them.
#[test]
fn a_stanza_that_is_too_much_counts_and_ends_nothing() {
    let mut scene = counted();
    let deep = format!("{}{}", "<a>".repeat(99), "</a>".repeat(99));
    let hello = "<message from='romeo@alpha.test/x' type='chat'><body>hello</body></message>";
    for _ in 0..2 {
        scene.hear(&format!("<message from='eve@evil.test/x' type='chat'><body>x</body>{deep}</message>{hello}"));
    }
    let told = |wanted: &dyn Fn(&Event) -> bool| scene.events.iter().filter(|event| wanted(event)).count();
    assert_eq!(told(&|event| matches!(event, Event::Message(_))), 4, "its words are read: {:?}", scene.events);
    assert_eq!(told(&|event| matches!(event, Event::PassedOver(_))), 1, "once");
    assert_eq!(scene.ends(), 0);
    scene.hear("<r xmlns='urn:xmpp:sm:3'/>");
    let tally =
        scene.events.iter().find_map(|event| if let Event::KeepAsked(tally) = event { Some(*tally) } else { None });
    scene.session.handle_command(scene.now, Command::Kept(tally.expect("it is asked whether all is kept")));
    scene.drain();
    assert!(scene.sent.contains("h='4'"), "{}", scene.sent);
}
