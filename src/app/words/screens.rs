//! The words of the screens: labels, hints, questions. Plurals by rule, nothing glued together elsewhere.

use crate::app::event::Consent;
use crate::app::ops::Banner;
use crate::types::{Problem, Stamp};
use std::time::Duration;

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

/// A way to begin, on the welcome screen.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What.
    pub title: &'static str,
    /// In up to two lines.
    pub says: [&'static str; 2],
    /// The same from the command line.
    pub command: &'static str,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* #[allow(missing_docs, reason = "the text says it")] pub const $name: &str = $text;)*
    };
}

// States.
/// A span that counts down.
pub fn minutes_and_seconds(span: Duration) -> String {
    let (minutes, seconds) = (span.as_secs() / 60, span.as_secs() % 60);
    if minutes == 0 { format!("{seconds} s") } else { format!("{minutes} min {seconds:02} s") }
}

words! {
    AVAILABLE = "Available";
    BUSY = "Busy";
    AWAY = "Away";
    OFFLINE = "Offline";
    APPEAR_OFFLINE = "Appear offline";
    SIGNED_OUT = "Signed out";
    CONNECTING = "Connecting …";
    UNKNOWN = "…";
    WAITING = "Waiting";
}

/// "Away since 13:20".
pub fn state_since(state: &str, since: &str) -> String {
    format!("{state} since {since}")
}

/// "away since 13:20", in the list.
pub fn away_since(since: &str) -> String {
    format!("away since {since}")
}

/// A personal message.
pub fn quoted(text: &str) -> String {
    format!("“{text}”")
}

// The list.
words! {
    FIND_A_BUDDY = "Find a buddy…";
    FIND_LABEL = "Find:";
}
/// An empty list.
pub const NO_BUDDIES: [&str; 3] = ["Nobody is here yet.", "", "/add name@example.org"];

// The talk.
words! {
    YOU_SAY = "You say:";
    CARD_HINT = "F4 card";
    BACK_TO_LIST = "‹ Esc";
    ENCRYPTED = "Encrypted for your other devices; butty cannot read it";
    EDITED = "(edited)";
    FAILED_KEYS = "Enter try again · Del discard";
    YOU_APPEAR_OFFLINE = " (you appear offline)";
}
/// No talk is open.
pub const NOBODY_OPEN: [&str; 3] = ["Nobody is on this side yet.", "", "Choose a buddy, or type a name."];

/// "Bela says:".
pub fn says(name: &str) -> String {
    format!("{name} says:")
}

/// `/me waves`.
pub fn action(name: &str, deed: &str) -> String {
    format!("* {name} {deed}")
}

/// "Bela is typing …".
pub fn is_typing(name: &str) -> String {
    format!("{name} is typing …")
}

/// Rule above the first unread message.
pub fn new_messages(count: u32) -> String {
    format!("{count} new")
}

/// The mark of a message that was read; short where there is little room.
pub fn read(at: Option<&str>, short: bool) -> String {
    match at {
        Some(at) if !short => format!("read {at}"),
        _ => "read".to_owned(),
    }
}

/// A sentence behind a sign, in the middle of a line.
pub fn in_line(what: &str) -> String {
    let mut letters = what.chars();
    match letters.next() {
        Some(first) if what.starts_with("Not ") => first.to_lowercase().chain(letters).collect(),
        _ => what.to_owned(),
    }
}

/// On the rule over the composer.
pub fn to(name: &str) -> String {
    format!("To {name}")
}

/// Through which account.
pub fn as_account(account: &str) -> String {
    format!(" as {account}")
}

/// At the right of that rule.
pub fn edit_elsewhere(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("edit in $EDITOR: {key}") }
}

/// Tabs that do not fit.
pub fn more_tabs(count: usize) -> String {
    format!("+{count} ›")
}

// Bars.
words! {
    TLS = "TLS";
    COMMANDS = "commands";
    HELP = "help";
    OPEN = "open";
    STATUS = "status";
    TYPE_TO_FIND = "type to find";
    ARROWS = "↑↓";
    CHOOSE = "choose";
}

/// Action, long words, short words: while writing.
pub const HINTS_COMPOSER: &[(&str, &str, &str)] = &[
    ("send", "send", "send"),
    ("newline", "new line", "line"),
    ("go-to", "find", "find"),
    ("next-unread", "next unread", "unread"),
    ("status", "status", "status"),
];
/// The same where there is room for little.
pub const HINTS_NARROW: &[(&str, &str, &str)] = &[
    ("send", "send", "send"),
    ("next-unread", "next unread", "unread"),
    ("go-to", "find", "find"),
    ("newline", "new line", "line"),
];
/// While a message is selected.
pub const HINTS_MESSAGES: &[(&str, &str, &str)] = &[
    ("msg-open", "open", "open"),
    ("copy", "copy", "copy"),
    ("discard", "discard", "discard"),
    ("back", "back", "back"),
];
/// Without a talk.
pub const HINTS_NO_TALK: &[(&str, &str, &str)] = &[
    ("list-open", "open", "open"),
    ("go-to", "find", "find"),
    ("next-unread", "next unread", "unread"),
    ("status", "status", "status"),
];

/// The link, in the wide status bar.
pub fn encrypted_link(version: &str) -> String {
    format!("encrypted link ({version})")
}

/// Talks with something unread.
pub fn elsewhere(count: usize) -> String {
    format!("{count} elsewhere")
}

/// Of what sort they are.
pub fn chats(count: usize) -> String {
    if count == 1 { "1 chat".to_owned() } else { format!("{count} chats") }
}

/// All that fits on a tiny screen.
pub fn tiny(unread: usize, trouble: bool) -> String {
    let mark = if trouble { " !" } else { "" };
    if unread == 0 { format!("butty{mark}") } else { format!("butty ({unread}){mark}") }
}

/// The banner. `clock` tells a moment as hours and minutes.
pub fn banner(banner: &Banner, clock: &dyn Fn(Stamp) -> String) -> String {
    match banner {
        Banner::Trouble(problem) | Banner::NeedsYou { problem, .. } => trouble(problem),
        Banner::Lost { waiting, .. } if *waiting > 0 => {
            format!("! Still offline. What you write is kept and sent in order.  ({waiting})")
        }
        Banner::Lost { first, since, problem, retry_in, retry_at, attempt, .. } => {
            let what = match problem {
                Some(problem) if *first => super::problem(problem).what,
                _ if *first => "Not connected yet.".to_owned(),
                _ => format!("Connection lost at {}.", clock(*since)),
            };
            format!("! {what} {}F5 now · /doctor", again(*retry_in, *retry_at, *attempt, clock))
        }
        Banner::Back { after, sent, received, .. } => {
            let after = super::duration(*after);
            format!("✓ Back online after {after}. {sent} sent, {received} received.")
        }
    }
}

/// What happened, and what to do.
fn trouble(problem: &Problem) -> String {
    let said = super::problem(problem);
    let is_key = |step: &&String| step.starts_with('/') || step.starts_with("F5");
    let keys: Vec<&str> = said.next.iter().filter(is_key).map(String::as_str).collect();
    let mut sentences = vec![said.what];
    sentences.extend(said.next.iter().filter(|step| !is_key(step)).map(|fact| format!("{fact}.")));
    format!("! {} {}", sentences.join(" "), keys.join(" · ")).trim_end().to_owned()
}

/// When the next try comes: whole seconds below ten, else the time of day.
fn again(wait: Option<Duration>, at: Option<Stamp>, attempt: u32, clock: &dyn Fn(Stamp) -> String) -> String {
    let attempt = if attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
    match (wait, at) {
        (Some(wait), _) if wait <= Duration::from_secs(10) => {
            format!("Trying again in {} s{attempt}. ", wait.as_millis().div_ceil(1000))
        }
        (Some(_), Some(at)) => format!("Trying again at {}{attempt}. ", clock(at)),
        _ => String::new(),
    }
}

// Pickers.
words! {
    GO_TO = "Go to";
    GO_TO_FOOT = "Enter open · Esc close";
    PALETTE = "Commands";
    PALETTE_FOOT = "Tab complete · Enter run · Esc";
    NOTHING_FOUND = "  Nothing fits.";
    NO_COMMAND = "  No such command.";
    HELP_ALL = "Help: every place";
    HELP_FOOT = "Enter do it · F1 all keys · Esc";
    HELP_FOOT_ALL = "Enter do it · F1 only this place · Esc";
    TYPE_TO_FILTER = "Type to filter";
}

/// The place that the help is about.
pub fn help_title(focus: crate::app::model::Focus) -> &'static str {
    use crate::app::model::Focus;
    match focus {
        Focus::Composer => "Help: this conversation",
        Focus::Messages => "Help: messages",
        Focus::List => "Help: the buddy list",
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

// Questions.
words! {
    SIGN_OUT_FOOT = "Enter sign out · Esc stay";
    SIGN_OUT_EVERYWHERE = "sign out everywhere";
    TROUBLE = "Something went wrong";
    WHY = "  Why   ";
    NEXT = "  Next  ";
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

/// What signing out does.
pub fn sign_out_means(domain: &str) -> String {
    format!("Signing out tells {domain} to forget this computer and deletes the saved sign-in.")
}

/// A box to tick.
pub fn forget_messages(kept: Option<u64>) -> String {
    match kept {
        Some(count) => format!("also delete messages kept on this computer ({count})"),
        None => "also delete messages kept on this computer".to_owned(),
    }
}

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
    format!("Send {count} lines?")
}

/// The middle of a long paste.
pub fn more_lines(count: usize) -> String {
    if count == 1 { "… 1 more line …".to_owned() } else { format!("… {count} more lines …") }
}

// Welcome.
words! {
    NAME = "b u t t y";
    TAGLINE = "your buddies, in your terminal";
    NEW_HERE = "New here? Press Enter: the demo takes three minutes.";
    WELCOME_HINTS = "↑↓ choose · Enter open · 1-4 open";
    WELCOME_KEYS = "/ commands · F1 help · Ctrl+Q quit";
}
/// The four ways to begin.
pub const WELCOME: [Choice; 4] = [
    Choice {
        title: "Try it now",
        says: ["A demo town with six buddies and no account.", "Nothing leaves this computer."],
        command: "butty demo",
    },
    Choice {
        title: "Sign in with a code",
        says: ["Type a short code on a web page, any device.", "Works over ssh. butty never sees a password."],
        command: "butty login",
    },
    Choice {
        title: "Sign in with a password",
        says: ["For XMPP servers without web sign-in.", ""],
        command: "butty login --password",
    },
    Choice {
        title: "Messenger-compatible",
        says: ["A server that speaks the Messenger profile.", ""],
        command: "butty login --profile messenger",
    },
];

/// Once a row has been highlighted for a while.
pub fn same_as(command: &str) -> String {
    format!("same as: {command}")
}

/// The right hints where there is room for little.
pub fn shorter(hints: &'static str) -> &'static str {
    if hints == WELCOME_KEYS { "/ · F1 help · Ctrl+Q" } else { hints }
}

// Signing in.
words! {
    SIGN_IN_CODE = "Sign in with a code";
    SIGN_IN_PASSWORD = "Sign in with a password";
    SIGN_IN_MESSENGER = "Sign in, Messenger-compatible";
    WHERE = "Where is your account?";
    WHERE_HINT = "Your address, or only the name of the service.";
    PASSWORD_HINT = "The password goes to your server alone, over an encrypted link.";
    ADDRESS = "Address";
    PASSWORD = "Password";
    ADDRESS_SAMPLE = "name@example.org";
    KEEP_SIGNED_IN = "keep me signed in";
    MESSENGER_CLOSED = "Microsoft's own Messenger service has closed. This profile talks to servers that speak the same XMPP dialect, such as the built-in demo.";
    FORM_HINTS = "Enter go on";
    FORM_HINTS_PASSWORD = "Tab next field · Enter sign in · Ctrl+R show password";
    ESC_BACK = "Esc back";
    ESC_CANCEL = "Esc cancel";
    TYPE_CODE = "Type this code:";
    PHISHING = "Somebody sent you this code? Stop: press Esc. Only you should ask for it.";
    OPEN_BROWSER = "b open browser here";
    COPY_CODE = "c copy code";
    COPY_ADDRESS = "u copy address";
    BIGGER_SQUARE = "q bigger QR";
    SMALLER_SQUARE = "q back";
    SWAP_SQUARE = "i swap dark and light";
    DEMO_ANSWER = "a answer Yes from here · x answer No";
    WAITING_TITLE = "Waiting for you";
    GO_ON = "  You can go on in the browser meanwhile.";
    UNREACHABLE_KEYS = "  r  try now      d  run the doctor      Esc  cancel";
    PAGE_LABEL = "Page";
    CODE_LABEL = "Code";
    NO_SQUARE = "This address is too long for a square.";
    KEEP_TITLE = "Keep the sign-in?";
    KEEP_QUESTION = "Keep the sign-in in a file only you can read, or only until butty closes?";
    REVIEW_TITLE = "You are signed in";
    REVIEW_FOOT = "Enter open my buddies · s sign out";
    MAY_NOW = "butty may now";
    KEPT_FILE = "Your sign-in is kept in: a file only you can read";
    KEPT_MEMORY = "Your sign-in is kept: only until butty closes";
    NEW_CODE = "n  new code";
    TRY_AGAIN = "Enter  try again";
    WITH_CODE = "c  sign in with a code";
    EDIT_ADDRESS = "e  edit the address";
    WITH_PASSWORD = "p  sign in with a password";
    BACK_TO_START = "Esc  back to the start";
}
/// Beside a square.
pub const SCAN_OR_OPEN: &[&str] = &["On your phone: scan the square.", "Or open this page on any device:"];
/// Without one.
pub const OPEN_ANYWHERE: &[&str] = &["Open this page on any device:"];
/// The page is on this computer.
pub const OPEN_HERE: &[&str] = &["Press a: yes, from here. Or open this", "page, which only this computer can:"];
/// What the page must say.
pub const CHECK_PAGE: [&str; 2] = ["Check that the page says butty", "and asks for exactly this:"];
/// Where to keep the sign-in.
pub const KEEP_KEYS: [&str; 2] = ["f  in a file only you can read", "m  only until butty closes"];

/// Head of the sign-in screen.
pub fn sign_in_to(domain: &str) -> String {
    format!("Sign in to {domain}")
}

/// At its right.
pub fn step(number: u8) -> String {
    format!("step {number} of 3")
}

/// What is going on.
pub fn working(consent: &Consent) -> String {
    match consent {
        Consent::LookingUp { domain } => format!("Looking up {domain} …"),
        Consent::AskingForCode { host } => format!("Asking {host} for a code …"),
        Consent::Unreachable { host, .. } => cannot_reach(host.as_str()),
        Consent::Granted { .. } => "Thank you. Signing in …".to_owned(),
        _ => "Waiting for the service …".to_owned(),
    }
}

/// After the person said yes.
pub fn thank_you(address: &str) -> String {
    format!("✓ Thank you. Signing in as {address} …")
}

/// With a password.
pub fn signing_in_as(address: &str) -> String {
    format!("Signing in as {address} …")
}

/// The service would also do without a password.
pub fn also_offers_code(domain: &str) -> String {
    format!("{domain} also lets you sign in with a code (recommended): Esc, then 2.")
}

/// Accounts known on this computer.
pub fn known_accounts(list: &str) -> String {
    format!("Known here: {list}")
}

/// The code is on the screen.
pub fn waiting(left: &str) -> String {
    format!("Waiting for you …  {left} left")
}

/// The sign-in service is out of reach.
pub fn cannot_reach(host: &str) -> String {
    format!("! Cannot reach {host} now. Your code still works.")
}

/// And when it is tried again.
pub fn trying_again(seconds: u64, left: &str) -> String {
    format!("  Trying again in {seconds} s … ({left} left on the code)")
}

/// A slower pace was asked for.
pub fn asked_to_slow(service: &str) -> String {
    format!("  {service} asked butty to check less often.")
}

/// And is kept.
pub fn now_every(seconds: u64) -> String {
    format!("  Now checking every {seconds} s. Nothing to do for you.")
}

/// The square does not fit.
pub fn square_needs(columns: u16, rows: u16) -> String {
    format!("The square needs a terminal of {columns}x{rows}. The code is:")
}

/// A scope in words: what the page asks for, or what "butty may now" do.
pub fn scope(raw: &str, granted: bool) -> String {
    let known = match raw {
        "xmpp" | "wl.messenger" | "xmpp:c2s" => "chat as you",
        "openid" | "profile" | "email" | "wl.basic" | "wl.signin" | "wl.emails" if granted => {
            "see your name and picture"
        }
        "openid" | "profile" | "email" | "wl.basic" | "wl.signin" | "wl.emails" => "your name and picture",
        "offline_access" | "wl.offline_access" => "stay signed in",
        "wl.contacts" | "wl.contacts_emails" | "contacts" => "see your address book",
        "prosody:user" => "look after your own account",
        other => return format!("something more, called “{other}”"),
    };
    known.to_owned()
}

/// Title of the box that says why a sign-in ended.
pub fn failed_title(problem: &Problem) -> &'static str {
    match problem {
        Problem::SignInDenied { .. } => "Sign-in was refused",
        Problem::CodeExpired { .. } => "The code has run out",
        _ => "Not signed in",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_follow_the_rule() {
        assert!(not_sent_yet(1).starts_with("1 message has not") && not_sent_yet(2).starts_with("2 messages have not"));
        assert_eq!((chats(1), chats(3)), ("1 chat".to_owned(), "3 chats".to_owned()));
        assert_eq!(more_lines(1), "… 1 more line …");
    }

    #[test]
    fn scopes_are_sentences_and_unknown_ones_are_not_hidden() {
        assert_eq!(scope("wl.messenger", false), "chat as you");
        assert_eq!(scope("openid", true), "see your name and picture");
        assert!(scope("admin:all", true).contains("admin:all"));
    }

    #[test]
    fn in_the_middle_of_a_line_only_not_loses_its_capital() {
        assert_eq!(in_line("Not sent: no answer from the server."), "not sent: no answer from the server.");
        assert_eq!(in_line("Dad's server is gone."), "Dad's server is gone.");
    }
}
