//! Client state (XEP-0352) at Prosody and ejabberd: who comes and goes is held back while nobody looks, messages are not.

use super::link::{self, Facts};
use super::peers::Peers;
use super::{bot, unique};
use butty::app::LinkCommand;
use butty::app::event::LinkFact;
use butty::types::RequestId;
use butty::xmpp::{Appearance, Command, Event, Show};
use std::time::{Duration, Instant};

/// Until this fact; what came before it.
async fn until(facts: &mut Facts, right: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut before = Vec::new();
    loop {
        if let LinkFact::Session(event) = link::next(facts).await {
            if right(&event) {
                return before;
            }
            before.push(event);
        }
    }
}

/// Everything that comes in this time.
async fn during(facts: &mut Facts, time: Duration) -> Vec<Event> {
    let mut all = Vec::new();
    let end = tokio::time::Instant::now() + time;
    while let Ok(Some((_, event))) = tokio::time::timeout_at(end, facts.recv()).await {
        if let LinkFact::Session(event) = event.fact {
            all.push(event);
        }
    }
    all
}

fn is_busy(event: &Event) -> bool {
    matches!(event, Event::Presence(presence) if presence.show == Show::Busy)
}

fn says(event: &Event, text: &str) -> bool {
    matches!(event, Event::Message(message) if format!("{:?}", message.body).contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_looks_presence_waits_and_messages_do_not() {
    nobody_looks_at("PROSODY13", "beta.test").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_looks_presence_waits_at_ejabberd_and_messages_do_not() {
    nobody_looks_at("EJABBERD", "ej23.test").await;
}

async fn nobody_looks_at(server: &str, host: &str) {
    let peers = Peers::find();
    let (romeo_there, juliet_there) = (format!("romeo@{host}"), format!("juliet@{host}"));
    let mut romeo = tokio::task::block_in_place(|| bot(&peers, &romeo_there, server));
    let (juliet, mut facts) = link::start(&link::network(), link::with_password(host), true);
    let appear = Appearance { show: Show::Available, status: None, priority: 0 };
    until(&mut facts, |event| matches!(event, Event::SignedIn(_))).await;
    juliet.send(LinkCommand::Session(Command::Appear(appear)));
    let who = butty::types::BareJid::parse(&romeo_there).unwrap();
    for step in [butty::xmpp::SubscriptionStep::Ask, butty::xmpp::SubscriptionStep::Accept] {
        juliet.send(LinkCommand::Session(Command::Subscription { who: who.clone(), step }));
    }
    romeo.tell("show available hello");
    until(&mut facts, |event| matches!(event, Event::Presence(presence) if presence.status.is_some())).await;
    juliet.send(LinkCommand::Attention { active: false });
    during(&mut facts, Duration::from_millis(500)).await;
    // Whatever is asked or counted meanwhile takes along what was held back, and both sides count: once is enough.
    let mut held = false;
    for number in 0..10 {
        romeo.tell(&format!("show dnd busy-{number}"));
        held |= !during(&mut facts, Duration::from_millis(700)).await.iter().any(is_busy);
        if held {
            break;
        }
    }
    assert!(held, "nothing is ever held back");
    // Nor are the answers by which a line proves to be alive, which would be taken for dead else.
    let (ping, began) = (RequestId(7), Instant::now());
    juliet.send(LinkCommand::Session(Command::Ping(ping)));
    until(&mut facts, |event| *event == Event::Pong(ping)).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let (text, began) = (unique("at-once"), Instant::now());
    romeo.tell(&format!("say {juliet_there} {text}"));
    until(&mut facts, |event| says(event, &text)).await;
    let took = began.elapsed();
    println!("a message while nobody looks: {took:.2?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    juliet.send(LinkCommand::Attention { active: true });
    romeo.tell("show away gone");
    let gone = |event: &Event| matches!(event, Event::Presence(presence) if presence.show == Show::Away);
    until(&mut facts, gone).await;
}
