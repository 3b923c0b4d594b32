//! What the mind and the hands must know about an account to use it. Made by `config`, or by a sign-in.

use super::event::Keep;
pub use crate::oauth::Terms;
use crate::types::{AccountId, BareJid, Domain, Problem};
use crate::xmpp::{CredentialKind, SignedIn};
use std::net::SocketAddr;
use std::path::PathBuf;

/// One account, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountSetup {
    /// The address as configured, normalised.
    pub id: AccountId,
    /// The stream's `to`; what the certificate must prove.
    pub domain: Domain,
    /// The typed local part, where there is one.
    pub local: Option<String>,
    /// Name shown to the person.
    pub name: String,
    /// Wanted online.
    pub enabled: bool,
    /// Which sort of secret; `None`: not known yet, ask the service.
    pub credential: Option<CredentialKind>,
    /// Name of the provider profile.
    pub profile: String,
    /// `host:port` instead of DNS.
    pub server: Option<(String, u16)>,
    /// How TLS is reached.
    pub tls: TlsMode,
    /// Extra roots, PEM.
    pub ca_file: Option<PathBuf>,
    /// Extra roots in memory (the demo's, made at start).
    pub ca_pem: Option<String>,
    /// Forced mechanisms, in order; empty: the strongest offered.
    pub mechanisms: Vec<String>,
    /// These are the profile's and not the person's: a token of the server's own (XEP-0484) is used all the same.
    pub by_profile: bool,
    /// First line of its output is the password. No shell.
    pub password_command: Vec<String>,
    /// First line of its output is an access token. No shell.
    pub token_command: Vec<String>,
    /// OAuth settings.
    pub oauth: OAuthSetup,
    /// Own resolver for this account (the demo's); else the network setting.
    pub resolver: Option<SocketAddr>,
    /// Where its sign-in is kept, once that was chosen.
    pub keep: Option<Keep>,
    /// Leave no trace on disk.
    pub ephemeral: bool,
}

impl AccountSetup {
    /// An account of which only the address is known: `name@example.org`, or a domain alone where the name is found out
    /// later.
    pub fn new(address: &BareJid) -> Self {
        Self {
            id: AccountId::new(address.as_str()),
            domain: address.domain(),
            local: address.local().map(str::to_owned),
            name: String::new(),
            enabled: true,
            credential: None,
            profile: "auto".to_owned(),
            server: None,
            tls: TlsMode::Auto,
            ca_file: None,
            ca_pem: None,
            mechanisms: Vec::new(),
            by_profile: false,
            password_command: Vec::new(),
            token_command: Vec::new(),
            oauth: OAuthSetup::default(),
            resolver: None,
            keep: None,
            ephemeral: false,
        }
    }

    /// The person named mechanisms: nothing else is used.
    pub fn names_mechanisms(&self) -> bool {
        !self.mechanisms.is_empty() && !self.by_profile
    }

    /// The service let somebody else in than this account belongs to: than the one of `before`, else than the typed
    /// name. A Messenger-style service ignores the typed name, so there the address of the last sign-in alone counts.
    pub fn other_person(&self, before: Option<BareJid>, signed_in: &SignedIn) -> Option<Problem> {
        let got = signed_in.jid.bare();
        let dialect = |name: &String| name.trim() == "X-MESSENGER-OAUTH2";
        let adopts =
            self.profile == "messenger" || dialect(&signed_in.mechanism) || signed_in.offered.iter().any(dialect);
        let typed = self.local.as_ref().filter(|_| !adopts);
        let typed = typed.and_then(|local| BareJid::parse(&format!("{local}@{}", self.domain.as_str())).ok());
        let wanted = before.or(typed)?;
        (wanted != got).then_some(Problem::OtherPerson { wanted, got })
    }
}

/// How TLS is reached. There is no "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Direct TLS and STARTTLS, merged by SRV priority.
    #[default]
    Auto,
    /// Direct TLS only.
    Direct,
    /// STARTTLS only.
    StartTls,
}

/// OAuth settings of an account; empty fields are discovered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuthSetup {
    /// Issuer, or the full address of its metadata.
    pub issuer: Option<String>,
    /// Registered client.
    pub client_id: Option<String>,
    /// Command whose first line is the client's secret.
    pub client_secret_command: Vec<String>,
    /// Scopes to ask for; empty: the profile's.
    pub scopes: Vec<String>,
    /// Addresses given by the profile instead of discovery.
    pub endpoints: Option<Endpoints>,
    /// A page for the person may be plain http on this computer (demo only).
    pub allow_local_page: bool,
    /// How to sign in; `Auto`: a code, else a page, else a password.
    pub grant: GrantChoice,
    /// Where the page sends the browser back to, as it was registered by hand; `None`: this computer, as butty
    /// registers itself.
    pub redirect: Option<String>,
    /// A file whose first line is an access token that others keep fresh.
    pub token_file: Option<PathBuf>,
    /// How long a consent holds there, as far as its kind of service says so.
    pub terms: Terms,
}

/// How to sign in without a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GrantChoice {
    /// The best that the service has.
    #[default]
    Auto,
    /// A code on any device (RFC 8628), or nothing.
    Device,
    /// A page in a browser (RFC 8252), or nothing.
    Code,
}

/// The addresses of a sign-in service that publishes no metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Device authorization endpoint; empty: it has none.
    pub device: String,
    /// Token endpoint.
    pub token: String,
    /// Revocation endpoint.
    pub revocation: Option<String>,
    /// Extra form field `response_type=device_code` at the device endpoint (Live Connect).
    pub device_response_type: bool,
    /// The page that asks the person (authorization endpoint).
    pub authorization: Option<String>,
    /// The page that ends the browser's own sign-in (Live Connect).
    pub logout: Option<String>,
    /// The page where the person sees and takes back what programs were allowed.
    pub consents: Option<String>,
    /// The page gives the token itself (`response_type=token`), because the service knows nothing better (ejabberd).
    pub token_in_redirect: bool,
}
