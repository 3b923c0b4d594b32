//! The clients: how each is set up, what its screen says, which keys it takes.
//!
//! Each runs as it is shipped, in an empty home. It is told account, server, authority and resource, and nothing else
//! but what keeps it from asking questions.

use super::server::{HOST, Server};
use super::terminal::Terminal;
use portable_pty::CommandBuilder;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// The program that is measured as butty's, when it is another than the one that cargo built.
pub static BUTTY: OnceLock<PathBuf> = OnceLock::new();

/// A client under measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Ours.
    Butty,
    /// Debian's mcabber (C, loudmouth).
    Mcabber,
    /// Debian's Profanity (C, libstrophe).
    Profanity,
}

impl Client {
    /// Ours first, then the peers.
    pub const ALL: [Self; 3] = [Self::Butty, Self::Mcabber, Self::Profanity];

    /// The name of its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Butty => "butty",
            Self::Mcabber => "mcabber",
            Self::Profanity => "profanity",
        }
    }

    /// The file of its program.
    pub fn program(self) -> PathBuf {
        match self {
            Self::Butty => BUTTY.get().cloned().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_butty"))),
            Self::Mcabber | Self::Profanity => Path::new("/usr/bin").join(self.name()),
        }
    }

    /// An empty home in that folder, with settings for `user`.
    pub fn home(self, server: &Server, user: &str, below: &Path) -> TempDir {
        let home = tempfile::Builder::new().prefix("butty-bench-").tempdir_in(below).expect("a folder");
        let (address, port) = server.address().rsplit_once(':').expect("address:port");
        let ca = server.ca();
        let write = |file: &str, text: String| {
            let file = home.path().join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(&file, text).expect("a file");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
        };
        match self {
            Self::Butty => write(
                "butty/config/config.toml",
                format!(
                    "[[accounts]]\naddress = \"{user}@{HOST}\"\nserver = \"{address}:{port}\"\ntls = \"starttls\"\n\
                     ca_file = \"{ca}\"\nsign_in = \"password\"\npassword_command = [\"printf\", \"pw-{user}\"]\n"
                ),
            ),
            Self::Mcabber => write(
                ".mcabber/mcabberrc",
                format!(
                    "set jid = {user}@{HOST}\nset password = pw-{user}\nset server = {address}\nset port = {port}\n\
                     set tls = 1\nset ssl_ca = {ca}\nset resource = bench\n"
                ),
            ),
            Self::Profanity => {
                let folder = home.path().join("certs");
                write(
                    ".local/share/profanity/accounts",
                    format!(
                        "[{user}@{HOST}]\nenabled=true\njid={user}@{HOST}\nresource=bench\npassword=pw-{user}\n\
                         server={address}\nport={port}\ntls.policy=force\npresence.last=online\npresence.login=online\n"
                    ),
                );
                write(".config/profanity/profrc", format!("[connection]\ntls.certpath={}\n", folder.display()));
                write(&format!("certs/{}.0", subject_hash(ca)), fs::read_to_string(ca).expect("the authority"));
            }
        }
        home
    }

    /// Starts it for `user` in that home.
    pub fn start(self, home: &Path, user: &str) -> Terminal {
        self.started(home, user, CommandBuilder::new(self.program()))
    }

    /// The same, with every call that waits for the disk written down in that file. Who writes is `strace`, as a
    /// grandchild of the client (`-D`), so that the client is the process that it always is; all other calls go their
    /// usual way (`--seccomp-bpf`).
    pub fn start_watched(self, home: &Path, user: &str, file: &Path) -> Terminal {
        let mut command = CommandBuilder::new("/usr/bin/strace");
        command.args(["-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,msync,sync_file_range", "-o"]);
        command.arg(file);
        command.arg(self.program());
        self.started(home, user, command)
    }

    fn started(self, home: &Path, user: &str, mut command: CommandBuilder) -> Terminal {
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin"), ("TZ", "UTC")]
        {
            command.env(name, value);
        }
        command.env("HOME", home);
        command.cwd(home);
        match self {
            Self::Butty => command.env("BUTTY_HOME", home.join("butty")),
            Self::Mcabber => {}
            Self::Profanity => {
                command.env("XDG_CONFIG_HOME", home.join(".config"));
                command.env("XDG_DATA_HOME", home.join(".local/share"));
                command.args(["-a".to_owned(), format!("{user}@{HOST}")]);
            }
        }
        Terminal::start(command)
    }

    /// Whether the names of all these buddies are on the screen, in whatever state.
    pub fn shows_names(screen: &str, buddies: &[usize]) -> bool {
        buddies.iter().all(|number| names(screen, &format!("Buddy {number}")))
    }

    /// Whether its list shows the presence of every one of these buddies.
    pub fn shows_live(self, screen: &str, buddies: &[usize]) -> bool {
        let list = match self {
            Self::Butty | Self::Mcabber => screen,
            // Its list has a heading for each presence.
            Self::Profanity => {
                let below = screen.find(" Online (").map_or("", |at| &screen[at..]);
                below.find(" Away (").map_or("", |end| &below[..end])
            }
        };
        let mark = match self {
            Self::Butty => "● ",
            Self::Mcabber => "[o] ",
            Self::Profanity => "  ",
        };
        buddies.iter().all(|number| names(list, &format!("{mark}Buddy {number}")))
    }

    /// Opens the talk with a buddy and leaves the cursor where text goes.
    pub fn open_talk(self, terminal: &mut Terminal, buddy: usize) {
        match self {
            Self::Butty | Self::Profanity => terminal.send(&format!("/msg buddy{buddy}@{HOST}\r")),
            Self::Mcabber => {
                terminal.send(&format!("/roster search buddy{buddy}@\r"));
                terminal.watch(Duration::from_millis(200));
                terminal.send("\r");
            }
        }
        terminal.calm(Duration::from_millis(500), Duration::from_secs(5));
    }

    /// The keys that show the page above.
    pub const PAGE_UP: &str = "\x1b[5~";

    /// The keys that end it.
    pub fn quit_keys(self) -> &'static str {
        match self {
            Self::Butty => "\x11",
            Self::Mcabber | Self::Profanity => "\x15/quit\r",
        }
    }
}

/// Whether this stands there, and no digit behind it.
fn names(list: &str, wanted: &str) -> bool {
    let ends = |at: usize| !list[at + wanted.len()..].starts_with(|next: char| next.is_ascii_digit());
    list.match_indices(wanted).any(|(at, _)| ends(at))
}

/// The name by which OpenSSL finds an authority in a folder.
fn subject_hash(certificate: &str) -> String {
    let done = Command::new("openssl").args(["x509", "-hash", "-noout", "-in", certificate]).output();
    String::from_utf8(done.expect("openssl runs").stdout).expect("text").trim().to_owned()
}
