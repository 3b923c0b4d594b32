//! From arguments to an exit code: which command, which files, which accounts.

use super::Clock;
#[cfg(feature = "demo")]
use super::demo;
use super::headless::{self, Desk};
use super::interface::{self, End, Keyboard, Start};
use crate::app::setup::AccountSetup;
use crate::app::{action, keymap};
use crate::cli::{Args, Command, ConfigCommand, Record, Voice};
use crate::config::{self, Config, Folders};
use crate::log;
use crate::net::NetworkSettings;
use crate::store::{FileVault, Place};
use crate::term;
use crate::types::{Line, Problem};
use std::sync::Arc;

/// Runs the program.
pub fn run(args: &Args, environment: &[(String, String)], clock: Clock) -> u8 {
    let voice = Voice { json: args.json, quiet: args.quiet };
    match start(args, environment, clock, voice) {
        Ok(code) => code,
        Err(problem) => voice.fail(&problem),
    }
}

fn start(args: &Args, environment: &[(String, String)], clock: Clock, voice: Voice) -> Result<u8, Problem> {
    match &args.command {
        Some(Command::Demo { strict, about, serve, fast }) => {
            return demo_command(args, environment, clock, voice, [*strict, *about, *serve, *fast]);
        }
        Some(Command::Keys) => return keys(voice),
        _ => {}
    }
    let mut folders = Folders::find(environment)?;
    if let Some(file) = &args.config {
        folders.config_file.clone_from(file);
    }
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
            let desk = Desk { voice, config, accounts, folders, clock };
            Ok(headless::run(args, command, &desk))
        }
    }
}

/// Opens the messenger; and the demo, when that is what the person chooses there.
fn open_interface(
    args: &Args,
    environment: &[(String, String)],
    clock: Clock,
    folders: &Folders,
    loaded: Result<Config, Problem>,
) -> Result<u8, Problem> {
    let mut trouble = Vec::new();
    // A bad file changes nothing: the defaults hold and the screen says what is wrong.
    let config = match loaded {
        Ok(config) => config,
        Err(problem) => {
            trouble.push(problem);
            config::parse("", &folders.config_file)?
        }
    };
    let (accounts, aside) = all_accounts(&config, folders);
    if !term::is_terminal() {
        return Err(if accounts.is_empty() { Problem::NoAccount } else { Problem::NotATerminal });
    }
    log::start(&folders.log_file(), config.log_level);
    trouble.extend(aside);
    let again = (folders.config_file.clone(), environment.to_vec(), args.no_mouse);
    let start = Start {
        options: at_this_terminal(config.options, args.no_mouse, environment),
        accounts,
        network: NetworkSettings {
            resolver: config.network.resolver,
            connect_timeout: config.network.connect_timeout,
            ..NetworkSettings::default()
        },
        show_client: config.show_client,
        place: Place::Folder(folders.data.clone()),
        vault: Arc::new(FileVault::new(Some(folders.tokens()))),
        folders: Some(folders.clone()),
        trouble,
        reload: Box::new(move || {
            let (file, environment, no_mouse) = &again;
            config::load(file, environment).map(|config| at_this_terminal(config.options, *no_mouse, environment))
        }),
        demo_answer: None,
        keyboard: None,
    };
    match guarded(start, clock, Some(folders))? {
        End::Left(code) => Ok(code),
        End::WantsDemo(keyboard) => play_demo(args, environment, clock, [false; 2], Some(keyboard)),
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

/// Runs the interface; a panic becomes BTY-BUG-01 with a report, after the terminal was given back.
fn guarded(start: Start, clock: Clock, folders: Option<&Folders>) -> Result<End, Problem> {
    static NOTE: log::PanicNote = log::PanicNote::new();
    term::install_panic_hook(|words| NOTE.note(words));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| interface::run(start, clock)));
    term::restore();
    match outcome {
        Ok(Ok(end)) => Ok(end),
        Ok(Err(error)) => Err(Problem::Bug { what: Line::clean(&error.to_string()) }),
        Err(_) => {
            let words = NOTE.take().unwrap_or_default();
            let report = folders.and_then(|folders| log::crash_report(&folders.log_file(), &words));
            let what = report.map_or_else(String::new, |file| file.display().to_string());
            Err(Problem::Bug { what: Line::clean(&what) })
        }
    }
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
            for warning in loaded?.warnings {
                let meant = warning.meant.map(|meant| format!(" (did you mean {meant}?)")).unwrap_or_default();
                let text = format!("line {}: unknown option {}{meant}", warning.line, warning.name);
                answer(&Record::new("warning").column("text", &text).field("line", warning.line))?;
            }
        }
    }
    Ok(0)
}

fn keys(voice: Voice) -> Result<u8, Problem> {
    let config = config::parse("", std::path::Path::new("config.toml"))?;
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
    let config = Folders::find(environment)
        .and_then(|folders| config::load(&folders.config_file, environment))
        .or_else(|_| config::parse("", std::path::Path::new("config.toml")))?;
    let options = at_this_terminal(config.options, args.no_mouse, environment);
    demo::run(options, [strict, fast], keyboard, |start| guarded(start, clock, None))
}
