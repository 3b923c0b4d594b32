//! The code, or the page's address, on the command line.

use super::super::Desk;
use crate::app::event::{BrowserPrompt, CodePrompt};
use crate::app::words::{self, screens};
use crate::cli::Record;
use crate::types::Line;
use std::io::IsTerminal;
use std::time::Duration;

/// The code. `data`: it is the answer, not talk.
pub(super) fn code(desk: &Desk, prompt: &CodePrompt, data: bool) {
    if desk.voice.json || data {
        let record = Record::new("code")
            .column("address", prompt.address.as_str())
            .column("code", prompt.code.as_str())
            .field("complete", prompt.complete.as_ref().map(|text| text.as_str().to_owned()))
            .field("expires_in", prompt.lifetime.as_secs());
        drop(desk.voice.answer(&record));
        return;
    }
    desk.voice.say(&format!(
        "Open   {}   on any device\nType   {}\n{}",
        prompt.address,
        prompt.code,
        asks_for(&prompt.scopes)
    ));
    if std::io::stderr().is_terminal() {
        let target = prompt.complete.as_ref().unwrap_or(&prompt.address);
        if let Ok(code) = qrcode::QrCode::with_error_correction_level(target.as_str(), qrcode::EcLevel::L) {
            desk.voice.say(&code.render::<qrcode::render::unicode::Dense1x2>().quiet_zone(true).build());
        }
    }
    waiting(desk, screens::CODE_IS_GOOD, prompt.lifetime);
    desk.voice.say("Somebody sent you this code? Stop: only you should ask for it.");
}

/// The address to open. `data`: it is the answer, not talk.
pub(super) fn page(desk: &Desk, prompt: &BrowserPrompt, data: bool) {
    if desk.voice.json || data {
        let record = Record::new("page")
            .column("address", &prompt.address)
            .field("listening", prompt.listening)
            .field("expires_in", prompt.lifetime.as_secs());
        drop(desk.voice.answer(&record));
        return;
    }
    desk.voice.say(&format!("Open\n\n{}\n\n{}", prompt.address, asks_for(&prompt.scopes)));
    desk.voice.say(if prompt.listening { screens::COMES_BACK_OR_PASTE } else { screens::PASTE_HERE });
    waiting(desk, screens::PAGE_IS_GOOD, prompt.lifetime);
    desk.voice.say(screens::PHISHING_PAGE);
}

fn asks_for(scopes: &[Line]) -> String {
    let asks: Vec<String> = scopes.iter().map(|scope| screens::scope(scope.as_str(), true)).collect();
    format!("Asks for: {}", asks.join(", "))
}

fn waiting(desk: &Desk, what: &str, lifetime: Duration) {
    desk.voice.say(&format!("Waiting … {what} {}. Ctrl+C cancels.", words::duration(lifetime)));
}
