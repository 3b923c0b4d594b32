//! The demo service: Messenger's sign-in with its redirects, and today's beside it; the real binary.

use super::record::Recorder;
use super::secrets::Secrets;
use super::town::{Home, Town, modern, plain};
use super::{Played, Scenario};
use butty::demo::{Redirect, Switches};

pub const SCENARIOS: &[Scenario] = &[
    ("the demo: code, redirect before TLS, refresh, revocation", || messenger(Redirect::BeforeTls)),
    ("the demo: code, redirect after TLS, refresh, revocation", || messenger(Redirect::AfterTls)),
    ("the demo: five redirects before TLS", chain),
    ("the demo: today's sign-in, refresh, revocation", today),
    ("the demo: a foreign certificate", foreign),
];

/// A code that the person agrees to, a refresh, and a farewell; each a process of its own.
fn visit(town: &Town, home: &Home, secured: usize) -> Played {
    let mut secrets = Secrets::of("anna", &[]);
    let recorder = Recorder::start();
    home.does(&["login", "anna@demo.butty", "--device", "--store", "file"]);
    keep(home, &mut secrets);
    home.age();
    home.does(&["roster"]);
    keep(home, &mut secrets);
    home.does(&["logout", "anna@demo.butty"]);
    let traffic = recorder.stop();
    assert!(!town.seen("revoke.srf: ok").is_empty(), "{:#?}", town.service.log());
    Played { secured, ..Played::new(traffic, secrets) }
}

/// What is kept now is a secret.
fn keep(home: &Home, secrets: &mut Secrets) {
    let token = home.kept();
    for name in ["access", "refresh"] {
        secrets.add(token[name].as_str().expect("a token"));
    }
}

fn messenger(redirect: Redirect) -> Played {
    in_the_dialect(Switches { redirect, redirect_always: true, ..modern() }).1
}

fn chain() -> Played {
    let redirect = Redirect::BeforeTls;
    let (town, played) = in_the_dialect(Switches { redirect, redirect_hops: 5, redirect_always: true, ..modern() });
    let followed = (1..=5).map(|hop| town.seen(&format!("host {hop}: accepted")).len()).sum::<usize>();
    assert!(followed >= 10, "two sign-ins, five hops: {followed} in {:#?}", town.service.log());
    played
}

/// Messenger's own mechanism; its tokens come from today's pages, which can be found.
fn in_the_dialect(switches: Switches) -> (Town, Played) {
    let town = Town::open(switches);
    let home = town.home_with(&format!("mechanisms = [\"X-MESSENGER-OAUTH2\"]\n{}", town.messenger("")));
    let played = visit(&town, &home, 4);
    assert!(!town.seen("X-MESSENGER-OAUTH2").is_empty(), "{:#?}", town.service.log());
    (town, played)
}

fn today() -> Played {
    let town = Town::open(modern());
    let home = town.home_with("oauth.scopes = [\"wl.messenger\", \"wl.offline_access\"]");
    visit(&town, &home, 4)
}

fn foreign() -> Played {
    let town = Town::open(Switches { foreign_certificate: true, ..plain() });
    let token = town.token();
    let home = town.home_with_token(&token);
    let recorder = Recorder::start();
    home.fails(&["roster"], 5, "BTY-TLS-01");
    Played::refused(recorder.stop(), Secrets::of("anna", &[&token]))
}
