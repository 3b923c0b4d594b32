//! A relay that lets every byte wait, each way.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

/// How long everything takes.
#[derive(Clone, Copy)]
pub struct Delay {
    /// Each way.
    pub way: Duration,
    /// The handshake of TCP takes a round trip too.
    pub handshake: bool,
}

/// A relay to one address.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    accepted: Arc<Mutex<Option<Instant>>>,
    cut: watch::Sender<u32>,
}

impl Proxy {
    /// Starts one.
    pub async fn start(to: SocketAddr, delay: Delay) -> Self {
        Self::start_at([127, 0, 0, 1], to, delay).await
    }

    /// Starts one at this address.
    pub async fn start_at(at: [u8; 4], to: SocketAddr, delay: Delay) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((at, 0))).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::new(Mutex::new(None));
        let (cut, cuts) = watch::channel(0);
        let noted = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                *noted.lock().unwrap() = Some(Instant::now());
                let mut cuts = cuts.clone();
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    tokio::select! {
                        () = relay(near, to, delay) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { port, accepted, cut }
    }

    /// When the last connection began.
    pub fn began(&self) -> Instant {
        self.accepted.lock().unwrap().expect("somebody has come")
    }

    /// Cuts every connection.
    pub fn cut(&self) {
        self.cut.send_modify(|count| *count += 1);
    }
}

async fn relay(near: TcpStream, to: SocketAddr, delay: Delay) {
    relay_noting(near, to, delay, None).await;
}

/// When something passed, and whether it was for butty.
pub type Noted = Arc<Mutex<Vec<(Instant, bool)>>>;

/// Relays, and notes when what was said came to its end.
pub async fn relay_noting(near: TcpStream, to: SocketAddr, delay: Delay, noted: Option<Noted>) {
    let begun = Instant::now();
    let far = TcpStream::connect(to).await.unwrap();
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    // Nobody says a word before the handshake is through.
    let open = if delay.handshake { begun + 2 * delay.way } else { begun };
    let delay = delay.way;
    let note = |answer| {
        if let Some(noted) = &noted {
            noted.lock().unwrap().push((Instant::now(), answer));
        }
    };
    let (out, back) = (|| note(false), || note(true));
    tokio::join!(pass(near_in, far_out, delay, open, out), pass(far_in, near_out, delay, open, back));
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    delay: Duration,
    open: Instant,
    passed: impl Fn(),
) {
    let (sender, mut waiting) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reader = async move {
        let mut piece = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut piece).await {
            let bytes = piece.get(..count).unwrap_or_default().to_vec();
            if sender.send((Instant::now().max(open) + delay, bytes)).is_err() {
                return;
            }
        }
    };
    let writer = async move {
        while let Some((due, bytes)) = waiting.recv().await {
            sleep_until(due.into()).await;
            // Before it is there: what it brings about comes after it.
            passed();
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(reader, writer);
}
