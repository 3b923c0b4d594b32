//! What a session tells: some of it is the link's own business, the rest goes up to the mind.

use super::ride::Ride;
use super::{End, Link};
use crate::app::event::LinkFact;
use crate::xmpp::{CredentialKind, Event, Purpose};

impl Link {
    pub(super) async fn report(&mut self, ride: &mut Ride<'_>, event: Event) {
        match event {
            Event::Redirected { to, .. } => ride.redirect = Some(to),
            Event::Discovered { mechanisms, metadata } => {
                ride.result = Some(End::Discovered { mechanisms, metadata });
            }
            Event::Dismissed(elsewhere) => ride.result = Some(End::Dismissed(elsewhere)),
            Event::Learned(known) => self.learn(*known),
            Event::Fast(token) => self.learn_fast(token.map(|token| *token)).await,
            Event::Again => ride.again = true,
            Event::Ended(problem) => {
                ride.over = true;
                // What ended it on our side comes first.
                ride.problem = ride.problem.take().or(problem);
            }
            // Neither has anything to tell the mind.
            _ if matches!(ride.attempt.purpose, Purpose::Discover | Purpose::Dismiss) => {}
            event => {
                match &event {
                    Event::Offered(mechanisms) => {
                        self.code_on_offer = mechanisms.iter().any(|name| name == "OAUTHBEARER");
                    }
                    Event::SignedIn(_) | Event::Resumed { .. } => {
                        ride.attempt.signed_in = Some(self.network.now().mono);
                        self.was_online = true;
                        // What the server gave, or still knew, says nothing of what is kept here.
                        let anew = matches!(event, Event::SignedIn(_));
                        self.stood |= anew && ride.attempt.given.is_some();
                        self.short.stands();
                        self.upkeep.stands(ride.attempt.given.is_some());
                        match ride.attempt.kind {
                            CredentialKind::Password => self.keep_password().await,
                            CredentialKind::Token => self.keep_token().await,
                        }
                    }
                    Event::PassedOver(why) => {
                        tracing::warn!(target: "butty::net", %why, "a part of a stanza is passed over");
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
