//! Where librdkafka could not go on, and looked for another place: told by its log alone.

/// A partition does not have this offset, which was to come next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reset {
    pub(super) place: (String, i32),
    pub(super) offset: i64,
}

impl Reset {
    /// Reads a line such as `[thrd:main]: orders [0]: offset reset (at offset 3 (leader epoch 0), broker 1) to ...`.
    pub(super) fn read(facility: &str, line: &str) -> Option<Self> {
        let (place, rest) = line.split_once("]: offset reset (at offset ").filter(|_| facility == "OFFSET")?;
        let (topic, partition) = place.rsplit_once(" [")?;
        // There are no blanks in a topic.
        let topic = topic.rsplit(' ').next()?.to_owned();
        let offset = rest.split(|other: char| !other.is_ascii_digit()).next()?;
        Some(Self { place: (topic, partition.parse().ok()?), offset: offset.parse().ok()? })
    }
}
