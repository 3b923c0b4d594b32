//! Ending the account's other sign-ins (XEP-0494): asks who has access, then takes it away, one after the other.
//!
//! One at a time, for a server may end our own session with an access that is taken: those that are connected come last.
//! Which one is ours no server says. Ours is known, and left to the sign-out that follows, where its id holds the name of
//! this installation; where none does, the one that is connected and was seen last is taken for ours and comes last of all:
//! it does not count. Should ours fall before others all the same, what is left by then is told. Time is limited in all,
//! and what was not done by its end is told too.

use super::entitled::{Claim, Home, Whom};
use super::event::Elsewhere;
use super::ext::cam;
use super::stanza::error::StanzaError;
use super::stanza::{CLIENT, Sender, iq};
use super::tracker::Ids;
use crate::types::{FullJid, Now};
use crate::xml::Element;
use std::collections::VecDeque;
use std::time::Duration;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What comes next.
pub(crate) enum Next {
    /// It waits.
    On,
    /// This is to be asked.
    Ask(Element),
    /// It is over.
    Done(Elsewhere),
}

/// What was asked.
#[derive(Debug)]
enum Asked {
    List,
    Revoke,
}

/// The whole of it, from the first question on.
#[derive(Debug)]
pub(crate) struct Dismissal {
    home: Home,
    ids: Ids,
    /// The name of this installation.
    own: Option<String>,
    asked: Asked,
    /// The id of the question.
    id: String,
    left: VecDeque<String>,
    /// The last one of these is our own, as far as can be told.
    own_is_last: bool,
    ended: usize,
    by_password: usize,
    refused: usize,
    deadline: Duration,
}

impl Dismissal {
    /// Begins; the element is the first question.
    pub(crate) fn new(now: Now, address: FullJid, seed: &[u8; 32], own: Option<String>) -> (Self, Element) {
        let mut ids = Ids::new(seed);
        let id = ids.next();
        let question = iq::get(&id, None, cam::list());
        let deadline = now.mono.saturating_add(PATIENCE);
        let new = Self {
            home: Home::new(address),
            ids,
            own,
            asked: Asked::List,
            id,
            left: VecDeque::new(),
            own_is_last: false,
            ended: 0,
            by_password: 0,
            refused: 0,
            deadline,
        };
        (new, question)
    }

    /// When it is over in any case, as `Now::mono`.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// A stanza of the server's. What is not the answer that is waited for is let pass.
    pub(crate) fn handle_stanza(&mut self, element: &Element) -> Next {
        let answers = element.is("iq", CLIENT)
            && element.get("id") == Some(&*self.id)
            && self.home.lets(&Sender::of(element), Claim::Answer(&Whom::Home));
        let succeeded = match element.get("type").filter(|_| answers) {
            Some("result") => true,
            Some("error") => false,
            _ => return Next::On,
        };
        match (&self.asked, succeeded) {
            (Asked::List, true) => match cam::read(element) {
                Some(clients) => self.line_up(clients),
                None => return Next::Done(Elsewhere::NoWay),
            },
            (Asked::List, false) => return Next::Done(Elsewhere::NoWay),
            // Whatever came of it: ours goes with the sign-out.
            (Asked::Revoke, _) if self.is_at_own() => {}
            (Asked::Revoke, true) => self.ended += 1,
            (Asked::Revoke, false) if cam::wants_new_password(element) => self.by_password += 1,
            // It went by itself, or with another.
            (Asked::Revoke, false) if StanzaError::read(element).condition.as_str() == "item-not-found" => {}
            (Asked::Revoke, false) => self.refused += 1,
        }
        self.next()
    }

    /// The end before the end: the time is over, or the connection.
    pub(crate) fn cut(&self) -> Option<Elsewhere> {
        match self.asked {
            Asked::List => None,
            Asked::Revoke => Some(self.told(usize::from(!self.is_at_own()))),
        }
    }

    fn line_up(&mut self, clients: Vec<cam::Client>) {
        let own = |client: &cam::Client| self.own.as_ref().is_some_and(|own| client.id.contains(own.as_str()));
        let own_is_known = clients.iter().any(own);
        let (mut connected, away): (Vec<_>, Vec<_>) =
            clients.into_iter().filter(|client| !own(client)).partition(|client| client.connected);
        connected.sort_by_key(|client| client.seen);
        self.own_is_last = !own_is_known && !connected.is_empty();
        self.left = away.into_iter().chain(connected).map(|client| client.id).collect();
        self.asked = Asked::Revoke;
    }

    /// The question that is out is about our own access.
    fn is_at_own(&self) -> bool {
        self.own_is_last && self.left.is_empty()
    }

    fn next(&mut self) -> Next {
        let Some(client) = self.left.pop_front() else { return Next::Done(self.told(0)) };
        self.id = self.ids.next();
        Next::Ask(iq::set(&self.id, None, cam::revoke(&client)))
    }

    fn told(&self, unanswered: usize) -> Elsewhere {
        let left = self.refused + self.left.len() + unanswered;
        Elsewhere::Asked { ended: self.ended, by_password: self.by_password, left }
    }
}
