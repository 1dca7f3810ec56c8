//! librdkafka's consumer.

use tokio::sync::watch;

use rdkafka::consumer::BaseConsumer;

use super::callbacks::Group;

/// librdkafka's consumer. It is never dropped where somebody waits: it leaves the group and joins its
/// threads, and has been seen to hang.
pub(crate) struct Connection {
    pub(crate) consumer: BaseConsumer<Group>,
    /// Dropped after it.
    pub(super) _gone: watch::Sender<()>,
}
