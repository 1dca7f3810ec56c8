//! Messages that could not be handled, as they stand in a dead letter topic.

use super::received::Headers;

const TOPIC: &str = "kafka_dlt-original-topic";
const PARTITION: &str = "kafka_dlt-original-partition";
const OFFSET: &str = "kafka_dlt-original-offset";

/// Where a dead letter's message was stored first: `topic/partition@offset`.
pub(super) fn original_place(headers: &Headers) -> Option<String> {
    let topic = str::from_utf8(headers.get(TOPIC)?).ok()?;
    let partition = i32::from_be_bytes(headers.get(PARTITION)?.try_into().ok()?);
    let offset = i64::from_be_bytes(headers.get(OFFSET)?.try_into().ok()?);
    Some(format!("{topic}/{partition}@{offset}"))
}
