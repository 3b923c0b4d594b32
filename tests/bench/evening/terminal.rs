//! A program in a pseudo-terminal of 120 by 40, and the moment at which each piece of its output came.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Columns and rows, for every client.
const SIZE: (NonZeroU16, NonZeroU16) = (NonZeroU16::new(120).unwrap(), NonZeroU16::new(40).unwrap());

/// Output, and when it was read.
struct Piece {
    at: Instant,
    bytes: Vec<u8>,
}

/// A running client.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    /// Filled by a thread that does nothing but read and look at the clock, so that what is done with the output here
    /// neither holds the client up nor shifts a stamp.
    pieces: Receiver<Piece>,
    /// That thread.
    pub reader: u32,
    parser: vt100::Parser,
    /// When the program was started.
    pub began: Instant,
    /// Bytes seen so far.
    pub written: usize,
    /// When the last of them came.
    pub last: Instant,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts the command. The clock runs from here: the making of the process counts.
    pub fn start(command: CommandBuilder) -> Self {
        let size = PtySize { rows: SIZE.1.get(), cols: SIZE.0.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (sender, pieces) = channel();
        let (tell_number, number) = channel();
        std::thread::spawn(move || {
            tell_number.send(own_number()).expect("somebody asks");
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let piece = Piece { at: Instant::now(), bytes: buffer[..count].to_vec() };
                if sender.send(piece).is_err() {
                    return;
                }
            }
        });
        let reader = number.recv().expect("the reader's number");
        let began = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the client starts");
        drop(pair.slave);
        let parser = vt100::Parser::new(SIZE.1, SIZE.0, 0);
        Self { child, writer, pieces, reader, parser, began, written: 0, last: began, _master: pair.master }
    }

    /// A program that gives back what it reads, and nothing else: what it takes is what the computer takes.
    pub fn echo() -> Self {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", "stty raw -echo; printf .; exec cat"]);
        let mut terminal = Self::start(command);
        terminal.next(Duration::from_secs(10)).expect("sh starts");
        terminal
    }

    /// When the next piece came.
    pub fn next(&mut self, patience: Duration) -> Option<Instant> {
        let piece = self.pieces.recv_timeout(patience).ok()?;
        self.take(&piece);
        Some(self.last)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    /// Types this.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("the client reads");
    }

    /// The screen as text, a line for each row.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    fn take(&mut self, piece: &Piece) {
        self.parser.process(&piece.bytes);
        self.written += piece.bytes.len();
        self.last = piece.at;
    }

    /// Reads until the screen is right; the moment at which the piece came that made it so. Pieces that are waiting
    /// already are looked at together: under a flood the answer may be late by the few of one look.
    pub fn until(&mut self, patience: Duration, mut right: impl FnMut(&str) -> bool) -> Option<Instant> {
        let end = Instant::now() + patience;
        loop {
            if right(&self.screen()) {
                return Some(self.last);
            }
            let piece = self.pieces.recv_timeout(end.saturating_duration_since(Instant::now())).ok()?;
            self.take(&piece);
            while let Ok(piece) = self.pieces.try_recv() {
                self.take(&piece);
            }
        }
    }

    /// The same, but the screen is looked at after every single piece.
    pub fn until_exactly(&mut self, patience: Duration, mut right: impl FnMut(&str) -> bool) -> Option<Instant> {
        let end = Instant::now() + patience;
        loop {
            if right(&self.screen()) {
                return Some(self.last);
            }
            let piece = self.pieces.recv_timeout(end.saturating_duration_since(Instant::now())).ok()?;
            self.take(&piece);
        }
    }

    /// Reads for that long, whatever comes; false when the program has ended.
    pub fn watch(&mut self, time: Duration) -> bool {
        self.each_piece(time, |_, _, _| {})
    }

    /// Reads for that long and shows each piece: the screen before and after it, and its length.
    pub fn each_piece(&mut self, time: Duration, mut look: impl FnMut(&str, &str, usize)) -> bool {
        let end = Instant::now() + time;
        loop {
            match self.pieces.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(piece) => {
                    let before = self.screen();
                    self.take(&piece);
                    look(&before, &self.screen(), piece.bytes.len());
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Reads until nothing has come for that long, at most `patience`; when the last piece came.
    pub fn calm(&mut self, silence: Duration, patience: Duration) -> Instant {
        let end = Instant::now() + patience;
        while let Ok(piece) = self.pieces.recv_timeout(silence) {
            self.take(&piece);
            if Instant::now() > end {
                break;
            }
        }
        self.last
    }

    /// Ends the client by these keys, or by force when it does not obey.
    pub fn quit(mut self, keys: &str) {
        self.send(keys);
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            self.watch(Duration::from_millis(20));
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
        }
    }
}

/// The number of this thread.
fn own_number() -> u32 {
    let link = std::fs::read_link("/proc/thread-self").expect("this thread");
    link.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that ended cleanly has no process any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
