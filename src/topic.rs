//! The names that Kafka gives topics.

/// A topic that a constant names, as the derive found it in `topic = ORDERS`.
///
/// # Panics
///
/// While compiling, if Kafka would refuse it: its rule is that of `org.apache.kafka.common.internals.Topic`.
#[doc(hidden)]
#[must_use]
pub const fn legal_topic(topic: &'static str) -> &'static str {
    let bytes = topic.as_bytes();
    let mut legal = !bytes.is_empty() && bytes.len() <= 249 && !matches!(bytes, b"." | b"..");
    let mut index = 0;
    while index < bytes.len() {
        legal &= bytes[index].is_ascii_alphanumeric() || matches!(bytes[index], b'.' | b'-' | b'_');
        index += 1;
    }
    assert!(legal, "not a legal topic: 1 to 249 ASCII letters, digits, `.`, `-` and `_`, and neither `.` nor `..`");
    topic
}
