//! Where to cut, and what came of it.

use super::gate::{Cut, Way};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every so many bytes, unless the whole sweep is wanted.
const STEP: usize = 37;

/// One place to cut: at which gate, and where.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub gate: usize,
    pub cut: Cut,
}

/// Every position of a sign-in whose first connections were so many bytes long, out and in, at each gate.
/// FIN and RST take turns.
pub fn positions(lengths: &[[usize; 2]]) -> Vec<Position> {
    let step = if std::env::var_os("BUTTY_LONG").is_some() { 1 } else { STEP };
    let mut positions = Vec::new();
    for (gate, length) in lengths.iter().enumerate() {
        for (way, length) in Way::BOTH.into_iter().zip(*length) {
            for after in (0..=length).step_by(step) {
                let reset = positions.len() % 2 == 1;
                positions.push(Position { gate, cut: Cut { way, after, reset } });
            }
        }
    }
    positions
}

/// What came of a sweep.
#[derive(Default)]
pub struct Figures {
    positions: AtomicUsize,
    /// The cut fell into the sign-in.
    cut: AtomicUsize,
    signed_in: AtomicUsize,
    /// Refresh tokens that the issuer took and answered for in vain.
    pub spent: AtomicUsize,
    faults: Mutex<Vec<String>>,
}

impl Figures {
    /// One position: whether the connection was cut, and what went wrong.
    pub fn note(&self, position: Position, cut: bool, outcome: Result<(), String>) {
        self.positions.fetch_add(1, Ordering::Relaxed);
        self.cut.fetch_add(usize::from(cut), Ordering::Relaxed);
        match outcome {
            Ok(()) => {
                self.signed_in.fetch_add(1, Ordering::Relaxed);
            }
            Err(fault) => self.faults.lock().unwrap().push(format!("{position:?}: {fault}")),
        }
    }

    /// Prints the figures; every position must have gone well.
    #[track_caller]
    pub fn close(&self, name: &str, lengths: &[[usize; 2]]) {
        println!("{name}: bytes out and in {lengths:?}; {self}");
        let faults = self.faults.lock().unwrap();
        assert!(faults.is_empty(), "{name}: {} of them:\n{}", faults.len(), faults.join("\n"));
        assert!(self.positions.load(Ordering::Relaxed) > 0);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        write!(
            f,
            "{} positions, {} of them cut, {} signed in afterwards and again from the store, {} crashes, {} answers lost \
             with a new refresh token in them",
            count(&self.positions),
            count(&self.cut),
            count(&self.signed_in),
            CRASHES.load(Ordering::Relaxed),
            count(&self.spent),
        )
    }
}

/// Panics of this process, in whatever task.
pub static CRASHES: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from here on.
pub fn count_crashes() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            CRASHES.fetch_add(1, Ordering::Relaxed);
            before(info);
        }));
    });
}
