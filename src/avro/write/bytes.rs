//! Numbers and texts as bytes.

/// A number in as few bytes as it takes, small ones of both signs in one.
#[inline]
#[allow(clippy::cast_sign_loss, reason = "the bits of a number, which its sign is among")]
pub(super) fn write_long(out: &mut Vec<u8>, number: i64) {
    let rest = ((number << 1) ^ (number >> 63)) as u64;
    // Most are one byte.
    #[allow(clippy::cast_possible_truncation, reason = "seven bits")]
    if rest < 0x80 { out.push(rest as u8) } else { write_varint(out, rest) }
}

#[inline(never)]
fn write_varint(out: &mut Vec<u8>, mut rest: u64) {
    while rest >= 0x80 {
        #[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    #[allow(clippy::cast_possible_truncation, reason = "less than seven bits are left")]
    out.push(rest as u8);
}

/// A length or an index.
#[inline]
pub(super) fn write_size(out: &mut Vec<u8>, size: usize) {
    // Nothing in memory is larger than an `i64`.
    write_long(out, i64::try_from(size).unwrap_or(i64::MAX));
}

/// Bytes with their length before them.
#[inline]
pub(super) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_size(out, bytes.len());
    out.extend_from_slice(bytes);
}
