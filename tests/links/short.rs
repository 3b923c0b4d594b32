//! What makes a later sign-in short: the server's own token (XEP-0484), and sessions that are taken up (XEP-0198).

use super::{
    Facts, Memory, data, network, network_with, next, outcome, prosody_token, relay, script, start, with_password,
};
use butty::app::effect::LinkCommand;
use butty::app::event::{Keep, LinkFact};
use butty::app::setup::{AccountSetup, TlsMode};
use butty::net::{LinkHandle, LinkOptions, Network, start_link};
use butty::oauth::VaultKey;
use butty::types::{Jid, MessageKey};
use butty::xmpp;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::channel;

/// An account whose password command leaves a trace of each run.
fn traced(domain: &str, trace: &Path) -> AccountSetup {
    let mut setup = with_password(domain);
    let command = format!("echo asked >> {}; echo pw-juliet", trace.display());
    setup.password_command = vec!["/bin/sh".to_owned(), "-c".to_owned(), command];
    setup
}

fn runs(trace: &Path) -> usize {
    std::fs::read_to_string(trace).unwrap_or_default().lines().count()
}

pub fn lasting(network: &Arc<Network>, setup: AccountSetup) -> (LinkHandle, Facts) {
    let (events, facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    (start_link(network, setup, options, events), facts)
}

#[tokio::test]
async fn the_second_sign_in_shows_the_servers_own_token_and_asks_for_no_password() {
    let folder = tempfile::tempdir().unwrap();
    for tls in [TlsMode::Direct, TlsMode::StartTls] {
        let (trace, network) = (folder.path().join(format!("{tls:?}")), network());
        let visit = async |setup: AccountSetup| {
            let (link, mut facts) = lasting(&network, setup);
            let done = outcome(&mut facts).await.unwrap();
            drop(facts);
            link.closed().await;
            done.1
        };
        let setup = AccountSetup { tls, ..traced("alpha.test", &trace) };
        assert_eq!(visit(setup.clone()).await, "SCRAM-SHA-1-PLUS");
        assert_eq!(runs(&trace), 1);
        for _ in 0..3 {
            let mechanism = visit(setup.clone()).await;
            assert!(mechanism.starts_with("HT-SHA-256-EXPR"), "{mechanism}");
            assert_eq!(runs(&trace), 1, "nobody was asked");
        }
        // Signed out, the server has forgotten the token: it is none, and the password is asked for again.
        let (link, mut facts) = lasting(&network, setup.clone());
        outcome(&mut facts).await.unwrap();
        link.send(LinkCommand::SignOut { everywhere: false });
        loop {
            if let LinkFact::SignedOut { told, .. } = next(&mut facts).await {
                assert_eq!(told, butty::oauth::Farewelled::Told, "the server confirmed");
                break;
            }
        }
        drop(facts);
        link.closed().await;
        assert_eq!(visit(setup).await, "SCRAM-SHA-1-PLUS");
        assert_eq!(runs(&trace), 2);
    }
}

#[tokio::test]
async fn a_token_that_the_server_dropped_costs_one_exchange_and_no_word() {
    let folder = tempfile::tempdir().unwrap();
    let (trace, network) = (folder.path().join("trace"), network());
    let setup = traced("beta.test", &trace);
    let (link, mut facts) = lasting(&network, setup.clone());
    let (jid, _) = outcome(&mut facts).await.unwrap();
    drop(facts);
    link.closed().await;
    // A new password ends all tokens that were given before it. Prosody tells before from after by whole seconds.
    let second = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let given_in = second();
    while second() == given_in {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let data = data();
    let new = Command::new(script("prosody"))
        .args(["13", "ctl", data.to_str().unwrap(), "shell", "user", "password", &jid, "pw-juliet"])
        .output()
        .unwrap();
    assert!(new.status.success(), "{new:?}");
    let (link, mut facts) = lasting(&network, setup);
    let (_, mechanism) = outcome(&mut facts).await.unwrap();
    assert!(mechanism.starts_with("SCRAM-"), "{mechanism}");
    assert_eq!(runs(&trace), 2);
    drop(facts);
    link.closed().await;
}

#[tokio::test]
async fn a_session_that_lost_its_connection_is_taken_up_where_it_was() {
    // Along with the sign-in at the first, behind it at the others.
    for (domain, address) in
        [("alpha.test", "127.0.0.13:15222"), ("p12.test", "127.0.0.12:15222"), ("ej23.test", "127.0.0.23:15222")]
    {
        let (port, cut) = relay(address).await;
        let mut setup = with_password(domain);
        setup.server = Some(("127.0.0.1".to_owned(), port));
        let (link, mut facts) = lasting(&network(), setup);
        let bound = loop {
            if let LinkFact::Session(xmpp::Event::SignedIn(done)) = next(&mut facts).await {
                break done.jid;
            }
        };
        until_features(&mut facts).await;
        for round in 1..=3 {
            cut.send(round).unwrap();
            let keys = [MessageKey(u128::from(round) * 2), MessageKey(u128::from(round) * 2 + 1)];
            link.send(LinkCommand::Session(xmpp::Command::Send(note(keys[0], &bound))));
            link.send(LinkCommand::Connect);
            let mut known = false;
            loop {
                match next(&mut facts).await {
                    LinkFact::Session(xmpp::Event::SignedIn(done)) => panic!("begun anew: {done:?}"),
                    LinkFact::Session(xmpp::Event::Resumed { signed_in, pending, .. }) => {
                        assert_eq!(signed_in.jid, bound);
                        known |= pending.contains(&keys[0]);
                        break;
                    }
                    LinkFact::Session(xmpp::Event::Acknowledged(key)) => known |= key == keys[0],
                    LinkFact::Down { retry_in: Some(_), .. } => link.send(LinkCommand::Connect),
                    _ => {}
                }
            }
            // What the session never had, the mind sends again.
            let last = if known { keys[1] } else { keys[0] };
            link.send(LinkCommand::Session(xmpp::Command::Send(note(last, &bound))));
            while !matches!(next(&mut facts).await, LinkFact::Session(xmpp::Event::Acknowledged(key)) if key == last) {}
        }
        drop(facts);
        link.closed().await;
    }
}

async fn until_features(facts: &mut Facts) {
    while !matches!(next(facts).await, LinkFact::Session(xmpp::Event::Features(_))) {}
}

fn note(key: MessageKey, to: &butty::types::FullJid) -> xmpp::Outgoing {
    let to = Jid::Bare(to.bare());
    xmpp::Outgoing { key, to, body: "a note".to_owned(), ask_receipt: false, delayed: None, session: None }
}

#[tokio::test]
async fn a_sign_in_by_oauth_is_followed_by_the_servers_own_token() {
    let (folder, network) = (tempfile::tempdir().unwrap(), network());
    let trace = folder.path().join("trace");
    let token = prosody_token("alpha.test");
    let mut setup = with_password("alpha.test");
    setup.password_command = Vec::new();
    setup.credential = Some(xmpp::CredentialKind::Token);
    let command = format!("echo asked >> {}; echo {token}", trace.display());
    setup.token_command = vec!["/bin/sh".to_owned(), "-c".to_owned(), command];
    let mut used = Vec::new();
    for _ in 0..4 {
        let (link, mut facts) = lasting(&network, setup.clone());
        used.push(outcome(&mut facts).await.unwrap().1);
        drop(facts);
        link.closed().await;
    }
    // Who we are is known from the first sign-in on; what is offered to us by name, from the second.
    assert_eq!(used, ["OAUTHBEARER", "OAUTHBEARER", "OAUTHBEARER", "HT-SHA-256-EXPR"]);
    assert_eq!(runs(&trace), 3);
}

/// A way to a server that can be there or not.
struct Door {
    port: u16,
    open: Option<tokio::task::JoinHandle<()>>,
}

impl Door {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut door = Self { port: listener.local_addr().unwrap().port(), open: None };
        door.serve(listener);
        door
    }

    fn serve(&mut self, listener: tokio::net::TcpListener) {
        self.open = Some(tokio::spawn(async move {
            let mut ways = tokio::task::JoinSet::new();
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                ways.spawn(async move {
                    let mut far = tokio::net::TcpStream::connect("127.0.0.13:15222").await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        }));
    }

    async fn shut(&mut self) {
        let open = self.open.take().unwrap();
        open.abort();
        assert!(open.await.unwrap_err().is_cancelled());
    }

    async fn reopen(&mut self) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.serve(listener);
    }
}

#[tokio::test]
async fn a_server_that_was_away_at_sign_out_is_told_later_to_forget_its_token() {
    let (vault, mut door) = (Arc::new(Memory::default()), Door::new().await);
    let network = network_with(Arc::clone(&vault));
    let mut setup = with_password("alpha.test");
    setup.password_command = Vec::new();
    setup.server = Some(("127.0.0.1".to_owned(), door.port));
    let visit = async |network: &Arc<Network>, password: Option<&str>| {
        let (link, mut facts) = lasting(network, setup.clone());
        if let Some(password) = password {
            link.send(LinkCommand::Password { password: password.into(), keep: Keep::File });
        }
        let done = outcome(&mut facts).await;
        drop(facts);
        link.closed().await;
        done.map(|done| done.1)
    };
    assert_eq!(visit(&network, Some("pw-juliet")).await.unwrap(), "SCRAM-SHA-1-PLUS");
    assert_eq!(visit(&network, None).await.unwrap(), "HT-SHA-256-EXPR");
    // A thief's copy of all that is kept but the password.
    let thief = || network_with(Arc::new(vault.copy_of(|key| !matches!(key, VaultKey::Password { .. }))));
    let (here, there) = (thief(), thief());

    door.shut().await;
    let (link, mut facts) = start(&network, setup.clone(), false);
    link.send(LinkCommand::SignOut { everywhere: false });
    loop {
        if let LinkFact::SignedOut { told, .. } = next(&mut facts).await {
            assert_eq!(told, butty::oauth::Farewelled::Later);
            break;
        }
    }
    drop(facts);
    link.closed().await;
    let left = vault.keys();
    let spare = |key: &VaultKey| matches!(key, VaultKey::Farewells | VaultKey::Known { .. });
    assert!(left.iter().all(spare) && left.contains(&VaultKey::Farewells), "{left:?}");

    door.reopen().await;
    assert_eq!(visit(&here, None).await.unwrap(), "HT-SHA-256-EXPR", "nobody has told the server yet");
    Arc::clone(&network).say_farewells().await;
    assert_eq!(vault.kept(&VaultKey::Farewells), None);
    let refused = tokio::time::timeout(Duration::from_secs(20), async {
        let (_link, mut facts) = lasting(&there, setup.clone());
        loop {
            match next(&mut facts).await {
                LinkFact::PasswordWanted { .. } => return true,
                LinkFact::Session(xmpp::Event::SignedIn(_)) => return false,
                _ => {}
            }
        }
    });
    assert!(refused.await.unwrap(), "the token is worth nothing any more");
}
