//! SOCKS5 (RFC 1928), with name and password (RFC 1929) where there are some.
//!
//! Only CONNECT. Reads exactly what an answer holds, so nothing of what follows is taken.

use super::{Login, Next, Refusal};
use crate::types::{Line, Secret};
use std::net::IpAddr;

const VERSION: u8 = 5;
/// RFC 1928 section 3.
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const NOTHING_FITS: u8 = 0xff;
/// RFC 1929 section 2.
const LOGIN_VERSION: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greet,
    Method,
    Login,
    LoginAnswer,
    Ask,
    Answer,
    Open,
}

/// The talk.
#[derive(Debug)]
pub struct Socks5 {
    state: State,
    target: Vec<u8>,
    login: Option<Login>,
    had: Vec<u8>,
}

impl Socks5 {
    /// A way to this place. A name too long for the protocol becomes one that no proxy knows.
    pub fn new(host: &str, port: u16, login: Option<Login>) -> Self {
        let mut target = match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => [&[1], &address.octets()[..]].concat(),
            Ok(IpAddr::V6(address)) => [&[4], &address.octets()[..]].concat(),
            Err(_) => counted(&[3], host),
        };
        target.extend_from_slice(&port.to_be_bytes());
        Self { state: State::Greet, target, login, had: Vec::new() }
    }

    /// What to do now.
    pub fn poll(&mut self) -> Next {
        match self.state {
            State::Greet => {
                self.state = State::Method;
                let methods: &[u8] = if self.login.is_some() { &[2, NO_LOGIN, PASSWORD] } else { &[1, NO_LOGIN] };
                send([&[VERSION], methods].concat())
            }
            State::Login => {
                self.state = State::LoginAnswer;
                let Some(login) = &self.login else { return send(Vec::new()) };
                let mut bytes = counted(&[LOGIN_VERSION], &login.user);
                bytes = counted(&bytes, login.password.expose());
                send(bytes)
            }
            State::Ask => {
                self.state = State::Answer;
                send([&[VERSION, 1, 0], &self.target[..]].concat())
            }
            State::Open => Next::Open,
            State::Method | State::LoginAnswer | State::Answer => {
                Next::Read(self.needed().saturating_sub(self.had.len()).max(1))
            }
        }
    }

    /// How long the answer is, as far as can be told by now.
    fn needed(&self) -> usize {
        match (self.state, self.had.get(3), self.had.get(4)) {
            (State::Answer, Some(1), _) => 10,
            (State::Answer, Some(4), _) => 22,
            (State::Answer, Some(3), Some(length)) => 7 + usize::from(*length),
            (State::Answer, ..) => 5,
            _ => 2,
        }
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        for byte in bytes {
            if !matches!(self.state, State::Method | State::LoginAnswer | State::Answer) {
                return Err(Refusal::Rubbish); // more than was asked for
            }
            self.had.push(*byte);
            self.judge()?;
            if self.had.len() >= self.needed() {
                self.turn()?;
                self.had.clear();
            }
        }
        Ok(())
    }

    /// Refuses an answer at the first byte that cannot be one.
    fn judge(&self) -> Result<(), Refusal> {
        let version = if self.state == State::LoginAnswer { LOGIN_VERSION } else { VERSION };
        let wrong = match (self.state, self.had.as_slice()) {
            (_, [first, ..]) if *first != version => true,
            (State::Answer, [_, reply]) if *reply > 0 => return Err(refusal(*reply)),
            (State::Answer, [_, _, reserved]) => *reserved != 0,
            (State::Answer, [_, _, _, kind]) => !matches!(kind, 1 | 3 | 4),
            _ => false,
        };
        if wrong { Err(Refusal::Rubbish) } else { Ok(()) }
    }

    /// A whole answer is there.
    fn turn(&mut self) -> Result<(), Refusal> {
        let verdict = self.had.get(1).copied().unwrap_or(NOTHING_FITS);
        self.state = match (self.state, verdict) {
            (State::Method, NO_LOGIN) | (State::LoginAnswer, 0) => State::Ask,
            (State::Method, PASSWORD) if self.login.is_some() => State::Login,
            (State::Method, NOTHING_FITS) if self.login.is_none() => return Err(Refusal::LoginNeeded),
            (State::Method, NOTHING_FITS) | (State::LoginAnswer, _) => return Err(Refusal::LoginRefused),
            (State::Answer, _) => State::Open,
            _ => return Err(Refusal::Rubbish), // a method that was not offered
        };
        Ok(())
    }
}

fn send(bytes: Vec<u8>) -> Next {
    Next::Send(Secret::new(bytes))
}

/// A text behind its length. What cannot be counted in a byte is left out: such a name is answered with "no".
fn counted(before: &[u8], text: &str) -> Vec<u8> {
    let text = if text.len() > 255 { "" } else { text };
    let length = u8::try_from(text.len()).unwrap_or(0);
    [before, &[length], text.as_bytes()].concat()
}

/// RFC 1928 section 6.
fn refusal(reply: u8) -> Refusal {
    let line = Line::clean;
    match reply {
        1 => Refusal::Refused(line("general failure")),
        2 => Refusal::Refused(line("not allowed")),
        3 => Refusal::NoWay(line("network unreachable")),
        4 => Refusal::NoWay(line("host unreachable")),
        5 => Refusal::NoWay(line("connection refused")),
        6 => Refusal::NoWay(line("timed out")),
        7 | 8 => Refusal::Refused(line("not supported")),
        _ => Refusal::Rubbish,
    }
}
