-- What the archive has and we have not, and how far talks were read by its order.

DROP INDEX message_by_origin;
CREATE INDEX message_by_origin ON message (account, peer, origin, stamp) WHERE origin IS NOT NULL;

CREATE TABLE archive_gap (
    account   TEXT    NOT NULL,
    number    INTEGER NOT NULL,              -- of the gap: the oldest is 0
    peer      TEXT    NOT NULL,              -- empty: the gap; else what one talk still lacks of it
    after_id  TEXT,                          -- the archive's result before it; NULL: only the moment is known
    after_at  INTEGER NOT NULL,
    before_id TEXT,                          -- and behind it
    before_at INTEGER NOT NULL,
    PRIMARY KEY (account, number, peer)
) WITHOUT ROWID;
