//! A client that knows nothing but sockets, frames and forms.

use crate::demo::names::tests::ask;
use crate::demo::*;
use crate::types::Secret;
use crate::xml::{Element, Frame, Framer, Limits};
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
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
pub(super) const HEADER: &str = "<?xml version='1.0'?><stream:stream to='demo.butty' version='1.0' xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams'>";
pub(super) const FEATURES: &str = "<stream:features xmlns:stream=\"http://etherx.jabber.org/streams\"><mechanisms \
                        xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><mechanism>X-MESSENGER-OAUTH2 </mechanism>\
                        </mechanisms></stream:features>";
pub(super) const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

/// A client that knows nothing but sockets, frames and what it is told to send.
pub(super) struct Raw {
    pub(super) io: Box<dyn Transport>,
    pub(super) framer: Framer,
    /// Everything that was read, as it came.
    pub(super) read: String,
}

impl Raw {
    pub(super) fn over(io: impl Transport + 'static) -> Self {
        Self { io: Box::new(io), framer: Framer::new(Limits::SIGNED_IN), read: String::new() }
    }

    pub(super) async fn send(&mut self, text: &str) {
        self.io.write_all(text.as_bytes()).await.unwrap();
        self.io.flush().await.unwrap();
    }

    /// The next frame; nothing at the end of the connection.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
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
    pub(super) async fn until(&mut self, fits: impl Fn(&Element) -> bool) -> Element {
        loop {
            match self.frame().await {
                Some(Frame::Element(element)) if fits(&element) => return element,
                Some(_) => {}
                None => panic!("the connection ended: {}", self.read),
            }
        }
    }

    /// Opens a stream and reads the features, or the error in their place.
    pub(super) async fn open(&mut self) -> Element {
        self.restart();
        self.send(HEADER).await;
        self.until(|_| true).await
    }

    pub(super) fn restart(&mut self) {
        self.framer = Framer::new(Limits::SIGNED_IN);
        self.read.clear();
    }

    /// A new stream, whose first bytes may have been read with the last of the old one.
    pub(super) fn restart_behind(&mut self, mark: &str) {
        let behind = self.read.split_once(mark).unwrap().1.to_owned();
        self.restart();
        self.framer.feed(behind.as_bytes());
        self.read = behind;
    }

    pub(super) async fn auth(&mut self, text: &str) -> Element {
        self.read.clear();
        let ns = "urn:ietf:params:xml:ns:xmpp-sasl";
        self.send(&format!("<auth xmlns=\"{ns}\" mechanism=\"X-MESSENGER-OAUTH2\">{text}</auth>")).await;
        self.until(|_| true).await
    }
}

/// A connector that trusts this run's authority alone.
pub(super) fn connector(running: &Running) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(running.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

pub(super) async fn secure(running: &Running, tcp: TcpStream, name: &str) -> io::Result<Raw> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    connector(running).connect(name, tcp).await.map(Raw::over)
}

/// The first host, as DNS names it.
pub(super) async fn first_host(running: &Running) -> TcpStream {
    let (_, srv) = ask(running.resolver(), "_xmpp-client._tcp.demo.butty.", RecordType::SRV).await;
    let parts: Vec<&str> = srv[0].split(' ').collect();
    reach(running, &format!("{}:{}", parts[3].trim_end_matches('.'), parts[2])).await
}

/// A target as see-other-host writes it.
pub(super) async fn reach(running: &Running, target: &str) -> TcpStream {
    if let Ok(address) = target.parse::<SocketAddr>() {
        return TcpStream::connect(address).await.unwrap();
    }
    let (name, port) = target.split_once(':').map_or((target, 5_222), |(name, port)| (name, port.parse().unwrap()));
    let (_, addresses) = ask(running.resolver(), &format!("{name}."), RecordType::A).await;
    let address: std::net::IpAddr = addresses[0].parse().unwrap();
    TcpStream::connect((address, port)).await.unwrap()
}

pub(super) fn target_of(error: &Element) -> Option<String> {
    error.find_text("see-other-host", "urn:ietf:params:xml:ns:xmpp-streams")
}

/// STARTTLS on a plain stream whose features were read.
pub(super) async fn upgrade(running: &Running, mut tcp: TcpStream) -> Raw {
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
pub(super) async fn signed_in(running: &Running, token: &str) -> Raw {
    let mut raw = upgrade(running, first_host(running).await).await;
    raw.open().await;
    assert!(raw.auth(token).await.is("success", "urn:ietf:params:xml:ns:xmpp-sasl"), "{}", raw.read);
    raw.open().await;
    raw.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>").await;
    raw.until(|iq| iq.get("id") == Some("b")).await;
    raw
}

/// A form over HTTPS at one of the endpoints.
pub(super) async fn post(running: &Running, address: &str, fields: &[(&str, &str)]) -> Value {
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

pub(super) async fn http(
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

pub(super) async fn code(running: &Running) -> Value {
    let scope = ("scope", "wl.messenger wl.offline_access");
    let kind = ("response_type", "device_code");
    post(running, &running.endpoints().0, &[("client_id", running.client_id()), scope, kind]).await
}

pub(super) async fn poll(running: &Running, code: &Value) -> Value {
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let device_code = code["device_code"].as_str().unwrap();
    let fields = [("client_id", running.client_id()), grant, ("device_code", device_code)];
    post(running, &running.endpoints().1, &fields).await
}

/// An access token, answered from here.
pub(super) async fn token(running: &Running) -> Secret<String> {
    let code = code(running).await;
    running.answer(true);
    let tokens = poll(running, &code).await;
    Secret::from(tokens["access_token"].as_str().unwrap())
}

pub(super) fn straight() -> Switches {
    Switches { redirect: Redirect::Never, fast: true, ..Switches::default() }
}
