//! Framings of messages: how the bytes of a value or a key name the schema of the data, as pure functions of bytes.
//!
//! | framing | bytes of the message | id |
//! |---|---|---|
//! | Confluent's | `00`, four bytes, the data | [`SchemaId::Number`], big-endian |
//! | Confluent's with a GUID | `01`, 16 bytes, the data | [`SchemaId::Guid`] |
//! | Avro's [single-object encoding] | `C3 01`, eight bytes, the data | [`SchemaId::Fingerprint`], little-endian |
//! | Confluent's in headers | the data | a number or a GUID, framed as above, in the header [`VALUE_SCHEMA_ID`] or [`KEY_SCHEMA_ID`] |
//! | none | the data | none |
//!
//! The first bytes tell these framings apart, and they tell them from JSON, which never begins with `00`, `01` or `C3`. They
//! do not tell them from a bare Avro datum, which may begin with any byte: a topic with such data needs ids in headers, or
//! a `Codec` that is told about them.
//!
//! ```
//! use event_schema::format::framing::SchemaId;
//!
//! let mut message = Vec::new();
//! SchemaId::Number(7).write_to(&mut message);
//! message.extend_from_slice(b"{}");
//! assert_eq!(message, b"\0\0\0\0\x07{}");
//! assert_eq!(SchemaId::split(&message)?, (Some(SchemaId::Number(7)), &b"{}"[..]));
//! assert_eq!(SchemaId::split(b"{}")?, (None, &b"{}"[..]));
//! # Ok::<(), event_schema::format::framing::FrameError>(())
//! ```
//!
//! [single-object encoding]: https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding

use std::fmt;
use std::str::FromStr;

pub use crate::error::FrameError;

/// The header with the schema id of a message's value.
///
/// ```
/// assert_eq!(event_schema::format::framing::VALUE_SCHEMA_ID, "__value_schema_id");
/// ```
pub const VALUE_SCHEMA_ID: &str = "__value_schema_id";

/// The header with the schema id of a message's key.
///
/// ```
/// assert_eq!(event_schema::format::framing::KEY_SCHEMA_ID, "__key_schema_id");
/// ```
pub const KEY_SCHEMA_ID: &str = "__key_schema_id";

/// The magic byte before a number.
const NUMBER: u8 = 0;
/// The magic byte before a GUID.
const GUID: u8 = 1;
/// The marker and the version of the single-object encoding.
const SINGLE_OBJECT: [u8; 2] = [0xc3, 0x01];

/// How a message names its schema.
///
/// ```
/// use event_schema::format::framing::SchemaId;
///
/// assert_eq!(SchemaId::Number(7).to_string(), "id 7");
/// assert_eq!(SchemaId::Fingerprint(0xe6b7).to_string(), "fingerprint 0x000000000000e6b7");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SchemaId {
    /// The id that a schema registry gave to the schema.
    Number(u32),
    /// The GUID that a schema registry gave to the schema. It is the same in every registry.
    Guid(Guid),
    /// The CRC-64-AVRO fingerprint of an Avro schema.
    Fingerprint(u64),
}

impl SchemaId {
    /// The schema id of a message and the data after it; no id and the whole message if it has none of the framings.
    ///
    /// ```
    /// use event_schema::format::framing::SchemaId;
    ///
    /// let message = b"\xC3\x01\xE8\x93\xC2\x29\xBB\x26\xB7\xE6\x0E";
    /// assert_eq!(SchemaId::split(message)?, (Some(SchemaId::Fingerprint(0xe6b7_26bb_29c2_93e8)), &b"\x0E"[..]));
    /// # Ok::<(), event_schema::format::framing::FrameError>(())
    /// ```
    ///
    /// # Errors
    /// If the message begins as one of the framings and breaks off in its id.
    pub fn split(message: &[u8]) -> Result<(Option<Self>, &[u8]), FrameError> {
        let (split, least) = match message {
            [NUMBER, rest @ ..] => (with(rest, |id| Self::Number(u32::from_be_bytes(id))), 5),
            [GUID, rest @ ..] => (with(rest, |guid| Self::Guid(Guid(guid))), 17),
            [marker, version, rest @ ..] if [*marker, *version] == SINGLE_OBJECT => {
                (with(rest, |fingerprint| Self::Fingerprint(u64::from_le_bytes(fingerprint))), 10)
            }
            _ => return Ok((None, message)),
        };
        let (id, data) = split.ok_or_else(|| FrameError::truncated(message.len(), least))?;
        Ok((Some(id), data))
    }

    /// Appends the bytes that come before the data in a message. See the example of the [module](self).
    pub fn write_to(&self, message: &mut Vec<u8>) {
        match self {
            Self::Number(id) => {
                message.push(NUMBER);
                message.extend_from_slice(&id.to_be_bytes());
            }
            Self::Guid(guid) => {
                message.push(GUID);
                message.extend_from_slice(guid.as_bytes());
            }
            Self::Fingerprint(fingerprint) => {
                message.extend_from_slice(&SINGLE_OBJECT);
                message.extend_from_slice(&fingerprint.to_le_bytes());
            }
        }
    }

    /// The schema id in the value of a header. The whole message is data then, whatever it begins with.
    ///
    /// ```
    /// use event_schema::format::framing::{Guid, SchemaId};
    ///
    /// let header = b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07";
    /// let id = SchemaId::from_header(header)?;
    /// assert_eq!(id, SchemaId::Guid("00000000-0000-0000-0000-000000000007".parse().unwrap()));
    /// assert_eq!(id.to_header().as_deref(), Some(&header[..]));
    /// assert_eq!(SchemaId::from_header(b"\0\0\0\0\x07")?, SchemaId::Number(7));
    ///
    /// let error = SchemaId::from_header(b"7").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the header with the schema id has 1 bytes, expected 5 that begin with 0, or 17 that begin with 1",
    /// );
    /// # Ok::<(), event_schema::format::framing::FrameError>(())
    /// ```
    ///
    /// # Errors
    /// If the header is neither a number nor a GUID.
    pub fn from_header(header: &[u8]) -> Result<Self, FrameError> {
        match Self::split(header) {
            Ok((Some(id @ (Self::Number(_) | Self::Guid(_))), [])) => Ok(id),
            _ => Err(FrameError::header(header.len())),
        }
    }

    /// The value of the header with this id; none for a fingerprint, which no header has.
    ///
    /// See the example of [`from_header`](Self::from_header).
    #[must_use]
    pub fn to_header(&self) -> Option<Vec<u8>> {
        if matches!(self, Self::Fingerprint(_)) {
            return None;
        }
        let mut header = Vec::with_capacity(17);
        self.write_to(&mut header);
        Some(header)
    }
}

/// An id of so many bytes, and what comes after it.
fn with<const SIZE: usize>(bytes: &[u8], id: impl FnOnce([u8; SIZE]) -> SchemaId) -> Option<(SchemaId, &[u8])> {
    bytes.split_first_chunk().map(|(first, data)| (id(*first), data))
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(id) => write!(f, "id {id}"),
            Self::Guid(guid) => write!(f, "GUID {guid}"),
            Self::Fingerprint(fingerprint) => write!(f, "fingerprint {fingerprint:#018x}"),
        }
    }
}

/// The GUID of a schema, which a registry shows as text.
///
/// ```
/// use event_schema::format::framing::Guid;
///
/// let guid: Guid = "0a1b2c3d-0000-4000-8000-0000000000ff".parse().unwrap();
/// assert_eq!(guid.as_bytes()[..4], [0x0a, 0x1b, 0x2c, 0x3d]);
/// assert_eq!(guid.to_string(), "0a1b2c3d-0000-4000-8000-0000000000ff");
/// assert_eq!(Guid::from(*guid.as_bytes()), guid);
/// assert!("0a1b2c3d".parse::<Guid>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Guid([u8; 16]);

impl Guid {
    /// The bytes, in the order of the text. See the example of [`Guid`].
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Guid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let hyphen = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{hyphen}{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Guid {
    type Err = ParseGuidError;

    fn from_str(text: &str) -> Result<Self, ParseGuidError> {
        let is_guid = text.len() == 36
            && text.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        let number = u128::from_str_radix(&text.replace('-', ""), 16).ok().filter(|_| is_guid);
        number.map(|number| Self(number.to_be_bytes())).ok_or(ParseGuidError(()))
    }
}

/// The error of a text that is not a GUID.
///
/// ```
/// use event_schema::format::framing::Guid;
///
/// let error = "7".parse::<Guid>().unwrap_err();
/// assert_eq!(error.to_string(), "not a GUID: expected 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID: expected 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12")]
pub struct ParseGuidError(());
