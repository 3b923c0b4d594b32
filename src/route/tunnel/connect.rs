//! CONNECT of HTTP/1.1 (RFC 9110 section 9.3.6), with Basic (RFC 7617) where there is a login.
//!
//! Refused: headers above 8 KiB, bytes behind them, and whatever is no HTTP.

use super::{Login, Next, Refusal};
use crate::types::{Line, Secret};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Longest answer.
const MOST: usize = 8 * 1024;
const END: &[u8] = b"\r\n\r\n";

#[derive(Debug)]
enum State {
    Ask(Secret<Vec<u8>>),
    Answer,
    Open,
}

/// The talk.
#[derive(Debug)]
pub struct Connect {
    state: State,
    with_login: bool,
    had: Vec<u8>,
}

impl Connect {
    /// A way to this place.
    pub fn new(host: &str, port: u16, login: Option<Login>) -> Self {
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let with_login = login.is_some();
        let mut text = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
        if let Some(login) = login {
            let pair = Secret::new(format!("{}:{}", login.user, login.password.expose()));
            let encoded = Secret::new(BASE64_STANDARD.encode(pair.expose()));
            // Room for all of it, so that no half of it stays behind in a buffer that was too small.
            let mut whole = String::with_capacity(text.len() + encoded.expose().len() + 40);
            whole.push_str(&text);
            whole.push_str("Proxy-Authorization: Basic ");
            whole.push_str(encoded.expose());
            whole.push_str("\r\n");
            text = whole;
        }
        text.push_str("\r\n");
        Self { state: State::Ask(Secret::new(text.into_bytes())), with_login, had: Vec::new() }
    }

    /// What to do now.
    pub fn poll(&mut self) -> Next {
        match std::mem::replace(&mut self.state, State::Answer) {
            State::Ask(bytes) => Next::Send(bytes),
            State::Answer => Next::Read(MOST.saturating_sub(self.had.len()).max(1)),
            State::Open => {
                self.state = State::Open;
                Next::Open
            }
        }
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        for byte in bytes {
            if !matches!(self.state, State::Answer) || self.had.len() >= MOST {
                return Err(Refusal::Rubbish);
            }
            self.had.push(*byte);
            // The first bytes tell whether this is HTTP at all: nobody waits for the end of something else.
            if b"HTTP/1.".iter().zip(&self.had).any(|(ours, theirs)| ours != theirs) {
                return Err(Refusal::Rubbish);
            }
            if self.had.ends_with(END) {
                self.judge()?;
                self.state = State::Open;
            }
        }
        Ok(())
    }

    fn judge(&self) -> Result<(), Refusal> {
        let line = self.had.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let (version, rest) = line.split_once(' ').ok_or(Refusal::Rubbish)?;
        let (code, _) = rest.split_once(' ').unwrap_or((rest, ""));
        let three = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
        if !matches!(version, "HTTP/1.0" | "HTTP/1.1") || !three {
            return Err(Refusal::Rubbish);
        }
        let said = Line::clean(rest);
        match code {
            // tinyproxy says 401 where it knows the name and not the password.
            "401" | "407" if self.with_login => Err(Refusal::LoginRefused),
            "407" => Err(Refusal::LoginNeeded),
            "404" | "502" | "503" | "504" => Err(Refusal::NoWay(said)),
            _ if code.starts_with('2') => Ok(()),
            _ if code.starts_with('1') => Err(Refusal::Rubbish),
            _ => Err(Refusal::Refused(said)),
        }
    }
}
