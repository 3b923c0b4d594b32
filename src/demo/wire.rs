//! The XMPP listeners: TCP, STARTTLS, frames in, steps out.
//!
//! Refused: more connections than a few, bytes that follow `<starttls/>` in the clear, clients that do not sign in
//! within a minute, and clients that do not read.

use super::Shared;
use super::service::Delivery;
use super::shared::{Waits, random_hex};
use super::stream::{CLIENT, Step, Stream};
use super::switches::CloseAt;
use crate::xml::{Frame, Framer, Limits};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;

const MOST_CONNECTIONS: usize = 64;
/// Until a resource is bound.
const SIGN_IN: Duration = Duration::from_secs(60);
/// One write.
const WRITE: Duration = Duration::from_secs(20);

/// Serves host number `hop` until it is dropped; 0 is the one that DNS names.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener, tls: TlsAcceptor, hop: usize) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let Ok((tcp, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (shared, tls) = (shared.clone(), tls.clone());
        connections.spawn(async move {
            let ended = connection(&shared, tcp, tls, hop).await;
            shared.note(format!("host {hop}: {}", ended.map_or_else(|error| error.to_string(), |()| "closed".into())));
            drop(place);
        });
    }
}

async fn connection(shared: &Arc<Shared>, mut tcp: TcpStream, tls: TlsAcceptor, hop: usize) -> io::Result<()> {
    shared.note(format!("host {hop}: accepted"));
    if shared.switches.close_at == Some(CloseAt::Accept) {
        return Ok(());
    }
    tcp.set_nodelay(true)?;
    let redirect = shared.redirect(hop);
    let (switches, domain, account) = (shared.switches.clone(), shared.domain.clone(), shared.account.clone());
    let stream = Stream::new(switches, domain, account, shared.metadata(), redirect, random_hex(6)?);
    let mut talk = Talk::new(shared.clone(), stream, hop);
    if talk.run(&mut tcp).await? == Ended::StartTls {
        if shared.switches.close_at == Some(CloseAt::Tls) {
            return Ok(());
        }
        let mut secured = timeout(SIGN_IN, tls.accept(tcp)).await??;
        shared.note(format!("host {hop}: TLS"));
        talk.secured();
        talk.waits = Some(shared.waits_for_token());
        talk.run(&mut secured).await?;
        // The client may be gone already.
        drop(secured.shutdown().await);
    } else {
        drop(tcp.shutdown().await);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Closed,
    StartTls,
}

/// One connection's talk, over either transport.
struct Talk {
    shared: Arc<Shared>,
    stream: Stream,
    framer: Framer,
    hop: usize,
    began: Instant,
    /// The last element that arrived; white space is none.
    heard: Instant,
    session: Option<Session>,
    /// The token opens the person's picture too.
    sees_photo: bool,
    /// Behind TLS, and no token yet.
    waits: Option<Waits>,
    /// Changes when every connection is to end.
    cut: watch::Receiver<u64>,
}

struct Session {
    id: u64,
    inlet: mpsc::Receiver<Delivery>,
}

enum Turn {
    Read(usize),
    Deliver(Option<Delivery>),
    Idle,
    Cut,
}

impl Talk {
    fn new(shared: Arc<Shared>, stream: Stream, hop: usize) -> Self {
        let framer = Framer::new(Limits::BEFORE_SIGN_IN);
        let now = Instant::now();
        let cut = shared.cuts();
        Self { shared, stream, framer, hop, began: now, heard: now, session: None, sees_photo: false, waits: None, cut }
    }

    fn secured(&mut self) {
        self.stream.secured();
        self.framer = Framer::new(Limits::BEFORE_SIGN_IN);
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin>(&mut self, io: &mut S) -> io::Result<Ended> {
        let mut buffer = vec![0_u8; 8 << 10];
        loop {
            match self.turn(io, &mut buffer).await? {
                Turn::Read(0) | Turn::Idle | Turn::Cut | Turn::Deliver(None) => return Ok(Ended::Closed),
                Turn::Read(length) => {
                    if let Some(ended) = self.feed(io, buffer.get(..length).unwrap_or_default()).await? {
                        return Ok(ended);
                    }
                }
                Turn::Deliver(Some(Delivery::Stanza(stanza))) => write(io, &stanza.to_xml(CLIENT)).await?,
                Turn::Deliver(Some(Delivery::Last(error))) => {
                    write(io, &format!("{}</stream:stream>", error.to_xml(CLIENT))).await?;
                    return Ok(Ended::Closed);
                }
            }
        }
    }

    async fn turn<S: AsyncRead + AsyncWrite + Unpin>(&mut self, io: &mut S, buffer: &mut [u8]) -> io::Result<Turn> {
        let deadline = self.deadline();
        let inlet = self.session.as_mut().map(|session| &mut session.inlet);
        tokio::select! {
            length = io.read(buffer) => length.map(Turn::Read),
            delivery = next(inlet) => Ok(Turn::Deliver(delivery)),
            _ = self.cut.changed() => Ok(Turn::Cut),
            () = sleep_until(deadline) => {
                self.shared.note(format!("host {}: silent too long, cut", self.hop));
                Ok(Turn::Idle)
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let idle = self.shared.switches.idle_kill.and_then(|idle| self.heard.checked_add(idle));
        let sign_in = (!self.stream.is_bound()).then(|| self.began + SIGN_IN);
        idle.into_iter().chain(sign_in).min()
    }

    /// Feeds the framer as far as a frame can reach, and no further: what follows a restart is the new stream's, for
    /// a client may send header, token and header in one go.
    async fn feed<S: AsyncWrite + Unpin>(&mut self, io: &mut S, mut bytes: &[u8]) -> io::Result<Option<Ended>> {
        while !bytes.is_empty() {
            let tag = bytes.iter().position(|&byte| byte == b'>').filter(|_| !self.stream.is_bound());
            let (unit, rest) = bytes.split_at(tag.map_or(bytes.len(), |at| at + 1));
            self.framer.feed(unit);
            bytes = rest;
            match self.take(io).await? {
                Some(Ended::StartTls) if !rest.iter().all(u8::is_ascii_whitespace) => {
                    // Sent by somebody without a key (RFC 6120 section 5.4.3.3).
                    self.shared.note("bytes behind starttls, cut");
                    return Ok(Some(Ended::Closed));
                }
                None => {}
                ended => return Ok(ended),
            }
        }
        Ok(None)
    }

    /// Takes every whole frame that has arrived.
    async fn take<S: AsyncWrite + Unpin>(&mut self, io: &mut S) -> io::Result<Option<Ended>> {
        loop {
            let steps = match self.framer.next_frame() {
                Ok(None) => return Ok(None),
                Ok(Some(frame)) => {
                    self.heard = Instant::now();
                    self.shared.note(seen(self.hop, &frame));
                    let shared = self.shared.clone();
                    let sees_photo = &mut self.sees_photo;
                    self.stream.frame(frame, &mut |token| {
                        *sees_photo = shared.opens_photo(token);
                        shared.owner_of(token)
                    })
                }
                Err(error) => self.stream.broken(error),
            };
            for step in steps {
                if let Some(ended) = self.step(io, step).await? {
                    return Ok(Some(ended));
                }
            }
        }
    }

    async fn step<S: AsyncWrite + Unpin>(&mut self, io: &mut S, step: Step) -> io::Result<Option<Ended>> {
        match step {
            Step::Write(text) => write(io, &text).await?,
            Step::StartTls => return Ok(Some(Ended::StartTls)),
            Step::Restart => {
                self.waits = None;
                self.framer = Framer::new(Limits::BEFORE_SIGN_IN);
            }
            Step::Bound(address) => {
                let Some((id, inlet)) = self.shared.arrived(address) else { return Ok(Some(Ended::Closed)) };
                if self.sees_photo {
                    self.shared.with_service(|service, _| service.let_see_photo(id));
                }
                self.session = Some(Session { id, inlet });
                self.framer.set_limits(Limits { unit: 256 << 10, passes_over: false, ..Limits::SIGNED_IN });
            }
            Step::Stanza(stanza) => {
                if let Some(Session { id, .. }) = self.session {
                    self.shared.with_service(|service, now| service.stanza(now, id, &stanza));
                }
            }
            Step::Note(line) => {
                if line.starts_with("redirect") {
                    self.shared.count_redirect(self.hop);
                }
                self.shared.note(format!("host {}: {line}", self.hop));
            }
            Step::Cut => return Ok(Some(Ended::Closed)),
        }
        Ok(None)
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if let Some(Session { id, .. }) = self.session {
            self.shared.with_service(|service, _| service.left(id));
        }
    }
}

async fn write<S: AsyncWrite + Unpin>(io: &mut S, text: &str) -> io::Result<()> {
    timeout(WRITE, async {
        io.write_all(text.as_bytes()).await?;
        io.flush().await
    })
    .await?
}

async fn next(inlet: Option<&mut mpsc::Receiver<Delivery>>) -> Option<Delivery> {
    match inlet {
        Some(inlet) => inlet.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A frame for the journal, tokens struck out.
fn seen(hop: usize, frame: &Frame) -> String {
    match frame {
        Frame::Open(root) => format!("host {hop}: < header to={}", root.get("to").unwrap_or("nobody")),
        Frame::Element(element) => format!("host {hop}: < {}", element.to_log()),
        Frame::PassedOver(name, why) => format!("host {hop}: < {} ({why})", name.name()),
        Frame::Close => format!("host {hop}: < end"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::{Redirect, Switches, start};

    #[tokio::test]
    async fn elements_put_off_the_cut_and_white_space_does_not() {
        let idle_kill = Some(Duration::from_secs(30));
        let running = start(Switches { idle_kill, redirect: Redirect::Never, ..Switches::default() }).await.unwrap();
        let shared = running.shared.clone();
        let (domain, account) = (shared.domain.clone(), shared.account.clone());
        let stream = Stream::new(shared.switches.clone(), domain, account, None, None, "id".into());
        let mut talk = Talk::new(shared, stream, 0);
        let long_ago = talk.began.checked_sub(Duration::from_secs(20)).unwrap();
        let mut sink = io::sink();
        for (bytes, counts) in [("   \n ", false), ("<stream:stream xmlns:stream='x'>", true)] {
            talk.heard = long_ago;
            talk.framer.feed(bytes.as_bytes());
            talk.take(&mut sink).await.unwrap();
            assert_eq!(talk.deadline() > Some(long_ago + Duration::from_secs(30)), counts, "{bytes:?}");
        }
    }
}
