//! `butty send`: one message, kept in the history like any other.

use super::accounts::told;
use super::{Desk, Errand, blocking, roster};
use crate::app::StoreRequest;
use crate::app::event::{LinkFact, Stored};
use crate::app::model::{Arrival, Author, Body, ConversationKey, Message, MessageState, Retention};
use crate::app::{LinkCommand, setup::AccountSetup};
use crate::cli::{Args, Record, Waiting};
use crate::store::{Place, Store};
use crate::types::{AccountId, BareJid, Line, MessageKey, OriginId, Problem};
use crate::xmpp::{Command, Direction, Event, Outgoing};
use std::io::{IsTerminal, Read};

/// Longest text from standard input.
const MOST: u64 = 64 * 1024;

pub(super) async fn run(args: &Args, desk: &Desk, who: &str, words: &[String], wait: Waiting) -> Result<u8, Problem> {
    let setup = desk.account(args.account.as_deref())?;
    let text = if words.is_empty() { read_text().await? } else { words.join(" ") };
    if text.trim().is_empty() {
        return Err(Problem::Usage { why: Line::clean("there is no text to send") });
    }
    let mut errand = Errand::start(desk, setup, true, args.timeout);
    let peer = find(desk, &setup.id, &mut errand, who).await?;
    let now = desk.clock.now();
    let key = MessageKey::new(now.wall, u128::from(super::super::seed()) << 16 | u128::from(std::process::id()));
    let outgoing = Outgoing {
        key,
        to: peer.clone().into(),
        body: text,
        ask_receipt: wait == Waiting::Delivered,
        delayed: None,
        session: None,
    };
    let message = message(setup, &peer, &outgoing, now.wall);
    // On the disk before it is on the wire. Where the disk takes nothing it goes out all the same.
    let kept = write(desk, StoreRequest::Insert(Box::new(message.clone()))).await?;
    errand.send(LinkCommand::Session(Command::Send(outgoing)));
    let outcome = wait_for(&mut errand, key, wait).await;
    errand.finish().await;
    let state = match &outcome {
        Ok(state) => state.clone(),
        // It may still arrive: nobody said that it did not.
        Err(Problem::TimedOut { .. }) => MessageState::Sent,
        Err(problem) => MessageState::Failed(problem.clone()),
    };
    let end = match kept {
        // Another butty may know better by now.
        Ok(()) => StoreRequest::Mark { talk: message.talk, key, state },
        Err(_) => StoreRequest::Insert(Box::new(Message { state, ..message })),
    };
    // It is on its way: that it is not kept here changes no exit code, or a script would send it twice.
    if let Err(problem) = write(desk, end).await? {
        desk.voice.fail(&problem);
    }
    outcome?;
    let id = key.to_string();
    told(
        desk.voice
            .answer(&Record::new("message").account(setup.id.as_str()).column("id", &id).field("to", peer.as_str())),
    )
}

async fn write(desk: &Desk, request: StoreRequest) -> Result<Result<(), Problem>, Problem> {
    let (place, retention) = (Place::Folder(desk.folders.data.clone()), desk.config.options.retention);
    blocking(move || keep(place, retention, request)).await
}

async fn read_text() -> Result<String, Problem> {
    if std::io::stdin().is_terminal() {
        let why = "there is no text: butty send WHO TEXT, or a pipe into butty send WHO";
        return Err(Problem::Usage { why: Line::clean(why) });
    }
    let read = blocking(|| {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let no_text = || Problem::Usage { why: Line::clean("standard input is not text in UTF-8") };
    text_of(read.await?.map_err(|_| no_text())?)
}

/// What was read as a text. Too much is refused: half a message is none.
fn text_of(bytes: Vec<u8>) -> Result<String, Problem> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST) {
        return Err(Problem::Usage { why: Line::clean("standard input holds more than the 64 KiB of one message") });
    }
    let no_text = |_| Problem::Usage { why: Line::clean("standard input is not text in UTF-8") };
    let text = String::from_utf8(bytes).map_err(no_text)?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// An address as it is; a name from the list. Returns once the session stands.
async fn find(desk: &Desk, account: &AccountId, errand: &mut Errand, who: &str) -> Result<BareJid, Problem> {
    if who.contains('@') {
        let why = || Problem::Usage { why: Line::clean(&format!("{who} is not an address")) };
        let peer = BareJid::parse(who).map_err(|_| why())?;
        loop {
            if let LinkFact::Session(Event::SignedIn(_)) = errand.next().await? {
                return Ok(peer);
            }
        }
    }
    let wanted = who.to_lowercase();
    let buddies = roster::as_shown_here(desk, account, roster::fetch(errand).await?)?;
    let mut found = buddies.iter().filter(|buddy| {
        buddy.called().is_some_and(|name| name.as_str().to_lowercase() == wanted)
            || buddy.item.jid.local().is_some_and(|local| local == wanted)
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.item.jid.clone()),
        (Some(_), Some(_)) => {
            Err(Problem::Usage { why: Line::clean(&format!("{who} is the name of two buddies: use the address")) })
        }
        (None, _) => Err(Problem::UnknownBuddy { who: Line::clean(who) }),
    }
}

async fn wait_for(errand: &mut Errand, key: MessageKey, wait: Waiting) -> Result<MessageState, Problem> {
    let id = OriginId(key.to_string());
    loop {
        match errand.next().await? {
            LinkFact::Session(Event::Acknowledged(of)) if of == key && wait != Waiting::Delivered => {
                return Ok(MessageState::Sent);
            }
            LinkFact::Session(Event::Receipt { of, .. }) if of == id => return Ok(MessageState::Delivered),
            LinkFact::Session(Event::Bounced { key: of, problem, .. }) if of == id => return Err(problem),
            _ if wait == Waiting::None => return Ok(MessageState::Sent),
            _ => {}
        }
    }
}

fn message(setup: &AccountSetup, peer: &BareJid, outgoing: &Outgoing, stamp: crate::types::Stamp) -> Message {
    Message {
        key: outgoing.key,
        talk: ConversationKey::direct(setup.id.clone(), peer.clone()),
        direction: Direction::Out,
        author: Author::Me,
        stamp,
        body: Body::Plain(outgoing.shown()),
        state: MessageState::Pending,
        origin: Some(OriginId(outgoing.key.to_string())),
        stanza_id: None,
        relation: None,
        attachments: Vec::new(),
        arrival: Arrival::Fresh,
        from: None,
        owes_receipt: false,
        edited: false,
        markable: false,
    }
}

/// Writes to the history: the message before it goes out, or what became of it. Opened for that alone: where nothing is to
/// stay, what another butty does meanwhile is not known to who has it open.
fn keep(place: Place, retention: Retention, request: StoreRequest) -> Result<(), Problem> {
    let (tell, told) = std::sync::mpsc::channel();
    let store = Store::start(place, false, move |stored| drop(tell.send(stored)));
    let store = store.map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })?;
    store.send(StoreRequest::Retain(retention));
    store.send(request);
    store.close();
    let refused = told.into_iter().find_map(|stored| match stored {
        Stored::Failed(problem) | Stored::Refused { problem, .. } | Stored::SetAside(problem) => Some(problem),
        _ => None,
    });
    refused.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Message {
        let setup = AccountSetup::new(&BareJid::parse("anna@example.org").unwrap());
        let outgoing = Outgoing {
            key: MessageKey(7),
            to: BareJid::parse("bela@example.org").unwrap().into(),
            body: "hello".to_owned(),
            ask_receipt: false,
            delayed: None,
            session: None,
        };
        message(&setup, &BareJid::parse("bela@example.org").unwrap(), &outgoing, crate::types::Stamp(5))
    }

    /// What an interface that is started by now would take for unsent.
    fn outbox(place: &Place) -> Vec<(MessageKey, MessageState)> {
        let (tell, told) = std::sync::mpsc::channel();
        let store = Store::start(place.clone(), false, move |stored| drop(tell.send(stored))).unwrap();
        store.send(StoreRequest::Open { account: written().talk.account });
        store.close();
        let caches =
            told.into_iter().filter_map(|it| if let Stored::Cache { cache, .. } = it { Some(cache) } else { None });
        caches.flat_map(|cache| cache.outbox).map(|message| (message.key, message.state)).collect()
    }

    fn states(place: &Place) -> Vec<MessageState> {
        let (tell, told) = std::sync::mpsc::channel();
        let store = Store::start(place.clone(), false, move |stored| drop(tell.send(stored))).unwrap();
        let (request, talk) = (crate::types::RequestId(1), written().talk);
        store.send(StoreRequest::Page { request, talk, before: None, limit: 10 });
        store.close();
        let pages = told
            .into_iter()
            .filter_map(|it| if let Stored::Page { messages, .. } = it { Some(messages) } else { None });
        pages.flatten().map(|message| message.state).collect()
    }

    fn insert() -> StoreRequest {
        StoreRequest::Insert(Box::new(written()))
    }

    fn mark(state: MessageState) -> StoreRequest {
        StoreRequest::Mark { talk: written().talk, key: MessageKey(7), state }
    }

    #[test]
    fn what_became_of_it_is_marked_and_takes_nothing_back() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::Folder(home.path().to_owned());
        let keep = |request| keep(place.clone(), Retention::Forever, request).unwrap();
        keep(insert());
        assert_eq!(outbox(&place), [(MessageKey(7), MessageState::Pending)], "until something is known");
        keep(mark(MessageState::Delivered));
        keep(mark(MessageState::Failed(Problem::NotSent)));
        keep(mark(MessageState::Sent));
        assert_eq!(states(&place), [MessageState::Delivered]);
    }

    /// Where nothing is to stay, two have the history open at once.
    #[test]
    fn what_another_butty_has_unsent_meanwhile_stays_its_own() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::Folder(home.path().to_owned());
        let other = Store::start(place.clone(), false, |_| ()).unwrap();
        other.send(StoreRequest::Retain(Retention::Nothing));
        let theirs = Message { key: MessageKey(8), origin: Some(OriginId(MessageKey(8).to_string())), ..written() };
        keep(place.clone(), Retention::Nothing, insert()).unwrap();
        other.send(StoreRequest::Insert(Box::new(theirs)));
        other.close();
        keep(place.clone(), Retention::Nothing, mark(MessageState::Sent)).unwrap();
        assert_eq!(outbox(&place), [(MessageKey(8), MessageState::Pending)]);
    }

    #[test]
    fn a_disk_that_takes_nothing_is_told() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data");
        std::fs::write(&folder, "a file is in the way").unwrap();
        let refused = keep(Place::Folder(folder), Retention::Forever, insert());
        assert_eq!(refused.unwrap_err().code(), "BTY-DATA-04");
    }

    #[test]
    fn a_text_is_sent_whole_or_not_at_all() {
        let most = usize::try_from(MOST).unwrap();
        assert_eq!(text_of(b"hello\nyou\r\n".to_vec()).unwrap(), "hello\nyou");
        assert_eq!(text_of(vec![b'x'; most]).unwrap().len(), most);
        assert!(matches!(text_of(vec![b'x'; most + 1]), Err(Problem::Usage { .. })));
        assert!(matches!(text_of(vec![0xff]), Err(Problem::Usage { .. })));
    }
}
