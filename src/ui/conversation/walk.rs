//! Which rows of a talk are in the pane, wrapping no message that is not.

use super::rows::{self, Row, Setting};
use crate::app::Direction;
use crate::app::model::{Author, Conversation, Message, MessageState, Model, Scroll};
use crate::app::sync::Missing;
use crate::app::words::{self, screens};
use crate::types::{MessageKey, Stamp};
use crate::ui::{facts, text};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Messages whose rows are remembered; beyond it the memory starts anew.
const REMEMBERED: usize = 600;
/// A longer silence begins a new "Name says:".
const SILENCE: Duration = Duration::from_secs(5 * 60);

/// Wrapped messages of the talk on the screen, by key and by everything that they depend on.
#[derive(Clone, Debug, Default)]
pub struct Wrapped {
    rows: HashMap<MessageKey, (u64, Arc<[Row]>)>,
}

/// A message in the pane: the rows of it that show.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which.
    pub key: MessageKey,
    /// All its rows.
    pub rows: Arc<[Row]>,
    /// The first that shows.
    pub from: usize,
    /// Behind the last that shows.
    pub to: usize,
    /// It is selected.
    pub selected: bool,
}

/// What the pane holds.
#[derive(Debug)]
pub struct Window {
    /// Top to bottom.
    pub shown: Vec<Shown>,
    /// The position in normal form.
    pub scroll: Scroll,
    /// The first loaded message shows from its first row.
    pub at_top: bool,
}

/// A look at one talk.
pub struct Walk<'a> {
    model: &'a Model,
    talk: &'a Conversation,
    wrapped: &'a mut Wrapped,
    columns: u16,
    bare: bool,
    name: String,
    /// Where something is missing, and what is said of it.
    missing: Vec<(MessageKey, Missing)>,
}

/// A place between rows: `hidden` rows of message `at` lie below it.
#[derive(Clone, Copy)]
struct Edge {
    at: usize,
    hidden: usize,
}

impl<'a> Walk<'a> {
    /// Looks at a talk in a pane whose inside has so many columns.
    pub fn new(model: &'a Model, talk: &'a Conversation, wrapped: &'a mut Wrapped, columns: u16) -> Self {
        if wrapped.rows.len() > REMEMBERED {
            wrapped.rows.clear();
        }
        let name = text::first_word(&facts::name(model, &talk.key)).to_owned();
        let missing = model.missing_in(talk);
        Self { model, talk, wrapped, columns, bare: false, name, missing }
    }

    /// As [`Walk::new`], for words alone that take the whole width.
    pub fn bare(model: &'a Model, talk: &'a Conversation, wrapped: &'a mut Wrapped, columns: u16) -> Self {
        let columns = columns.saturating_add(rows::AROUND);
        Self { bare: true, ..Self::new(model, talk, wrapped, columns) }
    }

    /// The rows that fill `height` rows at the talk's position, or as near to it as shows `reveal`.
    pub fn window(&mut self, height: usize, reveal: Option<MessageKey>) -> Window {
        if self.talk.messages.is_empty() || height == 0 {
            return Window { shown: Vec::new(), scroll: Scroll::Bottom, at_top: true };
        }
        let (edge, follows) = self.edge();
        let window = self.window_at(edge, follows, height);
        match reveal.and_then(|key| self.edge_for(key, &window, edge, height)) {
            Some(edge) => {
                let follows = self.follows_at(edge, false);
                self.window_at(edge, follows, height)
            }
            None => window,
        }
    }

    /// The bottom edge that brings a message into view; `None`: it is there already.
    fn edge_for(&mut self, key: MessageKey, window: &Window, edge: Edge, height: usize) -> Option<Edge> {
        let at = self.talk.messages.iter().rposition(|message| message.key == key)?;
        let whole = |shown: &Shown| shown.key == key && shown.from == 0 && shown.to == shown.rows.len();
        if window.shown.iter().any(whole) {
            return None;
        }
        if at >= edge.at && self.rows(at).len() <= height {
            return Some(Edge { at, hidden: 0 });
        }
        let above = Edge { at, hidden: self.rows(at).len() };
        Some(self.down(above, height))
    }

    fn window_at(&mut self, edge: Edge, follows: bool, height: usize) -> Window {
        let floor = if follows { self.first_not_cleared() } else { 0 };
        let (top, above) = self.fill(edge, floor, height);
        if above >= height || follows {
            let skipped = above.saturating_sub(height);
            let at_top = top == 0 && skipped == 0;
            return self.collect(top, skipped, edge, follows, at_top);
        }
        // The top was passed: the pane begins with the first row there is, and the edge moves down.
        let edge = self.down(edge, height - above);
        let follows = self.follows_at(edge, false);
        self.collect(0, 0, edge, follows, true)
    }

    /// The bottom edge as the model wants it, and whether it follows the newest message.
    fn edge(&mut self) -> (Edge, bool) {
        let last = self.talk.messages.len() - 1;
        let bottom = Edge { at: last, hidden: 0 };
        let Scroll::At { key, rows } = self.talk.scroll else { return (bottom, true) };
        let Some(at) = self.talk.messages.iter().rposition(|message| message.key == key) else { return (bottom, true) };
        let steps = usize::try_from(rows.unsigned_abs()).unwrap_or(usize::MAX);
        let start = Edge { at, hidden: 0 };
        let edge = if rows >= 0 { self.down(start, steps) } else { self.up(start, steps) };
        (edge, self.follows_at(edge, rows > 0))
    }

    /// A pane at the end follows what comes. Not when newer messages are still in the store; and not when somebody
    /// looks up what `/clear` took out of sight, unless they go on past the end.
    fn follows_at(&self, edge: Edge, past: bool) -> bool {
        let end = edge.hidden == 0 && edge.at + 1 == self.talk.messages.len();
        end && !self.talk.tail_missing && (past || self.talk.cleared_at.is_none())
    }

    fn down(&mut self, mut edge: Edge, mut steps: usize) -> Edge {
        loop {
            if steps <= edge.hidden {
                return Edge { hidden: edge.hidden - steps, ..edge };
            }
            steps -= edge.hidden;
            edge.hidden = 0;
            if edge.at + 1 >= self.talk.messages.len() {
                return edge;
            }
            edge.at += 1;
            edge.hidden = self.rows(edge.at).len();
        }
    }

    fn up(&mut self, mut edge: Edge, steps: usize) -> Edge {
        edge.hidden = edge.hidden.saturating_add(steps);
        loop {
            let rows = self.rows(edge.at).len();
            if edge.hidden < rows {
                return edge;
            }
            if edge.at == 0 {
                return Edge { at: 0, hidden: rows.saturating_sub(1) };
            }
            edge.hidden -= rows;
            edge.at -= 1;
        }
    }

    /// Goes up from the edge until `height` rows are there or the floor is reached. Returns the topmost message and
    /// the rows found.
    fn fill(&mut self, edge: Edge, floor: usize, height: usize) -> (usize, usize) {
        let mut top = edge.at;
        if top < floor {
            return (top, 0);
        }
        let mut found = self.rows(top).len().saturating_sub(edge.hidden);
        while found < height && top > floor {
            top -= 1;
            found += self.rows(top).len();
        }
        (top, found)
    }

    fn collect(&mut self, top: usize, skipped: usize, edge: Edge, follows: bool, at_top: bool) -> Window {
        let mut shown = Vec::new();
        let floor = if follows { self.first_not_cleared() } else { 0 };
        for at in top.max(floor)..=edge.at {
            let Some(message) = self.talk.messages.get(at) else { break };
            let rows = self.rows(at);
            let to = if at == edge.at { rows.len().saturating_sub(edge.hidden) } else { rows.len() };
            let from = if at == top { skipped.min(to) } else { 0 };
            let selected = self.talk.selected == Some(message.key);
            shown.push(Shown { key: message.key, rows, from, to, selected });
        }
        let key = self.talk.messages.get(edge.at).map(|message| message.key);
        let hidden = i32::try_from(edge.hidden).unwrap_or(i32::MAX);
        let scroll = match key {
            Some(key) if !follows => Scroll::At { key, rows: -hidden },
            _ => Scroll::Bottom,
        };
        Window { shown, scroll, at_top }
    }

    /// After `/clear`, a pane that follows the newest message begins here.
    fn first_not_cleared(&self) -> usize {
        match self.talk.cleared_at {
            Some(cleared) => {
                self.talk.messages.iter().rposition(|message| message.stamp <= cleared).map_or(0, |at| at + 1)
            }
            None => 0,
        }
    }

    /// The rows of a message, from memory where nothing changed.
    fn rows(&mut self, at: usize) -> Arc<[Row]> {
        let Some(message) = self.talk.messages.get(at) else { return Arc::from([]) };
        let setting = self.setting(at, message);
        let print = setting.fingerprint(message);
        match self.wrapped.rows.get(&message.key) {
            Some((known, rows)) if *known == print => Arc::clone(rows),
            _ => {
                let rows: Arc<[Row]> = rows::rows(message, &setting).into();
                self.wrapped.rows.insert(message.key, (print, Arc::clone(&rows)));
                rows
            }
        }
    }

    fn setting(&self, at: usize, message: &Message) -> Setting {
        let options = &self.model.options;
        let before = at.checked_sub(1).and_then(|before| self.talk.messages.get(before));
        let day = |stamp| words::time::local(stamp, &options.zone).date();
        let new_day = before.is_none_or(|before| day(before.stamp) != day(message.stamp));
        let new = (self.talk.new_from == Some(message.key)).then_some(self.talk.new_count.max(1));
        let missing = self.missing.iter().find(|(key, _)| *key == message.key).map(|(_, missing)| *missing);
        let continues =
            !new_day && new.is_none() && missing.is_none() && before.is_some_and(|before| continues(before, message));
        let name = match &message.author {
            // Of oneself one does not say "You waves".
            Author::Me if is_action(message) => self.own_name(),
            Author::Me => words::YOU.to_owned(),
            Author::Contact => self.name.clone(),
            Author::Occupant(name) => name.to_string(),
        };
        let says = (!continues && !is_action(message)).then(|| name.clone());
        let read_at = match message.state {
            MessageState::Read(Some(at)) => Some(self.time(at)),
            _ => None,
        };
        Setting {
            columns: self.columns,
            ascii: options.ascii,
            missing: missing.map(screens::missing),
            day: new_day.then(|| words::day(message.stamp, self.model.now.wall, &options.zone)),
            new,
            says,
            name,
            time: self.time(message.stamp),
            read_at,
            marked: message.direction == Direction::Out && self.state_changes_after(at, &message.state),
            selected: self.talk.selected == Some(message.key),
            bare: self.bare,
        }
    }

    fn own_name(&self) -> String {
        let own = facts::account(self.model, &self.talk.key.account).map(facts::own_name);
        own.map_or_else(|| words::YOU.to_owned(), |name| text::first_word(&name).to_owned())
    }

    fn time(&self, stamp: Stamp) -> String {
        words::clock(stamp, &self.model.options)
    }

    /// The next message of ours that did not fail stands elsewhere, or there is none.
    fn state_changes_after(&self, at: usize, state: &MessageState) -> bool {
        let next =
            self.talk.messages.iter().skip(at + 1).find(|message| {
                message.direction == Direction::Out && !matches!(message.state, MessageState::Failed(_))
            });
        next.is_none_or(|next| std::mem::discriminant(&next.state) != std::mem::discriminant(state))
    }
}

/// Same author, a short gap, and neither is a deed.
fn continues(before: &Message, message: &Message) -> bool {
    before.author == message.author
        && before.direction == message.direction
        && !is_action(before)
        && message.stamp.since(before.stamp) < SILENCE
}

fn is_action(message: &Message) -> bool {
    use crate::app::model::Body;
    matches!(&message.body, Body::Plain(text) | Body::Sealed(text) if text.as_str().starts_with("/me "))
}
