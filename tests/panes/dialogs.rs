//! Every step of signing in and every box has a scene, and so a snapshot. The matches name each variant: whoever adds
//! one has to say here what it is called, and then to add a scene for it.
//!
//! The dialogs of the design, and the scenes that show them:
//!
//! - step 1, the address: `where`, `where_known`, `where_password`, `where_messenger`, `where_password_refused`, `password_instead`;
//!   discovery: `looking_up`, `working`, `stepping_down`;
//! - step 2, the code: `code`, `code_over_ssh`, `code_big_square`, `code_last_minute`, `code_without_whole_address`
//!   (Messenger), `code_of_the_demo`; its states: `code_unreachable`, `code_slower`, `code_again`, `refused`,
//!   `refused_less`, `refused_scope`, `expired`, `no_codes`, `no_codes_for_operators`, and each failure by its code in `problems.rs`;
//!   the page: `browser` …;
//! - step 3: `opening`, `review`, `review_raw`, `review_session` (three hours, the box unticked), `account`;
//! - where to keep it: `ask_keep`, `ask_keep_locked`, `ask_keep_elsewhere`;
//! - later: the banners `sign_in_expired`, `lost`, `back`; `agree_again`; `sign_out`, `signed_out_later`, `signed_out_never_told`;
//! - somebody else than before: `other_person`, `other_sign_in`; a buddy that nobody is: `add`, `nobody_uses`.

use super::scenes::{every_scene, unicode};
use butty::app::event::{Consent, PasteFault};
use butty::app::model::{MenuStep, Overlay, Screen, SignInStep};
use std::collections::BTreeSet;

fn name_of_step(step: &SignInStep) -> &'static str {
    match step {
        SignInStep::Where => "where",
        SignInStep::AskKeep => "keep",
        SignInStep::Working(consent) | SignInStep::Code { trouble: Some(consent), .. } => name_of_consent(consent),
        SignInStep::Code { trouble: None, .. } => "code",
        SignInStep::Browser { fault: None, .. } => "page",
        SignInStep::Browser { fault: Some(fault), .. } => match fault {
            PasteFault::NoAddress => "pasted no address",
            PasteFault::OtherPage => "pasted another page",
            PasteFault::NoAnswer => "pasted no answer",
            PasteFault::OtherSignIn => "pasted the answer to another sign-in",
        },
        SignInStep::Opening => "opening",
        SignInStep::Review { .. } => "review",
        SignInStep::Failed(_) => "failed",
    }
}

fn name_of_consent(consent: &Consent) -> &'static str {
    match consent {
        Consent::LookingUp { .. } => "looking up",
        Consent::AskingForCode { .. } => "asking",
        Consent::SteppingDown { .. } => "stepping down",
        Consent::SlowerPace { .. } => "slower",
        Consent::Unreachable { .. } => "unreachable",
        Consent::AnswerLost { .. } => "answer lost",
        // Steps of their own.
        Consent::Code(_) | Consent::Browser(_) | Consent::PasteRefused(_) | Consent::Failed(_) => "another step",
        // Not shown for as long as a look takes.
        Consent::Parked | Consent::Reachable | Consent::Granted { .. } | Consent::NoOther(_) => "passing",
    }
}

const STEPS: [&str; 17] = [
    "where",
    "keep",
    "looking up",
    "asking",
    "stepping down",
    "code",
    "slower",
    "unreachable",
    "answer lost",
    "page",
    "pasted no address",
    "pasted another page",
    "pasted no answer",
    "pasted the answer to another sign-in",
    "opening",
    "review",
    "failed",
];

fn name_of_box(overlay: &Overlay) -> &'static str {
    match overlay {
        Overlay::GoTo(_) => "go to",
        Overlay::Find(find) if find.everywhere => "find everywhere",
        Overlay::Find(_) => "find",
        Overlay::Palette(_) => "palette",
        Overlay::Help { .. } => "help",
        Overlay::Status { .. } => "status",
        Overlay::Request { .. } => "request",
        Overlay::Card(_) => "card",
        Overlay::Bare => "bare",
        Overlay::Info { .. } => "info",
        Overlay::Account { .. } => "account",
        Overlay::Menu { step: MenuStep::Choose, .. } => "menu",
        Overlay::Menu { step: MenuStep::Name(_), .. } => "menu: name",
        Overlay::Menu { step: MenuStep::Group(_), .. } => "menu: group",
        Overlay::Menu { step: MenuStep::Remove, .. } => "menu: remove",
        Overlay::SignOut { .. } => "sign out",
        Overlay::SignedOut { .. } => "signed out",
        Overlay::TakeBack { .. } => "take back",
        Overlay::AgreeAgain { .. } => "agree again",
        Overlay::PasteSend { .. } => "paste",
        Overlay::Quit { .. } => "quit",
        Overlay::Trouble(_) => "trouble",
        Overlay::PlainReply => "plain reply",
        Overlay::Add { .. } => "add",
    }
}

const BOXES: [&str; 24] = [
    "go to",
    "find",
    "find everywhere",
    "palette",
    "help",
    "status",
    "request",
    "card",
    "bare",
    "info",
    "account",
    "menu",
    "menu: name",
    "menu: group",
    "menu: remove",
    "sign out",
    "signed out",
    "take back",
    "agree again",
    "paste",
    "quit",
    "trouble",
    "plain reply",
    "add",
];

#[test]
fn every_step_of_signing_in_and_every_box_has_a_scene() {
    let (mut steps, mut boxes) = (BTreeSet::new(), BTreeSet::new());
    for (_, make) in every_scene() {
        let model = make(unicode());
        if let Screen::SignIn(screen) = &model.screen {
            steps.insert(name_of_step(&screen.step));
        }
        boxes.extend(model.overlays.iter().map(name_of_box));
    }
    assert_eq!(steps, BTreeSet::from(STEPS));
    assert_eq!(boxes, BTreeSet::from(BOXES));
}
