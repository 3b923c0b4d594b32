//! butty in a pseudo-terminal: type, wait for the screen, look.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a screen may take. Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What has come out so far.
struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
    /// The reader is to go.
    leaving: bool,
}

/// A running butty and the screen it draws.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

impl Terminal {
    /// Starts the real binary with these arguments. `home` is where all its files go.
    pub fn start(home: &Path, arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_with(home, arguments, columns, rows, &[])
    }

    /// The same, with more environment.
    pub fn start_with(home: &Path, arguments: &[&str], columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_butty"));
        command.args(arguments);
        Self::run(command, home, columns, rows, environment)
    }

    /// Starts it through another program that becomes it, such as `/bin/sh -c 'ulimit -f 100; exec "$0"'`: the path of
    /// butty is its last argument.
    pub fn start_through(through: &[&str], home: &Path, columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new(through.first().expect("a program"));
        command.args(&through[1..]);
        command.arg(env!("CARGO_BIN_EXE_butty"));
        Self::run(command, home, columns, rows, &[])
    }

    fn run(mut command: CommandBuilder, home: &Path, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        command.env_clear();
        for (key, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin"), ("TZ", "UTC")]
        {
            command.env(key, value);
        }
        command.env("HOME", home);
        command.env("BUTTY_HOME", home.join("butty"));
        // No keyring: the one of whoever runs this is not for tests.
        command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:");
        for (key, value) in environment {
            command.env(key, value);
        }
        command.cwd(home);
        let child = pair.slave.spawn_command(command).expect("butty starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let shown =
            Arc::new((Mutex::new(Shown { parser, bytes: Vec::new(), closed: false, leaving: false }), Condvar::new()));
        let filled = shown.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut shown = filled.0.lock().unwrap_or_else(PoisonError::into_inner);
                let over = read == 0 || shown.leaving;
                if over {
                    shown.closed = true;
                } else {
                    shown.parser.process(&buffer[..read]);
                    shown.bytes.extend_from_slice(&buffer[..read]);
                }
                filled.1.notify_all();
                if over {
                    return;
                }
            }
        });
        Self { child, master: Some(pair.master), writer: Some(writer), shown }
    }

    /// Types text or escape sequences as they are.
    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("open");
        writer.write_all(keys.as_bytes()).and_then(|()| writer.flush()).expect("butty reads");
    }

    /// Types a line and presses Enter.
    pub fn line(&mut self, text: &str) {
        self.send(text);
        self.send("\r");
    }

    /// A bracketed paste.
    pub fn paste(&mut self, text: &str) {
        self.send(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).parser.screen().contents()
    }

    /// Everything that was ever written to the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
    }

    /// Waits until the screen holds this text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen no longer holds this text.
    #[track_caller]
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait_until(&format!("no {text:?}"), |screen| !screen.contains(text))
    }

    /// Waits until the screen is right.
    #[track_caller]
    pub fn wait_until(&self, what: &str, right: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let screen = shown.parser.screen().contents();
            if right(&screen) {
                return screen;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !shown.closed, "waited for {what}; the screen is:\n{screen}");
            shown = self.shown.1.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.shown
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .parser
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        self.master
            .as_ref()
            .expect("open")
            .resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
            .expect("resized");
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("running")
    }

    /// Waits for the end and for the last of what was written; gives the exit code.
    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
                let left = until.saturating_duration_since(Instant::now());
                let closed = self.shown.1.wait_timeout_while(shown, left, |shown| !shown.closed);
                assert!(closed.is_ok_and(|(shown, _)| shown.closed), "somebody holds the terminal");
                return status.exit_code();
            }
            assert!(Instant::now() < until, "butty does not end; the screen is:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Closes the terminal under it, as when a window is closed.
    pub fn close(&mut self) {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).leaving = true;
        // The reader has the terminal open as well: something new to draw wakes it, and it goes.
        let size = PtySize { rows: 25, cols: 81, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().expect("open").resize(size).expect("resized");
        let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.shown.1.wait_timeout_while(shown, PATIENCE, |shown| !shown.closed);
        assert!(left.is_ok_and(|(shown, _)| shown.closed), "nothing was drawn");
        (self.master, self.writer) = (None, None);
    }

    /// Ctrl+Q, then the exit code.
    #[track_caller]
    pub fn quit(mut self) -> u32 {
        self.send("\x11");
        self.end()
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a screen has cells")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A failing test must leave nothing behind; one that ended cleanly has no child any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
