//! Any bytes from an issuer, a browser, or a file of ours: what is taken can go on the wire and the screen, and what we
//! write of it reads as the same.

use super::input::Input;
use butty::oauth::grant::{Attempt, Callback, Source};
use butty::oauth::{
    ClientIdentity, Farewell, HttpResponse, Issuer, Pending, Service, SignInRecord, Token, page, registration, smooth,
};
use butty::types::{Secret, Stamp};
use url::Url;

pub fn check(data: &[u8]) {
    let mut input = Input(data);
    let (which, rest) = (input.byte() % 5, input.0);
    match which {
        0 => metadata(rest),
        1 => answer(rest),
        2 => kept(&String::from_utf8_lossy(rest)),
        3 => callback(&String::from_utf8_lossy(rest)),
        _ => address(&String::from_utf8_lossy(rest)),
    }
}

fn metadata(body: &[u8]) {
    let at = Url::parse("https://a.test/.well-known/oauth-authorization-server").unwrap();
    let Ok(issuer) = Issuer::read(body, &at, "https://a.test") else { return };
    let all = [Some(&issuer.token), issuer.device.as_ref(), issuer.authorization.as_ref(), issuer.revocation.as_ref()];
    for url in all.into_iter().flatten() {
        assert!(url.scheme() == "https" || page::is_this_computer(url), "{url}");
    }
}

fn answer(body: &[u8]) {
    let reply = smooth::smooth(HttpResponse::new(body.to_vec()));
    drop((smooth::error_code(&reply), smooth::is_busy(&reply)));
    if let Ok(client) = registration::read(&reply) {
        assert!(!client.id.contains(char::is_control), "{:?}", client.id);
        let again = ClientIdentity::from_text(&client.to_text()).expect("what we write we can read");
        assert_eq!((again.id, again.expires), (client.id, client.expires));
    }
}

/// Files that somebody wrote into.
fn kept(text: &str) {
    let secret = Secret::from(text);
    if let Some(token) = Token::from_text(&secret) {
        let again = Token::from_text(&token.to_text()).expect("what we write we can read");
        assert!(again == token, "a token changes on its way through a file");
    }
    if let Some(record) = SignInRecord::from_text(&secret) {
        assert!(SignInRecord::from_text(&record.to_text()).is_some());
    }
    if let Some(pending) = Pending::from_text(&secret, false) {
        assert!(Pending::from_text(&pending.to_text(), false).is_some());
    }
    let farewells = Farewell::from_text(&secret);
    assert_eq!(Farewell::from_text(&Farewell::to_text(&farewells)).len(), farewells.len());
    drop(ClientIdentity::from_text(&secret));
}

/// What a browser, or anybody on this computer, brings to the door.
fn callback(text: &str) {
    const STATE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    let attempt = Attempt::new(Url::parse("http://127.0.0.1:9/cb").unwrap(), &[7; 64]);
    let token = Url::parse("https://a.test/token").unwrap();
    for token_in_redirect in [false, true] {
        let service = Service { token_in_redirect, ..Service::new("https://a.test", token.clone()) };
        let taken = attempt.callback(&service, text, Source::Listener, Stamp(0));
        if let Ok(Callback::Code(_) | Callback::Token(_)) = taken {
            // Blanks and controls are no part of an address, wherever a terminal or a person has put them.
            let text: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
            let decoded = url::form_urlencoded::parse(text.as_bytes());
            let plain = decoded.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().concat();
            assert!(plain.contains(STATE), "an answer to another sign-in");
        }
    }
}

fn address(text: &str) {
    for url in [page::endpoint(text), page::for_person(text, false)].into_iter().flatten() {
        assert_eq!(url.scheme(), "https", "{url}");
    }
    if let Some(url) = page::redirect(text) {
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    }
}
