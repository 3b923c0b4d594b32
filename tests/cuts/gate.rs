//! A relay on loopback that cuts one connection after an exact number of bytes.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// How long a cut connection is still listened to, so that its end is a FIN and not a reset.
const DRAIN: Duration = Duration::from_secs(2);

/// Which way bytes go, seen from butty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Out,
    In,
}

impl Way {
    pub const BOTH: [Self; 2] = [Self::Out, Self::In];
}

/// Where a connection ends: behind so many bytes of one way. Nothing passes afterwards, in either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub way: Way,
    pub after: usize,
    /// By RST in place of FIN.
    pub reset: bool,
}

#[derive(Default)]
struct Plan {
    to: Option<SocketAddr>,
    /// For the next connection.
    cut: Option<Cut>,
    /// It was cut.
    done: bool,
    /// Bytes of each connection, out and in.
    passed: Vec<[usize; 2]>,
    /// How often the gate was armed.
    armed: u32,
    /// Connections that stand, or did.
    standing: Vec<Arc<Notify>>,
}

/// The gate behind, and its port.
type Next = Option<(u16, Arc<Mutex<Plan>>)>;

/// A relay. Clones are the same one.
#[derive(Clone)]
pub struct Gate {
    pub port: u16,
    number: IpAddr,
    plan: Arc<Mutex<Plan>>,
}

impl Gate {
    /// One that leads to an address, and has the same number but for the port.
    pub async fn to(address: SocketAddr) -> Self {
        Self::open(address.ip(), Some(address), None).await
    }

    /// Two: the first leads to an address. What that redirects to lies behind the second, which the redirect names by
    /// then.
    pub async fn pair(address: SocketAddr) -> (Self, Self) {
        let second = Self::open(address.ip(), None, None).await;
        let first = Self::open(address.ip(), Some(address), Some((second.port, Arc::clone(&second.plan)))).await;
        (first, second)
    }

    async fn open(near: IpAddr, to: Option<SocketAddr>, next: Next) -> Self {
        let listener = TcpListener::bind((near, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::new(Mutex::new(Plan { to, ..Plan::default() }));
        let gate = Self { port, number: near, plan };
        let door = gate.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                door.admit(near, next.clone());
            }
        });
        gate
    }

    /// Gates behind an HTTP proxy, which leads everything to this number: to the first gate what is the first to its
    /// port since the gate was armed, to the second what comes to that port later, to the third all else.
    pub async fn behind_a_proxy(number: IpAddr, port: u16) -> ([Self; 3], u16) {
        let gates = [port, port, 0].map(|port| Self { port, number, plan: Arc::default() });
        let listener = TcpListener::bind((number, 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let doors = gates.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let Some(wanted) = asked_for(&mut near).await else { continue };
                let is_first = wanted == port && doors[0].plan.lock().unwrap().passed.is_empty();
                let door = if is_first { &doors[0] } else { &doors[if wanted == port { 1 } else { 2 }] };
                door.plan.lock().unwrap().to = Some(SocketAddr::from((number, wanted)));
                door.admit(near, None);
            }
        });
        (gates, own)
    }

    /// The address that it listens at.
    pub fn number(&self) -> IpAddr {
        self.number
    }

    fn admit(&self, near: TcpStream, next: Next) {
        let mut plan = self.plan.lock().unwrap();
        plan.passed.push([0; 2]);
        let (cut, number, to) = (plan.cut.take(), (plan.armed, plan.passed.len() - 1), plan.to);
        tokio::spawn(Relay { plan: Arc::clone(&self.plan), number, to, cut, next }.run(near));
    }

    /// The next connection is cut there; what was passed so far is forgotten.
    pub fn arm(&self, cut: Option<Cut>) {
        let mut plan = self.plan.lock().unwrap();
        plan.cut = cut;
        plan.done = false;
        plan.armed += 1;
        plan.passed.clear();
    }

    /// Ends every connection that stands.
    pub fn end_all(&self) {
        for standing in self.plan.lock().unwrap().standing.drain(..) {
            standing.notify_one();
        }
    }

    /// The cut was made.
    pub fn has_cut(&self) -> bool {
        self.plan.lock().unwrap().done
    }

    /// Bytes of each connection since the gate was armed, out and in.
    pub fn passed(&self) -> Vec<[usize; 2]> {
        self.plan.lock().unwrap().passed.clone()
    }
}

/// The port that a client asks an HTTP proxy for; it is told that the way is open.
async fn asked_for(near: &mut TcpStream) -> Option<u16> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.ok()?);
    }
    let place = std::str::from_utf8(&head).ok()?.strip_prefix("CONNECT ")?.split(' ').next()?;
    near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    place.rsplit_once(':')?.1.parse().ok()
}

struct Relay {
    plan: Arc<Mutex<Plan>>,
    /// How often the gate had been armed, and the number of the connection since then.
    number: (u32, usize),
    to: Option<SocketAddr>,
    cut: Option<Cut>,
    next: Next,
}

impl Relay {
    async fn run(self, near: TcpStream) {
        near.set_nodelay(true).unwrap();
        let far = match self.to {
            Some(to) if self.cut.is_none_or(|cut| cut.after > 0) => TcpStream::connect(to).await.ok(),
            _ => None,
        };
        let Some(far) = far else {
            return self.end(near, None).await;
        };
        far.set_nodelay(true).unwrap();
        let standing = Arc::new(Notify::new());
        self.plan.lock().unwrap().standing.push(Arc::clone(&standing));
        let (mut near_in, mut near_out) = near.into_split();
        let (mut far_in, mut far_out) = far.into_split();
        let whole = {
            let out = self.pass(Way::Out, &mut near_in, &mut far_out);
            let back = self.pass(Way::In, &mut far_in, &mut near_out);
            tokio::pin!(out, back);
            // Both have ended, or one was cut.
            tokio::select! {
                whole = &mut out => whole && back.await,
                whole = &mut back => whole && out.await,
                () = standing.notified() => true,
            }
        };
        let near = near_in.reunite(near_out).unwrap();
        let far = far_in.reunite(far_out).unwrap();
        if !whole {
            self.end(near, Some(far)).await;
        }
    }

    /// False: it was cut.
    async fn pass(&self, way: Way, from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> bool {
        let limit = self.cut.filter(|cut| cut.way == way).map(|cut| cut.after);
        let mut buffer = vec![0; 16 * 1024];
        let mut passed = 0;
        loop {
            let Ok(count @ 1..) = from.read(&mut buffer).await else {
                drop(to.shutdown().await);
                return true;
            };
            let piece = self.turned(way, &buffer[..count]);
            let piece = &piece[..piece.len().min(limit.unwrap_or(usize::MAX) - passed)];
            if to.write_all(piece).await.is_err() {
                return true;
            }
            passed += piece.len();
            self.count(way, piece.len());
            if limit == Some(passed) {
                return false;
            }
        }
    }

    fn count(&self, way: Way, bytes: usize) {
        let mut plan = self.plan.lock().unwrap();
        let (armed, number) = self.number;
        if armed == plan.armed {
            plan.passed[number][usize::from(way == Way::In)] += bytes;
        }
    }

    /// A redirect leads through the next gate.
    fn turned(&self, way: Way, piece: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(piece).ok().filter(|_| way == Way::In);
        let (Some((port, plan)), Some((head, rest))) =
            (&self.next, text.and_then(|text| text.split_once("<see-other")))
        else {
            return piece.to_vec();
        };
        let (place, tail) = rest.split_once("</see-other-host>").expect("a redirect in one piece");
        let (host, real) = place.rsplit_once(':').expect("a redirect with a port");
        plan.lock().unwrap().to = Some(SocketAddr::from(([127, 0, 0, 1], real.parse().unwrap())));
        format!("{head}<see-other{host}:{port}</see-other-host>{tail}").into_bytes()
    }

    async fn end(&self, mut near: TcpStream, far: Option<TcpStream>) {
        {
            let mut plan = self.plan.lock().unwrap();
            plan.done |= plan.armed == self.number.0;
        }
        if self.cut.is_some_and(|cut| cut.reset) {
            // Dropped like this they are reset.
            near.set_zero_linger().unwrap();
            if let Some(far) = far {
                far.set_zero_linger().unwrap();
            }
            return;
        }
        drop(near.shutdown().await);
        let mut far = far;
        if let Some(far) = &mut far {
            drop(far.shutdown().await);
        }
        // With unread bytes a close would be a reset.
        let rest = async {
            let mut buffer = [0; 1024];
            while matches!(near.read(&mut buffer).await, Ok(1..)) {}
        };
        drop(tokio::time::timeout(DRAIN, rest).await);
    }
}
