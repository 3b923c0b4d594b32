//! One account's standing wish to be online: dial, sign in, follow redirects, try again.
//!
//! A link is a task that carries out one [`Wish`] after the other. Facts go up a bounded channel and the link
//! waits there; commands come down an unbounded one and are heard at every moment, also while dialling. When
//! the handle is dropped the link says goodbye and is gone within a second.

mod session;

use super::dial::Goal;
use super::sign_in::{self, Flow, Place};
use super::{Network, chance};
use crate::app::effect::LinkCommand;
use crate::app::event::{Consent, Keep, LinkEvent, LinkFact};
use crate::app::setup::AccountSetup;
use crate::oauth::SignInRecord;
use crate::route::Backoff;
use crate::types::{AccountId, Epoch, Line, Problem, Secret};
use crate::xmpp::{CredentialKind, Purpose};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, watch};

/// Longest goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a link behaves.
#[derive(Clone, Debug)]
pub struct LinkOptions {
    /// Be online at once.
    pub connect: bool,
    /// Resource to ask for; `None` lets the server choose.
    pub resource: Option<String>,
    /// Tell others which program this is.
    pub show_client: bool,
    /// Never try again by itself.
    pub one_shot: bool,
}

/// The mind's end of a link. Dropping it is goodbye.
#[derive(Debug)]
pub struct LinkHandle {
    commands: UnboundedSender<LinkCommand>,
    gone: watch::Receiver<()>,
}

impl LinkHandle {
    /// To the link. Never waits; after the link has ended it does nothing.
    pub fn send(&self, command: LinkCommand) {
        // A link ends only with its handle or with the receiver of its facts; then nobody misses the command.
        let _ = self.commands.send(command);
    }

    /// Lets the link go and waits until it has said goodbye, at most a little over a second.
    pub async fn closed(self) {
        let Self { commands, mut gone } = self;
        drop(commands);
        // The sender is never used, only dropped with the link.
        let _ = tokio::time::timeout(FAREWELL + FAREWELL / 4, gone.changed()).await;
    }
}

/// Starts the link of an account: one task, which reports to `events`.
pub fn start_link(
    network: &Arc<Network>,
    setup: AccountSetup,
    roster_version: Option<String>,
    options: LinkOptions,
    events: Sender<(AccountId, LinkEvent)>,
) -> LinkHandle {
    let (commands, inbox) = unbounded_channel();
    let (alive, gone) = watch::channel(());
    let link = Link::new(Arc::clone(network), setup, roster_version, options, events, inbox);
    tokio::spawn(async move {
        link.run().await;
        drop(alive);
    });
    LinkHandle { commands, gone }
}

/// Reports facts, stamped with the running epoch. Clones share it.
#[derive(Clone)]
pub(super) struct Teller {
    account: AccountId,
    events: Sender<(AccountId, LinkEvent)>,
    epoch: Arc<AtomicU64>,
}

impl Teller {
    /// Waits while the mind is behind. When the mind is gone the fact is, too: the link notices by its commands.
    pub(super) async fn tell(&self, fact: LinkFact) {
        let epoch = Epoch(self.epoch.load(Ordering::Relaxed));
        let _ = self.events.send((self.account.clone(), LinkEvent { epoch, fact })).await;
    }

    fn next_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the link is about.
#[derive(Debug)]
pub(super) enum Wish {
    /// Be online.
    Connect,
    /// Be offline and wait.
    Rest,
    /// Sign in with a code.
    SignIn(Keep),
    /// Forget and revoke.
    SignOut,
    /// The mind let go.
    Leave,
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum End {
    /// The person, or the mind, wants something else.
    Wish(Wish),
    /// It failed.
    Problem(Problem),
    /// Goodbye was said.
    Clean,
    /// What a probe found.
    Discovered { mechanisms: Vec<String>, metadata: Option<String> },
}

/// What there is to sign in with.
enum Means {
    Password(Secret<String>),
    Token(TokenSource),
    NoPassword,
    NoSignIn,
    Unknown,
}

/// Where tokens come from.
#[derive(Clone)]
enum TokenSource {
    Command,
    Record(Box<SignInRecord>),
}

/// What a try needs beyond the setup.
pub(super) enum Supply {
    /// Nothing: a probe.
    Nothing,
    /// Here it is.
    Ready(Secret<String>),
    /// On its way, in parallel with the dialling.
    Coming(tokio::task::JoinHandle<Result<Secret<String>, Problem>>),
}

pub(super) struct Link {
    pub(super) network: Arc<Network>,
    pub(super) setup: Arc<AccountSetup>,
    options: LinkOptions,
    roster_version: Option<String>,
    teller: Teller,
    commands: UnboundedReceiver<LinkCommand>,
    backoff: Backoff,
    paused: bool,
    /// Given by the person, not yet proved or kept.
    password: Option<(Secret<String>, Keep)>,
    /// A sign-in with a code was on offer.
    code_on_offer: bool,
    /// The last server dialled was on a private address.
    inside: bool,
}

impl Link {
    pub(super) fn new(
        network: Arc<Network>,
        setup: AccountSetup,
        roster_version: Option<String>,
        options: LinkOptions,
        events: Sender<(AccountId, LinkEvent)>,
        commands: UnboundedReceiver<LinkCommand>,
    ) -> Self {
        let teller = Teller { account: setup.id.clone(), events, epoch: Arc::default() };
        Self {
            network,
            setup: Arc::new(setup),
            options,
            roster_version,
            teller,
            commands,
            backoff: Backoff::default(),
            paused: false,
            password: None,
            code_on_offer: false,
            inside: false,
        }
    }

    async fn run(mut self) {
        let mut wish = if self.options.connect { Wish::Connect } else { Wish::Rest };
        loop {
            wish = match wish {
                Wish::Leave => return,
                Wish::Rest => self.rest().await,
                Wish::Connect => self.online().await,
                Wish::SignIn(keep) => self.sign_in(keep).await,
                Wish::SignOut => self.sign_out().await,
            };
        }
    }

    async fn rest(&mut self) -> Wish {
        loop {
            match self.commands.recv().await {
                None => return Wish::Leave,
                Some(command) => match self.hear(command) {
                    None | Some(Wish::Rest) => {}
                    Some(wish) => return wish,
                },
            }
        }
    }

    /// What a command means where no session is there to take it.
    fn hear(&mut self, command: LinkCommand) -> Option<Wish> {
        match command {
            LinkCommand::Connect => Some(Wish::Connect),
            LinkCommand::Disconnect => Some(Wish::Rest),
            LinkCommand::Password { password, keep } => {
                self.password = Some((password, keep));
                Some(Wish::Connect)
            }
            LinkCommand::SignInWithCode { keep } => Some(Wish::SignIn(keep)),
            LinkCommand::SignOut { .. } => Some(Wish::SignOut),
            LinkCommand::Pause => {
                self.paused = true;
                None
            }
            LinkCommand::Resume => {
                self.paused = false;
                None
            }
            // Dropped: the mind sends again by the rules of its outbox.
            LinkCommand::Session(_) | LinkCommand::CancelSignIn | LinkCommand::PollNow => None,
        }
    }

    /// Waits for `work`, unless a command wants something else. `Connect` changes nothing: it is being done.
    async fn unless_told<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Wish> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                command = self.commands.recv() => match command {
                    None => return Err(Wish::Leave),
                    Some(command) => match self.hear(command) {
                        None | Some(Wish::Connect) => {}
                        Some(wish) => return Err(wish),
                    },
                },
            }
        }
    }

    /// Online until something else is wished for.
    async fn online(&mut self) -> Wish {
        self.backoff.reset();
        loop {
            let problem = match self.one_try().await {
                End::Wish(wish) => {
                    if !matches!(wish, Wish::SignIn(_)) {
                        self.down(None, None).await;
                    }
                    return wish;
                }
                End::Clean | End::Discovered { .. } => {
                    self.down(None, None).await;
                    return Wish::Rest;
                }
                End::Problem(problem) => problem,
            };
            let again = problem.passes_by_itself() && !self.options.one_shot;
            let wait = again.then(|| self.backoff.next(chance()));
            self.down(Some(problem), wait).await;
            let Some(wait) = wait else { return Wish::Rest };
            match self.wait(wait).await {
                None => {}
                Some(Wish::Connect) => self.backoff.reset(),
                Some(wish) => return wish,
            }
        }
    }

    /// The pause between tries; any command that means something ends it.
    async fn wait(&mut self, wait: Duration) -> Option<Wish> {
        let end = tokio::time::sleep(wait);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return None,
                command = self.commands.recv() => match command {
                    None => return Some(Wish::Leave),
                    Some(command) => {
                        if let Some(wish) = self.hear(command) {
                            return Some(wish);
                        }
                    }
                },
            }
        }
    }

    async fn down(&mut self, problem: Option<Problem>, retry_in: Option<Duration>) {
        if let Some(problem) = &problem {
            tracing::info!(target: "butty::net", code = problem.code(), "link down");
        }
        self.teller.tell(LinkFact::Down { problem, retry_in }).await;
    }

    /// One try, with everything that belongs to it: probe, redirects, one refresh of a refused token.
    async fn one_try(&mut self) -> End {
        match self.means().await {
            Err(problem) => End::Problem(problem),
            Ok(Means::Password(password)) => {
                let end = self.session(Purpose::Chat, CredentialKind::Password, Supply::Ready(password)).await;
                match end {
                    End::Problem(problem @ Problem::WrongPassword { .. }) => {
                        self.password = None;
                        self.want_password(Some(problem)).await
                    }
                    end => end,
                }
            }
            Ok(Means::Token(source)) => self.with_token(source).await,
            Ok(Means::NoPassword) => self.want_password(None).await,
            Ok(Means::NoSignIn) => End::Problem(Problem::SignInNeeded { account: Line::clean(self.setup.id.as_str()) }),
            Ok(Means::Unknown) => match self.discover().await {
                End::Discovered { mechanisms, metadata } => {
                    self.code_on_offer = metadata.is_some() && mechanisms.iter().any(|name| name == "OAUTHBEARER");
                    if self.code_on_offer {
                        let keep = if self.setup.ephemeral { Keep::Memory } else { Keep::File };
                        return End::Wish(Wish::SignIn(keep));
                    }
                    self.want_password(None).await
                }
                end => end,
            },
        }
    }

    /// Asks for a password and waits until something is wished for.
    async fn want_password(&mut self, problem: Option<Problem>) -> End {
        let device_sign_in = self.code_on_offer;
        self.teller.tell(LinkFact::PasswordWanted { problem, device_sign_in }).await;
        loop {
            match self.rest().await {
                // Without a password "connect" asks the same question again.
                Wish::Connect if self.password.is_none() => {}
                wish => return End::Wish(wish),
            }
        }
    }

    async fn with_token(&mut self, source: TokenSource) -> End {
        let supply = self.token(&source, None);
        let (secret, end) = self.session_with(Purpose::Chat, CredentialKind::Token, supply).await;
        let End::Problem(Problem::SignInExpired { .. }) = end else { return end };
        // Refused: one refresh, one more try, then the person.
        let Some(refused) = secret else { return end };
        let supply = self.token(&source, Some(refused));
        self.session(Purpose::Chat, CredentialKind::Token, supply).await
    }

    /// A token on its way. The task is never aborted: a refresh that was sent must be kept.
    fn token(&self, source: &TokenSource, refused: Option<Secret<String>>) -> Supply {
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        let teller = self.teller.clone();
        Supply::Coming(match source.clone() {
            TokenSource::Command => tokio::spawn(async move {
                let printed = sign_in::first_line(&setup.token_command).await?;
                let token = crate::oauth::Token::given(printed.expose());
                token.map(|token| token.access).map_err(|_| Problem::SignInExpired { domain: setup.domain.clone() })
            }),
            TokenSource::Record(record) => {
                tokio::spawn(sign_in::access_token(network, setup, *record, refused, Some(teller)))
            }
        })
    }

    /// What there is to sign in with, by the setup, the person and the vault.
    async fn means(&mut self) -> Result<Means, Problem> {
        let setup = Arc::clone(&self.setup);
        let kind = setup.credential;
        if kind != Some(CredentialKind::Password) {
            if !setup.token_command.is_empty() {
                return Ok(Means::Token(TokenSource::Command));
            }
            if let Some(record) = sign_in::record_of(&self.network, &setup).await? {
                return Ok(Means::Token(TokenSource::Record(Box::new(record))));
            }
            if kind == Some(CredentialKind::Token) {
                return Ok(Means::NoSignIn);
            }
        }
        if let Some((password, _)) = &self.password {
            return Ok(Means::Password(password.clone()));
        }
        if !setup.password_command.is_empty() {
            return Ok(Means::Password(sign_in::first_line(&setup.password_command).await?));
        }
        Ok(match self.network.load(&sign_in::password_key(&setup)).await? {
            Some(password) => Means::Password(password),
            None if kind.is_some() => Means::NoPassword,
            None => Means::Unknown,
        })
    }

    /// What the server offers, and where its OAuth metadata is.
    pub(super) async fn discover(&mut self) -> End {
        self.session(Purpose::Discover, CredentialKind::Token, Supply::Nothing).await
    }

    /// The password did its work: keep it where the person said.
    async fn keep_password(&mut self) {
        let Some((password, keep)) = self.password.clone() else { return };
        let durable = keep == Keep::File && !self.setup.ephemeral;
        let kept = self.network.save(&sign_in::password_key(&self.setup), password, durable).await;
        let keep = if kept.is_ok() && durable { Keep::File } else { Keep::Memory };
        self.teller.tell(LinkFact::Kept(keep)).await;
    }

    async fn sign_in(&mut self, keep: Keep) -> Wish {
        self.teller.next_epoch();
        match self.consent(keep).await {
            Ok(()) => Wish::Connect,
            Err(End::Problem(problem)) => {
                self.teller.tell(LinkFact::Consent(Consent::Failed(problem))).await;
                Wish::Rest
            }
            Err(End::Wish(wish)) => wish,
            Err(End::Clean | End::Discovered { .. }) => Wish::Rest,
        }
    }

    async fn consent(&mut self, keep: Keep) -> Result<(), End> {
        let domain = Line::clean(self.setup.domain.as_str());
        self.teller.tell(LinkFact::Consent(Consent::LookingUp { domain })).await;
        let mut flow = Flow {
            network: Arc::clone(&self.network),
            setup: Arc::clone(&self.setup),
            teller: self.teller.clone(),
            poll_now: Arc::new(Notify::new()),
            keep,
            inside: false,
        };
        flow.probe().await.map_err(End::Problem)?;
        let place = match Place::of(&self.setup).map_err(End::Problem)? {
            Some(place) => place,
            None => match self.discover().await {
                End::Discovered { metadata: Some(issuer), .. } => Place::Asked { issuer, trusted: false },
                End::Discovered { metadata: None, .. } => {
                    return Err(End::Problem(Problem::NoDeviceSignIn { domain: self.setup.domain.clone() }));
                }
                end => return Err(end),
            },
        };
        flow.inside = self.inside;
        self.attend(&flow, place).await
    }

    /// Runs the flow and hears the person meanwhile.
    async fn attend(&mut self, flow: &Flow, place: Place) -> Result<(), End> {
        let running = flow.run(place);
        tokio::pin!(running);
        loop {
            tokio::select! {
                done = &mut running => return done.map_err(End::Problem),
                command = self.commands.recv() => match command {
                    None => return Err(End::Wish(Wish::Leave)),
                    Some(LinkCommand::PollNow) => flow.poll_now.notify_one(),
                    Some(LinkCommand::CancelSignIn) => return Err(End::Wish(Wish::Rest)),
                    Some(command) => match self.hear(command) {
                        None | Some(Wish::Connect) => {}
                        Some(wish) => return Err(End::Wish(wish)),
                    },
                },
            }
        }
    }

    async fn sign_out(&mut self) -> Wish {
        self.password = None;
        match sign_in::sign_out(&self.network, &self.setup).await {
            Ok(told) => self.teller.tell(LinkFact::SignedOut { told }).await,
            Err(problem) => self.down(Some(problem), None).await,
        }
        Wish::Rest
    }
}

/// The first goal of a try.
const HOME: Goal = Goal::Home;

#[cfg(all(test, feature = "demo"))]
mod tests;
