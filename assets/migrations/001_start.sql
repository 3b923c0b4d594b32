-- History, buddies and talks. Secrets are never in here.
-- Times are milliseconds since 1970 (UTC). `kind` of a talk: 0 one to one, 1 room.

CREATE TABLE message (
    key        BLOB    NOT NULL PRIMARY KEY, -- 16 bytes: our own id, sorts by creation
    account    TEXT    NOT NULL,
    peer       TEXT    NOT NULL,
    kind       INTEGER NOT NULL,
    direction  INTEGER NOT NULL,             -- 0 theirs, 1 ours
    author     TEXT,                         -- an occupant's name, in rooms
    stamp      INTEGER NOT NULL,
    body_kind  INTEGER NOT NULL,             -- 0 plain, 1 opened, 2 unreadable
    body       TEXT    NOT NULL,             -- the text, or the name of the method
    state      INTEGER NOT NULL,             -- 0 received 1 pending 2 sent 3 delivered 4 read 5 failed
    detail     TEXT,                         -- read: the moment; failed: code and condition
    origin     TEXT,                         -- the sender's id (XEP-0359 origin-id or stanza id)
    stanza_id  TEXT,                         -- our archive's id (XEP-0359 stanza-id)
    relation   TEXT,                         -- what it refers to, as kind:id
    sender     TEXT,                         -- full address it came from
    edited     INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX message_by_talk   ON message (account, peer, kind, stamp, key);
CREATE INDEX message_by_origin ON message (account, peer, origin) WHERE origin IS NOT NULL;
CREATE UNIQUE INDEX message_by_stanza_id ON message (account, stanza_id) WHERE stanza_id IS NOT NULL;
CREATE INDEX message_pending   ON message (account, stamp) WHERE state = 1;

CREATE TABLE talk (
    account TEXT    NOT NULL,
    peer    TEXT    NOT NULL,
    kind    INTEGER NOT NULL,
    read_to INTEGER NOT NULL DEFAULT 0,      -- everything up to here was seen
    draft   TEXT,
    PRIMARY KEY (account, peer, kind)
) WITHOUT ROWID;

CREATE TABLE contact (
    account      TEXT    NOT NULL,
    jid          TEXT    NOT NULL,
    name         TEXT,
    groups       TEXT    NOT NULL,           -- a JSON list
    subscription INTEGER NOT NULL,           -- 0 none 1 to 2 from 3 both
    pending      INTEGER NOT NULL,
    PRIMARY KEY (account, jid)
) WITHOUT ROWID;

CREATE TABLE account (
    id             TEXT NOT NULL PRIMARY KEY,
    roster_version TEXT,
    jid            TEXT,                     -- what the service called us last
    show           INTEGER,                  -- 0 available 1 busy 2 away 3 gone 4 offline
    status         TEXT,
    priority       INTEGER,
    folded         TEXT                      -- a JSON list
) WITHOUT ROWID;
