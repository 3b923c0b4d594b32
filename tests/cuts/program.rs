//! The program itself, on its screen: the first sign-in and later ones, cut at a handful of places.

use super::gate::{Cut, Gate, Way};
use super::town::{CHAT, Home, Town, ask_for_code, modern, say};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// Only a failing run waits that long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Behind the proxy: XMPP, XMPP again, and the sign-in service.
const XMPP: usize = 0;
const AGAIN: usize = 1;
const ISSUER: usize = 2;

/// Goes to Bela and says this; it is sent.
#[track_caller]
fn goes_on(home: &Home, text: &str) {
    let mut butty = home.open();
    butty.wait_for("Bela");
    butty.send("\x0b"); // Ctrl+K
    butty.wait_for("Go to");
    butty.send("bela\r");
    butty.wait_for("To Bela");
    say(&mut butty, text);
    assert_eq!(butty.quit(), 0);
}

/// Signs in on the screen, with a person who says yes at once.
#[track_caller]
fn signs_in(home: &Home) {
    let mut butty = home.open();
    butty.wait_for("is not signed in");
    ask_for_code(&mut butty, "anna@demo.butty");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
}

/// A demo behind a proxy whose three doors can be cut: XMPP, XMPP again, the sign-in service.
struct Scene {
    town: Town,
    gates: [Gate; 3],
    config: String,
    _runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let town = Town::open(modern());
        let port = town.service.server().port();
        let (gates, proxy) = runtime.block_on(Gate::behind_a_proxy(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        let more = format!("server = \"demo.butty:{port}\"\n[accounts.oauth]\nscopes = {CHAT:?}");
        let account = town.account("anna@demo.butty", &more);
        let config = format!("[network]\nproxy = \"http://127.0.0.1:{proxy}\"\n[log]\nlevel = \"debug\"\n{account}");
        Self { town, gates, config, _runtime: runtime }
    }

    fn home(&self) -> Home {
        let home = self.town.home_of(&[]);
        home.configure(&self.config);
        home
    }

    fn cut(&self, gate: usize, way: Way, after: usize, reset: bool) {
        for (number, door) in self.gates.iter().enumerate() {
            door.arm(Some(Cut { way, after, reset }).filter(|_| number == gate));
        }
    }

    /// Until the cut was made: the screen need not show it, and what it shows may be older than the connection.
    #[track_caller]
    fn wait_for_the_cut(&self) {
        let until = Instant::now() + PATIENCE;
        while !self.gates.iter().any(Gate::has_cut) {
            assert!(Instant::now() < until, "nothing was cut");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// It came to the cut, and left nothing that is broken.
    #[track_caller]
    fn well(&self, home: &Home, place: &str) {
        assert!(self.gates.iter().any(Gate::has_cut), "{place}: nothing was cut");
        let log = home.log();
        assert!(!log.contains("BTY-BUG"), "{place}: {log}");
        let broken = home.files().into_iter().find(|(file, _)| file.to_string_lossy().contains("broken"));
        assert_eq!(broken, None, "{place}");
    }
}

#[test]
fn the_command_that_signs_in_begins_again_by_itself() {
    let scene = Scene::open();
    let places = [(XMPP, Way::In, 900), (ISSUER, Way::Out, 300), (ISSUER, Way::In, 1_200), (AGAIN, Way::In, 1_000)];
    for (number, (gate, way, after)) in places.into_iter().enumerate() {
        let home = scene.home();
        scene.cut(gate, way, after, number % 2 == 0);
        let said = home.does(&["login", "anna@demo.butty", "--store", "file"]);
        let place = format!("{gate} {way:?} {after}");
        scene.well(&home, &place);
        assert!(said.contains("broke off. Trying again"), "{place}: {said}");
        assert!(said.contains("Signed in as "), "{place}: {said}");
    }
}

#[test]
fn the_program_comes_back_by_itself_and_ends_well() {
    let scene = Scene::open();
    // The first sign-in: what the server offers is asked, the service found, butty registered, the code and the token
    // fetched, and the session begun. The cut comes in each.
    let first = [(XMPP, Way::In, 900), (ISSUER, Way::Out, 300), (ISSUER, Way::In, 1_200), (ISSUER, Way::In, 3_000)];
    for (number, (gate, way, after)) in first.into_iter().enumerate() {
        let home = scene.home();
        scene.cut(gate, way, after, number % 2 == 0);
        signs_in(&home);
        scene.well(&home, &format!("first, {gate} {way:?} {after}"));
        goes_on(&home, "hello again");
    }
    // Later ones: the token has run out, so that a refresh comes first.
    let home = scene.home();
    signs_in(&home);
    let later = [(XMPP, Way::Out, 0), (XMPP, Way::In, 1_000), (XMPP, Way::In, 2_600), (ISSUER, Way::In, 1_500)];
    for (number, (gate, way, after)) in later.into_iter().enumerate() {
        home.age();
        scene.cut(gate, way, after, number % 2 == 0);
        goes_on(&home, &format!("hello number {number}"));
        scene.well(&home, &format!("later, {gate} {way:?} {after}"));
    }
    // The answer to a refresh is cut while the old token lives, and the person leaves then: that is made good first.
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() + 50_000;
    home.set_expiry(i64::try_from(soon).unwrap());
    scene.cut(ISSUER, Way::In, 1_500, false);
    let butty = home.open();
    scene.wait_for_the_cut();
    assert_eq!(butty.quit(), 0);
    scene.well(&home, "leaving at once");
    home.age();
    goes_on(&home, "hello after all");
}
