//! Keys of the welcome screen and of the sign-in screens (ux 1.1 and 1.3).

use crate::app::action::{self, Effects, Place, edit, go};
use crate::app::effect::{Effect, LinkCommand};
use crate::app::event::{Keep, Key, KeyCode};
use crate::app::keymap;
use crate::app::model::{Model, Screen, SignInScreen, SignInStep, SignInWay, Welcome};
use crate::app::update::overlay;
use crate::app::words::toasts;
use crate::types::Problem;

/// Actions that work on these screens too.
const EVERYWHERE: [&str; 6] = ["help", "palette", "redraw", "quit", "interrupt", "back"];

/// A key on the welcome screen or on a sign-in screen.
pub fn on_key(model: &mut Model, key: Key, fx: &mut Effects) {
    let global = keymap::action(&model.options, Place::Global, key).filter(|action| EVERYWHERE.contains(&action.id));
    if let Some(action) = global {
        return action::run(model, action, "", fx);
    }
    match &model.screen {
        Screen::Welcome(_) => welcome_key(model, key, fx),
        Screen::SignIn(screen) if matches!(screen.step, SignInStep::Where) => form_key(model, key, fx),
        Screen::SignIn(screen) if is_answering(screen) => answer_key(model, key, fx),
        Screen::SignIn(_) => step_key(model, key, fx),
        Screen::Main => {}
    }
}

/// One step back: the big square, or what is for the operator, then the sign-in itself.
pub fn back(model: &mut Model, fx: &mut Effects) {
    let Screen::SignIn(screen) = &mut model.screen else { return };
    if screen.big_square {
        screen.big_square = false;
    } else if screen.is_for_operator() {
        screen.for_operator = false;
    } else if is_answering(screen) {
        screen.field = 0;
    } else if matches!(screen.step, SignInStep::Review { .. }) {
        model.finish_sign_in(fx);
    } else if matches!(screen.step, SignInStep::AskKeep) {
        ask_where_again(model, fx);
    } else {
        screen.password.wipe();
        model.cancel_sign_in(fx);
    }
}

/// Ctrl+C: empties the field, then gives the sign-in up. False on the welcome screen, where there is nothing to end.
pub fn interrupt(model: &mut Model, fx: &mut Effects) -> bool {
    let Screen::SignIn(screen) = &mut model.screen else { return false };
    match field(screen).filter(|field| !field.is_empty()) {
        Some(field) => field.clear(),
        None => back(model, fx),
    }
    true
}

/// The four rows of the welcome screen.
pub fn choose(model: &mut Model, row: usize, fx: &mut Effects) {
    match row {
        0 => fx.push(Effect::StartDemo),
        1 => model.show_sign_in(SignInWay::Code, ""),
        2 => model.show_sign_in(SignInWay::Password, ""),
        3 => model.show_sign_in(SignInWay::Messenger, ""),
        _ => {}
    }
}

fn welcome_key(model: &mut Model, key: Key, fx: &mut Effects) {
    let Screen::Welcome(Welcome { selected, since }) = &mut model.screen else { return };
    let row = match key.code {
        KeyCode::Up => selected.saturating_sub(1),
        KeyCode::Down => (*selected + 1).min(3),
        KeyCode::Home | KeyCode::PageUp => 0,
        KeyCode::End | KeyCode::PageDown => 3,
        KeyCode::Enter => {
            let row = *selected;
            return choose(model, row, fx);
        }
        KeyCode::Char('/') => return go::palette(model),
        KeyCode::Char('?') => return go::help(model, "", false),
        KeyCode::Char(c @ '1'..='4') => {
            let row = usize::try_from(u32::from(c).saturating_sub(u32::from('1'))).unwrap_or(0);
            *selected = row;
            return choose(model, row, fx);
        }
        _ => return,
    };
    if row != *selected {
        *selected = row;
        *since = model.now.mono;
    }
}

/// How many places of the first step take the cursor.
fn fields(screen: &SignInScreen) -> usize {
    if screen.way == SignInWay::Password { 3 } else { 2 }
}

/// The text field with the cursor, if there is one.
pub(in crate::app) fn field(screen: &mut SignInScreen) -> Option<&mut crate::app::composer::Composer> {
    match (&screen.step, screen.field) {
        (SignInStep::Where, 0) => Some(&mut screen.address),
        (SignInStep::Where, 1) if screen.way == SignInWay::Password => Some(&mut screen.password),
        (SignInStep::Browser { .. }, 1) => Some(&mut screen.pasted),
        _ => None,
    }
}

/// The cursor stands in the field for the page's answer.
fn is_answering(screen: &SignInScreen) -> bool {
    matches!(screen.step, SignInStep::Browser { .. }) && screen.field == 1
}

/// A key in the field for the page's answer.
fn answer_key(model: &mut Model, key: Key, fx: &mut Effects) {
    match key.code {
        KeyCode::Enter => model.give_answer(fx),
        KeyCode::Tab | KeyCode::BackTab => {
            let Screen::SignIn(screen) = &mut model.screen else { return };
            screen.field = 0;
        }
        _ => {
            let Screen::SignIn(screen) = &mut model.screen else { return };
            // It holds a code that is worth a sign-in.
            let mut apart = String::new();
            edit::field_key(&model.options, &mut screen.pasted, key, &mut apart);
            zeroize::Zeroize::zeroize(&mut apart);
        }
    }
}

/// The form. Ctrl+R shows the password, Ctrl+O is the other way in for the same address.
fn form_key(model: &mut Model, key: Key, fx: &mut Effects) {
    let Screen::SignIn(screen) = &mut model.screen else { return };
    let count = fields(screen);
    match key.code {
        KeyCode::Tab | KeyCode::Down => screen.field = (screen.field + 1) % count,
        KeyCode::BackTab | KeyCode::Up => screen.field = (screen.field + count - 1) % count,
        KeyCode::Char('r') if key.ctrl => screen.reveal = !screen.reveal,
        KeyCode::Char('o') if key.ctrl => match screen.way {
            SignInWay::Code => first_step(screen, SignInWay::Password, 1),
            SignInWay::Password => first_step(screen, SignInWay::Code, 0),
            SignInWay::Messenger => {}
        },
        KeyCode::Char(' ') if screen.field == 2 => screen.keep = !screen.keep,
        KeyCode::Char(' ') if screen.field == 1 && screen.way != SignInWay::Password => {
            screen.asking = screen.asking.other();
        }
        KeyCode::Enter => submit(model, fx),
        _ => {
            let secret = screen.field == 1;
            screen.complaint = None;
            // What was deleted from a password must not come back elsewhere.
            let mut apart = String::new();
            let killed = if secret { &mut apart } else { &mut model.killed };
            if let Some(field) = field(screen) {
                edit::field_key(&model.options, field, key, killed);
            }
            zeroize::Zeroize::zeroize(&mut apart);
        }
    }
}

/// Enter in the form: on to the password while it is empty, else begin.
fn submit(model: &mut Model, fx: &mut Effects) {
    let Screen::SignIn(screen) = &mut model.screen else { return };
    if screen.way == SignInWay::Password && screen.field == 0 && screen.password.is_empty() {
        screen.field = 1;
        return;
    }
    if offers_demo(screen) && screen.address.is_empty() {
        return fx.push(Effect::StartDemo);
    }
    begin(model, fx);
}

/// An empty field means the built-in demo: the one Messenger service that everybody has. It is left for, so not where
/// there is something to leave.
pub fn offers_demo(screen: &SignInScreen) -> bool {
    screen.way == SignInWay::Messenger && !screen.from_main
}

/// Begins, or begins again, with the address in the field.
fn begin(model: &mut Model, fx: &mut Effects) {
    let Screen::SignIn(screen) = &model.screen else { return };
    let (way, address) = (screen.way, screen.address.text().trim().to_owned());
    if let Err(problem) = model.start_sign_in(way, &address, fx)
        && let Screen::SignIn(screen) = &mut model.screen
    {
        screen.step = SignInStep::Where;
        screen.field = 0;
        screen.complaint = Some(problem);
    }
}

/// A key on any later step.
fn step_key(model: &mut Model, key: Key, fx: &mut Effects) {
    if overlay::scrolls(model, key) {
        return;
    }
    let Screen::SignIn(screen) = &mut model.screen else { return };
    let letter = match key.code {
        KeyCode::Char(c) if !key.ctrl && !key.alt => c.to_ascii_lowercase(),
        KeyCode::Enter => '\n',
        KeyCode::Tab => '\t',
        _ => return,
    };
    match &screen.step {
        SignInStep::AskKeep => match letter {
            'f' => model.choose_keep(Keep::File, fx),
            'm' => model.choose_keep(Keep::Memory, fx),
            'u' if screen.complaint == Some(Problem::KeyringLocked) => model.choose_keep(Keep::Keyring, fx),
            _ => {}
        },
        SignInStep::Code { .. } => code_key(model, letter, fx),
        SignInStep::Browser { .. } => browser_key(model, letter, fx),
        SignInStep::Review { .. } => match letter {
            '\n' => model.finish_sign_in(fx),
            'i' => screen.raw_scopes = !screen.raw_scopes,
            's' => {
                if let Some(account) = screen.account.clone() {
                    model.ask_sign_out(&account, fx);
                }
            }
            _ => {}
        },
        // Its keys are those of the box below.
        SignInStep::Failed(_) if screen.is_for_operator() => {}
        SignInStep::Failed(problem) => {
            let problem = problem.clone();
            failed_key(model, &problem, letter, fx);
        }
        SignInStep::Where | SignInStep::Working(_) | SignInStep::Opening => {}
    }
}

fn code_key(model: &mut Model, letter: char, fx: &mut Effects) {
    let ssh = model.options.over_ssh;
    let Screen::SignIn(screen) = &mut model.screen else { return };
    let SignInStep::Code { prompt, trouble } = &screen.step else { return };
    match letter {
        'b' if model.options.can_open_browser && !ssh => {
            let page = prompt.complete.as_ref().unwrap_or(&prompt.address);
            fx.push(Effect::OpenUrl(page.as_str().to_owned()));
        }
        'c' => {
            // Spaced on the screen, but never in what is copied.
            let code: String = prompt.code.as_str().chars().filter(|c| !c.is_whitespace()).collect();
            fx.push(Effect::Clipboard(code));
            screen.copied = Some(toasts::code_copied(ssh));
        }
        'u' => {
            fx.push(Effect::Clipboard(prompt.address.as_str().to_owned()));
            screen.copied = Some(toasts::address_copied(ssh));
        }
        'q' => screen.big_square = !screen.big_square,
        'l' => {
            let outlook = prompt.outlook;
            model.ask_for_other(outlook, fx);
        }
        'i' => screen.invert = !screen.invert,
        'r' if trouble.is_some() => model.poll_now(fx),
        'd' if trouble.is_some() => model.toast(toasts::DOCTOR),
        'a' | 'x' if model.options.demo => fx.push(Effect::DemoAnswer(letter == 'a')),
        _ => {}
    }
}

fn browser_key(model: &mut Model, letter: char, fx: &mut Effects) {
    let ssh = model.options.over_ssh;
    let Screen::SignIn(screen) = &mut model.screen else { return };
    let SignInStep::Browser { prompt, .. } = &screen.step else { return };
    match letter {
        'b' if model.options.can_open_browser && !ssh => fx.push(Effect::OpenUrl(prompt.address.clone())),
        'u' => {
            fx.push(Effect::Clipboard(prompt.address.clone()));
            screen.copied = Some(toasts::address_copied(ssh));
        }
        'p' | '\t' | '\n' => screen.field = 1,
        'l' => {
            let outlook = prompt.outlook;
            model.ask_for_other(outlook, fx);
        }
        'a' | 'x' if model.options.demo => fx.push(Effect::DemoAnswer(letter == 'a')),
        _ => {}
    }
}

/// The keys of the little box that says why it ended.
fn failed_key(model: &mut Model, problem: &Problem, letter: char, fx: &mut Effects) {
    let Screen::SignIn(screen) = &mut model.screen else { return };
    let way = screen.way;
    match letter {
        'w' if matches!(problem, Problem::WeakerSignIn { .. }) => {
            if let Some(id) = screen.account.clone() {
                model.accept_weaker(&id, fx);
            }
        }
        'w' if way == SignInWay::Code && matches!(problem, Problem::NoDeviceSignIn { .. }) => {
            screen.for_operator = true;
        }
        'k' if way != SignInWay::Password => model.keep_second(problem, fx),
        'l' if way != SignInWay::Password => {
            if let Some(less) = Model::less_to_ask(screen, problem) {
                model.ask_for_less(less, fx);
            }
        }
        'n' if way != SignInWay::Password => begin(model, fx),
        '\n' if way != SignInWay::Password && !is_for_good(problem) => begin(model, fx),
        'p' if way == SignInWay::Password || (way == SignInWay::Code && password_may_help(problem)) => {
            first_step(screen, SignInWay::Password, 1);
        }
        '\n' | 'e' => first_step(screen, way, usize::from(way == SignInWay::Password && letter == '\n')),
        'c' if way == SignInWay::Password => {
            first_step(screen, SignInWay::Code, 0);
            begin(model, fx);
        }
        'd' => model.toast(toasts::DOCTOR),
        _ => {}
    }
}

/// A password instead may lead on: the way to the server is whole, nobody stands in it, and the account is open.
pub fn password_may_help(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::NoDeviceSignIn { .. }
            | Problem::NoPageSignIn { .. }
            | Problem::SignInDenied { .. }
            | Problem::CodeExpired { .. }
            | Problem::ChatNotGranted { .. }
            | Problem::ScopeRefused { .. }
            | Problem::OAuthRefused { .. }
            | Problem::OAuthRubbish { .. }
            | Problem::NoIssuer { .. }
            | Problem::NoClient { .. }
            | Problem::NoMechanism { .. }
            | Problem::NoReturn { .. }
            | Problem::NoPendingSignIn { .. }
            | Problem::OtherPerson { .. }
            | Problem::OtherSignIn { .. }
            | Problem::SignInExpired { .. }
            | Problem::SignInNeeded { .. }
            | Problem::TokenUnusable { .. }
            | Problem::TokenRefused { .. }
            | Problem::SignedOutElsewhere { .. }
            | Problem::PasswordNeeded { .. }
            | Problem::WrongPassword { .. }
    )
}

/// Asking the same service again would end the same way.
pub fn is_for_good(problem: &Problem) -> bool {
    matches!(problem, Problem::NoDeviceSignIn { .. } | Problem::NoPageSignIn { .. } | Problem::ScopeRefused { .. })
}

/// From the question where to keep it, back to what was asked before. What was typed there is there still, save the
/// password, which has left the form.
fn ask_where_again(model: &mut Model, fx: &mut Effects) {
    let Screen::SignIn(screen) = &mut model.screen else { return };
    let way = screen.way;
    if let (true, Some(id)) = (screen.address.is_empty(), &screen.account) {
        screen.address.set_text(id.as_str());
    }
    first_step(screen, way, 0);
    let stopped = if way == SignInWay::Password { LinkCommand::Disconnect } else { LinkCommand::CancelSignIn };
    fx.extend(screen.account.iter().map(|id| Effect::Link(id.clone(), stopped.clone())));
}

/// Back to the form, with the address as it was typed.
fn first_step(screen: &mut SignInScreen, way: SignInWay, field: usize) {
    screen.way = way;
    screen.step = SignInStep::Where;
    screen.complaint = None;
    screen.stepped_down = None;
    screen.field = if screen.address.is_empty() { 0 } else { field };
    screen.password.wipe();
}
