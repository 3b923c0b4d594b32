//! Plays `tests/transcripts/*.xmpp`: what a server says, what we must answer to the byte, what we must report.
//!
//! Each file is played whole, byte by byte and in random pieces; a session must not care. The lines:
//!
//! ```text
//! # a comment
//! account juliet@example.org password      who signs in, and with what: password or token
//! resource X | mechanisms A B | roster-version V | direct | discover | after-redirect     how
//! known {"strongest":"SCRAM-SHA-256"}          what earlier sign-ins saw
//! fast HT-SHA-256-NONE 2026-01-01T00:00:00Z 3    a token of the server's own is at hand
//! stepwise | one-shot | show-client | invalidate | dismiss | start 2026-01-01T00:00:00Z     how, and when
//! bound-by tls-exporter tls-server-end-point     what TLS can be told by: 32 sevens, 32 nines
//! C: <stream:stream …>                     what we send: every byte since the last C, lines are joined
//! S: <stream:features>…                    what the server sends, lines are joined
//! S*70000: x                               the same text so many times
//! = Ended(None)                            what we report, as `Debug` shows it; StartTls and WantSecret count
//! =? StartTls                              may be reported or not: it depends on where the bytes were cut
//! !tls                                     TLS stands; `!tls other.example` proves another domain
//! secret pencil                            the secret comes, or the token where `WantToken` was reported
//! after 15s                                time passes, and the time limit is looked at
//! eof | sign-out                           the connection closes; the person leaves
//! message 7                                a message of ours to romeo goes out, whose key is 7
//! kept                                     all that was told so far is on the disk
//! lost                                     the connection is lost, and another session takes this one up
//! ...                                      what was sent and reported is the signed-in half's: not looked at
//! ```
//!
//! `Reached`, `Learned` and `KeepAsked` are not compared, but `learned JSON` says some of what is known by then. Of a
//! message that came only the words are reported: `Message(words)`.
//! Before each thing that happens, and at the end, nothing unexpected may be left over.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may stop")]

use butty::types::{Domain, Jid, MessageKey, Now, Secret, Stamp, Tally};
use butty::xmpp::{
    Bindings, Command, Content, CredentialKind, Event, FastTicket, Known, Outgoing, Output, Purpose, Session, SignIn,
    TokenSlot, Verified,
};
use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Says how long the next piece is, given how many bytes are left.
type Cutter<'a> = &'a mut dyn FnMut(usize) -> usize;

struct Stage {
    session: Option<Session>,
    sign_in: SignIn,
    roster_version: Option<String>,
    now: Now,
    sent: String,
    reported: Vec<String>,
    slot: Option<TokenSlot>,
    bindings: Bindings,
    learned: String,
    tally: Option<Tally>,
}

impl Stage {
    fn new() -> Self {
        let sign_in = SignIn {
            domain: Domain::parse("unset.example").expect("a domain"),
            local: None,
            resource: None,
            mechanisms: Vec::new(),
            forced: true,
            credential: CredentialKind::Password,
            direct_tls: false,
            after_redirect: false,
            purpose: Purpose::Chat,
            seed: [0; 32],
            show_client: false,
            known: Known::default(),
            lasting: true,
            fast: None,
            absent: false,
            stepwise: false,
        };
        let (sent, reported) = (String::new(), Vec::new());
        Self {
            session: None,
            sign_in,
            roster_version: None,
            now: Now::default(),
            sent,
            reported,
            slot: None,
            bindings: Bindings::default(),
            learned: String::new(),
            tally: None,
        }
    }

    /// The session, which begins with the first line that is no setting.
    fn session(&mut self) -> &mut Session {
        let (now, sign_in, version) = (self.now, &self.sign_in, &self.roster_version);
        self.session.get_or_insert_with(|| Session::new(now, sign_in.clone(), version.clone()))
    }

    fn drain(&mut self) {
        loop {
            match self.session().poll_output() {
                Output::Transmit(bytes) => self.sent.push_str(std::str::from_utf8(&bytes).expect("we send text")),
                Output::Event(Event::Reached(_)) => {}
                Output::Event(Event::Learned(known)) => self.learned = known.to_text(),
                Output::Event(Event::KeepAsked(tally)) => self.tally = Some(tally),
                Output::Event(Event::Message(incoming)) => match incoming.body {
                    Content::Plain(words) => self.reported.push(format!("Message({})", words.as_str())),
                    other => self.reported.push(format!("Message({other:?})")),
                },
                Output::Event(event) => self.reported.push(format!("{event:?}")),
                Output::StartTls => self.reported.push("StartTls".to_owned()),
                Output::WantSecret(slot) => {
                    self.slot = Some(slot);
                    self.reported.push(if slot.is_fast() { "WantToken" } else { "WantSecret" }.to_owned());
                }
                Output::Sums(sums) => {
                    let (now, salted) = (self.now, sums.carry_out());
                    self.session().summed(now, &salted);
                }
                Output::Wait(_) => return,
            }
        }
    }

    fn nothing_left(&self) -> Result<(), String> {
        if self.sent.is_empty() && self.reported.is_empty() {
            return Ok(());
        }
        Err(format!("left over: sent {:?}, reported {:#?}", self.sent, self.reported))
    }

    /// True when the line was a setting.
    fn set(&mut self, line: &str) -> Result<bool, String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "account" => {
                let (address, kind) = rest.split_once(' ').ok_or("account needs address and kind")?;
                let (local, domain) = address.split_once('@').ok_or("an address has an @")?;
                self.sign_in.local = Some(local.to_owned());
                self.sign_in.domain = Domain::parse(domain).map_err(|error| error.to_string())?;
                self.sign_in.credential = match kind {
                    "password" => CredentialKind::Password,
                    "token" => CredentialKind::Token,
                    other => return Err(format!("no such kind: {other}")),
                };
            }
            "resource" => self.sign_in.resource = Some(rest.to_owned()),
            "mechanisms" => self.sign_in.mechanisms = rest.split(' ').map(str::to_owned).collect(),
            "known" => self.sign_in.known = Known::from_text(rest),
            "bound-by" => {
                self.bindings.exporter = rest.contains("tls-exporter").then_some([7; 32]);
                self.bindings.end_point = rest.contains("tls-server-end-point").then(|| vec![9; 32]);
            }
            "fast" => {
                let (mechanism, rest) = rest.split_once(' ').ok_or("fast needs a mechanism")?;
                let (expires, count) = rest.split_once(' ').ok_or("fast needs a count")?;
                let count = count.parse().map_err(|_| "fast needs a count")?;
                self.sign_in.fast =
                    Some(FastTicket { mechanism: mechanism.to_owned(), expires: moment(expires)?, count });
            }
            "start" => self.now.wall = moment(rest)?,
            "stepwise" => self.sign_in.stepwise = true,
            "one-shot" => self.sign_in.lasting = false,
            "show-client" => self.sign_in.show_client = true,
            "dismiss" => self.sign_in.purpose = Purpose::Dismiss,
            "invalidate" => self.sign_in.purpose = Purpose::Invalidate,
            "roster-version" => self.roster_version = Some(rest.to_owned()),
            "direct" => self.sign_in.direct_tls = true,
            "discover" => self.sign_in.purpose = Purpose::Discover,
            "after-redirect" => self.sign_in.after_redirect = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Something happens.
    fn happen(&mut self, line: &str) -> Result<(), String> {
        self.drain();
        self.nothing_left()?;
        let now = self.now;
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "!tls" => {
                let domain = if rest.is_empty() { Ok(self.sign_in.domain.clone()) } else { Domain::parse(rest) };
                let proof = Verified::for_domain(domain.map_err(|error| error.to_string())?, "TLS 1.3")
                    .bound_by(self.bindings.clone());
                self.session().handle_secured(now, proof);
            }
            "secret" => {
                let slot = self.slot.take().ok_or("no secret was wanted")?;
                self.session().provide(now, slot, Secret::from(rest));
            }
            "after" => {
                let seconds = rest.strip_suffix('s').and_then(|number| number.parse().ok()).ok_or("after needs 15s")?;
                self.now = now.after(Duration::from_secs(seconds));
                let now = self.now;
                self.session().handle_timeout(now);
            }
            "learned" if !holds(&self.learned, rest) => return Err(format!("learned {}", self.learned)),
            "learned" => {}
            "eof" => self.session().handle_eof(now, false),
            "sign-out" => self.session().handle_command(now, Command::SignOut),
            "message" => {
                let key = MessageKey(rest.parse().map_err(|_| "message needs a number")?);
                let to = Jid::parse(&format!("romeo@{}", self.sign_in.domain)).map_err(|_| "no address")?;
                let outgoing =
                    Outgoing { key, to, body: "hi".to_owned(), ask_receipt: false, delayed: None, session: None };
                self.session().handle_command(now, Command::Send(outgoing));
            }
            "kept" => {
                let tally = self.tally.ok_or("nothing was to be kept")?;
                self.session().handle_command(now, Command::Kept(tally));
            }
            "lost" => {
                self.session().handle_eof(now, true);
                self.drain();
                let suspended = self.session().suspended().ok_or("it cannot be taken up")?;
                self.session = None;
                self.session().take_up(suspended);
            }
            _ => return Err("not understood".to_owned()),
        }
        self.drain();
        Ok(())
    }

    fn hear(&mut self, text: &str, cut: Cutter<'_>) -> Result<(), String> {
        self.drain();
        self.nothing_left()?;
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
            let now = self.now;
            self.session().handle_input(now, piece);
            self.drain();
            rest = more;
        }
        Ok(())
    }

    fn check_sent(&mut self, expected: &str) -> Result<(), String> {
        self.drain();
        let sent = std::mem::take(&mut self.sent);
        if sent == expected { Ok(()) } else { Err(format!("sent\n  {sent}\nexpected\n  {expected}")) }
    }

    fn check_reported(&mut self, expected: &[(bool, &str)]) -> Result<(), String> {
        self.drain();
        let reported = std::mem::take(&mut self.reported);
        let mut left = reported.iter().map(String::as_str).peekable();
        let fits = expected.iter().all(|(optional, text)| left.next_if_eq(text).is_some() || *optional);
        if fits && left.next().is_none() {
            return Ok(());
        }
        Err(format!("reported\n  {}\nexpected\n  {expected:#?}", reported.join("\n  ")))
    }
}

fn moment(text: &str) -> Result<Stamp, String> {
    let moment: jiff::Timestamp = text.parse().map_err(|error| format!("{error}"))?;
    Ok(Stamp(moment.as_millisecond()))
}

/// The learned JSON has each field of the expected one, with the same value. No JSON: nothing was learned.
fn holds(learned: &str, expected: &str) -> bool {
    let read =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let (told, expected) = (read(learned), read(expected));
    expected.is_empty() == learned.is_empty()
        && expected.iter().all(|(name, value)| told.get(name).unwrap_or(&serde_json::Value::Null) == value)
}

/// The lines of a block joined: those that follow each other with the same mark.
fn block<'a>(lines: &mut std::iter::Peekable<impl Iterator<Item = (usize, &'a str)>>, mark: &str) -> String {
    let mut text = String::new();
    while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with(mark)) {
        text.push_str(line[mark.len()..].trim_start());
    }
    text
}

fn play(script: &str, cut: Cutter<'_>) -> Result<(), String> {
    let mut stage = Stage::new();
    let numbered = script.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end_matches('\r')));
    let mut lines = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    while let Some(&(number, line)) = lines.peek() {
        let result = if line.starts_with("C:") {
            stage.check_sent(&block(&mut lines, "C:"))
        } else if line.starts_with("S:") {
            stage.hear(&block(&mut lines, "S:"), cut)
        } else if line.starts_with('=') {
            let mut expected = Vec::new();
            while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with('=')) {
                let text = line.trim_start_matches(['=', '?']).trim();
                expected.push((line.starts_with("=?"), text));
            }
            stage.check_reported(&expected)
        } else {
            lines.next();
            one_line(&mut stage, line, cut)
        };
        result.map_err(|error| format!("line {number}: {line}\n{error}"))?;
    }
    stage.drain();
    stage.nothing_left().map_err(|error| format!("at the end: {error}"))
}

fn one_line(stage: &mut Stage, line: &str, cut: Cutter<'_>) -> Result<(), String> {
    if let Some(repeated) = line.strip_prefix("S*") {
        let (times, text) = repeated.split_once(':').ok_or("S*N: needs a colon")?;
        let times = times.parse().map_err(|_| "S*N: needs a number")?;
        return stage.hear(&text.trim_start().repeat(times), cut);
    }
    if line == "..." {
        stage.drain();
        stage.sent.clear();
        stage.reported.clear();
        return Ok(());
    }
    if stage.set(line)? { Ok(()) } else { stage.happen(line) }
}

fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("the transcripts are there")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xmpp"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("utf-8"))
        })
        .collect();
    all.sort();
    assert!(all.len() > 60, "only {} transcripts were found", all.len());
    all
}

/// Plays every file; all that fail are told at once.
fn play_all(mut play_one: impl FnMut(&str) -> Result<(), String>) {
    let failed = scripts()
        .iter()
        .filter_map(|(name, script)| play_one(script).err().map(|error| format!("{name}: {error}")))
        .collect::<Vec<_>>();
    assert!(failed.is_empty(), "{} failed:\n\n{}", failed.len(), failed.join("\n\n"));
}

#[test]
fn every_transcript_whole() {
    play_all(|script| play(script, &mut |left| left));
}

#[test]
fn every_transcript_byte_by_byte() {
    play_all(|script| play(script, &mut |_| 1));
}

#[test]
fn every_transcript_in_random_pieces() {
    play_all(|script| {
        let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let outcome = runner.run(&vec(1_usize..200, 1..64), |pieces| {
            let mut sizes = pieces.iter().copied().cycle();
            play(script, &mut |_| sizes.next().unwrap_or(1)).map_err(proptest::test_runner::TestCaseError::fail)
        });
        outcome.map_err(|error| error.to_string())
    });
}

/// Plays these again, each for itself: for rows of requirements that a transcript proves.
fn play_named(names: &[&str]) {
    let all = scripts();
    for name in names {
        let (_, script) = all.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no transcript {name}"));
        assert_eq!(play(script, &mut |left| left), Ok(()), "{name}");
    }
}

#[test]
fn row_000_10_the_token_of_the_consent_goes_out_as_it_is() {
    play_named(&[
        "messenger-token-goes-out-as-it-is",
        "messenger-token-is-escaped",
        "messenger-token-still-percent-encoded",
        "messenger-prosody13",
        "messenger-refused-prosody13",
    ]);
}

#[test]
fn row_000_11_a_blank_behind_the_name_is_no_part_of_it() {
    play_named(&["messenger-documented"]);
    let (_, script) = scripts().into_iter().find(|(name, _)| name == "messenger-documented").expect("it is there");
    assert!(script.contains("<mechanism>X-MESSENGER-OAUTH2 </mechanism>"), "with the blank");
    assert!(script.contains("mechanism=\"X-MESSENGER-OAUTH2\">"), "without");
}

/// Features, the token, success: three steps, and no challenge.
#[test]
fn row_000_24_the_exchange_is_the_documented_one_to_the_byte() {
    play_named(&["messenger-documented", "messenger-has-no-challenge"]);
    let (_, script) = scripts().into_iter().find(|(name, _)| name == "messenger-documented").expect("it is there");
    let sasl: Vec<&str> = script.lines().filter(|line| line.contains("xmpp-sasl")).collect();
    let documented = [
        "S: <stream:features xmlns:stream=\"http://etherx.jabber.org/streams\">\
         <mechanisms xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><mechanism>X-MESSENGER-OAUTH2 </mechanism></mechanisms>\
         </stream:features>",
        "C: <auth xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" mechanism=\"X-MESSENGER-OAUTH2\">ACCESS_TOKEN</auth>",
        "S: <success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" />",
    ];
    assert_eq!(sasl, documented);
}

/// No `WantSecret` stands in these files, so that a password is not even asked for.
#[test]
fn row_001_01_without_a_mechanism_that_fits_nothing_is_asked_and_the_offer_is_told() {
    let names = ["messenger-offers-no-password", "sasl-unknown-mechanisms", "sasl-names-that-are-none"];
    play_named(&names);
    for (name, script) in scripts().iter().filter(|(name, _)| names.contains(&name.as_str())) {
        assert!(!script.contains("WantSecret") && script.contains("NoMechanism"), "{name}");
    }
    let domain = Domain::parse("messenger.live.com").expect("a domain");
    let offered = vec![butty::types::Line::clean("X-MESSENGER-OAUTH2")];
    let said = butty::app::words::problem(&butty::types::Problem::NoMechanism { domain, offered });
    assert_eq!(said.what, "messenger.live.com offers no sign-in that fits.");
    assert_eq!(said.why.as_deref(), Some("It offers X-MESSENGER-OAUTH2."));
}

#[test]
fn row_001_04_a_forced_mechanism_that_is_absent_is_reported_with_the_offer() {
    play_named(&["sasl-forced-but-absent", "sasl-forced-weaker"]);
}

#[test]
fn a_wrong_transcript_is_noticed() {
    let header = "C: <?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                  xmlns:stream='http://etherx.jabber.org/streams' to='a.test' version='1.0' xml:lang='en'>\n\
                  C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\n";
    let start = format!("account a@a.test password\n{header}");
    let end = "= Ended(Some(ClosedAt { host: Line(\"a.test\"), stage: Accept }))\nC: </stream:stream>\n";
    let whole = |script: &str| play(script, &mut |left| left);
    assert_eq!(whole(&format!("{start}eof\n{end}")), Ok(()));
    for wrong in [
        format!("{start}eof\n"),
        format!("{start}eof\n= Ended(None)\nC: </stream:stream>\n"),
        format!("{start}eof\n=? StartTls\nC: </stream:stream>\n"),
        format!("{start}C: <more>\n"),
        format!("account a@a.test password\neof\n{end}"),
        format!("{start}secret x\n"),
        format!("{start}jump\n"),
    ] {
        assert!(whole(&wrong).is_err(), "{wrong}");
    }
}
