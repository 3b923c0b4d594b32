//! Where to cut, and what came of it.

use super::gate::{Cut, Gate, Way};
use super::home::Home;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Every so many bytes is cut, unless the whole sweep is wanted.
const STEP: usize = 37;

/// One place to cut: at which gate, and where.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub gate: usize,
    pub cut: Cut,
}

/// The whole sweep is wanted.
pub fn is_long() -> bool {
    std::env::var_os("BUTTY_LONG").is_some()
}

/// Every position of a sign-in whose first connections were so many bytes long, out and in, at each gate.
/// FIN and RST take turns.
fn positions(lengths: &[[usize; 2]], swept: impl Fn(usize) -> bool) -> Vec<Position> {
    let step = if is_long() { 1 } else { STEP };
    let mut positions = Vec::new();
    for (gate, length) in lengths.iter().enumerate().filter(|(gate, _)| swept(*gate)) {
        for (way, length) in Way::BOTH.into_iter().zip(*length) {
            for after in (0..=length).step_by(step) {
                let reset = positions.len() % 2 == 1;
                positions.push(Position { gate, cut: Cut { way, after, reset } });
            }
        }
    }
    positions
}

/// Somebody who signs in, and the gates on the way.
pub trait World: Sized + Send + Sync + 'static {
    /// The row's own: nobody else signs in with what is kept there. It has signed in once.
    fn open(row: usize) -> impl Future<Output = Self> + Send;
    fn home(&self) -> &Home;
    fn gates(&self) -> &[Gate];
    /// What is kept is made such that the next sign-in is the one to be cut.
    fn prepare(&self);
    /// Whether what is kept works after that sign-in, without a person.
    fn prove(&self) -> impl Future<Output = Result<Proof, String>> + Send;
    /// Signs in like the first time, with a person if there has to be one.
    fn begin_anew(&self) -> impl Future<Output = ()> + Send;
    /// The sign-in that is cut; its mechanism. Usually nobody but what is kept helps.
    fn sign_in(&self) -> impl Future<Output = Result<String, String>> + Send {
        self.home().visit()
    }
    /// False: what passes there belongs to another sweep.
    fn is_swept(&self, _gate: usize) -> bool {
        true
    }
    /// The connection of its gate that is cut: all but the first are spared.
    fn arm(&self, position: Option<Position>) {
        for (number, gate) in self.gates().iter().enumerate() {
            gate.arm(position.filter(|position| position.gate == number).map(|position| position.cut));
        }
    }
}

/// Cuts at every position, in so many rows at a time, and prints what came of it.
pub async fn sweep<W: World>(name: &str, rows: usize) -> String {
    let crashes = count_crashes();
    let begun = std::time::Instant::now();
    let world = W::open(0).await;
    world.prepare();
    world.arm(None);
    let (gates, lengths) = (world.gates().to_vec(), Arc::new(Mutex::new(Vec::new())));
    let noted = Arc::clone(&lengths);
    world.home().when_bound(move || {
        let length = |gate: &Gate| gate.passed().first().copied().expect("it was passed");
        *noted.lock().unwrap() = gates.iter().map(length).collect();
    });
    let mechanism = world.sign_in().await.unwrap();
    let lengths = lengths.lock().unwrap().clone();
    let list = part(positions(&lengths, |gate| world.is_swept(gate)));
    let (list, lengths) = (Arc::new(list), Arc::new(lengths));
    let figures = Arc::new(Figures { crashes_before: crashes, ..Figures::default() });
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for row in 1..=rows {
        let (list, lengths, figures, next) = (list.clone(), lengths.clone(), figures.clone(), next.clone());
        tasks.spawn(async move {
            let world = W::open(row).await;
            while let Some(&position) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
                visit(&world, position, &lengths, &figures).await;
            }
        });
    }
    while let Some(row) = tasks.join_next().await {
        row.unwrap();
    }
    figures.close(&format!("{name} ({}, {:?})", mechanism.trim(), begun.elapsed()), &lengths);
    mechanism.trim().to_owned()
}

/// A whole sweep may take hours: `BUTTY_PART=2/8` is the second of its eight parts, which lie in one another.
fn part(list: Vec<Position>) -> Vec<Position> {
    let Ok(text) = std::env::var("BUTTY_PART") else { return list };
    let (number, parts) = text.split_once('/').expect("a part, such as 2/8");
    let (number, parts): (usize, usize) = (number.parse().unwrap(), parts.parse().unwrap());
    assert!((1..=parts).contains(&number), "{text}");
    list.into_iter().skip(number - 1).step_by(parts).collect()
}

async fn visit<W: World>(world: &W, position: Position, lengths: &[[usize; 2]], figures: &Figures) {
    world.prepare();
    world.arm(Some(position));
    let mut outcome = world.sign_in().await.map(drop);
    let gate = &world.gates()[position.gate];
    let (cut, passed) = (gate.has_cut(), gate.passed().first().copied().unwrap_or_default());
    world.arm(None);
    if outcome.is_ok() {
        outcome = match world.prove().await {
            Ok(Proof::Works) => Ok(()),
            Ok(Proof::Spent) if may_be_spent(position.cut, passed, lengths[position.gate]) => {
                figures.spent.fetch_add(1, Ordering::Relaxed);
                world.begin_anew().await;
                Ok(())
            }
            Ok(Proof::Spent) => {
                figures.lost.fetch_add(1, Ordering::Relaxed);
                Err(format!("the refresh token is lost, {passed:?} had passed"))
            }
            Err(fault) => Err(format!("the next time: {fault}")),
        };
    }
    if outcome.is_err() {
        world.begin_anew().await;
    }
    figures.note(position, cut, outcome);
}

/// What is left after a sign-in that was cut.
pub enum Proof {
    Works,
    /// It signs in, but the refresh token is used up.
    Spent,
}

/// True where no client can help it: the issuer had the whole request, took the refresh token for it, and its answer with
/// the new one did not get through. `passed` is what did, `whole` what passes when nothing is cut; the last bytes out are
/// the end of TLS.
fn may_be_spent(cut: Cut, passed: [usize; 2], whole: [usize; 2]) -> bool {
    const CLOSE_NOTIFY: usize = 24;
    // In a form a token is longer by two for each character that has to be written as a number.
    const SPREAD: usize = 60;
    let asked = passed[0] + CLOSE_NOTIFY + SPREAD >= whole[0];
    let answered = cut.way == Way::In && cut.after >= whole[1];
    asked && !answered
}

/// What came of a sweep.
#[derive(Default)]
struct Figures {
    /// Panics of earlier sweeps.
    crashes_before: usize,
    positions: AtomicUsize,
    /// The cut fell into the sign-in.
    cut: AtomicUsize,
    signed_in: AtomicUsize,
    /// Refresh tokens that should be there.
    lost: AtomicUsize,
    /// Refresh tokens that the issuer took and answered for in vain.
    spent: AtomicUsize,
    faults: Mutex<Vec<String>>,
}

impl Figures {
    /// One position: whether the connection was cut, and what went wrong.
    fn note(&self, position: Position, cut: bool, outcome: Result<(), String>) {
        self.positions.fetch_add(1, Ordering::Relaxed);
        self.cut.fetch_add(usize::from(cut), Ordering::Relaxed);
        match outcome {
            Ok(()) => {
                self.signed_in.fetch_add(1, Ordering::Relaxed);
            }
            Err(fault) => self.faults.lock().unwrap().push(format!("{position:?}: {fault}")),
        }
    }

    fn crashes(&self) -> usize {
        CRASHES.load(Ordering::Relaxed) - self.crashes_before
    }

    /// Prints the figures; every position must have gone well.
    #[track_caller]
    fn close(&self, name: &str, lengths: &[[usize; 2]]) {
        println!("{name}: bytes out and in {lengths:?}; {self}");
        let faults = self.faults.lock().unwrap();
        assert!(faults.is_empty(), "{name}: {} of them:\n{}", faults.len(), faults.join("\n"));
        // Lengths differ by some bytes from one sign-in to the next, so that the last cuts may fall behind the end.
        let (positions, cut) = (self.positions.load(Ordering::Relaxed), self.cut.load(Ordering::Relaxed));
        assert!(positions > 0 && cut * 10 >= positions * 9, "{name}: nothing to cut at {} positions", positions - cut);
        assert_eq!(self.crashes(), 0, "{name}");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        write!(
            f,
            "{} positions, {} of them cut, {} signed in afterwards, {} crashes, {} refresh tokens lost by butty, {} spent by \
             answers that were cut",
            count(&self.positions),
            count(&self.cut),
            count(&self.signed_in),
            self.crashes(),
            count(&self.lost),
            count(&self.spent),
        )
    }
}

/// Panics of this process, in whatever task.
static CRASHES: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from here on; how many there were.
fn count_crashes() -> usize {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            CRASHES.fetch_add(1, Ordering::Relaxed);
            before(info);
        }));
    });
    CRASHES.load(Ordering::Relaxed)
}
