-- Who asks to be told that a message was seen (XEP-0333), and how far that was told.

ALTER TABLE message ADD COLUMN markable INTEGER NOT NULL DEFAULT 0; -- 1: its sender asks to be told
ALTER TABLE talk ADD COLUMN displayed_to INTEGER NOT NULL DEFAULT 0; -- told, or needs not be, up to here
UPDATE talk SET displayed_to = read_to;
