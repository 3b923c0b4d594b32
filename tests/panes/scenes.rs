//! Every pane and screen in the states that are worth a look.

mod codes;

use super::cast;
use butty::app::effect::LinkCommand;
use butty::app::event::{Consent, Event, Fallback, Keep, LinkFact, Outlook, PasteFault};
use butty::app::model::*;
use butty::app::sync::{Edge, Gap};
use butty::app::{Effect, Model};
use butty::oauth::Farewelled;
use butty::types::*;
use butty::xmpp::{Command, Content, Elsewhere};
use std::time::Duration;

pub use codes::code_scenes;

pub fn unicode() -> Options {
    Options { can_open_browser: true, ..Options::default() }
}

pub fn ascii() -> Options {
    Options { ascii: true, ..unicode() }
}

pub fn mono() -> Options {
    Options { mono: true, ..unicode() }
}

pub fn domain() -> Domain {
    Domain::parse("example.org").unwrap()
}

pub fn keyed(options: Options, keys: &[&str], typed: &str) -> Model {
    let mut stage = cast::evening(options);
    for key in keys {
        stage.press(key);
    }
    stage.type_text(typed);
    stage.model
}

/// Bela's browser, where Anna signs in; `known`: Bela has an account here.
fn other_person(options: Options, known: bool) -> Model {
    let address = |local: &str| BareJid::parse(&format!("{local}@example.org")).unwrap();
    let mut model = failed(Problem::OtherPerson { wanted: address("anna"), got: address("bela") })(options);
    if known {
        let now = model.now;
        model.accounts.push(Account::new(cast::setup("bela@example.org", "Bela"), false, now));
    }
    model
}

/// The same, at a service that takes no change of its list.
fn fixed(options: Options, keys: &[&str]) -> Model {
    let mut stage = cast::evening(options);
    stage.model.accounts[0].features.messenger = true;
    for key in keys {
        stage.press(key);
    }
    stage.model
}

/// The first step, where there are accounts already.
fn known(options: Options) -> Model {
    let mut model = step(SignInWay::Code, SignInStep::Where)(options);
    let accounts = ["anna@example.org", "anna@demo.butty"].map(|address| cast::setup(address, "Anna"));
    model.accounts.extend(accounts.map(|setup| Account::new(setup, true, cast::now())));
    model
}

/// Somebody was looked up by an e-mail, at a service where nobody has it.
fn nobody_uses(options: Options) -> Model {
    let mut stage = cast::evening(options);
    stage.model.accounts[0].features.look_up = true;
    let now = stage.model.now;
    let asked = stage.model.update(now, Event::Command("/add bela@example.org".to_owned()));
    let request = asked.into_iter().find_map(|effect| match effect {
        Effect::Link(_, LinkCommand::Session(Command::LookUp { request, .. })) => Some(request),
        _ => None,
    });
    stage.session(butty::xmpp::Event::AddressFound { request: request.unwrap(), jid: None });
    stage.model
}

/// A search, answered out of what was said in the open talk and in Dad's.
fn found(options: Options, keys: &[&str], words: &str) -> Model {
    let mut model = keyed(options, keys, "");
    let said = |model: &Model| {
        let all = model
            .talks
            .values()
            .flat_map(|talk| talk.messages.iter().cloned())
            .filter(|message| matches!(&message.body, Body::Plain(text) if text.as_str().contains(words)));
        let mut all: Vec<Message> = all.collect();
        all.sort_by_key(|message| std::cmp::Reverse((message.stamp, message.key)));
        all
    };
    let now = model.now;
    let paste = model.update(now, Event::Paste(words.to_owned()));
    let request = paste.into_iter().find_map(|effect| match effect {
        Effect::Store(butty::app::StoreRequest::Search { request, .. }) => Some(request),
        _ => None,
    });
    let everywhere = matches!(model.overlays.last(), Some(Overlay::Find(find)) if find.everywhere);
    let open = model.open.clone();
    let hits: Vec<Message> =
        said(&model).into_iter().filter(|hit| everywhere || Some(&hit.talk) == open.as_ref()).collect();
    let count = u32::try_from(hits.len()).ok();
    let answer = butty::app::event::Stored::Found { request: request.unwrap(), hits, next: None, count };
    model.update(now, Event::Stored(answer));
    model
}

pub fn over(options: Options, overlay: Overlay) -> Model {
    let mut model = cast::evening(options).model;
    model.overlays.push(overlay);
    model
}

pub fn lost(options: Options, waiting: bool) -> Model {
    let mut stage = cast::evening(options);
    if !waiting {
        // Nothing is left to send.
        let pending: Vec<MessageKey> = stage.model.accounts[0].outbox.iter().copied().collect();
        for key in pending {
            stage.session(butty::xmpp::Event::Acknowledged(key));
        }
    }
    let host = Line::clean("demo.butty");
    let problem = Some(Problem::ClosedByServer { host, reason: None });
    stage.link(LinkFact::Down { problem, retry_in: Some(Duration::from_secs(12)) });
    stage.later(Duration::from_secs(4));
    stage.model
}

/// Signed in without staying so, with so many seconds left.
fn session(options: Options, left: u64) -> Model {
    let mut model = cast::evening(options).model;
    model.accounts[0].agreement = Some(Agreement {
        asked: ["xmpp", "offline_access"].map(str::to_owned).to_vec(),
        granted: vec!["xmpp".to_owned()],
        since: Some(cast::before(60)),
        until: Some(model.now.wall.plus(Duration::from_secs(left))),
        lasting: Some(false),
        page: None,
    });
    model
}

pub fn back(options: Options) -> Model {
    let mut model = lost(options, false);
    let back =
        Back { after: Duration::from_secs(80), sent: 2, received: 5, until: model.now.mono + Duration::from_secs(4) };
    model.accounts[0].link = butty::app::event::LinkState::Online;
    model.accounts[0].back = Some(back);
    model
}

/// The archive has something before what was said this morning.
fn with_gap(options: Options) -> Model {
    let mut model = cast::evening(options).model;
    let edge = |id: &str, minutes| Edge { id: Some(ArchiveId(id.to_owned())), at: cast::before(minutes) };
    model.accounts[0].sync.gaps.push(Gap::new(edge("last week", 10_000), edge("this morning", 9)));
    model
}

/// What is only told in words: an encrypted message, a deed, a correction, a long line of code.
pub fn odd_messages(options: Options) -> Model {
    let mut stage = cast::signed_in(options, &["anna@demo.butty"]);
    stage.command("/msg bela@demo.butty");
    stage.hears("bela", "/me waves");
    stage.hears("bela", "*strong* words, see https://a.example/x.");
    let name = Line::clean("OMEMO");
    stage.hears_content("bela", Content::Encrypted { name });
    let code =
        "fn main() { println!(\"a long line of code that is cut at the edge and never wrapped, whatever comes\"); }";
    stage.hears("bela", &format!("```\n{code}\n```"));
    stage.hears("bela", "日本語の文 👨‍👩‍👧 (שלום) é");
    stage.model
}

pub fn failed(problem: Problem) -> impl Fn(Options) -> Model {
    move |options| cast::signing_in(options, SignInWay::Code, SignInStep::Failed(problem.clone()))
}

pub fn step(way: SignInWay, step: SignInStep) -> impl Fn(Options) -> Model {
    move |options| cast::signing_in(options, way, step.clone())
}

pub type Scene = (&'static str, Box<dyn Fn(Options) -> Model>);

pub fn scene(name: &'static str, make: impl Fn(Options) -> Model + 'static) -> Scene {
    (name, Box::new(make))
}

pub fn main_scenes() -> Vec<Scene> {
    vec![
        scene("main", |options| cast::evening(options).model),
        scene("list", |options| keyed(options, &["f3"], "")),
        scene("find", |options| keyed(options, &["f3"], "be")),
        scene("selected", |options| keyed(options, &["ctrl-up", "ctrl-up"], "")),
        scene("nobody_open", |options| cast::signed_in(options, &["anna@demo.butty"]).model),
        scene("odd_messages", odd_messages),
        scene("gap", with_gap),
        scene("two_accounts", |options| {
            cast::with_talk(cast::signed_in(options, &["anna@demo.butty", "anna@work.example"])).model
        }),
        scene("hidden", |options| {
            let mut stage = cast::evening(options);
            stage.command("/invisible");
            stage.model
        }),
        scene("lost", |options| lost(options, false)),
        scene("lost_waiting", |options| lost(options, true)),
        scene("back", back),
        scene("sign_in_expired", |options| {
            let mut stage = cast::evening(options);
            let problem = Some(Problem::SignInExpired { domain: Domain::parse("demo.butty").unwrap() });
            stage.link(LinkFact::Down { problem, retry_in: None });
            stage.model
        }),
        scene("session", |options| session(options, 3 * 3600 - 60)),
        scene("session_ends", |options| session(options, 540)),
        scene("consent_due", |options| {
            let mut model = session(options, 9 * 86_400);
            if let Some(agreed) = &mut model.accounts[0].agreement {
                agreed.lasting = Some(true);
            }
            model
        }),
        scene("nobody_uses", nobody_uses),
        scene("folded", |options| {
            let mut stage = cast::evening(options);
            stage.press("ctrl-c");
            stage.type_text("this is how it begins:");
            stage.feed(Event::Paste("x = 1\n".repeat(34)));
            stage.type_text("\nand then?");
            stage.later(Duration::from_secs(5));
            stage.model
        }),
        scene("connecting", |options| cast::Stage::new(options, vec![cast::setup("anna@demo.butty", "")]).model),
    ]
}

fn leaving_scenes() -> Vec<Scene> {
    vec![
        scene("sign_out", |options| {
            let account = cast::id();
            let question =
                SignOutBox { account, forget: true, everywhere: false, selected: 0, kept: Some(214), pending: 1 };
            over(options, Overlay::SignOut(question))
        }),
        scene("signed_out_later", |options| {
            let (domain, told) = (Line::clean("example.org"), Farewelled::Later);
            over(options, Overlay::SignedOut { domain, told, elsewhere: None, browser: None })
        }),
        scene("signed_out_never_told", |options| {
            let (domain, told) = (Line::clean("example.org"), Farewelled::Never);
            over(options, Overlay::SignedOut { domain, told, elsewhere: None, browser: None })
        }),
        scene("signed_out_in_part", |options| {
            let (domain, told) = (Line::clean("example.org"), Farewelled::Told);
            let elsewhere = Some(Elsewhere::Asked { ended: 2, by_password: 1, left: 1 });
            over(options, Overlay::SignedOut { domain, told, elsewhere, browser: None })
        }),
        scene("signed_out_but_in_the_browser", |options| {
            let (domain, told) = (Line::clean("messenger.live.com"), Farewelled::Told);
            let page = "https://login.live.com/oauth20_logout.srf?client_id=0000000048093EE3";
            over(options, Overlay::SignedOut { domain, told, elsewhere: None, browser: Some(Line::clean(page)) })
        }),
        scene("signed_out_here_alone", |options| {
            let (domain, told) = (Line::clean("example.org"), Farewelled::Told);
            over(options, Overlay::SignedOut { domain, told, elsewhere: Some(Elsewhere::NoWay), browser: None })
        }),
    ]
}

pub fn overlay_scenes() -> Vec<Scene> {
    vec![
        scene("go_to", |options| keyed(options, &["ctrl-k"], "be")),
        scene("go_to_empty", |options| keyed(options, &["ctrl-k"], "")),
        scene("find_here", |options| found(options, &["ctrl-f"], "at")),
        scene("find_everywhere", |options| found(options, &["ctrl-f", "tab"], "at")),
        scene("find_nothing", |options| keyed(options, &["ctrl-f", "tab"], "")),
        scene("palette", |options| keyed(options, &["ctrl-p"], "st")),
        scene("palette_scroll", |options| keyed(options, &["ctrl-p"], "scroll")),
        scene("help", |options| keyed(options, &["f1"], "")),
        scene("help_welcome", |options| {
            let (mut model, _) = Model::new(options, Vec::new(), 7, cast::now());
            model.update(cast::now(), Event::Key(butty::app::keymap::parse("f1").unwrap()));
            model
        }),
        scene("help_filtered", |options| keyed(options, &["f1"], "find")),
        scene("status", |options| keyed(options, &["alt-s"], "")),
        scene("status_message", |options| keyed(options, &["alt-m"], "")),
        scene("request", |options| {
            over(options, Overlay::Request { account: cast::id(), from: cast::key("carol").peer })
        }),
        scene("bare", |options| keyed(options, &["f9"], "")),
        scene("info", |options| keyed(options, &["ctrl-up", "ctrl-up", "up", "i"], "")),
        scene("menu", |options| keyed(options, &["f3", "."], "")),
        scene("menu_name", |options| keyed(options, &["f3", ".", "down", "down", "enter"], "")),
        scene("menu_group", |options| keyed(options, &["f3", ".", "down", "down", "down", "enter"], "")),
        scene("menu_remove", |options| keyed(options, &["f3", ".", "up", "enter"], "")),
        scene("menu_only_here", |options| fixed(options, &["f3", "."])),
        scene("menu_name_only_here", |options| fixed(options, &["f3", ".", "down", "down", "enter"])),
        scene("menu_hide", |options| fixed(options, &["f3", ".", "up", "enter"])),
        scene("menu_hidden", |options| fixed(options, &["f3", ".", "up", "enter", "enter", "ctrl-k"])),
        scene("card", |options| keyed(options, &["f4"], "")),
        scene("paste", |options| {
            let mut stage = cast::evening(options);
            stage.press("ctrl-c");
            stage.feed(Event::Paste(format!("def main():\n    print(\"hello\")\n{}main()", "x = 1\n".repeat(31))));
            stage.press("enter");
            stage.model
        }),
        scene("quit", |options| over(options, Overlay::Quit { pending: 1 })),
        scene("trouble", |options| over(options, Overlay::Trouble(Problem::AccountInUse))),
        scene("plain_reply", |options| over(options, Overlay::PlainReply)),
        scene("add", |options| {
            let complaint = Some(Problem::UnknownBuddy { who: Line::clean("x") });
            let address = butty::app::composer::Composer::with_text("bela@example.org");
            over(options, Overlay::Add { account: cast::id(), address, complaint })
        }),
    ]
}

/// Boxes about the account and its sign-in.
pub fn account_scenes() -> Vec<Scene> {
    let mut scenes = leaving_scenes();
    scenes.extend([
        scene("account", |options| {
            let mut model = over(options, Overlay::Account { account: cast::id(), raw: false });
            model.accounts[0].keep = Some(Keep::Keyring);
            let reviewed = review(Options::default(), &["openid", "xmpp"], Some(true), Some(88));
            model.accounts[0].agreement.clone_from(&reviewed.accounts[0].agreement);
            model
        }),
        scene("account_ended", |options| {
            let mut model = over(options, Overlay::Account { account: cast::id(), raw: false });
            let until = Some(Stamp(cast::now().wall.0 - 60_000));
            let since = Some(Stamp(cast::now().wall.0 - 3_660_000));
            let scopes = || vec!["xmpp".to_owned()];
            let (asked, granted, lasting, page) = (scopes(), scopes(), Some(false), None);
            model.accounts[0].agreement = Some(Agreement { asked, granted, since, until, lasting, page });
            model
        }),
        scene("account_password", |options| {
            let mut model = over(options, Overlay::Account { account: cast::id(), raw: false });
            model.accounts[0].setup.credential = Some(butty::xmpp::CredentialKind::Password);
            model.accounts[0].keep = Some(Keep::File);
            model
        }),
    ]);
    scenes
}

pub fn sign_in_scenes() -> Vec<Scene> {
    let host = || Line::clean("id.example.org");
    let code = Line::clean("WDJB-MJHT");
    vec![
        scene("welcome", |options| Model::new(options, Vec::new(), 7, cast::now()).0),
        scene("where", step(SignInWay::Code, SignInStep::Where)),
        scene("where_chat_only", |options| {
            let mut model = step(SignInWay::Code, SignInStep::Where)(options);
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.asking = butty::oauth::Asking::ChatOnly;
                screen.field = 1;
            }
            model
        }),
        scene("where_known", known),
        scene("where_password", step(SignInWay::Password, SignInStep::Where)),
        scene("where_messenger", step(SignInWay::Messenger, SignInStep::Where)),
        scene("ask_keep", step(SignInWay::Code, SignInStep::AskKeep)),
        scene("ask_keep_locked", |options| {
            let mut model = cast::signing_in(options, SignInWay::Code, SignInStep::AskKeep);
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.complaint = Some(Problem::KeyringLocked);
            }
            model
        }),
        scene("ask_keep_elsewhere", |options| {
            let mut model = cast::signing_in(options, SignInWay::Code, SignInStep::AskKeep);
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.complaint = Some(Problem::TokenNotKept { why: Line::clean("the folder cannot be written") });
            }
            model
        }),
        scene("working", step(SignInWay::Code, SignInStep::Working(Consent::AskingForCode { host: host() }))),
        scene(
            "looking_up",
            step(SignInWay::Code, SignInStep::Working(Consent::LookingUp { domain: Line::clean("example.org") })),
        ),
        scene("opening", step(SignInWay::Code, SignInStep::Opening)),
        scene("where_password_refused", |options| {
            let mut model = cast::signing_in(options, SignInWay::Password, SignInStep::Where);
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.address.set_text("anna@example.org");
                screen.field = 1;
                screen.complaint = Some(Problem::WrongPassword { domain: domain() });
            }
            model
        }),
        scene("other_person", |options| other_person(options, false)),
        scene("other_person_known", |options| other_person(options, true)),
        scene("refused", failed(Problem::SignInDenied { domain: domain() })),
        scene("weaker", |options| {
            let (was, now) = (Line::clean("SCRAM-SHA-256-PLUS"), Line::clean("PLAIN"));
            let problem = Problem::WeakerSignIn { domain: domain(), was, now };
            step(SignInWay::Password, SignInStep::Failed(problem))(options)
        }),
        scene("expired", failed(Problem::CodeExpired { code, lifetime: Duration::from_secs(900) })),
    ]
}

/// What was agreed to, or not.
pub fn consent_scenes() -> Vec<Scene> {
    vec![
        scene("review", |options| review(options, &["openid", "xmpp", "offline_access"], Some(true), Some(88))),
        scene("review_session", |options| {
            let mut model = review(options, &["wl.messenger"], Some(false), None);
            "messenger".clone_into(&mut model.accounts[0].setup.profile);
            let agreed = model.accounts[0].agreement.as_mut().unwrap();
            agreed.asked = vec!["wl.messenger".to_owned(), "wl.offline_access".to_owned()];
            agreed.until = Some(cast::NOW.plus(Duration::from_secs(3 * 3600)));
            model
        }),
        scene("review_raw", |options| {
            let mut model = review(options, &["openid", "xmpp", "offline_access"], Some(true), None);
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.raw_scopes = true;
            }
            model
        }),
        scene("take_back", |options| over(options, Overlay::TakeBack { account: cast::id() })),
        scene("agree_again", |options| over(options, Overlay::AgreeAgain { account: cast::id() })),
        scene("refused_less", |options| {
            let mut model = failed(Problem::SignInDenied { domain: domain() })(options);
            if let Screen::SignIn(screen) = &mut model.screen {
                screen.asked = ["openid", "xmpp", "offline_access"].map(Line::clean).to_vec();
            }
            model
        }),
        scene(
            "refused_scope",
            failed(Problem::ScopeRefused {
                host: Line::clean("id.example.org"),
                scope: Some(Line::clean("wl.basic")),
                rest: vec![Line::clean("xmpp")],
            }),
        ),
    ]
}

/// The review after these were granted, with an end in so many days.
fn review(options: Options, granted: &[&str], lasting: Option<bool>, days: Option<u64>) -> Model {
    let mut model = cast::signing_in(options, SignInWay::Code, SignInStep::Review { scopes: Vec::new() });
    model.accounts[0].keep = Some(Keep::Keyring);
    model.accounts[0].agreement = Some(Agreement {
        asked: ["openid", "xmpp", "wl.basic", "offline_access"].map(str::to_owned).to_vec(),
        granted: granted.iter().map(|&scope| scope.to_owned()).collect(),
        since: Some(cast::NOW),
        until: days.map(|days| cast::NOW.plus(Duration::from_secs(days * 86_400))),
        lasting,
        page: Some("https://id.example.org/consents".to_owned()),
    });
    model
}

/// Signing in on a page, stepping down, and what goes wrong there.
pub fn page_scenes() -> Vec<Scene> {
    let host = || Line::clean("id.example.org");
    vec![
        scene("browser", |options| cast::with_page(options, None, "")),
        scene("browser_over_ssh", |options| {
            cast::with_page(Options { over_ssh: true, can_open_browser: false, ..options }, None, "")
        }),
        scene("browser_stepped_down", |options| cast::stepped_down(cast::with_page(options, None, ""), Fallback::Page)),
        scene("browser_paste", |options| {
            cast::with_page(options, None, "http://127.0.0.1:43123/callback?code=abc&state=xyz")
        }),
        scene("browser_paste_refused", |options| cast::with_page(options, Some(PasteFault::OtherPage), "")),
        scene("browser_paste_no_address", |options| cast::with_page(options, Some(PasteFault::NoAddress), "")),
        scene("browser_paste_cut_off", |options| cast::with_page(options, Some(PasteFault::NoAnswer), "")),
        scene("browser_paste_of_another", |options| cast::with_page(options, Some(PasteFault::OtherSignIn), "")),
        scene("stepping_down", |options| {
            let (domain, to) = (Line::clean("example.org"), Fallback::Page);
            step(SignInWay::Code, SignInStep::Working(Consent::SteppingDown { domain, to }))(options)
        }),
        scene("browser_session", |options| {
            let mut model = cast::with_page(options, None, "");
            if let Screen::SignIn(screen) = &mut model.screen
                && let SignInStep::Browser { prompt, .. } = &mut screen.step
            {
                prompt.outlook = Outlook::Never;
            }
            model
        }),
        scene("password_instead", |options| {
            let form = cast::signing_in(options, SignInWay::Password, SignInStep::Where);
            cast::stepped_down(form, Fallback::Password)
        }),
        scene("no_return", failed(Problem::NoReturn { domain: domain(), waited: Duration::from_secs(600) })),
        scene(
            "wrong_issuer",
            failed(Problem::WrongIssuer { domain: domain(), host: Line::clean("https://evil.example") }),
        ),
        scene("other_sign_in", failed(Problem::OtherSignIn { account: Line::clean("anna@example.org") })),
        scene("no_page", failed(Problem::NoPageSignIn { domain: domain() })),
        scene("no_client", failed(Problem::NoClient { host: host() })),
        scene(
            "refused_by_service",
            failed(Problem::OAuthRefused { host: host(), error: Line::clean("invalid_scope: xmpp") }),
        ),
    ]
}

pub fn every_scene() -> Vec<Scene> {
    let mut all = main_scenes();
    all.extend(overlay_scenes());
    all.extend(account_scenes());
    all.extend(sign_in_scenes());
    all.extend(code_scenes());
    all.extend(page_scenes());
    all.extend(consent_scenes());
    all
}
