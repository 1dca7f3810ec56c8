//! A message to be sent as it is.

use super::headers::Headers;

/// A message of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProducerRecord {
    pub(crate) topic: String,
    /// None for the one that the key chooses.
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Headers,
}
