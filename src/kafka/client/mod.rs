//! librdkafka's clients: what producers and consumers have in common.

mod connect;
mod host;
mod log;
mod monitor;
pub(crate) mod native;
pub(crate) mod thread;

pub(crate) use self::connect::connected;
pub(crate) use self::host::{Host, cluster, create_topic};
pub(crate) use self::monitor::Monitor;
pub(crate) use self::thread::bounded;
