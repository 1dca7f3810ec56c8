//! The headers that say why a message could not be handled.

// The names are Spring Kafka's, from its `KafkaHeaders`. So are the values: numbers are big-endian.
pub(super) const EXCEPTION: &str = "kafka_dlt-exception-fqcn";
pub(super) const MESSAGE: &str = "kafka_dlt-exception-message";
pub(super) const STACKTRACE: &str = "kafka_dlt-exception-stacktrace";
const CAUSE: &str = "kafka_dlt-exception-cause-fqcn";
pub(super) const EXCEPTIONS: [&str; 4] = [EXCEPTION, CAUSE, MESSAGE, STACKTRACE];

/// Ours: everything that is wrong with the value, as JSON.
pub(super) const VIOLATIONS: &str = "event-schema-violations";

/// Ours: the value is not the message's but says where that is.
pub(super) const POINTER: &str = "event-schema-pointer";

/// Ours: how often the message was redriven, in decimal digits.
pub(super) const REDRIVES: &str = "event-schema-redrives";

/// Ours: how many headers of the message are not in its dead letter, in decimal digits.
pub(super) const OMITTED: &str = "event-schema-omitted-headers";
