//! Signing in with a code, keeping the sign-in fresh, and signing out.
//!
//! The order that nothing may change: a new refresh token is kept before its access token is used, and the old
//! one is kept until then. One refresh at a time: in this process by a lock per token, across processes by the
//! vault's; whoever comes second reads again and finds the work done.

use super::Network;
use super::http::Web;
use super::link::Teller;
use crate::app::event::{CodePrompt, Consent, Keep, LinkFact};
use crate::app::setup::AccountSetup;
use crate::oauth::grant::{self, DeviceCode, Service};
use crate::oauth::{
    ClientIdentity, GrantError, Hands, HttpRequest, HttpResponse, Later, Pace, SignInRecord, Token, VaultKey, page,
    scopes,
};
use crate::types::{Line, Now, Problem, Secret, Stamp};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use url::Url;

/// Longest run of a command that prints a secret.
const COMMAND: Duration = Duration::from_secs(30);

/// Where the sign-in service is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The profile names its addresses.
    Given(Box<Service>),
    /// Its issuer, or the address of its metadata. `trusted`: from the config, not from the wire.
    Asked { issuer: String, trusted: bool },
}

impl Place {
    /// What the setup says, if it says something.
    pub(super) fn of(setup: &AccountSetup) -> Result<Option<Self>, Problem> {
        if let Some(given) = &setup.oauth.endpoints {
            let unreadable = || Problem::NoIssuer { domain: setup.domain.clone() };
            let token = page::endpoint(&given.token).ok_or_else(unreadable)?;
            return Ok(Some(Self::Given(Box::new(Service {
                issuer: setup.oauth.issuer.clone().unwrap_or_else(|| token.to_string()),
                device: Some(page::endpoint(&given.device).ok_or_else(unreadable)?),
                revocation: given.revocation.as_deref().and_then(page::endpoint),
                device_response_type: given.device_response_type,
                token,
            }))));
        }
        let issuer = setup.oauth.issuer.clone();
        Ok(issuer.map(|issuer| Self::Asked { issuer, trusted: true }))
    }
}

/// One sign-in with a code, from the first question to the kept token.
pub(super) struct Flow {
    pub(super) network: Arc<Network>,
    pub(super) setup: Arc<AccountSetup>,
    pub(super) teller: Teller,
    pub(super) poll_now: Arc<Notify>,
    pub(super) keep: Keep,
    /// Services on private addresses are fine.
    pub(super) inside: bool,
}

impl Flow {
    fn durable(&self) -> bool {
        self.keep != Keep::Memory && !self.setup.ephemeral
    }

    /// Fails before a code is asked for when the sign-in could not be kept.
    pub(super) async fn probe(&self) -> Result<(), Problem> {
        self.network.settle(&self.setup, self.keep).await?;
        let account = self.setup.id.as_str().to_owned();
        let key = VaultKey::Tokens { issuer: "probe".to_owned(), client: "probe".to_owned(), account };
        self.network.save(&key, Secret::from("probe"), self.durable()).await?;
        self.network.forget(&key).await
    }

    /// The flow. Dropping it cancels.
    pub(super) async fn run(&self, place: Place) -> Result<(), Problem> {
        let inside = self.inside || matches!(place, Place::Given(_) | Place::Asked { trusted: true, .. });
        let web = Web::new(Arc::clone(&self.network), Arc::clone(&self.setup), inside);
        let hands = Reach { web, flow: Some(self), clock: Arc::clone(&self.network), host: Mutex::default() };
        let from_wire = matches!(place, Place::Asked { trusted: false, .. });
        let (service, registration, supported) = self.service(&hands, place).await?;
        if from_wire {
            self.same_issuer(&service.issuer).await?;
        }
        let host = Line::clean(&page::host_of(service.device.as_ref().unwrap_or(&service.token)));
        let asked = self.scopes(supported.as_deref());
        self.teller.tell(LinkFact::Consent(Consent::AskingForCode { host: host.clone() })).await;
        let (client, code) = self.code(&hands, &service, registration.as_ref(), &asked, &host).await?;
        self.teller.tell(LinkFact::Consent(Consent::Code(self.prompt(&code, &asked)))).await;
        let answer = grant::wait_for_consent(&hands, &service, &client, &code).await;
        let token =
            answer.map_err(|error| error.problem(&self.setup.domain, &host, Some((&code.code, code.lifetime))))?;
        if !scopes::chat_granted(&asked, token.scopes.as_deref()) {
            grant::revoke(&hands, &service, &client, &token).await;
            return Err(Problem::ChatNotGranted { domain: self.setup.domain.clone() });
        }
        self.keep(service, &client, &token, &asked).await
    }

    async fn service(
        &self,
        hands: &Reach<'_>,
        place: Place,
    ) -> Result<(Service, Option<Url>, Option<Vec<String>>), Problem> {
        let asked = match place {
            Place::Given(service) => return Ok((*service, None, None)),
            Place::Asked { issuer, .. } => issuer,
        };
        let host = Line::clean(&Url::parse(&asked).map(|url| page::host_of(&url)).unwrap_or_default());
        let issuer =
            grant::discover(hands, &asked).await.map_err(|error| error.problem(&self.setup.domain, &host, None))?;
        if issuer.device.is_none() {
            return Err(Problem::NoDeviceSignIn { domain: self.setup.domain.clone() });
        }
        Ok(((&issuer).into(), issuer.registration, issuer.scopes))
    }

    /// The issuer is pinned at the first consent, until the person signs out.
    async fn same_issuer(&self, issuer: &str) -> Result<(), Problem> {
        match record_of(&self.network, &self.setup).await? {
            Some(record) if record.service.issuer != issuer => Err(Problem::IssuerChanged {
                domain: self.setup.domain.clone(),
                was: Line::clean(&record.service.issuer),
                now: Line::clean(issuer),
            }),
            _ => Ok(()),
        }
    }

    fn scopes(&self, supported: Option<&[String]>) -> Vec<String> {
        let wished = &self.setup.oauth.scopes;
        let live_connect = self.setup.oauth.endpoints.is_some();
        if wished.is_empty() && live_connect { scopes::messenger() } else { scopes::choose(wished, supported) }
    }

    /// A code; with a new registration where the issuer has forgotten the old one.
    async fn code(
        &self,
        hands: &Reach<'_>,
        service: &Service,
        registration: Option<&Url>,
        asked: &[String],
        host: &Line,
    ) -> Result<(ClientIdentity, DeviceCode), Problem> {
        let local = self.setup.oauth.allow_local_page;
        let told = |error: GrantError| error.problem(&self.setup.domain, host, None);
        let (client, kept) = self.client(hands, service, registration, asked, host).await?;
        match grant::ask_for_code(hands, service, &client, asked, local).await {
            Err(GrantError::UnknownClient) if kept => {
                self.network.forget(&VaultKey::Client { issuer: service.issuer.clone() }).await?;
                let (client, _) = self.client(hands, service, registration, asked, host).await?;
                let code = grant::ask_for_code(hands, service, &client, asked, local).await.map_err(told)?;
                Ok((client, code))
            }
            answer => answer.map(|code| (client, code)).map_err(told),
        }
    }

    /// Who butty is there, and whether that came out of the vault.
    async fn client(
        &self,
        hands: &Reach<'_>,
        service: &Service,
        registration: Option<&Url>,
        asked: &[String],
        host: &Line,
    ) -> Result<(ClientIdentity, bool), Problem> {
        let none = || Problem::NoClient { host: host.clone() };
        if let Some(client) = known_client(&self.network, &self.setup, &service.issuer).await? {
            let from_vault = self.setup.oauth.client_id.is_none();
            return Ok((client, from_vault));
        }
        let endpoint = registration.ok_or_else(none)?;
        let client = grant::register(hands, endpoint, asked)
            .await
            .map_err(|error| error.problem(&self.setup.domain, host, None))?;
        let key = VaultKey::Client { issuer: service.issuer.clone() };
        self.network.save(&key, client.to_text(), self.durable()).await?;
        Ok((client, false))
    }

    fn prompt(&self, code: &DeviceCode, asked: &[String]) -> CodePrompt {
        CodePrompt {
            service: Line::clean(self.setup.domain.as_str()),
            address: Line::clean(code.page.as_str()),
            complete: code.complete.as_ref().map(|url| Line::clean(url.as_str())),
            code: code.code.clone(),
            expires: self.network.now().wall.plus(code.lifetime),
            lifetime: code.lifetime,
            scopes: asked.iter().map(|scope| Line::clean(scope)).collect(),
            local_only: page::is_this_computer(&code.page),
        }
    }

    async fn keep(
        &self,
        service: Service,
        client: &ClientIdentity,
        token: &Token,
        asked: &[String],
    ) -> Result<(), Problem> {
        let granted = token.scopes.as_deref().unwrap_or(asked).iter().map(|scope| Line::clean(scope)).collect();
        let record =
            SignInRecord { service, client: client.id.clone(), scopes: asked.to_vec(), durable: self.durable() };
        let key = record.tokens_key(&self.setup.id);
        let flight = self.network.flight(&key);
        // A refresh of the old token that is still under way must not come last.
        let _alone_here = flight.lock().await;
        self.network.save(&key, token.to_text(), record.durable).await?;
        self.network.save(&SignInRecord::key(&self.setup.id), record.to_text(), record.durable).await?;
        let keep = if record.durable { self.keep } else { Keep::Memory };
        self.teller.tell(LinkFact::Consent(Consent::Granted { scopes: granted })).await;
        self.teller.tell(LinkFact::Kept(keep)).await;
        Ok(())
    }
}

/// The client that the config names, or that a registration left in the vault.
pub(super) async fn known_client(
    network: &Network,
    setup: &AccountSetup,
    issuer: &str,
) -> Result<Option<ClientIdentity>, Problem> {
    if let Some(id) = &setup.oauth.client_id {
        let secret = match setup.oauth.client_secret_command.as_slice() {
            [] => None,
            command => {
                let none = || Problem::NoClient { host: Line::clean(issuer) };
                Some(first_line(command).await.ok_or_else(none)?)
            }
        };
        return Ok(Some(ClientIdentity::given(id, secret)));
    }
    let kept = network.load(&VaultKey::Client { issuer: issuer.to_owned() }).await?;
    let client = kept.as_ref().and_then(ClientIdentity::from_text);
    Ok(client.filter(|client| !client.is_expired(network.now().wall)))
}

/// How the account signed in, if it did.
pub(super) async fn record_of(network: &Network, setup: &AccountSetup) -> Result<Option<SignInRecord>, Problem> {
    let text = network.load(&SignInRecord::key(&setup.id)).await?;
    Ok(text.as_ref().and_then(SignInRecord::from_text))
}

/// A token that will do now; refreshed if need be. `refused` is one that the server has just refused.
pub(super) async fn access_token(
    network: Arc<Network>,
    setup: Arc<AccountSetup>,
    record: SignInRecord,
    refused: Option<Secret<String>>,
    teller: Option<Teller>,
) -> Result<Secret<String>, Problem> {
    let key = record.tokens_key(&setup.id);
    let good = |token: &Token, now: Stamp| !token.is_stale(now) && refused.as_ref() != Some(&token.access);
    let token = kept_token(&network, &setup, &key).await?;
    if good(&token, network.now().wall) {
        return Ok(token.access.clone());
    }
    let flight = network.flight(&key);
    let _alone_here = flight.lock().await;
    let _alone_everywhere = network.hold(&key).await?;
    let token = kept_token(&network, &setup, &key).await?;
    let now = network.now().wall;
    if good(&token, now) {
        return Ok(token.access.clone());
    }
    match renew(&network, &setup, &record, &token).await {
        Ok(new) => {
            if let Err(problem) = network.save(&key, new.to_text(), record.durable).await {
                tracing::warn!(target: "butty::net", code = problem.code(), "the sign-in is kept in memory only");
                network.save(&key, new.to_text(), false).await?;
                if let Some(teller) = teller {
                    teller.tell(LinkFact::Kept(Keep::Memory)).await;
                }
            }
            Ok(new.access.clone())
        }
        Err(problem) => {
            // Stale is not dead: what is left of its life will do when only the service is out of reach.
            let alive = token.expires.is_none_or(|end| now < end) && refused.as_ref() != Some(&token.access);
            if alive && problem.passes_by_itself() { Ok(token.access.clone()) } else { Err(problem) }
        }
    }
}

async fn kept_token(network: &Network, setup: &AccountSetup, key: &VaultKey) -> Result<Token, Problem> {
    let text = network.load(key).await?;
    let needed = || Problem::SignInNeeded { account: Line::clean(setup.id.as_str()) };
    text.as_ref().and_then(Token::from_text).ok_or_else(needed)
}

async fn renew(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    record: &SignInRecord,
    token: &Token,
) -> Result<Token, Problem> {
    let host = Line::clean(&page::host_of(&record.service.token));
    let client = client_of(network, setup, record).await?;
    // A fresh connection each time: a request that dies on an old one might have cost the refresh token.
    let hands = Reach::quiet(network, setup);
    match grant::refresh(&hands, &record.service, &client, token).await {
        Ok(new) => Ok(new),
        // Without its client a refresh token is worth nothing.
        Err(GrantError::Dead | GrantError::UnknownClient) => {
            Err(Problem::SignInExpired { domain: setup.domain.clone() })
        }
        Err(error) => Err(error.problem(&setup.domain, &host, None)),
    }
}

/// The client that the tokens were given to; another one that the config or the vault names by now would only spoil
/// them (RFC 6749 section 10.4).
async fn client_of(network: &Network, setup: &AccountSetup, record: &SignInRecord) -> Result<ClientIdentity, Problem> {
    let known = known_client(network, setup, &record.service.issuer).await?;
    let same = known.filter(|client| client.id == record.client);
    Ok(same.unwrap_or_else(|| ClientIdentity::given(&record.client, None)))
}

/// Forgets what there is, then revokes it. True when there was nothing to tell, or the service confirmed.
///
/// In this order, since the service may take its time and the process may end: what the person wants gone is gone.
pub(super) async fn sign_out(network: &Arc<Network>, setup: &Arc<AccountSetup>) -> Result<bool, Problem> {
    network.forget(&password_key(setup)).await?;
    let Some(record) = record_of(network, setup).await? else { return Ok(true) };
    let key = record.tokens_key(&setup.id);
    let flight = network.flight(&key);
    let token = {
        // A refresh under way would keep its new token after this one was forgotten.
        let _alone_here = flight.lock().await;
        let token = network.load(&key).await?.as_ref().and_then(Token::from_text);
        network.forget(&key).await?;
        network.forget(&SignInRecord::key(&setup.id)).await?;
        token
    };
    let Some(token) = token else { return Ok(true) };
    let client = client_of(network, setup, &record).await?;
    Ok(grant::revoke(&Reach::quiet(network, setup), &record.service, &client, &token).await)
}

/// Where the password of an account is kept.
pub(super) fn password_key(setup: &AccountSetup) -> VaultKey {
    VaultKey::Password { account: setup.id.as_str().to_owned() }
}

/// The first line that a command prints. No shell; nothing of it is logged, only that it gave none.
pub(super) async fn first_line(command: &[String]) -> Option<Secret<String>> {
    let line = printed(command).await;
    if line.is_none() {
        tracing::warn!(target: "butty::net", program = command.first().map(String::as_str), "gave no secret");
    }
    line
}

async fn printed(command: &[String]) -> Option<Secret<String>> {
    let [program, arguments @ ..] = command else { return None };
    let run = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(COMMAND, run).await.ok()?.ok()?;
    let stdout = Secret::new(String::from_utf8(output.stdout).ok()?);
    let line = stdout.expose().lines().next().unwrap_or_default();
    (output.status.success() && !line.is_empty()).then(|| Secret::from(line))
}

/// [`Hands`] over the real network.
struct Reach<'f> {
    web: Web,
    /// Whom to tell; `None`: nobody looks on.
    flow: Option<&'f Flow>,
    clock: Arc<Network>,
    /// Asked last.
    host: Mutex<Line>,
}

impl Reach<'_> {
    /// For refresh and revocation, which have nothing to show. The addresses were pinned at consent.
    fn quiet(network: &Arc<Network>, setup: &Arc<AccountSetup>) -> Self {
        let web = Web::new(Arc::clone(network), Arc::clone(setup), true);
        Self { web, flow: None, clock: Arc::clone(network), host: Mutex::default() }
    }
}

impl Hands for Reach<'_> {
    fn fetch(&self, request: HttpRequest) -> Later<'_, Result<HttpResponse, Problem>> {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) =
            Line::clean(request.uri().authority().map_or("", |authority| authority.as_str()));
        Box::pin(self.web.fetch(request))
    }

    fn pause(&self, wait: Duration) -> Later<'_, ()> {
        Box::pin(async move {
            match self.flow {
                Some(flow) => drop(tokio::time::timeout(wait, flow.poll_now.notified()).await),
                None => tokio::time::sleep(wait).await,
            }
        })
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn tell(&self, pace: Pace) -> Later<'_, ()> {
        Box::pin(async move {
            let Some(flow) = self.flow else { return };
            let step = match pace {
                Pace::Slower(every) => Consent::SlowerPace { every },
                Pace::Unreachable(retry_in) => {
                    let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    Consent::Unreachable { host, retry_in }
                }
                Pace::Reachable => Consent::Reachable,
            };
            flow.teller.tell(LinkFact::Consent(step)).await;
        })
    }
}

#[cfg(all(test, feature = "demo"))]
mod tests;
