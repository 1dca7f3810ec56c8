//! Requests for partitions to continue at another offset.

use std::time::SystemTime;

use tokio::sync::oneshot;

use crate::kafka::error::ConsumeErrorKind;
use crate::kafka::message::Place;

/// Where a partition continues; see [`RunHandle::seek`](crate::kafka::RunHandle::seek).
///
/// ```
/// use event_schema::kafka::SeekTo;
/// use std::time::{Duration, SystemTime};
///
/// let an_hour_ago = SeekTo::Time(SystemTime::now() - Duration::from_secs(3600));
/// assert_ne!(an_hour_ago, SeekTo::Beginning);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeekTo {
    /// The first message that there is.
    Beginning,
    /// The messages that come from now on.
    End,
    /// The message with this offset. If there is none, the partition continues as `auto.offset.reset` says.
    Offset(i64),
    /// The first message with this timestamp or a later one; without any, the messages that come from now on.
    Time(SystemTime),
}

/// A request for a seek, and who waits for it.
pub(crate) struct Seek {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) to: SeekTo,
    pub(super) sender: oneshot::Sender<Result<(), ConsumeErrorKind>>,
}

impl Seek {
    pub(super) fn place(&self) -> Place {
        Place { topic: self.topic.as_str().into(), partition: self.partition }
    }
}
