//! From arguments to an exit code: which command, which files, which accounts.

#[cfg(feature = "demo")]
use super::demo;
use super::headless::{self, Desk};
use super::interface::{self, End, Keyboard, Start};
use super::{Clock, guarded};
use crate::app::setup::AccountSetup;
use crate::app::{action, keymap};
use crate::cli::{Args, Command, ConfigCommand, Record, Voice};
use crate::config::{self, Config, Folders};
use crate::log;
use crate::net::NetworkSettings;
use crate::store::{HomeVault, Place};
use crate::term;
use crate::types::{Line, Problem};
use std::io::{self, IsTerminal};
use std::num::NonZeroU16;
use std::sync::Arc;

/// Runs the program.
pub fn run(args: &Args, environment: &[(String, String)], clock: Clock) -> u8 {
    let voice = Voice { json: args.json, quiet: args.quiet, columns: talk_columns() };
    match start(args, environment, clock, voice) {
        Ok(code) => code,
        Err(problem) => voice.fail(&problem),
    }
}

/// The width of standard error, if that is a terminal.
pub(super) fn talk_columns() -> Option<NonZeroU16> {
    let (columns, _) = Some(io::stderr()).filter(IsTerminal::is_terminal).and_then(|_| term::size())?;
    NonZeroU16::new(columns)
}

fn start(args: &Args, environment: &[(String, String)], clock: Clock, voice: Voice) -> Result<u8, Problem> {
    match &args.command {
        Some(Command::Demo { strict, about, serve, fast }) => {
            return demo_command(args, environment, clock, voice, [*strict, *about, *serve, *fast]);
        }
        Some(Command::Keys) => return keys(args, environment, voice),
        _ => {}
    }
    let folders = folders(args, environment)?;
    let loaded = config::load(&folders.config_file, environment);
    if let Some(Command::Config { command }) = &args.command {
        return config_command(*command, &folders, loaded, voice);
    }
    match &args.command {
        None => open_interface(args, environment, clock, &folders, loaded),
        Some(command) => {
            let config = loaded?;
            log::start(&folders.log_file(), config.log_level);
            let (accounts, trouble) = all_accounts(&config, &folders);
            if let Some(problem) = &trouble {
                voice.fail(problem); // told, and no reason to stop
            }
            Ok(headless::run(args, command, &Desk::new(voice, config, accounts, folders, clock)))
        }
    }
}

/// Where files are, by the system, the environment and the command line.
fn folders(args: &Args, environment: &[(String, String)]) -> Result<Folders, Problem> {
    let mut folders = Folders::find(environment)?;
    if let Some(file) = &args.config {
        folders.config_file.clone_from(file);
    }
    Ok(folders)
}

/// Opens the messenger; and the demo, when that is what the person chooses there.
fn open_interface(
    args: &Args,
    environment: &[(String, String)],
    clock: Clock,
    folders: &Folders,
    loaded: Result<Config, Problem>,
) -> Result<u8, Problem> {
    // A bad file changes nothing: the defaults hold and the screen says what is wrong.
    let beside = || config::defaults_beside(&folders.config_file, environment);
    let (config, bad) = loaded.map_or_else(|problem| (beside(), Some(problem)), |config| (config, None));
    let (mut accounts, aside) = all_accounts(&config, folders);
    if let Some(named) = args.account.as_deref() {
        let id = headless::account_named(&accounts, named)?.id.clone();
        accounts.retain(|account| account.id == id);
    }
    if !term::is_terminal() {
        // Without a screen to say it on, what is wrong with the file comes first.
        let account = || if accounts.is_empty() { Problem::NoAccount } else { Problem::NotATerminal };
        return Err(bad.unwrap_or_else(account));
    }
    log::start(&folders.log_file(), config.log_level);
    warn(&config);
    let trouble = [aside, bad].into_iter().flatten().collect();
    let again = (folders.config_file.clone(), environment.to_vec(), args.no_mouse);
    let before = config.clone();
    let start = Start {
        options: at_this_terminal(config.options, args.no_mouse, environment),
        accounts,
        network: NetworkSettings {
            resolver: config.network.resolver,
            connect_timeout: config.network.connect_timeout,
            proxy: config.network.proxy,
            ..NetworkSettings::default()
        },
        show_client: config.show_client,
        profiles: config.profiles,
        place: Place::Folder(folders.data.clone()),
        vault: Arc::new(HomeVault::new(folders.tokens())),
        folders: Some(folders.clone()),
        trouble,
        reload: Box::new(move || {
            let (file, environment, no_mouse) = &again;
            let config = config::load(file, environment)?;
            warn(&config);
            let restart_for_rest = !config.same_but_options(&before);
            let options = at_this_terminal(config.options, *no_mouse, environment);
            Ok(crate::app::model::Options { restart_for_rest, ..options })
        }),
        demo_answer: None,
        keyboard: None,
    };
    match guarded(Some(&folders.log_file()), || interface::run(start, clock))? {
        End::Left(code) => Ok(code),
        End::WantsDemo(keyboard) => play_demo(args, environment, clock, [false; 2], Some(keyboard)),
    }
}

/// The config, or the defaults and what is wrong with it.
fn or_defaults(loaded: Result<Config, Problem>) -> (Config, Option<Problem>) {
    match loaded {
        Ok(config) => (config, None),
        Err(problem) => (Config::default(), Some(problem)),
    }
}

/// The screen does not speak of them; the log does.
fn warn(config: &Config) {
    for warning in config.complaints() {
        tracing::warn!("config: {warning}");
    }
}

/// What the terminal and its surroundings say.
fn at_this_terminal(
    mut options: crate::app::model::Options,
    no_mouse: bool,
    environment: &[(String, String)],
) -> crate::app::model::Options {
    let set = |name: &str| environment.iter().any(|(key, value)| key == name && !value.is_empty());
    options.mouse &= !no_mouse;
    options.mono |= set("NO_COLOR");
    options.over_ssh = set("SSH_CONNECTION") || set("SSH_TTY");
    let display = set("DISPLAY") || set("WAYLAND_DISPLAY") || cfg!(any(target_os = "macos", windows));
    options.can_open_browser = display && !options.over_ssh;
    if options.over_ssh {
        options.max_fps = options.max_fps.min(10);
    }
    options
}

fn all_accounts(config: &Config, folders: &Folders) -> (Vec<AccountSetup>, Option<Problem>) {
    let (signed_in, trouble) = config::load_accounts(folders);
    let mut accounts = config.accounts.clone();
    for setup in signed_in {
        if !accounts.iter().any(|account| account.id == setup.id) {
            accounts.push(setup);
        }
    }
    (accounts, trouble)
}

fn config_command(
    command: ConfigCommand,
    folders: &Folders,
    loaded: Result<Config, Problem>,
    voice: Voice,
) -> Result<u8, Problem> {
    let answer = |record: &Record| {
        voice.answer(record).map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })
    };
    match command {
        ConfigCommand::Path => {
            answer(&Record::new("file").column("path", &folders.config_file.to_string_lossy()))?;
        }
        ConfigCommand::Default => {
            answer(&Record::new("file").column("text", include_str!("../../config.example.toml").trim_end()))?;
        }
        ConfigCommand::Check => {
            let found = loaded?.complaints();
            for text in &found {
                answer(&Record::new("warning").column("text", text))?;
            }
            let file = folders.config_file.display();
            voice.say(&match (found.len(), folders.config_file.exists()) {
                (_, false) => format!("There is no {file}: the defaults hold."),
                (0, true) => format!("{file} is fine."),
                (_, true) => format!("{file} can be read; what is listed here does nothing."),
            });
        }
    }
    Ok(0)
}

/// Keys as they are here, the person's own included.
fn keys(args: &Args, environment: &[(String, String)], voice: Voice) -> Result<u8, Problem> {
    let config = folders(args, environment).and_then(|folders| config::load(&folders.config_file, environment));
    let (config, bad) = or_defaults(config);
    if let Some(problem) = bad {
        voice.fail(&problem); // told, and the default keys are an answer all the same
    }
    let records: Vec<Record> = action::all()
        .iter()
        .map(|action| {
            let keys: Vec<String> = keymap::keys_of(&config.options, action).into_iter().map(keymap::label).collect();
            let command = action.slash.first().map(|name| format!("/{name} {}", action.arguments)).unwrap_or_default();
            Record::new("key")
                .column("key", &keys.join(", "))
                .column("command", command.trim_end())
                .column("id", action.id)
                .column("does", action.title)
        })
        .collect();
    let shown = voice.table(&["key", "command", "id", "does"], &records);
    shown.map(|()| 0).map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })
}

#[cfg(not(feature = "demo"))]
fn demo_command(_: &Args, _: &[(String, String)], _: Clock, _: Voice, _: [bool; 4]) -> Result<u8, Problem> {
    Err(Problem::Usage { why: Line::clean("this butty was built without the demo") })
}

#[cfg(not(feature = "demo"))]
fn play_demo(_: &Args, _: &[(String, String)], _: Clock, _: [bool; 2], _: Option<Keyboard>) -> Result<u8, Problem> {
    Err(Problem::Usage { why: Line::clean("this butty was built without the demo") })
}

#[cfg(feature = "demo")]
fn demo_command(
    args: &Args,
    environment: &[(String, String)],
    clock: Clock,
    voice: Voice,
    [strict, about, serve, fast]: [bool; 4],
) -> Result<u8, Problem> {
    if about {
        return demo::about(voice);
    }
    if serve {
        return demo::serve(strict, fast, voice);
    }
    play_demo(args, environment, clock, [strict, fast], None)
}

/// Service and interface together. `keyboard`: of the interface that led here.
#[cfg(feature = "demo")]
fn play_demo(
    args: &Args,
    environment: &[(String, String)],
    clock: Clock,
    [strict, fast]: [bool; 2],
    keyboard: Option<Keyboard>,
) -> Result<u8, Problem> {
    if !term::is_terminal() {
        return Err(Problem::NotATerminal);
    }
    let loaded = folders(args, environment).and_then(|folders| config::load(&folders.config_file, environment));
    let (config, bad) = or_defaults(loaded);
    let options = at_this_terminal(config.options, args.no_mouse, environment);
    demo::run(options, [strict, fast], keyboard, |start| {
        let start = Start { trouble: bad.into_iter().collect(), ..start };
        guarded(None, || interface::run(start, clock))
    })
}
