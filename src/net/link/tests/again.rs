//! A server that changed since the last visit: what was said ahead costs nobody a word.

use super::*;
use crate::oauth::VaultKey;
use crate::xmpp::{Entrance, FastTicket, FastToken, Sasl2};
use tokio::io::{AsyncRead, AsyncWrite};

const PLAIN: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>\
    </mechanisms></stream:features>";
const BIND: &str = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";

pub(super) async fn heard_in(io: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let (mut all, mut piece) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&all).contains(end) {
        let count = io.read(&mut piece).await.unwrap();
        assert!(count > 0, "closed before {end}: {}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&piece[..count]);
    }
    String::from_utf8(all).unwrap()
}

/// Signs in whoever comes, step by step, and gives what was heard before the password.
pub(super) async fn let_in(io: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    let first = heard_in(io, "version='1.0' xml:lang='en'>").await;
    io.write_all(format!("{HEADER}{PLAIN}").as_bytes()).await.unwrap();
    heard_in(io, "</auth>").await;
    io.write_all(b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>").await.unwrap();
    let asked = heard_in(io, "</iq>").await;
    let id = asked.split_once("id='").and_then(|(_, rest)| rest.split_once('\'')).unwrap().0.to_owned();
    let bound = format!(
        "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@example.org/x</jid></bind></iq>"
    );
    io.write_all(format!("{HEADER}{BIND}{bound}").as_bytes()).await.unwrap();
    first
}

/// Somebody who was here when the server took tokens of its own.
pub(super) fn returning(shelf: &Shelf, account: &AccountSetup) {
    let id = account.id.as_str().to_owned();
    let sasl2 = Sasl2 { fast: vec!["HT-SHA-256-NONE".to_owned()], ..Sasl2::default() };
    let entrance = Entrance { sasl2: Some(sasl2), named: true, ..Entrance::default() };
    let known = Known { entrance: Some(entrance), ..Known::default() };
    shelf.put(&VaultKey::Known { account: id.clone() }, &known.to_text());
    let expires = crate::types::Stamp(i64::MAX);
    let ticket = FastTicket { mechanism: "HT-SHA-256-NONE".to_owned(), expires, count: 7 };
    let token = FastToken { token: Secret::from("tok"), ticket };
    shelf.put(&VaultKey::Fast { account: id }, token.to_text().expose());
}

#[tokio::test]
async fn a_server_that_hangs_up_on_it_is_tried_once_more_step_by_step() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), ..account(port) };
    let shelf = Arc::new(Shelf::default());
    returning(&shelf, &setup);
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let network = network(&shelf, NetworkSettings::default());
    let link = start_link(&network, setup.clone(), options, events);
    let acceptor = ca.acceptor(&["example.org"], |_| {});

    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = acceptor.accept(tcp).await.unwrap();
    let ahead = heard_in(&mut tls, "</authenticate>").await;
    assert!(ahead.contains("mechanism='HT-SHA-256-NONE'") && ahead.contains("count='8'"), "{ahead}");
    drop(tls);

    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = acceptor.accept(tcp).await.unwrap();
    let stepwise = let_in(&mut tls).await;
    assert!(!stepwise.contains("<auth"), "{stepwise}");
    loop {
        match next(&mut facts).await.1 {
            LinkFact::Session(crate::xmpp::Event::SignedIn(done)) => {
                assert_eq!(done.mechanism, "PLAIN");
                break;
            }
            LinkFact::Down { problem, .. } => panic!("nobody was to hear of it: {problem:?}"),
            _ => {}
        }
    }
    drop(facts);
    link.closed().await;
    let account = setup.id.as_str().to_owned();
    let known = network.load(&VaultKey::Known { account }).await.unwrap().unwrap();
    assert_eq!(Known::from_text(known.expose()).stumbles, 1);
}

#[tokio::test]
async fn a_secret_that_the_person_has_just_given_is_tried_itself() {
    let (mut link, _facts) = resting();
    assert!(link.setup.password_command.is_empty());
    let shelf = Shelf::default();
    returning(&shelf, &link.setup);
    let account = link.setup.id.as_str().to_owned();
    let key = VaultKey::Fast { account };
    let kept = crate::oauth::Vault::load(&shelf, &key).unwrap().unwrap();
    link.network.save(&key, kept, true).await.unwrap();
    link.password = Some((Secret::from("new"), Keep::File));
    assert!(!link.has_fast().await);
    link.password = None;
    assert!(link.has_fast().await);
    assert_eq!(link.ticket().await.map(|ticket| ticket.count), Some(8));
    link.options.one_shot = true;
    assert!(!link.has_fast().await, "it would end the session beside it");
}

/// Another butty on the same home signs the account out: this one notices as soon as it needs what was kept.
#[tokio::test]
async fn who_was_signed_out_by_another_butty_is_told_so() {
    let (listener, port) = listen().await;
    let ca = Authority::new();
    let password_command = Vec::new();
    let setup = AccountSetup { tls: TlsMode::Direct, ca_pem: Some(ca.pem.clone()), password_command, ..account(port) };
    let shelf = Arc::new(Shelf::default());
    let key = VaultKey::Password { account: setup.id.as_str().to_owned() };
    shelf.put(&key, "pw");
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let link = start_link(&network(&shelf, NetworkSettings::default()), setup.clone(), options, events);
    let (tcp, _) = listener.accept().await.unwrap();
    let mut tls = ca.acceptor(&["example.org"], |_| {}).accept(tcp).await.unwrap();
    let_in(&mut tls).await;
    while !matches!(next(&mut facts).await.1, LinkFact::Session(crate::xmpp::Event::SignedIn(_))) {}
    crate::oauth::Vault::forget(&*shelf, &key).unwrap();
    drop(tls);
    let told = loop {
        match next(&mut facts).await.1 {
            LinkFact::PasswordWanted { problem, .. } => break problem,
            LinkFact::Dialing { host } => panic!("there is nothing to sign in with at {host}"),
            _ => {}
        }
    };
    assert_eq!(told.map(|problem| problem.code()), Some("BTY-AUTH-62"));
    drop(facts);
    link.closed().await;
}
