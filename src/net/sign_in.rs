//! Signing in with a code or on a page, keeping the sign-in fresh, and signing out.
//!
//! A [`Flow`] is one sign-in from the first question to the kept token: `begin` finds the service and asks it,
//! `finish` waits for the person. Between them a sign-in can be parked ([`Flow::park`]) and taken up again by another
//! process ([`Flow::resume`]). What stands is the matter of `tokens`.

mod begin;
mod command;
mod finish;
mod guest;
mod reach;
mod tokens;

pub(super) use command::{Unprinted, first_line, first_line_of, first_line_within};
pub(super) use guest::{Guest, dismiss, hand_over, set_aside, take_back};
pub(super) use reach::quiet;
pub(super) use tokens::{
    access_token, adopt_former, given_key, known_client, leave_behind, logout_page, password_key, record_of,
    settle_former, sign_out,
};

use super::Network;
use super::http::Web;
use super::link::Teller;
use crate::app::event::{Consent, Keep, LinkFact};
use crate::app::setup::AccountSetup;
use crate::oauth::grant::Service;
use crate::oauth::{Asking, Pending, SignInRecord, VaultKey, page};
use crate::types::{AccountId, Line, Problem, Secret};
use crate::xmpp::{CredentialKind, chosen_mechanism};
use reach::Reach;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// What the person is asked for at a server of which nobody said how to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AskedFor {
    /// To sign in with a code: it takes tokens, and says where its sign-in service is (XEP-0493).
    Code,
    /// A password.
    Password,
    /// It offers nothing that butty knows.
    Nothing,
}

/// By what the server offers, and where it says that its sign-in service is.
pub(super) fn asked_for(mechanisms: &[String], metadata: Option<&str>) -> AskedFor {
    if metadata.is_some() && mechanisms.iter().any(|name| name == "OAUTHBEARER") {
        AskedFor::Code
    } else if chosen_mechanism(mechanisms, &[], CredentialKind::Password).is_some() {
        AskedFor::Password
    } else {
        AskedFor::Nothing
    }
}

/// What is offered does not do.
pub(super) fn no_mechanism(setup: &AccountSetup, offered: &[String]) -> Problem {
    let offered = offered.iter().take(8).map(|name| Line::clean(name)).collect();
    Problem::NoMechanism { domain: setup.domain.clone(), offered }
}

/// Where the sign-in service is.
#[derive(Clone, Debug)]
pub(in crate::net) enum Place {
    /// The profile names its addresses.
    Given(Box<Service>),
    /// Its issuer, or the address of its metadata. `trusted`: from the config, not from the wire.
    Asked { issuer: String, trusted: bool },
}

impl Place {
    /// What the setup says, if it says something.
    pub(in crate::net) fn of(setup: &AccountSetup) -> Result<Option<Self>, Problem> {
        let Some(given) = &setup.oauth.endpoints else {
            let issuer = setup.oauth.issuer.clone();
            return Ok(issuer.map(|issuer| Self::Asked { issuer, trusted: true }));
        };
        let unreadable = || Problem::NoIssuer { domain: setup.domain.clone() };
        let needed = |text: &str| page::endpoint(text).ok_or_else(unreadable);
        let token = needed(&given.token)?;
        let issuer = setup.oauth.issuer.clone().unwrap_or_else(|| token.to_string());
        let device = if given.device.is_empty() { None } else { Some(needed(&given.device)?) };
        Ok(Some(Self::Given(Box::new(Service {
            device,
            authorization: given.authorization.as_deref().map(needed).transpose()?,
            revocation: given.revocation.as_deref().and_then(page::endpoint),
            logout: given.logout.as_deref().and_then(page::endpoint),
            consents: given.consents.as_deref().and_then(|text| page::for_person(text, setup.oauth.allow_local_page)),
            device_response_type: given.device_response_type,
            token_in_redirect: given.token_in_redirect,
            renews_nothing: given.token_in_redirect,
            nameless: setup.oauth.issuer.is_none(),
            ..Service::new(&issuer, token)
        }))))
    }
}

/// The way to an issuer and to what it names. `trusted`: the config names it, and not the wire; `inside`: the server
/// that named it is in a private network itself.
pub(in crate::net) fn web_to_issuer(
    network: &Arc<Network>,
    setup: &Arc<AccountSetup>,
    trusted: bool,
    inside: bool,
) -> Web {
    let web = |inside| Web::new(Arc::clone(network), Arc::clone(setup), inside);
    match trusted {
        true if network.is_inside(setup, None) => web(true),
        true => web(true).no_further_in(),
        false => web(inside),
    }
}

/// What the person pasted last, until it is read.
#[derive(Default)]
pub(super) struct Pasted {
    text: Mutex<Option<Secret<String>>>,
    came: Notify,
}

impl Pasted {
    /// Takes the place of what was not read yet.
    pub(super) fn put(&self, text: Secret<String>) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        self.came.notify_one();
    }

    async fn next(&self) -> Secret<String> {
        loop {
            if let Some(text) = self.text.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return text;
            }
            self.came.notified().await;
        }
    }
}

/// One sign-in.
pub(super) struct Flow {
    pub(super) network: Arc<Network>,
    pub(super) setup: Arc<AccountSetup>,
    pub(super) teller: Teller,
    pub(super) poll_now: Arc<Notify>,
    pub(super) pasted: Pasted,
    pub(super) keep: Keep,
    /// Services on private addresses are fine.
    inside: AtomicBool,
    /// What to ask for.
    pub(super) asks_for: Asking,
    /// What stood before an earlier sign-in that nobody has confirmed is noted already.
    pub(super) follows_another: bool,
    /// What the new sign-in put out of its place, once it is kept.
    replaced: Mutex<Option<Replaced>>,
    /// The person was shown a code or a page: from here on a beginning would be another one.
    shown: AtomicBool,
    /// Just now.
    showing: Notify,
    /// It was a code.
    code_shown: AtomicBool,
    /// The person has done their part, and what came of it is being kept.
    answered: AtomicBool,
}

/// What a sign-in put out of its place. Empty: nothing was there.
pub(super) struct Replaced {
    /// Where the new one is kept.
    pub(super) keep: Keep,
    pub(super) record: Option<SignInRecord>,
    pub(super) tokens: Option<Secret<String>>,
    /// It is noted beyond this process, and held against others for as long as it may be put back.
    pub(super) noted: Option<Held>,
}

/// A lock of the vault, in the hands of somebody whom several may look at.
pub(super) type Held = Mutex<Box<dyn Send>>;

impl Replaced {
    /// The tokens of both have the same place in the vault: those of the second have taken it.
    pub(super) fn shares_place_with(&self, other: &Self, account: &AccountId) -> bool {
        let place = |replaced: &Self| replaced.record.as_ref().map(|record| record.tokens_key(account));
        place(self) == place(other)
    }
}

impl Flow {
    /// A sign-in that nobody has answered yet.
    pub(super) fn new(network: Arc<Network>, setup: Arc<AccountSetup>, teller: Teller, keep: Keep) -> Self {
        let (poll_now, pasted) = (Arc::new(Notify::new()), Pasted::default());
        Self {
            network,
            setup,
            teller,
            poll_now,
            pasted,
            keep,
            inside: AtomicBool::new(false),
            asks_for: Asking::default(),
            follows_another: false,
            replaced: Mutex::default(),
            shown: AtomicBool::new(false),
            showing: Notify::new(),
            code_shown: AtomicBool::new(false),
            answered: AtomicBool::new(false),
        }
    }

    /// Says whether services on private addresses are fine.
    pub(super) fn is_inside(&self, inside: bool) {
        self.inside.store(inside, Ordering::Relaxed);
    }

    /// Ends when the person is shown what to do.
    pub(super) async fn showing(&self) {
        self.showing.notified().await;
    }

    /// Nothing is waited for any more but the disk.
    pub(super) fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// The person saw nothing yet: it can be begun once more.
    pub(super) fn is_unseen(&self) -> bool {
        !self.shown.load(Ordering::Relaxed)
    }

    /// What was shown is good for nothing any more.
    pub(super) fn forget_shown(&self) {
        self.shown.store(false, Ordering::Relaxed);
    }

    /// The person was shown a code.
    pub(super) fn is_by_code(&self) -> bool {
        self.code_shown.load(Ordering::Relaxed)
    }

    fn durable(&self) -> bool {
        self.keep != Keep::Memory && !self.setup.ephemeral
    }

    /// What the new sign-in put out of its place, if one was kept.
    pub(super) fn replaced(&self) -> Option<Replaced> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn tell(&self, step: Consent) {
        self.teller.tell(LinkFact::Consent(step)).await;
    }

    /// Fails before a code is asked for when the sign-in could not be kept.
    pub(super) async fn probe(&self) -> Result<(), Problem> {
        self.network.settle(&self.setup, self.keep).await?;
        let account = self.setup.id.as_str().to_owned();
        let key = VaultKey::Tokens { issuer: "probe".to_owned(), client: "probe".to_owned(), account };
        self.network.save(&key, Secret::from("probe"), self.durable()).await?;
        self.network.forget(&key).await
    }

    /// The way to the service: private addresses only where the config names them, or where everything began there.
    fn web(&self, place: &Place) -> Web {
        match place {
            Place::Given(_) => Web::new(Arc::clone(&self.network), Arc::clone(&self.setup), true),
            Place::Asked { trusted, .. } => {
                web_to_issuer(&self.network, &self.setup, *trusted, self.inside.load(Ordering::Relaxed))
            }
        }
    }

    /// The whole of it. Dropping it cancels.
    pub(super) async fn run(&self, place: Place) -> Result<(), Problem> {
        let hands = Reach::watched(self, self.web(&place));
        let (pending, door) = Box::pin(self.begin(&hands, place, true)).await?;
        Box::pin(self.finish(&hands, pending, door)).await
    }

    /// Its first half; the person answers while nobody waits.
    pub(super) async fn park(&self, place: Place) -> Result<(), Problem> {
        let hands = Reach::watched(self, self.web(&place));
        let (pending, _) = Box::pin(self.begin(&hands, place, false)).await?;
        self.network.save(&Pending::key(&self.setup.id), pending.to_text(), true).await?;
        self.tell(Consent::Parked).await;
        Ok(())
    }

    /// Its second half.
    pub(super) async fn resume(&self) -> Result<(), Problem> {
        let key = Pending::key(&self.setup.id);
        let text = self.network.load(&key).await?;
        let local = self.setup.oauth.allow_local_page;
        let none = || Problem::NoPendingSignIn { account: Line::clean(self.setup.id.as_str()) };
        let pending = text.as_ref().and_then(|text| Pending::from_text(text, local)).ok_or_else(none)?;
        let web = Web::to(&pending.service, Arc::clone(&self.network), Arc::clone(&self.setup));
        let hands = Reach::watched(self, web);
        let door = self.reopen(&pending).await;
        self.show(&pending, door.is_some()).await?;
        let done = Box::pin(self.finish(&hands, pending, door)).await;
        // Whatever came of it: a code is good for one answer.
        self.network.forget(&key).await?;
        done
    }
}

#[cfg(all(test, feature = "demo"))]
mod tests;
