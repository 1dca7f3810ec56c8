//! Kafka's times.

use std::time::{Duration, SystemTime};

/// Kafka's milliseconds of a time. It takes none before 1970, and librdkafka takes 0 for now.
pub(crate) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// The time that Kafka's milliseconds since 1970 mean, which may be before. Anybody can write any number: some
/// platforms have no such time.
pub(crate) fn time(timestamp: i64) -> Option<SystemTime> {
    let distance = Duration::from_millis(timestamp.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if timestamp < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}
