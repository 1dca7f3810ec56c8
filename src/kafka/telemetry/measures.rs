//! The state of a consumer, for its metrics.

use std::sync::Arc;
use std::time::Duration;

/// The state of a consumer.
#[derive(Default)]
pub(crate) struct Measures {
    /// Deliveries by topic and outcome, since the last time.
    pub(crate) deliveries: Vec<(Arc<str>, &'static str, u64)>,
    /// Messages that were deleted before they were received, since the last time.
    pub(crate) lost: Vec<(Arc<str>, u64)>,
    /// The assigned partitions, and those that were assigned the last time.
    pub(crate) partitions: Vec<PartitionMeasures>,
    pub(crate) in_flight: usize,
    pub(crate) buffered: (usize, usize),
    pub(crate) waiting: usize,
    pub(crate) is_open: bool,
    pub(crate) stalled: Duration,
    pub(crate) is_ready: bool,
}

/// A partition. Neither number if it is not assigned any more, or not known.
pub(crate) struct PartitionMeasures {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) is_assigned: bool,
    /// The offset of the next message to finish.
    pub(crate) position: Option<i64>,
    /// The offset that the next message gets that is sent to it.
    pub(crate) end: Option<i64>,
}
