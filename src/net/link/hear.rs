//! What the person, or the mind, tells a link.

use super::{Link, Order, Part, Wish};
use crate::app::effect::LinkCommand;
use crate::app::event::Keep;
use crate::xmpp::{self, CredentialKind};
use std::sync::Arc;

impl Link {
    /// What a command means where no session is there to take it.
    pub(super) fn hear(&mut self, command: LinkCommand) -> Option<Wish> {
        match command {
            LinkCommand::Connect => Some(Wish::Connect),
            LinkCommand::Disconnect => Some(Wish::Rest),
            LinkCommand::Password { password, keep } => {
                self.goes_by(CredentialKind::Password);
                self.password = Some((password, keep));
                Some(Wish::Connect)
            }
            LinkCommand::AcceptWeaker => {
                self.known.forget_pin();
                None
            }
            LinkCommand::AskFor(asking) => {
                self.asks_for = asking;
                None
            }
            LinkCommand::KeepGiven { keep } => {
                self.password.as_mut().or(self.given_token.as_mut())?.1 = keep;
                Some(Wish::Connect)
            }
            LinkCommand::Token { token, keep } => {
                self.goes_by(CredentialKind::Token);
                self.given_token = Some((token, keep));
                Some(Wish::Connect)
            }
            LinkCommand::SignInWithCode { keep } => Some(self.sign_in_wish(keep, Part::Whole)),
            LinkCommand::BeginSignIn { keep } => Some(self.sign_in_wish(keep, Part::Begin)),
            LinkCommand::ResumeSignIn { keep } => Some(self.sign_in_wish(keep, Part::Resume)),
            LinkCommand::Confirm => {
                self.confirm();
                None
            }
            LinkCommand::TakeBack => Some(Wish::TakeBack { set_aside: false }),
            LinkCommand::SetAside => Some(Wish::TakeBack { set_aside: true }),
            LinkCommand::HandOver { to } => Some(Wish::HandOver { to }),
            LinkCommand::SignOut { everywhere } => Some(Wish::SignOut { everywhere }),
            LinkCommand::KnowRoster { version } => {
                self.roster_version.get_or_insert(version);
                None
            }
            LinkCommand::Attention { active } => {
                self.absent = !active;
                None
            }
            ref read @ (LinkCommand::Pause | LinkCommand::Resume) => {
                self.paused = matches!(read, LinkCommand::Pause);
                None
            }
            // For a session that may be taken up again, or for none: then the mind sends again by its own rules.
            LinkCommand::Session(command) => {
                if self.short.suspended.is_some() || matches!(command, xmpp::Command::Kept(_)) {
                    self.short.note_late(command);
                }
                None
            }
            LinkCommand::CancelSignIn => {
                self.dismiss_guest();
                None
            }
            LinkCommand::PollNow | LinkCommand::Redirected { .. } => None,
        }
    }

    fn sign_in_wish(&mut self, keep: Keep, part: Part) -> Wish {
        self.goes_by(CredentialKind::Token);
        Wish::SignIn(Order { keep, part })
    }

    /// What the person does says which sort of secret it is, whatever was set before.
    fn goes_by(&mut self, kind: CredentialKind) {
        if self.setup.credential != Some(kind) {
            Arc::make_mut(&mut self.setup).credential = Some(kind);
        }
    }
}
