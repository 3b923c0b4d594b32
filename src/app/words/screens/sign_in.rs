//! The words of the welcome screen and of the sign-in screens.

use crate::app::event::Consent;
use crate::types::Problem;

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
    ALL_THE_SAME = "w  sign in all the same, the weaker way";
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
