//! One account's standing wish to be online: dial, sign in, follow redirects, try again.
//!
//! A link is a task that carries out one [`Wish`] after the other. Facts go up a bounded channel and the link
//! waits there; commands come down an unbounded one and are heard at every moment, also while dialling; only a
//! sign-out is not disturbed: what is wished for meanwhile comes next. When the handle is dropped the link says goodbye
//! and is gone within a second.

mod consent;
mod everywhere;
mod fast;
mod guest;
mod hear;
mod inbox;
mod known;
mod pause;
mod report;
mod ride;
mod secrets;
mod session;
mod upkeep;
mod wish;

use super::Network;
use super::dial::Goal;
use super::sign_in::{self, AskedFor};
use crate::app::effect::LinkCommand;
use crate::app::event::{Keep, LinkEvent, LinkFact};
use crate::app::setup::AccountSetup;
use crate::oauth::Asking;
use crate::route::Backoff;
use crate::types::{AccountId, Epoch, Line, Problem, Secret};
use crate::xmpp::{CredentialKind, Purpose};
pub(super) use fast::invalidate;
pub(super) use inbox::Inbox;
pub(super) use secrets::{Means, Supply, TokenSource, means, usable};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::Instant;
pub(super) use wish::{End, Order, Part, Wish};

/// Longest goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// A sign-out is over long before, and told, whatever the services do, each of its steps having its own time: for
/// whoever waits for it and trusts nobody.
pub const LONGEST_SIGN_OUT: Duration = Duration::from_secs(600);

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

    /// Nobody hears commands any more: the link came to an end that it should not have.
    pub fn is_over(&self) -> bool {
        self.commands.is_closed()
    }

    /// Ends when the link has said goodbye after its handle was let go; at most a little over a second from the call.
    pub fn gone(&self) -> impl Future<Output = ()> + use<> {
        let mut gone = self.gone.clone();
        async move { drop(tokio::time::timeout(FAREWELL + FAREWELL / 4, gone.changed()).await) }
    }

    /// Lets the link go and waits until it has said goodbye, at most a little over a second.
    pub async fn closed(self) {
        // The sender is never used, only dropped with the link.
        let gone = self.gone();
        drop(self);
        gone.await;
    }
}

/// Starts the link of an account: one task, which reports to `events`.
pub fn start_link(
    network: &Arc<Network>,
    setup: AccountSetup,
    options: LinkOptions,
    events: Sender<(AccountId, LinkEvent)>,
) -> LinkHandle {
    let (commands, inbox) = unbounded_channel();
    let (alive, gone) = watch::channel(());
    if options.connect {
        network.warm(&setup);
    }
    let link = Link::new(Arc::clone(network), setup, options, events, inbox);
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
    pub(super) fn new(account: AccountId, events: Sender<(AccountId, LinkEvent)>) -> Self {
        Self { account, events, epoch: Arc::default() }
    }

    /// Waits while the mind is behind. When the mind is gone the fact is, too: the link notices by its commands.
    pub(super) async fn tell(&self, fact: LinkFact) {
        let epoch = self.epoch();
        let _ = self.events.send((self.account.clone(), LinkEvent { epoch, fact })).await;
    }

    /// The running one.
    fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Relaxed))
    }

    fn next_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) struct Link {
    pub(super) network: Arc<Network>,
    pub(super) setup: Arc<AccountSetup>,
    options: LinkOptions,
    /// Of the roster that the mind has: from its cache, then from what passed by here.
    roster_version: Option<String>,
    teller: Teller,
    commands: Inbox,
    backoff: Backoff,
    paused: bool,
    /// Nobody looks at the screen.
    absent: bool,
    /// Given by the person, not yet proved or kept.
    password: Option<(Secret<String>, Keep)>,
    /// What was seen of the server, and whether it is kept.
    known: known::Memory,
    /// What makes the next sign-in short.
    short: fast::Short,
    /// What is kept alive beside a session.
    upkeep: upkeep::Upkeep,
    /// Handed in by the person, not yet proved or kept.
    given_token: Option<(Secret<String>, Keep)>,
    /// What the next sign-in asks for.
    asks_for: Asking,
    /// What the last sign-in here put out of its place.
    replaced: Option<sign_in::Replaced>,
    /// What somebody else was given here, until the person says whose it is to be.
    guest: Option<Box<sign_in::Guest>>,
    /// A sign-in with a code was on offer.
    code_on_offer: bool,
    /// The last server dialled was on a private address.
    inside: bool,
    /// Nobody had proved anything when the last session ended: whatever was said may be anybody's word.
    in_the_clear: bool,
    /// A session of this link was signed in.
    was_online: bool,
    /// What was kept here, or is since, has signed in: gone by now, somebody else took it away.
    stood: bool,
    /// By then the other sign-ins have been ended, or it is told which were not.
    dismissal_ends: Option<Instant>,
    /// When the last one of these ended (`Now::mono`).
    lost_at: Option<Duration>,
    /// When the last try ended otherwise than by being replaced.
    broke_at: Option<Duration>,
}

impl Link {
    pub(super) fn new(
        network: Arc<Network>,
        setup: AccountSetup,
        options: LinkOptions,
        events: Sender<(AccountId, LinkEvent)>,
        commands: UnboundedReceiver<LinkCommand>,
    ) -> Self {
        let teller = Teller::new(setup.id.clone(), events);
        Self {
            network,
            setup: Arc::new(setup),
            options,
            roster_version: None,
            teller,
            commands: Inbox::new(commands),
            backoff: Backoff::default(),
            paused: false,
            absent: false,
            password: None,
            known: known::Memory::default(),
            short: fast::Short::default(),
            upkeep: upkeep::Upkeep::default(),
            given_token: None,
            asks_for: Asking::default(),
            replaced: None,
            guest: None,
            code_on_offer: false,
            inside: false,
            in_the_clear: false,
            was_online: false,
            stood: false,
            dismissal_ends: None,
            lost_at: None,
            broke_at: None,
        }
    }

    async fn run(mut self) {
        let mut wish = if self.options.connect { Wish::Connect } else { Wish::Rest };
        loop {
            self.commands.release();
            if !matches!(wish, Wish::Rest | Wish::HandOver { .. }) {
                self.dismiss_guest();
            }
            wish = match wish {
                Wish::Leave => return,
                Wish::Rest => {
                    self.short.forget_session();
                    self.rest().await
                }
                Wish::Connect => self.online().await,
                Wish::SignIn(order) => Box::pin(self.sign_in(order)).await,
                Wish::TakeBack { set_aside } => Box::pin(self.take_back(set_aside)).await,
                Wish::HandOver { to } => Box::pin(self.hand_over(&to)).await,
                Wish::SignOut { everywhere } => Box::pin(self.sign_out(everywhere)).await,
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
            self.backoff.tried(self.network.now().mono);
            let problem = match self.one_try().await {
                End::Wish(wish) => {
                    if !matches!(wish, Wish::SignIn(_) | Wish::Connect) {
                        self.down(None, None).await;
                    }
                    return wish;
                }
                End::Clean | End::Discovered { .. } | End::Dismissed(_) => {
                    self.down(None, None).await;
                    return Wish::Rest;
                }
                End::Problem(problem) => problem,
            };
            let wait = self.pause_after(&problem);
            self.down(Some(problem), wait).await;
            let Some(wait) = wait else { return Wish::Rest };
            match self.wait(wait).await {
                None => {}
                Some(Wish::Connect) => {
                    self.backoff.reset();
                    if let Some(wish) = self.let_the_server_finish().await {
                        return wish;
                    }
                }
                Some(wish) => return wish,
            }
        }
    }

    async fn down(&mut self, problem: Option<Problem>, retry_in: Option<Duration>) {
        if let Some(problem) = &problem {
            tracing::warn!(target: "butty::net", code = problem.code(), "link down");
        }
        self.teller.tell(LinkFact::Down { problem, retry_in }).await;
    }

    /// One try, with everything that belongs to it: probe, redirects, one refresh of a refused token.
    async fn one_try(&mut self) -> End {
        let secret = |given: &Option<(Secret<String>, Keep)>| given.as_ref().map(|(secret, _)| secret.clone());
        let (typed, token) = (secret(&self.password), secret(&self.given_token));
        if let Err(end) = self.place_for_given().await {
            return end;
        }
        let found = means(Arc::clone(&self.network), Arc::clone(&self.setup), typed, token);
        let means = match self.unless_told(found).await {
            Ok(Ok(means)) => means,
            Ok(Err(problem)) => return End::Problem(problem),
            Err(wish) => return End::Wish(wish),
        };
        let short = self.has_fast().await;
        match means {
            Means::Password(password) => self.with_password(Supply::Ready(password)).await,
            Means::PasswordCommand => {
                let supply = self.supply(fast::Demand::PasswordCommand, short);
                self.with_password(supply).await
            }
            Means::Token(source) => self.with_token(Purpose::Chat, source).await,
            Means::NoPassword if short => {
                let end = self.with_password(Supply::OnDemand(fast::Demand::Nowhere)).await;
                if fast::is_wanting(&end) { self.want_password(self.taken_away()).await } else { end }
            }
            Means::NoPassword => self.want_password(self.taken_away()).await,
            Means::NoSignIn => End::Problem(self.taken_away().unwrap_or_else(|| self.sign_in_needed())),
            Means::Unknown if self.stood => self.want_password(self.taken_away()).await,
            Means::Unknown => match self.discover().await {
                End::Discovered { mechanisms, metadata } => {
                    let asked_for = sign_in::asked_for(&mechanisms, metadata.as_deref());
                    self.code_on_offer = asked_for == AskedFor::Code;
                    match asked_for {
                        // Not by itself: a code that nobody asked for is what a swindler's looks like.
                        AskedFor::Code => End::Problem(self.sign_in_needed()),
                        AskedFor::Password => self.want_password(None).await,
                        AskedFor::Nothing => End::Problem(sign_in::no_mechanism(&self.setup, &mechanisms)),
                    }
                }
                end => end,
            },
        }
    }

    /// What signed in before is not here any more, and this link did not do it.
    fn taken_away(&self) -> Option<Problem> {
        self.stood.then(|| Problem::SignedOutElsewhere { account: Line::clean(self.setup.id.as_str()) })
    }

    fn sign_in_needed(&self) -> Problem {
        Problem::SignInNeeded { account: Line::clean(self.setup.id.as_str()) }
    }

    /// What the server offers, and where its OAuth metadata is.
    pub(super) async fn discover(&mut self) -> End {
        self.session(Purpose::Discover, CredentialKind::Token, Supply::Nothing).await
    }
}

/// The first goal of a try.
const HOME: Goal = Goal::Home;

#[cfg(all(test, feature = "demo"))]
mod tests;
