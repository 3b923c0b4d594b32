//! The first half of a sign-in: which service, which way, and what the person is shown.

use super::reach::Reach;
use super::tokens::{kept_client, known_client, record_of};
use super::{Flow, Place};
use crate::app::event::{BrowserPrompt, CodePrompt, Consent, Fallback};
use crate::app::setup::GrantChoice;
use crate::net::loopback::Listener;
use crate::net::random;
use crate::oauth::grant::{self, Attempt, DeviceCode, Service};
use crate::oauth::pending::Way;
use crate::oauth::{
    Asking, ClientIdentity, GrantError, Issuer, Outlook, Pending, VaultKey, page, registration, scopes,
};
use crate::types::{Line, Problem};
use std::sync::atomic::Ordering;
use url::Url;

/// Where to ask, and what is known about who asks.
struct Desk<'h, 'f> {
    hands: &'h Reach<'f>,
    service: Service,
    /// Its metadata, where it has some.
    issuer: Option<Issuer>,
    asked: Vec<String>,
    /// What butty registers for, so that the next sign-in can ask for more than this one.
    registered: Vec<String>,
    host: Line,
}

impl Desk<'_, '_> {
    /// After a refusal: leaves out the scope that the service does not list, if there is one. Nobody has seen it yet.
    fn leave_out_unlisted(&mut self, wished: &[String]) -> bool {
        let Some(listed) = self.issuer.as_ref().and_then(|issuer| issuer.scopes.as_ref()) else { return false };
        let kept = |scope: &String| !scopes::is_staying(scope) || listed.contains(scope) || wished.contains(scope);
        let before = (self.asked.len(), self.registered.len());
        self.asked.retain(kept);
        self.registered.retain(kept);
        before != (self.asked.len(), self.registered.len())
    }
}

impl Flow {
    /// Finds the service, asks it, and shows what it answered. `wait`: the answer of a page is awaited here.
    pub(super) async fn begin(
        &self,
        hands: &Reach<'_>,
        place: Place,
        wait: bool,
    ) -> Result<(Pending, Option<Listener>), Problem> {
        let from_wire = matches!(place, Place::Asked { trusted: false, .. });
        let (service, issuer) = self.service(hands, place).await?;
        if from_wire {
            self.same_issuer(&service.issuer).await?;
        }
        let host = Line::clean(&page::host_of(service.device.as_ref().unwrap_or(&service.token)));
        let mut registered = self.scopes(&service, issuer.as_ref());
        let asked = self.asks_for.scopes(&registered);
        registered.extend(asked.iter().filter(|scope| !registered.contains(scope)).cloned().collect::<Vec<_>>());
        let mut desk = Desk { hands, service, issuer, asked, registered, host };
        let (device, browser) = self.ways(&desk.service)?;
        if device {
            self.tell(Consent::AskingForCode { host: desk.host.clone() }).await;
            match self.code(&mut desk).await {
                // It has codes, but not for this client.
                Err(GrantError::NotForClient(_) | GrantError::NoDevice) if browser => {}
                answer => {
                    let (client, code) = answer.map_err(|error| self.told(&error, &desk.host, &desk.asked))?;
                    let pending = self.pending(desk, client, Way::Device(Box::new(code)));
                    self.show(&pending, false).await?;
                    return Ok((pending, None));
                }
            }
        }
        if self.setup.oauth.grant == GrantChoice::Auto {
            self.step_down(Fallback::Page).await;
        }
        let client = self.client_for_page(&mut desk).await;
        let client = client.map_err(|error| self.told(&error, &desk.host, &desk.asked))?;
        let (attempt, door) = self.attempt().await?;
        let pending = self.pending(desk, client, Way::Browser(Box::new(attempt)));
        let door = door.filter(|_| wait);
        self.show(&pending, door.is_some()).await?;
        Ok((pending, door))
    }

    /// `asked`: the scopes, for a refusal that is about one of them.
    pub(super) fn told(&self, error: &GrantError, host: &Line, asked: &[String]) -> Problem {
        match error {
            GrantError::Refused(said) if said.as_str().starts_with("invalid_scope") => {
                let scope = scopes::named(asked, said.as_str());
                let rest = scopes::without_refused(asked, scope.map(String::as_str)).unwrap_or_default();
                Problem::ScopeRefused {
                    host: host.clone(),
                    scope: scope.map(|scope| Line::clean(scope)),
                    rest: rest.iter().map(|scope| Line::clean(scope)).collect(),
                }
            }
            error => error.problem(&self.setup.domain, host, None),
        }
    }

    async fn step_down(&self, to: Fallback) {
        self.tell(Consent::SteppingDown { domain: Line::clean(self.setup.domain.as_str()), to }).await;
    }

    async fn service(&self, hands: &Reach<'_>, place: Place) -> Result<(Service, Option<Issuer>), Problem> {
        let asked = match place {
            Place::Given(service) => return Ok((*service, None)),
            Place::Asked { issuer, .. } => issuer,
        };
        let host = Line::clean(&Url::parse(&asked).map(|url| page::host_of(&url)).unwrap_or_default());
        let issuer = grant::discover(hands, &asked).await.map_err(|error| self.told(&error, &host, &[]))?;
        let service = Service { inside: hands.is_inside(), ..(&issuer).into() };
        Ok((service, Some(issuer)))
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

    /// Whether a code, and whether a page comes into question; at least one of them does.
    fn ways(&self, service: &Service) -> Result<(bool, bool), Problem> {
        let choice = self.setup.oauth.grant;
        let device = service.device.is_some() && choice != GrantChoice::Code;
        let browser = service.authorization.is_some() && choice != GrantChoice::Device;
        let domain = self.setup.domain.clone();
        match (device, browser) {
            (false, false) if choice == GrantChoice::Code => Err(Problem::NoPageSignIn { domain }),
            (false, false) => Err(Problem::NoDeviceSignIn { domain }),
            ways => Ok(ways),
        }
    }

    fn scopes(&self, service: &Service, issuer: Option<&Issuer>) -> Vec<String> {
        let wished = &self.setup.oauth.scopes;
        if wished.is_empty() && service.device_response_type {
            return scopes::messenger();
        }
        let renews = issuer.is_some_and(Issuer::renews);
        scopes::choose(wished, issuer.and_then(|issuer| issuer.scopes.as_deref()), renews)
    }

    /// What the person, or the config, wants to be asked for whatever the service lists.
    fn wished(&self) -> Vec<String> {
        let typed: &[String] = if let Asking::These { scopes, .. } = &self.asks_for { scopes } else { &[] };
        [self.setup.oauth.scopes.as_slice(), typed].concat()
    }

    /// A code. A service that takes no scope but those that it lists is asked once more, for those.
    async fn code(&self, desk: &mut Desk<'_, '_>) -> Result<(ClientIdentity, DeviceCode), GrantError> {
        match self.code_once(desk).await {
            Err(GrantError::Refused(_)) if desk.leave_out_unlisted(&self.wished()) => self.code_once(desk).await,
            answer => answer,
        }
    }

    /// The same for a page, as far as it shows before the person has seen it.
    async fn client_for_page(&self, desk: &mut Desk<'_, '_>) -> Result<ClientIdentity, GrantError> {
        let answer = match self.client(desk).await {
            Err(GrantError::Refused(_)) if desk.leave_out_unlisted(&self.wished()) => self.client(desk).await,
            answer => answer,
        };
        answer.map(|(client, _)| client)
    }

    /// With a new registration where the issuer has forgotten the old one.
    async fn code_once(&self, desk: &Desk<'_, '_>) -> Result<(ClientIdentity, DeviceCode), GrantError> {
        let local = self.setup.oauth.allow_local_page;
        let ask = async |client: &ClientIdentity| {
            grant::ask_for_code(desk.hands, &desk.service, client, &desk.asked, local).await
        };
        let (client, kept) = self.client(desk).await?;
        match ask(&client).await {
            Err(GrantError::UnknownClient | GrantError::NotForClient(_)) if kept => {
                // Other sign-ins may still live by the old one: it gives way only to one that does better.
                let client = self.registered(desk).await?;
                let code = ask(&client).await?;
                self.keep_client(&desk.service, &client).await?;
                Ok((client, code))
            }
            answer => answer.map(|code| (client, code)),
        }
    }

    /// The next sign-in registers anew. Until it has, the client stays: other sign-ins may live by it.
    pub(super) async fn doubt_client(&self, pending: &Pending) -> Result<(), GrantError> {
        let kept = kept_client(&self.network, &pending.service.issuer).await.map_err(GrantError::Unreached)?;
        match kept.filter(|kept| kept.id == pending.client.id) {
            Some(kept) => {
                let doubted = ClientIdentity { expires: Some(self.network.now().wall), ..kept };
                self.keep_client(&pending.service, &doubted).await
            }
            None => Ok(()),
        }
    }

    async fn keep_client(&self, service: &Service, client: &ClientIdentity) -> Result<(), GrantError> {
        let key = VaultKey::Client { issuer: service.issuer.clone() };
        self.network.save(&key, client.to_text(), self.durable()).await.map_err(GrantError::Unreached)
    }

    async fn registered(&self, desk: &Desk<'_, '_>) -> Result<ClientIdentity, GrantError> {
        let issuer = desk.issuer.as_ref().ok_or(GrantError::UnknownClient)?;
        grant::register(desk.hands, issuer, &desk.registered).await
    }

    /// Who butty is there, and whether that came out of the vault.
    async fn client(&self, desk: &Desk<'_, '_>) -> Result<(ClientIdentity, bool), GrantError> {
        let known = known_client(&self.network, &self.setup, &desk.service.issuer).await;
        if let Some(client) = known.map_err(GrantError::Unreached)? {
            return Ok((client, self.setup.oauth.client_id.is_none()));
        }
        let client = self.registered(desk).await?;
        self.keep_client(&desk.service, &client).await?;
        Ok((client, false))
    }

    /// A try on a page, and the door where its answer comes in, if one can be opened.
    async fn attempt(&self) -> Result<(Attempt, Option<Listener>), Problem> {
        let text = self.setup.oauth.redirect.as_deref().unwrap_or(registration::REDIRECT);
        let mut redirect =
            page::redirect(text).ok_or_else(|| Problem::NoPageSignIn { domain: self.setup.domain.clone() })?;
        let entropy = random().ok_or_else(|| Problem::Bug { what: Line::clean("no random numbers") })?;
        let door = Listener::open(&redirect).await.ok();
        if let Some(door) = &door {
            // Any port of a number of this computer does (RFC 8252 section 7.3). It cannot fail: there is a host.
            let _ = redirect.set_port(Some(door.port()));
        }
        Ok((Attempt::new(redirect, &entropy), door))
    }

    /// The door of a try that another process began.
    pub(super) async fn reopen(&self, pending: &Pending) -> Option<Listener> {
        Listener::open(pending.redirect().filter(|redirect| redirect.port().is_some())?).await.ok()
    }

    fn pending(&self, desk: Desk<'_, '_>, client: ClientIdentity, way: Way) -> Pending {
        let lifetime = match &way {
            Way::Device(code) => code.lifetime,
            Way::Browser(_) => Attempt::LIFETIME,
        };
        let expires = self.network.now().wall.plus(lifetime);
        let stays = self.asks_for.stays();
        Pending { service: desk.service, client, scopes: desk.asked, stays, expires, way }
    }

    /// Shows the person what to do.
    pub(super) async fn show(&self, pending: &Pending, listening: bool) -> Result<(), Problem> {
        self.shown.store(true, Ordering::Relaxed);
        self.code_shown.store(matches!(pending.way, Way::Device(_)), Ordering::Relaxed);
        self.showing.notify_one();
        let service = Line::clean(self.setup.domain.as_str());
        let scopes = pending.scopes.iter().map(|scope| Line::clean(scope)).collect();
        let outlook = Outlook::of(&pending.scopes, pending.stays, &pending.service);
        let expires = pending.expires;
        let step = match &pending.way {
            Way::Device(code) => Consent::Code(CodePrompt {
                service,
                address: Line::whole(code.page.as_str()),
                complete: code.complete.as_ref().map(|url| Line::whole(url.as_str())),
                code: code.code.clone(),
                expires,
                lifetime: code.lifetime,
                scopes,
                outlook,
                local_only: page::is_this_computer(&code.page),
            }),
            Way::Browser(attempt) => {
                let address = attempt.address(&pending.service, &pending.client, &pending.scopes);
                let host = Line::clean(&page::host_of(&pending.service.token));
                let address = address.map_err(|error| self.told(&error, &host, &[]))?;
                Consent::Browser(BrowserPrompt {
                    service,
                    host: Line::clean(&page::host_of(&address)),
                    address: address.into(),
                    listening,
                    scopes,
                    outlook,
                    expires,
                    lifetime: Attempt::LIFETIME,
                })
            }
        };
        self.tell(step).await;
        Ok(())
    }
}
