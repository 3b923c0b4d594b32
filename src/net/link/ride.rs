//! A session on its way through one connection, and what one try holds together.

use super::{End, Supply, Wish};
use crate::net::drive::{Prompt, Wire};
use crate::route::Target;
use crate::types::{Line, Problem, Secret, Stage};
use crate::xmpp::{Command, CredentialKind, Purpose, Session, TokenSlot};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How one session ended, beyond [`End`].
pub(super) enum After {
    End(End),
    Redirected(String),
    /// The same once more, step by step.
    Again,
}

/// What is kept over the redirects of one try.
pub(super) struct Try {
    pub(super) purpose: Purpose,
    pub(super) kind: CredentialKind,
    pub(super) supply: Supply,
    /// The secret that was provided last.
    pub(super) given: Option<Secret<String>>,
    pub(super) signed_in: Option<Duration>,
    pub(super) redirected: bool,
    /// What was said ahead was not understood.
    pub(super) stepwise: bool,
}

/// A session on its way through one connection.
pub(super) struct Ride<'t> {
    pub(super) session: Session,
    pub(super) attempt: &'t mut Try,
    pub(super) slot: Option<TokenSlot>,
    /// What a session that is not for chatting has found or done.
    pub(super) result: Option<End>,
    pub(super) redirect: Option<String>,
    pub(super) again: bool,
    pub(super) over: bool,
    pub(super) problem: Option<Problem>,
    /// What to do once the goodbye is said.
    pub(super) wish: Option<Wish>,
}

impl Ride<'_> {
    /// Nobody is there any more to wish for something, or to hear of it.
    pub(super) fn hang_up(&mut self) {
        self.wish = Some(match self.wish.take() {
            Some(wish) if wish.outlives_the_handle() => wish,
            _ => Wish::Leave,
        });
    }

    /// It is ended from here, for this reason.
    pub(super) fn end<S: AsyncRead + AsyncWrite + Unpin + Prompt>(&mut self, problem: Problem, wire: &mut Wire<S>) {
        self.over = true;
        self.problem = Some(problem);
        wire.command(Command::SignOut);
    }

    /// What it came to.
    pub(super) fn after(self) -> After {
        if let Some(wish) = self.wish {
            return After::End(End::Wish(wish));
        }
        if self.again {
            return After::Again;
        }
        if let Some(text) = self.redirect {
            return After::Redirected(text);
        }
        if let Some(end) = self.result {
            return After::End(end);
        }
        After::End(self.problem.map_or(End::Clean, End::Problem))
    }
}

/// Hands the secret on, or ends the session for want of it.
pub(super) fn provide<S: AsyncRead + AsyncWrite + Unpin + Prompt>(
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
            ride.end(problem, wire);
        }
    }
}

/// A hang-up behind a redirect is told with both places: the one that pointed, and the one that hung up.
pub(super) fn behind(before: Option<&Target>, place: &Target, end: End) -> End {
    match (before, end) {
        (Some(before), End::Problem(Problem::ClosedAt { stage: Stage::Redirect, .. })) => {
            let [from, to] = [before, place].map(|place| Line::clean(&place.to_string()));
            tracing::warn!(target: "butty::net", from = from.as_str(), to = to.as_str(), "hung up behind a redirect");
            End::Problem(Problem::RedirectClosed { from, to })
        }
        (_, end) => end,
    }
}
