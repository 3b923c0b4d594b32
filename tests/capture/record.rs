//! All that passed on the loopback interface, put together again as the two ends of each connection had it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use tempfile::NamedTempFile;

/// A recording that runs (`tests/servers/capture.py`).
pub struct Recorder {
    child: Child,
    said: BufReader<ChildStdout>,
    file: NamedTempFile,
}

/// Who spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who opened the connection.
    Client,
    /// Who was called.
    Server,
}

/// A TCP connection that began while the recording ran.
#[derive(Clone, Debug)]
pub struct Connection {
    pub client: SocketAddr,
    pub server: SocketAddr,
    /// What was said, in the order in which it was.
    pub said: Vec<(Side, Vec<u8>)>,
}

/// A recording.
#[derive(Debug, Default)]
pub struct Traffic {
    pub connections: Vec<Connection>,
    /// Payloads of UDP: questions and answers of DNS.
    pub datagrams: Vec<Vec<u8>>,
}

impl Recorder {
    /// Begins. Nothing that is sent from now on is missed.
    pub fn start() -> Self {
        let file = NamedTempFile::new().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/capture.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(file.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 runs");
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "no capture, no proof");
        Self { child, said, file }
    }

    /// Ends. What was sent before is all there.
    pub fn stop(mut self) -> Traffic {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "the capture is whole: {rest}");
        Traffic::read(&std::fs::read(self.file.path()).unwrap())
    }
}

/// One direction of a connection.
#[derive(Default)]
struct Direction {
    /// Number of the next byte; `None` before the SYN.
    next: Option<u32>,
    /// What came ahead of its turn.
    early: Vec<(u32, Vec<u8>)>,
}

impl Direction {
    /// What can be read now.
    fn take(&mut self, number: u32, bytes: &[u8]) -> Vec<u8> {
        let mut readable = Vec::new();
        if bytes.is_empty() {
            return readable; // an acknowledgement; behind a FIN it is one number ahead
        }
        self.early.push((number, bytes.to_vec()));
        while let Some(next) = self.next {
            // How far a piece begins behind what is read already; huge for one that lies ahead.
            let behind = |number: u32| next.wrapping_sub(number) as usize;
            self.early.retain(|(number, bytes)| behind(*number) >= 1 << 31 || bytes.len() > behind(*number));
            let Some(at) = self.early.iter().position(|(number, _)| behind(*number) < 1 << 31) else { break };
            let (number, bytes) = self.early.swap_remove(at);
            let new = &bytes[behind(number)..];
            readable.extend_from_slice(new);
            self.next = Some(next.wrapping_add(u32::try_from(new.len()).unwrap()));
        }
        readable
    }
}

/// The headers of one packet that carries TCP or UDP.
struct Packet<'a> {
    tcp: bool,
    from: IpAddr,
    to: IpAddr,
    segment: &'a [u8],
}

impl<'a> Packet<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (protocol, from, to, segment) = match bytes.first()? >> 4 {
            4 => {
                let (head, length) = (usize::from(bytes[0] & 15) * 4, usize::from(short(bytes, 2)));
                // Above 64 KiB (segmentation offload) the length does not fit and is 0.
                let end = if length == 0 { bytes.len() } else { length };
                let address = |at: usize| IpAddr::from(<[u8; 4]>::try_from(&bytes[at..at + 4]).unwrap());
                (bytes[9], address(12), address(16), &bytes[head..end])
            }
            6 => {
                let address = |at: usize| IpAddr::from(<[u8; 16]>::try_from(&bytes[at..at + 16]).unwrap());
                (bytes[6], address(8), address(24), &bytes[40..])
            }
            _ => return None, // ARP and the like
        };
        matches!(protocol, 6 | 17).then_some(Self { tcp: protocol == 6, from, to, segment })
    }
}

impl Traffic {
    /// Reads a pcap file of bare IP packets.
    fn read(file: &[u8]) -> Self {
        let (mut traffic, mut open) = (Self::default(), HashMap::new());
        let mut rest = &file[24..];
        while let Some((head, more)) = rest.split_at_checked(16) {
            let length = u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
            let (packet, more) = more.split_at(length);
            rest = more;
            match Packet::read(packet) {
                Some(packet) if packet.tcp => traffic.segment(&packet, &mut open),
                Some(packet) => traffic.datagrams.push(packet.segment[8..].to_vec()),
                None => {}
            }
        }
        for (directions, at) in open.into_values() {
            for direction in directions {
                assert!(direction.early.is_empty(), "a gap in {:?}", traffic.connections[at]);
            }
        }
        traffic
    }

    fn segment(&mut self, packet: &Packet<'_>, open: &mut HashMap<[SocketAddr; 2], ([Direction; 2], usize)>) {
        const SYN: u8 = 2;
        const ACK: u8 = 16;
        let segment = packet.segment;
        let (from, to) =
            (SocketAddr::new(packet.from, short(segment, 0)), SocketAddr::new(packet.to, short(segment, 2)));
        let (number, flags) = (u32::from_be_bytes(segment[4..8].try_into().unwrap()), segment[13]);
        let first = Some(number.wrapping_add(1));
        if flags & (SYN | ACK) == SYN {
            let again = open.get(&[from, to]).is_some_and(|(directions, _)| directions[0].next == first);
            if !again {
                let directions = [Direction { next: first, ..Direction::default() }, Direction::default()];
                open.insert([from, to], (directions, self.connections.len()));
                self.connections.push(Connection { client: from, server: to, said: Vec::new() });
            }
            return;
        }
        for (side, ends) in [(Side::Client, [from, to]), (Side::Server, [to, from])] {
            let Some((directions, at)) = open.get_mut(&ends) else { continue };
            let direction = &mut directions[side as usize];
            if flags & SYN != 0 {
                direction.next = first;
                return;
            }
            let readable = direction.take(number, &segment[usize::from(segment[12] >> 4) * 4..]);
            if !readable.is_empty() {
                self.connections[*at].said.push((side, readable));
            }
        }
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[test]
fn pieces_are_read_in_their_order_and_once() {
    let mut direction = Direction { next: Some(u32::MAX - 1), ..Direction::default() };
    assert_eq!(direction.take(u32::MAX - 1, b"ab"), b"ab");
    assert_eq!(direction.take(2, b"ef"), b"", "ahead of its turn");
    assert_eq!(direction.take(u32::MAX, b"b"), b"", "again");
    assert_eq!(direction.take(u32::MAX, b"bcd"), b"cdef", "a part again, and what waited");
    assert!(direction.early.is_empty());
    assert_eq!(direction.take(9, b"z"), b"");
    assert_eq!(direction.early.len(), 1, "a gap is seen");
}

#[test]
fn a_recording_has_every_byte_of_both_sides_in_their_order() {
    use std::io::Write;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let recorder = Recorder::start();
    let long = vec![7; 3_000_000];
    let sent = long.clone();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 5];
        stream.read_exact(&mut heard).unwrap();
        stream.write_all(&sent).unwrap();
        heard
    });
    let mut client = std::net::TcpStream::connect(place).unwrap();
    client.write_all(b"first").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(server.join().unwrap(), b"first");
    drop(client);
    let traffic = recorder.stop();
    let connection = traffic.connections.iter().find(|connection| connection.server == place).expect("it is there");
    assert_eq!(connection.said[0], (Side::Client, b"first".to_vec()));
    let answer: Vec<u8> = connection.said[1..].iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    assert!(answer == long, "{} bytes", answer.len());
}
