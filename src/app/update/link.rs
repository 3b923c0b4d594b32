//! What links tell. Facts of a session that is over are dropped.

use super::{marks, message, presence, resumed, roster, second, sign_in};
use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand, StoreRequest};
use crate::app::event::{LinkEvent, LinkFact, LinkState};
use crate::app::model::{Account, Asked, Back, Heard, Model};
use crate::app::words;
use crate::oauth::Agreement;
use crate::types::{AccountId, FullJid, Line, MessageKey, Picture, Problem, RequestId, Stage};
use crate::xmpp::stanza::error::speaks_of_size;
use crate::xmpp::{ArchivePage, Command, Event, Features, SignedIn};
use std::time::Duration;

/// An outage shorter than this is not spoken of.
const BLIP: Duration = Duration::from_secs(3);
/// How long "Back online" is shown.
const BACK: Duration = Duration::from_secs(6);

/// A fact of a link.
pub(super) fn on_link(model: &mut Model, id: &AccountId, event: LinkEvent, fx: &mut Effects) {
    // A session begins by dialling or by asking for a code. Anything else of an unknown session is the last word of a
    // link that was stopped, about an account that has begun anew.
    let begins = matches!(event.fact, LinkFact::Dialing { .. } | LinkFact::Consent(_));
    let counts = |epoch| event.epoch == epoch || (begins && event.epoch > epoch);
    let Some(account) = model.account_mut(id).filter(|account| counts(account.epoch)) else { return };
    let refused = account.refused == Some(event.epoch);
    if event.epoch > account.epoch {
        account.epoch = event.epoch;
        model.begin_session(id);
        model.lose_session(id, fx);
    }
    match event.fact {
        LinkFact::Dialing { host } => model.on_dialing(id, host),
        LinkFact::Secured { version, .. } => model.on_secured(id, version),
        LinkFact::Session(_) if refused => {}
        LinkFact::Session(event) => {
            model.note_heard(id, &event);
            on_session(model, id, event, fx);
        }
        LinkFact::Down { problem, retry_in } => model.on_down(id, problem, retry_in, fx),
        LinkFact::PasswordWanted { problem, device_sign_in } => {
            sign_in::on_password_wanted(model, id, problem, device_sign_in);
        }
        LinkFact::Consent(consent) => sign_in::on_consent(model, id, consent),
        LinkFact::Agreed(agreement) => model.on_agreed(id, *agreement),
        LinkFact::Kept(keep) => model.on_kept(id, keep),
        LinkFact::HandedOver { to, kept } => second::on_handed_over(model, id, *to, kept, fx),
        LinkFact::NotSignedOut(problem) => model.fail_sign_out(id, problem, fx),
        LinkFact::SignedOut { told, elsewhere, browser } => model.end_sign_out(id, told, elsewhere, browser, fx),
    }
}

/// A fact of a session.
fn on_session(model: &mut Model, id: &AccountId, event: Event, fx: &mut Effects) {
    match event {
        Event::Reached(stage) => model.on_reached(id, stage),
        Event::SignedIn(signed_in) => model.on_signed_in(id, signed_in, fx),
        Event::Resumed { signed_in, pending, asked } => {
            resumed::on_resumed(model, id, signed_in, (&pending, &asked), fx);
        }
        Event::Features(features) => model.on_features(id, features, fx),
        Event::Roster { items, version } => roster::on_roster(model, id, items, version, fx),
        Event::RosterPush { item, version } => roster::on_push(model, id, item, version, fx),
        Event::Presence(presence) => presence::on_presence(model, id, presence),
        Event::SubscriptionRequest { from, nick, text } => roster::on_request(model, id, from, nick, text, fx),
        Event::Message(incoming) => message::on_message(model, id, &incoming, fx),
        Event::ChatState { from, state } => presence::on_chat_state(model, id, &from, state),
        Event::Receipt { from, of, .. } => marks::on_receipt(model, id, &from.bare(), &of, fx),
        Event::KeepAsked(tally) => fx.push(Effect::Store(StoreRequest::Confirm { account: id.clone(), tally })),
        Event::Displayed { from, of, at } => marks::on_displayed(model, id, &from.bare(), &of, at, fx),
        Event::ReadPositions { all, positions } => model.on_read_positions(id, all, positions, fx),
        Event::NoReadPositions => model.on_no_read_positions(id),
        Event::Acknowledged(key) => marks::on_acknowledged(model, id, key, fx),
        Event::Bounced { key, from, problem } => marks::on_bounced(model, id, &key, from.as_ref(), problem, fx),
        Event::ArchivePage(page) => model.on_page(id, page, fx),
        Event::AddressFound { request, jid } => model.on_found(id, request, jid, fx),
        Event::OwnName(name) => model.on_own_name(id, name),
        Event::OwnPhoto(photo) => model.on_own_photo(id, *photo),
        Event::RequestFailed { request, problem } => model.on_refused(id, request, &problem, fx),
        // The link acts on these itself, and says `Down` after an end.
        Event::Offered(_)
        | Event::Discovered { .. }
        | Event::Learned(_)
        | Event::Fast(_)
        | Event::PassedOver(_)
        | Event::Again
        | Event::Dismissed(_)
        | Event::Redirected { .. }
        | Event::Pong(_)
        | Event::Ended(_) => {}
    }
}

impl Model {
    /// What has a key from here on was heard in this session; what was heard by a process before this one has a lower one.
    fn begin_session(&mut self, id: &AccountId) {
        self.last_key = self.last_key.max(MessageKey::new(self.now.wall, 0));
        let next = MessageKey(self.last_key.0.saturating_add(1));
        if let Some(account) = self.account_mut(id) {
            account.heard_from = next;
        }
    }

    /// The server told something; these a session also says of itself, when its line is lost.
    fn note_heard(&mut self, id: &AccountId, event: &Event) {
        let now = self.now.wall;
        let of_itself = matches!(
            event,
            Event::Reached(_)
                | Event::KeepAsked(_)
                | Event::RequestFailed { .. }
                | Event::NoReadPositions
                | Event::Ended(_)
        );
        if let Some(account) = self.account_mut(id).filter(|_| !of_itself) {
            account.heard_at = Some(now);
        }
    }

    fn on_dialing(&mut self, id: &AccountId, host: Line) {
        let now = self.now;
        let Some(account) = self.account_mut(id) else { return };
        account.host = Some(host);
        account.link = LinkState::Connecting(Stage::Lookup);
        account.attempts = account.attempts.saturating_add(1);
        account.down_since.get_or_insert(now.wall);
        account.down_at.get_or_insert(now.mono);
    }

    fn on_secured(&mut self, id: &AccountId, version: &'static str) {
        if let Some(account) = self.account_mut(id) {
            account.tls = Some(version);
        }
    }

    fn on_reached(&mut self, id: &AccountId, stage: Stage) {
        if let Some(account) = self.account_mut(id).filter(|account| !account.online()) {
            account.link = LinkState::Connecting(stage);
        }
    }

    fn on_agreed(&mut self, id: &AccountId, agreement: Agreement) {
        if let Some(account) = self.account_mut(id) {
            account.agreement = Some(agreement);
        }
    }

    fn on_kept(&mut self, id: &AccountId, keep: crate::app::event::Keep) {
        if let Some(account) = self.account_mut(id) {
            account.keep = Some(keep);
        }
    }

    fn on_signed_in(&mut self, id: &AccountId, signed_in: SignedIn, fx: &mut Effects) {
        let now = self.now;
        if let Some(problem) = self
            .account(id)
            .and_then(|account| account.setup.other_person(account.jid.as_ref().map(FullJid::bare), &signed_in))
        {
            sign_in::refuse_person(self, id, problem, fx);
            return;
        }
        let Some(account) = self.account_mut(id) else { return };
        account.jid = Some(signed_in.jid.clone());
        account.link = LinkState::Online;
        account.attempts = 0;
        let out = account.down_at.take().map(|at| now.mono.saturating_sub(at));
        account.down_since = None;
        account.back = out.filter(|out| account.was_online && *out >= BLIP).map(|after| Back {
            after,
            sent: 0,
            received: 0,
            until: now.mono.saturating_add(BACK),
        });
        account.was_online = true;
        account.begin_anew();
        self.tell_displayed_again(id);
        fx.push(Effect::Link(id.clone(), LinkCommand::Confirm));
        fx.push(Effect::Store(StoreRequest::Bound { account: id.clone(), jid: signed_in.jid }));
        self.tell_appearance(id, fx);
        self.begin_post(id, fx);
        sign_in::on_success(self, id, fx);
    }

    fn on_features(&mut self, id: &AccountId, mut features: Features, fx: &mut Effects) {
        let Some(account) = self.account_mut(id) else { return };
        // What it was asked before in this session, or in the one that this has taken up, is not asked again.
        // Silence is no answer: what gave us ids is an archive.
        features.archive |= account.sync.cursor.is_some();
        let before = std::mem::replace(&mut account.features, features);
        let before = if std::mem::replace(&mut account.surveyed, true) { before } else { Features::default() };
        account.features_known = true;
        let card = account.features.cards && !before.cards;
        let positions = account.features.read_positions && !account.positions_known && !account.positions_refused;
        let unnamed = account.setup.name.is_empty();
        self.begin_post(id, fx);
        self.catch_up(id, fx);
        if card && (unnamed || self.options.shows_pictures()) {
            self.command(id, Command::AskOwnCard, fx);
        }
        if positions {
            self.command(id, Command::AskReadPositions, fx);
        }
        if let Some(open) = self.open.clone().filter(|open| open.account == *id) {
            self.ask_talk_archive(&open, false, fx);
        }
    }

    fn on_no_read_positions(&mut self, id: &AccountId) {
        if let Some(account) = self.account_mut(id) {
            account.positions_refused = true;
        }
    }

    fn on_own_name(&mut self, id: &AccountId, name: Line) {
        if let Some(account) = self.account_mut(id) {
            account.told_name = Some(name);
        }
    }

    fn on_own_photo(&mut self, id: &AccountId, photo: Picture) {
        if let Some(account) = self.account_mut(id) {
            account.photo = Some(photo);
        }
    }

    fn on_down(&mut self, id: &AccountId, problem: Option<Problem>, retry_in: Option<Duration>, fx: &mut Effects) {
        let now = self.now;
        // Only what ends a session can be about what was written in it.
        let was_online = self.account(id).is_some_and(Account::online);
        let too_large = match &problem {
            Some(Problem::StreamError { domain, condition }) if was_online && speaks_of_size(condition.as_str()) => {
                Some(domain.clone())
            }
            _ => None,
        };
        self.lose_session(id, fx);
        let Some(account) = self.account_mut(id) else { return };
        if account.wanted {
            account.down_since.get_or_insert(now.wall);
            account.down_at.get_or_insert(now.mono);
        }
        // "Goodbye" after a refusal does not take the reason away.
        let problem = match (problem, &account.link) {
            (None, LinkState::Offline { problem, .. }) if retry_in.is_none() => problem.clone(),
            (problem, _) => problem,
        };
        let retry_at = retry_in.map(|wait| now.mono.saturating_add(wait));
        let since = account.down_since.unwrap_or(now.wall);
        account.link = if !account.wanted && problem.is_none() {
            LinkState::Idle
        } else {
            LinkState::Offline { problem: problem.clone(), retry_at, since }
        };
        if let Some(domain) = too_large {
            self.fail_longest(id, domain, fx);
        }
        sign_in::on_down(self, id, problem, retry_in.is_some(), fx);
    }

    /// A session is over, by whatever end: nothing of it is believed any more, and nothing vanishes. Whether what it was
    /// asked will still be answered is known once another connection has taken it up, or begun anew.
    pub(crate) fn lose_session(&mut self, id: &AccountId, fx: &mut Effects) {
        // Said of a session, not once more of the time behind it.
        let complete = self
            .account(id)
            .is_some_and(|own| own.online() && (own.sync.complete || (own.features_known && !own.features.archive)));
        self.lose_sync(id, fx);
        let (now, last) = (self.now.mono, self.last_key);
        let Some(account) = self.account_mut(id) else { return };
        account.doubt(now);
        account.features_known = false;
        account.roster_known = false;
        account.tls = None;
        account.settle_at = None;
        for contact in account.roster.values_mut() {
            contact.stale = true;
            contact.typing = None;
        }
        if account.online() {
            account.link = LinkState::Connecting(Stage::Lookup);
        }
        for talk in self.talks.values_mut().filter(|talk| talk.key.account == *id) {
            talk.locked_to = None;
            talk.told_typing = None;
            fx.extend(talk.leave_page().map(Effect::Store));
            // Else the archive has yet to say what came before the last ones.
            if complete {
                talk.before_session = talk.heard_at.map(|to| Heard { last, to });
            }
        }
    }

    fn on_page(&mut self, id: &AccountId, page: ArchivePage, fx: &mut Effects) {
        let asked = self.answered(id, page.request);
        self.end_page(id, page.request, matches!(asked, Some(Asked::CatchUp | Asked::Gap)), fx);
        match asked {
            Some(Asked::CatchUp) => self.on_newest_page(id, page, fx),
            Some(Asked::Gap) => self.on_gap_page(id, page, fx),
            Some(Asked::TalkGap(key, after)) => self.on_talk_gap_page(&key, &after, page, fx),
            Some(Asked::Check) => self.on_check_answered(id, page.first.filter(|_| !page.complete), fx),
            Some(Asked::Talk(key)) => self.on_talk_page(&key, page, fx),
            Some(Asked::Buddy(_) | Asked::Address { .. }) | None => {}
        }
    }

    fn on_found(&mut self, id: &AccountId, request: RequestId, jid: Option<crate::types::BareJid>, fx: &mut Effects) {
        if let Some(asked) = self.answered(id, request) {
            self.on_address(id, asked, jid, fx);
        }
    }

    fn on_refused(&mut self, id: &AccountId, request: RequestId, problem: &Problem, fx: &mut Effects) {
        self.end_page(id, request, false, fx);
        match self.answered(id, request) {
            Some(Asked::CatchUp) => self.on_newest_failed(id, fx),
            Some(Asked::Gap) => self.on_gap_failed(id, fx),
            Some(Asked::Check) => self.on_check_refused(id, problem, fx),
            Some(Asked::Buddy(_) | Asked::Address { .. }) => self.toast(words::toasts::refused(problem)),
            Some(Asked::Talk(key) | Asked::TalkGap(key, _)) => self.on_talk_page_failed(&key),
            None => {}
        }
    }
}
