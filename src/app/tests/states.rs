//! The four states of an account, and what leads from one to another, over every sequence of events.

use super::*;
use crate::app::event::{Consent, LinkState};
use crate::app::model::Account;
use crate::types::{Problem, Stage};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// On the way: nobody knows yet.
    Unknown,
    NotConnected,
    Connected,
    /// The sign-in has ended: only the person can mend that.
    Expired,
}

fn state(account: &Account) -> State {
    match &account.link {
        LinkState::Connecting(_) => State::Unknown,
        LinkState::Online => State::Connected,
        LinkState::Offline { problem: Some(Problem::SignInExpired { .. } | Problem::SignInOver { .. }), .. } => {
            State::Expired
        }
        LinkState::Idle | LinkState::Offline { .. } => State::NotConnected,
    }
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    Dials,
    Secures,
    Negotiates,
    SignsIn,
    Chats,
    IsLost,
    Expires,
    LacksPassword,
    IsRefusedACode,
    IsLeft,
}

const ALL: [Happens; 10] = [
    Happens::Dials,
    Happens::Secures,
    Happens::Negotiates,
    Happens::SignsIn,
    Happens::Chats,
    Happens::IsLost,
    Happens::Expires,
    Happens::LacksPassword,
    Happens::IsRefusedACode,
    Happens::IsLeft,
];

impl Happens {
    fn to(self, world: &mut World) {
        let domain = || Domain::parse("example.org").unwrap();
        match self {
            Self::Dials => world.dial(),
            Self::Secures => world.link(LinkFact::Secured { version: "TLS 1.3", until: None }),
            Self::Negotiates => world.session(xmpp::Event::Reached(Stage::Auth)),
            Self::SignsIn => world.sign_in(false),
            Self::Chats => world.session(xmpp::Event::Presence(presence("bela@example.org/pc", Show::Away))),
            Self::IsLost => world.link(LinkFact::Down { problem: Some(Problem::Offline), retry_in: Some(second(4)) }),
            Self::Expires => {
                let problem = Some(Problem::SignInExpired { domain: domain() });
                world.link(LinkFact::Down { problem, retry_in: None });
            }
            Self::LacksPassword => world.link(LinkFact::PasswordWanted { problem: None, device_sign_in: false }),
            Self::IsRefusedACode => {
                world.link(LinkFact::Consent(Consent::Failed(Problem::SignInDenied { domain: domain() })));
            }
            Self::IsLeft => world.link(LinkFact::Down { problem: None, retry_in: None }),
        }
    }

    /// What this makes of a state.
    fn from(self, before: State) -> State {
        match (self, before) {
            // Words of a negotiation move nothing that is connected already.
            (Self::Negotiates, State::Connected) | (Self::SignsIn, _) => State::Connected,
            (Self::Dials | Self::Negotiates, _) => State::Unknown,
            (Self::Secures | Self::Chats | Self::IsRefusedACode, before) => before,
            // A goodbye does not take the reason away.
            (Self::Expires, _) | (Self::IsLeft, State::Expired) => State::Expired,
            (Self::IsLost | Self::LacksPassword | Self::IsLeft, _) => State::NotConnected,
        }
    }
}

#[test]
fn row_004_17_an_account_is_always_in_one_of_four_states() {
    let mut met = Vec::new();
    for number in 0..10_000_usize {
        let steps = [number / 1_000, number / 100 % 10, number / 10 % 10, number % 10].map(|at| ALL[at]);
        let mut world = World::new(AccountCache::default());
        world.dial();
        let mut expected = State::Unknown;
        for (at, step) in steps.into_iter().enumerate() {
            step.to(&mut world);
            expected = step.from(expected);
            assert_eq!(state(world.own()), expected, "after {:?}", &steps[..=at]);
            assert_eq!(world.own().online(), expected == State::Connected);
        }
        if !met.contains(&expected) {
            met.push(expected);
        }
    }
    assert_eq!(met.len(), 4);
}
