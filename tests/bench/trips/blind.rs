//! What the others are measured against: a bare client that waits for nothing it can guess.

use super::link::data;
use super::proxy::{Delay, Proxy};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Its best sign-in at this delay.
pub async fn best(runs: usize, delay: Delay) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..runs {
        let proxy = Proxy::start(SocketAddr::from(([127, 0, 0, 12], 15_222)), delay).await;
        let mut bare = Command::new("python3");
        bare.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/trips/blind.py"));
        bare.args(["127.0.0.1", &proxy.port.to_string()]).arg(data().join("ca/ca.crt"));
        bare.args(["p12.test", "juliet", "pw-juliet"]);
        let done = tokio::task::spawn_blocking(move || bare.output().unwrap()).await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let took: f64 = String::from_utf8_lossy(&done.stdout).trim().parse().unwrap();
        best = best.min(Duration::from_secs_f64(took));
    }
    best
}
