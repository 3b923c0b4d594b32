//! Everything after bind.

use super::{Command, Event, SignIn};
use crate::types::{FullJid, Now, Problem};
use crate::xml::Element;
use std::time::Duration;

pub(crate) struct Live;

#[allow(dead_code, reason = "the stand-in makes none")]
pub(crate) enum LiveOutput {
    Send(Element),
    Event(Event),
    End(Option<Problem>),
}

#[allow(clippy::unused_self, clippy::needless_pass_by_value, clippy::needless_pass_by_ref_mut, reason = "a stand-in")]
impl Live {
    pub(crate) fn new(_: Now, _: FullJid, _: &SignIn, _: Option<String>) -> Self {
        Self
    }

    pub(crate) fn handle_stanza(&mut self, _: Now, _: Element) {}

    pub(crate) fn handle_command(&mut self, _: Now, _: Command) {}

    pub(crate) fn handle_timeout(&mut self, _: Now) {}

    pub(crate) fn heard(&mut self, _: Now) {}

    pub(crate) fn deadline(&self) -> Option<Duration> {
        None
    }

    pub(crate) fn poll(&mut self) -> Option<LiveOutput> {
        None
    }
}
