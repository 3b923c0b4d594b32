//! Keys, mouse, pastes and sizes, as values of the mind.

use crate::app::event::{Key, KeyCode, MouseAction};
use crossterm::event::{self as tty, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};

/// Rows that one notch of the wheel moves.
const WHEEL: i32 = 3;

/// What came from the terminal. The mouse still has its place: the eye knows what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// A paste.
    Paste(String),
    /// The mouse at this column and row, from 0.
    Mouse(MouseAction, u16, u16),
    /// New size: columns, rows.
    Resize(u16, u16),
    /// Focus of the window.
    Focus(bool),
    /// The terminal is gone.
    Gone,
}

/// Reads the terminal until it is gone or `tell` says stop by `false`. Blocks: give it a thread of its own. It
/// sleeps in the kernel between events.
pub fn read_events(tell: impl Fn(Input) -> bool) {
    loop {
        match tty::read() {
            Ok(event) => {
                if let Some(input) = translate(event)
                    && !tell(input)
                {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::warn!(%error, "the terminal is gone");
                tell(Input::Gone);
                return;
            }
        }
    }
}

fn translate(event: tty::Event) -> Option<Input> {
    match event {
        tty::Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Input::Key),
        tty::Event::Key(_) => None,
        tty::Event::Paste(text) => Some(Input::Paste(text)),
        tty::Event::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
        tty::Event::FocusGained => Some(Input::Focus(true)),
        tty::Event::FocusLost => Some(Input::Focus(false)),
        tty::Event::Mouse(mouse) => {
            let action = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseAction::Click,
                MouseEventKind::Down(MouseButton::Middle) => MouseAction::Middle,
                MouseEventKind::ScrollUp => MouseAction::Wheel(-WHEEL),
                MouseEventKind::ScrollDown => MouseAction::Wheel(WHEEL),
                _ => return None,
            };
            Some(Input::Mouse(action, mouse.column, mouse.row))
        }
    }
}

fn key_of(key: tty::KeyEvent) -> Option<Key> {
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let code = match key.code {
        tty::KeyCode::Char(c) => {
            shift = false; // the character says it
            KeyCode::Char(if ctrl { c.to_ascii_lowercase() } else { c })
        }
        tty::KeyCode::F(number) => KeyCode::Function(number),
        tty::KeyCode::Enter => KeyCode::Enter,
        tty::KeyCode::Esc => KeyCode::Escape,
        tty::KeyCode::Tab if shift => KeyCode::BackTab,
        tty::KeyCode::Tab => KeyCode::Tab,
        tty::KeyCode::BackTab => KeyCode::BackTab,
        tty::KeyCode::Backspace => KeyCode::Backspace,
        tty::KeyCode::Delete => KeyCode::Delete,
        tty::KeyCode::Insert => KeyCode::Insert,
        tty::KeyCode::Up => KeyCode::Up,
        tty::KeyCode::Down => KeyCode::Down,
        tty::KeyCode::Left => KeyCode::Left,
        tty::KeyCode::Right => KeyCode::Right,
        tty::KeyCode::Home => KeyCode::Home,
        tty::KeyCode::End => KeyCode::End,
        tty::KeyCode::PageUp => KeyCode::PageUp,
        tty::KeyCode::PageDown => KeyCode::PageDown,
        _ => return None,
    };
    let shift = shift && code != KeyCode::BackTab;
    Some(Key { code, ctrl, alt: key.modifiers.contains(KeyModifiers::ALT), shift })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: tty::KeyCode, modifiers: KeyModifiers) -> Option<Input> {
        translate(tty::Event::Key(tty::KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn keys_come_as_people_mean_them() {
        let key = |code, ctrl, alt, shift| Some(Input::Key(Key { code, ctrl, alt, shift }));
        let none = KeyModifiers::NONE;
        assert_eq!(press(tty::KeyCode::Char('A'), KeyModifiers::SHIFT), key(KeyCode::Char('A'), false, false, false));
        assert_eq!(press(tty::KeyCode::Char('K'), KeyModifiers::CONTROL), key(KeyCode::Char('k'), true, false, false));
        assert_eq!(press(tty::KeyCode::Tab, KeyModifiers::SHIFT), key(KeyCode::BackTab, false, false, false));
        assert_eq!(press(tty::KeyCode::BackTab, KeyModifiers::SHIFT), key(KeyCode::BackTab, false, false, false));
        assert_eq!(press(tty::KeyCode::Enter, KeyModifiers::SHIFT), key(KeyCode::Enter, false, false, true));
        assert_eq!(press(tty::KeyCode::Up, KeyModifiers::ALT), key(KeyCode::Up, false, true, false));
        assert_eq!(press(tty::KeyCode::CapsLock, none), None);
    }

    #[test]
    fn a_release_is_no_key() {
        let mut event = tty::KeyEvent::new(tty::KeyCode::Enter, KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        assert_eq!(translate(tty::Event::Key(event)), None);
    }
}
