-- What the archive has and we have not, and how far talks were read by its order.

DROP INDEX message_by_origin;
CREATE INDEX message_by_origin ON message (account, peer, origin, stamp) WHERE origin IS NOT NULL;
