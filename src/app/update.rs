//! What happens, happens here: one line per sort of event. The work is in the files below and in `ops`.

pub mod key;
mod link;
mod marks;
mod message;
mod mouse;
pub mod overlay;
pub mod paste;
mod place;
mod presence;
mod resumed;
mod roster;
mod second;
mod sign_in;
mod stored;
mod tick;

use super::action::Effects;
use super::effect::Effect;
use super::event::Event;
use super::list;
use super::model::{Focus, Model, Overlay, Screen, SignInStep};
use crate::types::Now;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

/// Exit code of a process that SIGINT ended, as shells have it (ux 4).
const INTERRUPTED: u8 = 130;

impl Model {
    /// One thing happened: changes the model and says what is wanted of the world, in order.
    pub fn update(&mut self, now: Now, event: Event) -> Effects {
        let quiet = matches!(event, Event::Tick) && tick::is_quiet(self, now);
        let before = std::mem::replace(&mut self.now, now);
        let selected = self.list.selected;
        let mut fx = Effects::new();
        self.note_clock(before, &mut fx);
        if matches!(event, Event::Key(_) | Event::Paste(_) | Event::Mouse(..)) {
            self.note_input(&mut fx);
        }
        let (bare, boxed) = (self.is_bare(), self.boxed());
        match event {
            Event::Key(key) if key::plain::on_key(self, key, &mut fx) => {}
            Event::Tick if quiet => tick::on_quiet_tick(self, &mut fx),
            event => self.dispatch(event, &mut fx),
        }
        if self.is_bare() != bare {
            // What the terminal shall select, butty must not take.
            fx.push(Effect::Mouse(self.options.mouse && bare));
        }
        if self.boxed() != boxed {
            self.box_top = 0;
        }
        self.keep_hands_off(&mut fx);
        list::hold(self, self.focus == Focus::List && matches!(self.screen, Screen::Main), selected);
        fx
    }

    fn dispatch(&mut self, event: Event, fx: &mut Effects) {
        self.around = self.around.wrapping_add(1);
        if !matches!(event, Event::Tick | Event::Settled(..) | Event::Stored(_)) {
            self.touch();
        }
        match event {
            Event::Key(key) => key::on_key(self, key, fx),
            Event::Paste(text) => paste::on_paste(self, &text, fx),
            Event::Mouse(action, target) => mouse::on_mouse(self, action, target, fx),
            Event::Viewport(viewport) => self.viewport = viewport,
            Event::Settled(talk, scroll) => self.on_settled(&talk, scroll, fx),
            Event::Focus(focused) => self.on_focus(focused, fx),
            Event::Link(account, event) => link::on_link(self, &account, event, fx),
            Event::Stored(stored) => stored::on_stored(self, stored, fx),
            Event::Tick => tick::on_tick(self, fx),
            Event::Terminate => self.leave(0, fx),
            Event::Interrupt => self.leave(INTERRUPTED, fx),
            Event::Resumed => self.on_resumed(fx),
            Event::Command(line) => key::on_command(self, &line, fx),
            Event::Options(options) => self.on_options(*options, fx),
            Event::ConfigProblem(problem) => self.on_config(problem),
        }
    }

    /// Which box is on top: another one is read from its head.
    fn boxed(&self) -> (usize, Option<Discriminant<Overlay>>, Option<Discriminant<SignInStep>>) {
        let step = if let Screen::SignIn(screen) = &self.screen { Some(discriminant(&screen.step)) } else { None };
        (self.overlays.len(), self.overlays.last().map(discriminant), step)
    }

    /// Nothing but the talk is on the screen.
    pub fn is_bare(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Bare)) && self.open.is_some()
    }

    /// Something visible changed.
    pub(crate) fn touch(&mut self) {
        self.around = self.around.wrapping_add(1);
        self.touch_box();
    }

    /// Text or cursor in the box of the open talk changed, and nothing else that shows.
    pub(crate) fn touch_box(&mut self) {
        self.revision = self.revision.wrapping_add(1);
    }

    /// When `Event::Tick` is wanted next (`Now::mono`).
    pub fn deadline(&self) -> Option<Duration> {
        tick::deadline(self)
    }

    /// When time alone changes what shows (`Now::mono`); besides, the civil minute does.
    pub fn next_sight(&self) -> Option<Duration> {
        tick::next_sight(self)
    }
}
