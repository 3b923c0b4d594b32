//! A network that changes while a link waits for its next try, or dials.

use super::*;
use crate::net::Network;
use crate::net::horizon::Horizon;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

/// A network whose way out is that address; 0: there is none.
fn moving() -> (Arc<Network>, Arc<AtomicU8>) {
    let place = Arc::new(AtomicU8::new(0));
    let seen = Arc::clone(&place);
    let mut network = network(&Arc::new(Shelf::default()), NetworkSettings::default());
    Arc::get_mut(&mut network).unwrap().horizon = Horizon::seen_by(Duration::from_millis(10), move || {
        let last = seen.load(Ordering::Relaxed);
        [(last > 0).then(|| IpAddr::from([10, 0, 0, last])), None]
    });
    (network, place)
}

#[tokio::test]
async fn a_link_that_waits_tries_at_once_when_the_network_changes_but_spares_the_server() {
    let (listener, port) = listen().await;
    drop(listener);
    let (network, place) = moving();
    let (events, mut facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: false };
    let _link = start_link(&network, account(port), options, events);
    until_down(&mut facts).await;
    until_down(&mut facts).await;
    let (_, _, wait) = until_down(&mut facts).await;
    assert!(wait.unwrap() >= Duration::from_secs(3), "{wait:?}");
    let begun = Instant::now();
    for number in 1..=3 {
        place.store(number, Ordering::Relaxed);
        let (dialed, _, wait) = until_down(&mut facts).await;
        assert_eq!(dialed.len(), 1);
        if number < 3 {
            assert!(wait.unwrap() <= Duration::from_millis(1_200), "the waits begin anew: {wait:?}");
        } else {
            assert!(wait.unwrap() >= Duration::from_secs(4), "this was the sixth try: {wait:?}");
        }
    }
    assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_dial_that_hangs_is_begun_anew_when_the_network_changes() {
    // Nobody answers at the proxy, where the dial hangs: it takes the connection and says nothing.
    let (silent, port) = listen().await;
    let (mut network, place) = moving();
    let proxy = crate::types::Proxy::parse(&format!("socks5://127.0.0.1:{port}")).unwrap();
    Arc::get_mut(&mut network).unwrap().settings.proxy = crate::types::Proxying::Through(Box::new(proxy));
    let (events, _facts) = channel(256);
    let options = LinkOptions { connect: true, resource: None, show_client: false, one_shot: true };
    let away = AccountSetup { server: Some(("chat.example".to_owned(), 5222)), ..account(5222) };
    let _link = start_link(&network, away, options, events);
    let first = tokio::time::timeout(PATIENCE, silent.accept()).await.unwrap().unwrap();
    place.store(1, Ordering::Relaxed);
    let second = tokio::time::timeout(Duration::from_secs(3), silent.accept()).await.unwrap().unwrap();
    assert_ne!(first.1, second.1);
}
