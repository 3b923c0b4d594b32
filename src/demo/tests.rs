use super::*;
use crate::demo::stream::CLIENT;
use crate::xml::{Element, Frame};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use raw::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;

mod raw;

#[tokio::test]
async fn the_documented_exchange_runs_over_real_sockets() {
    let running = start(Switches { fast: true, ..Switches::default() }).await.unwrap();
    let token = token(&running).await;
    let mut first = Raw::over(first_host(&running).await);
    let target = target_of(&first.open().await).unwrap();
    assert!(target.starts_with("bay1.gateway.demo.butty:"), "{target}");
    assert_eq!(first.frame().await, Some(Frame::Close));
    assert_eq!(first.frame().await, None);

    let mut raw = upgrade(&running, reach(&running, &target).await).await;
    raw.open().await;
    assert!(raw.read.ends_with(FEATURES), "{}", raw.read);
    raw.auth(token.expose()).await;
    assert_eq!(raw.read, "<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" />");
    assert!(raw.open().await.find("bind", "urn:ietf:params:xml:ns:xmpp-bind").is_some());
    raw.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    let bound = raw.until(|iq| iq.get("id") == Some("b")).await;
    let bind = bound.find("bind", "urn:ietf:params:xml:ns:xmpp-bind").unwrap();
    let jid = bind.find_text("jid", "urn:ietf:params:xml:ns:xmpp-bind").unwrap();
    let (local, rest) = jid.split_once('@').unwrap();
    assert!(local.len() == 32 && local.bytes().all(|byte| byte.is_ascii_hexdigit()) && rest.starts_with("demo.butty/"));

    let mut again = Raw::over(first_host(&running).await);
    assert!(target_of(&again.open().await).is_none(), "one redirect in a run");
    assert!(!running.log().join("\n").contains(token.expose().as_str()), "no token in the journal");
    running.stop().await;
}

#[tokio::test]
async fn row_000_10_other_forms_of_a_good_token_are_refused() {
    let running = start(straight()).await.unwrap();
    let token = token(&running).await;
    let percent: String = url::form_urlencoded::byte_serialize(token.expose().as_bytes()).collect();
    for wrong in [STANDARD.encode(token.expose()), percent, token.expose().trim_end_matches('=').to_owned()] {
        let mut raw = upgrade(&running, first_host(&running).await).await;
        raw.open().await;
        let refused = raw.auth(&wrong).await;
        assert!(refused.find("not-authorized", "urn:ietf:params:xml:ns:xmpp-sasl").is_some());
        assert_eq!(raw.frame().await, Some(Frame::Close), "nothing can be tried again");
    }
    signed_in(&running, token.expose()).await;
}

#[tokio::test]
async fn the_device_flow_ends_in_no_and_in_expiry() {
    let running = start(straight()).await.unwrap();
    let asked = code(&running).await;
    assert_eq!(poll(&running, &asked).await["error"], "authorization_pending");
    assert_eq!(poll(&running, &asked).await["error"], "slow_down", "asked again at once");
    let other = code(&running).await;
    running.answer(false);
    assert_eq!(poll(&running, &other).await["error"], "access_denied");

    let running = start(Switches { code_lifetime: Duration::ZERO, ..straight() }).await.unwrap();
    let asked = code(&running).await;
    assert_eq!(poll(&running, &asked).await["error"], "expired_token");
    let journal = running.log().join("\n");
    assert!(!journal.contains(asked["device_code"].as_str().unwrap()));
}

#[tokio::test]
async fn the_page_is_answered_by_its_own_forms_alone() {
    let running = start(straight()).await.unwrap();
    let asked = code(&running).await;
    let user_code = asked["user_code"].as_str().unwrap();
    assert_eq!(asked["verification_uri"], running.page());
    let page = url::Url::parse(running.page()).unwrap();
    let host = format!("127.0.0.1:{}", page.port().unwrap());
    let own = format!("http://{host}");
    let go = async |method: &str, path: &str, host: &str, origin: Option<&str>, fields: &[(&str, &str)]| {
        let tcp = TcpStream::connect(own.strip_prefix("http://").unwrap()).await.unwrap();
        http(tcp, method, path, host, origin, fields).await
    };
    let proof_in =
        |html: &str| html.split("name=\"proof\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();

    let (status, entry) = go("GET", "/link", &host, None, &[]).await;
    assert_eq!(status, 200);
    let proof = proof_in(&entry);
    assert_eq!(go("GET", "/link", "evil.example", None, &[]).await.0, 403, "a foreign name for this host");
    let typed = [("proof", &*proof), ("user_code", user_code)];
    assert_eq!(go("POST", "/link", &host, Some("http://evil.example"), &typed).await.0, 403);
    assert_eq!(go("POST", "/link", &host, Some(&own), &[("user_code", user_code)]).await.0, 403);
    let (status, consent) = go("POST", "/link", &host, Some(&own), &typed).await;
    assert!(status == 200 && consent.contains(user_code) && consent.contains("butty"));
    let guess = [("proof", &*proof), ("user_code", user_code), ("answer", "yes")];
    assert_eq!(go("POST", "/answer", &host, Some(&own), &guess).await.0, 403, "the proof of another page");
    assert_eq!(poll(&running, &asked).await["error"], "authorization_pending");

    let proof = proof_in(&consent);
    let answer = [("proof", &*proof), ("user_code", user_code), ("answer", "yes"), ("stay", "on")];
    assert_eq!(go("POST", "/answer", &host, Some(&own), &answer).await.0, 200);
    assert_eq!(go("POST", "/answer", &host, Some(&own), &answer).await.0, 403, "one answer");
    for _ in 0..super::web::MOST_WRONG {
        go("POST", "/link", &host, Some(&own), &[("proof", &proof_in(&entry)), ("user_code", "BCDF-GHJK")]).await;
    }
    assert_eq!(go("POST", "/link", &host, Some(&own), &typed).await.0, 429, "guessing ends");
}

#[tokio::test]
async fn there_is_no_metadata_and_only_forms_are_taken() {
    let running = start(straight()).await.unwrap();
    let device = url::Url::parse(&running.endpoints().0).unwrap();
    for (method, path, status) in [
        ("GET", "/.well-known/oauth-authorization-server", 404),
        ("GET", "/.well-known/openid-configuration", 404),
        ("GET", "/link", 404),
        ("GET", device.path(), 400),
    ] {
        let tcp = TcpStream::connect(("127.0.0.1", device.port().unwrap())).await.unwrap();
        let name = ServerName::try_from("login.demo.butty").unwrap();
        let tls = connector(&running).connect(name, tcp).await.unwrap();
        assert_eq!(http(tls, method, path, "login.demo.butty", None, &[]).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn bela_writes_and_answers_what_you_write() {
    let running = start(straight()).await.unwrap();
    let token = token(&running).await;
    let mut raw = signed_in(&running, token.expose()).await;
    raw.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>").await;
    let roster = raw.until(|iq| iq.get("id") == Some("r")).await;
    assert_eq!(roster.get("from"), Some("demo.butty"));
    let from_bela = |one: &Element| one.get("from") == Some("bela@demo.butty/harbour");
    let says = |one: &Element| from_bela(one) && one.find("body", CLIENT).is_some();
    raw.until(|one| from_bela(one) && one.name() == "presence").await;
    raw.until(|one| from_bela(one) && one.find("composing", "http://jabber.org/protocol/chatstates").is_some()).await;
    let first = raw.until(says).await;
    assert!(first.find_text("body", CLIENT).unwrap().contains("Anna"));
    raw.send("<message type='chat' to='bela@demo.butty' id='m'><body>how are you?</body></message>").await;
    let answer = raw.until(says).await;
    assert!(answer.find_text("body", CLIENT).unwrap().contains("out of tune"));
    raw.send("</stream:stream>").await;
    while raw.frame().await.is_some() {}
}

#[tokio::test]
async fn redirects_chain_loop_and_name_their_host_in_every_form() {
    for (target, after, hops, looped) in [
        (Target::NameAndPort, false, 3, false),
        (Target::Name, false, 2, false),
        (Target::Ipv6, false, 1, false),
        (Target::NameAndPort, true, 2, false),
        (Target::NameAndPort, false, 2, true),
    ] {
        let redirect = if after { Redirect::AfterTls } else { Redirect::BeforeTls };
        let running = start(Switches {
            redirect,
            redirect_hops: hops,
            redirect_target: target,
            redirect_loop: looped,
            ..straight()
        })
        .await
        .unwrap();
        let mut tcp = first_host(&running).await;
        let mut met = Vec::new();
        loop {
            let mut raw = if after { upgrade(&running, tcp).await } else { Raw::over(tcp) };
            let Some(next) = target_of(&raw.open().await) else { break };
            let again = met.contains(&next);
            assert_eq!(next.contains(':'), target != Target::Name, "{next}");
            met.push(next.clone());
            if again {
                break;
            }
            tcp = reach(&running, &next).await;
        }
        assert_eq!(met.len(), usize::from(hops) + usize::from(looped), "{met:?}");
    }
}

#[tokio::test]
async fn silence_is_cut_and_white_space_is_silence() {
    let idle_kill = Some(Duration::from_millis(300));
    let running = start(Switches { idle_kill, ..straight() }).await.unwrap();
    let token = token(&running).await;
    let mut raw = signed_in(&running, token.expose()).await;
    let cut = timeout(PATIENCE, async {
        loop {
            let mut byte = [0];
            tokio::select! {
                read = raw.io.read(&mut byte) => if read.unwrap_or(0) == 0 { break },
                () = tokio::time::sleep(Duration::from_millis(20)) => drop(raw.io.write_all(b" ").await),
            }
        }
    });
    cut.await.unwrap();
    assert!(running.log().iter().any(|line| line.contains("silent too long")));
}

#[tokio::test]
async fn a_foreign_certificate_fails_by_its_name() {
    let running = start(Switches { foreign_certificate: true, ..straight() }).await.unwrap();
    for (name, works) in [("demo.butty", false), (FOREIGN, true)] {
        let mut tcp = first_host(&running).await;
        tcp.write_all(format!("{HEADER}{STARTTLS}").as_bytes()).await.unwrap();
        let mut text = String::new();
        while !text.ends_with("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") {
            let mut byte = [0];
            tcp.read_exact(&mut byte).await.unwrap();
            text.push(char::from(byte[0]));
        }
        assert_eq!(secure(&running, tcp, name).await.is_ok(), works, "{name}");
    }
}

#[tokio::test]
async fn connections_are_cut_where_the_switch_says() {
    for stage in [CloseAt::Accept, CloseAt::Header, CloseAt::StartTls, CloseAt::Tls] {
        let running = start(Switches { close_at: Some(stage), ..straight() }).await.unwrap();
        let mut tcp = first_host(&running).await;
        // The other side may be gone before the bytes arrive.
        drop(tcp.write_all(format!("{HEADER}{STARTTLS}").as_bytes()).await);
        let mut text = Vec::new();
        drop(timeout(PATIENCE, tcp.read_to_end(&mut text)).await.unwrap());
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.contains("proceed"), stage == CloseAt::Tls, "{stage:?} {text}");
        assert_eq!(text.contains("features"), matches!(stage, CloseAt::StartTls | CloseAt::Tls), "{stage:?} {text}");
    }
    for (stage, accepted) in [(CloseAt::Features, false), (CloseAt::Auth, false), (CloseAt::Bind, true)] {
        let running = start(Switches { close_at: Some(stage), ..straight() }).await.unwrap();
        let token = token(&running).await;
        let mut raw = upgrade(&running, first_host(&running).await).await;
        let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X-MESSENGER-OAUTH2'>";
        raw.send(&format!("{HEADER}{auth}{}</auth>", token.expose())).await;
        if accepted {
            raw.until(|element| element.name() == "success").await;
            raw.restart();
            raw.send(&format!("{HEADER}<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"))
                .await;
        }
        while raw.frame().await.is_some() {}
        assert!(!raw.read.contains("success") && !raw.read.contains("<jid>"), "{stage:?} {}", raw.read);
    }
}

#[tokio::test]
async fn bytes_slipped_in_behind_starttls_end_the_connection() {
    let running = start(straight()).await.unwrap();
    let mut tcp = first_host(&running).await;
    tcp.write_all(format!("{HEADER}{STARTTLS}<auth/>").as_bytes()).await.unwrap();
    let mut text = Vec::new();
    drop(timeout(PATIENCE, tcp.read_to_end(&mut text)).await.unwrap());
    assert!(running.log().iter().any(|line| line.contains("bytes behind starttls")));
}

#[tokio::test]
async fn header_token_header_and_bind_may_come_in_one_go() {
    let running = start(straight()).await.unwrap();
    let token = token(&running).await;
    let mut raw = upgrade(&running, first_host(&running).await).await;
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X-MESSENGER-OAUTH2'>";
    let bind =
        "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>";
    raw.send(&format!("{HEADER}{auth}{}</auth>{HEADER}{bind}<presence/>", token.expose())).await;
    raw.until(|element| element.name() == "success").await;
    raw.restart_behind("<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" />");
    raw.until(|iq| iq.get("id") == Some("b")).await;
    raw.until(|one| one.name() == "presence" && one.get("from") == Some("bela@demo.butty/harbour")).await;
}

#[tokio::test]
async fn rubbish_is_refused_and_others_are_still_served() {
    let running = start(straight()).await.unwrap();
    let bomb = format!("{HEADER}{}", "<a>".repeat(1_000));
    let huge = format!("{HEADER}<a b='{}", "x".repeat(200_000));
    for rubbish in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\xff\xfe\0\0", b"<!DOCTYPE x>", bomb.as_bytes(), huge.as_bytes()]
    {
        let mut tcp = first_host(&running).await;
        drop(tcp.write_all(rubbish).await);
        let mut text = Vec::new();
        drop(timeout(PATIENCE, tcp.read_to_end(&mut text)).await.unwrap());
    }
    let errors = running.log().iter().filter(|line| line.contains("stream error")).count();
    assert_eq!(errors, 5);
    let token = token(&running).await;
    signed_in(&running, token.expose()).await;
}

#[test]
fn it_runs_on_both_of_tokios_runtimes_and_binds_loopback_only() {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for runtime in [threads, single] {
        runtime.block_on(async {
            let running = start(Switches::default()).await.unwrap();
            assert!(running.resolver().ip().is_loopback());
            let (device, token, revocation) = running.endpoints();
            for address in [device, token, revocation] {
                assert!(address.starts_with("https://login.demo.butty:"), "{address}");
            }
            assert!(running.page().starts_with("http://127.0.0.1:"));
            let tcp = first_host(&running).await;
            assert!(tcp.peer_addr().unwrap().ip().is_loopback());
            running.stop().await;
        });
    }
}
