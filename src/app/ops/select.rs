//! Walking messages and rows of the list.

use crate::app::action::Effects;
use crate::app::effect::{Effect, StoreRequest};
use crate::app::list::{self, Row};
use crate::app::model::{Focus, MenuStep, Model, Overlay, Scroll};
use crate::app::words::toasts;

impl Model {
    /// Selects the next (1) or previous (−1) message; past the newest one the composer has the focus again. The eye
    /// brings the selected message into view and settles the scroll place.
    pub fn select_message(&mut self, step: i32, fx: &mut Effects) {
        let Some(open) = self.open.clone() else { return };
        let talk = self.talk_mut(&open);
        let last = talk.messages.len().checked_sub(1);
        let here = talk.selected.and_then(|key| talk.index(key));
        let to = match (here, last) {
            (_, None) => return,
            (None, Some(_)) if step >= 0 => None,
            (None, last) => last,
            (Some(at), Some(last)) => {
                let to = i64::try_from(at).unwrap_or(0).saturating_add(i64::from(step)).max(0);
                usize::try_from(to).ok().filter(|to| *to <= last)
            }
        };
        let Some((key, above)) = to.and_then(|to| talk.messages.get(to).map(|message| (message.key, to))) else {
            talk.selected = None;
            self.focus = Focus::Composer;
            return;
        };
        talk.selected = Some(key);
        self.focus = Focus::Messages;
        let (more, idle) = (self.talk_mut(&open).more_stored, self.talk_mut(&open).page.is_none());
        if above < 20 && more && idle && self.talk_mut(&open).loaded {
            self.ask_page(&open, true, fx);
        } else if above == 0 && !more {
            self.ask_talk_archive(&open, true, fx);
        }
    }

    /// Moves the selection in the list.
    pub fn list_move(&mut self, by: i32) {
        let rows = list::rows(self).len();
        let Some(last) = rows.checked_sub(1) else { return };
        let here = i64::try_from(self.list.selected.min(last)).unwrap_or(0);
        let to = here.saturating_add(i64::from(by)).max(0);
        self.list.selected = usize::try_from(to).unwrap_or(0).min(last);
        self.show_selected_row();
    }

    /// Keeps the selected row inside the pane.
    fn show_selected_row(&mut self) {
        let height = usize::from(self.viewport.list).max(1);
        let selected = self.list.selected;
        self.list.top = self.list.top.clamp((selected + 1).saturating_sub(height), selected);
    }

    /// Does what Enter means on the selected row.
    pub fn list_open(&mut self, fx: &mut Effects) {
        match list::rows(self).into_iter().nth(self.list.selected) {
            Some(Row::Buddy(buddy)) => {
                self.list.filter.clear();
                self.open_talk(&buddy.key, fx);
            }
            Some(Row::Request { account, from, .. }) => self.overlays.push(Overlay::Request { account, from }),
            Some(Row::Group { .. } | Row::Account { .. }) => self.list_fold(None, fx),
            None => {}
        }
    }

    /// Opens the menu of the selected row.
    pub fn list_menu(&mut self) {
        match list::rows(self).into_iter().nth(self.list.selected) {
            Some(Row::Buddy(buddy)) => {
                self.overlays.push(Overlay::Menu { key: buddy.key, selected: 0, step: MenuStep::Choose });
            }
            Some(Row::Request { account, from, .. }) => self.overlays.push(Overlay::Request { account, from }),
            Some(Row::Group { .. } | Row::Account { .. }) | None => self.toast(toasts::CHOOSE_A_BUDDY),
        }
    }

    /// Folds or unfolds the group of the selected row; `None`: the other way.
    pub fn list_fold(&mut self, open: Option<bool>, fx: &mut Effects) {
        let rows = list::rows(self);
        let head =
            rows.iter().take(self.list.selected.saturating_add(1)).enumerate().rev().find_map(|(at, row)| match row {
                Row::Group { id, folded, .. } => Some((at, id.clone(), *folded)),
                Row::Account { account, folded, .. } => Some((at, list::account_fold(account), *folded)),
                _ => None,
            });
        let Some((at, id, folded)) = head else { return };
        let fold = open.map_or(!folded, |open| !open);
        if fold == folded {
            return;
        }
        if fold {
            self.list.folded.insert(id);
            self.list.selected = at;
        } else {
            self.list.folded.remove(&id);
        }
        self.show_selected_row();
        let groups: Vec<String> = list::kept_folds(&self.list.folded);
        for account in &self.accounts {
            let account = account.setup.id.clone();
            fx.push(Effect::Store(StoreRequest::Folded { account, groups: groups.clone() }));
        }
    }

    /// After a message was selected by a click or a jump.
    pub(crate) fn select(&mut self, key: crate::types::MessageKey) {
        let Some(open) = self.open.clone() else { return };
        let talk = self.talk_mut(&open);
        if talk.index(key).is_some() {
            talk.selected = Some(key);
            self.focus = Focus::Messages;
        }
    }

    /// Scrolls by wheel over the list: the selection stays.
    pub(crate) fn list_wheel(&mut self, by: i32) {
        let rows = list::rows(self).len();
        let most = rows.saturating_sub(usize::from(self.viewport.list));
        let top = i64::try_from(self.list.top).unwrap_or(0).saturating_add(i64::from(by)).max(0);
        self.list.top = usize::try_from(top).unwrap_or(0).min(most);
    }

    /// Where a talk's pane stands, for tests and the eye.
    pub fn scroll_of_open(&self) -> Scroll {
        self.open.as_ref().and_then(|key| self.talks.get(key)).map_or(Scroll::Bottom, |talk| talk.scroll)
    }
}
