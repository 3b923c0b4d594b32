//! Whether a link tries again by itself, and when.

use super::{Link, Wish};
use crate::net::chance;
use crate::types::Problem;
use std::sync::Arc;
use std::time::Duration;

/// Longest wait after a try that reached nobody, so that a cable put back is noticed: no server is spared by more.
pub(super) const LOCAL: Duration = Duration::from_secs(5);

/// A server that was still reading what a lost line had brought, and is asked meanwhile how much of that it has, may count
/// less than it takes in: ejabberd 23 does, and then passes on twice what is sent again. So soon nobody comes back.
const FINISH: Duration = Duration::from_millis(300);

/// So long a server may still be reading what a lost line had brought: a sign-in in it takes the place of a later one,
/// and what follows is no other client, but what is left of ourselves.
const GHOST: Duration = Duration::from_secs(120);

impl Link {
    /// Until the server has read what it was sent over the line that was lost.
    pub(super) async fn let_the_server_finish(&mut self) -> Option<Wish> {
        loop {
            let until = self.lost_at?.saturating_add(FINISH);
            match self.wait(until.saturating_sub(self.network.now().mono)).await {
                None => return None,
                Some(Wish::Connect) => {}
                Some(wish) => return Some(wish),
            }
        }
    }

    /// How long to wait before the next try, if there is one.
    pub(super) fn pause_after(&mut self, problem: &Problem) -> Option<Duration> {
        let is_own_ghost = self.is_own_ghost(problem);
        let passes = is_own_ghost || problem.passes_by_itself() || self.is_hearsay(problem);
        if !passes || self.options.one_shot {
            return None;
        }
        let wait = self.backoff.next(self.network.now().mono, chance());
        let local = matches!(problem, Problem::Offline | Problem::NoResolver);
        Some(if local { wait.min(LOCAL) } else { wait })
    }

    /// Replaced, shortly after a line was lost. Once: another client that does the same would be fought for ever.
    fn is_own_ghost(&mut self, problem: &Problem) -> bool {
        let now = self.network.now().mono;
        if !matches!(problem, Problem::Replaced { .. }) {
            self.broke_at = Some(now);
            return false;
        }
        self.broke_at.take().is_some_and(|at| now.saturating_sub(at) <= GHOST)
    }

    /// The pause between tries; any command that means something ends it, and so does a change of the network.
    pub(super) async fn wait(&mut self, wait: Duration) -> Option<Wish> {
        let end = tokio::time::sleep(wait);
        let change = Arc::clone(&self.network).changed();
        tokio::pin!(end, change);
        let mut changed = false;
        loop {
            tokio::select! {
                () = &mut end => return None,
                () = &mut change, if !changed => {
                    changed = true;
                    self.backoff.reset();
                    let spared = self.backoff.spared(self.network.now().mono);
                    let soon = tokio::time::Instant::now() + spared;
                    if soon < end.deadline() {
                        end.as_mut().reset(soon);
                    }
                }
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

    /// What was said before the certificate was proved may be the word of anybody on the way: it does not end the
    /// sign-in of an account that was let in before. A first sign-in is told, for it may be a wrong address.
    fn is_hearsay(&self, problem: &Problem) -> bool {
        let unproved = self.in_the_clear
            && matches!(
                problem,
                Problem::HostUnknown { .. }
                    | Problem::Replaced { .. }
                    | Problem::NoTls { .. }
                    | Problem::TlsInjected { .. }
                    | Problem::RedirectUnreadable { .. }
                    | Problem::RedirectLoop { .. }
                    | Problem::RedirectInward { .. }
            );
        unproved && (self.was_online || self.has_met())
    }
}
