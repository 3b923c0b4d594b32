//! The words of what lies over a screen: pickers, menus, cards, questions.

use crate::app::action::Place;
use crate::app::model::Screen;
use crate::app::update::overlay::MenuRow;

/// A question with its keys.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// On the upper edge.
    pub title: &'static str,
    /// Paragraphs.
    pub says: &'static [&'static str],
    /// Keys, on the lower edge.
    pub foot: &'static str,
}

// Pickers.
words! {
    GO_TO = "Go to";
    GO_TO_FOOT = "Enter open · Esc close";
    PALETTE = "Commands";
    PALETTE_FOOT = "Tab complete · Enter run · Esc";
    NOTHING_FOUND = "  Nothing fits.";
    FIND = "Find everywhere";
    FIND_FOOT = "Enter open · Tab in this conversation · Esc";
    FIND_FOOT_ALONE = "Enter open · Esc close";
    FIND_KEYS = "↑↓ · Tab everywhere · Esc";
    FIND_KEYS_SHORT = "Tab · Esc";
    FIND_HELP = "  Also from:bela, in:bela, before:2026-11-01, has:link";
    YOU = "You: ";
    NO_COMMAND = "  No such command.";
    HELP_ALL = "Help: every place";
    HELP_FOOT = "Enter do it · F1 all keys · Esc";
    HELP_FOOT_ALL = "Enter do it · F1 only this place · Esc";
    TYPE_TO_FILTER = "Type to filter";
}

/// Which of how many hits is shown; 1,000 stands for that many and more.
pub fn found(count: Option<u32>, selected: usize, short: bool) -> String {
    let here = if short { "" } else { " · in this conversation" };
    match count {
        None if short => String::new(),
        None => "in this conversation".to_owned(),
        Some(0) => format!("nothing{here}"),
        Some(1_000..) => format!("{} of 1,000 or more{here}", selected + 1),
        Some(count) => format!("{} of {count}{here}", selected + 1),
    }
}

/// The place that the help is about.
pub fn help_title(screen: &Screen, place: Place) -> &'static str {
    match (screen, place) {
        (Screen::Welcome(_), _) => "Help: the beginning",
        (Screen::SignIn(_), _) => "Help: signing in",
        (Screen::Main, Place::Composer) => "Help: this conversation",
        (Screen::Main, Place::Messages) => "Help: messages",
        (Screen::Main, Place::List | Place::Global) => "Help: the buddy list",
    }
}

/// What a command does, in the switcher.
pub fn command(title: &str) -> String {
    let mut letters = title.chars();
    let lower: String = letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default();
    format!("command · {lower}")
}

/// The last row of the switcher.
pub fn add_as_buddy(what: &str) -> String {
    format!("+ add “{what}” as a new buddy")
}

/// Under the palette.
pub fn arguments(arguments: &str) -> String {
    format!("  {arguments}        ← arguments")
}

/// A command that cannot be used now.
pub fn not_now(title: &str, why: &str) -> String {
    format!("{title} ({why})")
}

// Status menu.
words! {
    APPEAR_AS = "Appear as";
    APPEAR_FOOT = "Enter set · Esc";
    BUSY_NOTE = "no sounds, no pop-ups";
    CAN_HIDE = "this server can hide you";
    CANNOT_HIDE = "    This server cannot hide you while you see others: you would look offline and see nobody.";
    PERSONAL_MESSAGE = "Personal message";
}

// Requests and cards.
words! {
    REQUEST_TITLE = "A new buddy?";
    REQUEST_FOOT = "Enter accept · d decline · Esc later";
    REQUEST_MEANS = "If you accept, you see each other in the list.";
    CARD_TITLE = "Card";
    CARD_FOOT = "Esc close";
    NOT_A_BUDDY = "Not on your list.";
    DEVICES = "Devices";
    UNNAMED_DEVICE = "a device without a name";
    SEE_EACH_OTHER = "You see each other.";
    YOU_SEE_THEM = "You see them; they do not see you.";
    THEY_SEE_YOU = "They see you; you do not see them.";
    THEY_SEE_YOU_WAITING = "They see you; you asked to see them and wait for an answer.";
    NOBODY_SEES = "Neither sees the other.";
    NOBODY_SEES_WAITING = "You asked to be buddies and wait for an answer.";
    ADD_TITLE = "Add a buddy";
    ADD_FOOT = "Enter ask · Esc close";
    ADD_BY_ADDRESS = "Their address, such as name@example.org:";
    ADD_BY_MAIL = "Their e-mail address:";
}

/// Who asks.
pub fn wants_to_be_your_buddy(name: &str) -> String {
    format!("{name} wants to be your buddy.")
}

/// Which account a box is about, where there are several.
pub fn for_account(account: &str) -> String {
    format!("In your account {account}.")
}

/// Groups on the card.
pub fn in_groups(groups: &str) -> String {
    format!("In {groups}.")
}

// The menu of somebody in the list.
words! {
    MENU_FOOT = "Enter choose · Esc close";
    NAME_TITLE = "Another name";
    NAME_SAYS = "Only you see it. Nothing here: the name they chose themselves.";
    GROUP_TITLE = "Group";
    GROUP_SAYS = "Nothing here: no group.";
    FIELD_FOOT = "Enter set · Esc leave as it is";
    REMOVE_TITLE = "Remove a buddy?";
    REMOVE_FOOT = "Enter remove · Esc keep";
    HIDE_TITLE = "Hide a buddy?";
    HIDE_FOOT = "Enter hide · Esc keep";
    ONLY_HERE = "only here";
    ONLY_HERE_SAYS = "It stays on this computer: this service keeps no such changes.";
    HIDDEN_HERE = "Hidden here. Back in the list: F3, type the name, then the menu (.).";
}

/// A row of the menu.
pub fn menu_row(row: MenuRow) -> &'static str {
    match row {
        MenuRow::Open => "Open the conversation",
        MenuRow::Card => "Card",
        MenuRow::Rename => "Another name …",
        MenuRow::Group => "Group …",
        MenuRow::Remove => "Remove from the list …",
        MenuRow::Hide => "Hide …",
        MenuRow::Unhide => "Show in the list again",
        MenuRow::Add => "Ask to be your buddy …",
    }
}

/// What removing means.
pub fn remove_says(name: &str) -> String {
    format!("{name} leaves your list, and neither sees any more when the other is here. Messages stay.")
}

/// What hiding means.
pub fn hide_says(name: &str) -> String {
    format!(
        "This service takes nobody off its list. {name} is out of sight on this computer until something comes from \
         there. Ctrl+K or adding them again finds them."
    )
}

// About a message.
words! {
    INFO_TITLE = "About this message";
    INFO_FOOT = "Esc close";
    INFO_GONE = "This message is not loaded any more.";
    FROM_YOU = "You";
    RECEIVED = "Received.";
    NOT_YET_SENT = "Not with the server yet.";
    SENT = "The server has it.";
    DELIVERED = "A device of theirs has it.";
    WAS_READ = "It was read.";
    WAS_EDITED = "It was corrected.";
    NOT_ENCRYPTED = "Not end-to-end encrypted.";
    WAS_ENCRYPTED = "It was end-to-end encrypted.";
    INFO_WHO = "From     ";
    INFO_WHEN = "Written  ";
    INFO_DEVICE = "Device   ";
    INFO_ID = "Id       ";
    INFO_ARCHIVE = "Archive  ";
}

/// When, in full.
pub fn day_and_time(day: &str, time: &str) -> String {
    format!("{day}, {time}")
}

/// When it was read.
pub fn read_since(time: &str) -> String {
    format!("It was read at {time}.")
}

// Questions.
words! {
    CLOSE_FOOT = "Enter close";
    SIGN_OUT_FOOT = "Space tick · Enter sign out · Esc stay";
    TROUBLE = "Something went wrong";
    WHY = "  Why   ";
    NEXT = "  Next  ";
    IN_USE_KEYS = "Enter  open read only      q  quit";
    NEXT_BLANK = "        ";
}

/// Keys of the paste box.
pub const PASTE_KEYS: [&str; 2] = ["Enter  one message      k  as a code block", "Esc    keep editing"];

/// Leaving with something unsent.
pub const QUIT: Question = Question { title: "Quit?", says: &[], foot: "Enter quit · Esc stay" };

/// The first plain reply in a talk that was encrypted.
pub const PLAIN_REPLY: Question = Question {
    title: "Send this in the clear?",
    says: &[
        "The last message here was encrypted. butty cannot encrypt: your server and theirs could read what you send.",
    ],
    foot: "Enter send · Esc keep editing",
};

/// What waits when quitting.
pub fn not_sent_yet(count: usize) -> String {
    let (have, them) = if count == 1 { ("1 message has", "it goes") } else { ("", "they go") };
    let have = if count == 1 { have.to_owned() } else { format!("{count} messages have") };
    format!("{have} not been sent yet. Nothing is lost: {them} out when you start butty again.")
}

/// Title of the sign-out box.
pub fn sign_out_title(address: &str) -> String {
    format!("Sign out {address}?")
}

/// What signing out does. `by_password`: the service knows of nothing that it could forget.
pub fn sign_out_means(domain: &str, by_password: bool) -> String {
    if by_password {
        return "Signing out deletes the password that is saved here.".to_owned();
    }
    format!("Signing out tells {domain} to forget this computer and deletes the saved sign-in.")
}

/// A box to tick.
pub fn forget_messages(kept: Option<u64>) -> String {
    match kept {
        Some(count) => format!("also delete messages kept on this computer ({count})"),
        None => "also delete messages kept on this computer".to_owned(),
    }
}

/// A box to tick.
pub const SIGN_OUT_EVERYWHERE: &str = "sign out everywhere";

/// What signing out would cost.
pub fn would_be_lost(count: usize) -> String {
    if count == 1 {
        "! 1 message has not been sent yet and would be lost.".to_owned()
    } else {
        format!("! {count} messages have not been sent yet and would be lost.")
    }
}

/// Title of the paste box.
pub fn send_lines(count: usize) -> String {
    // One line that is worth a question is a long one.
    if count == 1 { "Send this long line?".to_owned() } else { format!("Send {count} lines?") }
}

/// The middle of a long paste.
pub fn more_lines(count: usize) -> String {
    if count == 1 { "… 1 more line …".to_owned() } else { format!("… {count} more lines …") }
}
