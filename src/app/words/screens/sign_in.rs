//! The words of the welcome screen and of the sign-in screens.

use crate::app::event::{Consent, Fallback, Outlook, PasteFault};
use crate::oauth::scopes::{self, Access, Resource};
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
    CHAT_ONLY_HINT = "butty asks for chatting alone. When the sign-in ends, often after an hour, you sign in again.";
    DEMO_HINT = "Nothing typed means the built-in demo: Enter starts it.";
    DEMO_SAMPLE = "the built-in demo";
    PASSWORD_HINT = "The password goes to your server alone, over an encrypted link.";
    ADDRESS = "Address";
    PASSWORD = "Password";
    ADDRESS_SAMPLE = "name@example.org";
    KEEP_SIGNED_IN = "keep me signed in";
    MESSENGER_CLOSED = "Microsoft's own Messenger service has closed. This profile talks to servers that speak the same XMPP dialect, such as the built-in demo.";
    FORM_HINTS = "Enter go on · Tab next field · Space tick";
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
    ASK_LESS = "l less";
    ASK_MORE = "l more";
    LEAVES_OUT = "l leaves it out";
    SWAP_SQUARE = "i swap dark and light";
    DEMO_ANSWER = "a answer Yes from here · x answer No";
    WAITING_TITLE = "Waiting for you";
    GO_ON = "  You can go on in the browser meanwhile.";
    UNREACHABLE_KEYS = "  r  try now      d  run the doctor      Esc  cancel";
    PAGE_LABEL = "Page";
    CODE_LABEL = "Code";
    NO_SQUARE = "This address is too long for a square.";
    KEEP_TITLE = "Keep the sign-in?";
    REVIEW_TITLE = "You are signed in";
    REVIEW_FOOT = "Enter open my buddies · s sign out";
    NEW_CODE = "n  new code";
    KEEP_SECOND = "k  keep as a second account";
    NEW_TRY = "n  try again";
    ASK_AGAIN = "n  ask again";
    TRY_AGAIN = "Enter  try again";
    ALL_THE_SAME = "w  sign in all the same, the weaker way";
    WITH_CODE = "c  sign in with a code";
    EDIT_ADDRESS = "e  edit the address";
    RUN_DOCTOR = "d  run the doctor";
    WITH_PASSWORD = "p  sign in with a password";
    TURN_ON = "w  how to turn it on (for its operator)";
    TURN_ON_TITLE = "How to turn it on";
    TURN_ON_MORE = "What is missing then is in the README of butty, under “For operators”.";
    BACK_TO_START = "Esc  back to the start";
    CODE_IS_GOOD = "the code is good for";
    PAGE_IS_GOOD = "the address is good for";
    NO_BROWSER = "No browser could be opened here.";
    COMES_BACK_OR_PASTE = "The browser of this computer brings the answer back by itself. Elsewhere it ends on a page that does not load:\ncopy the whole address of that page, paste it here and press Enter.";
    PASTE_HERE = "The browser ends on a page that may not load: copy the whole address of that page, paste it here and press Enter.";
    ANSWER = "Answer";
    ANSWER_HINTS = "Enter send it · Tab back to the keys";
    PASTE_ANSWER = "p paste the answer";
    PHISHING_PAGE_SCREEN = "Somebody sent you this address? Stop: press Esc. Only you should ask for it.";
    PHISHING_PAGE = "Somebody sent you this address? Stop: only you should ask for it.";
}
/// What a lasting sign-in is called.
pub const STAY: &str = "stay signed in";
/// Beside a square.
pub const SCAN_OR_OPEN: &[&str] = &["On your phone: scan the square.", "Or open this page on any device:"];
/// Without one.
pub const OPEN_ANYWHERE: &[&str] = &["Open this page on any device:"];
/// The page is on this computer.
pub const OPEN_HERE: &[&str] = &["Press a: yes, from here. Or open this", "page, which only this computer can:"];
/// What the page must say.
pub const CHECK_PAGE: [&str; 2] = ["Check that the page says butty", "and asks for exactly this:"];
/// No keyring took the sign-in.
pub fn keep_question(problem: Option<&Problem>) -> String {
    let why = match problem {
        Some(Problem::KeyringLocked) => "The keyring of this computer is locked.".to_owned(),
        Some(problem @ Problem::TokenNotKept { .. }) => {
            let said = crate::app::words::problem(problem);
            [said.what, said.why.unwrap_or_default()].join(" ")
        }
        _ => "No keyring answers on this computer.".to_owned(),
    };
    format!("{why} Keep the sign-in in a file only you can read, or only until butty closes?")
}
/// A locked one may yet be opened.
pub const UNLOCK_KEY: &str = "u  unlock it and try again";
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
        Consent::SteppingDown { domain, to } => stepping_down(domain.as_str(), *to),
        Consent::Unreachable { host, .. } => broke_off(host.as_str()),
        Consent::AnswerLost { host } => answer_lost(host.as_str()),
        Consent::Granted { .. } => "Thank you. Signing in …".to_owned(),
        _ => "Waiting for the service …".to_owned(),
    }
}

/// The service lacks the better way, and what comes instead.
pub fn stepping_down(domain: &str, to: Fallback) -> String {
    match to {
        Fallback::Page => format!("{domain} has no sign-in with a code. A page in your browser does it instead."),
        Fallback::Password => format!("{domain} has no sign-in on a web page. It wants your password instead."),
    }
}

/// How to come to the page.
pub fn open_page(by_key: bool) -> &'static str {
    if by_key {
        "Press b to open this page in your browser, or open it yourself:"
    } else {
        "Open this page in a browser:"
    }
}

/// What the browser must show.
pub fn check_page_of(host: &str, asks: &str) -> String {
    let asks = if asks.is_empty() { String::new() } else { format!(" and asks for exactly this: {asks}") };
    format!("Check that the browser shows {host}{asks}.")
}

/// How the answer comes back. `here`: by itself, to this computer.
pub fn agree_there(here: bool) -> &'static str {
    if here {
        "Agree there: this screen goes on by itself. On another computer the browser ends on a page that does not load: \
         paste its address here."
    } else {
        "Agree there. The browser ends on a page that does not load: copy its whole address and paste it here."
    }
}

/// What the person must know before agreeing, where the sign-in will not last; nothing where it will.
pub fn outlook(outlook: Outlook) -> Option<&'static str> {
    match outlook {
        Outlook::Lasting => None,
        Outlook::Unasked => Some("Not asked for: to stay signed in. When this sign-in ends, you sign in again."),
        Outlook::Never => Some("This service renews no sign-in: when it ends, you sign in again."),
    }
}

/// The key that begins again after this.
pub fn once_more(problem: &Problem) -> &'static str {
    match problem {
        Problem::ChatNotGranted { .. } => ASK_AGAIN,
        Problem::SignInDenied { .. }
        | Problem::CodeExpired { .. }
        | Problem::OtherPerson { .. }
        | Problem::SignInExpired { .. }
        | Problem::SignInNeeded { .. }
        | Problem::TokenRefused { .. }
        | Problem::SignedOutElsewhere { .. }
        | Problem::NoPendingSignIn { .. } => NEW_CODE,
        _ => NEW_TRY,
    }
}

/// Why whoever came back is not kept as a second account.
pub fn has_account(address: &str) -> String {
    format!("{address} is an account here already.")
}

/// The key that asks for a smaller set after this.
pub fn ask_less(problem: &Problem) -> &'static str {
    match problem {
        Problem::SignInDenied { .. } => "l  ask for less: without staying signed in",
        _ => "l  ask again without that",
    }
}

/// What was pasted is not the answer.
pub fn paste_fault(fault: PasteFault) -> &'static str {
    match fault {
        PasteFault::NoAddress => "That is no address. Copy the whole line at the top of the browser.",
        PasteFault::OtherPage => {
            "That is another page. Copy the address after you agreed, when the page does not load."
        }
        PasteFault::NoAnswer => "That address is cut off: the part with the answer is missing. Copy all of it.",
        PasteFault::OtherSignIn => {
            "That is the answer to another sign-in. Open the address that stands here, and try again."
        }
    }
}

/// How a parked sign-in goes on.
pub fn go_on_with(address: &str, store: &str) -> String {
    format!("Go on with: butty login {address} --resume{store}")
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

/// To whoever runs a service without codes.
pub fn turn_on(domain: &str) -> String {
    format!(
        "Whoever runs {domain} can offer sign-in with a code. Prosody 13 does, with mod_http_oauth2 and these lines:"
    )
}

/// Of Prosody's own config.
pub const TURN_ON_LINES: [&str; 5] = [
    "modules_enabled = { \"http_oauth2\" }",
    "oauth2_registration_key = \"a random text\"",
    "allowed_oauth2_grant_types = {",
    "  \"authorization_code\"; \"device_code\";",
    "  \"refresh_token\" }",
];

/// The code is on the screen.
pub fn waiting(left: &str) -> String {
    format!("Waiting for you …  {left} left")
}

/// The sign-in service is out of reach.
pub fn cannot_reach(host: &str) -> String {
    format!("! Cannot reach {host} now. Your code still works.")
}

/// A connection of a sign-in ended before its time; it is made anew.
pub fn broke_off(host: &str) -> String {
    format!("The connection to {host} broke off. Trying again …")
}

/// What was agreed to did not arrive; the service gives it once.
pub fn answer_lost(host: &str) -> String {
    format!("Your yes got lost: the connection to {host} broke off. It takes a new code, please say yes to that.")
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

/// A scope in words: what the page asks for, or what "butty may now" do. Reading and changing are told apart, and what
/// other people would see.
pub fn scope(raw: &str, granted: bool) -> String {
    let Some(scope) = scopes::known(raw) else { return format!("something more, called “{raw}”") };
    let things = match scope.resource {
        Resource::Chat => return "chat as you".to_owned(),
        Resource::Stay => return STAY.to_owned(),
        Resource::Status => return "post in your name (others will see it)".to_owned(),
        Resource::Identity => "your name and picture",
        Resource::Profile => "your profile",
        Resource::Emails => "your e-mail addresses",
        Resource::Phones => "your telephone numbers",
        Resource::PostalAddresses => "your postal addresses",
        Resource::Birthday => "your birthday",
        Resource::Work => "where you work and learn",
        Resource::Contacts => "your address book",
        Resource::ContactsBirthdays => "the birthdays of people you know",
        Resource::Photos => "your photos and videos",
        Resource::ContactsPhotos => "photos of people you know",
        Resource::Files => "your files",
        Resource::ContactsFiles => "files that people share with you",
        Resource::Calendars => "your calendars",
        Resource::ContactsCalendars => "calendars of people you know",
        Resource::Activities => "what you do and post",
        Resource::Account => "the settings of your account",
    };
    let others = if scope.others_see() { " (others will see it)" } else { "" };
    match scope.access {
        Access::Read if granted => format!("see {things}"),
        Access::Read => things.to_owned(),
        Access::Write => format!("see and change {things}{others}"),
    }
}

/// Whether a scope reads, or reads and changes; nothing where its meaning is not known.
pub fn access(raw: &str) -> &'static str {
    match scopes::known(raw).map(|scope| scope.access) {
        Some(Access::Read) => "read",
        Some(Access::Write) => "read and write",
        None => "",
    }
}

/// Title of the box that says why a sign-in ended.
pub fn failed_title(problem: &Problem) -> &'static str {
    match problem {
        Problem::SignInDenied { .. } => "Sign-in was refused",
        Problem::CodeExpired { .. } => "The code has run out",
        Problem::AnswerLost { .. } => "The answer got lost",
        Problem::ScopeRefused { .. } => "Less than asked for",
        _ => "Not signed in",
    }
}
