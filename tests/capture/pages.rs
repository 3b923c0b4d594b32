//! Sign-in services: codes and pages at Prosody and oidc-provider, refreshed and revoked; a robot is the person.

use super::link::{
    Memory, account, answer, at_oidc, at_the_other_family, kept, network_of, next, on_a_page, outcome, page, prompt,
    start, walk,
};
use super::secrets::Secrets;
use super::ways::recorded;
use super::{Played, Scenario};
use butty::app::effect::LinkCommand;
use butty::app::event::{Consent, Keep, LinkFact};
use butty::app::setup::AccountSetup;
use butty::net::{LinkHandle, Network, NetworkSettings};
use butty::oauth::{Farewelled, Token, Vault, VaultKey};
use butty::types::{Proxy, Proxying, Secret, Stamp};
use std::sync::Arc;

pub const SCENARIOS: &[Scenario] = &[
    ("device code at Prosody, refresh, revocation", device_at_prosody),
    ("device code at Prosody, denied", denied),
    ("device code at Prosody, parked and taken up", parked),
    ("device code at oidc-provider, refresh, revocation", || device_at_oidc("")),
    ("device code through SOCKS5", || device_at_oidc("socks5://anna:pw-anna@127.0.0.61:1080")),
    ("device code through HTTP CONNECT", || device_at_oidc("http://anna:pw-anna@127.0.0.62:8888")),
    ("code and PKCE at Prosody, by the listener, refresh, revocation", || page_at_prosody(true)),
    ("code and PKCE at Prosody, the address pasted", || page_at_prosody(false)),
    ("code and PKCE at oidc-provider, a client with a secret", page_at_oidc),
];

/// Somebody who signs in and comes back.
struct Visitor {
    network: Arc<Network>,
    vault: Arc<Memory>,
    setup: AccountSetup,
}

type Facts = super::link::Facts;

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
        drop(facts);
        link.closed().await;
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::of("juliet", &["pw-juliet"]);
        secrets.add_all(&self.vault);
        secrets
    }
}

async fn sign_out(link: &LinkHandle, facts: &mut Facts) {
    link.send(LinkCommand::SignOut { everywhere: false });
    while !matches!(next(facts).await, LinkFact::SignedOut { told: Farewelled::Told, .. }) {}
}

fn device_at_prosody() -> Played {
    let visitor = Visitor::new(account("alpha.test"), NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.by_code().await;
        assert_eq!(outcome(&mut facts).await.unwrap().1, "OAUTHBEARER");
        drop(facts);
        link.closed().await;
        visitor.comes_back_and_leaves().await;
    });
    Played { secured: 4, ..Played::new(traffic, visitor.secrets()) }
}

/// The code waits in the vault between two processes.
fn parked() -> Played {
    let visitor = Visitor::new(account("alpha.test"), NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = start(&visitor.network, visitor.setup.clone(), false);
        link.send(LinkCommand::BeginSignIn { keep: Keep::Memory });
        let url = prompt(&mut facts).await;
        while !matches!(next(&mut facts).await, LinkFact::Consent(Consent::Parked)) {}
        drop(facts);
        link.closed().await;
        tokio::task::spawn_blocking(move || answer(&url, false)).await.unwrap();
        let (link, mut facts) = start(&visitor.network, visitor.setup.clone(), false);
        link.send(LinkCommand::ResumeSignIn { keep: Keep::Memory });
        prompt(&mut facts).await;
        link.send(LinkCommand::PollNow);
        assert_eq!(outcome(&mut facts).await.unwrap().1, "OAUTHBEARER");
        drop(facts);
        link.closed().await;
    });
    assert!(visitor.vault.ever().iter().any(|(key, _)| matches!(key, VaultKey::Pending { .. })));
    Played { secured: 2, ..Played::new(traffic, visitor.secrets()) }
}

fn denied() -> Played {
    let visitor = Visitor::new(account("alpha.test"), NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.begin();
        let url = prompt(&mut facts).await;
        tokio::task::spawn_blocking(move || answer(&url, true)).await.unwrap();
        link.send(LinkCommand::PollNow);
        assert_eq!(outcome(&mut facts).await.unwrap_err().code(), "BTY-AUTH-02");
    });
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
        drop(facts);
        link.closed().await;
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
        drop(facts);
        link.closed().await;
        visitor.comes_back_and_leaves().await;
    });
    Played { secured: 4, web: usize::from(listener), ..Played::new(traffic, visitor.secrets()) }
}

fn page_at_oidc() -> Played {
    const SECRET: &str = "tui-secret-value";
    let mut setup = at_oidc("tui-secret");
    setup.oauth.client_secret_command = vec!["/bin/echo".to_owned(), SECRET.to_owned()];
    let visitor = Visitor::new(setup, NetworkSettings::default());
    let (traffic, ()) = recorded(async {
        let (link, mut facts) = visitor.begin();
        let prompt = page(&mut facts).await;
        walk(&prompt.address, &["--deliver"]).await;
        kept(&mut facts).await;
        sign_out(&link, &mut facts).await;
    });
    let mut secrets = visitor.secrets();
    secrets.add(SECRET);
    Played { secured: 2, web: 1, ..Played::new(traffic, secrets) }
}
