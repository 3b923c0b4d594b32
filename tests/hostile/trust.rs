//! R3: no secret before a proved server. R4: the server has to prove that it knows the password.

use super::acts::{in_the_clear, redirect, with_certificate, wrong_tls};
use super::command::{butty_with_input, words};
use super::proof::{Authority, self_signed};
use super::scram;
use super::server::{ACCOUNT, DOMAIN, FEATURES_PLAIN, FEATURES_TLS, HEADER, PROCEED, SECRET, SUCCESS, Server};
use super::world::{home, login, open};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A sign-in that fails with this code within a moment, and gives nothing away.
#[track_caller]
fn fails(what: &str, server: &Server, code: &str) {
    let home = home();
    let (done, took) = login(home.path(), server);
    let said = words(&done);
    assert!(!done.status.success() && said.contains(code), "{what}: {code}? {said}");
    assert!(!said.contains("BTY-BUG"), "{what}: {said}");
    assert!(took < Duration::from_secs(14), "{what}: {took:?}");
    server.assert_nothing_leaked(what);
}

#[test]
fn row_000_07_stripped_or_spoiled_starttls_gets_nothing() {
    let plain = format!("{HEADER}{FEATURES_PLAIN}");
    let tls = format!("{HEADER}{FEATURES_TLS}");
    let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>";
    let slipped = format!("{PROCEED}{FEATURES_PLAIN}");
    for (what, first, then, code) in [
        ("stripped", plain.as_str(), "", "BTY-TLS-03"),
        ("nothing offered", &format!("{HEADER}<stream:features/>"), "", "BTY-TLS-03"),
        ("success in the clear", &format!("{HEADER}{SUCCESS}"), "", "BTY-XMPP-01"),
        ("a message in the clear", &format!("{HEADER}<message from='hostile.test'/>"), "", "BTY-XMPP-01"),
        ("refused", &tls, failure, "BTY-TLS-06"),
        ("features instead of proceed", &tls, FEATURES_PLAIN, "BTY-"),
        ("success instead of proceed", &tls, SUCCESS, "BTY-"),
        ("features slipped in", &tls, &slipped, "BTY-TLS-07"),
        ("a byte slipped in", &tls, &format!("{PROCEED}<"), "BTY-TLS-07"),
        ("text behind proceed", &tls, &format!("{PROCEED}HTTP/1.1 400 Bad Request\r\n\r\n"), "BTY-TLS-07"),
    ] {
        fails(what, &in_the_clear(first, then), code);
    }
}

#[test]
fn rubbish_instead_of_a_handshake_gets_nothing() {
    for (what, bytes) in [("an alert", &b"\x15\x03\x01\x00\x02\x02\x46"[..]), ("http", b"HTTP/1.1 400 no\r\n\r\n")] {
        let server = Server::start(move |mut talk| {
            Box::pin(async move {
                talk.up_to_starttls().await?;
                talk.say(PROCEED).await?;
                talk.hear("\x01").await?; // the client's hello
                talk.say(bytes).await?;
                talk.until_gone().await
            })
        });
        let home = home();
        let (done, _) = login(home.path(), &server);
        assert!(words(&done).contains("BTY-TLS-06"), "{what}: {}", words(&done));
    }
}

/// A hello that agrees to TLS 1.1 (RFC 4346), which RFC 8996 retired.
#[test]
fn tls_1_1_is_refused() {
    const VERSION: [u8; 2] = [3, 2];
    const CIPHER: [u8; 3] = [0xc0, 0x13, 0]; // ECDHE, RSA, AES-128-CBC, SHA; no compression
    let message = [&[2, 0, 0, 38], &VERSION[..], &[7; 32], &[0], &CIPHER].concat();
    let hello = [&[22], &VERSION[..], &[0, 42], &message].concat();
    let server = Server::start(move |mut talk| {
        let hello = hello.clone();
        Box::pin(async move {
            talk.up_to_starttls().await?;
            talk.say(PROCEED).await?;
            talk.hear("\x01").await?; // the client's hello
            talk.say(hello).await?;
            talk.until_gone().await
        })
    });
    fails("TLS 1.1", &server, "BTY-TLS-06");
    let said = server.unproved_bytes();
    let alert = [21, 3, 3, 0, 2, 2, 70]; // fatal: protocol_version
    assert!(said.ends_with(&alert), "{:?}", &said[said.len().saturating_sub(16)..]);
}

type Spoil = fn(&mut CertificateParams);

#[test]
fn row_000_07_each_wrong_certificate_has_its_own_code_and_gets_nothing() {
    let server = with_certificate(self_signed(&[DOMAIN]));
    fails("self-signed", &server, "BTY-TLS-04");
    let stranger = Authority::new("somebody else");
    fails("another authority", &with_certificate(stranger.acceptor(&[DOMAIN], |_| {})), "BTY-TLS-04");
    let nothing: Spoil = |_| {};
    let client_only: Spoil = |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let expired: Spoil = |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let early: Spoil = |params| params.not_before = rcgen::date_time_ymd(2100, 1, 1);
    for (what, name, spoil, code) in [
        ("another name", "other.test", nothing, "BTY-TLS-01"),
        ("a wildcard below", "*.hostile.test", nothing, "BTY-TLS-01"),
        ("the address dialled", "127.0.0.1", nothing, "BTY-TLS-01"),
        ("expired", DOMAIN, expired, "BTY-TLS-02"),
        ("not yet valid", DOMAIN, early, "BTY-TLS-05"),
        ("for clients", DOMAIN, client_only, "BTY-TLS-10"),
    ] {
        let server = Server::start(move |talk| {
            let acceptor = talk.stage.authority.acceptor(&[name], spoil);
            Box::pin(wrong_tls(talk, acceptor))
        });
        fails(what, &server, code);
    }
}

#[test]
fn row_000_08_a_redirect_lowers_no_demand() {
    let plain = in_the_clear(format!("{HEADER}{FEATURES_PLAIN}"), "");
    fails("to plaintext", &redirect(format!("127.0.0.1:{}", plain.port)), "BTY-TLS-03");
    plain.assert_nothing_leaked("redirected to plaintext");
    assert_eq!(plain.connections(), 1, "it was followed");
    let stranger = with_certificate(Authority::new("somebody else").acceptor(&[DOMAIN], |_| {}));
    fails("to a stranger", &redirect(format!("127.0.0.1:{}", stranger.port)), "BTY-TLS-04");
    stranger.assert_nothing_leaked("redirected to a stranger");
    assert_eq!(stranger.connections(), 1, "it was followed");
    for text in ["", ":", "[::1", "a b", "127.0.0.1:99999", "javascript:alert(1)", &"x".repeat(3_000)] {
        fails(text, &redirect(text), "BTY-NET-09");
    }
}

/// Sealed or not, a redirect is the wire's word: what it leads to has to prove the account's own domain.
#[test]
fn a_redirect_inside_tls_lowers_no_demand_either() {
    let sealed = |to: String| {
        Server::start(move |talk| {
            let error = format!(
                "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{to}</see-other-host>\
                 </stream:error></stream:stream>"
            );
            Box::pin(async move {
                let mut talk = talk.up_to_tls().await?;
                talk.say(error).await?;
                talk.until_gone().await
            })
        })
    };
    let plain = || in_the_clear(format!("{HEADER}{FEATURES_PLAIN}"), "");
    let stranger = || with_certificate(Authority::new("somebody else").acceptor(&[DOMAIN], |_| {}));
    for (what, next, code) in [("plaintext", plain(), "BTY-TLS-03"), ("a stranger", stranger(), "BTY-TLS-04")] {
        let first = sealed(format!("127.0.0.1:{}", next.port));
        fails(what, &first, code);
        assert!(!first.proved().contains("<auth"), "{what}: {}", first.proved());
        next.assert_nothing_leaked(what);
        assert_eq!(next.connections(), 1, "{what}: it was followed");
    }
}

#[test]
fn redirects_end() {
    // Each hop is another place, so that only their number can end it.
    let last = in_the_clear(format!("{HEADER}{FEATURES_PLAIN}"), "");
    let mut servers = vec![redirect(format!("127.0.0.1:{}", last.port))];
    for _ in 0..6 {
        let to = format!("127.0.0.1:{}", servers.last().unwrap().port);
        servers.push(redirect(to));
    }
    fails("a long chain", servers.last().unwrap(), "BTY-NET-08");
    assert_eq!(last.connections(), 0);
    assert!(servers.iter().map(Server::connections).sum::<usize>() <= 6, "five hops behind the first");
}

/// Offers SCRAM to the first who comes, and PLAIN alone ever after.
fn forgetful() -> Server {
    let visits = AtomicUsize::new(0);
    Server::start(move |talk| {
        let first = visits.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            if first { scram::play(talk, scram::Trick::None).await } else { talk.up_to_session().await?.live().await }
        })
    })
}

#[test]
fn on_the_screen_a_weaker_sign_in_is_told_and_agreed_to() {
    let (server, home) = (forgetful(), home());
    assert!(login(home.path(), &server).0.status.success());
    let mut butty = open(home.path(), &server);
    butty.wait_until("the refusal", |screen| screen.contains("offers a weaker sign-in than before"));
    butty.send("/login --weaker\r");
    server.await_online();
    butty.wait_until("the end of the refusal", |screen| !screen.contains("weaker sign-in than before"));
}

#[test]
fn a_server_that_offered_scram_is_not_given_the_password_itself_until_the_person_agrees() {
    let (server, home) = (forgetful(), home());
    let password = STANDARD.encode(format!("\0juliet\0{SECRET}"));
    assert!(login(home.path(), &server).0.status.success());
    for _ in 0..2 {
        let (done, _) = login(home.path(), &server);
        let said = words(&done);
        assert!(said.contains("BTY-AUTH-42") && said.contains("SCRAM-SHA-1 then, PLAIN now"), "{said}");
        assert!(said.contains("butty login ADDRESS --weaker"), "{said}");
    }
    assert!(!server.proved().contains(&password), "it was not sent");
    let agreed = &["login", ACCOUNT, "--password-stdin", "--weaker"];
    let done = butty_with_input(home.path(), agreed, &format!("{SECRET}\n"));
    assert!(done.status.success() && server.proved().contains(&password), "{}", words(&done));
    assert!(login(home.path(), &server).0.status.success(), "agreed to once is agreed to");
}

#[test]
fn a_server_that_does_not_know_the_password_is_left() {
    for (what, trick, code) in [
        ("wrong signature", scram::Trick::WrongSignature, "BTY-AUTH-11"),
        ("no signature", scram::Trick::NoSignature, "BTY-AUTH-11"),
        ("foreign nonce", scram::Trick::ForeignNonce, "BTY-"),
        ("success at once", scram::Trick::SuccessAtOnce, "BTY-AUTH-11"),
        ("one round", scram::Trick::Rounds("1"), "BTY-AUTH-12"),
        ("too few rounds", scram::Trick::Rounds("4095"), "BTY-AUTH-12"),
        ("endless rounds", scram::Trick::Rounds("2147483647"), "BTY-AUTH-12"),
        ("rounds beyond numbers", scram::Trick::Rounds("99999999999999999999999"), "BTY-"),
        ("a mandatory extension", scram::Trick::Attribute("m=x"), "BTY-XMPP-01"),
        ("an offer that was altered on its way", scram::Trick::Attribute("h=AAAA"), "BTY-AUTH-43"),
        ("the challenge again", scram::Trick::ChallengeAgain, "BTY-AUTH-11"),
        ("rubbish", scram::Trick::Rubbish, "BTY-"),
    ] {
        let server = Server::start(move |talk| Box::pin(scram::play(talk, trick)));
        let home = home();
        let (done, took) = login(home.path(), &server);
        assert!(words(&done).contains(code), "{what}: {code}? {}", words(&done));
        assert!(took < Duration::from_secs(14), "{what}: {took:?}");
        assert!(!server.proved().contains("<iq"), "{what}: it went on");
    }
    let server = Server::start(|talk| Box::pin(scram::play(talk, scram::Trick::None)));
    let home = home();
    let (done, _) = login(home.path(), &server);
    assert!(done.status.success(), "the honest one: {}", words(&done));
}

/// What the person has to change is not tried again by itself.
#[test]
fn a_wrong_password_is_tried_once_and_asked_for() {
    const NO: &str = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>";
    let server = Server::start(|talk| {
        Box::pin(async move {
            let mut talk = talk.up_to_tls().await?;
            talk.say(FEATURES_PLAIN).await?;
            talk.hear("</auth>").await?;
            talk.say(NO).await?;
            talk.until_gone().await
        })
    });
    let (done, _) = login(home().path(), &server);
    assert!(words(&done).contains("BTY-AUTH-05"), "{}", words(&done));
    assert_eq!(server.proved().matches("<auth").count(), 1);
    let home = home();
    let mut butty = open(home.path(), &server);
    butty.wait_for("Name or password is not right");
    butty.send("\x0b"); // Ctrl+K: the screen answers, so nothing else is being done
    butty.wait_for("Go to");
    assert_eq!((server.proved().matches("<auth").count(), server.connections()), (2, 2));
    assert!(!butty.screen().contains("by itself"), "{}", butty.screen());
}

/// Another program of the same person took the session: whoever answers in kind fights for ever.
#[test]
fn a_session_that_was_replaced_does_not_fight() {
    let (server, home) = (Server::friendly(""), home());
    let mut butty = open(home.path(), &server);
    server.await_online();
    let error = "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    server.push(format!("{error}</stream:stream>"));
    butty.wait_for("Another program took over");
    butty.send("\x0b");
    butty.wait_for("Go to");
    assert_eq!(server.connections(), 1, "{}", butty.screen());
    assert!(!butty.screen().contains("by itself"), "{}", butty.screen());
}

/// TLS that is cut without a `close_notify` (RFC 8446 section 6.1): what had come of a message is none.
#[test]
fn half_a_message_behind_a_cut_is_not_a_message() {
    let (server, home) = (Server::friendly("<item jid='bela@hostile.test' subscription='both' name='Bela'/>"), home());
    let mut butty = open(home.path(), &server);
    server.await_online();
    let message = |id: &str, body: &str| {
        format!("<message from='bela@hostile.test/x' type='chat' id='{id}'><body>{body}</body></message>")
    };
    server.push(message("m1", "a whole one"));
    butty.wait_for("(1)");
    let half = message("m2", "only the half of it");
    server.push(&half[..half.find(" of it").unwrap()]);
    server.cut();
    server.await_sessions(2);
    server.push(message("m3", "and on it goes"));
    butty.wait_for("(2)");
    butty.send("\x0b");
    butty.wait_for("Go to");
    butty.send("bela\r");
    let screen = butty.wait_for("and on it goes");
    assert!(screen.contains("a whole one") && !screen.contains("the half"), "{screen}");
}
