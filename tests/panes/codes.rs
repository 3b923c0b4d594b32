//! The screen with the code, and where there is none.

use super::*;
use butty::app::event::CodePrompt;

/// The service has no codes, or this is how it comes to have them.
fn without(options: Options, keys: &[&str]) -> Model {
    let mut model = failed(Problem::NoDeviceSignIn { domain: domain() })(options);
    for key in keys {
        model.update(cast::now(), Event::Key(butty::app::keymap::parse(key).unwrap()));
    }
    model
}

/// The code, and what may come of it while it is on the screen.
pub fn code_scenes() -> Vec<Scene> {
    let host = || Line::clean("id.example.org");
    vec![
        scene("no_codes", |options| without(options, &[])),
        scene("no_codes_for_operators", |options| without(options, &["w"])),
        scene("code", |options| cast::with_code(options, None)),
        scene("code_over_ssh", |options| {
            cast::with_code(Options { over_ssh: true, can_open_browser: false, ..options }, None)
        }),
        scene("code_big_square", |options| {
            let mut model = cast::with_code(options, None);
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.big_square = true;
            }
            model
        }),
        scene("code_last_minute", |options| with_prompt(options, |prompt| prompt.expires = cast::in_seconds(42))),
        scene("code_without_whole_address", |options| with_prompt(options, |prompt| prompt.complete = None)),
        scene("code_of_the_demo", |options| {
            with_prompt(Options { demo: true, ..options }, |prompt| {
                prompt.address = Line::clean("http://127.0.0.1:43123/link");
                (prompt.complete, prompt.local_only) = (None, true);
            })
        }),
        scene("code_unreachable", move |options| {
            let retry_in = Duration::from_secs(8);
            cast::with_code(options, Some(Consent::Unreachable { host: host(), retry_in }))
        }),
        scene("code_slower", |options| {
            cast::with_code(options, Some(Consent::SlowerPace { every: Duration::from_secs(10) }))
        }),
        scene("code_again", |options| {
            let host = Line::clean("id.example.org");
            cast::with_code(options, Some(Consent::AnswerLost { host }))
        }),
        scene("code_session", |options| {
            let mut model = with_prompt(options, |prompt| {
                prompt.scopes.pop();
                prompt.outlook = Outlook::Unasked;
            });
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.asking = butty::oauth::Asking::ChatOnly;
            }
            model
        }),
    ]
}

/// The screen with the code, with another prompt.
fn with_prompt(options: Options, change: impl Fn(&mut CodePrompt)) -> Model {
    let mut prompt = cast::prompt();
    change(&mut prompt);
    step(SignInWay::Code, SignInStep::Code { prompt: Box::new(prompt), trouble: None })(options)
}
