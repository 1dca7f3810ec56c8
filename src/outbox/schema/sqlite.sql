-- The tables of event_schema::outbox for SQLite. All times are in milliseconds since 1970.

-- Events to be sent, each written in the transaction of the rows that it tells of.
CREATE TABLE IF NOT EXISTS event_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT,
    topic TEXT NOT NULL,
    -- Of topic and key: the rows of a lane are sent in their order. None for a record without a key.
    lane BIGINT,
    record_partition BIGINT,
    record_key BLOB,
    record_value BLOB,
    record_headers TEXT NOT NULL,
    record_time BIGINT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    -- Set for a record that the brokers will never accept.
    parked_at BIGINT,
    parked_reason TEXT
);
CREATE INDEX IF NOT EXISTS event_outbox_unsent ON event_outbox (seq) WHERE sent_at IS NULL AND parked_at IS NULL;
CREATE INDEX IF NOT EXISTS event_outbox_sent ON event_outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_outbox_parked ON event_outbox (seq) WHERE parked_at IS NOT NULL;

-- The events that a group has handled.
CREATE TABLE IF NOT EXISTS event_inbox (
    consumer_group TEXT NOT NULL,
    source TEXT NOT NULL,
    event_id TEXT NOT NULL,
    handled_at BIGINT NOT NULL,
    PRIMARY KEY (consumer_group, source, event_id)
);
CREATE INDEX IF NOT EXISTS event_inbox_handled ON event_inbox (handled_at);

-- The answers to requests with an idempotency key.
CREATE TABLE IF NOT EXISTS event_answer (
    id TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    -- JSON. None while the request is handled, and if it is to be handled again.
    answer TEXT,
    -- When the request may be handled again without an answer.
    claimed_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_answer_expires ON event_answer (expires_at);

-- The relay that sends, and until when nobody else may.
CREATE TABLE IF NOT EXISTS event_relay (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
