//! A message of Kafka's, as bytes: what both ways have in common.

mod headers;
mod origin;
mod place;
mod record;
mod time;

pub use self::headers::Headers;
pub(crate) use self::origin::{FIRST_GROUP, FIRSTS, GROUP, ORIGINALS, Origin, TOPIC, long};
pub(crate) use self::place::Place;
pub use self::record::ProducerRecord;
pub(crate) use self::time::{millis, time};
