//! What the person configured, as far as the mind and the eye obey it.

use crate::types::Stamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// Options that the mind and the eye obey; a part of the config file.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Glyphs: Unicode, or ASCII alone.
    pub ascii: bool,
    /// No colour at all.
    pub mono: bool,
    /// Display pictures; `None`: where the screen is on this computer.
    pub pictures: Option<bool>,
    /// Layout by size, or forced.
    pub layout: LayoutChoice,
    /// Columns of the list; 0: by layout.
    pub list_width: u16,
    /// Columns that text may take.
    pub max_text_width: u16,
    /// Capture the mouse.
    pub mouse: bool,
    /// The hint bar.
    pub hints: bool,
    /// The window title.
    pub title: bool,
    /// Hide who is offline (never with something unread).
    pub hide_offline: bool,
    /// Draws caused by arrivals, per second.
    pub max_fps: u16,
    /// Rows the composer may grow to.
    pub composer_rows: u16,
    /// Enter writes a new line, Ctrl+J sends.
    pub enter_newline: bool,
    /// Lines of a paste above which Enter asks.
    pub paste_ask_lines: usize,
    /// Tell others that we type.
    pub send_typing: bool,
    /// Tell others that a message arrived.
    pub send_delivered: bool,
    /// Tell others that a message was seen: only what was on a screen that is looked at.
    pub send_read: bool,
    /// Away after so long without a key; `None`: never.
    pub auto_away: Option<Duration>,
    /// Ring the bell for a message out of sight.
    pub bell: bool,
    /// 24-hour clock.
    pub clock_24h: bool,
    /// Minutes east of UTC for a moment; filled by the runtime from the time zone database.
    pub zone: Zone,
    /// Running as the demo.
    pub demo: bool,
    /// The session runs over ssh: no browser, clipboard through the terminal.
    pub over_ssh: bool,
    /// There is a display on which a browser could open.
    pub can_open_browser: bool,
    /// The file was read again, and something else in it changed that holds only from the next start.
    pub restart_for_rest: bool,
    /// How long messages are kept.
    pub retention: Retention,
    /// Extra key bindings, place to (key text to action id).
    pub keys: BTreeMap<String, BTreeMap<String, String>>,
}

impl Options {
    /// Whether display pictures are drawn. They are made of colour alone, and over ssh each costs bytes.
    pub fn shows_pictures(&self) -> bool {
        !self.ascii && !self.mono && self.pictures.unwrap_or(!self.over_ssh)
    }
}

/// Local time without asking anybody: a table of offsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// From this moment on, so many seconds east of UTC. Sorted; before the first entry the first counts.
    pub offsets: Vec<(Stamp, i32)>,
}

/// Forced layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words of ux.md section 2")]
pub enum LayoutChoice {
    #[default]
    Auto,
    Wide,
    Standard,
    Narrow,
}

/// How long messages stay on the disk. What was not sent yet always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// Until the person forgets them.
    #[default]
    Forever,
    /// So many days after they were written.
    Days(u16),
    /// Never there: in memory, for as long as butty runs.
    Nothing,
}

impl Default for Options {
    /// As `config.example.toml` has them.
    fn default() -> Self {
        Self {
            ascii: false,
            mono: false,
            pictures: None,
            layout: LayoutChoice::Auto,
            list_width: 0,
            max_text_width: 96,
            mouse: true,
            hints: true,
            title: true,
            hide_offline: false,
            max_fps: 30,
            composer_rows: 8,
            enter_newline: false,
            paste_ask_lines: 5,
            send_typing: true,
            send_delivered: true,
            send_read: true,
            auto_away: Some(Duration::from_secs(600)),
            bell: true,
            clock_24h: true,
            zone: Zone::default(),
            demo: false,
            over_ssh: false,
            can_open_browser: false,
            restart_for_rest: false,
            retention: Retention::Forever,
            keys: BTreeMap::new(),
        }
    }
}
