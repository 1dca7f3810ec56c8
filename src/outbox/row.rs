//! A record as a row of the outbox.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::backend::{Column, Kind, Value};
use crate::derived_id::digest;
use crate::kafka::{Headers, ProducerRecord};

/// A record that is to be sent.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Where it stands among all.
    pub(super) seq: i64,
    pub(super) topic: String,
    /// The rows of a lane are sent one after the other.
    pub(super) lane: Option<i64>,
    /// None if another program has written something else.
    pub(super) record: Option<ProducerRecord>,
}

/// The columns of [`Row::read`].
pub(super) const COLUMNS: &[Kind] =
    &[Kind::Number, Kind::Text, Kind::Number, Kind::Number, Kind::Bytes, Kind::Bytes, Kind::Text, Kind::Number];

impl Row {
    /// None without the number of the row, which all have.
    pub(super) fn read(columns: Vec<Column>) -> Option<Self> {
        let columns: [Column; 8] = columns.try_into().ok()?;
        let [Some(Value::Number(Some(seq))), topic, lane, partition, key, value, headers, time] = columns else {
            return None;
        };
        let lane = if let Some(Value::Number(lane)) = lane { lane } else { None };
        let Some(Value::Text(Some(topic))) = topic else {
            return Some(Self { seq, topic: String::new(), lane, record: None });
        };
        let record = match (partition, key, value, headers, time) {
            (
                Some(Value::Number(partition)),
                Some(Value::Bytes(key)),
                Some(Value::Bytes(value)),
                Some(Value::Text(Some(headers))),
                Some(Value::Number(timestamp)),
            ) => read_headers(&headers).and_then(|headers| {
                let partition = partition.map(i32::try_from).transpose().ok()?;
                Some(ProducerRecord { topic: topic.clone(), partition, key, value, timestamp, headers })
            }),
            _ => None,
        };
        Some(Self { seq, topic, lane, record })
    }
}

/// The parameters of [`Dialect::add`](super::dialect::Dialect::add).
pub(super) fn parameters(record: &ProducerRecord) -> Vec<Value> {
    let id = record.headers.get("ce_id").and_then(|id| std::str::from_utf8(id).ok());
    vec![
        Value::Text(id.map(|id| indexable(id).into_owned())),
        Value::Text(Some(record.topic.clone())),
        Value::Number(lane(record)),
        Value::Number(record.partition.map(i64::from)),
        Value::Bytes(record.key.clone()),
        Value::Bytes(record.value.clone()),
        Value::Text(Some(write_headers(&record.headers))),
        Value::Number(record.timestamp),
    ]
}

/// Equal for the records that are sent in their order. Two keys in one lane wait for each other, and nothing else.
fn lane(record: &ProducerRecord) -> Option<i64> {
    let digest = digest(&[record.topic.as_bytes(), record.key.as_ref()?]);
    digest.first_chunk().copied().map(i64::from_be_bytes)
}

/// A text that an index can hold. Foreign ids may be of any length, and PostgreSQL's texts have no NUL: a message with such
/// an id would otherwise never be handled.
pub(super) fn indexable(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 255;
    const START: &str = "sha256:";
    if text.len() <= LONGEST && !text.contains('\0') && !text.starts_with(START) {
        return Cow::Borrowed(text);
    }
    let mut hash = START.to_owned();
    for byte in digest(&[text.as_bytes()]) {
        let _ = write!(hash, "{byte:02x}");
    }
    Cow::Owned(hash)
}

/// A header's value: as text, for people who look at the table, unless it is none.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum HeaderValue<'a> {
    Text(Cow<'a, str>),
    Bytes { base64: String },
}

fn write_headers(headers: &Headers) -> String {
    let value = |value| match std::str::from_utf8(value) {
        Ok(text) => HeaderValue::Text(Cow::Borrowed(text)),
        Err(_) => HeaderValue::Bytes { base64: STANDARD.encode(value) },
    };
    let headers: Vec<(&str, Option<HeaderValue<'_>>)> =
        headers.iter().map(|(name, bytes)| (name, bytes.map(value))).collect();
    serde_json::to_string(&headers).expect("texts and lists of them are JSON")
}

fn read_headers(text: &str) -> Option<Headers> {
    let stored: Vec<(String, Option<HeaderValue<'static>>)> = crate::load::json::read(text).ok()?;
    let mut headers = Headers::default();
    for (name, value) in stored {
        match value {
            None => headers.push(&name, None),
            Some(HeaderValue::Text(text)) => headers.push(&name, Some(text.as_bytes())),
            Some(HeaderValue::Bytes { base64 }) => headers.push(&name, Some(&STANDARD.decode(base64).ok()?)),
        }
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ProducerRecord {
        ProducerRecord::new("orders")
            .with_key("A-1")
            .with_value([0, 0xff])
            .with_header("ce_id", Some(b"7"))
            .with_header("binary", Some(&[0xff, 0]))
            .with_header("nul", Some(b"\0\"base64\""))
            .with_header("none", None)
            .with_header("ce_id", Some(b"8"))
    }

    /// The columns that a statement with these parameters leaves.
    fn columns(parameters: &[Value]) -> Vec<Column> {
        let mut columns = vec![Some(Value::Number(Some(5)))];
        columns.extend(parameters[1..].iter().cloned().map(Some));
        columns
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        for record in [record(), ProducerRecord::new("t").with_partition(3), ProducerRecord::new("t").with_key("")] {
            let row = Row::read(columns(&parameters(&record))).unwrap();
            assert_eq!((row.seq, &*row.topic, row.lane.is_some()), (5, record.topic(), record.key().is_some()));
            assert_eq!(row.record, Some(record));
        }
    }

    #[test]
    fn a_row_of_somebody_else_is_no_record() {
        let mut columns = columns(&parameters(&record()));
        columns[6] = Some(Value::Text(Some("no JSON".to_owned())));
        let row = Row::read(columns).unwrap();
        assert_eq!((row.seq, row.record), (5, None));
    }

    /// Rows of an earlier release stand beside those of this one.
    #[test]
    fn lanes_stay_as_they_are() {
        let lanes =
            [record(), ProducerRecord::new("orders").with_key("A-2"), ProducerRecord::new("order").with_key("sA-1")];
        let lanes: Vec<_> = lanes.iter().map(|record| lane(record).unwrap()).collect();
        assert_eq!(lanes[0], -6_898_057_549_044_689_324);
        assert_ne!(lanes[0], lanes[1]);
        assert_ne!(lanes[0], lanes[2]);
        assert_eq!(lane(&ProducerRecord::new("orders")), None);
        assert_eq!(lanes[0], lane(&ProducerRecord::new("orders").with_key("A-1").with_value("x")).unwrap());
    }

    #[test]
    fn ids_that_no_index_holds_are_hashed() {
        assert_eq!(indexable("A-1"), "A-1");
        let long = "x".repeat(10_000);
        for id in [&*long, "a\0", "sha256:a"] {
            assert_eq!(indexable(id).len(), 71, "{id}");
            assert_ne!(indexable(id), indexable(&format!("{id}b")));
        }
    }
}
