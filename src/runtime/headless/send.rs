//! `butty send`: one message, kept in the history like any other.

use super::accounts::told;
use super::{Desk, Errand, roster};
use crate::app::StoreRequest;
use crate::app::event::LinkFact;
use crate::app::model::{Author, Body, ConversationKey, Message, MessageState};
use crate::app::{LinkCommand, setup::AccountSetup};
use crate::cli::{Args, Record, Waiting};
use crate::store::{Place, Store};
use crate::types::{BareJid, Line, MessageKey, OriginId, Problem};
use crate::xmpp::{Command, Direction, Event, Outgoing};
use std::io::{IsTerminal, Read};

/// Longest text from standard input.
const MOST: u64 = 64 * 1024;

pub(super) async fn run(args: &Args, desk: &Desk, who: &str, words: &[String], wait: Waiting) -> Result<u8, Problem> {
    let setup = desk.account(args.account.as_deref())?;
    let text = if words.is_empty() { read_text()? } else { words.join(" ") };
    if text.trim().is_empty() {
        return Err(Problem::Usage { why: Line::clean("there is no text to send") });
    }
    let mut errand = Errand::start(desk, setup, true, args.timeout);
    let peer = find(&mut errand, who).await?;
    let now = desk.clock.now();
    let key = MessageKey::new(now.wall, u128::from(super::super::seed()) << 16 | u128::from(std::process::id()));
    let outgoing =
        Outgoing { key, to: peer.clone().into(), body: text, ask_receipt: wait == Waiting::Delivered, delayed: None };
    let mut message = message(setup, &peer, &outgoing, now.wall);
    errand.send(LinkCommand::Session(Command::Send(outgoing)));
    let outcome = wait_for(&mut errand, key, wait).await;
    errand.finish().await;
    message.state = match &outcome {
        Ok(state) => state.clone(),
        // It may still arrive: nobody said that it did not.
        Err(Problem::TimedOut { .. }) => MessageState::Sent,
        Err(problem) => MessageState::Failed(problem.clone()),
    };
    keep(desk, message)?;
    outcome?;
    let id = key.to_string();
    told(
        desk.voice
            .answer(&Record::new("message").account(setup.id.as_str()).column("id", &id).field("to", peer.as_str())),
    )
}

fn read_text() -> Result<String, Problem> {
    if std::io::stdin().is_terminal() {
        let why = "there is no text: butty send WHO TEXT, or a pipe into butty send WHO";
        return Err(Problem::Usage { why: Line::clean(why) });
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MOST).read_to_string(&mut text);
    read.map_err(|_| Problem::Usage { why: Line::clean("standard input is not text in UTF-8") })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// An address as it is; a name from the list. Returns once the session stands.
async fn find(errand: &mut Errand, who: &str) -> Result<BareJid, Problem> {
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
    let items = roster::fetch(errand).await?;
    let mut found = items.iter().filter(|item| {
        item.name.as_ref().is_some_and(|name| name.as_str().to_lowercase() == wanted)
            || item.jid.local().is_some_and(|local| local == wanted)
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.jid.clone()),
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
        from: None,
        owes_receipt: false,
        edited: false,
    }
}

fn keep(desk: &Desk, message: Message) -> Result<(), Problem> {
    let place = Place::Folder(desk.folders.data.clone());
    let store = Store::start(place, false, |stored| {
        if let crate::app::event::Stored::Failed(problem) = stored {
            tracing::warn!(code = problem.code(), "the message was sent but not kept");
        }
    });
    let store = store.map_err(|error| Problem::NotKept { why: Line::clean(&error.kind().to_string()) })?;
    store.send(StoreRequest::Insert(Box::new(message)));
    store.close();
    Ok(())
}
