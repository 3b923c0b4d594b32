//! Floor 4: the terminal. Raw mode and back, keys and mouse as values of the mind, notices by escape sequences.
//!
//! Everything that is switched on is undone in [`restore`], which the guard, the panic hook and every way out
//! share. It may be called twice.

mod input;

pub use input::{Input, read_events};

use crate::types::Secret;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::style::Print;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode};
use crossterm::{clipboard::CopyToClipboard, cursor, execute, queue};
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// Clicks and the wheel, drags, and the form that knows wide screens. Not `?1003`: it floods slow lines.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// The terminal must not reorder right-to-left text itself: butty does.
const EXPLICIT_BIDI: &str = "\x1b[8l";
/// Longest text for the clipboard; more than terminals take.
const CLIPBOARD_MOST: usize = 100_000;

/// True when both ends are a terminal, so that an interface makes sense.
pub fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Columns and rows of the terminal, if it tells them.
pub fn size() -> Option<(u16, u16)> {
    crossterm::terminal::size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0)
}

/// Takes the terminal over; dropping it gives the terminal back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Raw mode, alternate screen, pastes and focus as events, the mouse if wanted.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        enable_raw_mode()?;
        let guard = Self(());
        let mut out = io::stdout();
        execute!(
            out,
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            // Terminals that do not know the flag ignore it; no answer is waited for.
            PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES),
            Print(EXPLICIT_BIDI),
            Print(if mouse { MOUSE_ON } else { "" }),
        )?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Undoes everything, whatever state the terminal is in.
pub fn restore() {
    let mut out = io::stdout();
    // Each on its own: one that fails must not keep the others from being undone.
    drop(queue!(out, Print(MOUSE_OFF), PopKeyboardEnhancementFlags, DisableFocusChange, DisableBracketedPaste));
    drop(queue!(out, SetTitle(""), LeaveAlternateScreen, cursor::Show));
    drop(out.flush());
    drop(disable_raw_mode());
}

/// Before a panic's words are printed, the terminal is given back; then `note` gets the words.
pub fn install_panic_hook(note: impl Fn(String) + Send + Sync + 'static) {
    let main = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let words = info.payload().downcast_ref::<&str>().map(|text| (*text).to_owned());
        let words = words.or_else(|| info.payload().downcast_ref::<String>().cloned()).unwrap_or_default();
        if std::thread::current().id() == main {
            restore();
        }
        tracing::error!(%place, "a bug: {words}");
        note(format!("{words}\nat {place}"));
    }));
}

/// What came of asking for a secret.
pub enum Asked {
    /// Here it is; never empty.
    Given(Secret<String>),
    /// Nothing was typed, or there is no terminal.
    Nothing,
    /// Ctrl+C.
    Interrupted,
}

/// Asks for a secret on the terminal without showing it. Blocks.
pub fn ask_secret(prompt: &str) -> Asked {
    let mut err = io::stderr();
    // Before the prompt: what is typed as soon as it stands there must not be echoed.
    if enable_raw_mode().is_err() {
        return Asked::Nothing;
    }
    drop(write!(err, "{prompt}").and_then(|()| err.flush()));
    let asked = read_secret();
    end_asking();
    drop(writeln!(err));
    asked
}

/// The terminal shows again what is typed, also after an [`ask_secret`] that a signal cut short.
pub fn end_asking() {
    drop(disable_raw_mode());
}

fn read_secret() -> Asked {
    use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
    // Room from the start: a text that grows leaves copies behind that nobody wipes.
    let mut secret = Zeroizing::new(String::with_capacity(1024));
    loop {
        match read() {
            Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => match key.code {
                KeyCode::Enter if secret.is_empty() => return Asked::Nothing,
                KeyCode::Enter => return Asked::Given(Secret::from(secret.as_str())),
                KeyCode::Esc => return Asked::Nothing,
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Asked::Interrupted,
                KeyCode::Char('d') if key.modifiers.contains(KeyModifiers::CONTROL) => return Asked::Nothing,
                KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => secret.clear(),
                KeyCode::Char(c) => secret.push(c),
                KeyCode::Backspace => drop(secret.pop()),
                _ => {}
            },
            Ok(Event::Paste(text)) => secret.push_str(text.trim_end_matches(['\r', '\n'])),
            Ok(_) => {}
            Err(_) => return Asked::Nothing,
        }
    }
}

/// Takes the mouse, or lets it go.
pub fn mouse(on: bool) {
    drop(execute!(io::stdout(), Print(if on { MOUSE_ON } else { MOUSE_OFF })));
}

/// Window title. The text is clean already.
pub fn title(text: &str) {
    drop(execute!(io::stdout(), SetTitle(text)));
}

/// Rings the bell.
pub fn bell() {
    drop(execute!(io::stdout(), Print('\x07')));
}

/// Puts text on the clipboard through the terminal (OSC 52), which works over ssh too.
pub fn copy(text: &str) {
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= CLIPBOARD_MOST).last().unwrap_or(0);
    let text = if text.len() <= CLIPBOARD_MOST { text } else { &text[..end] };
    drop(execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text)));
}

/// Opens an address in the desktop's browser. Never through a shell; only http and https. False: not opened.
pub fn open_url(address: &str) -> bool {
    if !(address.starts_with("https://") || address.starts_with("http://")) {
        return false;
    }
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let child =
        Command::new(opener).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    match child {
        Ok(mut child) => {
            // Reaped on a thread of its own: some openers stay as long as the browser.
            std::thread::spawn(move || drop(child.wait()));
            true
        }
        Err(_) => false,
    }
}

/// Gives the terminal back, stops this process like Ctrl+Z does, and takes the terminal again when it goes on.
pub fn suspend(mouse_on: bool) {
    restore();
    #[cfg(unix)]
    {
        // A program cannot stop itself without a signal; `kill` is in every Unix and needs no unsafe code.
        let own = std::process::id().to_string();
        drop(Command::new("kill").args(["-TSTP", &own]).status());
    }
    match Guard::enter(mouse_on) {
        // The first guard is still held by the loop: this one must not undo at the end of this scope.
        Ok(guard) => std::mem::forget(guard),
        Err(error) => tracing::error!(%error, "the terminal could not be taken again"),
    }
}
