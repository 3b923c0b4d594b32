//! Silence and hang-ups: each stage has words of its own, and the screen answers meanwhile.

use super::command::words;
use super::server::{FEATURES_PLAIN, HEADER, PROCEED, Server, Talk};
use super::world::{FROZEN, home, login, open};
use std::time::{Duration, Instant};

/// Where the server stops to work.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Until {
    Accept,
    Header,
    Features,
    Proceed,
    Tls,
    SecureHeader,
    SecureFeatures,
    Auth,
    LastHeader,
    Bind,
}

const STAGES: [(Until, &str); 10] = [
    (Until::Accept, "BTY-NET-12"),
    (Until::Header, "BTY-NET-16"),
    (Until::Features, "BTY-NET-15"),
    (Until::Proceed, "BTY-NET-15"),
    (Until::Tls, "BTY-NET-13"),
    (Until::SecureHeader, "BTY-NET-16"),
    (Until::SecureFeatures, "BTY-NET-17"),
    (Until::Auth, "BTY-NET-17"),
    (Until::LastHeader, "BTY-NET-18"),
    (Until::Bind, "BTY-NET-18"),
];

async fn play(talk: Talk, until: Until) -> Option<Talk> {
    let mut talk = talk;
    match until {
        Until::Accept => talk.header().await?,
        Until::Header => {
            talk.header().await?;
            talk.say(HEADER).await?;
        }
        Until::Features => talk.up_to_starttls().await?,
        Until::Proceed => {
            talk.up_to_starttls().await?;
            talk.say(PROCEED).await?;
        }
        Until::Tls => {
            talk.up_to_starttls().await?;
            talk.say(PROCEED).await?;
            let right = talk.stage.right.clone();
            talk = talk.tls(&right, true).await?;
            talk.header().await?;
        }
        Until::SecureHeader => talk = talk.up_to_tls().await?,
        Until::SecureFeatures => {
            talk = talk.up_to_tls().await?;
            talk.say(FEATURES_PLAIN).await?;
            talk.hear("</auth>").await?;
        }
        Until::Auth => {
            talk = talk.up_to_tls().await?;
            talk.say(FEATURES_PLAIN).await?;
            talk.hear("</auth>").await?;
            talk.say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'").await?;
        }
        Until::LastHeader => talk = talk.up_to_success().await?,
        Until::Bind => {
            talk = talk.up_to_success().await?;
            talk.say(super::server::FEATURES_BIND).await?;
            talk.hear("</iq>").await?;
        }
    }
    Some(talk)
}

#[test]
fn row_001_12_a_hang_up_at_each_stage_has_its_own_words() {
    let mut wrong = String::new();
    for (until, code) in STAGES {
        let server = Server::start(move |talk| {
            Box::pin(async move {
                play(talk, until).await?;
                Some(()) // dropped: closed
            })
        });
        let home = home();
        let (done, took) = login(home.path(), &server);
        if !words(&done).contains(code) {
            wrong.extend([format!("{until:?}: {code}? {}", words(&done))]);
        }
        assert!(took < Duration::from_secs(14), "{until:?}: {took:?}"); // no limit of time had to end it
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn silence_at_each_stage_ends_by_itself() {
    let all: Vec<_> = STAGES
        .iter()
        .map(|(until, _)| *until)
        .map(|until| {
            std::thread::spawn(move || {
                let server =
                    Server::start(move |talk| Box::pin(async move { play(talk, until).await?.until_gone().await }));
                let home = home();
                let (done, took) = login(home.path(), &server);
                assert!(words(&done).contains("BTY-NET-20"), "{until:?}: {}", words(&done));
                assert!(took < Duration::from_secs(30), "{until:?}: {took:?}");
            })
        })
        .collect();
    for one in all {
        one.join().unwrap();
    }
}

#[test]
fn a_key_is_answered_while_the_server_is_silent() {
    for until in [Until::Accept, Until::Features, Until::Proceed, Until::SecureFeatures, Until::Bind] {
        let server = Server::start(move |talk| Box::pin(async move { play(talk, until).await?.until_gone().await }));
        let home = home();
        let mut butty = open(home.path(), &server);
        butty.wait_for("hostile.test");
        let begun = Instant::now();
        butty.send("\x0b"); // Ctrl+K
        butty.wait_for("Go to");
        assert!(begun.elapsed() < FROZEN, "{until:?}: {:?}", begun.elapsed());
        butty.send("\x1b");
        butty.wait_gone("Go to"); // or the two would be one key
        let begun = Instant::now();
        butty.send("\x11");
        butty.end();
        assert!(begun.elapsed() < FROZEN, "{until:?}: {:?}", begun.elapsed());
    }
}
