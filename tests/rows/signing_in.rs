//! Document 000: signing in to the Messenger XMPP service.

use super::command::words;
use super::server::{FEATURES_BIND, HEADER, Server, Talk, attribute};
use super::terminal::Terminal;
use super::town::{CHAT, Home, Town, ask_for_code, modern, plain, say};
use super::world;
use base64::Engine;
use butty::demo::Switches;
use std::process::Command;

/// 32 hexadecimal digits, as the service makes its addresses.
fn opaque(text: &str) -> Option<&str> {
    let whole = text.split(|c: char| !c.is_ascii_hexdigit());
    whole.into_iter().find(|part| part.len() == 32)
}

/// Goes to Bela and says something until she has answered.
#[track_caller]
fn talk_with_bela(butty: &mut Terminal) {
    butty.wait_for("Bela Novák");
    butty.send("\x0b"); // Ctrl+K
    butty.wait_for("Go to");
    butty.send("bela\r");
    butty.wait_for("To Bela");
    let before = butty.screen().matches("Bela says").count();
    say(butty, "hello there");
    butty.wait_until("her answer", |screen| screen.matches("Bela says").count() > before);
}

#[test]
fn row_000_01_buddies_presence_and_messages_both_ways() {
    let town = Town::open(plain());
    let home = town.home_with_token(&town.token());
    let mut butty = home.open();
    butty.wait_until("the list", |screen| ["Bela", "Dad", "Demo Bot"].iter().all(|name| screen.contains(name)));
    butty.wait_for("learning the accordion");
    talk_with_bela(&mut butty);
    butty.wait_for("third song almost works"); // her presence has changed meanwhile
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_000_02_runs_with_every_extension_off() {
    let town = Town::open(Switches { core_only: true, ..modern() });
    let home = town.messenger_home("");
    home.does(&["login", "anna@demo.butty", "--device"]);
    let mut butty = home.open();
    talk_with_bela(&mut butty);
    assert_eq!(butty.quit(), 0);
    assert!(home.does(&["roster"]).contains("Bela Novák"));
    home.does(&["send", "bela@demo.butty", "still there?"]);
    home.does(&["logout", "anna@demo.butty"]);
    assert!(!town.seen("/oauth20_revoke.srf: ok").is_empty());
}

#[test]
fn row_000_03_changes_that_the_service_lacks_are_told_and_change_nothing() {
    // A service refuses, and its reason is shown.
    let town = Town::open(Switches { strict: false, core_only: true, ..plain() });
    let home = town.home_with_token(&town.token());
    let mut butty = home.open();
    talk_with_bela(&mut butty);
    let notice = "gave this reason";
    for (number, line) in ["/rename Somebody Else", "/group Elsewhere", "/remove bela"].iter().enumerate() {
        let screen = command(&mut butty, line, notice);
        assert!(screen.contains("Bela Novák") && !screen.contains("Somebody Else"), "{line}: {screen}");
        say(&mut butty, &format!("word {number}"));
        butty.wait_gone(notice);
    }
    assert_eq!(butty.quit(), 0);
    changed_nothing(&town, &home, 3);
}

#[test]
fn row_000_03_changes_that_the_service_lacks_live_on_this_computer() {
    // A service that is known to have a fixed list is not even asked.
    let town = Town::open(Switches { strict: true, core_only: false, ..plain() });
    let home = town.home_with_token(&town.token());
    let mut butty = home.open();
    talk_with_bela(&mut butty);
    command(&mut butty, "/group Elsewhere", "Changed on this computer only");
    butty.wait_for("Elsewhere");
    command(&mut butty, "/rename Somebody Else", "Changed on this computer only");
    butty.wait_for("Somebody Else");
    command(&mut butty, "/remove Somebody Else", "Somebody Else is hidden here");
    assert_eq!(butty.quit(), 0);
    assert!(home.does(&["roster"]).contains("Somebody Else"), "the shell knows what was changed here");
    changed_nothing(&town, &town.home_with_token(&town.token()), 0);
    // It is all still there at the next start, and the way back is.
    let mut butty = home.open();
    butty.wait_for("Demo Bot");
    butty.send("\x0b"); // Ctrl+K
    butty.wait_for("Go to");
    butty.send("somebody");
    butty.wait_until("the hidden one", |screen| {
        screen.lines().any(|line| line.contains("Somebody Else") && line.contains("Elsewhere · hidden"))
    });
    butty.send("\x1b");
    butty.wait_gone("Go to");
    // F3, and the way back.
    butty.send("\x1bOR");
    butty.send("somebody");
    butty.wait_until("the hidden one in the list", |screen| screen.contains("● Somebody Else"));
    butty.send(".");
    butty.wait_for("only here");
    butty.send("\x1b[A\r");
    butty.wait_for("Somebody Else is in your list again");
    assert_eq!(butty.quit(), 0);
}

/// Gives a slash command; returns the screen that shows the notice.
#[track_caller]
fn command(butty: &mut Terminal, line: &str, notice: &str) -> String {
    butty.send("/");
    butty.send(&format!("{}\r", line.trim_start_matches('/')));
    butty.wait_for(notice)
}

/// The list at the service, as seen from `home`, is what it was, after so many tries to change it.
#[track_caller]
fn changed_nothing(town: &Town, home: &Home, asked: usize) {
    assert!(home.does(&["roster"]).contains("Bela Novák"));
    let changes = town.seen("jabber:iq:roster").into_iter().filter(|line| line.contains("type='set'")).count();
    assert_eq!(changes, asked, "{:#?}", town.seen("jabber:iq:roster"));
    assert!(town.seen("type='probe'").is_empty() && town.seen("type='groupchat'").is_empty());
}

#[test]
fn row_000_04_the_stack_is_our_own_and_needs_no_network_to_build() {
    // Cargo resolves the locked tree without a network, and no XMPP library is in it.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let tree = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"quick-xml") && names.contains(&"tokio"), "the tree was read");
    let foreign = ["xmpp", "tokio-xmpp", "xmpp-parsers", "minidom", "libstrophe", "strophe", "rsasl", "rxml", "xso"];
    let found: Vec<_> = foreign.iter().filter(|name| names.contains(name)).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// What the document shows, byte for byte; what the client says in between comes back.
async fn documented(talk: Talk) -> Option<()> {
    let mut talk = talk.up_to_tls().await?;
    talk.say(
        "<stream:features xmlns:stream=\"http://etherx.jabber.org/streams\"><mechanisms \
         xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><mechanism>X-MESSENGER-OAUTH2 </mechanism></mechanisms>\
         </stream:features>",
    )
    .await?;
    talk.hear("</auth>").await?;
    talk.say("<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" />").await?;
    talk.header().await?;
    talk.say(format!("{HEADER}{FEATURES_BIND}")).await?;
    let id = attribute(&talk.hear("</iq>").await?, "id")?;
    let bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>5f4dcc3b@hostile.test/x</jid></bind>";
    talk.say(format!("<iq type='result' id='{id}'>{bind}</iq>")).await?;
    talk.live().await
}

#[test]
fn row_000_24_three_steps_as_documented_and_no_challenge() {
    let server = Server::start(|talk| Box::pin(documented(talk)));
    let home = world::home();
    world::configure(home.path(), &server, "token_command = [\"/bin/echo\", \"EwCo+/token==\"]");
    let done = super::command::butty(home.path(), &["roster"]);
    assert!(done.status.code().is_some_and(|code| code == 0 || code == 8), "{}", words(&done)); // nobody is in the list
    let said = server.proved();
    let auth = said.split_once("<auth").and_then(|(_, rest)| rest.split_once("</auth>")).map(|(auth, _)| auth);
    let as_documented = " xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" mechanism=\"X-MESSENGER-OAUTH2\">EwCo+/token==";
    assert_eq!(auth, Some(as_documented), "{said}");
    assert!(!said.contains("<response") && said.matches("<auth").count() == 1, "{said}");
}

#[test]
fn row_000_10_the_token_goes_out_as_it_is() {
    let town = Town::open(plain());
    let token = town.token();
    assert!(town.home_with_token(&token).does(&["roster"]).contains("Bela"));
    // The service is strict, so that the test above means something.
    let again = base64::engine::general_purpose::STANDARD.encode(&token);
    let percent: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    for wrong in [again, percent] {
        town.home_with_token(&wrong).fails(&["roster"], 4, "BTY-AUTH-");
    }
    assert_eq!((town.seen("token accepted").len(), town.seen("token refused").len() >= 2), (1, true));
}

#[test]
fn row_000_11_a_blank_behind_the_name_of_a_mechanism_does_not_count() {
    for trailing_blank in [true, false] {
        let town = Town::open(Switches { trailing_blank, ..plain() });
        town.home_with_token(&town.token()).does(&["roster"]);
        let asked = town.seen("<auth");
        assert!(asked.len() == 1 && asked[0].contains("mechanism='X-MESSENGER-OAUTH2'"), "{asked:?}");
    }
}

#[test]
fn row_000_12_signs_in_with_and_without_a_client_secret() {
    let public = Town::open(modern());
    public.messenger_home("").does(&["login", "anna@demo.butty", "--device"]);
    let confidential = Town::open(Switches { client_secret: Some("s3cret: & more".to_owned()), ..modern() });
    let secret = "client_secret_command = [\"/bin/echo\", \"s3cret: & more\"]";
    let home = confidential.messenger_home(secret);
    home.does(&["login", "anna@demo.butty", "--device"]);
    home.age();
    home.does(&["roster"]); // a refresh shows it as well
    let asked = confidential.seen("/oauth20_token.srf: ok");
    assert!(asked.len() >= 2 && asked.iter().any(|line| line.contains("refresh_token")), "{asked:?}");
    let without = confidential.messenger_home("");
    without.fails(&["login", "anna@demo.butty", "--device"], 4, "BTY-AUTH-");
}

#[test]
fn row_000_13_a_client_is_configured_or_registers_itself() {
    let login = ["login", "anna@demo.butty", "--device"];
    let town = Town::open(modern());
    town.messenger_home("").does(&login);
    assert!(town.seen("/register").is_empty(), "the one of the config was used");
    let said = town.messenger_home("client_id = \"nobody\"\n").fails(&login, 4, "BTY-AUTH-");
    assert!(said.contains("login.demo.butty"), "who refused is told: {said}");
    assert!(!town.seen("unauthorized_client").is_empty());
    let login = ["login", "demo.butty", "--device"];
    town.home().does(&login);
    assert_eq!(town.seen("/register: ok").len(), 1);
    let closed = Town::open(Switches { registration: false, ..modern() });
    closed.home().fails(&login, 4, "BTY-AUTH-18");
}

#[test]
fn row_000_14_a_client_id_is_shown_to_its_own_issuer_alone() {
    let (one, other) = (Town::open(modern()), Town::open(modern()));
    let at = |town: &Town, address: &str| {
        let (issuer, server) = (town.service.issuer(), town.service.server());
        let oauth = format!("issuer = \"{issuer}\"\nscopes = \"{}\"", CHAT.join(" "));
        town.account(address, &format!("server = \"{server}\"\n[accounts.oauth]\n{oauth}"))
    };
    let home = one.home_of(&[at(&one, "anna@demo.butty"), at(&other, "olga@demo.butty")]);
    for address in ["anna@demo.butty", "olga@demo.butty"] {
        home.does(&["login", address, "--device"]);
    }
    home.age();
    for address in ["anna@demo.butty", "olga@demo.butty"] {
        home.does(&["--account", address, "roster"]);
        home.does(&["logout", address]);
    }
    let shown = |town: &Town| -> Vec<String> {
        let clients = town.seen("; client=").into_iter();
        let mut ids: Vec<String> =
            clients.filter_map(|line| Some(line.split_once("client=")?.1.split(' ').next()?.to_owned())).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let (first, second) = (shown(&one), shown(&other));
    assert_eq!((first.len(), second.len()), (1, 1), "each issuer has heard of one client: {first:?} {second:?}");
    assert_ne!(first, second);
    for town in [&one, &other] {
        assert_eq!(town.seen("/register: ok").len(), 1);
        assert!(!town.seen("grant=refresh_token").is_empty() && !town.seen("_revoke.srf: ok").is_empty());
    }
}

/// A code signs in on the command line and on the screen, and the kept token signs in again.
#[test]
fn row_000_15_app_information_is_traded_for_a_token_by_device_code() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    let said = home.does(&["login", "anna@demo.butty", "--device"]);
    assert!(said.contains("Type ") && said.contains("https://login.demo.butty"), "{said}");
    let device = town.at("/oauth20_connect.srf: ok");
    let token = town.at("/oauth20_token.srf: ok");
    let accepted = town.at("token accepted");
    assert!(device < token && token < accepted, "{:#?}", town.service.log());
    assert_eq!(home.kept()["refresh"].as_str().map(str::is_empty), Some(false));
}

/// Signs in by the command, and opens the screen once: whose account it is has been seen by then.
fn signs_in_and_looks(home: &Home) {
    home.does(&["login", "anna@demo.butty", "--device"]);
    let butty = home.open();
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_000_16_a_token_of_somebody_else_is_refused_and_overwrites_nothing() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    signs_in_and_looks(&home);
    let owner = home.does(&["whoami"]);
    town.service.seat_a_stranger();
    let mut butty = home.open();
    butty.wait_for("Bela");
    ask_for_code(&mut butty, "anna@demo.butty");
    let screen = butty.wait_for("BTY-AUTH-07");
    assert!(screen.contains("You signed in as"), "{screen}");
    butty.send("\x11");
    butty.end();
    assert_eq!(home.does(&["whoami"]), owner, "the account is still its owner's");
}

#[test]
fn somebody_else_can_be_kept_as_a_second_account() {
    let town = Town::open(modern());
    let home = town.messenger_home("");
    signs_in_and_looks(&home);
    let first = home.kept();
    town.service.seat_a_stranger();
    let mut butty = home.open();
    butty.wait_for("Bela");
    ask_for_code(&mut butty, "anna@demo.butty");
    butty.wait_for("k  keep as a second account");
    butty.send("k");
    butty.wait_for("You are signed in");
    butty.send("\r");
    butty.wait_for("Ctrl+K");
    assert_eq!(butty.quit(), 0);
    let accounts = home.does(&["accounts"]);
    assert!(accounts.contains("anna@demo.butty") && accounts.matches("@demo.butty").count() == 2, "{accounts}");
    let kept: Vec<String> = home.kept_tokens().into_iter().map(|(_, text)| text).collect();
    assert_eq!(kept.len(), 2, "each has a sign-in of their own");
    let refresh = first["refresh"].as_str().unwrap();
    assert_eq!(kept.iter().filter(|text| text.contains(refresh)).count(), 1, "the first one's is what it was");
    assert!(town.seen("/oauth20_revoke.srf: ok").is_empty(), "nobody was signed out");
    // Both come in again.
    let butty = home.open();
    butty.wait_until("both lists", |screen| screen.contains("Anna") && screen.contains("Bela"));
    assert_eq!(butty.quit(), 0);
}

#[test]
fn row_000_17_asks_exactly_for_chatting_and_for_staying() {
    let town = Town::open(modern());
    town.messenger_home("").does(&["login", "anna@demo.butty", "--device"]);
    let asked = town.seen("/oauth20_connect.srf: ok");
    assert!(asked.len() == 1 && asked[0].ends_with(" scope=wl.messenger wl.offline_access"), "{asked:?}");
    // A token without the scope opens nothing, and the refusal is told.
    let without = town.service.hand_out(&["wl.basic"]).expect("a token");
    town.home_with_token(without.expose()).fails(&["roster"], 4, "BTY-AUTH-");
    assert!(!town.seen("token refused").is_empty());
}

#[test]
fn row_000_23_every_call_of_the_sign_in_service_is_made_by_http() {
    let town = Town::open(modern());
    let oauth = format!("[accounts.oauth]\nscopes = [\"{}\"]", CHAT.join("\", \""));
    let home = town.home_of(&[town.account("demo.butty", &oauth)]);
    home.does(&["login", "demo.butty", "--device"]);
    home.age();
    home.does(&["roster"]);
    home.does(&["logout", "demo.butty"]);
    let calls = [
        "GET /.well-known/oauth-authorization-server",
        "POST /register",
        "POST /oauth20_connect.srf",
        "POST /oauth20_token.srf",
        "POST /oauth20_revoke.srf",
    ];
    let places: Vec<usize> = calls.iter().map(|call| town.at(call)).collect();
    assert!(places.is_sorted(), "{:#?}", town.service.log());
    // The dialect without metadata calls three of them.
    assert!(town.seen("_token.srf: ok").iter().any(|line| line.contains("grant=refresh_token")));
}

#[test]
fn row_000_25_the_token_is_fetched_beside_the_connection_and_sent_inside_tls() {
    // The service answers a refresh only when a connection stands inside TLS: a client that waits would wait for ever.
    let town = Town::open(Switches { refresh_waits_for_tls: true, ..modern() });
    let home = town.messenger_home("");
    home.does(&["login", "anna@demo.butty", "--device"]);
    home.age();
    home.does(&["roster"]);
    let log = town.service.log();
    let last =
        |text: &str| log.iter().rposition(|line| line.contains(text)).unwrap_or_else(|| panic!("{text} {log:#?}"));
    let (tls, auth) = (last(": TLS"), last("< <auth"));
    let refreshed = last("/oauth20_token.srf: ok");
    assert!(tls < refreshed && refreshed < auth, "{log:#?}");
    for (at, line) in log.iter().enumerate().filter(|(_, line)| line.contains("< <auth")) {
        let accepted = log[..at].iter().filter(|line| line.contains(": TLS")).count();
        assert!(accepted > 0, "{line} before any TLS");
    }
}

#[test]
fn row_000_26_the_address_comes_from_the_token_whatever_was_typed() {
    let town = Town::open(modern());
    let home = town.home_of(&[town.account("_@demo.butty", &town.messenger(""))]);
    let said = home.does(&["login", "_@demo.butty", "--device"]);
    assert_eq!(opaque(&said), None, "a number that nobody knows: {said}");
    let butty = home.open();
    butty.wait_for("Bela");
    assert_eq!(butty.quit(), 0);
    let given = home.does(&["whoami"]);
    assert!(opaque(&given).is_some() && given.contains("@demo.butty"), "the service's own address: {given}");
}

#[test]
fn row_000_27_opaque_addresses_are_a_detail() {
    let town = Town::open(Switches { strict: true, ..plain() });
    let home = town.home_with_token(&town.token());
    let mut butty = home.open();
    talk_with_bela(&mut butty);
    let screen = butty.screen();
    let above_status = screen.lines().rev().skip(2).collect::<Vec<_>>().join("\n");
    assert_eq!(opaque(&above_status), None, "names everywhere: {screen}");
    assert_eq!(butty.quit(), 0);
    let roster = home.does(&["roster", "--json"]);
    let bela = roster.lines().find(|line| line.contains("Bela")).expect("she is in the list");
    assert!(opaque(bela).is_some(), "the address on request: {bela}");
}
