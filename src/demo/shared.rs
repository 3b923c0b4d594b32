//! What the listeners share: the two cores behind locks, the clock, the journal.
//!
//! Locks are held for one call of a core and never over a wait. A lock whose holder panicked is taken as it is: the
//! cores keep no half-made state between two statements that could stop.

use super::oauth::{Desk, hex};
use super::service::{Delivery, Service};
use super::stanza::shortened;
use super::switches::Switches;
use crate::types::{BareJid, Domain, FullJid, Now, Stamp};
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, mpsc, watch};

/// Lines of the journal that are kept.
const JOURNAL: usize = 4_000;
/// Characters of a line.
const LINE: usize = 600;
/// Stanzas that wait for one slow reader; more ends it.
const OUTLET: usize = 1_024;

/// Everything that the listeners share.
pub(super) struct Shared {
    pub(super) switches: Switches,
    pub(super) domain: Domain,
    pub(super) account: BareJid,
    /// Name of the person who signs in.
    pub(super) you: String,
    /// Their e-mail.
    pub(super) email: String,
    /// `http://127.0.0.1:PORT`.
    pub(super) page_origin: String,
    /// Proves that a typed code comes from the page itself.
    pub(super) proof: String,
    /// Somebody else, who can agree in that person's place.
    stranger: BareJid,
    /// `https://login.demo.butty:PORT`.
    pub(super) issuer: String,
    /// Text of see-other-host for the first host and for each gateway that passes on.
    pub(super) targets: Vec<Option<String>>,
    clock: Clock,
    desk: Mutex<Desk>,
    hub: Mutex<Hub>,
    journal: Mutex<VecDeque<String>>,
    wrong_codes: AtomicU32,
    redirected: AtomicU32,
    /// The sign-in service's clock is so much ahead.
    ahead: Mutex<Duration>,
    refuses: AtomicBool,
    /// Connections behind TLS that have shown no token yet.
    waiting: watch::Sender<usize>,
    cut: watch::Sender<u64>,
    /// Wakes whoever waits for the next thing that is due.
    wake: Notify,
}

/// The clocks, read here and nowhere else in the demo.
struct Clock {
    started: Instant,
}

struct Hub {
    service: Service,
    outlets: HashMap<u64, mpsc::Sender<Delivery>>,
}

/// What a run is made of, before it listens.
pub(super) struct Parts {
    pub(super) switches: Switches,
    pub(super) account: BareJid,
    pub(super) you: String,
    pub(super) email: String,
    pub(super) page_origin: String,
    pub(super) issuer: String,
    pub(super) targets: Vec<Option<String>>,
    pub(super) desk: Desk,
    pub(super) service: Service,
}

impl Shared {
    pub(super) fn new(parts: Parts) -> io::Result<Self> {
        Ok(Self {
            stranger: BareJid::parse(&format!("{}@{}", random_hex(16)?, parts.account.domain()))
                .map_err(io::Error::other)?,
            domain: parts.account.domain(),
            switches: parts.switches,
            account: parts.account,
            you: parts.you,
            email: parts.email,
            page_origin: parts.page_origin,
            issuer: parts.issuer,
            proof: random_hex(24)?,
            targets: parts.targets,
            clock: Clock::start(),
            desk: Mutex::new(parts.desk),
            hub: Mutex::new(Hub { service: parts.service, outlets: HashMap::new() }),
            journal: Mutex::default(),
            wrong_codes: AtomicU32::new(0),
            redirected: AtomicU32::new(0),
            ahead: Mutex::default(),
            refuses: AtomicBool::new(false),
            waiting: watch::Sender::new(0),
            cut: watch::Sender::new(0),
            wake: Notify::new(),
        })
    }

    pub(super) fn now(&self) -> Now {
        self.clock.now()
    }

    /// The time that the sign-in service goes by.
    pub(super) fn desk_time(&self) -> Now {
        self.now().after(*self.ahead.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Moves that time on.
    pub(super) fn pass(&self, time: Duration) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        *ahead = ahead.saturating_add(time);
    }

    /// From now on XMPP refuses every token, or no longer.
    pub(super) fn refuse(&self, all: bool) {
        self.refuses.store(all, Ordering::Relaxed);
    }

    /// Whose token this is, if it opens XMPP.
    pub(super) fn owner_of(&self, token: &str) -> Option<BareJid> {
        let person = self.desk().person_of(self.desk_time(), token)?;
        let refused = self.refuses.load(Ordering::Relaxed);
        (!refused).then(|| if person == 0 { self.account.clone() } else { self.stranger.clone() })
    }

    /// Whether it also opens the person's picture.
    pub(super) fn opens_photo(&self, token: &str) -> bool {
        self.desk().opens_photo(self.desk_time(), token)
    }

    /// Where the metadata is, if there is any.
    pub(super) fn metadata(&self) -> Option<String> {
        self.switches.modern.then(|| format!("{}{}", self.issuer, super::web::METADATA))
    }

    /// Counts a connection that stands behind TLS and has shown no token yet.
    pub(super) fn waits_for_token(self: &Arc<Self>) -> Waits {
        self.waiting.send_modify(|count| *count += 1);
        Waits(self.clone())
    }

    /// Until there is such a connection.
    pub(super) async fn until_one_waits(&self) {
        // The sender lives as long as this does.
        drop(self.waiting.subscribe().wait_for(|count| *count > 0).await);
    }

    /// Ends every connection to XMPP.
    pub(super) fn cut(&self) {
        self.cut.send_modify(|count| *count += 1);
    }

    /// Tells when that happens.
    pub(super) fn cuts(&self) -> watch::Receiver<u64> {
        self.cut.subscribe()
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a line into the journal. Whoever calls sees to it that no secret is in it.
    pub(super) fn note(&self, line: impl AsRef<str>) {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.len() >= JOURNAL {
            journal.pop_front();
        }
        journal.push_back(shortened(line.as_ref(), LINE));
    }

    pub(super) fn journal(&self) -> Vec<String> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn wrong_codes(&self) -> u32 {
        self.wrong_codes.load(Ordering::Relaxed)
    }

    pub(super) fn count_wrong_code(&self) {
        self.wrong_codes.fetch_add(1, Ordering::Relaxed);
    }

    /// Where a connection to host number `hop` is sent; the first host sends on once in a run, unless it always does.
    pub(super) fn redirect(&self, hop: usize) -> Option<String> {
        let target = self.targets.get(hop)?.clone()?;
        let again = hop == 0 && !self.switches.redirect_always && self.redirected.load(Ordering::Relaxed) > 0;
        (!again).then_some(target)
    }

    /// A redirect of the first host was told.
    pub(super) fn count_redirect(&self, hop: usize) {
        self.redirected.fetch_add(u32::from(hop == 0), Ordering::Relaxed);
    }

    /// A resource was bound: its number, and what is for it. `None`: too many.
    pub(super) fn arrived(&self, address: FullJid) -> Option<(u64, mpsc::Receiver<Delivery>)> {
        let mut hub = self.hub();
        let id = hub.service.arrived(address);
        let (outlet, inlet) = mpsc::channel(OUTLET);
        if let Some(id) = id {
            hub.outlets.insert(id, outlet);
        }
        hub.deliver();
        id.map(|id| (id, inlet))
    }

    /// One call of the service, and the delivery of what it said.
    pub(super) fn with_service<R>(&self, call: impl FnOnce(&mut Service, Now) -> R) -> R {
        let now = self.now();
        let mut hub = self.hub();
        let result = call(&mut hub.service, now);
        hub.deliver();
        drop(hub);
        self.wake.notify_one();
        result
    }

    /// Does what is due, for ever.
    pub(super) async fn keep_time(&self) {
        loop {
            let now = self.now();
            let due = {
                let mut hub = self.hub();
                hub.service.tick(now);
                hub.deliver();
                hub.service.next_deadline()
            };
            let wait = due.map_or(Duration::from_secs(3_600), |due| due.saturating_sub(now.mono));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection that waits for its token.
pub(super) struct Waits(Arc<Shared>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Hub {
    /// Hands out what the service said. A reader too slow for its outlet loses it, and its connection ends.
    fn deliver(&mut self) {
        for (id, delivery) in self.service.drain() {
            let last = matches!(delivery, Delivery::Last(_));
            let full = self.outlets.get(&id).is_some_and(|outlet| outlet.try_send(delivery).is_err());
            if last || full {
                self.outlets.remove(&id);
                self.service.left(id);
            }
        }
    }
}

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "the demo's one clock; below it time is an argument")]
    fn start() -> Self {
        Self { started: Instant::now() }
    }

    #[allow(clippy::disallowed_methods, reason = "the demo's one clock; below it time is an argument")]
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Now { mono: self.started.elapsed(), wall: Stamp(i64::try_from(wall).unwrap_or(i64::MAX)) }
    }
}

/// Fills a slice by the system's chance.
pub(super) fn fill(bytes: &mut [u8]) -> Option<()> {
    SystemRandom::new().fill(bytes).ok()
}

/// So many random bytes as hex digits.
pub(super) fn random_hex(bytes: usize) -> io::Result<String> {
    let mut random = vec![0_u8; bytes];
    fill(&mut random).ok_or_else(|| io::Error::other("no random numbers"))?;
    Ok(hex(&random))
}
