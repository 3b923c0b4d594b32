//! Floor 4: the eye.
//!
//! [`draw`] reads the [`Model`] and changes nothing but its own [`View`]: wrapped rows and what lay where, so that
//! [`hit`] can turn a click into a [`Target`](crate::app::event::Target). It wraps only what shows. [`repaint`] gives
//! the same picture and paints no more of it than changed.

mod banner;
mod bare;
mod buddies;
mod composer;
mod conversation;
mod dialog;
mod facts;
mod find;
mod hit;
pub mod layout;
mod paint;
mod picker;
mod repaint;
mod sign_in;
mod square;
mod status;
pub mod text;
pub mod theme;
mod view;
mod welcome;

pub use hit::hit;
pub use repaint::repaint;
pub use view::View;

use crate::app::composer::Layout;
use crate::app::model::{Focus, Model, Screen};
use crate::app::words::screens as words;
use layout::{Kind, Panes, Wants};
use paint::Paint;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use repaint::Seen;
use theme::{Role, Theme};

/// Draws everything into a frame.
pub fn draw(model: &Model, view: &mut View, frame: &mut Frame<'_>) {
    if let Some(cursor) = paint(model, view, frame.buffer_mut()) {
        frame.set_cursor_position(cursor);
    }
}

/// Paints everything on blank cells. Gives the place of the cursor; `None`: hidden.
pub fn paint(model: &Model, view: &mut View, screen: &mut Buffer) -> Option<Position> {
    let area = screen.area;
    view.begin(area.width, area.height);
    let mut paint = Paint::new(screen, Theme::new(&model.options));
    paint.box_top = model.box_top;
    if layout::kind(area.width, area.height, model.options.layout) == Kind::Tiny {
        tiny(model, area, &mut paint);
    } else {
        match &model.screen {
            Screen::Welcome(welcome) => welcome::draw(model, welcome, view, area, &mut paint),
            Screen::SignIn(screen) => sign_in::draw(model, screen, view, area, &mut paint),
            Screen::Main if model.is_bare() => bare::draw(model, view, area, &mut paint),
            Screen::Main => main(model, view, area, &mut paint),
        }
        if !model.is_bare() {
            dialog::draw(model, view, area, &mut paint);
        }
    }
    view.set_hidden(paint.hidden);
    view.seen = Some(Seen::now(model));
    paint.cursor
}

/// One line: `butty (3)`, and `!` when something is wrong.
fn tiny(model: &Model, area: Rect, paint: &mut Paint<'_>) {
    let unread = model.talks.values().filter(|talk| talk.unread > 0).count();
    let trouble = facts::banner(model, 0).is_some_and(|banner| banner.starts_with('!'));
    paint.put(area.x, area.y, area.right(), &words::tiny(unread, trouble), Role::Text);
}

fn main(model: &Model, view: &mut View, area: Rect, paint: &mut Paint<'_>) {
    let (panes, columns, written) = arrange(model, area);
    let kind = panes.kind;
    view.set_panes(panes, columns);
    let one_pane = kind == Kind::Narrow;
    let talk_in_front = model.open.is_some() && model.focus != Focus::List;
    if !one_pane || !talk_in_front {
        buddies::draw(model, view, &panes, paint);
    }
    if !one_pane || talk_in_front {
        conversation::draw(model, view, &panes, paint);
        if let Some(text) = &written {
            composer::draw(model, view, &panes, (text, columns), paint);
        }
    }
    banner::draw(model, panes.banner, paint);
    if one_pane {
        paint.rule(panes.header_rule, "", "", Role::Rule);
    }
    status::draw(model, panes.status, kind, paint);
    status::hints(model, view, &panes, paint);
}

/// The panes of the main screen, the columns of the box, and its text in rows of so many columns.
fn arrange(model: &Model, area: Rect) -> (Panes, u16, Option<Layout>) {
    let kind = layout::kind(area.width, area.height, model.options.layout);
    let open = model.open.is_some();
    let mut wants = Wants {
        choice: model.options.layout,
        list_width: model.options.list_width,
        list_hidden: model.list.hidden && model.focus != Focus::List && open,
        talk_in_front: open && model.focus != Focus::List,
        talk_open: open,
        hints: model.options.hints,
        banner: 0,
        composer: 1,
        composer_limit: model.options.composer_rows.max(1),
    };
    let pane = layout::talk_width(area.width, area.height, &wants);
    wants.banner = banner::rows_wanted(model, pane);
    let columns = layout::composer_width(kind, pane, model.options.max_text_width);
    let written = composer::layout(model, columns);
    wants.composer = written.as_ref().map_or(1, |text| u16::try_from(text.lines.len()).unwrap_or(u16::MAX));
    (layout::panes(area.width, area.height, &wants), columns, written)
}
