//! A message as a row of its table.

use super::talks::{key_of, kind_number};
use crate::app::model::{Arrival, Author, Body, ConversationKey, Message, MessageState, Relation};
use crate::types::{AccountId, BareJid, Domain, Jid, Line, MessageKey, OriginId, Problem, Prose, Stamp, StanzaId};
use crate::xmpp::Direction;
use rusqlite::{Connection, Row, params};

/// What `read` takes, in its order.
pub(super) const COLUMNS: &str = "key, account, peer, kind, direction, author, stamp, body_kind, body, state, detail, origin, \
                       stanza_id, relation, sender, edited, markable";

/// Writes the row under this id (`None`: one that SQLite chooses), which `last_insert_rowid` then is. False: that id is
/// taken, or the key is here already. That is an answer and no error, for whoever tries before asking; whatever else the
/// table refuses is one.
pub(super) fn write(db: &Connection, message: &Message, id: Option<i64>) -> rusqlite::Result<bool> {
    let (body_kind, body) = match &message.body {
        Body::Plain(text) => (0, text.as_str()),
        Body::Sealed(text) => (1, text.as_str()),
        Body::Unreadable(method) => (2, method.as_str()),
    };
    let author = match &message.author {
        Author::Occupant(name) => Some(name.as_str()),
        Author::Me | Author::Contact => None,
    };
    let (state, detail) = state_columns(&message.state);
    db.prepare_cached(
        "INSERT INTO message (key, account, peer, kind, direction, author, stamp, body_kind, body, state, detail,
         origin, stanza_id, relation, sender, edited, markable, id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        message.key.0.to_be_bytes(),
        message.talk.account.as_str(),
        message.talk.peer.as_str(),
        kind_number(message.talk.kind),
        u8::from(message.direction == Direction::Out),
        author,
        message.stamp.0,
        body_kind,
        body,
        state,
        detail,
        message.origin.as_ref().map(|id| &id.0),
        message.stanza_id.as_ref().map(|id| &id.0),
        message.relation.as_ref().map(relation_text),
        message.from.as_ref().map(Jid::as_str),
        message.edited,
        message.markable,
        id,
    ])
    .map(|rows| rows == 1)
}

/// A row as a message; `None` for one that no longer parses, which is left alone.
pub(super) fn read(row: &Row<'_>) -> Option<Message> {
    parsed(row).unwrap_or_else(|error| {
        // A column of another type, or of no text: what stands around it still comes.
        tracing::warn!(%error, "a message in the database cannot be read");
        None
    })
}

fn parsed(row: &Row<'_>) -> rusqlite::Result<Option<Message>> {
    let account = AccountId::new(&row.get::<_, String>(1)?);
    let peer: String = row.get(2)?;
    let Some(talk) = key_of(&account, &peer, row.get(3)?) else { return Ok(None) };
    let direction = if row.get::<_, u8>(4)? == 1 { Direction::Out } else { Direction::In };
    let author = match (row.get::<_, Option<String>>(5)?, direction) {
        (Some(name), _) => Author::Occupant(Line::clean(&name)),
        (None, Direction::Out) => Author::Me,
        (None, Direction::In) => Author::Contact,
    };
    let text: String = row.get(8)?;
    let body = match row.get::<_, u8>(7)? {
        0 => Body::Plain(Prose::clean(&text)),
        1 => Body::Sealed(Prose::clean(&text)),
        _ => Body::Unreadable(Line::clean(&text)),
    };
    let state = state_of(row.get(9)?, row.get::<_, Option<String>>(10)?.as_deref(), &talk);
    Ok(Some(Message {
        key: MessageKey(u128::from_be_bytes(row.get(0)?)),
        direction,
        author,
        stamp: Stamp(row.get(6)?),
        body,
        state,
        origin: row.get::<_, Option<String>>(11)?.map(OriginId),
        stanza_id: row.get::<_, Option<String>>(12)?.map(StanzaId),
        relation: row.get::<_, Option<String>>(13)?.as_deref().and_then(relation_of),
        attachments: Vec::new(),
        arrival: Arrival::Fresh,
        from: row.get::<_, Option<String>>(14)?.and_then(|text| Jid::parse(&text).ok()),
        owes_receipt: false,
        edited: row.get(15)?,
        markable: row.get(16)?,
        talk,
    }))
}

pub(super) fn state_columns(state: &MessageState) -> (u8, Option<String>) {
    match state {
        MessageState::Received => (0, None),
        MessageState::Pending => (1, None),
        MessageState::Sent => (2, None),
        MessageState::Delivered => (3, None),
        MessageState::Read(at) => (4, at.map(|at| at.0.to_string())),
        MessageState::Failed(problem) => {
            let detail = match problem {
                Problem::Bounced { condition, .. } => condition.as_str(),
                Problem::TooLong { domain } => domain.as_str(),
                _ => "",
            };
            (5, Some(format!("{} {detail}", problem.code())))
        }
    }
}

fn state_of(number: u8, detail: Option<&str>, talk: &ConversationKey) -> MessageState {
    match number {
        0 => MessageState::Received,
        1 => MessageState::Pending,
        2 => MessageState::Sent,
        3 => MessageState::Delivered,
        4 => MessageState::Read(detail.and_then(|text| text.parse().ok()).map(Stamp)),
        _ => MessageState::Failed(failure_of(detail.unwrap_or(""), &talk.peer)),
    }
}

fn failure_of(detail: &str, peer: &BareJid) -> Problem {
    let (code, rest) = detail.split_once(' ').unwrap_or((detail, ""));
    match code {
        "BTY-MSG-02" => Problem::NoSuchAddress { peer: peer.clone() },
        "BTY-MSG-03" => Problem::TooLong { domain: Domain::parse(rest).unwrap_or_else(|_| peer.domain()) },
        "BTY-MSG-04" => Problem::BuddiesOnly { peer: peer.clone() },
        "BTY-MSG-05" => Problem::Bounced { peer: peer.clone(), condition: Line::clean(rest) },
        _ => Problem::NotSent,
    }
}

fn relation_text(relation: &Relation) -> String {
    match relation {
        Relation::Replaces(id) => format!("replaces:{id}"),
        Relation::Answers(id) => format!("answers:{id}"),
        Relation::ReactsTo(id, _) => format!("reacts:{id}"),
    }
}

fn relation_of(text: &str) -> Option<Relation> {
    let (kind, id) = text.split_once(':')?;
    match kind {
        "replaces" => Some(Relation::Replaces(OriginId(id.to_owned()))),
        "answers" => Some(Relation::Answers(OriginId(id.to_owned()))),
        "reacts" => Some(Relation::ReactsTo(OriginId(id.to_owned()), Vec::new())),
        _ => None,
    }
}
