//! Time passes: what is due, and when something is due next.

use crate::app::action::Effects;
use crate::app::effect::{Effect, LinkCommand};
use crate::app::event::LinkState;
use crate::app::model::{Account, Contact, Conversation, Model, Screen, SignInScreen, SignInStep, Welcome};
use crate::types::{Now, Stamp};
use std::time::Duration;

/// A clock that jumped by this much has slept, or was set: links are probed at once.
const JUMP: Duration = Duration::from_secs(30);

/// A deadline came.
pub(super) fn on_tick(model: &mut Model, fx: &mut Effects) {
    let now = model.now.mono;
    let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
    model.toast.take_if(|toast| toast.until <= now);
    model.quit_armed.take_if(|until| *until <= now);
    for account in &mut model.accounts {
        account.back.take_if(|back| back.until <= now);
        if due(account.settle_at) {
            account.settle();
        }
        for contact in account.roster.values_mut() {
            contact.typing.take_if(|until| *until <= now);
            contact.sorted_as.take_if(|(_, until)| *until <= now);
        }
    }
    on_quiet_tick(model, fx);
    model.keep_to_agreements(fx);
    if due(model.away_at()) {
        model.step_away(fx);
    }
    model.touch();
}

/// The part of it that nobody sees: drafts that rested long enough, typing that paused, and that nobody looks.
pub(super) fn on_quiet_tick(model: &mut Model, fx: &mut Effects) {
    let now = model.now.mono;
    let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
    let is_due = |talk: &&Conversation| due(talk.draft_due) || due(talk.told_typing) || due(model.tell_read_at(talk));
    let late: Vec<_> = model.talks.values().filter(is_due).map(|talk| talk.key.clone()).collect();
    for key in late {
        let (draft, typing) = model.talks.get(&key).map_or((None, None), |talk| (talk.draft_due, talk.told_typing));
        if due(draft) {
            model.keep_draft(&key, fx);
        }
        if due(typing) {
            model.stop_typing(&key, fx);
        }
        if due(model.talks.get(&key).and_then(|talk| model.tell_read_at(talk))) {
            model.tell_read(&key, fx);
        }
    }
    if due(model.look_away_at()) {
        model.look_away(fx);
    }
    let rested = model.accounts.iter().filter(|account| due(archive_at(account)));
    for id in rested.map(|account| account.setup.id.clone()).collect::<Vec<_>>() {
        model.check_again(&id, fx);
        model.sync_again(&id, fx);
    }
}

/// When an archive that refused is asked again.
fn archive_at(account: &Account) -> Option<Duration> {
    let check = account.post.check.as_ref().and_then(|check| check.again_at);
    [check, account.sync.again_at].into_iter().flatten().min().filter(|_| account.online())
}

/// From the last event up to `now` nothing came that shows.
pub(super) fn is_quiet(model: &Model, now: Now) -> bool {
    next_sight(model).is_none_or(|at| at > now.mono) && model.now.wall.minute() == now.wall.minute()
}

/// The earliest moment at which something is due; `None`: nothing, ever.
pub(super) fn deadline(model: &Model) -> Option<Duration> {
    let talks = model
        .talks
        .values()
        .flat_map(|talk| [talk.draft_due, talk.told_typing, model.tell_read_at(talk)])
        .flatten()
        .min();
    let archives = model.accounts.iter().filter_map(archive_at).min();
    [talks, archives, model.look_away_at(), next_sight(model)].into_iter().flatten().min()
}

/// The earliest moment at which something that may show is due.
pub(super) fn next_sight(model: &Model) -> Option<Duration> {
    let accounts = model.accounts.iter().filter_map(account_at).min();
    let toast = model.toast.as_ref().map(|toast| toast.until);
    let moments =
        [accounts, toast, model.quit_armed, model.away_at(), model.banner_at(), model.ending_at(), screen_at(model)];
    moments.into_iter().flatten().min()
}

fn account_at(account: &Account) -> Option<Duration> {
    let contacts = account.roster.values().filter_map(contact_at).min();
    [account.settle_at, contacts].into_iter().flatten().min()
}

fn contact_at(contact: &Contact) -> Option<Duration> {
    [contact.typing, contact.sorted_as.map(|(_, until)| until)].into_iter().flatten().min()
}

/// When the screen itself changes: the clock, the countdown of a code, the hint of the welcome screen.
fn screen_at(model: &Model) -> Option<Duration> {
    let now = model.now;
    match &model.screen {
        Screen::Main if model.accounts.is_empty() => None,
        Screen::Main => now.mono.checked_add(until_next(now.wall, 60)),
        Screen::Welcome(Welcome { since, .. }) => since.checked_add(Duration::from_secs(2)).filter(|at| *at > now.mono),
        Screen::SignIn(screen) => countdown(screen, now.wall).and_then(|wait| now.mono.checked_add(wait)),
    }
}

/// The countdown of a code moves every ten seconds, in the last minute every second.
fn countdown(screen: &SignInScreen, now: Stamp) -> Option<Duration> {
    let SignInStep::Code { prompt, .. } = &screen.step else { return None };
    let left = prompt.expires.since(now);
    if left.is_zero() {
        return None;
    }
    let step: u64 = if left > Duration::from_secs(60) { 10_000 } else { 1_000 };
    let over = u64::try_from(left.as_millis()).unwrap_or(0) % step;
    Some(Duration::from_millis(if over == 0 { step } else { over }))
}

/// Time until the civil clock's seconds are divisible by `seconds`.
fn until_next(now: Stamp, seconds: i64) -> Duration {
    let period = seconds.saturating_mul(1_000);
    Duration::from_millis(u64::try_from(period - now.0.rem_euclid(period)).unwrap_or(60_000))
}

impl Model {
    /// The process was stopped and goes on: connections may be dead without knowing.
    pub(super) fn on_resumed(&mut self, fx: &mut Effects) {
        fx.push(Effect::Redraw);
        self.probe(fx);
    }

    /// Asks each server for a sign of life; who waits to try again tries now.
    pub(super) fn probe(&mut self, fx: &mut Effects) {
        for id in self.meant(None) {
            let request = self.fresh_request();
            let Some(account) = self.account(&id).filter(|account| account.wanted) else { continue };
            match account.link {
                LinkState::Online => drop(self.command(&id, crate::xmpp::Command::Ping(request), fx)),
                LinkState::Offline { retry_at: Some(_), .. } => fx.push(Effect::Link(id, LinkCommand::Connect)),
                _ => {}
            }
        }
    }

    /// The two clocks moved apart: the clock was set; or the computer slept, where only that shows it.
    pub(super) fn note_clock(&mut self, before: crate::types::Now, fx: &mut Effects) {
        let mono = self.now.mono.saturating_sub(before.mono);
        let (on, back) = (self.now.wall.since(before.wall), before.wall.since(self.now.wall));
        if on > mono.saturating_add(JUMP) || back > JUMP {
            self.probe(fx);
        }
        // Whatever came first in the new minute: a tick for it would only be due at the next one.
        if self.now.wall.minute() != before.wall.minute() {
            self.touch();
        }
    }

    /// The window got or lost the focus.
    pub(super) fn on_focus(&mut self, focused: bool, fx: &mut Effects) {
        self.focused = focused;
        self.note_focus(fx);
        if focused {
            self.see(fx);
        }
    }
}
