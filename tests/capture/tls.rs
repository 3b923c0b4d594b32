//! TLS records, from outside (RFC 8446 section 5.1), and the client's hello.

use super::grammar::{Flow, shown};
use super::record::Side;

/// Type of a record.
pub const HANDSHAKE: u8 = 22;
const CHANGE_CIPHER: u8 = 20;
const APPLICATION: u8 = 23;
/// Type of a message.
const CLIENT_HELLO: u8 = 1;
/// Types of extensions (RFC 8446 section 4.2).
const EARLY_DATA: u16 = 42;
const PRE_SHARED_KEY: u16 = 41;
/// Session tickets of TLS 1.2 (RFC 5077).
const TICKET: u16 = 35;
/// RFC 8446 section 5.2.
const LONGEST: usize = (1 << 14) + 256;

/// What is to be seen.
pub struct Records {
    /// Bytes of the client's records of application data.
    pub words: usize,
    /// The hello takes up an earlier session.
    pub resumed: bool,
}

/// Reads both sides from these places on. Everything must be a record; the client has no word before the server's
/// first one, and its hello announces none (no early data).
pub fn read(flow: &Flow, at: [usize; 2]) -> Result<Records, String> {
    let client = records(flow, Side::Client, at[0])?;
    let server = records(flow, Side::Server, at[1])?;
    let hello = client.first().filter(|record| record.kind == HANDSHAKE).ok_or("TLS without a hello")?;
    let (early, resumed) = hello_of(hello.content).ok_or_else(|| format!("no hello: {}", shown(hello.content)))?;
    if early {
        return Err("the hello announces early data".to_owned());
    }
    let first_answer = server.first().filter(|record| record.kind == HANDSHAKE).map(|record| record.time);
    let words: Vec<&Record<'_>> = client.iter().filter(|record| record.kind == APPLICATION).collect();
    if let Some(word) = words.first()
        && first_answer.is_none_or(|answered| word.time <= answered)
    {
        return Err("application data before the server said a word".to_owned());
    }
    Ok(Records { words: words.iter().map(|record| record.content.len()).sum(), resumed })
}

struct Record<'a> {
    kind: u8,
    content: &'a [u8],
    /// When its first byte was said.
    time: usize,
}

fn records(flow: &Flow, side: Side, begin: usize) -> Result<Vec<Record<'_>>, String> {
    let (mut all, mut at, mut rest) = (Vec::new(), begin, flow.from(side, begin));
    while let [kind, major, minor, high, low, more @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let sound = (CHANGE_CIPHER..=APPLICATION).contains(kind) && *major == 3 && *minor <= 3 && length <= LONGEST;
        if !sound {
            return Err(format!("{side:?} says what is no TLS: {}", shown(rest)));
        }
        // The last may have been cut.
        let content = &more[..length.min(more.len())];
        all.push(Record { kind: *kind, content, time: flow.time(side, at) });
        rest = &more[content.len()..];
        at += 5 + content.len();
    }
    Ok(all)
}

/// Whether a client's hello announces early data, and whether it takes up a session.
fn hello_of(message: &[u8]) -> Option<(bool, bool)> {
    let (head, body) = message.split_at_checked(4)?;
    if head[0] != CLIENT_HELLO {
        return None;
    }
    let rest = body.get(34..)?; // version and random
    let rest = rest.get(1 + usize::from(*rest.first()?)..)?; // session id
    let rest = behind_counted(rest)?; // cipher suites
    let rest = rest.get(1 + usize::from(*rest.first()?)..)?; // compression
    let (mut early, mut resumed) = (false, false);
    let mut rest = rest.get(2..)?;
    while let [high, low, more @ ..] = rest {
        let content = more.len() - behind_counted(more)?.len() - 2;
        match u16::from_be_bytes([*high, *low]) {
            EARLY_DATA => early = true,
            PRE_SHARED_KEY => resumed = true,
            TICKET if content > 0 => resumed = true,
            _ => {}
        }
        rest = behind_counted(more)?;
    }
    Some((early, resumed))
}

/// What stands behind a length of two bytes and so many bytes.
fn behind_counted(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_at_checked(2)?;
    rest.get(usize::from(u16::from_be_bytes([length[0], length[1]]))..)
}
