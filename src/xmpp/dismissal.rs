//! Ending the account's other sign-ins (XEP-0494): asks who has access, then takes it away, one after the other.
//!
//! One at a time, for a server may end our own session with an access that is taken: those that are connected come
//! last. Which one is ours no server says. Ours is known, and left to the sign-out that follows, where its id holds the
//! name of this installation; where none does, the one that is connected and was seen last is taken for ours and comes
//! last of all. That it ends, and we with it, does not count; that it may not be ended does, for it may be somebody
//! else's. Should ours fall before others all the same, what is left by then is told. Time is limited in all, and what
//! was not done by its end is told too.

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

/// What came before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The end of the connection.
    Closed,
    /// The end of the time.
    Silent,
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
            // It goes with the sign-out in any case.
            (Asked::Revoke, true) if self.is_at_own() => {}
            (Asked::Revoke, true) => self.ended += 1,
            (Asked::Revoke, false) if cam::wants_new_password(element) => self.by_password += 1,
            // It went by itself, or with another.
            (Asked::Revoke, false) if StanzaError::read(element).condition.as_str() == "item-not-found" => {}
            (Asked::Revoke, false) => self.refused += 1,
        }
        self.next()
    }

    /// The end before the end: the time is over, or the connection, which our own access takes with it.
    pub(crate) fn cut(&self, by: Cut) -> Option<Elsewhere> {
        match (&self.asked, by) {
            (Asked::List, _) => None,
            (Asked::Revoke, Cut::Closed) if self.is_at_own() => Some(self.told(0)),
            (Asked::Revoke, _) => Some(self.told(1)),
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
        // What goes with the sign-out is not left.
        let own = usize::from(self.own_is_last && !self.left.is_empty());
        let left = self.refused + self.left.len().saturating_sub(own) + unanswered;
        Elsewhere::Asked { ended: self.ended, by_password: self.by_password, left }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

    use super::*;
    use crate::types::Stamp;
    use crate::xmpp::stanza::testing::parse;

    /// Asked about these clients, of which none is known to be ours; the first one is asked for now.
    fn asked_about(clients: &str) -> Dismissal {
        let now = Now { mono: Duration::ZERO, wall: Stamp(0) };
        let address = FullJid::parse("juliet@alpha.test/x").unwrap();
        let (mut dismissal, _) = Dismissal::new(now, address, &[7; 32], None);
        let id = dismissal.id.clone();
        let list = format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'><clients xmlns='urn:xmpp:cam:0'>{clients}</clients></iq>"
        );
        assert!(matches!(dismissal.handle_stanza(&parse(&list)), Next::Ask(_)));
        dismissal
    }

    fn answered(dismissal: &mut Dismissal, condition: Option<&str>) -> Next {
        let id = dismissal.id.clone();
        let iq = condition.map_or_else(
            || format!("<iq xmlns='jabber:client' type='result' id='{id}'/>"),
            |condition| {
                format!(
                    "<iq xmlns='jabber:client' type='error' id='{id}'><error type='cancel'>\
                     <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
                )
            },
        );
        dismissal.handle_stanza(&parse(&iq))
    }

    fn asked(ended: usize, left: usize) -> Elsewhere {
        Elsewhere::Asked { ended, by_password: 0, left }
    }

    #[test]
    fn what_is_taken_for_ours_and_may_not_be_ended_is_told() {
        for (condition, left) in [(None, 0), (Some("item-not-found"), 0), (Some("forbidden"), 1)] {
            let mut dismissal = asked_about("<client id='here' connected='true'/>");
            let Next::Done(told) = answered(&mut dismissal, condition) else { panic!("{condition:?}") };
            assert_eq!(told, asked(0, left), "{condition:?}");
        }
    }

    #[test]
    fn only_the_end_of_the_connection_may_be_that_of_ours() {
        let dismissal = asked_about("<client id='here' connected='true'/>");
        assert_eq!(dismissal.cut(Cut::Closed), Some(asked(0, 0)));
        assert_eq!(dismissal.cut(Cut::Silent), Some(asked(0, 1)));
    }

    #[test]
    fn ours_is_not_left_where_others_are() {
        let mut dismissal = asked_about("<client id='a'/><client id='b'/><client id='here' connected='true'/>");
        assert!(matches!(answered(&mut dismissal, None), Next::Ask(_)));
        for by in [Cut::Closed, Cut::Silent] {
            assert_eq!(dismissal.cut(by), Some(asked(1, 1)), "the one that was asked for, and not ours");
        }
    }
}
