//! Document 001: a library that has learned the mechanism, and what its users met.

use super::command::{butty_with_input, words};
use super::scram;
use super::server::{ACCOUNT, SECRET, Server};
use super::terminal::Terminal;
use super::town::{Town, ask_for_code, code_in, modern, plain};
use super::world;
use butty::demo::{Redirect, Switches};
use butty::types::{Domain, Now, Secret};
use butty::xmpp::{CredentialKind, Event, Known, Output, Purpose, Session, SignIn, Verified};
use std::fs;
use std::process::Command;

#[test]
fn row_001_01_no_password_is_asked_for_where_none_fits() {
    let town = Town::open(plain());
    let home = town.home_with("");
    let done = butty_with_input(home.path(), &["login", "anna@demo.butty", "--password-stdin"], "secret-word\n");
    let said = words(&done);
    assert!(said.contains("BTY-AUTH-10") && said.contains("X-MESSENGER-OAUTH2"), "{said}");
    assert!(town.seen("<auth").is_empty(), "nothing was tried");
    for home in [town.messenger_home(""), town.home_with("")] {
        let mut butty = home.open();
        let screen = butty.wait_until("what is wrong", |screen| screen.contains("! ") || screen.contains("assword"));
        assert!(!screen.to_lowercase().contains("password"), "{screen}");
        butty.send("\x11");
        butty.end();
    }
    // Mechanisms that are not known at all are named.
    let server = Server::start(|talk| {
        Box::pin(async move {
            let mut talk = talk.up_to_tls().await?;
            talk.say(offer(&["DIGEST-MD5", "X-ODD"])).await?;
            talk.until_gone().await
        })
    });
    let (done, _) = world::login(world::home().path(), &server);
    let said = words(&done);
    assert!(said.contains("BTY-AUTH-10") && said.contains("DIGEST-MD5"), "{said}");
    assert!(!server.proved().contains("<auth"));
}

fn offer(names: &[&str]) -> String {
    let list = names.join("</mechanism><mechanism>");
    format!(
        "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>{list}</mechanism></mechanisms></stream:features>"
    )
}

/// The library from outside: bytes in, bytes out, no socket.
struct Hand {
    session: Session,
    sent: String,
    events: Vec<Event>,
}

impl Hand {
    fn new() -> Self {
        let sign_in = SignIn {
            domain: Domain::parse("messenger.live.com").unwrap(),
            local: None,
            resource: None,
            mechanisms: vec!["X-MESSENGER-OAUTH2".to_owned()],
            forced: true,
            credential: CredentialKind::Token,
            direct_tls: true,
            after_redirect: false,
            purpose: Purpose::Chat,
            seed: [7; 32],
            show_client: false,
            known: Known::default(),
            lasting: true,
            fast: None,
            absent: false,
            stepwise: false,
        };
        let session = Session::new(Now::default(), sign_in, None);
        Self { session, sent: String::new(), events: Vec::new() }
    }

    fn drain(&mut self, token: &str) {
        loop {
            match self.session.poll_output() {
                Output::Transmit(bytes) => self.sent.push_str(std::str::from_utf8(&bytes).unwrap()),
                Output::Event(event) => self.events.push(event),
                Output::WantSecret(slot) => self.session.provide(Now::default(), slot, Secret::from(token)),
                Output::Sums(sums) => self.session.summed(Now::default(), &sums.carry_out()),
                Output::StartTls => panic!("TLS stands already"),
                Output::Wait(_) => return,
            }
        }
    }
}

#[test]
fn row_001_02_the_mechanism_is_for_users_of_the_library_too() {
    assert!(butty::xmpp::sasl::MECHANISMS.iter().any(|mechanism| mechanism.name == "X-MESSENGER-OAUTH2"));
    for (token, written) in [("EwCo+/AA==", "EwCo+/AA=="), ("a<b&c", "a&lt;b&amp;c")] {
        let mut hand = Hand::new();
        let domain = Domain::parse("messenger.live.com").unwrap();
        hand.session.handle_secured(Now::default(), Verified::for_domain(domain, "TLS 1.3"));
        hand.drain(token);
        let header = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams' id='1' from='messenger.live.com' version='1.0'>";
        hand.session.handle_input(Now::default(), format!("{header}{}", offer(&["X-MESSENGER-OAUTH2 "])).as_bytes());
        hand.drain(token);
        let auth = format!(
            "<auth xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" mechanism=\"X-MESSENGER-OAUTH2\">{written}</auth>"
        );
        assert!(hand.sent.ends_with(&auth), "{}", hand.sent);
    }
}

/// A new home that knows the resolver alone. The authority is in the system's store, as it were.
fn newcomer(town: &Town) -> (super::town::Home, String) {
    let home = town.home_of(&[]);
    let authority = home.path().join("authority.pem");
    fs::write(&authority, town.service.ca_pem()).unwrap();
    let authority = authority.display().to_string();
    (home, authority)
}

#[test]
fn row_001_03_the_domain_alone_signs_in() {
    let town = Town::open(modern());
    let (home, authority) = newcomer(&town);
    let environment = [("SSL_CERT_FILE", authority.as_str())];
    let mut butty = Terminal::start_with(home.path(), &[], 100, 30, &environment);
    butty.wait_for("Try it now");
    butty.send("2");
    butty.wait_for("Where is your account?");
    butty.line("demo.butty");
    butty.wait_for("Keep the sign-in?");
    butty.send("f");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
    assert!(!town.seen("token accepted").is_empty());
}

#[test]
fn row_001_04_a_mechanism_can_be_forced() {
    let serve = || {
        Server::start(|talk| {
            Box::pin(async move {
                let mut talk = talk.up_to_tls().await?;
                talk.say(offer(&["SCRAM-SHA-256", "PLAIN", "SCRAM-SHA-1", "X-OAUTH2"])).await?;
                talk.until_gone().await
            })
        })
    };
    for (wish, used) in
        [("[]", "SCRAM-SHA-256"), ("[\"PLAIN\"]", "PLAIN"), ("[\"scram-sha-1\", \"PLAIN\"]", "SCRAM-SHA-1")]
    {
        let server = serve();
        let home = world::home();
        let more = format!("mechanisms = {wish}\npassword_command = [\"/bin/echo\", \"{SECRET}\"]");
        world::configure(home.path(), &server, &more);
        let mut child = super::command::butty_command(home.path(), &["roster"]).spawn().unwrap();
        server.await_heard("<auth");
        server.await_heard("</auth>");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(server.proved().contains(&format!("mechanism=\"{used}\"")), "{wish}: {}", server.proved());
    }
    let server = serve();
    let home = world::home();
    let more = format!("mechanisms = [\"SCRAM-SHA-512\"]\npassword_command = [\"/bin/echo\", \"{SECRET}\"]");
    world::configure(home.path(), &server, &more);
    let said = words(&super::command::butty(home.path(), &["roster"]));
    assert!(said.contains("BTY-AUTH-10") && said.contains("SCRAM-SHA-256"), "{said}");
    assert!(!server.proved().contains("<auth"), "forced but absent: nothing is sent");
}

#[test]
fn row_001_06_a_missing_token_starts_the_flow_by_itself() {
    let home = world::home();
    let mut butty = Terminal::start(home.path(), &["demo", "--fast"], 80, 24);
    butty.wait_for("Type this code"); // no key was pressed
    butty.send("\x11");
    butty.end();
    // One command does all of it, in the right order.
    let town = Town::open(modern());
    town.home().does(&["login", "demo.butty", "--device"]);
    assert!(town.at("_connect.srf: ok") < town.at("_token.srf: ok"));
    assert!(town.at("_token.srf: ok") < town.at("token accepted"));
}

#[test]
fn row_001_07_a_code_needs_no_browser_on_this_computer() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.home(); // commands run without PATH and DISPLAY: there is nothing to start
    let waiting = home.begin_login("demo.butty");
    let code = code_in(&waiting.said).to_owned();
    assert!(waiting.said.contains("on any device"), "{}", waiting.said);
    town.visit(&code, "yes", &[("stay", "on")]);
    let (status, said) = waiting.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(home.does(&["roster"]).contains("Bela"));
}

#[test]
fn row_001_08_the_password_is_typed_on_the_site_and_nowhere_else() {
    let password = "typed-on-the-site-alone";
    let town = Town::open(Switches { answered: None, password: Some(password.to_owned()), ..modern() });
    let home = town.messenger_home("");
    let mut butty = home.open();
    butty.wait_for("is not signed in");
    ask_for_code(&mut butty, "anna@demo.butty");
    let screen = butty.wait_for("Type this code");
    let letters: String = screen.lines().find_map(spaced_code).expect("a code");
    let consent = town.visit(&letters, "yes", &[("stay", "on"), ("password", password)]);
    assert!(consent.contains("type=\"password\""), "the site asks");
    butty.wait_for("You are signed in");
    assert_clean(butty.pid(), password);
    butty.send("\r");
    butty.wait_for("Bela");
    let shown = butty.bytes();
    assert_eq!(butty.quit(), 0);
    assert!(!String::from_utf8_lossy(&shown).contains(password));
    for (file, _) in home.files() {
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(password), "{}", file.display());
    }
    // And the first screen says so.
    let home = world::home();
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("butty never sees a password");
    butty.send("\x11");
    butty.end();
}

/// `W D J B - M J H T`
fn spaced_code(line: &str) -> Option<String> {
    let (left, right) = line.split_once(" - ")?;
    let half = |text: &str| -> Option<String> {
        let letters: String = text.split_whitespace().collect();
        (letters.len() == 4 && letters.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(letters)
    };
    let left: Vec<&str> = left.split_whitespace().collect();
    let left = left.get(left.len().checked_sub(4)?..)?.join(" ");
    let right: Vec<&str> = right.split_whitespace().take(4).collect();
    Some(format!("{}-{}", half(&left)?, half(&right.join(" "))?))
}

/// Looks through the memory of a running process, as far as it may be read.
fn assert_clean(pid: u32, text: &str) {
    use std::os::unix::fs::FileExt;
    let memory = fs::File::open(format!("/proc/{pid}/mem")).expect("our own child");
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut looked = 0;
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|number| u64::from_str_radix(number, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap().min(64 << 20)];
        let read = memory.read_at(&mut bytes, from).unwrap_or(0);
        looked += read;
        let found = bytes[..read].windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!found, "in memory: {line}");
    }
    assert!(looked > 1 << 20, "memory was read");
}

#[test]
fn row_001_09_the_page_is_the_persons_and_is_never_driven_by_butty() {
    let town = Town::open(Switches { answered: None, ..modern() });
    let home = town.home();
    let waiting = home.begin_login("demo.butty");
    town.wait_seen("authorization_pending", 1);
    assert!(town.seen(" /link").is_empty() && town.seen(" /answer").is_empty(), "butty does not open it");
    let code = code_in(&waiting.said).to_owned();
    town.visit(&code, "yes", &[]);
    assert_eq!(waiting.end().0, Some(0));
    let visits = [town.seen("GET /link").len(), town.seen("POST /link").len(), town.seen("POST /answer").len()];
    assert_eq!(visits, [1, 1, 1], "the test's own");
}

#[test]
fn row_001_13_a_host_named_by_hand_may_redirect() {
    for redirect in [Redirect::BeforeTls, Redirect::AfterTls] {
        let town = Town::open(Switches { redirect, ..plain() });
        let server = town.service.server();
        let by_hand = format!("server = \"{server}\"\n{}", town.bring(&town.token()));
        town.home_with(&by_hand).does(&["roster"]);
        assert!(town.at("redirect to bay1.gateway.demo.butty") < town.at("token accepted"));
        assert!(town.at("host 1: accepted") < town.at("token accepted"));
    }
}

#[test]
fn row_001_14_accounts_of_three_kinds_are_online_together() {
    let (documented, today) = (Town::open(plain()), Town::open(modern()));
    let classic = Server::start(|talk| Box::pin(scram::play(talk, scram::Trick::None)));
    "<item jid='romeo@hostile.test' name='Romeo' subscription='both'/>"
        .clone_into(&mut classic.stage.roster.lock().unwrap());
    let bearer = format!(
        "server = \"{}\"\nmechanisms = [\"OAUTHBEARER\"]\n{}",
        today.service.server(),
        today.bring(&today.token())
    );
    let home = documented.home_of(&[
        documented.account("anna@demo.butty", &documented.bring(&documented.token())),
        today.account("demo.butty", &bearer),
    ]);
    let config = home.path().join("butty/config/config.toml");
    fs::write(home.path().join("classic.pem"), &classic.stage.authority.pem).unwrap();
    let text = format!(
        "{}[[accounts]]\naddress = \"{ACCOUNT}\"\nserver = \"127.0.0.1:{}\"\nca_file = \"{}\"\n\
         password_command = [\"/bin/echo\", \"{SECRET}\"]\n",
        fs::read_to_string(&config).unwrap(),
        classic.port,
        home.path().join("classic.pem").display()
    );
    fs::write(&config, text).unwrap();
    let butty = Terminal::start(home.path(), &[], 100, 60);
    classic.await_online();
    for town in [&documented, &today] {
        town.wait_seen("< <presence", 1);
    }
    butty.wait_until("all three lists", |screen| {
        screen.matches("Bela").count() == 2 && screen.matches("@hostile.test ●").count() == 1
    });
    assert!(documented.seen("<auth")[0].contains("X-MESSENGER-OAUTH2"));
    assert!(today.seen("<auth")[0].contains("OAUTHBEARER"));
    assert!(classic.proved().contains("mechanism=\"SCRAM-SHA-1\""));
    assert_eq!(butty.quit(), 0);
}

/// The same program, and a file beside its config: scopes, addresses and client id are the file's.
#[test]
fn row_001_15_who_has_a_file_for_a_kind_of_service_signs_in_there() {
    let town = Town::open(modern());
    let (device, token, revocation) = town.service.endpoints();
    let client = town.service.client_id();
    let home = town.home_with("profile = \"town\"");
    let profiles = home.path().join("butty/config/profiles");
    fs::create_dir_all(&profiles).unwrap();
    let profile = format!(
        "title = \"A town\"\nsign_in = \"code\"\nmechanisms = [\"X-MESSENGER-OAUTH2\"]\nscopes = [\"wl.messenger\"]\n\
         client_id = \"{client}\"\n[endpoints.\"demo.butty\"]\ndevice = \"{device}\"\n\
         token = \"{token}\"\nrevocation = \"{revocation}\"\n"
    );
    fs::write(profiles.join("town.toml"), profile).unwrap();
    home.does(&["login", "anna@demo.butty", "--device"]);
    assert!(home.does(&["roster"]).contains("Bela Novák"));
    home.does(&["logout", "anna@demo.butty"]);
    assert!(!town.seen("_revoke.srf: ok").is_empty());
    assert!(town.seen(".well-known").is_empty(), "nothing had to be found out: {:#?}", town.service.log());
    fs::remove_file(profiles.join("town.toml")).unwrap();
    let done = home.butty(&["login", "anna@demo.butty", "--device"]);
    assert!(!done.status.success() && words(&done).contains("town"), "{}", words(&done));
}

#[test]
fn row_001_11_the_commands_of_the_readme_work() {
    let readme = fs::read_to_string(format!("{}/README.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let section = readme.split("### By hand, with curl").nth(1).expect("the section");
    let block = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("its commands");
    let town = Town::open(Switches { fast: true, answered: Some(true), ..plain() });
    let (device, token, revocation) = town.service.endpoints();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), town.service.ca_pem()).unwrap();
    // What the reader fills in: the addresses that `butty demo --serve` prints, and its name server.
    let host = device.strip_prefix("https://").unwrap().split('/').next().unwrap();
    let script = format!(
        "set -eu\ncurl() {{ command curl --silent --show-error --fail --resolve {host}:127.0.0.1 \"$@\"; }}\n\
         DEVICE={device} TOKEN={token} REVOKE={revocation} CLIENT={}\n{block}\nprintf '%s\\n' \"$ACCESS\"\n",
        town.service.client_id()
    );
    let done = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell");
    let said = words(&done);
    assert!(done.status.success(), "{said}\n{:#?}", town.service.log());
    for call in [
        "_connect.srf: ok",
        "grant=urn:ietf:params:oauth:grant-type:device_code",
        "grant=refresh_token",
        "_revoke.srf: ok",
    ] {
        assert!(!town.seen(call).is_empty(), "{call}: {said}");
    }
    assert!(town.seen("_token.srf: invalid").is_empty(), "{:#?}", town.service.log());
}
