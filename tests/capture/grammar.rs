//! What may pass before TLS, by strict grammar; behind it, only records of TLS.
//!
//! - XMPP: our header without a name in it, the wish for TLS, and the footer or a stream error. TLS begins behind the
//!   server's `<proceed/>`, never ahead of it.
//! - A proxy: the talk of SOCKS5 or CONNECT, and then one of the others.
//! - Everything else begins with TLS, but for a browser on this computer and for programs that are not butty.

use super::record::{Connection, Side};
use super::tls;

/// What a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nobody said a word.
    Silent,
    /// TLS from the first byte, or behind a proxy's talk.
    Tls,
    /// XMPP; with TLS or ended before it.
    Xmpp,
    /// HTTP in the clear: a browser at the listener, or at the demo's page.
    Web,
    /// None of ours: how servers talk among themselves.
    Other,
}

/// What passed in one connection.
#[derive(Clone, Debug)]
pub struct Passed {
    pub kind: Kind,
    /// In the clear, both directions.
    pub clear: Vec<u8>,
    /// How many bytes of TLS records, both directions.
    pub tls: usize,
    /// How many of them carried the client's words: application data (RFC 8446 section 5.2).
    pub words: usize,
    /// The client took up an earlier TLS session.
    pub resumed: bool,
}

/// Both directions, and when each byte was said.
pub struct Flow {
    bytes: [Vec<u8>; 2],
    /// Where each word begins, and its number among the words of both.
    marks: [Vec<(usize, usize)>; 2],
}

impl Flow {
    fn of(connection: &Connection) -> Self {
        let mut flow = Self { bytes: Default::default(), marks: Default::default() };
        for (number, (side, bytes)) in connection.said.iter().enumerate() {
            let side = *side as usize;
            flow.marks[side].push((flow.bytes[side].len(), number));
            flow.bytes[side].extend_from_slice(bytes);
        }
        flow
    }

    /// What one side said from here on.
    pub fn from(&self, side: Side, at: usize) -> &[u8] {
        &self.bytes[side as usize][at..]
    }

    /// When the byte at this place was said.
    pub fn time(&self, side: Side, at: usize) -> usize {
        self.marks[side as usize].iter().rev().find(|(begin, _)| *begin <= at).map_or(0, |(_, number)| *number)
    }
}

/// Looks at a connection. What is against the rules is told.
pub fn look(connection: &Connection) -> Result<Passed, String> {
    let flow = Flow::of(connection);
    inside(&flow, [0, 0], true)
}

/// From these places on, on both sides.
fn inside(flow: &Flow, at: [usize; 2], outermost: bool) -> Result<Passed, String> {
    let client = flow.from(Side::Client, at[0]);
    let all_clear = |kind| Passed {
        kind,
        clear: [flow.from(Side::Client, 0), flow.from(Side::Server, 0)].concat(),
        tls: 0,
        words: 0,
        resumed: false,
    };
    match client {
        [] => Ok(all_clear(Kind::Silent)),
        [tls::HANDSHAKE, ..] => secured(flow, Kind::Tls, at),
        [b'<', ..] => xmpp(flow, at),
        [5, ..] if outermost => match socks5(flow)? {
            Some(at) => inside(flow, at, false),
            None => Ok(all_clear(Kind::Silent)),
        },
        _ if outermost && client.starts_with(b"CONNECT ") => match connect(flow)? {
            Some(at) => inside(flow, at, false),
            None => Ok(all_clear(Kind::Silent)),
        },
        _ if client.starts_with(b"GET ") || client.starts_with(b"POST ") => Ok(all_clear(Kind::Web)),
        _ if outermost => Ok(all_clear(Kind::Other)),
        _ => Err(format!("behind a proxy: {}", shown(client))),
    }
}

/// TLS from these places on, and nothing else.
fn secured(flow: &Flow, kind: Kind, at: [usize; 2]) -> Result<Passed, String> {
    let records = tls::read(flow, at)?;
    Ok(Passed {
        kind,
        clear: [&flow.bytes[0][..at[0]], &flow.bytes[1][..at[1]]].concat(),
        tls: flow.from(Side::Client, at[0]).len() + flow.from(Side::Server, at[1]).len(),
        words: records.words,
        resumed: records.resumed,
    })
}

fn xmpp(flow: &Flow, at: [usize; 2]) -> Result<Passed, String> {
    let client = flow.from(Side::Client, at[0]);
    let wrong = |rest: &[u8]| format!("before TLS: {}", shown(rest));
    let rest = header(client).ok_or_else(|| wrong(client))?;
    let rest = after(rest, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").unwrap_or(rest);
    if rest.first() != Some(&tls::HANDSHAKE) {
        let rest = stream_error(rest).unwrap_or(rest);
        let rest = after(rest, "</stream:stream>").unwrap_or(rest);
        if !rest.is_empty() {
            return Err(wrong(rest));
        }
        let clear = [&flow.bytes[0][..], &flow.bytes[1][..]].concat();
        return Ok(Passed { kind: Kind::Xmpp, clear, tls: 0, words: 0, resumed: false });
    }
    let server = flow.from(Side::Server, at[1]);
    let leave = proceeded(server).ok_or_else(|| format!("TLS without leave: {}", shown(server)))?;
    let places = [at[0] + client.len() - rest.len(), at[1] + leave];
    if flow.time(Side::Client, places[0]) < flow.time(Side::Server, places[1].saturating_sub(1)) {
        return Err("TLS ahead of the leave for it".to_owned());
    }
    secured(flow, Kind::Xmpp, places)
}

/// `<?xml version='1.0'?><stream:stream … to='DOMAIN' version='1.0' xml:lang='LANGUAGE'>`, to the letter; what follows.
fn header(bytes: &[u8]) -> Option<&[u8]> {
    let rest = after(
        bytes,
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='",
    )?;
    let rest = many(rest, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))?;
    let rest = after(rest, "' version='1.0' xml:lang='")?;
    let rest = many(rest, |byte| byte.is_ascii_alphabetic() || byte == b'-')?;
    after(rest, "'>")
}

/// A stream error without words: only the name of its condition.
fn stream_error(bytes: &[u8]) -> Option<&[u8]> {
    let rest = after(bytes, "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><")?;
    let rest = many(rest, |byte| byte.is_ascii_lowercase() || byte == b'-')?;
    after(rest, " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")
}

/// Where the server's `<proceed/>` ends.
fn proceeded(server: &[u8]) -> Option<usize> {
    let begin = server.windows(8).position(|part| part == b"<proceed")?;
    let end = begin + server[begin..].iter().position(|byte| *byte == b'>')? + 1;
    let closing = server[end..].starts_with(b"</proceed>") && server[end - 2] != b'/';
    Some(if closing { end + b"</proceed>".len() } else { end })
}

/// RFC 1928 and 1929. Where both sides stand once the way is open; `None` where it never is.
fn socks5(flow: &Flow) -> Result<Option<[usize; 2]>, String> {
    let (client, server) = (flow.from(Side::Client, 0), flow.from(Side::Server, 0));
    let wrong = || format!("no SOCKS5: {}", shown(client));
    let methods = usize::from(*client.get(1).ok_or_else(wrong)?);
    let mut at = [2 + methods, 2];
    if client.get(2..at[0]).is_none_or(|methods| methods.iter().any(|method| ![0, 2].contains(method))) {
        return Err(wrong());
    }
    if server.get(1) == Some(&2) {
        let user = usize::from(*client.get(at[0] + 1).ok_or_else(wrong)?);
        let password = usize::from(*client.get(at[0] + 2 + user).ok_or_else(wrong)?);
        at = [at[0] + 3 + user + password, 4];
    }
    let target = match client.get(at[0]..at[0] + 5) {
        None => return if client.len() == at[0] { Ok(None) } else { Err(wrong()) },
        Some([5, 1, 0, 1, _]) => 4,
        Some([5, 1, 0, 4, _]) => 16,
        Some([5, 1, 0, 3, length]) => 1 + usize::from(*length),
        Some(_) => return Err(wrong()),
    };
    at[0] += 4 + target + 2;
    let bound = match server.get(at[1] + 1..at[1] + 5) {
        Some([0, 0, 1, _]) => 4,
        Some([0, 0, 4, _]) => 16,
        Some([0, 0, 3, length]) => 1 + usize::from(*length),
        _ => return if client.len() == at[0] { Ok(None) } else { Err(wrong()) },
    };
    Ok(Some([at[0], at[1] + 4 + bound + 2]))
}

/// CONNECT (RFC 9110 section 9.3.6): the place twice, a login for the proxy, nothing more.
fn connect(flow: &Flow) -> Result<Option<[usize; 2]>, String> {
    let (client, server) = (flow.from(Side::Client, 0), flow.from(Side::Server, 0));
    let wrong = || format!("no CONNECT: {}", shown(client));
    let (asked, head) = (head_of(client).ok_or_else(wrong)?, head_of(server));
    let mut lines = client[..asked - 4].split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let place = lines.next().and_then(|line| line.strip_prefix(b"CONNECT ")?.strip_suffix(b" HTTP/1.1"));
    let place = place.ok_or_else(wrong)?;
    let known =
        |line: &[u8]| line.strip_prefix(b"Host: ") == Some(place) || line.starts_with(b"Proxy-Authorization: Basic ");
    if !lines.all(known) {
        return Err(wrong());
    }
    let open = server.get(8..12) == Some(b" 200");
    match head.filter(|_| open) {
        Some(answered) => Ok(Some([asked, answered])),
        None if client.len() == asked => Ok(None),
        None => Err(wrong()),
    }
}

/// Where the head of an HTTP message ends.
fn head_of(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|part| part == b"\r\n\r\n").map(|at| at + 4)
}

/// What stands behind this.
fn after<'a>(bytes: &'a [u8], text: &str) -> Option<&'a [u8]> {
    bytes.strip_prefix(text.as_bytes())
}

/// What stands behind one or more such bytes.
fn many(bytes: &[u8], such: impl Fn(u8) -> bool) -> Option<&[u8]> {
    let length = bytes.iter().take_while(|byte| such(**byte)).count();
    (length > 0).then(|| &bytes[length..])
}

pub fn shown(bytes: &[u8]) -> String {
    bytes.iter().take(120).copied().map(std::ascii::escape_default).map(|text| text.to_string()).collect()
}
