//! Whether a link tries again by itself, and when.

use super::{Link, Wish};
use crate::net::chance;
use crate::types::Problem;
use std::time::Duration;

/// Longest wait after a try that reached nobody, so that a cable put back is noticed: no server is spared by more.
pub(super) const LOCAL: Duration = Duration::from_secs(5);

impl Link {
    /// How long to wait before the next try, if there is one.
    pub(super) fn pause_after(&mut self, problem: &Problem) -> Option<Duration> {
        let passes = problem.passes_by_itself() || self.is_hearsay(problem);
        if !passes || self.options.one_shot {
            return None;
        }
        let wait = self.backoff.next(chance());
        let local = matches!(problem, Problem::Offline | Problem::NoResolver);
        Some(if local { wait.min(LOCAL) } else { wait })
    }

    /// The pause between tries; any command that means something ends it.
    pub(super) async fn wait(&mut self, wait: Duration) -> Option<Wish> {
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
