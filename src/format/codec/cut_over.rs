//! Where the framing of a topic changed: [`CutOver`].

use std::collections::HashMap;

/// The offsets from which on a topic has another framing, for framings that their bytes cannot tell apart.
///
/// ```
/// use event_schema::format::framing::SchemaId;
/// use event_schema::format::{Codec, CutOver, Decoder};
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Ping { seq: i64 }
///
/// let bare_before = CutOver::new().at("pings", 0, 1200).at("pings", 1, 900);
/// let codec = Codec::confluent_avro().with_event::<Ping>(SchemaId::Number(7))?.preceded_by(Codec::avro(), bare_before);
///
/// let decoder = Decoder::<Ping>::new(&codec)?;
/// assert_eq!(decoder.at("pings", 0, 1199).load(b"\x0E")?.seq, 7);
/// assert_eq!(decoder.at("pings", 0, 1200).load(b"\0\0\0\0\x07\x0E")?.seq, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A partition that is not named has the new framing from its beginning.
#[derive(Debug, Clone, Default)]
pub struct CutOver {
    topics: HashMap<String, HashMap<i32, i64>>,
}

impl CutOver {
    /// No offsets.
    ///
    /// See the example of [`CutOver`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first offset with the new framing in a partition.
    ///
    /// See the example of [`CutOver`].
    #[must_use]
    pub fn at(mut self, topic: &str, partition: i32, offset: i64) -> Self {
        self.topics.entry(topic.to_owned()).or_default().insert(partition, offset);
        self
    }

    /// The first offset with the new framing, if the message is before it.
    pub(super) fn after(&self, topic: &str, partition: i32, offset: i64) -> Option<i64> {
        let first = self.topics.get(topic).and_then(|partitions| partitions.get(&partition));
        first.copied().filter(|first| offset < *first)
    }
}
