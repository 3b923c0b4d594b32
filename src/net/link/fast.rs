//! The token that a server gave in place of the account's secret (XEP-0484), and the session that lost its connection
//! (XEP-0198): what makes the next sign-in short.
//!
//! The token is counted before it is shown, kept as durably as the secret that it stands for, and never used where the
//! person named mechanisms or has just typed a secret, which wants to be tried. A place that cannot be read or written
//! is told to the log alone: the secret itself is still there.

use super::{End, FAREWELL, Link, LinkOptions, Supply};
use crate::app::setup::AccountSetup;
use crate::net::parting::Parting;
use crate::net::{Network, sign_in};
use crate::oauth::{Farewell, Farewelled, Later, Matter, VaultKey};
use crate::types::{Problem, Secret, Tally};
use crate::xmpp::{Command, CredentialKind, FastTicket, FastToken, Purpose, Suspended};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// So much is noted for a session without a connection; a mind hears of that within moments.
const MOST_LATE: usize = 256;
/// So often a session is offered to a server that neither takes it nor refuses it; then another one has to do.
const MOST_OFFERS: u8 = 3;
/// How long a server may take to forget a token at sign-out.
const INVALIDATION: Duration = Duration::from_secs(5);

/// What is at hand.
#[derive(Default)]
pub(super) struct Short {
    read: bool,
    token: Option<FastToken>,
    /// New, and not on its way to the vault.
    fresh: bool,
    saving: Option<JoinHandle<()>>,
    /// The password was given for this run alone.
    pub(super) memory_only: bool,
    /// The session that may be taken up.
    pub(super) suspended: Option<Suspended>,
    /// How often it went to a server that was proved, and came back without an answer.
    offered: u8,
    /// What the mind said to it when it had lost its connection, and the mind did not know yet.
    late: VecDeque<Command>,
    /// Its server's word on where to come back to was followed.
    returned: bool,
    /// The port of the last server that was reached, and whether it speaks TLS at once.
    pub(super) last: Option<(Option<u16>, bool)>,
    /// What the mind has kept of it, said by then.
    kept: Option<Tally>,
    /// The token is one of before, whose account may have another by now: what is kept is not touched.
    borrowed: bool,
}

impl Short {
    /// The mind said this to a session that has no connection. What it says again by itself is let go.
    pub(super) fn note_late(&mut self, command: Command) {
        if let Command::Kept(tally) = command {
            match &mut self.suspended {
                Some(suspended) => suspended.kept(tally),
                // It is on its way through another sign-in.
                None => self.kept = Some(tally),
            }
            return;
        }
        let said_once = matches!(
            command,
            Command::Appear(_)
                | Command::Receipt { .. }
                | Command::ReadUpTo { .. }
                | Command::Subscription { .. }
                | Command::SetBuddy { .. }
                | Command::RemoveBuddy { .. }
        );
        if said_once && self.late.len() < MOST_LATE {
            self.late.push_back(command);
        }
    }

    /// What is left of a session behind a try: to be taken up by the next one, if anything is. `proved`: the server
    /// was.
    pub(super) fn put_back(&mut self, session: Option<Suspended>, proved: bool) {
        self.offered = if session.is_some() && proved { self.offered.saturating_add(1) } else { self.offered };
        self.suspended = session.or(self.suspended.take()).filter(|_| self.offered < MOST_OFFERS);
        if let (Some(suspended), Some(tally)) = (&mut self.suspended, self.kept.take()) {
            suspended.kept(tally);
        }
    }

    /// Where the lost session is to be taken up, said once.
    pub(super) fn location(&mut self) -> Option<String> {
        let location = self.suspended.as_ref()?.location()?;
        (!std::mem::replace(&mut self.returned, true)).then(|| location.to_owned())
    }

    /// A session stands.
    pub(super) fn stands(&mut self) {
        self.offered = 0;
        self.returned = false;
    }

    /// All of it, in order; it is noted no more.
    pub(super) fn late(&mut self) -> VecDeque<Command> {
        let mut late = std::mem::take(&mut self.late);
        late.extend(self.kept.take().map(Command::Kept));
        late
    }

    /// The session that lost its connection is given up.
    pub(super) fn forget_session(&mut self) {
        self.suspended = None;
        self.late.clear();
        self.kept = None;
    }
}

/// Has a server forget a token that was given up, by a link of its own. Nobody hears of it.
pub(in crate::net) async fn invalidate(network: &Arc<Network>, setup: AccountSetup, parting: Parting) -> Farewelled {
    let (events, unheard) = tokio::sync::mpsc::channel(1);
    drop(unheard);
    let (_silent, commands) = tokio::sync::mpsc::unbounded_channel();
    let options = LinkOptions { connect: false, resource: None, show_client: false, one_shot: true };
    let mut link = Link::new(Arc::clone(network), setup, options, events, commands);
    link.lend(parting.known());
    link.short = Short { read: true, borrowed: true, token: Some(parting.token), ..Short::default() };
    link.tell_to_forget(parting.kind).await
}

impl Link {
    fn fast_key(&self) -> VaultKey {
        VaultKey::Fast { account: self.setup.id.as_str().to_owned() }
    }

    /// A token can be shown at the next try.
    pub(super) async fn has_fast(&mut self) -> bool {
        let given = self.password.is_some() || self.given_token.is_some();
        if self.options.one_shot || self.setup.names_mechanisms() || given {
            return false;
        }
        self.holds_fast().await
    }

    /// There is a token that has not run out, whatever the person wants to sign in with.
    async fn holds_fast(&mut self) -> bool {
        if !self.short.read {
            self.short.read = true;
            let kept = match self.network.load(&self.fast_key()).await {
                Ok(text) => text.as_ref().and_then(FastToken::from_text),
                Err(problem) => {
                    tracing::warn!(target: "butty::net", code = problem.code(), "the short sign-in is lost");
                    None
                }
            };
            self.short.token = kept;
        }
        let now = self.network.now().wall;
        self.short.token.as_ref().is_some_and(|token| token.ticket.expires > now)
    }

    /// What a session is told of the token, counted for this use.
    pub(super) async fn ticket(&mut self) -> Option<FastTicket> {
        if !self.has_fast().await {
            return None;
        }
        self.counted_ticket().await
    }

    /// The same where the token is at hand already.
    pub(super) async fn counted_ticket(&mut self) -> Option<FastTicket> {
        let token = self.short.token.take()?.counted();
        let ticket = token.ticket.clone();
        self.short.token = Some(token);
        self.short.fresh = true;
        self.keep_fast().await;
        Some(ticket)
    }

    /// The token itself, for a slot that asks for it.
    pub(super) fn fast_secret(&self) -> Secret<String> {
        self.short.token.as_ref().map_or_else(|| Secret::from(""), |token| token.token.clone())
    }

    /// A session was given another token, or was refused with this one.
    pub(super) async fn learn_fast(&mut self, token: Option<FastToken>) {
        let gone = token.is_none();
        (self.short.token, self.short.fresh) = (token, !gone);
        if gone {
            self.forget_fast().await;
        }
    }

    /// Sends what is new to the vault, behind what went there before.
    pub(super) async fn keep_fast(&mut self) {
        if self.short.borrowed {
            return;
        }
        let durable = self.keeps_durably().await;
        let Some(token) = self.short.token.as_ref().filter(|_| self.short.fresh) else { return };
        let (network, key) = (Arc::clone(&self.network), self.fast_key());
        let (text, before) = (token.to_text(), self.short.saving.take());
        self.short.fresh = false;
        self.short.saving = Some(tokio::spawn(async move {
            if let Some(before) = before {
                drop(before.await);
            }
            if let Err(problem) = network.save(&key, text, durable).await {
                tracing::warn!(target: "butty::net", code = problem.code(), "the short sign-in is not kept");
            }
        }));
    }

    /// As durably as the secret that it stands for. What a command prints or a file of
    /// others holds is never stored, and neither is this.
    async fn keeps_durably(&self) -> bool {
        let commanded = !self.setup.password_command.is_empty() || !self.setup.token_command.is_empty();
        let brought = commanded || self.setup.oauth.token_file.is_some();
        if self.setup.ephemeral || brought || self.short.memory_only {
            return false;
        }
        match sign_in::record_of(&self.network, &self.setup).await {
            Ok(record) => record.is_none_or(|record| record.durable),
            Err(_) => false,
        }
    }

    /// Nothing new is left unkept.
    pub(super) async fn fast_kept(&mut self) {
        if let Some(saving) = self.short.saving.take() {
            // A disk that is slower than a goodbye loses this much, not the goodbye.
            let _ = tokio::time::timeout(FAREWELL / 2, saving).await;
        }
    }

    async fn forget_fast(&mut self) {
        if let Some(saving) = self.short.saving.take() {
            drop(saving.await);
        }
        (self.short.token, self.short.fresh, self.short.read) = (None, false, true);
        if self.short.borrowed {
            return;
        }
        if let Err(problem) = self.network.forget(&self.fast_key()).await {
            tracing::warn!(target: "butty::net", code = problem.code(), "the short sign-in is not forgotten");
        }
    }

    /// At sign-out: the token is forgotten here, and what the server is to be told is noted, before anybody is asked: the
    /// process may end meanwhile, and what the person wants gone is gone.
    pub(super) async fn set_fast_aside(&mut self) -> Option<Untold> {
        if !self.holds_fast().await {
            self.forget_fast().await;
            return None;
        }
        let kind = self.setup.credential.unwrap_or(CredentialKind::Password);
        // Before anything is told: the process may end in the middle of it.
        let noted = match self.parting(kind).await {
            Some(parting) => {
                let matter = Matter::Forget(parting.to_text());
                self.network.note_farewell(&self.setup, matter, &self.fast_key()).await
            }
            None => None,
        };
        let token = self.short.token.clone();
        self.forget_fast().await;
        // What is left of it here is kept nowhere.
        (self.short.token, self.short.borrowed) = (token, true);
        Some(Untold { kind, noted })
    }

    /// What it was given for has ended: it would go on without that, here and wherever a copy of it is. The server is told
    /// beside what comes next.
    pub(super) async fn give_fast_up(&mut self) {
        let untold = self.set_fast_aside().await;
        (self.short.token, self.short.borrowed) = (None, false);
        if untold.is_some_and(|untold| untold.noted.is_some()) {
            let network = Arc::clone(&self.network);
            let telling: Later<'static, ()> = Box::pin(async move {
                if let Err(problem) = network.try_farewells().await {
                    tracing::warn!(target: "butty::net", code = problem.code(), "a server is told later");
                }
            });
            tokio::spawn(telling);
        }
    }

    /// The server is told to forget it, now or later.
    pub(super) async fn tell_of_fast(&mut self, untold: Untold) -> Farewelled {
        let Untold { kind, noted } = untold;
        let network = Arc::clone(&self.network);
        let told = tokio::select! {
            told = self.tell_to_forget(kind) => told,
            () = network.leaving(), if noted.is_some() => Farewelled::Later,
        };
        (self.short.token, self.short.borrowed) = (None, false);
        self.network.settle_farewell(noted, told).await
    }

    /// What is needed to tell it later; `None` where the token goes on no disk.
    async fn parting(&mut self, kind: CredentialKind) -> Option<Parting> {
        if !self.keeps_durably().await {
            return None;
        }
        let known = self.known().await;
        let (token, installation) = (self.short.token.clone()?, known.installation?);
        let setup = (*self.setup).clone();
        Some(Parting { setup, kind, address: known.address, installation, token })
    }

    /// One try. Only a server that is sure keeps it from another one later.
    async fn tell_to_forget(&mut self, kind: CredentialKind) -> Farewelled {
        let session = self.session(Purpose::Invalidate, kind, Supply::Nothing);
        match tokio::time::timeout(INVALIDATION, session).await {
            Ok(End::Clean) => Farewelled::Told,
            Ok(End::Problem(problem)) if problem.passes_by_itself() || self.in_the_clear => Farewelled::Later,
            Ok(End::Problem(
                Problem::NoMechanism { .. } | Problem::AccountRefused { .. } | Problem::HostUnknown { .. },
            )) => Farewelled::Never,
            _ => Farewelled::Later,
        }
    }

    /// The secret of the account, where it comes from, once it is asked for.
    pub(super) fn fetch(&self, demand: Demand) -> Supply {
        let setup = Arc::clone(&self.setup);
        let needed = move || Problem::PasswordNeeded { domain: setup.domain.clone() };
        match demand {
            Demand::Token(source) => self.token(&source, None),
            Demand::Nowhere => Supply::Coming(tokio::spawn(async move { Err(needed()) })),
            Demand::PasswordCommand => {
                let setup = Arc::clone(&self.setup);
                Supply::Coming(tokio::spawn(async move {
                    sign_in::first_line(&setup.password_command).await.ok_or_else(needed)
                }))
            }
        }
    }

    /// What was asked for is fetched now.
    pub(super) fn demanded(&self, supply: Supply) -> Supply {
        if let Supply::OnDemand(demand) = supply { self.fetch(demand) } else { supply }
    }

    /// At once, beside the dialling; or, where a token of the server's own may do, only when it does not.
    pub(super) fn supply(&self, demand: Demand, lazily: bool) -> Supply {
        if lazily { Supply::OnDemand(demand) } else { self.fetch(demand) }
    }
}

/// A server that is to forget a token.
pub(super) struct Untold {
    kind: CredentialKind,
    noted: Option<Farewell>,
}

/// A secret that nobody has asked for yet.
pub(in crate::net) enum Demand {
    /// A token.
    Token(super::secrets::TokenSource),
    /// A password, printed by a command.
    PasswordCommand,
    /// There is none: whoever asks is told so.
    Nowhere,
}

/// The end of a try for which no secret was there.
pub(super) fn is_wanting(end: &End) -> bool {
    matches!(end, End::Problem(Problem::PasswordNeeded { .. }))
}
