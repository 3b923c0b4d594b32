use super::names::tests::ask;
use super::*;
use crate::types::Secret;
use crate::xml::{Element, Frame, Framer, Limits};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hickory_server::proto::rr::RecordType;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring::default_provider};

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(20);
const HEADER: &str = "<?xml version='1.0'?><stream:stream to='demo.butty' version='1.0' xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams'>";
const FEATURES: &str = "<stream:features xmlns:stream=\"http://etherx.jabber.org/streams\"><mechanisms \
                        xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><mechanism>X-MESSENGER-OAUTH2 </mechanism>\
                        </mechanisms></stream:features>";
const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

/// A client that knows nothing but sockets, frames and what it is told to send.
struct Raw {
    io: Box<dyn Transport>,
    framer: Framer,
    /// Everything that was read, as it came.
    read: String,
}

impl Raw {
    fn over(io: impl Transport + 'static) -> Self {
        Self { io: Box::new(io), framer: Framer::new(Limits::SIGNED_IN), read: String::new() }
    }

    async fn send(&mut self, text: &str) {
        self.io.write_all(text.as_bytes()).await.unwrap();
        self.io.flush().await.unwrap();
    }

    /// The next frame; nothing at the end of the connection.
    async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.framer.next_frame().unwrap() {
                return Some(frame);
            }
            let mut buffer = [0; 4_096];
            let length = timeout(PATIENCE, self.io.read(&mut buffer)).await.unwrap().unwrap_or(0);
            if length == 0 {
                return None;
            }
            self.read.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
            self.framer.feed(&buffer[..length]);
        }
    }

    /// The next element that fits.
    async fn until(&mut self, fits: impl Fn(&Element) -> bool) -> Element {
        loop {
            match self.frame().await {
                Some(Frame::Element(element)) if fits(&element) => return element,
                Some(_) => {}
                None => panic!("the connection ended: {}", self.read),
            }
        }
    }

    /// Opens a stream and reads the features, or the error in their place.
    async fn open(&mut self) -> Element {
        self.restart();
        self.send(HEADER).await;
        self.until(|_| true).await
    }

    fn restart(&mut self) {
        self.framer = Framer::new(Limits::SIGNED_IN);
        self.read.clear();
    }

    async fn auth(&mut self, text: &str) -> Element {
        self.read.clear();
        let ns = "urn:ietf:params:xml:ns:xmpp-sasl";
        self.send(&format!("<auth xmlns=\"{ns}\" mechanism=\"X-MESSENGER-OAUTH2\">{text}</auth>")).await;
        self.until(|_| true).await
    }
}

/// A connector that trusts this run's authority alone.
fn connector(running: &Running) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(running.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn secure(running: &Running, tcp: TcpStream, name: &str) -> io::Result<Raw> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    connector(running).connect(name, tcp).await.map(Raw::over)
}

/// The first host, as DNS names it.
async fn first_host(running: &Running) -> TcpStream {
    let (_, srv) = ask(running.resolver(), "_xmpp-client._tcp.demo.butty.", RecordType::SRV).await;
    let parts: Vec<&str> = srv[0].split(' ').collect();
    reach(running, &format!("{}:{}", parts[3].trim_end_matches('.'), parts[2])).await
}

/// A target as see-other-host writes it.
async fn reach(running: &Running, target: &str) -> TcpStream {
    if let Ok(address) = target.parse::<SocketAddr>() {
        return TcpStream::connect(address).await.unwrap();
    }
    let (name, port) = target.split_once(':').map_or((target, 5_222), |(name, port)| (name, port.parse().unwrap()));
    let (_, addresses) = ask(running.resolver(), &format!("{name}."), RecordType::A).await;
    let address: std::net::IpAddr = addresses[0].parse().unwrap();
    TcpStream::connect((address, port)).await.unwrap()
}

fn target_of(error: &Element) -> Option<String> {
    error.find_text("see-other-host", "urn:ietf:params:xml:ns:xmpp-streams")
}

/// STARTTLS on a plain stream whose features were read.
async fn upgrade(running: &Running, mut tcp: TcpStream) -> Raw {
    tcp.write_all(format!("{HEADER}{STARTTLS}").as_bytes()).await.unwrap();
    let mut text = String::new();
    while !text.contains("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") {
        let mut buffer = [0; 1_024];
        let length = timeout(PATIENCE, tcp.read(&mut buffer)).await.unwrap().unwrap();
        assert!(length > 0, "{text}");
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
    secure(running, tcp, "demo.butty").await.unwrap()
}

/// A whole sign-in at a service that does not redirect.
async fn signed_in(running: &Running, token: &str) -> Raw {
    let mut raw = upgrade(running, first_host(running).await).await;
    raw.open().await;
    assert!(raw.auth(token).await.is("success", "urn:ietf:params:xml:ns:xmpp-sasl"), "{}", raw.read);
    raw.open().await;
    raw.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    raw.until(|iq| iq.get("id") == Some("b")).await;
    raw
}

/// A form over HTTPS at one of the endpoints.
async fn post(running: &Running, address: &str, fields: &[(&str, &str)]) -> Value {
    let address = url::Url::parse(address).unwrap();
    let host = address.host_str().unwrap();
    let tcp = reach(running, &format!("{host}:{}", address.port().unwrap())).await;
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let tls = connector(running).connect(name, tcp).await.unwrap();
    let (status, text) = http(tls, "POST", address.path(), host, None, fields).await;
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status == 200, document.get("error").is_none(), "{status} {text}");
    document
}

async fn http(
    io: impl Transport + 'static,
    method: &str,
    path: &str,
    host: &str,
    origin: Option<&str>,
    fields: &[(&str, &str)],
) -> (u16, String) {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = Request::builder().method(method).uri(path).header("host", host);
    request = request.header("content-type", "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(form))).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn code(running: &Running) -> Value {
    let scope = ("scope", "wl.messenger wl.offline_access");
    let kind = ("response_type", "device_code");
    post(running, &running.endpoints().0, &[("client_id", running.client_id()), scope, kind]).await
}

async fn poll(running: &Running, code: &Value) -> Value {
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let device_code = code["device_code"].as_str().unwrap();
    let fields = [("client_id", running.client_id()), grant, ("device_code", device_code)];
    post(running, &running.endpoints().1, &fields).await
}

/// An access token, answered from here.
async fn token(running: &Running) -> Secret<String> {
    let code = code(running).await;
    running.answer(true);
    let tokens = poll(running, &code).await;
    Secret::from(tokens["access_token"].as_str().unwrap())
}

fn straight() -> Switches {
    Switches { redirect: Redirect::Never, fast: true, ..Switches::default() }
}

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
async fn other_forms_of_a_good_token_are_refused() {
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
    let says = |one: &Element| from_bela(one) && one.find("body", stream::CLIENT).is_some();
    raw.until(|one| from_bela(one) && one.name() == "presence").await;
    raw.until(|one| from_bela(one) && one.find("composing", "http://jabber.org/protocol/chatstates").is_some()).await;
    let first = raw.until(says).await;
    assert!(first.find_text("body", stream::CLIENT).unwrap().contains("Anna"));
    raw.send("<message type='chat' to='bela@demo.butty' id='m'><body>how are you?</body></message>").await;
    let answer = raw.until(says).await;
    assert!(answer.find_text("body", stream::CLIENT).unwrap().contains("out of tune"));
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
