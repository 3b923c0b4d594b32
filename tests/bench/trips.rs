//! Round trips to a usable session, counted from outside: butty signs in through a proxy that delays each direction.
//!
//!     tests/servers/up dns prosody12 prosody13 ejabberd DATA
//!     BUTTY_PEERS=DATA cargo bench --features peers --bench trips -- [--runs N] [--trip MS] [--handshake 1]
//!     tests/servers/down DATA
//!
//! Each way is walked at its first visit, with nothing known of the server, and again by another link that knows what
//! the first one learned. Time runs from the connection's beginning (so names are left out) to the moment from which
//! messages may flow. Trips are the difference that the delay makes, divided by it: what the computers themselves need falls
//! out. The best of the runs counts.
//!
//! The first row is what all others are measured against: a bare client that sends PLAIN without looking, which needs 0.42 s
//! at 100 ms where the proxy delays what is said and the kernel answers for TCP's handshake. With `--handshake 1` that costs
//! its trip as well, in every row.
//!
//! Nothing is asserted on time: only a sign-in that fails ends the bench.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench may stop")]
#![allow(clippy::disallowed_methods, reason = "benches live in real time and are told where the server is")]

#[path = "trips/blind.rs"]
mod blind;
#[path = "trips/device.rs"]
mod device;
#[path = "../cuts/home.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod home;
#[path = "../harness/link.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod link;
#[path = "trips/proxy.rs"]
mod proxy;
#[path = "trips/tokens.rs"]
mod tokens;
#[path = "trips/visit.rs"]
mod visit;

use butty::app::setup::TlsMode;
use proxy::Delay;
use std::time::Duration;
use visit::{Secret, Visitor, Way};

/// What is walked: a name, the way, and the most that it may take by the plan, in seconds at a trip of 100 ms.
fn ways() -> Vec<(&'static str, Way, (f64, f64))> {
    let way = |domain, address, tls, secret| Way { domain, address, tls, secret, short: false };
    let alpha = |tls, secret| way("alpha.test", "127.0.0.13", tls, secret);
    let short = |tls| Way { short: true, ..alpha(tls, Secret::Password) };
    vec![
        ("STARTTLS, SASL2, one message", alpha(TlsMode::StartTls, Secret::Token), (0.55, 0.45)),
        ("STARTTLS, SASL2, SCRAM", alpha(TlsMode::StartTls, Secret::Password), (0.65, 0.55)),
        ("STARTTLS, SASL, one message", way("ej23.test", "127.0.0.23", TlsMode::StartTls, Secret::Token), (0.55, 0.45)),
        ("STARTTLS, SASL, SCRAM", way("p12.test", "127.0.0.12", TlsMode::StartTls, Secret::Password), (0.65, 0.55)),
        ("direct TLS, SASL2, one message", alpha(TlsMode::Direct, Secret::Token), (0.45, 0.35)),
        ("direct TLS, SASL2, SCRAM", alpha(TlsMode::Direct, Secret::Password), (0.55, 0.45)),
        ("direct TLS, FAST", short(TlsMode::Direct), (0.55, 0.35)),
        ("STARTTLS, FAST", short(TlsMode::StartTls), (0.65, 0.45)),
    ]
}

fn main() {
    let (mut runs, mut trip, mut handshake) = (3_usize, Duration::from_millis(100), false);
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench"); // cargo's own
    while let Some(argument) = arguments.next() {
        let number = arguments.next().and_then(|text| text.parse().ok()).expect("a number");
        match argument.as_str() {
            "--runs" => runs = usize::try_from(number).expect("a few runs"),
            "--trip" => trip = Duration::from_millis(number),
            "--handshake" => handshake = number > 0,
            other => panic!("no such option: {other}"),
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (none, far_off) = (Delay { way: Duration::ZERO, handshake }, Delay { way: trip / 2, handshake });
    let tcp = if handshake { "counted" } else { "not counted" };
    println!("round trips to a usable session, at {} ms each, TCP's {tcp}; best of {runs}", trip.as_millis());
    println!("{:<34}{:>21}{:>23}{:>16}", "", "first visit", "after", "taken up");
    let (near, far) = (runtime.block_on(blind::best(runs, none)), runtime.block_on(blind::best(runs, far_off)));
    let trips = far.saturating_sub(near).as_secs_f64() / trip.as_secs_f64();
    println!("{:<34}{:>12.2} s {trips:>4.1}", "STARTTLS, PLAIN unseen (no butty)", far.as_secs_f64());
    for (name, way, plan) in ways() {
        let visitor = Visitor::new(way);
        let near = runtime.block_on(visitor.best(runs, none));
        let far = runtime.block_on(visitor.best(runs, far_off));
        let cell = |at: usize| {
            let (Some(near), Some(far)) = (near.get(at).copied().flatten(), far.get(at).copied().flatten()) else {
                return "–".to_owned();
            };
            let trips = far.saturating_sub(near).as_secs_f64() / trip.as_secs_f64();
            format!("{:.2} s {trips:>4.1}", far.as_secs_f64())
        };
        let planned = |at: usize, most: f64| format!("{} (≤ {most:.2})", cell(at));
        println!("{name:<34}{:>21}{:>23}{:>16}", planned(0, plan.0), planned(1, plan.1), cell(2));
    }
    let near = runtime.block_on(tokens::best(runs, none));
    let far = runtime.block_on(tokens::best(runs, far_off));
    let trips = |near: Duration, far: Duration| far.saturating_sub(near).as_secs_f64() / trip.as_secs_f64();
    let (living, refreshed) = (trips(near.living, far.living), trips(near.refreshed, far.refreshed));
    println!("\nSTARTTLS, SASL2, one message, a server that is known; its token (trips):");
    println!("lives {living:.1}, has ended {refreshed:.1}: a refresh adds {:.1} (≤ 1.0)", refreshed - living);
    let near = runtime.block_on(device::best(runs, none));
    let far = runtime.block_on(device::best(runs, far_off));
    println!("\nthe screen with the code, behind the service's answer of what it can do (trips):");
    println!(
        "registered there {:.1} (≤ 1.0); not yet, and so it registers first: {:.1}",
        trips(near.known, far.known),
        trips(near.unknown, far.unknown)
    );
}
