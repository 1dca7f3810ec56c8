//! Kafka's times.

use std::time::{Duration, SystemTime};

/// The time that Kafka's milliseconds since 1970 mean, which may be before. Anybody can write any number: some
/// platforms have no such time.
pub(crate) fn time(timestamp: i64) -> Option<SystemTime> {
    let distance = Duration::from_millis(timestamp.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if timestamp < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}
