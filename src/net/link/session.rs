//! One try of a link: dial, drive a session, follow redirects.

use super::{End, FAREWELL, HOME, Link, Supply, Wish};
use crate::app::effect::LinkCommand;
use crate::app::event::LinkFact;
use crate::net::dial::{self, Dialed, Goal, Stream};
use crate::net::drive::{Prompt, Turn, Wire};
use crate::net::{random, tls};
use crate::route::redirect::is_local;
use crate::route::{Refusal, Target, Trail, Transport};
use crate::types::{Line, Now, Problem, Secret, Stage};
use crate::xmpp::{Command, CredentialKind, Event, Purpose, Session, SignIn, TokenSlot, Verified};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::client::TlsStream;

/// How one session ended, beyond [`End`].
enum After {
    End(End),
    Redirected(String),
    /// The same once more, step by step.
    Again,
}

/// What is kept over the redirects of one try.
struct Try {
    purpose: Purpose,
    kind: CredentialKind,
    supply: Supply,
    /// The secret that was provided last.
    given: Option<Secret<String>>,
    signed_in: Option<Duration>,
    redirected: bool,
    /// What was said ahead was not understood.
    stepwise: bool,
}

/// A session on its way through one connection.
struct Ride<'t> {
    session: Session,
    attempt: &'t mut Try,
    slot: Option<TokenSlot>,
    discovered: Option<End>,
    redirect: Option<String>,
    again: bool,
    over: bool,
    problem: Option<Problem>,
    /// What to do once the goodbye is said.
    wish: Option<Wish>,
}

/// How driving stopped.
enum Stop<S> {
    StartTls(S),
    Over,
}

impl Link {
    pub(super) async fn session(&mut self, purpose: Purpose, kind: CredentialKind, supply: Supply) -> End {
        self.session_with(purpose, kind, supply).await.1
    }

    /// The end, and the secret that was used.
    pub(super) async fn session_with(
        &mut self,
        purpose: Purpose,
        kind: CredentialKind,
        supply: Supply,
    ) -> (Option<Secret<String>>, End) {
        let mut attempt =
            Try { purpose, kind, supply, given: None, signed_in: None, redirected: false, stepwise: false };
        let end = self.follow(&mut attempt).await;
        match (&end, &mut attempt.supply) {
            // A command that nobody waits for any more is ended.
            (_, Supply::Coming(command)) if kind == CredentialKind::Password => command.abort(),
            // A refresh that was sent and is not kept costs the sign-in. Its result, good or bad, is for the next start.
            (End::Wish(Wish::Leave), Supply::Coming(token)) => {
                let _ = tokio::time::timeout(FAREWELL * 3 / 4, token).await;
            }
            _ => {}
        }
        if let Some(since) = attempt.signed_in {
            self.backoff.lived(self.network.now().mono.saturating_sub(since));
            if matches!(end, End::Wish(Wish::SignIn(_))) {
                self.down(None, None).await;
            }
        }
        self.known_kept().await;
        self.fast_kept().await;
        (attempt.given, end)
    }

    async fn follow(&mut self, attempt: &mut Try) -> End {
        let mut trail = Trail::default();
        let mut goal = HOME;
        let mut before = None;
        loop {
            let dialed = match self.reach(&goal).await {
                Ok(dialed) => dialed,
                Err(end) => return end,
            };
            let from = dial::place(&dialed.endpoint);
            let peer = dialed.peer.map(|peer| peer.ip());
            let direct = dialed.endpoint.transport == Transport::Direct;
            self.inside = self.network.is_inside(&self.setup, peer);
            let text = match self.ride(dialed, attempt).await {
                After::End(end) => return behind(before.as_ref(), &from, end),
                After::Redirected(text) => text,
                After::Again if attempt.stepwise => {
                    let host = Line::clean(self.setup.domain.as_str());
                    return End::Problem(Problem::ClosedAt { host, stage: Stage::Auth });
                }
                After::Again => {
                    attempt.stepwise = true;
                    continue;
                }
            };
            match trail.follow(from.clone(), &text) {
                Ok(target) => {
                    let public = !peer.is_some_and(is_local) && !self.inside;
                    // The same port again means the same kind of TLS; any other port speaks STARTTLS.
                    let direct = direct && target.port == from.port;
                    attempt.redirected = true;
                    before = Some(from);
                    goal = Goal::Redirected { target, public, direct };
                }
                Err(refusal) => return End::Problem(self.refused(refusal, &text)),
            }
        }
    }

    fn refused(&self, refusal: Refusal, text: &str) -> Problem {
        let domain = self.setup.domain.clone();
        match refusal {
            Refusal::Unreadable => Problem::RedirectUnreadable { domain, text: Line::clean(text) },
            Refusal::Loop => Problem::RedirectLoop { domain, last: Line::clean(text) },
        }
    }

    async fn reach(&mut self, goal: &Goal) -> Result<Dialed, End> {
        self.teller.next_epoch();
        let host = match (goal, &self.setup.server) {
            (Goal::Redirected { target, .. }, _) => target.to_string(),
            (Goal::Home, Some((host, port))) => Target { host: host.clone(), port: Some(*port) }.to_string(),
            (Goal::Home, None) => self.setup.domain.as_str().to_owned(),
        };
        self.teller.tell(LinkFact::Dialing { host: Line::clean(&host) }).await;
        let (network, setup, goal) = (self.network.clone(), self.setup.clone(), goal.clone());
        match self.unless_told(async move { network.dial(&setup, &goal).await }).await {
            Ok(result) => result.map_err(End::Problem),
            Err(wish) => Err(End::Wish(wish)),
        }
    }

    async fn ride(&mut self, dialed: Dialed, attempt: &mut Try) -> After {
        let direct = dialed.endpoint.transport == Transport::Direct;
        let Some(sign_in) = self.sign_in_for(attempt, direct).await else {
            return After::End(End::Problem(Problem::Bug { what: Line::clean("no random numbers") }));
        };
        let mut session = Session::new(self.network.now(), sign_in, self.roster_version.clone());
        if let Some(suspended) = self.short.suspended.take_if(|_| attempt.purpose == Purpose::Chat) {
            session.take_up(suspended);
        }
        let mut ride = Ride {
            session,
            attempt,
            slot: None,
            discovered: None,
            redirect: None,
            again: false,
            over: false,
            problem: None,
            wish: None,
        };
        match dialed.stream {
            Stream::Secure(stream) => {
                self.secured(&mut ride, &stream).await;
                drop(self.drive(*stream, &mut ride).await);
            }
            Stream::Plain(tcp) => {
                if let Stop::StartTls(tcp) = self.drive(tcp, &mut ride).await
                    && ride.wish.is_none()
                {
                    let (network, setup) = (self.network.clone(), self.setup.clone());
                    match self.unless_told(async move { network.secure(&setup, tcp).await }).await {
                        Ok(Ok(stream)) => {
                            self.secured(&mut ride, &stream).await;
                            drop(self.drive(stream, &mut ride).await);
                        }
                        Ok(Err(problem)) => return After::End(End::Problem(problem)),
                        Err(wish) => return After::End(End::Wish(wish)),
                    }
                }
            }
        }
        self.short.suspended = ride.session.suspended().or(self.short.suspended.take());
        ride.after()
    }

    /// What a session is told. `None`: this computer gives no random numbers.
    async fn sign_in_for(&mut self, attempt: &Try, direct_tls: bool) -> Option<SignIn> {
        let seed = random()?;
        Some(SignIn {
            domain: self.setup.domain.clone(),
            local: self.setup.local.clone(),
            resource: self.options.resource.clone(),
            mechanisms: self.setup.mechanisms.clone(),
            credential: attempt.kind,
            direct_tls,
            after_redirect: attempt.redirected,
            purpose: attempt.purpose,
            seed,
            show_client: self.options.show_client,
            known: self.known().await,
            lasting: !self.options.one_shot,
            fast: match attempt.purpose {
                Purpose::Discover => None,
                _ if attempt.stepwise => None,
                Purpose::Chat => self.ticket().await,
                Purpose::Invalidate => self.counted_ticket().await,
            },
            stepwise: attempt.stepwise,
        })
    }

    /// Only here, right behind the handshake that checked the certificate, is the proof made.
    async fn secured<S>(&mut self, ride: &mut Ride<'_>, stream: &TlsStream<S>) {
        let version = tls::version_of(stream);
        let proof = Verified::for_domain(self.setup.domain.clone(), version).bound_by(tls::bindings_of(stream));
        ride.session.handle_secured(self.network.now(), proof);
        self.teller.tell(LinkFact::Secured { version, until: tls::good_until(stream) }).await;
    }

    /// Drives until TLS is to start or everything is over.
    async fn drive<S: AsyncRead + AsyncWrite + Unpin + Prompt>(&mut self, io: S, ride: &mut Ride<'_>) -> Stop<S> {
        let network = self.network.clone();
        let clock: &(dyn Fn() -> Now + Send + Sync) = &*network.clock;
        let mut wire = Wire::new(io);
        let mut leave_by: Option<tokio::time::Instant> = None;
        loop {
            // Before bind there is nothing that the store could be behind with.
            let paused = self.paused && ride.wish.is_none() && ride.attempt.signed_in.is_some();
            wire.pause(paused, network.now().mono);
            let supply = &mut ride.attempt.supply;
            let turn = tokio::select! {
                // A secret that is there goes out in one write with what waits for it.
                biased;
                secret = arrive(supply), if ride.slot.is_some() => {
                    provide(&mut wire, ride, secret);
                    continue;
                }
                turn = wire.turn(&mut ride.session, &mut self.commands, clock) => turn,
                () = until(leave_by), if leave_by.is_some() => Turn::Finished,
            };
            match turn {
                Turn::Event(event) => self.report(ride, event).await,
                Turn::WantSecret(slot) if slot.is_fast() => wire.provide(slot, self.fast_secret()),
                Turn::WantSecret(slot) => {
                    let supply = std::mem::replace(&mut ride.attempt.supply, Supply::Nothing);
                    ride.attempt.supply = self.demanded(supply);
                    ride.slot = Some(slot);
                }
                Turn::StartTls => return Stop::StartTls(wire.into_inner()),
                Turn::Command(LinkCommand::Session(Command::SignOut) | LinkCommand::Disconnect) => {
                    ride.wish = Some(Wish::Rest);
                }
                Turn::Command(LinkCommand::Session(command)) => wire.command(command),
                Turn::Command(LinkCommand::KnowRoster { version }) => {
                    ride.session.know_roster(&version);
                    self.roster_version.get_or_insert(version);
                }
                Turn::Command(command) => match self.hear(command) {
                    None | Some(Wish::Connect) => {}
                    Some(wish) => ride.wish = Some(wish),
                },
                Turn::HungUp => {
                    wire.orphaned = true;
                    ride.wish = Some(Wish::Leave);
                }
                Turn::Finished => {
                    let mut io = wire.into_inner();
                    // close_notify, where the other side still listens.
                    let _ = tokio::time::timeout(FAREWELL / 4, io.shutdown()).await;
                    return Stop::Over;
                }
            }
            if ride.wish.is_some() && leave_by.is_none() && !ride.over {
                wire.command(Command::SignOut);
                leave_by = Some(tokio::time::Instant::now() + FAREWELL * 3 / 4);
            }
            if ride.over && leave_by.is_none() {
                leave_by = Some(tokio::time::Instant::now() + FAREWELL * 3 / 4);
            }
        }
    }

    async fn report(&mut self, ride: &mut Ride<'_>, event: Event) {
        match event {
            Event::Redirected { to, .. } => ride.redirect = Some(to),
            Event::Discovered { mechanisms, metadata } => {
                ride.discovered = Some(End::Discovered { mechanisms, metadata });
            }
            Event::Learned(known) => self.learn(*known),
            Event::Fast(token) => self.learn_fast(token.map(|token| *token)).await,
            Event::Again => ride.again = true,
            Event::Ended(problem) => {
                ride.over = true;
                // What ended it on our side comes first.
                ride.problem = ride.problem.take().or(problem);
            }
            // A probe has nothing to tell the mind.
            _ if ride.attempt.purpose == Purpose::Discover => {}
            event => {
                match &event {
                    Event::Offered(mechanisms) => {
                        self.code_on_offer = mechanisms.iter().any(|name| name == "OAUTHBEARER");
                    }
                    Event::SignedIn(_) | Event::Resumed { .. } => {
                        ride.attempt.signed_in = Some(self.network.now().mono);
                        match ride.attempt.kind {
                            CredentialKind::Password => self.keep_password().await,
                            CredentialKind::Token => self.keep_token().await,
                        }
                    }
                    Event::Roster { version, .. } | Event::RosterPush { version, .. } if version.is_some() => {
                        self.roster_version.clone_from(version);
                    }
                    _ => {}
                }
                let signed_in = matches!(event, Event::SignedIn(_) | Event::Resumed { .. });
                self.teller.tell(LinkFact::Session(event)).await;
                if signed_in {
                    self.keep_known();
                    self.keep_fast().await;
                }
            }
        }
    }
}

impl Ride<'_> {
    fn after(self) -> After {
        if let Some(wish) = self.wish {
            return After::End(End::Wish(wish));
        }
        if self.again {
            return After::Again;
        }
        if let Some(text) = self.redirect {
            return After::Redirected(text);
        }
        if let Some(end) = self.discovered {
            return After::End(end);
        }
        After::End(self.problem.map_or(End::Clean, End::Problem))
    }
}

/// Hands the secret on, or ends the session for want of it.
fn provide<S: AsyncRead + AsyncWrite + Unpin + Prompt>(
    wire: &mut Wire<S>,
    ride: &mut Ride<'_>,
    secret: Result<Secret<String>, Problem>,
) {
    let Some(slot) = ride.slot.take() else { return };
    match secret {
        Ok(secret) => {
            ride.attempt.given = Some(secret.clone());
            ride.attempt.supply = Supply::Ready(secret.clone());
            wire.provide(slot, secret);
        }
        Err(problem) => {
            ride.attempt.supply = Supply::Nothing;
            ride.over = true;
            ride.problem = Some(problem);
            wire.command(Command::SignOut);
        }
    }
}

/// The secret, once it is there.
async fn arrive(supply: &mut Supply) -> Result<Secret<String>, Problem> {
    match supply {
        Supply::Nothing | Supply::OnDemand(_) => Ok(Secret::from("")),
        Supply::Ready(secret) => Ok(secret.clone()),
        Supply::Coming(task) => match task.await {
            Ok(result) => result,
            Err(_) => Err(Problem::Bug { what: Line::clean("bringing the token stopped") }),
        },
    }
}

async fn until(at: Option<tokio::time::Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

/// A hang-up behind a redirect is told with both places: the one that pointed, and the one that hung up.
fn behind(before: Option<&Target>, place: &Target, end: End) -> End {
    match (before, end) {
        (Some(before), End::Problem(Problem::ClosedAt { stage: Stage::Redirect, .. })) => {
            let [from, to] = [before, place].map(|place| Line::clean(&place.to_string()));
            tracing::warn!(target: "butty::net", from = from.as_str(), to = to.as_str(), "hung up behind a redirect");
            End::Problem(Problem::RedirectClosed { from, to })
        }
        (_, end) => end,
    }
}
