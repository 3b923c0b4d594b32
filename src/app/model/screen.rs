//! Where the person is looking: screens, what lies over them, the list.

use super::find::Find;
use super::message::ConversationKey;
use crate::app::composer::Composer;
use crate::app::event::{BrowserPrompt, CodePrompt, Consent, Fallback, PasteFault};
use crate::app::list::Row;
use crate::oauth::{Asking, Farewelled};
use crate::types::{AccountId, BareJid, Line, MessageKey, Problem};
use crate::xmpp::Elsewhere;
use std::collections::BTreeSet;
use std::time::Duration;

/// Which place takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Focus {
    /// The box where one writes (or nothing, when no talk is open).
    #[default]
    Composer,
    /// A message is selected.
    Messages,
    /// The buddy list.
    List,
}

/// The whole-screen place.
#[derive(Clone, Debug)]
pub enum Screen {
    /// No account yet.
    Welcome(Welcome),
    /// Signing in.
    SignIn(Box<SignInScreen>),
    /// Buddies and talks.
    Main,
}

/// The welcome screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    /// Highlighted row, 0 to 3.
    pub selected: usize,
    /// The row has been highlighted since (`Now::mono`): after two seconds the same command is named.
    pub since: Duration,
}

/// The sign-in screens (ux 1.3 and 1.1).
#[derive(Clone, Debug)]
pub struct SignInScreen {
    /// Which way in.
    pub way: SignInWay,
    /// Which step.
    pub step: SignInStep,
    /// The account being signed in; known after step 1.
    pub account: Option<AccountId>,
    /// The address field.
    pub address: Composer,
    /// The password field.
    pub password: Composer,
    /// The field for the address that a browser ended on.
    pub pasted: Composer,
    /// Scopes that the last code or page asked for, raw.
    pub asked: Vec<Line>,
    /// What the sign-in had to step down to, for the line that says so.
    pub stepped_down: Option<Fallback>,
    /// What a sign-in with a code or on a page asks for.
    pub asking: Asking,
    /// Another code was asked for, and this stands until it is there: what this one asked for.
    pub instead_of: Option<Asking>,
    /// Show the password (Ctrl+R).
    pub reveal: bool,
    /// Keep the sign-in after butty closes.
    pub keep: bool,
    /// Which field or button has the cursor.
    pub field: usize,
    /// What is wrong with what was typed.
    pub complaint: Option<Problem>,
    /// How often the connection broke off since the person did the last step.
    pub broke_off: u8,
    /// Where an answer got lost: the next code has to say why it is there.
    pub answer_lost: Option<Line>,
    /// The square alone on the screen.
    pub big_square: bool,
    /// Dark and light swapped.
    pub invert: bool,
    /// The person asked how the operator of the service can mend it ([`is_for_operator`](Self::is_for_operator)).
    pub for_operator: bool,
    /// Raw scope names are shown.
    pub raw_scopes: bool,
    /// What was last copied, for the line that says so.
    pub copied: Option<&'static str>,
    /// Where Esc goes: true, back to the main screen (an account exists already).
    pub from_main: bool,
    /// Whether the account was wanted online before this sign-in began, if there was one: given up, it goes on so.
    pub resumes: Option<bool>,
}

/// The ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInWay {
    /// A code on a web page.
    Code,
    /// Name and password.
    Password,
    /// A Messenger-style service: a code, and a server to name.
    Messenger,
}

/// The steps of a sign-in.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum SignInStep {
    /// "Where is your account?"
    Where,
    /// The system keyring is not usable: file or memory?
    AskKeep,
    /// Something is going on; the last fact says what.
    Working(Consent),
    /// The code is on the screen. `trouble`: unreachable or slowed down.
    Code { prompt: Box<CodePrompt>, trouble: Option<Consent> },
    /// The page's address is on the screen. `fault`: what was pasted is not its answer.
    Browser { prompt: Box<BrowserPrompt>, fault: Option<PasteFault> },
    /// Granted; the session is being opened.
    Opening,
    /// What was agreed to.
    Review { scopes: Vec<Line> },
    /// It ended without a sign-in.
    Failed(Problem),
}

/// What lies over the screen.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the nouns of what their variant says")]
pub enum Overlay {
    /// Ctrl+K.
    GoTo(Picker),
    /// `/` or Ctrl+P.
    Palette(Picker),
    /// F1: `all` shows every place.
    Help { filter: Composer, selected: usize, all: bool },
    /// Ctrl+F: a line at the foot, or a list of what was found everywhere.
    Find(Box<Find>),
    /// Alt+S.
    Status { selected: usize, message: Composer, editing: bool },
    /// Answer to a subscription request.
    Request { account: AccountId, from: BareJid },
    /// F4.
    Card(ConversationKey),
    /// The talk alone, for selecting and copying with the terminal's own means (F9).
    Bare,
    /// `i`: what is known about a message.
    Info { talk: ConversationKey, message: MessageKey },
    /// `/account`: what was agreed to, and where it is kept. `raw`: by the names that the service uses.
    Account { account: AccountId, raw: bool },
    /// `.` in the list: what can be done with somebody there.
    Menu { key: ConversationKey, selected: usize, step: MenuStep },
    /// Sign out?
    SignOut(SignOutBox),
    /// Take back what was agreed to, and keep everything else?
    TakeBack { account: AccountId },
    /// Agree once more, for display pictures?
    AgreeAgain { account: AccountId },
    /// Signed out here, and the service does not know it yet, or never will; or not everywhere as was wished; or the browser
    /// is still signed in, which this page ends.
    SignedOut { domain: Line, told: Farewelled, elsewhere: Option<Elsewhere>, browser: Option<Line> },
    /// Send this many lines?
    PasteSend { lines: usize },
    /// Quit although something is pending?
    Quit { pending: usize },
    /// A problem that needs a look.
    Trouble(Problem),
    /// Send this in the clear although the talk was encrypted?
    PlainReply,
    /// Add a buddy: address field, and a complaint.
    Add { account: AccountId, address: Composer, complaint: Option<Problem> },
}

/// The question whether to sign out, with what can be ticked.
#[derive(Clone, Debug)]
pub struct SignOutBox {
    /// Of which account.
    pub account: AccountId,
    /// Delete the messages kept here too.
    pub forget: bool,
    /// Sign out everywhere.
    pub everywhere: bool,
    /// The row that Space ticks, counted from 0.
    pub selected: usize,
    /// How many messages are kept here, once counted.
    pub kept: Option<u64>,
    /// Messages that would be lost.
    pub pending: usize,
}

impl SignOutBox {
    /// Rows that can be ticked.
    pub const ROWS: usize = 2;

    /// Ticks the row, or takes the tick away.
    pub fn tick(&mut self, row: usize) {
        self.selected = row;
        match row {
            0 => self.forget = !self.forget,
            _ => self.everywhere = !self.everywhere,
        }
    }
}

/// Where the menu of the list stands.
#[derive(Clone, Debug, Default)]
pub enum MenuStep {
    /// Which row?
    #[default]
    Choose,
    /// Which name?
    Name(Composer),
    /// Which group?
    Group(Composer),
    /// Really off the list?
    Remove,
}

/// A filtered list with a selection.
#[derive(Clone, Debug, Default)]
pub struct Picker {
    /// What was typed.
    pub filter: Composer,
    /// Selected row.
    pub selected: usize,
    /// Talks in order of last use when it was opened, for the empty filter.
    pub recent: Vec<ConversationKey>,
}

/// The buddy list's own state.
#[derive(Clone, Debug, Default)]
pub struct ListState {
    /// Selected row of `list::rows`.
    pub selected: usize,
    /// "Type to find a buddy".
    pub filter: String,
    /// Folded groups, by name; `(offline)` is the fold at the end.
    pub folded: BTreeSet<String>,
    /// The list is hidden (F2).
    pub hidden: bool,
    /// The order, frozen while the list has the focus.
    pub frozen: Option<Vec<ConversationKey>>,
    /// First visible row.
    pub top: usize,
    /// The rows as they stood when the list got the focus: nothing moves under the finger.
    pub held: Option<Held>,
}

/// Rows held still, and for which filter and folds they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The rows.
    pub rows: Vec<Row>,
    /// `ListState::filter` then.
    pub filter: String,
    /// `ListState::folded` then.
    pub folded: BTreeSet<String>,
}

/// A passing line in the status bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says: a sentence of `words`.
    pub text: String,
    /// Until when (`Now::mono`).
    pub until: Duration,
}
