//! Where everything goes: a function of the size, the forced choice and what has to be seen.
//!
//! The sizes are the table of the design: *wide* from 100x28, *standard* from 64x12, *narrow* below, one line when
//! smaller than 20x6. A forced layout is obeyed as far as the screen holds it.

use crate::app::model::LayoutChoice;
use ratatui::layout::Rect;

/// Columns of the list in *wide* and in *standard*.
const LIST_WIDE: u16 = 33;
const LIST_STANDARD: u16 = 24;

/// The four layouts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// List with two lines a buddy, tabs, a tall header.
    Wide,
    /// List with one line a buddy, a header of one line.
    Standard,
    /// One pane at a time.
    Narrow,
    /// One line.
    #[default]
    Tiny,
}

/// What the layout must know beside the size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// Forced layout.
    pub choice: LayoutChoice,
    /// Columns of the list; 0: by layout.
    pub list_width: u16,
    /// The list is folded away (F2).
    pub list_hidden: bool,
    /// In *narrow*: the talk is in front, not the list.
    pub talk_in_front: bool,
    /// A talk is open.
    pub talk_open: bool,
    /// Lines of the hint bar wanted (option).
    pub hints: bool,
    /// Rows that the banner would take at its pane's width: 0 to 2.
    pub banner: u16,
    /// Rows that the composer's text would take.
    pub composer: u16,
    /// The most that the composer may take.
    pub composer_limit: u16,
}

/// Panes, as rectangles; an empty one is not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    /// Which layout.
    pub kind: Kind,
    /// Own card.
    pub card: Rect,
    /// Box row "Find a buddy…", in *wide*; the filter elsewhere.
    pub find: Rect,
    /// Rule under the card.
    pub list_rule: Rect,
    /// Rows of the list.
    pub list: Rect,
    /// The vertical rule.
    pub divider: Rect,
    /// Tab strip.
    pub tabs: Rect,
    /// Header of the talk.
    pub header: Rect,
    /// Rule under tabs (*wide*) or header.
    pub header_rule: Rect,
    /// Banner.
    pub banner: Rect,
    /// Messages.
    pub messages: Rect,
    /// "Bela is typing …".
    pub typing: Rect,
    /// Rule over the composer.
    pub composer_rule: Rect,
    /// The text being written.
    pub composer: Rect,
    /// Status bar.
    pub status: Rect,
    /// Hint bar.
    pub hints: Rect,
}

/// The layout for a size.
pub fn kind(width: u16, height: u16, choice: LayoutChoice) -> Kind {
    if width < 20 || height < 6 {
        return Kind::Tiny;
    }
    match choice {
        LayoutChoice::Wide if width >= 64 && height >= 12 => Kind::Wide,
        LayoutChoice::Standard if width >= 64 && height >= 12 => Kind::Standard,
        LayoutChoice::Narrow => Kind::Narrow,
        _ if width >= 100 && height >= 28 => Kind::Wide,
        _ if width >= 64 && height >= 12 => Kind::Standard,
        _ => Kind::Narrow,
    }
}

/// Columns of the list in this layout.
pub fn list_width(kind: Kind, width: u16, wants: &Wants) -> u16 {
    let default = if kind == Kind::Wide { LIST_WIDE } else { LIST_STANDARD };
    let wanted = if wants.list_width == 0 { default } else { wants.list_width };
    if wants.list_hidden { 0 } else { wanted.clamp(12, (width / 2).max(12)) }
}

/// Columns of the talk's pane, for wrapping before the heights are known.
pub fn talk_width(width: u16, height: u16, wants: &Wants) -> u16 {
    match kind(width, height, wants.choice) {
        Kind::Tiny => 0,
        Kind::Narrow => width,
        kind => match list_width(kind, width, wants) {
            0 => width,
            list => width.saturating_sub(list + 1),
        },
    }
}

/// Columns of the composer's text in a pane of this width: in two-pane layouts one is kept
/// before it. The composer itself keeps room for the cursor.
pub fn composer_width(kind: Kind, pane: u16, limit: u16) -> u16 {
    let edges = u16::from(kind != Kind::Narrow);
    pane.saturating_sub(edges).min(limit.max(10)).max(1)
}

/// Everything in its place.
pub fn panes(width: u16, height: u16, wants: &Wants) -> Panes {
    let kind = kind(width, height, wants.choice);
    let mut panes = Panes { kind, ..Panes::default() };
    let body = bars(width, height, wants, &mut panes);
    match kind {
        Kind::Tiny => {}
        Kind::Narrow => narrow(body, height, wants, &mut panes),
        Kind::Wide | Kind::Standard => two_panes(body, wants, &mut panes),
    }
    panes
}

/// Takes the bars off the bottom: below ten rows there is no hint bar, below eight no status bar.
fn bars(width: u16, height: u16, wants: &Wants, panes: &mut Panes) -> Rect {
    let mut body = Rect::new(0, 0, width, height);
    let narrow = panes.kind == Kind::Narrow;
    if height >= 10 && wants.hints && panes.kind != Kind::Tiny {
        panes.hints = cut_bottom(&mut body, 1);
    }
    // In one-pane layouts the header carries what the status bar would.
    if height >= 8 && !narrow && panes.kind != Kind::Tiny {
        panes.status = cut_bottom(&mut body, 1);
    }
    body
}

fn two_panes(body: Rect, wants: &Wants, panes: &mut Panes) {
    let columns = list_width(panes.kind, body.width, wants);
    let mut talk = body;
    if columns > 0 {
        let mut list = cut_left(&mut talk, columns);
        panes.divider = cut_left(&mut talk, 1);
        if panes.kind == Kind::Wide {
            panes.card = cut_top(&mut list, 3);
            cut_top(&mut list, 1);
            panes.find = cut_top(&mut list, 1);
        } else {
            panes.card = cut_top(&mut list, 2);
        }
        panes.list_rule = cut_top(&mut list, 1);
        if panes.kind != Kind::Wide {
            panes.find = panes.list_rule;
        }
        panes.list = list;
    }
    if panes.kind == Kind::Wide {
        panes.tabs = cut_top(&mut talk, 1);
        panes.header_rule = cut_top(&mut talk, 1);
        panes.banner = cut_top(&mut talk, wants.banner);
        if wants.talk_open {
            panes.header = cut_top(&mut talk, 3);
        }
    } else {
        panes.header = cut_top(&mut talk, 1);
        panes.header_rule = cut_top(&mut talk, 1);
        panes.banner = cut_top(&mut talk, wants.banner);
    }
    if wants.talk_open {
        writing(talk, wants, u16::from(body.height >= 18), panes);
    } else {
        panes.messages = talk;
    }
}

fn narrow(mut body: Rect, height: u16, wants: &Wants, panes: &mut Panes) {
    if wants.talk_in_front {
        // Below eight rows the header is folded into the composer's rule.
        if height >= 8 {
            panes.header = cut_top(&mut body, 1);
            panes.header_rule = cut_top(&mut body, 1);
        }
        panes.banner = cut_top(&mut body, wants.banner.min(height / 6));
        writing(body, wants, 0, panes);
        return;
    }
    panes.card = cut_top(&mut body, 1);
    if height >= 8 {
        panes.list_rule = cut_top(&mut body, 1);
        panes.find = panes.list_rule;
        panes.banner = cut_top(&mut body, wants.banner);
    }
    if height >= 10 && panes.hints.height > 0 {
        panes.header_rule = cut_bottom(&mut body, 1);
    }
    panes.list = body;
}

/// Composer, its rule, the typing line and the messages. `air`: blank rows kept around what is being written.
fn writing(mut talk: Rect, wants: &Wants, air: u16, panes: &mut Panes) {
    let most = wants.composer_limit.min(talk.height / 3).max(1);
    let rows = if talk.height < 7 { 1 } else { wants.composer.clamp(1, most) };
    cut_bottom(&mut talk, air);
    panes.composer = cut_bottom(&mut talk, rows);
    panes.composer_rule = cut_bottom(&mut talk, 1);
    if talk.height >= 6 {
        panes.typing = cut_bottom(&mut talk, 1);
        cut_bottom(&mut talk, air);
    }
    panes.messages = talk;
}

fn cut_top(from: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(from.height);
    let cut = Rect { height: rows, ..*from };
    from.y += rows;
    from.height -= rows;
    cut
}

fn cut_bottom(from: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(from.height);
    from.height -= rows;
    Rect { y: from.y + from.height, height: rows, ..*from }
}

fn cut_left(from: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(from.width);
    let cut = Rect { width: columns, ..*from };
    from.x += columns;
    from.width -= columns;
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants() -> Wants {
        Wants { talk_open: true, talk_in_front: true, hints: true, composer: 2, composer_limit: 8, ..Wants::default() }
    }

    #[test]
    fn sizes_choose_the_layout_of_the_table() {
        for (width, height, expected) in [
            (120, 40, Kind::Wide),
            (100, 28, Kind::Wide),
            (100, 27, Kind::Standard),
            (99, 40, Kind::Standard),
            (64, 12, Kind::Standard),
            (63, 40, Kind::Narrow),
            (200, 11, Kind::Narrow),
            (20, 6, Kind::Narrow),
            (19, 6, Kind::Tiny),
            (20, 5, Kind::Tiny),
        ] {
            assert_eq!(kind(width, height, LayoutChoice::Auto), expected, "{width}x{height}");
        }
        assert_eq!(kind(120, 40, LayoutChoice::Narrow), Kind::Narrow);
        assert_eq!(kind(10, 40, LayoutChoice::Wide), Kind::Tiny);
    }

    #[test]
    fn the_mock_ups_are_met() {
        let wide = panes(120, 40, &wants());
        assert_eq!((wide.divider.x, wide.list.y, wide.messages.y), (33, 6, 5));
        assert_eq!((wide.composer_rule.y, wide.typing.y, wide.status.y, wide.hints.y), (34, 33, 38, 39));
        let standard = panes(80, 24, &wants());
        assert_eq!((standard.divider.x, standard.list.y, standard.messages.y), (24, 3, 2));
        assert_eq!((standard.composer_rule.y, standard.typing.y, standard.status.y), (18, 17, 22));
        let narrow = panes(50, 18, &Wants { composer: 1, ..wants() });
        assert_eq!((narrow.messages.y, narrow.typing.y, narrow.composer_rule.y, narrow.hints.y), (2, 14, 15, 17));
        let list = panes(50, 18, &Wants { talk_in_front: false, ..wants() });
        assert_eq!((list.list.y, list.list.height, list.hints.y), (2, 14, 17));
    }

    #[test]
    fn low_screens_lose_the_hint_bar_first_and_the_status_bar_next() {
        let at = |height| panes(80, height, &wants());
        assert_eq!((at(12).status.height, at(12).hints.height), (1, 1));
        assert_eq!((at(10).hints.height, at(9).hints.height), (1, 0));
        assert_eq!((at(8).header.height, at(7).header.height), (1, 0));
    }

    #[test]
    fn no_size_puts_a_pane_off_the_screen_and_the_composer_always_shows() {
        for width in 1..=200 {
            for height in 1..=60 {
                for front in [false, true] {
                    let wants = Wants { talk_in_front: front, composer: 9, banner: 2, ..wants() };
                    let panes = panes(width, height, &wants);
                    for rect in [
                        panes.card,
                        panes.list,
                        panes.messages,
                        panes.composer,
                        panes.status,
                        panes.hints,
                        panes.banner,
                    ] {
                        assert!(rect.right() <= width && rect.bottom() <= height, "{width}x{height}: {rect:?}");
                    }
                    if panes.kind != Kind::Tiny && (front || panes.kind != Kind::Narrow) {
                        assert!(panes.composer.height >= 1 && panes.messages.height >= 1, "{width}x{height}");
                        assert!(panes.composer.height <= (height / 3).max(1), "{width}x{height}");
                    }
                }
            }
        }
    }
}
