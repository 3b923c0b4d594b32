//! A session over any byte stream.
//!
//! Reads and writes wait together: with `write_all` two sides that both have much to say would wait for each
//! other for ever. Nothing is read between the go-ahead for TLS and TLS itself.

mod summing;

use super::alarm::Alarm;
use super::link::Inbox;
use super::wire_log::WireLog;
use crate::app::effect::LinkCommand;
use crate::types::{Now, Secret};
use crate::xmpp::sasl::Salted;
use crate::xmpp::{Command, Event, Output, Session, TokenSlot};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use summing::Summing;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Bytes taken per read.
const PIECE: usize = 16 * 1024;
/// A peer that talks without listening is not read beyond this much unwritten.
const MOST_UNWRITTEN: usize = 4 * 1024 * 1024;

/// Moves of a stream, in either direction, that are acknowledged at once: a sign-in takes fewer.
const HURRIED: u8 = 64;

/// A stream that can be told to acknowledge at once.
///
/// A server that writes its header and its features apart (Prosody does) waits for our acknowledgement in between,
/// and Linux holds that back for 40 ms, several times in one sign-in.
pub(super) trait Prompt {
    /// Acknowledge what has come, and what comes next, without waiting. Where it cannot be had nothing is lost.
    fn hurry(&self) {}

    /// Nothing that is still on its way is to arrive: whoever takes this line for lost says it again on another one.
    fn abandon(&self) {}
}

impl Prompt for TcpStream {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn hurry(&self) {
        let _ = self.set_quickack(true);
    }

    fn abandon(&self) {
        let _ = self.set_zero_linger();
    }
}

impl Prompt for TlsStream<TcpStream> {
    fn hurry(&self) {
        self.get_ref().0.hurry();
    }

    fn abandon(&self) {
        self.get_ref().0.abandon();
    }
}

/// What is driven; a [`Session`], or a stand-in in tests.
pub(super) trait Machine {
    fn input(&mut self, now: Now, bytes: &[u8]);
    fn eased(&mut self, now: Now);
    fn eof(&mut self, now: Now, truncated: bool);
    fn timeout(&mut self, now: Now);
    fn command(&mut self, now: Now, command: Command);
    fn provide(&mut self, now: Now, slot: TokenSlot, secret: Secret<String>);
    fn summed(&mut self, now: Now, salted: &Salted);
    fn output(&mut self) -> Output;
}

impl Machine for Session {
    fn input(&mut self, now: Now, bytes: &[u8]) {
        self.handle_input(now, bytes);
    }
    fn eased(&mut self, now: Now) {
        self.handle_eased(now);
    }
    fn eof(&mut self, now: Now, truncated: bool) {
        self.handle_eof(now, truncated);
    }
    fn timeout(&mut self, now: Now) {
        self.handle_timeout(now);
    }
    fn command(&mut self, now: Now, command: Command) {
        self.handle_command(now, command);
    }
    fn provide(&mut self, now: Now, slot: TokenSlot, secret: Secret<String>) {
        Session::provide(self, now, slot, secret);
    }
    fn summed(&mut self, now: Now, salted: &Salted) {
        Session::summed(self, now, salted);
    }
    fn output(&mut self) -> Output {
        self.poll_output()
    }
}

/// What the driver hands back.
#[derive(Debug)]
pub(super) enum Turn {
    /// A fact.
    Event(Event),
    /// Everything before was written: TLS is next.
    StartTls,
    /// A secret is wanted; bring it with [`Wire::provide`].
    WantSecret(TokenSlot),
    /// The session is over and its last bytes are written.
    Finished,
    /// From the mind.
    Command(LinkCommand),
    /// The mind let go of the link.
    HungUp,
}

/// A byte stream with what waits to go out.
pub(super) struct Wire<S> {
    io: S,
    piece: Box<[u8]>,
    moves: u8,
    out: VecDeque<u8>,
    unflushed: bool,
    /// The stream takes no more: the other side is slow to take what it has, or is not there.
    stuck: bool,
    read_next: bool,
    upgrading: bool,
    ended: bool,
    deaf: bool,
    /// Since when reads stand still: the store is behind.
    standing: Option<Duration>,
    /// How long they stood still before.
    stood: Duration,
    /// Nobody is there to command any more.
    pub(super) orphaned: bool,
    waiting: VecDeque<Work>,
    /// Sums of the machine, done where they keep no other link waiting.
    sums: Option<Summing>,
    alarm: Alarm,
    sent: WireLog,
    got: WireLog,
}

/// What the machine is told once it has drained to `Wait`.
enum Work {
    Command(Command),
    Secret(TokenSlot, Secret<String>),
}

/// What the outputs of a machine came to.
enum Drained {
    /// Nothing to do until this moment.
    Wait(Option<Duration>),
    /// Something has to be handed back first.
    Turn(Turn),
}

enum Moved {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    /// A deadline of the machine has come.
    Rang,
    /// Its sums are done.
    Summed(Option<Salted>),
}

impl<S: AsyncRead + AsyncWrite + Unpin + Prompt> Wire<S> {
    pub(super) fn new(io: S) -> Self {
        Self {
            io,
            piece: vec![0; PIECE].into_boxed_slice(),
            moves: 0,
            out: VecDeque::new(),
            unflushed: false,
            stuck: false,
            read_next: false,
            upgrading: false,
            ended: false,
            deaf: false,
            standing: None,
            stood: Duration::ZERO,
            orphaned: false,
            waiting: VecDeque::new(),
            sums: None,
            alarm: Alarm::default(),
            sent: WireLog::default(),
            got: WireLog::default(),
        }
    }

    /// Stops or resumes reads, at this moment of the monotonic clock. For the machine time stands still meanwhile: who
    /// does not listen must not take the other side for dead.
    pub(super) fn pause(&mut self, paused: bool, now: Duration) {
        match (self.standing, paused) {
            (None, true) => self.standing = Some(now),
            (Some(since), false) => {
                self.stood = self.stood.saturating_add(now.saturating_sub(since));
                self.standing = None;
            }
            _ => {}
        }
    }

    /// The time as the machine knows it.
    fn now(&self, clock: &(dyn Fn() -> Now + Send + Sync)) -> Now {
        let now = clock();
        let standing = self.standing.map_or(Duration::ZERO, |since| now.mono.saturating_sub(since));
        Now { mono: now.mono.saturating_sub(self.stood).saturating_sub(standing), ..now }
    }

    /// The stream, for TLS to be put over it.
    pub(super) fn into_inner(self) -> S {
        self.io
    }

    /// A request for the session.
    pub(super) fn command(&mut self, command: Command) {
        self.waiting.push_back(Work::Command(command));
    }

    /// The secret for a slot.
    pub(super) fn provide(&mut self, slot: TokenSlot, secret: Secret<String>) {
        self.waiting.push_back(Work::Secret(slot, secret));
    }

    /// Drives until there is something to say. May be dropped and called again: nothing is lost.
    pub(super) async fn turn<M: Machine>(
        &mut self,
        machine: &mut M,
        commands: &mut Inbox,
        clock: &(dyn Fn() -> Now + Send + Sync),
    ) -> Turn {
        loop {
            let deadline = match self.drain(machine) {
                Drained::Wait(deadline) => deadline,
                Drained::Turn(turn) => return turn,
            };
            match self.waiting.pop_front() {
                Some(Work::Command(command)) => machine.command(self.now(clock), command),
                Some(Work::Secret(slot, secret)) => machine.provide(self.now(clock), slot, secret),
                None => {
                    if let Some(turn) = self.wait(machine, commands, clock, deadline).await {
                        return turn;
                    }
                }
            }
        }
    }

    /// Takes outputs until `Wait`; its deadline, or what has to be handed back first.
    fn drain<M: Machine>(&mut self, machine: &mut M) -> Drained {
        let deadline = loop {
            if self.upgrading {
                break None;
            }
            match machine.output() {
                Output::Transmit(bytes) => {
                    self.sent.pass("C:", &bytes);
                    self.out.extend(bytes);
                }
                Output::Event(event) => {
                    self.ended |= matches!(event, Event::Ended(_));
                    return Drained::Turn(Turn::Event(event));
                }
                Output::StartTls => self.upgrading = true,
                Output::WantSecret(slot) => return Drained::Turn(Turn::WantSecret(slot)),
                Output::Sums(sums) => self.sums = Some(Summing::begin(sums)),
                Output::Wait(deadline) => break deadline,
            }
        };
        let written = self.out.is_empty() && !self.unflushed;
        if self.upgrading && written {
            return Drained::Turn(Turn::StartTls);
        }
        if self.ended && (written || self.deaf) {
            return Drained::Turn(Turn::Finished);
        }
        Drained::Wait(deadline)
    }

    async fn wait<M: Machine>(
        &mut self,
        machine: &mut M,
        commands: &mut Inbox,
        clock: &(dyn Fn() -> Now + Send + Sync),
        deadline: Option<Duration>,
    ) -> Option<Turn> {
        let running = self.standing.is_none();
        let left = deadline.filter(|_| running).map(|at| at.saturating_sub(self.now(clock).mono));
        if self.moves < HURRIED {
            self.moves += 1;
            self.io.hurry();
        }
        let sleeps = !self.alarm.set(left);
        let listening = !self.ended && !self.upgrading && !self.orphaned;
        tokio::select! {
            moved = poll_fn(|context| self.poll(context)) => match moved {
                Moved::Read(Ok(0)) => { self.deaf = true; machine.eof(self.now(clock), false) }
                Moved::Read(Ok(count)) => {
                    let now = self.now(clock);
                    let bytes = self.piece.get(..count).unwrap_or_default();
                    self.got.pass("S:", bytes);
                    machine.input(now, bytes);
                }
                // What goes into a stream with room proves nothing; but room that there was not has been made.
                Moved::Wrote(Ok(_)) => {
                    if std::mem::take(&mut self.stuck) {
                        machine.eased(self.now(clock));
                    }
                }
                Moved::Rang => machine.timeout(self.now(clock)),
                Moved::Summed(Some(salted)) => machine.summed(self.now(clock), &salted),
                // They stopped half way: as good as a line that is gone.
                Moved::Summed(None) => machine.eof(self.now(clock), true),
                Moved::Read(Err(_)) | Moved::Wrote(Err(_)) => {
                    self.deaf = true;
                    self.out.clear();
                    self.unflushed = false;
                    machine.eof(self.now(clock), true);
                }
            },
            command = commands.recv(), if listening => {
                return Some(command.map_or(Turn::HungUp, Turn::Command));
            }
            () = tokio::time::sleep(left.unwrap_or_default()), if sleeps && left.is_some() => machine.timeout(self.now(clock)),
        }
        None
    }

    /// Whichever of reading and writing can go on, by turns.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Moved> {
        if let Some(sums) = &mut self.sums
            && let Poll::Ready(salted) = Pin::new(sums).poll(context)
        {
            self.sums = None;
            return Poll::Ready(Moved::Summed(salted));
        }
        self.read_next = !self.read_next;
        let first = if self.read_next { self.poll_read(context) } else { self.poll_write(context) };
        if first.is_ready() {
            return first;
        }
        let second = if self.read_next { self.poll_write(context) } else { self.poll_read(context) };
        if second.is_ready() { second } else { self.alarm.poll(context).map(|()| Moved::Rang) }
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Moved> {
        let full = self.out.len() > MOST_UNWRITTEN;
        if self.standing.is_some() || self.upgrading || self.ended || self.deaf || full {
            return Poll::Pending;
        }
        let mut buffer = ReadBuf::new(&mut self.piece);
        let result = std::task::ready!(Pin::new(&mut self.io).poll_read(context, &mut buffer));
        Poll::Ready(Moved::Read(result.map(|()| buffer.filled().len())))
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Moved> {
        if !self.out.is_empty() {
            let (front, _) = self.out.as_slices();
            let Poll::Ready(result) = Pin::new(&mut self.io).poll_write(context, front) else {
                self.stuck = true;
                return Poll::Pending;
            };
            let result = match result {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.out.drain(..count);
                    self.unflushed = true;
                    Ok(count)
                }
                Err(error) => Err(error),
            };
            return Poll::Ready(Moved::Wrote(result));
        }
        if !self.unflushed {
            return Poll::Pending;
        }
        let result = std::task::ready!(Pin::new(&mut self.io).poll_flush(context));
        self.unflushed = false;
        Poll::Ready(Moved::Wrote(result.map(|()| 0)))
    }
}

#[cfg(test)]
mod tests;
