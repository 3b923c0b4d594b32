//! The loop, not the protocol: a machine of two lines against pipes of 64 bytes.

use super::*;
use crate::types::Stamp;
use crate::xmpp::sasl::{self, Answer, Offer, Sums, Wish};
use crate::xmpp::{Bindings, CredentialKind, Known};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;

/// Says what it is told to say and counts what it hears.
#[derive(Default)]
struct Puppet {
    say: VecDeque<Output>,
    heard: Vec<u8>,
    eof: Option<bool>,
    timeouts: u32,
    eased: u32,
    deadline: Option<Duration>,
    /// End after this many bytes.
    enough: usize,
}

impl Machine for Puppet {
    fn input(&mut self, _: Now, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
        if self.enough > 0 && self.heard.len() >= self.enough {
            self.say.push_back(Output::Event(Event::Ended(None)));
        }
    }
    fn eased(&mut self, _: Now) {
        self.eased += 1;
    }
    fn eof(&mut self, _: Now, truncated: bool) {
        self.eof = Some(truncated);
        self.say.push_back(Output::Event(Event::Ended(None)));
    }
    fn timeout(&mut self, _: Now) {
        self.timeouts += 1;
        self.deadline = None;
        self.say.push_back(Output::Event(Event::Ended(None)));
    }
    fn command(&mut self, _: Now, _: Command) {
        self.say.push_back(Output::Transmit(b"command".to_vec()));
    }
    fn provide(&mut self, _: Now, _: TokenSlot, secret: Secret<String>) {
        self.say.push_back(Output::Transmit(secret.expose().clone().into_bytes()));
    }
    fn summed(&mut self, _: Now, _: &Salted) {
        self.say.push_back(Output::Transmit(b"summed".to_vec()));
    }
    fn output(&mut self) -> Output {
        self.say.pop_front().unwrap_or(Output::Wait(self.deadline))
    }
}

type Commands = (UnboundedSender<LinkCommand>, Inbox);

fn unbounded_channel() -> Commands {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    (sender, Inbox::new(receiver))
}

fn still() -> Now {
    Now { mono: Duration::ZERO, wall: Stamp(0) }
}

async fn ended(wire: &mut Wire<DuplexStream>, puppet: &mut Puppet, commands: &mut Commands) {
    loop {
        match wire.turn(puppet, &mut commands.1, &still).await {
            Turn::Finished => return,
            Turn::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_megabyte_each_way_passes_a_pipe_of_64_bytes() {
    const MEGABYTE: usize = 1024 * 1024;
    let (here, there) = duplex(64);
    let (mut from_us, mut to_us) = tokio::io::split(there);
    let mut puppet = Puppet { enough: MEGABYTE, ..Puppet::default() };
    puppet.say.push_back(Output::Transmit(vec![b'u'; MEGABYTE]));
    // The other side does what butty must not: it writes everything before it reads anything.
    let other = tokio::spawn(async move {
        to_us.write_all(&vec![b't'; MEGABYTE]).await.unwrap();
        let mut got = vec![0; MEGABYTE];
        from_us.read_exact(&mut got).await.unwrap();
        got
    });
    let mut wire = Wire::new(here);
    ended(&mut wire, &mut puppet, &mut unbounded_channel()).await;
    assert!(puppet.eased > 1_000, "a pipe that was full and is not makes room: {}", puppet.eased);
    assert_eq!(puppet.heard, vec![b't'; MEGABYTE]);
    assert_eq!(other.await.unwrap(), vec![b'u'; MEGABYTE]);
}

/// The sums of a SCRAM sign-in, this long.
fn sums(count: u32) -> Sums {
    let offer = Offer { mechanisms: vec!["SCRAM-SHA-1".to_owned()], bindings: None };
    let (bindings, known) = (Bindings::default(), Known::default());
    let kind = CredentialKind::Password;
    let wish = Wish { kind, named: &[], bindings: &bindings, known: &known, bound_elsewhere: false };
    let mut started = sasl::choose(&offer, wish).unwrap().start("u", &Secret::from("p"), "abc").unwrap();
    let challenge = format!("r=abcd,s=QSXCR+Q6sek8bf92,i={count}");
    let Ok(Answer::Sums(sums)) = started.exchange.answer(challenge.as_bytes()) else { panic!("no sums") };
    *sums
}

#[tokio::test]
async fn long_sums_are_done_beside_and_nobody_waits_for_them() {
    let (here, mut there) = duplex(64);
    let mut puppet = Puppet { enough: 1_000, ..Puppet::default() };
    puppet.say.push_back(Output::Sums(Box::new(sums(3_000_000))));
    let mut commands: Commands = unbounded_channel();
    let mut wire = Wire::new(here);
    // The thread of all links goes on: a command comes through while they run, which is for a second.
    commands.0.send(LinkCommand::Connect).unwrap();
    let turn = wire.turn(&mut puppet, &mut commands.1, &still).await;
    assert!(matches!(turn, Turn::Command(LinkCommand::Connect)) && wire.sums.is_some(), "{turn:?}");
    let mut said = [0; 6];
    let summed = async {
        tokio::select! {
            turn = wire.turn(&mut puppet, &mut commands.1, &still) => panic!("{turn:?}"),
            read = there.read_exact(&mut said) => read.unwrap(),
        }
    };
    summed.await;
    assert_eq!(&said, b"summed");
}

/// At the ceiling.
#[tokio::test]
async fn sums_stop_when_nobody_wants_them_and_keep_no_other_account_waiting() {
    let begin = |count| {
        let (here, there) = duplex(64);
        let mut puppet = Puppet::default();
        puppet.say.push_back(Output::Sums(Box::new(sums(count))));
        (Wire::new(here), there, puppet)
    };
    let (mut long, _there, mut puppet) = begin(10_000_000);
    let mut commands: Commands = unbounded_channel();
    commands.0.send(LinkCommand::Disconnect).unwrap();
    let turn = long.turn(&mut puppet, &mut commands.1, &still).await;
    assert!(matches!(turn, Turn::Command(LinkCommand::Disconnect)), "{turn:?}");
    let under_way = Arc::downgrade(&long.sums.as_ref().unwrap().wanted);

    let (mut brief, mut there, mut puppet) = begin(4_096);
    let mut said = [0; 6];
    tokio::select! {
        turn = brief.turn(&mut puppet, &mut commands.1, &still) => panic!("{turn:?}"),
        read = there.read_exact(&mut said) => read.unwrap(),
    };
    assert_eq!(&said, b"summed");
    assert_eq!(under_way.strong_count(), 2, "the long ones go on beside");

    let begun = std::time::Instant::now();
    sums(400_000).carry_out();
    let some = begun.elapsed();
    drop(long.into_inner());
    let stopped = async {
        while under_way.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // To their end they take 25 times as long as these did: half of that is enough for a stop, on any machine.
    tokio::time::timeout(some * 12, stopped).await.unwrap();
}

#[tokio::test]
async fn tls_starts_when_everything_before_is_written_and_nothing_is_read_meanwhile() {
    let (here, mut there) = duplex(8);
    let mut puppet = Puppet::default();
    puppet.say.extend([Output::Transmit(b"<starttls/> and more".to_vec()), Output::StartTls]);
    let mut commands: Commands = unbounded_channel();
    let mut wire = Wire::new(here);
    there.write_all(b"early").await.unwrap();
    let reading = tokio::spawn(async move {
        let mut got = [0; 20];
        there.read_exact(&mut got).await.unwrap();
        (got, there)
    });
    assert!(matches!(wire.turn(&mut puppet, &mut commands.1, &still).await, Turn::StartTls));
    let (got, _there) = reading.await.unwrap();
    assert_eq!(&got, b"<starttls/> and more");
    assert!(puppet.heard.is_empty(), "bytes behind the go-ahead belong to TLS");
    let mut left = [0; 5];
    wire.into_inner().read_exact(&mut left).await.unwrap();
    assert_eq!(&left, b"early");
}

#[tokio::test]
async fn a_pause_stops_reads_and_not_commands() {
    let (here, mut there) = duplex(64);
    let mut puppet = Puppet { enough: 4, ..Puppet::default() };
    let mut commands: Commands = unbounded_channel();
    let mut wire = Wire::new(here);
    wire.pause(true, Duration::ZERO);
    there.write_all(b"four").await.unwrap();
    commands.0.send(LinkCommand::Resume).unwrap();
    let turn = wire.turn(&mut puppet, &mut commands.1, &still).await;
    assert!(matches!(turn, Turn::Command(LinkCommand::Resume)));
    assert!(puppet.heard.is_empty());
    wire.pause(false, Duration::ZERO);
    ended(&mut wire, &mut puppet, &mut commands).await;
    assert_eq!(puppet.heard, b"four");
}

#[tokio::test]
async fn for_the_machine_time_stands_still_while_nothing_is_read() {
    let (here, mut there) = duplex(64);
    let mut puppet = Puppet { enough: 4, deadline: Some(Duration::from_secs(10)), ..Puppet::default() };
    let mut commands: Commands = unbounded_channel();
    let mut wire = Wire::new(here);
    wire.pause(true, Duration::from_secs(1));
    let later = || Now { mono: Duration::from_secs(100), wall: Stamp(0) };
    commands.0.send(LinkCommand::Resume).unwrap();
    for _ in 0..20 {
        commands.0.send(LinkCommand::Resume).unwrap();
        let turn = wire.turn(&mut puppet, &mut commands.1, &later).await;
        assert!(matches!(turn, Turn::Command(_)), "{turn:?}");
    }
    wire.pause(false, Duration::from_secs(100));
    assert_eq!(wire.now(&later).mono, Duration::from_secs(1));
    there.write_all(b"four").await.unwrap();
    drop(commands.0);
    let mut commands: Commands = unbounded_channel();
    loop {
        match wire.turn(&mut puppet, &mut commands.1, &later).await {
            Turn::Finished => break,
            Turn::Event(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((puppet.heard.as_slice(), puppet.timeouts), (&b"four"[..], 0));
}

#[tokio::test]
async fn commands_reach_the_machine_and_its_last_bytes_the_wire() {
    let (here, mut there) = duplex(64);
    let mut puppet = Puppet { enough: 1, ..Puppet::default() };
    let mut commands: Commands = unbounded_channel();
    let mut wire = Wire::new(here);
    wire.command(Command::SignOut);
    there.write_all(b".").await.unwrap();
    ended(&mut wire, &mut puppet, &mut commands).await;
    let mut got = [0; 7];
    there.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"command");
}

#[tokio::test]
async fn a_closed_stream_is_an_eof_and_a_dropped_handle_is_heard() {
    let (here, there) = duplex(64);
    drop(there);
    let mut puppet = Puppet::default();
    let mut commands: Commands = unbounded_channel();
    ended(&mut Wire::new(here), &mut puppet, &mut commands).await;
    assert_eq!(puppet.eof, Some(false));

    let (here, _there) = duplex(64);
    let (sender, mut receiver) = unbounded_channel();
    drop(sender);
    let turn = Wire::new(here).turn(&mut Puppet::default(), &mut receiver, &still).await;
    assert!(matches!(turn, Turn::HungUp));
}

#[tokio::test]
async fn a_deadline_wakes_the_machine_once_and_not_early() {
    let (here, _there) = duplex(64);
    let mut puppet = Puppet { deadline: Some(Duration::from_millis(1_020)), ..Puppet::default() };
    let begun = tokio::time::Instant::now();
    let clock = || Now { mono: Duration::from_secs(1), wall: Stamp(0) };
    let mut commands: Commands = unbounded_channel();
    let mut wire = Wire::new(here);
    let turn = wire.turn(&mut puppet, &mut commands.1, &clock).await;
    assert!(matches!(turn, Turn::Event(Event::Ended(None))));
    assert_eq!(puppet.timeouts, 1);
    assert!(begun.elapsed() >= Duration::from_millis(20));
}

impl Prompt for DuplexStream {}
impl Prompt for Cut {}

/// A stream that cuts off: TLS without `close_notify` reads like this.
struct Cut;

impl AsyncRead for Cut {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()))
    }
}

impl AsyncWrite for Cut {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_cut_is_no_goodbye() {
    let mut puppet = Puppet::default();
    let mut commands: Commands = unbounded_channel();
    let turn = Wire::new(Cut).turn(&mut puppet, &mut commands.1, &still).await;
    assert!(matches!(turn, Turn::Event(Event::Ended(None))));
    assert_eq!(puppet.eof, Some(true));
}
