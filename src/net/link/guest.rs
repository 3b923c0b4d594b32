//! Another person came back from a sign-in than the account belongs to, as the link deals with it.

use super::{Link, Wish};
use crate::app::event::LinkFact;
use crate::app::setup::AccountSetup;
use crate::net::sign_in;
use crate::oauth::Farewelled;
use crate::types::{Line, Problem};
use std::sync::Arc;

impl Link {
    /// What was there before comes back; what that person was given goes, or is put aside for an account of its own.
    pub(super) async fn take_back(&mut self, set_aside: bool) -> Wish {
        self.stood = false;
        let _under_way = self.network.refreshing();
        let replaced = match self.replaced.take() {
            Some(replaced) => Ok(Some(replaced)),
            // A process before this one put it out of its place, and did not live to hear whose the new one is.
            None => sign_in::adopt_former(&self.network, &self.setup).await,
        };
        let replaced = match replaced {
            Ok(Some(replaced)) => replaced,
            Ok(None) => return Wish::Rest,
            Err(problem) => {
                self.down(Some(problem), None).await;
                return Wish::Rest;
            }
        };
        // What the server gave that person for short sign-ins goes too.
        self.learn_fast(None).await;
        let done = if set_aside {
            sign_in::set_aside(&self.network, &self.setup, replaced).await.map(|guest| self.guest = guest.map(Box::new))
        } else {
            sign_in::take_back(&self.network, &self.setup, replaced).await
        };
        if let Err(problem) = done {
            self.down(Some(problem), None).await;
        }
        Wish::Rest
    }

    /// What was put aside becomes the sign-in of that account. What cannot be kept is put aside still.
    pub(super) async fn hand_over(&mut self, to: &AccountSetup) -> Wish {
        // Whoever ends the process waits for it.
        let _under_way = self.network.refreshing();
        let done = match &mut self.guest {
            Some(guest) => sign_in::hand_over(&self.network, to, guest).await,
            None => Err(Problem::SignInNeeded { account: Line::clean(to.id.as_str()) }),
        };
        if done.is_ok() {
            self.guest = None;
        }
        self.teller.tell(LinkFact::HandedOver { to: Box::new(to.clone()), kept: done }).await;
        Wish::Rest
    }

    /// Nobody wants what was put aside: the service is told, beside what the link goes on with.
    pub(super) fn dismiss_guest(&mut self) {
        let Some(guest) = self.guest.take() else { return };
        let (network, setup) = (Arc::clone(&self.network), Arc::clone(&self.setup));
        tokio::spawn(async move {
            // Whoever ends the process waits for it.
            let _under_way = network.refreshing();
            let told = sign_in::dismiss(&network, &setup, *guest).await;
            if told != Farewelled::Told {
                tracing::info!(target: "butty::net", ?told, "what was put aside is not revoked yet");
            }
        });
    }
}
