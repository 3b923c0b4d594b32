//! What is painted in parts looks as if it were painted whole, whatever happened in between.

use super::*;
use butty::app::Show;
use butty::app::event::{Event, Key, KeyCode};
use butty::xmpp::ChatState;
use proptest::prelude::*;
use ratatui::layout::{Position, Rect};
use std::time::Duration;

/// Something that happens.
#[derive(Clone, Debug)]
enum Happening {
    Type(char),
    Press(&'static str),
    Hear(&'static str, &'static str),
    Appear(&'static str, Show),
    Typing(bool),
    Pass(Duration),
    Resize(u16, u16),
    /// The terminal lost its picture.
    Forget,
    /// Nothing is drawn before the next one.
    Skip,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let letters = prop::sample::select(vec!['a', 'b', ' ', 'é', '日', 'ש', 'ל', '🎉', '\u{301}', '(', '/', 'w']);
    let plain = prop::sample::select(vec!["left", "right", "up", "down", "backspace", "delete"]);
    let keys = prop::sample::select(vec![
        "ctrl-j", "ctrl-w", "ctrl-u", "ctrl-z", "ctrl-a", "ctrl-e", "ctrl-y", "enter", "esc", "tab", "f2", "f3",
        "ctrl-k", "ctrl-up", "pageup", "pagedown", "alt-a", "alt-1", "alt-2", "ctrl-c", "f1",
    ]);
    let words = prop::sample::select(vec!["hi", "a longer message that wraps", "日本語", "שלום"]);
    let people = || prop::sample::select(vec!["bela", "dad", "olga", "stranger"]);
    let shows = prop::sample::select(vec![Show::Available, Show::Away, Show::Offline]);
    let spans = prop::sample::select(vec![1_u64, 200, 1_000, 4_000, 30_000, 61_000]);
    let sizes = prop::sample::select(vec![(120, 40), (80, 24), (50, 18), (70, 13), (30, 7)]);
    let one = prop_oneof![
        12 => letters.prop_map(Happening::Type),
        8 => plain.prop_map(Happening::Press),
        3 => keys.prop_map(Happening::Press),
        1 => (people(), words).prop_map(|(who, what)| Happening::Hear(who, what)),
        1 => (people(), shows).prop_map(|(who, show)| Happening::Appear(who, show)),
        1 => any::<bool>().prop_map(Happening::Typing),
        2 => spans.prop_map(|span| Happening::Pass(Duration::from_millis(span))),
        1 => sizes.prop_map(|(width, height)| Happening::Resize(width, height)),
        1 => Just(Happening::Forget),
        2 => Just(Happening::Skip),
    ];
    prop::collection::vec(one, 1..40)
}

/// A screen that is painted in parts, and an eye that always paints the whole.
struct Two {
    stage: cast::Stage,
    shown: Buffer,
    paper: Buffer,
    in_parts: View,
    as_whole: View,
    parts: usize,
}

impl Two {
    fn new() -> Self {
        let area = Rect::new(0, 0, 120, 40);
        let (shown, paper) = (Buffer::empty(area), Buffer::empty(Rect::ZERO));
        let stage = cast::evening(unicode());
        let mut two = Self { stage, shown, paper, in_parts: View::new(), as_whole: View::new(), parts: 0 };
        two.draw();
        two
    }

    fn happen(&mut self, what: &Happening) {
        match what {
            Happening::Type(c) => {
                self.stage.feed(Event::Key(Key { code: KeyCode::Char(*c), ctrl: false, alt: false, shift: false }));
            }
            Happening::Press(key) => self.stage.press(key),
            Happening::Hear(who, what) => self.stage.hears(who, what),
            Happening::Appear(who, show) => self.stage.appears(who, *show, "", None),
            Happening::Typing(on) => {
                let from = Jid::from(FullJid::parse("bela@demo.butty/desk").unwrap());
                let state = if *on { ChatState::Composing } else { ChatState::Active };
                self.stage.session(butty::xmpp::Event::ChatState { from, state });
            }
            Happening::Pass(span) => self.stage.later(*span),
            Happening::Resize(width, height) => {
                self.shown = Buffer::empty(Rect::new(0, 0, *width, *height));
                self.in_parts.forget();
            }
            Happening::Forget => {
                self.shown.reset();
                self.in_parts.forget();
            }
            Happening::Skip => {}
        }
    }

    /// As the loop does it: what the eye found out goes back to the mind, and is drawn once more.
    fn draw(&mut self) -> (Option<Position>, Option<Position>, Buffer) {
        loop {
            let area = self.shown.area;
            let revision = self.stage.model.revision;
            let cursor = ui::repaint(&self.stage.model, &mut self.in_parts, area, &mut self.paper);
            self.parts += usize::from(self.paper.area != area);
            for at in self.paper.area.positions() {
                self.shown[at] = self.paper[at].clone();
            }
            let mut whole = Buffer::empty(area);
            let expected = ui::paint(&self.stage.model, &mut self.as_whole, &mut whole);
            if self.in_parts.viewport() != self.stage.model.viewport {
                self.stage.feed(Event::Viewport(self.in_parts.viewport()));
            }
            self.as_whole.take_settled();
            if let Some((talk, scroll)) = self.in_parts.take_settled() {
                self.stage.feed(Event::Settled(talk, scroll));
            }
            if revision == self.stage.model.revision {
                return (cursor, expected, whole);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn painted_in_parts_it_looks_as_if_painted_whole(happenings in happenings()) {
        let mut two = Two::new();
        for what in &happenings {
            two.happen(what);
            if matches!(what, Happening::Skip) {
                continue;
            }
            let (cursor, expected, whole) = two.draw();
            prop_assert_eq!(text(&two.shown), text(&whole), "after {:?}", what);
            prop_assert!(two.shown == whole, "after {:?}: a cell looks otherwise", what);
            prop_assert_eq!(cursor, expected, "after {:?}", what);
            prop_assert_eq!(two.in_parts.viewport(), two.as_whole.viewport());
            for at in whole.area.positions().step_by(97) {
                let hit = |view| ui::hit(&two.stage.model, view, at.x, at.y);
                prop_assert_eq!(hit(&two.in_parts), hit(&two.as_whole), "a click after {:?}", what);
            }
        }
    }
}

#[test]
fn a_letter_paints_the_box_alone_and_what_may_show_elsewhere_paints_all() {
    let mut two = Two::new();
    let area = two.shown.area;
    let mut painted = |happening: Happening| {
        two.happen(&happening);
        two.draw();
        two.paper.area
    };
    let field = Rect::new(34, 35, 86, 2);
    for key in ["left", "right", "up", "down", "backspace"] {
        assert_eq!(painted(Happening::Press(key)), field, "{key}");
    }
    assert_eq!(painted(Happening::Type('x')), field);
    assert_eq!(painted(Happening::Pass(Duration::from_secs(1))), field, "a draft that is kept shows nowhere");
    assert_eq!(painted(Happening::Type('日')), field);
    assert_eq!(painted(Happening::Press("ctrl-j")), area, "a third row moves what is above");
    assert_eq!(painted(Happening::Type('y')).height, 3);
    assert_eq!(painted(Happening::Hear("dad", "hello")), area);
    assert_eq!(painted(Happening::Pass(Duration::from_secs(60))), area, "the clock");
    assert_eq!(painted(Happening::Press("ctrl-u")), area, "a key of the map");
    assert_eq!(painted(Happening::Forget), area);
}
