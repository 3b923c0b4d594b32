//! One try of a link: dial, drive a session, follow redirects.

use super::ride::{After, Ride, Try, behind, provide};
use super::{End, FAREWELL, HOME, Link, Supply, Wish};
use crate::app::effect::LinkCommand;
use crate::app::event::LinkFact;
use crate::net::dial::{self, Dialed, Goal, Stream};
use crate::net::drive::{Prompt, Turn, Wire};
use crate::net::{random, tls};
use crate::route::redirect::is_local;
use crate::route::{Refusal, Target, Trail, Transport};
use crate::types::{Line, Now, Problem, Secret, Stage};
use crate::xmpp::{Command, CredentialKind, Event, Purpose, Session, SignIn, Verified};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::client::TlsStream;

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
            // A refresh that was sent and is not kept costs the sign-in. Its result, good or bad, is for the next
            // start.
            (End::Wish(Wish::Leave), Supply::Coming(token)) => {
                let _ = tokio::time::timeout(FAREWELL * 3 / 4, token).await;
            }
            _ => {}
        }
        self.upkeep.rests();
        if let Some(since) = attempt.signed_in {
            let now = self.network.now().mono;
            self.backoff.lived(now.saturating_sub(since));
            self.lost_at = Some(now);
            if matches!(end, End::Wish(Wish::SignIn(_))) {
                self.down(None, None).await;
            }
        }
        self.known_kept().await;
        self.fast_kept().await;
        (attempt.given, end)
    }

    async fn follow(&mut self, attempt: &mut Try) -> End {
        self.in_the_clear = false;
        let mut trail = Trail::default();
        let mut before = None;
        let back = self.way_back(attempt.purpose);
        let mut returning = back.is_some();
        let mut goal = back.unwrap_or(HOME);
        loop {
            let dialed = match self.reach(&goal).await {
                Ok(dialed) => dialed,
                // The place to come back to is gone: as if it had not been named (XEP-0198 section 5).
                Err(End::Problem(_)) if std::mem::take(&mut returning) => {
                    goal = HOME;
                    continue;
                }
                Err(end) => return end,
            };
            returning = false;
            let from = dial::place(&dialed.endpoint);
            let peer = dialed.peer.map(|peer| peer.ip());
            let direct = dialed.endpoint.transport == Transport::Direct;
            self.inside = self.network.is_inside(&self.setup, peer);
            self.short.last = Some((from.port, direct));
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

    /// Where the server of a lost session would have it taken up. Asked for once: whatever comes of it, the next try goes
    /// the usual way. The place is trusted no more than a redirect.
    fn way_back(&mut self, purpose: Purpose) -> Option<Goal> {
        let text = self.short.location().filter(|_| purpose == Purpose::Chat)?;
        let target = crate::route::redirect::parse(&text).ok()?;
        let direct = self.short.last.is_some_and(|(port, direct)| direct && target.port == port);
        Some(Goal::Redirected { target, public: !self.inside, direct })
    }

    async fn reach(&mut self, goal: &Goal) -> Result<Dialed, End> {
        self.teller.next_epoch();
        let host = match (goal, &self.setup.server) {
            (Goal::Redirected { target, .. }, _) => target.to_string(),
            (Goal::Home, Some((host, port))) => Target { host: host.clone(), port: Some(*port) }.to_string(),
            (Goal::Home, None) => self.setup.domain.as_str().to_owned(),
        };
        self.teller.tell(LinkFact::Dialing { host: Line::clean(&host) }).await;
        // Where the network changes meanwhile, what was begun on the old one may wait for long: once more, then.
        let change = self.network.clone().changed();
        let (network, setup, goal) = (self.network.clone(), self.setup.clone(), goal.clone());
        let dialed = async move {
            tokio::select! {
                result = network.dial(&setup, &goal) => result,
                () = change => network.dial(&setup, &goal).await,
            }
        };
        match self.unless_told(dialed).await {
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
            result: None,
            redirect: None,
            again: false,
            over: false,
            problem: None,
            wish: None,
        };
        self.in_the_clear = true;
        let cut = self.through(dialed.stream, &mut ride).await;
        let proved = !self.in_the_clear && ride.attempt.signed_in.is_none();
        self.short.put_back(ride.session.suspended(), proved);
        cut.map_or_else(|| ride.after(), After::End)
    }

    /// Drives the session as far as it goes. The end, where it came between the two halves of the way.
    async fn through(&mut self, stream: Stream, ride: &mut Ride<'_>) -> Option<End> {
        let tcp = match stream {
            Stream::Secure(stream) => {
                self.secured(ride, &stream).await;
                drop(self.drive(*stream, ride).await);
                return None;
            }
            Stream::Plain(tcp) => tcp,
        };
        let Stop::StartTls(tcp) = self.drive(tcp, ride).await else { return None };
        if ride.wish.is_some() {
            return None;
        }
        let (network, setup) = (self.network.clone(), self.setup.clone());
        match self.unless_told(async move { network.secure(&setup, tcp).await }).await {
            Ok(Ok(stream)) => {
                self.secured(ride, &stream).await;
                drop(self.drive(stream, ride).await);
                None
            }
            Ok(Err(problem)) => Some(End::Problem(problem)),
            Err(wish) => Some(End::Wish(wish)),
        }
    }

    /// What a session is told. `None`: this computer gives no random numbers.
    async fn sign_in_for(&mut self, attempt: &Try, direct_tls: bool) -> Option<SignIn> {
        let seed = random()?;
        Some(SignIn {
            domain: self.setup.domain.clone(),
            local: self.setup.local.clone(),
            resource: self.options.resource.clone(),
            mechanisms: self.setup.mechanisms.clone(),
            forced: self.setup.names_mechanisms(),
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
                Purpose::Chat | Purpose::Dismiss => self.ticket().await,
                Purpose::Invalidate => self.counted_ticket().await,
            },
            absent: self.absent,
            stepwise: attempt.stepwise,
        })
    }

    /// Only here, right behind the handshake that checked the certificate, is the proof made.
    async fn secured<S>(&mut self, ride: &mut Ride<'_>, stream: &TlsStream<S>) {
        let version = tls::version_of(stream);
        let proof = Verified::for_domain(self.setup.domain.clone(), version).bound_by(tls::bindings_of(stream));
        ride.session.handle_secured(self.network.now(), proof);
        self.in_the_clear = false;
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
            let dismissal_ends = self.dismissal_ends.filter(|_| ride.attempt.purpose == Purpose::Dismiss);
            let supply = &mut ride.attempt.supply;
            let turn = tokio::select! {
                // A secret that is there goes out in one write with what waits for it.
                biased;
                secret = arrive(supply), if ride.slot.is_some() => {
                    provide(&mut wire, ride, secret);
                    continue;
                }
                turn = wire.turn(&mut ride.session, &mut self.commands, clock) => turn,
                problem = self.upkeep.ended(&network, &self.setup, &self.teller), if leave_by.is_none() => {
                    // No server has refused it: there is nothing to try again with another.
                    ride.attempt.given = None;
                    ride.end(problem, &mut wire);
                    leave_by = Some(goodbye());
                    continue;
                }
                () = until(leave_by), if leave_by.is_some() => Turn::Finished,
                () = until(dismissal_ends), if dismissal_ends.is_some() && leave_by.is_none() => {
                    // What was done by now is told.
                    wire.command(Command::SignOut);
                    leave_by = Some(goodbye());
                    continue;
                }
            };
            match turn {
                Turn::Event(event) => {
                    let (resumed, anew) = (matches!(event, Event::Resumed { .. }), matches!(event, Event::SignedIn(_)));
                    self.report(ride, event).await;
                    if resumed || anew {
                        self.catch_up(&mut wire, resumed);
                    }
                }
                Turn::WantSecret(slot) if slot.is_fast() => wire.provide(slot, self.fast_secret()),
                Turn::WantSecret(slot) => {
                    let supply = std::mem::replace(&mut ride.attempt.supply, Supply::Nothing);
                    ride.attempt.supply = self.demanded(supply);
                    ride.slot = Some(slot);
                }
                Turn::StartTls => return Stop::StartTls(wire.into_inner()),
                Turn::Command(command) => self.obey(command, &mut wire, ride),
                Turn::HungUp => {
                    wire.orphaned = true;
                    ride.hang_up();
                }
                Turn::Finished => {
                    let lost = matches!(ride.problem, Some(Problem::SilentAt { .. }));
                    hang_up(wire.into_inner(), lost).await;
                    return Stop::Over;
                }
            }
            self.part(&mut wire, ride, &mut leave_by);
        }
    }

    /// What was said while no session stood.
    fn catch_up<S: AsyncRead + AsyncWrite + Unpin + Prompt>(&mut self, wire: &mut Wire<S>, resumed: bool) {
        // How we appear, and how far we have read, the mind says anew to a new session.
        let anew = |command: &Command| matches!(command, Command::Appear(_) | Command::ReadUpTo { .. });
        let late = self.short.late().into_iter().filter(|command| resumed || !anew(command));
        late.for_each(|command| wire.command(command));
        wire.command(Command::ClientState { active: !self.absent });
    }

    /// Says goodbye where it is time to, and to no more wishes meanwhile than the one that is on its way.
    fn part<S: AsyncRead + AsyncWrite + Unpin + Prompt>(
        &mut self,
        wire: &mut Wire<S>,
        ride: &Ride<'_>,
        leave_by: &mut Option<tokio::time::Instant>,
    ) {
        if ride.wish.is_some() {
            self.commands.hold();
        }
        if leave_by.is_some() || (ride.wish.is_none() && !ride.over) {
            return;
        }
        if !ride.over {
            wire.command(Command::SignOut);
        }
        *leave_by = Some(goodbye());
    }

    /// What the mind says while a session is driven.
    fn obey<S: AsyncRead + AsyncWrite + Unpin + Prompt>(
        &mut self,
        command: LinkCommand,
        wire: &mut Wire<S>,
        ride: &mut Ride<'_>,
    ) {
        match command {
            LinkCommand::Session(Command::SignOut) | LinkCommand::Disconnect => ride.wish = Some(Wish::Rest),
            // The mind takes the session before for alive, and has yet to hear of this one.
            LinkCommand::Session(Command::Send(message))
                if message.session.is_some_and(|session| session != self.teller.epoch()) => {}
            // No session hears it.
            LinkCommand::Session(command) if ride.over || ride.attempt.signed_in.is_none() => {
                self.short.note_late(command);
            }
            LinkCommand::Session(command) => wire.command(command),
            LinkCommand::Attention { active } => {
                self.absent = !active;
                // Before sign-in the session drops it, and is told behind it.
                wire.command(Command::ClientState { active });
            }
            LinkCommand::KnowRoster { version } => {
                ride.session.know_roster(&version);
                self.roster_version.get_or_insert(version);
            }
            command => match self.hear(command) {
                None | Some(Wish::Connect) => {}
                Some(wish) => ride.wish = Some(wish),
            },
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

/// Closes a connection; `lost`: one that nothing was heard on any more.
async fn hang_up<S: AsyncWrite + Unpin + Prompt>(mut io: S, lost: bool) {
    if lost {
        // The kernel would go on for minutes, and a server that has this session still take a message twice.
        io.abandon();
    }
    // close_notify, where the other side still listens.
    let _ = tokio::time::timeout(FAREWELL / 10, io.shutdown()).await;
}

/// So long a server may take to answer ours.
fn goodbye() -> tokio::time::Instant {
    tokio::time::Instant::now() + FAREWELL * 3 / 5
}

async fn until(at: Option<tokio::time::Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}
