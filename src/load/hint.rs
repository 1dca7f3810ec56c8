//! The words by which a leaf asks a source for a value in one form: as a newtype struct of that name. A source that does
//! not know the word gives the value as it is, and so does one whose value has another form.
//!
//! Dates, times, UUIDs and decimals come as bytes then, which only the type that asked for them reads.

/// An integer.
pub(crate) const INTEGER: &str = "$event_schema::private::integer";
/// A float of 64 bits.
pub(crate) const FLOAT: &str = "$event_schema::private::float";
/// A text.
pub(crate) const TEXT: &str = "$event_schema::private::text";
/// The 16 bytes of a UUID, or its text in ASCII, which has more or fewer.
#[cfg(any(feature = "avro", feature = "uuid1"))]
pub(crate) const UUID: &str = "$event_schema::private::uuid";
/// A point in time: a [moment](moment_bytes) since 1970.
#[cfg(any(feature = "avro", feature = "chrono04", feature = "jiff02", feature = "time03"))]
pub(crate) const INSTANT: &str = "$event_schema::private::instant";
/// A date and time of no zone: a [moment](moment_bytes) since 1970.
#[cfg(any(feature = "avro", feature = "chrono04"))]
pub(crate) const DATETIME: &str = "$event_schema::private::datetime";
/// A time of day: a [moment](moment_bytes) since midnight.
#[cfg(any(feature = "avro", feature = "chrono04"))]
pub(crate) const TIME: &str = "$event_schema::private::time";
/// The number of days since 1970, of 32 bits, the lowest first.
#[cfg(any(feature = "avro", feature = "chrono04"))]
pub(crate) const DATE: &str = "$event_schema::private::date";
/// A decimal: an integer of 128 bits and the number of its digits behind the point, of 32.
#[cfg(any(feature = "avro", feature = "rust_decimal1"))]
pub(crate) const DECIMAL: &str = "$event_schema::private::decimal";

/// Seconds, and the nanoseconds of the next.
#[cfg(feature = "avro")]
#[inline]
pub(crate) fn moment_bytes(seconds: i64, nanos: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&seconds.to_le_bytes());
    bytes[8..].copy_from_slice(&nanos.to_le_bytes());
    bytes
}

#[cfg(any(feature = "chrono04", feature = "jiff02", feature = "time03"))]
#[inline]
pub(crate) fn moment(bytes: &[u8]) -> Option<(i64, u32)> {
    let (seconds, nanos) = bytes.split_first_chunk()?;
    Some((i64::from_le_bytes(*seconds), u32::from_le_bytes(nanos.try_into().ok()?)))
}

#[cfg(feature = "avro")]
#[inline]
pub(crate) fn decimal_bytes(number: i128, scale: u32) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..16].copy_from_slice(&number.to_le_bytes());
    bytes[16..].copy_from_slice(&scale.to_le_bytes());
    bytes
}

#[cfg(feature = "rust_decimal1")]
#[inline]
pub(crate) fn decimal(bytes: &[u8]) -> Option<(i128, u32)> {
    let (number, scale) = bytes.split_first_chunk()?;
    Some((i128::from_le_bytes(*number), u32::from_le_bytes(scale.try_into().ok()?)))
}
