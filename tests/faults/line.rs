//! A relay on loopback whose connections can stand still without an end: what a half-open line looks like from here.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct State {
    /// Connections with a smaller number stand still.
    still_below: AtomicUsize,
    /// When each connection came.
    came: Mutex<Vec<Instant>>,
}

/// A relay to one server.
pub struct Line {
    pub port: u16,
    state: Arc<State>,
}

impl Line {
    /// To this server, `IP:PORT`.
    pub fn to(server: &str) -> Self {
        let server: SocketAddr = server.parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(State::default());
        let door = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let mut came = door.came.lock().unwrap_or_else(PoisonError::into_inner);
                let number = came.len();
                came.push(Instant::now());
                drop(came);
                // A server that is away closes what comes.
                let Ok(far) = TcpStream::connect(server) else { continue };
                for stream in [&near, &far] {
                    stream.set_nodelay(true).expect("a socket");
                }
                for (from, to) in [(&near, &far), (&far, &near)].map(|(from, to)| (from.try_clone(), to.try_clone())) {
                    let (from, to, state) = (from.expect("a handle"), to.expect("a handle"), Arc::clone(&door));
                    std::thread::spawn(move || pass(from, to, number, &state));
                }
            }
        });
        Self { port, state }
    }

    /// What stands now stands still from now on; what comes later passes.
    pub fn halve(&self) {
        self.state.still_below.store(self.connections(), Ordering::SeqCst);
    }

    /// Nothing passes any more, whatever comes.
    pub fn die(&self) {
        self.state.still_below.store(usize::MAX, Ordering::SeqCst);
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.state.came.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits for the connection of this number, from 0; when it came.
    #[track_caller]
    pub fn came(&self, number: usize) -> Instant {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(came) = self.state.came.lock().unwrap_or_else(PoisonError::into_inner).get(number) {
                return *came;
            }
            assert!(Instant::now() < until, "connection {number} never came");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// One way of one connection. What was read before it stood still is kept from the other side as well.
fn pass(mut from: TcpStream, mut to: TcpStream, number: usize, state: &State) {
    let mut piece = [0; 16 * 1024];
    loop {
        let count = from.read(&mut piece).unwrap_or(0);
        while state.still_below.load(Ordering::SeqCst) > number {
            std::thread::sleep(Duration::from_millis(20));
        }
        if count == 0 || to.write_all(&piece[..count]).is_err() {
            drop(to.shutdown(std::net::Shutdown::Both));
            return;
        }
    }
}
