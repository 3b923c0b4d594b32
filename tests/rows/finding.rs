//! Document 000: finding the service, and following where it points.

use super::acts;
use super::command::{butty_with_input, each_file, words};
use super::names::{self, Names};
use super::server::{ACCOUNT, PROCEED, SECRET, Server};
use super::town::{Town, plain};
use super::world;
use butty::demo::{Redirect, Switches, Target};
use std::fs;
use std::path::Path;

/// A home with an account at `hostile.test`, found by this DNS.
fn home_by(names: &Names, server: &Server) -> tempfile::TempDir {
    let home = world::home();
    world::configure(home.path(), server, "");
    let file = home.path().join("butty/config/config.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("server")).collect();
    let text = text.join("\n");
    fs::write(&file, format!("[network]\nresolver = \"{}\"\n{text}", names.address)).unwrap();
    home
}

/// A password sign-in there.
fn login_by(names: &Names, server: &Server) -> String {
    let home = home_by(names, server);
    let password = format!("{SECRET}\n");
    words(&butty_with_input(home.path(), &["login", ACCOUNT, "--password-stdin"], &password))
}

/// What butty wrote into its log.
fn logged(home: &Path) -> String {
    let mut text = String::new();
    each_file(home, &mut |file, _| {
        if file.extension().is_some_and(|end| end == "log") {
            text.push_str(&fs::read_to_string(file).unwrap());
        }
    });
    text
}

#[test]
fn row_000_05_the_service_is_found_by_its_srv_records() {
    let friend = || Server::friendly("");
    let at = |server: &Server| format!("SRV {} 0 127.0.0.1.test", server.port);
    let a = "A 127.0.0.1";
    // The lower priority first, whatever their order; the other is not troubled.
    let (first, second) = (friend(), friend());
    let names = Names::serve(&[
        ("_xmpp-client._tcp.hostile.test", &[&format!("20 {}", at(&second)), &format!("10 {}", at(&first))]),
        ("127.0.0.1.test", &[a]),
    ]);
    assert!(login_by(&names, &first).contains("Signed in"));
    assert_eq!((first.connections() > 0, second.connections()), (true, 0));
    // A dead first target is passed over.
    let server = friend();
    let names = Names::serve(&[
        ("_xmpp-client._tcp.hostile.test", &["10 SRV 1 0 127.0.0.1.test", &format!("20 {}", at(&server))]),
        ("127.0.0.1.test", &[a]),
    ]);
    assert!(login_by(&names, &server).contains("Signed in"));
    // IPv6 alone.
    let server = friend();
    let six = names::forward("[::1]:0", server.port);
    let names = Names::serve(&[
        ("_xmpp-client._tcp.hostile.test", &[&format!("10 SRV {} 0 six.test", six.port())]),
        ("six.test", &["AAAA ::1"]),
    ]);
    assert!(login_by(&names, &server).contains("Signed in"));
    // Without records the domain itself is tried, at the usual port.
    let server = friend();
    let usual = names::usual_port(server.port);
    let address = format!("A {}", usual.ip());
    let names = Names::serve(&[("_xmpp-client._tcp.hostile.test", &[]), ("hostile.test", &[&address])]);
    assert!(login_by(&names, &server).contains("Signed in"));
    // `.` means that there is none; a record that leads nowhere is an answer too. The domain itself is not tried.
    for (records, code) in [(&["0 SRV 0 0 ."][..], "BTY-NET-07"), (&["0 SRV 1 0 127.0.0.1.test"], "BTY-NET-06")] {
        let server = friend();
        let usual = names::usual_port(server.port);
        let address = format!("A {}", usual.ip());
        let names = Names::serve(&[
            ("_xmpp-client._tcp.hostile.test", records),
            ("hostile.test", &[&address]),
            ("127.0.0.1.test", &[a]),
        ]);
        let said = login_by(&names, &server);
        assert!(said.contains(code), "{code}? {said}");
        assert_eq!(server.connections(), 0);
    }
}

#[test]
fn row_000_06_a_host_named_by_hand_changes_neither_to_nor_the_name_proved() {
    let server = Server::friendly("");
    let home = world::home();
    let (done, _) = world::login(home.path(), &server);
    assert!(done.status.success(), "{}", words(&done));
    for said in [server.unproved(), server.proved()] {
        assert!(said.contains(" to='hostile.test'") && !said.contains(" to='127."), "{said}");
    }
    // A certificate for the host that was named proves nothing.
    let server = Server::start(|talk| {
        Box::pin(async move {
            let acceptor = talk.stage.authority.acceptor(&["127.0.0.1"], |_| {});
            let mut talk = talk;
            talk.up_to_starttls().await?;
            talk.say(PROCEED).await?;
            talk.tls(&acceptor, false).await?.until_gone().await
        })
    });
    let (done, _) = world::login(home.path(), &server);
    assert!(words(&done).contains("BTY-TLS-01"), "{}", words(&done));
}

/// One run through redirects; `None`: signed in, else the code of the problem.
fn redirected(switches: Switches) -> Option<String> {
    let town = Town::open(switches);
    let home = town.home_with_token(&town.token());
    let done = home.butty(&["roster"]);
    let said = words(&done);
    let code = said.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).find(|word| word.starts_with("BTY-"));
    assert_eq!(done.status.success(), code.is_none(), "{said}");
    code.map(str::to_owned)
}

#[test]
fn row_000_08_follows_see_other_host() {
    let base = || Switches { redirect: Redirect::BeforeTls, ..plain() };
    for (what, switches) in [
        ("once, before TLS", base()),
        ("once, inside TLS", Switches { redirect: Redirect::AfterTls, ..base() }),
        ("five times", Switches { redirect_hops: 5, ..base() }),
        ("five times, inside TLS", Switches { redirect_hops: 5, redirect: Redirect::AfterTls, ..base() }),
        ("host without port", Switches { redirect_target: Target::Name, ..base() }),
        ("IPv6 in brackets", Switches { redirect_target: Target::Ipv6, ..base() }),
    ] {
        assert_eq!(redirected(switches), None, "{what}");
    }
    for (what, switches) in [
        ("six times", Switches { redirect_hops: 6, ..base() }),
        ("a loop", Switches { redirect_hops: 2, redirect_loop: true, redirect_always: true, ..base() }),
    ] {
        assert_eq!(redirected(switches), Some("BTY-NET-08".to_owned()), "{what}");
    }
}

/// It may have been a bad day, or a bad server: the next start asks the account's own again.
#[test]
fn a_redirect_is_forgotten_with_the_process() {
    let town = Town::open(Switches { redirect: Redirect::BeforeTls, redirect_always: true, ..plain() });
    let home = town.home_with_token(&town.token());
    for visit in 1..=2 {
        home.does(&["roster"]);
        for host in ["host 0: accepted", "host 1: accepted"] {
            assert_eq!(town.seen(host).len(), visit, "{host} {:#?}", town.service.log());
        }
    }
}

#[test]
fn row_000_09_a_redirect_that_leads_nowhere_names_both_hosts() {
    let dead = Server::start(|talk| {
        Box::pin(async move {
            drop(talk); // hangs up at once
            Some(())
        })
    });
    let first = acts::redirect(format!("second.test:{}", dead.port));
    let srv = format!("10 SRV {} 0 first.test", first.port);
    let names = Names::serve(&[
        ("_xmpp-client._tcp.hostile.test", &[&srv]),
        ("first.test", &["A 127.0.0.1"]),
        ("second.test", &["A 127.0.0.1"]),
    ]);
    let home = home_by(&names, &first);
    let password = format!("{SECRET}\n");
    let done = butty_with_input(home.path(), &["login", ACCOUNT, "--password-stdin"], &password);
    let said = words(&done);
    assert!(said.contains("BTY-NET-21"), "{said}");
    let log = logged(home.path());
    for text in [&said, &log] {
        assert!(text.contains("first.test") && text.contains("second.test"), "{text}");
    }
    assert_eq!(dead.connections(), 1, "it was followed");
}
