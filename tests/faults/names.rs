//! A resolver that can be dead: it hears questions and says nothing, until it is woken and asks the real one.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A relay to a resolver.
pub struct Names {
    pub address: String,
    alive: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Names {
    /// Dead, with the real one behind it.
    pub fn dead_before(real: &str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("bound").to_string();
        let (alive, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (awake, counter, real) = (Arc::clone(&alive), Arc::clone(&asked), real.to_owned());
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok((count, from)) = socket.recv_from(&mut piece) {
                counter.fetch_add(1, Ordering::SeqCst);
                if !awake.load(Ordering::SeqCst) {
                    continue;
                }
                let beyond = UdpSocket::bind("127.0.0.1:0").expect("a port");
                beyond.set_read_timeout(Some(Duration::from_secs(2))).expect("a socket");
                beyond.send_to(&piece[..count], &real).expect("the resolver is there");
                let mut answer = [0; 4096];
                if let Ok(count) = beyond.recv(&mut answer) {
                    drop(socket.send_to(&answer[..count], from));
                }
            }
        });
        Self { address, alive, asked }
    }

    /// From now on it answers.
    pub fn wake(&self) {
        self.alive.store(true, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
