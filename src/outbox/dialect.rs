//! The differences between the databases, and the statements.

/// The SQL that a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
}

/// The statements of a dialect. A list of numbers or texts is one parameter, a JSON array, so that a statement is the same
/// text, and prepared once, for lists of any length.
impl Dialect {
    pub(super) const fn schema(self) -> &'static str {
        match self {
            Self::Postgres => include_str!("schema/postgres.sql"),
            Self::Sqlite => include_str!("schema/sqlite.sql"),
        }
    }

    /// The tables and indexes of the schema.
    pub(super) fn relations(self) -> impl Iterator<Item = &'static str> {
        self.schema().split("IF NOT EXISTS ").skip(1).filter_map(|rest| rest.split_whitespace().next())
    }

    /// The clock of the database, which all processes share.
    const fn now(self) -> &'static str {
        match self {
            Self::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            Self::Sqlite => "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
        }
    }

    fn numbers(self, parameter: &str) -> String {
        match self {
            Self::Postgres => format!("(SELECT CAST(jsonb_array_elements_text(CAST({parameter} AS JSONB)) AS BIGINT))"),
            Self::Sqlite => format!("(SELECT value FROM json_each({parameter}))"),
        }
    }

    fn texts(self, parameter: &str) -> String {
        match self {
            Self::Postgres => format!("(SELECT jsonb_array_elements_text(CAST({parameter} AS JSONB)))"),
            Self::Sqlite => format!("(SELECT value FROM json_each({parameter}))"),
        }
    }

    /// Parameters: event id, topic, lane, partition, key, value, headers, time.
    pub(super) fn add(self, notifies: bool) -> String {
        let now = self.now();
        let insert = format!(
            "INSERT INTO event_outbox (event_id, topic, lane, record_partition, record_key, record_value, \
             record_headers, record_time, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {now})"
        );
        match self {
            // PostgreSQL delivers it when the transaction is committed, and once for all rows of a transaction.
            Self::Postgres if notifies => {
                // As a text, because `Any` has no void.
                format!(
                    "WITH added AS ({insert} RETURNING 1) SELECT CAST(pg_notify('{CHANNEL}', '') AS TEXT) FROM added"
                )
            }
            _ => insert,
        }
    }

    /// Changes no row if the event was handled before. Parameters: group, source, event id.
    pub(super) fn note_handled(self) -> String {
        let now = self.now();
        format!(
            "INSERT INTO event_inbox (consumer_group, source, event_id, handled_at) VALUES ($1, $2, $3, {now}) \
             ON CONFLICT DO NOTHING"
        )
    }

    /// Parameters: rows and lanes and topics to be left out, limit.
    pub(super) fn unsent(self) -> String {
        let (rows, lanes, topics) = (self.numbers("$1"), self.numbers("$2"), self.texts("$3"));
        format!(
            "SELECT {ROW} FROM event_outbox WHERE {UNSENT} AND seq NOT IN {rows} \
             AND (lane IS NULL OR lane NOT IN {lanes}) AND topic NOT IN {topics} ORDER BY seq LIMIT $4"
        )
    }

    /// Parameter: rows.
    pub(super) fn mark_sent(self) -> String {
        format!("UPDATE event_outbox SET sent_at = {} WHERE seq IN {}", self.now(), self.numbers("$1"))
    }

    /// Parameter: rows.
    pub(super) fn delete_sent(self) -> String {
        format!("DELETE FROM event_outbox WHERE seq IN {}", self.numbers("$1"))
    }

    /// Parameters: row, reason.
    pub(super) fn park(self) -> String {
        format!("UPDATE event_outbox SET parked_at = {}, parked_reason = $2 WHERE seq = $1", self.now())
    }

    /// Parameter: limit.
    pub(super) fn parked(self) -> String {
        let now = self.now();
        format!(
            "SELECT seq, event_id, topic, parked_reason, {now} - parked_at FROM event_outbox \
             WHERE parked_at IS NOT NULL ORDER BY seq LIMIT $1"
        )
    }

    /// Count and age of the unsent rows, and the count of the parked ones.
    pub(super) fn lag(self) -> String {
        let now = self.now();
        format!(
            "SELECT COUNT(*), {now} - MIN(created_at), \
             (SELECT COUNT(*) FROM event_outbox WHERE parked_at IS NOT NULL) FROM event_outbox WHERE {UNSENT}"
        )
    }

    /// Changes a row if nobody else leads. Parameters: name, owner, milliseconds.
    pub(super) fn lead(self) -> String {
        let now = self.now();
        format!(
            "INSERT INTO event_relay (name, owner, expires_at) VALUES ($1, $2, {now} + $3) \
             ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at \
             WHERE event_relay.owner = excluded.owner OR event_relay.expires_at < {now}"
        )
    }

    /// Changes a row if nobody else has led since. Parameters: name, owner, milliseconds.
    pub(super) fn renew(self) -> String {
        format!("UPDATE event_relay SET expires_at = {} + $3 WHERE name = $1 AND owner = $2", self.now())
    }

    /// Parameter: milliseconds, limit.
    pub(super) fn clean_outbox(self) -> String {
        let now = self.now();
        format!(
            "DELETE FROM event_outbox WHERE seq IN \
             (SELECT seq FROM event_outbox WHERE sent_at < {now} - $1 ORDER BY sent_at LIMIT $2)"
        )
    }

    /// Changes a row if nobody else has the id: it is new, or expired, or the same request was released. Parameters: id,
    /// fingerprint, milliseconds of the claim, milliseconds of the row.
    #[cfg(feature = "axum08")]
    pub(super) fn claim(self) -> String {
        let now = self.now();
        format!(
            "INSERT INTO event_answer (id, fingerprint, claimed_until, expires_at) \
             VALUES ($1, $2, {now} + $3, {now} + $4) \
             ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, answer = NULL, \
             claimed_until = excluded.claimed_until, expires_at = excluded.expires_at \
             WHERE event_answer.expires_at < {now} OR (event_answer.answer IS NULL \
             AND event_answer.claimed_until < {now} AND event_answer.fingerprint = excluded.fingerprint)"
        )
    }

    /// Parameters: id, answer, milliseconds of the row.
    #[cfg(feature = "axum08")]
    pub(super) fn answered(self) -> String {
        format!("UPDATE event_answer SET answer = $2, expires_at = {} + $3 WHERE id = $1", self.now())
    }

    /// Parameters: milliseconds since they expired, limit.
    #[cfg(feature = "axum08")]
    pub(super) fn clean_answers(self) -> String {
        let now = self.now();
        // The second condition is for a row that was claimed again meanwhile.
        format!(
            "DELETE FROM event_answer WHERE id IN \
             (SELECT id FROM event_answer WHERE expires_at < {now} - $1 ORDER BY expires_at LIMIT $2) \
             AND expires_at < {now} - $1"
        )
    }

    /// Parameter: milliseconds, limit.
    pub(super) fn clean_inbox(self) -> String {
        let now = self.now();
        format!(
            "DELETE FROM event_inbox WHERE (consumer_group, source, event_id) IN (SELECT consumer_group, source, \
             event_id FROM event_inbox WHERE handled_at < {now} - $1 ORDER BY handled_at LIMIT $2)"
        )
    }
}

/// The first of a topic. Parameter: the topic.
pub(super) fn first_unsent_of_topic() -> String {
    format!("SELECT {ROW} FROM event_outbox WHERE {UNSENT} AND topic = $1 ORDER BY seq LIMIT 1")
}

/// Finds a row if the event is noted. Parameters: group, source, event id.
pub(super) const NOTED: &str =
    "SELECT handled_at FROM event_inbox WHERE consumer_group = $1 AND source = $2 AND event_id = $3";

/// The channel of PostgreSQL's notifications.
pub(super) const CHANNEL: &str = "event_outbox";

/// Parameter: id.
#[cfg(feature = "axum08")]
pub(super) const ANSWER: &str = "SELECT fingerprint, answer FROM event_answer WHERE id = $1";

/// Parameter: id.
#[cfg(feature = "axum08")]
pub(super) const RELEASE: &str = "UPDATE event_answer SET claimed_until = 0 WHERE id = $1 AND answer IS NULL";

/// Whether no other transaction has this id. It has it until its end. Such locks are of the whole database, whose schemas
/// have tables of their own. Parameter: id.
#[cfg(feature = "axum08")]
pub(super) const LOCK: &str = "SELECT CAST(CAST(pg_try_advisory_xact_lock(\
    hashtextextended(concat('event_answer ', current_schema(), ' ', CAST($1 AS TEXT)), 0)) AS INT) AS BIGINT)";

/// How many relations are missing where PostgreSQL would create them. Parameter: their names.
pub(super) const MISSING: &str = "SELECT COUNT(*) FROM (SELECT jsonb_array_elements_text(CAST($1 AS JSONB)) AS name) AS names \
     WHERE to_regclass(quote_ident(current_schema()) || '.' || name) IS NULL";

/// Parameters: name, owner.
pub(super) const STEP_DOWN: &str = "UPDATE event_relay SET owner = '', expires_at = 0 WHERE name = $1 AND owner = $2";

/// Parameter: row.
pub(super) const UNPARK: &str =
    "UPDATE event_outbox SET parked_at = NULL, parked_reason = NULL WHERE seq = $1 AND parked_at IS NOT NULL";

/// Parameter: row.
pub(super) const DISCARD: &str = "DELETE FROM event_outbox WHERE seq = $1 AND parked_at IS NOT NULL";

const UNSENT: &str = "sent_at IS NULL AND parked_at IS NULL";
const ROW: &str = "seq, topic, lane, record_partition, record_key, record_value, record_headers, record_time";
