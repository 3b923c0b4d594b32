//! Sign-in services: codes and pages at Prosody and oidc-provider, refreshed and revoked; a robot is the person.

use super::command::words;
use super::link::{
    Facts, Memory, account, answer, at_oidc, at_the_other_family, data, kept, network_of, next, on_a_page, outcome,
    page, prompt, start, walk,
};
use super::record::Recorder;
use super::rotation::Home;
use super::secrets::Secrets;
use super::ways::{gone, recorded, restart, sign_out, visit, with_hers};
use super::{Played, Scenario};
use butty::app::effect::LinkCommand;
use butty::app::event::{Consent, Keep, LinkFact};
use butty::app::setup::{AccountSetup, GrantChoice};
use butty::net::{LinkHandle, Network, NetworkSettings};
use butty::oauth::{Farewelled, Token, Vault, VaultKey};
use butty::types::{Proxy, Proxying, Secret, Stamp};
use butty::xmpp::Elsewhere;
use std::sync::Arc;

pub const SCENARIOS: &[Scenario] = &[
    ("device code at Prosody, refresh, revocation", device_at_prosody),
    ("device code at Prosody, denied", || denied(account("alpha.test"))),
    ("device code at Prosody, parked and taken up", parked),
    ("device code at oidc-provider, refresh, revocation", || device_at_oidc("")),
    ("device code at oidc-provider, denied", || denied(at_the_other_family())),
    ("device code at oidc-provider, expired", expired),
    ("device code through SOCKS5", || device_at_oidc("socks5://anna:pw-anna@127.0.0.61:1080")),
    ("device code through HTTP CONNECT", || device_at_oidc("http://anna:pw-anna@127.0.0.62:8888")),
    ("code and PKCE at Prosody, by the listener, refresh, revocation", || page_at_prosody(true)),
    ("code and PKCE at Prosody, the address pasted", || page_at_prosody(false)),
    ("code and PKCE at Prosody, answered No, by the listener", page_denied),
    ("code and PKCE at oidc-provider, a client with a secret", with_a_secret),
    ("code and PKCE at oidc-provider, a client that registers", registered),
    ("code and PKCE at oidc-provider, answered No, the address pasted", || denied(at_oidc("tui"))),
    ("a refresh token that changes, two processes at once", rotated),
    ("sign-out everywhere", everywhere),
];

/// Somebody who signs in and comes back.
struct Visitor {
    network: Arc<Network>,
    vault: Arc<Memory>,
    setup: AccountSetup,
}

impl Visitor {
    fn new(setup: AccountSetup, settings: NetworkSettings) -> Self {
        let vault = Arc::new(Memory::default());
        Self { network: network_of(settings, vault.clone()), vault, setup }
    }

    fn begin(&self) -> (LinkHandle, Facts) {
        let (link, facts) = start(&self.network, self.setup.clone(), false);
        link.send(LinkCommand::SignInWithCode { keep: Keep::Memory });
        (link, facts)
    }

    /// Until a code is there and was approved on its page.
    async fn by_code(&self) -> (LinkHandle, Facts) {
        let (link, mut facts) = self.begin();
        let url = prompt(&mut facts).await;
        tokio::task::spawn_blocking(move || answer(&url, false)).await.unwrap();
        link.send(LinkCommand::PollNow);
        (link, facts)
    }

    /// A sign-in that waits in the vault, which is given what it is tied by; the address of its page.
    async fn park(&self) -> String {
        let (link, mut facts) = start(&self.network, self.setup.clone(), false);
        link.send(LinkCommand::BeginSignIn { keep: Keep::Memory });
        let address = self.shown(&mut facts).await;
        while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Parked)) {}
        gone(link, facts).await;
        assert!(self.vault.ever().iter().any(|(key, _)| matches!(key, VaultKey::Pending { .. })));
        address
    }

    /// Another process goes on with it.
    async fn take_up(&self) -> (LinkHandle, Facts) {
        let (link, mut facts) = start(&self.network, self.setup.clone(), false);
        link.send(LinkCommand::ResumeSignIn { keep: Keep::Memory });
        self.shown(&mut facts).await;
        (link, facts)
    }

    async fn shown(&self, facts: &mut Facts) -> String {
        if self.setup.oauth.grant == GrantChoice::Code { page(facts).await.address } else { prompt(facts).await }
    }

    /// The kept access token dies now.
    fn expire(&self) {
        let mut all = self.vault.ever().into_iter().rev();
        let (key, text) = all.find(|(key, _)| matches!(key, VaultKey::Tokens { .. })).expect("signed in");
        let token = Token::from_text(&Secret::new(text)).unwrap();
        let stale = Token { expires: Some(Stamp(0)), ..token };
        self.vault.save(&key, &stale.to_text(), false).unwrap();
    }

    /// Comes back with a token that has to be refreshed, and signs out.
    async fn comes_back_and_leaves(&self) {
        let tokens = || self.vault.ever().iter().filter(|(key, _)| matches!(key, VaultKey::Tokens { .. })).count();
        self.expire();
        let before = tokens();
        let (link, mut facts) = start(&self.network, self.setup.clone(), true);
        assert_eq!(outcome(&mut facts).await.unwrap().1, "OAUTHBEARER");
        assert!(tokens() > before, "it was refreshed");
        sign_out(&link, &mut facts).await;
        gone(link, facts).await;
    }

    fn secrets(&self) -> Secrets {
        with_hers(&self.vault)
    }
}

fn device_at_prosody() -> Played {
    let visitor = Visitor::new(account("alpha.test"), NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.by_code().await;
        assert_eq!(outcome(&mut facts).await.unwrap().1, "OAUTHBEARER");
        gone(link, facts).await;
        visitor.comes_back_and_leaves().await;
    });
    Played { secured: 4, ..Played::new(traffic, visitor.secrets()) }
}

/// The code waits in the vault between two processes.
fn parked() -> Played {
    let visitor = Visitor::new(account("alpha.test"), NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let address = visitor.park().await;
        walk(&address, &[]).await;
        let (link, mut facts) = visitor.take_up().await;
        link.send(LinkCommand::PollNow);
        assert_eq!(outcome(&mut facts).await.unwrap().1, "OAUTHBEARER");
        gone(link, facts).await;
    });
    Played { secured: 2, ..Played::new(traffic, visitor.secrets()) }
}

/// The person says no, and it is asked with what was parked: there is no other secret in a sign-in that fails.
fn denied(setup: AccountSetup) -> Played {
    let visitor = Visitor::new(setup, NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let address = visitor.park().await;
        let ended_on = walk(&address, &["--deny"]).await;
        let (link, mut facts) = visitor.take_up().await;
        let by_page = visitor.setup.oauth.grant == GrantChoice::Code;
        link.send(if by_page {
            LinkCommand::Redirected { address: Secret::new(ended_on) }
        } else {
            LinkCommand::PollNow
        });
        assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-02");
        gone(link, facts).await;
    });
    Played { secured: 2, ..Played::new(traffic, visitor.secrets()) }
}

/// Nobody opens its page; it is asked for all the same, until it has run out.
fn expired() -> Played {
    let visitor = Visitor::new(at_the_other_family(), NetworkSettings::default());
    restart("issuer", "DEVICE_TTL", "8"); // asked for every 5 seconds
    let (traffic, code) = recorded(async {
        visitor.park().await;
        let (link, mut facts) = visitor.take_up().await;
        let code = outcome(&mut facts).await.unwrap_err().code();
        gone(link, facts).await;
        code
    });
    let log = std::fs::read_to_string(data().join("log/oidc.out")).unwrap();
    restart("issuer", "DEVICE_TTL", "600");
    assert!(code == "BTY-AUTH-03" && log.contains("grant.error authorization_pending"), "{code}: {log}");
    Played::new(traffic, visitor.secrets())
}

/// Prosody knows nothing of these tokens: it refuses the first, and the one that a refresh gives.
fn device_at_oidc(proxy: &str) -> Played {
    let mut setup = at_the_other_family();
    let mut settings = NetworkSettings::default();
    if !proxy.is_empty() {
        settings.proxy = Proxying::Through(Box::new(Proxy::parse(proxy).unwrap()));
        (setup.resolver, setup.server) = (None, Some(("alpha.test".to_owned(), 15_222)));
    }
    let visitor = Visitor::new(setup, settings);
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.by_code().await;
        kept(&mut facts).await;
        assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-04");
        sign_out(&link, &mut facts).await;
        gone(link, facts).await;
    });
    Played { secured: 3, ..Played::new(traffic, visitor.secrets()) }
}

fn page_at_prosody(listener: bool) -> Played {
    let visitor = Visitor::new(on_a_page(), NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.begin();
        let prompt = page(&mut facts).await;
        let ended_on = walk(&prompt.address, if listener { &["--deliver"] } else { &[] }).await;
        if !listener {
            link.send(LinkCommand::Redirected { address: Secret::new(ended_on) });
        }
        assert_eq!(outcome(&mut facts).await.unwrap().1, "OAUTHBEARER");
        gone(link, facts).await;
        visitor.comes_back_and_leaves().await;
    });
    Played { secured: 4, web: usize::from(listener), ..Played::new(traffic, visitor.secrets()) }
}

/// The browser brings the No to the listener.
fn page_denied() -> Played {
    let visitor = Visitor::new(on_a_page(), NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.begin();
        let prompt = page(&mut facts).await;
        walk(&prompt.address, &["--deny", "--deliver"]).await;
        assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-02");
        gone(link, facts).await;
    });
    Played { web: 1, ..Played::new(traffic, visitor.secrets()) }
}

fn page_at_oidc(setup: AccountSetup) -> (Visitor, Played) {
    let visitor = Visitor::new(setup, NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.begin();
        let prompt = page(&mut facts).await;
        walk(&prompt.address, &["--deliver"]).await;
        kept(&mut facts).await;
        sign_out(&link, &mut facts).await;
        gone(link, facts).await;
    });
    let secrets = visitor.secrets();
    (visitor, Played { secured: 2, web: 1, ..Played::new(traffic, secrets) })
}

fn with_a_secret() -> Played {
    const SECRET: &str = "tui-secret-value";
    let mut setup = at_oidc("tui-secret");
    setup.oauth.client_secret_command = vec!["/bin/echo".to_owned(), SECRET.to_owned()];
    let (_, mut played) = page_at_oidc(setup);
    played.secrets.add(SECRET);
    played
}

/// Nobody has told that service of butty (RFC 7591).
fn registered() -> Played {
    let mut setup = at_the_other_family();
    (setup.oauth.client_id, setup.oauth.grant) = (None, GrantChoice::Code);
    let (visitor, played) = page_at_oidc(setup);
    assert!(visitor.vault.ever().iter().any(|(key, _)| matches!(key, VaultKey::Client { .. })), "it registered");
    played
}

/// One of the two refreshes; an old refresh token that came again would end the sign-in.
fn rotated() -> Played {
    let recorder = Recorder::start();
    let home = Home::signed_in();
    let (old, before) = (home.token(), home.refreshes());
    home.expire();
    for done in home.used_by_two_at_once() {
        assert!(done.status.success(), "{}", words(&done));
    }
    let traffic = recorder.stop();
    let new = home.token();
    assert!(home.refreshes() == before + 1 && new.refresh != old.refresh, "one refresh, and its token is kept");
    let mut secrets = Secrets::of("juliet", &["pw-juliet"]);
    secrets.add_token(&old);
    secrets.add_token(&new);
    Played { secured: 3, ..Played::new(traffic, secrets) }
}

/// Whoever leaves takes another device along, whose tokens are dead from then on.
fn everywhere() -> Played {
    let [here, there] = [(); 2].map(|()| Visitor::new(account("alpha.test"), NetworkSettings::default()));
    let (traffic, ()) = recorded(async {
        for visitor in [&there, &here] {
            let (link, mut facts) = visitor.by_code().await;
            assert_eq!(outcome(&mut facts).await.unwrap().1, "OAUTHBEARER");
            gone(link, facts).await;
        }
        let (link, mut facts) = start(&here.network, here.setup.clone(), false);
        link.send(LinkCommand::SignOut { everywhere: true });
        let ended = |fact: &LinkFact| match fact {
            LinkFact::SignedOut { told: Farewelled::Told, elsewhere: Some(Elsewhere::Asked { ended, .. }), .. } => {
                *ended > 0
            }
            LinkFact::SignedOut { .. } => panic!("{fact:?}"),
            _ => false,
        };
        while !ended(&next(&mut facts).await) {}
        gone(link, facts).await;
        assert_eq!(visit(&there.network, there.setup.clone()).await, "BTY-AUTH-04");
    });
    let mut secrets = here.secrets();
    secrets.add_all(&there.vault);
    Played { secured: 6, ..Played::new(traffic, secrets) }
}
