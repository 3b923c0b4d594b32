//! What the eye remembers between frames: wrapped rows, and what lies where.

use super::buddies::memory::Memory;
use super::conversation::walk::Wrapped;
use super::layout::Panes;
use super::repaint::Seen;
use crate::app::event::Viewport;
use crate::app::model::{Conversation, ConversationKey, Scroll};
use crate::types::MessageKey;
use ratatui::layout::Rect;
use std::ops::Range;

/// What was told of a position: told again only when one of these differs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    talk: ConversationKey,
    /// As the mind had it.
    wanted: Scroll,
    /// In normal form.
    scroll: Scroll,
    /// The first message that is loaded, when it shows.
    oldest: Option<MessageKey>,
}

/// The eye's own state. Nothing in here is needed to draw right; it saves work and answers clicks.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The panes of the last frame.
    pub(super) panes: Panes,
    /// Rows of the list: screen row, and index into `list::rows`.
    pub(super) list_hits: Vec<(u16, usize)>,
    /// Rows of messages.
    pub(super) message_hits: Vec<(u16, MessageKey)>,
    /// Tabs: row and columns.
    pub(super) tab_hits: Vec<(u16, Range<u16>, ConversationKey)>,
    /// The words `/ commands`.
    pub(super) commands_hit: Option<(u16, Range<u16>)>,
    /// The overlay on top, and its rows that answer.
    pub(super) overlay: Option<(Rect, Vec<(u16, usize)>)>,
    /// Rows of the welcome screen.
    pub(super) welcome_hits: Vec<(u16, usize)>,
    /// First row of the composer's text that shows.
    pub(super) composer_top: usize,
    /// Rows of the list, while nothing in them changes.
    pub(super) list_memory: Memory,
    /// Of which state the last frame was.
    pub(super) seen: Option<Seen>,
    viewport: Viewport,
    wrapped: Wrapped,
    wrapped_of: Option<ConversationKey>,
    selected_before: Option<MessageKey>,
    told: Option<Told>,
    settled: Option<(ConversationKey, Scroll)>,
}

impl View {
    /// An eye that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The scroll position in normal form, once after it changed or when the top of what is loaded was reached: the
    /// mind takes it over and may load older messages.
    pub fn take_settled(&mut self) -> Option<(ConversationKey, Scroll)> {
        self.settled.take()
    }

    /// Pane sizes of the last frame.
    pub fn viewport(&self) -> Viewport {
        self.viewport
    }

    /// The last frame is not on the screen any more: the next one is painted whole.
    pub fn forget(&mut self) {
        self.seen = None;
    }

    /// Forgets what lay where; a new frame begins.
    pub(super) fn begin(&mut self, width: u16, height: u16) {
        self.list_hits.clear();
        self.message_hits.clear();
        self.tab_hits.clear();
        self.welcome_hits.clear();
        self.commands_hit = None;
        self.overlay = None;
        self.panes = Panes::default();
        self.viewport = Viewport { width, height, ..Viewport::default() };
    }

    /// The panes of this frame.
    pub(super) fn set_panes(&mut self, panes: Panes, composer: u16) {
        self.panes = panes;
        self.viewport.messages = panes.messages.height;
        self.viewport.list = panes.list.height;
        self.viewport.composer = composer;
    }

    /// So many rows of the list fit at its place: less than its height where buddies take two lines.
    pub(super) fn set_list_rows(&mut self, rows: u16) {
        self.viewport.list = rows;
    }

    /// So many lines of the box on top do not fit.
    pub(super) fn set_hidden(&mut self, lines: u16) {
        self.viewport.hidden = lines;
    }

    /// The memory of wrapped rows, emptied when another talk is looked at.
    pub(super) fn wrapped_for(&mut self, key: &ConversationKey) -> &mut Wrapped {
        if self.wrapped_of.as_ref() != Some(key) {
            self.wrapped = Wrapped::default();
            self.wrapped_of = Some(key.clone());
            self.selected_before = None;
            self.composer_top = 0;
        }
        &mut self.wrapped
    }

    /// The message to bring into view: the selected one, once after the selection moved.
    pub(super) fn selection_moved(&mut self, talk: &Conversation) -> Option<MessageKey> {
        let moved = talk.selected.filter(|selected| self.selected_before != Some(*selected));
        self.selected_before = talk.selected;
        moved
    }

    /// Tells the mind where the pane stands, once for each change.
    pub(super) fn settle(&mut self, talk: &Conversation, scroll: Scroll, at_top: bool) {
        let oldest = if at_top { talk.messages.front().map(|message| message.key) } else { None };
        let news = Told { talk: talk.key.clone(), wanted: talk.scroll, scroll, oldest };
        if (scroll != talk.scroll || at_top) && self.told.as_ref() != Some(&news) {
            self.settled = Some((talk.key.clone(), scroll));
            self.told = Some(news);
        } else if scroll == talk.scroll && !at_top {
            self.told = None;
        }
    }
}
