//! The sign-in screens: where, waiting, the code, what was agreed to, what went wrong.

mod browser;
mod code;

use super::dialog::{self, Dialog, Line};
use super::facts;
use super::paint::Paint;
use super::text::{self, Piece};
use super::theme::{Role, Theme};
use super::view::View;
use crate::app::composer::Composer;
use crate::app::model::{Account, Model, SignInScreen, SignInStep, SignInWay};
use crate::app::update::key::sign_in::{is_for_good, offers_demo, password_may_help};
use crate::app::words::{self, screens};
use crate::types::Problem;
use ratatui::layout::Rect;

/// Where fields begin, behind their labels.
const FIELD_COLUMN: u16 = 10;

/// Draws it.
pub fn draw(model: &Model, screen: &SignInScreen, view: &mut View, area: Rect, paint: &mut Paint<'_>) {
    let body = bottom(model, &hints(model, screen), right_hint(screen), area, view, paint);
    let body = top(model, screen, body, paint);
    match &screen.step {
        SignInStep::Where => form(model, screen, body, paint),
        SignInStep::AskKeep => boxed(ask_keep(model, screen, body.width), body, paint),
        SignInStep::Working(consent) => {
            say(&[(screens::working(consent), Role::Text)], body, paint);
        }
        SignInStep::Code { prompt, trouble } => code::draw(model, screen, prompt, trouble.as_ref(), body, paint),
        SignInStep::Browser { prompt, fault } => browser::draw(model, screen, prompt, *fault, body, paint),
        SignInStep::Opening => opening(model, screen, body, paint),
        SignInStep::Review { .. } => boxed(review(model, screen, body.width), body, paint),
        SignInStep::Failed(Problem::NoDeviceSignIn { domain }) if screen.is_for_operator() => {
            boxed(for_operator(model, domain.as_str(), body.width), body, paint);
        }
        SignInStep::Failed(problem) => boxed(failed(model, screen, problem, body.width), body, paint),
    }
}

/// The foot of a whole screen: a rule, and hints left and right. The right ones are cut last. Returns what is above.
pub fn bottom(
    model: &Model,
    left: &str,
    right: &'static str,
    area: Rect,
    view: &mut View,
    paint: &mut Paint<'_>,
) -> Rect {
    if area.height < 8 {
        return area;
    }
    let y = area.bottom() - 1;
    let edge = area.right().saturating_sub(1);
    let narrow = area.width < 64;
    let right = if narrow { screens::shorter(right) } else { right };
    let start = paint.put_right(edge, y, right, Role::Hint);
    if let Some(before) = right.find('/') {
        let x = start + text::width(right.get(..before).unwrap_or(""));
        view.commands_hit = Some((y, x..x + 2 + text::width(screens::COMMANDS)));
    }
    let limit = start.saturating_sub(2);
    match model.toast.as_ref().filter(|toast| toast.until > model.now.mono) {
        Some(toast) => paint.put_fit(area.x + 1, y, limit, &toast.text, Role::Title),
        None => {
            paint.put(area.x + 1, y, limit, &whole_hints(left, limit.saturating_sub(area.x + 1), paint), Role::Hint)
        }
    };
    let ruled = area.height >= 10;
    if ruled {
        paint.rule(Rect::new(area.x, y - 1, area.width, 1), "", "", Role::Rule);
    }
    Rect { height: area.height - 1 - u16::from(ruled), ..area }
}

/// As many of the hints as fit, none of them cut.
fn whole_hints(hints: &str, columns: u16, paint: &Paint<'_>) -> String {
    let mut kept = String::new();
    for hint in hints.split(" · ") {
        let longer = if kept.is_empty() { hint.to_owned() } else { format!("{kept} · {hint}") };
        if paint.width(&longer) > columns {
            break;
        }
        kept = longer;
    }
    kept
}

/// The head: with whom, and which step. Returns what is below.
fn top(model: &Model, screen: &SignInScreen, area: Rect, paint: &mut Paint<'_>) -> Rect {
    if area.height < 6 {
        return area;
    }
    let domain = account(model, screen).map(|account| account.setup.domain.as_str());
    let title = match (domain, screen.way) {
        (Some(domain), _) => screens::sign_in_to(domain),
        (None, SignInWay::Code) => screens::SIGN_IN_CODE.to_owned(),
        (None, SignInWay::Password) => screens::SIGN_IN_PASSWORD.to_owned(),
        (None, SignInWay::Messenger) => screens::SIGN_IN_MESSENGER.to_owned(),
    };
    let step = if screen.way == SignInWay::Password { String::new() } else { screens::step(step_number(&screen.step)) };
    let limit = paint.put_right(area.right().saturating_sub(1), area.y, &step, Role::Dim).saturating_sub(1);
    paint.put_fit(area.x + 1, area.y, limit, &title, Role::Title);
    paint.rule(Rect::new(area.x, area.y + 1, area.width, 1), "", "", Role::Rule);
    Rect { y: area.y + 2, height: area.height - 2, ..area }
}

fn step_number(step: &SignInStep) -> u8 {
    match step {
        SignInStep::Where | SignInStep::AskKeep => 1,
        SignInStep::Working(_) | SignInStep::Code { .. } | SignInStep::Browser { .. } | SignInStep::Failed(_) => 2,
        SignInStep::Opening | SignInStep::Review { .. } => 3,
    }
}

fn account<'m>(model: &'m Model, screen: &SignInScreen) -> Option<&'m Account> {
    screen.account.as_ref().and_then(|id| facts::account(model, id))
}

fn hints(model: &Model, screen: &SignInScreen) -> String {
    let copied = screen.copied.map(str::to_owned);
    match &screen.step {
        SignInStep::Where if screen.way == SignInWay::Password => screens::FORM_HINTS_PASSWORD.to_owned(),
        SignInStep::Where => screens::FORM_HINTS.to_owned(),
        SignInStep::Code { prompt, .. } => copied.unwrap_or_else(|| code::hints(model, screen, prompt.outlook)),
        SignInStep::Browser { prompt, .. } => copied.unwrap_or_else(|| browser::hints(model, screen, prompt.outlook)),
        _ => String::new(),
    }
}

fn right_hint(screen: &SignInScreen) -> &'static str {
    match screen.step {
        SignInStep::Where | SignInStep::Failed(_) | SignInStep::AskKeep => screens::ESC_BACK,
        SignInStep::Review { .. } => "",
        _ => screens::ESC_CANCEL,
    }
}

/// Lines under one another, three columns in.
fn say(lines: &[(String, Role)], body: Rect, paint: &mut Paint<'_>) -> u16 {
    let mut y = body.y + u16::from(body.height > 4);
    for (words, role) in lines {
        let said = paint.theme.say(words).into_owned();
        for row in text::wrap(&said, &[], *role, body.width.saturating_sub(4).min(74)) {
            let mut x = body.x + 3;
            for piece in row.pieces {
                if y < body.bottom() {
                    x = paint.put(x, y, body.right(), &piece.text, piece.role);
                }
            }
            y += 1;
        }
    }
    y
}

fn boxed(mut dialog: Dialog, body: Rect, paint: &mut Paint<'_>) {
    dialog.width = dialog.width.min(body.width);
    dialog::show(&dialog, body, paint);
}

/// Step 1: the address, and for a password the password.
fn form(model: &Model, screen: &SignInScreen, body: Rect, paint: &mut Paint<'_>) {
    let mut lines = Vec::new();
    if screen.way == SignInWay::Messenger {
        lines.push((screens::MESSENGER_CLOSED.to_owned(), Role::Dim));
        lines.push((String::new(), Role::Text));
    }
    if let (Some(to), Some(account)) = (screen.stepped_down, account(model, screen)) {
        lines.push((screens::stepping_down(account.setup.domain.as_str(), to), Role::Text));
        lines.push((String::new(), Role::Text));
    }
    lines.push((screens::WHERE.to_owned(), Role::Title));
    let mut y = say(&lines, body, paint) + u16::from(body.height > 8);
    let fields = screen.way == SignInWay::Password;
    let label = if fields { screens::ADDRESS } else { "" };
    let sample = if offers_demo(screen) { screens::DEMO_SAMPLE } else { screens::ADDRESS_SAMPLE };
    y = field((label, sample), &screen.address, false, screen.field == 0, (body, y), paint);
    if !fields {
        y = tick(screen.asking.stays(), screens::STAY, screen.field == 1, (body, y), paint);
    }
    if fields {
        let label = (screens::PASSWORD, "");
        y = field(label, &screen.password, !screen.reveal, screen.field == 1, (body, y), paint);
        y = tick(screen.keep, screens::KEEP_SIGNED_IN, screen.field == 2, (body, y), paint);
    }
    let rest = Rect { y, height: body.bottom().saturating_sub(y), ..body };
    say(&below_form(model, screen), rest, paint);
}

/// A box to tick; returns the row below it.
fn tick(ticked: bool, words: &str, active: bool, (body, y): (Rect, u16), paint: &mut Paint<'_>) -> u16 {
    let x = body.x + 3;
    if y < body.bottom() {
        let tick = if ticked { "[x]" } else { "[ ]" };
        paint.put_fit(x, y, body.right(), &format!("{tick} {words}"), Role::Text);
        if active {
            paint.place_cursor(x + 1, y);
        }
    }
    y + 1
}

/// What is wrong with what was typed; else what may be typed, and what is known here.
fn below_form(model: &Model, screen: &SignInScreen) -> Vec<(String, Role)> {
    let mut lines = Vec::new();
    if let Some(problem) = &screen.complaint {
        let said = words::problem(problem);
        lines.push((format!("✗ {}", said.what), Role::Error));
        lines.extend(said.why.map(|why| (why, Role::Text)));
        lines.push((said.code.to_owned(), Role::Dim));
        return lines;
    }
    let hint = match screen.way {
        SignInWay::Password => screens::PASSWORD_HINT,
        SignInWay::Code | SignInWay::Messenger => screens::WHERE_HINT,
    };
    lines.push((hint.to_owned(), Role::Dim));
    if screen.way != SignInWay::Password && !screen.asking.stays() {
        lines.push((screens::CHAT_ONLY_HINT.to_owned(), Role::Warn));
    }
    if offers_demo(screen) {
        lines.push((screens::DEMO_HINT.to_owned(), Role::Dim));
    }
    let offers_code = account(model, screen).filter(|account| account.device_sign_in);
    if let Some(account) = offers_code.filter(|_| screen.way == SignInWay::Password) {
        lines.push((screens::also_offers_code(account.setup.domain.as_str()), Role::Text));
    }
    let known: Vec<&str> = model.accounts.iter().map(|account| account.setup.id.as_str()).collect();
    if !known.is_empty() && screen.account.is_none() {
        lines.push((String::new(), Role::Text));
        lines.push((screens::known_accounts(&known.join(", ")), Role::Dim));
    }
    lines
}

/// One field, with its label and what may be typed there; returns the row below it.
fn field(
    (label, sample): (&str, &str),
    content: &Composer,
    masked: bool,
    active: bool,
    (body, y): (Rect, u16),
    paint: &mut Paint<'_>,
) -> u16 {
    if y >= body.bottom() {
        return y;
    }
    let x = paint.put(body.x + 3, y, body.right(), label, Role::Text);
    let x = if label.is_empty() { x } else { body.x + 3 + FIELD_COLUMN };
    let x = paint.put(x, y, body.right(), "> ", if active { Role::Accent } else { Role::Dim });
    let room = body.right().saturating_sub(x + 1);
    let (shown, column) = if masked {
        let star = if paint.theme.ascii { "*" } else { "•" };
        let stars = |text: &str| star.repeat(unicode_segmentation::UnicodeSegmentation::graphemes(text, true).count());
        dialog::window(&stars(content.text()), &stars(content.before_cursor()), room)
    } else {
        dialog::window(content.text(), content.before_cursor(), room)
    };
    if content.is_empty() && label.is_empty() {
        paint.put(x, y, body.right(), sample, Role::Dim);
    }
    paint.raw(x, y, body.right(), &text::bidi::line(&shown), paint.theme.style(Role::Text));
    if active {
        paint.place_cursor(x + column, y);
    }
    y + 1
}

fn opening(model: &Model, screen: &SignInScreen, body: Rect, paint: &mut Paint<'_>) {
    let address = account(model, screen).map_or_else(String::new, facts::own_address);
    let words =
        if screen.way == SignInWay::Password { screens::signing_in_as(&address) } else { screens::thank_you(&address) };
    let mut lines = vec![(words, Role::Ok)];
    if let Some(account) = account(model, screen).filter(|_| screen.broke_off > 0) {
        lines.push((screens::broke_off(account.setup.domain.as_str()), Role::Dim));
    }
    say(&lines, body, paint);
}

fn ask_keep(model: &Model, screen: &SignInScreen, width: u16) -> Dialog {
    let mut dialog = Dialog { title: screens::KEEP_TITLE.into(), width: dialog::WIDE.min(width), ..Dialog::default() };
    let question = screens::keep_question(screen.complaint.as_ref());
    dialog.say(&question, Role::Text, model.options.ascii);
    dialog.blank();
    if screen.complaint == Some(Problem::KeyringLocked) {
        dialog.lines.push(Line::new(screens::UNLOCK_KEY, Role::Text));
    }
    for line in screens::KEEP_KEYS {
        dialog.lines.push(Line::new(line, Role::Text));
    }
    dialog
}

fn review(model: &Model, screen: &SignInScreen, width: u16) -> Dialog {
    dialog::review(model, account(model, screen), screen.raw_scopes, width)
}

fn failed(model: &Model, screen: &SignInScreen, problem: &Problem, width: u16) -> Dialog {
    let mut keys: Vec<String> = words::to_do(problem).into_iter().collect();
    match screen.way {
        SignInWay::Password => {
            keys.push(screens::TRY_AGAIN.to_owned());
            keys.extend(matches!(problem, Problem::WeakerSignIn { .. }).then(|| screens::ALL_THE_SAME.to_owned()));
            keys.extend(screen_offers_code(model, screen).then(|| screens::WITH_CODE.to_owned()));
        }
        SignInWay::Code | SignInWay::Messenger => {
            let new = !is_for_good(problem);
            let password = screen.way == SignInWay::Code && password_may_help(problem);
            let both = [(new, screens::once_more(problem)), (password, screens::WITH_PASSWORD)];
            let wanted: Vec<&str> = both.into_iter().filter_map(|(wanted, keys)| wanted.then_some(keys)).collect();
            push_keys(&mut keys, &wanted, width);
            let no_codes = screen.way == SignInWay::Code && matches!(problem, Problem::NoDeviceSignIn { .. });
            keys.extend(no_codes.then(|| screens::TURN_ON.to_owned()));
            if let (Problem::OtherPerson { got, .. }, Some(id)) = (problem, &screen.account) {
                let kept = model.second_account(id, problem).is_some();
                keys.push(if kept { screens::KEEP_SECOND.to_owned() } else { screens::has_account(got.as_str()) });
            }
            keys.extend(matches!(problem, Problem::WeakerSignIn { .. }).then(|| screens::ALL_THE_SAME.to_owned()));
            if Model::less_to_ask(screen, problem).is_some() {
                // Where nothing else leads on, it comes first.
                let at = if is_for_good(problem) { 0 } else { keys.len() };
                keys.insert(at, screens::ask_less(problem).to_owned());
            }
        }
    }
    // Where the service itself answered, the address was right.
    let answered = matches!(
        problem,
        Problem::SignInDenied { .. }
            | Problem::CodeExpired { .. }
            | Problem::AnswerLost { .. }
            | Problem::ScopeRefused { .. }
    );
    if !answered {
        push_keys(&mut keys, &[screens::EDIT_ADDRESS, screens::RUN_DOCTOR], width);
    }
    keys.push(screens::BACK_TO_START.to_owned());
    let title = screens::failed_title(problem);
    dialog::trouble(model, title, problem, &keys, dialog::WIDE.min(width))
}

/// How a service comes to have codes.
fn for_operator(model: &Model, domain: &str, width: u16) -> Dialog {
    let mut dialog =
        Dialog { title: screens::TURN_ON_TITLE.into(), width: dialog::WIDE.min(width), ..Dialog::default() };
    dialog.say(&screens::turn_on(domain), Role::Text, model.options.ascii);
    dialog.blank();
    dialog.lines.extend(screens::TURN_ON_LINES.map(|line| Line::new(format!("  {line}"), Role::Text)));
    dialog.blank();
    dialog.say(screens::TURN_ON_MORE, Role::Text, model.options.ascii);
    dialog
}

/// Side by side where the box is wide enough.
fn push_keys(keys: &mut Vec<String>, wanted: &[&str], width: u16) {
    if width >= dialog::WIDE && !wanted.is_empty() {
        keys.push(wanted.join("      "));
    } else {
        keys.extend(wanted.iter().map(|&key| key.to_owned()));
    }
}

fn screen_offers_code(model: &Model, screen: &SignInScreen) -> bool {
    account(model, screen).is_some_and(|account| account.device_sign_in)
}

/// The theme of the options, for the code screen.
fn theme(model: &Model) -> Theme {
    Theme::new(&model.options)
}

/// A piece behind a hanging number.
fn numbered(number: &str, words: &str) -> Vec<Piece> {
    vec![Piece::new(format!("{number:<3}"), Role::Key), Piece::new(words, Role::Text)]
}
