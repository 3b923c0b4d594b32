-- What the person changed of the buddy list on this computer alone, where a service keeps no changes of it.

CREATE TABLE only_here (
    account TEXT    NOT NULL,
    jid     TEXT    NOT NULL,
    name    TEXT,                            -- NULL: as the server has it
    groups  TEXT,                            -- a JSON list; NULL: as the server has them
    hidden  INTEGER NOT NULL,
    PRIMARY KEY (account, jid)
) WITHOUT ROWID;
