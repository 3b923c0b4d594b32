-- Search over everything that was said, and rows that lie in order of time.
--
-- `id` counts up with the moment: milliseconds since 1970 in the upper bits, 20 bits to tell rows of one millisecond
-- apart. The index below hands out its hits by that number, newest first, without sorting any.
--
-- The index keeps no text of its own. It is fed by triggers, so nothing is kept without being found, and nothing is
-- found that is not kept any more. `words` and `place` are functions of butty's.
-- * Its tokenizer is unicode61 and not trigram: trigrams cannot find what is shorter than three characters, and most
--   words of Chinese are two. Scripts without blanks and pictures are handed over one sign a word (`words`), and a
--   query for several of them asks for them in a row. So any part of such a text is found, and whole words, or their
--   beginnings, of all others; marks count as parts of their word (`M*`), accents fold.
-- * What is typed so far is the beginning of a word: two and three letters have indices of their own. They make the
--   index three times as large, and such a query over a million messages some hundred times as fast.
-- * `place` is one sign for the account and one for the talk: a search in one talk never walks the hits of others.

CREATE TABLE message_in_time (
    id         INTEGER PRIMARY KEY,
    key        BLOB    NOT NULL UNIQUE,      -- 16 bytes: our own id, sorts by creation
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
);
INSERT INTO message_in_time
    SELECT (max(0, min(stamp, 8796093022206)) << 20)
           + (row_number() OVER (PARTITION BY stamp ORDER BY key) - 1) % 1048576,
           key, account, peer, kind, direction, author, stamp, body_kind, body, state, detail, origin, stanza_id,
           relation, sender, edited
    FROM message;
DROP TABLE message;
ALTER TABLE message_in_time RENAME TO message;

-- Pages of a talk, its newest message and its unread ones, all from the index alone or from one seek in it.
CREATE INDEX message_by_talk      ON message (account, peer, kind, stamp, key, direction);
CREATE INDEX message_by_origin    ON message (account, peer, origin) WHERE origin IS NOT NULL;
CREATE INDEX message_by_stanza_id ON message (account, stanza_id) WHERE stanza_id IS NOT NULL;
CREATE INDEX message_pending      ON message (account, stamp, key) WHERE state = 1;

CREATE VIRTUAL TABLE search USING fts5 (
    body, place,
    content = '', contentless_delete = 1, prefix = '2 3',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co So'"
);
INSERT INTO search (rowid, body, place)
    SELECT id, words(body), place(account, peer, kind) FROM message WHERE body_kind <> 2 ORDER BY id;

CREATE TRIGGER message_kept AFTER INSERT ON message WHEN new.body_kind <> 2 BEGIN
    INSERT INTO search (rowid, body, place)
        VALUES (new.id, words(new.body), place(new.account, new.peer, new.kind));
END;
CREATE TRIGGER message_changed AFTER UPDATE OF body, body_kind ON message BEGIN
    DELETE FROM search WHERE rowid = old.id;
    INSERT INTO search (rowid, body, place)
        SELECT new.id, words(new.body), place(new.account, new.peer, new.kind) WHERE new.body_kind <> 2;
END;
CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN
    DELETE FROM search WHERE rowid = old.id;
END;
