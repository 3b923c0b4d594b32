//! What a link is about, and how a try of it ends.

use crate::app::event::Keep;
use crate::app::setup::AccountSetup;
use crate::types::Problem;
use crate::xmpp::Elsewhere;

/// How far a sign-in goes, and where its token is kept.
#[derive(Clone, Copy, Debug)]
pub(in crate::net) struct Order {
    pub(in crate::net) keep: Keep,
    pub(in crate::net) part: Part,
}

/// How far a sign-in goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::net) enum Part {
    Whole,
    /// Until the person has to do something.
    Begin,
    /// From there on.
    Resume,
}

/// What the link is about.
#[derive(Debug)]
pub(in crate::net) enum Wish {
    /// Be online.
    Connect,
    /// Be offline and wait.
    Rest,
    /// Sign in with a code or on a page.
    SignIn(Order),
    /// Put back what the last sign-in replaced; `set_aside`: and hold on to what came of it.
    TakeBack { set_aside: bool },
    /// Keep what was put aside as the sign-in of that account.
    HandOver { to: Box<AccountSetup> },
    /// Forget and revoke; and first have the server end the other sign-ins.
    SignOut { everywhere: bool },
    /// The mind let go.
    Leave,
}

impl Wish {
    /// It is carried out though nobody is there any more to hear of it.
    pub(super) fn outlives_the_handle(&self) -> bool {
        matches!(self, Self::SignOut { .. } | Self::TakeBack { .. } | Self::HandOver { .. })
    }
}

/// How a try ended.
#[derive(Debug)]
pub(in crate::net) enum End {
    /// The person, or the mind, wants something else.
    Wish(Wish),
    /// It failed.
    Problem(Problem),
    /// Goodbye was said.
    Clean,
    /// What a probe found.
    Discovered { mechanisms: Vec<String>, metadata: Option<String> },
    /// What became of the other sign-ins.
    Dismissed(Elsewhere),
}
