//! What can be asked for.

use super::Voice;
use crate::types::{Line, Problem};
use crate::xmpp::{BindingType, sasl};
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

/// A terminal messenger: sign in with a short code, see who is there, chat.
#[derive(Debug, Parser)]
#[command(
    name = "butty",
    version,
    long_version = about_build(),
    about,
    disable_help_subcommand = true,
    after_help = "Try it now, without an account:  butty demo\nSign in to your own server:      butty login you@example.org"
)]
pub struct Args {
    /// Answer in JSON: one object, or one a line for lists; errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but the answer
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Never ask; fail with the flag that would have answered
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Give up after this long, such as 30s or 2m
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_time)]
    pub timeout: Option<Duration>,
    /// Use this account
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub account: Option<String>,
    /// Use this config file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Leave the mouse to the terminal
    #[arg(long, global = true)]
    pub no_mouse: bool,
    /// What to do; nothing: open the messenger
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// Reads a command line (its first word is the program's name). Help and version are answers, and what cannot be
    /// read is told here: then the exit code comes back.
    pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Self, u8> {
        let line: Vec<OsString> = line.into_iter().collect();
        Self::try_parse_from(&line).map_err(|error| {
            if !error.use_stderr() {
                // A closed pipe is no failure.
                drop(error.print());
                return 0;
            }
            if !line.iter().any(|word| word == "--json") {
                drop(error.print());
                return 2;
            }
            let text = error.to_string();
            let why = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Voice { json: true, quiet: false, columns: None }.fail(&Problem::Usage { why: Line::clean(why) })
        })
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try butty in a demo town, without an account; nothing leaves this computer
    Demo {
        /// The documented service alone, without today's extras
        #[arg(long)]
        strict: bool,
        /// Say what is documented, inferred and added
        #[arg(long)]
        about: bool,
        /// Run the service alone and print its addresses
        #[arg(long)]
        serve: bool,
        /// Shorten all waits of the cast
        #[arg(long)]
        fast: bool,
    },
    /// Sign in: with a code, on a page, with a password, or with a token of others
    Login(Box<Login>),
    /// Sign out: the service forgets this computer, the saved sign-in is deleted
    Logout {
        /// Which account
        #[arg(conflicts_with = "all")]
        address: Option<String>,
        /// Every account that butty knows
        #[arg(long, conflicts_with = "account")]
        all: bool,
        /// End your sign-ins on other devices too, where the server does that
        #[arg(long)]
        everywhere: bool,
        /// Delete the messages kept on this computer too
        #[arg(long)]
        forget_history: bool,
    },
    /// List accounts
    Accounts {
        /// What to do with them
        #[command(subcommand)]
        command: Option<AccountsCommand>,
    },
    /// Print the address that butty is signed in as
    Whoami {
        /// And what butty may do there, since when and until when
        #[arg(long)]
        scopes: bool,
    },
    /// Send a message
    Send {
        /// Address or name of a buddy
        who: String,
        /// What to say; nothing: read it from standard input
        text: Vec<String>,
        /// How long to wait
        #[arg(long, value_enum, default_value_t = Waiting::Sent)]
        wait: Waiting,
    },
    /// List buddies
    Roster {
        /// What to do with them
        #[command(subcommand)]
        command: Option<RosterCommand>,
    },
    /// Find out why something does not work, step by step
    Doctor {
        /// Which account
        address: Option<String>,
        /// Only what needs no network
        #[arg(long)]
        offline: bool,
        /// Without names, addresses and secrets, for a bug report
        #[arg(long)]
        share: bool,
        /// This step alone, and what it needs: proxy, dns, tcp, tls, xmpp, mechanisms, discovery, registration, token,
        /// session
        #[arg(long, value_name = "NAME", conflicts_with = "offline")]
        step: Option<String>,
    },
    /// Look at the config file
    Config {
        /// What to do with it
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// List keys and commands
    Keys,
}

/// `butty login …`
#[derive(Debug, clap::Args)]
pub struct Login {
    /// name@example.org, or example.org
    pub address: Option<String>,
    /// With a code that you type on any device: the same as --grant device
    #[arg(long, conflicts_with_all = ["grant", "password", "password_stdin", "token_stdin"])]
    pub device: bool,
    /// Which way, where the service has several
    #[arg(long, value_enum, conflicts_with_all = ["password", "password_stdin", "token_stdin"])]
    pub grant: Option<Granting>,
    /// Open the page in the browser of this computer
    #[arg(long, conflicts_with_all = ["password", "password_stdin", "token_stdin"])]
    pub open: bool,
    /// Print the code or the page's address and leave; --resume goes on
    #[arg(long, conflicts_with_all = ["password", "password_stdin", "token_stdin", "resume"])]
    pub no_wait: bool,
    /// Go on with what --no-wait began
    #[arg(long, conflicts_with_all = ["password", "password_stdin", "token_stdin"])]
    pub resume: bool,
    /// With a password, asked for on the terminal
    #[arg(long)]
    pub password: bool,
    /// With a password, read from standard input
    #[arg(long, conflicts_with = "token_stdin")]
    pub password_stdin: bool,
    /// With an access token that others made, read from standard input
    #[arg(long, conflicts_with = "password")]
    pub token_stdin: bool,
    /// Kind of service: auto, messenger, prosody, ejabberd, oidc, or a file of yours
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub profile: String,
    /// Ask for chatting alone: the sign-in ends with its first token, nothing renews it
    #[arg(long, conflicts_with_all = ["scope", "password", "password_stdin", "token_stdin"])]
    pub chat_only: bool,
    /// Ask for this permission alone, by the service's name for it; several, if repeated
    #[arg(long, value_name = "NAME", conflicts_with_all = ["password", "password_stdin", "token_stdin"])]
    pub scope: Vec<String>,
    /// Where the sign-in is kept
    #[arg(long, value_enum, default_value_t = Keeping::Auto)]
    pub store: Keeping,
    /// host:port instead of looking it up
    #[arg(long, value_name = "HOST:PORT")]
    pub server: Option<String>,
    /// Extra certificate authority for this account, PEM
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Agree, this once, to a weaker sign-in than the server offered before
    #[arg(long)]
    pub weaker: bool,
}

/// The ways to sign in without a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Granting {
    /// A code where there is one, else a page
    Auto,
    /// A code that you type on any device
    Device,
    /// A page in a browser
    Code,
}

/// `butty accounts …`
#[derive(Debug, Subcommand)]
pub enum AccountsCommand {
    /// List them (the default)
    List,
    /// Do not use this account for now
    Disable {
        /// Which
        address: String,
    },
    /// Use this account again
    Enable {
        /// Which
        address: String,
    },
    /// Give it a name that you see
    Rename {
        /// Which
        address: String,
        /// The name
        name: String,
    },
}

/// `butty roster …`
#[derive(Debug, Subcommand)]
pub enum RosterCommand {
    /// List buddies (the default)
    List {
        /// Only this group
        #[arg(long)]
        group: Option<String>,
    },
}

/// `butty config …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say what is wrong with the file
    Check,
    /// Print where the file is
    Path,
    /// Print every option with its default
    Default,
}

/// Where a sign-in is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Keeping {
    /// In the system keyring; where none answers, butty asks
    Auto,
    /// In the system keyring
    Keyring,
    /// A file that only you can read
    File,
    /// Nowhere: gone when the command ends
    Memory,
}

/// How long `send` waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Waiting {
    /// Until it was written to the network
    None,
    /// Until the server has it
    Sent,
    /// Until a device of theirs has it
    Delivered,
}

/// What `--version` says: the version, and what this build can sign in with.
fn about_build() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let mechanisms: Vec<&str> = sasl::MECHANISMS.iter().map(|mechanism| mechanism.name).collect();
        let bindings = BindingType::ALL.map(BindingType::name);
        format!(
            "{}\nsign-in mechanisms: {}\nchannel binding: {}\nthe demo: {}",
            env!("CARGO_PKG_VERSION"),
            mechanisms.join(" "),
            bindings.join(" "),
            if cfg!(feature = "demo") { "yes" } else { "no" }
        )
    });
    TEXT.as_str()
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("a time is a number with s, m or h, such as 30s".into()),
    };
    match digits.parse::<u64>() {
        Ok(count) if count > 0 => Ok(Duration::from_secs(count.saturating_mul(factor))),
        _ => Err("a time is a number with s, m or h, such as 30s".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn times_are_read() {
        assert_eq!(parse_time("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_time("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "s", "0", "5 s", "-1s", "99999999999999999999h"] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_is_wrong_usage() {
        let read = |words: &[&str]| Args::read(words.iter().map(OsString::from)).map(|args| args.json);
        assert_eq!(read(&["butty", "--json"]), Ok(true));
        assert_eq!(read(&["butty", "--version"]), Err(0));
        assert_eq!(read(&["butty", "fly"]), Err(2));
        assert_eq!(read(&["butty", "fly", "--json"]), Err(2));
    }

    #[test]
    fn a_password_is_no_argument() {
        assert!(Args::try_parse_from(["butty", "login", "a@b", "--password", "secret"]).is_err());
    }
}
