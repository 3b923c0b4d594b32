//! A server that does as a test tells it, and remembers every byte that it was given.

use super::proof::Authority;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use butty::xml::{Element, Frame, Framer, Limits};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

pub const DOMAIN: &str = "hostile.test";
pub const ACCOUNT: &str = "juliet@hostile.test";
/// No byte of it may be heard before a proved server.
pub const SECRET: &str = "pw-that-must-not-leave";
pub const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' from='hostile.test' id='s1' version='1.0'>";
pub const FEATURES_TLS: &str =
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
pub const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
pub const FEATURES_PLAIN: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
    <mechanism>PLAIN</mechanism></mechanisms></stream:features>";
pub const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
pub const FEATURES_BIND: &str = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";

/// How long a test waits for what must come. Only a failing one waits that long.
const PATIENCE: Duration = Duration::from_secs(120);

type Scene = Pin<Box<dyn Future<Output = Option<()>> + Send>>;

/// What a server shares with its test.
pub struct Stage {
    pub authority: Authority,
    /// TLS with a right certificate.
    pub right: TlsAcceptor,
    /// Items of the roster, as markup.
    pub roster: Mutex<String>,
    /// A stranger says this ahead of each answer, with its id.
    pub forged_answer: Mutex<Option<String>>,
    heard: Mutex<Heard>,
    changed: Condvar,
    connections: AtomicUsize,
}

#[derive(Default)]
struct Heard {
    /// In the clear, or inside TLS that the client should have refused.
    unproved: Vec<u8>,
    proved: Vec<u8>,
    /// The signed-in session, if there is one.
    outlet: Option<mpsc::UnboundedSender<Vec<u8>>>,
    sessions: usize,
    pings: usize,
}

pub struct Server {
    pub stage: Arc<Stage>,
    pub port: u16,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    /// Every connection plays the scene.
    pub fn start(scene: impl Fn(Talk) -> Scene + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", scene)
    }

    /// The same at a place that somebody else sends on to.
    pub fn start_at(place: &str, scene: impl Fn(Talk) -> Scene + Send + Sync + 'static) -> Self {
        let authority = Authority::new("hostile authority");
        let right = authority.acceptor(&[DOMAIN], |_| {});
        let stage = Arc::new(Stage {
            authority,
            right,
            roster: Mutex::default(),
            forged_answer: Mutex::default(),
            heard: Mutex::default(),
            changed: Condvar::new(),
            connections: AtomicUsize::new(0),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(place)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (shared, scene) = (stage.clone(), Arc::new(scene));
        runtime.spawn(async move {
            while let Ok((io, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let talk = Talk { io: Box::new(io), stage: shared.clone(), unread: Vec::new(), proved: false };
                tokio::spawn(scene(talk));
            }
        });
        Self { stage, port, runtime: Some(runtime) }
    }

    /// One that lets the client in and then says what the test says.
    pub fn friendly(roster: &str) -> Self {
        let server = Self::start(|talk| Box::pin(async move { talk.up_to_session().await?.live().await }));
        roster.clone_into(&mut server.stage.roster.lock().unwrap());
        server
    }

    /// How often somebody has connected.
    pub fn connections(&self) -> usize {
        self.stage.connections.load(Ordering::SeqCst)
    }

    /// Says this in the signed-in session.
    #[track_caller]
    pub fn push(&self, markup: impl Into<Vec<u8>>) {
        let markup = markup.into();
        let outlet = self.stage.wait("a session", |heard| heard.outlet.clone());
        outlet.send(markup).expect("a session");
    }

    /// Cuts the session: no goodbye, neither of XMPP nor of TLS.
    pub fn cut(&self) {
        self.stage.heard.lock().unwrap().outlet = None;
    }

    /// Waits until the client has its list and says that it is there: now it listens for others.
    #[track_caller]
    pub fn await_online(&self) {
        self.await_heard("<presence");
    }

    /// Waits until so many sessions have begun.
    #[track_caller]
    pub fn await_sessions(&self, count: usize) {
        self.stage.wait(&format!("session {count}"), |heard| (heard.sessions >= count).then_some(()));
    }

    /// Waits until the client has worked off everything that was pushed before.
    #[track_caller]
    pub fn settle(&self) {
        let number = {
            let mut heard = self.stage.heard.lock().unwrap();
            heard.pings += 1;
            heard.pings
        };
        self.push(format!("<iq type='get' id='settle-{number}.' from='{DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>"));
        self.await_heard(&format!("settle-{number}."));
    }

    /// Waits until the client has said this after its proof was accepted.
    #[track_caller]
    pub fn await_heard(&self, text: &str) {
        self.stage.wait(text, |heard| contains(&heard.proved, text).then_some(()));
    }

    /// What was said to a server that had proved itself.
    pub fn proved(&self) -> String {
        String::from_utf8_lossy(&self.stage.heard.lock().unwrap().proved).into_owned()
    }

    /// What was said before.
    pub fn unproved(&self) -> String {
        String::from_utf8_lossy(&self.unproved_bytes()).into_owned()
    }

    /// The same, byte by byte.
    pub fn unproved_bytes(&self) -> Vec<u8> {
        self.stage.heard.lock().unwrap().unproved.clone()
    }

    /// No secret, and no attempt at one, has left before a proved server.
    #[track_caller]
    pub fn assert_nothing_leaked(&self, what: &str) {
        let said = self.unproved();
        for trace in [SECRET, &STANDARD.encode(format!("\0juliet\0{SECRET}")), "<auth", "<response", "juliet"] {
            assert!(!said.contains(trace), "{what}: {trace:?} left in the clear: {said}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Stage {
    #[track_caller]
    fn wait<T>(&self, what: &str, look: impl Fn(&Heard) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut heard = self.heard.lock().unwrap();
        loop {
            if let Some(found) = look(&heard) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {what}; heard {}", String::from_utf8_lossy(&heard.proved));
            heard = self.changed.wait_timeout(heard, left).unwrap().0;
        }
    }
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// One connection.
pub struct Talk {
    io: Box<dyn Io>,
    pub stage: Arc<Stage>,
    unread: Vec<u8>,
    proved: bool,
}

impl Talk {
    /// Reads up to and with this text. `None`: the client hung up first.
    pub async fn hear(&mut self, text: &str) -> Option<String> {
        loop {
            if let Some(at) = find(&self.unread, text) {
                let rest = self.unread.split_off(at + text.len());
                let said = std::mem::replace(&mut self.unread, rest);
                return Some(String::from_utf8_lossy(&said).into_owned());
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        let count = self.io.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        let piece = &piece[..count];
        let mut heard = self.stage.heard.lock().unwrap();
        if self.proved { &mut heard.proved } else { &mut heard.unproved }.extend_from_slice(piece);
        self.stage.changed.notify_all();
        self.unread.extend_from_slice(piece);
        Some(())
    }

    /// `None`: the client hung up.
    pub async fn say(&mut self, text: impl AsRef<[u8]>) -> Option<()> {
        self.io.write_all(text.as_ref()).await.ok()?;
        self.io.flush().await.ok()
    }

    /// Keeps silent until the client goes.
    pub async fn until_gone(mut self) -> Option<()> {
        while self.read().await.is_some() {}
        Some(())
    }

    /// Waits for the client's header.
    pub async fn header(&mut self) -> Option<()> {
        self.hear("<stream:stream").await?;
        self.hear(">").await.map(drop)
    }

    /// As far as the client's wish for TLS.
    pub async fn up_to_starttls(&mut self) -> Option<()> {
        self.header().await?;
        self.say(format!("{HEADER}{FEATURES_TLS}")).await?;
        self.hear("<starttls").await?;
        self.hear(">").await.map(drop)
    }

    /// TLS from here. `proved`: the client is right to believe this certificate.
    pub async fn tls(self, acceptor: &TlsAcceptor, proved: bool) -> Option<Self> {
        let io = acceptor.accept(self.io).await.ok()?;
        Some(Self { io: Box::new(io), unread: Vec::new(), proved, ..self })
    }

    /// As far as the features inside TLS.
    pub async fn up_to_tls(mut self) -> Option<Self> {
        self.up_to_starttls().await?;
        self.say(PROCEED).await?;
        let right = self.stage.right.clone();
        let mut talk = self.tls(&right, true).await?;
        talk.header().await?;
        talk.say(HEADER).await?;
        Some(talk)
    }

    /// As far as the proof.
    pub async fn up_to_success(self) -> Option<Self> {
        let mut talk = self.up_to_tls().await?;
        talk.say(FEATURES_PLAIN).await?;
        if !talk.hear("</auth>").await?.contains("PLAIN") {
            // Said ahead, of an earlier offer.
            talk.say("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>").await?;
            talk.hear("</auth>").await?;
        }
        talk.say(SUCCESS).await?;
        talk.header().await?;
        talk.say(HEADER).await?;
        Some(talk)
    }

    /// As far as a bound session.
    pub async fn up_to_session(self) -> Option<Self> {
        let mut talk = self.up_to_success().await?;
        talk.say(FEATURES_BIND).await?;
        let bind = talk.hear("</iq>").await?;
        let id = attribute(&bind, "id")?;
        talk.say(format!(
            "<iq type='result' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
             <jid>{ACCOUNT}/here</jid></bind></iq>"
        ))
        .await?;
        Some(talk)
    }

    /// Answers what a server has to answer and says what the test pushes, until either side has enough.
    pub async fn live(mut self) -> Option<()> {
        let (tell, mut told) = mpsc::unbounded_channel();
        {
            let mut heard = self.stage.heard.lock().unwrap();
            heard.outlet = Some(tell);
            heard.sessions += 1;
            self.stage.changed.notify_all();
        }
        let mut framer = Framer::new(Limits::SIGNED_IN);
        framer.feed(HEADER.as_bytes());
        loop {
            let unread = std::mem::take(&mut self.unread);
            framer.feed(&unread);
            while let Some(frame) = framer.next_frame().ok()? {
                match frame {
                    Frame::Element(element) => {
                        if let Some(answer) = self.answer(&element) {
                            self.say(answer).await?;
                        }
                    }
                    Frame::Close => return self.say("</stream:stream>").await,
                    Frame::Open(_) | Frame::PassedOver(..) => {}
                }
            }
            tokio::select! {
                read = self.read() => read?,
                markup = told.recv() => self.say(markup?).await?,
            }
        }
    }

    fn answer(&self, element: &Element) -> Option<String> {
        if element.name() != "iq" || !matches!(element.get("type"), Some("get" | "set")) {
            return None;
        }
        let id = element.get("id").unwrap_or_default();
        let child = element.children().next()?;
        let content = match child.ns() {
            "jabber:iq:roster" => {
                format!("<query xmlns='jabber:iq:roster'>{}</query>", self.stage.roster.lock().unwrap())
            }
            "http://jabber.org/protocol/disco#info" => {
                "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' \
                 type='registered'/><feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:carbons:2'/></query>"
                    .to_owned()
            }
            "urn:xmpp:mam:2" => "<fin xmlns='urn:xmpp:mam:2' complete='true'><set \
                 xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin>"
                .to_owned(),
            _ => String::new(),
        };
        let forged = self.stage.forged_answer.lock().unwrap();
        let forged = forged
            .as_ref()
            .map(|content| format!("<iq type='result' id='{id}' from='mallory@evil.test/x'>{content}</iq>"));
        Some(format!("{}<iq type='result' id='{id}'>{content}</iq>", forged.unwrap_or_default()))
    }
}

/// The value of an attribute, whatever its quotes.
pub fn attribute(markup: &str, name: &str) -> Option<String> {
    let at = markup.find(&format!(" {name}="))? + name.len() + 2;
    let quote = markup[at..].chars().next()?;
    markup[at + 1..].split(quote).next().map(str::to_owned)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    find(bytes, text).is_some()
}

fn find(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text.as_bytes())
}
