//! The sleep of the polling thread.

use std::time::Duration;

/// The longest that the thread sleeps: librdkafka is to be polled, and the core to be ticked, some times
/// a second.
pub(super) const NAP: Duration = Duration::from_millis(100);
