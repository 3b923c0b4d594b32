use super::*;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

/// Writes `text` with `|` where the cursor is.
fn shown(composer: &Composer) -> String {
    let (before, behind) = composer.text().split_at(composer.cursor());
    format!("{before}|{behind}")
}

fn typed(text: &str) -> Composer {
    let mut composer = Composer::default();
    for c in text.chars() {
        if c == '\n' {
            composer.newline()
        } else {
            composer.insert(c)
        };
    }
    composer
}

#[test]
fn one_arrow_is_one_cluster() {
    for cluster in ["a", "é", "e\u{301}", "👨‍👩‍👧‍👦", "🇨🇿", "👋🏽", "नि", "한", "ש", "🏴\u{E0067}\u{E0062}\u{E007F}", "❤️"]
    {
        let text = format!("x{cluster}y");
        let mut composer = Composer::with_text(&text);
        assert_eq!(composer.text(), text, "kept as it is");
        composer.left();
        composer.left();
        assert_eq!(shown(&composer), format!("x|{cluster}y"));
        composer.right();
        assert_eq!(shown(&composer), format!("x{cluster}|y"));
        composer.backspace();
        assert_eq!(shown(&composer), "x|y");
    }
}

#[test]
fn typing_builds_clusters_out_of_characters() {
    let mut composer = typed("👨\u{200D}👩\u{200D}👧");
    composer.left();
    assert_eq!(composer.cursor(), 0);
    composer.delete();
    assert!(composer.is_empty());
    assert!(!composer.insert('\u{202E}') && !composer.insert('\u{1b}') && !composer.insert('\u{9b}'));
    assert!(composer.is_empty());
}

#[test]
fn a_mark_typed_behind_a_letter_joins_it() {
    let mut composer = Composer::with_text("eb");
    composer.left();
    composer.insert('\u{301}');
    assert_eq!(shown(&composer), "e\u{301}|b");
}

#[test]
fn words_are_unicode_words() {
    let mut composer = Composer::with_text("ahoj, světe — как дела?");
    composer.word_left();
    assert_eq!(shown(&composer), "ahoj, světe — как |дела?");
    composer.word_left();
    composer.word_left();
    assert_eq!(shown(&composer), "ahoj, |světe — как дела?");
    composer.word_right();
    assert_eq!(shown(&composer), "ahoj, světe| — как дела?");
    assert_eq!(composer.kill_word(), " — как");
    assert_eq!(composer.kill_word_back(), "světe");
    assert_eq!(shown(&composer), "ahoj, | дела?");
}

#[test]
fn killing_a_line_takes_its_newline_last() {
    let mut composer = Composer::with_text("one\ntwo");
    composer.home();
    assert_eq!(composer.kill_end(), "two");
    assert_eq!(composer.kill_start(), "\n");
    assert_eq!(composer.kill_start(), "one");
    composer.paste("three");
    assert_eq!(shown(&composer), "three|");
}

#[test]
fn undo_goes_word_by_word_and_redo_comes_back() {
    let mut composer = typed("hello big world");
    for expected in ["hello big |", "hello |", "|"] {
        assert!(composer.undo());
        assert_eq!(shown(&composer), expected);
    }
    assert!(!composer.undo());
    while composer.redo() {}
    assert_eq!(shown(&composer), "hello big world|");
    composer.undo();
    composer.insert('x');
    assert!(!composer.redo(), "a new change ends redo");
}

#[test]
fn what_was_sent_or_cleared_comes_back() {
    let mut composer = typed("an apology");
    assert_eq!(composer.take(), "an apology");
    assert!(composer.is_empty());
    composer.undo();
    assert_eq!(shown(&composer), "an apology|");
}

#[test]
fn two_hundred_steps_are_kept() {
    let mut composer = Composer::default();
    for _ in 0..250 {
        composer.paste("x");
    }
    let steps = std::iter::from_fn(|| composer.undo().then_some(())).count();
    assert_eq!((steps, composer.text().len()), (200, 50));
}

#[test]
fn a_paste_is_cleaned() {
    let mut composer = Composer::default();
    let pasted = composer.paste("a\u{1b}[31mb\tc\r\nd\u{202e}\n\n\n");
    assert_eq!(composer.text(), "a[31mb    c\nd");
    assert_eq!(pasted, Pasted { lines: 2, characters: 13, removed: 2, cut: false });
    let kept = Composer::default().paste("a\u{FFFD}b");
    assert_eq!((kept.removed, kept.characters), (0, 3));
}

#[test]
fn the_limit_cuts_between_clusters_and_says_so() {
    let mut composer = Composer::default();
    let pasted = composer.paste(&"👨‍👩‍👧‍👦".repeat(4_000));
    assert!(pasted.cut && composer.text().len() <= Composer::LIMIT);
    assert!(composer.text().graphemes(true).all(|cluster| cluster == "👨‍👩‍👧‍👦"));
    composer.set_text(&"x".repeat(Composer::LIMIT));
    assert!(!composer.insert('y') && !composer.newline());
    assert_eq!(composer.paste("y"), Pasted { lines: 0, characters: 0, removed: 0, cut: true });
}

#[test]
fn recalled_texts_leave_the_draft_in_peace() {
    let mut composer = typed("draft");
    let sent = ["newest", "older"];
    assert!(composer.older(&sent) && composer.older(&sent) && !composer.older(&sent));
    assert_eq!(composer.text(), "older");
    assert!(composer.newer(&sent));
    assert_eq!(composer.text(), "newest");
    assert!(composer.newer(&sent) && !composer.newer(&sent));
    assert_eq!(composer.text(), "draft");
    composer.older(&sent);
    composer.insert('!');
    composer.older(&sent);
    composer.newer(&sent);
    assert_eq!(composer.text(), "newest!", "a changed text is the new draft");
}

#[test]
fn asking_is_about_this_very_text() {
    let mut composer = typed("/foo");
    assert!(!composer.asked_before() && composer.asked_before());
    composer.insert('x');
    assert!(!composer.asked_before());
}

#[test]
fn a_password_leaves_no_copy() {
    let mut composer = typed("hunter2");
    assert!(!format!("{composer:?}").contains("hunter2"));
    assert_eq!(composer.take_secret().expose(), "hunter2");
    assert!(composer.is_empty() && !composer.undo() && !composer.redo());
}

fn rows(composer: &Composer, width: u16) -> Vec<&str> {
    composer.layout(width).lines.iter().map(|line| &composer.text()[line.start..line.end]).collect()
}

#[test]
fn words_are_wrapped_whole() {
    let composer = Composer::with_text("I wrote you a long message\n\nthat wraps");
    assert_eq!(rows(&composer, 12), ["I wrote you ", "a long ", "message", "", "that wraps"]);
    assert_eq!(rows(&composer, 6), ["I ", "wrote ", "you a ", "long ", "messa", "ge", "", "that ", "wraps"]);
    let wide = Composer::with_text("日本語日本語");
    assert_eq!(rows(&wide, 6), ["日本", "語日", "本語"]);
    assert_eq!(rows(&Composer::default(), 6), [""]);
}

#[test]
fn the_cursor_is_where_it_shows() {
    let mut composer = Composer::with_text("hello world");
    let layout = composer.layout(7);
    assert_eq!((layout.row, layout.column), (1, 5));
    composer.home();
    for _ in 0..6 {
        composer.right();
    }
    let layout = composer.layout(7);
    assert_eq!((layout.row, layout.column), (1, 0), "behind a wrap is before the next row");
}

#[test]
fn up_and_down_keep_the_column() {
    let mut composer = Composer::with_text("a long line\nx\nanother one");
    assert!(composer.move_up(40) && composer.move_up(40) && !composer.move_up(40));
    assert_eq!(shown(&composer), "a long line|\nx\nanother one");
    assert!(composer.move_down(40) && composer.move_down(40) && !composer.move_down(40));
    assert_eq!(shown(&composer), "a long line\nx\nanother one|");
}

#[test]
fn a_click_finds_the_cluster() {
    let mut composer = Composer::with_text("日本 ok\nend");
    composer.click(0, 3, 40);
    assert_eq!(shown(&composer), "日|本 ok\nend");
    composer.click(9, 99, 40);
    assert_eq!(shown(&composer), "日本 ok\nend|");
    composer.click(0, 99, 40);
    assert_eq!(shown(&composer), "日本 ok|\nend");
}

#[derive(Clone, Debug)]
enum Key {
    Insert(char),
    Paste(String),
    Move(u8),
    Cut(u8),
    Undo,
    Redo,
    Click(usize, usize),
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    let awkward =
        prop::sample::select(vec!['a', ' ', '\u{301}', '🇨', '🇿', '👩', '\u{200D}', 'न', 'ि', '한', 'ש', '日']);
    let key = prop_oneof![
        4 => awkward.prop_map(Key::Insert),
        1 => any::<String>().prop_map(Key::Paste),
        3 => (0_u8..8).prop_map(Key::Move),
        2 => (0_u8..6).prop_map(Key::Cut),
        1 => Just(Key::Undo),
        1 => Just(Key::Redo),
        1 => (0_usize..5, 0_usize..20).prop_map(|(row, column)| Key::Click(row, column)),
    ];
    prop::collection::vec(key, 0..60)
}

fn press(composer: &mut Composer, key: Key, width: u16) {
    match key {
        Key::Insert(c) => drop(composer.insert(c)),
        Key::Paste(text) => drop(composer.paste(&text)),
        Key::Move(0) => composer.left(),
        Key::Move(1) => composer.right(),
        Key::Move(2) => composer.word_left(),
        Key::Move(3) => composer.word_right(),
        Key::Move(4) => composer.home(),
        Key::Move(5) => composer.end(),
        Key::Move(6) => drop(composer.move_up(width)),
        Key::Move(_) => drop(composer.move_down(width)),
        Key::Cut(0) => drop(composer.backspace()),
        Key::Cut(1) => drop(composer.delete()),
        Key::Cut(2) => drop(composer.kill_word_back()),
        Key::Cut(3) => drop(composer.kill_word()),
        Key::Cut(4) => drop(composer.kill_start()),
        Key::Cut(_) => drop(composer.kill_end()),
        Key::Undo => drop(composer.undo()),
        Key::Redo => drop(composer.redo()),
        Key::Click(row, column) => composer.click(row, column, width),
    }
}

proptest! {
    #[test]
    fn whatever_is_pressed_the_cursor_stands_between_clusters(keys in keys(), width in 1_u16..12) {
        let mut composer = Composer::default();
        for key in keys {
            press(&mut composer, key, width);
            let at = composer.cursor();
            let text = composer.text();
            prop_assert!(at == text.len() || text.grapheme_indices(true).any(|(start, _)| start == at));
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            let layout = composer.layout(width);
            prop_assert!(layout.row < layout.lines.len() && layout.column < usize::from(width));
        }
    }

    #[test]
    fn wrapping_loses_nothing(text in "[a-c 日👩é\n]{0,80}", width in 1_u16..12) {
        let composer = Composer::with_text(&text);
        let layout = composer.layout(width);
        let mut at = 0;
        for line in &layout.lines {
            prop_assert_eq!(line.start, at);
            let row = &composer.text()[line.start..line.end];
            let alone = row.graphemes(true).count() == 1;
            prop_assert!(line.width <= usize::from(width) || alone, "{:?}", row);
            prop_assert_eq!(line.width, unicode_width::UnicodeWidthStr::width(row));
            at = line.end + usize::from(!line.wrapped);
        }
        prop_assert_eq!(at, composer.text().len() + 1);
    }

    #[test]
    fn undo_reaches_the_start_and_redo_the_end(keys in keys()) {
        let mut composer = Composer::default();
        for key in keys {
            if !matches!(key, Key::Undo | Key::Redo) {
                press(&mut composer, key, 10);
            }
        }
        let end = composer.text().to_owned();
        while composer.undo() {}
        prop_assert_eq!(composer.text(), "");
        while composer.redo() {}
        prop_assert_eq!(composer.text(), end);
    }

    #[test]
    fn words_always_make_way(text in any::<String>()) {
        let mut composer = Composer::with_text(&text);
        for _ in 0..=composer.text().len() {
            composer.word_left();
        }
        prop_assert_eq!(composer.cursor(), 0);
        for _ in 0..=composer.text().len() {
            composer.word_right();
        }
        prop_assert_eq!(composer.cursor(), composer.text().len());
    }
}
