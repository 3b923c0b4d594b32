//! How things look: the sixteen ANSI colours and attributes of the theme `terminal`, and the signs.
//!
//! Colour never carries anything alone: every role that means something has a shape or a word beside it. Secondary
//! text is dim by attribute, never by bright black or blue, which vanish on common palettes.

use crate::app::Show;
use crate::app::model::Options;
use crate::app::words::screens as words;
use crate::types::picture::Colour;
use ratatui::style::{Color, Modifier, Style};
use std::borrow::Cow;

/// What a piece of text is; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text.
    Text,
    /// Secondary text.
    Dim,
    /// What leads the eye: prompts, the chosen row's marker.
    Accent,
    /// Horizontal and vertical rules.
    Rule,
    /// The name of somebody else, over their words.
    Name,
    /// Our own name, over our words.
    OwnName,
    /// An address that can be opened.
    Link,
    /// Text between fences.
    Code,
    /// Emphasis of XEP-0393: `*strong*`.
    Strong,
    /// Emphasis of XEP-0393: `_emphasised_`.
    Emphasis,
    /// Emphasis of XEP-0393: `~struck~`.
    Struck,
    /// Something unread.
    Unread,
    /// It went well.
    Ok,
    /// Attention, `!`.
    Warn,
    /// It failed, `✗`.
    Error,
    /// The state of somebody.
    Presence(Sign),
    /// A state as it was before the link went down: shown dim.
    Stale(Sign),
    /// The chosen row.
    Selection,
    /// Headings.
    Title,
    /// The hint bar.
    Hint,
    /// A key in the hint bar or the help.
    Key,
}

/// A state as it is shown: shape, letter, word and colour, four independent carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// Available.
    Available,
    /// Away.
    Away,
    /// Away for long.
    Gone,
    /// Busy.
    Busy,
    /// Offline.
    Offline,
    /// We appear offline.
    Hidden,
    /// Not a buddy yet.
    Request,
    /// Not known yet.
    Unknown,
}

impl Sign {
    /// The sign for a buddy's state; `None`: not known yet.
    pub fn of(show: Option<Show>) -> Self {
        match show {
            Some(Show::Available) => Self::Available,
            Some(Show::Away) => Self::Away,
            Some(Show::Gone) => Self::Gone,
            Some(Show::Busy) => Self::Busy,
            Some(Show::Offline) => Self::Offline,
            None => Self::Unknown,
        }
    }

    /// The state in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Available => words::AVAILABLE,
            Self::Away | Self::Gone => words::AWAY,
            Self::Busy => words::BUSY,
            Self::Offline => words::OFFLINE,
            Self::Hidden => words::APPEAR_OFFLINE,
            Self::Request => words::WAITING,
            Self::Unknown => words::UNKNOWN,
        }
    }
}

/// The theme in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Only ASCII in what butty itself draws.
    pub ascii: bool,
    /// Attributes only.
    pub mono: bool,
}

impl Theme {
    /// The theme that the options ask for.
    pub fn new(options: &Options) -> Self {
        Self { ascii: options.ascii, mono: options.mono }
    }

    /// Two points of a picture in one cell, in the colours of the 256 that no theme changes.
    pub fn points(self, upper: Colour, lower: Colour) -> Style {
        Style::new().fg(nearest(upper)).bg(nearest(lower))
    }

    /// How a role looks.
    pub fn style(self, role: Role) -> Style {
        let style = match role {
            Role::Text | Role::Code | Role::Hint => Style::new(),
            Role::Dim | Role::Rule => Style::new().add_modifier(Modifier::DIM),
            Role::Accent => Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
            Role::Name => Style::new().fg(Color::Cyan),
            Role::OwnName | Role::Key | Role::Title | Role::Unread | Role::Strong => {
                Style::new().add_modifier(Modifier::BOLD)
            }
            Role::Link => Style::new().add_modifier(Modifier::UNDERLINED),
            Role::Emphasis => Style::new().add_modifier(Modifier::ITALIC),
            Role::Struck => Style::new().add_modifier(Modifier::CROSSED_OUT),
            Role::Ok => Style::new().fg(Color::Green),
            // Yellow vanishes on white. Of the sixteen, magenta stands out best from both grounds.
            Role::Warn => Style::new().fg(Color::Magenta).add_modifier(Modifier::BOLD),
            Role::Error => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            Role::Presence(sign) => presence_style(sign),
            Role::Stale(sign) => presence_style(sign).add_modifier(Modifier::DIM),
            Role::Selection => Style::new().add_modifier(Modifier::REVERSED),
        };
        if self.mono { Style { fg: None, bg: None, ..style } } else { style }
    }

    /// The shape of a state.
    pub fn sign(self, sign: Sign) -> &'static str {
        let (shape, letter) = match sign {
            Sign::Available => ("●", "*"),
            Sign::Away => ("◐", "~"),
            Sign::Gone => ("◔", "z"),
            Sign::Busy => ("⊖", "-"),
            Sign::Offline => ("○", "."),
            Sign::Hidden => ("◌", "_"),
            Sign::Request => ("?", "?"),
            Sign::Unknown => ("·", ":"),
        };
        if self.ascii { letter } else { shape }
    }

    /// Our own words with the signs that this theme may use. Message bodies never come through here.
    pub fn say(self, text: &str) -> Cow<'_, str> {
        if !self.ascii || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut plain = String::with_capacity(text.len());
        for c in text.replace(" …", "…").chars() {
            match ascii_of(c) {
                Some(sign) => plain.push_str(sign),
                None => plain.push(c),
            }
        }
        Cow::Owned(plain)
    }
}

fn presence_style(sign: Sign) -> Style {
    match sign {
        Sign::Available => Style::new().fg(Color::Green),
        Sign::Away => Style::new().fg(Color::Yellow),
        Sign::Gone => Style::new().fg(Color::Yellow).add_modifier(Modifier::DIM),
        Sign::Busy => Style::new().fg(Color::Red),
        Sign::Offline | Sign::Hidden | Sign::Unknown => Style::new().add_modifier(Modifier::DIM),
        Sign::Request => Style::new().fg(Color::Cyan),
    }
}

/// ASCII stand-ins. Each says the same; only `…` takes another number of cells.
fn ascii_of(c: char) -> Option<&'static str> {
    Some(match c {
        '─' | '·' | '—' | '–' | '⊖' => "-",
        '│' => "|",
        '┌' | '┐' | '└' | '┘' => "+",
        '▾' | '✓' | '↓' => "v",
        '▸' | '›' | '▌' => ">",
        '‹' => "<",
        '✗' => "X",
        '✎' => "w",
        '¶' => "d",
        '…' => "..",
        '“' | '”' => "\"",
        '’' => "'",
        '↑' => "^",
        '←' => "<-",
        '→' => "->",
        '●' | '•' => "*",
        '◌' => "_",
        _ => return None,
    })
}

/// The nearest colour of the cube of six by six by six (its steps are 0, 95, 135, 175, 215, 255).
fn nearest(colour: Colour) -> Color {
    let step = |part: u8| match part {
        0..=47 => 0,
        48..=114 => 1,
        _ => (part - 35) / 40,
    };
    let [red, green, blue] = colour.map(step);
    Color::Indexed(16 + 36 * red + 6 * green + blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_says_the_same_words() {
        let ascii = Theme { ascii: true, mono: false };
        assert_eq!(ascii.say("Bela is typing …"), "Bela is typing..");
        assert_eq!(ascii.say("menu.png · 84 kB"), "menu.png - 84 kB");
        assert_eq!(ascii.say("✓✓"), "vv");
        assert_eq!(Theme { ascii: false, mono: false }.say("a …"), "a …");
    }

    #[test]
    fn mono_has_no_colour_and_no_role_uses_blue_or_bright_black() {
        let signs = [Sign::Available, Sign::Away, Sign::Gone, Sign::Busy, Sign::Offline, Sign::Request];
        let roles =
            [Role::Text, Role::Dim, Role::Accent, Role::Name, Role::Ok, Role::Warn, Role::Error, Role::Selection];
        for role in roles.into_iter().chain(signs.map(Role::Presence)) {
            assert_eq!(Theme { ascii: false, mono: true }.style(role).fg, None, "{role:?}");
            let colour = Theme { ascii: false, mono: false }.style(role).fg;
            assert!(!matches!(colour, Some(Color::Blue | Color::DarkGray)), "{role:?}");
        }
    }

    /// What common terminals show for the sixteen (xterm, the console of the PC, Tango), by hue.
    fn shown(colour: Color) -> Option<[[u8; 3]; 3]> {
        Some(match colour {
            Color::Yellow => [[205, 205, 0], [170, 85, 0], [196, 160, 0]],
            Color::Magenta => [[205, 0, 205], [170, 0, 170], [117, 80, 123]],
            _ => return None,
        })
    }

    /// Contrast with white and with black (WCAG 2.2, "contrast ratio").
    fn contrasts(rgb: [u8; 3]) -> [f64; 2] {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = rgb.map(linear);
        let light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        [1.05 / (light + 0.05), (light + 0.05) / 0.05]
    }

    #[test]
    fn a_warning_stands_out_from_a_white_ground_and_from_a_black_one() {
        let style = Theme { ascii: false, mono: false }.style(Role::Warn);
        for rgb in style.fg.and_then(shown).expect("a colour that was measured") {
            assert!(contrasts(rgb).iter().all(|contrast| *contrast >= 3.0), "{rgb:?} {:?}", contrasts(rgb));
        }
        assert!(style.add_modifier.contains(Modifier::BOLD));
        let yellow = shown(Color::Yellow).expect("measured").map(|rgb| contrasts(rgb)[0]);
        assert!(yellow[0] < 2.0, "why it is not yellow");
    }

    #[test]
    fn every_state_has_a_shape_and_a_letter_of_its_own() {
        let all = [
            Sign::Available,
            Sign::Away,
            Sign::Gone,
            Sign::Busy,
            Sign::Offline,
            Sign::Hidden,
            Sign::Request,
            Sign::Unknown,
        ];
        for ascii in [false, true] {
            let shapes: std::collections::BTreeSet<_> = all.map(|sign| Theme { ascii, mono: true }.sign(sign)).into();
            assert_eq!(shapes.len(), all.len());
        }
    }
}
